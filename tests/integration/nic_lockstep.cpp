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
constexpr std::uint64_t quiet_ns = 70'000;

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
  transmit_queue_ = 0;
  write64(regs::device_mac_address, 0x0100'0000'0002);  // frame_spec's.
  using capabilities = struct regs::device_capabilities;
  const std::uint32_t vectors =
      (read(regs::device_capabilities).value_or(0) & capabilities::vectors_mask) >> capabilities::vectors_shift;
  ASSERT_GT(vectors, sizes.queues) << "one for each queue, and one for events";
  write64(regs::msix_address(vectors - 1), event_message);
  write(regs::msix_data(vectors - 1), 0x9abc'def0);
  for (std::uint32_t word = 0; word < regs::indirection_count; ++word) {
    std::uint64_t entries = 0;
    for (unsigned entry = 0; entry < 16; ++entry)
      entries |= std::uint64_t{(16 * word + entry) % sizes.queues} << (4 * entry);
    write64(regs::indirection_queues(word), entries);
  }
  for (std::uint32_t number = 0; number < sizes.queues; ++number) bring_up_queue(number);
  settle();
}

void nic_lockstep::bring_up_queue(std::uint32_t number) {
  write64(regs::queues_rx_base(number), receive_ring + number * queue_stride);
  write(regs::queues_rx_size(number), sizes_.receive_log2);
  write64(regs::queues_completion_base(number), completion_ring + number * queue_stride);
  write64(regs::queues_tx_base(number), transmit_ring + number * queue_stride);
  write(regs::queues_ring_sizes(number), sizes_.completion_log2 | sizes_.transmit_log2 << 8);
  write(regs::queues_rx_head(number), 0);
  write(regs::queues_completion_head(number), 0);
  write(regs::queues_tx_tail(number), 0);
  write64(regs::msix_address(number), queue_message + 0x10ULL * number);
  write(regs::msix_data(number), 0x1234'5678 + number);
  write(regs::queues_control(number), 1);
  write(regs::queues_control(number), 3);
  queues_[number] = {};
  for (side& each : sides_) each.rings[number] = {};
}

void nic_lockstep::take_down() {
  for (std::uint32_t number = 0; number < sizes_.queues; ++number) write(regs::queues_control(number), 0);
  settle();
  for (std::uint32_t number = 0; number < sizes_.queues; ++number)
    EXPECT_EQ(read(regs::queues_status(number)).value_or(3) & 3U, 0U) << "queue " << number << " stays active";
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
      const auto place = each.bench.memory(
          transmit_ring + transmit_queue_ * queue_stride + 16ULL * (queues_[transmit_queue_].tx_tail % entries), 16);
      descriptor.encode(place.first<16>());
    }
    ++queues_[transmit_queue_].tx_tail;
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
    for (std::uint32_t queue = 0; queue < most_queues; ++queue)
      std::ranges::fill(each.bench.memory(receive_ring + queue * queue_stride, most_receive_bytes), std::byte{0});
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

void nic_lockstep::read_completions(side& of, std::uint32_t queue) {
  read_ring& ring = of.rings[queue];
  ring.frames.clear();
  ring.answers.clear();
  ring.transmit_completions = 0;
  const auto tail = of.bench.read32(regs::queues_completion_tail(queue));
  ASSERT_TRUE(tail.has_value());
  const std::uint32_t entries = 1U << sizes_.completion_log2;
  while (ring.head != static_cast<std::uint16_t>(*tail)) {
    const auto bytes = of.bench.memory(completion_ring + queue * queue_stride + 32ULL * (ring.head % entries), 32);
    const bool phase = (std::to_integer<unsigned>(bytes[31]) & 0x80U) != 0;
    EXPECT_EQ(phase, (ring.head & entries) == 0) << of.name << " queue " << queue << " completion " << ring.head;
    take_completion(of, queue, bytes.first<32>());
    ++ring.head;
  }
}

void nic_lockstep::take_completion(side& of, std::uint32_t queue, std::span<const std::byte, 32> bytes) {
  read_ring& ring = of.rings[queue];
  auto frame = regs::frame_completion::decode(bytes);
  if (frame.kind == regs::completion_kind::frame) {
    frame.timestamp = 0;
    frame.phase = false;
    ring.frames.push_back(frame);
  } else if (frame.kind == regs::completion_kind::command) {
    auto answer = regs::command_completion::decode(bytes);
    answer.timestamp = 0;
    answer.phase = false;
    ring.answers.push_back(answer);
  } else {
    const auto done = regs::transmit_completion::decode(bytes);
    EXPECT_EQ(frame.kind, regs::completion_kind::transmit) << of.name;
    EXPECT_NE(done.tx_index, ring.tx_completed) << of.name << ": nothing was finished since the last";
    EXPECT_LE(static_cast<std::uint16_t>(queues_[queue].tx_tail - done.tx_index), 1U << sizes_.transmit_log2)
        << of.name;
    ring.tx_completed = done.tx_index;
    ++ring.transmit_completions;
  }
}

void nic_lockstep::compare_records(std::uint32_t queue) {
  const read_ring& model = sides_[0].rings[queue];
  const read_ring& rtl = sides_[1].rings[queue];
  EXPECT_EQ(model.frames.size(), rtl.frames.size()) << "queue " << queue;
  for (std::size_t i = 0; i < std::min(model.frames.size(), rtl.frames.size()); ++i)
    if (model.frames[i] != rtl.frames[i]) {
      ADD_FAILURE() << "queue " << queue << " frame " << i << "\n model " << describe(model.frames[i]) << "\n rtl   "
                    << describe(rtl.frames[i]) << "\n "
                    << hex(sides_[0].bench.memory(receive_ring + queue * queue_stride +
                                                      model.frames[i].ring_offset % (1U << sizes_.receive_log2),
                                                  model.frames[i].length));
      return;
    }
  EXPECT_EQ(model.answers.size(), rtl.answers.size()) << "queue " << queue;
  for (std::size_t i = 0; i < std::min(model.answers.size(), rtl.answers.size()); ++i)
    EXPECT_EQ(model.answers[i], rtl.answers[i])
        << "answer " << i << " op " << static_cast<int>(model.answers[i].op) << " result "
        << static_cast<int>(model.answers[i].result) << " and " << static_cast<int>(rtl.answers[i].result);
  EXPECT_EQ(model.tx_completed, rtl.tx_completed) << "queue " << queue;
}

void nic_lockstep::compare_frames_in_ring(std::uint32_t queue) {
  const std::size_t size = std::size_t{1} << sizes_.receive_log2;
  const auto model = sides_[0].bench.memory(receive_ring + queue * queue_stride, size);
  const auto rtl = sides_[1].bench.memory(receive_ring + queue * queue_stride, size);
  const auto difference = std::mismatch(model.begin(), model.end(), rtl.begin());
  EXPECT_TRUE(difference.first == model.end())
      << "receive rings of queue " << queue << " differ at byte " << difference.first - model.begin();
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
  static const std::set<std::uint32_t> by_time = [] {
    std::set<std::uint32_t> offsets{regs::device_timestamp};
    for (std::uint32_t queue = 0; queue < most_queues; ++queue) {
      offsets.insert(regs::queues_completion_head(queue));
      offsets.insert(regs::queues_completion_tail(queue));
    }
    return offsets;
  }();
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

void nic_lockstep::give_back(std::uint32_t queue, const compare_options& options) {
  if (const auto& frames = sides_[1].rings[queue].frames; !frames.empty())
    queues_[queue].rx_head = frames.back().ring_offset + (frames.back().length + 63U) / 64U * 64U;
  if (options.give_back_ring) write(regs::queues_rx_head(queue), queues_[queue].rx_head);
  if (options.give_back_completions)
    for (side& each : sides_)
      each.bench.write32(regs::queues_completion_head(queue),
                         each.rings[queue].head | (options.arm ? 0x8000'0000U : 0U));
}

nic_lockstep::outcome nic_lockstep::compare(const compare_options& options) {
  settle();
  outcome result;
  for (std::uint32_t queue = 0; options.completions && queue < sizes_.queues; ++queue) {
    for (side& each : sides_) read_completions(each, queue);
    compare_records(queue);
    compare_frames_in_ring(queue);
    const read_ring& ring = sides_[1].rings[queue];
    result.frames.insert(result.frames.end(), ring.frames.begin(), ring.frames.end());
    result.frames_of_queue[queue] = ring.frames.size();
    result.answers.insert(result.answers.end(), ring.answers.begin(), ring.answers.end());
    result.transmit_completions += ring.transmit_completions;
  }
  compare_sent(result);
  compare_messages(result);
  compare_registers();
  for (std::uint32_t queue = 0; options.completions && queue < sizes_.queues; ++queue) give_back(queue, options);
  return result;
}

}  // namespace fourtuple::test
