// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace fourtuple::tools {

/// A GTKWave save file for the NIC's waveform: the signals that tell what it does, in groups with names, from `from_ps`
/// on. `waveform` is the FST file's name beside it.
[[nodiscard]] std::string gtkwave_save_file(const std::string& waveform, std::uint64_t from_ps);

}  // namespace fourtuple::tools
