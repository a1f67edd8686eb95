// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/programs/control_server.hpp"
#include "tests/support/virtual_threads.hpp"

namespace fourtuple::programs {

/// What came back for a request.
struct answer {
  bool connected = false;  ///< The world answered at all.
  std::int32_t result = 0;
  std::vector<std::byte> payload;
  descriptor carried;
};

/// A world of two hosts in virtual time, "client" and "server", and programs that are in this very process: they hold
/// their ends of the pairs, and send requests as the library does.
class world_fixture : public testing::Test {
 public:
  world_fixture();
  ~world_fixture() override;

  /// Everything that can be done now, and so many milliseconds of the network.
  void run_ms(std::uint64_t ms = 50);
  void serve();

  [[nodiscard]] descriptor connect_to_world() const;
  static bool send_request(int connection, preload::request what, std::span<const std::byte> payload, int proof = -1);
  /// One packet of any content, with any descriptors.
  static bool send_packet(int connection, std::span<const std::byte> content, std::span<const int> files);
  static answer receive_answer(int connection);
  /// One request on a connection of its own.
  answer ask(preload::request what, std::span<const std::byte> payload = {}, int proof = -1);

  /// The calls of a program.
  descriptor socket(std::string_view host);
  int bind(const descriptor& fd, std::uint16_t port, std::uint32_t address = 0);
  int listen(const descriptor& fd, int backlog = 8);
  answer connect(const descriptor& fd, std::uint16_t port, std::uint32_t address);
  int set(const descriptor& fd, int level, int name, const void* value, std::size_t bytes);
  int option(const descriptor& fd, int level, int name);
  /// What is in the listener's pair; nothing if there is none.
  static descriptor accept(const descriptor& listener);
  static std::string read(const descriptor& fd, std::size_t bytes = 4096);  ///< Or "errno N".
  static ssize_t write(const descriptor& fd, std::string_view text);
  static int events(const descriptor& fd);

  /// A connection from a program on "client" to one on "server".
  void connect_both(std::uint16_t port = 2222);
  void fill_listener(std::uint16_t port);

  static constexpr std::uint32_t client_address = 0xc0a80001;
  static constexpr std::uint32_t server_address = 0xc0a80002;

  std::filesystem::path directory;
  support::virtual_sockets hosts;
  std::unique_ptr<control_server> server;
  unsigned deliveries = 0;
  descriptor listener;
  descriptor near;
  descriptor far;
};

}  // namespace fourtuple::programs
