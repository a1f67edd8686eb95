// SPDX-License-Identifier: Apache-2.0
#include "model/world/world.hpp"

#include <poll.h>
#include <sys/random.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <set>
#include <stdexcept>
#include <utility>
#include <variant>

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

constexpr std::uint32_t network = 0x0a000000;  // 10.0.0.0/24

system::machine_identity identity_of(std::size_t host) {
  const auto number = static_cast<std::uint8_t>(host + 1);
  return {.mac = {{0x02, 0x00, 0x00, 0x00, 0x00, number}},
          .address = {network | number},
          .prefix_length = 24,
          .gateway = {}};
}

bool is_host_name(const std::string& name) {
  const auto allowed = [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '-';
  };
  return !name.empty() && name.size() <= preload::most_name_bytes && std::ranges::all_of(name, allowed) &&
         name.front() != '-' && name.back() != '-';
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
  if (options.hosts.size() != 2) return "--hosts takes two names: there is one wire";
  for (const std::string& name : options.hosts) {
    if (!is_host_name(name)) return "\"" + name + "\" cannot be the name of a host";
  }
  if (std::set(options.hosts.begin(), options.hosts.end()).size() != options.hosts.size())
    return "two hosts have the same name";
  return {};
}

world::world(sc_core::sc_module_name name, const world_options& options)
    : sc_module(name),
      options_(options),
      wire_("wire", wire_link_config_of(options.platform)),
      writer_({.interface_names = {options.hosts.at(0), options.hosts.at(1)}}),
      pace_(wall_) {
  // Nothing is lost on the way to these devices; and a world in which nothing goes on has to be seen to be idle.
  options_.platform.watchdog_ms = 0;
  for (std::size_t i = 0; i < options_.hosts.size(); ++i) {
    machines_.push_back(
        std::make_unique<system::machine>(options_.hosts[i].c_str(), options_.platform, identity_of(i)));
  }
  machines_[0]->device().ethernet_out().socket.bind(wire_.from_a().socket);
  wire_.to_a().socket.bind(machines_[0]->device().ethernet_in().socket);
  machines_[1]->device().ethernet_out().socket.bind(wire_.from_b().socket);
  wire_.to_b().socket.bind(machines_[1]->device().ethernet_in().socket);
  wire_.add_observer(digest_);
  if (!options_.capture.empty()) {
    if (const auto error = writer_.open(options_.capture.string())) throw std::runtime_error(*error);
    wire_.add_observer(writer_);
  }
  if (options_.plots || !options_.events.empty()) {
    for (const auto& machine : machines_) observed_.add(*machine);
    observed_.add(wire_, options_.hosts[0], options_.hosts[1]);
  }
  if (!options_.events.empty()) observed_.log_to(options_.events);
  if (options_.virtual_time) clock_ = std::make_unique<shared_clock>();
}

world::~world() = default;

std::string world::address_of(std::size_t host) const {
  return "10.0.0." + std::to_string(identity_of(host).address.value & 0xff);
}

bool world::all_machines(const std::function<bool(system::machine&)>& condition) {
  return std::ranges::all_of(machines_, [&](const auto& machine) { return condition(*machine); });
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
  run_for(for_ever, stop,
          [this] { return all_machines([](system::machine& one) { return one.up() || !one.failure().empty(); }); });
  for (const auto& machine : machines_) {
    if (!machine->failure().empty()) return machine->failure();
  }
  return {};
}

std::string world::open(const std::filesystem::path& socket) {
  auto listener = programs::control_socket::open(socket);
  if (const auto* problem = std::get_if<std::string>(&listener)) return *problem;
  std::vector<programs::program_host> hosts;
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    hosts.push_back({.name = options_.hosts[i],
                     .address = identity_of(i).address,
                     .prefix_length = 24,
                     .sockets = &machines_[i]->sockets()});
  }
  const auto on_delivery = [this] {
    if (options_.virtual_time) sc_core::sc_pause();
  };
  server_ = std::make_unique<programs::control_server>(std::move(std::get<programs::control_socket>(listener)),
                                                       std::move(hosts), word_of_its_own(), machines_[0]->clock(),
                                                       on_delivery);
  const auto serve = [this] { files_event_.notify(sc_core::SC_ZERO_TIME); };
  pace_.add_input(server_->file(), serve);
  if (clock_) {
    server_->set_clock_path(clock_->path());
    lockstep_ =
        std::make_unique<lockstep>(*server_, machines_[0]->clock(), *clock_, wall_, serve, options_.start_after);
  }
  machines_[0]->spawn("programs", [this] { serve_files(); });
  for (std::size_t i = 0; i < machines_.size(); ++i) machines_[i]->spawn("programs", [this, i] { serve_stack(i); });
  return {};
}

void world::serve_files() {
  for (;;) {
    sc_core::wait(files_event_);
    for (int turn = 1; server_; ++turn) {
      if (clock_) clock_->set(machines_[0]->clock().now_ns());
      if (!server_->serve_files()) break;
      // In virtual time it goes on when nobody has anything more to say.
      if (!clock_ && turn % turns_at_once == 0) host::sleep_until(machines_[0]->clock().now_ns() + between_turns_ns);
    }
  }
}

void world::serve_stack(std::size_t host) {
  socket::posix_api& sockets = machines_[host]->sockets();
  pollfd events{.fd = server_->stack_events(host), .events = POLLIN, .revents = 0};
  for (;;) {
    sockets.poll(&events, 1, -1);
    if (!server_) return;
    if (clock_) clock_->set(machines_[host]->clock().now_ns());
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
  unsigned left = 1;
  machines_[0]->spawn("close", [this, &left] {
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
  left = static_cast<unsigned>(machines_.size());
  for (const auto& machine : machines_) {
    machine->spawn("retire", [&left, one = machine.get()] {
      one->retire();
      --left;
    });
  }
  run_for(farewell, nobody_stops, [&left] { return left == 0; });
  if (!options_.capture.empty()) {
    if (const auto error = writer_.finish()) throw std::runtime_error(*error);
  }
  observed_.finish();
  return report();
}

system::run_report world::report() {
  system::run_report report;
  report.nic = name_of(options_.platform.nic);
  report.seed = options_.platform.seed;
  report.digest = digest_.hex();
  report.sim_time_ps = sc_core::sc_time_stamp().value();
  report.bytes_delivered = delivered_bytes_;
  for (const wire::direction way : {wire::direction::a_to_b, wire::direction::b_to_a}) {
    report.wire_frames += wire_.counters(way).frames;
    report.wire_bytes += wire_.counters(way).frame_bytes;
  }
  for (const auto& machine : machines_) {
    const nic::nic_clocks clocks = std::as_const(*machine).device().clocks();
    report.clocks.evaluated += clocks.evaluated;
    report.clocks.skipped += clocks.skipped;
    report.machines.push_back(machine->report(sc_core::sc_time_stamp()));
  }
  if (options_.plots) report.plots = observed_.plots();
  report.pcie_bytes_per_s = pcie_bytes_per_s(options_.platform);
  report.wire_bits_per_s = options_.platform.wire_bits_per_s;
  report.opened = report.total("TcpActiveOpens");
  report.accepted = report.total("TcpPassiveOpens");
  const std::uint64_t ended_badly = report.total("TcpAttemptFails") + report.total("TcpEstabResets");
  const std::uint64_t both = report.opened + report.accepted;
  report.closed = both > ended_badly ? (both - ended_badly) / 2 : 0;
  return report;
}

}  // namespace fourtuple::model::world
