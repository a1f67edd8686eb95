// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/driver/fake_nic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace fourtuple::driver::test {
namespace {
constexpr std::uint32_t capabilities =
    1U << regs::device_capabilities::queues_shift | 2U << regs::device_capabilities::vectors_shift |
    4U << regs::device_capabilities::command_depth_shift | regs::device_capabilities::rx_checksum_mask |
    regs::device_capabilities::tx_checksum_mask | regs::device_capabilities::connection_table_mask |
    regs::device_capabilities::tso_mask;
constexpr std::uint32_t command_depth = 4;
}  // namespace

dma_region fake_memory::allocate(std::size_t bytes, std::size_t alignment) {
  if (allocations_left == 0) return {};
  --allocations_left;
  next_address_ = (next_address_ + alignment - 1) / alignment * alignment;
  const std::uint64_t address = next_address_;
  next_address_ += bytes + alignment;
  auto& made = blocks_[address] = {std::make_unique<std::byte[]>(bytes), bytes};
  ++allocations;
  return {made.bytes.get(), address, bytes};
}

void fake_memory::release(const dma_region& region) noexcept {
  EXPECT_EQ(blocks_.erase(region.bus_address), 1U) << "released what is not allocated";
  --allocations;
}

std::byte* fake_memory::at(std::uint64_t bus_address, std::size_t bytes) {
  auto found = blocks_.upper_bound(bus_address);
  if (found != blocks_.begin()) {
    --found;
    const std::uint64_t offset = bus_address - found->first;
    if (offset + bytes <= found->second.size) return found->second.bytes.get() + offset;
  }
  ADD_FAILURE() << "DMA outside of what is mapped: " << bus_address;
  return nullptr;
}

fake_nic::fake_nic(fake_memory& memory) : memory_(memory) { power_up(); }

void fake_nic::power_up() {
  registers_.clear();
  commands.clear();
  gathering_.clear();
  rx_tail_ = 0;
  completion_tail_ = tx_head_ = 0;
  armed_.reset();
  rx_halted_ = tx_halted_ = false;
  registers_[regs::device_id] = 0x50555434;
  registers_[regs::device_version] = 1;
  registers_[regs::device_capabilities] = capabilities;
  registers_[regs::device_clock] = 4000;
}

std::uint32_t fake_nic::reg(std::uint32_t offset) const {
  const auto found = registers_.find(offset);
  return found == registers_.end() ? 0 : found->second;
}

std::uint64_t fake_nic::reg64(std::uint32_t offset) const { return reg(offset) | std::uint64_t{reg(offset + 4)} << 32; }

std::uint32_t fake_nic::status() const {
  const std::uint32_t control = reg(regs::queues_control(0));
  const std::uint32_t active =
      stops ? control : regs::queues_status::rx_active_mask | regs::queues_status::tx_active_mask;
  return active | (rx_halted_ ? regs::queues_status::rx_halted_mask : 0) |
         (tx_halted_ ? regs::queues_status::tx_halted_mask : 0);
}

std::uint32_t fake_nic::read32(std::uint32_t offset) {
  if (!answers) return 0xffffffff;
  switch (offset) {
    case regs::queues_status(0):
      return status();
    case regs::device_status:
      if (reads_until_ready > 0) --reads_until_ready;
      return table_clears && reads_until_ready == 0 ? regs::device_status::table_ready_mask : 0;
    case regs::connection_result:
      // Without a queue to answer into, the answer is only here.
      if ((reg(regs::queues_control(0)) & regs::queues_control::rx_enable_mask) == 0) commands.clear();
      return static_cast<std::uint32_t>(commands.size()) << regs::connection_result::outstanding_shift;
    default:
      return reg(offset);
  }
}

void fake_nic::write32(std::uint32_t offset, std::uint32_t value) {
  writes_.emplace_back(offset, value);
  const std::uint32_t before = reg(offset);
  if (offset == regs::device_event_status) {
    registers_[offset] = before & ~value;
    return;
  }
  registers_[offset] = value;
  if (offset == regs::device_function_reset && value == regs::device_function_reset::start_mask && resets) power_up();
  if (offset == regs::queues_control(0)) control_written(before, value);
  if (offset == regs::queues_completion_head(0) && (value & regs::queues_completion_head::arm_mask) != 0) {
    armed_ = static_cast<std::uint16_t>(value);
    interrupt_if_due();
  }
  if (offset == regs::connection_command) {
    if (commands.size() == command_depth) {
      ++commands_refused;
    } else {
      commands.push_back({static_cast<regs::command_op>(value & regs::connection_command::op_mask),
                          static_cast<std::uint16_t>(value >> regs::connection_command::tag_shift),
                          reg(regs::connection_local_address), reg(regs::connection_foreign_address),
                          reg(regs::connection_ports), reg(regs::connection_handle)});
    }
  }
}

