// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "bench/rtl/figures.hpp"

namespace fourtuple::bench {

// Each runs a Verilated block from a fixed seed, so its figures are the same every time, and compares every result
// with a reference: std::runtime_error if one is wrong. `frames` and `lookups` say how many are offered, at least 2.

/// frame_parser: IPv4 TCP frames of one beat, one a clock.
[[nodiscard]] block_figures measure_parser(std::size_t frames);
/// rx_checksum: the same frames.
[[nodiscard]] block_figures measure_rx_checksum(std::size_t frames);
[[nodiscard]] block_figures measure_jhash(std::size_t tuples);
/// connection_table with its default size.
[[nodiscard]] connection_table_figures measure_connection_table(std::size_t lookups);
/// tx_checksum_insert: 60-byte TCP frames, each with a checksum to be put in.
[[nodiscard]] block_figures measure_tx_checksum(std::size_t frames);

// Of the whole NIC, in tb::nic_bench. Frames carry IPv4 and TCP; each is compared and must come in order. A broken rule
// of a bus or a wrong frame is a GoogleTest failure. `beats` is about how many beats of 64 bytes are sent each time.

/// From the MAC to host memory, completion included: the highest rate at which none of the frames is dropped while the
/// host gives space back in time and the AXI memory takes a beat every clock.
[[nodiscard]] double measure_rx_path(std::size_t frame_bytes, std::size_t beats);
/// From host memory to the MAC: checksum put in, one descriptor a frame, all announced at once, a read's data 225
/// clocks after its address. Buffers begin `lane` bytes behind a multiple of 64.
[[nodiscard]] double measure_tx_path(std::size_t frame_bytes, std::size_t beats, std::size_t lane);
/// measure_rx_path for 60-byte frames of 128 flows spread over `queues` (1 to 16) queues: by their hash, or `steered`,
/// by what the table's entries of their connections name.
[[nodiscard]] double measure_rx_queues(unsigned queues, bool steered, std::size_t frames);
/// measure_tx_path for 60-byte frames of `queues` (a power of two, 1 to 16) queues.
[[nodiscard]] double measure_tx_queues(unsigned queues);
/// Both at once: frames arrive at `rx_frames_per_clk`, which the NIC can take, and as many are sent as fast as it goes.
[[nodiscard]] both_figures measure_both_paths(std::size_t frame_bytes, double rx_frames_per_clk);
/// Segments of `segment_bytes` that the NIC cuts out of packets of nearly 64 KiB, one descriptor each.
[[nodiscard]] double measure_tx_segments(std::size_t segment_bytes);

}  // namespace fourtuple::bench
