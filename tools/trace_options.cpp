// SPDX-License-Identifier: Apache-2.0
#include "tools/trace_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "host/app/http_message.hpp"
#include "model/system/scenario/time_text.hpp"
#include "tools/command.hpp"

namespace fourtuple::tools {
namespace {

constexpr std::uint64_t most_clocks = 100'000'000;

constexpr std::pair<std::string_view, trace_trigger> triggers[] = {{"retransmit", trace_trigger::retransmit},
                                                                   {"drop", trace_trigger::drop},
                                                                   {"miss", trace_trigger::miss},
                                                                   {"error", trace_trigger::error}};

std::uint64_t parse_time(std::string_view text, const std::string& whole) {
  if (const auto time_ps = model::system::parse_time_ps(text)) return *time_ps;
  throw usage_error(fmt::format("--trace={}: a time is a number with ps, ns, us, ms or s, as in 10us:1.5ms", whole));
}

}  // namespace

std::uint64_t parse_time_ps(const std::string& text, const std::string& option) {
  if (const auto time_ps = model::system::parse_time_ps(text)) return *time_ps;
  throw usage_error(fmt::format("{}={}: a time is a number with ps, ns, us, ms or s, as in 1.5ms", option, text));
}

trace_times parse_trace_times(const std::string& text) {
  trace_times times;
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos)
    throw usage_error(fmt::format("--trace={}: from when to when, as in 10us:1.5ms; --trace alone traces all", text));
  if (colon != 0) times.from_ps = parse_time(std::string_view(text).substr(0, colon), text);
  if (colon + 1 != text.size()) times.to_ps = parse_time(std::string_view(text).substr(colon + 1), text);
  if (times.from_ps >= times.to_ps)
    throw usage_error(fmt::format("--trace={} is empty: it ends before it begins", text));
  return times;
}

trigger_request parse_trigger(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = std::string_view(text).substr(0, colon);
  const auto* const found = std::ranges::find(triggers, name, [](const auto& pair) { return pair.first; });
  if (found == std::end(triggers))
    throw usage_error(
        fmt::format("--trace-on={} is unknown: it is retransmit, drop, miss or error, and :CLOCKS", text));
  trigger_request request{.what = found->second};
  if (colon == std::string::npos) return request;
  const auto clocks = app::parse_number(std::string_view(text).substr(colon + 1));
  if (!clocks || *clocks < 1 || *clocks > most_clocks)
    throw usage_error(fmt::format("--trace-on={}: clocks are 1 to {}", text, most_clocks));
  request.clocks = *clocks;
  return request;
}

bool fires(trace_trigger trigger, const model::observe::happening& what) noexcept {
  const bool of_client_nic = what.part == model::observe::layer::nic && what.host == "client";
  switch (trigger) {
    case trace_trigger::retransmit:
      return what.name == "tcp_retransmit_skb";
    case trace_trigger::drop:
      return of_client_nic && what.name == "frame_dropped";
    case trace_trigger::miss:
      return of_client_nic && what.record != nullptr && !what.record->hit &&
             what.record->packet_class == regs::packet_class::ipv4_tcp;
    case trace_trigger::error:
      if (what.name == "tcp_reset" || what.name == "tcp_send_active_reset" || what.name == "tcp_v4_send_reset")
        return true;
      if (of_client_nic && what.record != nullptr)
        return (what.record->ip_checked && !what.record->ip_good) || (what.record->l4_checked && !what.record->l4_good);
      return of_client_nic && what.name == "frame_dropped" && what.reason == "rx_drop_mac_error";
  }
  return false;
}

}  // namespace fourtuple::tools
