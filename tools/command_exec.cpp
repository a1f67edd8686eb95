// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <vector>

#include "tools/abandoned_files.hpp"
#include "tools/command.hpp"
#include "tools/options.hpp"
#include "tools/program_launch.hpp"
#include "tools/world_link.hpp"
#include "tools/world_session.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;

namespace {

constexpr const char* usage =
    "usage: fourtuple exec --world=PATH --host=NAME [--only-world] -- PROGRAM [arguments]\n"
    "       fourtuple exec [options] -- PROGRAM [arguments]\n\n"
    "Runs a dynamically linked program on a host of a world (fourtuple world), or of a world of its own,\n"
    "which ends with it. Its TCP over IPv4 goes through the simulated NIC; everything else stays the\n"
    "system's. The exit status is the program's.\n\n"
    "  fourtuple exec --world=w.sock --host=b -- curl http://a/index.html\n"
    "  fourtuple exec --nic=rtl -- python3 client.py\n";

/// Reached by signal handlers.
std::atomic<pid_t> child_process = 0;

void pass_on(int number) {
  if (const pid_t child = child_process.load(); child > 0) ::kill(child, number);
}

/// In virtual time this process stays as the root of all that come from the program: orphans become its children, and
/// the world finds every thread that has to sleep before time goes on.
int stay_as_root(const program_launch& launch) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t child = start_program(launch);
  child_process = child;
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, pass_on);
  int status = exit_failed;
  for (;;) {
    int ended = 0;
    const pid_t process = ::waitpid(-1, &ended, 0);
    if (process == child) {
      child_process = 0;
      status = exit_status(ended);
    }
    if (process < 0 && errno == ECHILD) return status;
  }
}

int exec_in_world(program_launch launch) {
  check_launch(launch);
  const world_link link(launch.world, launch.host);
  launch.clock = link.clock();
  return launch.clock.empty() ? become_program(launch) : stay_as_root(launch);
}

/// A directory of the user's, which goes away with what is in it.
class private_directory {
 public:
  private_directory() {
    const char* base = std::getenv("XDG_RUNTIME_DIR");
    std::string pattern = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/fourtuple-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr)
      throw usage_error(fmt::format("cannot make a directory {}: {}", pattern, std::strerror(errno)));
    path_ = pattern;
  }
  private_directory(const private_directory&) = delete;
  private_directory& operator=(const private_directory&) = delete;
  ~private_directory() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// Starts this program once more, in the world that there is now: nothing of the world's, such as its sockets, must
/// stay open in a process that outlives it.
[[noreturn]] void start_again_in_world(const program_launch& launch) {
  std::vector<std::string> words{"fourtuple", "exec", "--world=" + launch.world.string(), "--host=" + launch.host};
  if (launch.only_world) words.emplace_back("--only-world");
  words.emplace_back("--");
  words.insert(words.end(), launch.words.begin(), launch.words.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execv("/proc/self/exe", pointers.data());
  fmt::print(stderr, "fourtuple: cannot start itself: {}\n", std::strerror(errno));
  _exit(exit_failed);
}

int exec_in_own_world(const po::variables_map& values, const arguments& words, program_launch launch) {
  check_launch(launch);
  const private_directory directory;
  launch.world = directory.path() / "world";
  const abandoned_files if_killed(launch.world, abandoned_files::directory::removed);
  std::atomic<bool> stop = false;
  std::string summary;
  int status = exit_failed;
  {
    world_session session(values, launch.world, stop);
    if (launch.host.empty()) launch.host = session.hosts().front();
    for (const std::string& host : session.hosts()) {
      if (host != launch.host) fmt::print(stderr, "fourtuple: on host {}: {}\n", host, session.how_to_start(host));
    }
    // An interrupt is the program's; the world ends with it.
    std::signal(SIGINT, SIG_IGN);
    std::signal(SIGTERM, pass_on);
    if (std::signal(SIGHUP, pass_on) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error(fmt::format("cannot start a process: {}", std::strerror(errno)));
    if (child == 0) {
      std::signal(SIGINT, SIG_DFL);
      std::signal(SIGTERM, SIG_DFL);
      if (std::signal(SIGHUP, SIG_DFL) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
      start_again_in_world(launch);
    }
    child_process = child;
    int ended = 0;
    session.run(stop, [&] { return ::waitpid(child, &ended, WNOHANG) == child; });
    child_process = 0;
    status = exit_status(ended);
    summary = session.finish("exec", words);
  }
  if (values.count("out") != 0) fmt::print(stderr, "{}", summary);
  return status;
}

}  // namespace

int command_exec(const arguments& words) {
  const auto separator = std::ranges::find(words, "--");
  po::options_description options("Program", 100);
  options.add_options()("world", po::value<std::string>(),
                        "the socket of a running world; default: a world of its own")(
      "host", po::value<std::string>(), "the host that it runs on; in a world of its own the first")(
      "only-world", po::bool_switch(), "refuse what would pass to the system: UDP, IPv6...");
  options.add(world_options_description());
  po::variables_map values;
  if (parse_options({words.begin(), separator}, {usage, options, world_topics()}, {}, values)) return exit_ok;
  if (separator == words.end() || separator + 1 == words.end())
    throw usage_error("there is no program: fourtuple exec [options] -- PROGRAM [arguments]");
  program_launch launch;
  launch.words.assign(separator + 1, words.end());
  launch.only_world = values["only-world"].as<bool>();
  if (values.count("host") != 0) launch.host = values["host"].as<std::string>();
  if (values.count("world") == 0) return exec_in_own_world(values, words, launch);
  if (launch.host.empty()) throw usage_error("--host=NAME says which host of the world the program runs on");
  launch.world = std::filesystem::absolute(values["world"].as<std::string>());
  return exec_in_world(launch);
}

}  // namespace fourtuple::tools
