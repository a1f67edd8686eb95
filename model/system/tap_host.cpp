// SPDX-License-Identifier: Apache-2.0
#include "model/system/tap_host.hpp"

#include <stdexcept>
#include <utility>

#include "model/system/platform.hpp"

namespace fourtuple::model::system {

namespace {
// Simulated time for connections to say goodbye in, and a bound for things that take some microseconds.
const sc_core::sc_time farewell(500, sc_core::SC_MS);
const sc_core::sc_time for_ever(1'000'000, sc_core::SC_SEC);
}  // namespace

tap_host::tap_host(sc_core::sc_module_name name, const platform_options& options, const machine_identity& identity,
                   wire::file_descriptor device, const std::filesystem::path& capture)
    : sc_module(name),
      options_(options),
      machine_("host", options, identity),
      wire_("wire", wire_link_config_of(options)),
      tap_("tap", std::move(device)),
      writer_({.interface_names = {"nic", "tap"}}),
      captures_(!capture.empty()),
      pace_(wall_) {
  machine_.device().ethernet_out().socket.bind(wire_.from_a().socket);
  wire_.to_a().socket.bind(machine_.device().ethernet_in().socket);
  tap_.out().socket.bind(wire_.from_b().socket);
  wire_.to_b().socket.bind(tap_.in().socket);
  wire_.add_observer(digest_);
  if (captures_) {
    if (const auto error = writer_.open(capture.string())) throw std::runtime_error(*error);
    wire_.add_observer(writer_);
  }
  pace_.add_input(tap_.device_file(), [this] { tap_.receive(); });
}

std::string tap_host::start(const std::atomic<bool>& stop) {
  run(stop, [this] { return machine_.up() || !machine_.failure().empty(); });
  return machine_.failure();
}

void tap_host::run(const std::atomic<bool>& stop, const std::function<bool()>& done) {
  pace_.run(for_ever, stop, done);
}

run_report tap_host::finish() {
  const std::atomic<bool> nobody_stops = false;
  machine_.spawn("close", [this] { machine_.sockets().close_all(); });
  pace_.run(farewell, nobody_stops, [this] { return machine_.only_time_wait_left(); });
  bool retired = false;
  machine_.spawn("retire", [this, &retired] {
    machine_.retire();
    retired = true;
  });
  pace_.run(farewell, nobody_stops, [&retired] { return retired; });
  if (captures_) {
    if (const auto error = writer_.finish()) throw std::runtime_error(*error);
  }
  run_report report;
  report.nic = name_of(options_.nic);
  report.seed = options_.seed;
  report.digest = digest_.hex();
  report.sim_time_ps = sc_core::sc_time_stamp().value();
  report.clocks = std::as_const(machine_).device().clocks();
  for (const wire::direction way : {wire::direction::a_to_b, wire::direction::b_to_a}) {
    report.wire_frames += wire_.counters(way).frames;
    report.wire_bytes += wire_.counters(way).frame_bytes;
  }
  report.machines = {machine_.report(sc_core::sc_time_stamp())};
  report.opened = report.total("TcpActiveOpens");
  report.accepted = report.total("TcpPassiveOpens");
  report.closed = report.opened + report.accepted - report.total("TcpAttemptFails") - report.total("TcpEstabResets");
  return report;
}

}  // namespace fourtuple::model::system
