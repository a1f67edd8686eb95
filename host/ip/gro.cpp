// SPDX-License-Identifier: Apache-2.0
#include "host/ip/gro.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "host/base/byte_order.hpp"
#include "host/packet/checksum.hpp"
#include "host/packet/ethernet.hpp"
#include "host/packet/ipv4_header.hpp"
#include "host/packet/tcp_header.hpp"

namespace fourtuple::ip {
namespace {

// Places in the headers: Ethernet without a tag, IPv4 without options (RFC
// 791 3.1), TCP (RFC 9293 3.1).
constexpr std::size_t network = packet::ethernet_header::untagged_bytes;
constexpr std::size_t transport = network + packet::ipv4_header::min_bytes;
constexpr std::size_t shortest = transport + packet::tcp_header::bytes;
constexpr std::size_t ether_type = 12;
constexpr std::byte version_and_length{0x45};
constexpr std::size_t ip_tos = network + 1;
constexpr std::size_t ip_total_length = network + 2;
constexpr std::size_t ip_identification = network + 4;
constexpr std::size_t ip_fragment = network + 6;
constexpr std::uint16_t ip_df = 0x4000;
constexpr std::size_t ip_ttl = network + 8;
constexpr std::size_t ip_protocol = network + 9;
constexpr std::size_t ip_source = network + 12;
constexpr std::size_t ip_addresses_bytes = 8;
constexpr std::size_t tcp_ports_bytes = 4;
constexpr std::size_t tcp_seq = transport + 4;
constexpr std::size_t tcp_ack_seq = transport + 8;
constexpr std::size_t tcp_offset = transport + 12;
constexpr std::size_t tcp_flag_bits = transport + 13;
constexpr std::size_t tcp_window = transport + 14;

constexpr std::uint8_t syn = 0x02;
constexpr std::uint8_t rst = 0x04;
constexpr std::uint8_t ack = 0x10;
constexpr std::uint8_t urg = 0x20;
constexpr std::uint8_t cwr = 0x80;
constexpr std::uint8_t ends_a_unit = gro_rest::fin | gro_rest::psh;

std::uint8_t byte_at(std::span<const std::byte> bytes, std::size_t offset) noexcept {
  return std::to_integer<std::uint8_t>(bytes[offset]);
}

std::uint32_t load32(const std::byte* bytes, std::size_t offset) noexcept {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes + offset, sizeof word);
  return word;
}
std::uint64_t load64(const std::byte* bytes, std::size_t offset) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes + offset, sizeof word);
  return word;
}

/// PSH in the word of data offset, flags and window, as it lies in memory.
const std::uint32_t psh_of_offset_word = [] {
  constexpr std::byte word[4] = {std::byte{0}, std::byte{gro_rest::psh}, std::byte{0}, std::byte{0}};
  return load32(word, 0);
}();

bool same_bytes(std::span<const std::byte> a, std::span<const std::byte> b, std::size_t offset,
                std::size_t count) noexcept {
  return std::memcmp(a.data() + offset, b.data() + offset, count) == 0;
}

/// From Ethernet's type to TCP's fixed header it lies within its frame, and at
/// the usual places.
bool is_plain_tcp(std::span<const std::byte> frame) noexcept {
  return frame.size() >= shortest && base::load_be16(frame, ether_type) == packet::eth_p_ip &&
         frame[network] == version_and_length && byte_at(frame, ip_protocol) == packet::ip_protocol::tcp &&
         (base::load_be16(frame, ip_fragment) & ~ip_df) == 0;
}

/// The device found both checksums right, or its sum of all that lies behind the Ethernet header says so (Linux:
/// CHECKSUM_UNNECESSARY, CHECKSUM_COMPLETE; there is no padding in that sum), or they are right (Linux:
/// skb_gro_checksum_validate). What is merged later is not looked at again.
bool checksums_are_good(const packet::sk_buff& skb) noexcept {
  using packet::ip_summed;
  if (skb.network_checksum == ip_summed::bad || skb.transport_checksum == ip_summed::bad) return false;
  const bool network_known = skb.network_checksum == ip_summed::unnecessary;
  if (network_known && skb.transport_checksum == ip_summed::unnecessary) return true;
  const auto header = skb.frame.subspan(network, packet::ipv4_header::min_bytes);
  if (!network_known && !packet::internet_checksum{}.add(header).good()) return false;
  if (skb.transport_checksum == ip_summed::unnecessary) return true;
  if (!skb.raw_sum_valid) {
    return packet::transport_checksum({base::load_be32(skb.frame, ip_source)},
                                      {base::load_be32(skb.frame, ip_source + 4)}, packet::ip_protocol::tcp,
                                      skb.frame.subspan(transport)) == 0;
  }
  // A right IPv4 header sums up to nothing, so that what is left is the
  // segment's sum.
  const std::uint16_t pseudo =
      packet::pseudo_header_sum({base::load_be32(skb.frame, ip_source)}, {base::load_be32(skb.frame, ip_source + 4)},
                                packet::ip_protocol::tcp, static_cast<std::uint16_t>(skb.frame.size() - transport));
  return packet::fold_sum(std::uint64_t{skb.raw_sum} + pseudo) == 0xffff;
}

