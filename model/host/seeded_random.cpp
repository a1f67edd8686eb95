// SPDX-License-Identifier: Apache-2.0
#include "model/host/seeded_random.hpp"

#include <bit>

namespace fourtuple::model::host {
namespace {

/// One step of splitmix64 (Steele, Lea and Flood, 2014).
std::uint64_t splitmix64(std::uint64_t& state) noexcept {
  state += 0x9e37'79b9'7f4a'7c15;
  std::uint64_t mixed = state;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58'476d'1ce4'e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d0'49bb'1331'11eb;
  return mixed ^ (mixed >> 31);
}

/// FNV-1a, 64 bits.
std::uint64_t hash_name(std::string_view name) noexcept {
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (const char letter : name) {
    hash ^= static_cast<unsigned char>(letter);
    hash *= 0x100'0000'01b3;
  }
  return hash;
}

}  // namespace

seeded_random::seeded_random(std::uint64_t seed, std::string_view stream) noexcept {
  std::uint64_t name_state = hash_name(stream);
  std::uint64_t state = splitmix64(seed) ^ splitmix64(name_state);
  for (std::uint64_t& word : state_) word = splitmix64(state);
}

std::uint64_t seeded_random::next() noexcept {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

}  // namespace fourtuple::model::host
