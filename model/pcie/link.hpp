// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <systemc>
#include <vector>

#include "model/pcie/flow_control.hpp"
#include "model/pcie/tlp_observer.hpp"
#include "model/pcie/tlp_port.hpp"

namespace fourtuple::model::pcie {

/// Flow control credits that the receiver at one end advertises (PCIe 2.6.1): a header each for a TLP, data in units of
/// 16 bytes. 0 stands for infinite, as PCIe allows to say, and as endpoints and root complexes must for completions.
struct receive_credits {
  std::uint32_t posted_headers = 0;
  std::uint32_t posted_data = 0;
  std::uint32_t non_posted_headers = 0;  ///< Reads have no data.
  /// From a TLP's arrival until its buffer is free again; the credits are then back one link latency later.
  std::uint64_t hold_ps = 0;
};

/// What a slot offers. The defaults are those of a Gen4 x16 slot; with the root complex's memory latency they make a
/// read round trip of 900 ns.
struct link_config {
  std::uint32_t generation = 4;  ///< 1 to 5.
  std::uint32_t lanes = 16;      ///< 1, 2, 4, 8, 12, 16 or 32 (PCIe 4.2.4, link widths).
  /// From the last bit put on the lanes to the packet being there: the physical and data link layers at both ends, the
  /// internal buses of both. At least 1 ps; it bounds how far a sender may run ahead.
  std::uint64_t one_way_latency_ps = 350'000;
  receive_credits root = {};      ///< Of the root port: what limits the device.
  receive_credits endpoint = {};  ///< Of the device: what limits the processor's accesses.
};

/// One sentence on what is wrong with it; nothing if it can be built.
[[nodiscard]] std::optional<std::string> config_error(const link_config& config);

/// Bytes on the lanes that a TLP takes. Every TLP: 8 bytes of framing, sequence number and link CRC (Gen1 and Gen2:
/// STP 1, sequence number 2, LCRC 4, END 1; from Gen3 on: STP token, which has the sequence number, 4, LCRC 4;
/// PCIe 3.6.2 and 4.2.2.3), a header of 12 bytes, or 16 for requests to addresses from 4 GiB on (PCIe 2.2.4), data
/// padded to double words. There is no ECRC. A write_acknowledge takes none.
[[nodiscard]] std::uint32_t wire_bytes(const tlp& packet) noexcept;

/// How long the lanes need for so many bytes, rounded up to a picosecond: raw rate times the line code (8b/10b up to
/// Gen2, 128b/130b from Gen3 on). Ordered sets and data link layer packets are not modelled.
[[nodiscard]] std::uint64_t serialisation_ps(const link_config& config, std::uint64_t bytes) noexcept;

/// What has passed in one direction.
struct link_counters {
  std::uint64_t tlps = 0;  ///< Without write_acknowledges.
  std::uint64_t payload_bytes = 0;
  std::uint64_t wire_bytes = 0;       ///< With headers and framing.
  std::uint64_t busy_ps = 0;          ///< Time that the lanes were in use.
  std::uint64_t credit_stalls = 0;    ///< TLPs that had to wait for credits.
  std::uint64_t credit_stall_ps = 0;  ///< How long, added up.

  link_counters& operator+=(const link_counters& more) noexcept;
};

/// Share of `elapsed` that the lanes were in use, 0 to 1 (more if packets that have been sent are still waiting).
[[nodiscard]] double utilisation(const link_counters& counters, sc_core::sc_time elapsed) noexcept;

/// A point-to-point PCI Express link between a root port and an endpoint. Each direction sends one TLP after the
/// other at the link's rate and delivers each one latency after its last bit.
///
/// Order (PCIe 2.4.1): nothing overtakes a posted request that was sent before it. What waits for non-posted credits is
/// overtaken by posted requests and completions, as it must be so that nothing locks up; otherwise what enters first
/// leaves first. There is one virtual channel, and no relaxed ordering.
class link : public sc_core::sc_module {
 public:
  /// `config` must be free of config_error().
  link(sc_core::sc_module_name name, const link_config& config);

  /// Bound to the tlp_out of the device at that end, and to its tlp_in.
  tlp_in& from_root() noexcept { return from_root_; }
  tlp_out& to_root() noexcept { return to_root_; }
  tlp_in& from_endpoint() noexcept { return from_endpoint_; }
  tlp_out& to_endpoint() noexcept { return to_endpoint_; }

  /// Of the packets that were ready to leave by now. A device that runs ahead of the kernel has sent later ones as
  /// well: how far ahead must not show in what a run reports.
  [[nodiscard]] const link_counters& downstream() const { return downstream_.settled(); }
  [[nodiscard]] const link_counters& upstream() const { return upstream_.settled(); }

  /// `observer` outlives the simulation.
  void add_observer(tlp_observer& observer) { observers_.push_back(&observer); }

  /// No packet arrives sooner than this after it was sent.
  [[nodiscard]] sc_core::sc_time smallest_latency() const;

 private:
  struct direction {
    explicit direction(const receive_credits& credits);
    lane_schedule lanes;
    credit_account posted;
    credit_account non_posted;
    std::uint64_t hold_ps;
    // When the last bit of the latest packet of each kind is on the lanes.
    std::uint64_t posted_end_ps = 0;
    std::uint64_t non_posted_end_ps = 0;
    std::uint64_t completion_end_ps = 0;
    struct counted {
      std::uint64_t ready_ps;
      link_counters what;
    };
    mutable std::deque<counted> ahead;  ///< Not ready by the kernel's time when it was last looked at.
    mutable link_counters counters;

    [[nodiscard]] const link_counters& settled() const;
  };
  void carry(tlp_direction towards, tlp&& packet, sc_core::sc_time ready);
  /// When `packet`, ready at `start_ps`, has left.
  [[nodiscard]] std::uint64_t leave(direction& way, const tlp& packet, std::uint64_t start_ps, std::uint64_t busy_ps,
                                    link_counters& count);

  link_config config_;
  direction downstream_;
  direction upstream_;
  std::vector<tlp_observer*> observers_;
  tlp_out to_root_;
  tlp_out to_endpoint_;
  tlp_in from_root_;
  tlp_in from_endpoint_;
};

}  // namespace fourtuple::model::pcie
