// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "host/packet/addresses.hpp"
#include "host/packet/tcp_header.hpp"
#include "host/sock/tcp_states.hpp"
#include "host/tcp/tcp_trace.hpp"
#include "model/pcie/tlp_observer.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

/// What taps in a run put into the timeline, as they find it.
namespace fourtuple::model::observe {

/// What matters of a frame, so that its bytes need not be kept.
struct frame_summary {
  std::uint64_t number = 0;  ///< Whatever who sends it wants to know it by.
  std::uint32_t length_bytes = 0;
  bool bad = false;  ///< Its check sequence does not match.
  regs::packet_class packet_class = regs::packet_class::other;
  std::uint32_t hash = 0;  ///< As the NIC that it goes to computes it, if it is known for whom.
  /// Of ipv4_tcp and ipv4_udp, seen from who receives it.
  std::optional<packet::connection_tuple> tuple = std::nullopt;
  // Of ipv4_tcp.
  std::uint32_t seq = 0;
  std::uint32_t ack_seq = 0;
  std::uint32_t payload_bytes = 0;
  packet::tcp_flags flags = {};
};

/// A connection's congestion control as a tracepoint found it. Counts are segments.
struct congestion_sample {
  std::uint32_t cwnd = 0;
  std::uint32_t ssthresh = 0;  ///< 0x7fffffff: not set yet.
  std::uint32_t srtt_us = 0;
  std::uint32_t in_flight = 0;
  std::uint32_t total_retrans = 0;
};

struct host_event {
  tcp::tracepoint what;
  packet::connection_tuple tuple;
  std::uint32_t seq = 0;
  std::uint32_t ack_seq = 0;
  std::uint32_t bytes = 0;
  sock::tcp_state old_state = sock::tcp_state::close;
  sock::tcp_state new_state = sock::tcp_state::close;
  std::optional<congestion_sample> congestion = std::nullopt;  ///< Where there is a full sock.
};

/// A frame is put on the wire.
struct wire_frame {
  frame_summary frame;
};
/// The wire does something to it: names of wire::impairment_counters.
struct wire_impairment {
  static constexpr std::size_t most_names = 8;  ///< More cannot happen to one frame.
  frame_summary frame;
  std::array<const char*, most_names> names{};
  std::size_t count = 0;
  [[nodiscard]] std::span<const char* const> what() const noexcept { return std::span(names).first(count); }
};

/// A frame is complete at a NIC's MAC.
struct nic_arrival {
  frame_summary frame;
};
/// A completion record of a queue leaves the NIC.
struct nic_completion {
  std::uint32_t queue = 0;
  std::variant<regs::frame_completion, regs::transmit_completion, regs::command_completion> record;
};
/// The host sends the NIC a command for its connection table.
struct nic_command {
  regs::command_op op;
  std::uint16_t tag = 0;
  packet::connection_tuple tuple;
};
/// The counter at this register offset goes up by one.
struct nic_drop {
  std::uint32_t counter = 0;
};
struct nic_interrupt {
  std::uint32_t vector = 0;
};
/// The host writes one of a queue's indices, or the NIC is given its sizes.
struct nic_ring_write {
  enum class what : std::uint8_t {
    rx_head,
    completion_head,
    tx_tail,
    rx_size_log2,
    completion_size_log2,
    tx_size_log2,
    start
  };
  what index = what::rx_head;
  std::uint32_t queue = 0;
  std::uint32_t value = 0;
};
/// A TLP is on the lanes.
struct pcie_use {
  pcie::tlp_direction way;
  std::uint32_t wire_bytes = 0;
};

/// One thing that happened. Events are ordered by time, then lane, then sequence: the same whoever ran ahead of whom.
struct event {
  std::uint64_t time_ps = 0;
  std::uint32_t lane = 0;      ///< Who tells: timeline::add_lane.
  std::uint64_t sequence = 0;  ///< In its lane.
  std::variant<host_event, wire_frame, wire_impairment, nic_arrival, nic_completion, nic_command, nic_drop,
               nic_interrupt, nic_ring_write, pcie_use>
      body;
};

}  // namespace fourtuple::model::observe
