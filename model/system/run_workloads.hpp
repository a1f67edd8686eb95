// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "host/app/workloads/workload.hpp"
#include "model/system/network.hpp"
#include "model/system/scenario.hpp"
#include "model/system/scenario_run.hpp"

namespace fourtuple::model::system {

/// The workloads of a scenario on the hosts of its network, in the scenario's order. SYN floods are the network's own.
class run_workloads {
 public:
  /// All outlive this.
  run_workloads(const scenario& made, const network& hosts, const workload_payloads& payloads);
  ~run_workloads();

  /// Starts each at its time. Does not wait.
  void start();
  void stop();
  /// Those that end by themselves have ended.
  [[nodiscard]] bool work_done() const;
  [[nodiscard]] bool all_done() const;
  [[nodiscard]] app::workload::amount progress() const;
  [[nodiscard]] const app::workload& at(std::size_t index) const { return *all_[index]; }

 private:
  [[nodiscard]] std::unique_ptr<app::workload> make(const workload_settings& work, const network& hosts,
                                                    const std::vector<std::byte>& payload) const;
  [[nodiscard]] bool ends_by_itself(std::size_t index) const;

  const scenario& made_;
  std::vector<std::unique_ptr<app::workload>> own_;
  std::vector<app::workload*> all_;
  std::vector<bool> started_;
  bool stopped_ = false;
};

}  // namespace fourtuple::model::system
