// SPDX-License-Identifier: Apache-2.0
#include "model/system/two_hosts.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <vector>

#include "host/app/file_transfer.hpp"
#include "host/app/sha256.hpp"
#include "model/system/host_pair.hpp"
#include "model/system/observation.hpp"
#include "model/system/platform.hpp"
#include "model/wire/digest.hpp"
#include "model/wire/pcapng_writer.hpp"

namespace fourtuple::model::system {

namespace {

constexpr packet::ipv4_address server_address{0x0a000002};

// How often the display is told, and the end of the run looked for, in simulated time while there is work.
constexpr std::uint64_t observation_period_ns = 10 * base::ns_per_us;
constexpr std::uint64_t longest_observation_period_ns = 100 * base::ns_per_ms;

class two_hosts final : public sc_core::sc_module {
 public:
  two_hosts(sc_core::sc_module_name name, const transfer_scenario& scenario, std::span<const std::byte> payload,
            run_progress& progress)
      : sc_module(name),
        scenario_(scenario),
        progress_(progress),
        hosts_("hosts", scenario.platform),
        client_(hosts_.client()),
        server_(hosts_.server()),
        sender_(client_.sockets(), client_, client_.clock(), server_address, scenario.port, scenario.connections,
                payload),
        receiver_(server_.sockets(), server_, scenario.port, scenario.connections, app::sha256_of(payload)) {
    hosts_.impair(scenario.impairments, scenario.platform.seed);
    sc_core::sc_spawn_options in_thread;
    sc_core::sc_spawn([this] { direct(); }, "director", &in_thread);
  }

  /// Before the simulation starts.
  void list_at(const std::vector<std::uint64_t>& times_ns) {
    sc_core::sc_spawn_options in_thread;
    sc_core::sc_spawn([this, times_ns] { take_listings(times_ns); }, "listings", &in_thread);
  }
  [[nodiscard]] const std::string& listings() const noexcept { return listings_; }
  void observe(wire::wire_observer& observer) { hosts_.cable().add_observer(observer); }
  /// `observation` outlives the simulation.
  void observe(observation& all) {
    all.add(client_);
    all.add(server_);
    all.add(hosts_.cable(), "client", "server");
    observation_ = &all;
  }
  [[nodiscard]] run_report report() const;

 private:
  void direct();
  void take_listings(const std::vector<std::uint64_t>& times_ns);
  bool wait_until(const std::function<bool()>& condition);
  [[nodiscard]] bool bring_up();
  void retire();
  [[nodiscard]] sc_core::sc_time worked() const { return sc_core::sc_time_stamp() - started_; }
  void show();

