// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <systemc>
#include <utility>
#include <vector>

#include "model/sim/arrival_queue.hpp"
#include "model/wire/bottleneck_queue.hpp"
#include "model/wire/frame_port.hpp"

namespace fourtuple::model::wire {

struct ethernet_switch_config {
  std::vector<std::uint64_t> port_rates_bits_per_s;  ///< One for each port: the rate of the link there.
  std::uint64_t forwarding_ps = 500'000;             ///< From a frame's last bit in to its first bit out.
  std::uint64_t queue_bytes = 500'000;               ///< Of a port's output queue; a frame with no room is dropped.
  std::uint64_t mark_above_bytes = 0;                ///< ECT packets that find more get CE (RFC 3168 5); 0: none.
  std::size_t most_addresses = 4096;                 ///< That it learns; frames for others go to every port.
  std::uint64_t ageing_ps = 300'000'000'000'000;     ///< IEEE 802.1Q 8.8.3: 300 s.
};

/// One sentence on what is wrong with it; nothing if it can be built.
[[nodiscard]] std::optional<std::string> config_error(const ethernet_switch_config& config);

/// Frames of one port.
struct ethernet_switch_counters {
  std::uint64_t received = 0;            ///< From the link.
  std::uint64_t sent = 0;                ///< To the link.
  std::uint64_t dropped_bad = 0;         ///< Received with a wrong check sequence.
  std::uint64_t dropped_local = 0;       ///< Received, and for a station at the same port.
  std::uint64_t dropped_queue_full = 0;  ///< To be sent, and no room.
  std::uint64_t flooded = 0;             ///< Received, and sent to every other port.
  std::uint64_t congestion_marked = 0;   ///< Sent.
  std::uint64_t queue_most_bytes = 0;    ///< The output queue at its fullest.
};
/// Names and values in the order above.
[[nodiscard]] std::vector<std::pair<const char*, std::uint64_t>> named(const ethernet_switch_counters& counters);

/// A learning Ethernet switch (IEEE 802.1Q 8.6 to 8.8, without VLANs and spanning tree): store and forward, one bounded
/// queue at each output, FIFO. Each port is bound to one end of a link, which it sends to at the link's rate: what
/// waits, waits in the switch's queue and not in front of the link.
///
/// Frames are handled in the order of their arrival, equal times by port: results do not depend on who runs ahead.
class ethernet_switch : public sc_core::sc_module {
 public:
  /// `config` must be free of config_error().
  ethernet_switch(sc_core::sc_module_name name, const ethernet_switch_config& config);

  [[nodiscard]] frame_in& from_link(std::size_t port) { return *ports_.at(port).in; }
  [[nodiscard]] frame_out& to_link(std::size_t port) { return *ports_.at(port).out; }
  [[nodiscard]] std::size_t ports() const noexcept { return ports_.size(); }
  [[nodiscard]] const ethernet_switch_counters& counters(std::size_t port) const { return ports_.at(port).counters; }
  /// Addresses that it knows, those that are too old included.
  [[nodiscard]] std::size_t addresses() const noexcept { return stations_.size(); }

 private:
  struct switch_port {
    std::unique_ptr<frame_in> in;
    std::unique_ptr<frame_out> out;
    std::unique_ptr<bottleneck_queue> queue;
    std::unique_ptr<sim::arrival_queue<frame>> arrivals;
    ethernet_switch_counters counters;
  };
  struct station {
    std::size_t port;
    std::uint64_t heard_ps;
  };
  using address = std::uint64_t;  ///< 48 bits, first byte on the wire highest.

  void forward_arrivals();
  void forward(std::size_t from, frame&& content);
  void learn(address source, std::size_t from, std::uint64_t now_ps);
  [[nodiscard]] std::optional<std::size_t> port_of(address destination, std::uint64_t now_ps) const;
  void send(std::size_t to, frame&& content);

  ethernet_switch_config config_;
  std::vector<switch_port> ports_;
  std::map<address, station> stations_;
};

}  // namespace fourtuple::model::wire
