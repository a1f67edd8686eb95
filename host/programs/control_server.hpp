// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/clock.hpp"
#include "host/programs/control_socket.hpp"
#include "host/programs/descriptor_disposal.hpp"
#include "host/programs/socket_table.hpp"
#include "preload/protocol.hpp"

namespace fourtuple::programs {

/// What a control_server has seen.
struct control_counters {
  std::uint64_t clients = 0;
  std::uint64_t requests = 0;
  std::uint64_t refused_users = 0;      ///< Connections of other users, ended at once.
  std::uint64_t malformed = 0;          ///< Messages that ended their connection.
  std::uint64_t wrong_descriptors = 0;  ///< Requests whose descriptor was not the socket's.
};

/// A world as its programs see it: their requests, their sockets, and in virtual time their sleep.
///
/// Trusts nobody: a client of another user is turned away, lengths and numbers are checked, a request about a socket
/// has to bring a descriptor of it. A client that breaks the rules is disconnected and counted.
///
/// Nothing waits. Threads: one.
class control_server {
 public:
  /// `clock` gives the time that sleep_until means. `on_delivery` runs when a program may have been woken.
  control_server(control_socket listener, std::vector<program_host> hosts, const std::string& world, base::clock& clock,
                 std::function<void()> on_delivery);
  ~control_server();
  control_server(const control_server&) = delete;
  control_server& operator=(const control_server&) = delete;

  /// A descriptor that is readable when serve_files() has something to do.
  [[nodiscard]] int file() const noexcept { return files_.get(); }
  /// Serves what the kernel has: requests, and bytes of programs. False if there was nothing.
  bool serve_files();
  /// Serves what the stacks have, for one host.
  bool serve_stack(std::size_t host);
  [[nodiscard]] socket_table& sockets() noexcept { return sockets_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// The programs live in virtual time, and read it from this file.
  void set_clock_path(std::string path) { clock_path_ = std::move(path); }
  /// Virtual time: when the first of those who sleep has to be woken; never_ns if nobody sleeps.
  [[nodiscard]] std::uint64_t next_wake_up_ns() const noexcept;
  /// Wakes all whose time has come.
  void wake_sleepers();
  [[nodiscard]] int stack_events(std::size_t host) const noexcept { return sockets_.stack_events(host); }
  /// Virtual time: the roots of the programs that are part of the world now; how many have been so far.
  [[nodiscard]] std::vector<pid_t> attached() const;
  [[nodiscard]] std::uint64_t attached_ever() const noexcept { return attached_ever_; }

  [[nodiscard]] const control_counters& counters() const noexcept { return counters_; }

 private:
  struct client {
    descriptor file;
    bool ended = false;  // By the program, and nothing is left in it.
    pid_t process = 0;
    std::uint64_t lingering = 0;  // Handle of the socket whose close it waits for.
    bool waits_for_close = false;
    std::optional<std::uint64_t> wake_up_ns;
    bool attached = false;
  };
  struct incoming;
  struct outgoing;

  void accept_clients();
  /// False: the connection is over.
  bool serve_client(client& from);
  void forget_client(std::uint64_t number);
  /// One message. False: the connection is over.
  bool serve_request(client& from, incoming& message);
  [[nodiscard]] bool handle(client& from, incoming& message, outgoing& answer);
  [[nodiscard]] bool handle_hostwide(client& from, const incoming& message, outgoing& answer, bool& known);
  void handle_socket(client& from, program_socket& socket, const incoming& message, outgoing& answer);
  void make_socket(const incoming& message, outgoing& answer);
  void attach(client& from, const incoming& message, outgoing& answer);
  void resolve(const incoming& message, outgoing& answer) const;
  void show(const incoming& message, outgoing& answer) const;
  [[nodiscard]] bool is_outside(const program_socket& socket, const incoming& message,
                                packet::ipv4_address address) const;
  [[nodiscard]] int bind(const program_socket& socket, const incoming& message) const;
  void connect(program_socket& socket, const incoming& message, outgoing& answer) const;
  void name(const program_socket& socket, bool peer, outgoing& answer) const;
  void get_option(program_socket& socket, const incoming& message, outgoing& answer) const;
  void answer_lingering();
  static bool send(const client& to, const outgoing& answer);

  descriptor_disposal disposal_;
  control_socket listener_;
  std::string path_;
  base::clock& clock_;
  std::function<void()> on_delivery_;
  descriptor files_;
  std::string world_;
  socket_table sockets_;
  std::map<std::uint64_t, client> clients_;
  std::uint64_t last_client_ = 0;
  std::uint64_t turns_ = 0;
  bool accepting_ = true;
  std::string clock_path_;
  std::uint64_t attached_ever_ = 0;
  control_counters counters_;
};

}  // namespace fourtuple::programs
