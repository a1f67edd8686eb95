// SPDX-License-Identifier: Apache-2.0
#include "model/wire/impairment.hpp"

#include <algorithm>

#include "model/sim/time.hpp"
#include "model/wire/frame_headers.hpp"

namespace fourtuple::model::wire {
namespace {

/// Equally distributed over 0 to count - 1; count is at most 2^32.
std::uint64_t below(std::uint64_t count, const random_stream& stream) { return ((stream() >> 32) * count) >> 32; }

/// Draws nothing if there is nothing to decide.
bool happens(parts_per_million chance, const random_stream& stream) {
  return chance != 0 && below(always_ppm, stream) < chance;
}

void flip_bit(frame& content, std::size_t first_byte, std::size_t byte_count, const random_stream& stream) {
  const std::uint64_t bit = below(byte_count * 8, stream);
  content.bytes[first_byte + bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
}

}  // namespace

std::vector<std::pair<const char*, std::uint64_t>> named(const impairment_counters& counters) {
  return {{"offered", counters.offered},
          {"delivered", counters.delivered},
          {"lost_scripted", counters.lost_scripted},
          {"lost_random", counters.lost_random},
          {"lost_burst", counters.lost_burst},
          {"lost_queue_full", counters.lost_queue_full},
          {"congestion_marked", counters.congestion_marked},
          {"duplicated", counters.duplicated},
          {"corrupted", counters.corrupted},
          {"corrupted_silently", counters.corrupted_silently},
          {"jittered", counters.jittered},
          {"reordered", counters.reordered},
          {"queue_most_bytes", counters.queue_most_bytes}};
}

std::vector<const char*> what_happened(const impairment_counters& before, const impairment_counters& after) {
  const auto was = named(before);
  const auto is = named(after);
  std::vector<const char*> names;
  // The first two are of every frame, and the last one is no count.
  for (std::size_t i = 2; i + 1 < is.size(); ++i) {
    if (is[i].second != was[i].second) names.push_back(is[i].first);
  }
  return names;
}

impairment::impairment(const impairment_config& config, const random_streams& streams)
    : config_(config),
      loss_(streams("loss")),
      burst_(streams("burst loss")),
      duplicate_(streams("duplicate")),
      corrupt_(streams("corrupt")),
      corrupt_silently_(streams("corrupt silently")),
      jitter_(streams("jitter")),
      reorder_(streams("reorder")) {
  for (const scripted_loss& rule : config.drops) scripts_.push_back({.rule = rule});
  if (config.bottleneck) bottleneck_.emplace(*config.bottleneck);
}

std::vector<impairment::delivery> impairment::pass(frame&& content, sc_core::sc_time arrival,
                                                   sc_core::sc_time duration) {
  ++counters_.offered;
  if (lost(content) || !cross_bottleneck(content, arrival)) return {};
  std::vector<delivery> deliveries;
  if (happens(config_.duplicate, duplicate_)) {
    ++counters_.duplicated;
    deliveries.push_back({content, arrival});
    arrival += duration;
  }
  deliveries.push_back({std::move(content), arrival});
  for (delivery& each : deliveries) {
    corrupt(each.content);
    each.arrival = delayed(each.arrival, duration);
  }
  counters_.delivered += deliveries.size();
  return deliveries;
}

bool impairment::lost(const frame& content) {
  if (lost_by_script(content)) {
    ++counters_.lost_scripted;
    return true;
  }
  if (happens(config_.loss, loss_)) {
    ++counters_.lost_random;
    return true;
  }
  if (lost_in_burst()) {
    ++counters_.lost_burst;
    return true;
  }
  return false;
}

bool impairment::lost_by_script(const frame& content) {
  bool hit = false;
  // Each rule counts for itself, also what another one has hit.
  for (script_state& script : scripts_) {
    if (!is_of_kind(content.bytes, script.rule.kind)) continue;
    ++script.seen;
    hit = hit || (script.seen >= script.rule.first && script.seen <= script.rule.last);
  }
  return hit;
}

bool impairment::lost_in_burst() {
  if (!config_.burst) return false;
  const bool hit = happens(channel_bad_ ? config_.burst->loss_in_bad : config_.burst->loss_in_good, burst_);
  if (happens(channel_bad_ ? config_.burst->bad_to_good : config_.burst->good_to_bad, burst_))
    channel_bad_ = !channel_bad_;
  return hit;
}

bool impairment::cross_bottleneck(frame& content, sc_core::sc_time& arrival) {
  if (!bottleneck_) return true;
  const auto passage = bottleneck_->enter(sim::to_ps(arrival), content.bytes.size());
  counters_.queue_most_bytes = bottleneck_->most_bytes();
  if (!passage) {
    ++counters_.lost_queue_full;
    return false;
  }
  if (passage->mark && mark_congestion(content.bytes)) ++counters_.congestion_marked;
  arrival = sim::from_ps(passage->left_ps);
  return true;
}

void impairment::corrupt(frame& content) {
  if (happens(config_.corrupt, corrupt_)) {
    flip_bit(content, 0, content.bytes.size(), corrupt_);
    content.bad = true;
    ++counters_.corrupted;
  }
  if (!happens(config_.corrupt_silently, corrupt_silently_)) return;
  if (const auto packet = find_ipv4(content.bytes)) {
    flip_bit(content, packet->offset, packet->total_bytes, corrupt_silently_);
    ++counters_.corrupted_silently;
  }
}

sc_core::sc_time impairment::delayed(sc_core::sc_time arrival, sc_core::sc_time duration) {
  if (config_.jitter_ns != 0) {
    const std::uint64_t jitter_ns = below(config_.jitter_ns + 1, jitter_);
    if (jitter_ns != 0) ++counters_.jittered;
    arrival += sim::from_ns(jitter_ns);
  }
  if (happens(config_.reorder, reorder_)) {
    ++counters_.reordered;
    return arrival + sim::from_ns(config_.reorder_delay_ns);
  }
  if (config_.jitter_reorders) return arrival;
  // A port receives one frame after the other: behind the one before there is at least the frame's own duration.
  last_in_order_ = std::max(arrival, last_in_order_ + duration);
  return last_in_order_;
}

}  // namespace fourtuple::model::wire
