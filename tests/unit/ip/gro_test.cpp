// SPDX-License-Identifier: Apache-2.0
//
// GRO: what becomes one unit, what ends one, and what never is in one; in each
// case every byte comes out once and in the order of its flow.

#include "host/ip/gro.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "host/base/byte_order.hpp"
#include "host/packet/checksum.hpp"
#include "host/packet/ethernet.hpp"
#include "host/packet/ipv4_header.hpp"
#include "host/packet/tcp_header.hpp"

namespace fourtuple::ip {
namespace {

using bytes = std::vector<std::byte>;
using packet::ip_summed;

constexpr std::uint32_t mss = 1000;

packet::tcp_options with_timestamps() {
  packet::tcp_options options;
  options.timestamps = packet::tcp_timestamps{10, 20};
  return options;
}

/// A segment of a flow, before it is bytes.
struct described {
  std::uint32_t seq = 1;
  std::size_t payload = mss;
  packet::tcp_header tcp{
      .source_port = 4000, .destination_port = 80, .ack_seq = 77, .flags = {.ack = true}, .window = 500};
  packet::tcp_options options = with_timestamps();
  packet::ipv4_header ip{.dont_fragment = true, .ttl = 64, .source = {0x0a000001}, .destination = {0x0a000002}};
  std::uint8_t mac = 1;
  std::size_t padding = 0;
  std::uint8_t version_and_length = 0x45;
};

class Gro : public testing::Test {
 protected:
  /// The next frame of the poll; its checksums are known to be right.
  packet::sk_buff& add(const described& d) {
    bytes& frame = frames.emplace_back(build(d));
    packet::sk_buff& skb = list.emplace_back();
    skb.frame = frame;
    skb.network_checksum = skb.transport_checksum = ip_summed::unnecessary;
    return skb;
  }
  /// `count` segments of the flow that `d` is of, from its number on.
  void add_row(described d, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i, d.seq += static_cast<std::uint32_t>(d.payload)) add(d);
  }

  /// What comes out: the numbers of segments of each sk_buff, in order. Each
  /// byte of each flow comes once.
  std::vector<std::size_t> poll() {
    std::vector<std::size_t> result;
    std::size_t payload = 0;
    for (const auto& [skb, rest] : gro_.receive(list)) {
      result.push_back(1 + rest.payloads.size());
      EXPECT_TRUE(rest.payloads.empty() || skb.gso_size != 0);
      const auto first = skb.frame.subspan(14 + 20);
      std::size_t at = static_cast<std::size_t>(std::to_integer<unsigned>(first[12]) >> 4) * 4;
      std::uint32_t seq = base::load_be32(first, 4);
      const auto check = [&](std::span<const std::byte> piece) {
        for (const std::byte b : piece) EXPECT_EQ(b, pattern(seq++));
        payload += piece.size();
      };
      const std::size_t total = base::load_be16(skb.frame, 16);
      check(skb.frame.first(std::min(skb.frame.size(), 14 + total)).subspan(34 + at));
      const std::size_t of_first = payload;
      for (const auto piece : rest.payloads) check(piece);
      EXPECT_EQ(rest.bytes, payload - of_first);
      last = {.skb = skb, .rest = rest};
    }
    std::size_t sent = 0;
    for (const packet::sk_buff& skb : list) {
      const std::size_t at = static_cast<std::size_t>(std::to_integer<unsigned>(skb.frame[34 + 12]) >> 4) * 4;
      sent += base::load_be16(skb.frame, 16) - 20U - at;
    }
    EXPECT_EQ(payload, sent);
    list.clear();
    frames.clear();
    return result;
  }
  /// Two segments that would be one unit, but for what `change` does to the
  /// second.
  template <typename Change>
  std::vector<std::size_t> second_with(Change&& change) {
    described d;
    add(d);
    d.seq += mss;
    change(d);
    add(d);
    return poll();
  }
  static std::byte pattern(std::uint32_t seq) { return static_cast<std::byte>(seq * 7 + seq / 251); }

