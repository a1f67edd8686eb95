// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "host/programs/control_server.hpp"
#include "model/sim/paced_run.hpp"
#include "model/system/machine.hpp"
#include "model/system/observation.hpp"
#include "model/system/run_report.hpp"
#include "model/wire/digest.hpp"
#include "model/wire/link.hpp"
#include "model/wire/pcapng_writer.hpp"
#include "model/world/lockstep.hpp"
#include "model/world/shared_clock.hpp"
#include "model/world/world_options.hpp"

namespace fourtuple::model::world {

/// Simulated hosts for programs of this machine: docs/programs.md.
///
/// One in a process. In virtual time a run depends on its programs and the seed alone, if they do one thing after the
/// other; otherwise it depends on when they do what they do.
class world final : public sc_core::sc_module {
 public:
  /// Throws std::runtime_error if the capture or the events cannot be written.
  world(sc_core::sc_module_name name, const world_options& options);
  ~world() override;

  /// Brings the devices up: empty, or what went wrong.
  [[nodiscard]] std::string start(const std::atomic<bool>& stop);
  /// Lets programs in: empty, or why the socket cannot be made.
  [[nodiscard]] std::string open(const std::filesystem::path& socket);
  /// Runs until `done` or `stop`.
  void run(const std::atomic<bool>& stop, const std::function<bool()>& done);
  /// Turns programs away, closes what they left open, gives the connections a moment, and reads the counters.
  [[nodiscard]] system::run_report finish();

  [[nodiscard]] const programs::control_server& server() const noexcept { return *server_; }
  [[nodiscard]] std::uint64_t most_behind_ns() const noexcept { return pace_.most_behind_ns(); }
  /// Of all programs; complete after finish().
  [[nodiscard]] const programs::control_counters& requests() const noexcept { return requests_; }
  /// "10.0.0.1", by number of the host.
  [[nodiscard]] std::string address_of(std::size_t host) const;

 private:
  void serve_files();
  void serve_stack(std::size_t host);
  void run_for(sc_core::sc_time longest, const std::atomic<bool>& stop, const std::function<bool()>& done);
  [[nodiscard]] bool all_machines(const std::function<bool(system::machine&)>& condition);
  [[nodiscard]] system::run_report report();

  world_options options_;
  system::observation observed_;  // Told until the last machine is gone.
  std::vector<std::unique_ptr<system::machine>> machines_;
  wire::link wire_;
  wire::digest digest_;
  wire::pcapng_writer writer_;
  sim::posix_wall wall_;
  sim::paced_run pace_;
  std::unique_ptr<shared_clock> clock_;  // In virtual time.
  std::unique_ptr<programs::control_server> server_;
  std::unique_ptr<lockstep> lockstep_;
  programs::control_counters requests_;
  std::uint64_t delivered_bytes_ = 0;
  sc_core::sc_event files_event_;
};

}  // namespace fourtuple::model::world
