// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_syncookies.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "host/base/siphash.hpp"
#include "host/tcp/tcp_minisocks.hpp"
#include "host/tcp/tcp_net.hpp"

namespace fourtuple::tcp {
namespace {

// A cookie is 8 bits of the minute and 24 bits in which the index of the MSS is hidden, on top of the peer's sequence
// number and a hash of the tuple.
constexpr unsigned minute_shift = 24;
constexpr std::uint32_t data_mask = (1U << minute_shift) - 1;
constexpr std::uint64_t period_ns = 60 * base::ns_per_s;  // Linux: TCP_SYNCOOKIE_PERIOD
constexpr std::uint32_t max_syncookie_age = 2;            // In periods.

/// Segment sizes that are common in practice, the first for all smaller ones (Linux: msstab of IPv4).
constexpr std::array<std::uint16_t, 4> mss_table{536, 1300, 1440, 1460};

// What the low bits of the timestamp say (Linux: TSBITS, TS_OPT_*).
constexpr unsigned timestamp_bits = 6;
constexpr std::uint32_t no_wscale = 0xf;
constexpr std::uint32_t sack_bit = 1U << 4;

const std::array<std::array<std::uint64_t, 2>, 2>& secrets(tcp_net& net) {
  if (!net.syncookie_secret) {
    const auto draw = [&] { return std::array<std::uint64_t, 2>{net.random.next(), net.random.next()}; };
    net.syncookie_secret.emplace();
    for (auto& key : *net.syncookie_secret) key = draw();
  }
  return *net.syncookie_secret;
}

std::uint32_t cookie_hash(tcp_net& net, const packet::connection_tuple& tuple, std::uint32_t count, std::size_t which) {
  const std::array<std::uint32_t, 4> words{tuple.local.value, tuple.foreign.value,
                                           std::uint32_t{tuple.local_port} << 16 | tuple.foreign_port, count};
  return static_cast<std::uint32_t>(base::siphash_words(words, secrets(net)[which]));
}

std::uint32_t tcp_cookie_time(const tcp_net& net) noexcept {
  return static_cast<std::uint32_t>(net.now_ns() / period_ns);
}

/// Linux: secure_tcp_syn_cookie.
std::uint32_t make_cookie(tcp_net& net, const packet::connection_tuple& tuple, std::uint32_t peer_isn,
                          std::uint32_t data) {
  const std::uint32_t count = tcp_cookie_time(net);
  return cookie_hash(net, tuple, 0, 0) + peer_isn + (count << minute_shift) +
         ((cookie_hash(net, tuple, count, 1) + data) & data_mask);
}

/// The MSS that a cookie of at most two minutes stands for (Linux: __cookie_v4_check).
std::optional<std::uint16_t> mss_of_cookie(tcp_net& net, const packet::connection_tuple& tuple, std::uint32_t peer_isn,
                                           std::uint32_t cookie) {
  const std::uint32_t count = tcp_cookie_time(net);
  cookie -= cookie_hash(net, tuple, 0, 0) + peer_isn;
  const std::uint32_t age = (count - (cookie >> minute_shift)) & 0xff;
  if (age >= max_syncookie_age) return std::nullopt;
  const std::uint32_t index = (cookie - cookie_hash(net, tuple, count - age, 1)) & data_mask;
  if (index >= mss_table.size()) return std::nullopt;
  return mss_table[index];
}

/// Nobody was sent a cookie that could still be good: an ACK cannot bring one (Linux: tcp_synq_no_recent_overflow).
bool tcp_synq_no_recent_overflow(const tcp_sock& listener) noexcept {
  const std::uint64_t last = listener.ts_recent_stamp_s * base::ns_per_s;
  // In the first second it is noted as the end of that.
  const std::uint64_t now = std::max(listener.net->now_ns(), last);
  return last == 0 || now - last > max_syncookie_age * period_ns;
}

/// Options of the SYN as the echoed timestamp tells them; false if this host would not have agreed to them (Linux:
/// cookie_timestamp_decode).
bool cookie_timestamp_decode(const tcp_config& config, const rx_segment& segment,
                             sock::tcp_request_sock& req) noexcept {
  const auto& timestamps = segment.options.timestamps;
  if (!timestamps) {
    cookie_clear_options(req);
    return true;
  }
  if (!config.tcp_timestamps) return false;
  const std::uint32_t said = timestamps->echo_reply - req.ts_off;
  req.tstamp_ok = true;
  req.ts_recent = timestamps->value;
  req.sack_ok = (said & sack_bit) != 0;
  if (req.sack_ok && !config.tcp_sack) return false;
  req.wscale_ok = (said & no_wscale) != no_wscale;
  req.snd_wscale = static_cast<std::uint8_t>((req.wscale_ok ? said & no_wscale : 0U) & 0xf);
  return !req.wscale_ok || config.tcp_window_scaling;
}

}  // namespace

std::uint32_t cookie_v4_init_sequence(tcp_sock& listener, sock::tcp_request_sock& req) {
  tcp_net& net = *listener.net;
  listener.ts_recent_stamp_s = std::max(net.now_s(), 1U);
  std::uint32_t index = mss_table.size() - 1;
  while (index > 0 && req.mss < mss_table[index]) --index;
  req.mss = mss_table[index];
  net.count(mib::syncookies_sent);
  return make_cookie(net, req.skc_tuple, req.rcv_isn, index);
}

std::uint32_t cookie_init_timestamp(const sock::tcp_request_sock& req, std::uint32_t now_ms) noexcept {
  const std::uint32_t options = (req.wscale_ok ? req.snd_wscale : no_wscale) | (req.sack_ok ? sack_bit : 0U);
  const std::uint32_t stamp = (now_ms >> timestamp_bits << timestamp_bits) | options;
  // Never ahead of the clock, or the connection's next timestamp would go back.
  return stamp > now_ms ? stamp - (1U << timestamp_bits) : stamp;
}

void cookie_clear_options(sock::tcp_request_sock& req) noexcept {
  req.tstamp_ok = false;
  req.sack_ok = false;
  req.wscale_ok = false;
  req.snd_wscale = 0;
  req.ts_recent = 0;
}

bool cookie_v4_check(tcp_sock& listener, rx_segment& segment) {
  tcp_net& net = *listener.net;
  const packet::tcp_flags& flags = segment.flags;
  if (net.config.tcp_syncookies == 0 || !flags.ack || flags.rst || flags.syn) return false;
  if (tcp_synq_no_recent_overflow(listener)) return false;
  const auto mss = mss_of_cookie(net, segment.tuple, segment.seq - 1, segment.ack_seq - 1);
  if (!mss) {
    net.count(mib::syncookies_failed);
    return false;
  }
  net.count(mib::syncookies_recv);
  trace(net, tracepoint::cookie_v4_check, segment);
  const auto via = net.ip.route_output(segment.tuple.foreign);
  const auto req = via ? inet_reqsk_alloc(listener, segment.tuple) : sock_reference<sock::tcp_request_sock>{};
  if (!req) {
    net.count(mib::listen_drops);
    return true;
  }
  req->mss = *mss;
  req->rcv_isn = segment.seq - 1;
  req->snt_isn = segment.ack_seq - 1;
  if (!cookie_timestamp_decode(net.config, segment, *req)) return false;
  tcp_openreq_init_rwin(listener, *req, via->mtu);
  if (const auto child = tcp_v4_syn_recv_sock(listener, *req, segment, nullptr)) {
    sock::inet_csk_reqsk_queue_add(listener, sock_reference<sock::request_sock>::hold(*req),
                                   sock_reference<sock::sock>::hold(*child));
    tcp_child_process(listener, *child, segment);
  }
  return true;
}

}  // namespace fourtuple::tcp
