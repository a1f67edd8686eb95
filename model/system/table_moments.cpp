// SPDX-License-Identifier: Apache-2.0
#include "model/system/table_moments.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include "host/app/stream.hpp"
#include "model/system/network.hpp"

namespace fourtuple::model::system {

namespace {

constexpr std::uint16_t server_port = 2222;
constexpr std::uint16_t client_port = 44404;
constexpr std::uint32_t server_address = 0x0a000002;
// Shorter than anything takes on the way between the hosts, so that no state is missed.
constexpr std::uint64_t look_period_ns = 50;
constexpr std::uint64_t patience_ns = 10 * base::ns_per_ms;

constexpr std::array<std::pair<std::string_view, table_moment>, 5> moments{{{"listen", table_moment::listen},
                                                                            {"syn", table_moment::syn},
                                                                            {"ack", table_moment::ack},
                                                                            {"accept", table_moment::accept},
                                                                            {"connect", table_moment::connect}}};

bool any_in_ehash(const sock::tables_snapshot& tables, sock::tcp_state state) {
  return std::ranges::any_of(tables.ehash, [&](const auto& chain) {
    return std::ranges::any_of(chain.socks, [&](std::size_t number) { return tables.socks[number].state == state; });
  });
}

class moment_run final : public sc_core::sc_module {
 public:
  moment_run(sc_core::sc_module_name name, table_moment moment, const scenario& made)
      : sc_module(name), moment_(moment), hosts_("hosts", made) {
    sc_core::sc_spawn_options in_thread;
    sc_core::sc_spawn([this] { direct(); }, "director", &in_thread);
  }

  [[nodiscard]] const std::optional<sock::tables_snapshot>& result() const noexcept { return result_; }
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

 private:
  void direct();
  void listen();
  void connect();
  bool wait_for(const std::function<bool()>& condition);
  [[nodiscard]] bool has_come();
  [[nodiscard]] machine& client() { return *hosts_.hosts().front(); }
  [[nodiscard]] machine& server() { return *hosts_.hosts().back(); }
  [[nodiscard]] sock::tables_snapshot server_tables() { return take_tables_snapshot(server().stack().hashinfo()); }

  table_moment moment_;
  network hosts_;
  int listener_ = -1;
  bool accepted_ = false;
  bool connecting_ = false;
  std::optional<sock::tables_snapshot> result_;
  std::string failure_;
};

bool moment_run::wait_for(const std::function<bool()>& condition) {
  base::clock& clock = client().clock();
  const std::uint64_t until_ns = clock.now_ns() + patience_ns;
  while (failure_.empty() && !condition() && clock.now_ns() < until_ns)
    host::sleep_until(clock.now_ns() + look_period_ns);
  return failure_.empty() && condition();
}

void moment_run::listen() {
  listener_ = app::listen_on(server().sockets(), server_port, 8);
  if (listener_ < 0) failure_ = "listen: " + app::error_text(listener_);
  if (moment_ != table_moment::accept) return;
  const int child = server().sockets().accept(listener_, nullptr, nullptr);
  accepted_ = child >= 0;
}

void moment_run::connect() {
  socket::posix_api& sockets = client().sockets();
  const int fd = sockets.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in own{};
  own.sin_family = AF_INET;
  own.sin_port = htons(client_port);
  sockaddr_in peer = own;
  peer.sin_port = htons(server_port);
  peer.sin_addr.s_addr = htonl(server_address);
  int error = sockets.bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof own);
  if (error == 0) error = sockets.connect(fd, reinterpret_cast<const sockaddr*>(&peer), sizeof peer);
  if (error != -EINPROGRESS) failure_ = "connect: " + app::error_text(error);
  if (moment_ == table_moment::connect) result_ = take_tables_snapshot(client().stack().hashinfo());
  connecting_ = true;
}

bool moment_run::has_come() {
  switch (moment_) {
    case table_moment::listen:
      return listener_ >= 0;
    case table_moment::syn:
      return any_in_ehash(server_tables(), sock::tcp_state::new_syn_recv);
    case table_moment::ack: {
      const sock::tables_snapshot tables = server_tables();
      return any_in_ehash(tables, sock::tcp_state::established) &&
             std::ranges::any_of(tables.socks, [](const auto& sk) { return !sk.accept_queue.empty(); });
    }
    case table_moment::accept:
      return accepted_;
    case table_moment::connect:
      return connecting_;
  }
  return false;
}

void moment_run::direct() {
  if (wait_for([this] { return hosts_.settled(); })) {
    failure_ = client().failure() + server().failure();
    if (moment_ != table_moment::connect) server().spawn("server", [this] { listen(); });
    if (moment_ == table_moment::connect || wait_for([this] { return listener_ >= 0; })) {
      if (moment_ != table_moment::listen) client().spawn("client", [this] { connect(); });
      if (wait_for([this] { return has_come(); }) && !result_) result_ = server_tables();
    }
  }
  if (!result_ && failure_.empty()) failure_ = "the moment did not come";
  sc_core::sc_stop();
}

}  // namespace

std::optional<table_moment> parse_table_moment(std::string_view name) noexcept {
  const auto* found = std::ranges::find(moments, name, [](const auto& pair) { return pair.first; });
  return found == moments.end() ? std::nullopt : std::optional(found->second);
}

sock::tables_snapshot tables_at(table_moment moment, const scenario& made) {
  moment_run run("run", moment, made);
  sc_core::sc_start();
  if (!run.result()) throw std::runtime_error(run.failure());
  return *run.result();
}

}  // namespace fourtuple::model::system
