// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "host/base/seeded_random.hpp"
#include "host/socket/posix_api.hpp"
#include "host/stack/host_stack.hpp"
#include "interfaces/packetdrill/interface_flags.hpp"
#include "interfaces/packetdrill/tool_link.hpp"
#include "interfaces/packetdrill/virtual_time.hpp"

namespace fourtuple::packetdrill {

/// One host as a test tool drives it: a stack with its socket calls, a link to the tool with or without a NIC, and time
/// that moves when the tool looks at it or sleeps.
///
/// Threads: any may make socket calls. The one that made this object, or that last slept or asked for packets, moves
/// the time; calls of the others may block.
class scripted_host final : private timed_events {
 public:
  /// Longest time that receive() lets pass while it waits for a packet.
  static constexpr std::uint64_t receive_patience_ns = 600 * base::ns_per_s;

  explicit scripted_host(const interface_flags& flags);
  ~scripted_host() override;

  /// Its descriptors are live ones of the operating system: an eventfd each.
  [[nodiscard]] socket::posix_api& api() noexcept { return *api_; }
  /// posix_api::socket() after the settings were read anew.
  int socket(int domain, int type, int protocol);
  /// To be called after each call of api() from the thread that moves the time: lets those go on whom it has woken.
  void settle();

  /// A packet from the tool, and the time that it takes to reach the stack. False if it cannot be one of IPv4, or is
  /// too large for the link.
  bool receive_packet(std::span<const std::byte> packet);
  /// The next packet for the tool; time moves on until there is one, but not for long without.
  [[nodiscard]] std::optional<sent_packet> send_packet();
  /// Lets so much time pass.
  void sleep(std::uint64_t duration_ns);
  /// Reads the clock, which takes a microsecond; for a thread whose call has just slept, the time at which that was
  /// over.
  [[nodiscard]] std::uint64_t read_clock_ns();

 private:
  class lock_guard;

  [[nodiscard]] std::uint64_t next_deadline_ns() const override;
  void run() override;

  std::string sysctl_root_;
  virtual_time time_;
  base::seeded_random random_;
  // What the stack refers to outlives it; what the link asks of the stack it is told when it is made.
  std::unique_ptr<tool_link> link_;
  stack::host_stack stack_;
  std::unique_ptr<socket::posix_api> api_;
};

}  // namespace fourtuple::packetdrill
