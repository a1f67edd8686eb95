// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <string>

#include "bench/rtl/table_fit.hpp"

int main(int argc, char** argv) {
  std::string json_file;
  if (argc == 3 && std::string(argv[1]) == "--json") {
    json_file = argv[2];
  } else if (argc != 1) {
    std::cerr << "usage: bench_table [--json FILE]\n";
    return 2;
  }
  try {
    const std::size_t answers = fourtuple::bench::compare_fit_with_rtl();
    const auto fit = fourtuple::bench::measure_table_fit();
    std::cout << fourtuple::bench::as_table(fit) << "The RTL gave the same " << answers
              << " answers as the model, with 256 and with 65536 connections.\n";
    if (json_file.empty()) return 0;
    std::ofstream file(json_file);
    file << fourtuple::bench::as_json(fit);
    if (file.flush()) return 0;
    std::cerr << "bench_table: cannot write " << json_file << '\n';
  } catch (const std::exception& error) {
    std::cerr << "bench_table: " << error.what() << '\n';
  }
  return 1;
}
