// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "model/nic/completion_writer.hpp"
#include "model/nic/connection_table.hpp"
#include "model/nic/counters.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::model::nic {

/// A command as the registers of the connection page describe it.
struct table_command {
  regs::command_op op = regs::command_op::insert;
  std::uint16_t tag = 0;
  connection_tuple tuple;
  connection_entry entry;  ///< insert.
  std::uint32_t hash = 0;
};

/// Carries out table commands one after another, and counts those that are not answered yet (docs/device.md, The
/// connection table).
class command_mailbox {
 public:
  static constexpr std::size_t depth = 16;

  command_mailbox(connection_table& table, counters& counts) : table_(table), counts_(counts) {}

  void submit(const table_command& command, completion_writer& completions);
  /// The completion writer has passed the answer on.
  void answered(const regs::command_completion& answer) noexcept;

  /// connection.result.
  [[nodiscard]] std::uint32_t result_register() const noexcept;
  [[nodiscard]] std::uint32_t result_handle() const noexcept { return last_.handle; }

 private:
  [[nodiscard]] regs::command_completion execute(const table_command& command);

  connection_table& table_;
  counters& counts_;
  std::size_t outstanding_ = 0;
  regs::command_completion last_;
};

}  // namespace fourtuple::model::nic
