// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "host/driver/connection_commands.hpp"
#include "host/driver/flow_queues.hpp"
#include "host/driver/nic_queue.hpp"
#include "host/driver/nic_statistics.hpp"
#include "host/driver/nic_watch.hpp"
#include "host/driver/platform.hpp"
#include "host/ip/net_device.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::driver {

/// How the driver sets the device up.
struct nic_options {
  packet::mac_address address;
  std::uint16_t mtu = 1500;  ///< Largest IP packet, in bytes.
  unsigned queues = 4;       ///< Receive queues, 1 to 16; no more than the device has are used.
  unsigned tx_queues = 1;    ///< Transmit queues, 1 to 16; no more than receive queues are used.
  bool promiscuous = false;
  bool all_multicast = false;
  std::uint32_t hash_secret = 0;     ///< Of the connection hash; the stack's own, if it wants to use sk_buff::hash.
  unsigned rx_ring_bytes_log2 = 20;  ///< 15 to 30.
  unsigned completion_entries_log2 = 12;    ///< 4 to 15.
  unsigned tx_entries_log2 = 10;            ///< 4 to 15.
  unsigned tx_completion_every = 32;        ///< Descriptors; 1 to half of the transmit ring.
  std::uint16_t interrupt_completions = 1;  ///< Interrupt moderation; 0 and 1: at the first completion.
  std::uint16_t interrupt_clocks = 0;       ///< Interrupt moderation: clocks of the device after the first one.
  unsigned wait_reads = 100'000;            ///< How often a register is read until it says what is waited for.
};

/// What open() and close() can say.
enum class nic_result : std::uint8_t {
  ok,
  bad_option,       ///< An option is out of its range.
  no_answer,        ///< Reads of the device give all ones.
  wrong_device,     ///< It is not a Fourtuple NIC.
  unknown_version,  ///< It is one with a register map that this driver does not know.
  table_not_ready,  ///< The connection table was not cleared in time.
  no_memory,        ///< The DMA memory is not enough.
  still_active,     ///< The device did not stop in time; its memory was unmapped all the same.
};

/// One line that says what it is and what to look at.
[[nodiscard]] std::string_view describe(nic_result result) noexcept;

/// The driver of the Fourtuple NIC: receive and transmit queues, a pair with an interrupt, NAPI-like polling, the
/// connection table and error events.
///
/// The device spreads frames over the queues evenly by their hash; a connection in the table stays in the queue in
/// which a frame of it came last. One poll serves all queues and hands frames up in the order in which they arrived.
/// A connection is sent by the queue that its hash names, for ever, so its frames keep their order; that is the pair
/// into which its frames come while it is not in the table (Linux: XPS by receive queue). What has no connection is
/// sent by the first one.
///
/// A runner calls it: when `wake` was called, poll_pending() and event_pending() say why. Then it calls poll() until
/// less than the budget was used, then complete(); and handle_event(). From time to time it calls watchdog().
///
/// Nothing here waits or throws but open(), close(), reset(), slot_reset(), handle_event(), watchdog() and
/// device_counters(), which read registers, and allocation of host memory.
///
/// Threads: the stack's, one at a time; interrupts may come on any.
class nic_driver final : public ip::net_device {
 public:
  using log_callback = std::function<void(std::string_view)>;

  /// `device`, `memory` and `interrupts` outlive this. `wake` runs in interrupt context: it notes and wakes. `log` gets
  /// one line for each thing that a person should know of.
  nic_driver(mmio& device, dma_memory& memory, interrupt_controller& interrupts, const nic_options& options,
             std::function<void()> wake, log_callback log);
  /// Closes.
  ~nic_driver() override;

  /// Checks the device, gives it memory and starts it. On an error nothing is held and the device is idle.
  [[nodiscard]] nic_result open();
  /// Stops the device and gives its memory back. What has not been sent by then may be lost. Harmless if not open.
  nic_result close();
  [[nodiscard]] bool is_open() const noexcept { return open_; }
  /// Resets the device's function and brings it up again as it was (Linux: pci_reset_function between a driver's
  /// reset_prepare and reset_done). The stack above only sees frames lost, as on any link; connections are put into the
  /// table again. On an error the device stays down.
  nic_result reset();

  // ip::net_device
  [[nodiscard]] ip::net_device_features features() const noexcept override { return features_; }
  [[nodiscard]] packet::mac_address address() const noexcept override { return options_.address; }
  [[nodiscard]] std::uint16_t mtu() const noexcept override { return options_.mtu; }
  [[nodiscard]] unsigned num_tx_queues() const noexcept override { return used_tx_queues_; }
  [[nodiscard]] unsigned pick_tx(const packet::tx_sk_buff& skb) const noexcept override;
  void set_receiver(ip::net_device_receiver& receiver) noexcept override { receiver_ = &receiver; }
  [[nodiscard]] ip::netdev_tx xmit(const packet::tx_sk_buff& skb) override;
  void flush() override;
  void connection_insert(const packet::connection_tuple& tuple, std::uint32_t handle) override;
  void connection_delete(const packet::connection_tuple& tuple) override;

