// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace fourtuple::packetdrill {

/// Undoes what a device with TSO does: of the packets that it has cut from one it makes that one again.
///
/// It is told how many packets each one that the device was given becomes, and sees the packets in the order in which
/// they leave. Packets are joined only if they belong together: addresses, ports, acknowledgement and options are the
/// same, numbers follow each other. Where they do not, they stay as they are.
class segment_joiner {
 public:
  /// The device has taken one that becomes `segments` packets.
  void expect(std::size_t segments) { expected_.push_back(segments); }
  /// The next packet that has left, from its IPv4 header on. What is complete with it; nothing while more must come.
  [[nodiscard]] std::vector<std::vector<std::byte>> add(std::vector<std::byte> packet);

 private:
  std::deque<std::size_t> expected_;
  std::vector<std::vector<std::byte>> parts_;  ///< Of the first of expected_.
};

/// Cuts a TCP packet as a device with TSO would, into packets with at most `mss` bytes of payload each; empty if it is
/// no TCP packet. What is not larger comes back as it is.
[[nodiscard]] std::vector<std::vector<std::byte>> cut_packet(std::span<const std::byte> packet, std::size_t mss);

}  // namespace fourtuple::packetdrill
