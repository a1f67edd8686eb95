// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/programs/program_host.hpp"
#include "host/programs/program_socket.hpp"

namespace fourtuple::programs {

/// The sockets of all programs on the hosts of a world, and who has to be served when.
///
/// Threads: one; the posix_apis' callbacks only mark what is ready.
class socket_table final : public socket_owner {
 public:
  /// `world`: a word that no other world on this machine uses. `files`: an epoll instance of the kernel, which gets the
  /// pairs, each with its handle as data. `on_delivery` runs when a program may have been woken.
  socket_table(std::vector<program_host> hosts, std::string world, int files, std::function<void()> on_delivery);
  ~socket_table() override;

  [[nodiscard]] std::size_t hosts() const noexcept { return hosts_.size(); }
  [[nodiscard]] const program_host* host_named(std::string_view name) const noexcept;
  /// Some host has this address on its network.
  [[nodiscard]] bool knows_network_of(packet::ipv4_address address) const noexcept;
  /// Every host's sockets if the name is empty; nothing if there is no such host. `now_ns`: for the headings.
  [[nodiscard]] std::optional<std::string> show(preload::view what, std::string_view host, std::uint64_t now_ns) const;

  /// A new socket on a host. Results: its handle in `handle`, and 0; or a negative errno.
  int create(const program_host& host, std::uint64_t& handle, descriptor& program_end);
  /// nullptr if there is none; 0 is never a handle.
  [[nodiscard]] program_socket* find(std::uint64_t handle) override;
  /// Serves a socket, and forgets it if the program has closed it.
  void serve(std::uint64_t handle);
  /// Serves the sockets of host number `host` that its stack has something for. False if there were none.
  bool serve_stack(std::size_t host);
  /// The epoll instance in that host's posix_api: readable when serve_stack() has something to do.
  [[nodiscard]] int stack_events(std::size_t host) const noexcept { return stack_events_[host]; }
  /// Looks whether programs have closed sockets that only show it when asked; some of them at each call.
  void reap();

  /// Of all streams, to programs.
  [[nodiscard]] std::uint64_t delivered_bytes() const noexcept { return delivered_bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return sockets_.size(); }
  /// Every socket is closed, as if its program had ended.
  void clear();

 private:
  program_socket* adopt(const program_host& host, int stack_fd, descriptor& program_end) override;
  int reopen(program_socket& socket, descriptor& program_end) override;
  void delivered(std::size_t bytes) override {
    delivered_bytes_ += bytes;
    on_delivery_();
  }
  std::span<std::byte> scratch() override { return scratch_; }
  int watch(const program_host& host, int stack_fd, const socket_pair& pair, std::uint64_t handle);

  std::vector<program_host> hosts_;
  std::string world_;
  int files_;
  std::function<void()> on_delivery_;
  std::vector<int> stack_events_;  // By host.
  std::map<std::uint64_t, std::unique_ptr<program_socket>> sockets_;
  std::uint64_t last_handle_ = 0;
  std::uint64_t delivered_bytes_ = 0;
  std::uint64_t reaped_ = 0;  // Where the next reap() goes on.
  std::array<std::byte, 65536> scratch_;
};

}  // namespace fourtuple::programs