  const transfer_scenario& scenario_;
  run_progress& progress_;
  host_pair hosts_;
  machine& client_;
  machine& server_;
  app::transfer_client sender_;
  app::transfer_server receiver_;
  observation* observation_ = nullptr;
  std::string listings_;
  sc_core::sc_time started_;
  std::vector<machine_report> machines_;
  std::vector<std::string> errors_;
};

void two_hosts::show() {
  progress_.sim_time_ns = client_.clock().now_ns();
  progress_.work_done = receiver_.results().bytes;
  progress_.clocks_evaluated = client_.device().clocks().evaluated + server_.device().clocks().evaluated;
}

// False if the run was stopped or took too long first; then errors_ says so.
bool two_hosts::wait_until(const std::function<bool()>& condition) {
  std::uint64_t period_ns = observation_period_ns;
  std::uint64_t last_events = 0;
  while (!condition()) {
    show();
    if (progress_.stop) {
      errors_.emplace_back("stopped before the end");
      return false;
    }
    if (client_.clock().now_ns() > scenario_.limit_ns) {
      errors_.push_back("not finished after " + std::to_string(scenario_.limit_ns / base::ns_per_s) +
                        " simulated seconds");
      return false;
    }
    host::sleep_until(client_.clock().now_ns() + period_ns);
    // Long waits, such as TIME_WAIT, are looked at less and less often.
    const std::uint64_t events = hosts_.wire_frames();
    period_ns = events == last_events ? std::min(period_ns * 2, longest_observation_period_ns) : observation_period_ns;
    last_events = events;
  }
  show();
  return true;
}

bool two_hosts::bring_up() {
  if (!wait_until([this] { return hosts_.settled(); })) return false;
  for (const machine* host : {&client_, &server_}) {
    if (!host->failure().empty()) errors_.push_back(host->failure());
  }
  return errors_.empty();
}

void two_hosts::retire() {
  unsigned left = 2;
  for (machine* host : {&client_, &server_}) {
    host->spawn("retire", [&left, host] {
      host->retire();
      --left;
    });
  }
  while (left > 0) host::sleep_until(client_.clock().now_ns() + observation_period_ns);
  const std::vector<machine_report> after_all = {client_.report(worked()), server_.report(worked())};
  if (machines_.empty()) machines_ = after_all;
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    machines_[i].counters = after_all[i].counters;
    machines_[i].messages = after_all[i].messages;
    machines_[i].iommu_faults = after_all[i].iommu_faults;
    machines_[i].first_iommu_fault = after_all[i].first_iommu_fault;
  }
}

void two_hosts::take_listings(const std::vector<std::uint64_t>& times_ns) {
  for (const std::uint64_t time_ns : times_ns) {
    host::sleep_until(time_ns);
    for (machine* host : {&client_, &server_}) {
      listings_ += std::string(host->basename()) + " at " + std::to_string(time_ns) + " ns\n" +
                   host->stack().tcp().diag(true) + "\n";
    }
  }
}

void two_hosts::direct() {
  if (bring_up()) {
    receiver_.start();
    started_ = sc_core::sc_time_stamp();
    sender_.start();
    if (wait_until([this] {
          return sender_.results().done && (receiver_.results().done || !sender_.results().errors.empty());
        })) {
      if (observation_ != nullptr) observation_->end_of_work();
      // What the links did for the transfer, before the quiet of TIME_WAIT dilutes it.
      machines_ = {client_.report(worked()), server_.report(worked())};
      wait_until([this] { return client_.quiescent() && server_.quiescent(); });
    }
    retire();
  }
  show();
  sc_core::sc_stop();
}

run_report two_hosts::report() const {
  const app::transfer_results& sent = sender_.results();
  const app::transfer_results& received = receiver_.results();
  run_report report;
  report.nic = name_of(scenario_.platform.nic);
  report.pcie_bytes_per_s = pcie_bytes_per_s(scenario_.platform);
  report.wire_bits_per_s = scenario_.platform.wire_bits_per_s;
  report.seed = scenario_.platform.seed;
  report.sim_time_ps = static_cast<std::uint64_t>(sc_core::sc_time_stamp() / sc_core::sc_time(1, sc_core::SC_PS));
  for (const machine* host : {&client_, &server_}) {
    const nic::nic_clocks clocks = host->device().clocks();
    report.clocks.evaluated += clocks.evaluated;
    report.clocks.skipped += clocks.skipped;
  }
  report.opened = sent.opened;
  report.accepted = received.opened;
  report.closed = std::min(sent.finished, received.finished);
  report.bytes_delivered = received.bytes;
  report.payload_ok = received.intact == scenario_.connections && sent.intact == scenario_.connections;
  report.wire_frames = hosts_.wire_frames();
  for (const wire::direction way : {wire::direction::a_to_b, wire::direction::b_to_a}) {
    report.wire_bytes += hosts_.cable().counters(way).frame_bytes;
    if (const wire::impairment* impaired = hosts_.cable().impairment_of(way)) {
      report.impairments.push_back({.direction = way == wire::direction::a_to_b ? "from_client" : "from_server",
                                    .counters = wire::named(impaired->counters())});
    }
  }
  report.latency_ns = sent.completion_ns;
  // All connections start at once, so the slowest one is the whole transfer.
  if (!sent.completion_ns.empty()) report.transfer_ns = std::ranges::max(sent.completion_ns);
  report.machines = machines_;
  report.errors = errors_;
  report.errors.insert(report.errors.end(), sent.errors.begin(), sent.errors.end());
  report.errors.insert(report.errors.end(), received.errors.begin(), received.errors.end());
  if (report.errors.empty() && !*report.payload_ok) report.errors.emplace_back("not every file arrived intact");
  for (const machine_report& host : report.machines) {
    if (host.iommu_faults != 0) report.errors.push_back(host.name + ": DMA refused: " + host.first_iommu_fault);
  }
  return report;
}

}  // namespace

run_report run_transfer(const transfer_scenario& scenario, std::span<const std::byte> payload,
                        const run_outputs& outputs, run_progress& progress) {
  progress.work_total = payload.size() * scenario.connections;
  observation observed;  // Outlives the hosts, whose last connections end with them.
  two_hosts hosts("run", scenario, payload, progress);
  wire::digest digest;
  hosts.observe(digest);
  wire::pcapng_writer writer({.interface_names = {"client", "server"}});
  if (!outputs.capture.empty()) {
    if (const auto error = writer.open(outputs.capture.string())) throw std::runtime_error(*error);
    hosts.observe(writer);
  }
  if (!outputs.listing_times_ns.empty()) hosts.list_at(outputs.listing_times_ns);
  if (outputs.plots || !outputs.events.empty() || outputs.listener != nullptr) hosts.observe(observed);
  if (outputs.listener != nullptr) observed.add_listener(*outputs.listener);
  if (!outputs.events.empty()) observed.log_to(outputs.events);
  sc_core::sc_start();
  if (!outputs.capture.empty()) {
    if (const auto error = writer.finish()) throw std::runtime_error(*error);
  }
  observed.finish();
  run_report report = hosts.report();
  report.digest = digest.hex();
  report.listings = hosts.listings();
  if (outputs.plots) report.plots = observed.plots();
  return report;
}

}  // namespace fourtuple::model::system
