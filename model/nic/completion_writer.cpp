// SPDX-License-Identifier: Apache-2.0
#include "model/nic/completion_writer.hpp"

#include <array>
#include <utility>

namespace fourtuple::model::nic {
namespace {

constexpr std::uint64_t timestamp_mask = 0xffff'ffff'ffff;  // 48 bits.

}  // namespace

completion_writer::completion_writer(device_port& port, dma_engine& dma, dma_engine::write_callback on_acknowledge,
                                     written_callback on_written, answered_callback on_answered)
    : port_(port),
      dma_(dma),
      on_acknowledge_(std::move(on_acknowledge)),
      on_written_(std::move(on_written)),
      on_answered_(std::move(on_answered)) {}

void completion_writer::configure(std::uint64_t base, std::uint32_t entries_log2, std::uint16_t head) {
  ring_.configure(base, entries_log2, head);
  write_waiting();
}

void completion_writer::start() {
  running_ = true;
  ring_.reset();
}

void completion_writer::stop() {
  running_ = false;
  waiting_transmit_.reset();
  for (const auto& answer : std::exchange(waiting_answers_, {})) on_answered_(answer);
}

template <typename Record>
void completion_writer::write(Record record, regs::completion_kind kind) {
  const auto slot = ring_.take();
  record.kind = kind;
  record.phase = slot.phase;
  record.timestamp = port_.clock() & timestamp_mask;
  std::array<std::byte, Record::size_bytes> bytes;
  record.encode(bytes);
  ++outstanding_;
  dma_.write(dma_source::completion, slot.address, bytes, [this](bool ok) {
    --outstanding_;
    on_acknowledge_(ok);
  });
  on_written_();
}

void completion_writer::write_frame(regs::frame_completion record) { write(record, regs::completion_kind::frame); }

void completion_writer::finish_transmit(std::uint16_t index) {
  if (!running_) return;
  waiting_transmit_ = index;
  write_waiting();
}

void completion_writer::answer(const regs::command_completion& record) {
  if (!running_) {
    on_answered_(record);
    return;
  }
  waiting_answers_.push_back(record);
  write_waiting();
}

void completion_writer::write_waiting() {
  if (!running_) return;
  while (!waiting_answers_.empty() && ring_.has_space()) {
    const auto answer = waiting_answers_.front();
    waiting_answers_.pop_front();
    write(answer, regs::completion_kind::command);
    on_answered_(answer);
  }
  if (waiting_transmit_ && ring_.has_space())
    write(regs::transmit_completion{.tx_index = *std::exchange(waiting_transmit_, std::nullopt)},
          regs::completion_kind::transmit);
}

}  // namespace fourtuple::model::nic
