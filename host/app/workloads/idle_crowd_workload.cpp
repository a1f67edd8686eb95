// SPDX-License-Identifier: Apache-2.0
#include "host/app/workloads/idle_crowd_workload.hpp"

#include <algorithm>
#include <cerrno>
#include <span>

#include "host/app/stream.hpp"

namespace fourtuple::app {

namespace {
constexpr std::size_t buffer_bytes = 16'384;
}

struct idle_crowd_workload::client {
  struct plan {
    std::uint64_t time_ns;
    std::uint64_t sequence;  ///< Equal times: in the order of planning.
    int fd;
    bool operator>(const plan& other) const {
      return time_ns != other.time_ns ? time_ns > other.time_ns : sequence > other.sequence;
    }
  };

  workload_host host;
  std::unique_ptr<base::random_source> gaps;
  std::unique_ptr<base::random_source> alive;
  std::unique_ptr<base::random_source> sizes;
  std::unique_ptr<base::wait_queue> wakes;
  std::vector<int> open;
  std::priority_queue<plan, std::vector<plan>, std::greater<>> plans;
  std::uint64_t planned = 0;
  std::uint64_t started_ns = 0;
  std::vector<std::byte> buffer;
};

idle_crowd_workload::idle_crowd_workload(const std::vector<workload_host>& clients, const workload_host& server,
                                         const idle_crowd_config& config, const random_streams& streams)
    : config_(config), server_(server, config.port), clients_left_(clients.size()) {
  for (const workload_host& host : clients) {
    const std::string name = "client " + std::to_string(clients_.size());
    clients_.push_back(std::make_unique<client>(client{.host = host,
                                                       .gaps = streams(name + ": gaps"),
                                                       .alive = streams(name + ": alive"),
                                                       .sizes = streams(name + ": sizes"),
                                                       .wakes = host.threads.make_wait_queue(),
                                                       .open = {},
                                                       .plans = {},
                                                       .buffer = std::vector<std::byte>(buffer_bytes)}));
  }
}

idle_crowd_workload::~idle_crowd_workload() = default;

void idle_crowd_workload::start() {
  server_.start();
  for (const auto& one : clients_) {
    one->started_ns = one->host.clock.now_ns();
    one->host.spawner.spawn("idle_crowd", [this, from = one.get()] { run(*from); });
  }
}

void idle_crowd_workload::stop() {
  stopped_ = true;
  for (const auto& one : clients_) one->wakes->wake_all();
}

void idle_crowd_workload::sleep_until(client& from, std::uint64_t time_ns) {
  from.host.threads.lock();
  while (!stopped_ && from.host.clock.now_ns() < time_ns) from.wakes->wait_until(time_ns);
  from.host.threads.unlock();
}

void idle_crowd_workload::run(client& from) {
  open_all(from);
  keep_alive(from);
  for (const int fd : from.open) {
    if (fd >= 0 && from.host.sockets.close(fd) == 0) ++results_.closed;
  }
  if (--clients_left_ == 0) server_.close();
}

void idle_crowd_workload::open_all(client& from) {
  std::uint64_t time_ns = from.host.clock.now_ns();
  for (std::uint64_t i = 0; i < config_.connections && !stopped_; ++i) {
    time_ns += config_.gap_ns.sample(*from.gaps);
    sleep_until(from, time_ns);
    if (stopped_) break;
    const int fd = connect_to(from.host.sockets, config_.server, config_.port);
    if (fd < 0) {
      results_.fail("connect: " + error_text(fd));
      continue;
    }
    ++results_.opened;
    from.open.push_back(fd);
    plan(from, fd);
  }
}

void idle_crowd_workload::plan(client& from, int fd) {
  if (config_.alive_gap_ns.zero()) return;
  from.plans.push({from.host.clock.now_ns() + config_.alive_gap_ns.sample(*from.alive), from.planned++, fd});
}

void idle_crowd_workload::keep_alive(client& from) {
  while (!stopped_) {
    if (from.plans.empty()) {
      sleep_until(from, base::never_ns);
      continue;
    }
    const client::plan next = from.plans.top();
    from.plans.pop();
    sleep_until(from, next.time_ns);
    if (!stopped_) speak(from, next.fd);
  }
}

void idle_crowd_workload::speak(client& from, int fd) {
  const request_header header{.request_bytes = std::clamp<std::uint64_t>(config_.request_bytes.sample(*from.sizes),
                                                                         request_header::bytes, buffer_bytes),
                              .response_bytes = std::max<std::uint64_t>(config_.response_bytes.sample(*from.sizes), 1)};
  const std::uint64_t begun_ns = from.host.clock.now_ns();
  ++results_.begun;
  std::ranges::copy(header.to_bytes(), from.buffer.begin());
  int error = write_all(from.host.sockets, fd, std::span(from.buffer).first(header.request_bytes));
  for (std::uint64_t left = header.response_bytes; error == 0 && left != 0;) {
    const ssize_t got =
        from.host.sockets.read(fd, from.buffer.data(), std::min<std::uint64_t>(left, from.buffer.size()));
    error = got > 0 ? 0 : got == 0 ? -ECONNRESET : static_cast<int>(got);
    if (got > 0) left -= static_cast<std::uint64_t>(got);
  }
  if (error != 0) {
    results_.fail("request failed: " + error_text(error));
    from.host.sockets.close(fd);
    std::ranges::replace(from.open, fd, -1);
    return;
  }
  const std::uint64_t now_ns = from.host.clock.now_ns();
  ++results_.finished;
  results_.bytes += header.request_bytes + header.response_bytes;
  results_.latency_ns.push_back(now_ns - begun_ns);
  results_.active_ns = std::max(results_.active_ns, now_ns - from.started_ns);
  plan(from, fd);
}

bool idle_crowd_workload::done() const { return clients_left_ == 0 && server_.done(); }

workload::amount idle_crowd_workload::progress() const {
  return {.done = results_.opened, .total = config_.connections * clients_.size()};
}

workload_results idle_crowd_workload::results() const {
  workload_results all = results_;
  all.accepted = server_.accepted();
  all.closed = std::min(all.closed, server_.closed_in_order());
  if (!server_.failure().empty()) all.errors.push_back("server: " + server_.failure());
  return all;
}

}  // namespace fourtuple::app
