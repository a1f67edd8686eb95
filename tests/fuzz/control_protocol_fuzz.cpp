// SPDX-License-Identifier: Apache-2.0
// The fuzz target of a world's socket, for libFuzzer: the input is what hostile clients choose. After each input honest
// programs still have their connection, and it carries their bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "tests/unit/programs/hostile_clients.hpp"

namespace {

class honest_world final : public fourtuple::programs::world_fixture {
 public:
  void TestBody() override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  honest_world world;
  world.connect_both();
  std::size_t at = 0;
  const auto next = [&] {
    std::uint32_t value = 0;
    for (int i = 0; i < 4 && at < size; ++i) value = value << 8 | data[at++];
    return value;
  };
  fourtuple::programs::hostile_clients hostile(world, next, "honest");
  while (at < size) hostile.round();
  if (hostile.stolen() != 0) std::abort();
  if (world.write(world.near, "honest") != 6) std::abort();
  world.run_ms(20);
  if (world.read(world.far) != "honest") std::abort();
  return 0;
}
