// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>

#include "model/nic/bar_access.hpp"
#include "model/pcie/tlp.hpp"
#include "tb/nic_pins.hpp"

namespace fourtuple::tb {

/// Makes a host's TLPs to BAR0 accesses on s_axil, one after another, in order. An access that is refused for its size
/// becomes one that the register block refuses, so that the device counts it (model/nic/bar_access.hpp).
class axi_lite_master {
 public:
  using completion_callback = std::function<void(model::pcie::tlp completion)>;

  axi_lite_master(const nic_pins& pins, completion_callback on_completion);

  void submit(model::pcie::tlp request);
  /// Before the edge: sets the inputs.
  void drive() noexcept;
  /// At the edge: what was valid and ready has happened.
  void sample();
  [[nodiscard]] bool idle() const noexcept { return requests_.empty(); }

 private:
  void begin_word() noexcept;
  void finish_word(std::uint8_t response, std::uint32_t data);
  void finish_request();

  const nic_pins& pins_;
  completion_callback on_completion_;
  std::deque<model::pcie::tlp> requests_;
  model::nic::bar_access access_;  ///< Of requests_.front().
  std::uint32_t word_ = 0;
  std::array<std::uint32_t, 2> values_{};
  bool failed_ = false;
  bool address_waits_ = false;  ///< AW or AR is to be taken.
  bool data_waits_ = false;     ///< W is to be taken.
};

}  // namespace fourtuple::tb
