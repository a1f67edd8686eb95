// SPDX-License-Identifier: Apache-2.0
// The table of functions: C's calling conventions and libc's results around a scripted_host.
#include "interfaces/packetdrill/packetdrill_interface.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>

#include "interfaces/packetdrill/libc_hooks.hpp"
#include "interfaces/packetdrill/scripted_host.hpp"

namespace fourtuple::packetdrill {

namespace {

scripted_host& host_of(void* userdata) { return *static_cast<scripted_host*>(userdata); }

/// A system call's result as libc gives it.
template <typename Result>
Result libc_result(Result result) {
  if (result >= 0) return result;
  errno = static_cast<int>(-result);
  return -1;
}

/// Runs a call on the host's sockets; what runs out of memory says so instead of ending the tool.
template <typename Call>
auto call(void* userdata, const Call& body) -> decltype(body(host_of(userdata).api())) {
  scripted_host& host = host_of(userdata);
  try {
    const auto result = body(host.api());
    host.settle();
    return libc_result(result);
  } catch (const std::bad_alloc&) {
    errno = ENOMEM;
    return -1;
  }
}

using api = socket::posix_api;

void free_host(void* userdata) {
  forget_host(host_of(userdata));
  delete static_cast<scripted_host*>(userdata);
}

int socket_call(void* userdata, int domain, int type, int protocol) {
  return call(userdata, [&](api&) { return host_of(userdata).socket(domain, type, protocol); });
}

int bind_call(void* userdata, int fd, const sockaddr* address, socklen_t length) {
  return call(userdata, [&](api& to) { return to.bind(fd, address, length); });
}

int listen_call(void* userdata, int fd, int backlog) {
  return call(userdata, [&](api& to) { return to.listen(fd, backlog); });
}

int accept_call(void* userdata, int fd, sockaddr* address, socklen_t* length) {
  return call(userdata, [&](api& to) { return to.accept(fd, address, length); });
}

int connect_call(void* userdata, int fd, const sockaddr* address, socklen_t length) {
  return call(userdata, [&](api& to) { return to.connect(fd, address, length); });
}

ssize_t read_call(void* userdata, int fd, void* buffer, size_t bytes) {
  return call(userdata, [&](api& to) { return to.read(fd, buffer, bytes); });
}

ssize_t readv_call(void* userdata, int fd, const iovec* vectors, int count) {
  return call(userdata, [&](api& to) { return to.readv(fd, vectors, count); });
}

ssize_t recv_call(void* userdata, int fd, void* buffer, size_t bytes, int flags) {
  return call(userdata, [&](api& to) { return to.recv(fd, buffer, bytes, flags); });
}

ssize_t recvfrom_call(void* userdata, int fd, void* buffer, size_t bytes, int flags, sockaddr* address,
                      socklen_t* length) {
  return call(userdata, [&](api& to) { return to.recvfrom(fd, buffer, bytes, flags, address, length); });
}

ssize_t recvmsg_call(void* userdata, int fd, msghdr* message, int flags) {
  return call(userdata, [&](api& to) { return to.recvmsg(fd, message, flags); });
}

ssize_t write_call(void* userdata, int fd, const void* buffer, size_t bytes) {
  return call(userdata, [&](api& to) { return to.write(fd, buffer, bytes); });
}

ssize_t writev_call(void* userdata, int fd, const iovec* vectors, int count) {
  return call(userdata, [&](api& to) { return to.writev(fd, vectors, count); });
}

ssize_t send_call(void* userdata, int fd, const void* buffer, size_t bytes, int flags) {
  return call(userdata, [&](api& to) { return to.send(fd, buffer, bytes, flags); });
}

ssize_t sendto_call(void* userdata, int fd, const void* buffer, size_t bytes, int flags, const sockaddr* address,
                    socklen_t length) {
  return call(userdata, [&](api& to) { return to.sendto(fd, buffer, bytes, flags, address, length); });
}

ssize_t sendmsg_call(void* userdata, int fd, const msghdr* message, int flags) {
  return call(userdata, [&](api& to) { return to.sendmsg(fd, message, flags); });
}

// The argument is read as the widest type that it can have: what a command does not use is not looked at.
int fcntl_call(void* userdata, int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  const long argument = va_arg(arguments, long);
  va_end(arguments);
  return call(userdata, [&](api& to) { return to.fcntl(fd, command, static_cast<int>(argument)); });
}

int ioctl_call(void* userdata, int fd, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  return call(userdata, [&](api& to) { return to.ioctl(fd, request, static_cast<int*>(argument)); });
}

int close_call(void* userdata, int fd) {
  return call(userdata, [&](api& to) { return to.close(fd); });
}

int shutdown_call(void* userdata, int fd, int how) {
  return call(userdata, [&](api& to) { return to.shutdown(fd, how); });
}

int getsockopt_call(void* userdata, int fd, int level, int name, void* value, socklen_t* length) {
  return call(userdata, [&](api& to) { return to.getsockopt(fd, level, name, value, length); });
}

int setsockopt_call(void* userdata, int fd, int level, int name, const void* value, socklen_t length) {
  return call(userdata, [&](api& to) { return to.setsockopt(fd, level, name, value, length); });
}

int poll_call(void* userdata, pollfd* descriptors, nfds_t count, int timeout_ms) {
  return call(userdata, [&](api& to) { return to.poll(descriptors, count, timeout_ms); });
}

int netdev_send_call(void* userdata, const void* packet, size_t count) {
  return call(userdata, [&](api&) {
    return host_of(userdata).receive_packet({static_cast<const std::byte*>(packet), count}) ? 0 : -EINVAL;
  });
}

int netdev_receive_call(void* userdata, void* packet, size_t* count, long long* time_usecs) {
  return call(userdata, [&](api&) {
    const auto next = host_of(userdata).send_packet();
    if (!next) {
      *count = 0;
      return 0;
    }
    if (next->bytes.size() > *count) return -EMSGSIZE;
    std::memcpy(packet, next->bytes.data(), next->bytes.size());
    *count = next->bytes.size();
    *time_usecs = static_cast<long long>(next->time_ns / base::ns_per_us);
    return 0;
  });
}

int usleep_call(void* userdata, useconds_t usec) {
  return call(userdata, [&](api&) {
    host_of(userdata).sleep(std::uint64_t{usec} * base::ns_per_us);
    return 0;
  });
}

int gettimeofday_call(void* userdata, timeval* tv, struct timezone*) {
  return call(userdata, [&](api&) {
    const std::uint64_t now_us = host_of(userdata).read_clock_ns() / base::ns_per_us;
    tv->tv_sec = static_cast<time_t>(now_us / 1'000'000);
    tv->tv_usec = static_cast<suseconds_t>(now_us % 1'000'000);
    return 0;
  });
}

int epoll_create_call(void* userdata, int size) {
  return call(userdata, [&](api& to) { return size > 0 ? to.epoll_create1(0) : -EINVAL; });
}

int epoll_ctl_call(void* userdata, int epoll_fd, int operation, int fd, epoll_event* event) {
  return call(userdata, [&](api& to) { return to.epoll_ctl(epoll_fd, operation, fd, event); });
}

int epoll_wait_call(void* userdata, int epoll_fd, epoll_event* events, int max_events, int timeout_ms) {
  return call(userdata, [&](api& to) { return to.epoll_wait(epoll_fd, events, max_events, timeout_ms); });
}

int pipe_call(void* userdata, int fds[2]) {
  return call(userdata, [&](api& to) { return to.pipe2(fds, 0); });
}

ssize_t splice_call(void* userdata, int fd_in, off_t* offset_in, int fd_out, off_t* offset_out, size_t bytes,
                    unsigned int flags) {
  return call(userdata, [&](api& to) { return to.splice(fd_in, offset_in, fd_out, offset_out, bytes, flags); });
}

constexpr packetdrill_interface functions{
    .userdata = nullptr,
    .free = free_host,
    .socket = socket_call,
    .bind = bind_call,
    .listen = listen_call,
    .accept = accept_call,
    .connect = connect_call,
    .read = read_call,
    .readv = readv_call,
    .recv = recv_call,
    .recvfrom = recvfrom_call,
    .recvmsg = recvmsg_call,
    .write = write_call,
    .writev = writev_call,
    .send = send_call,
    .sendto = sendto_call,
    .sendmsg = sendmsg_call,
    .fcntl = fcntl_call,
    .ioctl = ioctl_call,
    .close = close_call,
    .shutdown = shutdown_call,
    .getsockopt = getsockopt_call,
    .setsockopt = setsockopt_call,
    .poll = poll_call,
    .netdev_send = netdev_send_call,
    .netdev_receive = netdev_receive_call,
    .usleep = usleep_call,
    .gettimeofday = gettimeofday_call,
    .epoll_create = epoll_create_call,
    .epoll_ctl = epoll_ctl_call,
    .epoll_wait = epoll_wait_call,
    .pipe = pipe_call,
    .splice = splice_call,
};

}  // namespace

}  // namespace fourtuple::packetdrill

extern "C" __attribute__((visibility("default"))) int packetdrill_interface_init(const char* flags,
                                                                                 packetdrill_interface* interface) {
  using namespace fourtuple::packetdrill;
  try {
    auto host = std::make_unique<scripted_host>(parse_interface_flags(flags == nullptr ? "" : flags));
    remember_host(*host);
    *interface = functions;
    interface->userdata = host.release();
    return 0;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "%s\n", error.what());
    errno = EINVAL;
  } catch (const std::bad_alloc&) {
    errno = ENOMEM;
  }
  return -1;
}
