// SPDX-License-Identifier: Apache-2.0
#include "model/system/scenario_run.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "model/host/simulated_threading.hpp"
#include "model/system/network.hpp"
#include "model/system/observation.hpp"
#include "model/system/platform.hpp"
#include "model/system/run_workloads.hpp"

namespace fourtuple::model::system {

namespace {

// How often the display is told, and the end of the run looked for, in simulated time while there is work.
constexpr std::uint64_t observation_period_ns = 10 * base::ns_per_us;
constexpr std::uint64_t longest_observation_period_ns = 100 * base::ns_per_ms;

class scenario_run final : public sc_core::sc_module {
 public:
  scenario_run(sc_core::sc_module_name name, const scenario& made, const workload_payloads& payloads,
               run_progress& progress, std::uint64_t until_ps)
      : sc_module(name),
        made_(made),
        progress_(progress),
        until_ps_(until_ps),
        network_("hosts", made),
        work_(made, network_, payloads) {
    sc_core::sc_spawn_options in_thread;
    sc_core::sc_spawn([this] { direct(); }, "director", &in_thread);
  }

  [[nodiscard]] const network& hosts() const noexcept { return network_; }
  /// Told when the work is over.
  void observe(observation& all) noexcept { observation_ = &all; }
  [[nodiscard]] run_report report() const;

 private:
  void direct();
  bool wait_until(const std::function<bool()>& condition);
  [[nodiscard]] bool bring_up();
  void take_part_reports();
  void retire();
  [[nodiscard]] const base::clock& clock() const { return network_.hosts().front()->clock(); }
  [[nodiscard]] bool duration_over() const;
  [[nodiscard]] sc_core::sc_time worked() const { return sc_core::sc_time_stamp() - started_; }
  void show();
  void report_work(run_report& report) const;

