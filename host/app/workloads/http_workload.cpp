// SPDX-License-Identifier: Apache-2.0
#include "host/app/workloads/http_workload.hpp"

#include <algorithm>

#include "host/app/http_client.hpp"
#include "host/app/stream.hpp"

namespace fourtuple::app {

http_workload::http_workload(const std::vector<workload_host>& clients, const workload_host& server,
                             const http_workload_config& config, const random_streams& streams)
    : config_(config),
      server_(server.sockets, server.spawner, config.root, config.port, {}),
      workers_left_(config.connections * clients.size()) {
  for (const workload_host& host : clients) {
    clients_.push_back({.host = host,
                        .thoughts = streams("client " + std::to_string(clients_.size()) + ": thinking"),
                        .wakes = host.threads.make_wait_queue()});
  }
}

void http_workload::start() {
  listening_ = server_.start();
  started_ns_ = clients_.front().host.clock.now_ns();
  for (client& from : clients_) {
    for (std::uint64_t i = 0; i < config_.connections; ++i)
      from.host.spawner.spawn("http_client", [this, &from] { work(from); });
  }
}

void http_workload::stop() {
  stopped_ = true;
  for (client& from : clients_) from.wakes->wake_all();
}

void http_workload::work(client& from) {
  while (listening_ >= 0 && !stopped_ && (config_.requests == 0 || from.begun < config_.requests)) {
    fetch_one(from);
    if (config_.think_ns.zero()) continue;
    const std::uint64_t until_ns = from.host.clock.now_ns() + config_.think_ns.sample(*from.thoughts);
    from.host.threads.lock();
    while (!stopped_ && from.host.clock.now_ns() < until_ns) from.wakes->wait_until(until_ns);
    from.host.threads.unlock();
  }
  if (--workers_left_ == 0) server_.close();
}

void http_workload::fetch_one(client& from) {
  const std::uint64_t begun_ns = from.host.clock.now_ns();
  const http_url url{.host = "server", .port = config_.port, .path = config_.paths[from.begun % config_.paths.size()]};
  ++from.begun;
  ++results_.begun;
  const http_result result = http_fetch(from.host.sockets, config_.server, url, [](auto) { return true; });
  results_.bytes += result.body_bytes;
  if (result.status != 0) ++results_.opened;
  if (!result.ok) return results_.fail(url.path + ": " + result.error);
  const std::uint64_t now_ns = from.host.clock.now_ns();
  ++results_.finished;
  ++results_.closed;
  results_.latency_ns.push_back(now_ns - begun_ns);
  results_.active_ns = std::max(results_.active_ns, now_ns - started_ns_);
}

workload::amount http_workload::progress() const {
  return {.done = results_.finished + results_.failed, .total = config_.requests * clients_.size()};
}

workload_results http_workload::results() const {
  workload_results all = results_;
  all.accepted = server_.counts().connections;
  if (listening_ < 0) all.errors.push_back("server: cannot listen: " + error_text(listening_));
  return all;
}

}  // namespace fourtuple::app
