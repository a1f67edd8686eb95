// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/timer_wheel.hpp"
#include "host/ip/gro.hpp"
#include "host/ip/net_device.hpp"
#include "host/packet/addresses.hpp"
#include "host/packet/sk_buff.hpp"

namespace fourtuple::ip {

/// What a transport protocol gets of a packet: parsed once, checked against the bytes that are really there.
struct ipv4_packet {
  packet::ipv4_address source;
  packet::ipv4_address destination;
  std::uint8_t protocol = 0;
  std::uint8_t tos = 0;
  std::uint8_t ttl = 0;
  std::span<const std::byte> payload;                    ///< Behind the IPv4 header, up to its total length.
  const packet::sk_buff* skb = nullptr;                  ///< The frame it came in; nullptr for a reassembled packet.
  packet::ip_summed checksum = packet::ip_summed::none;  ///< Transport checksum of payload.
  const gro_rest* gro = nullptr;                         ///< Of a unit: what comes behind payload.
};

/// An ICMP error about a packet that was sent (RFC 792, RFC 1122 3.2.2).
struct icmp_error {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint16_t next_hop_mtu = 0;  ///< Type 3 code 4 (RFC 1191), else 0.
  packet::ipv4_address source;     ///< Of the packet that was sent: an address of this host.
  packet::ipv4_address destination;
  std::span<const std::byte> payload;  ///< At least the first 8 bytes behind its IPv4 header.
};

/// A transport protocol (Linux: net_protocol).
class protocol {
 public:
  protocol() = default;
  protocol(const protocol&) = delete;
  protocol& operator=(const protocol&) = delete;
  virtual ~protocol() = default;

  virtual void rcv(const ipv4_packet& packet) = 0;
  /// A packet without fault, of a connection that the device knows (skb.table_hit), before anybody has looked at its
  /// addresses: that a connection has them is enough. `datagram` begins with an IPv4 header without options, unless
  /// it is too short for one, and ends where that says. False, and nothing happened, if there is no such connection
  /// (Linux: early_demux).
  virtual bool early_demux(const packet::sk_buff& skb, std::span<const std::byte> datagram) {
    static_cast<void>(skb);
    static_cast<void>(datagram);
    return false;
  }
  virtual void err(const icmp_error& error) = 0;
  /// A device that said busy has room again.
  virtual void tx_wake() = 0;
};

/// Where packets to a destination go (Linux: rtable).
struct route {
  net_device* device = nullptr;
  packet::ipv4_address source;    ///< Preferred source address.
  packet::ipv4_address next_hop;  ///< Whose Ethernet address is needed.
  std::uint16_t mtu = 0;
  std::uint16_t id_generator : 14 = 0;     ///< Which identifications packets from source to destination take.
  std::uint16_t tx_checksum : 1 = 0;       ///< The device puts checksums in (Linux: sk_route_caps).
  std::uint16_t connection_table : 1 = 0;  ///< It knows connections that it is told of.
  std::uint32_t flow = 0;                  ///< Who sends by it, for ipv4::queue_flow; 0: nobody has.
};

/// What queue_xmit needs besides the packet.
struct ipv4_output {
  packet::ipv4_address source;
  packet::ipv4_address destination;
  std::uint8_t protocol = 0;
  std::uint8_t tos = 0;
  std::uint8_t ttl = 64;
  bool dont_fragment = true;

