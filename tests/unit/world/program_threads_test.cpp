// SPDX-License-Identifier: Apache-2.0
// Who sleeps, by /proc.
#include "model/world/program_threads.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <string>

namespace fourtuple::model::world {
namespace {

constexpr int most_looks = 20'000;

/// A child that sleeps until it is told to go on, and then does something; it dies with the test.
class child_process {
 public:
  template <typename Work>
  explicit child_process(const Work& work) {
    if (::pipe(pipe_) != 0) throw std::runtime_error("pipe");
    process_ = ::fork();
    if (process_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    char byte = 0;
    while (::read(pipe_[0], &byte, 1) != 1) {
    }
    work();
    ::_exit(0);
  }
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  ~child_process() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }
  void go_on() const { ASSERT_EQ(::write(pipe_[1], "x", 1), 1); }
  [[nodiscard]] pid_t process() const noexcept { return process_; }

 private:
  pid_t process_ = -1;
  int pipe_[2]{-1, -1};
};

bool asleep(program_threads& threads, pid_t process) { return threads.all_asleep({&process, 1}); }

bool falls_asleep(program_threads& threads, pid_t process) {
  for (int look = 0; look < most_looks; ++look) {
    if (asleep(threads, process)) return true;
    ::usleep(100);
  }
  return false;
}

/// Whether /proc names where a thread that sleeps does so: not every kernel does, nor to everybody.
bool is_named(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/wchan");
  std::string where;
  return std::getline(file, where) && where != "0";
}

TEST(program_threads, one_that_reads_an_empty_pipe_sleeps) {
  const child_process child([] {});
  program_threads threads;
  EXPECT_TRUE(falls_asleep(threads, child.process()));
}

TEST(program_threads, a_process_that_ended_and_that_nobody_waits_for_sleeps) {
  const child_process child([] {});
  program_threads threads;
  child.go_on();
  EXPECT_TRUE(falls_asleep(threads, child.process()));
}

TEST(program_threads, one_that_is_busy_does_not) {
  const child_process child([] {
    for (;;) static_cast<void>(::getppid());
  });
  program_threads threads;
  ASSERT_TRUE(falls_asleep(threads, child.process()));
  child.go_on();
  for (int look = 0; look < 200; ++look) EXPECT_FALSE(asleep(threads, child.process())) << look;
}

// Linux: do_wait() calls itself asleep before it looks for a child that has ended, and this one does little else.
TEST(program_threads, one_that_is_about_to_sleep_does_not) {
  const child_process child([] {
    for (int i = 0; i < 100; ++i) {
      if (::fork() != 0) continue;
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (;;) ::pause();
    }
    while (::waitpid(-1, nullptr, WNOHANG) == 0) {
    }
  });
  program_threads threads;
  ASSERT_TRUE(falls_asleep(threads, child.process()));
  if (!is_named(child.process())) GTEST_SKIP() << "/proc does not say where threads sleep";
  child.go_on();
  for (int look = 0; look < 5'000; ++look) EXPECT_FALSE(asleep(threads, child.process())) << look;
}

}  // namespace
}  // namespace fourtuple::model::world
