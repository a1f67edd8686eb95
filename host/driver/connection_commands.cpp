// SPDX-License-Identifier: Apache-2.0
#include "host/driver/connection_commands.hpp"

#include "host/driver/registers.hpp"

namespace fourtuple::driver {

using regs::command_op;
using regs::command_result;

void connection_commands::start(unsigned depth) {
  depth_ = depth;
  queue_.clear();
  first_number_ = 0;
  places_.clear();
  outstanding_.clear();
  in_device_.clear();
}

std::uint64_t connection_commands::enqueue(command_op op, const packet::connection_tuple& tuple, std::uint32_t handle,
                                           unsigned queue) {
  queue_.push_back({op, tuple, handle, queue, false});
  return first_number_ + queue_.size() - 1;
}

void connection_commands::insert(const packet::connection_tuple& tuple, std::uint32_t handle, unsigned queue) {
  place& where = places_[tuple];
  if (where.insert) {
    queued(*where.insert).handle = handle;
    queued(*where.insert).queue = queue;
    ++counters_.cancelled;
  } else {
    where.insert = enqueue(command_op::insert, tuple, handle, queue);
  }
  issue_what_fits();
}

void connection_commands::remove(const packet::connection_tuple& tuple) {
  const auto found = places_.find(tuple);
  const bool removal_waits = found != places_.end() && found->second.remove.has_value();
  if (found != places_.end() && found->second.insert) {
    queued(*found->second.insert).cancelled = true;
    ++counters_.cancelled;
    found->second.insert.reset();
    if (!removal_waits) places_.erase(found);
  }
  if (removal_waits || !in_device_.contains(tuple)) return;
  places_[tuple].remove = enqueue(command_op::remove, tuple, 0, 0);
  issue_what_fits();
}

void connection_commands::issue_what_fits() {
  while (!queue_.empty() && (queue_.front().cancelled || outstanding_.size() < depth_)) {
    const command next = queue_.front();
    const std::uint64_t number = first_number_++;
    queue_.pop_front();
    if (next.cancelled) continue;
    const auto found = places_.find(next.tuple);
    if (found->second.remove == number) found->second.remove.reset();
    if (found->second.insert == number) found->second.insert.reset();
    if (!found->second.remove && !found->second.insert) places_.erase(found);
    issue(next);
  }
}

void connection_commands::issue(const command& next) {
  const std::uint16_t tag = next_tag_++;
  if (next.op == command_op::insert) {
    in_device_[next.tuple] = {tag, next.handle, next.queue};
  } else {
    in_device_.erase(next.tuple);
  }
  outstanding_.push_back({next.op, next.tuple, tag});
  ++counters_.issued;
  write_command(next, tag);
}

void connection_commands::write_command(const command& next, std::uint16_t tag) {
  const std::uint32_t foreign_port = next.tuple.foreign_port;
  const std::uint32_t foreign_port_bytes = foreign_port >> 8 | (foreign_port & 0xff) << 8;
  device_.write32(regs::connection_local_address, next.tuple.local.network_order_little_endian());
  device_.write32(regs::connection_foreign_address, next.tuple.foreign.network_order_little_endian());
  device_.write32(
      regs::connection_ports,
      std::uint32_t{next.tuple.local_port} << regs::connection_ports::local_port_shift | foreign_port_bytes);
  device_.write32(regs::connection_handle, next.handle);
  const std::uint32_t steering =
      next.op == command_op::insert
          ? regs::connection_command::steer_mask | next.queue << regs::connection_command::steer_queue_shift
          : 0;
  device_.write32(regs::connection_command, static_cast<std::uint32_t>(next.op) | steering |
                                                std::uint32_t{tag} << regs::connection_command::tag_shift);
}

void connection_commands::count(const regs::command_completion& answer, const sent& asked) {
  const bool done = answer.result == command_result::done;
  if (asked.op == command_op::remove) {
    ++(done ? counters_.removes_done : counters_.removes_not_found);
    return;
  }
  ++(done ? counters_.inserts_done : counters_.inserts_full);
  if (done) return;
  // The device does not have it, unless it was asked again since.
  const auto found = in_device_.find(asked.tuple);
  if (found != in_device_.end() && found->second.tag == asked.tag) in_device_.erase(found);
}

void connection_commands::answered(const regs::command_completion& answer) {
  if (outstanding_.empty() || outstanding_.front().tag != answer.tag || outstanding_.front().op != answer.op) {
    ++counters_.unexpected_answers;
    return;
  }
  const sent asked = outstanding_.front();
  outstanding_.pop_front();
  count(answer, asked);
  issue_what_fits();
}

void connection_commands::forget_outstanding() {
  counters_.unanswered += outstanding_.size();
  outstanding_.clear();
  issue_what_fits();
}

void connection_commands::start_again(unsigned depth) {
  struct wanted_entry {
    std::uint32_t handle;
    unsigned queue;
  };
  std::map<packet::connection_tuple, wanted_entry> wanted;
  for (const auto& [tuple, known] : in_device_) wanted[tuple] = {known.handle, known.queue};
  for (const auto& [tuple, where] : places_) {
    if (where.remove) wanted.erase(tuple);
    if (where.insert) wanted[tuple] = {queued(*where.insert).handle, queued(*where.insert).queue};
  }
  counters_.unanswered += outstanding_.size();
  start(depth);
  for (const auto& [tuple, says] : wanted) insert(tuple, says.handle, says.queue);
}

}  // namespace fourtuple::driver
