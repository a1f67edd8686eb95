// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
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
/// lookups, segmentation) is not counted as the host's: measure.py tells callgrind the names of the functions.
class memory_wire {
 public:
  memory_wire(bench_clock& clock, offload what);
  ~memory_wire();

  [[nodiscard]] ip::net_device& end(int index) noexcept;
  /// What the device at that end is to hash tuples with, if it does as much.
  void set_hash_secret(int end, std::uint32_t secret) noexcept;
  [[nodiscard]] bool idle() const noexcept { return sent_ == delivered_; }
  /// Frames that were sent, and what of TCP was in them.
  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }
  [[nodiscard]] std::uint64_t tcp_bytes() const noexcept { return tcp_bytes_; }
  /// Lets the oldest frame's time pass and hands it over, and in the same poll what follows it to the same end, each
  /// after its own time (Linux: a driver's NAPI poll).
  void deliver();

 private:
  class device;
  static constexpr std::size_t napi_budget = 64;
  /// More than an Ethernet frame of MTU 1500.
  static constexpr std::size_t buffer_bytes = 2048;
  struct in_flight {
    int to_end = 0;
    std::uint16_t checksum_start = 0;  ///< Where what the device is to sum begins; 0: nothing.
    std::uint16_t checksum_offset = 0;
    std::size_t size = 0;
    std::array<std::byte, buffer_bytes> bytes;
    void append(std::span<const std::byte> piece) noexcept;
    void append_headers(std::span<const std::byte> headers) noexcept;
    [[nodiscard]] std::span<std::byte> contents() noexcept { return std::span{bytes}.first(size); }
    [[nodiscard]] std::span<const std::byte> contents() const noexcept { return std::span{bytes}.first(size); }
  };

  /// An empty frame that flies as soon as it is filled.
  [[nodiscard]] in_flight& send(int from_end);
  [[nodiscard]] in_flight& at(std::size_t number) noexcept { return *ring_[number & ring_mask_]; }
  void count(const in_flight& frame) noexcept;
  void grow();
  void make_ring(std::size_t frames);

  bench_clock& clock_;
  std::unique_ptr<device> ends_[2];
  /// A ring, so many that they are a power of two; buffers are used again and again.
  std::vector<std::unique_ptr<in_flight>> ring_;
  std::size_t ring_mask_ = 0;
  std::size_t sent_ = 0;
  std::size_t delivered_ = 0;
  std::uint64_t frames_ = 0;
  std::uint64_t tcp_bytes_ = 0;
};

}  // namespace fourtuple::bench