  static bytes build(const described& d) {
    const std::size_t header = packet::tcp_header::bytes + packet::tcp_options_bytes(d.options);
    bytes tcp(header + d.payload);
    packet::tcp_header fields = d.tcp;
    fields.seq = d.seq;
    packet::write_tcp(tcp, fields, d.options);
    for (std::size_t i = 0; i < d.payload; ++i) tcp[header + i] = pattern(d.seq + static_cast<std::uint32_t>(i));
    base::store_be16(tcp, packet::tcp_header::checksum_offset,
                     packet::transport_checksum(d.ip.source, d.ip.destination, packet::ip_protocol::tcp, tcp));
    bytes frame(14 + 20);
    packet::write_ethernet(frame, {.destination = {{2, 0, 0, 0, 0, 9}},
                                   .source = {{2, 0, 0, 0, 0, d.mac}},
                                   .vlan = {},
                                   .ether_type = packet::eth_p_ip});
    packet::ipv4_header ip = d.ip;
    ip.protocol = packet::ip_protocol::tcp;
    ip.total_bytes = static_cast<std::uint16_t>(20 + tcp.size());
    packet::write_ipv4(std::span{frame}.subspan(14), ip);
    frame[14] = static_cast<std::byte>(d.version_and_length);
    frame.insert(frame.end(), tcp.begin(), tcp.end());
    frame.resize(frame.size() + d.padding);
    return frame;
  }

