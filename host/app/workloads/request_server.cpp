// SPDX-License-Identifier: Apache-2.0
#include "host/app/workloads/request_server.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "host/app/stream.hpp"

namespace fourtuple::app {

namespace {
constexpr std::size_t buffer_bytes = 65'536;
constexpr int backlog = 4'096;
constexpr std::uint64_t longest_request_bytes = std::uint64_t{1} << 40;
}  // namespace

std::array<std::byte, request_header::bytes> request_header::to_bytes() const noexcept {
  std::array<std::byte, bytes> result{};
  for (std::size_t i = 0; i < 8; ++i) {
    result[i] = static_cast<std::byte>(request_bytes >> (8 * i) & 0xff);
    result[8 + i] = static_cast<std::byte>(response_bytes >> (8 * i) & 0xff);
  }
  return result;
}

request_header request_header::from_bytes(const std::array<std::byte, bytes>& from) noexcept {
  request_header header;
  for (std::size_t i = 8; i-- > 0;) {
    header.request_bytes = header.request_bytes << 8 | std::to_integer<std::uint64_t>(from[i]);
    header.response_bytes = header.response_bytes << 8 | std::to_integer<std::uint64_t>(from[8 + i]);
  }
  return header;
}

request_server::request_server(const workload_host& host, std::uint16_t port)
    : host_(host), port_(port), buffer_(buffer_bytes) {}

request_server::~request_server() = default;

void request_server::start() {
  host_.spawner.spawn("request_server", [this] { run(); });
}

int request_server::listen() {
  listener_ = listen_on(host_.sockets, port_, backlog);
  if (listener_ < 0) return listener_;
  if (const int error = host_.sockets.fcntl(listener_, F_SETFL, O_NONBLOCK); error < 0) return error;
  epoll_ = host_.sockets.epoll_create1(0);
  if (epoll_ < 0) return epoll_;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener_;
  return host_.sockets.epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
}

void request_server::run() {
  if (const int error = listen(); error < 0) {
    failure_ = "cannot listen on port " + std::to_string(port_) + ": " + error_text(error);
    done_ = true;
    return;
  }
  constexpr int most_events = 64;
  std::array<epoll_event, most_events> events{};
  while (!closing_ || !connections_.empty()) {
    const int ready = host_.sockets.epoll_wait(epoll_, events.data(), most_events, -1);
    if (ready < 0) break;  // close() when there was nobody left.
    for (int i = 0; i < ready; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener_)
        accept_all();
      else if (connections_.contains(fd))
        serve(fd);
    }
  }
  host_.sockets.close(epoll_);
  done_ = true;
}

void request_server::close() {
  if (closing_) return;
  closing_ = true;
  host_.sockets.close(listener_);
  if (connections_.empty()) host_.sockets.close(epoll_);
}

void request_server::accept_all() {
  for (;;) {
    const int fd = host_.sockets.accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
    if (fd < 0) return;
    ++accepted_;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    host_.sockets.epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    connections_.emplace(fd, connection{});
  }
}

void request_server::serve(int fd) {
  connection& client = connections_.at(fd);
  // What has been asked is answered first: a client that does not read gets no further.
  if (!write_some(fd, client)) return drop(fd);
  if (client.response_left == 0 && !read_some(fd, client)) return drop(fd);
  watch(fd, client);
}

bool request_server::read_some(int fd, connection& client) {
  while (client.response_left == 0) {
    // Not beyond this request: the next one waits in the socket.
    const std::uint64_t wanted =
        client.head_bytes < request_header::bytes ? request_header::bytes - client.head_bytes : client.request_left;
    const ssize_t got = host_.sockets.read(fd, buffer_.data(), std::min<std::uint64_t>(wanted, buffer_.size()));
    if (got == -EAGAIN) return true;
    if (got <= 0) {
      if (got == 0 && client.head_bytes == 0) ++closed_in_order_;
      return false;
    }
    bytes_received_ += static_cast<std::uint64_t>(got);
    if (!take(client, static_cast<std::size_t>(got))) return false;
    if (client.response_left != 0 && !write_some(fd, client)) return false;
  }
  return true;
}

bool request_server::take(connection& client, std::size_t bytes) {
  if (client.head_bytes < request_header::bytes) {
    std::copy_n(buffer_.begin(), bytes, client.head.begin() + static_cast<std::ptrdiff_t>(client.head_bytes));
    client.head_bytes += bytes;
    if (client.head_bytes < request_header::bytes) return true;
    const request_header header = request_header::from_bytes(client.head);
    if (header.request_bytes < request_header::bytes || header.request_bytes > longest_request_bytes ||
        header.response_bytes == 0 || header.response_bytes > longest_request_bytes)
      return false;
    client.request_left = header.request_bytes - request_header::bytes;
  } else {
    client.request_left -= bytes;
  }
  if (client.request_left == 0) {
    client.response_left = request_header::from_bytes(client.head).response_bytes;
    client.head_bytes = 0;
  }
  return true;
}

bool request_server::write_some(int fd, connection& client) {
  while (client.response_left != 0) {
    const ssize_t sent = host_.sockets.send(
        fd, buffer_.data(), std::min<std::uint64_t>(client.response_left, buffer_.size()), MSG_NOSIGNAL);
    if (sent == -EAGAIN) return true;
    if (sent < 0) return false;
    client.response_left -= static_cast<std::uint64_t>(sent);
  }
  return true;
}

void request_server::watch(int fd, connection& client) {
  const bool wants_out = client.response_left != 0;
  if (wants_out == client.wants_out) return;
  client.wants_out = wants_out;
  epoll_event event{};
  event.events = wants_out ? EPOLLOUT : EPOLLIN;
  event.data.fd = fd;
  host_.sockets.epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

void request_server::drop(int fd) {
  host_.sockets.close(fd);
  connections_.erase(fd);
}

}  // namespace fourtuple::app
