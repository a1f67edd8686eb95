// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_errqueue.hpp"

#include <linux/net_tstamp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {
namespace {

using fourtuple::sock::sock_error_message;
using fourtuple::sock::sock_extension;

constexpr std::uint32_t tx_flags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_ACK;
// Linux 6.2; not in every <linux/net_tstamp.h>.
constexpr std::uint32_t opt_id_tcp = 1U << 16;
constexpr std::uint32_t supported_flags =
    tx_flags | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY | opt_id_tcp;
constexpr std::uint32_t all_flags = (opt_id_tcp << 1) - 1;

void sock_queue_err(tcp_sock& tp, sock_error_message message) {
  auto& queue = tp.extension().error_queue;
  if (queue.size() >= sock_extension::most_messages) return;
  queue.push_back(std::move(message));
  if (!tp.sk_dead) tp.wake(EPOLLERR);
}

/// Linux: __skb_complete_tx_timestamp.
void report_timestamp(tcp_sock& tp, std::uint32_t tskey, std::uint32_t what, std::span<const std::byte> payload) {
  const sock_extension& extension = *tp.sk_extension;
  sock_error_message message;
  message.ee.ee_errno = ENOMSG;
  message.ee.ee_origin = SO_EE_ORIGIN_TIMESTAMPING;
  message.ee.ee_info = what;
  if ((extension.tsflags & SOF_TIMESTAMPING_OPT_ID) != 0) message.ee.ee_data = tskey - extension.tskey;
  if ((extension.tsflags & SOF_TIMESTAMPING_SOFTWARE) != 0) message.timestamp_ns = tp.net->now_ns();
  if ((extension.tsflags & SOF_TIMESTAMPING_OPT_TSONLY) == 0) message.payload.assign(payload.begin(), payload.end());
  sock_queue_err(tp, std::move(message));
}

/// What the segment in flight carries that has the byte `seq`.
std::span<const std::byte> payload_with(const tcp_sock& tp, std::uint32_t seq) noexcept {
  for (const tcp_skb* skb = tp.sk_write_queue.rtx_head(); skb != nullptr; skb = skb->next) {
    if (before(seq, skb->end_seq)) return skb->data();
  }
  return {};
}

/// Linux: __msg_zerocopy_callback. Ranges that follow one another are one message.
void report_zerocopy(tcp_sock& tp, const sock_extension::zerocopy_range& range) {
  auto& queue = tp.sk_extension->error_queue;
  if (!queue.empty() && queue.back().ee.ee_origin == SO_EE_ORIGIN_ZEROCOPY &&
      queue.back().ee.ee_data + 1 == range.first) {
    queue.back().ee.ee_data = range.last;
    if (!tp.sk_dead) tp.wake(EPOLLERR);
    return;
  }
  sock_error_message message;
  message.ee.ee_origin = SO_EE_ORIGIN_ZEROCOPY;
  // The bytes went into the send queue, so the application gained nothing by leaving its buffers alone.
  message.ee.ee_code = SO_EE_CODE_ZEROCOPY_COPIED;
  message.ee.ee_info = range.first;
  message.ee.ee_data = range.last;
  sock_queue_err(tp, std::move(message));
}

/// Where the segment begins that the last byte of the queue is in, if it was not sent yet.
std::optional<std::uint32_t> unsent_tail_seq(const tcp_sock& tp) {
  if (tp.sk_write_queue.send_head() == nullptr) return std::nullopt;
  return tp.sk_write_queue.tail()->seq;
}

/// Linux: tcp_tx_timestamp. A segment has room for one key: that of the last write that it has bytes of.
void note_timestamps(tcp_sock& tp, std::uint32_t flags) {
  auto& requests = tp.extension().timestamp_requests;
  if (const auto tail_seq = unsent_tail_seq(tp)) {
    while (!requests.empty() && !before(requests.back().tskey, *tail_seq)) requests.pop_back();
  }
  requests.push_back({.tskey = tp.write_seq - 1,
                      .sched = (flags & SOF_TIMESTAMPING_TX_SCHED) != 0,
                      .snd = (flags & SOF_TIMESTAMPING_TX_SOFTWARE) != 0,
                      .ack = (flags & SOF_TIMESTAMPING_TX_ACK) != 0});
}

/// Linux: msg_zerocopy_realloc. A write that goes on in a segment of the last one is reported with it.
void note_zerocopy(tcp_sock& tp, std::uint32_t start_seq, bool continued) {
  sock_extension& extension = tp.extension();
  auto& ranges = extension.zerocopy_ranges;
  const auto tail_seq = unsent_tail_seq(tp);
  if (continued && !ranges.empty() && ranges.back().last + 1 == extension.zckey) {
    ranges.back().end_seq = tp.write_seq;
  } else if (!ranges.empty() && ranges.back().end_seq == start_seq && tail_seq && before(*tail_seq, start_seq)) {
    ranges.back().last = extension.zckey++;
    ranges.back().end_seq = tp.write_seq;
  } else {
    const std::uint32_t number = extension.zckey++;
    ranges.push_back({.first = number, .last = number, .start_seq = start_seq, .end_seq = tp.write_seq});
  }
}

}  // namespace