  gro gro_;
  std::deque<bytes> frames;
  std::vector<packet::sk_buff> list;
  gro_unit last;  ///< That poll() saw.
};

using sizes = std::vector<std::size_t>;

TEST_F(Gro, InOrderSegmentsBecomeOne) {
  add_row({}, 10);
  EXPECT_EQ(poll(), sizes{10});
  EXPECT_EQ(last.skb.gso_size, mss);
  EXPECT_EQ(last.rest.flags, 0);
  EXPECT_EQ(gro_.counters().units, 1U);
  EXPECT_EQ(gro_.counters().merged, 9U);
  add_row({}, 1);
  EXPECT_EQ(poll(), sizes{1});
  EXPECT_EQ(last.skb.gso_size, 0);
}

TEST_F(Gro, NothingIsHeldBeyondAPoll) {
  add_row({.seq = 1}, 2);
  EXPECT_EQ(poll(), sizes{2});
  add_row({.seq = 2001}, 2);
  EXPECT_EQ(poll(), sizes{2});
}

TEST_F(Gro, AShortOneIsTheLast) {
  described d;
  add(d);
  add({.seq = 1001, .payload = 400});
  add({.seq = 1401});
  add({.seq = 2401});
  EXPECT_EQ(poll(), (sizes{2, 2}));
  add(d);
  add({.seq = 1001, .payload = mss + 1});
  EXPECT_EQ(poll(), (sizes{1, 1})) << "a longer one begins anew";
}

TEST_F(Gro, PushAndFinEndAUnitAndAreKept) {
  described end{.seq = 2001};
  end.tcp.flags.psh = true;
  add_row({}, 2);
  add(end);
  add({.seq = 3001});
  EXPECT_EQ(poll(), (sizes{3, 1}));
  add_row({}, 2);
  add(end);
  poll();
  EXPECT_EQ(last.rest.flags, gro_rest::psh);
  end.tcp.flags.fin = true;
  add_row({}, 2);
  add(end);
  EXPECT_EQ(poll(), sizes{3});
  EXPECT_EQ(last.rest.flags, gro_rest::psh | gro_rest::fin);
}

TEST_F(Gro, WhatIsNotTheSameIsNotMerged) {
  EXPECT_EQ(second_with([](described&) {}), sizes{2}) << "the others would be";
  const sizes apart{1, 1};
  EXPECT_EQ(second_with([](described& d) { ++d.seq; }), apart) << "a hole";
  EXPECT_EQ(second_with([](described& d) { d.seq -= mss; }), apart) << "a repetition";
  EXPECT_EQ(second_with([](described& d) { ++d.tcp.ack_seq; }), apart);
  EXPECT_EQ(second_with([](described& d) { ++d.tcp.window; }), apart);
  EXPECT_EQ(second_with([](described& d) { d.tcp.flags.ece = true; }), apart);
  EXPECT_EQ(second_with([](described& d) { d.tcp.flags.cwr = true; }), apart);
  EXPECT_EQ(second_with([](described& d) { d.tcp.flags.urg = true; }), apart);
  EXPECT_EQ(second_with([](described& d) { d.tcp.flags.rst = true; }), apart);
  EXPECT_EQ(second_with([](described& d) { d.tcp.flags.syn = true; }), apart);
  EXPECT_EQ(second_with([](described& d) { d.tcp.flags.ack = false; }), apart);
  EXPECT_EQ(second_with([](described& d) { ++d.options.timestamps->value; }), apart);
  EXPECT_EQ(second_with([](described& d) { ++d.options.timestamps->echo_reply; }), apart);
  EXPECT_EQ(second_with([](described& d) { d.options.timestamps.reset(); }), apart);
  EXPECT_EQ(second_with([](described& d) {
              d.options.sack_block_count = 1;
              d.options.sack_blocks[0] = {1, 2};
            }),
            apart);
  EXPECT_EQ(second_with([](described& d) { d.payload = 0; }), apart) << "a pure ACK";
  EXPECT_EQ(second_with([](described& d) { d.ip.tos = 3; }), apart) << "congestion was met";
  EXPECT_EQ(second_with([](described& d) { --d.ip.ttl; }), apart);
  EXPECT_EQ(second_with([](described& d) { d.ip.dont_fragment = false; }), apart);
  EXPECT_EQ(second_with([](described& d) { d.ip.more_fragments = true; }), apart);
  EXPECT_EQ(second_with([](described& d) { d.ip.fragment_offset_bytes = 8; }), apart);
  EXPECT_EQ(second_with([](described& d) { d.mac = 5; }), apart);
  EXPECT_EQ(second_with([](described& d) { d.padding = 4; }), apart);
  EXPECT_EQ(second_with([](described& d) { ++d.tcp.source_port; }), apart) << "another connection";
  EXPECT_EQ(second_with([](described& d) { ++d.ip.source.value; }), apart);
}

TEST_F(Gro, IdentificationsCountWhereTheyMean) {
  const auto row = [&](std::uint16_t step) {
    described d;
    d.ip.dont_fragment = false;
    d.ip.id = 0xffff;
    add(d);
    d.seq += mss;
    d.ip.id = static_cast<std::uint16_t>(d.ip.id + step);
    add(d);
    return poll();
  };
  EXPECT_EQ(row(1), sizes{2}) << "wraps around";
  EXPECT_EQ(row(0), (sizes{1, 1}));
  EXPECT_EQ(row(2), (sizes{1, 1}));
  EXPECT_EQ(second_with([](described& d) { d.ip.id = 9; }), sizes{2}) << "with DF they mean nothing";
}

TEST_F(Gro, WhatIsNotTcpOverPlainIpv4PassesBy) {
  const auto pass = [&](auto&& change) {
    described d;
    for (int i = 0; i < 2; ++i, d.seq += mss) {
      add(d);
      change(frames.back());
    }
    list.push_back(list[0]);
    std::vector<packet::sk_buff> before(list.begin(), list.end());
    const auto after = gro_.receive(list);
    EXPECT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i].skb.frame.data(), before[i].frame.data());
    list.clear();
    frames.clear();
  };
  pass([](bytes& frame) { frame[13] = std::byte{6}; });          // ARP
  pass([](bytes& frame) { frame[14] = std::byte{0x46}; });       // options
  pass([](bytes& frame) { frame[23] = std::byte{17}; });         // UDP
  pass([](bytes& frame) { frame[34 + 12] = std::byte{0x40}; });  // a data offset below 5
  pass([](bytes& frame) { frame[34 + 12] = std::byte{0xf0}; });  // SYN could have so many options; here none has
}

