// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "host/tcp/tcp_close.hpp"
#include "host/tcp/tcp_diag.hpp"
#include "host/tcp/tcp_errqueue.hpp"
#include "host/tcp/tcp_input.hpp"
#include "host/tcp/tcp_ipv4.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_sendmsg.hpp"
#include "host/tcp/tcp_sock.hpp"
#include "host/tcp/tcp_urg.hpp"

namespace fourtuple::tcp {
namespace {

bool is_opening(tcp_state state) noexcept { return state == tcp_state::syn_sent || state == tcp_state::syn_recv; }

}  // namespace

tcp::tcp(const tcp_config& config, base::clock& clock, base::random_source& random, base::timer_wheel& timers,
         ip::ipv4& ip, sock::inet_hashinfo& hashinfo)
    : net_(std::make_unique<tcp_net>(config, clock, random, timers, ip, hashinfo)) {
  ip.add_protocol(packet::ip_protocol::tcp, *this);
}

tcp::~tcp() = default;

const tcp_config& tcp::config() const noexcept { return net_->config; }

void tcp::set_config(const tcp_config& config) { net_->set_config(config); }

tcp_sock& tcp::create() {
  auto sk = net_->tcp_slab.alloc(*net_);
  if (!sk) throw std::bad_alloc();
  sk->application_holds = true;
  return *sk.release();
}

int tcp::bind(tcp_sock& sk, packet::ipv4_address address, std::uint16_t port) {
  if (!address.is_any() && !net_->ip.is_local(address)) return -EADDRNOTAVAIL;
  if (sk.skc_state != tcp_state::close || sk.skc_tuple.local_port != 0) return -EINVAL;
  sk.skc_tuple.local = address;
  sk.inet_saddr = address;
  const int result = net_->hashinfo.inet_csk_get_port(sk, port);
  if (result != 0) {
    sk.skc_tuple.local = {};
    sk.inet_saddr = {};
    return result;
  }
  sk.sk_bindaddr_lock = !address.is_any();
  sk.sk_bindport_lock = port != 0;
  return 0;
}

int tcp::listen(tcp_sock& sk, int backlog) {
  const auto most = static_cast<std::int64_t>(net_->config.somaxconn);
  const auto clamped = static_cast<std::uint32_t>(backlog < 0 ? most : std::min<std::int64_t>(backlog, most));
  if (sk.skc_state == tcp_state::listen) {
    sk.sk_max_ack_backlog = clamped;
    return 0;
  }
  if (sk.skc_state != tcp_state::close || sk.connecting) return -EINVAL;
  sk.sk_max_ack_backlog = clamped;
  sk.sk_ack_backlog = 0;
  sk.sk_shutdown = 0;
  // In LISTEN first, so that whoever checks the port meanwhile sees a listener (Linux: inet_csk_listen_start).
  tcp_set_state(sk, tcp_state::listen);
  const int result = net_->hashinfo.inet_csk_get_port(sk, sk.skc_tuple.local_port);
  if (result != 0) {
    sk.skc_state = tcp_state::close;
    return -EADDRINUSE;
  }
  net_->hashinfo.inet_hash(sk);
  return 0;
}

int tcp::connect(tcp_sock& sk, packet::ipv4_address address, std::uint16_t port) {
  net_->tcp_mstamp_refresh();
  if (sk.skc_state == tcp_state::listen) return -EISCONN;
  if (sk.connecting) {
    if (is_opening(sk.skc_state)) return -EALREADY;
    sk.connecting = false;
    if (sk.skc_state != tcp_state::close) return 0;
    const int error = sock_error(sk);
    // The sock is as good as new (Linux: __inet_stream_connect).
    tcp_disconnect(sk);
    return error != 0 ? error : -ECONNABORTED;
  }
  if (sk.skc_state != tcp_state::close) return -EISCONN;
  sk.sk_shutdown = 0;
  sk.sock_done = false;
  sk.sk_err = 0;
  const int result = tcp_v4_connect(sk, address, port);
  net_->ip.flush();
  if (result != 0) return result;
  sk.connecting = true;
  return -EINPROGRESS;
}

void tcp::disconnect(tcp_sock& sk) {
  net_->tcp_mstamp_refresh();
  tcp_disconnect(sk);
  net_->ip.flush();
}

tcp_sock* tcp::accept(tcp_sock& listener, int& error) {
  error = 0;
  if (listener.skc_state != tcp_state::listen) {
    error = -EINVAL;
    return nullptr;
  }
  auto child = sock::inet_csk_reqsk_queue_remove(listener);
  if (!child) {
    error = -EAGAIN;
    return nullptr;
  }
  auto* tp = static_cast<tcp_sock*>(child.release());
  tp->application_holds = true;
  trace(*tp, tracepoint::inet_csk_accept);
  return tp;
}

ssize_t tcp::sendmsg(tcp_sock& sk, std::span<const std::span<const std::byte>> data, int flags,
                     const tcp_send_report& report) {
  net_->tcp_mstamp_refresh();
  const ssize_t result = tcp_sendmsg(sk, data, flags, report);
  net_->ip.flush();
  return result;
}

ssize_t tcp::recvmsg(tcp_sock& sk, std::span<const std::span<std::byte>> data, int flags) {
  net_->tcp_mstamp_refresh();
  const ssize_t result = tcp_recvmsg(sk, data, flags);
  net_->ip.flush();
  return result;
}

ssize_t tcp::splice_read(tcp_sock& sk, std::span<std::byte> to) { return recvmsg(sk, to, 0); }

std::optional<sock::sock_error_message> tcp::recv_error(tcp_sock& sk) { return sock_dequeue_err(sk); }

bool tcp::at_mark(const tcp_sock& sk) const { return tcp_at_mark(sk); }

std::optional<int> tcp::inq_hint(const tcp_sock& sk) const {
  if (!sk.recvmsg_inq) return std::nullopt;
  const std::uint32_t left = sk.rcv_nxt - sk.copied_seq;
  return left == 0 && sk.sock_done ? 1 : static_cast<int>(left);
}

int tcp::shutdown(tcp_sock& sk, int how) {
  net_->tcp_mstamp_refresh();
  const int result = tcp_shutdown(sk, how);
  net_->ip.flush();
  return result;
}

void tcp::close(tcp_sock& sk) {
  net_->tcp_mstamp_refresh();
  tcp_close(sk);
  net_->ip.flush();
}

std::uint32_t tcp::poll(tcp_sock& sk) const {
  net_->tcp_mstamp_refresh();
  return tcp_poll(sk);
}

int tcp::setsockopt(tcp_sock& sk, int level, int name, std::span<const std::byte> value) {
  net_->tcp_mstamp_refresh();
  const int result = tcp_setsockopt(sk, level, name, value);
  net_->ip.flush();
  return result;
}

int tcp::getsockopt(tcp_sock& sk, int level, int name, std::span<std::byte> value) {
  net_->tcp_mstamp_refresh();
  return tcp_getsockopt(sk, level, name, value);
}

int tcp::ioctl(tcp_sock& sk, unsigned long request, int& value) const { return tcp_ioctl(sk, request, value); }

tcp_endpoint tcp::local_endpoint(const tcp_sock& sk) const { return {sk.skc_tuple.local, sk.skc_tuple.local_port}; }

tcp_endpoint tcp::peer_endpoint(const tcp_sock& sk) const { return {sk.skc_tuple.foreign, sk.skc_tuple.foreign_port}; }

int tcp::state(const tcp_sock& sk) const { return static_cast<int>(sk.skc_state); }

void tcp::set_wakeup(tcp_sock& sk, sock::sock_wakeup* wakeup) { sk.sk_wakeup = wakeup; }

std::vector<std::pair<std::string_view, std::uint64_t>> tcp::counters() const {
  std::vector<std::pair<std::string_view, std::uint64_t>> result;
  result.reserve(mib_names.size());
  for (const auto& [what, name] : mib_names) {
    result.emplace_back(name, net_->counters[static_cast<std::size_t>(what)]);
  }
  return result;
}

std::string tcp::diag(bool info) const {
  net_->tcp_mstamp_refresh();
  return tcp_diag(*net_, info);
}

tcp_sockstat tcp::sockstat() const noexcept { return sockstat_of(*net_); }

void tcp::set_observer(tcp_observer* observer) noexcept { net_->observer = observer; }

void tcp::set_rxhash(bool on) noexcept { net_->rxhash = on; }

void tcp::rcv(const ip::ipv4_packet& packet) {
  net_->tcp_mstamp_refresh();
  tcp_v4_rcv(*net_, packet);
}

void tcp::err(const ip::icmp_error& error) {
  net_->tcp_mstamp_refresh();
  tcp_v4_err(*net_, error);
}

void tcp::tx_wake() {
  net_->tcp_mstamp_refresh();
  tcp_sock* next = net_->xmit_blocked;
  net_->xmit_blocked = nullptr;
  net_->xmit_blocked_tail = &net_->xmit_blocked;
  while (next != nullptr) {
    const auto tp = sock_reference<tcp_sock>::adopt(next);
    next = tp->next_blocked;
    tp->next_blocked = nullptr;
    tp->in_blocked_list = false;
    tcp_push_pending_frames(*tp);
  }
  net_->ip.flush();
}

}  // namespace fourtuple::tcp
