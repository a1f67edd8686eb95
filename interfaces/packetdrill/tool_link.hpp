// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "host/base/clock.hpp"
#include "host/ip/net_device.hpp"
#include "host/packet/addresses.hpp"

namespace fourtuple::packetdrill {

struct interface_flags;

/// A packet that left the stack.
struct sent_packet {
  std::uint64_t time_ns = 0;
  std::vector<std::byte> bytes;  ///< From its IPv4 header on, checksums right, not cut into segments.
};

/// What is between the stack and the tool: the stack's device, and the Ethernet behind it, at whose far end bare IPv4
/// packets go in and out. Whom the stack asks for by ARP it finds there.
///
/// Threads: the stack's.
class tool_link {
 public:
  tool_link() = default;
  tool_link(const tool_link&) = delete;
  tool_link& operator=(const tool_link&) = delete;
  virtual ~tool_link() = default;

  [[nodiscard]] virtual ip::net_device& device() noexcept = 0;

  /// Takes a packet from the tool on its way to the stack. False if it cannot be one of IPv4, or cannot be carried.
  virtual bool receive(std::span<const std::byte> packet) = 0;
  /// All that receive() has taken has reached the stack, or never will.
  [[nodiscard]] virtual bool delivered() const noexcept = 0;

  /// The first packet of those that have left by now; nothing if there is none.
  [[nodiscard]] virtual std::optional<sent_packet> take() = 0;
  [[nodiscard]] virtual bool has_sent() const noexcept = 0;

  /// When run() has something to do next; base::never_ns if never.
  [[nodiscard]] virtual std::uint64_t next_deadline_ns() const = 0;
  /// Does what is due by the clock's time. Not from within a call of the device.
  virtual void run() = 0;
};

/// The link that the flags ask for. Throws std::invalid_argument if there is no such, std::runtime_error if it does not
/// come up.
[[nodiscard]] std::unique_ptr<tool_link> make_tool_link(const interface_flags& flags, base::clock& clock,
                                                        std::uint32_t hash_secret);

// Locally administered: they are on no real network.
inline constexpr packet::mac_address stack_mac{{0x02, 0, 0, 0, 0, 0x01}};
inline constexpr packet::mac_address tool_mac{{0x02, 0, 0, 0, 0, 0x02}};

/// A frame to the stack with this packet in it.
[[nodiscard]] std::vector<std::byte> frame_to_stack(std::span<const std::byte> packet);
/// The packet in a frame from the stack, nothing if it is none of IPv4.
[[nodiscard]] std::optional<std::span<const std::byte>> packet_in(std::span<const std::byte> frame);
/// The answer to a frame that asks for an address by ARP; nothing to others.
[[nodiscard]] std::optional<std::vector<std::byte>> arp_answer(std::span<const std::byte> frame);

}  // namespace fourtuple::packetdrill
