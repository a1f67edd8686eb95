// SPDX-License-Identifier: Apache-2.0
#include "model/nic/transmit_queue.hpp"

#include <algorithm>
#include <utility>

#include "model/nic/checksum.hpp"
#include "model/nic/rings.hpp"
#include "model/nic/segmentation.hpp"

namespace fourtuple::model::nic {
namespace {

constexpr std::uint32_t descriptor_bytes = 16;
constexpr std::uint32_t descriptors_in_line = line_bytes / descriptor_bytes;
constexpr std::uint32_t fetch_limit_descriptors = 64;  // Read ahead: what covers a PCIe round trip at small frames.
constexpr std::uint32_t buffer_limit_bytes = 32768;    // As the RTL's transmit FIFO.
constexpr std::uint32_t shortest_frame_bytes = 14;
constexpr std::uint32_t longest_frame_bytes = 16383;
constexpr std::uint32_t padded_frame_bytes = 60;
constexpr std::size_t most_descriptors_of_a_frame = 64;

}  // namespace

transmit_queue::transmit_queue(device_port& port, dma_engine& dma, counters& counts, completion_callback on_completion,
                               halted_callback on_halted)
    : port_(port),
      dma_(dma),
      counts_(counts),
      on_completion_(std::move(on_completion)),
      on_halted_(std::move(on_halted)) {}

void transmit_queue::set_ring(std::uint64_t base, std::uint32_t entries_log2) noexcept {
  base_ = base;
  entries_log2_ = entries_log2;
}

void transmit_queue::set_enabled(bool enabled) {
  if (enabled && !enabled_) {
    ++epoch_;
    halted_ = false;
    head_ = 0;
    fetched_ = 0;
    descriptors_held_ = 0;
    waiting_.clear();
    gathering_ = {};
  }
  enabled_ = enabled;
  run();
}

void transmit_queue::set_tail(std::uint16_t index) {
  tail_ = index;
  run();
}

bool transmit_queue::active() const noexcept {
  return enabled_ || fetches_outstanding_ != 0 || !waiting_.empty() || !begun_.empty();
}

std::optional<std::uint64_t> transmit_queue::next_clock() const noexcept {
  if (waiting_.empty() || port_.clock() >= mac_free_clock_) return std::nullopt;
  return mac_free_clock_;
}

void transmit_queue::run() {
  fetch_descriptors();
  begin_frames();
  finish_frames();
}

void transmit_queue::fetch_descriptors() {
  const std::uint32_t entries = std::uint32_t{1} << entries_log2_;
  while (enabled_ && !halted_ && fetched_ != tail_ && static_cast<std::uint16_t>(tail_ - head_) <= entries &&
         descriptors_held_ - gathering_.descriptors.size() < fetch_limit_descriptors) {
    const std::uint32_t place = fetched_ & (entries - 1);
    const std::uint32_t to_line_end = descriptors_in_line - place % descriptors_in_line;
    const std::uint32_t count = std::min<std::uint32_t>(static_cast<std::uint16_t>(tail_ - fetched_), to_line_end);
    fetched_ = static_cast<std::uint16_t>(fetched_ + count);
    descriptors_held_ += count;
    ++fetches_outstanding_;
    dma_.read(dma_source::tx_descriptor, base_ + std::uint64_t{descriptor_bytes} * place, count * descriptor_bytes,
              [this, epoch = epoch_](std::size_t good_bytes, std::span<const std::byte> records) {
                --fetches_outstanding_;
                take_descriptors(epoch, good_bytes == records.size(), records);
              });
  }
}

void transmit_queue::take_descriptors(std::uint64_t epoch, bool ok, std::span<const std::byte> records) {
  if (epoch != epoch_ || halted_) return;
  if (!ok) {
    halted_ = true;
    on_halted_();
    return;
  }
  for (; !records.empty(); records = records.subspan(descriptor_bytes)) {
    const auto descriptor = regs::transmit_descriptor::decode(records.first<descriptor_bytes>());
    gathering_.descriptors.push_back(descriptor);
    gathering_.length_bytes += descriptor.length;
    if (!descriptor.end_of_frame) continue;
    if (!well_formed(gathering_)) gathering_.outcome = verdict::bad_descriptor;
    waiting_.push_back(std::exchange(gathering_, {}));
  }
  run();
}

bool transmit_queue::well_formed(const frame& complete) noexcept {
  const auto& options = complete.descriptors.back();
  const bool empty_piece = std::any_of(complete.descriptors.begin(), complete.descriptors.end(),
                                       [](const auto& descriptor) { return descriptor.length == 0; });
  const std::uint32_t field_end = std::uint32_t{options.checksum_start} + options.checksum_offset + 2;
  const bool length_fits =
      options.tso ? segmentation_allowed(options, complete.length_bytes) : complete.length_bytes <= longest_frame_bytes;
  return !empty_piece && complete.descriptors.size() <= most_descriptors_of_a_frame && length_fits &&
         complete.length_bytes >= shortest_frame_bytes && (!options.checksum || field_end <= complete.length_bytes);
}

bool transmit_queue::has_room_for(const frame& next) const noexcept {
  return port_.clock() >= mac_free_clock_ &&
         (begun_.empty() || buffered_bytes_ + next.length_bytes <= buffer_limit_bytes);
}

void transmit_queue::begin_frames() {
  while (!waiting_.empty() && (waiting_.front().outcome != verdict::good || has_room_for(waiting_.front()))) {
    begun_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    frame& started = begun_.back();
    descriptors_held_ -= static_cast<std::uint32_t>(started.descriptors.size());
    if (started.outcome == verdict::good) read_bytes(started);
    fetch_descriptors();
  }
}

void transmit_queue::read_bytes(frame& started) {
  buffered_bytes_ += static_cast<std::uint32_t>(started.length_bytes);
  started.bytes.reserve(started.length_bytes);
  started.reads_outstanding = static_cast<std::uint32_t>(started.descriptors.size());
  for (const auto& piece : started.descriptors)
    dma_.read(dma_source::tx_data, piece.address, piece.length,
              [this, &started](std::size_t good_bytes, std::span<const std::byte> bytes) {
                if (good_bytes != bytes.size() && started.outcome == verdict::good) {
                  started.outcome = verdict::dma_error;
                  started.first_lost_byte = started.bytes.size() + good_bytes;
                }
                started.bytes.insert(started.bytes.end(), bytes.begin(), bytes.end());
                if (--started.reads_outstanding == 0) run();
              });
}

void transmit_queue::finish_frames() {
  while (!begun_.empty() && begun_.front().reads_outstanding == 0) {
    frame finished = std::move(begun_.front());
    begun_.pop_front();
    head_ = static_cast<std::uint16_t>(head_ + finished.descriptors.size());
    buffered_bytes_ -= static_cast<std::uint32_t>(finished.bytes.size());
    switch (finished.outcome) {
      case verdict::good:
        send(finished);
        break;
      case verdict::bad_descriptor:
        counts_.add(regs::counter_tx_drop_descriptor);
        break;
      case verdict::dma_error:
        counts_.add(regs::counter_tx_drop_dma_error);
        if (finished.descriptors.back().tso) send_segments(finished);
        break;
    }
    if (finished.descriptors.back().completion) on_completion_(head_);
    begin_frames();
  }
}

void transmit_queue::send(frame& finished) {
  if (finished.descriptors.back().tso)
    send_segments(finished);
  else
    send_frame(std::move(finished.bytes), finished.descriptors.back());
}

/// Of a frame that could not be read whole, segments go out that end before the line with the first byte lost.
void transmit_queue::send_segments(const frame& finished) {
  const auto& options = finished.descriptors.back();
  const segmentation segments(finished.bytes, options);
  for (std::size_t index = 0; index < segments.count(); ++index) {
    if (finished.outcome == verdict::dma_error &&
        (segments.end_of(index) - 1) / line_bytes >= finished.first_lost_byte / line_bytes)
      return;
    send_frame(segments.segment(index), options);
    counts_.add(regs::counter_tx_tso_segments);
  }
  counts_.add(regs::counter_tx_tso_frames);
}

void transmit_queue::send_frame(std::vector<std::byte> bytes, const regs::transmit_descriptor& options) {
  if (options.checksum) {
    const std::uint16_t sum = checksum_fold(checksum_add(0, std::span(bytes).subspan(options.checksum_start)));
    const auto inverted = static_cast<std::uint16_t>(~sum);
    const std::uint16_t field = inverted == 0 ? 0xffff : inverted;
    const std::size_t at = std::size_t{options.checksum_start} + options.checksum_offset;
    bytes[at] = static_cast<std::byte>(field >> 8);
    bytes[at + 1] = static_cast<std::byte>(field & 0xff);
    counts_.add(regs::counter_tx_checksum_inserted);
  }
  if (bytes.size() < padded_frame_bytes) bytes.resize(padded_frame_bytes);
  counts_.add(regs::counter_tx_frames);
  counts_.add(regs::counter_tx_bytes, bytes.size());
  mac_free_clock_ = port_.transmit(std::move(bytes));
}

}  // namespace fourtuple::model::nic
