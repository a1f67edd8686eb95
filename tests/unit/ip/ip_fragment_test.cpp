// SPDX-License-Identifier: Apache-2.0
//
// Reassembly: any order and duplicates give the packet; overlaps, missing pieces, impossible ends and too much memory
// give it up, counted; all memory comes back.

#include "host/ip/ip_fragment.hpp"

#include <random>

#include "tests/unit/ip/ip_fixture.hpp"

namespace fourtuple::ip {
namespace {

class Fragments : public ip_fixture {
 protected:
  void receive_piece(std::span<const std::byte> whole, std::size_t offset, std::size_t size, std::uint16_t id = 7,
                     std::optional<bool> more = std::nullopt) {
    packet::ipv4_header header = from_peer(test_protocol);
    header.id = id;
    header.fragment_offset_bytes = static_cast<std::uint16_t>(offset);
    header.more_fragments = more.value_or(offset + size < whole.size());
    receive(ip_frame(header, whole.subspan(offset, size)));
  }
};

TEST_F(Fragments, InOrderBackwardsAndTwice) {
  const bytes whole = pattern(40);
  receive_piece(whole, 0, 16);
  receive_piece(whole, 16, 16);
  receive_piece(whole, 32, 8);
  receive_piece(whole, 32, 8, 8);
  receive_piece(whole, 32, 8, 8);
  receive_piece(whole, 16, 16, 8);
  receive_piece(whole, 16, 16, 8);
  receive_piece(whole, 0, 16, 8);
  ASSERT_EQ(handler.payloads.size(), 2U);
  EXPECT_EQ(handler.payloads[0], whole);
  EXPECT_EQ(handler.payloads[1], whole);
  EXPECT_EQ(handler.received[0].skb, nullptr);
  EXPECT_EQ(handler.received[0].source, peer);
  EXPECT_EQ(counter("IpReasmReqds"), 8U);
  EXPECT_EQ(counter("IpReasmOKs"), 2U);
  EXPECT_EQ(counter("IpReasmFails"), 0U);
  EXPECT_EQ(timers.next_expiry_ns(), base::never_ns);
}

TEST_F(Fragments, ShuffledPacketsAmongOneAnother) {
  std::mt19937_64 random{11};
  const bytes whole = pattern(8000);
  struct piece {
    std::uint16_t id;
    std::size_t offset, size;
  };
  std::vector<piece> pieces;
  for (std::uint16_t id = 0; id < 20; ++id) {
    for (std::size_t offset = 0; offset < whole.size();) {
      const std::size_t size = std::min<std::size_t>(8 * (1 + random() % 100), whole.size() - offset);
      pieces.push_back({id, offset, size});
      offset += size;
    }
  }
  std::ranges::shuffle(pieces, random);
  for (const piece& p : pieces) receive_piece(whole, p.offset, p.size, p.id);
  ASSERT_EQ(handler.payloads.size(), 20U);
  for (const bytes& payload : handler.payloads) EXPECT_EQ(payload, whole);
}

TEST_F(Fragments, OverlapsGiveThePacketUp) {
  const bytes whole = pattern(64);
  for (const auto& [offset, size] : {std::pair<std::size_t, std::size_t>{8, 16}, {0, 24}, {16, 8}, {24, 16}, {8, 8}}) {
    const std::uint64_t before = counter("IpExtReasmOverlaps");
    receive_piece(whole, 16, 16);
    receive_piece(whole, offset, size);
    EXPECT_EQ(counter("IpExtReasmOverlaps"), before + (offset == 8 && size == 8 ? 0 : 1)) << offset << " " << size;
    advance(ip_defrag::timeout_ns);
  }
  EXPECT_EQ(counter("IpReasmFails"), 5U) << "four overlaps and a timeout";
  EXPECT_TRUE(handler.payloads.empty());
}

TEST_F(Fragments, EndsThatContradictEachOtherGiveThePacketUp) {
  const bytes whole = pattern(64);
  receive_piece(whole, 32, 8, 1, false);
  receive_piece(whole, 40, 8, 1, true);  // behind the end
  receive_piece(whole, 40, 8, 2, true);
  receive_piece(whole, 16, 8, 2, false);  // an end before what is there
  receive_piece(whole, 32, 8, 3, false);
  receive_piece(whole, 48, 8, 3, false);  // a second end
  EXPECT_EQ(counter("IpReasmFails"), 3U);
  EXPECT_EQ(timers.next_expiry_ns(), base::never_ns);
}

TEST_F(Fragments, ImpossibleFragmentsAreRefused) {
  const bytes whole = pattern(200);
  receive_piece(whole, 0, 13, 1, true);  // not a multiple of 8
  receive_piece(whole, 8, 0, 2, true);   // nothing
  packet::ipv4_header header = from_peer(test_protocol);
  header.fragment_offset_bytes = 65'528;  // ends beyond 65535
  receive(ip_frame(header, whole));
  EXPECT_EQ(counter("IpReasmFails"), 3U);
  EXPECT_EQ(timers.next_expiry_ns(), base::never_ns);
}

TEST_F(Fragments, TheyWaitThirtySeconds) {
  introduce_peer();
  const bytes whole = pattern(64);
  receive_piece(whole, 0, 32, 1);
  receive_piece(whole, 32, 16, 2);
  advance(ip_defrag::timeout_ns - 1);
  EXPECT_EQ(counter("IpReasmTimeout"), 0U);
  advance(1);
  EXPECT_EQ(counter("IpReasmTimeout"), 2U);
  EXPECT_EQ(counter("IpReasmFails"), 2U);
  EXPECT_EQ(counter("IcmpOutTimeExcds"), 1U) << "only for the one whose first fragment was there";
  const sent_packet error = take_ip();
  const auto message = packet::parse_icmp(error.payload);
  EXPECT_EQ(message->header.type, packet::icmp_time_exceeded);
  EXPECT_EQ(message->header.code, packet::icmp_exc_fragtime);
  receive_piece(whole, 32, 32, 1);
  EXPECT_TRUE(handler.payloads.empty()) << "too late";
}

TEST_F(Fragments, MemoryIsBoundedAndComesBack) {
  const bytes whole = pattern(1480 * 2);
  const std::size_t fit = ip_defrag::max_bytes / (1480 + ip_defrag::fragment_overhead_bytes);
  for (std::uint16_t id = 0; id < fit + 100; ++id) receive_piece(whole, 0, 1480, id);
  EXPECT_EQ(counter("IpReasmFails"), 100U);
  advance(ip_defrag::timeout_ns);
  EXPECT_EQ(counter("IpReasmTimeout"), fit);
  receive_piece(whole, 0, 1480);
  receive_piece(whole, 1480, 1480);
  EXPECT_EQ(handler.payloads.size(), 1U);
}

}  // namespace
}  // namespace fourtuple::ip
