// SPDX-License-Identifier: Apache-2.0
#include "bench/stack/two_hosts.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <stdexcept>
#include <string>

#include "host/sock/inet_hashinfo.hpp"

namespace fourtuple::bench {
namespace {

constexpr packet::ipv4_address address_of_end[2] = {{0xc0a80001}, {0xc0a80002}};
constexpr std::uint16_t first_port = 2'000;
// A million connections from one address: for each port of the server there are 14 116 even ephemeral ones, and those
// are what connect() takes first (Linux: __inet_hash_connect).
constexpr std::uint16_t ports = 128;
constexpr std::uint32_t buffer_bytes = 256 * 1024;
constexpr int rcvbuf_option_bytes = buffer_bytes / 2;  // Kept doubled.

stack::host_stack_config config_for(std::size_t connections) {
  stack::host_stack_config config;
  config.ehash_entries = static_cast<std::uint32_t>(std::max<std::size_t>(1024, connections));
  config.tcp.tcp_wmem = {4096, buffer_bytes, buffer_bytes};
  config.tcp.rmem_max = config.tcp.wmem_max = 4 * 1024 * 1024;
  return config;
}

void set_rcvbuf(tcp::tcp& of, tcp::tcp_sock& sk) {
  const int r = of.setsockopt(sk, SOL_SOCKET, SO_RCVBUF, std::as_bytes(std::span{&rcvbuf_option_bytes, 1}));
  if (r != 0) fail("setsockopt", r);
}

}  // namespace

void fail(const char* what, long result) {
  throw std::runtime_error(std::string(what) + " returned " + std::to_string(result));
}

std::size_t read_all(tcp::tcp& of, tcp::tcp_sock& sk, std::span<std::byte> buffer) {
  std::size_t received = 0;
  ssize_t n = 0;
  while ((n = of.recvmsg(sk, buffer, 0)) > 0) received += static_cast<std::size_t>(n);
  if (n != -EAGAIN) fail("recvmsg", n);
  return received;
}

void reset_on_close(tcp::tcp& of, tcp::tcp_sock& sk) {
  const linger at_once{1, 0};
  const int r = of.setsockopt(sk, SOL_SOCKET, SO_LINGER, std::as_bytes(std::span{&at_once, 1}));
  if (r != 0) fail("setsockopt", r);
}

void notice::wake(std::uint32_t epoll_events) noexcept {
  if ((epoll_events & EPOLLIN) != 0) readable = true;
  if ((epoll_events & EPOLLOUT) != 0) writable = true;
}

two_hosts::two_hosts(offload what, std::size_t connections)
    : wire_(clock_, what),
      random_{random_numbers{1}, random_numbers{2}},
      hosts_{stack::host_stack{config_for(connections), clock_, random_[0]},
             stack::host_stack{config_for(connections), clock_, random_[1]}} {
  for (int i = 0; i < 2; ++i) {
    hosts_[i].add_device(wire_.end(i), address_of_end[i], 24);
    hosts_[i].ip().set_gro(what == offload::nic);
    wire_.set_hash_secret(i, hosts_[i].hashinfo().ehash().secret());
    hosts_[i].tcp().set_rxhash(what == offload::nic);
  }
  for (std::uint16_t i = 0; i < ports; ++i) {
    tcp::tcp_sock& listener = server().create();
    if (const int r = server().bind(listener, {}, static_cast<std::uint16_t>(first_port + i)); r != 0) fail("bind", r);
    set_rcvbuf(server(), listener);  // Children take it over.
    if (const int r = server().listen(listener, 128); r != 0) fail("listen", r);
    listeners_.push_back(&listener);
  }
}

void two_hosts::run_due_timers() {
  for (stack::host_stack& host : hosts_) host.run_timers(clock_.now_ns());
}

void two_hosts::step() {
  if (wire_.idle()) {
    const std::uint64_t next = std::min(hosts_[0].next_deadline_ns(), hosts_[1].next_deadline_ns());
    if (next == base::never_ns) throw std::runtime_error("everything waits for ever");
    if (next > clock_.now_ns()) clock_.advance(next - clock_.now_ns());
  } else {
    wire_.deliver();
  }
  run_due_timers();
}

void two_hosts::settle() {
  while (!wire_.idle()) {
    wire_.deliver();
    run_due_timers();
  }
}

void two_hosts::set_nodelay(tcp::tcp_sock& sk, int on) {
  const int r = client().setsockopt(sk, IPPROTO_TCP, TCP_NODELAY, std::as_bytes(std::span{&on, 1}));
  if (r != 0) fail("setsockopt", r);
}

void two_hosts::establish(open_connection& c) {
  const std::uint16_t index = next_port_++ % ports;
  c.client.sk = &client().create();
  set_rcvbuf(client(), *c.client.sk);
  set_nodelay(*c.client.sk, 1);
  const auto port = static_cast<std::uint16_t>(first_port + index);
  const int begun = client().connect(*c.client.sk, address_of_end[1], port);
  if (begun != -EINPROGRESS) fail("connect", begun);
  client().set_wakeup(*c.client.sk, &c.client.told);
  settle();
  if (!c.client.told.writable) throw std::runtime_error("connect did not get through");
  int error = 0;
  c.server.sk = server().accept(*listeners_[index], error);
  if (c.server.sk == nullptr) fail("accept", error);
  server().set_wakeup(*c.server.sk, &c.server.told);
  c.client.told.readable = c.server.told.readable = false;
}

}  // namespace fourtuple::bench
