// SPDX-License-Identifier: Apache-2.0
#include "model/nic/interrupts.hpp"

namespace fourtuple::model::nic {

void queue_interrupt::configure(std::uint16_t completions, std::uint16_t clocks) noexcept {
  completions_ = completions;
  clocks_ = clocks;
}

void queue_interrupt::arm(std::uint16_t index) noexcept {
  armed_ = true;
  armed_index_ = index;
  first_clock_.reset();
}

void queue_interrupt::disarm() noexcept {
  armed_ = false;
  first_clock_.reset();
}

bool queue_interrupt::update(std::uint16_t completion_tail, std::uint64_t clock) noexcept {
  if (!armed_) return false;
  // At most 2^15 completions can be unread; more means that the index lies ahead of the tail.
  const auto count = static_cast<std::uint16_t>(completion_tail - armed_index_);
  if (count == 0 || count > 0x8000) return false;
  if (!first_clock_) first_clock_ = clock;
  if (completions_ > 1 && count < completions_ && clock < *first_clock_ + clocks_) return false;
  disarm();
  return true;
}

std::optional<std::uint64_t> queue_interrupt::deadline() const noexcept {
  if (!armed_ || !first_clock_) return std::nullopt;
  return *first_clock_ + clocks_;
}

void msix_table::set_message(unsigned vector, std::uint64_t address, std::uint32_t data) noexcept {
  entries_.at(vector).address = address;
  entries_.at(vector).data = data;
}

void msix_table::set_masked(unsigned vector, bool masked) {
  entry& changed = entries_.at(vector);
  changed.masked = masked;
  if (!masked && changed.pending) {
    changed.pending = false;
    send_(changed.address, changed.data);
  }
}

void msix_table::raise(unsigned vector) {
  entry& raised = entries_.at(vector);
  if (raised.masked)
    raised.pending = true;
  else
    send_(raised.address, raised.data);
}

std::uint64_t msix_table::pending_bits() const noexcept {
  std::uint64_t bits = 0;
  for (std::size_t vector = 0; vector < entries_.size(); ++vector)
    if (entries_[vector].pending) bits |= std::uint64_t{1} << vector;
  return bits;
}

}  // namespace fourtuple::model::nic
