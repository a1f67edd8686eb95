// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "host/base/byte_order.hpp"
#include "host/base/clock.hpp"
#include "host/base/timer_wheel.hpp"
#include "host/ip/ipv4.hpp"
#include "host/packet/arp.hpp"
#include "host/packet/checksum.hpp"
#include "host/packet/ethernet.hpp"
#include "host/packet/icmp.hpp"
#include "host/packet/ipv4_header.hpp"
#include "host/packet/udp.hpp"

namespace fourtuple::ip {

using bytes = std::vector<std::byte>;

class fake_clock final : public base::clock {
 public:
  [[nodiscard]] std::uint64_t now_ns() const noexcept override { return now; }
  std::uint64_t now = 1'000'000;
};

/// Keeps what it is given to send.
class fake_device final : public net_device {
 public:
  struct sent_frame {
    bytes frame;
    bool checksum_partial;
    std::size_t checksum_start, checksum_offset;
    std::uint16_t gso_size;
  };

  [[nodiscard]] net_device_features features() const noexcept override { return offloads; }
  [[nodiscard]] packet::mac_address address() const noexcept override { return mac; }
  [[nodiscard]] std::uint16_t mtu() const noexcept override { return mtu_bytes; }
  void set_receiver(net_device_receiver& to) noexcept override { receiver = &to; }
  [[nodiscard]] netdev_tx xmit(const packet::tx_sk_buff& skb) override {
    if (room == 0) return netdev_tx::busy;
    --room;
    ++unflushed;
    bytes frame(skb.headers().begin(), skb.headers().end());
    for (const auto piece : skb.payload()) frame.insert(frame.end(), piece.begin(), piece.end());
    const bool partial = skb.checksum_partial();
    sent.push_back(
        {frame, partial, partial ? skb.checksum_start() : 0, partial ? skb.checksum_offset() : 0, skb.gso_size});
    return netdev_tx::ok;
  }
  void flush() override {
    ++flushes;
    unflushed = 0;
  }
  void connection_insert(const packet::connection_tuple&, std::uint32_t) override {}
  void connection_delete(const packet::connection_tuple&) override {}

  packet::mac_address mac{{2, 0, 0, 0, 0, 1}};
  net_device_features offloads;
  std::uint16_t mtu_bytes = 1500;
  net_device_receiver* receiver = nullptr;
  std::size_t room = 1'000'000;
  std::deque<sent_frame> sent;
  unsigned flushes = 0;
  unsigned unflushed = 0;  ///< Frames since the last one.
};

/// Keeps what it is given.
class fake_protocol final : public protocol {
 public:
  void rcv(const ipv4_packet& packet) override {
    received.push_back(packet);
    payloads.emplace_back(packet.payload.begin(), packet.payload.end());
  }
  void err(const icmp_error& error) override {
    errors.push_back(error);
    error_payloads.emplace_back(error.payload.begin(), error.payload.end());
  }
  void tx_wake() override { ++wakes; }

  std::vector<ipv4_packet> received;  // payload and skb of these are gone
  std::vector<bytes> payloads;
  std::vector<icmp_error> errors;
  std::vector<bytes> error_payloads;
  unsigned wakes = 0;
};

inline constexpr packet::ipv4_address own{0x0a000001};
inline constexpr packet::ipv4_address peer{0x0a000002};
inline constexpr packet::ipv4_address gateway{0x0a0000fe};
inline constexpr packet::ipv4_address far_away{0x08080808};
inline constexpr packet::mac_address peer_mac{{2, 0, 0, 0, 0, 2}};
inline constexpr std::uint8_t test_protocol = 253;  // RFC 3692: for experiments

/// A host 10.0.0.1/24 on one fake device, and a peer 10.0.0.2 that the test plays.
class ip_fixture : public ::testing::Test {
 protected:
  ip_fixture() {
    host.add_device(device, own, 24);
    host.set_gateway(gateway);
    host.add_protocol(test_protocol, handler);
  }

  [[nodiscard]] std::uint64_t counter(std::string_view name) const {
    for (const auto& [each, value] : host.counters()) {
      if (each == name) return value;
    }
    ADD_FAILURE() << "no counter " << name;
    return 0;
  }

  void advance(std::uint64_t ns) {
    const std::uint64_t until = clock.now + ns;
    while (timers.next_expiry_ns() <= until) {
      clock.now = std::max(clock.now, timers.next_expiry_ns());
      timers.advance(clock.now);
    }
    clock.now = until;
    timers.advance(until);
  }

  void receive(const bytes& frame) {
    packet::sk_buff skb;
    skb.frame = frame;
    receive(skb);
  }
  void receive(const packet::sk_buff& skb) { host.receive({&skb, 1}); }

