// SPDX-License-Identifier: Apache-2.0
// The kernel's own TCP behind the table of functions, so that the scripts can be played against it: a network namespace
// of its own with a TUN device, as packetdrill itself uses one. Real time; needs root. The settings are those that the
// scripts assume (docs/packetdrill.md).
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "interfaces/packetdrill/packetdrill_interface.h"

namespace {

constexpr int patience_ms = 8'000;
constexpr std::size_t tcp_checksum_offset = 16;

/// What stands in front of each packet with IFF_VNET_HDR (virtio 1.2 5.1.6; the kernel's header is not for C++).
struct virtio_net_hdr {
  std::uint8_t flags = 0;
  std::uint8_t gso_type = 0;
  std::uint16_t hdr_len = 0;
  std::uint16_t gso_size = 0;
  std::uint16_t csum_start = 0;
  std::uint16_t csum_offset = 0;
};
constexpr std::uint8_t needs_checksum = 1;

struct setting {
  const char* name;
  const char* value;
};
constexpr setting settings[] = {{"tcp_rmem", "4096 540000 15728640"},
                                {"tcp_wmem", "4096 262144 4194304"},
                                {"tcp_slow_start_after_idle", "0"},
                                {"tcp_early_retrans", "4"},
                                {"tcp_syn_retries", "5"},
                                {"tcp_ecn", "2"},
                                {"tcp_no_metrics_save", "1"}};

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

/// Closes itself.
struct descriptor {
  explicit descriptor(int opened) : value(opened) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() { ::close(value); }
  int value;
};

sockaddr address_of(const char* text) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  inet_pton(AF_INET, text, &in.sin_addr);
  sockaddr result{};
  std::memcpy(&result, &in, sizeof in);
  return result;
}

void configure(const std::string& device, int mtu) {
  const descriptor control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  device.copy(request.ifr_name, sizeof request.ifr_name - 1);
  const auto set = [&](unsigned long what) {
    if (::ioctl(control.value, what, &request) != 0) fail("the TUN device");
  };
  request.ifr_mtu = mtu;
  set(SIOCSIFMTU);
  request.ifr_addr = address_of("192.168.0.1");
  set(SIOCSIFADDR);
  request.ifr_netmask = address_of("255.255.0.0");
  set(SIOCSIFNETMASK);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  set(SIOCSIFFLAGS);
  rtentry route{};
  route.rt_dst = address_of("192.0.2.0");
  route.rt_genmask = address_of("255.255.255.0");
  route.rt_flags = RTF_UP;
  route.rt_dev = request.ifr_name;
  if (::ioctl(control.value, SIOCADDRT, &route) != 0) fail("a route");
}

int open_tun() {
  if (::unshare(CLONE_NEWNET) != 0) fail("a network namespace");
  const int tun = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tun < 0) fail("/dev/net/tun");
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  if (::ioctl(tun, TUNSETIFF, &request) != 0) fail("TUNSETIFF");
  if (::ioctl(tun, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO_ECN) != 0) fail("TUNSETOFFLOAD");
  return tun;
}

int mtu_of(std::string_view flags) {
  const std::size_t at = flags.find("mtu=");
  return at == std::string_view::npos ? 1500 : std::stoi(std::string(flags.substr(at + 4)));
}

void complete_checksum(std::span<unsigned char> packet, const virtio_net_hdr& header) {
  if ((header.flags & needs_checksum) == 0) return;
  std::uint64_t sum = 0;
  for (std::size_t i = header.csum_start; i < packet.size(); ++i) {
    sum += (i - header.csum_start) % 2 == 0 ? packet[i] << 8 : packet[i];
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  const auto result = static_cast<std::uint16_t>(~sum);
  packet[header.csum_start + tcp_checksum_offset] = static_cast<unsigned char>(result >> 8);
  packet[header.csum_start + tcp_checksum_offset + 1] = static_cast<unsigned char>(result);
}

int tun_of(void* userdata) { return static_cast<descriptor*>(userdata)->value; }

int netdev_send(void* userdata, const void* packet, size_t count) {
  // A packet that is larger than the MTU is taken as it is.
  virtio_net_hdr header{};
  const iovec parts[] = {{&header, sizeof header}, {const_cast<void*>(packet), count}};
  return ::writev(tun_of(userdata), parts, 2) < 0 ? -1 : 0;
}

int netdev_receive(void* userdata, void* packet, size_t* count, long long* time_usecs) {
  for (;;) {
    pollfd tun{.fd = tun_of(userdata), .events = POLLIN, .revents = 0};
    if (::poll(&tun, 1, patience_ms) <= 0) {
      *count = 0;
      return 0;
    }
    timeval now{};
    ::gettimeofday(&now, nullptr);
    *time_usecs = static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_usec;
    virtio_net_hdr header{};
    const iovec parts[] = {{&header, sizeof header}, {packet, *count}};
    const ssize_t got = ::readv(tun.fd, parts, 2);
    if (got < 0) return -1;
    const std::size_t bytes = static_cast<std::size_t>(got) - sizeof header;
    auto* first = static_cast<unsigned char*>(packet);
    if (bytes == 0 || first[0] >> 4 != 4) continue;  // IPv6 greets its neighbours.
    complete_checksum({first, bytes}, header);
    *count = bytes;
    return 0;
  }
}

/// A call of libc with userdata in front.
template <auto function>
struct passed_on;
template <typename Result, typename... Arguments, bool no_throw, Result (*function)(Arguments...) noexcept(no_throw)>
struct passed_on<function> {
  static Result call(void*, Arguments... arguments) { return function(arguments...); }
};

int fcntl_call(void*, int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  const long argument = va_arg(arguments, long);
  va_end(arguments);
  return ::fcntl(fd, command, argument);
}

int ioctl_call(void*, int fd, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  return ::ioctl(fd, request, argument);
}

/// By the socket and not by a setting of the namespace: whether that may be changed is up to the machine.
int socket_call(void*, int domain, int type, int protocol) {
  const int fd = ::socket(domain, type, protocol);
  constexpr std::string_view algorithm = "cubic";
  if (fd >= 0) ::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, algorithm.data(), algorithm.size());
  return fd;
}

