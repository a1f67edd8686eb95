// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace fourtuple::tcp {

/// A segment of the send queue (Linux: an sk_buff on sk_write_queue or tcp_rtx_queue, with its tcp_skb_cb).
struct tcp_skb {
  tcp_skb* next = nullptr;
  tcp_skb* previous = nullptr;
  std::unique_ptr<std::byte[]> buffer;
  std::uint32_t capacity = 0;
  std::uint32_t start = 0;    ///< First byte of the data in buffer.
  std::uint32_t len = 0;      ///< Bytes of data.
  std::uint32_t seq = 0;      ///< Of the first byte, or of SYN or FIN.
  std::uint32_t end_seq = 0;  ///< seq + len, + 1 for SYN, + 1 for FIN.
  std::uint64_t sent_at_ns = 0;
  bool syn = false;
  bool fin = false;
  bool psh = false;
  bool eor = false;                 ///< MSG_EOR: nothing may be merged behind it.
  bool sacked = false;              ///< TCPCB_SACKED_ACKED
  bool lost = false;                ///< TCPCB_LOST
  bool retransmitted = false;       ///< TCPCB_SACKED_RETRANS: a retransmission is in flight.
  bool ever_retransmitted = false;  ///< TCPCB_EVER_RETRANS: no RTT sample (Karn).

  [[nodiscard]] std::span<const std::byte> data() const noexcept { return {buffer.get() + start, len}; }
  [[nodiscard]] std::uint32_t room() const noexcept { return capacity - start - len; }
  /// What it counts for against sk_sndbuf.
  [[nodiscard]] std::uint32_t truesize() const noexcept {
    return capacity + static_cast<std::uint32_t>(sizeof(tcp_skb));
  }
  /// Appends what fits and returns how much that was.
  std::uint32_t append(std::span<const std::byte> bytes) noexcept;
};

/// What was written and not yet acknowledged: first what is in flight, then, from send_head(), what was never sent
/// (Linux: tcp_rtx_queue and sk_write_queue, kept as one list).
///
/// Owns its segments; empty, it owns nothing.
class tcp_send_queue {
 public:
  tcp_send_queue() = default;
  tcp_send_queue(const tcp_send_queue&) = delete;
  tcp_send_queue& operator=(const tcp_send_queue&) = delete;
  ~tcp_send_queue() { clear(); }

  [[nodiscard]] bool empty() const noexcept { return head_ == nullptr; }
  [[nodiscard]] tcp_skb* head() const noexcept { return head_; }
  [[nodiscard]] tcp_skb* tail() const noexcept { return tail_; }
  /// First segment that was never sent, or nullptr.
  [[nodiscard]] tcp_skb* send_head() const noexcept { return send_head_; }
  /// First segment in flight, or nullptr (Linux: tcp_rtx_queue_head).
  [[nodiscard]] tcp_skb* rtx_head() const noexcept { return head_ == send_head_ ? nullptr : head_; }
  /// Last segment in flight, or nullptr (Linux: tcp_rtx_queue_tail).
  [[nodiscard]] tcp_skb* rtx_tail() const noexcept {
    if (send_head_ == nullptr) return tail_;
    return send_head_->previous;
  }
  /// True if nothing lies behind `skb`.
  [[nodiscard]] bool is_last(const tcp_skb& skb) const noexcept { return &skb == tail_; }

  /// Appends an empty segment that begins at `seq` with room for `capacity` bytes. nullptr without memory.
  tcp_skb* push(std::uint32_t seq, std::uint32_t capacity) noexcept;
  /// The send head was sent (Linux: tcp_event_new_data_sent).
  void advance_send_head() noexcept { send_head_ = send_head_->next; }
  /// Cuts `skb` behind `bytes` bytes; the rest becomes a segment of its own behind it (Linux: tcp_fragment). PSH, FIN
  /// and EOR go with the rest. False without memory.
  bool fragment(tcp_skb& skb, std::uint32_t bytes) noexcept;
  /// Takes `bytes` acknowledged ones off the front of the first segment (Linux: tcp_trim_head).
  void trim_head(std::uint32_t bytes) noexcept;
  void pop_front() noexcept;
  /// Takes off a segment that was pushed last and never filled.
  void pop_back() noexcept;
  void clear() noexcept;

  /// Sum of truesize (Linux: sk_wmem_queued).
  [[nodiscard]] std::uint32_t truesize() const noexcept { return truesize_; }

 private:
  void insert_behind(tcp_skb* position, tcp_skb* skb) noexcept;
  void remove(tcp_skb* skb) noexcept;

  tcp_skb* head_ = nullptr;
  tcp_skb* tail_ = nullptr;
  tcp_skb* send_head_ = nullptr;
  std::uint32_t truesize_ = 0;
};

}  // namespace fourtuple::tcp