/// So that nobody sums it a second time.
packet::sk_buff with_good_checksums(packet::sk_buff skb) noexcept {
  skb.network_checksum = skb.transport_checksum = packet::ip_summed::unnecessary;
  return skb;
}

}  // namespace

/// A TCP segment as far as merging looks at it.
struct gro::segment {
  /// nullopt: not TCP over IPv4, or not as most of it is.
  static std::optional<segment> parse(const packet::sk_buff& skb) noexcept {
    if (!is_plain_tcp(skb.frame)) return std::nullopt;
    segment s{.frame = skb.frame, .tcp_bytes = static_cast<std::size_t>(byte_at(skb.frame, tcp_offset) >> 4) * 4};
    const std::size_t headers = transport + s.tcp_bytes;
    // Padding shows in the length (Linux: inet_gro_receive). What is a unit
    // already stays what it is.
    s.alone = s.tcp_bytes < packet::tcp_header::bytes || s.frame.size() <= headers || skb.gso_size != 0 ||
              base::load_be16(s.frame, ip_total_length) + network != s.frame.size();
    if (s.alone) return s;
    s.payload = s.frame.subspan(headers);
    s.flags = byte_at(s.frame, tcp_flag_bits);
    s.alone = (s.flags & (syn | rst | urg | cwr | ack)) != ack || !checksums_are_good(skb);
    return s;
  }

  [[nodiscard]] std::uint32_t seq() const noexcept { return base::load_be32(frame, tcp_seq); }
  [[nodiscard]] std::uint16_t id() const noexcept { return base::load_be16(frame, ip_identification); }
  [[nodiscard]] bool dont_fragment() const noexcept { return base::load_be16(frame, ip_fragment) == ip_df; }

  std::span<const std::byte> frame;
  std::span<const std::byte> payload{};
  std::size_t tcp_bytes = 0;  ///< Header and options.
  std::uint8_t flags = 0;
  bool alone = false;  ///< Never part of a unit.
};

std::span<const gro_unit> gro::receive(std::span<const packet::sk_buff> list) {
  heads_.clear();
  gathered_.clear();
  out_.clear();
  payloads_used_ = 0;
  // So that views of them stay valid.
  if (payloads_.size() < list.size()) {
    payloads_.resize(list.size());
    owners_.resize(list.size());
    gathered_.reserve(list.size());
  }
  for (const packet::sk_buff& skb : list) {
    if (!join_newest(skb)) take(skb);
  }
  flush_all();
  return out_;
}

void gro::take(const packet::sk_buff& skb) {
  const auto s = segment::parse(skb);
  if (!s) {
    out_.push_back({.skb = skb, .rest = {}});
    return;
  }
  held* unit = find_flow(*s);
  if (unit != nullptr && !s->alone && can_join(*unit, *s)) {
    join(*unit, s->payload, s->flags, s->id());
    return;
  }
  if (unit != nullptr) flush(*unit);
  // Behind what ends a unit nothing can come.
  if (s->alone) {
    out_.push_back({.skb = skb, .rest = {}});
  } else if ((s->flags & ends_a_unit) != 0) {
    out_.push_back({.skb = with_good_checksums(skb), .rest = {}});
  } else {
    hold(skb, *s);
  }
}

gro::held* gro::find_flow(const segment& s) noexcept {
  for (held& unit : held_) {
    const auto other = heads_[unit.skb].frame;
    if (same_bytes(s.frame, other, ip_source, ip_addresses_bytes) &&
        same_bytes(s.frame, other, transport, tcp_ports_bytes)) {
      return &unit;
    }
  }
  return nullptr;
}

bool gro::can_join(const held& unit, const segment& s) noexcept {
  const auto first = heads_[unit.skb].frame;
  const bool same = same_bytes(s.frame, first, 0, network) && s.frame[ip_tos] == first[ip_tos] &&
                    s.frame[ip_ttl] == first[ip_ttl] &&
                    base::load_be16(s.frame, ip_fragment) == base::load_be16(first, ip_fragment) &&
                    (s.dont_fragment() || s.id() == static_cast<std::uint16_t>(unit.last_id + 1)) &&
                    base::load_be32(s.frame, tcp_ack_seq) == base::load_be32(first, tcp_ack_seq) &&
                    s.frame[tcp_offset] == first[tcp_offset] &&
                    (s.flags & ~ends_a_unit) == (byte_at(first, tcp_flag_bits) & ~ends_a_unit) &&
                    same_bytes(s.frame, first, tcp_window, 2) &&
                    same_bytes(s.frame, first, shortest, s.tcp_bytes - packet::tcp_header::bytes);
  if (!same || s.seq() != unit.next_seq || s.payload.size() > unit.mss) {
    ++counters_.flush_refused;
    return false;
  }
  if (unit.bytes + s.payload.size() >= max_bytes) {
    ++counters_.flush_size;
    return false;
  }
  return true;
}

