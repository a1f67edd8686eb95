// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace fourtuple::packet {

/// What is known about a received packet's transport checksum (Linux: skb->ip_summed).
enum class ip_summed : std::uint8_t {
  none,         ///< Nothing: compute it.
  unnecessary,  ///< The device found it right.
  bad,          ///< The device found it wrong: count and drop.
};

/// A received frame on its way up: a view of bytes that the driver owns, and what the NIC said about them.
///
/// The bytes are valid during the call that hands it up; whoever keeps payload copies it. A plain value, cheap to copy.
struct sk_buff {
  std::span<const std::byte> frame;  ///< From the Ethernet header to the end, padding included.
  std::uint64_t timestamp_ns = 0;    ///< When it arrived at the device; 0 if the device does not say.
  std::uint32_t hash = 0;            ///< jhash of the tuple, if hash_valid (Linux: skb->hash).
  std::uint32_t handle = 0;          ///< Handle that connection_insert gave, if table_hit. May be stale: check it.
  ip_summed network_checksum = ip_summed::none;    ///< IPv4 header.
  ip_summed transport_checksum = ip_summed::none;  ///< TCP or UDP.
  bool hash_valid = false;
  bool table_hit = false;
  bool raw_sum_valid = false;  ///< Linux: CHECKSUM_COMPLETE.
  /// The frame stands for several that came one behind the other, with so many bytes of payload each (Linux:
  /// skb_shinfo(skb)->gso_size); 0: for itself.
  std::uint16_t gso_size = 0;
  std::uint16_t raw_sum = 0;  ///< Ones' complement sum of everything behind the 14 bytes of Ethernet header.
};

/// A frame on its way down: headers that are pushed in front of one another, and payload that is only referred to.
///
/// Each layer pushes its header (Linux: skb_push). The payload's bytes must stay valid during net_device::xmit, which
/// copies or maps what it needs.
class tx_sk_buff {
 public:
  /// Room for Ethernet with a tag, IPv4 with options and TCP with options, rounded up.
  static constexpr std::size_t headroom_bytes = 144;
  /// A TCP segment may straddle this many pieces of its send queue.
  static constexpr std::size_t max_fragments = 18;

  tx_sk_buff() noexcept {}  // NOLINT(modernize-use-equals-default): `fragments_` is left alone.

  /// `bytes` more of header in front of what is there. The caller fills them.
  [[nodiscard]] std::span<std::byte> push(std::size_t bytes) noexcept {
    assert(bytes <= start_);
    start_ -= bytes;
    return std::span{room_}.subspan(start_, bytes);
  }

  /// Refers to payload behind all headers and earlier payload. False if there are max_fragments already.
  [[nodiscard]] bool append(std::span<const std::byte> bytes) noexcept {
    if (bytes.empty()) return true;
    if (fragment_count_ == max_fragments) return false;
    std::construct_at(&fragments_[fragment_count_++], bytes);
    payload_bytes_ += bytes.size();
    return true;
  }

  /// Refers to these bytes instead of the payload so far, which they are a copy of.
  void refer_to(std::span<const std::byte> copy) noexcept {
    assert(copy.size() == payload_bytes_);
    std::construct_at(fragments_.data(), copy);
    fragment_count_ = copy.empty() ? 0 : 1;
  }

  [[nodiscard]] std::span<const std::byte> headers() const noexcept { return std::span{room_}.subspan(start_); }
  [[nodiscard]] std::span<std::byte> headers() noexcept { return std::span{room_}.subspan(start_); }
  [[nodiscard]] std::span<const std::span<const std::byte>> payload() const noexcept {
    return std::span{fragments_}.first(fragment_count_);
  }
  [[nodiscard]] std::size_t payload_bytes() const noexcept { return payload_bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return headroom_bytes - start_ + payload_bytes_; }

  /// Leaves the checksum to the device (Linux: CHECKSUM_PARTIAL): sum from the first byte of the headers pushed so far,
  /// and put the result `offset` bytes behind it. The field holds the pseudo-header's sum, folded and not inverted.
  void set_checksum_partial(std::size_t offset) noexcept {
    checksum_partial_ = true;
    checksum_start_from_room_ = start_;
    checksum_offset_ = static_cast<std::uint8_t>(offset);
  }
  /// The device need not, software has put it in.
  void clear_checksum_partial() noexcept { checksum_partial_ = false; }
  [[nodiscard]] bool checksum_partial() const noexcept { return checksum_partial_; }
  /// Position of the first byte to sum, from the start of the frame as it is now.
  [[nodiscard]] std::size_t checksum_start() const noexcept { return checksum_start_from_room_ - start_; }
  [[nodiscard]] std::size_t checksum_offset() const noexcept { return checksum_offset_; }

  /// Payload bytes of a segment when this is to be cut up on its way (Linux: skb_shinfo()->gso_size); 0: one frame as
  /// it stands. Then the headers are Ethernet, IPv4 and TCP, the transport checksum is left to the device, and headers
  /// and checksum field are those of one large packet.
  std::uint16_t gso_size = 0;
  /// How many segments that makes (Linux: skb_shinfo()->gso_segs); 1 for one frame as it stands.
  [[nodiscard]] std::size_t gso_segs() const noexcept {
    return gso_size == 0 || payload_bytes_ == 0 ? 1 : (payload_bytes_ + gso_size - 1) / gso_size;
  }

 private:
  std::array<std::byte, headroom_bytes> room_;
  union {
    /// The first fragment_count_ are there. Making the others would cost more than all the rest of a small frame.
    std::array<std::span<const std::byte>, max_fragments> fragments_;
  };
  std::size_t start_ = headroom_bytes;
  std::size_t fragment_count_ = 0;
  std::size_t payload_bytes_ = 0;
  std::size_t checksum_start_from_room_ = 0;
  std::uint8_t checksum_offset_ = 0;
  bool checksum_partial_ = false;
};

}  // namespace fourtuple::packet
