// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/nic/frame_builder.hpp"

#include <algorithm>

namespace fourtuple::test {
namespace {

using bytes = std::vector<std::uint8_t>;

void put16(bytes& to, unsigned value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8));
  to.push_back(static_cast<std::uint8_t>(value));
}

void put32(bytes& to, std::uint32_t value) {
  put16(to, value >> 16);
  put16(to, value & 0xffff);
}

// Word by word with end-around carry (RFC 1071), unlike the model's.
std::uint16_t checksum(const bytes& of) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < of.size(); i += 2) {
    sum += static_cast<std::uint32_t>(of[i] << 8) + (i + 1 < of.size() ? of[i + 1] : 0U);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum);
}

void set16(bytes& in, std::size_t at, unsigned value) {
  in[at] = static_cast<std::uint8_t>(value >> 8);
  in[at + 1] = static_cast<std::uint8_t>(value);
}

bytes transport_of(const frame_spec& spec) {
  bytes result;
  const bool tcp = spec.protocol == 6;
  const bool udp = spec.protocol == 17;
  if (tcp || udp) {
    put16(result, spec.source_port);
    put16(result, spec.destination_port);
  }
  if (tcp) {
    put32(result, 0x0102'0304);
    put32(result, 0x0506'0708);
    const int words = 5 + static_cast<int>(spec.tcp_option_words) + spec.tcp_header_words_error;
    put16(result, static_cast<unsigned>(words & 0xf) << 12 | 0x10);
    put16(result, 0xffff);
    put32(result, 0);
    result.insert(result.end(), spec.tcp_option_words * 4, 1);
  } else if (udp) {
    put16(result, static_cast<unsigned>(static_cast<int>(8 + spec.payload.size()) + spec.udp_length_error) & 0xffff);
    put16(result, 0);
  }
  result.insert(result.end(), spec.payload.begin(), spec.payload.end());
  return result;
}

void fill_transport_checksum(bytes& transport, const frame_spec& spec) {
  if (spec.protocol != 6 && (spec.protocol != 17 || spec.udp_without_checksum)) return;
  bytes summed;
  put32(summed, spec.source_address);
  put32(summed, spec.destination_address);
  put16(summed, spec.protocol);
  put16(summed, static_cast<unsigned>(transport.size()));
  summed.insert(summed.end(), transport.begin(), transport.end());
  unsigned value = checksum(summed);
  if (spec.protocol == 17 && value == 0) value = 0xffff;
  set16(transport, spec.protocol == 6 ? 16 : 6, value ^ spec.l4_checksum_error);
}

bytes ip_header_of(const frame_spec& spec, std::size_t transport_bytes) {
  bytes result;
  const int words = 5 + static_cast<int>(spec.ip_option_words) + spec.ip_header_words_error;
  const auto header_bytes = 20 + 4 * spec.ip_option_words;
  result.push_back(static_cast<std::uint8_t>(spec.ip_version << 4 | (words & 0xf)));
  result.push_back(0);
  put16(result,
        static_cast<unsigned>(static_cast<int>(header_bytes + transport_bytes) + spec.ip_length_error) & 0xffff);
  put16(result, 0x1234);
  put16(result, spec.fragment_field);
  result.push_back(64);
  result.push_back(spec.protocol);
  put16(result, 0);
  put32(result, spec.source_address);
  put32(result, spec.destination_address);
  result.insert(result.end(), spec.ip_option_words * 4, 1);
  set16(result, 10, checksum(result) ^ spec.ip_checksum_error);
  return result;
}

}  // namespace

std::vector<std::byte> build_frame(const frame_spec& spec) {
  bytes frame(spec.destination.begin(), spec.destination.end());
  frame.insert(frame.end(), spec.source.begin(), spec.source.end());
  for (unsigned tag = 0; tag < spec.vlan_tags; ++tag) put32(frame, 0x8100'0005);
  put16(frame, spec.ethertype);
  if (spec.ethertype == 0x0800) {
    bytes transport = transport_of(spec);
    fill_transport_checksum(transport, spec);
    const bytes header = ip_header_of(spec, transport.size());
    frame.insert(frame.end(), header.begin(), header.end());
    frame.insert(frame.end(), transport.begin(), transport.end());
  } else {
    frame.insert(frame.end(), spec.payload.begin(), spec.payload.end());
  }
  // Padding that is not zero: it must count for raw_sum and for nothing else.
  frame.insert(frame.end(), spec.padding, 0xa5);
  if (spec.pad_to_minimum && frame.size() < 60) frame.resize(60, 0x5a);
  std::vector<std::byte> result(frame.size());
  std::transform(frame.begin(), frame.end(), result.begin(), [](std::uint8_t value) { return std::byte{value}; });
  return result;
}

}  // namespace fourtuple::test
