// SPDX-License-Identifier: Apache-2.0
#include "host/app/workloads/bulk_workload.hpp"

#include <algorithm>

namespace fourtuple::app {

bulk_workload::bulk_workload(const std::vector<workload_host>& clients, const workload_host& server,
                             packet::ipv4_address address, std::uint16_t port, std::uint64_t connections,
                             std::span<const std::byte> payload)
    : connections_(connections),
      payload_bytes_(payload.size()),
      receiver_(server.sockets, server.spawner, port, connections * clients.size(), sha256_of(payload)) {
  for (const workload_host& client : clients) {
    senders_.push_back(std::make_unique<transfer_client>(client.sockets, client.spawner, client.clock, address, port,
                                                         connections, payload));
  }
}

void bulk_workload::start() {
  receiver_.start();
  for (const auto& sender : senders_) sender->start();
}

bool bulk_workload::done() const {
  const bool all_sent = std::ranges::all_of(senders_, [](const auto& sender) { return sender->results().done; });
  // What never came to the server is not waited for.
  const bool any_failed =
      std::ranges::any_of(senders_, [](const auto& sender) { return !sender->results().errors.empty(); });
  return all_sent && (receiver_.results().done || any_failed);
}

workload::amount bulk_workload::progress() const {
  return {.done = receiver_.results().bytes, .total = payload_bytes_ * connections()};
}

workload_results bulk_workload::results() const {
  const transfer_results& received = receiver_.results();
  workload_results all;
  std::uint64_t finished_by_clients = 0;
  std::uint64_t confirmed = 0;
  for (const auto& sender : senders_) {
    const transfer_results& sent = sender->results();
    all.opened += sent.opened;
    finished_by_clients += sent.finished;
    confirmed += sent.intact;
    all.latency_ns.insert(all.latency_ns.end(), sent.completion_ns.begin(), sent.completion_ns.end());
    all.errors.insert(all.errors.end(), sent.errors.begin(), sent.errors.end());
  }
  all.errors.insert(all.errors.end(), received.errors.begin(), received.errors.end());
  all.accepted = received.opened;
  all.closed = std::min(finished_by_clients, received.finished);
  all.begun = connections();
  all.finished = std::min(confirmed, received.intact);
  all.failed = all.begun - all.finished;
  all.bytes = received.bytes;
  all.payload_ok = received.intact == connections() && confirmed == connections();
  // All connections start at once, so the slowest one is the whole transfer.
  if (!all.latency_ns.empty()) all.active_ns = std::ranges::max(all.latency_ns);
  return all;
}

}  // namespace fourtuple::app
