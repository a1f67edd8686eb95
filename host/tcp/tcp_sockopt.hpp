// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>

#include "host/tcp/tcp_sock.hpp"

// Socket options by level (Linux: sk_setsockopt, do_ip_setsockopt, do_tcp_setsockopt). Setting: 0 or a negative errno;
// getting: how many bytes were written, or a negative errno. docs/sockets.md lists them.
namespace fourtuple::tcp {

int sock_setsockopt(tcp_sock& tp, int name, std::span<const std::byte> value);
int sock_getsockopt(tcp_sock& tp, int name, std::span<std::byte> value);
int ip_setsockopt(tcp_sock& tp, int name, std::span<const std::byte> value);
int ip_getsockopt(tcp_sock& tp, int name, std::span<std::byte> value);

/// The option's value, if there is that much of it.
template <typename T>
std::optional<T> read_option(std::span<const std::byte> value) noexcept {
  T result{};
  if (value.size() < sizeof result) return std::nullopt;
  std::memcpy(&result, value.data(), sizeof result);
  return result;
}

/// As much of it as there is room for (getsockopt(2)).
template <typename T>
int write_option(std::span<std::byte> to, const T& value) noexcept {
  const std::size_t count = std::min(to.size(), sizeof value);
  if (count != 0) std::memcpy(to.data(), &value, count);
  return static_cast<int>(count);
}

}  // namespace fourtuple::tcp
