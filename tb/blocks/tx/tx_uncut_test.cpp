// SPDX-License-Identifier: Apache-2.0
//
// Shows what is different with a tx_engine that was built without segmentation (TSO=0): a frame with tso is dropped and
// counted like any that breaks a rule, whatever else it says. That all else is the same the other tests show, which run
// with such an engine as well.
#include <gtest/gtest.h>

#include "tb/blocks/tx/tx_bench.hpp"

namespace fourtuple::tb {
namespace {

/// One that segmentation would take.
tx_frame frame_with_tso(tx_bench& bench, std::size_t payload) {
  constexpr std::size_t header = 54;  // Ethernet, IPv4 and TCP without options
  tx_frame frame = plain_frame(bench, header + payload);
  frame.completion = true;
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
    tx_frame neighbour = plain_frame(bench, 200);
    neighbour.completion = true;
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
