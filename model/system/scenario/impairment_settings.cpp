// SPDX-License-Identifier: Apache-2.0
#include "model/system/scenario/impairment_settings.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "host/app/http_message.hpp"

namespace fourtuple::model::system {

namespace {

constexpr std::uint64_t most_frames = 1'000'000'000;
constexpr std::uint64_t bits_per_mbit = 1'000'000;

constexpr std::pair<std::string_view, wire::segment_kind> segment_kinds[] = {
    {"frame", wire::segment_kind::frame}, {"syn", wire::segment_kind::syn}, {"syn-ack", wire::segment_kind::syn_ack},
    {"data", wire::segment_kind::data},   {"ack", wire::segment_kind::ack}, {"fin", wire::segment_kind::fin},
    {"rst", wire::segment_kind::rst},
};

// Takes off what comes before the first separator; the whole text if there is none.
std::string_view take_until(char separator, std::string_view& text) {
  const std::size_t at = text.find(separator);
  const std::string_view taken = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return taken;
}

std::optional<wire::parts_per_million> parse_probability(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 1)) return std::nullopt;
  return static_cast<wire::parts_per_million>(std::llround(value * wire::always_ppm));
}

}  // namespace

std::optional<wire::scripted_loss> parse_scripted_loss(std::string_view text) {
  std::string_view rest = text;
  const std::string_view kind_name = take_until(':', rest);
  const bool one = rest.find('-') == std::string_view::npos;
  std::string_view range = rest;
  const auto first = app::parse_number(take_until('-', range));
  const auto last = one ? first : app::parse_number(range);
  if (!first || !last || *first < 1 || *last < *first || *last > most_frames) return std::nullopt;
  for (const auto& [name, kind] : segment_kinds) {
    if (name == kind_name) return wire::scripted_loss{.kind = kind, .first = *first, .last = *last};
  }
  return std::nullopt;
}

std::optional<wire::burst_loss> parse_burst_loss(std::string_view text) {
  wire::burst_loss burst;
  const std::array<std::pair<std::string_view, wire::parts_per_million*>, 4> parameters{{
      {"good-to-bad", &burst.good_to_bad},
      {"bad-to-good", &burst.bad_to_good},
      {"loss-in-good", &burst.loss_in_good},
      {"loss-in-bad", &burst.loss_in_bad},
  }};
  if (text.empty()) return std::nullopt;
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view value = take_until(',', rest);
    const std::string_view name = take_until('=', value);
    const auto chance = parse_probability(value);
    bool known = false;
    for (const auto& [parameter, target] : parameters) {
      if (parameter != name || !chance) continue;
      *target = *chance;
      known = true;
    }
    if (!known) return std::nullopt;
  }
  return burst;
}

std::string problem_with(const impairment_settings& settings) {
  if (settings.bottleneck_mbit == 0) {
    constexpr const char* needs = " needs bottleneck_mbit (--bottleneck-mbit)";
    if (settings.queue_bytes != impairment_settings{}.queue_bytes) return std::string("queue_bytes") + needs;
    if (settings.ecn_mark_bytes != 0) return std::string("ecn_mark_bytes") + needs;
  }
  return wire::config_error(config_of(settings)).value_or("");
}

wire::impairment_config config_of(const impairment_settings& settings) {
  wire::impairment_config config;
  for (const std::string& rule : settings.drop) {
    if (const auto parsed = parse_scripted_loss(rule)) config.drops.push_back(*parsed);
  }
  config.loss = settings.loss;
  config.burst = parse_burst_loss(settings.loss_burst);
  if (settings.bottleneck_mbit != 0) {
    config.bottleneck = wire::bottleneck_config{.rate_bits_per_s = settings.bottleneck_mbit * bits_per_mbit,
                                                .queue_bytes = settings.queue_bytes,
                                                .mark_above_bytes = settings.ecn_mark_bytes};
  }
  config.duplicate = settings.duplicate;
  config.corrupt = settings.corrupt;
  config.corrupt_silently = settings.corrupt_silent;
  config.jitter_ns = settings.jitter_ns;
  config.jitter_reorders = settings.jitter_reorders;
  config.reorder = settings.reorder;
  config.reorder_delay_ns = settings.reorder_delay_ns;
  return config;
}

}  // namespace fourtuple::model::system
