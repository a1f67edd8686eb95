// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <systemc>

#include "host/app/workloads/distribution.hpp"
#include "host/app/workloads/workload.hpp"
#include "host/base/random_source.hpp"
#include "host/packet/addresses.hpp"
#include "model/system/scenario/addresses.hpp"
#include "model/wire/frame_port.hpp"

namespace fourtuple::model::system {

struct syn_flood_config {
  packet::mac_address mac;  ///< The attacker's.
  packet::ipv4_address address;
  packet::mac_address target_mac;
  packet::ipv4_address target;
  std::uint16_t port = 0;
  interface_address sources;  ///< What the sources are made up from.
  app::distribution gap_ns;
  std::uint64_t frames = 0;  ///< 0: until stop().
  std::uint64_t start_ns = 0;
};

/// A port on the wire that sends SYNs from sources that do not exist, as if they came through a router. The router is
/// there: it answers ARP for its address, and what the target sends to the sources ends in it, counted.
///
/// Latencies and bytes are not among its results: begun and finished are SYNs sent, opened the SYN-ACKs that came back.
class syn_flood final : public sc_core::sc_module, public app::workload {
 public:
  syn_flood(sc_core::sc_module_name name, const syn_flood_config& config, base::random_source& random);

  wire::frame_out& ethernet_out() noexcept { return out_; }
  wire::frame_in& ethernet_in() noexcept { return in_; }

  void start() override;
  void stop() override;
  [[nodiscard]] bool done() const override { return done_; }
  [[nodiscard]] app::workload_results results() const override;
  [[nodiscard]] amount progress() const override { return {.done = sent_, .total = config_.frames}; }

 private:
  void attack();
  void send_syn();
  void receive(wire::frame&& content, sc_core::sc_time arrival);
  void answer_arp(std::span<const std::byte> payload, sc_core::sc_time arrival);

  syn_flood_config config_;
  base::random_source& random_;
  wire::frame_out out_;
  wire::frame_in in_;
  sc_core::sc_event stopping_;
  std::uint64_t sent_ = 0;
  std::uint64_t syn_acks_ = 0;
  std::uint64_t other_ = 0;
  bool stopped_ = false;
  bool done_ = false;
};

}  // namespace fourtuple::model::system
