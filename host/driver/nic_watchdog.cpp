// SPDX-License-Identifier: Apache-2.0
//
// The watchdog: what the device has done and did not tell, or was told to do and has not done.
#include <string>

#include "host/driver/nic_driver.hpp"
#include "host/driver/registers.hpp"

namespace fourtuple::driver {
namespace {

constexpr unsigned tx_patience_periods = 3;  // Linux's dev_watchdog waits for 5 s.

}  // namespace

void nic_driver::watchdog() {
  if (!running()) return;
  look_for_missed_interrupts();
  look_for_missed_events();
  if (!transmit_hangs()) return;
  ++counters_.tx_timeouts;
  log_("NIC: the device does not send; resetting it");
  static_cast<void>(reset());
}

/// A completion that is still the next one after a whole period, and no interrupt has come for it.
void nic_driver::look_for_missed_interrupts() {
  for (unsigned queue = 0; queue < used_queues_; ++queue) {
    const completion_ring& completions = queues_[queue]->completions;
    std::optional<std::uint16_t> untaken;
    if (completions.next()) untaken = completions.index();
    const bool missed = untaken && watch_.untaken[queue] == untaken && !state_->queue[queue];
    watch_.untaken[queue] = untaken;
    if (!missed) continue;
    ++counters_.missed_interrupts;
    log_("NIC: no interrupt of queue " + std::to_string(queue) + " for what has come; looking without");
    state_->queue[queue].store(true, std::memory_order_release);
  }
}

/// An event's bit stays set until it is cleared, and another message is not sent while it is.
void nic_driver::look_for_missed_events() {
  const std::uint64_t passed =
      counters_.rx_frames + counters_.tx_frames + counters_.events + commands_.counters().issued;
  if (watch_.passed == passed || state_->event) return;
  watch_.passed = passed;
  const std::uint32_t status = device_.read32(regs::device_event_status);
  if (status == no_answer || status == 0 || state_->event) return;
  ++counters_.missed_events;
  log_("NIC: no interrupt for an event of the device; looking without");
  state_->event.store(true, std::memory_order_release);
}

bool nic_driver::transmit_hangs() {
  bool hangs = false;
  for (unsigned queue = 0; queue < used_tx_queues_; ++queue) {
    const transmit_ring& ring = queues_[queue]->transmit;
    nic_watch::transmit& seen = watch_.tx[queue];
    const bool goes_on = ring.finished() != seen.finished;
    seen.finished = ring.finished();
    if (!ring.awaits_completion())
      seen.waits = 0;
    else
      seen.waits = goes_on ? 1 : seen.waits + 1;
    hangs = hangs || seen.waits > tx_patience_periods;
  }
  return open_ && hangs;
}

}  // namespace fourtuple::driver
