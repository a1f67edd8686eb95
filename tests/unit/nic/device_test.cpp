// SPDX-License-Identifier: Apache-2.0
// Shows that the parts of the model together do what docs/device.md says: delivery and each reason to drop, commands,
// transmit, interrupts, and what a refused DMA access does.
#include "model/nic/device.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <queue>
#include <set>

#include "tests/unit/nic/frame_builder.hpp"

namespace fourtuple::model::nic {
namespace {

using test::build_frame;

constexpr std::uint64_t receive_base = 0x10000;
constexpr std::uint64_t completion_base = 0x40000;
constexpr std::uint64_t transmit_base = 0x50000;
constexpr std::uint64_t data_base = 0x60000;
constexpr std::uint64_t message_address = 0x80000;
constexpr std::uint64_t page_bytes = 4096;

// Host memory that answers when the test says so.
class memory_port final : public device_port {
 public:
  std::uint64_t now = 0;
  std::vector<std::byte> memory = std::vector<std::byte>(0x90000);
  std::set<std::uint64_t> refused_pages;
  std::vector<std::vector<std::byte>> sent;
  std::queue<std::function<void(device&)>> answers;

  std::uint64_t clock() const override { return now; }
  void write_memory(std::uint64_t address, std::span<const std::byte> bytes) override {
    const bool ok = allowed(address);
    if (ok) std::copy(bytes.begin(), bytes.end(), at(address));
    answers.push([ok](device& to) { to.memory_written(ok); });
  }
  void read_memory(std::uint64_t address, std::uint32_t length) override {
    const bool ok = allowed(address);
    const std::vector<std::byte> data(at(address), at(address + length));
    answers.push([ok, data](device& to) { to.memory_read(ok, data); });
  }
  std::uint64_t transmit(std::vector<std::byte> frame) override {
    sent.push_back(std::move(frame));
    return now;
  }
  std::vector<std::byte>::iterator at(std::uint64_t address) {
    return memory.begin() + static_cast<std::ptrdiff_t>(address);
  }

 private:
  [[nodiscard]] bool allowed(std::uint64_t address) const { return !refused_pages.contains(address / page_bytes); }
};

class device_test : public ::testing::Test {
 protected:
  memory_port port;
  device nic{{}, port};

  device_test() {
    write64(regs::device_mac_address, 0x0100'0000'0002);
    write64(regs::queues_rx_base(0), receive_base);
    write(regs::queues_rx_size(0), 15);
    write64(regs::queues_completion_base(0), completion_base);
    write64(regs::queues_tx_base(0), transmit_base);
    write(regs::queues_ring_sizes(0), 4 | 5 << 8);
    write64(regs::msix_address(0), message_address);
    write(regs::msix_data(0), 0x55);
    write(regs::msix_control(0), 0);
    write64(regs::msix_address(16), message_address + 16);
    write(regs::msix_control(16), 0);
  }

  void write(std::uint32_t offset, std::uint32_t value) { nic.write_register(offset, value); }
  void write64(std::uint32_t offset, std::uint64_t value) {
    write(offset, static_cast<std::uint32_t>(value));
    write(offset + 4, static_cast<std::uint32_t>(value >> 32));
  }
  std::uint32_t read(std::uint32_t offset) { return nic.read_register(offset).value(); }
  void enable() {
    write(regs::queues_control(0), 3);
    settle();
  }
  void settle() {
    while (!port.answers.empty()) {
      const auto answer = port.answers.front();
      port.answers.pop();
      answer(nic);
    }
  }
  void receive(const test::frame_spec& spec = {}, bool bad = false) {
    nic.receive(build_frame(spec), bad);
    settle();
  }
  template <typename Record>
  Record record(std::uint32_t index) {
    std::array<std::byte, 32> bytes;
    std::copy_n(port.at(completion_base + 32 * (index % 16)), 32, bytes.begin());
    return Record::decode(bytes);
  }
  regs::frame_completion frame_record(std::uint32_t index) { return record<regs::frame_completion>(index); }

