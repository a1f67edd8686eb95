// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "host/app/http_server.hpp"
#include "host/app/workloads/request_workload.hpp"
#include "host/app/workloads/workload.hpp"

namespace fourtuple::app {

struct http_workload_config {
  packet::ipv4_address server;
  std::uint16_t port = 0;
  std::filesystem::path root;      ///< A directory.
  std::vector<std::string> paths;  ///< "/README.md"; at least one.
  std::uint64_t connections = 8;   ///< Fetches of each client at the same time.
  std::uint64_t requests = 1000;   ///< Of each client; 0: until stop().
  distribution think_ns;           ///< Between a fetch and the next.
};

/// Clients that fetch files from a server, one after the other and again, a connection each.
class http_workload final : public workload {
 public:
  http_workload(const std::vector<workload_host>& clients, const workload_host& server,
                const http_workload_config& config, const random_streams& streams);

  void start() override;
  void stop() override;
  [[nodiscard]] bool done() const override { return workers_left_ == 0; }
  [[nodiscard]] workload_results results() const override;
  [[nodiscard]] amount progress() const override;

 private:
  struct client {
    workload_host host;
    std::unique_ptr<base::random_source> thoughts;
    std::unique_ptr<base::wait_queue> wakes;
    std::uint64_t begun = 0;
  };
  void work(client& from);
  void fetch_one(client& from);

  http_workload_config config_;
  http_server server_;
  std::vector<client> clients_;
  std::uint64_t workers_left_;
  std::uint64_t started_ns_ = 0;
  bool stopped_ = false;
  int listening_ = 0;
  workload_results results_;
};

}  // namespace fourtuple::app