TEST_F(Gro, TruncatedFramesAreNotReadBeyondTheirEnd) {
  const bytes whole = build({});
  std::deque<bytes> kept;
  for (std::size_t size = 0; size < 70; ++size) {
    kept.emplace_back(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    for (int i = 0; i < 2; ++i) {
      packet::sk_buff& skb = list.emplace_back();
      skb.frame = kept.back();
      skb.network_checksum = skb.transport_checksum = ip_summed::unnecessary;
    }
  }
  EXPECT_EQ(gro_.receive(list).size(), list.size());
  list.clear();
}

TEST_F(Gro, OnlyChecksumsThatAreKnownToBeRight) {
  const auto with = [&](ip_summed network, ip_summed transport) {
    described d;
    for (int i = 0; i < 2; ++i, d.seq += mss) {
      packet::sk_buff& skb = add(d);
      skb.network_checksum = network;
      skb.transport_checksum = transport;
    }
    return poll();
  };
  EXPECT_EQ(with(ip_summed::unnecessary, ip_summed::none), sizes{2}) << "TCP's is summed up here";
  EXPECT_EQ(with(ip_summed::none, ip_summed::none), sizes{2});
  EXPECT_EQ(with(ip_summed::unnecessary, ip_summed::bad), (sizes{1, 1}));
  EXPECT_EQ(with(ip_summed::bad, ip_summed::unnecessary), (sizes{1, 1}));
  EXPECT_EQ(with(ip_summed::none, ip_summed::unnecessary), sizes{2}) << "the header's is looked at here";
}

// Linux: skb_gro_checksum_validate. A wrong one is left to who counts it.
TEST_F(Gro, ASegmentThatNobodyHasSummedIsSummedOnce) {
  described d;
  for (int i = 0; i < 3; ++i, d.seq += mss) {
    packet::sk_buff& skb = add(d);
    skb.network_checksum = skb.transport_checksum = ip_summed::none;
    if (i == 2) frames.back().back() ^= std::byte{1};
  }
  const auto units = gro_.receive(list);
  ASSERT_EQ(units.size(), 2U);
  EXPECT_EQ(units[0].skb.gso_size, mss);
  EXPECT_EQ(units[0].skb.transport_checksum, ip_summed::unnecessary);
  EXPECT_EQ(units[1].skb.gso_size, 0);
  EXPECT_EQ(units[1].skb.transport_checksum, ip_summed::none);
}

TEST_F(Gro, ASumOfTheFrameIsAsGoodAsAVerdict) {
  for (const bool right : {true, false}) {
    described d;
    for (int i = 0; i < 2; ++i, d.seq += mss) {
      packet::sk_buff& skb = add(d);
      skb.network_checksum = skb.transport_checksum = ip_summed::none;
      skb.raw_sum = packet::internet_checksum{}.add(std::span<const std::byte>{frames.back()}.subspan(14)).sum();
      if (!right) ++skb.raw_sum;
      skb.raw_sum_valid = true;
    }
    EXPECT_EQ(poll(), right ? sizes{2} : (sizes{1, 1}));
  }
}

TEST_F(Gro, StaysBelowAPacketsLength) {
  add_row({}, 100);
  const std::size_t most = (65'535 - 52) / mss;
  EXPECT_EQ(poll(), (sizes{most, 100 - most}));
  EXPECT_EQ(gro_.counters().flush_size, 1U);
}

TEST_F(Gro, FlowsMixAndEachStaysInOrder) {
  for (std::uint32_t round = 0; round < 5; ++round) {
    for (std::uint16_t flow = 0; flow < 3; ++flow) {
      described d{.seq = 1 + round * mss};
      d.tcp.source_port = static_cast<std::uint16_t>(4000 + flow);
      add(d);
    }
  }
  EXPECT_EQ(poll(), (sizes{5, 5, 5}));
}

TEST_F(Gro, TheOldestOfTooManyFlowsGoes) {
  for (std::uint16_t flow = 0; flow <= gro::max_flows; ++flow) {
    described d;
    d.tcp.source_port = static_cast<std::uint16_t>(4000 + flow);
    add(d);
  }
  add({.seq = 1001});
  EXPECT_EQ(poll(), sizes(gro::max_flows + 2, 1)) << "the first one's was gone when its second came";
  EXPECT_EQ(gro_.counters().flush_full, 2U);
}

TEST_F(Gro, UnitsStayAsTheyCame) {
  described d;
  add(d);
  add({.seq = 1001, .payload = 3000}).gso_size = 1000;
  add({.seq = 4001});
  EXPECT_EQ(poll(), (sizes{1, 1, 1}));
}

}  // namespace
}  // namespace fourtuple::ip
