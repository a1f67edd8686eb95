// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/app/workloads/distribution.hpp"
#include "host/app/workloads/request_server.hpp"
#include "host/app/workloads/workload.hpp"
#include "host/packet/addresses.hpp"

namespace fourtuple::app {

/// Randomness for one user of it, by name.
using random_streams = std::function<std::unique_ptr<base::random_source>(const std::string& name)>;

struct request_workload_config {
  packet::ipv4_address server;
  std::uint16_t port = 0;
  std::uint64_t connections = 8;              ///< Of each client, at the same time.
  std::uint64_t requests = 1000;              ///< Of each client; 0: until stop().
  std::uint64_t requests_per_connection = 0;  ///< Then a new connection is opened; 0: never.
  bool connecting_counts = false;  ///< Latency is from connect(): connection storm. Needs one request a connection.
  distribution gap_ns;             ///< Open loop: between arrivals. Always 0: closed loop.
  distribution think_ns;           ///< Closed loop: between an answer and the next request.
  distribution request_bytes;
  distribution response_bytes;
};

/// Requests and answers between clients and a server, in a closed loop (each connection waits for its answer before it
/// asks again) or an open one (requests come at times of their own; latency counts from when one was due, so that a
/// server that falls behind is seen to).
class request_workload final : public workload {
 public:
  request_workload(const std::vector<workload_host>& clients, const workload_host& server,
                   const request_workload_config& config, const random_streams& streams);
  ~request_workload() override;

  void start() override;
  void stop() override;
  [[nodiscard]] bool done() const override;
  [[nodiscard]] workload_results results() const override;
  [[nodiscard]] amount progress() const override;

 private:
  class client;
  void end_one();

  request_workload_config config_;
  request_server server_;
  std::vector<std::unique_ptr<client>> clients_;
  std::size_t clients_left_;
  workload_results results_;
};

}  // namespace fourtuple::app
