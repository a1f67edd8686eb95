// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fourtuple::model::wire {

/// A probability: of so many in a million. Whole numbers, so that a run is the same on any machine.
using parts_per_million = std::uint32_t;
inline constexpr parts_per_million always_ppm = 1'000'000;

/// Loss in bursts, by the model of Gilbert (1960) and Elliott (1963): a channel that is good or bad. A frame is lost
/// with the probability of the state that it finds; then the state may change. The channel starts good.
struct burst_loss {
  parts_per_million good_to_bad = 0;
  parts_per_million bad_to_good = always_ppm;
  parts_per_million loss_in_good = 0;
  parts_per_million loss_in_bad = always_ppm;
};

/// What a scripted loss counts. A segment with data and FIN is one of both; unfragmented IPv4 without VLAN tag only.
enum class segment_kind : std::uint8_t {
  frame,    ///< Anything.
  syn,      ///< SYN without ACK.
  syn_ack,  ///< SYN with ACK.
  data,     ///< TCP with payload, sent for the first time or again.
  ack,      ///< TCP without payload, SYN, FIN and RST.
  fin,
  rst,
};

/// Loses the first-th to last-th of a kind, counted from 1 over all connections in the order in which they were sent.
struct scripted_loss {
  segment_kind kind = segment_kind::frame;
  std::uint64_t first = 1;
  std::uint64_t last = 1;
};

/// A slower hop with a finite queue in front of it, as a switch has. Store and forward; a frame occupies the hop for
/// preamble, check sequence and gap too, and the queue with its own bytes until it has left.
struct bottleneck_config {
  std::uint64_t rate_bits_per_s = 1'000'000'000;
  std::uint64_t queue_bytes = 250'000;  ///< A frame for which there is no room is dropped.
  std::uint64_t mark_above_bytes = 0;   ///< ECT packets that find more get CE (RFC 3168 5); 0: none are marked.
};

/// What is done to the frames of one direction, in this order: scripted loss, random loss, burst loss, bottleneck,
/// duplication; then for each copy corruption, jitter and reordering.
struct impairment_config {
  std::vector<scripted_loss> drops = {};
  parts_per_million loss = 0;
  std::optional<burst_loss> burst = std::nullopt;
  std::optional<bottleneck_config> bottleneck = std::nullopt;
  parts_per_million duplicate = 0;  ///< A second copy follows at once.
  /// A bit flips somewhere in the frame, and the frame check sequence does not match.
  parts_per_million corrupt = 0;
  /// A bit flips in the IPv4 packet, and the check sequence matches, as after a fault inside a switch: only the
  /// Internet checksums can tell. Frames of other protocols are left alone, they have none.
  parts_per_million corrupt_silently = 0;
  std::uint64_t jitter_ns = 0;    ///< Further delay, equally distributed from 0 to this.
  bool jitter_reorders = false;   ///< Jitter lets frames overtake one another. If not, none arrives before its turn.
  parts_per_million reorder = 0;  ///< Held back by reorder_delay_ns; what follows overtakes it.
  std::uint64_t reorder_delay_ns = 10'000;

  /// Anything at all is done.
  [[nodiscard]] bool any() const noexcept;
};

/// One sentence on what is wrong with it; nothing if it can be done.
[[nodiscard]] std::optional<std::string> config_error(const impairment_config& config);

}  // namespace fourtuple::model::wire
