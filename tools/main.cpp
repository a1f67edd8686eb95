// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <systemc>
#include <vector>

#include "tools/command.hpp"
#include "tools/manual.hpp"

namespace {

using fourtuple::tools::arguments;

struct subcommand {
  std::string_view name;
  int (*function)(const arguments&);
  std::string_view what;
};

constexpr subcommand subcommands[] = {
    {"run", fourtuple::tools::command_run,
     "simulate hosts, NICs and wires: a scenario, or a file across each of N connections"},
    {"sweep", fourtuple::tools::command_sweep, "run a scenario with many combinations of parameters and seeds"},
    {"serve", fourtuple::tools::command_serve,
     "an HTTP server on the simulated host, for real clients behind a TAP device"},
    {"fetch", fourtuple::tools::command_fetch, "fetch a URL from a real server behind a TAP device"},
    {"tables", fourtuple::tools::command_tables, "draw the socket tables of a live run as text, DOT or SVG"},
    {"world", fourtuple::tools::command_world, "simulated hosts for unmodified programs of this machine"},
    {"exec", fourtuple::tools::command_exec, "run an unmodified program on a host of a world"},
    {"ss", fourtuple::tools::command_ss, "list the TCP sockets of a running world"},
    {"report", fourtuple::tools::command_report, "draw the results of one or several runs as a page"},
    {"replay", fourtuple::tools::command_replay,
     "send the frames of a capture through a NIC, or through both kinds of it"},
    {"explain", fourtuple::tools::command_explain, "tell a connection's life in plain words, from the events of a run"},
};

// Of all subcommands, as they print it.
std::vector<fourtuple::tools::subcommand_help> help_of_all() {
  std::vector<fourtuple::tools::subcommand_help> all;
  for (const subcommand& command : subcommands) {
    std::ostringstream text;
    std::streambuf* const terminal = std::cout.rdbuf(text.rdbuf());
    static_cast<void>(command.function({"--help=all"}));
    std::cout.rdbuf(terminal);
    all.push_back({.name = std::string(command.name), .what = std::string(command.what), .text = text.str()});
  }
  return all;
}

int print_completion(const arguments& words) {
  if (words.size() != 2 || words[1] != "bash")
    throw fourtuple::tools::usage_error("completion is for bash: source <(fourtuple completion bash)");
  fmt::print("{}", bash_completion(help_of_all()));
  return fourtuple::tools::exit_ok;
}

void print_help() {
  fmt::print(
      "Fourtuple, a SmartNIC that knows your sockets, and its simulator.\n\nusage: fourtuple SUBCOMMAND [options]\n\n");
  for (const subcommand& command : subcommands) fmt::print("  {:<8} {}\n", command.name, command.what);
  fmt::print("  {:<8} {}\n  {:<8} {}\n", "man", "print the manual page", "completion",
             "print a completion script: source <(fourtuple completion bash)");
  fmt::print(
      "\nfourtuple SUBCOMMAND --help shows its options and an example; fourtuple --version the version.\n"
      "Exit status: 0 all went well, 1 the run failed, 2 nothing was run (bad option, unreadable file,\n"
      "missing privilege).\n\n"
      "  fourtuple run --nic=rtl --connections=8 --out=out\n");
}

int dispatch(const arguments& words) {
  if (words.empty()) {
    print_help();
    return fourtuple::tools::exit_usage;
  }
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print_help();
    return fourtuple::tools::exit_ok;
  }
  if (words[0] == "--version") {
    fmt::print("fourtuple {}\n", FOURTUPLE_VERSION);
    return fourtuple::tools::exit_ok;
  }
  if (words[0] == "completion") return print_completion(words);
  if (words[0] == "man") {
    fmt::print("{}", man_page(help_of_all(), FOURTUPLE_VERSION));
    return fourtuple::tools::exit_ok;
  }
  const auto* command = std::ranges::find(subcommands, words[0], &subcommand::name);
  if (command == std::end(subcommands)) {
    throw fourtuple::tools::usage_error(
        fmt::format("there is no subcommand {}; fourtuple --help lists them", words[0]));
  }
  return command->function({words.begin() + 1, words.end()});
}

// A file must not be opened as 1 or 2 because the caller closed them, and then get what is meant for people.
void open_standard_descriptors() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) std::abort();
  }
}

// What was printed has to have arrived: a drawing or a summary that is lost is a failure.
int flushed(int status) {
  std::cout.flush();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout) return status;
  fmt::print(stderr, "fourtuple: cannot write to standard output: {}\n", std::strerror(errno));
  return std::max(status, fourtuple::tools::exit_failed);
}

}  // namespace

// SystemC calls this one; it must have these names.
int sc_main(int argc, char* argv[]) {
  // Reports of the kernel become exceptions with one line, not a page on the terminal.
  sc_core::sc_report_handler::set_actions(sc_core::SC_ERROR, sc_core::SC_THROW);
  sc_core::sc_report_handler::set_actions(sc_core::SC_FATAL, sc_core::SC_THROW);
  sc_core::sc_report_handler::set_actions(sc_core::SC_INFO, sc_core::SC_DO_NOTHING);
  // A run that is paced from outside starts and stops the kernel at times at which nothing happens.
  sc_core::sc_report_handler::set_actions(sc_core::SC_ID_NO_SC_START_ACTIVITY_, sc_core::SC_DO_NOTHING);
  try {
    return flushed(dispatch(arguments(argv + 1, argv + argc)));
  } catch (const fourtuple::tools::usage_error& error) {
    fmt::print(stderr, "fourtuple: {}\n", error.what());
    return fourtuple::tools::exit_usage;
  } catch (const std::runtime_error& error) {
    // The world outside: a disk that is full.
    fmt::print(stderr, "fourtuple: {}\n", error.what());
    return fourtuple::tools::exit_failed;
  } catch (const std::exception& error) {
    fmt::print(stderr, "fourtuple: internal error: {}\n", error.what());
    return fourtuple::tools::exit_failed;
  }
}

int main(int argc, char* argv[]) {
  open_standard_descriptors();
  // The library prints its licence before every run otherwise.
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
  return sc_core::sc_elab_and_sim(argc, argv);
}
