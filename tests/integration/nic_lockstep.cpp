// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/nic_lockstep.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iomanip>
#include <sstream>

#include "model/sim/time.hpp"

namespace fourtuple::test {
namespace {

using model::sim::from_ns;

// Longer than anything that a NIC does by itself without a sign of it: clearing the table.
constexpr std::uint64_t quiet_ns = 6'000;

std::string hex(std::span<const std::byte> bytes) {
  std::ostringstream text;
  text << std::hex << std::setfill('0');
  for (const std::byte value : bytes) text << std::setw(2) << std::to_integer<int>(value);
  return text.str();
}

std::string describe(const regs::frame_completion& record) {
  std::ostringstream text;
  text << "ring_offset " << record.ring_offset << " length " << record.length << " l3 " << int{record.l3_offset}
       << " l4 " << int{record.l4_offset} << " payload " << int{record.payload_offset} << " class "
       << static_cast<int>(record.packet_class) << " vlan " << record.vlan << " ip " << record.ip_checked
       << record.ip_good << " l4 " << record.l4_checked << record.l4_good << std::hex << " hash " << record.hash
       << " raw_sum " << record.raw_sum << " hit " << record.hit << " handle " << record.handle;
  return text.str();
}

/// The device has it: `capabilities` tells how many queues and vectors there are.
bool is_there(std::uint32_t offset, std::uint32_t capabilities) {
  using fields = struct regs::device_capabilities;
  const std::uint32_t queues = (capabilities & fields::queues_mask) >> fields::queues_shift;
  const std::uint32_t vectors = (capabilities & fields::vectors_mask) >> fields::vectors_shift;
  return !(offset >= regs::queues_rx_base(queues) && offset < regs::queues_rx_base(regs::queues_count)) &&
         !(offset >= regs::msix_address(vectors) && offset < regs::msix_address(regs::msix_count));
}

}  // namespace

void nic_lockstep::write(std::uint32_t offset, std::uint32_t value) {
  for (side& each : sides_) each.bench.write32(offset, value);
}

void nic_lockstep::write64(std::uint32_t offset, std::uint64_t value) {
  write(offset, static_cast<std::uint32_t>(value));
  write(offset + 4, static_cast<std::uint32_t>(value >> 32));
}

std::optional<std::uint32_t> nic_lockstep::read(std::uint32_t offset) {
  const auto model = sides_[0].bench.read32(offset);
  const auto rtl = sides_[1].bench.read32(offset);
  EXPECT_EQ(model.has_value(), rtl.has_value()) << "register " << std::hex << offset;
  EXPECT_EQ(model.value_or(0), rtl.value_or(0)) << "register " << std::hex << offset;
  return rtl;
}

void nic_lockstep::read_any(std::uint64_t offset, std::uint32_t length) {
  const auto model = sides_[0].bench.read(offset, length);
  const auto rtl = sides_[1].bench.read(offset, length);
  EXPECT_EQ(model, rtl) << "read of " << length << " bytes at " << std::hex << offset;
}

void nic_lockstep::write_any(std::uint64_t offset, std::span<const std::byte> bytes) {
  for (side& each : sides_) each.bench.write(offset, bytes);
}

void nic_lockstep::bring_up(const ring_sizes& sizes) {
  sizes_ = sizes;
  write64(regs::device_mac_address, 0x0100'0000'0002);  // frame_spec's.
  write64(regs::queues_rx_base(0), receive_ring);
  write(regs::queues_rx_size(0), sizes.receive_log2);
  write64(regs::queues_completion_base(0), completion_ring);
  write64(regs::queues_tx_base(0), transmit_ring);
  write(regs::queues_ring_sizes(0), sizes.completion_log2 | sizes.transmit_log2 << 8);
  write(regs::queues_rx_head(0), 0);
  write(regs::queues_completion_head(0), 0);
  write(regs::queues_tx_tail(0), 0);
  write64(regs::msix_address(0), queue_message);
  write(regs::msix_data(0), 0x1234'5678);
  write64(regs::msix_address(1), event_message);
  write(regs::msix_data(1), 0x9abc'def0);
  write(regs::queues_control(0), 1);
  write(regs::queues_control(0), 3);
  rx_head_ = 0;
  tx_tail_ = 0;
  for (side& each : sides_) {
    each.completion_head = 0;
    each.tx_completed = 0;
  }
  settle();
}

void nic_lockstep::take_down() {
  write(regs::queues_control(0), 0);
  settle();
  EXPECT_EQ(read(regs::queues_status(0)).value_or(3) & 3U, 0U) << "the queue stays active";
}

void nic_lockstep::receive(const model::wire::frame& content, sc_core::sc_time delay) {
  for (side& each : sides_) each.bench.receive(content, delay);
}

void nic_lockstep::set_refused(std::uint64_t address, bool refused) {
  for (side& each : sides_) each.bench.set_refused(address, refused);
}

void nic_lockstep::put_descriptors(const std::vector<regs::transmit_descriptor>& descriptors) {
  const std::uint32_t entries = 1U << sizes_.transmit_log2;
  for (const auto& descriptor : descriptors) {
    for (side& each : sides_) {
      const auto place = each.bench.memory(transmit_ring + 16ULL * (tx_tail_ % entries), 16);
      descriptor.encode(place.first<16>());
    }
    ++tx_tail_;
  }
}

void nic_lockstep::fill_transmit_data(nic_traffic& traffic) {
  const auto first = sides_[0].bench.memory(transmit_data, transmit_data_bytes);
  for (std::byte& value : first) value = static_cast<std::byte>(traffic.number(256));
  std::copy(first.begin(), first.end(), sides_[1].bench.memory(transmit_data, transmit_data_bytes).begin());
}

void nic_lockstep::pass(std::uint64_t ns) { sc_core::wait(from_ns(ns)); }

void nic_lockstep::forget() {
  for (side& each : sides_) {
    static_cast<void>(each.bench.take_sent());
    static_cast<void>(each.bench.take_messages());
  }
}

void nic_lockstep::settle() {
  const auto activity = [this] { return sides_[0].bench.activity() + sides_[1].bench.activity(); };
  std::uint64_t before = 0;
  do {
    before = activity();
    sc_core::wait(from_ns(quiet_ns));
  } while (activity() != before);
}

void nic_lockstep::read_completions(side& of) {
  of.latest = {};
  const auto tail = of.bench.read32(regs::queues_completion_tail(0));
  ASSERT_TRUE(tail.has_value());
  const std::uint32_t entries = 1U << sizes_.completion_log2;
  while (of.completion_head != static_cast<std::uint16_t>(*tail)) {
    const auto bytes = of.bench.memory(completion_ring + 32ULL * (of.completion_head % entries), 32);
    const bool phase = (std::to_integer<unsigned>(bytes[31]) & 0x80U) != 0;
    EXPECT_EQ(phase, (of.completion_head & entries) == 0) << of.name << " completion " << of.completion_head;
    take_completion(of, bytes.first<32>());
    ++of.completion_head;
  }
}

void nic_lockstep::take_completion(side& of, std::span<const std::byte, 32> bytes) {
  auto frame = regs::frame_completion::decode(bytes);
  if (frame.kind == regs::completion_kind::frame) {
    frame.timestamp = 0;
    frame.phase = false;
    of.latest.frames.push_back(frame);
  } else if (frame.kind == regs::completion_kind::command) {
    auto answer = regs::command_completion::decode(bytes);
    answer.timestamp = 0;
    answer.phase = false;
    of.latest.answers.push_back(answer);
  } else {
    const auto done = regs::transmit_completion::decode(bytes);
    EXPECT_EQ(frame.kind, regs::completion_kind::transmit) << of.name;
    EXPECT_NE(done.tx_index, of.tx_completed) << of.name << ": nothing was finished since the last";
    EXPECT_LE(static_cast<std::uint16_t>(tx_tail_ - done.tx_index), 1U << sizes_.transmit_log2) << of.name;
    of.tx_completed = done.tx_index;
    ++of.latest.transmit_completions;
  }
}

void nic_lockstep::compare_records() {
  const outcome& model = sides_[0].latest;
  const outcome& rtl = sides_[1].latest;
  EXPECT_EQ(model.frames.size(), rtl.frames.size());
  for (std::size_t i = 0; i < std::min(model.frames.size(), rtl.frames.size()); ++i)
    if (model.frames[i] != rtl.frames[i]) {
      ADD_FAILURE() << "frame " << i << "\n model " << describe(model.frames[i]) << "\n rtl   "
                    << describe(rtl.frames[i]) << "\n "
                    << hex(sides_[0].bench.memory(
                           receive_ring + model.frames[i].ring_offset % (1U << sizes_.receive_log2),
                           model.frames[i].length));
      return;
    }
  EXPECT_EQ(model.answers.size(), rtl.answers.size());
  for (std::size_t i = 0; i < std::min(model.answers.size(), rtl.answers.size()); ++i)
    EXPECT_EQ(model.answers[i], rtl.answers[i])
        << "answer " << i << " op " << static_cast<int>(model.answers[i].op) << " result "
        << static_cast<int>(model.answers[i].result) << " and " << static_cast<int>(rtl.answers[i].result);
  EXPECT_EQ(sides_[0].tx_completed, sides_[1].tx_completed);
}

void nic_lockstep::compare_frames_in_ring() {
  const std::size_t size = std::size_t{1} << sizes_.receive_log2;
  const auto model = sides_[0].bench.memory(receive_ring, size);
  const auto rtl = sides_[1].bench.memory(receive_ring, size);
  const auto difference = std::mismatch(model.begin(), model.end(), rtl.begin());
  EXPECT_TRUE(difference.first == model.end()) << "receive rings differ at byte " << difference.first - model.begin();
}

void nic_lockstep::compare_sent(outcome& into) {
  const auto model = sides_[0].bench.take_sent();
  const auto rtl = sides_[1].bench.take_sent();
  EXPECT_EQ(model.size(), rtl.size()) << "frames sent";
  for (std::size_t i = 0; i < std::min(model.size(), rtl.size()); ++i)
    if (model[i].bytes != rtl[i].bytes) {
      ADD_FAILURE() << "sent frame " << i << "\n model " << hex(model[i].bytes) << "\n rtl   " << hex(rtl[i].bytes);
      return;
    }
  into.sent_frames = rtl.size();
}

void nic_lockstep::compare_messages(outcome& into) {
  const auto sorted = [](std::vector<nic_bench::message> messages) {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> result;
    for (const auto& each : messages) result.emplace_back(each.address, each.data);
    std::sort(result.begin(), result.end());
    return result;
  };
  const auto model = sorted(sides_[0].bench.take_messages());
  const auto rtl = sorted(sides_[1].bench.take_messages());
  if (!ignored_.contains(regs::counter_interrupts)) {
    EXPECT_EQ(model, rtl) << "interrupt messages";
  }
  into.messages = rtl.size();
}

void nic_lockstep::compare_registers() {
  static const std::set<std::uint32_t> by_time = {regs::device_timestamp, regs::queues_completion_head(0),
                                                  regs::queues_completion_tail(0)};
  const std::uint32_t capabilities = read(regs::device_capabilities).value_or(0);
  for (const auto& info : regs::all_registers) {
    if (!is_there(info.offset, capabilities)) continue;
    if (by_time.contains(info.offset) || ignored_.contains(info.offset)) continue;
    for (std::uint32_t offset = info.offset; offset < info.offset + info.width_bits / 8; offset += 4) {
      const auto model = sides_[0].bench.read32(offset);
      const auto rtl = sides_[1].bench.read32(offset);
      EXPECT_EQ(model, rtl) << info.name << " at " << std::hex << offset;
    }
  }
}

nic_lockstep::outcome nic_lockstep::compare(const compare_options& options) {
  settle();
  outcome result;
  if (options.completions) {
    for (side& each : sides_) read_completions(each);
    compare_records();
    compare_frames_in_ring();
    result = sides_[1].latest;
  }
  compare_sent(result);
  compare_messages(result);
  compare_registers();
  if (!result.frames.empty()) {
    const auto& last = result.frames.back();
    rx_head_ = last.ring_offset + (last.length + 63U) / 64U * 64U;
  }
  if (options.give_back_ring && options.completions) write(regs::queues_rx_head(0), rx_head_);
  if (options.give_back_completions && options.completions)
    for (side& each : sides_)
      each.bench.write32(regs::queues_completion_head(0), each.completion_head | (options.arm ? 0x8000'0000U : 0U));
  return result;
}

}  // namespace fourtuple::test
