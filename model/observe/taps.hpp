// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "host/tcp/tcp_trace.hpp"
#include "model/nic/connection_hash.hpp"
#include "model/nic/nic.hpp"
#include "model/observe/event.hpp"
#include "model/observe/nic_registers.hpp"
#include "model/observe/timeline.hpp"
#include "model/pcie/link.hpp"
#include "model/pcie/tlp_observer.hpp"
#include "model/wire/link.hpp"
#include "model/wire/wire_observer.hpp"

/// What listens in a run and tells the timeline. Taps change nothing: with and without them a run is the same.
///
/// Each registers itself when it is built, before the simulation starts; all outlive the simulation, and the timeline
/// outlives them.
namespace fourtuple::model::observe {

/// A host's TCP.
class host_tap final : public tcp::tcp_observer {
 public:
  host_tap(timeline& events, const std::string& host);
  void on_trace(const tcp::trace_event& event) noexcept override;

 private:
  timeline& events_;
  std::uint32_t lane_;
};

/// A NIC, seen from its borders as a protocol analyser sees it: what the host writes into its registers, what it writes
/// into host memory, what arrives from the wire; and the pulses of its drop counters. So both kinds of NIC are told of
/// in the same way.
class nic_tap final : public pcie::tlp_observer {
 public:
  nic_tap(timeline& events, const std::string& host, pcie::link& link, nic::nic& device);

  void on_tlp(const pcie::tlp_event& event) override;
  /// A frame from the wire is complete at `arrival`. `number` comes back in what is told of it.
  void on_arrival(const wire::frame& content, sc_core::sc_time arrival, std::uint64_t number = 0);

  /// Of the hash, as far as the host has told the NIC.
  [[nodiscard]] std::uint32_t hash_secret() const noexcept { return hash_secret_; }

 private:
  struct queue_state {
    std::uint64_t completion_base = 0;
    std::uint32_t completion_log2 = 0;
    bool enabled = false;
  };

  void on_register_write(std::uint32_t offset, std::uint32_t value, std::uint64_t time_ps);
  void on_queue_write(std::uint32_t queue, std::uint32_t offset, std::uint32_t value, std::uint64_t time_ps);
  void on_memory_write(const pcie::tlp_event& event);
  void on_completions(std::uint32_t queue, std::span<const std::byte> bytes, std::uint64_t time_ps);
  void post_ring(nic_ring_write::what index, std::uint32_t queue, std::uint32_t value, std::uint64_t time_ps);

  timeline& events_;
  // What tells ahead of the kernel gets a lane of its own: the order of the calls must not show.
  std::uint32_t from_host_lane_;
  std::uint32_t from_device_lane_;
  std::uint32_t arrival_lane_;
  std::uint32_t drop_lane_;
  std::array<queue_state, regs::queues_count> queues_;
  std::array<std::uint64_t, regs::msix_count> vector_addresses_{};
  std::uint32_t hash_secret_ = 0;
  nic::connection_tuple command_tuple_;
};

/// A wire. Frames that arrive are told to the NIC at that end, if there is one.
class wire_tap final : public wire::wire_observer {
 public:
  /// `a`, `b`: the names of what sends at either end. `nic_at_a`, `nic_at_b`: nullptr for none.
  wire_tap(timeline& events, wire::link& cable, const std::string& a, const std::string& b, nic_tap* nic_at_a,
           nic_tap* nic_at_b);

  void on_frame(const wire::wire_event& event) override;
  void on_impairment(const wire::wire_event& event, std::span<const char* const> what) override;
  void on_arrival(wire::direction way, const wire::frame& content, sc_core::sc_time arrival) override;

 private:
  [[nodiscard]] nic_tap* receiver(wire::direction way) const noexcept {
    return nics_[way == wire::direction::a_to_b ? 1 : 0];
  }
  [[nodiscard]] frame_summary summary_of(const wire::wire_event& event) const;

  timeline& events_;
  std::array<std::uint32_t, 2> lanes_;  ///< By direction.
  std::array<nic_tap*, 2> nics_;        ///< At a, at b.
};

}  // namespace fourtuple::model::observe
