// SPDX-License-Identifier: Apache-2.0
#include "model/nic/segmentation.hpp"

#include <algorithm>

#include "model/nic/checksum.hpp"

namespace fourtuple::model::nic {
namespace {

constexpr std::uint32_t longest_payload_bytes = 65'535;
constexpr std::uint32_t longest_segment_bytes = 16'383;
constexpr std::size_t ipv4_header_bytes = 20;  // No options.
constexpr std::uint32_t shortest_tcp_header_bytes = 20;
constexpr std::uint32_t longest_tcp_header_bytes = 60;
constexpr std::uint8_t untagged_transport = 34;
constexpr std::uint8_t tagged_transport = 38;
// Places in the IPv4 header (RFC 791 3.1) and the TCP header (RFC 9293 3.1).
constexpr std::size_t total_length = 2;
constexpr std::size_t identification = 4;
constexpr std::size_t header_checksum = 10;
constexpr std::size_t sequence_number = 4;
constexpr std::size_t flags = 13;
constexpr std::uint8_t tcp_checksum = 16;
constexpr std::byte fin_and_psh{0x09};
constexpr std::byte cwr{0x80};

std::uint16_t load16(std::span<const std::byte> bytes, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[at]) << 8 |
                                    std::to_integer<unsigned>(bytes[at + 1]));
}

void store16(std::span<std::byte> bytes, std::size_t at, std::uint16_t value) noexcept {
  bytes[at] = static_cast<std::byte>(value >> 8);
  bytes[at + 1] = static_cast<std::byte>(value & 0xff);
}

std::uint16_t inverted(std::uint16_t value) noexcept { return static_cast<std::uint16_t>(~value); }

/// RFC 1624 section 3, equation 3.
void change_network_header(std::span<std::byte> header, std::size_t packet_bytes, std::size_t index) noexcept {
  const std::uint16_t old_length = load16(header, total_length);
  const std::uint16_t old_id = load16(header, identification);
  const auto length = static_cast<std::uint16_t>(packet_bytes);
  const auto id = static_cast<std::uint16_t>(old_id + index);
  const std::uint64_t sum =
      std::uint64_t{inverted(load16(header, header_checksum))} + inverted(old_length) + inverted(old_id) + length + id;
  store16(header, total_length, length);
  store16(header, identification, id);
  store16(header, header_checksum, inverted(checksum_fold(sum)));
}

}  // namespace

bool segmentation_allowed(const regs::transmit_descriptor& options, std::uint64_t length_bytes) noexcept {
  const std::uint32_t header = options.header_length;
  const std::uint32_t transport = options.checksum_start;
  return options.checksum && options.checksum_offset == tcp_checksum &&
         (transport == untagged_transport || transport == tagged_transport) &&
         header >= transport + shortest_tcp_header_bytes && header <= transport + longest_tcp_header_bytes &&
         options.mss != 0 && header + options.mss <= longest_segment_bytes && length_bytes > header &&
         length_bytes - header <= longest_payload_bytes;
}

std::size_t segmentation::end_of(std::size_t index) const noexcept {
  return std::min<std::size_t>(frame_.size(), options_.header_length + (index + 1) * options_.mss);
}

std::vector<std::byte> segmentation::segment(std::size_t index) const {
  const std::size_t before = index * options_.mss;
  const auto payload = frame_.subspan(options_.header_length + before, end_of(index) - options_.header_length - before);
  const auto header = frame_.first(options_.header_length);
  std::vector<std::byte> bytes(header.begin(), header.end());
  bytes.insert(bytes.end(), payload.begin(), payload.end());

  const std::size_t transport = options_.checksum_start;
  const std::size_t network = transport - ipv4_header_bytes;
  change_network_header(std::span(bytes).subspan(network, ipv4_header_bytes), bytes.size() - network, index);
  const auto tcp = std::span(bytes).subspan(transport);
  const std::uint32_t sequence =
      (std::uint32_t{load16(tcp, sequence_number)} << 16 | load16(tcp, sequence_number + 2)) +
      static_cast<std::uint32_t>(before);
  store16(tcp, sequence_number, static_cast<std::uint16_t>(sequence >> 16));
  store16(tcp, sequence_number + 2, static_cast<std::uint16_t>(sequence));
  if (index + 1 != count()) tcp[flags] &= ~fin_and_psh;
  if (index != 0) tcp[flags] &= ~cwr;  // RFC 3168 6.1.2
  store16(tcp, tcp_checksum, checksum_fold(std::uint64_t{load16(tcp, tcp_checksum)} + tcp.size()));
  return bytes;
}

}  // namespace fourtuple::model::nic
