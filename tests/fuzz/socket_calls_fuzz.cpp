// SPDX-License-Identifier: Apache-2.0
// The socket calls as a random program makes them: two hosts on a wire that may lose and reorder, and on each of them
// calls with arguments of which many are right and some are not, blocking ones among them. No result may be anything
// but a length, a descriptor or an errno, and when everything was closed nothing is left.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "host/sock/inet_hashinfo.hpp"
#include "host/socket/posix_api.hpp"
#include "tests/fuzz/fuzz_input.hpp"
#include "tests/fuzz/nested_threads.hpp"
#include "tests/support/virtual_threads.hpp"

namespace fourtuple::fuzz {
namespace {

constexpr std::uint16_t ports[] = {80, 80, 81, 0};
constexpr std::size_t most_descriptors = 24;
constexpr int largest_errno = 4095;

support::network_settings settings_of(fuzz_input& input) {
  support::network_settings settings;
  settings.delay_ns = base::ns_per_ms;
  const unsigned bits = input.next8();
  for (auto& host : settings.host) {
    host.tcp.tcp_timestamps = (bits & 1) == 0;
    host.tcp.tcp_syncookies = bits >> 1 & 3;
    host.tcp.tcp_ecn = bits >> 3 & 1;
    if ((bits & 16) != 0) host.tcp.tcp_wmem = {4096, 16'384, 65'536};
    if ((bits & 32) != 0) host.tcp.tcp_rmem = {4096, 16'384, 65'536};
    if ((bits & 64) != 0) host.tcp.tcp_max_orphans = 1;
    if ((bits & 128) != 0) host.tcp.tcp_mem = {2, 4, 6};
  }
  return settings;
}

class socket_calls {
 public:
  explicit socket_calls(fuzz_input& input)
      : input_(input),
        network_(settings_of(input)),
        threads_(
            network_, [this] { return meanwhile(); }, [this] { close_all(); }),
        apis_{std::make_unique<socket::posix_api>(network_.tcp(0), network_.clock(), threads_, [] {}),
              std::make_unique<socket::posix_api>(network_.tcp(1), network_.clock(), threads_, [] {})} {
    loss_per_256_ = input_.flag() ? input_.next8() / 8 : 0;
    reordered_per_256_ = input_.flag() ? input_.next8() / 4 : 0;
    network_.wire().set_filter([this](int, const support::captured_segment*) {
      return support::fate{.drop = random_.next() % 256 < loss_per_256_,
                           .extra_delay_ns = random_.next() % 256 < reordered_per_256_ ? 3 * base::ns_per_ms : 0};
    });
    const bool tso = input_.flag();
    for (const int end : {0, 1}) network_.wire().set_features(end, {.tx_checksum = tso, .tso = tso});
  }

  void run() {
    // Most programs that are worth looking at have a listener.
    own_ = 1;
    const int listener = api().socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in local = support::address_in({}, ports[0]);
    check(api().bind(listener, support::generic(local), sizeof local));
    check(api().listen(listener, 2));
    remember(listener);
    while (!input_.empty()) step();
    finish();
  }

 private:
  [[nodiscard]] socket::posix_api& api() { return *apis_[own_]; }

  /// What other threads do while one sleeps.
  bool meanwhile() {
    if (input_.empty() || input_.flag()) return false;
    step();
    return true;
  }

  void step() {
    const std::size_t chosen = input_.next8();
    // Who sleeps goes on on its own host.
    const std::size_t before = own_;
    own_ = chosen & 1;
    make_call(chosen >> 1);
    own_ = before;
  }

  void check(ssize_t result, std::size_t most = 0x7fffffff) {
    require(result >= -largest_errno && result <= static_cast<ssize_t>(most), "a result is a length or an errno");
  }

  void remember(int fd) {
    check(fd);
    if (fd >= 0 && open_[own_].size() < most_descriptors) {
      open_[own_].push_back(fd);
    } else if (fd >= 0) {
      check(api().close(fd));
    }
  }

  int some_descriptor() {
    const std::size_t which = input_.next8();
    if (which >= 250 || open_[own_].empty()) return static_cast<int>(which) - 252;
    return open_[own_][which % open_[own_].size()];
  }

