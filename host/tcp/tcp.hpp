// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/random_source.hpp"
#include "host/base/timer_wheel.hpp"
#include "host/ip/ipv4.hpp"
#include "host/packet/addresses.hpp"
#include "host/sock/sock_extension.hpp"
#include "host/tcp/tcp_config.hpp"
#include "host/tcp/tcp_diag.hpp"
#include "host/tcp/tcp_send_report.hpp"

namespace fourtuple::sock {
class inet_hashinfo;
class sock_wakeup;
}  // namespace fourtuple::sock

namespace fourtuple::tcp {

struct tcp_sock;
struct tcp_net;
class tcp_observer;

/// An end of a connection. Port is a number (host byte order).
struct tcp_endpoint {
  packet::ipv4_address address;
  std::uint16_t port = 0;
};

/// TCP for one host: all that is between the socket layer above and IPv4 below (Linux: tcp_prot and tcp_protocol).
///
/// Nothing here blocks. Results are >= 0, or a negative errno with Linux's value; what would have to wait is -EAGAIN
/// (or -EINPROGRESS for connect), and sock_wakeup says when to try again.
///
/// Ownership: the tcp owns its socks. A tcp_sock& from create() or accept() stays valid until close() is called with
///            it; after that it must not be used, though the connection may live on to finish (an orphan).
/// Threads:   the stack's, one at a time. Callbacks of sock_wakeup come from within calls of this class and must not
///            call back into it.
class tcp final : public ip::protocol {
 public:
  /// Registers itself with `ip` for protocol 6. All that is referred to must outlive it.
  tcp(const tcp_config& config, base::clock& clock, base::random_source& random, base::timer_wheel& timers,
      ip::ipv4& ip, sock::inet_hashinfo& hashinfo);
  /// Frees every sock, open or not, without sending anything.
  ~tcp() override;

  [[nodiscard]] const tcp_config& config() const noexcept;
  /// Other settings from now on (Linux: writing to net.ipv4's sysctls); socks keep what they have taken over when they
  /// were made. Throws std::invalid_argument, and nothing has changed, if there is no such congestion control.
  void set_config(const tcp_config& config);

  /// A new sock in CLOSE (Linux: inet_create).
  [[nodiscard]] tcp_sock& create();

  /// Address any: all of the host's. Port 0: an ephemeral one. -EINVAL if bound already or not in CLOSE, -EADDRINUSE,
  /// -EADDRNOTAVAIL.
  int bind(tcp_sock& sk, packet::ipv4_address address, std::uint16_t port);
  /// `backlog` is clamped to 0..somaxconn; on a listener it sets a new one. -EINVAL, -EADDRINUSE.
  int listen(tcp_sock& sk, int backlog);
  /// Sends a SYN and returns -EINPROGRESS. Later calls: -EALREADY while it lasts; 0 once, then -EISCONN, when
  /// established; the error once (e.g. -ECONNREFUSED, -ETIMEDOUT), or -ECONNABORTED if it was fetched otherwise.
  /// At once: -ENETUNREACH, -EADDRNOTAVAIL (no port left), -EISCONN on a listener.
  int connect(tcp_sock& sk, packet::ipv4_address address, std::uint16_t port);
  /// connect() to no address (AF_UNSPEC): ends what there is, with a reset where the peer must be told; the sock can be
  /// used again.
  void disconnect(tcp_sock& sk);
  /// The next established child of a listener, or nullptr and `error` = -EAGAIN or -EINVAL (does not listen).
  [[nodiscard]] tcp_sock* accept(tcp_sock& listener, int& error);

