// SPDX-License-Identifier: Apache-2.0
#include "tools/abandoned_files.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>

#include "host/programs/descriptor.hpp"

namespace fourtuple::tools {
namespace {

/// What the other process needs. It comes out of a process that may have threads, so it makes system calls only
/// (fork(2)).
struct removal {
  sockaddr_un socket{};
  struct stat identity {};
  const char* directory = nullptr;
};

bool is_the_same(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino && one.st_ctim.tv_sec == other.st_ctim.tv_sec &&
         one.st_ctim.tv_nsec == other.st_ctim.tv_nsec;
}

// The name may have been taken over by the next world.
bool is_abandoned(const removal& what) {
  struct stat now {};
  if (::lstat(what.socket.sun_path, &now) != 0 || !is_the_same(now, what.identity)) return false;
  const int probe = ::socket(AF_UNIX, SOCK_SEQPACKET, 0);
  return ::connect(probe, reinterpret_cast<const sockaddr*>(&what.socket), sizeof what.socket) != 0 &&
         errno == ECONNREFUSED;
}

void remove_abandoned(const removal& what) {
  if (what.directory == nullptr) {
    if (is_abandoned(what)) ::unlink(what.socket.sun_path);
    return;
  }
  ::unlink(what.socket.sun_path);
  ::rmdir(what.directory);
}

[[noreturn]] void keep(const removal& what, int process) {
  ::setsid();
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_IGN);
  ::prctl(PR_SET_NAME, "fourtuple-keep");
  // Whoever waits for the end of a pipe or a socket of that process must not wait for this one.
  ::dup2(process, 0);
  ::syscall(SYS_close_range, 1U, ~0U, 0U);
  pollfd ended{.fd = 0, .events = POLLIN, .revents = 0};
  while (::poll(&ended, 1, -1) < 0 && errno == EINTR) {
  }
  remove_abandoned(what);
  _exit(0);
}

}  // namespace

abandoned_files::abandoned_files(const std::filesystem::path& socket, directory its_directory) {
  const std::string directory_name = socket.parent_path().string();
  removal what;
  what.socket.sun_family = AF_UNIX;
  socket.string().copy(what.socket.sun_path, sizeof what.socket.sun_path - 1);
  if (its_directory == directory::removed) what.directory = directory_name.c_str();
  ::lstat(what.socket.sun_path, &what.identity);
  const programs::descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  if (!process.valid()) return;  // Before Linux 5.3 there is no such thing.
  std::fflush(nullptr);
  keeper_ = ::fork();
  if (keeper_ < 0) throw std::runtime_error(fmt::format("cannot start a process: {}", std::strerror(errno)));
  if (keeper_ == 0) keep(what, process.get());
}

abandoned_files::~abandoned_files() {
  if (keeper_ < 0) return;
  ::kill(keeper_, SIGKILL);
  ::waitpid(keeper_, nullptr, 0);
}

}  // namespace fourtuple::tools
