// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "bench/rtl/figures.hpp"

namespace fourtuple::bench {

/// What a person reads: this design's figures with other projects' beside them.
[[nodiscard]] std::string as_table(const rtl_figures& figures);

/// The same figures for programs. Keys: parser, rx_checksum, jhash, tx_checksum with per_clk and latency_clk;
/// connection_table with such an object for each pattern of keys; rx_path, tx_path and tx_path_unaligned with
/// frames_per_clk and bytes_per_clk by frame length.
[[nodiscard]] std::string as_json(const rtl_figures& figures);

}  // namespace fourtuple::bench
