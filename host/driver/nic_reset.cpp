// SPDX-License-Identifier: Apache-2.0
//
// Taking the device down and up again while the stack above goes on: a queue that has halted, and the whole function.
#include "host/driver/nic_driver.hpp"
#include "host/driver/registers.hpp"

namespace fourtuple::driver {
namespace {

constexpr std::size_t drain_budget = 64;

}  // namespace

/// What had arrived is handed up; then the memory is the driver's own again.
void nic_driver::drain() {
  while (poll(drain_budget) == drain_budget) {
  }
  counters_.tx_lost_in_restart += queue_.transmit.in_use();
}

/// Empty rings, and everybody may go on.
void nic_driver::resume() {
  queue_.start();
  rx_head_ = 0;
  rx_head_moved_ = false;
  restarting_ = false;
}

void nic_driver::give_up(std::string_view reason) {
  log_(reason);
  restarting_ = false;
  open_ = false;
  set_masked(true);
  queue_.release();
}

void nic_driver::restart_queue() {
  ++counters_.queue_restarts;
  flush();
  restarting_ = true;
  if (!queue_.stop(options_.wait_reads)) {
    log_("NIC: the queue did not stop; resetting the device");
    static_cast<void>(reset());
    return;
  }
  drain();
  // While the queue is down, commands are executed without a completion; none of them may answer into the new ring.
  if (features_.connection_table && !wait_for(regs::connection_result, regs::connection_result::outstanding_mask, 0)) {
    log_("NIC: the connection table does not answer");
  }
  resume();
  commands_.forget_outstanding();
  complete();
  wake_transmit();
}

nic_result nic_driver::reset() {
  if (!open_) return nic_result::ok;
  ++counters_.function_resets;
  restarting_ = true;
  commands_.suspend();
  const std::uint32_t start = regs::device_function_reset::start_mask;
  device_.write32(regs::device_function_reset, start);
  if (!wait_for(regs::device_function_reset, start, 0)) {
    give_up("NIC: the device did not end its reset; it stays down");
    return nic_result::still_active;
  }
  drain();
  const std::uint32_t ready = regs::device_status::table_ready_mask;
  if (features_.connection_table && !wait_for(regs::device_status, ready, ready)) {
    give_up("NIC: the connection table was not cleared in time; the device stays down");
    return nic_result::table_not_ready;
  }
  configure();
  resume();
  // The table is empty, while the host's own is complete: it comes again from there.
  if (features_.connection_table) commands_.start_again(command_depth_);
  set_masked(false);
  complete();
  wake_transmit();
  return nic_result::ok;
}

}  // namespace fourtuple::driver
