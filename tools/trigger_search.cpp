// SPDX-License-Identifier: Apache-2.0
#include "tools/trigger_search.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>

#include "model/observe/happening.hpp"
#include "model/system/scenario_run.hpp"
#include "tools/command.hpp"

namespace fourtuple::tools {
namespace {

constexpr std::uint64_t never = ~std::uint64_t{0};

class trigger_listener final : public model::observe::story_listener {
 public:
  trigger_listener(trace_trigger trigger, model::system::run_progress& progress)
      : trigger_(trigger), progress_(progress) {}
  void on_happening(const model::observe::happening& what) override {
    if (time_ps_ != never || !fires(trigger_, what)) return;
    time_ps_ = what.time_ps;
    progress_.stop = true;
  }
  [[nodiscard]] std::uint64_t time_ps() const noexcept { return time_ps_; }

 private:
  trace_trigger trigger_;
  model::system::run_progress& progress_;
  std::uint64_t time_ps_ = never;
};

// In the child. What goes wrong here goes wrong in the run itself too, which then says so.
[[noreturn]] void search(const model::system::scenario& made, const model::system::workload_payloads& payloads,
                         trace_trigger trigger, int result) {
  std::uint64_t time_ps = never;
  try {
    model::system::run_progress progress;
    trigger_listener listener(trigger, progress);
    model::system::scenario untraced = made;
    untraced.hosts.front().platform.trace.clear();
    static_cast<void>(run_scenario(untraced, payloads,
                                   {.capture = {}, .events = {}, .plots = false, .listener = &listener}, progress));
    time_ps = listener.time_ps();
  } catch (const std::exception&) {
    _exit(exit_failed);
  }
  const bool written = write(result, &time_ps, sizeof time_ps) == static_cast<ssize_t>(sizeof time_ps);
  _exit(written ? exit_ok : exit_failed);
}

}  // namespace

std::optional<std::uint64_t> find_trigger(const model::system::scenario& made,
                                          const model::system::workload_payloads& payloads, trace_trigger trigger) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0)
    throw std::runtime_error(std::string("--trace-on: cannot make a pipe: ") + std::strerror(errno));
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error(std::string("--trace-on: cannot make a process: ") + std::strerror(errno));
  if (child == 0) {
    close(ends[0]);
    search(made, payloads, trigger, ends[1]);
  }
  close(ends[1]);
  std::uint64_t time_ps = never;
  const bool complete = read(ends[0], &time_ps, sizeof time_ps) == static_cast<ssize_t>(sizeof time_ps);
  close(ends[0]);
  int status = 0;
  const bool ended = waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == exit_ok;
  if (!complete || !ended) throw std::runtime_error("--trace-on: the run that looks for the trigger cannot be made");
  return time_ps == never ? std::nullopt : std::optional(time_ps);
}

}  // namespace fourtuple::tools
