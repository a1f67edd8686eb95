// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <map>

namespace fourtuple::bench {

/// What a block does while it is offered something every clock, counted in clocks.
struct block_figures {
  double per_clk = 0;        ///< Results a clock, from the first to the last.
  unsigned latency_clk = 0;  ///< Clock edges from an input to its result, with nothing else inside.
};

struct connection_table_figures {
  block_figures random;  ///< Keys in random order, half of them in the table.
  block_figures same_key;
  block_figures one_bucket;          ///< Different keys of one bucket, in its overflow line too.
  block_figures concurrent_updates;  ///< Random keys while connections are inserted and deleted as fast as it goes.
};

/// Frame lengths without FCS, in bytes.
inline constexpr std::array<std::size_t, 6> frame_sizes{60, 128, 256, 512, 1514, 9014};

/// Frames a clock while both directions are at work.
struct both_figures {
  double rx_frames_per_clk = 0;
  double tx_frames_per_clk = 0;
};

/// Lengths of TCP segments that large packets are cut into, in bytes of frame.
inline constexpr std::array<std::size_t, 2> segment_sizes{1514, 9014};

/// Frames a clock by frame length.
using path_figures = std::map<std::size_t, double>;

/// Queues that 60-byte frames are spread over.
inline constexpr std::array<unsigned, 3> queue_counts{1, 4, 16};

/// Frames a clock by number of queues.
using queue_figures = std::map<unsigned, double>;

struct rtl_figures {
  block_figures parser;
  block_figures rx_checksum;
  block_figures jhash;
  connection_table_figures connection_table;
  block_figures tx_checksum;
  path_figures rx_path;
  path_figures tx_path;             ///< Buffers begin at multiples of 64 bytes.
  path_figures tx_path_unaligned;   ///< Buffers begin 34 bytes behind one.
  path_figures tx_segments;         ///< Cut out of large packets.
  queue_figures rx_queues_hash;     ///< Frames of 60 bytes spread by hash and indirection table.
  queue_figures rx_queues_steered;  ///< By the entries of their connections.
  queue_figures tx_queues;          ///< Frames of 60 bytes out of so many queues.
  path_figures both_paths_rx;       ///< While as much is sent.
  path_figures both_paths_tx;       ///< While as much is received.
};

}  // namespace fourtuple::bench