  friend bool operator==(const ipv4_output& a, const ipv4_output& b) noexcept {
    // As two words instead of six fields: each packet is compared with the one before it.
    const auto words = [](const ipv4_output& of) {
      std::pair<std::uint64_t, std::uint32_t> result;
      static_assert(sizeof(ipv4_output) == sizeof result.first + sizeof result.second);
      std::memcpy(&result.first, &of, sizeof result.first);
      std::memcpy(&result.second, reinterpret_cast<const std::byte*>(&of) + sizeof result.first, sizeof result.second);
      return result;
    };
    return words(a) == words(b);
  }
};

/// How sending ended.
enum class xmit_result : std::uint8_t {
  ok,         ///< Handed to the device, or waiting for the neighbour's address.
  busy,       ///< The device is full: try again at protocol::tx_wake.
  no_route,   ///< ENETUNREACH.
  too_big,    ///< Larger than the route's MTU with dont_fragment: EMSGSIZE.
  no_memory,  ///< The neighbour's queue is full: ENOBUFS; dropped and counted.
};

/// IPv4 over Ethernet for one host: addresses, routes, neighbours (ARP), ICMP echo and errors, and the way to and from
/// transports. Its own addresses and 127.0.0.0/8 it reaches over a loopback device of its own, which works by the
/// timers that it is given.
///
/// Linux's ip_rcv, ip_local_deliver, ip_route_output_flow, ip_queue_xmit, ip_output, neighbour and icmp.
///
/// Ownership: devices and protocols are not owned and must live as long. Threads: the stack's, one at a time.
class ipv4 final : public net_device_receiver {
 public:
  ipv4(base::clock& clock, base::timer_wheel& timers);
  ~ipv4() override;

  /// Gives the host an address on a device's network. The first one is the default source. Whoever owns the device
  /// makes this object, or one that hands frames on to it, its receiver.
  void add_device(net_device& device, packet::ipv4_address address, unsigned prefix_length);
  /// Where everything goes that is on no device's network; must be on one of them.
  void set_gateway(packet::ipv4_address gateway);
  /// Whether segments that come in one poll are merged (ethtool -K DEV gro off). They are unless this says otherwise.
  void set_gro(bool on) noexcept;
  /// Linux: inet_add_protocol.
  void add_protocol(std::uint8_t number, protocol& handler);

  [[nodiscard]] bool is_local(packet::ipv4_address address) const noexcept;
  /// Linux: ip_route_output_flow. `source` any: choose one.
  [[nodiscard]] std::optional<route> route_output(packet::ipv4_address destination) const noexcept;

  /// Puts IPv4 and Ethernet headers in front and sends (Linux: ip_queue_xmit). A transport checksum that is left to the
  /// device (checksum_partial) is computed here if the device does not do it. Payload is copied if it has to wait for
  /// the neighbour's address. However it ends, `skb` is used up: it has headers in front, and is made anew to try
  /// again. A neighbour that never answers is told to the protocol as an ICMP error, host unreachable.
  [[nodiscard]] xmit_result queue_xmit(packet::tx_sk_buff& skb, const route& via, const ipv4_output& output);
  /// The same for a sock, whose packets differ in length only. via.flow remembers the header that the last of them had,
  /// and while that is at hand `output`, a function, is not asked what it says (Linux: dst_check, neigh_hh_output). For
  /// whoever is to send differently from then on, it is set to 0. `destination`: what `output` says of it.
  [[nodiscard]] xmit_result queue_flow(packet::tx_sk_buff& skb, route& via, packet::ipv4_address destination,
                                       const std::invocable auto& output) {
    const std::optional<xmit_result> result = queue_known_flow(skb, via, destination);
    return result ? *result : queue_new_flow(skb, via, output());
  }
  /// Ends a batch of queue_xmit on all devices. Costs a branch if nothing was sent since the last one.
  void flush();

  /// Takes frames of any of the devices, and ends with flush().
  void receive(std::span<const packet::sk_buff> list) override;
  /// Sends what waited for room, then calls each protocol's tx_wake once.
  void tx_wake() override;

  /// MIB counters with Linux's names: {"IpInReceives", 12}, {"IcmpInEchos", 1}, {"IpInHdrErrors", ...},
  /// {"ArpRequestsSent", ...}.
  [[nodiscard]] std::vector<std::pair<std::string_view, std::uint64_t>> counters() const;

 private:
  /// nullopt, and nothing happened, if its header is not there any more, or more is to be done than to put it in front.
  [[nodiscard]] std::optional<xmit_result> queue_known_flow(packet::tx_sk_buff& skb, const route& via,
                                                            packet::ipv4_address destination);
  [[nodiscard, gnu::noinline]] xmit_result queue_new_flow(packet::tx_sk_buff& skb, route& via,
                                                          const ipv4_output& output);

  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace fourtuple::ip
