// SPDX-License-Identifier: Apache-2.0
#include "tb/blocks/rx_offload/frame_generator.hpp"

#include <algorithm>
#include <array>

namespace fourtuple::tb {
namespace {

void put_16(frame_bytes& frame, std::size_t at, std::size_t value) {
  frame.at(at) = static_cast<std::uint8_t>(value >> 8);
  frame.at(at + 1) = static_cast<std::uint8_t>(value);
}

/// Header bytes of the transport protocol; 0 for one that the device does not know.
std::size_t transport_header_bytes(const frame_shape& shape) {
  if (shape.protocol == 6) return 4 * shape.tcp_header_words;
  return shape.protocol == 17 ? 8 : 0;
}

std::size_t l3_offset(const frame_shape& shape) { return shape.vlan ? 18 : 14; }

/// Puts in the transport checksum; everything else must be there.
void put_transport_checksum(frame_bytes& frame, const frame_shape& shape, std::size_t l4, std::size_t length) {
  if (transport_header_bytes(shape) == 0) return;
  const std::size_t l3 = l3_offset(shape);
  const std::size_t field = l4 + (shape.protocol == 6 ? 16 : 6);
  put_16(frame, field, 0);
  const std::uint64_t pseudo = reference_sum(frame, l3 + 12, l3 + 20) + shape.protocol + length;
  const std::uint32_t checksum = 0xffff - reference_sum(frame, l4, l4 + length, pseudo);
  put_16(frame, field, checksum == 0 ? 0xffff : checksum);
}

}  // namespace

void frame_generator::randomise(frame_bytes& bytes, std::size_t from) {
  for (std::size_t at = from; at < bytes.size(); ++at) bytes[at] = static_cast<std::uint8_t>(random_());
}

frame_bytes frame_generator::well_formed(const frame_shape& shape) {
  const std::size_t l3 = l3_offset(shape);
  const std::size_t l4 = l3 + 4 * shape.ip_header_words;
  const std::size_t transport = transport_header_bytes(shape) + shape.payload_bytes;
  frame_bytes frame(std::max<std::size_t>(l4 + transport + shape.padding_bytes, 60));
  randomise(frame, 6);
  for (std::size_t byte = 0; byte < 6; ++byte) frame[byte] = static_cast<std::uint8_t>(mac_address >> (8 * byte));
  if (shape.vlan) put_16(frame, 12, 0x8100);
  put_16(frame, l3 - 2, 0x0800);
  frame[l3] = static_cast<std::uint8_t>(0x40 | shape.ip_header_words);
  put_16(frame, l3 + 2, l4 - l3 + transport);
  put_16(frame, l3 + 6, below(4) << 14);  // Reserved and don't-fragment do not make a fragment.
  frame[l3 + 9] = shape.protocol;
  put_16(frame, l3 + 10, 0);
  put_16(frame, l3 + 10, 0xffff - reference_sum(frame, l3, l4));
  if (shape.protocol == 6) frame[l4 + 12] = static_cast<std::uint8_t>(shape.tcp_header_words << 4 | below(16));
  if (shape.protocol == 17) put_16(frame, l4 + 4, transport);
  put_transport_checksum(frame, shape, l4, transport);
  return frame;
}

frame_shape frame_generator::any_shape(std::size_t most_bytes) {
  frame_shape shape;
  const bool options = below(3) == 0;
  shape.vlan = below(4) == 0;
  shape.protocol = std::array<std::uint8_t, 6>{6, 6, 6, 17, 17, 1}[below(6)];
  do {
    shape.ip_header_words = options ? 5 + below(11) : 5;
    shape.tcp_header_words = below(2) ? 5 + below(11) : 5;
  } while (l3_offset(shape) + 4 * shape.ip_header_words + transport_header_bytes(shape) > most_bytes);
  const std::size_t left = most_bytes - l3_offset(shape) - 4 * shape.ip_header_words - transport_header_bytes(shape);
  shape.payload_bytes = below(left + 1);
  shape.padding_bytes = below(3) == 0 ? below(left - shape.payload_bytes + 1) : 0;
  return shape;
}

// One change to the headers; most of them make a contradiction.
void frame_generator::damage(frame_bytes& frame) {
  const std::size_t l3 = frame[12] == 0x81 ? 18 : 14;
  const std::size_t l4 = l3 + 4 * (frame[l3] & 15U);
  const auto random_byte = [&](std::size_t at) {
    if (at < frame.size()) frame[at] = static_cast<std::uint8_t>(random_());
  };
  switch (below(11)) {
    case 0:
      return random_byte(l3);
    case 1:
      return random_byte(l3 + 3);
    case 2:
      return put_16(frame, l3 + 2, frame.size() - l3 + below(5) - 2);
    case 3:
      return put_16(frame, l3 + 6, 1U << below(16));
    case 4:
      return random_byte(l3 + 9);
    case 5:
      return random_byte(l4 + 12);
    case 6:
      return random_byte(l4 + 5);
    case 7:
      return l4 + 7 < frame.size() ? put_16(frame, l4 + 6, 0) : void();
    case 8:
      return random_byte(below(frame.size()));
    case 9:
      return put_16(frame, l3 - 2, std::array<std::size_t, 5>{0x0806, 0x8100, 0x86dd, 0x0801, 0x8847}[below(5)]);
    default:
      frame.resize(60 + below(frame.size() - 59));
  }
}

frame_bytes frame_generator::any_frame(std::size_t most_bytes) {
  if (below(20) == 0) {
    frame_bytes noise(1 + below(most_bytes));
    randomise(noise, 0);
    return noise;
  }
  frame_bytes frame = well_formed(any_shape(most_bytes));
  for (std::size_t changes = below(8) < 4 ? 0 : 1 + below(2); changes > 0; --changes) damage(frame);
  if (below(40) == 0) frame[below(6)] ^= static_cast<std::uint8_t>(1U << below(8));
  if (below(80) == 0) std::fill(frame.begin(), frame.begin() + 6, std::uint8_t{0xff});
  if (below(80) == 0) std::fill(frame.begin() + 14, frame.end(), std::uint8_t{0});
  return frame;
}

}  // namespace fourtuple::tb