  void descriptor(std::uint16_t index, const regs::transmit_descriptor& content) {
    std::array<std::byte, 16> bytes;
    content.encode(bytes);
    std::copy(bytes.begin(), bytes.end(), port.at(transmit_base + 16U * (index % 32U)));
  }
  void ring(std::uint16_t tail) {
    write(regs::queues_tx_tail(0), tail);
    settle();
  }
  void command(regs::command_op op, std::uint16_t tag) {
    write(regs::connection_command, static_cast<std::uint32_t>(op) | static_cast<std::uint32_t>(tag) << 16);
    settle();
  }
};

TEST_F(device_test, a_frame_is_delivered_with_its_completion) {
  enable();
  const test::frame_spec spec{.payload = {1, 2, 3, 4, 5, 6, 7, 8}};
  receive(spec);
  const auto frame = build_frame(spec);
  EXPECT_TRUE(std::equal(frame.begin(), frame.end(), port.at(receive_base)));
  EXPECT_EQ(frame_record(0).length, frame.size());
  EXPECT_EQ(frame_record(0).packet_class, regs::packet_class::ipv4_tcp);
  EXPECT_TRUE(frame_record(0).phase);
  EXPECT_EQ(read(regs::queues_rx_tail(0)), 64U);
  EXPECT_EQ(read(regs::queues_completion_tail(0)), 1U);
  EXPECT_EQ(read(regs::counter_rx_delivered), 1U);
  EXPECT_EQ(read(regs::counter_table_miss), 1U);
}

TEST_F(device_test, the_last_line_is_zero_beyond_the_frame) {
  enable();
  std::fill_n(port.at(receive_base), 128, std::byte{0xee});
  receive({.payload = std::vector<std::uint8_t>(20, 7)});  // 74 bytes.
  EXPECT_TRUE(std::all_of(port.at(receive_base + 74), port.at(receive_base + 128),
                          [](std::byte value) { return value == std::byte{0}; }));
}

TEST_F(device_test, reasons_to_drop_in_order) {
  receive();
  EXPECT_EQ(read(regs::counter_rx_drop_disabled), 1U);
  enable();
  test::frame_spec wrong{.destination = {2, 9, 9, 9, 9, 9}, .pad_to_minimum = false};
  receive(wrong, true);
  EXPECT_EQ(read(regs::counter_rx_drop_mac_error), 1U);
  receive(wrong);  // 54 bytes.
  EXPECT_EQ(read(regs::counter_rx_drop_too_short), 1U);
  wrong.payload.resize(1600);
  receive(wrong);
  EXPECT_EQ(read(regs::counter_rx_drop_too_long), 1U);
  wrong.payload.resize(100);
  receive(wrong);
  EXPECT_EQ(read(regs::counter_rx_drop_filtered), 1U);
  EXPECT_EQ(read(regs::counter_rx_frames), 5U);
  EXPECT_EQ(read(regs::counter_rx_delivered), 0U);
}

TEST_F(device_test, completion_ring_full_drops_and_goes_on_in_the_second_round) {
  enable();
  for (int i = 0; i < 20; ++i) receive();
  EXPECT_EQ(read(regs::counter_rx_delivered), 16U);
  EXPECT_EQ(read(regs::counter_rx_drop_completion_full), 4U);
  EXPECT_EQ(read(regs::queues_rx_tail(0)), 16U * 64U);
  write(regs::queues_completion_head(0), 1);
  receive();
  EXPECT_FALSE(frame_record(16).phase);
  EXPECT_EQ(frame_record(16).ring_offset, 16U * 64U);
}

TEST_F(device_test, ring_full_comes_before_completion_full) {
  enable();
  write(regs::device_max_frame, 9600);
  const test::frame_spec large{.payload = std::vector<std::uint8_t>(9500)};
  for (int i = 0; i < 4; ++i) receive(large);
  EXPECT_EQ(read(regs::counter_rx_delivered), 3U);
  EXPECT_EQ(read(regs::counter_rx_drop_ring_full), 1U);
}

TEST_F(device_test, device_buffer_full_while_memory_does_not_answer) {
  enable();
  write(regs::device_max_frame, 9600);
  write(regs::queues_rx_size(0), 20);
  const auto frame = build_frame({.payload = std::vector<std::uint8_t>(9500)});
  for (int i = 0; i < 7; ++i) nic.receive(frame, false);
  EXPECT_EQ(read(regs::counter_rx_drop_fifo_full), 1U);
  settle();
  nic.receive(frame, false);
  EXPECT_EQ(read(regs::counter_rx_delivered), 7U);
}

TEST_F(device_test, refused_receive_write_halts_until_enabled_again) {
  enable();
  write(regs::device_event_enable, 0x1f);
  port.refused_pages = {receive_base / page_bytes};
  receive();
  EXPECT_EQ(read(regs::queues_status(0)), 0x7U);  // Both active, receive halted.
  EXPECT_EQ(read(regs::device_event_status), 0x5U);
  EXPECT_EQ(read(regs::device_dma_error_address), receive_base);
  EXPECT_EQ(read(regs::device_dma_error_source), 0U);
  EXPECT_EQ(read(regs::counter_dma_write_errors), 1U);
  EXPECT_EQ(read(regs::counter_interrupts), 2U);  // Two events went from 0 to 1.
  receive();
  EXPECT_EQ(read(regs::counter_rx_drop_disabled), 1U);
  port.refused_pages.clear();
  write(regs::queues_control(0), 2);
  EXPECT_EQ(read(regs::queues_status(0)), 0x6U);
  write(regs::queues_control(0), 3);
  receive();
  EXPECT_EQ(read(regs::queues_status(0)), 0x3U);
  EXPECT_EQ(read(regs::queues_completion_tail(0)), 1U);
  write(regs::device_event_status, 0x1f);
  EXPECT_EQ(read(regs::device_event_status), 0U);
}

TEST_F(device_test, commands_are_answered_in_the_ring_and_in_result) {
  enable();
  write(regs::connection_local_address, 0x0100000a);
  write(regs::connection_foreign_address, 0x0200000a);
  write(regs::connection_ports, 80U << 16 | 0x409c);
  write(regs::connection_handle, 0xabcd);
  command(regs::command_op::query, 1);
  command(regs::command_op::insert, 2);
  command(regs::command_op::query, 3);
  const auto answer = record<regs::command_completion>(2);
  EXPECT_EQ(answer.tag, 3);
  EXPECT_EQ(answer.op, regs::command_op::query);
  EXPECT_EQ(answer.handle, 0xabcdU);
  EXPECT_EQ(record<regs::command_completion>(0).result, regs::command_result::not_found);
  EXPECT_EQ(read(regs::connection_result), 3U << 16);
  EXPECT_EQ(read(regs::connection_result_handle), 0xabcdU);
  receive();
  EXPECT_TRUE(frame_record(3).hit);
  EXPECT_EQ(frame_record(3).handle, 0xabcdU);
  command(regs::command_op::flush, 4);
  EXPECT_EQ(read(regs::connection_entries), 0U);
}

TEST_F(device_test, answers_wait_for_completion_space_and_too_many_commands_are_dropped) {
  enable();
  for (int i = 0; i < 16; ++i) receive();
  for (std::uint16_t tag = 0; tag < 20; ++tag) command(regs::command_op::query, tag);
  EXPECT_EQ(read(regs::connection_result) >> 8 & 0xff, 16U);
  EXPECT_EQ(read(regs::counter_commands_dropped), 4U);
  write(regs::queues_completion_head(0), 16);
  settle();
  EXPECT_EQ(read(regs::connection_result) >> 8 & 0xff, 0U);
  EXPECT_EQ(record<regs::command_completion>(31).tag, 15);
}

TEST_F(device_test, answers_are_only_in_result_while_the_queue_is_disabled) {
  command(regs::command_op::query, 9);
  EXPECT_EQ(read(regs::connection_result) >> 16, 9U);
  EXPECT_EQ(read(regs::queues_completion_tail(0)), 0U);
}

TEST_F(device_test, transmit_gathers_pads_and_puts_the_checksum_in) {
  enable();
  std::vector<std::byte> frame = build_frame({.payload = {1, 2, 3}, .pad_to_minimum = false});
  auto partial = frame;
  // The field holds the pseudo-header's sum: 10.0.0.2, 10.0.0.1, protocol 6, length 23.
  partial[50] = std::byte{0x14};
  partial[51] = std::byte{0x20};
  std::copy(partial.begin(), partial.begin() + 33, port.at(data_base + 4090));  // Across a page, odd lengths.
  std::copy(partial.begin() + 33, partial.end(), port.at(data_base + 1));
  descriptor(0, {.address = data_base + 4090, .length = 33});
  descriptor(1, {.address = data_base + 1,
                 .length = static_cast<std::uint32_t>(partial.size() - 33),
                 .end_of_frame = true,
                 .checksum = true,
                 .completion = true,
                 .checksum_start = 34,
                 .checksum_offset = 16});
  ring(2);
  ASSERT_EQ(port.sent.size(), 1U);
  frame.resize(60);
  EXPECT_EQ(port.sent[0], frame);
  EXPECT_EQ(read(regs::queues_tx_head(0)), 2U);
  EXPECT_EQ(record<regs::transmit_completion>(0).tx_index, 2);
  EXPECT_EQ(record<regs::transmit_completion>(0).kind, regs::completion_kind::transmit);
  EXPECT_EQ(read(regs::counter_tx_checksum_inserted), 1U);
  EXPECT_EQ(read(regs::counter_tx_bytes), 60U);
}

TEST_F(device_test, transmit_rules_are_checked_frame_by_frame) {
  enable();
  const regs::transmit_descriptor good{.address = data_base, .length = 60, .end_of_frame = true};
  std::vector<regs::transmit_descriptor> descriptors = {good, good, good, good, good, good, good};
  descriptors[0].length = 0;
  descriptors[1].length = 13;
  descriptors[2].length = 16384;
  descriptors[3].tso = true;
  descriptors[4].checksum = true;
  descriptors[4].checksum_start = 40;
  descriptors[4].checksum_offset = 19;  // One byte too far.
  descriptors[5].checksum = true;
  descriptors[5].checksum_start = 40;
  descriptors[5].checksum_offset = 18;
  for (std::uint16_t i = 0; i < descriptors.size(); ++i) descriptor(i, descriptors[i]);
  ring(7);
  EXPECT_EQ(read(regs::counter_tx_drop_descriptor), 5U);
  EXPECT_EQ(read(regs::counter_tx_frames), 2U);
  EXPECT_EQ(read(regs::queues_tx_head(0)), 7U);
}

TEST_F(device_test, unreadable_bytes_drop_a_frame_and_an_unreadable_descriptor_halts) {
  enable();
  descriptor(0, {.address = data_base, .length = 60, .end_of_frame = true});
  descriptor(1, {.address = data_base + page_bytes, .length = 60, .end_of_frame = true});
  port.refused_pages = {data_base / page_bytes};
  ring(2);
  EXPECT_EQ(read(regs::counter_tx_drop_dma_error), 1U);
  EXPECT_EQ(read(regs::counter_tx_frames), 1U);
  EXPECT_EQ(read(regs::device_event_status), 2U);
  port.refused_pages = {transmit_base / page_bytes};
  ring(3);
  EXPECT_EQ(read(regs::queues_status(0)), 0xbU);
  EXPECT_EQ(read(regs::device_event_status), 0xaU);
  EXPECT_EQ(read(regs::queues_tx_head(0)), 2U);
}

TEST_F(device_test, a_large_packet_becomes_segments) {
  enable();
  // Ethernet, IPv4 with a good checksum for length 0 and identification 0xffff, TCP with all flags; 2500 bytes behind.
  std::array<std::byte, 54 + 2500> packet{};
  for (std::size_t i = 54; i < packet.size(); ++i) packet[i] = static_cast<std::byte>(i * 3);
  packet[14] = std::byte{0x45};
  packet[18] = packet[19] = std::byte{0xff};
  packet[24] = std::byte{0xba};  // ~(0x4500 + 0xffff)
  packet[25] = std::byte{0xff};
  packet[46] = std::byte{0x50};
  packet[47] = std::byte{0xff};
  std::copy(packet.begin(), packet.end(), port.at(data_base));
  std::array<std::byte, 16> bytes;
  regs::transmit_descriptor{.address = data_base,
                            .length = packet.size(),
                            .end_of_frame = true,
                            .checksum = true,
                            .tso = true,
                            .header_length = 54,
                            .checksum_start = 34,
                            .checksum_offset = 16,
                            .mss = 1000}
      .encode(bytes);
  std::copy(bytes.begin(), bytes.end(), port.at(transmit_base));
  ring(1);
  ASSERT_EQ(port.sent.size(), 3U);
  const auto word = [](const auto& frame, std::size_t at) {
    return std::to_integer<unsigned>(frame[at]) << 8 | std::to_integer<unsigned>(frame[at + 1]);
  };
  const auto sum = [&](const auto& frame, std::size_t from, std::size_t to, std::uint64_t so_far) {
    for (std::size_t at = from; at < to; at += 2) so_far += word(frame, at);
    while (so_far > 0xffff) so_far = (so_far & 0xffff) + (so_far >> 16);
    return so_far;
  };
  const std::array<std::size_t, 3> sizes{1054, 1054, 554};
  const std::array<unsigned, 3> ids{0xffff, 0, 1};
  const std::array<unsigned, 3> flags{0xf6, 0x76, 0x7f};  // FIN and PSH last, CWR first
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& frame = port.sent[i];
    ASSERT_EQ(frame.size(), sizes[i]);
    EXPECT_EQ(word(frame, 16), sizes[i] - 14);
    EXPECT_EQ(word(frame, 18), ids[i]);
    EXPECT_EQ(sum(frame, 14, 34, 0), 0xffffU);
    EXPECT_EQ(word(frame, 40), 1000 * i) << "sequence number";
    EXPECT_EQ(std::to_integer<unsigned>(frame[47]), flags[i]);
    EXPECT_EQ(sum(frame, 34, frame.size(), frame.size() - 34), 0xffffU);
    EXPECT_TRUE(std::equal(frame.begin() + 54, frame.end(), packet.begin() + 54 + 1000 * static_cast<int>(i)));
  }
  EXPECT_EQ(read(regs::counter_tx_tso_frames), 1U);
  EXPECT_EQ(read(regs::counter_tx_tso_segments), 3U);
  EXPECT_EQ(read(regs::counter_tx_frames), 3U);
}

TEST_F(device_test, as_many_descriptors_as_a_frame_may_have) {
  write(regs::queues_ring_sizes(0), 4 | 8 << 8);
  enable();
  // Frames of 100, 64 and 65 descriptors.
  for (std::uint16_t i = 0; i < 229; ++i) {
    std::array<std::byte, 16> bytes;
    regs::transmit_descriptor{.address = data_base + i, .length = 1, .end_of_frame = i == 99 || i == 163 || i == 228}
        .encode(bytes);
    std::copy(bytes.begin(), bytes.end(), port.at(transmit_base + 16U * i));
    *port.at(data_base + i) = static_cast<std::byte>(i);
  }
  ring(229);
  ASSERT_EQ(port.sent.size(), 1U);
  EXPECT_EQ(port.sent[0].size(), 64U);
  EXPECT_EQ(port.sent[0][63], std::byte{163});
  EXPECT_EQ(read(regs::counter_tx_drop_descriptor), 2U);
  EXPECT_EQ(read(regs::queues_tx_head(0)), 229U);
}

TEST_F(device_test, an_armed_queue_interrupts_once) {
  enable();
  write(regs::queues_completion_head(0), 0x8000'0000);
  receive();
  receive();
  EXPECT_EQ(read(regs::counter_interrupts), 1U);
  EXPECT_EQ(*port.at(message_address), std::byte{0x55});
  write(regs::queues_completion_head(0), 0x8000'0001);  // One is there already.
  EXPECT_EQ(read(regs::counter_interrupts), 2U);
}

TEST_F(device_test, moderation_by_time_is_the_timer) {
  write(regs::queues_moderation(0), 4 | 50 << 16);
  enable();
  write(regs::queues_completion_head(0), 0x8000'0000);
  port.now = 1000;
  receive();
  EXPECT_EQ(nic.next_timer(), 1050U);
  port.now = 1050;
  nic.on_timer();
  EXPECT_EQ(read(regs::counter_interrupts), 1U);
}

TEST_F(device_test, refused_register_accesses_are_counted) {
  EXPECT_EQ(nic.read_register(0xfffc), std::nullopt);
  write(regs::device_id, 0);
  nic.refuse_register_access();
  EXPECT_EQ(read(regs::counter_register_errors), 3U);
  EXPECT_EQ(read(regs::device_event_status), 0x10U);
}

}  // namespace
}  // namespace fourtuple::model::nic