void fake_nic::control_written(std::uint32_t before, std::uint32_t now) {
  const std::uint32_t rising = now & ~before;
  if ((rising & regs::queues_control::rx_enable_mask) != 0) {
    rx_tail_ = 0;
    completion_tail_ = 0;
    armed_.reset();
    rx_halted_ = false;
    EXPECT_EQ(reg(regs::queues_rx_head(0)), 0U);
    EXPECT_EQ(reg(regs::queues_completion_head(0)), 0U);
  }
  if ((rising & regs::queues_control::tx_enable_mask) != 0) {
    EXPECT_NE(before & regs::queues_control::rx_enable_mask, 0U) << "the completion ring starts with the receive side";
    EXPECT_EQ(reg(regs::queues_tx_tail(0)), 0U);
    tx_head_ = 0;
    tx_halted_ = false;
  }
}

msi_message fake_nic::connect(std::function<void()> handler) {
  handlers_.push_back(std::move(handler));
  return {0xfee0'0000, static_cast<std::uint32_t>(handlers_.size() - 1)};
}

void fake_nic::message(unsigned vector) {
  const std::uint32_t entry = vector == 0 ? regs::msix_address(0) : regs::msix_address(1);
  if ((reg(entry + 12) & regs::msix_control::mask_mask) != 0) return;
  EXPECT_EQ(reg64(entry), 0xfee0'0000U);
  if (loses_interrupts) return;
  ++interrupts;
  handlers_.at(reg(entry + 8))();
}

void fake_nic::interrupt_if_due() {
  if (!armed_ || static_cast<std::int16_t>(completion_tail_ - *armed_) <= 0) return;
  armed_.reset();
  message(0);
}

bool fake_nic::phase() const { return (completion_tail_ >> (reg(regs::queues_ring_sizes(0)) & 0x1f) & 1) == 0; }

void fake_nic::write_completion(std::span<std::byte, 32> record) {
  const std::uint32_t entries = 1U << (reg(regs::queues_ring_sizes(0)) & 0x1f);
  const auto unread = static_cast<std::uint16_t>(completion_tail_ - reg(regs::queues_completion_head(0)));
  ASSERT_LT(unread, entries) << "the completion ring overflows";
  std::byte* place = memory_.at(reg64(regs::queues_completion_base(0)) + 32 * (completion_tail_ & (entries - 1)), 32);
  ASSERT_NE(place, nullptr);
  std::memcpy(place, record.data(), record.size());
  ++completion_tail_;
  interrupt_if_due();
}

bool fake_nic::receive(std::vector<std::byte> frame, regs::frame_completion completion) {
  const std::uint32_t size = 1U << reg(regs::queues_rx_size(0));
  const auto rounded = static_cast<std::uint32_t>((frame.size() + 63) / 64 * 64);
  const std::uint32_t to_end = size - rx_tail_ % size;
  const std::uint32_t skipped = rounded > to_end ? to_end : 0;
  const std::uint32_t space = size - (rx_tail_ - reg(regs::queues_rx_head(0)));
  const std::uint32_t entries = 1U << (reg(regs::queues_ring_sizes(0)) & 0x1f);
  const auto unread = static_cast<std::uint16_t>(completion_tail_ - reg(regs::queues_completion_head(0)));
  if ((reg(regs::queues_control(0)) & 1) == 0 || rx_halted_ || skipped + rounded > space || unread == entries)
    return false;
  rx_tail_ += skipped;
  std::byte* place = memory_.at(reg64(regs::queues_rx_base(0)) + rx_tail_ % size, rounded);
  if (place == nullptr) return false;
  std::memset(place, 0, rounded);
  std::memcpy(place, frame.data(), frame.size());
  completion.ring_offset = rx_tail_;
  completion.length = static_cast<std::uint16_t>(frame.size());
  completion.kind = regs::completion_kind::frame;
  completion.phase = phase();
  rx_tail_ += rounded;
  std::array<std::byte, 32> record{};
  completion.encode(record);
  write_completion(record);
  return true;
}

void fake_nic::transmit(std::size_t limit) {
  const std::uint32_t entries = 1U << (reg(regs::queues_ring_sizes(0)) >> 8 & 0x1f);
  while (limit-- > 0 && tx_head_ != static_cast<std::uint16_t>(reg(regs::queues_tx_tail(0))) && !tx_halted_) {
    const std::byte* place = memory_.at(reg64(regs::queues_tx_base(0)) + 16 * (tx_head_ & (entries - 1)), 16);
    ASSERT_NE(place, nullptr);
    const auto descriptor = regs::transmit_descriptor::decode(std::span<const std::byte, 16>(place, 16));
    const std::byte* bytes = memory_.at(descriptor.address, descriptor.length);
    ASSERT_NE(bytes, nullptr);
    gathering_.insert(gathering_.end(), bytes, bytes + descriptor.length);
    ++tx_head_;
    if (!descriptor.end_of_frame) continue;
    sent.push_back({std::exchange(gathering_, {}), descriptor});
    if (!descriptor.completion) continue;
    regs::transmit_completion completion;
    completion.tx_index = tx_head_;
    completion.kind = regs::completion_kind::transmit;
    completion.phase = phase();
    std::array<std::byte, 32> record{};
    completion.encode(record);
    write_completion(record);
  }
}

void fake_nic::answer(regs::command_result result) {
  ASSERT_FALSE(commands.empty());
  regs::command_completion completion;
  completion.tag = commands.front().tag;
  completion.op = commands.front().op;
  completion.result = result;
  completion.kind = regs::completion_kind::command;
  completion.phase = phase();
  commands.pop_front();
  std::array<std::byte, 32> record{};
  completion.encode(record);
  write_completion(record);
}

void fake_nic::raise_event(std::uint32_t bits) {
  const std::uint32_t rising = bits & ~reg(regs::device_event_status);
  registers_[regs::device_event_status] |= bits;
  if ((rising & reg(regs::device_event_enable)) != 0) message(1);
}

void fake_nic::halt(bool receive_side, std::uint64_t address) {
  (receive_side ? rx_halted_ : tx_halted_) = true;
  registers_[regs::device_dma_error_address] = static_cast<std::uint32_t>(address);
  registers_[regs::device_dma_error_address + 4] = static_cast<std::uint32_t>(address >> 32);
  registers_[regs::device_dma_error_source] = receive_side ? 0 : 3;
  raise_event(receive_side
                  ? regs::device_event_status::dma_write_error_mask | regs::device_event_status::rx_halted_mask
                  : regs::device_event_status::dma_read_error_mask | regs::device_event_status::tx_halted_mask);
}

std::vector<std::uint32_t> fake_nic::writes_to(std::uint32_t offset) const {
  std::vector<std::uint32_t> values;
  for (const auto& [where, value] : writes_) {
    if (where == offset) values.push_back(value);
  }
  return values;
}

std::size_t fake_nic::position_of_write(std::uint32_t offset, std::uint32_t value) const {
  const auto found = std::find(writes_.begin(), writes_.end(), std::pair{offset, value});
  EXPECT_NE(found, writes_.end()) << "never written: " << offset << " = " << value;
  return static_cast<std::size_t>(found - writes_.begin());
}

nic_options small_options() {
  nic_options options;
  options.address = {{0x02, 0x11, 0x22, 0x33, 0x44, 0x55}};
  options.hash_secret = 0x1234abcd;
  options.rx_ring_bytes_log2 = 15;
  options.completion_entries_log2 = 4;
  options.tx_entries_log2 = 4;
  options.tx_completion_every = 4;
  options.wait_reads = 100;
  return options;
}

nic_fixture::nic_fixture(const nic_options& options)
    : driver(
          device, memory, device, options, [this] { ++wakes; },
          [this](std::string_view line) { log.emplace_back(line); }) {
  driver.set_receiver(receiver);
  EXPECT_EQ(driver.open(), nic_result::ok);
}

std::vector<std::byte> frame_of(std::size_t bytes, unsigned seed) {
  std::vector<std::byte> frame(bytes);
  for (std::size_t i = 0; i < bytes; ++i) frame[i] = static_cast<std::byte>(seed * 31 + i * 7 + i / 256);
  return frame;
}

}  // namespace fourtuple::driver::test
