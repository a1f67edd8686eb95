// SPDX-License-Identifier: Apache-2.0
// Prints golden vectors: frames, and what the functional model says that the device finds out about them. One frame a
// line: the bytes, then the fields of frame_completion and the hash, in hexadecimal.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "model/nic/frame_offload.hpp"
#include "tb/blocks/rx_offload/frame_generator.hpp"

int main() {
  using fourtuple::model::nic::offload_frame;
  constexpr std::uint32_t seed = 4;
  constexpr std::uint32_t hash_secret = 0x0f1e2d3c;
  constexpr int frames = 2000;
  fourtuple::tb::frame_generator generator(seed);
  std::printf("# hash_secret %08x\n", hash_secret);
  std::printf(
      "# frame class vlan l3_offset l4_offset payload_offset ip_checked ip_good l4_checked l4_good raw_sum hash\n");
  for (int i = 0; i < frames; ++i) {
    const auto bytes = generator.any_frame(i % 10 == 0 ? 1514 : 200);
    std::vector<std::byte> frame;
    for (const auto byte : bytes) frame.push_back(static_cast<std::byte>(byte));
    frame.resize(frame.size() < 60 ? 60 : frame.size());
    const auto found = offload_frame(frame, hash_secret);
    for (const auto byte : frame) std::printf("%02x", static_cast<unsigned>(byte));
    std::printf(" %x %d %02x %02x %02x %d %d %d %d %04x %08x\n", static_cast<unsigned>(found.packet_class), found.vlan,
                static_cast<unsigned>(found.l3_offset), static_cast<unsigned>(found.l4_offset),
                static_cast<unsigned>(found.payload_offset), found.ip_checked, found.ip_good, found.l4_checked,
                found.l4_good, static_cast<unsigned>(found.raw_sum), found.hash);
  }
  return 0;
}
