// SPDX-License-Identifier: Apache-2.0
#include "model/nic/bar_access.hpp"

namespace fourtuple::model::nic {

bar_access decode_bar_access(const pcie::tlp& request) noexcept {
  const std::uint32_t length = request.type == pcie::tlp_type::memory_write
                                   ? static_cast<std::uint32_t>(request.data.size())
                                   : request.length_bytes;
  const bool whole_words = (length == 4 || length == 8) && request.address % 4 == 0;
  if (!whole_words || request.address > bar0_bytes - length) return {};
  return {static_cast<std::uint32_t>(request.address), length / 4};
}

std::uint32_t written_word(const pcie::tlp& request, std::uint32_t index) {
  std::uint32_t word = 0;
  for (std::uint32_t byte = 0; byte < 4; ++byte)
    word |= std::to_integer<std::uint32_t>(request.data.at(index * 4 + byte)) << 8 * byte;
  return word;
}

pcie::tlp bar_completion(const pcie::tlp& request, std::span<const std::uint32_t> words) {
  pcie::tlp completion;
  completion.type = pcie::tlp_type::completion;
  completion.address = request.address;
  completion.tag = request.tag;
  completion.remaining_bytes = request.length_bytes;
  if (words.empty()) {
    completion.status = pcie::completion_status::unsupported_request;
    return completion;
  }
  for (const std::uint32_t word : words)
    for (unsigned byte = 0; byte < 4; ++byte) completion.data.push_back(static_cast<std::byte>(word >> 8 * byte));
  completion.length_bytes = static_cast<std::uint32_t>(completion.data.size());
  return completion;
}

}  // namespace fourtuple::model::nic
