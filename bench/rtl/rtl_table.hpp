// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "bench/rtl/pipeline.hpp"
#include "tb/blocks/table/reference_jhash.hpp"

namespace fourtuple::bench {

enum class table_op : std::uint32_t { insert = 0, remove = 1 };
enum class table_result : std::uint32_t { done = 0, full = 1, not_found = 2 };

/// Offers a command to a Verilated connection_table.
template <typename Dut>
void offer_command(Dut& dut, table_op what, const tb::tuple& connection, std::uint32_t handle) {
  dut.command_valid_i = 1;
  dut.command_i[0] = handle;
  dut.command_i[1] = std::uint32_t{connection.local_port} << 16U | connection.foreign_port;
  dut.command_i[2] = connection.foreign_address;
  dut.command_i[3] = connection.local_address;
  dut.command_i[4] = static_cast<std::uint32_t>(what) << 16U;
}

/// Has it executed, with no lookups meanwhile.
template <typename Dut>
table_result execute(Dut& dut, table_op what, const tb::tuple& connection, std::uint32_t handle) {
  constexpr unsigned patience = 1000;
  offer_command(dut, what, connection, handle);
  for (unsigned waited = 0; !dut.answer_valid_o; ++waited) {
    require(waited < patience, "connection_table: no answer");
    clock(dut);
    dut.command_valid_i = 0;
  }
  const auto result = static_cast<table_result>(dut.answer_o >> 32U & 3U);
  clock(dut);
  return result;
}

/// Resets it, with nothing offered, and waits until it is clear.
template <typename Dut>
void start_table(Dut& dut, std::uint32_t secret, std::uint32_t buckets) {
  dut.hash_secret_i = secret;
  dut.lookup_valid_i = 0;
  dut.command_valid_i = 0;
  dut.answer_ready_i = 1;
  reset(dut);
  for (std::uint32_t waited = 0; !dut.ready_o; ++waited) {
    require(waited <= 2 * buckets, "connection_table: does not become ready");
    clock(dut);
  }
}

}  // namespace fourtuple::bench
