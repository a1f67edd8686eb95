/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FOURTUPLE_INTERFACES_PACKETDRILL_PACKETDRILL_INTERFACE_H
#define FOURTUPLE_INTERFACES_PACKETDRILL_PACKETDRILL_INTERFACE_H

/* What packetdrill, run with --so_filename, finds in a shared object: one function, which fills a table of functions.
 *
 * Each takes `userdata` first and is for the rest its namesake in libc: results, -1 with errno, structures. Times are
 * those of gettimeofday(). Packets are IPv4 without a link header.
 *
 * Threads: calls that block may come from threads of their own; everything else from one. */

#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

struct packetdrill_interface {
  void* userdata;
  void (*free)(void* userdata);
  int (*socket)(void* userdata, int domain, int type, int protocol);
  int (*bind)(void* userdata, int fd, const struct sockaddr* address, socklen_t length);
  int (*listen)(void* userdata, int fd, int backlog);
  int (*accept)(void* userdata, int fd, struct sockaddr* address, socklen_t* length);
  int (*connect)(void* userdata, int fd, const struct sockaddr* address, socklen_t length);
  ssize_t (*read)(void* userdata, int fd, void* buffer, size_t bytes);
  ssize_t (*readv)(void* userdata, int fd, const struct iovec* vectors, int count);
  ssize_t (*recv)(void* userdata, int fd, void* buffer, size_t bytes, int flags);
  ssize_t (*recvfrom)(void* userdata, int fd, void* buffer, size_t bytes, int flags, struct sockaddr* address,
                      socklen_t* length);
  ssize_t (*recvmsg)(void* userdata, int fd, struct msghdr* message, int flags);
  ssize_t (*write)(void* userdata, int fd, const void* buffer, size_t bytes);
  ssize_t (*writev)(void* userdata, int fd, const struct iovec* vectors, int count);
  ssize_t (*send)(void* userdata, int fd, const void* buffer, size_t bytes, int flags);
  ssize_t (*sendto)(void* userdata, int fd, const void* buffer, size_t bytes, int flags, const struct sockaddr* address,
                    socklen_t length);
  ssize_t (*sendmsg)(void* userdata, int fd, const struct msghdr* message, int flags);
  int (*fcntl)(void* userdata, int fd, int command, ...);
  int (*ioctl)(void* userdata, int fd, unsigned long request, ...);
  int (*close)(void* userdata, int fd);
  int (*shutdown)(void* userdata, int fd, int how);
  int (*getsockopt)(void* userdata, int fd, int level, int name, void* value, socklen_t* length);
  int (*setsockopt)(void* userdata, int fd, int level, int name, const void* value, socklen_t length);
  int (*poll)(void* userdata, struct pollfd* descriptors, nfds_t count, int timeout_ms);
  /* A packet for the stack: 0, or -1. */
  int (*netdev_send)(void* userdata, const void* packet, size_t count);
  /* The next packet from the stack. `count`: room for it, then its length, 0 if there is none within reason;
   * `time_usecs`: when it was sent. 0, or -1. */
  int (*netdev_receive)(void* userdata, void* packet, size_t* count, long long* time_usecs);
  int (*usleep)(void* userdata, useconds_t usec);
  int (*gettimeofday)(void* userdata, struct timeval* tv, struct timezone* tz);
  int (*epoll_create)(void* userdata, int size);
  int (*epoll_ctl)(void* userdata, int epoll_fd, int operation, int fd, struct epoll_event* event);
  int (*epoll_wait)(void* userdata, int epoll_fd, struct epoll_event* events, int max_events, int timeout_ms);
  int (*pipe)(void* userdata, int fds[2]);
  ssize_t (*splice)(void* userdata, int fd_in, off_t* offset_in, int fd_out, off_t* offset_out, size_t bytes,
                    unsigned int flags);
};

/* `flags`: see interface_flags.hpp; NULL for none. 0, or -1 with errno: EINVAL for flags that are not understood (said
 * on stderr), ENOMEM. */
int packetdrill_interface_init(const char* flags, struct packetdrill_interface* interface);

#ifdef __cplusplus
}
#endif

#endif
