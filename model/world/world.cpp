// SPDX-License-Identifier: Apache-2.0
#include "model/world/world.hpp"

#include <poll.h>
#include <sys/random.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <stdexcept>
#include <utility>
#include <variant>

#include "host/sock/tables_drawing.hpp"
#include "model/host/simulated_threading.hpp"
#include "model/system/platform.hpp"

namespace fourtuple::model::world {
namespace {

// Simulated time for connections to say goodbye in, and a bound for things that take some microseconds.
const sc_core::sc_time farewell(500, sc_core::SC_MS);
const sc_core::sc_time for_ever(1'000'000, sc_core::SC_SEC);
// How long the simulation may be busy with one descriptor's input before time goes on.
constexpr int turns_at_once = 64;
constexpr std::uint64_t between_turns_ns = 1'000;

bool is_host_name(const std::string& name) {
  const auto allowed = [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '-' || letter == '_';
  };
  return !name.empty() && name.size() <= preload::most_name_bytes && std::ranges::all_of(name, allowed) &&
         name.front() != '-' && name.back() != '-';
}

constexpr const char* switch_name = "switch";  // As in system::network.
constexpr const char* tap_name = "tap";

std::vector<system::outside_port> ports_of(wire::tap_port* tap) {
  std::vector<system::outside_port> ports;
  if (tap != nullptr) ports.push_back({.name = tap_name, .out = tap->out(), .in = tap->in()});
  return ports;
}

// Where nothing is lost on the way to a device, nothing has to be watched; and a world in which nothing goes on has to
// be seen to be idle.
world_options without_watchdog(world_options options) {
  for (system::host_settings& host : options.network.hosts) {
    if (host.platform.faults == system::fault_settings{}) host.platform.watchdog_ms = 0;
  }
  return options;
}

std::string show(system::machine& host, preload::view what) {
  if (what == preload::view::sockets) return host.stack().tcp().diag(true);
  const sock::tables_snapshot tables = take_tables_snapshot(host.stack().hashinfo());
  return what == preload::view::tables ? to_text(tables) : to_dot(tables);
}

// A word that no other world on this machine has: the abstract names of its sockets contain it.
std::string word_of_its_own() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number) throw std::runtime_error("no random numbers");
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

}  // namespace

std::string problem_with(const world_options& options) {
  for (const system::host_settings& host : options.network.hosts) {
    // What else there is in a network is called so in captures and reports.
    if (!is_host_name(host.name) || host.name == switch_name || host.name == tap_name)
      return "\"" + host.name + "\" cannot be the name of a host";
  }
  if (!options.tap.empty() && options.virtual_time)
    return "a TAP device and virtual time cannot be had together: the kernel behind it lives by the wall clock";
  return {};
}

world::world(sc_core::sc_module_name name, const world_options& options, wire::file_descriptor tap)
    : sc_module(name),
      options_(without_watchdog(options)),
      tap_(options.tap.empty() ? nullptr : std::make_unique<wire::tap_port>(tap_name, std::move(tap))),
      network_("hosts", options_.network, ports_of(tap_.get())),
      record_(network_, observed_, options_.outputs),
      pace_(wall_) {
  if (tap_) pace_.add_input(tap_->device_file(), [this] { tap_->receive(); });
  if (options_.virtual_time) shared_clock_ = std::make_unique<programs::shared_clock>();
}

world::~world() = default;

const wire::tap_counters* world::tap_counters() const noexcept { return tap_ ? &tap_->counters() : nullptr; }

bool world::all_machines(const std::function<bool(system::machine&)>& condition) {
  return std::ranges::all_of(network_.hosts(), [&](const auto& machine) { return condition(*machine); });
}

void world::run_for(sc_core::sc_time longest, const std::atomic<bool>& stop, const std::function<bool()>& done) {
  if (!options_.virtual_time) {
    pace_.run(longest, stop, done);
    return;
  }
  const sc_core::sc_time end = sc_core::sc_time_stamp() + longest;
  while (!stop && !done() && sc_core::sc_time_stamp() < end) sc_core::sc_start(sc_core::sc_time(10, sc_core::SC_US));
}

std::string world::start(const std::atomic<bool>& stop) {
  run_for(for_ever, stop, [this] { return network_.settled(); });
  for (const auto& machine : network_.hosts()) {
    if (!machine->failure().empty()) return machine->failure();
  }
  return {};
}

