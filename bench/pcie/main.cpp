// SPDX-License-Identifier: Apache-2.0
// What a slot of the default kind lets a device read and write, by the formulae and in the model.
#include <fmt/format.h>

#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <systemc>

#include "bench/pcie/pcie_throughput.hpp"

namespace {

int run(const std::string& json_file) {
  const auto rows = fourtuple::bench::measure_pcie_throughput({});
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  fmt::print(
      "DMA through a Gen4 x16 slot, 512 bytes of payload and read request, 256 tags, 900 ns a read. GB/s of payload\n");
  fmt::print("{:>8}{:>12}{:>12}{:>8}{:>12}{:>12}{:>8}\n", "bytes", "writes", "predicted", "%", "reads", "predicted",
             "%");
  for (const auto& row : rows) {
    const double write = (row.write_measured / row.write_predicted - 1) * 100;
    const double read = (row.read_measured / row.read_predicted - 1) * 100;
    fmt::print("{:>8}{:>12.2f}{:>12.2f}{:>8.2f}{:>12.2f}{:>12.2f}{:>8.2f}\n", row.access_bytes, row.write_measured,
               row.write_predicted, write, row.read_measured, row.read_predicted, read);
    all.push_back({{"bytes", row.access_bytes},
                   {"write", row.write_measured},
                   {"write_predicted", row.write_predicted},
                   {"read", row.read_measured},
                   {"read_predicted", row.read_predicted}});
  }
  if (json_file.empty()) return 0;
  std::ofstream file(json_file);
  file << all.dump(2) << '\n';
  if (file.flush()) return 0;
  std::cerr << "bench_pcie: cannot write " << json_file << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
  return sc_core::sc_elab_and_sim(argc, argv);
}

int sc_main(int argc, char** argv) {
  std::string json_file;
  if (argc == 3 && std::string(argv[1]) == "--json") {
    json_file = argv[2];
  } else if (argc != 1) {
    std::cerr << "usage: bench_pcie [--json FILE]\n";
    return 2;
  }
  try {
    return run(json_file);
  } catch (const std::exception& error) {
    std::cerr << "bench_pcie: " << error.what() << '\n';
    return 1;
  }
}
