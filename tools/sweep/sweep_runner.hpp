// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

#include "tools/sweep/sweep_plan.hpp"
#include "tools/sweep/sweep_results.hpp"

namespace fourtuple::tools {

/// Runs jobs as processes of their own, some at a time, and shows how far it is: a table on standard error if that is a
/// terminal, otherwise a line for each that has ended.
class sweep_runner {
 public:
  /// `program` is the path of fourtuple. Runs that are set to `stop` get no successor; those that are on their way end
  /// themselves, because they get the terminal's signals too.
  sweep_runner(const sweep_plan& plan, std::string program, std::size_t at_once, const std::atomic<bool>& stop)
      : plan_(plan), program_(std::move(program)), at_once_(at_once), stop_(stop) {}

  /// Runs the jobs that have no good result yet and gives the results of all, in the plan's order.
  [[nodiscard]] std::vector<job_result> run();

 private:
  struct process {
    std::size_t job;
    int id;
    double started_s;
  };
  void start(std::size_t job);
  void wait_for_one();
  void show_end(std::size_t job, double took_s);
  void show_table();

  const sweep_plan& plan_;
  std::string program_;
  std::size_t at_once_;
  const std::atomic<bool>& stop_;
  std::vector<process> running_;
  std::vector<job_result> results_;
  std::size_t ended_ = 0;
  std::size_t to_do_ = 0;
  std::size_t table_lines_ = 0;
  double spent_s_ = 0;  ///< By runs that have ended.
};

}  // namespace fourtuple::tools
