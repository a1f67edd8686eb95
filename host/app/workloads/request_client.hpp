// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/app/workloads/request_workload.hpp"

namespace fourtuple::app {

/// One host's share of a request_workload: workers that have a connection each, and in an open loop one more task that
/// tells them when a request is due.
class request_workload::client {
 public:
  client(const workload_host& host, const request_workload_config& config, const random_streams& streams,
         const std::string& name, workload_results& results, std::function<void()> on_end);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  void start();
  void stop();

 private:
  [[nodiscard]] bool open_loop() const noexcept { return !config_.gap_ns.zero(); }
  [[nodiscard]] bool more_to_begin() const noexcept;
  void generate();
  void work();
  /// Waits for a request to be due and gives that time; nothing if there will be none.
  [[nodiscard]] std::optional<std::uint64_t> next_due();
  [[nodiscard]] int ask(int fd, std::vector<std::byte>& buffer);
  [[nodiscard]] int read_response(int fd, std::uint64_t bytes, std::vector<std::byte>& buffer);
  /// Gives up the processor until then, or until stop().
  void sleep_until(std::uint64_t time_ns);
  void end_worker();

  workload_host host_;
  const request_workload_config& config_;
  std::unique_ptr<base::random_source> gaps_;
  std::unique_ptr<base::random_source> thoughts_;
  std::unique_ptr<base::random_source> sizes_;
  std::unique_ptr<base::wait_queue> wakes_;
  workload_results& results_;
  std::function<void()> on_end_;
  std::deque<std::uint64_t> due_ns_;
  std::uint64_t begun_ = 0;
  std::uint64_t started_ns_ = 0;
  std::uint64_t workers_left_ = 0;
  bool stopped_ = false;
};

}  // namespace fourtuple::app
