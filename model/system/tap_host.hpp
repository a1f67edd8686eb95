// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <systemc>

#include "model/sim/paced_run.hpp"
#include "model/system/machine.hpp"
#include "model/system/run_report.hpp"
#include "model/wire/digest.hpp"
#include "model/wire/link.hpp"
#include "model/wire/pcapng_writer.hpp"
#include "model/wire/tap_port.hpp"

namespace fourtuple::model::system {

/// A machine whose wire ends at a Linux kernel: a TAP device. Simulated time follows the wall clock.
///
/// One in a process. Not repeatable from a seed: what the kernel sends comes when it comes.
class tap_host final : public sc_core::sc_module {
 public:
  /// `device` is an open TAP device. `capture`: pcapng file, empty for none. Throws std::runtime_error if it cannot be
  /// written.
  tap_host(sc_core::sc_module_name name, const platform_options& options, const machine_identity& identity,
           wire::file_descriptor device, const std::filesystem::path& capture);

  [[nodiscard]] machine& host() noexcept { return machine_; }

  /// Brings the device up: empty, or what went wrong.
  [[nodiscard]] std::string start(const std::atomic<bool>& stop);
  /// Runs until `done` or `stop`.
  void run(const std::atomic<bool>& stop, const std::function<bool()>& done);
  /// Closes what is open, gives the peers a moment to hear of it, and reads the counters. Then the report is complete.
  [[nodiscard]] run_report finish();

  /// How far simulated time was behind the wall clock, at most.
  [[nodiscard]] std::uint64_t most_behind_ns() const noexcept { return pace_.most_behind_ns(); }
  [[nodiscard]] const wire::tap_counters& tap_counters() const noexcept { return tap_.counters(); }

 private:
  platform_options options_;
  machine machine_;
  wire::link wire_;
  wire::tap_port tap_;
  wire::digest digest_;
  wire::pcapng_writer writer_;
  bool captures_;
  sim::posix_wall wall_;
  sim::paced_run pace_;
};

}  // namespace fourtuple::model::system
