// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "preload/protocol.hpp"

namespace fourtuple::preload {

/// Where the numbers of the library's own descriptors begin: programs count from 0, and select() ends at 1024.
inline constexpr int own_descriptors = 512;

/// What the environment says; read once.
struct settings {
  bool in_world = false;  ///< There is a world and a host; otherwise the library does nothing.
  bool only_world = false;
  char world_path[108] = {};
  char host[most_name_bytes + 1] = {};
};
[[nodiscard]] const settings& program_settings() noexcept;

/// An answer of the world.
struct world_answer {
  std::int32_t result = 0;
  std::uint32_t payload_bytes = 0;
  int carried = -1;  ///< A descriptor that came with it, close-on-exec; the caller's.
  alignas(8) std::byte payload[most_payload_bytes];
};

/// A connection to the world; closed with its owner. Its number is high where that can be, out of the program's way.
class world_connection {
 public:
  world_connection() noexcept;
  ~world_connection();
  world_connection(const world_connection&) = delete;
  world_connection& operator=(const world_connection&) = delete;

  [[nodiscard]] bool valid() const noexcept { return file_ >= 0; }
  [[nodiscard]] int file() const noexcept { return file_; }
  /// Leaves the connection open for ever.
  int release() noexcept;

  /// False if the world has gone. `proof`: the program's descriptor, -1 for none.
  [[nodiscard]] bool send(const request& what, const void* payload, int proof) const noexcept;
  [[nodiscard]] bool receive(world_answer& answer) const noexcept;

 private:
  int file_ = -1;
};

/// One request and its answer, on a connection of its own. False if the world has gone.
[[nodiscard]] bool ask_world(const request& what, const void* payload, int proof, world_answer& answer) noexcept;

/// The descriptor is a socket of a world.
[[nodiscard]] bool is_world_socket(int fd) noexcept;
/// A socket of a world that listens.
[[nodiscard]] bool is_world_listener(int fd) noexcept;

/// SO_ERROR of a world's socket, fetched and cleared: 0 or an errno. ECONNRESET if the world has gone.
[[nodiscard]] int take_error(int fd) noexcept;

}  // namespace fourtuple::preload
