// SPDX-License-Identifier: Apache-2.0
#include "model/observe/nic_tracker.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace fourtuple::model::observe {
namespace {

constexpr std::uint32_t shortest_frame_bytes = 60;  // docs/device.md, Receive, rule 2.
constexpr std::uint32_t line_bytes = 64;

// "rx_drop_ring_full" of the counter of that name.
std::string_view counter_name(std::uint32_t offset) {
  constexpr std::string_view prefix = "counter.";
  for (const auto& info : regs::all_registers) {
    if (info.offset == offset) return info.name.starts_with(prefix) ? info.name.substr(prefix.size()) : info.name;
  }
  return "unknown";
}

constexpr std::string_view name_of(regs::command_op op) noexcept {
  switch (op) {
    case regs::command_op::insert:
      return "table_insert";
    case regs::command_op::remove:
      return "table_remove";
    case regs::command_op::query:
      return "table_query";
    case regs::command_op::flush:
      return "table_flush";
  }
  return "table_command";
}

constexpr std::string_view name_of(regs::command_result result) noexcept {
  switch (result) {
    case regs::command_result::done:
      return "done";
    case regs::command_result::full:
      return "full";
    case regs::command_result::not_found:
      return "not_found";
  }
  return "unknown";
}

}  // namespace

void nic_tracker::on_event(const event& event, const std::vector<story_listener*>& listeners) {
  std::visit([&](const auto& body) { on_body(body, {event.time_ps, listeners}); }, event.body);
}

void nic_tracker::tell(happening what, const telling& to) const {
  what.time_ps = to.time_ps;
  what.host = host_;
  what.part = layer::nic;
  for (story_listener* each : to.listeners) each->on_happening(what);
}

void nic_tracker::tell_fill(std::uint32_t queue, const telling& to) {
  queue_state& state = queues_[queue];
  state.fill.rx_bytes = state.rx_tail - state.rx_head;
  state.fill.completions = static_cast<std::uint16_t>(state.completion_tail - state.completion_head);
  state.fill.descriptors = static_cast<std::uint16_t>(state.tx_tail - state.tx_head);
  for (story_listener* each : to.listeners) each->on_ring_fill(to.time_ps, host_, state.fill);
}

void nic_tracker::on_body(const pcie_use& use, const telling& to) {
  for (story_listener* each : to.listeners) each->on_pcie(to.time_ps, host_, use);
}

void nic_tracker::on_body(const nic_arrival& arrival, const telling& to) {
  frames_.push_back({to.time_ps, arrival.frame});
}

void nic_tracker::on_body(const nic_interrupt& interrupt, const telling& to) {
  happening what;
  what.name = "interrupt";
  what.vector = interrupt.vector;
  tell(what, to);
}

// ---- Frames

// Frames are delivered in the order of their arrival; what stays in front has been dropped, or is about to be.
std::optional<nic_tracker::pending_frame> nic_tracker::take_matching(const regs::frame_completion& record) {
  const auto found = std::ranges::find_if(frames_, [&](const pending_frame& each) {
    return !each.frame.bad && each.frame.length_bytes == record.length && each.frame.hash == record.hash &&
           each.frame.packet_class == record.packet_class;
  });
  if (found == frames_.end()) return std::nullopt;
  pending_frame frame = std::move(*found);
  frames_.erase(found);
  return frame;
}

std::optional<nic_tracker::pending_frame> nic_tracker::take_dropped(std::uint32_t counter) {
  const auto is_it = [counter](const pending_frame& each) {
    if (counter == regs::counter_rx_drop_mac_error) return each.frame.bad;
    if (counter == regs::counter_rx_drop_too_short)
      return !each.frame.bad && each.frame.length_bytes < shortest_frame_bytes;
    return counter == regs::counter_rx_drop_fifo_full || !each.frame.bad;
  };
  // Without room in the buffer it is the frame that is just arriving; every other reason is found in order.
  if (counter == regs::counter_rx_drop_fifo_full) {
    if (frames_.empty()) return std::nullopt;
    pending_frame frame = std::move(frames_.back());
    frames_.pop_back();
    return frame;
  }
  const auto found = std::ranges::find_if(frames_, is_it);
  if (found == frames_.end()) return std::nullopt;
  pending_frame frame = std::move(*found);
  frames_.erase(found);
  return frame;
}

