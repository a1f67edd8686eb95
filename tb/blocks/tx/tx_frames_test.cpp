// SPDX-License-Identifier: Apache-2.0
//
// Shows that tx_engine sends what docs/device.md says: frames of every length and alignment, gathered from any number
// of descriptors, with checksums, in order and none lost, whatever the buses' timing; and how fast it does.
#include <gtest/gtest.h>

#include <numeric>

#include "tb/blocks/tx/tx_bench.hpp"

namespace fourtuple::tb {
namespace {

constexpr tx_world rough{.read_latency_min = 4,
                         .read_latency_max = 60,
                         .ar_ready_percent = 60,
                         .r_valid_percent = 70,
                         .mac_ready_percent = 70};

std::vector<std::byte> random_bytes(tx_bench& bench, std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (auto& byte : bytes) byte = static_cast<std::byte>(bench.random()());
  return bytes;
}

tx_frame random_frame(tx_bench& bench, std::size_t length, unsigned pieces) {
  tx_frame frame;
  frame.bytes = random_bytes(bench, length);
  std::size_t left = length;
  for (unsigned i = 1; i < pieces && left > 1; ++i) {
    const auto piece = bench.pick(1, static_cast<unsigned>(std::min<std::size_t>(left - 1, 2 * length / pieces)));
    frame.pieces.push_back(piece);
    left -= piece;
  }
  frame.pieces.push_back(left);
  return frame;
}

void random_checksum(tx_bench& bench, tx_frame& frame) {
  frame.checksum = true;
  frame.checksum_start = static_cast<std::uint8_t>(
      bench.pick(0, static_cast<unsigned>(std::min<std::size_t>(255, frame.bytes.size() - 2))));
  frame.checksum_offset = static_cast<std::uint8_t>(
      bench.pick(0, static_cast<unsigned>(std::min<std::size_t>(255, frame.bytes.size() - 2 - frame.checksum_start))));
}

void expect_sent(const tx_bench& bench, const std::vector<tx_frame>& frames) {
  ASSERT_EQ(bench.sent().size(), frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    ASSERT_EQ(bench.sent()[i], expected_on_wire(frames[i]))
        << "frame " << i << " of " << frames[i].bytes.size() << " bytes";
  }
}

TEST(TxFrames, EveryLengthUpToThreeBeats) {
  tx_bench bench(1, 8);
  bench.enable();
  std::vector<tx_frame> frames;
  for (std::size_t length = 14; length <= 200; ++length) {
    frames.push_back(random_frame(bench, length, 1));
    bench.send(frames.back());
  }
  ASSERT_TRUE(bench.drain());
  expect_sent(bench, frames);
}

TEST(TxFrames, TheLongestFrame) {
  tx_bench bench(2, 4);
  bench.enable();
  std::vector<tx_frame> frames;
  for (std::size_t length : {16383, 16320, 16321, 16383}) {
    frames.push_back(random_frame(bench, length, length % 2 == 0 ? 3 : 1));
    random_checksum(bench, frames.back());
    bench.send(frames.back());
  }
  ASSERT_TRUE(bench.drain());
  expect_sent(bench, frames);
}

class TxRandomFrames : public testing::TestWithParam<std::uint32_t> {};

TEST_P(TxRandomFrames, ArriveInOrderWithTheirChecksums) {
  const std::uint32_t seed = GetParam();
  tx_bench bench(seed, seed % 2 == 0 ? 4 : 9, seed < 3 ? tx_world{} : rough);
  bench.enable();
  std::vector<tx_frame> frames;
  std::uint64_t checksums = 0;
  std::uint16_t last_completion = 0;
  std::uint16_t index = 0;
  for (int i = 0; i < 400; ++i) {
    const unsigned kind = bench.pick(0, 9);
    const unsigned length = kind == 0 ? bench.pick(14, 16383) : kind <= 4 ? bench.pick(14, 130) : bench.pick(14, 1600);
    tx_frame frame = random_frame(bench, length, bench.pick(1, 6));
    if (bench.pick(0, 3) != 0) random_checksum(bench, frame);
    frame.completion = bench.pick(0, 3) == 0;
    checksums += frame.checksum;
    index = static_cast<std::uint16_t>(index + frame.pieces.size());
    if (frame.completion) last_completion = index;
    bench.send(frame, bench.pick(0, 2) != 0);
    frames.push_back(std::move(frame));
    bench.clocks(bench.pick(0, 3) == 0 ? bench.pick(0, 100) : 0);
  }
  bench.doorbell();
  ASSERT_TRUE(bench.drain());
  expect_sent(bench, frames);
  EXPECT_EQ(bench.counts().frames, frames.size());
  EXPECT_EQ(bench.counts().checksums, checksums);
  EXPECT_EQ(bench.counts().drop_descriptor, 0U);
  EXPECT_EQ(bench.head(), index);
  ASSERT_FALSE(bench.completions().empty());
  EXPECT_EQ(bench.completions().back(), last_completion);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TxRandomFrames, testing::Range(1U, 9U));

TEST(TxFrames, ChecksumOfZeroIsSentAsAllOnes) {
  tx_bench bench(3, 4);
  bench.enable();
  std::vector<tx_frame> frames;
  for (const bool all_zero : {false, true}) {
    for (const unsigned start : {14U, 15U, 34U, 127U}) {
      tx_frame frame{.bytes = std::vector<std::byte>(300), .pieces = {300}, .checksum = true};
      frame.checksum_start = static_cast<std::uint8_t>(start);
      frame.checksum_offset = 16;
      // A folded sum of 0xffff makes an inverted one of 0; a sum of 0 makes 0xffff by itself.
      if (!all_zero) frame.bytes[start + 20U] = frame.bytes[start + 21U] = std::byte{0xff};
      const auto wire = expected_on_wire(frame);
      ASSERT_EQ(wire[start + 16U], std::byte{0xff});
      ASSERT_EQ(wire[start + 17U], std::byte{0xff});
      bench.send(frame);
      frames.push_back(std::move(frame));
    }
  }
  ASSERT_TRUE(bench.drain());
  expect_sent(bench, frames);
}

TEST(TxFrames, ChecksumFieldAtEveryPlaceOfABeat) {
  tx_bench bench(4, 9);
  bench.enable();
  std::vector<tx_frame> frames;
  for (unsigned start = 0; start < 256; start += 5) {
    tx_frame frame = random_frame(bench, 700, 2);
    frame.checksum = true;
    frame.checksum_start = static_cast<std::uint8_t>(start);
    frame.checksum_offset = static_cast<std::uint8_t>(255 - start / 2);
    bench.send(frame);
    frames.push_back(std::move(frame));
    tx_frame last = random_frame(bench, start + 16, 1);
    last.checksum = true;
    last.checksum_start = static_cast<std::uint8_t>(start);
    last.checksum_offset = 14;
    bench.send(last);
    frames.push_back(std::move(last));
  }
  ASSERT_TRUE(bench.drain());
  expect_sent(bench, frames);
}

TEST(TxFrames, AsManyDescriptorsAsAFrameMayHave) {
  tx_bench bench(5, 12);
  bench.enable();
  std::vector<tx_frame> frames;
  const auto in_pieces = [&](std::size_t pieces) {
    return tx_frame{.bytes = random_bytes(bench, pieces), .pieces = std::vector<std::size_t>(pieces, 1)};
  };
  std::uint16_t index = 0;
  for (const std::size_t pieces : {64U, 65U, 64U, 128U, 3000U, 64U, 129U, 60U}) {
    tx_frame frame = in_pieces(pieces);
    frame.completion = true;
    bench.send(frame, false);
    index = static_cast<std::uint16_t>(index + pieces);
    if (pieces <= 64) frames.push_back(std::move(frame));
  }
  bench.doorbell();
  ASSERT_TRUE(bench.drain());
  expect_sent(bench, frames);
  EXPECT_EQ(bench.counts().drop_descriptor, 4U);
  EXPECT_EQ(bench.completions().size(), 8U);
  EXPECT_EQ(bench.completions().back(), index);
}

TEST(TxFrames, DoorbellInsideAFrame) {
  tx_bench bench(6, 4);
  bench.enable();
  std::vector<tx_frame> frames;
  for (int i = 0; i < 20; ++i) {
    tx_frame frame = random_frame(bench, 500, 5);
    std::size_t done = 0;
    for (std::size_t piece = 0; piece < frame.pieces.size(); ++piece) {
      regs::transmit_descriptor descriptor;
      descriptor.address = bench.place(std::span(frame.bytes).subspan(done, frame.pieces[piece]));
      descriptor.length = static_cast<std::uint32_t>(frame.pieces[piece]);
      descriptor.end_of_frame = piece + 1 == frame.pieces.size();
      bench.write_descriptor(descriptor);
      bench.doorbell();
      bench.clocks(bench.pick(0, 60));
      done += frame.pieces[piece];
    }
    frames.push_back(std::move(frame));
  }
  ASSERT_TRUE(bench.drain());
  expect_sent(bench, frames);
}

TEST(TxFrames, IndicesWrap) {
  tx_bench bench(7, 4);
  bench.enable();
  const tx_frame frame = random_frame(bench, 60, 1);
  const auto wire = expected_on_wire(frame);
  constexpr std::size_t count = 66'000;
  for (std::size_t i = 0; i < count; ++i) bench.send(frame);
  ASSERT_TRUE(bench.drain());
  ASSERT_EQ(bench.sent().size(), count);
  for (const auto& sent : bench.sent()) ASSERT_EQ(sent, wire);
  EXPECT_EQ(bench.head(), static_cast<std::uint16_t>(count));
}

/// Frames per clock when everything is announced at once and host memory answers after 225 clocks (900 ns).
double frames_per_clock(std::size_t length, int lane, unsigned count) {
  tx_bench bench(8, 12, {.read_latency_min = 225, .read_latency_max = 225});
  bench.enable();
  const auto bytes = random_bytes(bench, length);
  for (unsigned i = 0; i < count; ++i) {
    regs::transmit_descriptor descriptor;
    descriptor.address = bench.place(bytes, lane);
    descriptor.length = static_cast<std::uint32_t>(length);
    descriptor.end_of_frame = true;
    descriptor.checksum = true;
    descriptor.checksum_start = 34;
    descriptor.checksum_offset = 16;
    bench.write_descriptor(descriptor);
  }
  bench.doorbell();
  // The start, until reads are on their way, does not count.
  while (bench.sent().size() < count / 4) bench.clock();
  const std::uint64_t start = bench.now();
  const std::size_t first = bench.sent().size();
  while (bench.sent().size() < count * 3 / 4) bench.clock();
  return static_cast<double>(bench.sent().size() - first) / static_cast<double>(bench.now() - start);
}

TEST(TxThroughput, SmallFrames) {
  const double aligned = frames_per_clock(60, 0, 4000);
  const double across_a_line = frames_per_clock(60, 34, 4000);
  RecordProperty("frames_per_1000_clocks", static_cast<int>(aligned * 1000));
  RecordProperty("frames_per_1000_clocks_across_a_line", static_cast<int>(across_a_line * 1000));
  EXPECT_GE(aligned, 0.6);
  EXPECT_GE(across_a_line, 0.3);
}

TEST(TxThroughput, LargeFrames) {
  const double frames = frames_per_clock(1514, 0, 600);
  RecordProperty("bytes_per_clock", static_cast<int>(frames * 1514));
  // 24 beats a frame, and a quarter of a beat for its descriptor.
  EXPECT_GE(frames * 24, 0.95);
}

}  // namespace
}  // namespace fourtuple::tb
