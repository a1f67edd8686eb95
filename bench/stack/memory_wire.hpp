// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "bench/stack/stack_pair.hpp"
#include "host/base/clock.hpp"
#include "host/ip/net_device.hpp"

namespace fourtuple::bench {

/// Virtual time.
class bench_clock final : public base::clock {
 public:
  [[nodiscard]] std::uint64_t now_ns() const noexcept override { return now_ns_; }
  void advance(std::uint64_t ns) noexcept { now_ns_ += ns; }

 private:
  std::uint64_t now_ns_ = base::ns_per_s;
};

/// A wire in memory with a device at each end, which does as much of a NIC's work as it is told to.
///
/// A frame is copied once, into a buffer that is used again; the receiver reads it there. What a NIC would do (sums,
/// lookups, segmentation) is done in device_work and so is not counted as the host's.
class memory_wire {
 public:
  memory_wire(bench_clock& clock, offload what);
  ~memory_wire();

  [[nodiscard]] ip::net_device& end(int index) noexcept;
  [[nodiscard]] bool idle() const noexcept { return flying_.empty(); }
  /// Lets the oldest frame's time pass and hands it over, and in the same poll what follows it to the same end, each
  /// after its own time (Linux: a driver's NAPI poll).
  void deliver();

 private:
  class device;
  static constexpr std::size_t napi_budget = 64;
  /// More than an Ethernet frame of MTU 1500.
  static constexpr std::size_t buffer_bytes = 2048;
  struct frame_buffer {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
    void append(std::span<const std::byte> piece) noexcept;
    [[nodiscard]] std::span<std::byte> contents() noexcept { return {bytes.get(), size}; }
  };
  struct in_flight {
    int to_end = 0;
    frame_buffer frame;
  };

  [[nodiscard]] frame_buffer take_buffer();
  void send(int from_end, frame_buffer frame);

  bench_clock& clock_;
  std::unique_ptr<device> ends_[2];
  std::deque<in_flight> flying_;
  std::vector<frame_buffer> polled_;  ///< Being worked off.
  std::vector<frame_buffer> free_buffers_;
};

}  // namespace fourtuple::bench
