// SPDX-License-Identifier: Apache-2.0
// The sender's scoreboard (RFC 2018, RFC 2883; Linux: tcp_sacktag_write_queue).
#include <algorithm>
#include <array>
#include <optional>

#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_output.hpp"
#include "host/tcp/tcp_rack.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {
namespace {

struct sack_range {
  std::uint32_t start = 0;
  std::uint32_t end = 0;
  bool duplicate = false;
};

/// How many segments a DSACK says arrived twice; 0: it cannot be believed.
std::uint32_t tcp_dsack_seen(tcp_sock& tp, const packet::tcp_sack_block& block, ack_news& news) noexcept {
  if (!before(block.start, block.end)) return 0;
  const std::uint32_t bytes = block.end - block.start;
  if (bytes > tp.max_window) return 0;
  std::uint32_t segs = 1;
  if (bytes > tp.mss_cache) {
    segs = (bytes + tp.mss_cache - 1) / tp.mss_cache;
  } else if (tp.tlp_out && tp.tlp_high_seq == block.end) {
    news.dsack_tlp = true;
  }
  tp.dsack_dups += segs;
  // More than was ever sent twice: the network made them.
  if (tp.dsack_dups > tp.total_retrans) return 0;
  // A tail loss probe is sent by a timer, whatever the order of what arrives.
  if (tp.reord_seen != 0 && !news.dsack_tlp) tp.rack.dsack_seen = true;
  news.dsacking_ack = true;
  news.sack_delivered += segs;
  return segs;
}

/// RFC 2883 section 4: a first block below the ACK, or within the second block, is a duplicate's.
bool tcp_check_dsack(tcp_sock& tp, std::span<const packet::tcp_sack_block> blocks, std::uint32_t ack_seq,
                     std::uint32_t prior_snd_una, ack_news& news) noexcept {
  const auto& first = blocks[0];
  if (before(first.start, ack_seq)) {
    tp.net->count(mib::dsack_recv);
  } else {
    if (blocks.size() < 2 || after(first.end, blocks[1].end) || before(first.start, blocks[1].start)) return false;
    tp.net->count(mib::dsack_ofo_recv);
  }
  const std::uint32_t segs = tcp_dsack_seen(tp, first, news);
  if (segs == 0) {
    tp.net->count(mib::dsack_ignored_dubious);
    return false;
  }
  tp.net->count(mib::dsack_recv_segs, segs);
  // Of data that left the queue before.
  if (tp.undo_marker_set && tp.undo_retrans > 0 && !after(first.end, prior_snd_una) &&
      after(first.end, tp.undo_marker)) {
    tp.undo_retrans = std::max(0, tp.undo_retrans - static_cast<std::int32_t>(segs));
  }
  return true;
}

/// Nobody can have received what was not sent. A duplicate may lie below snd_una, if recovery has not ended since.
bool tcp_is_sackblock_valid(const tcp_sock& tp, const sack_range& range) noexcept {
  if (after(range.end, tp.snd_nxt) || !before(range.start, range.end) || !before(range.start, tp.snd_nxt)) return false;
  if (after(range.start, tp.snd_una)) return true;
  if (!range.duplicate || !tp.undo_marker_set || after(range.end, tp.snd_una)) return false;
  if (!before(range.start, tp.undo_marker)) return true;
  return after(range.end, tp.undo_marker) && !before(range.start, range.end - tp.max_window);
}

void count_invalid(tcp_sock& tp, const sack_range& range, std::uint32_t ack_seq) noexcept {
  if (range.duplicate) {
    tp.net->count(tp.undo_marker_set ? mib::dsack_ignored_old : mib::dsack_ignored_no_undo);
  } else if (ack_seq == tp.snd_una || after(range.end, tp.snd_una)) {
    // Otherwise ACKs came out of order.
    tp.net->count(mib::sack_discard);
  }
}

/// Its first arrival.
void mark_sacked(tcp_sock& tp, tcp_skb& skb, ack_news& news) noexcept {
  tcp_rack_advance(tp, skb, tp.net->mstamp());
  const std::uint32_t segs = skb.gso_segs;
  if (skb.retransmitted) {
    // Not marked lost, the retransmission counts as still in flight.
    if (skb.lost) {
      skb.lost = false;
      skb.retransmitted = false;
      tp.lost_out -= segs;
      tp.retrans_out -= segs;
    }
  } else {
    if (!skb.ever_retransmitted) {
      if (before(skb.seq, tcp_highest_sack_seq(tp)) && before(skb.seq, news.reord)) news.reord = skb.seq;
      if (!after(skb.end_seq, tp.high_seq)) news.orig_sack_acked = true;
      news.last_sackt_ns = std::max<std::uint64_t>(skb.sent_at_ns, 1);
      if (news.first_sackt_ns == 0) news.first_sackt_ns = news.last_sackt_ns;
    }
    if (skb.lost) {
      skb.lost = false;
      tp.lost_out -= segs;
    }
  }
  skb.sacked = true;
  tp.sk_write_queue.forget_sent(skb);
  tp.sacked_out += segs;
  news.data_sacked = true;
  news.sack_delivered += segs;
}

void tcp_sacktag_one(tcp_sock& tp, tcp_skb& skb, bool duplicate, ack_news& news) noexcept {
  if (duplicate && skb.ever_retransmitted) {
    if (tp.undo_marker_set && tp.undo_retrans > 0 && after(skb.end_seq, tp.undo_marker)) {
      tp.undo_retrans = std::max(0, tp.undo_retrans - skb.gso_segs);
    }
    if (skb.sacked && before(skb.seq, news.reord)) news.reord = skb.seq;
  }
  if (!after(skb.end_seq, tp.snd_una)) return;
  if (!skb.sacked) {
    mark_sacked(tp, skb, news);
    tcp_rate_skb_delivered(tp, skb, news.rate);
    tcp_skb* highest = tp.sk_write_queue.highest_sacked();
    if (highest == nullptr || before(highest->seq, skb.seq)) tp.sk_write_queue.set_highest_sacked(&skb);
  }
  // The retransmission was not needed, and is not in flight any more.
  if (duplicate && skb.retransmitted) {
    skb.retransmitted = false;
    tp.retrans_out -= skb.gso_segs;
  }
}

/// Whether all of `skb` lies in the range. A unit that does in part is cut at a segment's border, so that its first
/// piece does or does not (Linux: tcp_match_skb_to_sack). Nothing without memory.
std::optional<bool> tcp_match_skb_to_sack(tcp_sock& tp, tcp_skb& skb, const sack_range& range) {
  const bool starts_in = !after(range.start, skb.seq);
  bool covered = starts_in && !before(range.end, skb.end_seq);
  if (skb.gso_segs == 1 || covered || !after(skb.end_seq, range.start)) return covered;
  const std::uint32_t mss = skb.gso_size;
  std::uint32_t bytes = 0;
  if (starts_in) {
    bytes = range.end - skb.seq;
    if (bytes < mss) return false;
    bytes -= bytes % mss;
  } else {
    bytes = std::max(range.start - skb.seq, mss);
    bytes = (bytes + mss - 1) / mss * mss;
    if (bytes >= skb.len) return false;
  }
  if (bytes >= skb.len) return covered;
  if (!tcp_fragment(tp, skb, bytes, mss)) return std::nullopt;
  return starts_in;
}

/// Where a walk over the range may begin: nothing in front of it can be news.
tcp_skb* first_for(tcp_sock& tp, const sack_range& range) noexcept {
  tcp_skb* highest = tp.sk_write_queue.highest_sacked();
  if (highest != nullptr && tp.sacked_out != 0 && !range.duplicate && !before(range.start, highest->seq))
    return highest;
  return tp.sk_write_queue.rtx_head();
}

void tcp_sacktag_walk(tcp_sock& tp, const sack_range& range, ack_news& news) {
  for (tcp_skb* skb = first_for(tp, range); skb != nullptr; skb = tp.sk_write_queue.rtx_next(*skb)) {
    if (!before(skb->seq, range.end)) break;
    if (!after(skb->end_seq, range.start) || (skb->sacked && !range.duplicate)) continue;
    const auto covered = tcp_match_skb_to_sack(tp, *skb, range);
    if (!covered) break;
    if (*covered) tcp_sacktag_one(tp, *skb, range.duplicate, news);
  }
}

/// The blocks that can be believed, in the order of the queue.
std::span<sack_range> usable(tcp_sock& tp, const rx_segment& segment, std::uint32_t prior_snd_una, bool dsack,
                             std::array<sack_range, 4>& ranges) noexcept {
  std::size_t count = 0;
  bool first = true;
  for (const auto& block : segment.options.sacks()) {
    const sack_range range{block.start, block.end, first && dsack};
    first = false;
    if (!tcp_is_sackblock_valid(tp, range)) {
      count_invalid(tp, range, segment.ack_seq);
    } else if (after(range.end, prior_snd_una) && count < ranges.size()) {
      ranges[count++] = range;
    }
  }
  const std::span<sack_range> result = std::span{ranges}.first(count);
  std::ranges::stable_sort(result, [](const sack_range& a, const sack_range& b) { return before(a.start, b.start); });
  return result;
}

}  // namespace

