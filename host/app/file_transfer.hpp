// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/app/sha256.hpp"
#include "host/app/tasks.hpp"
#include "host/base/clock.hpp"
#include "host/packet/addresses.hpp"
#include "host/socket/posix_api.hpp"

namespace fourtuple::app {

/// What happened in a transfer; both ends write into one of their own.
struct transfer_results {
  std::uint64_t opened = 0;    ///< Client: connections established. Server: connections accepted.
  std::uint64_t finished = 0;  ///< Closed after everything went as it should.
  std::uint64_t intact = 0;    ///< Server: files whose SHA-256 is the expected one. Client: answers that say so.
  std::uint64_t bytes = 0;     ///< Server: bytes that arrived. Client: bytes written.
  std::vector<std::uint64_t> completion_ns;  ///< Client: from connect() to the server's answer, one per connection.
  std::vector<std::string> errors;           ///< One line each.
  bool done = false;                         ///< No task of this end is left.
};

/// The receiving end: accepts `connections` connections, reads each to its end, compares its SHA-256 with `expected`,
/// answers with the digest that it computed, and closes.
class transfer_server {
 public:
  transfer_server(socket::posix_api& sockets, tasks& spawner, std::uint16_t port, std::uint64_t connections,
                  const sha256_digest& expected);
  void start();
  [[nodiscard]] const transfer_results& results() const noexcept { return results_; }

 private:
  void accept_all();
  void serve(int fd);
  void finish_one();

  socket::posix_api& sockets_;
  tasks& spawner_;
  std::uint16_t port_;
  std::uint64_t connections_;
  std::uint64_t served_ = 0;
  sha256_digest expected_;
  transfer_results results_;
};

/// The sending end: opens `connections` connections at once, writes the file into each, shuts its side down, reads the
/// answer, and closes.
class transfer_client {
 public:
  /// `file` must stay valid.
  transfer_client(socket::posix_api& sockets, tasks& spawner, base::clock& clock, packet::ipv4_address server,
                  std::uint16_t port, std::uint64_t connections, std::span<const std::byte> file);
  void start();
  [[nodiscard]] const transfer_results& results() const noexcept { return results_; }

 private:
  void run_one();
  void transfer();

  socket::posix_api& sockets_;
  tasks& spawner_;
  base::clock& clock_;
  packet::ipv4_address server_;
  std::uint16_t port_;
  std::uint64_t connections_;
  std::uint64_t ended_ = 0;
  std::span<const std::byte> file_;
  sha256_digest digest_;
  transfer_results results_;
};

}  // namespace fourtuple::app
