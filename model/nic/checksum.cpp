// SPDX-License-Identifier: Apache-2.0
#include "model/nic/checksum.hpp"

namespace fourtuple::model::nic {

std::uint64_t checksum_add(std::uint64_t sum, std::span<const std::byte> bytes) noexcept {
  std::size_t position = 0;
  for (; position + 1 < bytes.size(); position += 2)
    sum += std::to_integer<std::uint64_t>(bytes[position]) << 8 | std::to_integer<std::uint64_t>(bytes[position + 1]);
  if (position < bytes.size()) sum += std::to_integer<std::uint64_t>(bytes[position]) << 8;
  return sum;
}

std::uint16_t checksum_fold(std::uint64_t sum) noexcept {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

}  // namespace fourtuple::model::nic