  /// A queue has interrupted since the last complete().
  [[nodiscard]] bool poll_pending() const noexcept;
  /// Handles completions until `budget` frames have been received or there are no more, hands the frames up in one
  /// list, and gives their space back. Gives the number of frames: less than `budget` means that there was no more.
  std::size_t poll(std::size_t budget);
  /// Asks for the next interrupt (Linux: napi_complete_done). Whatever the device has written since the last poll()
  /// interrupts at once.
  void complete();

  /// The device has reported an event that handle_event() has not looked at.
  [[nodiscard]] bool event_pending() const noexcept;
  /// Finds out what happened, logs it, and restarts queues that have halted.
  void handle_event();

  /// Finds what an interrupt that was lost should have told of, so that poll_pending() or event_pending() says so, and
  /// resets a device that does not send (Linux: a driver's service task, and ndo_tx_timeout). To be called every second
  /// or two, always after the same time: what is found has waited for one to two such periods, a device that does not
  /// send for three. While nothing has passed since the last call, it only looks at host memory.
  void watchdog();

  /// The link to the device has failed, and the device will be in reset when it is there again (Linux:
  /// pci_error_handlers, error_detected with pci_channel_io_frozen). Until slot_reset() nothing is asked of it, and the
  /// stack keeps what it wants to send. In interrupt context.
  void error_detected() noexcept { state_->frozen = true; }
  /// It can be reached again: brings it up as it was (Linux: slot_reset and resume). On an error it stays down.
  nic_result slot_reset();
  /// Open, and nothing has to be done before the device goes on.
  [[nodiscard]] bool running() const noexcept { return open_ && !detached(); }

  [[nodiscard]] const nic_driver_counters& counters() const noexcept { return counters_; }
  [[nodiscard]] const connection_commands& table() const noexcept { return commands_; }
  /// Reads the device's own counters: waits for each.
  [[nodiscard]] std::vector<named_counter> device_counters() { return read_device_counters(device_); }

 private:
  /// Outlives the driver in the interrupt controller's hands.
  struct interrupt_state {
    std::array<std::atomic<bool>, regs::queues_count> queue{};
    std::atomic<bool> event{false};
    std::atomic<std::uint64_t> count{0};
    std::atomic<bool> connected{false};
    std::atomic<bool> frozen{false};  ///< Between error_detected() and slot_reset().
    std::function<void()> wake;
  };

  [[nodiscard]] bool options_valid() const noexcept;
  [[nodiscard]] nic_result identify();
  [[nodiscard]] nic_result clear_table();
  [[nodiscard]] bool wait_for(std::uint32_t offset, std::uint32_t mask, std::uint32_t value);
  void configure();
  void configure_vectors();
  void spread_frames();
  void connect_interrupts();
  void set_masked(bool masked);
  void restart_halted_queues();
  [[nodiscard]] bool restart_queue(unsigned queue);
  [[nodiscard]] bool stop_queues();
  void drain();
  void resume();
  void give_up(std::string_view reason);
  [[nodiscard]] nic_result not_reset(std::string_view reason, nic_result result);
  /// The device takes nothing now (Linux: netif_device_detach).
  [[nodiscard]] bool detached() const noexcept { return restarting_ || state_->frozen; }
  void look_for_missed_interrupts();
  void look_for_missed_events();
  [[nodiscard]] bool transmit_hangs();

  [[nodiscard]] bool fits(const packet::tx_sk_buff& skb) const noexcept;
  /// The frame completion that arrived first of those that the queues show; takes everything else on the way.
  [[nodiscard]] std::optional<unsigned> oldest_frame();
  [[nodiscard]] bool look_at(unsigned queue);
  void take_frame(unsigned queue);
  void take_other(unsigned queue, completion_ring::record record);
  [[nodiscard]] ip::netdev_tx stop_transmit(unsigned queue);
  void announce(unsigned queue);
  void wake_transmit();

  mmio& device_;
  interrupt_controller& interrupts_;
  nic_options options_;
  log_callback log_;
  std::shared_ptr<interrupt_state> state_;
  std::array<msi_message, regs::queues_count> queue_messages_;
  msi_message event_message_;
  ip::net_device_receiver* receiver_ = nullptr;
  ip::net_device_features features_;
  std::vector<std::unique_ptr<nic_queue>> queues_;  ///< All that the options ask for; the first ones transmit.
  unsigned used_queues_ = 1;                        ///< So many of them the device has, too.
  unsigned used_tx_queues_ = 1;                     ///< Of these, so many transmit.
  unsigned device_queues_ = 1;
  /// What a queue shows next, if it is a frame: the low 48 bits of the device's clock at its arrival.
  std::array<std::optional<std::uint64_t>, regs::queues_count> shown_;
  flow_queues flows_;
  connection_commands commands_;
  unsigned command_depth_ = 0;
  std::uint32_t clock_period_ps_ = 0;
  std::vector<packet::sk_buff> list_;                  ///< Frames of one poll.
  std::array<bool, regs::queues_count> tx_stopped_{};  ///< The receiver waits for tx_wake.
  bool restarting_ = false;                            ///< It is taken down and up again.
  nic_watch watch_;
  bool open_ = false;
  nic_driver_counters counters_;
};

}  // namespace fourtuple::driver
