// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>

#include "tests/support/virtual_network.hpp"

namespace fourtuple::support {

/// A peer that says what a script tells it to, segment by segment, to the one stack of a network (host 0).
///
/// Segments are written as tcpdump shows them, with numbers relative to each side's initial sequence number:
/// "S 0:0(0) win 65535 <mss 1460,sackOK>", "P. 1:101(100) ack 1", "R 1:1(0)". The peer's own initial number is 1000.
class scripted_peer final : public ip::net_device_receiver {
 public:
  static constexpr std::uint32_t initial_sequence = 1000;

  explicit scripted_peer(const network_settings& settings = default_settings());
  /// The wire takes no time: what a stack answers is there at once.
  [[nodiscard]] static network_settings default_settings();

  [[nodiscard]] virtual_network& network() noexcept { return network_; }
  [[nodiscard]] tcp::tcp& tcp() noexcept { return network_.tcp(0); }

  /// Ports of the segments that are sent: the peer's, and the stack's.
  void set_ports(std::uint16_t own, std::uint16_t stacks) noexcept;
  /// Says it.
  void send(std::string_view segment);
  /// Says these in one poll of the stack's device.
  void send_together(std::initializer_list<std::string_view> segments);
  /// Says it with bytes of a frame changed first, checksums not repaired.
  void send_damaged(std::string_view segment, std::size_t byte_from_end);
  /// The next segment of the stack within `within_ms` must be this. Window and options are compared if `segment` has
  /// them; "<...>" stands for any options.
  void expect(std::string_view segment, std::uint64_t within_ms = 0);
  /// The next segments must be full ones of `mss` bytes from `from` to `to`, sent in units of `unit` segments: PSH is
  /// on the last of each unit of several, and on the last of all if `push`.
  void expect_units(int from, int to, bool push = true, int mss = 1000, int unit = 2);
  /// The next segment must be this, and come `after_ms` from now, give or take a millisecond.
  void expect_after(std::uint64_t after_ms, std::string_view segment);
  /// Takes the next segment that has come already, whatever it is; false if there is none.
  [[nodiscard]] bool next() { return wait(0); }
  /// Lets go of what has come already.
  void drain() { inbox_.clear(); }
  /// The stack must not say anything for so long.
  void expect_silence(std::uint64_t ms);
  void run_for_ms(std::uint64_t ms) { network_.run_for_ms(ms); }

  /// Of the last segment that expect() took.
  [[nodiscard]] const captured_segment& last() const noexcept { return last_; }

  /// A connection that the stack opened to, or accepted from, the peer. `options`: of the peer's SYN or SYN-ACK.
  [[nodiscard]] endpoint accept_from_peer(std::string_view options = "<mss 1460>", std::uint16_t window = 65535);
  [[nodiscard]] endpoint connect_to_peer(std::string_view options = "<mss 1460>", std::uint16_t window = 65535);
  /// Accepted with a handshake that took so long; its last ACK has this window, as it stands in the header.
  [[nodiscard]] endpoint accept_after(std::uint64_t rtt_ms, std::string_view options = "<mss 1000,sackOK>",
                                      std::uint16_t window = 65535);
  [[nodiscard]] endpoint listen(std::uint16_t port = 8080, int backlog = 1);

  void receive(std::span<const packet::sk_buff> list) override;
  void tx_wake() override {}

 private:
  [[nodiscard]] captured_segment make(std::string_view text) const;
  /// The next segment of the stack, or none within the time.
  [[nodiscard]] bool wait(std::uint64_t within_ms);
  void compare(std::string_view text);

  virtual_network network_;
  std::deque<captured_segment> inbox_;
  captured_segment last_;
  std::uint16_t own_port_ = 40000;
  std::uint16_t stacks_port_ = 8080;
  std::uint32_t stacks_isn_ = 0;
};

}  // namespace fourtuple::support
