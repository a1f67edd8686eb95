// SPDX-License-Identifier: Apache-2.0
#include "model/system/run_workloads.hpp"

#include "host/app/workloads/bulk_workload.hpp"
#include "host/app/workloads/http_workload.hpp"
#include "host/app/workloads/idle_crowd_workload.hpp"
#include "host/app/workloads/request_workload.hpp"
#include "model/host/seeded_random.hpp"
#include "model/host/simulated_threading.hpp"

namespace fourtuple::model::system {

namespace {

constexpr std::uint64_t ns_per_us = 1'000;

app::workload_host host_of(machine& on) { return {on.sockets(), on, on.clock(), on.threads()}; }

app::distribution distributed(const std::string& text) {
  return app::parse_distribution(text).value_or(app::distribution{});
}

}  // namespace

run_workloads::run_workloads(const scenario& made, const network& hosts, const workload_payloads& payloads)
    : made_(made), started_(made.workloads.size()) {
  for (std::size_t i = 0; i < made.workloads.size(); ++i) {
    if (app::workload* const flood = hosts.flood_of(i)) {
      all_.push_back(flood);
    } else {
      own_.push_back(make(made.workloads[i], hosts, payloads[i]));
      all_.push_back(own_.back().get());
    }
  }
}

run_workloads::~run_workloads() = default;

std::unique_ptr<app::workload> run_workloads::make(const workload_settings& work, const network& hosts,
                                                   const std::vector<std::byte>& payload) const {
  std::vector<app::workload_host> clients;
  for (const std::string& name : work.from) clients.push_back(host_of(hosts.host(name)));
  machine& target = hosts.host(work.to);
  const packet::ipv4_address address = target.identity().address;
  const auto port = static_cast<std::uint16_t>(work.port);
  const app::random_streams streams = [seed = made_.run.seed, name = work.name](const std::string& user) {
    return std::make_unique<host::seeded_random>(seed, "workload " + name + ": " + user);
  };
  switch (work.kind) {
    case workload_kind::request_response:
    case workload_kind::connection_storm: {
      const bool storm = work.kind == workload_kind::connection_storm;
      return std::make_unique<app::request_workload>(
          clients, host_of(target),
          app::request_workload_config{.server = address,
                                       .port = port,
                                       .connections = work.connections,
                                       .requests = work.requests,
                                       .requests_per_connection = storm ? 1 : work.requests_per_connection,
                                       .connecting_counts = storm,
                                       .gap_ns = distributed(work.gap_ns),
                                       .think_ns = distributed(work.think_ns),
                                       .request_bytes = distributed(work.request_bytes),
                                       .response_bytes = distributed(work.response_bytes)},
          streams);
    }
    case workload_kind::http:
      return std::make_unique<app::http_workload>(clients, host_of(target),
                                                  app::http_workload_config{.server = address,
                                                                            .port = port,
                                                                            .root = work.root,
                                                                            .paths = work.paths,
                                                                            .connections = work.connections,
                                                                            .requests = work.requests,
                                                                            .think_ns = distributed(work.think_ns)},
                                                  streams);
    case workload_kind::idle_crowd:
      return std::make_unique<app::idle_crowd_workload>(
          clients, host_of(target),
          app::idle_crowd_config{.server = address,
                                 .port = port,
                                 .connections = work.connections,
                                 .gap_ns = distributed(work.gap_ns),
                                 .alive_gap_ns = distributed(work.alive_gap_ns),
                                 .request_bytes = distributed(work.request_bytes),
                                 .response_bytes = distributed(work.response_bytes)},
          streams);
    case workload_kind::bulk:
    case workload_kind::syn_flood:
      break;
  }
  return std::make_unique<app::bulk_workload>(clients, host_of(target), address, port, work.connections, payload);
}

void run_workloads::start() {
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const workload_settings& work = made_.workloads[i];
    if (work.start_us == 0 || work.kind == workload_kind::syn_flood) {  // Which waits by itself.
      started_[i] = true;
      all_[i]->start();
      continue;
    }
    sc_core::sc_spawn_options in_thread;
    sc_core::sc_spawn(
        [this, i, time = sc_core::sc_time_stamp() + sim::from_ns(work.start_us * ns_per_us)] {
          host::sleep_until(sim::to_ns(time));
          started_[i] = true;
          if (!stopped_) all_[i]->start();
        },
        sc_core::sc_gen_unique_name("start"), &in_thread);
  }
}

void run_workloads::stop() {
  stopped_ = true;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (started_[i]) all_[i]->stop();
  }
}

bool run_workloads::ends_by_itself(std::size_t index) const {
  const workload_settings& work = made_.workloads[index];
  return work.kind == workload_kind::bulk || (work.kind != workload_kind::idle_crowd && work.requests != 0);
}

bool run_workloads::work_done() const {
  bool any = false;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (!ends_by_itself(i)) continue;
    any = true;
    if (!started_[i] || !all_[i]->done()) return false;
  }
  return any;
}

bool run_workloads::all_done() const {
  for (std::size_t i = 0; i < all_.size(); ++i) {
    if (started_[i] && !all_[i]->done()) return false;
  }
  return true;
}

app::workload::amount run_workloads::progress() const {
  if (all_.size() == 1) return all_.front()->progress();
  constexpr std::uint64_t per_mille = 1'000;
  app::workload::amount sum;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const app::workload::amount one = all_[i]->progress();
    if (!ends_by_itself(i) || one.total == 0) continue;
    sum.done += one.done * per_mille / one.total;
    sum.total += per_mille;
  }
  return sum;
}

}  // namespace fourtuple::model::system
