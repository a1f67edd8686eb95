// SPDX-License-Identifier: Apache-2.0
#include "tools/sweep/sweep_runner.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace fourtuple::tools {

namespace {

constexpr auto look_period = std::chrono::milliseconds(50);

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Standard output and error go into a file, standard input is empty.
class output_to {
 public:
  explicit output_to(const std::string& log) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawn_file_actions_adddup2(&actions_, STDOUT_FILENO, STDERR_FILENO);
  }
  ~output_to() { posix_spawn_file_actions_destroy(&actions_); }
  output_to(const output_to&) = delete;
  output_to& operator=(const output_to&) = delete;
  [[nodiscard]] const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

}  // namespace

std::vector<job_result> sweep_runner::run() {
  std::vector<std::size_t> waiting;
  for (std::size_t i = 0; i < plan_.jobs.size(); ++i) {
    results_.push_back(read_result(plan_, plan_.jobs[i]));
    if (results_.back().status != job_status::ok) waiting.push_back(i);
  }
  to_do_ = waiting.size();
  if (to_do_ < plan_.jobs.size())
    fmt::print(stderr, "{} of {} runs have a good result from before\n", plan_.jobs.size() - to_do_, plan_.jobs.size());
  for (std::size_t next = 0; (next < waiting.size() && !stop_) || !running_.empty();) {
    if (next < waiting.size() && !stop_ && running_.size() < at_once_)
      start(waiting[next++]);
    else
      wait_for_one();
  }
  return results_;
}

void sweep_runner::start(std::size_t job) {
  std::vector<char*> words{program_.data()};
  std::vector<std::string> copies = plan_.jobs[job].words;
  for (std::string& word : copies) words.push_back(word.data());
  words.push_back(nullptr);
  const output_to log((plan_.directory_of(plan_.jobs[job]) / "log.txt").string());
  pid_t id = 0;
  const int error = posix_spawn(&id, program_.c_str(), log.get(), nullptr, words.data(), environ);
  if (error != 0) throw std::runtime_error(fmt::format("cannot start {}: {}", program_, std::strerror(error)));
  running_.push_back({job, id, now_s()});
  show_table();
}

void sweep_runner::wait_for_one() {
  for (std::size_t i = 0; i < running_.size(); ++i) {
    int status = 0;
    const pid_t id = waitpid(running_[i].id, &status, WNOHANG);
    if (id == 0 || (id < 0 && errno == EINTR)) continue;
    const process ended = running_[i];
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
    job_result& result = results_[ended.job] = read_result(plan_, plan_.jobs[ended.job]);
    if (WIFSIGNALED(status)) {
      result.status = job_status::failed;
      result.problem = fmt::format("ended by signal {}", WTERMSIG(status));
    }
    ++ended_;
    show_end(ended.job, now_s() - ended.started_s);
    return;
  }
  show_table();
  std::this_thread::sleep_for(look_period);
}

void sweep_runner::show_end(std::size_t job, double took_s) {
  spent_s_ += took_s;
  const job_result& result = results_[job];
  if (isatty(STDERR_FILENO) != 0 && table_lines_ != 0) fmt::print(stderr, "\r\033[{}A\033[J", table_lines_);
  table_lines_ = 0;
  fmt::print(stderr, "{:>5}/{} {:<8} {:6.1f} s  {}{}{}\n", ended_, to_do_, name_of(result.status), took_s,
             plan_.jobs[job].name, result.problem.empty() ? "" : ": ", result.problem);
  show_table();
}

void sweep_runner::show_table() {
  if (isatty(STDERR_FILENO) == 0) return;
  if (table_lines_ != 0) fmt::print(stderr, "\r\033[{}A\033[J", table_lines_);
  for (const process& one : running_)
    fmt::print(stderr, "  running {:6.1f} s  {}\n", now_s() - one.started_s, plan_.jobs[one.job].name);
  const double mean_s = ended_ == 0 ? 0 : spent_s_ / static_cast<double>(ended_);
  const double left_s =
      mean_s * static_cast<double>(to_do_ - ended_) / static_cast<double>(std::max<std::size_t>(at_once_, 1));
  fmt::print(stderr, "  {} of {} done{}\n", ended_, to_do_,
             ended_ == 0 ? "" : fmt::format(", about {:.0f} s left", left_s));
  std::fflush(stderr);
  table_lines_ = running_.size() + 1;
}

}  // namespace fourtuple::tools