  void make_call(std::size_t which) {
    switch (which % 32) {
      case 0:
      case 1:
        make_socket();
        break;
      case 2:
        with_address([&](int fd, const sockaddr* a, socklen_t n) { check(api().bind(fd, a, n)); });
        break;
      case 3:
        check(api().listen(some_descriptor(), static_cast<int>(input_.next8()) - 1));
        break;
      case 4:
      case 5:
        accept();
        break;
      case 6:
      case 7:
      case 8:
        with_address([&](int fd, const sockaddr* a, socklen_t n) { check(api().connect(fd, a, n)); });
        break;
      case 9:
      case 10:
      case 11:
        receive();
        break;
      case 12:
      case 13:
      case 14:
        transmit();
        break;
      case 15:
        check(api().shutdown(some_descriptor(), static_cast<int>(input_.below(4))));
        break;
      case 16:
      case 17:
        close();
        break;
      case 18:
        names();
        break;
      case 19:
      case 20:
        set_option();
        break;
      case 21:
        get_option();
        break;
      case 22:
        control();
        break;
      case 23:
        poll();
        break;
      case 24:
      case 25:
        epoll();
        break;
      case 26:
        pipe();
        break;
      case 27:
        splice();
        break;
      case 28:
      case 29:
        network_.run_for_ms(std::uint64_t{input_.next8()} << input_.below(8));
        break;
      default:
        connect_both();
        break;
    }
  }

  void make_socket() {
    constexpr int domains[] = {AF_INET, AF_INET, AF_INET, AF_INET6, AF_UNIX, -1};
    constexpr int types[] = {SOCK_STREAM, SOCK_STREAM | SOCK_NONBLOCK, SOCK_STREAM | SOCK_NONBLOCK, SOCK_DGRAM,
                             SOCK_RAW};
    constexpr int protocols[] = {0, 0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_MPTCP};
    const int domain = input_.pick(domains);
    const int type = input_.pick(types);
    remember(api().socket(domain, type, input_.pick(protocols)));
  }

  /// Left to chance alone few connections would come to be.
  void connect_both() {
    own_ = 0;
    const int fd = api().socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    const sockaddr_in peer = support::address_in(support::address_of_end[1], ports[0]);
    check(api().connect(fd, support::generic(peer), sizeof peer));
    remember(fd);
    network_.run_for_ms(5);
    own_ = 1;
    if (!open_[1].empty()) remember(api().accept4(open_[1].front(), nullptr, nullptr, SOCK_NONBLOCK));
    own_ = 0;
  }

  template <typename Call>
  void with_address(const Call& call) {
    const int fd = some_descriptor();
    constexpr packet::ipv4_address addresses[] = {support::address_of_end[0],
                                                  support::address_of_end[1],
                                                  support::address_of_end[1],
                                                  {},
                                                  {0xc0a80009},
                                                  {0x08080808},
                                                  {0xe0000001},
                                                  {0xffffffff}};
    sockaddr_in in = support::address_in(input_.pick(addresses), input_.pick(ports));
    if (input_.below(16) == 0) in.sin_family = AF_UNSPEC;
    constexpr socklen_t lengths[] = {sizeof in, sizeof in, sizeof in, sizeof in, 2, 0};
    const socklen_t length = input_.pick(lengths);
    const bool none = input_.below(32) == 1;
    call(fd, none ? nullptr : support::generic(in), length);
  }

  void accept() {
    const int fd = some_descriptor();
    sockaddr_in peer{};
    socklen_t length = input_.flag() ? sizeof peer : 3;
    constexpr int flags[] = {SOCK_NONBLOCK, SOCK_NONBLOCK, 0, SOCK_CLOEXEC, 1};
    const bool ask = input_.flag();
    remember(api().accept4(fd, ask ? support::generic(peer) : nullptr, ask ? &length : nullptr, input_.pick(flags)));
  }

  void receive() {
    const int fd = some_descriptor();
    constexpr int flags[] = {
        0, 0, MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC, MSG_WAITALL, MSG_OOB, MSG_ERRQUEUE, MSG_PEEK | MSG_WAITALL};
    const std::size_t bytes = room();
    switch (input_.below(4)) {
      case 0:
        check(api().read(fd, buffer_.data(), bytes), bytes);
        break;
      case 1:
        check(api().recv(fd, buffer_.data(), bytes, input_.pick(flags)), bytes);
        break;
      case 2: {
        const iovec two[] = {{buffer_.data(), bytes / 3}, {buffer_.data() + bytes / 3, bytes - bytes / 3}};
        check(api().readv(fd, two, static_cast<int>(input_.below(3))), bytes);
        break;
      }
      default:
        receive_message(fd, bytes, input_.pick(flags));
        break;
    }
  }

