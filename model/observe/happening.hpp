// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "host/packet/addresses.hpp"
#include "host/sock/tcp_states.hpp"
#include "model/observe/event.hpp"
#include "model/observe/timeline.hpp"

namespace fourtuple::model::observe {

/// How full a queue of a NIC is.
struct ring_fill {
  std::uint64_t rx_bytes = 0;  ///< In the receive ring and not given back.
  std::uint64_t rx_size_bytes = 0;
  std::uint32_t completions = 0;  ///< Written and not given back.
  std::uint32_t completion_size = 0;
  std::uint32_t descriptors = 0;  ///< Handed to the device; what it has finished with counts until its completion.
  std::uint32_t descriptor_size = 0;
};

/// One line of a run's story: what an event means, with what is known from events before it.
struct happening {
  std::uint64_t time_ps = 0;
  std::string_view host;  ///< Of a wire: who sends.
  layer part = layer::host;
  std::string_view name;  ///< Linux's function; frame_received, table_insert, ...; frame_sent, ...
  /// Seen from `host`; from who sends it if it is a frame on a wire.
  std::optional<packet::connection_tuple> tuple;
  const host_event* of_host = nullptr;             ///< Set if part is host.
  const frame_summary* frame = nullptr;            ///< Of frames, where it is known.
  const regs::frame_completion* record = nullptr;  ///< frame_received
  std::uint32_t queue = 0;                         ///< frame_received
  std::uint64_t latency_ps = 0;                    ///< frame_received: from the last bit at the MAC to the completion.
  std::string_view reason;                         ///< Of drops: the counter's name. Of table_*: the result.
  std::span<const char* const> impairments;
  std::uint32_t vector = 0;  ///< interrupt
};

/// Hears the story. Strings and pointers are valid during the call.
class story_listener {
 public:
  story_listener() = default;
  story_listener(const story_listener&) = delete;
  story_listener& operator=(const story_listener&) = delete;
  virtual ~story_listener() = default;

  virtual void on_happening(const happening& what) = 0;
  /// A NIC's rings, after each change of one.
  virtual void on_ring_fill(std::uint64_t /*time_ps*/, std::string_view /*host*/, const ring_fill& /*fill*/) {}
  /// Connections in a NIC's table, as its answers say.
  virtual void on_table_entries(std::uint64_t /*time_ps*/, std::string_view /*host*/, std::uint64_t /*entries*/) {}
  /// Bytes on a host's PCIe lanes.
  virtual void on_pcie(std::uint64_t /*time_ps*/, std::string_view /*host*/, const pcie_use& /*use*/) {}
};

}  // namespace fourtuple::model::observe