  /// Copies what fits in the send buffer, in order, and returns how much that was. MSG_MORE holds a tail back,
  /// MSG_EOR ends a record, MSG_OOB makes the last byte urgent, MSG_ZEROCOPY reports when the bytes are acknowledged;
  /// MSG_DONTWAIT and MSG_NOSIGNAL are the socket layer's business. `report`: what else is to be reported.
  /// -EAGAIN: nothing fits, or still connecting. -EPIPE: not connected, or the sending side is shut.
  ssize_t sendmsg(tcp_sock& sk, std::span<const std::span<const std::byte>> data, int flags,
                  const tcp_send_report& report = {});
  /// Fills the buffers in order with what has arrived; 0 at the end of the stream. MSG_PEEK leaves the bytes, MSG_TRUNC
  /// drops them without copying (`data` then only gives the length), MSG_OOB fetches the urgent byte. A read ends at
  /// urgent data, and the next one leaves it out. -EAGAIN, -ENOTCONN, -ECONNRESET (once) and the
  /// like.
  ssize_t recvmsg(tcp_sock& sk, std::span<const std::span<std::byte>> data, int flags);
  ssize_t recvmsg(tcp_sock& sk, std::span<std::byte> data, int flags) {
    return recvmsg(sk, std::span<const std::span<std::byte>>(&data, 1), flags);
  }
  /// As recvmsg without flags, for splice(): takes what is in the receive queue, and -EAGAIN for nothing.
  ssize_t splice_read(tcp_sock& sk, std::span<std::byte> to);
  /// The first message of the error queue; nothing if it is empty.
  [[nodiscard]] std::optional<sock::sock_error_message> recv_error(tcp_sock& sk);
  /// The next byte to be read is urgent (SIOCATMARK).
  [[nodiscard]] bool at_mark(const tcp_sock& sk) const;
  /// With TCP_INQ: how many bytes are left to read, one at least after the peer's FIN (Linux: tcp_inq_hint).
  [[nodiscard]] std::optional<int> inq_hint(const tcp_sock& sk) const;
  /// `how` is SHUT_RD, SHUT_WR or SHUT_RDWR. -ENOTCONN, -EINVAL.
  int shutdown(tcp_sock& sk, int how);
  /// The owner lets go: FIN, or RST if data was not read or SO_LINGER is on with time 0. Never fails.
  void close(tcp_sock& sk);

  /// What poll(2) would report, in EPOLL* bits (Linux: tcp_poll). If that is without EPOLLOUT for lack of space,
  /// sock_wakeup tells when there is some.
  [[nodiscard]] std::uint32_t poll(tcp_sock& sk) const;

  /// Levels SOL_SOCKET and IPPROTO_TCP; `value` as in setsockopt(2). -ENOPROTOOPT for what does not exist, -EINVAL.
  int setsockopt(tcp_sock& sk, int level, int name, std::span<const std::byte> value);
  /// Writes up to value.size() bytes and returns how many. SO_ERROR is cleared by reading it.
  int getsockopt(tcp_sock& sk, int level, int name, std::span<std::byte> value);
  /// FIONREAD (SIOCINQ), SIOCOUTQ (bytes not yet acknowledged), SIOCOUTQNSD (not yet sent), SIOCATMARK. -ENOTTY for
  /// others, -EINVAL on a listener.
  int ioctl(tcp_sock& sk, unsigned long request, int& value) const;

  [[nodiscard]] tcp_endpoint local_endpoint(const tcp_sock& sk) const;
  /// All zero if there is no peer (then getpeername is -ENOTCONN).
  [[nodiscard]] tcp_endpoint peer_endpoint(const tcp_sock& sk) const;
  /// Linux's number of the state: 1 ESTABLISHED ... 10 LISTEN.
  [[nodiscard]] int state(const tcp_sock& sk) const;

  /// Who is told that reading, writing or the state may have changed; nullptr for nobody. Not owned. Children that are
  /// accepted start with nobody.
  void set_wakeup(tcp_sock& sk, sock::sock_wakeup* wakeup);

  /// See tcp_diag.hpp: a listing as of `ss -tan`, or `ss -tain`.
  [[nodiscard]] std::string diag(bool info) const;
  [[nodiscard]] tcp_sockstat sockstat() const noexcept;

  /// Who sees what happens; nullptr for nobody. Not owned.
  void set_observer(tcp_observer* observer) noexcept;

  /// On: where a device says that sk_buff::hash is valid, it is what inet_hashinfo::inet_ehashfn gives for the frame's
  /// tuple, since both have one secret, and is not computed again (Linux: NETIF_F_RXHASH).
  void set_rxhash(bool on) noexcept;

  /// MIB counters with Linux's names, in a fixed order: {"TcpActiveOpens", 3}, {"TcpExtListenOverflows", 0}, ...;
  /// and those of the connection table in the device: {"TcpTableHits", ...}, {"TcpTableMisses", ...},
  /// {"TcpTableStale", ...}.
  [[nodiscard]] std::vector<std::pair<std::string_view, std::uint64_t>> counters() const;

  void rcv(const ip::ipv4_packet& packet) override;
  bool early_demux(const packet::sk_buff& skb, std::span<const std::byte> datagram) override;
  void err(const ip::icmp_error& error) override;
  void tx_wake() override;

 private:
  std::unique_ptr<tcp_net> net_;
};

}  // namespace fourtuple::tcp