  void receive_message(int fd, std::size_t bytes, int flags) {
    alignas(cmsghdr) std::array<std::byte, 256> control{};
    iovec one{buffer_.data(), bytes};
    msghdr message{};
    message.msg_iov = &one;
    message.msg_iovlen = input_.below(2);
    message.msg_control = control.data();
    message.msg_controllen = input_.next8();
    check(api().recvmsg(fd, &message, flags), bytes);
    require(message.msg_controllen <= control.size(), "control data stays within its room");
  }

  /// How many bytes a call is about.
  std::size_t room() { return std::min<std::size_t>(std::size_t{input_.next8()} << input_.below(9), buffer_.size()); }

  void transmit() {
    const int fd = some_descriptor();
    constexpr int flags[] = {0, 0, MSG_DONTWAIT, MSG_MORE, MSG_EOR, MSG_OOB, MSG_ZEROCOPY, MSG_NOSIGNAL};
    const std::size_t bytes = room();
    switch (input_.below(4)) {
      case 0:
        check(api().write(fd, buffer_.data(), bytes), bytes);
        break;
      case 1:
        check(api().send(fd, buffer_.data(), bytes, input_.pick(flags)), bytes);
        break;
      case 2: {
        const iovec two[] = {{buffer_.data(), bytes / 3}, {buffer_.data() + bytes / 3, bytes - bytes / 3}};
        check(api().writev(fd, two, static_cast<int>(input_.below(3))), bytes);
        break;
      }
      default:
        transmit_message(fd, bytes, input_.pick(flags));
        break;
    }
  }

  void transmit_message(int fd, std::size_t bytes, int flags) {
    alignas(cmsghdr) std::array<std::byte, 64> control{};
    iovec one{buffer_.data(), bytes};
    msghdr message{};
    message.msg_iov = &one;
    message.msg_iovlen = 1;
    if (input_.flag()) {
      cmsghdr header{
          .cmsg_len = CMSG_LEN(sizeof(std::uint32_t)), .cmsg_level = SOL_SOCKET, .cmsg_type = SO_TIMESTAMPING};
      if (input_.below(8) == 0) header.cmsg_len = input_.next8();
      const std::uint32_t asked = input_.next16();
      std::memcpy(control.data(), &header, sizeof header);
      std::memcpy(control.data() + CMSG_LEN(0), &asked, sizeof asked);
      message.msg_control = control.data();
      message.msg_controllen =
          std::min<std::size_t>(input_.flag() ? CMSG_SPACE(sizeof asked) : input_.next8(), control.size());
    }
    check(api().sendmsg(fd, &message, flags), bytes);
  }

  void close() {
    const int fd = some_descriptor();
    check(api().close(fd));
    std::erase(open_[own_], fd);
  }

  void names() {
    const int fd = some_descriptor();
    sockaddr_in name{};
    socklen_t length = input_.flag() ? sizeof name : input_.next8() % sizeof name;
    check(input_.flag() ? api().getsockname(fd, support::generic(name), &length)
                        : api().getpeername(fd, support::generic(name), &length));
  }

  int some_level() {
    constexpr int levels[] = {SOL_SOCKET, SOL_SOCKET, IPPROTO_TCP, IPPROTO_TCP, IPPROTO_IP, IPPROTO_UDP};
    return input_.pick(levels);
  }

