// SPDX-License-Identifier: Apache-2.0
#include "host/app/workloads/request_workload.hpp"

#include "host/app/workloads/request_client.hpp"

namespace fourtuple::app {

request_workload::request_workload(const std::vector<workload_host>& clients, const workload_host& server,
                                   const request_workload_config& config, const random_streams& streams)
    : config_(config), server_(server, config.port), clients_left_(clients.size()) {
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients_.push_back(std::make_unique<client>(clients[i], config_, streams, "client " + std::to_string(i), results_,
                                                [this] { end_one(); }));
  }
}

request_workload::~request_workload() = default;

void request_workload::start() {
  server_.start();
  for (const auto& one : clients_) one->start();
}

void request_workload::stop() {
  for (const auto& one : clients_) one->stop();
}

void request_workload::end_one() {
  if (--clients_left_ == 0) server_.close();
}

bool request_workload::done() const { return clients_left_ == 0 && server_.done(); }

workload::amount request_workload::progress() const {
  return {.done = results_.finished + results_.failed, .total = config_.requests * clients_.size()};
}

workload_results request_workload::results() const {
  workload_results all = results_;
  all.accepted = server_.accepted();
  all.closed = std::min(all.closed, server_.closed_in_order());
  if (!server_.failure().empty()) all.errors.push_back("server: " + server_.failure());
  return all;
}

}  // namespace fourtuple::app
