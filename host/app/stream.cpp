// SPDX-License-Identifier: Apache-2.0
#include "host/app/stream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <system_error>

namespace fourtuple::app {

namespace {
sockaddr_in address_of(packet::ipv4_address address, std::uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(address.value);
  in.sin_port = htons(port);
  return in;
}
}  // namespace

void descriptor::close() noexcept {
  if (fd_ >= 0) sockets_->close(fd_);
  fd_ = -1;
}

int listen_on(socket::posix_api& sockets, std::uint16_t port, int backlog) {
  const int fd = sockets.socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return fd;
  const int on = 1;
  const sockaddr_in address = address_of({}, port);
  int error = sockets.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (error == 0) error = sockets.bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (error == 0) error = sockets.listen(fd, backlog);
  if (error == 0) return fd;
  sockets.close(fd);
  return error;
}

int connect_to(socket::posix_api& sockets, packet::ipv4_address address, std::uint16_t port) {
  const int fd = sockets.socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return fd;
  const sockaddr_in peer = address_of(address, port);
  const int error = sockets.connect(fd, reinterpret_cast<const sockaddr*>(&peer), sizeof peer);
  if (error == 0) return fd;
  sockets.close(fd);
  return error;
}

int write_all(socket::posix_api& sockets, int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = sockets.send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return static_cast<int>(sent);
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return 0;
}

int write_all(socket::posix_api& sockets, int fd, std::string_view text) {
  return write_all(sockets, fd, std::as_bytes(std::span(text)));
}

std::string error_text(int negative_errno) { return std::generic_category().message(-negative_errno); }

}  // namespace fourtuple::app
