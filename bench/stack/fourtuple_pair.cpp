// SPDX-License-Identifier: Apache-2.0
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/stack/memory_wire.hpp"
#include "bench/stack/stack_pair.hpp"
#include "host/base/seeded_random.hpp"
#include "host/sock/sock.hpp"
#include "host/stack/host_stack.hpp"

namespace fourtuple::bench {
namespace {

constexpr packet::ipv4_address address_of_end[2] = {{0xc0a80001}, {0xc0a80002}};
constexpr std::uint16_t first_port = 2'000;
// A million connections from one address: for each port of the server there are 14 116 even ephemeral ones, and those
// are what connect() takes first (Linux: __inet_hash_connect).
constexpr std::uint16_t ports = 128;
constexpr std::uint32_t buffer_bytes = 256 * 1024;
constexpr int rcvbuf_option_bytes = buffer_bytes / 2;  // Kept doubled.

class random_numbers final : public base::random_source {
 public:
  explicit random_numbers(std::uint64_t seed) noexcept : numbers_(seed) {}
  [[nodiscard]] std::uint64_t next() noexcept override { return numbers_.next(); }

 private:
  base::seeded_random numbers_;
};

/// What an application remembers of a connection: that there is something to read.
class notice final : public sock::sock_wakeup {
 public:
  void wake(std::uint32_t epoll_events) noexcept override {
    if ((epoll_events & EPOLLIN) != 0) readable = true;
    if ((epoll_events & EPOLLOUT) != 0) writable = true;
  }
  bool readable = false;
  bool writable = false;
};

[[noreturn]] void fail(const char* what, long result) {
  throw std::runtime_error(std::string(what) + " returned " + std::to_string(result));
}

/// One end of a connection.
struct open_end {
  tcp::tcp_sock* sk = nullptr;
  notice told;
};

struct open_connection {
  open_end client;
  open_end server;
};

stack::host_stack_config config_for(std::size_t connections) {
  stack::host_stack_config config;
  config.ehash_entries = static_cast<std::uint32_t>(std::max<std::size_t>(1024, connections));
  config.tcp.tcp_wmem = {4096, buffer_bytes, buffer_bytes};
  config.tcp.rmem_max = config.tcp.wmem_max = 4 * 1024 * 1024;
  return config;
}

class fourtuple_pair final : public stack_pair {
 public:
  fourtuple_pair(offload what, std::size_t connections)
      : what_(what),
        wire_(clock_, what),
        random_{random_numbers{1}, random_numbers{2}},
        hosts_{stack::host_stack{config_for(connections), clock_, random_[0]},
               stack::host_stack{config_for(connections), clock_, random_[1]}} {
    for (int i = 0; i < 2; ++i) {
      hosts_[i].add_device(wire_.end(i), address_of_end[i], 24);
      hosts_[i].ip().set_gro(what == offload::nic);
    }
    for (std::uint16_t i = 0; i < ports; ++i) {
      tcp::tcp_sock& listener = server().create();
      if (const int r = server().bind(listener, {}, static_cast<std::uint16_t>(first_port + i)); r != 0)
        fail("bind", r);
      set_rcvbuf(server(), listener);  // Children take it over.
      if (const int r = server().listen(listener, 128); r != 0) fail("listen", r);
      listeners_.push_back(&listener);
    }
  }

  void reserve(std::size_t connections) override {
    connections_ = std::make_unique<open_connection[]>(connections);
    reserved_ = connections;
    used_ = 0;
  }

  void open(std::size_t connections) override {
    for (std::size_t i = 0; i < connections; ++i) {
      if (used_ == reserved_) throw std::runtime_error("open: reserve() said fewer");
      establish(connections_[used_++]);
    }
  }

  void exchange(std::size_t connection) override {
    open_connection& c = connections_[connection];
    pass(client(), c.client, server(), c.server);
    pass(server(), c.server, client(), c.client);
  }

  [[nodiscard]] work_done done() const override {
    work_done result{.frames = wire_.frames()};
    for (const stack::host_stack& host : hosts_) {
      for (const auto& [name, value] : host.counters()) {
        if (name == "TcpTableMisses" || name == "TcpTableStale") result.lookups += value;
      }
    }
    // Once at each end.
    if (what_ == offload::none) result.summed_bytes = 2 * wire_.tcp_bytes();
    return result;
  }

