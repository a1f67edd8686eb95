// SPDX-License-Identifier: Apache-2.0
#include "host/ip/neighbour.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "host/packet/ethernet.hpp"

namespace fourtuple::ip {

struct neighbour_table::entry : base::timer, neighbour_table::hh_cache {
  entry(neighbour_table& owner, packet::ipv4_address of) : base::timer(&on_timer), table(owner), address(of) {
    uses = &owner.uses_;
  }

  neighbour_table& table;
  packet::ipv4_address address;
  packet::mac_address mac;
  nud state = nud::failed;
  unsigned probes = 0;
  std::deque<queued_packet> queue;
  std::size_t queued_bytes = 0;
};

namespace {

bool has_address(nud state) { return state != nud::incomplete && state != nud::failed; }

queued_packet copy_of(const packet::tx_sk_buff& skb) {
  queued_packet packet;
  packet.headers.assign(skb.headers().begin(), skb.headers().end());
  packet.payload.reserve(skb.payload_bytes());
  for (const auto piece : skb.payload()) packet.payload.insert(packet.payload.end(), piece.begin(), piece.end());
  packet.checksum_partial = skb.checksum_partial();
  packet.gso_size = skb.gso_size;
  if (packet.checksum_partial) {
    packet.checksum_start = skb.checksum_start();
    packet.checksum_offset = skb.checksum_offset();
  }
  return packet;
}

/// The packet as it was; refers to the payload of `packet`.
packet::tx_sk_buff rebuild(const queued_packet& packet) {
  packet::tx_sk_buff skb;
  static_cast<void>(skb.append(packet.payload));
  skb.gso_size = packet.gso_size;
  std::span<const std::byte> headers{packet.headers};
  if (packet.checksum_partial) {
    const auto summed = headers.subspan(packet.checksum_start);
    std::ranges::copy(summed, skb.push(summed.size()).begin());
    skb.set_checksum_partial(packet.checksum_offset);
    headers = headers.first(packet.checksum_start);
  }
  std::ranges::copy(headers, skb.push(headers.size()).begin());
  return skb;
}

}  // namespace

neighbour_table::neighbour_table(net_device& device, packet::ipv4_address own, base::clock& clock,
                                 base::timer_wheel& timers, mib_counters& counters, unreachable_handler on_unreachable,
                                 forget_handler on_forget)
    : device_(device),
      own_(own),
      clock_(clock),
      timers_(timers),
      counters_(counters),
      on_unreachable_(std::move(on_unreachable)),
      on_forget_(std::move(on_forget)) {}

neighbour_table::~neighbour_table() = default;

nud neighbour_table::state(packet::ipv4_address address) const {
  const auto found = entries_.find(address);
  return found == entries_.end() ? nud::failed : found->second->state;
}

void neighbour_table::update_connected(entry& neighbour) noexcept {
  // The use of a stale one starts its timer.
  neighbour.connected = has_address(neighbour.state) && neighbour.state != nud::stale && neighbour.queue.empty();
}

neighbour_table::output neighbour_table::send(packet::ipv4_address next_hop, packet::tx_sk_buff& skb) {
  entry* neighbour = find_or_create(next_hop);
  if (neighbour == nullptr) return output::full;
  recent_[next_hop.value % recent_entries] = {next_hop, neighbour};
  neighbour->use();
  if (!has_address(neighbour->state)) {
    const output result = enqueue(*neighbour, skb);
    if (neighbour->state == nud::failed) {
      neighbour->state = nud::incomplete;
      neighbour->probes = 0;
      solicit(*neighbour);
    }
    update_connected(*neighbour);
    return result;
  }
  if (neighbour->state == nud::stale) {
    neighbour->state = nud::delay;
    timers_.arm(*neighbour, clock_.now_ns() + delay_first_probe_ns);
    update_connected(*neighbour);
  }
  // What waits for room in the device is older.
  if (!neighbour->queue.empty()) return output::busy;
  return xmit(*neighbour, skb);
}

neighbour_table::output neighbour_table::xmit(const entry& neighbour, packet::tx_sk_buff& skb) {
  std::memcpy(skb.push(sizeof neighbour.header).data(), neighbour.header.data(), sizeof neighbour.header);
  return device_.xmit(skb) == netdev_tx::ok ? output::sent : output::busy;
}

neighbour_table::entry* neighbour_table::find_or_create(packet::ipv4_address address) {
  const auto found = entries_.find(address);
  if (found != entries_.end()) return found->second.get();
  if (entries_.size() >= table_entries && !make_room()) {
    counters_.add(mib::neigh_table_fulls);
    return nullptr;
  }
  return entries_.emplace(address, std::make_unique<entry>(*this, address)).first->second.get();
}

/// Gives up the entry that was used longest ago, of those that nothing waits for.
bool neighbour_table::make_room() {
  auto oldest = entries_.end();
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    const entry& candidate = *at->second;
    if (candidate.state == nud::incomplete || !candidate.queue.empty()) continue;
    if (oldest == entries_.end() || candidate.last_use < oldest->second->last_use) oldest = at;
  }
  if (oldest == entries_.end()) return false;
  erase(oldest->first);
  return true;
}

void neighbour_table::erase(packet::ipv4_address address) {
  const auto gone = entries_.find(address);
  recent_entry& last = recent_[address.value % recent_entries];
  if (last.hh == gone->second.get()) last = {};
  on_forget_();
  entries_.erase(gone);
}

neighbour_table::output neighbour_table::enqueue(entry& neighbour, const packet::tx_sk_buff& skb) {
  if (neighbour.queue.size() >= queue_packets || neighbour.queued_bytes + skb.size() > queue_bytes) {
    counters_.add(mib::neigh_unres_discards);
    return output::full;
  }
  neighbour.queue.push_back(copy_of(skb));
  neighbour.queued_bytes += skb.size();
  return output::queued;
}