void nic_tracker::on_body(const nic_drop& drop, const telling& to) {
  const bool receive = drop.counter <= regs::counter_rx_drop_disabled;
  happening what;
  what.name = drop.counter == regs::counter_commands_dropped ? "command_dropped" : "frame_dropped";
  what.reason = counter_name(drop.counter);
  const std::optional<pending_frame> frame = receive ? take_dropped(drop.counter) : std::nullopt;
  if (frame) {
    what.frame = &frame->frame;
    what.tuple = frame->frame.tuple;
  }
  tell(what, to);
}

void nic_tracker::on_body(const nic_completion& completion, const telling& to) {
  ++queues_[completion.queue].completion_tail;
  std::visit([&](const auto& record) { on_record(record, completion.queue, to); }, completion.record);
  tell_fill(completion.queue, to);
}

void nic_tracker::on_record(const regs::frame_completion& record, std::uint32_t queue, const telling& to) {
  queues_[queue].rx_tail = record.ring_offset + (record.length + line_bytes - 1) / line_bytes * line_bytes;
  const std::optional<pending_frame> frame = take_matching(record);
  happening what;
  what.name = "frame_received";
  what.record = &record;
  what.queue = queue;
  if (frame) {
    what.frame = &frame->frame;
    what.tuple = frame->frame.tuple;
    what.latency_ps = to.time_ps - frame->arrival_ps;
  }
  tell(what, to);
}

void nic_tracker::on_record(const regs::transmit_completion& record, std::uint32_t queue, const telling& to) {
  queues_[queue].tx_head = record.tx_index;
  happening what;
  what.name = "transmit_completed";
  what.queue = queue;
  tell(what, to);
}

// ---- The connection table

void nic_tracker::on_body(const nic_command& command, const telling& /*to*/) { commands_.push_back(command); }

void nic_tracker::on_record(const regs::command_completion& record, std::uint32_t /*queue*/, const telling& to) {
  // Answers come in order; a command that was dropped never gets one.
  while (!commands_.empty() && (commands_.front().tag != record.tag || commands_.front().op != record.op))
    commands_.pop_front();
  if (commands_.empty()) return;
  const nic_command command = commands_.front();
  commands_.pop_front();
  apply_to_table(command, record, to);
}

void nic_tracker::apply_to_table(const nic_command& command, const regs::command_completion& answer,
                                 const telling& to) {
  happening what;
  what.name = name_of(command.op);
  what.reason = name_of(answer.result);
  if (command.op == regs::command_op::flush) {
    table_.clear();
  } else {
    what.tuple = command.tuple;
    if (answer.result == regs::command_result::done && command.op == regs::command_op::insert)
      table_.insert(command.tuple);
    if (answer.result == regs::command_result::done && command.op == regs::command_op::remove)
      table_.erase(command.tuple);
  }
  tell(what, to);
  for (story_listener* each : to.listeners) each->on_table_entries(to.time_ps, host_, table_.size());
}

// ---- Rings

void nic_tracker::on_body(const nic_ring_write& write, const telling& to) {
  queue_state& state = queues_[write.queue];
  switch (write.index) {
    case nic_ring_write::what::rx_size_log2:
      state.fill.rx_size_bytes = std::uint64_t{1} << (write.value & 0x1fU);
      return;
    case nic_ring_write::what::completion_size_log2:
      state.fill.completion_size = std::uint32_t{1} << (write.value & 0x1fU);
      return;
    case nic_ring_write::what::tx_size_log2:
      state.fill.descriptor_size = std::uint32_t{1} << (write.value & 0x1fU);
      return;
    case nic_ring_write::what::start: {
      const ring_fill sizes = state.fill;
      state = {};
      state.fill = sizes;
      break;
    }
    case nic_ring_write::what::rx_head:
      state.rx_head = write.value;
      break;
    case nic_ring_write::what::completion_head:
      state.completion_head = static_cast<std::uint16_t>(write.value);
      break;
    case nic_ring_write::what::tx_tail:
      state.tx_tail = static_cast<std::uint16_t>(write.value);
      break;
  }
  tell_fill(write.queue, to);
}

}  // namespace fourtuple::model::observe
