// SPDX-License-Identifier: Apache-2.0
// Programs with threads, as processes with the library in front of libc, beside a world in this one: what the library
// shares between a program's threads. Meant to run under ThreadSanitizer, which is then in the programs as well.
#include <spawn.h>
#include <sys/wait.h>

#include <fstream>
#include <sstream>

#include "host/programs/shared_clock.hpp"
#include "tests/unit/programs/world_fixture.hpp"

namespace fourtuple::programs {
namespace {

class program_threads_test : public world_fixture {
 protected:
  struct program {
    pid_t process = -1;
    std::filesystem::path log;
    int status = -1;
    [[nodiscard]] std::string output() const {
      std::ostringstream text;
      text << std::ifstream(log).rdbuf();
      return text.str();
    }
  };

  program start(const std::string& host, const std::vector<std::string>& words) {
    program started{.log = directory / (host + ".log")};
    const auto variable = [](std::string_view name, std::string_view value) {
      std::string text(name);
      text.append("=").append(value);
      return text;
    };
    std::vector<std::string> environment{
        variable("LD_PRELOAD", FOURTUPLE_PRELOAD_LIBRARY),
        variable(preload::world_variable, (directory / "w").string()), variable(preload::host_variable, host),
        // It would open and close files for it, with the library's locks held. addr2line reads what it prints.
        "TSAN_OPTIONS=symbolize=0"};
    if (clock) environment.push_back(variable(preload::clock_variable, clock->path()));
    const std::filesystem::path path = std::filesystem::path(FOURTUPLE_TEST_PROGRAMS) / words.at(0);
    std::vector<std::string> arguments(words);
    const auto pointers = [](std::vector<std::string>& strings) {
      std::vector<char*> all;
      for (std::string& one : strings) all.push_back(one.data());
      all.push_back(nullptr);
      return all;
    };
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, started.log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    const int error = ::posix_spawn(&started.process, path.c_str(), &files, nullptr, pointers(arguments).data(),
                                    pointers(environment).data());
    posix_spawn_file_actions_destroy(&files);
    EXPECT_EQ(error, 0) << path;
    return started;
  }

  /// One turn of the world: a millisecond of the network, and of the programs' clock if they live by it.
  void turn() {
    serve();
    hosts.network.run_for_ms(1);
    serve();
    if (clock) {
      clock->set(hosts.network.clock().now_ns());
      server->wake_sleepers();
    } else {
      pollfd any{.fd = server->file(), .events = POLLIN, .revents = 0};
      ::poll(&any, 1, 1);
    }
  }

  void run_to_the_end(program& one) {
    while (::waitpid(one.process, &one.status, WNOHANG) == 0) turn();
    EXPECT_TRUE(WIFEXITED(one.status) && WEXITSTATUS(one.status) == 0) << "status " << one.status << "\n"
                                                                       << one.output();
  }

  void echo_between_programs() {
    program serving = start("server", {"threaded_echo", "serve", "7"});
    while (serving.output() != "ready\n") turn();
    program asking = start("client", {"threaded_echo", "server", "7"});
    run_to_the_end(asking);
    run_to_the_end(serving);
    EXPECT_EQ(asking.output(), "all intact\n");
    EXPECT_EQ(serving.output(), "ready\n");
  }

  std::unique_ptr<shared_clock> clock;  ///< Of programs in virtual time.
};

TEST_F(program_threads_test, sockets_of_many_threads) { echo_between_programs(); }

// Time goes on here whatever the programs do: what they measure says nothing, but that they end does.
TEST_F(program_threads_test, waits_of_many_threads_in_virtual_time) {
  clock = std::make_unique<shared_clock>();
  program waiting = start("client", {"racing_timers"});
  run_to_the_end(waiting);
  EXPECT_EQ(waiting.output(), "all over\n");
}

TEST_F(program_threads_test, sockets_of_many_threads_in_virtual_time) {
  clock = std::make_unique<shared_clock>();
  echo_between_programs();
}

}  // namespace
}  // namespace fourtuple::programs
