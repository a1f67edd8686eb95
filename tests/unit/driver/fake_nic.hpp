// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/driver/nic_driver.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::driver::test {

/// DMA memory on the heap. Remembers what is allocated, and can run out.
class fake_memory final : public dma_memory {
 public:
  [[nodiscard]] dma_region allocate(std::size_t bytes, std::size_t alignment) override;
  void release(const dma_region& region) noexcept override;

  /// The bytes behind a bus address; fails the test and gives nullptr if they are not all allocated.
  [[nodiscard]] std::byte* at(std::uint64_t bus_address, std::size_t bytes);

  std::size_t allocations = 0;         ///< Now.
  std::size_t allocations_left = 100;  ///< allocate() fails after this many.

 private:
  struct block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size;
  };
  std::map<std::uint64_t, block> blocks_;
  std::uint64_t next_address_ = 0x1'0000'0000;
};

/// A device that does what docs/device.md says, when it is told to: tests decide when frames arrive, when descriptors
/// are fetched and when commands are answered. Interrupts come at once.
class fake_nic final : public mmio, public interrupt_controller {
 public:
  explicit fake_nic(fake_memory& memory);

  // mmio
  [[nodiscard]] std::uint32_t read32(std::uint32_t offset) override;
  void write32(std::uint32_t offset, std::uint32_t value) override;
  // interrupt_controller
  [[nodiscard]] msi_message connect(std::function<void()> handler) override;

  /// A frame arrives. `completion` says about it what the device found out; place, length and phase are filled in.
  /// False if it was dropped.
  bool receive(std::vector<std::byte> frame, regs::frame_completion completion = {});
  /// Sends at most `limit` of the frames announced, with the completions that they ask for.
  void transmit(std::size_t limit = ~std::size_t{0});
  /// Answers the oldest command.
  void answer(regs::command_result result = regs::command_result::done);
  /// A queue's side halts with a refused access, and says so.
  void halt(bool receive_side, std::uint64_t address);

  [[nodiscard]] std::uint32_t reg(std::uint32_t offset) const;
  void set_reg(std::uint32_t offset, std::uint32_t value) { registers_[offset] = value; }
  [[nodiscard]] std::uint64_t reg64(std::uint32_t offset) const;
  /// Values written to a register, in order, since forget().
  [[nodiscard]] std::vector<std::uint32_t> writes_to(std::uint32_t offset) const;
  [[nodiscard]] std::size_t position_of_write(std::uint32_t offset, std::uint32_t value) const;
  void forget() { writes_.clear(); }

  struct command {
    regs::command_op op;
    std::uint16_t tag;
    std::uint32_t local_address, foreign_address, ports, handle;
  };
  std::deque<command> commands;  ///< Not answered.
  struct sent_frame {
    std::vector<std::byte> bytes;
    regs::transmit_descriptor descriptor;
  };
  std::vector<sent_frame> sent;
  std::size_t commands_refused = 0;  ///< Written while command_depth were unanswered.
  bool answers = true;               ///< All ones otherwise.
  bool stops = true;                 ///< Goes inactive when disabled.
  bool resets = true;                ///< Ends a function-level reset.
  bool loses_interrupts = false;
  bool table_clears = true;
  unsigned reads_until_ready = 3;  ///< Of the status, before table_ready.
  unsigned interrupts = 0;

 private:
  void write_completion(std::span<std::byte, 32> record);
  [[nodiscard]] bool phase() const;
  void message(unsigned vector);
  void interrupt_if_due();
  void control_written(std::uint32_t before, std::uint32_t now);
  void raise_event(std::uint32_t bits);
  [[nodiscard]] std::uint32_t status() const;
  void power_up();

  fake_memory& memory_;
  std::map<std::uint32_t, std::uint32_t> registers_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> writes_;
  std::vector<std::function<void()>> handlers_;
  std::uint32_t rx_tail_ = 0;
  std::uint16_t completion_tail_ = 0;
  std::uint16_t tx_head_ = 0;
  std::vector<std::byte> gathering_;  ///< Of a frame whose last descriptor has not come.
  std::optional<std::uint16_t> armed_;
  bool rx_halted_ = false;
  bool tx_halted_ = false;
};

/// Writes down what the driver hands up.
class recording_receiver final : public ip::net_device_receiver {
 public:
  void receive(std::span<const packet::sk_buff> list) override {
    lists.push_back(list.size());
    for (const auto& skb : list) {
      frames.emplace_back(skb.frame.begin(), skb.frame.end());
      skbs.push_back(skb);
    }
  }
  void tx_wake() override { ++wakes; }

  std::vector<std::size_t> lists;
  std::vector<std::vector<std::byte>> frames;
  std::vector<packet::sk_buff> skbs;
  unsigned wakes = 0;
};

/// Options with small rings, so that they wrap.
[[nodiscard]] nic_options small_options();

/// A device with its driver, open.
struct nic_fixture {
  explicit nic_fixture(const nic_options& options = small_options());
  fake_memory memory;
  fake_nic device{memory};
  recording_receiver receiver;
  std::vector<std::string> log;
  unsigned wakes = 0;
  nic_driver driver;
};

/// A frame of `bytes` bytes that differs from others of another `seed`.
[[nodiscard]] std::vector<std::byte> frame_of(std::size_t bytes, unsigned seed);

}  // namespace fourtuple::driver::test
