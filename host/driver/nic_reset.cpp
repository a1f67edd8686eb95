// SPDX-License-Identifier: Apache-2.0
//
// Taking the device down and up again while the stack above goes on: queues that have halted, and the whole function.
#include "host/driver/nic_driver.hpp"
#include "host/driver/registers.hpp"

namespace fourtuple::driver {
namespace {

constexpr std::size_t drain_budget = 64;
// A device that is still being reset may let a read time out; how long it may take is 1 s (PCIe 6.6.1), and a read is
// given up after 10 ms as a rule.
constexpr unsigned most_unanswered_reads = 100;

/// False if it takes too long, or `link_failed`.
bool function_reset_ends(mmio& device, unsigned read_limit, const std::atomic<bool>& link_failed) {
  unsigned unanswered = 0;
  for (unsigned i = 0; i < read_limit && unanswered < most_unanswered_reads && !link_failed; ++i) {
    const std::uint32_t got = device.read32(regs::device_function_reset);
    if (got == no_answer)
      ++unanswered;
    else if ((got & regs::device_function_reset::start_mask) == 0)
      return true;
  }
  return false;
}

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
  shown_ = {};
  watch_ = {};
  for (unsigned queue = 0; queue < used_queues_; ++queue) {
    if (queue < used_tx_queues_) counters_.tx_lost_in_restart += queues_[queue]->transmit.in_use();
    queues_[queue]->start();
  }
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
    if (state_->frozen) return;
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
  if (queue < used_tx_queues_) counters_.tx_lost_in_restart += queues_[queue]->transmit.in_use();
  if (queue == 0) {
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

/// If the link has failed meanwhile, slot_reset() will try again.
nic_result nic_driver::not_reset(std::string_view reason, nic_result result) {
  if (!state_->frozen) give_up(reason);
  return result;
}

nic_result nic_driver::slot_reset() {
  if (!state_->frozen.exchange(false)) return nic_result::ok;
  ++counters_.link_errors;
  log_("NIC: the PCIe link has failed and is up again; resetting the device");
  return reset();
}

nic_result nic_driver::reset() {
  if (!open_) return nic_result::ok;
  ++counters_.function_resets;
  restarting_ = true;
  commands_.suspend();
  device_.write32(regs::device_function_reset, regs::device_function_reset::start_mask);
  if (!function_reset_ends(device_, options_.wait_reads, state_->frozen))
    return not_reset("NIC: the device did not end its reset; it stays down", nic_result::still_active);
  drain();
  const std::uint32_t ready = regs::device_status::table_ready_mask;
  if (features_.connection_table && !wait_for(regs::device_status, ready, ready))
    return not_reset("NIC: the connection table was not cleared in time; the device stays down",
                     nic_result::table_not_ready);
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
