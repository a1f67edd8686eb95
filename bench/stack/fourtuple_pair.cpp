// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <span>
#include <stdexcept>

#include "bench/stack/stack_pair.hpp"
#include "bench/stack/two_hosts.hpp"

namespace fourtuple::bench {
namespace {

class fourtuple_pair final : public stack_pair {
 public:
  fourtuple_pair(offload what, std::size_t connections) : what_(what), hosts_(what, connections) {}

  void reserve(std::size_t connections) override {
    connections_ = std::make_unique<open_connection[]>(connections);
    reserved_ = connections;
    used_ = 0;
  }

  void open(std::size_t connections) override {
    for (std::size_t i = 0; i < connections; ++i) {
      if (used_ == reserved_) throw std::runtime_error("open: reserve() said fewer");
      hosts_.establish(connections_[used_++]);
    }
  }

  void exchange(std::size_t connection) override { exchange_on(connections_[connection]); }

  [[nodiscard]] work_done done() const override {
    work_done result{.frames = hosts_.wire().frames()};
    for (const stack::host_stack& host : hosts_.hosts()) {
      for (const auto& [name, value] : host.counters()) {
        if (name == "TcpTableMisses" || name == "TcpTableStale") result.lookups += value;
      }
    }
    // Once at each end.
    if (what_ == offload::none) result.summed_bytes = 2 * hosts_.wire().tcp_bytes();
    return result;
  }

  void connect_and_end(ending how, bool with_exchange) override {
    open_connection c;
    hosts_.establish(c);
    if (with_exchange) exchange_on(c);
    if (how == ending::rst) reset_on_close(client(), *c.client.sk);
    client().close(*c.client.sk);
    hosts_.settle();
    const ssize_t end = server().recvmsg(*c.server.sk, buffer_, 0);
    if (end != (how == ending::fin ? 0 : -ECONNRESET)) fail("recvmsg at the end", end);
    server().set_wakeup(*c.server.sk, nullptr);
    server().close(*c.server.sk);
    hosts_.settle();
  }

  void bulk(std::size_t bytes) override {
    open_connection& c = connections_[0];
    hosts_.set_nodelay(*c.client.sk, 0);
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
      hosts_.step();
      if (!c.server.told.readable) continue;
      c.server.told.readable = false;
      received += read_all(server(), *c.server.sk, received_);
    }
    hosts_.settle();
  }

 private:
  [[nodiscard]] tcp::tcp& client() { return hosts_.client(); }
  [[nodiscard]] tcp::tcp& server() { return hosts_.server(); }

  void exchange_on(open_connection& c) {
    pass(client(), c.client, server(), c.server);
    pass(server(), c.server, client(), c.client);
  }

  /// 64 bytes from one end to the other.
  void pass(tcp::tcp& from, open_end& sender, tcp::tcp& to, open_end& receiver) {
    const std::span<const std::byte> message = std::span<const std::byte>{buffer_}.first(request_bytes);
    const ssize_t sent = from.sendmsg(*sender.sk, {&message, 1}, 0);
    if (sent != static_cast<ssize_t>(request_bytes)) fail("sendmsg", sent);
    hosts_.settle();
    if (!receiver.told.readable) throw std::runtime_error("nothing to read was announced");
    receiver.told.readable = false;
    const ssize_t got = to.recvmsg(*receiver.sk, std::span{received_}.first(request_bytes), 0);
    if (got != static_cast<ssize_t>(request_bytes)) fail("recvmsg", got);
  }

  offload what_;
  two_hosts hosts_;
  std::unique_ptr<open_connection[]> connections_;
  std::size_t reserved_ = 0;
  std::size_t used_ = 0;
  std::array<std::byte, write_bytes> buffer_{};
  std::array<std::byte, write_bytes> received_{};
};

}  // namespace

std::unique_ptr<stack_pair> make_fourtuple_pair(offload what, std::size_t connections) {
  return std::make_unique<fourtuple_pair>(what, connections);
}

}  // namespace fourtuple::bench