std::string world::open(const std::filesystem::path& socket) {
  auto listener = programs::control_socket::open(socket);
  if (const auto* problem = std::get_if<std::string>(&listener)) return *problem;
  std::vector<programs::program_host> hosts;
  for (const auto& one : network_.hosts()) {
    const system::machine_identity& identity = one->identity();
    hosts.push_back({.name = one->basename(),
                     .address = identity.address,
                     .prefix_length = identity.prefix_length,
                     .has_gateway = identity.gateway.has_value(),
                     .sockets = &one->sockets(),
                     .show = [machine = one.get()](preload::view what) { return show(*machine, what); }});
  }
  serve_programs(std::move(hosts), std::move(std::get<programs::control_socket>(listener)));
  return {};
}

void world::serve_programs(std::vector<programs::program_host> hosts, programs::control_socket listener) {
  // Faults count from here.
  for (const auto& one : network_.hosts()) one->begin_work();
  const auto on_delivery = [this] {
    if (options_.virtual_time) sc_core::sc_pause();
  };
  server_ = std::make_unique<programs::control_server>(std::move(listener), std::move(hosts), word_of_its_own(),
                                                       clock(), on_delivery);
  const auto serve = [this] { files_event_.notify(sc_core::SC_ZERO_TIME); };
  pace_.add_input(server_->file(), serve);
  if (shared_clock_) {
    server_->set_clock_path(shared_clock_->path());
    lockstep_ = std::make_unique<lockstep>(*server_, clock(), *shared_clock_, wall_, serve, options_.start_after);
  }
  machine(0).spawn("programs", [this] { serve_files(); });
  for (std::size_t i = 0; i < network_.hosts().size(); ++i) machine(i).spawn("programs", [this, i] { serve_stack(i); });
}

void world::serve_files() {
  for (;;) {
    sc_core::wait(files_event_);
    for (int turn = 1; server_; ++turn) {
      if (shared_clock_) shared_clock_->set(clock().now_ns());
      if (!server_->serve_files()) break;
      // In virtual time it goes on when nobody has anything more to say.
      if (!shared_clock_ && turn % turns_at_once == 0) host::sleep_until(clock().now_ns() + between_turns_ns);
    }
  }
}

void world::serve_stack(std::size_t host) {
  socket::posix_api& sockets = machine(host).sockets();
  pollfd events{.fd = server_->stack_events(host), .events = POLLIN, .revents = 0};
  for (;;) {
    sockets.poll(&events, 1, -1);
    if (!server_) return;
    if (shared_clock_) shared_clock_->set(clock().now_ns());
    server_->serve_stack(host);
  }
}

void world::run(const std::atomic<bool>& stop, const std::function<bool()>& done) {
  if (lockstep_) {
    lockstep_->run(stop, done);
  } else {
    pace_.run(for_ever, stop, done);
  }
}

system::run_report world::finish() {
  const std::atomic<bool> nobody_stops = false;
  observed_.end_of_work();
  std::size_t left = 1;
  machine(0).spawn("close", [this, &left] {
    if (const auto last = std::exchange(server_, nullptr)) {
      requests_ = last->counters();
      delivered_bytes_ = last->sockets().delivered_bytes();
    }
    --left;
  });
  lockstep_.reset();
  run_for(farewell, nobody_stops, [&left] { return left == 0; });
  run_for(farewell, nobody_stops,
          [this] { return all_machines([](system::machine& one) { return one.only_time_wait_left(); }); });
  left = network_.hosts().size();
  for (const auto& machine : network_.hosts()) {
    machine->spawn("retire", [&left, one = machine.get()] {
      one->retire();
      --left;
    });
  }
  run_for(farewell, nobody_stops, [&left] { return left == 0; });
  record_.finish();
  return report();
}

system::run_report world::report() {
  const system::scenario& made = options_.network;
  system::run_report report;
  for (const system::host_settings& host : made.hosts) {
    const std::string kind = name_of(host.platform.nic);
    report.nic = report.nic.empty() || report.nic == kind ? kind : "mixed";
  }
  report.seed = made.run.seed;
  report.sim_time_ps = sc_core::sc_time_stamp().value();
  report.bytes_delivered = delivered_bytes_;
  for (const auto& machine : network_.hosts()) report.machines.push_back(machine->report(sc_core::sc_time_stamp()));
  report.pcie_bytes_per_s = pcie_bytes_per_s(made.platform);
  report.wire_bits_per_s = made.platform.wire_bits_per_s;
  report.opened = report.total("TcpActiveOpens");
  report.accepted = report.total("TcpPassiveOpens");
  // Both ends of a connection are here; with a TAP device one of them may not be, and ends are counted.
  const std::uint64_t ended_badly = report.total("TcpAttemptFails") + report.total("TcpEstabResets");
  const std::uint64_t ends = report.opened + report.accepted;
  const std::uint64_t ends_each = tap_ ? 1 : 2;
  report.closed = ends > ended_badly ? (ends - ended_badly) / ends_each : 0;
  record_.add_to(report);
  return report;
}

}  // namespace fourtuple::model::world