  static bytes ethernet(const packet::mac_address& destination, std::uint16_t type,
                        std::span<const std::byte> payload) {
    bytes frame(packet::ethernet_header::untagged_bytes);
    packet::write_ethernet(frame, {.destination = destination, .source = peer_mac, .vlan = {}, .ether_type = type});
    frame.insert(frame.end(), payload.begin(), payload.end());
    frame.resize(std::max<std::size_t>(frame.size(), 60));  // as a MAC pads
    return frame;
  }
  [[nodiscard]] bytes ip_frame(packet::ipv4_header header, std::span<const std::byte> payload) const {
    bytes packet(packet::ipv4_header::min_bytes);
    header.total_bytes = static_cast<std::uint16_t>(packet.size() + payload.size());
    packet::write_ipv4(packet, header);
    packet.insert(packet.end(), payload.begin(), payload.end());
    return ethernet(device.mac, packet::eth_p_ip, packet);
  }
  static packet::ipv4_header from_peer(std::uint8_t protocol) {
    return {.id = 7, .ttl = 64, .protocol = protocol, .source = peer, .destination = own};
  }
  static bytes arp_frame(packet::arp_op op, packet::ipv4_address target, const packet::mac_address& to,
                         packet::ipv4_address sender = peer, const packet::mac_address& sender_mac = peer_mac) {
    bytes arp(packet::arp_packet::bytes);
    packet::write_arp(arp,
                      {.op = op, .sender_mac = sender_mac, .sender_ip = sender, .target_mac = {}, .target_ip = target});
    return ethernet(to, packet::eth_p_arp, arp);
  }
  void answer_arp(packet::ipv4_address sender = peer) {
    receive(arp_frame(packet::arp_op::reply, own, device.mac, sender));
  }
  /// The peer asks, so that the host knows it.
  void introduce_peer() {
    receive(arp_frame(packet::arp_op::request, own, packet::mac_address::broadcast()));
    device.sent.clear();
  }
  static bytes icmp_payload(std::uint8_t type, std::uint8_t code, std::uint32_t rest, std::span<const std::byte> data) {
    bytes message(packet::icmp_header::bytes);
    packet::write_icmp(message, {.type = type, .code = code, .checksum = 0, .rest = rest});
    message.insert(message.end(), data.begin(), data.end());
    base::store_be16(message, 2, packet::internet_checksum{}.add(message).checksum());
    return message;
  }
  static bytes pattern(std::size_t size) {
    bytes data(size);
    for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::byte>(i * 7 + i / 256);
    return data;
  }

  xmit_result send(packet::ipv4_address destination, std::span<const std::byte> payload, bool dont_fragment = true) {
    const auto via = host.route_output(destination);
    if (!via) return xmit_result::no_route;
    packet::tx_sk_buff skb;
    EXPECT_TRUE(skb.append(payload));
    return host.queue_xmit(
        skb, *via,
        {.source = via->source, .destination = destination, .protocol = test_protocol, .dont_fragment = dont_fragment});
  }

  struct sent_packet {
    packet::ethernet_header ethernet;
    packet::ipv4_header header;
    bytes payload;
  };
  /// Takes the oldest sent frame; it must be good IPv4.
  sent_packet take_ip() {
    if (device.sent.empty()) {
      ADD_FAILURE() << "nothing was sent";
      return {};
    }
    const bytes frame = device.sent.front().frame;
    device.sent.pop_front();
    const auto ethernet = packet::parse_ethernet(frame);
    const auto parsed = packet::parse_ipv4(ethernet->payload, false);
    const auto* datagram = std::get_if<packet::ipv4_datagram>(&parsed);
    if (datagram == nullptr || ethernet->header.ether_type != packet::eth_p_ip) {
      ADD_FAILURE() << "not a good IPv4 packet";
      return {};
    }
    return {ethernet->header, datagram->header, {datagram->payload.begin(), datagram->payload.end()}};
  }
  std::optional<packet::arp_packet> take_arp() {
    if (device.sent.empty()) return std::nullopt;
    const bytes frame = device.sent.front().frame;
    const auto ethernet = packet::parse_ethernet(frame);
    if (ethernet->header.ether_type != packet::eth_p_arp) return std::nullopt;
    device.sent.pop_front();
    arp_destination = ethernet->header.destination;
    return packet::parse_arp(ethernet->payload);
  }

  fake_clock clock;
  base::timer_wheel timers{clock.now};
  fake_device device;
  fake_protocol handler;
  ipv4 host{clock, timers};
  packet::mac_address arp_destination;
};

}  // namespace fourtuple::ip
