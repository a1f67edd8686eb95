// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace fourtuple::test {

/// What a frame for the NIC's tests is made of. Wrong values are put in as they are; checksums are computed, and then
/// changed by *_error.
struct frame_spec {
  std::array<std::uint8_t, 6> destination = {0x02, 0, 0, 0, 0, 0x01};
  std::array<std::uint8_t, 6> source = {0x02, 0, 0, 0, 0, 0x02};
  unsigned vlan_tags = 0;
  std::uint16_t ethertype = 0x0800;

  std::uint8_t ip_version = 4;
  unsigned ip_option_words = 0;
  std::uint16_t fragment_field = 0x4000;  ///< Flags and offset: don't fragment.
  std::uint8_t protocol = 6;
  std::uint32_t source_address = 0x0a00'0002;  ///< 10.0.0.2
  std::uint32_t destination_address = 0x0a00'0001;
  std::uint16_t source_port = 40000;
  std::uint16_t destination_port = 80;
  unsigned tcp_option_words = 0;
  std::vector<std::uint8_t> payload = {};

  int ip_length_error = 0;   ///< Added to the total length.
  int udp_length_error = 0;  ///< Added to the UDP length.
  int ip_header_words_error = 0;
  int tcp_header_words_error = 0;
  std::uint16_t ip_checksum_error = 0;  ///< XORed in.
  std::uint16_t l4_checksum_error = 0;
  bool udp_without_checksum = false;
  unsigned padding = 0;  ///< Bytes after the packet, besides those up to 60.
  bool pad_to_minimum = true;
};

/// The frame from its Ethernet header on, without frame check sequence. For an EtherType that is not IPv4 the payload
/// follows the Ethernet header at once.
[[nodiscard]] std::vector<std::byte> build_frame(const frame_spec& spec);

}  // namespace fourtuple::test