  void set_option() {
    const int fd = some_descriptor();
    const int level = some_level();
    const int name = static_cast<int>(input_.below(80));
    std::array<std::byte, 32> value{};
    constexpr std::uint32_t values[] = {0, 1, 2, 10, 100, 5000, 100'000, 0xffffffff, 0x7fffffff};
    std::uint32_t first = input_.flag() ? input_.pick(values) : input_.next32();
    // An orphan is kept for as long as it was asked for, which may be 24 days.
    if (level == IPPROTO_TCP && name == TCP_USER_TIMEOUT) first = std::min(first, 100'000U);
    std::memcpy(value.data(), &first, sizeof first);
    std::memcpy(value.data() + 8, &first, sizeof first);
    constexpr socklen_t lengths[] = {4, 4, 4, 8, 16, 32, 3, 1, 0};
    check(api().setsockopt(fd, level, name, value.data(), input_.pick(lengths)));
  }

  void get_option() {
    const int fd = some_descriptor();
    const int level = some_level();
    const int name = static_cast<int>(input_.below(80));
    std::array<std::byte, 255> value{};
    socklen_t length = input_.next8();
    const socklen_t had = length;
    check(api().getsockopt(fd, level, name, value.data(), &length));
    require(length <= had, "an option stays within its room");
  }

  void control() {
    const int fd = some_descriptor();
    if (input_.flag()) {
      constexpr unsigned long requests[] = {FIONREAD, TIOCOUTQ, 0x894b, FIONBIO, 0x8905, 0x1234};
      int argument = input_.next8() & 1;
      check(api().ioctl(fd, input_.pick(requests), &argument));
    } else {
      constexpr int commands[] = {F_GETFL, F_SETFL, F_SETFL, F_GETFD, F_SETFD, F_DUPFD};
      constexpr int arguments[] = {0, O_NONBLOCK, O_NONBLOCK, FD_CLOEXEC, -1};
      const int command = input_.pick(commands);
      check(api().fcntl(fd, command, input_.pick(arguments)));
    }
  }

  /// In ms. Never for ever: nobody could end a wait for nothing.
  int some_timeout() { return static_cast<int>(input_.below(64)); }

  void poll() {
    std::array<pollfd, 4> asked{};
    const std::size_t count = input_.below(asked.size() + 1);
    for (pollfd& one : std::span(asked).first(count)) {
      one = {.fd = some_descriptor(), .events = static_cast<short>(input_.next8()), .revents = 0};
    }
    check(api().poll(asked.data(), count, some_timeout()), count);
  }

  void epoll() {
    switch (input_.below(4)) {
      case 0:
        remember(api().epoll_create1(input_.flag() ? 0 : static_cast<int>(input_.next8())));
        break;
      case 1: {
        std::array<epoll_event, 4> events{};
        const int fd = some_descriptor();
        const int most = static_cast<int>(input_.below(5));
        check(api().epoll_wait(fd, events.data(), most, some_timeout()), 4);
        break;
      }
      default: {
        const int epoll_fd = some_descriptor();
        const int fd = some_descriptor();
        constexpr std::uint32_t modes[] = {0, EPOLLET, EPOLLONESHOT, EPOLLET | EPOLLONESHOT, EPOLLEXCLUSIVE};
        epoll_event event{.events = input_.next8() | input_.pick(modes), .data = {.u64 = 1}};
        check(api().epoll_ctl(epoll_fd, static_cast<int>(input_.below(5)), fd, &event));
        break;
      }
    }
  }

  void pipe() {
    int fds[2] = {-1, -1};
    constexpr int flags[] = {O_NONBLOCK, O_NONBLOCK, 0, O_CLOEXEC, 1};
    const int result = api().pipe2(fds, input_.pick(flags));
    check(result);
    if (result != 0) return;
    remember(fds[0]);
    remember(fds[1]);
  }

  void splice() {
    const int in = some_descriptor();
    const int out = some_descriptor();
    off_t offset = 0;
    const std::size_t bytes = room();
    const auto flags = static_cast<unsigned>(input_.below(16));
    check(api().splice(in, input_.below(16) == 0 ? &offset : nullptr, out, nullptr, bytes, flags), bytes);
  }

  void close_all() {
    for (const auto& each : apis_) each->close_all();
    for (auto& descriptors : open_) descriptors.clear();
  }

  /// Everything is closed and the wire is good again: in an hour nothing is left.
  void finish() {
    close_all();
    network_.wire().set_filter({});
    network_.run_for_ms(3'600'000);
    for (const int end : {0, 1}) {
      require(network_.host(end).hashinfo().ehash().size() == 0, "no connection is left");
      require(network_.counter(end, "TcpCurrEstab") == 0, "no connection is counted");
      require(network_.tcp(end).sockstat().mem_pages == 0, "no memory is counted");
      for (const std::uint16_t port : ports) {
        require(network_.host(end).hashinfo().bhash().find(port) == nullptr, "no port is bound");
      }
    }
  }

  fuzz_input& input_;
  support::virtual_network network_;
  nested_threads threads_;
  std::array<std::unique_ptr<socket::posix_api>, 2> apis_;
  support::seeded_random random_{1};
  unsigned loss_per_256_ = 0;
  unsigned reordered_per_256_ = 0;
  std::size_t own_ = 0;  ///< Whose calls are made.
  std::array<std::vector<int>, 2> open_;
  std::array<std::byte, 65'536> buffer_{};
};

}  // namespace
}  // namespace fourtuple::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fourtuple::fuzz::fuzz_input input(data, size);
  std::make_unique<fourtuple::fuzz::socket_calls>(input)->run();
  return 0;
}
