// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "model/nic/connection_hash.hpp"
#include "model/wire/frame_port.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"
#include "tests/unit/nic/frame_builder.hpp"

namespace fourtuple::test {

/// Random input for a NIC: frames of every kind that docs/device.md tells apart, right and wrong in all ways, and
/// transmit descriptors likewise. The same seed gives the same input.
class nic_traffic {
 public:
  explicit nic_traffic(std::uint64_t seed) : random_(seed) {}

  /// 0 to `below` - 1.
  [[nodiscard]] std::uint32_t number(std::uint32_t below) {
    return std::uniform_int_distribution<std::uint32_t>(0, below - 1)(random_);
  }
  [[nodiscard]] bool chance(std::uint32_t percent) { return number(100) < percent; }

  /// Tuples that frames are made for and that commands name; several share a bucket of the table.
  void set_tuples(std::vector<model::nic::connection_tuple> tuples) { tuples_ = std::move(tuples); }
  [[nodiscard]] const model::nic::connection_tuple& tuple() {
    return tuples_[number(static_cast<std::uint32_t>(tuples_.size()))];
  }
  /// `count` tuples, `in_bucket` of them in each bucket that they use.
  [[nodiscard]] std::vector<model::nic::connection_tuple> make_tuples(std::size_t count, std::size_t in_bucket,
                                                                      std::uint32_t buckets, std::uint32_t secret);

  /// For a NIC with frame_spec's destination address.
  [[nodiscard]] model::wire::frame frame();
  /// The descriptors of one frame; addresses from `data_address` on, below `data_address` + `data_bytes`.
  [[nodiscard]] std::vector<regs::transmit_descriptor> transmit_frame(std::uint64_t data_address,
                                                                      std::uint32_t data_bytes);

 private:
  [[nodiscard]] std::uint32_t payload_length();
  void spoil(frame_spec& spec);
  [[nodiscard]] std::vector<regs::transmit_descriptor> segmented_frame(std::uint64_t data_address,
                                                                       std::uint32_t data_bytes);

  std::mt19937_64 random_;
  std::vector<model::nic::connection_tuple> tuples_ = {{}};
};

}  // namespace fourtuple::test
