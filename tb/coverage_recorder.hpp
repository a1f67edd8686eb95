// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifdef FOURTUPLE_COVERAGE
#include <verilated.h>
#include <verilated_cov.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <unistd.h>
#endif

namespace fourtuple::tb {

#ifdef FOURTUPLE_COVERAGE
namespace detail {

/// Counts of all models that this process has had. The destructor leaves them in the directory FOURTUPLE_COVERAGE_DIR,
/// in Verilator's format.
class coverage_counts {
 public:
  coverage_counts() {
    const char* directory = std::getenv("FOURTUPLE_COVERAGE_DIR");
    if (directory != nullptr) file_ = std::filesystem::path(directory) / (std::to_string(::getpid()) + ".dat");
  }
  coverage_counts(const coverage_counts&) = delete;
  coverage_counts& operator=(const coverage_counts&) = delete;
  ~coverage_counts() {
    if (file_.empty()) return;
    std::ofstream out(file_);
    out << "# SystemC::Coverage-3\n";
    for (const auto& [point, count] : counts_) out << point << ' ' << count << '\n';
  }

  void add(VerilatedCovContext& model) {
    if (file_.empty()) return;
    const std::filesystem::path written = file_.string() + ".model";
    model.write(written.c_str());
    std::ifstream in(written);
    for (std::string line; std::getline(in, line);) {
      const std::size_t space = line.rfind(' ');
      if (line.starts_with("C '")) counts_[line.substr(0, space)] += std::stoull(line.substr(space + 1));
    }
    std::filesystem::remove(written);
  }

 private:
  std::filesystem::path file_;
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace detail
#endif

/// Keeps what a Verilated model has counted of its coverage when the model goes: a member behind the model in every
/// bench of the RTL. Verilator would keep it only until then. Nothing in a build without FOURTUPLE_COVERAGE. One
/// thread.
class coverage_recorder {
 public:
#ifdef FOURTUPLE_COVERAGE
  explicit coverage_recorder(const VerilatedModel& model) : context_(*model.contextp()) { counts(); }
  coverage_recorder(const coverage_recorder&) = delete;
  coverage_recorder& operator=(const coverage_recorder&) = delete;
  ~coverage_recorder() {
    counts().add(*context_.coveragep());
    context_.coveragep()->clear();  // It points into the model, and the context may outlive that.
  }

 private:
  static detail::coverage_counts& counts() {
    static detail::coverage_counts all;
    return all;
  }

  VerilatedContext& context_;
#else
  template <class Model>
  explicit coverage_recorder(const Model&) {}
#endif
};

}  // namespace fourtuple::tb
