// SPDX-License-Identifier: Apache-2.0
#include "tb/nic/nic_host.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace fourtuple::tb {
namespace {

constexpr std::size_t record_bytes = 32;

std::uint32_t round_up_to_beat(std::size_t size) { return static_cast<std::uint32_t>((size + 63) / 64 * 64); }

std::span<const std::byte, record_bytes> as_record(std::span<const std::uint8_t> bytes) {
  return std::as_bytes(bytes).first<record_bytes>();
}

void put16(frame_bytes& frame, std::size_t at, unsigned value) {
  frame[at] = static_cast<std::uint8_t>(value >> 8U);
  frame[at + 1] = static_cast<std::uint8_t>(value);
}

void put32(frame_bytes& frame, std::size_t at, std::uint32_t value) {
  put16(frame, at, value >> 16U);
  put16(frame, at + 2, value & 0xffffU);
}

std::uint32_t sum16(std::span<const std::uint8_t> bytes, std::uint32_t sum) {
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += std::uint32_t{bytes[i]} << (i % 2 == 0 ? 8U : 0U);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16U);
  return sum;
}

}  // namespace

nic_host::nic_host(nic_bench& bench, const ring_shapes& shapes) : bench_(bench), shapes_(shapes) {
  bench_.on_write = [this](const write_burst& burst) { check_write(burst); };
}

