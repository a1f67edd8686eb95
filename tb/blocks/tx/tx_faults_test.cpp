// SPDX-License-Identifier: Apache-2.0
//
// Shows what tx_engine does with descriptors that break a rule and with reads that are refused: the frame is dropped
// and counted once, its neighbours are sent, and a descriptor that can not be read halts the queue.
#include <gtest/gtest.h>

#include <functional>

#include "tb/blocks/tx/tx_bench.hpp"

namespace fourtuple::tb {
namespace {

constexpr unsigned source_descriptor = 3;
constexpr unsigned source_data = 4;

struct drop_case {
  const char* name;
  std::function<void(tx_bench&)> send;
};

void send_pieces(tx_bench& bench, const std::vector<std::uint32_t>& lengths) {
  const std::vector<std::byte> bytes(16383, std::byte{0x5a});
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    regs::transmit_descriptor descriptor;
    descriptor.address = bench.place(std::span(bytes).first(std::min<std::size_t>(lengths[i], bytes.size())));
    descriptor.length = lengths[i];
    descriptor.end_of_frame = i + 1 == lengths.size();
    bench.write_descriptor(descriptor);
  }
}

void send_checksum(tx_bench& bench, std::size_t length, unsigned start, unsigned offset) {
  tx_frame frame = plain_frame(bench, length);
  frame.checksum = true;
  frame.checksum_start = static_cast<std::uint8_t>(start);
  frame.checksum_offset = static_cast<std::uint8_t>(offset);
  bench.send(frame, false);
}

const drop_case drop_cases[] = {
    {"LengthZero", [](tx_bench& b) { send_pieces(b, {0}); }},
    {"LengthZeroFirst",
     [](tx_bench& b) {
       send_pieces(b, {0, 100, 100});
     }},
    {"LengthZeroInside",
     [](tx_bench& b) {
       send_pieces(b, {100, 0, 100});
     }},
    {"LengthZeroLast",
     [](tx_bench& b) {
       send_pieces(b, {100, 100, 0});
     }},
    {"Tso",
     [](tx_bench& b) {
       tx_frame frame = plain_frame(b, 200);
       frame.tso = true;
       b.send(frame, false);
     }},
    {"TooShort", [](tx_bench& b) { send_pieces(b, {13}); }},
    {"TooShortInPieces",
     [](tx_bench& b) {
       send_pieces(b, {6, 6, 1});
     }},
    {"TooLongByOne",
     [](tx_bench& b) {
       send_pieces(b, {16383, 1});
     }},
    {"TooLongInOneDescriptor", [](tx_bench& b) { send_pieces(b, {16384}); }},
    {"LengthFieldAllOnes", [](tx_bench& b) { send_pieces(b, {0xfffff}); }},
    {"MuchTooLong", [](tx_bench& b) { send_pieces(b, std::vector<std::uint32_t>(300, 1000)); }},
    {"ChecksumFieldBehindTheEnd", [](tx_bench& b) { send_checksum(b, 60, 34, 25); }},
    {"ChecksumStartBehindTheEnd", [](tx_bench& b) { send_checksum(b, 60, 60, 0); }},
    {"ChecksumFarBehindTheEnd", [](tx_bench& b) { send_checksum(b, 300, 255, 255); }},
};

class TxDrop : public testing::TestWithParam<drop_case> {};

TEST_P(TxDrop, IsCountedAndTheNeighboursAreSent) {
  tx_bench bench(11, 10);
  bench.enable();
  std::vector<std::vector<std::byte>> expected;
  for (int i = 0; i < 8; ++i) {
    tx_frame frame = plain_frame(bench, 40 + 100 * static_cast<std::size_t>(i));
    frame.checksum = true;
    frame.checksum_start = 14;
    frame.checksum_offset = 6;
    expected.push_back(expected_on_wire(frame));
    bench.send(frame, false);
    if (i % 2 == 0) GetParam().send(bench);
  }
  bench.doorbell();
  ASSERT_TRUE(bench.drain());
  EXPECT_EQ(bench.sent(), expected);
  EXPECT_EQ(bench.counts().frames, 8U);
  EXPECT_EQ(bench.counts().drop_descriptor, 4U);
  EXPECT_EQ(bench.counts().drop_dma_error, 0U);
}

INSTANTIATE_TEST_SUITE_P(Rules, TxDrop, testing::ValuesIn(drop_cases),
                         [](const auto& parameter) { return parameter.param.name; });

TEST(TxFaults, ChecksumFieldThatJustFitsIsSent) {
  tx_bench bench(12, 4);
  bench.enable();
  send_checksum(bench, 60, 34, 24);
  bench.doorbell();
  ASSERT_TRUE(bench.drain());
  EXPECT_EQ(bench.counts().frames, 1U);
  EXPECT_EQ(bench.counts().drop_descriptor, 0U);
}

TEST(TxFaults, DroppedFrameStillCompletes) {
  tx_bench bench(13, 4);
  bench.enable();
  tx_frame frame = plain_frame(bench, 13);
  frame.completion = true;
  bench.send(frame);
  ASSERT_TRUE(bench.drain());
  EXPECT_EQ(bench.counts().drop_descriptor, 1U);
  EXPECT_EQ(bench.completions(), std::vector<std::uint16_t>{1});
}

TEST(TxFaults, RefusedBytesDropTheirFrameOnly) {
  tx_bench bench(14, 6);
  bench.enable();
  std::vector<std::vector<std::byte>> expected;
  std::uint64_t last_refused = 0;
  for (int i = 0; i < 30; ++i) {
    const tx_frame frame = plain_frame(bench, 1200);
    const std::uint64_t address = bench.place(frame.bytes);
    if (i % 3 == 1) {
      last_refused = address + 700;
      bench.refuse(last_refused, 1);
    } else {
      expected.push_back(frame.bytes);
    }
    for (unsigned half = 0; half < 2; ++half) {
      regs::transmit_descriptor descriptor;
      descriptor.address = address + 600 * half;
      descriptor.length = 600;
      descriptor.end_of_frame = half == 1;
      bench.write_descriptor(descriptor);
    }
    bench.doorbell();
  }
  ASSERT_TRUE(bench.drain());
  EXPECT_EQ(bench.sent(), expected);
  EXPECT_EQ(bench.counts().drop_dma_error, 10U);
  EXPECT_EQ(bench.counts().drop_descriptor, 0U);
  EXPECT_EQ(bench.counts().read_errors, 10U);
  EXPECT_FALSE(bench.halted());
  EXPECT_EQ(bench.error_source(), source_data);
  EXPECT_LE(bench.error_address(), last_refused);
  EXPECT_GT(bench.error_address() + 512, last_refused);
}

class TxRandomFaults : public testing::TestWithParam<std::uint32_t> {};

TEST_P(TxRandomFaults, GoodFramesAreSentAndBadOnesCountedOnce) {
  const std::uint32_t seed = GetParam();
  tx_bench bench(seed, 4 + seed % 5,
                 {.read_latency_min = 4,
                  .read_latency_max = 80,
                  .ar_ready_percent = 70,
                  .r_valid_percent = 80,
                  .mac_ready_percent = 60});
  bench.enable();
  std::vector<std::vector<std::byte>> expected;
  std::uint64_t broken = 0;
  std::uint64_t refused = 0;
  for (int i = 0; i < 300; ++i) {
    tx_frame frame = plain_frame(bench, bench.pick(14, bench.pick(0, 5) == 0 ? 16383 : 900));
    const auto first = bench.pick(1, static_cast<unsigned>(frame.bytes.size()) - 1);
    frame.pieces = {first, frame.bytes.size() - first};
    frame.completion = bench.pick(0, 2) == 0;
    frame.checksum = bench.pick(0, 1) == 0;
    frame.checksum_offset = static_cast<std::uint8_t>(bench.pick(0, 12));
    switch (bench.pick(0, 5)) {
      case 0:
        frame.tso = true;
        ++broken;
        break;
      case 1:
        send_pieces(bench, {bench.pick(1, 16383), 0, bench.pick(0, 3000)});
        ++broken;
        continue;
      case 2: {
        // Its bytes lie in lines of their own, so the neighbours can be read.
        const std::uint64_t address = bench.place(std::vector<std::byte>(64 + frame.bytes.size() + 64), 0) + 64;
        bench.refuse(address + bench.pick(0, static_cast<unsigned>(frame.bytes.size()) - 1), 1);
        regs::transmit_descriptor descriptor;
        descriptor.address = address;
        descriptor.length = static_cast<std::uint32_t>(frame.bytes.size());
        descriptor.end_of_frame = true;
        bench.write_descriptor(descriptor);
        ++refused;
        continue;
      }
      default:
        expected.push_back(expected_on_wire(frame));
        break;
    }
    bench.send(frame, bench.pick(0, 1) == 0);
  }
  bench.doorbell();
  ASSERT_TRUE(bench.drain());
  ASSERT_EQ(bench.sent().size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(bench.sent()[i], expected[i]) << "frame " << i;
  EXPECT_EQ(bench.counts().drop_descriptor, broken);
  EXPECT_EQ(bench.counts().drop_dma_error, refused);
  EXPECT_EQ(bench.head(), bench.tail());
  EXPECT_FALSE(bench.halted());
}

INSTANTIATE_TEST_SUITE_P(Seeds, TxRandomFaults, testing::Range(1U, 9U));

TEST(TxFaults, RefusedDescriptorHaltsUntilEnabledAgain) {
  for (std::uint16_t bad = 0; bad < 24; bad = static_cast<std::uint16_t>(bad + 5)) {
    tx_bench bench(15U + bad, 5);
    bench.enable();
    std::vector<std::vector<std::byte>> expected;
    bench.refuse(bench.descriptor_address(bad), 16);
    // Two descriptors a frame, so some halts come inside a frame.
    for (std::uint16_t i = 0; i < 12; ++i) {
      tx_frame frame = plain_frame(bench, 90);
      frame.pieces = {30, 60};
      // Four descriptors share a line: all of them are lost with it.
      if (2 * i + 1 < bad / 4 * 4) expected.push_back(frame.bytes);
      bench.send(frame, false);
    }
    bench.doorbell();
    bench.clocks(2000);
    EXPECT_TRUE(bench.halted());
    EXPECT_TRUE(bench.active());
    EXPECT_EQ(bench.sent(), expected);
    EXPECT_EQ(bench.head(), 2 * expected.size());
    EXPECT_EQ(bench.counts().halted, 1U);
    EXPECT_GE(bench.counts().read_errors, 1U);
    EXPECT_EQ(bench.error_source(), source_descriptor);
    EXPECT_TRUE(bench.quiet());

    bench.disable();
    bench.clocks(100);
    EXPECT_FALSE(bench.active());
    bench.refuse_nothing();
    bench.forget_sent();
    bench.enable();
    EXPECT_FALSE(bench.halted());
    const tx_frame frame = plain_frame(bench, 77);
    bench.send(frame);
    ASSERT_TRUE(bench.drain());
    ASSERT_EQ(bench.sent().size(), 1U);
    EXPECT_EQ(bench.sent()[0], frame.bytes);
  }
}

}  // namespace
}  // namespace fourtuple::tb
