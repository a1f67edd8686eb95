// SPDX-License-Identifier: Apache-2.0
// The sender's scoreboard (RFC 2018, RFC 2883, RFC 6675; Linux: tcp_sacktag_write_queue).
#include <algorithm>

#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_recovery.hpp"
#include "host/tcp/tcp_seq.hpp"

namespace fourtuple::tcp {
namespace {

/// RFC 2883 section 4: a first block below the ACK, or within the second block, is a duplicate's.
bool tcp_check_dsack(std::span<const packet::tcp_sack_block> blocks, std::uint32_t ack_seq) noexcept {
  const auto& first = blocks[0];
  if (before(first.start, ack_seq)) return true;
  return blocks.size() > 1 && !before(first.start, blocks[1].start) && !after(first.end, blocks[1].end);
}

/// Nobody can have received what was not sent, or what is older than the largest window (Linux:
/// tcp_is_sackblock_valid).
bool is_sackblock_valid(const tcp_sock& tp, const packet::tcp_sack_block& block) noexcept {
  return before(block.start, block.end) && !after(block.end, tp.snd_nxt) && !before(block.start, tp.snd_una);
}

struct marking {
  std::uint32_t highest_sack;  ///< Start of the highest segment SACKed before this ACK.
  bool any_sacked;
  std::uint32_t reordered = 0;  ///< How many SACKed segments one that came late was behind.
};

/// How many segments of the queue from `skb` on were SACKed before: the distance by which it was overtaken.
std::uint32_t sacked_behind(const tcp_sock& tp, const tcp_skb& skb) noexcept {
  std::uint32_t count = 0;
  for (const tcp_skb* at = skb.next; at != nullptr && at != tp.sk_write_queue.send_head(); at = at->next) {
    if (at->sacked) ++count;
  }
  return count;
}

void tcp_sacktag_one(tcp_sock& tp, tcp_skb& skb, marking& state, ack_news& news) noexcept {
  if (state.any_sacked && !skb.ever_retransmitted && before(skb.seq, state.highest_sack)) {
    state.reordered = std::max(state.reordered, sacked_behind(tp, skb));
  }
  tcp_rack_advance(tp, skb);
  if (skb.retransmitted) {
    skb.retransmitted = false;
    --tp.retrans_out;
  }
  if (skb.lost) {
    skb.lost = false;
    --tp.lost_out;
  }
  skb.sacked = true;
  ++tp.sacked_out;
  ++tp.delivered;
  ++news.delivered;
  news.data_sacked = true;
}

void tcp_sacktag_walk(tcp_sock& tp, const packet::tcp_sack_block& block, marking& state, ack_news& news) noexcept {
  for (tcp_skb* skb = tp.sk_write_queue.rtx_head(); skb != nullptr && skb != tp.sk_write_queue.send_head();
       skb = skb->next) {
    if (!before(skb->seq, block.end)) break;
    // A segment counts when all of it is covered.
    if (skb->sacked || before(skb->seq, block.start) || after(skb->end_seq, block.end)) continue;
    tcp_sacktag_one(tp, *skb, state, news);
  }
}

marking scoreboard_before(const tcp_sock& tp) noexcept {
  marking state{.highest_sack = tp.snd_una, .any_sacked = tp.sacked_out != 0};
  if (!state.any_sacked) return state;
  for (const tcp_skb* skb = tp.sk_write_queue.rtx_tail(); skb != nullptr; skb = skb->previous) {
    if (!skb->sacked) continue;
    state.highest_sack = skb->seq;
    break;
  }
  return state;
}

}  // namespace

void tcp_sacktag_write_queue(tcp_sock& tp, const rx_segment& segment, ack_news& news) {
  auto blocks = segment.options.sacks();
  if (blocks.empty()) return;
  if (tcp_check_dsack(blocks, segment.ack_seq)) {
    tp.net->count(mib::dsack_recv);
    news.dsack_tlp = tp.tlp_out && tp.tlp_retrans && blocks[0].end == tp.tlp_high_seq;
    if (tp.reord_seen && !news.dsack_tlp) tcp_rack_dsack_seen(tp);
    blocks = blocks.subspan(1);
  }
  marking state = scoreboard_before(tp);
  for (const auto& block : blocks) {
    if (is_sackblock_valid(tp, block)) {
      tcp_sacktag_walk(tp, block, state, news);
    } else if (after(block.end, tp.snd_una)) {
      tp.net->count(mib::sack_discard);
    }
  }
  if (state.reordered != 0) tp.reord_seen = true;
  if (state.reordered > tp.reordering) {
    tp.reordering = static_cast<std::uint8_t>(std::min(state.reordered, tcp_max_reordering));
    tp.net->count(mib::sack_reorder);
  }
}

}  // namespace fourtuple::tcp
