// SPDX-License-Identifier: Apache-2.0
#include "model/nic/command_mailbox.hpp"

namespace fourtuple::model::nic {

void command_mailbox::submit(const table_command& command, completion_writer& completions) {
  if (outstanding_ == depth) {
    counts_.add(regs::counter_commands_dropped);
    return;
  }
  ++outstanding_;
  completions.answer(execute(command));
}

void command_mailbox::answered(const regs::command_completion& answer) noexcept {
  last_ = answer;
  --outstanding_;
}

std::uint32_t command_mailbox::result_register() const noexcept {
  using fields = struct regs::connection_result;
  return static_cast<std::uint32_t>(last_.result) << fields::result_shift |
         static_cast<std::uint32_t>(last_.steer) << fields::steer_shift |
         static_cast<std::uint32_t>(last_.steer_queue) << fields::steer_queue_shift |
         static_cast<std::uint32_t>(outstanding_) << fields::outstanding_shift |
         static_cast<std::uint32_t>(last_.tag) << fields::tag_shift;
}

regs::command_completion command_mailbox::execute(const table_command& command) {
  regs::command_completion answer{.tag = command.tag, .op = command.op, .result = regs::command_result::done};
  const auto not_found = [&] {
    answer.result = regs::command_result::not_found;
    counts_.add(regs::counter_table_not_found);
  };
  switch (command.op) {
    case regs::command_op::insert:
      switch (table_.insert(command.hash, command.tuple, command.entry)) {
        case insert_result::inserted:
          counts_.add(regs::counter_table_inserted);
          break;
        case insert_result::updated:
          counts_.add(regs::counter_table_updated);
          break;
        case insert_result::full:
          answer.result = regs::command_result::full;
          counts_.add(regs::counter_table_full);
          break;
      }
      break;
    case regs::command_op::remove:
      if (table_.remove(command.hash, command.tuple))
        counts_.add(regs::counter_table_deleted);
      else
        not_found();
      break;
    case regs::command_op::query:
      if (const auto found = table_.find(command.hash, command.tuple)) {
        answer.handle = found->handle;
        answer.steer = found->steer;
        answer.steer_queue = found->steer_queue;
      } else {
        not_found();
      }
      break;
    case regs::command_op::flush:
      table_.flush();
      break;
  }
  return answer;
}

}  // namespace fourtuple::model::nic
