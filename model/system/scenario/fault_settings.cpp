// SPDX-License-Identifier: Apache-2.0
#include "model/system/scenario/fault_settings.hpp"

#include <algorithm>

#include "host/app/http_message.hpp"
#include "model/system/scenario/time_text.hpp"

namespace fourtuple::model::system {

namespace {

constexpr std::uint64_t most_packets = 1'000'000'000;

// Up to a separator and what follows it; nothing for the second where there is no separator.
std::pair<std::string_view, std::optional<std::string_view>> cut_at(char separator, std::string_view text) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) return {text, std::nullopt};
  return {text.substr(0, at), text.substr(at + 1)};
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  const auto count = app::parse_number(text);
  return count && *count >= 1 && *count <= most_packets ? count : std::nullopt;
}

void add(pcie::fault_plan& plan, pcie::fault_kind kind, const std::vector<std::string>& rules) {
  for (const std::string& rule : rules) {
    auto parsed = kind == pcie::fault_kind::link_down ? parse_link_down(rule) : parse_packet_fault(rule);
    if (!parsed) continue;
    parsed->kind = kind;
    plan.faults.push_back(*parsed);
  }
}

}  // namespace

std::optional<pcie::fault> parse_packet_fault(std::string_view text) {
  const auto [time, many] = cut_at(':', text);
  if (const auto from_ps = parse_time_ps(time)) {
    const auto count = parse_count(many.value_or("1"));
    return count ? std::optional(pcie::fault{.from_ps = *from_ps, .count = *count}) : std::nullopt;
  }
  const auto [first_text, last_text] = cut_at('-', text);
  const auto first = parse_count(first_text);
  const auto last = last_text ? parse_count(*last_text) : first;
  if (!first || !last || *last < *first) return std::nullopt;
  return pcie::fault{.first = *first, .count = *last - *first + 1};
}

std::optional<pcie::fault> parse_link_down(std::string_view text) {
  const auto [from, length] = cut_at('+', text);
  const auto from_ps = parse_time_ps(from);
  const auto duration_ps = parse_time_ps(length.value_or(""));
  if (!from_ps || !duration_ps || *duration_ps == 0) return std::nullopt;
  return pcie::fault{.kind = pcie::fault_kind::link_down, .from_ps = *from_ps, .duration_ps = *duration_ps};
}

pcie::fault_plan plan_of(const fault_settings& settings) {
  pcie::fault_plan plan;
  add(plan, pcie::fault_kind::lose_completion, settings.lose_completion);
  add(plan, pcie::fault_kind::poison_completion, settings.poison_completion);
  add(plan, pcie::fault_kind::lose_interrupt, settings.lose_interrupt);
  add(plan, pcie::fault_kind::link_down, settings.link_down);
  plan.lose_completion = settings.lose_completion_probability;
  plan.poison_completion = settings.poison_completion_probability;
  plan.lose_interrupt = settings.lose_interrupt_probability;
  return plan;
}

std::vector<std::uint64_t> function_resets_ps(const fault_settings& settings) {
  std::vector<std::uint64_t> times_ps;
  for (const std::string& time : settings.function_reset) {
    if (const auto time_ps = parse_time_ps(time)) times_ps.push_back(*time_ps);
  }
  std::ranges::sort(times_ps);
  return times_ps;
}

}  // namespace fourtuple::model::system