void neighbour_table::on_timer(base::timer& expired) noexcept {
  auto& neighbour = static_cast<entry&>(expired);
  neighbour.table.timed_out(neighbour);
}

void neighbour_table::timed_out(entry& neighbour) {
  switch (neighbour.state) {
    case nud::reachable:
      neighbour.state = nud::stale;
      update_connected(neighbour);
      timers_.arm(neighbour, clock_.now_ns() + gc_stale_ns);
      break;
    case nud::stale:
    case nud::failed:
      // Not used for a long time; what still waits does so for a device that never has room.
      counters_.add(mib::neigh_unres_discards, neighbour.queue.size());
      erase(neighbour.address);
      break;
    case nud::delay:
      neighbour.state = nud::probe;
      neighbour.probes = 0;
      update_connected(neighbour);
      solicit(neighbour);
      break;
    case nud::incomplete:
    case nud::probe:
      if (neighbour.probes < solicitations) {
        solicit(neighbour);
      } else {
        fail(neighbour);
      }
      break;
  }
}

void neighbour_table::solicit(entry& neighbour) {
  ++neighbour.probes;
  timers_.arm(neighbour, clock_.now_ns() + retransmit_ns);
  const bool unicast = neighbour.state == nud::probe;
  counters_.add(mib::arp_requests_sent);
  send_arp({.op = packet::arp_op::request,
            .sender_mac = device_.address(),
            .sender_ip = own_,
            .target_mac = {},
            .target_ip = neighbour.address},
           unicast ? neighbour.mac : packet::mac_address::broadcast());
  device_.flush();
}

void neighbour_table::fail(entry& neighbour) {
  counters_.add(mib::neigh_res_failed);
  neighbour.state = nud::failed;
  update_connected(neighbour);
  timers_.arm(neighbour, clock_.now_ns() + gc_stale_ns);
  neighbour.queued_bytes = 0;
  // The handler may send to this neighbour again.
  for (const queued_packet& packet : std::exchange(neighbour.queue, {})) {
    counters_.add(mib::neigh_unres_discards);
    on_unreachable_(packet);
  }
}

void neighbour_table::receive(const packet::arp_packet& arp, bool was_broadcast) {
  const bool for_us = arp.target_ip == own_;
  const bool request = arp.op == packet::arp_op::request;
  // A probe for a duplicate (RFC 5227 2.1.1) is answered; there is no address to learn.
  if (request && for_us) {
    counters_.add(mib::arp_replies_sent);
    send_arp({.op = packet::arp_op::reply,
              .sender_mac = device_.address(),
              .sender_ip = own_,
              .target_mac = arp.sender_mac,
              .target_ip = arp.sender_ip},
             arp.sender_mac);
  }
  if (arp.sender_ip.is_any() || arp.sender_ip.is_multicast() || arp.sender_ip.is_broadcast() || arp.sender_ip == own_ ||
      arp.sender_mac.is_group()) {
    return;
  }
  const auto found = entries_.find(arp.sender_ip);
  entry* neighbour = found != entries_.end() ? found->second.get() : nullptr;
  if (neighbour == nullptr && request && for_us) neighbour = find_or_create(arp.sender_ip);
  if (neighbour == nullptr) return;
  // Only an answer to this host says that the neighbour can be reached (RFC 4861 7.3.1, as Linux does for ARP).
  const bool confirmed = arp.op == packet::arp_op::reply && !was_broadcast;
  learn(*neighbour, arp.sender_mac, confirmed ? nud::reachable : nud::stale);
}

void neighbour_table::learn(entry& neighbour, const packet::mac_address& mac, nud state) {
  const bool changed = !has_address(neighbour.state) || neighbour.mac != mac;
  // The same address once more, unconfirmed, is no news.
  if (!changed && state == nud::stale) return;
  neighbour.mac = mac;
  packet::write_ethernet(neighbour.header,
                         {.destination = mac, .source = device_.address(), .vlan = {}, .ether_type = packet::eth_p_ip});
  neighbour.state = state;
  neighbour.probes = 0;
  timers_.arm(neighbour, clock_.now_ns() + (state == nud::reachable ? reachable_ns : gc_stale_ns));
  drain(neighbour);
}

void neighbour_table::drain(entry& neighbour) {
  while (!neighbour.queue.empty()) {
    const queued_packet& first = neighbour.queue.front();
    packet::tx_sk_buff skb = rebuild(first);
    std::ranges::copy(neighbour.header, skb.push(neighbour.header.size()).begin());
    if (device_.xmit(skb) == netdev_tx::busy) break;  // goes on in tx_wake
    neighbour.queued_bytes -= first.headers.size() + first.payload.size();
    neighbour.queue.pop_front();
  }
  update_connected(neighbour);
}

void neighbour_table::tx_wake() {
  for (const auto& [address, neighbour] : entries_) {
    if (has_address(neighbour->state)) drain(*neighbour);
  }
}

void neighbour_table::send_arp(const packet::arp_packet& arp, const packet::mac_address& destination) {
  packet::tx_sk_buff skb;
  packet::write_arp(skb.push(packet::arp_packet::bytes), arp);
  packet::write_ethernet(
      skb.push(packet::ethernet_header::untagged_bytes),
      {.destination = destination, .source = device_.address(), .vlan = {}, .ether_type = packet::eth_p_arp});
  // A full device loses it, as the network may: it will be asked for again.
  if (device_.xmit(skb) == netdev_tx::busy) counters_.add(mib::out_discards);
}

}  // namespace fourtuple::ip
