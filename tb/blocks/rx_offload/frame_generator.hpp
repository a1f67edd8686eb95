// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

#include "tb/blocks/rx_offload/reference_offload.hpp"

namespace fourtuple::tb {

/// What a well-formed IPv4 frame is made of. Payload, ports and addresses are random.
struct frame_shape {
  bool vlan = false;
  std::uint8_t protocol = 6;
  std::size_t ip_header_words = 5;   ///< 5 to 15.
  std::size_t tcp_header_words = 5;  ///< 5 to 15; TCP only.
  std::size_t payload_bytes = 0;
  std::size_t padding_bytes = 0;  ///< Behind total length; more is added to reach 60 bytes. Random bytes.
};

/// Frames for 02:00:00:00:00:01 from a seed. Not for several threads.
class frame_generator {
 public:
  static constexpr std::uint64_t mac_address = 0x0100'0000'0002;  // First byte in bits 7:0.

  explicit frame_generator(std::uint32_t seed) : random_(seed) {}

  /// Correct in every respect.
  frame_bytes well_formed(const frame_shape& shape);
  /// A shape whose frame has at most `most_bytes`, which must be at least 60.
  frame_shape any_shape(std::size_t most_bytes);
  /// Anything: well-formed, wrong checksums, fragments, ARP, other EtherTypes, damaged headers, cut off, noise.
  frame_bytes any_frame(std::size_t most_bytes);

  /// 0 to bound - 1.
  std::size_t below(std::size_t bound) { return random_() % bound; }

 private:
  void randomise(frame_bytes& bytes, std::size_t from);
  void damage(frame_bytes& frame);

  std::mt19937 random_;
};

}  // namespace fourtuple::tb