int gettimeofday_call(void*, timeval* now, struct timezone*) { return ::gettimeofday(now, nullptr); }
int bind_call(void*, int fd, const sockaddr* address, socklen_t length) { return ::bind(fd, address, length); }
int accept_call(void*, int fd, sockaddr* address, socklen_t* length) { return ::accept(fd, address, length); }
int connect_call(void*, int fd, const sockaddr* address, socklen_t length) { return ::connect(fd, address, length); }
ssize_t recvfrom_call(void*, int fd, void* buffer, size_t bytes, int flags, sockaddr* address, socklen_t* length) {
  return ::recvfrom(fd, buffer, bytes, flags, address, length);
}
ssize_t sendto_call(void*, int fd, const void* buffer, size_t bytes, int flags, const sockaddr* address,
                    socklen_t length) {
  return ::sendto(fd, buffer, bytes, flags, address, length);
}
ssize_t splice_call(void*, int in, off_t* offset_in, int out, off_t* offset_out, size_t bytes, unsigned int flags) {
  return ::splice(in, offset_in, out, offset_out, bytes, flags);
}

void set_settings() {
  for (const setting& one : settings) {
    std::ofstream file(std::string("/proc/sys/net/ipv4/") + one.name);
    if (!(file << one.value << std::flush)) fail(one.name);
  }
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int packetdrill_interface_init(const char* flags,
                                                                                 packetdrill_interface* interface) {
  try {
    auto tun = std::make_unique<descriptor>(open_tun());
    configure("tun0", mtu_of(flags == nullptr ? "" : flags));
    set_settings();
    // The stack knows no signals.
    std::signal(SIGPIPE, SIG_IGN);
    *interface = {
        .userdata = tun.release(),
        .free = [](void* userdata) { delete static_cast<descriptor*>(userdata); },
        .socket = socket_call,
        .bind = bind_call,
        .listen = passed_on<&::listen>::call,
        .accept = accept_call,
        .connect = connect_call,
        .read = passed_on<&::read>::call,
        .readv = passed_on<&::readv>::call,
        .recv = passed_on<&::recv>::call,
        .recvfrom = recvfrom_call,
        .recvmsg = passed_on<&::recvmsg>::call,
        .write = passed_on<&::write>::call,
        .writev = passed_on<&::writev>::call,
        .send = passed_on<&::send>::call,
        .sendto = sendto_call,
        .sendmsg = passed_on<&::sendmsg>::call,
        .fcntl = fcntl_call,
        .ioctl = ioctl_call,
        .close = passed_on<&::close>::call,
        .shutdown = passed_on<&::shutdown>::call,
        .getsockopt = passed_on<&::getsockopt>::call,
        .setsockopt = passed_on<&::setsockopt>::call,
        .poll = passed_on<&::poll>::call,
        .netdev_send = netdev_send,
        .netdev_receive = netdev_receive,
        .usleep = passed_on<&::usleep>::call,
        .gettimeofday = gettimeofday_call,
        .epoll_create = passed_on<&::epoll_create>::call,
        .epoll_ctl = passed_on<&::epoll_ctl>::call,
        .epoll_wait = passed_on<&::epoll_wait>::call,
        .pipe = passed_on<&::pipe>::call,
        .splice = splice_call,
    };
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "packetdrill on the kernel: %s\n", error.what());
    return -1;
  }
}
