// SPDX-License-Identifier: Apache-2.0
// What a profile-guided build learns from (FOURTUPLE_PGO=generate): an ordinary day of two hosts. Web pages,
// conversations and uploads of all sizes, ended by either side, with as much of a NIC as there is. None of it is a case
// of the bench.
#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <iostream>
#include <span>
#include <vector>

#include "bench/stack/two_hosts.hpp"
#include "host/base/seeded_random.hpp"

namespace fourtuple::bench {
namespace {

class day {
 public:
  explicit day(offload what) : hosts_(what, 4096) {}

  /// Pages: a connection, some requests of a few hundred bytes, each answered by up to 30 kB, and an end.
  void browse(std::size_t connections) {
    for (std::size_t i = 0; i < connections; ++i) {
      open_connection c;
      hosts_.establish(c);
      for (std::uint64_t request = between(0, 4); request != 0; --request) {
        send(client(), c.client, server(), c.server, between(80, 900));
        send(server(), c.server, client(), c.client, between(100, 30'000));
      }
      end(c);
    }
  }

  /// Calls of a few hundred bytes and their answers, a run of them on one of many connections and then on another. One
  /// call in eight takes several messages.
  void converse(std::size_t connections, std::size_t runs) {
    std::vector<open_connection> all(connections);
    for (open_connection& c : all) hosts_.establish(c);
    for (std::size_t i = 0; i < runs; ++i) {
      open_connection& c = all[between(0, connections - 1)];
      for (std::uint64_t call = between(1, 30); call != 0; --call) {
        for (std::uint64_t n = between(0, 7) == 0 ? between(2, 4) : 1; n != 0; --n) {
          send(client(), c.client, server(), c.server, between(1, 1'400));
        }
        send(server(), c.server, client(), c.client, between(1, 1'400));
      }
    }
    for (open_connection& c : all) end(c);
  }

  /// One connection, in writes of up to 64 KiB.
  void upload(std::size_t bytes) {
    open_connection c;
    hosts_.establish(c);
    hosts_.set_nodelay(*c.client.sk, 0);
    for (std::size_t left = bytes; left != 0;) {
      const std::size_t piece = std::min<std::size_t>(between(1'000, 65'536), left);
      send(client(), c.client, server(), c.server, piece);
      left -= piece;
    }
    end(c);
  }

 private:
  [[nodiscard]] tcp::tcp& client() { return hosts_.client(); }
  [[nodiscard]] tcp::tcp& server() { return hosts_.server(); }
  [[nodiscard]] std::uint64_t between(std::uint64_t least, std::uint64_t most) {
    return least + random_.next() % (most - least + 1);
  }

  /// All of it is written, sent and read.
  void send(tcp::tcp& from, open_end& sender, tcp::tcp& to, open_end& receiver, std::size_t bytes) {
    std::size_t sent = 0;
    for (std::size_t received = 0; received != bytes;) {
      if (sent != bytes) {
        const std::span<const std::byte> piece = std::span<const std::byte>{buffer_}.first(bytes - sent);
        const ssize_t n = from.sendmsg(*sender.sk, {&piece, 1}, 0);
        if (n < 0 && n != -EAGAIN) fail("sendmsg", n);
        if (n > 0) sent += static_cast<std::size_t>(n);
      }
      hosts_.step();
      if (!receiver.told.readable) continue;
      receiver.told.readable = false;
      received += read_all(to, *receiver.sk, received_);
    }
  }

  /// The client or the server closes first; a few of the first reset instead.
  void end(open_connection& c) {
    const bool server_first = between(0, 1) == 0;
    tcp::tcp& first = server_first ? server() : client();
    tcp::tcp& last = server_first ? client() : server();
    open_end& closing = server_first ? c.server : c.client;
    open_end& waiting = server_first ? c.client : c.server;
    if (between(0, 7) == 0) reset_on_close(first, *closing.sk);
    first.set_wakeup(*closing.sk, nullptr);
    first.close(*closing.sk);
    hosts_.settle();
    const ssize_t result = last.recvmsg(*waiting.sk, received_, 0);
    if (result != 0 && result != -ECONNRESET) fail("recvmsg at the end", result);
    last.set_wakeup(*waiting.sk, nullptr);
    last.close(*waiting.sk);
    hosts_.settle();
  }

  two_hosts hosts_;
  base::seeded_random random_{11};
  std::array<std::byte, 65'536> buffer_{};
  std::array<std::byte, 65'536> received_{};
};

}  // namespace
}  // namespace fourtuple::bench

int main() {
  using fourtuple::bench::offload;
  try {
    for (const offload what : {offload::nic, offload::no_lookup, offload::none}) {
      const auto today = std::make_unique<fourtuple::bench::day>(what);
      today->browse(4'000);
      today->converse(300, 2'000);
      today->upload(20'000'000);
    }
  } catch (const std::exception& error) {
    std::cerr << "stack_training: " << error.what() << '\n';
    return 2;
  }
  return 0;
}
