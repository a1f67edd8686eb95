// SPDX-License-Identifier: Apache-2.0
#include "model/observe/taps.hpp"

#include <algorithm>
#include <utility>

#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_sock.hpp"
#include "model/nic/bar_access.hpp"
#include "model/observe/frame_summary.hpp"
#include "model/sim/time.hpp"

namespace fourtuple::model::observe {

using sim::to_ps;

// ---- Host

host_tap::host_tap(timeline& events, const std::string& host)
    : events_(events), lane_(events.add_lane({.host = host, .part = layer::host})) {}

void host_tap::on_trace(const tcp::trace_event& event) noexcept {
  host_event told{.what = event.what,
                  .tuple = event.tuple,
                  .seq = event.seq,
                  .ack_seq = event.ack_seq,
                  .bytes = event.bytes,
                  .old_state = event.old_state,
                  .new_state = event.new_state,
                  .congestion = {}};
  if (event.sk != nullptr) {
    const tcp::tcp_sock& tp = *event.sk;
    told.congestion = {.cwnd = tp.snd_cwnd,
                       .ssthresh = tp.snd_ssthresh,
                       .srtt_us = tp.srtt_us >> 3,
                       .in_flight = tcp_packets_in_flight(tp),
                       .total_retrans = tp.total_retrans};
  }
  events_.post(lane_, to_ps(sc_core::sc_time_stamp()), told);
}

// ---- NIC

nic_tap::nic_tap(timeline& events, const std::string& host, pcie::link& link, nic::nic& device)
    : events_(events),
      from_host_lane_(events.add_lane({.host = host, .part = layer::nic})),
      from_device_lane_(events.add_lane({.host = host, .part = layer::nic})),
      arrival_lane_(events.add_lane({.host = host, .part = layer::nic})),
      drop_lane_(events.add_lane({.host = host, .part = layer::nic})) {
  link.add_observer(*this);
  device.set_drop_callback([this](std::uint32_t counter, sc_core::sc_time when) {
    events_.post(drop_lane_, to_ps(when), nic_drop{.counter = counter});
  });
}

void nic_tap::on_arrival(const wire::frame& content, sc_core::sc_time arrival, std::uint64_t number) {
  nic_arrival arrived{.frame = summarise(content, hash_secret_)};
  arrived.frame.number = number;
  events_.post(arrival_lane_, to_ps(arrival), arrived);
}

void nic_tap::on_tlp(const pcie::tlp_event& event) {
  if (event.packet.type == pcie::tlp_type::write_acknowledge) return;
  const bool up = event.way == pcie::tlp_direction::upstream;
  events_.post(up ? from_device_lane_ : from_host_lane_, to_ps(event.start),
               pcie_use{.way = event.way, .wire_bytes = event.wire_bytes});
  if (event.packet.type != pcie::tlp_type::memory_write) return;
  if (up) return on_memory_write(event);
  const nic::bar_access access = nic::decode_bar_access(event.packet);
  for (std::uint32_t word = 0; word < access.words; ++word)
    on_register_write(access.offset + 4 * word, nic::written_word(event.packet, word), to_ps(event.end));
}

void nic_tap::post_ring(nic_ring_write::what index, std::uint32_t queue, std::uint32_t value, std::uint64_t time_ps) {
  events_.post(from_host_lane_, time_ps, nic_ring_write{.index = index, .queue = queue, .value = value});
}

void nic_tap::on_register_write(std::uint32_t offset, std::uint32_t value, std::uint64_t time_ps) {
  using ports = struct regs::connection_ports;
  using command = struct regs::connection_command;
  if (const auto queue = queue_register_at(offset))
    return on_queue_write(queue->index, queue->in_first, value, time_ps);
  if (const auto vector = vector_register_at(offset)) {
    std::uint64_t& address = vector_addresses_[vector->index];
    if (vector->in_first == regs::msix_address(0)) address = (address >> 32 << 32) | value;
    if (vector->in_first == regs::msix_address(0) + 4) address = (address & 0xffff'ffffU) | std::uint64_t{value} << 32;
    return;
  }
  switch (offset) {
    case regs::device_hash_secret:
      hash_secret_ = value;
      break;
    case regs::connection_local_address:
      command_tuple_.local_address = value;
      break;
    case regs::connection_foreign_address:
      command_tuple_.foreign_address = value;
      break;
    case regs::connection_ports:
      command_tuple_.local_port = static_cast<std::uint16_t>(value >> ports::local_port_shift);
      command_tuple_.foreign_port = static_cast<std::uint16_t>(value & ports::foreign_port_mask);
      break;
    case regs::connection_command:
      events_.post(from_host_lane_, time_ps,
                   nic_command{.op = static_cast<regs::command_op>(value & command::op_mask),
                               .tag = static_cast<std::uint16_t>(value >> command::tag_shift),
                               .tuple = as_host_tuple(command_tuple_)});
      break;
    default:
      break;
  }
}

void nic_tap::on_queue_write(std::uint32_t queue, std::uint32_t offset, std::uint32_t value, std::uint64_t time_ps) {
  using ring = nic_ring_write::what;
  using sizes = struct regs::queues_ring_sizes;
  using head = struct regs::queues_completion_head;
  using control = struct regs::queues_control;
  queue_state& state = queues_[queue];
  switch (offset) {
    case regs::queues_rx_size(0):
      return post_ring(ring::rx_size_log2, queue, value, time_ps);
    case regs::queues_ring_sizes(0):
      state.completion_log2 = value & sizes::completion_log2_mask;
      post_ring(ring::completion_size_log2, queue, state.completion_log2, time_ps);
      return post_ring(ring::tx_size_log2, queue, (value & sizes::tx_log2_mask) >> sizes::tx_log2_shift, time_ps);
    case regs::queues_completion_base(0):
      state.completion_base = (state.completion_base >> 32 << 32) | value;
      return;
    case regs::queues_completion_base(0) + 4:
      state.completion_base = (state.completion_base & 0xffff'ffffU) | std::uint64_t{value} << 32;
      return;
    case regs::queues_rx_head(0):
      return post_ring(ring::rx_head, queue, value, time_ps);
    case regs::queues_completion_head(0):
      return post_ring(ring::completion_head, queue, value & head::index_mask, time_ps);
    case regs::queues_tx_tail(0):
      return post_ring(ring::tx_tail, queue, value, time_ps);
    case regs::queues_control(0): {
      const bool enabled = (value & control::rx_enable_mask) != 0;
      if (enabled && !std::exchange(state.enabled, enabled)) post_ring(ring::start, queue, 0, time_ps);
      state.enabled = enabled;
      return;
    }
    default:
      return;
  }
}

void nic_tap::on_memory_write(const pcie::tlp_event& event) {
  const std::uint64_t address = event.packet.address;
  for (std::uint32_t vector = 0; vector < regs::msix_count; ++vector) {
    if (vector_addresses_[vector] != 0 && address == vector_addresses_[vector])
      return events_.post(from_device_lane_, to_ps(event.start), nic_interrupt{.vector = vector});
  }
  for (std::uint32_t queue = 0; queue < regs::queues_count; ++queue) {
    const queue_state& state = queues_[queue];
    if (!state.enabled || address < state.completion_base) continue;
    const std::uint64_t ring_bytes = std::uint64_t{regs::frame_completion::size_bytes} << state.completion_log2;
    if (address - state.completion_base < ring_bytes)
      return on_completions(queue, event.packet.data, to_ps(event.start));
  }
}

void nic_tap::on_completions(std::uint32_t queue, std::span<const std::byte> bytes, std::uint64_t time_ps) {
  constexpr std::size_t record_bytes = regs::frame_completion::size_bytes;
  for (; bytes.size() >= record_bytes; bytes = bytes.subspan(record_bytes)) {
    const auto record = bytes.first<record_bytes>();
    nic_completion completion{.queue = queue, .record = regs::frame_completion::decode(record)};
    switch (std::get<regs::frame_completion>(completion.record).kind) {
      case regs::completion_kind::frame:
        break;
      case regs::completion_kind::transmit:
        completion.record = regs::transmit_completion::decode(record);
        break;
      case regs::completion_kind::command:
        completion.record = regs::command_completion::decode(record);
        break;
    }
    events_.post(from_device_lane_, time_ps, std::move(completion));
  }
}

// ---- Wire

wire_tap::wire_tap(timeline& events, wire::link& cable, const std::string& a, const std::string& b, nic_tap* nic_at_a,
                   nic_tap* nic_at_b)
    : events_(events),
      lanes_{events.add_lane({.host = a, .part = layer::wire}), events.add_lane({.host = b, .part = layer::wire})},
      nics_{nic_at_a, nic_at_b} {
  cable.add_observer(*this);
}

frame_summary wire_tap::summary_of(const wire::wire_event& event) const {
  const nic_tap* nic = receiver(event.way);
  return summarise(event.content, nic != nullptr ? nic->hash_secret() : 0);
}

void wire_tap::on_frame(const wire::wire_event& event) {
  events_.post(lanes_[static_cast<std::size_t>(event.way)], to_ps(event.start), wire_frame{.frame = summary_of(event)});
}

void wire_tap::on_impairment(const wire::wire_event& event, std::span<const char* const> what) {
  wire_impairment told{.frame = summary_of(event), .count = std::min(what.size(), wire_impairment::most_names)};
  std::copy_n(what.begin(), told.count, told.names.begin());
  events_.post(lanes_[static_cast<std::size_t>(event.way)], to_ps(event.start), told);
}

void wire_tap::on_arrival(wire::direction way, const wire::frame& content, sc_core::sc_time arrival) {
  if (nic_tap* nic = receiver(way)) nic->on_arrival(content, arrival);
}

}  // namespace fourtuple::model::observe
