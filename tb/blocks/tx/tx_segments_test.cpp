// SPDX-License-Identifier: Apache-2.0
//
// Shows that tx_engine cuts large frames into TCP segments as docs/device.md says, every byte of every segment against
// a reference that computes all sums from scratch; what it does when a part can not be read; what it refuses; and how
// fast it is.
#include <gtest/gtest.h>

#include <array>

#include "tb/blocks/tx/tx_bench.hpp"

namespace fourtuple::tb {
namespace {

constexpr tx_world rough{.read_latency_min = 4,
                         .read_latency_max = 60,
                         .ar_ready_percent = 60,
                         .r_valid_percent = 70,
                         .mac_ready_percent = 70};

void put16(std::vector<std::byte>& bytes, std::size_t at, std::uint32_t value) {
  bytes[at] = static_cast<std::byte>(value >> 8);
  bytes[at + 1] = static_cast<std::byte>(value);
}

std::uint32_t folded(std::uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint32_t>(sum);
}

std::uint32_t words(const std::vector<std::byte>& bytes, std::size_t at, std::size_t count) {
  std::uint64_t sum = 0;
  for (std::size_t i = at; i < at + count; i += 2)
    sum += std::to_integer<std::uint64_t>(bytes[i]) << 8 | std::to_integer<std::uint64_t>(bytes[i + 1]);
  return folded(sum);
}

struct shape {
  std::size_t payload = 5000;
  std::uint16_t mss = 1448;
  std::size_t tcp_bytes = 32;
  bool vlan = false;
  bool random_bytes = true;
};

/// A TCP packet as a driver gives it: the IPv4 checksum is right for what the header says, and the field of the TCP
/// checksum holds the sum of the pseudo-header without the length.
tx_frame large(tx_bench& bench, const shape& how) {
  const std::size_t network = how.vlan ? 18 : 14;
  tx_frame frame;
  frame.tso = frame.checksum = true;
  frame.mss = how.mss;
  frame.checksum_start = static_cast<std::uint8_t>(network + 20);
  frame.checksum_offset = 16;
  frame.header_length = static_cast<std::uint8_t>(network + 20 + how.tcp_bytes);
  frame.bytes.resize(frame.header_length + how.payload);
  if (how.random_bytes)
    for (auto& byte : frame.bytes) byte = static_cast<std::byte>(bench.random()());
  auto& bytes = frame.bytes;
  bytes[network] = std::byte{0x45};
  bytes[network + 9] = std::byte{6};
  put16(bytes, network + 10, 0);
  put16(bytes, network + 10, ~words(bytes, network, 20) & 0xffff);
  bytes[network + 32] = static_cast<std::byte>(how.tcp_bytes / 4 << 4);
  put16(bytes, network + 36, folded(std::uint64_t{words(bytes, network + 12, 8)} + 6));
  frame.pieces = {bytes.size()};
  return frame;
}

void split(tx_bench& bench, tx_frame& frame, unsigned pieces) {
  frame.pieces.clear();
  std::size_t left = frame.bytes.size();
  for (unsigned i = 1; i < pieces && left > 1; ++i) {
    frame.pieces.push_back(
        bench.pick(1, static_cast<unsigned>(std::min<std::size_t>(left - 1, 2 * frame.bytes.size() / pieces))));
    left -= frame.pieces.back();
  }
  frame.pieces.push_back(left);
}

struct expectation {
  std::vector<std::vector<std::byte>> frames;
  std::uint64_t segments = 0;
  void add(const tx_frame& frame) {
    if (!frame.tso) {
      frames.push_back(expected_on_wire(frame));
      return;
    }
    for (auto& segment : expected_segments(frame)) {
      frames.push_back(std::move(segment));
      ++segments;
    }
  }
  void compare(const tx_bench& bench) const {
    ASSERT_EQ(bench.sent().size(), frames.size());
    for (std::size_t i = 0; i < frames.size(); ++i) ASSERT_EQ(bench.sent()[i], frames[i]) << "frame " << i;
    EXPECT_EQ(bench.counts().segments, segments);
  }
};

TEST(TxSegments, EveryHeaderAndManySizes) {
  tx_bench bench(31, 9);
  bench.enable();
  expectation expected;
  std::uint64_t count = 0;
  for (const bool vlan : {false, true}) {
    for (std::size_t tcp_bytes = 20; tcp_bytes <= 60; tcp_bytes += 4) {
      for (const std::size_t payload : {1U, 63U, 64U, 1000U, 2896U, 2897U, 4000U}) {
        const tx_frame frame = large(bench, {.payload = payload, .tcp_bytes = tcp_bytes, .vlan = vlan});
        bench.send(frame, false);
        expected.add(frame);
        ++count;
      }
    }
  }
  bench.doorbell();
  ASSERT_TRUE(bench.drain());
  expected.compare(bench);
  EXPECT_EQ(bench.counts().segmented_frames, count);
}

TEST(TxSegments, EverySmallMss) {
  tx_bench bench(32, 9);
  bench.enable();
  expectation expected;
  for (std::uint16_t mss = 1; mss <= 200; mss = static_cast<std::uint16_t>(mss + 3)) {
    const tx_frame frame = large(bench, {.payload = 50U + 3U * mss, .mss = mss});
    bench.send(frame, false);
    expected.add(frame);
  }
  bench.doorbell();
  ASSERT_TRUE(bench.drain());
  expected.compare(bench);
}

TEST(TxSegments, TheLargest) {
  tx_bench bench(33, 5);
  bench.enable();
  expectation expected;
  for (const shape& how :
       std::initializer_list<shape>{{.payload = 65'535, .mss = 1460, .tcp_bytes = 20},
                                    {.payload = 65'535, .mss = 16'383 - 98, .tcp_bytes = 60, .vlan = true},
                                    {.payload = 65'535, .mss = 9000},
                                    {.payload = 16'000, .mss = 16'000, .tcp_bytes = 20}}) {
    tx_frame frame = large(bench, how);
    bench.send(frame);
    expected.add(frame);
    split(bench, frame, 40);
    if (frame.pieces.size() <= 20) bench.send(frame);
    if (frame.pieces.size() <= 20) expected.add(frame);
  }
  ASSERT_TRUE(bench.drain());
  expected.compare(bench);
}

TEST(TxSegments, SumsOfAllZeroBits) {
  // Bytes of which the sums come out as their two zeros, 0x0000 and 0xffff.
  tx_bench bench(34, 8);
  bench.enable();
  expectation expected;
  for (unsigned value = 0; value < 64; ++value) {
    tx_frame frame = large(bench, {.payload = 64, .mss = 32, .tcp_bytes = 20, .random_bytes = false});
    for (std::size_t i = frame.header_length; i < frame.bytes.size(); ++i) frame.bytes[i] = std::byte{0xff};
    // What is left to 0xffff in the first segment, give or take a few.
    const auto segment = expected_segments(frame)[0];
    const std::uint32_t checksum = words(segment, 50, 2);
    put16(frame.bytes, frame.header_length, folded(std::uint64_t{checksum} + 0xffff - 32 + value));
    bench.send(frame, false);
    expected.add(frame);
  }
  bench.doorbell();
  ASSERT_TRUE(bench.drain());
  expected.compare(bench);
}

class TxRandomSegments : public testing::TestWithParam<std::uint32_t> {};

TEST_P(TxRandomSegments, AmongOtherFrames) {
  const std::uint32_t seed = GetParam();
  tx_bench bench(seed, seed % 2 == 0 ? 5 : 9, seed < 3 ? tx_world{} : rough);
  bench.enable();
  expectation expected;
  for (int i = 0; i < 150; ++i) {
    tx_frame frame;
    if (bench.pick(0, 2) == 0) {
      frame.bytes.resize(bench.pick(14, 2000));
      for (auto& byte : frame.bytes) byte = static_cast<std::byte>(bench.random()());
    } else {
      const unsigned kind = bench.pick(0, 9);
      frame = large(bench, {.payload = bench.pick(1, kind == 0  ? 65'535
                                                     : kind < 6 ? 6000
                                                                : 300),
                            .mss = static_cast<std::uint16_t>(kind < 6 ? bench.pick(500, 9000) : bench.pick(1, 100)),
                            .tcp_bytes = 20U + 4U * bench.pick(0, 10),
                            .vlan = bench.pick(0, 3) == 0});
    }
    split(bench, frame, bench.pick(1, 6));
    bench.send(frame, bench.pick(0, 2) != 0);
    expected.add(frame);
    bench.clocks(bench.pick(0, 3) == 0 ? bench.pick(0, 100) : 0);
  }
  bench.doorbell();
  ASSERT_TRUE(bench.drain());
  expected.compare(bench);
  EXPECT_EQ(bench.counts().drop_descriptor, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TxRandomSegments, testing::Range(1U, 9U));

TEST(TxSegments, WhatWasReadBeforeARefusalIsSent) {
  for (std::size_t refused = 0; refused < 12'000; refused += 391) {
    tx_bench bench(35, 5);
    bench.enable();
    const shape how{.payload = 12'000 - 66, .mss = 1448, .tcp_bytes = 32};
    const tx_frame frame = large(bench, how);
    const std::uint64_t address = bench.place(std::vector<std::byte>(frame.bytes.size() + 128), 0) + 64 + 17;
    regs::transmit_descriptor descriptor{.address = address,
                                         .length = static_cast<std::uint32_t>(frame.bytes.size()),
                                         .end_of_frame = true,
                                         .checksum = true,
                                         .tso = true,
                                         .completion = true,
                                         .header_length = frame.header_length,
                                         .checksum_start = frame.checksum_start,
                                         .checksum_offset = frame.checksum_offset,
                                         .mss = frame.mss};
    bench.put(address, frame.bytes);
    bench.refuse(address + refused, 1);
    bench.write_descriptor(descriptor);
    bench.doorbell();
    const tx_frame behind = large(bench, {});
    bench.send(behind);
    ASSERT_TRUE(bench.drain());

    // The first byte that is lost begins a line of the memory; segments that end before the frame's line with it go
    // out.
    const std::uint64_t line = (address + refused) / 64 * 64;
    const std::size_t first_lost = line < address ? 0 : line - address;
    std::vector<std::vector<std::byte>> expected;
    for (const auto& segment : expected_segments(frame)) {
      const std::size_t end = frame.header_length + (expected.size() + 1) * how.mss;
      if ((std::min(end, frame.bytes.size()) - 1) / 64 >= first_lost / 64) break;
      expected.push_back(segment);
    }
    for (const auto& segment : expected_segments(behind)) expected.push_back(segment);
    ASSERT_EQ(bench.sent(), expected) << "refused byte " << refused;
    EXPECT_EQ(bench.counts().drop_dma_error, 1U);
    EXPECT_EQ(bench.counts().segmented_frames, 1U);
    EXPECT_EQ(bench.completions(), std::vector<std::uint16_t>{1});
  }
}

struct refusal {
  const char* name;
  void (*change)(tx_frame& frame);
};

const refusal refusals[] = {
    {"WithoutChecksum", [](tx_frame& f) { f.checksum = false; }},
    {"ChecksumElsewhere", [](tx_frame& f) { f.checksum_offset = 17; }},
    {"WithIpOptions", [](tx_frame& f) { f.checksum_start = 36; }},
    {"NoTcpHeader", [](tx_frame& f) { f.header_length = 53; }},
    {"TcpHeaderTooLong", [](tx_frame& f) { f.header_length = 34 + 61; }},
    {"HeaderBeforeTcp", [](tx_frame& f) { f.header_length = 20; }},
    {"MssOfZero", [](tx_frame& f) { f.mss = 0; }},
    {"SegmentTooLong", [](tx_frame& f) { f.mss = static_cast<std::uint16_t>(16'384 - f.header_length); }},
    {"NoPayload",
     [](tx_frame& f) {
       f.bytes.resize(f.header_length);
       f.pieces = {f.header_length};
     }},
    {"TooMuchPayload",
     [](tx_frame& f) {
       f.bytes.resize(f.header_length + 65'536U);
       f.pieces = {f.bytes.size()};
     }},
    {"MuchTooMuchPayload",
     [](tx_frame& f) {
       f.bytes.resize(200'000);
       f.pieces = {100'000, 100'000};
     }},
};

class TxSegmentRefusal : public testing::TestWithParam<refusal> {};

TEST_P(TxSegmentRefusal, IsCountedAndTheNeighboursAreSent) {
  tx_bench bench(36, 6);
  bench.enable();
  expectation expected;
  for (int i = 0; i < 4; ++i) {
    const tx_frame good = large(bench, {.payload = 3000});
    bench.send(good, false);
    expected.add(good);
    tx_frame bad = large(bench, {.payload = 3000});
    GetParam().change(bad);
    bench.send(bad, false);
  }
  bench.doorbell();
  ASSERT_TRUE(bench.drain());
  expected.compare(bench);
  EXPECT_EQ(bench.counts().drop_descriptor, 4U);
}

INSTANTIATE_TEST_SUITE_P(Rules, TxSegmentRefusal, testing::ValuesIn(refusals),
                         [](const auto& parameter) { return parameter.param.name; });

/// Beats a clock on m_axis, from the first quarter of the segments on.
double beats_per_clock(std::uint16_t mss, std::size_t tcp_bytes, std::size_t payload, int lane) {
  tx_bench bench(37, 8, {.read_latency_min = 225, .read_latency_max = 225});
  bench.enable();
  std::size_t segments = 0;
  for (int i = 0; i < 12; ++i) {
    const tx_frame frame = large(bench, {.payload = payload, .mss = mss, .tcp_bytes = tcp_bytes});
    regs::transmit_descriptor descriptor{.address = bench.place(frame.bytes, lane),
                                         .length = static_cast<std::uint32_t>(frame.bytes.size()),
                                         .end_of_frame = true,
                                         .checksum = true,
                                         .tso = true,
                                         .header_length = frame.header_length,
                                         .checksum_start = frame.checksum_start,
                                         .checksum_offset = frame.checksum_offset,
                                         .mss = frame.mss};
    bench.write_descriptor(descriptor);
    segments += (payload + mss - 1) / mss;
  }
  bench.doorbell();
  while (bench.sent().size() < segments / 4) bench.clock();
  const std::uint64_t start = bench.now();
  std::size_t done = bench.sent().size();
  std::size_t beats = 0;
  while (bench.sent().size() < segments * 3 / 4) bench.clock();
  for (; done < bench.sent().size(); ++done) beats += (bench.sent()[done].size() + 63) / 64;
  return static_cast<double>(beats) / static_cast<double>(bench.now() - start);
}

TEST(TxSegments, FillTheStream) {
  for (const int lane : {0, 34}) {
    EXPECT_GE(beats_per_clock(1460, 20, 44 * 1460, lane), 0.99) << "segments of 1514 bytes";
    EXPECT_GE(beats_per_clock(1448, 32, 45 * 1448, lane), 0.99) << "segments of 1514 bytes with timestamps";
    EXPECT_GE(beats_per_clock(8948, 32, 7 * 8948, lane), 0.99) << "jumbo segments";
    EXPECT_GE(beats_per_clock(64, 20, 60'000, lane), 0.95) << "segments of two beats";
  }
}

}  // namespace
}  // namespace fourtuple::tb
