// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/observe/happening.hpp"
#include "model/observe/nic_registers.hpp"

namespace fourtuple::model::observe {

/// Follows one NIC through the events of its lanes: which frame a completion is about and how long it took, which frame
/// was dropped and why, what is in the connection table, how full the rings are.
class nic_tracker {
 public:
  explicit nic_tracker(std::string host) : host_(std::move(host)) {}

  void on_event(const event& event, const std::vector<story_listener*>& listeners);

 private:
  struct pending_frame {
    std::uint64_t arrival_ps;
    frame_summary frame;
  };
  struct queue_state {
    ring_fill fill;
    std::uint32_t rx_tail = 0;
    std::uint32_t rx_head = 0;
    std::uint16_t completion_tail = 0;
    std::uint16_t completion_head = 0;
    std::uint16_t tx_tail = 0;
    std::uint16_t tx_head = 0;
  };
  struct telling {
    std::uint64_t time_ps;
    const std::vector<story_listener*>& listeners;
  };

  void on_body(const nic_arrival& arrival, const telling& to);
  void on_body(const nic_completion& completion, const telling& to);
  void on_body(const nic_command& command, const telling& to);
  void on_body(const nic_drop& drop, const telling& to);
  void on_body(const nic_interrupt& interrupt, const telling& to);
  void on_body(const nic_ring_write& write, const telling& to);
  void on_body(const pcie_use& use, const telling& to);
  template <typename Other>
  void on_body(const Other& /*of other lanes*/, const telling& /*to*/) {}

  void on_record(const regs::frame_completion& record, std::uint32_t queue, const telling& to);
  void on_record(const regs::transmit_completion& record, std::uint32_t queue, const telling& to);
  void on_record(const regs::command_completion& record, std::uint32_t queue, const telling& to);
  [[nodiscard]] std::optional<pending_frame> take_matching(const regs::frame_completion& record);
  [[nodiscard]] std::optional<pending_frame> take_dropped(std::uint32_t counter);
  void apply_to_table(const nic_command& command, const regs::command_completion& answer, const telling& to);
  void tell(happening what, const telling& to) const;
  void tell_fill(std::uint32_t queue, const telling& to);

  std::string host_;
  std::deque<pending_frame> frames_;  ///< Arrived and neither delivered nor dropped, in order of arrival.
  std::deque<nic_command> commands_;  ///< Not answered.
  std::set<packet::connection_tuple> table_;
  std::array<queue_state, regs::queues_count> queues_;
};

}  // namespace fourtuple::model::observe
