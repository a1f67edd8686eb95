// SPDX-License-Identifier: Apache-2.0
// Messages with control data: recvmsg, sendmsg and the error queue of posix_api (Linux: put_cmsg, sock_cmsg_send,
// ip_recv_error).
#include <limits.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "host/socket/iovec_buffers.hpp"
#include "host/socket/posix_entry.hpp"

#ifndef TCP_CM_INQ
#define TCP_CM_INQ TCP_INQ
#endif

namespace fourtuple::socket {

namespace {

constexpr std::uint32_t record_flags =
    SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_ACK;

/// Control messages into the room that a msghdr has, one behind the other.
class control_writer {
 public:
  explicit control_writer(msghdr& message)
      : message_(message), room_(message.msg_control == nullptr ? 0 : message.msg_controllen) {
    message_.msg_controllen = 0;
  }
  template <typename T>
  void put(int level, int type, const T& value) {
    cmsghdr header{.cmsg_len = CMSG_LEN(sizeof value), .cmsg_level = level, .cmsg_type = type};
    auto* to = static_cast<std::byte*>(message_.msg_control) + message_.msg_controllen;
    if (room_ < sizeof header) {
      message_.msg_flags |= MSG_CTRUNC;
      return;
    }
    if (room_ < header.cmsg_len) {
      message_.msg_flags |= MSG_CTRUNC;
      header.cmsg_len = room_;
    }
    std::memcpy(to, &header, sizeof header);
    std::memcpy(to + CMSG_LEN(0), &value, header.cmsg_len - CMSG_LEN(0));
    const std::size_t used = std::min(CMSG_SPACE(sizeof value), room_);
    message_.msg_controllen += used;
    room_ -= used;
  }

 private:
  msghdr& message_;
  std::size_t room_;
};

/// Linux: struct scm_timestamping.
struct software_timestamp {
  timespec ts[3] = {};
};

/// Linux: what ip_recv_error puts behind IP_RECVERR.
struct error_with_offender {
  sock_extended_err ee;
  sockaddr_in offender;
};

/// What the control messages of a write ask for. 0, or -EINVAL.
int read_control(const msghdr& message, tcp::tcp_send_report& report) {
  if (message.msg_control == nullptr || message.msg_controllen == 0) return 0;
  // CMSG_FIRSTHDR and CMSG_NXTHDR take no const.
  auto& walked = const_cast<msghdr&>(message);
  for (cmsghdr* header = CMSG_FIRSTHDR(&walked); header != nullptr; header = CMSG_NXTHDR(&walked, header)) {
    const auto* begin = static_cast<const std::byte*>(message.msg_control);
    const auto left = message.msg_controllen - static_cast<std::size_t>(reinterpret_cast<std::byte*>(header) - begin);
    if (header->cmsg_len < sizeof(cmsghdr) || header->cmsg_len > left) return -EINVAL;
    if (header->cmsg_level != SOL_SOCKET) continue;
    std::uint32_t flags = 0;
    if (header->cmsg_type != SO_TIMESTAMPING || header->cmsg_len != CMSG_LEN(sizeof flags)) return -EINVAL;
    std::memcpy(&flags, CMSG_DATA(header), sizeof flags);
    if ((flags & ~record_flags) != 0) return -EINVAL;
    report.tsflags = flags;
  }
  return 0;
}

}  // namespace

ssize_t posix_api::receive_error(socket_file& opened, msghdr& message) {
  const std::span<const iovec> vectors(message.msg_iov, message.msg_iovlen);
  if (const int error = buffers<std::byte>::check(vectors); error != 0) return error;
  auto found = protocol_.recv_error(opened.sk());
  if (!found) return -EAGAIN;
  std::span<const std::byte> left(found->payload);
  for (const iovec& vector : vectors) {
    const std::size_t count = std::min(left.size(), vector.iov_len);
    if (count > 0 && vector.iov_base == nullptr) return -EFAULT;
    if (count > 0) std::memcpy(vector.iov_base, left.data(), count);
    left = left.subspan(count);
  }
  message.msg_namelen = 0;
  message.msg_flags = MSG_ERRQUEUE | (left.empty() ? 0 : MSG_TRUNC);
  control_writer control(message);
  if (found->timestamp_ns) {
    software_timestamp stamp;
    stamp.ts[0].tv_sec = static_cast<time_t>(*found->timestamp_ns / base::ns_per_s);
    stamp.ts[0].tv_nsec = static_cast<long>(*found->timestamp_ns % base::ns_per_s);
    control.put(SOL_SOCKET, SCM_TIMESTAMPING, stamp);
  }
  control.put(SOL_IP, IP_RECVERR, error_with_offender{.ee = found->ee, .offender = {}});
  return static_cast<ssize_t>(found->payload.size() - left.size());
}

ssize_t posix_api::recvmsg(int fd, msghdr* message, int flags) {
  const entry guard(*this);
  int error = 0;
  const auto opened = socket_of(fd, error);
  if (!opened) return error;
  if (message == nullptr) return -EFAULT;
  if (message->msg_iovlen > IOV_MAX) return -EMSGSIZE;
  if ((flags & MSG_ERRQUEUE) != 0) return receive_error(*opened, *message);
  const ssize_t got = receive(*opened, {message->msg_iov, message->msg_iovlen}, flags);
  if (got < 0) return got;
  message->msg_namelen = 0;
  message->msg_flags = got > 0 ? flags & MSG_OOB : 0;
  control_writer control(*message);
  if (const auto inq = protocol_.inq_hint(opened->sk())) control.put(IPPROTO_TCP, TCP_CM_INQ, *inq);
  return got;
}

ssize_t posix_api::sendmsg(int fd, const msghdr* message, int flags) {
  const entry guard(*this);
  int error = 0;
  const auto opened = socket_of(fd, error);
  if (!opened) return error;
  if (message == nullptr) return -EFAULT;
  if (message->msg_iovlen > IOV_MAX) return -EMSGSIZE;
  tcp::tcp_send_report report;
  if (error = read_control(*message, report); error != 0) return error;
  return transmit(*opened, {message->msg_iov, message->msg_iovlen}, flags, report);
}

}  // namespace fourtuple::socket
