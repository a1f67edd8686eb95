// SPDX-License-Identifier: Apache-2.0
#pragma once

// The kernel's header, whose tcp_info is whole; glibc's <netinet/tcp.h> cannot be included beside it.
#include <linux/tcp.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "interfaces/packetdrill/packetdrill_interface.h"
#include "tests/support/frames.hpp"

namespace fourtuple::support {

/// A call in a thread of its own, which the script waits for later.
class blocking_call {
 public:
  /// Waits for its end: the result must be `result` (negative: an errno) and the time `after_ms` from the last event.
  void returns(std::int64_t result, double after_ms = 0);
  /// Waits for its end, whenever it was.
  void returns_some(std::int64_t result);

 private:
  friend class script;
  struct outcome {
    std::int64_t result = 0;
    std::int64_t time_us = 0;
  };
  class script* of_ = nullptr;
  std::future<outcome> end_;
  std::thread thread_;

 public:
  blocking_call() = default;
  blocking_call(blocking_call&&) = default;
  blocking_call& operator=(blocking_call&&) = default;
  ~blocking_call();
};

/// A script against whatever implements packetdrill_interface: what arrives, what must leave and when, and what the
/// program does meanwhile. The script plays the peer, 192.0.2.1; the stack is 192.168.0.1.
///
/// Segments are written as tcpdump shows them, with numbers relative to each side's initial one; "tos N" behind them is
/// the byte of the IPv4 header. Timestamps of the stack count from 100 at the first one that it sends. Times are
/// milliseconds since the event before.
///
/// The object is the one that was built, or that FOURTUPLE_PACKETDRILL_OBJECT names: one over the kernel's own sockets
/// shows what Linux does. FOURTUPLE_PACKETDRILL_FLAGS are flags for all scripts.
class script {
 public:
  /// The peer's usual options.
  static constexpr std::string_view usual = "<mss 1000,sackOK,wscale 7>";
  static constexpr std::string_view usual_ts = "<mss 1000,sackOK,TS val 1000 ecr 0,wscale 7>";

  explicit script(const std::string& flags = {});
  ~script();
  script(const script&) = delete;
  script& operator=(const script&) = delete;

  /// A setting, as a script's sysctl line makes it ("net/ipv4/tcp_ecn", "1"); holds for sockets made afterwards.
  void sysctl(const std::string& name, const std::string& value);

  // The wire.
  void in(double after_ms, std::string_view segment);
  /// A destination unreachable about a segment of the stack that starts at `seq`; with code 4, fragmentation needed,
  /// `mtu` is the next hop's.
  void in_unreachable(double after_ms, std::uint32_t seq, std::uint8_t code, std::uint16_t mtu = 0);
  void in_frag_needed(double after_ms, std::uint32_t seq, std::uint16_t mtu) { in_unreachable(after_ms, seq, 4, mtu); }
  /// The next packet must be this and leave then. Window and options are compared if they are written; "<...>" stands
  /// for any options.
  void out(double after_ms, std::string_view segment);
  /// Payload of the next packet that leaves, whatever it is.
  std::size_t next_bytes();
  /// Nothing leaves for so long.
  void silence(double ms);
  void wait(double ms);
  [[nodiscard]] const captured_segment& last() const noexcept { return last_; }

  // What a program does. Results are the call's, or a negative errno.
  template <typename Call>
  std::int64_t call(const Call& body) {
    errno = 0;
    const std::int64_t result = body(functions_);
    return result < 0 ? -std::int64_t{errno} : result;
  }
  /// Runs in a thread of its own; comes back when that sleeps or is done.
  [[nodiscard]] blocking_call blocking(std::function<std::int64_t(const packetdrill_interface&)> body);
  int socket();
  /// A socket that listens on 8080, non-blocking accept.
  int listen(int backlog = 1);
  int bind(int fd);
  std::int64_t accept(int fd);
  std::int64_t connect(int fd);
  std::int64_t write(int fd, std::size_t bytes);
  std::int64_t send(int fd, std::size_t bytes, int flags);
  std::int64_t read(int fd, std::size_t bytes);
  std::int64_t recv(int fd, std::size_t bytes, int flags);
  std::int64_t close(int fd);
  std::int64_t shutdown(int fd, int how);
  std::int64_t set(int fd, int level, int name, int value);
  std::int64_t get(int fd, int level, int name);
  tcp_info info(int fd);
  std::int64_t ioctl(int fd, unsigned long request);
  void set_nonblocking(int fd);
  std::uint32_t poll(int fd, short events);

  /// An accepted connection; the peer's options and window.
  int accept_connection(std::string_view options = usual, std::string_view window = "257", double rtt_ms = 100);
  /// A non-blocking socket that is to connect; its SYN comes next.
  int begin_connection();
  /// A connected socket, non-blocking, likewise.
  int connect_connection(std::string_view options = usual, std::string_view window = "65535", double rtt_ms = 100);

  [[nodiscard]] const packetdrill_interface& functions() const noexcept { return functions_; }
  [[nodiscard]] std::int64_t now_us() const;
  /// Moves the point from which times count to now.
  void mark() { event_us_ = now_us(); }

 private:
  friend class blocking_call;
  void send_segment(const captured_segment& segment);
  void wait_until(std::int64_t time_us);
  void check_time(std::int64_t time_us, double after_ms, std::string_view what);
  [[nodiscard]] std::optional<captured_segment> receive();
  void compare(std::string_view text, captured_segment said);
  [[nodiscard]] std::string relative(captured_segment said, bool window, bool options) const;

  /// A directory that goes with the script, also if that was never complete.
  struct temporary_directory {
    std::string name;
    temporary_directory() = default;
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;
    ~temporary_directory();
  };
  temporary_directory own_sysctls_;
  std::string sysctls_;  // own_sysctls_, or /proc/sys of the kernel.
  void* object_ = nullptr;
  packetdrill_interface functions_{};
  bool real_time_ = false;
  std::int64_t event_us_ = 0;
  std::deque<captured_segment> inbox_;
  captured_segment last_;
  std::uint16_t peer_port_ = 40000;
  std::uint16_t stack_port_ = 8080;
  std::uint32_t stack_isn_ = 0;
  std::optional<std::uint32_t> first_timestamp_;
};

}  // namespace fourtuple::support
