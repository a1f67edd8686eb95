// SPDX-License-Identifier: Apache-2.0
// The model's wire with its impairments, between two TAP devices and in the world's time: what is behind them is
// somebody else's. Says "ready" when it carries frames, runs until its standard input ends, and then prints how many
// frames it carried each way and by how much it was late at most, in ns.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/program_options.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <systemc>
#include <variant>

#include "model/host/seeded_random.hpp"
#include "model/sim/paced_run.hpp"
#include "model/wire/impairment_config.hpp"
#include "model/wire/link.hpp"
#include "model/wire/tap_device.hpp"
#include "model/wire/tap_port.hpp"

namespace {

using namespace fourtuple::model;
namespace options = boost::program_options;

struct settings {
  std::string a;
  std::string b;
  std::uint64_t seed = 1;
  wire::link_config link;
  wire::impairment_config impairment;
};

settings read_settings(int count, char** arguments) {
  settings read;
  wire::bottleneck_config bottleneck;
  std::uint64_t delay_ns = 0;
  double loss = 0;
  double duplicate = 0;
  double reorder = 0;
  options::options_description known;
  known.add_options()("a", options::value(&read.a)->required())("b", options::value(&read.b)->required())(
      "seed", options::value(&read.seed))("wire-delay-ns", options::value(&delay_ns)->required())(
      "loss", options::value(&loss))("duplicate", options::value(&duplicate))("reorder", options::value(&reorder))(
      "reorder-delay-ns", options::value(&read.impairment.reorder_delay_ns))(
      "bottleneck-mbit", options::value(&bottleneck.rate_bits_per_s)->required())(
      "queue-bytes", options::value(&bottleneck.queue_bytes)->required());
  options::variables_map values;
  options::store(options::parse_command_line(count, arguments, known), values);
  options::notify(values);
  bottleneck.rate_bits_per_s *= 1'000'000;
  read.link.propagation_delay_ps = delay_ns * 1'000;
  const auto ppm = [](double probability) {
    return static_cast<wire::parts_per_million>(probability * wire::always_ppm + 0.5);
  };
  read.impairment.loss = ppm(loss);
  read.impairment.duplicate = ppm(duplicate);
  read.impairment.reorder = ppm(reorder);
  read.impairment.bottleneck = bottleneck;
  if (const auto error = config_error(read.impairment)) throw std::runtime_error(*error);
  if (const auto error = config_error(read.link)) throw std::runtime_error(*error);
  return read;
}

wire::file_descriptor open_tap(const std::string& name) {
  auto opened = wire::open_tap_device(name);
  if (const auto* error = std::get_if<std::string>(&opened)) throw std::runtime_error(*error);
  return std::move(std::get<wire::file_descriptor>(opened));
}

bool input_has_ended() {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return ::poll(&input, 1, 0) > 0;
}

void run(const settings& chosen) {
  wire::link link("link", chosen.link);
  wire::tap_port a("a", open_tap(chosen.a));
  wire::tap_port b("b", open_tap(chosen.b));
  a.out().socket.bind(link.from_a().socket);
  link.to_a().socket.bind(a.in().socket);
  b.out().socket.bind(link.from_b().socket);
  link.to_b().socket.bind(b.in().socket);
  for (const wire::direction way : {wire::direction::a_to_b, wire::direction::b_to_a}) {
    const std::string end = way == wire::direction::a_to_b ? "a" : "b";
    link.impair(way, chosen.impairment, [&](std::string_view name) -> wire::random_stream {
      auto numbers = std::make_shared<host::seeded_random>(chosen.seed, end + std::string(name));
      return [numbers] { return numbers->next(); };
    });
  }
  sim::posix_wall wall;
  sim::paced_run pace(wall);
  pace.add_input(a.device_file(), [&a] { a.receive(); });
  pace.add_input(b.device_file(), [&b] { b.receive(); });
  std::puts("ready");
  std::fflush(stdout);
  const std::atomic<bool> stop = false;
  constexpr double for_ever_s = 1e6;
  pace.run(sc_core::sc_time(for_ever_s, sc_core::SC_SEC), stop, input_has_ended);
  std::printf("%llu %llu %llu\n", static_cast<unsigned long long>(link.counters(wire::direction::a_to_b).frames),
              static_cast<unsigned long long>(link.counters(wire::direction::b_to_a).frames),
              static_cast<unsigned long long>(pace.most_behind_ns()));
}

}  // namespace

int sc_main(int count, char** arguments) {
  try {
    run(read_settings(count, arguments));
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_impaired_wire: %s\n", error.what());
    return EXIT_FAILURE;
  }
}

int main(int count, char** arguments) { return sc_core::sc_elab_and_sim(count, arguments); }
