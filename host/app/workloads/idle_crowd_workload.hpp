// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "host/app/workloads/request_workload.hpp"

namespace fourtuple::app {

struct idle_crowd_config {
  packet::ipv4_address server;
  std::uint16_t port = 0;
  std::uint64_t connections = 1000;  ///< Of each client.
  distribution gap_ns;               ///< Between the beginnings of two; always 0: one after the other.
  distribution alive_gap_ns;         ///< Between the requests of one connection; always 0: it says nothing.
  distribution request_bytes;
  distribution response_bytes;
};

/// Many connections that are opened and stay until stop(); some of them say something at times, one after the other.
/// One thread for each client and one for the server, however many connections there are.
class idle_crowd_workload final : public workload {
 public:
  idle_crowd_workload(const std::vector<workload_host>& clients, const workload_host& server,
                      const idle_crowd_config& config, const random_streams& streams);
  ~idle_crowd_workload() override;

  void start() override;
  void stop() override;
  [[nodiscard]] bool done() const override;
  [[nodiscard]] workload_results results() const override;
  /// Connections that are open, of all that are to be.
  [[nodiscard]] amount progress() const override;

 private:
  struct client;
  void run(client& from);
  void open_all(client& from);
  void keep_alive(client& from);
  void plan(client& from, int fd);
  void speak(client& from, int fd);
  void sleep_until(client& from, std::uint64_t time_ns);

  idle_crowd_config config_;
  request_server server_;
  std::vector<std::unique_ptr<client>> clients_;
  std::size_t clients_left_;
  bool stopped_ = false;
  workload_results results_;
};

}  // namespace fourtuple::app
