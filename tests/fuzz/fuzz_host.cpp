// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzz_host.hpp"

#include <algorithm>
#include <utility>

#include "host/packet/ethernet.hpp"
#include "host/packet/ipv4_header.hpp"
#include "tests/support/virtual_network.hpp"

namespace fourtuple::fuzz {

void fuzz_device::receive(std::span<const std::byte> frame, const verdict& said) {
  packet::sk_buff skb;
  skb.frame = frame;
  skb.timestamp_ns = clock_.now_ns();
  skb.network_checksum = said.checksum;
  skb.transport_checksum = said.checksum;
  skb.gso_size = said.gso_size;
  if (said.wrong_handle != 0) {
    skb.table_hit = true;
    skb.handle = said.wrong_handle;
  } else if (const auto segment = said.look_up ? support::dissect(frame) : std::nullopt) {
    const auto found = connections_.find(
        {segment->destination, segment->source, segment->header.destination_port, segment->header.source_port});
    skb.table_hit = found != connections_.end();
    if (skb.table_hit) skb.handle = found->second;
  }
  receiver_->receive({&skb, 1});
  answer_arp();
}

void fuzz_device::answer_arp() {
  while (!arp_requests_.empty()) {
    const auto request = std::move(arp_requests_.front());
    arp_requests_.pop_front();
    // Everybody else on the network is the fuzzer.
    for (std::uint32_t last = 2; last < 6; ++last) {
      const auto reply = support::answer_arp(request, {0xc0a80000 + last}, support::mac_of_end(1));
      if (!reply) continue;
      packet::sk_buff skb;
      skb.frame = *reply;
      receiver_->receive({&skb, 1});
    }
  }
}

void fuzz_device::set_busy(bool busy) {
  busy_ = busy;
  if (!busy && std::exchange(refused_, false)) receiver_->tx_wake();
}

ip::netdev_tx fuzz_device::xmit(const packet::tx_sk_buff& skb) {
  if (busy_) {
    refused_ = true;
    return ip::netdev_tx::busy;
  }
  std::vector<std::byte> frame(skb.headers().begin(), skb.headers().end());
  for (const auto& piece : skb.payload()) frame.insert(frame.end(), piece.begin(), piece.end());
  require(!skb.checksum_partial() || offers.tx_checksum, "the device is left only what it can do");
  require(skb.gso_size == 0 || offers.tso, "the device is given only what it can cut");
  if (skb.checksum_partial()) {
    const auto summed = std::span<const std::byte>(frame).subspan(skb.checksum_start());
    support::put16(frame, skb.checksum_start() + skb.checksum_offset(), support::checksum(summed));
  }
  const auto parsed = packet::parse_ethernet(frame);
  require(parsed.has_value(), "what leaves is a frame");
  if (parsed->header.ether_type == packet::eth_p_arp) {
    arp_requests_.push_back(std::move(frame));
    return ip::netdev_tx::ok;
  }
  const auto datagram = packet::parse_ipv4(parsed->payload, false);
  const auto* whole = std::get_if<packet::ipv4_datagram>(&datagram);
  require(whole != nullptr, "what leaves is an IPv4 packet");
  require(skb.gso_size != 0 || whole->header.total_bytes <= mtu(), "what leaves fits the MTU");
  if (whole->header.protocol != packet::ip_protocol::tcp) return ip::netdev_tx::ok;
  const auto segment = support::dissect(frame);
  require(segment.has_value(), "what leaves is a segment with a right checksum");
  if (on_segment) on_segment(*segment);
  return ip::netdev_tx::ok;
}

fuzz_host::fuzz_host(const stack::host_stack_config& config, const ip::net_device_features& features)
    : stack(config, clock, random) {
  device.offers = features;
  stack.add_device(device, support::address_of_end[0], 24);
}

void fuzz_host::run_for_ms(std::uint64_t ms) {
  const std::uint64_t limit_ns = clock.now_ns() + ms * base::ns_per_ms;
  device.answer_arp();
  while (stack.next_deadline_ns() <= limit_ns) {
    clock.set(std::max(clock.now_ns(), stack.next_deadline_ns()));
    stack.run_timers();
    device.answer_arp();
  }
  clock.set(limit_ns);
}

std::uint64_t fuzz_host::counter(std::string_view name) const {
  for (const auto& [known, value] : stack.counters()) {
    if (known == name) return value;
  }
  require(false, "there is such a counter");
  return 0;
}

}  // namespace fourtuple::fuzz