int sock_set_timestamping(tcp_sock& tp, std::uint32_t flags) {
  if ((flags & ~all_flags) != 0) return -EINVAL;
  if ((flags & opt_id_tcp) != 0 && (flags & SOF_TIMESTAMPING_OPT_ID) == 0) return -EINVAL;
  if ((flags & SOF_TIMESTAMPING_OPT_STATS) != 0 && (flags & SOF_TIMESTAMPING_OPT_TSONLY) == 0) return -EINVAL;
  if ((flags & ~supported_flags) != 0) return -EOPNOTSUPP;
  const std::uint32_t old_flags = tp.sk_extension ? tp.sk_extension->tsflags : 0;
  if ((flags & SOF_TIMESTAMPING_OPT_ID) != 0 && (old_flags & SOF_TIMESTAMPING_OPT_ID) == 0) {
    // Bytes are counted from where the connection is.
    if (tp.skc_state == tcp_state::close || tp.skc_state == tcp_state::listen) return -EINVAL;
    tp.extension().tskey = (flags & opt_id_tcp) != 0 ? tp.write_seq : tp.snd_una;
  }
  tp.extension().tsflags = flags;
  return 0;
}

void tcp_tx_queued(tcp_sock& tp, std::uint32_t start_seq, int msg_flags, const tcp_send_report& report) {
  if (tp.write_seq == start_seq) return;
  const std::uint32_t flags = report.tsflags.value_or(tp.sk_extension ? tp.sk_extension->tsflags : 0) & tx_flags;
  if (flags != 0) note_timestamps(tp, flags);
  if ((msg_flags & MSG_ZEROCOPY) != 0 && tp.sk_zerocopy) note_zerocopy(tp, start_seq, report.continued);
}

void tcp_tx_sent_slow(tcp_sock& tp, std::uint32_t seq, std::uint32_t end_seq, std::span<const std::byte> payload) {
  for (const auto& request : tp.sk_extension->timestamp_requests) {
    if (before(request.tskey, seq) || !before(request.tskey, end_seq)) continue;
    if (request.sched) report_timestamp(tp, request.tskey, SCM_TSTAMP_SCHED, payload);
    if (request.snd) report_timestamp(tp, request.tskey, SCM_TSTAMP_SND, payload);
  }
}

void tcp_tx_acked_slow(tcp_sock& tp) {
  auto& requests = tp.sk_extension->timestamp_requests;
  while (!requests.empty() && before(requests.front().tskey, tp.snd_una)) {
    const auto request = requests.front();
    requests.pop_front();
    if (request.ack) report_timestamp(tp, request.tskey, SCM_TSTAMP_ACK, payload_with(tp, request.tskey));
  }
  auto& ranges = tp.sk_extension->zerocopy_ranges;
  while (!ranges.empty() && !after(ranges.front().end_seq, tp.snd_una)) {
    report_zerocopy(tp, ranges.front());
    ranges.pop_front();
  }
}

void tcp_tx_purged(tcp_sock& tp) {
  if (!tp.sk_extension) return;
  tp.sk_extension->timestamp_requests.clear();
  for (const auto& range : std::exchange(tp.sk_extension->zerocopy_ranges, {})) report_zerocopy(tp, range);
}

std::optional<sock_error_message> sock_dequeue_err(tcp_sock& tp) {
  if (!sock_has_errors(tp)) return std::nullopt;
  auto& queue = tp.sk_extension->error_queue;
  sock_error_message first = std::move(queue.front());
  queue.pop_front();
  if (!queue.empty()) tp.wake(EPOLLERR);
  return first;
}

}  // namespace fourtuple::tcp
