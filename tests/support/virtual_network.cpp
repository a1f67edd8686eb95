// SPDX-License-Identifier: Apache-2.0
#include "tests/support/virtual_network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace fourtuple::support {

virtual_network::virtual_network(const network_settings& settings, int stacks)
    : wire_(clock_, settings.delay_ns), random_{seeded_random{settings.seed}, seeded_random{settings.seed + 1000}} {
  for (int i = 0; i < stacks; ++i) {
    hosts_[i] = std::make_unique<stack::host_stack>(settings.host[i], clock_, random_[i]);
    hosts_[i]->add_device(wire_.end(i), address_of_end[i], 24);
  }
}

// Memory is given back with the sock that it was taken for.
virtual_network::~virtual_network() {
  for (const auto& host : hosts_) {
    if (host == nullptr) continue;
    const tcp::tcp_sockstat stat = host->tcp().sockstat();
    EXPECT_TRUE(stat.alloc != 0 || stat.mem_pages == 0) << to_string(stat);
  }
}

bool virtual_network::step(std::uint64_t limit_ns) {
  std::uint64_t next = wire_.next_delivery_ns();
  for (const auto& host : hosts_) {
    if (host != nullptr) next = std::min(next, host->next_deadline_ns());
  }
  if (next > limit_ns) {
    clock_.set(std::max(clock_.now_ns(), limit_ns));
    return false;
  }
  clock_.set(std::max(clock_.now_ns(), next));
  wire_.deliver();
  for (const auto& host : hosts_) {
    if (host != nullptr) host->run_timers();
  }
  return true;
}

void virtual_network::run_for_ms(std::uint64_t ms) {
  const std::uint64_t limit = clock_.now_ns() + ms * base::ns_per_ms;
  while (step(limit)) {
  }
}

bool virtual_network::run_until(const std::function<bool()>& done, std::uint64_t limit_ms) {
  const std::uint64_t limit = clock_.now_ns() + limit_ms * base::ns_per_ms;
  while (!done()) {
    if (!step(limit)) return done();
  }
  return true;
}

std::uint64_t virtual_network::counter(int index, std::string_view name) {
  for (const auto& [known, value] : host(index).counters()) {
    if (known == name) return value;
  }
  ADD_FAILURE() << "no counter " << name;
  return 0;
}

ssize_t endpoint::write(std::string_view text, int flags) const {
  return write(std::as_bytes(std::span{text.data(), text.size()}), flags);
}

ssize_t endpoint::write(std::span<const std::byte> bytes, int flags) const {
  return tcp().sendmsg(*sk_, std::span{&bytes, 1}, flags);
}

std::string endpoint::reading::text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

endpoint::reading endpoint::read(std::size_t bytes, int flags) const {
  reading r;
  r.bytes.resize(bytes);
  r.result = tcp().recvmsg(*sk_, r.bytes, flags);
  r.bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(r.result, 0)));
  return r;
}

int endpoint::set(int level, int name, int value) const {
  return tcp().setsockopt(*sk_, level, name, std::as_bytes(std::span{&value, 1}));
}

int endpoint::get(int level, int name) const {
  int value = 0;
  const int result = tcp().getsockopt(*sk_, level, name, std::as_writable_bytes(std::span{&value, 1}));
  return result < 0 ? result : value;
}

connected_pair connect_pair(virtual_network& network, std::uint16_t port, int backlog) {
  tcp::tcp_sock& listener = network.tcp(1).create();
  if (network.tcp(1).bind(listener, {}, port) != 0 || network.tcp(1).listen(listener, backlog) != 0) {
    throw std::runtime_error("bind or listen");
  }
  tcp::tcp_sock& client = network.tcp(0).create();
  if (network.tcp(0).connect(client, address_of_end[1], port) != -EINPROGRESS) throw std::runtime_error("connect");
  tcp::tcp_sock* server = nullptr;
  int error = 0;
  const bool accepted = network.run_until([&] { return (server = network.tcp(1).accept(listener, error)) != nullptr; });
  if (!accepted || network.tcp(0).connect(client, address_of_end[1], port) != 0) throw std::runtime_error("accept");
  return {{network, 0, client}, {network, 1, *server}, {network, 1, listener}};
}

std::string transfer(virtual_network& network, const endpoint& from, const endpoint& to, std::size_t bytes,
                     std::uint64_t limit_ms) {
  constexpr std::size_t piece = 30'000;
  std::size_t written = 0;
  std::size_t read = 0;
  std::string wrong;
  const auto pump = [&] {
    while (written < bytes) {
      const auto data = pattern(written, std::min(piece, bytes - written));
      const ssize_t n = from.write(data);
      if (n == -EAGAIN) break;
      if (n < 0) {
        wrong = "write: " + std::to_string(n);
        return true;
      }
      written += static_cast<std::size_t>(n);
    }
    for (;;) {
      const auto got = to.read(piece);
      if (got.result == -EAGAIN) break;
      if (got.result <= 0) {
        wrong = "read: " + std::to_string(got.result) + " after " + std::to_string(read);
        return true;
      }
      if (got.bytes != pattern(read, got.bytes.size())) {
        wrong = "other bytes at " + std::to_string(read);
        return true;
      }
      read += got.bytes.size();
    }
    return read == bytes;
  };
  if (!network.run_until(pump, limit_ms)) return "only " + std::to_string(read) + " bytes came";
  return wrong;
}

}  // namespace fourtuple::support
