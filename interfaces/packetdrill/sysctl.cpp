// SPDX-License-Identifier: Apache-2.0
#include "interfaces/packetdrill/sysctl.hpp"

#include <array>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string_view>

#include "host/tcp/tcp_cong.hpp"

namespace fourtuple::packetdrill {

namespace {

using tcp::tcp_config;

struct number_sysctl {
  std::string_view name;
  std::uint32_t tcp_config::*field;
  std::uint32_t unit = 1;  // What one of the sysctl's is in the field's units.
};
struct flag_sysctl {
  std::string_view name;
  bool tcp_config::*field;
};
struct triple_sysctl {
  std::string_view name;
  std::array<std::uint32_t, 3> tcp_config::*field;
};

constexpr std::uint32_t ms_per_s = 1000;

constexpr number_sysctl numbers[] = {
    {"net/core/rmem_max", &tcp_config::rmem_max},
    {"net/core/wmem_max", &tcp_config::wmem_max},
    {"net/core/somaxconn", &tcp_config::somaxconn},
    {"net/ipv4/tcp_syn_retries", &tcp_config::tcp_syn_retries},
    {"net/ipv4/tcp_syn_linear_timeouts", &tcp_config::tcp_syn_linear_timeouts},
    {"net/ipv4/tcp_synack_retries", &tcp_config::tcp_synack_retries},
    {"net/ipv4/tcp_retries1", &tcp_config::tcp_retries1},
    {"net/ipv4/tcp_retries2", &tcp_config::tcp_retries2},
    {"net/ipv4/tcp_orphan_retries", &tcp_config::tcp_orphan_retries},
    {"net/ipv4/tcp_max_syn_backlog", &tcp_config::tcp_max_syn_backlog},
    {"net/ipv4/tcp_syncookies", &tcp_config::tcp_syncookies},
    {"net/ipv4/tcp_reordering", &tcp_config::tcp_reordering},
    {"net/ipv4/tcp_max_reordering", &tcp_config::tcp_max_reordering},
    {"net/ipv4/tcp_frto", &tcp_config::tcp_frto},
    {"net/ipv4/tcp_ecn", &tcp_config::tcp_ecn},
    {"net/ipv4/tcp_min_tso_segs", &tcp_config::tcp_min_tso_segs},
    {"net/ipv4/tcp_tso_win_divisor", &tcp_config::tcp_tso_win_divisor},
    {"net/ipv4/tcp_comp_sack_delay_ns", &tcp_config::tcp_comp_sack_delay_ns},
    {"net/ipv4/tcp_comp_sack_slack_ns", &tcp_config::tcp_comp_sack_slack_ns},
    {"net/ipv4/tcp_comp_sack_nr", &tcp_config::tcp_comp_sack_nr},
    {"net/ipv4/tcp_tso_rtt_log", &tcp_config::tcp_tso_rtt_log},
    {"net/ipv4/tcp_pacing_ss_ratio", &tcp_config::tcp_pacing_ss_ratio},
    {"net/ipv4/tcp_pacing_ca_ratio", &tcp_config::tcp_pacing_ca_ratio},
    {"net/ipv4/tcp_mtu_probing", &tcp_config::tcp_mtu_probing},
    {"net/ipv4/tcp_base_mss", &tcp_config::tcp_base_mss},
    {"net/ipv4/tcp_mtu_probe_floor", &tcp_config::tcp_mtu_probe_floor},
    {"net/ipv4/tcp_probe_threshold", &tcp_config::tcp_probe_threshold},
    {"net/ipv4/tcp_probe_interval", &tcp_config::tcp_probe_interval_s},
    {"net/ipv4/tcp_early_retrans", &tcp_config::tcp_early_retrans},
    {"net/ipv4/tcp_recovery", &tcp_config::tcp_recovery},
    {"net/ipv4/tcp_notsent_lowat", &tcp_config::tcp_notsent_lowat},
    {"net/ipv4/tcp_fin_timeout", &tcp_config::tcp_fin_timeout_ms, ms_per_s},
    {"net/ipv4/tcp_max_tw_buckets", &tcp_config::tcp_max_tw_buckets},
    {"net/ipv4/tcp_tw_reuse", &tcp_config::tcp_tw_reuse},
    {"net/ipv4/tcp_max_orphans", &tcp_config::tcp_max_orphans},
    {"net/ipv4/tcp_keepalive_time", &tcp_config::tcp_keepalive_time_ms, ms_per_s},
    {"net/ipv4/tcp_keepalive_intvl", &tcp_config::tcp_keepalive_intvl_ms, ms_per_s},
    {"net/ipv4/tcp_keepalive_probes", &tcp_config::tcp_keepalive_probes},
    {"net/ipv4/tcp_rto_max_ms", &tcp_config::tcp_rto_max_ms},
    {"net/ipv4/tcp_challenge_ack_limit", &tcp_config::tcp_challenge_ack_limit},
    {"net/ipv4/tcp_invalid_ratelimit", &tcp_config::tcp_invalid_ratelimit_ms},
};

constexpr flag_sysctl flags[] = {
    {"net/ipv4/tcp_moderate_rcvbuf", &tcp_config::tcp_moderate_rcvbuf},
    {"net/ipv4/tcp_timestamps", &tcp_config::tcp_timestamps},
    {"net/ipv4/tcp_sack", &tcp_config::tcp_sack},
    {"net/ipv4/tcp_dsack", &tcp_config::tcp_dsack},
    {"net/ipv4/tcp_window_scaling", &tcp_config::tcp_window_scaling},
    {"net/ipv4/tcp_abort_on_overflow", &tcp_config::tcp_abort_on_overflow},
    {"net/ipv4/tcp_retrans_collapse", &tcp_config::tcp_retrans_collapse},
    {"net/ipv4/tcp_ecn_fallback", &tcp_config::tcp_ecn_fallback},
    {"net/ipv4/tcp_slow_start_after_idle", &tcp_config::tcp_slow_start_after_idle},
};

constexpr triple_sysctl triples[] = {
    {"net/ipv4/tcp_mem", &tcp_config::tcp_mem},
    {"net/ipv4/tcp_rmem", &tcp_config::tcp_rmem},
    {"net/ipv4/tcp_wmem", &tcp_config::tcp_wmem},
};

/// As many numbers as `count`, or nothing. A negative one (a switch that is off) reads as the largest.
template <std::size_t count>
std::optional<std::array<std::uint32_t, count>> read_numbers(const std::string& path) {
  std::ifstream file(path);
  std::array<std::uint32_t, count> values{};
  for (std::uint32_t& value : values) {
    std::int64_t number = 0;
    if (!(file >> number)) return std::nullopt;
    value = static_cast<std::uint32_t>(number);
  }
  return values;
}

}  // namespace

void read_sysctls(const std::string& root, tcp_config& config) {
  const auto path = [&](std::string_view name) { return root + "/" + std::string(name); };
  for (const number_sysctl& one : numbers) {
    if (const auto value = read_numbers<1>(path(one.name))) config.*one.field = (*value)[0] * one.unit;
  }
  for (const flag_sysctl& one : flags) {
    if (const auto value = read_numbers<1>(path(one.name))) config.*one.field = (*value)[0] != 0;
  }
  for (const triple_sysctl& one : triples) {
    if (const auto value = read_numbers<3>(path(one.name))) config.*one.field = *value;
  }
  std::ifstream file(path("net/ipv4/tcp_congestion_control"));
  std::string algorithm;
  // The kernel's choice may be one that there is not here.
  if (file >> algorithm && tcp::tcp_ca_find(algorithm) != nullptr) config.tcp_congestion_control = algorithm;
}

}  // namespace fourtuple::packetdrill
