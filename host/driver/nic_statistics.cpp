// SPDX-License-Identifier: Apache-2.0
#include "host/driver/nic_statistics.hpp"

#include "host/driver/registers.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::driver {

std::vector<named_counter> list_counters(const nic_driver_counters& driver,
                                         const connection_command_counters& commands) {
  std::vector<named_counter> list{
      {"interrupts", driver.interrupts},
      {"polls", driver.polls},
      {"polls_out_of_budget", driver.polls_out_of_budget},
      {"rx_frames", driver.rx_frames},
      {"rx_bytes", driver.rx_bytes},
      {"rx_table_hits", driver.rx_table_hits},
      {"bad_completions", driver.bad_completions},
      {"tx_frames", driver.tx_frames},
      {"tx_bytes", driver.tx_bytes},
      {"tx_tso_frames", driver.tx_tso_frames},
      {"tx_busy", driver.tx_busy},
      {"tx_wakes", driver.tx_wakes},
      {"tx_doorbells", driver.tx_doorbells},
      {"tx_dropped_size", driver.tx_dropped_size},
      {"tx_dropped_down", driver.tx_dropped_down},
      {"tx_lost_in_restart", driver.tx_lost_in_restart},
      {"events", driver.events},
      {"queue_restarts", driver.queue_restarts},
      {"function_resets", driver.function_resets},
      {"missed_interrupts", driver.missed_interrupts},
      {"missed_events", driver.missed_events},
      {"tx_timeouts", driver.tx_timeouts},
      {"link_errors", driver.link_errors},
      {"table_commands_issued", commands.issued},
      {"table_inserts_done", commands.inserts_done},
      {"table_inserts_full", commands.inserts_full},
      {"table_removes_done", commands.removes_done},
      {"table_removes_not_found", commands.removes_not_found},
      {"table_commands_cancelled", commands.cancelled},
      {"table_answers_unexpected", commands.unexpected_answers},
      {"table_commands_unanswered", commands.unanswered},
  };
  static constexpr std::array<std::string_view, 16> rx_names{
      "rx_frames_queue_0",  "rx_frames_queue_1",  "rx_frames_queue_2",  "rx_frames_queue_3",
      "rx_frames_queue_4",  "rx_frames_queue_5",  "rx_frames_queue_6",  "rx_frames_queue_7",
      "rx_frames_queue_8",  "rx_frames_queue_9",  "rx_frames_queue_10", "rx_frames_queue_11",
      "rx_frames_queue_12", "rx_frames_queue_13", "rx_frames_queue_14", "rx_frames_queue_15"};
  static constexpr std::array<std::string_view, 16> tx_names{
      "tx_frames_queue_0",  "tx_frames_queue_1",  "tx_frames_queue_2",  "tx_frames_queue_3",
      "tx_frames_queue_4",  "tx_frames_queue_5",  "tx_frames_queue_6",  "tx_frames_queue_7",
      "tx_frames_queue_8",  "tx_frames_queue_9",  "tx_frames_queue_10", "tx_frames_queue_11",
      "tx_frames_queue_12", "tx_frames_queue_13", "tx_frames_queue_14", "tx_frames_queue_15"};
  for (std::size_t queue = 0; queue < driver.queues; ++queue)
    list.push_back({rx_names[queue], driver.rx_frames_of_queue[queue]});
  for (std::size_t queue = 0; queue < driver.tx_queues; ++queue)
    list.push_back({tx_names[queue], driver.tx_frames_of_queue[queue]});
  return list;
}

std::vector<named_counter> read_device_counters(mmio& device) {
  constexpr std::string_view counter_prefix = "counter.";
  constexpr std::string_view connection_prefix = "connection.";
  const std::uint32_t capabilities = device.read32(regs::device_capabilities);
  const std::uint32_t queues =
      (capabilities & regs::device_capabilities::queues_mask) >> regs::device_capabilities::queues_shift;
  std::vector<named_counter> counters;
  for (const regs::register_info& info : regs::all_registers) {
    if (info.offset >= regs::queues_rx_base(0) && info.offset < regs::queues_rx_base(queues)) {
      // The counters of each queue lie at the end of its registers.
      if ((info.offset - regs::queues_rx_base(0)) % regs::queues_stride >=
          regs::queues_rx_delivered(0) - regs::queues_rx_base(0))
        counters.push_back({info.name, device.read32(info.offset)});
      continue;
    }
    if (info.name.starts_with(counter_prefix)) {
      counters.push_back({info.name.substr(counter_prefix.size()), read64(device, info.offset)});
    } else if (info.offset == regs::connection_entries || info.offset == regs::connection_overflow_lines_used) {
      counters.push_back({info.name.substr(connection_prefix.size()), device.read32(info.offset)});
    }
  }
  return counters;
}

}  // namespace fourtuple::driver