void gro::join(held& unit, std::span<const std::byte> payload, std::uint8_t flags, std::uint16_t id) {
  if (unit.segs == 1) unit.first_fragment = payloads_used_;
  unit.last_fragment = payloads_used_;
  payloads_[payloads_used_] = payload;
  owners_[payloads_used_] = unit.skb;
  ++payloads_used_;
  ++unit.segs;
  unit.bytes += static_cast<std::uint32_t>(payload.size());
  unit.next_seq += static_cast<std::uint32_t>(payload.size());
  unit.last_id = id;
  unit.last_flags = flags & ends_a_unit;
  if (payload.size() < unit.mss || unit.last_flags != 0) flush(unit);
}

/// The short way of what comes most: the next full segment of the flow that came last. Compares what parse, find_flow
/// and can_join look at a word at a time; whatever differs is for them.
bool gro::join_newest(const packet::sk_buff& skb) {
  if (held_.empty()) return false;
  held& unit = held_.back();
  const std::span<const std::byte> frame = skb.frame;
  const std::span<const std::byte> first = heads_[unit.skb].frame;
  const std::size_t headers = unit.header_bytes;
  if (frame.size() != headers + unit.mss || unit.bytes + unit.mss >= max_bytes || skb.gso_size != 0 ||
      skb.network_checksum != packet::ip_summed::unnecessary ||
      skb.transport_checksum != packet::ip_summed::unnecessary) {
    return false;
  }
  const std::byte* f = frame.data();
  const std::byte* g = first.data();
  // Ethernet, version, header length, type of service, total length; DF, time to live, protocol; addresses and ports.
  std::uint64_t differ = load64(f, 0) ^ load64(g, 0);
  differ |= load64(f, 8) ^ load64(g, 8);
  differ |= load32(f, 14) ^ load32(g, 14);
  differ |= load32(f, 20) ^ load32(g, 20);
  differ |= load64(f, ip_source) ^ load64(g, ip_source);
  differ |= load32(f, transport) ^ load32(g, transport);
  differ |= load32(f, tcp_ack_seq) ^ load32(g, tcp_ack_seq);
  differ |= (load32(f, tcp_offset) ^ load32(g, tcp_offset)) & ~psh_of_offset_word;
  std::size_t at = shortest;
  for (; at + 4 <= headers; at += 4) differ |= load32(f, at) ^ load32(g, at);
  const bool next = base::load_be32(frame, tcp_seq) == unit.next_seq && base::load_be16(frame, ip_fragment) == ip_df;
  if (differ != 0 || !next) return false;
  join(unit, frame.subspan(headers), byte_at(frame, tcp_flag_bits), 0);
  return true;
}

void gro::hold(const packet::sk_buff& skb, const segment& s) {
  if (held_.size() == max_flows) {
    ++counters_.flush_full;
    flush(held_.front());
  }
  heads_.push_back(with_good_checksums(skb));
  held_.push_back({.skb = heads_.size() - 1,
                   .next_seq = s.seq() + static_cast<std::uint32_t>(s.payload.size()),
                   .bytes = static_cast<std::uint32_t>(s.frame.size() - network),
                   .header_bytes = static_cast<std::uint32_t>(s.frame.size() - s.payload.size()),
                   .mss = static_cast<std::uint16_t>(s.payload.size()),
                   .last_id = s.id()});
}

/// In a row as they came, or gathered if another flow's came between.
std::span<const std::span<const std::byte>> gro::fragments_of(const held& unit) {
  const std::size_t count = unit.segs - std::size_t{1};
  if (unit.last_fragment - unit.first_fragment + 1 == count) {
    return std::span<const std::span<const std::byte>>{payloads_}.subspan(unit.first_fragment, count);
  }
  const std::size_t begin = gathered_.size();
  for (std::size_t at = unit.first_fragment; at <= unit.last_fragment; ++at) {
    if (owners_[at] == unit.skb) gathered_.push_back(payloads_[at]);
  }
  return std::span<const std::span<const std::byte>>{gathered_}.subspan(begin);
}

/// Hands `unit` on; it is gone then.
void gro::flush(held& unit) {
  gro_unit& result = out_.emplace_back(gro_unit{.skb = heads_[unit.skb], .rest = {}});
  if (unit.segs != 1) {
    result.skb.gso_size = unit.mss;
    const auto header_bytes = unit.header_bytes - static_cast<std::uint32_t>(network);
    result.rest = {
        .payloads = fragments_of(unit), .bytes = unit.bytes - header_bytes - unit.mss, .flags = unit.last_flags};
    ++counters_.units;
    counters_.merged += unit.segs - 1U;
  }
  held_.erase(held_.begin() + (&unit - held_.data()));
}

void gro::flush_all() {
  while (!held_.empty()) flush(held_.front());
}

}  // namespace fourtuple::ip
