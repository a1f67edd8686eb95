// SPDX-License-Identifier: Apache-2.0
#include <random>

#include "Vjhash_tuple.h"
#include "bench/rtl/benches.hpp"
#include "bench/rtl/pipeline.hpp"
#include "tb/blocks/table/reference_jhash.hpp"

namespace fourtuple::bench {
namespace {

constexpr std::uint32_t secret = 0x5eed'1234;

struct tuples {
  explicit tuples(std::size_t count) {
    std::mt19937 random(1);
    for (std::size_t i = 0; i < count; ++i) {
      all.push_back({static_cast<std::uint32_t>(random()), static_cast<std::uint32_t>(random()),
                     static_cast<std::uint16_t>(random()), static_cast<std::uint16_t>(random())});
    }
  }

  bool offer(Vjhash_tuple& dut, std::size_t item) const {
    dut.tuple_valid_i = 1;
    dut.secret_i = secret;
    dut.tuple_i[2] = all[item].local_address;
    dut.tuple_i[1] = all[item].foreign_address;
    dut.tuple_i[0] = std::uint32_t{all[item].local_port} << 16U | all[item].foreign_port;
    return true;
  }

  static void rest(Vjhash_tuple& dut) { dut.tuple_valid_i = 0; }

  bool result(const Vjhash_tuple& dut, std::size_t item) const {
    if (!dut.hash_valid_o) return false;
    require(dut.hash_o == tb::reference_hash(all[item], secret), "jhash_tuple: a wrong hash");
    return true;
  }

  std::vector<tb::tuple> all;
};

}  // namespace

block_figures measure_jhash(std::size_t count) {
  Vjhash_tuple dut;
  dut.tuple_valid_i = 0;
  reset(dut);
  tuples stimulus(count + 1);
  return measure_pipeline(dut, stimulus, count);
}

}  // namespace fourtuple::bench