  void connect_and_end(ending how, bool with_exchange) override {
    open_connection c;
    establish(c);
    if (with_exchange) {
      pass(client(), c.client, server(), c.server);
      pass(server(), c.server, client(), c.client);
    }
    if (how == ending::rst) {
      const linger at_once{1, 0};
      client().setsockopt(*c.client.sk, SOL_SOCKET, SO_LINGER, std::as_bytes(std::span{&at_once, 1}));
    }
    client().close(*c.client.sk);
    settle();
    const ssize_t end = server().recvmsg(*c.server.sk, buffer_, 0);
    if (end != (how == ending::fin ? 0 : -ECONNRESET)) fail("recvmsg at the end", end);
    server().set_wakeup(*c.server.sk, nullptr);
    server().close(*c.server.sk);
    settle();
  }

  void bulk(std::size_t bytes) override {
    open_connection& c = connections_[0];
    set_nodelay(*c.client.sk, 0);
    std::size_t sent = 0;
    std::size_t received = 0;
    while (received < bytes) {
      while (sent < bytes) {
        const std::span<const std::byte> piece =
            std::span<const std::byte>{buffer_}.first(std::min(write_bytes, bytes - sent));
        const ssize_t n = client().sendmsg(*c.client.sk, {&piece, 1}, 0);
        if (n == -EAGAIN) break;
        if (n < 0) fail("sendmsg", n);
        sent += static_cast<std::size_t>(n);
      }
      step();
      if (!c.server.told.readable) continue;
      c.server.told.readable = false;
      ssize_t n = 0;
      while ((n = server().recvmsg(*c.server.sk, received_, 0)) > 0) received += static_cast<std::size_t>(n);
      if (n != -EAGAIN) fail("recvmsg", n);
    }
    settle();
  }

 private:
  [[nodiscard]] tcp::tcp& client() { return hosts_[0].tcp(); }
  [[nodiscard]] tcp::tcp& server() { return hosts_[1].tcp(); }

  void run_due_timers() {
    for (stack::host_stack& host : hosts_) host.run_timers();
  }

  /// A poll if there is a frame; otherwise time passes to the next timer.
  void step() {
    if (wire_.idle()) {
      const std::uint64_t next = std::min(hosts_[0].next_deadline_ns(), hosts_[1].next_deadline_ns());
      if (next == base::never_ns) throw std::runtime_error("everything waits for ever");
      if (next > clock_.now_ns()) clock_.advance(next - clock_.now_ns());
    } else {
      wire_.deliver();
    }
    run_due_timers();
  }

  void settle() {
    while (!wire_.idle()) {
      wire_.deliver();
      run_due_timers();
    }
  }

  static void set_rcvbuf(tcp::tcp& of, tcp::tcp_sock& sk) {
    const int r = of.setsockopt(sk, SOL_SOCKET, SO_RCVBUF, std::as_bytes(std::span{&rcvbuf_option_bytes, 1}));
    if (r != 0) fail("setsockopt", r);
  }

  void set_nodelay(tcp::tcp_sock& sk, int on) {
    const int r = client().setsockopt(sk, IPPROTO_TCP, TCP_NODELAY, std::as_bytes(std::span{&on, 1}));
    if (r != 0) fail("setsockopt", r);
  }

  void establish(open_connection& c) {
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

  /// 64 bytes from one end to the other.
  void pass(tcp::tcp& from, open_end& sender, tcp::tcp& to, open_end& receiver) {
    const std::span<const std::byte> message = std::span<const std::byte>{buffer_}.first(request_bytes);
    const ssize_t sent = from.sendmsg(*sender.sk, {&message, 1}, 0);
    if (sent != static_cast<ssize_t>(request_bytes)) fail("sendmsg", sent);
    settle();
    if (!receiver.told.readable) throw std::runtime_error("nothing to read was announced");
    receiver.told.readable = false;
    const ssize_t got = to.recvmsg(*receiver.sk, std::span{received_}.first(request_bytes), 0);
    if (got != static_cast<ssize_t>(request_bytes)) fail("recvmsg", got);
  }

  offload what_;
  bench_clock clock_;
  memory_wire wire_;
  random_numbers random_[2];
  stack::host_stack hosts_[2];
  std::vector<tcp::tcp_sock*> listeners_;
  std::unique_ptr<open_connection[]> connections_;
  std::size_t reserved_ = 0;
  std::size_t used_ = 0;
  std::uint16_t next_port_ = 0;
  std::array<std::byte, write_bytes> buffer_{};
  std::array<std::byte, write_bytes> received_{};
};

}  // namespace

std::unique_ptr<stack_pair> make_fourtuple_pair(offload what, std::size_t connections) {
  return std::make_unique<fourtuple_pair>(what, connections);
}

}  // namespace fourtuple::bench