  const scenario& made_;
  run_progress& progress_;
  std::uint64_t until_ps_;
  bool cut_ = false;  ///< until_ps_ came first.
  network network_;
  run_workloads work_;
  observation* observation_ = nullptr;
  sc_core::sc_time started_;
  std::vector<machine_report> machines_;
  std::vector<std::string> errors_;
};

void scenario_run::show() {
  progress_.sim_time_ns = clock().now_ns();
  const app::workload::amount amount = work_.progress();
  progress_.work_done = amount.done;
  progress_.work_total = amount.total;
  if (made_.run.duration_us != 0 && started_ != sc_core::SC_ZERO_TIME) {
    progress_.work_total = made_.run.duration_us;
    progress_.work_done = std::min(sim::to_ns(worked()) / base::ns_per_us, made_.run.duration_us);
  }
  std::uint64_t clocks = 0;
  for (const auto& host : network_.hosts()) clocks += std::as_const(*host).device().clocks().evaluated;
  progress_.clocks_evaluated = clocks;
}

bool scenario_run::duration_over() const {
  return made_.run.duration_us != 0 && worked() >= sim::from_ns(made_.run.duration_us * base::ns_per_us);
}

// False if the run was stopped or took too long first; then errors_ says so. Also at until_ps_.
bool scenario_run::wait_until(const std::function<bool()>& condition) {
  std::uint64_t period_ns = observation_period_ns;
  std::uint64_t last_events = 0;
  while (!condition()) {
    show();
    if (progress_.stop) {
      errors_.emplace_back("stopped before the end");
      return false;
    }
    if (sim::to_ps(sc_core::sc_time_stamp()) >= until_ps_) {
      cut_ = true;
      return false;
    }
    if (clock().now_ns() > made_.run.limit_s * base::ns_per_s) {
      errors_.push_back("not finished after " + std::to_string(made_.run.limit_s) + " simulated seconds");
      return false;
    }
    sc_core::wait(std::min(sim::from_ns(period_ns), sim::until(sim::from_ps(until_ps_))));
    // Long waits, such as TIME_WAIT, are looked at less and less often.
    const std::uint64_t events = network_.wire_frames();
    period_ns = events == last_events ? std::min(period_ns * 2, longest_observation_period_ns) : observation_period_ns;
    last_events = events;
  }
  show();
  return true;
}

bool scenario_run::bring_up() {
  if (!wait_until([this] { return network_.settled(); })) return false;
  for (const auto& host : network_.hosts()) {
    if (!host->failure().empty()) errors_.push_back(host->failure());
  }
  return errors_.empty();
}

void scenario_run::take_part_reports() {
  machines_.clear();
  for (const auto& host : network_.hosts()) machines_.push_back(host->report(worked()));
}

void scenario_run::retire() {
  std::size_t left = network_.hosts().size();
  for (const auto& host : network_.hosts()) {
    host->spawn("retire", [&left, retired = host.get()] {
      retired->retire();
      --left;
    });
  }
  while (left > 0) host::sleep_until(clock().now_ns() + observation_period_ns);
  if (machines_.empty()) take_part_reports();
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    const machine_report after_all = network_.hosts()[i]->report(worked());
    machines_[i].counters = after_all.counters;
    machines_[i].messages = after_all.messages;
    machines_[i].iommu_faults = after_all.iommu_faults;
    machines_[i].first_iommu_fault = after_all.first_iommu_fault;
  }
}

void scenario_run::direct() {
  if (bring_up()) {
    started_ = sc_core::sc_time_stamp();
    for (const auto& host : network_.hosts()) host->begin_work();
    work_.start();
    if (wait_until([this] { return work_.work_done() || duration_over(); })) {
      work_.stop();
      if (observation_ != nullptr) observation_->end_of_work();
      // What the links did for the work, before the quiet of TIME_WAIT dilutes it.
      take_part_reports();
      if (wait_until([this] { return work_.all_done(); })) wait_until([this] { return network_.quiescent(); });
    }
    retire();
  }
  show();
  sc_core::sc_stop();
}

void scenario_run::report_work(run_report& report) const {
  for (std::size_t i = 0; i < made_.workloads.size(); ++i) {
    const workload_settings& work = made_.workloads[i];
    workload_report& one = report.workloads.emplace_back();
    one.name = work.name;
    one.kind = name_of(work.kind);
    one.results = work_.at(i).results();
    const app::workload_results& results = one.results;
    for (const std::string& line : results.errors)
      report.errors.push_back(made_.workloads.size() == 1 ? line : work.name + ": " + line);
    if (results.failed > results.errors.size() && !results.payload_ok)
      report.errors.push_back(work.name + ": " + std::to_string(results.failed) + " of " +
                              std::to_string(results.begun) + " failed");
    if (work.kind == workload_kind::syn_flood) continue;
    report.opened += results.opened;
    report.accepted += results.accepted;
    report.closed += results.closed;
    report.bytes_delivered += results.bytes;
    if (results.payload_ok) report.payload_ok = report.payload_ok.value_or(true) && *results.payload_ok;
    report.latency_ns.insert(report.latency_ns.end(), results.latency_ns.begin(), results.latency_ns.end());
    report.transfer_ns = std::max(report.transfer_ns, results.active_ns);
  }
}

run_report scenario_run::report() const {
  run_report report;
  report.seed = made_.run.seed;
  report.pcie_bytes_per_s = pcie_bytes_per_s(made_.platform);
  report.wire_bits_per_s = made_.platform.wire_bits_per_s;
  report.sim_time_ps = sim::to_ps(sc_core::sc_time_stamp());
  for (std::size_t i = 0; i < made_.hosts.size(); ++i) {
    const std::string kind = name_of(made_.hosts[i].platform.nic);
    report.nic = report.nic.empty() || report.nic == kind ? kind : "mixed";
  }
  if (cut_) report.cut_at_ps = until_ps_;
  report.machines = machines_;
  report.errors = errors_;
  report_work(report);
  if (cut_) report.payload_ok.reset();  // Too early to say.
  if (report.errors.empty() && !report.payload_ok.value_or(true))
    report.errors.emplace_back("not every file arrived intact");
  for (const machine_report& host : report.machines) {
    if (host.iommu_faults != 0) report.errors.push_back(host.name + ": DMA refused: " + host.first_iommu_fault);
  }
  return report;
}

}  // namespace

run_report run_scenario(const scenario& made, const workload_payloads& payloads, const run_outputs& outputs,
                        run_progress& progress) {
  observation observed;  // Before the hosts: what they do at their end still tells it.
  scenario_run run("run", made, payloads, progress, outputs.until_ps);
  network_record record(run.hosts(), observed, outputs);
  run.observe(observed);
  sc_core::sc_start();
  record.finish();
  run_report report = run.report();
  record.add_to(report);
  return report;
}

}  // namespace fourtuple::model::system
