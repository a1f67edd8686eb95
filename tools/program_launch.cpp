// SPDX-License-Identifier: Apache-2.0
#include "tools/program_launch.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "preload/protocol.hpp"
#include "tools/program_check.hpp"

namespace fourtuple::tools {
namespace {

constexpr int cannot_execute = 126;  // What a shell returns.

std::filesystem::path preload_library() {
  const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe");
  return own.parent_path().parent_path() / "lib/libfourtuple_preload.so";
}

void set_environment(const program_launch& launch) {
  const char* before = std::getenv("LD_PRELOAD");
  const std::string library = preload_library().string();
  const std::string all = before != nullptr && *before != '\0' ? library + ":" + before : library;
  setenv("LD_PRELOAD", all.c_str(), 1);
  setenv(preload::world_variable, launch.world.c_str(), 1);
  setenv(preload::host_variable, launch.host.c_str(), 1);
  if (launch.only_world) setenv(preload::only_world_variable, "1", 1);
  if (!launch.clock.empty()) setenv(preload::clock_variable, launch.clock.c_str(), 1);
}

}  // namespace

void check_launch(const program_launch& launch) {
  const std::string library = preload_library().string();
  if (::access(library.c_str(), R_OK) != 0)
    throw usage_error(fmt::format("{} is missing; build all of Fourtuple", library));
  // What separates the names in LD_PRELOAD (ld.so(8)).
  if (library.find_first_of(": ") != std::string::npos)
    throw usage_error(fmt::format("{}: LD_PRELOAD cannot hold a path with a blank or a colon", library));
  check_program(find_program(launch.words.at(0)));
}

int become_program(const program_launch& launch) {
  set_environment(launch);
  std::vector<char*> words;
  for (const std::string& word : launch.words) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  execvp(words[0], words.data());
  fmt::print(stderr, "fourtuple: {}: {}\n", launch.words[0], std::strerror(errno));
  return cannot_execute;
}

pid_t start_program(const program_launch& launch) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error(fmt::format("cannot start a process: {}", std::strerror(errno)));
  if (child != 0) return child;
  for (const int number : {SIGINT, SIGTERM, SIGPIPE}) std::signal(number, SIG_DFL);
  _exit(become_program(launch));
}

int exit_status(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

}  // namespace fourtuple::tools