void nic_host::set_up() {
  bench_.write64(regs::queues_rx_base(0), rx_base);
  bench_.write32(regs::queues_rx_size(0), shapes_.rx_bytes_log2);
  bench_.write32(regs::queues_ring_sizes(0), shapes_.completion_entries_log2 | (shapes_.tx_entries_log2 << 8U));
  bench_.write64(regs::queues_completion_base(0), completion_base);
  bench_.write64(regs::queues_tx_base(0), tx_base);
  bench_.write64(regs::msix_address(0), message_address);
  bench_.write32(regs::msix_data(0), 0x11223344);
  bench_.write32(regs::msix_control(0), 0);
  const std::uint32_t events =
      bench_.read32(regs::device_capabilities) >> regs::device_capabilities::vectors_shift & 0xffU;
  bench_.write64(regs::msix_address(events - 1), message_address + 0x24);
  bench_.write32(regs::msix_data(events - 1), 0x55667788);
  bench_.write32(regs::msix_control(events - 1), 0);
  ASSERT_TRUE(bench_.run_until([this] { return (bench_.read32(regs::device_status) & 1U) != 0; }, 10'000));
}

void nic_host::enable(bool rx, bool tx) {
  if (rx) {
    records.clear();
    given_back_ = 0;
    rx_tail_ = rx_head_ = 0;
    bench_.write32(regs::queues_rx_head(0), 0);
    bench_.write32(regs::queues_completion_head(0), 0);
  }
  if (tx) {
    tx_tail_ = 0;
    bench_.write32(regs::queues_tx_tail(0), 0);
  }
  bench_.write32(regs::queues_control(0), (rx ? 1U : 0U) | (tx ? 2U : 0U));
}

void nic_host::disable() {
  bench_.write32(regs::queues_control(0), 0);
  EXPECT_TRUE(bench_.run_until([this] { return (bench_.read32(regs::queues_status(0)) & 3U) == 0; }, 20'000));
}

void nic_host::receive(frame_bytes frame, std::uint64_t not_before) {
  expected_.push_back(frame);
  bench_.receive(std::move(frame), false, not_before);
}

void nic_host::give_back(std::size_t count, bool arm) {
  ASSERT_LE(count, unread());
  for (const std::size_t end = given_back_ + count; given_back_ < end; ++given_back_) {
    const record& entry = records[given_back_];
    if (entry.kind == regs::completion_kind::frame)
      rx_head_ = entry.frame.ring_offset + round_up_to_beat(entry.frame.length);
  }
  bench_.write32(regs::queues_rx_head(0), rx_head_);
  bench_.write32(regs::queues_completion_head(0),
                 (static_cast<std::uint32_t>(given_back_) & 0xffffU) | (arm ? 1U << 31U : 0U));
}

void nic_host::transmit(const frame_bytes& bytes, regs::transmit_descriptor descriptor) {
  put_descriptor(bytes, descriptor);
  next_buffer_ += 3;  // so that alignments vary
  if (descriptor.end_of_frame) ring_transmit_doorbell();
}

void nic_host::prepare_transmit(const frame_bytes& bytes, regs::transmit_descriptor descriptor, std::size_t lane) {
  next_buffer_ = (next_buffer_ + 63) / 64 * 64 + lane;
  put_descriptor(bytes, descriptor);
}

void nic_host::ring_transmit_doorbell() { bench_.write32(regs::queues_tx_tail(0), tx_tail_); }

void nic_host::put_descriptor(const frame_bytes& bytes, regs::transmit_descriptor descriptor) {
  if (next_buffer_ + bytes.size() > nic_bench::memory_base + nic_bench::memory_bytes) next_buffer_ = buffers;
  std::ranges::copy(bytes, bench_.memory(next_buffer_, bytes.size()).begin());
  descriptor.address = next_buffer_;
  descriptor.length = static_cast<std::uint32_t>(bytes.size());
  next_buffer_ += bytes.size();
  const std::uint64_t entry = tx_tail_ & ((1U << shapes_.tx_entries_log2) - 1U);
  const auto place = std::as_writable_bytes(bench_.memory(tx_base + 16 * entry, 16));
  descriptor.encode(place.first<regs::transmit_descriptor::size_bytes>());
  ++tx_tail_;
}

void nic_host::command(regs::command_op op, std::uint32_t local, std::uint32_t foreign, std::uint16_t local_port,
                       std::uint16_t foreign_port, std::uint32_t handle, std::uint16_t tag) {
  const auto swap16 = [](std::uint32_t value) { return ((value & 0xffU) << 8U) | (value >> 8U); };
  const auto swap32 = [&](std::uint32_t value) { return (swap16(value & 0xffffU) << 16U) | swap16(value >> 16U); };
  bench_.write32(regs::connection_local_address, swap32(local));
  bench_.write32(regs::connection_foreign_address, swap32(foreign));
  bench_.write32(regs::connection_ports, swap16(foreign_port) | (std::uint32_t{local_port} << 16U));
  bench_.write32(regs::connection_handle, handle);
  bench_.write32(regs::connection_command, static_cast<std::uint32_t>(op) | (std::uint32_t{tag} << 16U));
}

std::uint64_t nic_host::dropped() {
  std::uint64_t sum = 0;
  for (std::uint32_t offset = regs::counter_rx_drop_mac_error; offset <= regs::counter_rx_drop_disabled; offset += 8) {
    sum += counter(offset);
  }
  return sum;
}

void nic_host::check_write(const write_burst& burst) {
  if (burst.refused) return;
  const address_range rx{rx_base, std::uint64_t{1} << shapes_.rx_bytes_log2};
  const address_range completions{completion_base, record_bytes << shapes_.completion_entries_log2};
  if (rx.contains(burst.address)) {
    EXPECT_TRUE(rx.contains(burst.address + burst.bytes.size() - 1)) << "behind the ring's end";
    EXPECT_TRUE(std::ranges::all_of(burst.enabled, [](bool on) { return on; }));
  } else if (completions.contains(burst.address)) {
    ASSERT_EQ(burst.bytes.size(), 2 * record_bytes);
    for (std::size_t half = 0; half < 2; ++half) {
      const auto first = burst.enabled.begin() + static_cast<std::ptrdiff_t>(record_bytes * half);
      const auto written = std::count(first, first + record_bytes, true);
      if (written == 0) continue;
      EXPECT_EQ(written, std::ptrdiff_t{record_bytes});
      const std::uint64_t index = (burst.address - completion_base) / record_bytes + half;
      EXPECT_EQ(index, records.size() % (std::size_t{1} << shapes_.completion_entries_log2));
      check_record(burst.clock, std::span(burst.bytes).subspan(record_bytes * half, record_bytes));
    }
  } else {
    ASSERT_EQ(burst.address, message_address & ~std::uint64_t{63});
    EXPECT_EQ(std::count(burst.enabled.begin(), burst.enabled.end(), true), 4);
    const auto lane = static_cast<std::size_t>(std::ranges::find(burst.enabled, true) - burst.enabled.begin());
    std::uint32_t data = 0;
    for (std::size_t i = 0; i < 4; ++i) data |= std::uint32_t{burst.bytes[lane + i]} << (8 * i);
    messages.push_back({burst.clock, burst.address + lane, data, records.size()});
  }
}

void nic_host::check_record(std::uint64_t clock, std::span<const std::uint8_t> bytes) {
  record entry;
  entry.clock = clock;
  entry.frame = regs::frame_completion::decode(as_record(bytes));
  entry.transmit = regs::transmit_completion::decode(as_record(bytes));
  entry.command = regs::command_completion::decode(as_record(bytes));
  entry.kind = entry.frame.kind;
  EXPECT_EQ(entry.frame.phase, (records.size() >> shapes_.completion_entries_log2) % 2 == 0);
  EXPECT_LT(unread(), std::size_t{1} << shapes_.completion_entries_log2) << "over an unread record";
  EXPECT_LT(entry.frame.timestamp, clock);
  if (entry.kind == regs::completion_kind::frame) check_frame(entry);
  records.push_back(std::move(entry));
}

void nic_host::check_frame(record& entry) {
  const std::uint32_t size = 1U << shapes_.rx_bytes_log2;
  const std::uint32_t length = entry.frame.length;
  const std::uint32_t taken = round_up_to_beat(length);
  if (rx_tail_ % size + taken > size) rx_tail_ += size - rx_tail_ % size;
  EXPECT_EQ(entry.frame.ring_offset, rx_tail_);
  EXPECT_LE(rx_tail_ + taken - rx_head_, size) << "over a frame that was not given back";
  rx_tail_ += taken;

  const auto place = bench_.memory(rx_base + entry.frame.ring_offset % size, taken);
  entry.content.assign(place.begin(), place.begin() + static_cast<std::ptrdiff_t>(length));
  EXPECT_TRUE(std::all_of(place.begin() + static_cast<std::ptrdiff_t>(length), place.end(),
                          [](std::uint8_t byte) { return byte == 0; }));
  if (!compare_frames) return;
  while (!expected_.empty() && expected_.front() != entry.content) {
    expected_.pop_front();
    ++missing_;
  }
  ASSERT_FALSE(expected_.empty()) << "delivered what was not sent, or not in order";
  expected_.pop_front();
}

frame_bytes random_frame(std::mt19937& random, std::size_t size) {
  frame_bytes frame(size);
  std::uniform_int_distribution<unsigned> byte(0, 255);
  std::ranges::generate(frame, [&] { return static_cast<std::uint8_t>(byte(random)); });
  std::fill_n(frame.begin(), 6, std::uint8_t{0xff});
  put16(frame, 12, 0x88b5);  // IEEE 802 local experimental
  return frame;
}

frame_bytes tcp_frame(std::uint32_t source, std::uint32_t destination, std::uint16_t source_port,
                      std::uint16_t destination_port, std::size_t payload_bytes) {
  constexpr std::size_t ip = 14;
  constexpr std::size_t tcp = 34;
  constexpr std::size_t payload = 54;
  frame_bytes frame(std::max<std::size_t>(payload + payload_bytes, 60));
  std::fill_n(frame.begin(), 6, std::uint8_t{0xff});
  put16(frame, 12, 0x0800);
  put16(frame, ip, 0x4500);
  put16(frame, ip + 2, static_cast<unsigned>(40 + payload_bytes));
  put16(frame, ip + 8, 0x4006);
  put32(frame, ip + 12, source);
  put32(frame, ip + 16, destination);
  put16(frame, ip + 10, ~sum16(std::span(frame).subspan(ip, 20), 0) & 0xffffU);
  put16(frame, tcp, source_port);
  put16(frame, tcp + 2, destination_port);
  put16(frame, tcp + 12, 0x5010);
  for (std::size_t i = 0; i < payload_bytes; ++i) frame[payload + i] = static_cast<std::uint8_t>(i * 7 + 1);
  const std::uint32_t pseudo =
      sum16(std::span(frame).subspan(ip + 12, 8), static_cast<std::uint32_t>(6 + 20 + payload_bytes));
  put16(frame, tcp + 16, ~sum16(std::span(frame).subspan(tcp, 20 + payload_bytes), pseudo) & 0xffffU);
  return frame;
}

}  // namespace fourtuple::tb
