// SPDX-License-Identifier: Apache-2.0
//
// Shows what is different with a tx_engine that was built without segmentation (TSO=0): a frame with tso is dropped and
// counted like any that breaks a rule, whatever else it says. That all else is the same the other tests show, which run
// with such an engine as well.
#include <gtest/gtest.h>

#include "tb/blocks/tx/tx_bench.hpp"

namespace fourtuple::tb {
namespace {

tx_frame random_frame(tx_bench& bench, std::size_t length) {
  tx_frame frame{.bytes = std::vector<std::byte>(length), .pieces = {length}, .completion = true};
  for (auto& byte : frame.bytes) byte = static_cast<std::byte>(bench.random()());
  return frame;
}

/// One that segmentation would take.
tx_frame frame_with_tso(tx_bench& bench, std::size_t payload) {
  constexpr std::size_t header = 54;  // Ethernet, IPv4 and TCP without options
  tx_frame frame = random_frame(bench, header + payload);
  frame.checksum = true;
  frame.checksum_start = 34;
  frame.checksum_offset = 16;
  frame.tso = true;
  frame.mss = 1000;
  frame.header_length = header;
  return frame;
}

TEST(TxUncut, FramesToBeCutAreDroppedAndTheirNeighboursAreSent) {
  tx_bench bench(1, 6);
  bench.enable();
  const std::size_t payloads[] = {1, 1000, 1001, 9000, 16'000, 65'000};
  std::vector<std::vector<std::byte>> expected;
  for (const std::size_t payload : payloads) {
    bench.send(frame_with_tso(bench, payload));
    const tx_frame neighbour = random_frame(bench, 200);
    expected.push_back(expected_on_wire(neighbour));
    bench.send(neighbour);
  }
  ASSERT_TRUE(bench.drain());
  EXPECT_EQ(bench.sent(), expected);
  EXPECT_EQ(bench.counts().drop_descriptor, std::size(payloads));
  EXPECT_EQ(bench.counts().frames, std::size(payloads));
  EXPECT_EQ(bench.counts().segments, 0U);
  EXPECT_EQ(bench.counts().segmented_frames, 0U);
  EXPECT_EQ(bench.completions().size(), 2 * std::size(payloads)) << "dropped frames complete as well";
}

}  // namespace
}  // namespace fourtuple::tb
