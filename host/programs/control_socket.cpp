// SPDX-License-Identifier: Apache-2.0
#include "host/programs/control_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace fourtuple::programs {
namespace {

std::string problem_with_directory(const std::filesystem::path& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) return directory.string() + ": " + std::strerror(errno);
  if (!S_ISDIR(status.st_mode)) return directory.string() + " is not a directory";
  // Others could put a socket of theirs in its place.
  if (status.st_uid != ::geteuid() || (status.st_mode & S_IWOTH) != 0)
    return directory.string() + " does not belong to you alone; take a directory that does";
  return {};
}

// A name that nobody listens at any more: connecting is refused.
bool is_stale(const sockaddr_un& address) {
  const descriptor probe(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
         errno == ECONNREFUSED;
}

int bind_private(int file, const sockaddr_un& address) {
  const mode_t before = ::umask(S_IXUSR | S_IRWXG | S_IRWXO);
  const int result = ::bind(file, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
  ::umask(before);
  return result;
}

}  // namespace

std::variant<control_socket, std::string> control_socket::open(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (absolute.string().size() >= sizeof address.sun_path)
    return absolute.string() + ": longer than the " + std::to_string(sizeof address.sun_path - 1) +
           " characters that the name of a Unix socket can have";
  absolute.string().copy(address.sun_path, sizeof address.sun_path - 1);
  if (std::string problem = problem_with_directory(absolute.parent_path()); !problem.empty()) return problem;
  descriptor file(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!file.valid()) return std::string(std::strerror(errno));
  int failure = bind_private(file.get(), address);
  struct stat status {};
  if (failure == EADDRINUSE && ::lstat(absolute.c_str(), &status) == 0 && S_ISSOCK(status.st_mode) &&
      is_stale(address)) {
    ::unlink(absolute.c_str());
    failure = bind_private(file.get(), address);
  }
  if (failure == EADDRINUSE) return absolute.string() + " exists already; another world, or a file of yours";
  if (failure != 0) return absolute.string() + ": " + std::strerror(failure);
  control_socket made(std::move(file), absolute);
  if (::listen(made.file(), SOMAXCONN) != 0) return absolute.string() + ": " + std::strerror(errno);
  return made;
}

control_socket::~control_socket() {
  if (file_.valid()) ::unlink(path_.c_str());
}

}  // namespace fourtuple::programs
