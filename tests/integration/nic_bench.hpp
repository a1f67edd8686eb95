// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <systemc>
#include <utility>
#include <vector>

#include "model/nic/nic.hpp"
#include "model/pcie/tlp_port.hpp"
#include "model/sim/arrival_queue.hpp"
#include "model/wire/frame_port.hpp"

namespace fourtuple::test {

/// The world around one NIC, for tests: host memory of which pages can be refused, a doorbell, MMIO, and both ends of
/// the wire. Every TLP takes a fixed time; nothing else limits or reorders.
class nic_bench : public sc_core::sc_module {
 public:
  static constexpr std::uint64_t memory_base = 0x12'0000'0000;
  static constexpr std::uint64_t memory_bytes = 0x40'0000;
  static constexpr std::uint64_t doorbell_base = 0xfee0'0000;  ///< One page.
  static constexpr std::uint64_t page_bytes = 4096;

  SC_HAS_PROCESS(nic_bench);
  nic_bench(sc_core::sc_module_name name, model::nic::nic& device);

  /// Of host memory; the range must lie in it.
  [[nodiscard]] std::span<std::byte> memory(std::uint64_t address, std::size_t length);
  void set_refused(std::uint64_t address, bool refused);

  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  void write32(std::uint32_t offset, std::uint32_t value);
  /// Waits for the completion. Nothing: unsupported_request.
  [[nodiscard]] std::optional<std::vector<std::byte>> read(std::uint64_t offset, std::uint32_t length);
  [[nodiscard]] std::optional<std::uint32_t> read32(std::uint32_t offset);

  /// The frame will have arrived at the NIC `delay` from now.
  void receive(model::wire::frame content, sc_core::sc_time delay) { to_nic_.send(std::move(content), delay); }

  struct message {
    std::uint64_t address;
    std::uint32_t data;
    sc_core::sc_time when;
  };
  struct sent_frame {
    std::vector<std::byte> bytes;
    sc_core::sc_time when;
  };
  /// What has come from the NIC since it was last taken.
  [[nodiscard]] std::vector<message> take_messages() { return std::exchange(messages_, {}); }
  [[nodiscard]] std::vector<sent_frame> take_sent() { return std::exchange(sent_, {}); }
  /// Grows with everything that comes from the NIC.
  [[nodiscard]] std::uint64_t activity() const noexcept { return activity_; }
  /// FNV-1a over the TLPs that came from the NIC, and over the frames, with their times in picoseconds. Two, because
  /// how the calls of both are interleaved says nothing.
  [[nodiscard]] std::uint64_t tlp_digest() const noexcept { return tlp_digest_; }
  [[nodiscard]] std::uint64_t frame_digest() const noexcept { return frame_digest_; }

 private:
  struct pending_read {
    sc_core::sc_event answered;
    std::optional<model::pcie::tlp> completion;
  };

  void on_tlp(model::pcie::tlp&& packet, sc_core::sc_time arrival);
  void execute();
  void execute_write(const model::pcie::tlp& request);
  void execute_read(const model::pcie::tlp& request);
  [[nodiscard]] bool refused(std::uint64_t address, std::size_t length) const;
  void answer(model::pcie::tlp packet);

  std::vector<std::byte> memory_;
  std::set<std::uint64_t> refused_pages_;
  model::pcie::tlp_out to_device_;
  model::pcie::tlp_in from_device_;
  model::wire::frame_out to_nic_;
  model::wire::frame_in from_nic_;
  model::sim::arrival_queue<model::pcie::tlp> arrivals_;
  std::map<std::uint16_t, pending_read*> pending_;  ///< By tag; they live in read().
  std::uint16_t next_tag_ = 0;
  std::vector<message> messages_;
  std::vector<sent_frame> sent_;
  std::uint64_t activity_ = 0;
  std::uint64_t tlp_digest_ = 0xcbf2'9ce4'8422'2325;
  std::uint64_t frame_digest_ = 0xcbf2'9ce4'8422'2325;
};

}  // namespace fourtuple::test
