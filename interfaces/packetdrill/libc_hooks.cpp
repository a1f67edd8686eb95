// SPDX-License-Identifier: Apache-2.0
#include "interfaces/packetdrill/libc_hooks.hpp"

#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <vector>

#include "interfaces/packetdrill/scripted_host.hpp"

namespace fourtuple::packetdrill {

namespace {

constexpr int not_ours = -2;

/// All hosts of this process.
struct host_list {
  std::mutex mutex;
  std::vector<scripted_host*> hosts;

  scripted_host* owner_of(int fd) {
    const std::lock_guard held(mutex);
    const auto found = std::ranges::find_if(hosts, [fd](scripted_host* host) { return host->api().is_open(fd); });
    return found == hosts.end() ? nullptr : *found;
  }
};

host_list& all_hosts() {
  static host_list list;
  return list;
}

int getsockopt_hook(int fd, int level, int name, void* value, socklen_t* length) {
  scripted_host* host = all_hosts().owner_of(fd);
  if (host == nullptr) return not_ours;
  const int result = host->api().getsockopt(fd, level, name, value, length);
  if (result >= 0) return result;
  errno = -result;
  return -1;
}

/// Reads the file a piece at a time; what the socket did not take is read again by the next call.
ssize_t send_file(scripted_host& host, int fd_out, int fd_in, off_t& offset, std::size_t bytes) {
  std::array<char, 65536> piece;
  ssize_t total = 0;
  while (bytes > 0) {
    const ssize_t got = pread(fd_in, piece.data(), std::min(bytes, piece.size()), offset);
    if (got < 0) return total > 0 ? total : -errno;
    if (got == 0) break;
    bytes -= static_cast<std::size_t>(got);
    // Only what the file still has is worth waiting for (Linux: tcp_splice_eof).
    char next = 0;
    const bool more = bytes > 0 && pread(fd_in, &next, 1, offset + got) == 1;
    const ssize_t sent = host.api().send(fd_out, piece.data(), static_cast<std::size_t>(got), more ? MSG_MORE : 0);
    if (sent < 0) return total > 0 ? total : sent;
    total += sent;
    offset += sent;
    if (sent < got) break;
  }
  return total;
}

ssize_t sendfile_hook(int fd_out, int fd_in, off_t* offset, std::size_t bytes) {
  scripted_host* host = all_hosts().owner_of(fd_out);
  if (host == nullptr) return not_ours;
  off_t at = offset != nullptr ? *offset : lseek(fd_in, 0, SEEK_CUR);
  if (at < 0) return -1;
  const ssize_t sent = send_file(*host, fd_out, fd_in, at, bytes);
  host->settle();
  if (offset != nullptr) {
    *offset = at;
  } else {
    lseek(fd_in, at, SEEK_SET);
  }
  if (sent >= 0) return sent;
  errno = static_cast<int>(-sent);
  return -1;
}

void register_with_shim() {
  using getsockopt_function = int (*)(int, int, int, void*, socklen_t*);
  using sendfile_function = ssize_t (*)(int, int, off_t*, std::size_t);
  using register_function = void (*)(getsockopt_function, sendfile_function);
  void* found = dlsym(RTLD_DEFAULT, "pd_shim_register");
  if (found != nullptr) reinterpret_cast<register_function>(found)(getsockopt_hook, sendfile_hook);
}

}  // namespace

void remember_host(scripted_host& host) {
  {
    host_list& list = all_hosts();
    const std::lock_guard held(list.mutex);
    list.hosts.push_back(&host);
  }
  register_with_shim();
}

void forget_host(scripted_host& host) {
  host_list& list = all_hosts();
  const std::lock_guard held(list.mutex);
  std::erase(list.hosts, &host);
}

}  // namespace fourtuple::packetdrill
