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
#include "host/programs/shared_clock.hpp"
#include "model/sim/paced_run.hpp"
#include "model/system/network.hpp"
#include "model/system/network_record.hpp"
#include "model/system/observation.hpp"
#include "model/system/run_report.hpp"
#include "model/wire/tap_port.hpp"
#include "model/world/lockstep.hpp"
#include "model/world/world_options.hpp"

namespace fourtuple::model::world {

/// Simulated hosts for programs of this machine: docs/programs.md.
///
/// One in a process. In virtual time a run depends on its programs and the seed alone, if they do one thing after the
/// other; otherwise it depends on when they do what they do.
class world final : public sc_core::sc_module {
 public:
  /// `tap` is an open TAP device if options.tap names one. Throws std::runtime_error if the capture or the events
  /// cannot be written.
  world(sc_core::sc_module_name name, const world_options& options,
        wire::file_descriptor tap = wire::file_descriptor());
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
  /// Frames from and to the kernel; nullptr without a TAP device.
  [[nodiscard]] const wire::tap_counters* tap_counters() const noexcept;

 private:
  void serve_files();
  void serve_stack(std::size_t host);
  void serve_programs(std::vector<programs::program_host> hosts, programs::control_socket listener);
  [[nodiscard]] system::machine& machine(std::size_t host) const { return *network_.hosts()[host]; }
  [[nodiscard]] base::clock& clock() const { return machine(0).clock(); }
  void run_for(sc_core::sc_time longest, const std::atomic<bool>& stop, const std::function<bool()>& done);
  [[nodiscard]] bool all_machines(const std::function<bool(system::machine&)>& condition);
  [[nodiscard]] system::run_report report();

  world_options options_;
  system::observation observed_;  // Told until the last machine is gone.
  std::unique_ptr<wire::tap_port> tap_;
  system::network network_;
  system::network_record record_;
  sim::posix_wall wall_;
  sim::paced_run pace_;
  std::unique_ptr<programs::shared_clock> shared_clock_;  // In virtual time.
  std::unique_ptr<programs::control_server> server_;
  std::unique_ptr<lockstep> lockstep_;
  programs::control_counters requests_;
  std::uint64_t delivered_bytes_ = 0;
  sc_core::sc_event files_event_;
};

}  // namespace fourtuple::model::world
