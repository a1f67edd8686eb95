// SPDX-License-Identifier: Apache-2.0
//
// Taking the device down and up again while the stack above goes on: queues that have halted, and the whole function.
#include "host/driver/nic_driver.hpp"
#include "host/driver/registers.hpp"

namespace fourtuple::driver {
namespace {

constexpr std::size_t drain_budget = 64;

}  // namespace

bool nic_driver::stop_queues() {
  bool stopped = true;
  for (unsigned queue = 0; queue < used_queues_; ++queue)
    stopped = queues_[queue]->stop(options_.wait_reads) && stopped;
  return stopped;
}

/// What had arrived is handed up; then the memory of queues that are down is the driver's own again.
void nic_driver::drain() {
  while (poll(drain_budget) == drain_budget) {
  }
}

/// Empty rings in all queues, and everybody may go on.
void nic_driver::resume() {
  counters_.tx_lost_in_restart += transmitter().transmit.in_use();
  shown_ = {};
  for (unsigned queue = 0; queue < used_queues_; ++queue) queues_[queue]->start();
  restarting_ = false;
}

void nic_driver::give_up(std::string_view reason) {
  log_(reason);
  restarting_ = false;
  open_ = false;
  set_masked(true);
  for (const auto& queue : queues_) queue->release();
}

void nic_driver::restart_halted_queues() {
  for (unsigned queue = 0; queue < used_queues_; ++queue) {
    if (!queues_[queue]->halted() || restart_queue(queue)) continue;
    log_("NIC: the queue did not stop; resetting the device");
    static_cast<void>(reset());
    return;
  }
}

bool nic_driver::restart_queue(unsigned queue) {
  ++counters_.queue_restarts;
  flush();
  restarting_ = true;
  if (!queues_[queue]->stop(options_.wait_reads)) return false;
  drain();
  if (queue == 0) {
    counters_.tx_lost_in_restart += transmitter().transmit.in_use();
    // While the queue is down, commands are executed without a completion; none of them may answer into the new ring.
    if (features_.connection_table &&
        !wait_for(regs::connection_result, regs::connection_result::outstanding_mask, 0)) {
      log_("NIC: the connection table does not answer");
    }
  }
  shown_[queue].reset();
  queues_[queue]->start();
  restarting_ = false;
  if (queue == 0) commands_.forget_outstanding();
  complete();
  wake_transmit();
  return true;
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
