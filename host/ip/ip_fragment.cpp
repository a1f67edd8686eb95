// SPDX-License-Identifier: Apache-2.0
#include "host/ip/ip_fragment.hpp"

#include <iterator>
#include <utility>

namespace fourtuple::ip {

namespace {
constexpr std::size_t max_packet_bytes = 65'535;
constexpr std::size_t fragment_unit_bytes = 8;
}  // namespace

struct ip_defrag::queue : base::timer {
  queue(ip_defrag& owner, const key& of) : base::timer(&on_timer), defrag(owner), which(of) {}

  ip_defrag& defrag;
  key which;
  std::map<std::size_t, std::vector<std::byte>> fragments;  // by offset in the payload
  std::vector<std::byte> first_header;                      // with options; empty until the first fragment is there
  packet::ipv4_header header;                               // of the first fragment
  std::optional<std::size_t> payload_bytes;                 // of the packet, once its last fragment is there
  std::size_t received_bytes = 0;
  std::size_t accounted_bytes = 0;
};

ip_defrag::ip_defrag(base::clock& clock, base::timer_wheel& timers, mib_counters& counters, timeout_handler on_timeout)
    : clock_(clock), timers_(timers), counters_(counters), on_timeout_(std::move(on_timeout)) {}

ip_defrag::~ip_defrag() = default;

std::optional<reassembled> ip_defrag::add(const packet::ipv4_datagram& fragment) {
  counters_.add(mib::reasm_reqds);
  const std::size_t end = fragment.header.fragment_offset_bytes + fragment.payload.size();
  const bool whole_units = fragment.payload.size() % fragment_unit_bytes == 0;
  if (fragment.payload.empty() || (fragment.header.more_fragments && !whole_units) ||
      fragment.header_bytes.size() + end > max_packet_bytes ||
      bytes_ + fragment.payload.size() + fragment_overhead_bytes > max_bytes) {
    counters_.add(mib::reasm_fails);
    return std::nullopt;
  }
  queue* to = find_or_create({.source = fragment.header.source,
                              .destination = fragment.header.destination,
                              .id = fragment.header.id,
                              .protocol = fragment.header.protocol});
  if (!insert(*to, fragment)) return std::nullopt;
  if (to->first_header.empty() || !to->payload_bytes || to->received_bytes != *to->payload_bytes) return std::nullopt;
  return complete(*to);
}

ip_defrag::queue* ip_defrag::find_or_create(const key& which) {
  const auto found = queues_.find(which);
  if (found != queues_.end()) return found->second.get();
  queue* made = queues_.emplace(which, std::make_unique<queue>(*this, which)).first->second.get();
  timers_.arm(*made, clock_.now_ns() + timeout_ns);
  return made;
}

/// False if the fragment was not taken; the queue may then be gone.
bool ip_defrag::insert(queue& to, const packet::ipv4_datagram& fragment) {
  const std::size_t start = fragment.header.fragment_offset_bytes;
  const std::size_t end = start + fragment.payload.size();
  const auto next = to.fragments.lower_bound(start);
  if (next != to.fragments.end() && next->first == start && next->second.size() == fragment.payload.size()) {
    return false;  // once more the same: the network may do that
  }
  const auto previous = next == to.fragments.begin() ? to.fragments.end() : std::prev(next);
  const bool overlaps = (next != to.fragments.end() && next->first < end) ||
                        (previous != to.fragments.end() && previous->first + previous->second.size() > start);
  if (overlaps) counters_.add(mib::reasm_overlaps);
  const bool last = !fragment.header.more_fragments;
  const bool beyond_end = to.payload_bytes && (end > *to.payload_bytes || (last && end != *to.payload_bytes));
  const bool cut_off =
      last && !to.fragments.empty() && to.fragments.rbegin()->first + to.fragments.rbegin()->second.size() > end;
  if (overlaps || beyond_end || cut_off || to.fragments.size() >= max_fragments) {
    give_up(to);
    return false;
  }
  if (last) to.payload_bytes = end;
  if (start == 0) {
    to.first_header.assign(fragment.header_bytes.begin(), fragment.header_bytes.end());
    to.header = fragment.header;
  }
  to.fragments.emplace_hint(next, start, std::vector(fragment.payload.begin(), fragment.payload.end()));
  to.received_bytes += fragment.payload.size();
  to.accounted_bytes += fragment.payload.size() + fragment_overhead_bytes;
  bytes_ += fragment.payload.size() + fragment_overhead_bytes;
  return true;
}

std::optional<reassembled> ip_defrag::complete(queue& whole) {
  reassembled packet{.header = whole.header, .payload = {}};  // without options
  packet.payload.reserve(*whole.payload_bytes);
  for (const auto& [offset, bytes] : whole.fragments) {
    packet.payload.insert(packet.payload.end(), bytes.begin(), bytes.end());
  }
  packet.header.more_fragments = false;
  packet.header.total_bytes = static_cast<std::uint16_t>(packet::ipv4_header::min_bytes + packet.payload.size());
  remove(whole);
  counters_.add(mib::reasm_oks);
  return packet;
}

void ip_defrag::on_timer(base::timer& expired) noexcept {
  auto& late = static_cast<queue&>(expired);
  late.defrag.timed_out(late);
}

void ip_defrag::timed_out(queue& late) {
  counters_.add(mib::reasm_timeout);
  if (!late.first_header.empty()) {
    on_timeout_({.header = late.header,
                 .header_bytes = late.first_header,
                 .options = std::span<const std::byte>{late.first_header}.subspan(packet::ipv4_header::min_bytes),
                 .payload = late.fragments.begin()->second});
  }
  give_up(late);
}

void ip_defrag::give_up(queue& which) {
  counters_.add(mib::reasm_fails);
  remove(which);
}

void ip_defrag::remove(queue& which) {
  bytes_ -= which.accounted_bytes;
  timers_.disarm(which);
  queues_.erase(key{which.which});
}

}  // namespace fourtuple::ip
