// SPDX-License-Identifier: Apache-2.0
#include "bench/rtl/many_queues_host.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>

#include "rtl/regs/generated/fourtuple_nic_regs.hpp"
#include "tb/blocks/table/reference_jhash.hpp"
#include "tb/nic/nic_host.hpp"

namespace fourtuple::bench {
namespace {

namespace regs = fourtuple::regs;
constexpr std::uint32_t local_address = 0x0a000001;
constexpr std::uint32_t foreign_address = 0x0a000002;
constexpr std::uint16_t local_port = 80;
constexpr std::uint32_t secret = 0x5eed'1234;
constexpr std::uint64_t record_bytes = 32;

constexpr std::uint16_t swap16(std::uint16_t value) { return static_cast<std::uint16_t>(value << 8U | value >> 8U); }
constexpr std::uint32_t swap32(std::uint32_t value) {
  return std::uint32_t{swap16(static_cast<std::uint16_t>(value))} << 16U |
         swap16(static_cast<std::uint16_t>(value >> 16U));
}

}  // namespace

std::uint32_t many_queues_host::hash_of(std::uint16_t port) {
  return tb::reference_hash({swap32(local_address), swap32(foreign_address), local_port, swap16(port)}, secret);
}

many_queues_host::many_queues_host(tb::nic_bench& nic, unsigned queues) : nic_(nic), queues_(queues), state_(queues) {
  nic_.on_write = [this](const tb::write_burst& burst) { take_write(burst); };
  nic_.write32(regs::device_hash_secret, secret);
  nic_.write32(regs::device_max_frame, 9600);
  for (std::uint32_t word = 0; word < regs::indirection_count; ++word) {
    std::uint64_t value = 0;
    for (unsigned entry = 0; entry < 16; ++entry) value |= std::uint64_t{entry % queues_} << (4 * entry);
    nic_.write64(regs::indirection_queues(word), value);
  }
  for (unsigned number = 0; number < queues_; ++number) {
    nic_.write64(regs::queues_rx_base(number), rx_base(number));
    nic_.write32(regs::queues_rx_size(number), ring_bytes_log2);
    nic_.write64(regs::queues_completion_base(number), completion_base(number));
    nic_.write32(regs::queues_ring_sizes(number), entries_log2 | 4U << 8U);
  }
  EXPECT_TRUE(nic_.run_until([this] { return (nic_.read32(regs::device_status) & 1U) != 0; }));
  for (unsigned number = 0; number < queues_; ++number)
    nic_.write32(regs::queues_control(number), regs::queues_control::rx_enable_mask);
  nic_.run(20);
}

void many_queues_host::steer(std::uint16_t port, unsigned queue) {
  const std::size_t before = answers_;
  nic_.write32(regs::connection_local_address, swap32(local_address));
  nic_.write32(regs::connection_foreign_address, swap32(foreign_address));
  nic_.write32(regs::connection_ports,
               std::uint32_t{local_port} << regs::connection_ports::local_port_shift | swap16(port));
  nic_.write32(regs::connection_handle, port);
  nic_.write32(regs::connection_command,
               regs::connection_command::steer_mask | queue << regs::connection_command::steer_queue_shift);
  EXPECT_TRUE(nic_.run_until([&] { return answers_ != before; }));
  give_back();
}

void many_queues_host::receive(std::uint16_t port, std::size_t frame_bytes, std::uint64_t clock, unsigned queue) {
  tb::frame_bytes frame = tb::tcp_frame(foreign_address, local_address, port, local_port, frame_bytes - headers_bytes);
  state_[queue].expected.push_back(frame);
  nic_.receive(std::move(frame), false, clock);
}

void many_queues_host::give_back() {
  for (unsigned number = 0; number < queues_; ++number) {
    queue_state& one = state_[number];
    if (one.told == one.index) continue;
    one.told = one.index;
    nic_.write32(regs::queues_rx_head(number), one.rx_head);
    nic_.write32(regs::queues_completion_head(number), one.told);
  }
}

void many_queues_host::take_write(const tb::write_burst& burst) {
  if (burst.address < completion_base(0)) return;  // Frames: looked at when their records come.
  for (std::uint64_t at = 0; at < burst.bytes.size(); at += record_bytes) {
    if (!burst.enabled[at]) continue;
    const std::uint64_t address = burst.address + at;
    const auto number = static_cast<unsigned>((address - completion_base(0)) >> (entries_log2 + 5));
    ASSERT_LT(number, queues_);
    take_record(number, burst.clock, address);
  }
}

void many_queues_host::take_record(unsigned number, std::uint64_t clock, std::uint64_t address) {
  queue_state& one = state_[number];
  ASSERT_EQ(address, completion_base(number) + record_bytes * (one.index % (1U << entries_log2)));
  ++one.index;
  const auto record = regs::frame_completion::decode(
      std::as_bytes(nic_.memory(address, record_bytes)).first<static_cast<std::size_t>(record_bytes)>());
  if (record.kind == regs::completion_kind::command) {
    ++answers_;
    return;
  }
  const auto frame = nic_.memory(rx_base(number) + record.ring_offset % (1U << ring_bytes_log2), record.length);
  // What was dropped in front of it is overtaken.
  while (!one.expected.empty() && !std::ranges::equal(frame, one.expected.front())) one.expected.pop_front();
  ASSERT_FALSE(one.expected.empty()) << "a frame that was not sent to this queue, or not in this order";
  one.expected.pop_front();
  one.rx_head = record.ring_offset + (record.length + 63U) / 64U * 64U;
  landed.push_back(clock);
}

}  // namespace fourtuple::bench
