// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/app/workloads/workload.hpp"

namespace fourtuple::app {

/// A request: its own length and that of the answer that it asks for, both little-endian and in bytes, and padding.
struct request_header {
  static constexpr std::size_t bytes = 16;
  std::uint64_t request_bytes = 0;  ///< With this header; at least `bytes`.
  std::uint64_t response_bytes = 0;

  [[nodiscard]] std::array<std::byte, bytes> to_bytes() const noexcept;
  [[nodiscard]] static request_header from_bytes(const std::array<std::byte, bytes>& bytes) noexcept;
};

/// Answers requests on any number of connections, in one thread with epoll. A client that says something that is no
/// request is closed.
class request_server {
 public:
  request_server(const workload_host& host, std::uint16_t port);
  ~request_server();
  request_server(const request_server&) = delete;
  request_server& operator=(const request_server&) = delete;

  void start();
  /// Accepts nobody any more; its thread ends when the last connection has.
  void close();

  [[nodiscard]] bool done() const noexcept { return done_; }
  [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_; }
  [[nodiscard]] std::uint64_t closed_in_order() const noexcept { return closed_in_order_; }
  [[nodiscard]] std::uint64_t bytes_received() const noexcept { return bytes_received_; }
  /// Empty unless it could not listen.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

 private:
  struct connection {
    std::array<std::byte, request_header::bytes> head{};
    std::size_t head_bytes = 0;
    std::uint64_t request_left = 0;   ///< Of the request behind its head.
    std::uint64_t response_left = 0;  ///< That has not been taken by the socket.
    bool wants_out = false;
  };

  [[nodiscard]] int listen();
  void run();
  void accept_all();
  void serve(int fd);
  [[nodiscard]] bool read_some(int fd, connection& client);
  [[nodiscard]] bool write_some(int fd, connection& client);
  [[nodiscard]] bool take(connection& client, std::size_t bytes);
  void watch(int fd, connection& client);
  void drop(int fd);

  workload_host host_;
  std::uint16_t port_;
  int listener_ = -1;
  int epoll_ = -1;
  bool closing_ = false;
  bool done_ = false;
  std::map<int, connection> connections_;  ///< By descriptor.
  std::vector<std::byte> buffer_;
  std::uint64_t accepted_ = 0;
  std::uint64_t closed_in_order_ = 0;
  std::uint64_t bytes_received_ = 0;
  std::string failure_;
};

}  // namespace fourtuple::app
