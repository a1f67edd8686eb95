// SPDX-License-Identifier: Apache-2.0
// One measurement of how fast the NIC is simulated: prints clocks evaluated, clocks covered, and seconds. measure.py
// makes the table.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <systemc>
#include <utility>

#include "bench/sim/bare_nic.hpp"
#include "bench/sim/systemc_nic.hpp"

namespace {

using fourtuple::bench::bare_nic;
using fourtuple::bench::systemc_nic;

constexpr std::uint64_t warm_up_clocks = 20'000;

void print(std::uint64_t evaluated, std::uint64_t covered, std::chrono::steady_clock::duration took) {
  fmt::print("{} {} {:.6f}\n", evaluated, covered, std::chrono::duration<double>(took).count());
}

void measure_bare(bool receiving, const std::string& trace_file, std::uint64_t clocks) {
  auto model =
      trace_file.empty() ? fourtuple::tb::make_verilated_nic() : fourtuple::tb::make_traced_nic(trace_file, {});
  if (!trace_file.empty()) model->set_tracing(true);
  bare_nic nic(std::move(model));
  nic.set_up();
  nic.run_receiving(warm_up_clocks);
  const auto start = std::chrono::steady_clock::now();
  if (receiving)
    nic.run_receiving(clocks);
  else
    nic.run_idle(clocks);
  print(clocks, clocks, std::chrono::steady_clock::now() - start);
  nic.check();
}

void measure_systemc(std::uint64_t frame_every_clocks, std::uint64_t clocks) {
  systemc_nic nic("bench", frame_every_clocks, true);
  nic.set_up();
  nic.run(warm_up_clocks);
  const auto before = nic.clocks();
  const auto start = std::chrono::steady_clock::now();
  nic.run(clocks);
  const auto took = std::chrono::steady_clock::now() - start;
  const auto after = nic.clocks();
  const std::uint64_t evaluated = after.evaluated - before.evaluated;
  print(evaluated, evaluated + after.skipped - before.skipped, took);
  nic.check();
}

void measure(const std::string& what, std::uint64_t clocks) {
  if (what == "bare_idle") return measure_bare(false, {}, clocks);
  if (what == "bare_busy") return measure_bare(true, {}, clocks);
  if (what == "fst_busy") {
    const auto file = std::filesystem::temp_directory_path() / fmt::format("bench_sim_{}.fst", getpid());
    measure_bare(true, file.string(), clocks);
    std::filesystem::remove(file);
    return;
  }
  if (what == "systemc_busy") return measure_systemc(bare_nic::frame_clocks, clocks);
  if (what == "duty_1_percent") return measure_systemc(100 * bare_nic::frame_clocks, clocks);
  if (what == "frame_every_200_ms") return measure_systemc(50'000'000, clocks);
  throw std::invalid_argument("no measurement is called " + what);
}

}  // namespace

int main(int argc, char** argv) {
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
  return sc_core::sc_elab_and_sim(argc, argv);
}

int sc_main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: bench_sim MEASUREMENT CLOCKS\n";
    return 2;
  }
  try {
    measure(argv[1], std::stoull(argv[2]));
  } catch (const std::exception& error) {
    std::cerr << "bench_sim: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
