// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "tb/blocks/rx_offload/frame_generator.hpp"
#include "tb/blocks/rx_offload/reference_offload.hpp"

namespace fourtuple::bench {

/// A frame and what the reference says about it.
struct small_frame {
  tb::frame_bytes bytes;
  tb::expected_meta meta;
};

inline constexpr std::uint32_t hash_secret = 0x5eed'1234;

/// IPv4 TCP frames of 60 to 64 bytes, correct in every respect.
inline std::vector<small_frame> small_frames(std::size_t count) {
  tb::frame_generator generator(1);
  tb::offload_config config;
  config.mac_address = tb::frame_generator::mac_address;
  config.hash_secret = hash_secret;
  std::vector<small_frame> frames;
  while (frames.size() < count) {
    small_frame frame{generator.well_formed({.payload_bytes = generator.below(11)}), {}};
    frame.meta = tb::reference_offload(frame.bytes, false, config);
    frames.push_back(std::move(frame));
  }
  return frames;
}

}  // namespace fourtuple::bench
