// SPDX-License-Identifier: Apache-2.0
#include "preload/world_client.hpp"

#include <fcntl.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "preload/libc.hpp"
#include "preload/sandbox.hpp"
#include "preload/virtual_clock.hpp"

namespace fourtuple::preload {
namespace {

FOURTUPLE_LIBC(socket)
FOURTUPLE_LIBC(connect)
FOURTUPLE_LIBC(close)
FOURTUPLE_LIBC(getsockname)
FOURTUPLE_LIBC(getpeername)
FOURTUPLE_LIBC(getsockopt)
FOURTUPLE_LIBC(sendmsg)
FOURTUPLE_LIBC(recvmsg)

bool copy_variable(const char* name, char* to, std::size_t room) noexcept {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0' || std::strlen(value) >= room) return false;
  std::strcpy(to, value);
  return true;
}

settings read_settings() noexcept {
  settings read;
  const bool world = copy_variable(world_variable, read.world_path, sizeof read.world_path);
  const bool host = copy_variable(host_variable, read.host, sizeof read.host);
  read.in_world = world && host;
  const char* only = std::getenv(only_world_variable);
  read.only_world = read.in_world && only != nullptr && std::strcmp(only, "1") == 0;
  return read;
}

// The name of a socket of the kernel; its length, 0 if it is not one of a world.
std::size_t world_name(int fd, bool peer, sockaddr_un& address) noexcept {
  const int saved = errno;
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const int result = peer ? libc_getpeername(fd, generic, &length) : libc_getsockname(fd, generic, &length);
  errno = saved;
  if (result != 0 || address.sun_family != AF_UNIX || length > sizeof address) return 0;
  const std::size_t bytes = length - offsetof(sockaddr_un, sun_path);
  const bool ours = bytes > name_prefix_bytes && std::memcmp(address.sun_path, name_prefix, name_prefix_bytes) == 0;
  return ours ? bytes : 0;
}

}  // namespace

const settings& program_settings() noexcept {
  // Read before there are threads: the library's constructor asks.
  static const settings read = read_settings();
  return read;
}

namespace {
[[gnu::constructor]] void read_environment() { (void)program_settings(); }
}  // namespace

world_connection::world_connection() noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, program_settings().world_path, sizeof address.sun_path);
  int file = libc_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (file < 0) return;
  const int high = fcntl(file, F_DUPFD_CLOEXEC, own_descriptors);
  if (high >= 0) {
    libc_close(file);
    file = high;
  }
  while (libc_connect(file, reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(sizeof address)) != 0) {
    if (errno == EINTR) continue;
    const bool gone = errno == ECONNREFUSED || errno == ENOENT;
    libc_close(file);
    if (gone) world_is_gone();
    return;
  }
  file_ = file;
}

world_connection::~world_connection() {
  if (file_ >= 0) libc_close(file_);
}

int world_connection::release() noexcept {
  const int file = file_;
  file_ = -1;
  return file;
}

bool world_connection::send(const request& what, const void* payload, int proof) const noexcept {
  iovec parts[2] = {{const_cast<request*>(&what), sizeof what}, {const_cast<void*>(payload), what.payload_bytes}};
  alignas(cmsghdr) std::byte control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  if (proof >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof proof);
    std::memcpy(CMSG_DATA(rights), &proof, sizeof proof);
  }
  ssize_t sent = 0;
  do {
    sent = libc_sendmsg(file_, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

bool world_connection::receive(world_answer& answer) const noexcept {
  reply header;
  iovec parts[2] = {{&header, sizeof header}, {answer.payload, sizeof answer.payload}};
  alignas(cmsghdr) std::byte control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got = 0;
  do {
    got = libc_recvmsg(file_, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < static_cast<ssize_t>(sizeof header) || header.magic != reply_magic) return false;
  if (header.payload_bytes != static_cast<std::size_t>(got) - sizeof header) return false;
  answer.result = header.result;
  answer.payload_bytes = header.payload_bytes;
  answer.carried = -1;
  const cmsghdr* const rights = CMSG_FIRSTHDR(&message);
  if (rights != nullptr && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS)
    std::memcpy(&answer.carried, CMSG_DATA(rights), sizeof answer.carried);
  return true;
}

bool ask_world(const request& what, const void* payload, int proof, world_answer& answer) noexcept {
  const world_connection connection;
  return connection.valid() && connection.send(what, payload, proof) && connection.receive(answer);
}

bool is_world_socket(int fd) noexcept {
  sockaddr_un address;
  return program_settings().in_world && !in_sandbox() && world_name(fd, false, address) != 0;
}

bool is_world_listener(int fd) noexcept {
  sockaddr_un address;
  constexpr std::size_t suffix_bytes = sizeof listener_suffix - 1;
  const std::size_t bytes = world_name(fd, true, address);
  return bytes > suffix_bytes &&
         std::memcmp(address.sun_path + bytes - suffix_bytes, listener_suffix, suffix_bytes) == 0;
}

int take_error(int fd) noexcept {
  const int saved = errno;
  // The kernel's own note of it, so that it does not come a second time.
  int error = 0;
  socklen_t length = sizeof error;
  libc_getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  request what;
  what.op = operation::getsockopt;
  what.level = SOL_SOCKET;
  what.argument = SO_ERROR;
  what.length = sizeof(int);
  world_answer answer;
  error = ECONNRESET;
  if (ask_world(what, nullptr, fd, answer)) {
    error = 0;
    if (answer.result == 0 && answer.payload_bytes == sizeof error) std::memcpy(&error, answer.payload, sizeof error);
  }
  errno = saved;
  return error;
}

}  // namespace fourtuple::preload
