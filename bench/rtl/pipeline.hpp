// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/rtl/figures.hpp"

namespace fourtuple::bench {

template <typename Dut>
void clock(Dut& dut) {
  dut.clk_i = 0;
  dut.eval();
  dut.clk_i = 1;
  dut.eval();
}

template <typename Dut>
void reset(Dut& dut) {
  dut.rst_ni = 0;
  clock(dut);
  clock(dut);
  dut.rst_ni = 1;
}

inline void require(bool right, const std::string& what) {
  if (!right) throw std::runtime_error(what);
}

/// Puts bytes on a 512-bit port, lane 0 first; the other lanes are 0.
template <typename Wide>
void put_lanes(Wide& port, const std::vector<std::uint8_t>& bytes) {
  for (std::size_t word = 0; word < 16; ++word) port[word] = 0;
  for (std::size_t lane = 0; lane < bytes.size(); ++lane) {
    port[lane / 4] |= std::uint32_t{bytes[lane]} << (8 * (lane % 4));
  }
}

/// Puts `width` bits at bit `low` of a wide port whose bits there are 0.
template <typename Wide>
void put_bits(Wide& port, std::size_t low, std::size_t width, std::uint64_t value) {
  for (std::size_t bit = 0; bit < width; ++bit) {
    port[(low + bit) / 32] |= static_cast<std::uint32_t>(value >> bit & 1U) << ((low + bit) % 32);
  }
}

template <typename Wide>
std::uint64_t get_bits(const Wide& port, std::size_t low, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t bit = 0; bit < width; ++bit) {
    value |= std::uint64_t{port[(low + bit) / 32] >> ((low + bit) % 32) & 1U} << bit;
  }
  return value;
}

/// Sends item 0 alone, then items 1 to `items` as fast as they are taken. The stimulus has
/// `bool offer(dut, item)`: sets the inputs for an item, or for none if it cannot be taken in this clock;
/// `void rest(dut)`: sets them for none; `bool result(dut, item)`: whether a result stands at the outputs, and if so
/// throws unless it is the right one for the item.
template <typename Dut, typename Stimulus>
block_figures measure_pipeline(Dut& dut, Stimulus& stimulus, std::size_t items) {
  constexpr unsigned patience_clocks = 1000;
  block_figures figures;
  require(stimulus.offer(dut, 0), "an idle block takes nothing");
  do {
    clock(dut);
    stimulus.rest(dut);
    require(++figures.latency_clk < patience_clocks, "no result");
  } while (!stimulus.result(dut, 0));

  std::size_t given = 1;
  std::size_t seen = 1;
  std::uint64_t now = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  for (; seen <= items; ++now) {
    require(now - last < patience_clocks, "results have stopped");
    if (given > items) {
      stimulus.rest(dut);
    } else if (stimulus.offer(dut, given)) {
      ++given;
    }
    clock(dut);
    if (!stimulus.result(dut, seen)) continue;
    if (seen == 1) first = now;
    last = now;
    ++seen;
  }
  figures.per_clk = static_cast<double>(items - 1) / static_cast<double>(last - first);
  return figures;
}

}  // namespace fourtuple::bench
