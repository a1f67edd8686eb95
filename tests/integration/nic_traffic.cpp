// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/nic_traffic.hpp"

#include <algorithm>
#include <map>

namespace fourtuple::test {
namespace {

std::uint32_t swap32(std::uint32_t value) {
  return value << 24 | (value & 0xff00) << 8 | (value >> 8 & 0xff00) | value >> 24;
}

std::uint16_t swap16(std::uint16_t value) { return static_cast<std::uint16_t>(value << 8 | value >> 8); }

}  // namespace

std::vector<model::nic::connection_tuple> nic_traffic::make_tuples(std::size_t count, std::size_t in_bucket,
                                                                   std::uint32_t buckets, std::uint32_t secret) {
  std::map<std::uint32_t, std::vector<model::nic::connection_tuple>> by_bucket;
  std::vector<model::nic::connection_tuple> result;
  while (result.size() < count) {
    const model::nic::connection_tuple candidate{.local_address = 0x0100'000a,
                                                 .foreign_address = static_cast<std::uint32_t>(random_()),
                                                 .local_port = static_cast<std::uint16_t>(random_()),
                                                 .foreign_port = static_cast<std::uint16_t>(random_())};
    auto& bucket = by_bucket[model::nic::connection_hash(candidate, secret) % buckets];
    bucket.push_back(candidate);
    if (bucket.size() == in_bucket) result.insert(result.end(), bucket.begin(), bucket.end());
  }
  result.resize(count);
  return result;
}

std::uint32_t nic_traffic::payload_length() {
  switch (number(8)) {
    case 0:
      return number(3);
    case 1:
    case 2:
      return number(140);
    case 3:
      return 64 * number(8) + number(3) + 8;  // Around the border of a beat.
    case 4:
      return 1460 - number(4);
    case 5:
      return number(1600);
    default:
      return number(400);
  }
}

// One thing, or sometimes several, that is not as it should be.
void nic_traffic::spoil(frame_spec& spec) {
  do {
    switch (number(14)) {
      case 0:
        spec.ip_checksum_error = static_cast<std::uint16_t>(1U << number(16));
        break;
      case 1:
        spec.l4_checksum_error = static_cast<std::uint16_t>(1U << number(16));
        break;
      case 2:
        spec.ip_version = static_cast<std::uint8_t>(number(16));
        break;
      case 3:
        spec.ip_header_words_error = static_cast<int>(number(21)) - 5;
        break;
      case 4:
        spec.ip_length_error = static_cast<int>(number(80)) - 60;
        break;
      case 5:
        spec.tcp_header_words_error = static_cast<int>(number(21)) - 5;
        break;
      case 6:
        spec.udp_length_error = static_cast<int>(number(40)) - 20;
        break;
      case 7:
        spec.fragment_field = static_cast<std::uint16_t>(number(0x10000));
        break;
      case 8:
        spec.protocol = static_cast<std::uint8_t>(number(256));
        break;
      case 9:
        spec.destination[number(6)] ^= static_cast<std::uint8_t>(1U << number(8));
        break;
      case 10:
        spec.ethertype = chance(50) ? 0x86dd : static_cast<std::uint16_t>(number(0x10000));
        break;
      case 11:
        spec.vlan_tags = 1 + number(3);
        break;
      case 12:
        spec.pad_to_minimum = false;
        break;
      default:
        spec.payload.resize(1400 + number(300));
        break;
    }
  } while (chance(25));
}

model::wire::frame nic_traffic::frame() {
  frame_spec spec;
  const auto& connection = tuple();
  spec.source_address = swap32(connection.foreign_address);
  spec.destination_address = swap32(connection.local_address);
  spec.source_port = swap16(connection.foreign_port);
  spec.destination_port = connection.local_port;
  spec.payload.resize(payload_length());
  for (auto& value : spec.payload) value = static_cast<std::uint8_t>(random_());
  if (chance(5)) std::fill(spec.payload.begin(), spec.payload.end(), chance(50) ? 0 : 0xff);
  const std::uint32_t kind = number(100);
  spec.protocol = kind < 60 ? 6 : kind < 85 ? 17 : 1;
  if (kind >= 95) spec.ethertype = 0x0806;
  if (chance(15)) spec.ip_option_words = number(11);
  if (chance(30)) spec.tcp_option_words = number(11);
  if (chance(10)) spec.vlan_tags = 1;
  if (chance(10)) spec.padding = number(70);
  spec.udp_without_checksum = chance(10);
  if (chance(5)) spec.destination = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  if (chance(5)) spec.destination = {0x01, 0x00, 0x5e, 0x00, 0x00, 0x01};
  if (chance(30)) spoil(spec);
  model::wire::frame result{.bytes = build_frame(spec), .bad = chance(2)};
  if (chance(2)) result.bytes.resize(1 + number(70));
  if (chance(1)) {
    result.bytes.resize(9000 + number(12'000));
    for (std::size_t i = 1600; i < result.bytes.size(); ++i) result.bytes[i] = static_cast<std::byte>(i * 31);
  }
  return result;
}

std::vector<regs::transmit_descriptor> nic_traffic::segmented_frame(std::uint64_t data_address,
                                                                    std::uint32_t data_bytes) {
  const std::uint32_t pieces = chance(60) ? 1 : chance(95) ? 1 + number(6) : 1 + number(80);
  const std::uint32_t longest = chance(10) ? 66'000 : chance(50) ? 6000 : 600;
  std::vector<regs::transmit_descriptor> result(pieces);
  for (auto& piece : result) {
    piece.length = 1 + number(longest / pieces + 60);
    piece.address = data_address + number(data_bytes - piece.length);
  }
  auto& last = result.back();
  last.end_of_frame = true;
  last.tso = true;
  last.completion = chance(50);
  last.checksum = !chance(1);
  last.checksum_start = chance(80) ? 34 : chance(95) ? 38 : static_cast<std::uint8_t>(number(256));
  last.checksum_offset = chance(99) ? 16 : static_cast<std::uint8_t>(number(256));
  last.header_length = static_cast<std::uint8_t>(last.checksum_start + 20 + (chance(98) ? 4 * number(11) : number(60)));
  last.mss = static_cast<std::uint16_t>(longest > 600 ? 500 + number(2000) : 1 + number(300));
  if (chance(2)) last.mss = static_cast<std::uint16_t>(chance(50) ? 0 : number(16'384));
  return result;
}

std::vector<regs::transmit_descriptor> nic_traffic::transmit_frame(std::uint64_t data_address,
                                                                   std::uint32_t data_bytes) {
  if (chance(20)) return segmented_frame(data_address, data_bytes);
  const std::uint32_t pieces = chance(60) ? 1 : chance(95) ? 1 + number(4) : 1 + number(20);
  std::vector<regs::transmit_descriptor> result(pieces);
  std::uint32_t length = 0;
  for (auto& piece : result) {
    piece.length = chance(50) ? 1 + number(130) : 1 + number(1500 / pieces + 1);
    if (chance(1)) piece.length = 5000 + number(9000);
    piece.address = data_address + number(data_bytes - piece.length);
    // Only the last descriptor's options count.
    piece.checksum = chance(20);
    piece.tso = chance(20);
    piece.completion = chance(20);
    piece.checksum_start = static_cast<std::uint8_t>(number(256));
    piece.checksum_offset = static_cast<std::uint8_t>(number(256));
    length += piece.length;
  }
  auto& last = result.back();
  last.end_of_frame = true;
  last.tso = chance(2);
  last.completion = chance(30);
  last.checksum = chance(50);
  if (chance(90) && length >= 2) {
    last.checksum_start = static_cast<std::uint8_t>(number(std::min(length - 1, 256U)));
    last.checksum_offset = static_cast<std::uint8_t>(number(std::min(length - 1U - last.checksum_start, 256U)));
  }
  if (chance(3)) result[number(pieces)].length = 0;
  if (chance(1)) last.length = chance(50) ? 16'384 + number(100) : 0xfffff;
  return result;
}

}  // namespace fourtuple::test