std::uint32_t tcp_highest_sack_seq(const tcp_sock& tp) noexcept {
  const tcp_skb* highest = tp.sk_write_queue.highest_sacked();
  if (tp.sacked_out == 0 || highest == nullptr) return tp.snd_una;
  return highest->end_seq;
}

void tcp_sacktag_write_queue(tcp_sock& tp, const rx_segment& segment, std::uint32_t prior_snd_una, ack_news& news) {
  const auto blocks = segment.options.sacks();
  news.reord = tp.snd_nxt;
  if (tp.sacked_out == 0) tp.sk_write_queue.set_highest_sacked(nullptr);
  const bool dsack = tcp_check_dsack(tp, blocks, segment.ack_seq, prior_snd_una, news);
  if (before(segment.ack_seq, prior_snd_una - tp.max_window) || tp.packets_out == 0) return;
  std::array<sack_range, 4> ranges;
  for (const sack_range& range : usable(tp, segment, prior_snd_una, dsack, ranges)) tcp_sacktag_walk(tp, range, news);
  // After a timeout all order is gone, unless it may be taken back.
  if (tp.icsk_ca_state != tcp_ca::loss || tp.undo_marker_set) tcp_check_sack_reordering(tp, news.reord, false);
}

}  // namespace fourtuple::tcp
