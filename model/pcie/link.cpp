// SPDX-License-Identifier: Apache-2.0
#include "model/pcie/link.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "model/sim/time.hpp"

namespace fourtuple::model::pcie {
namespace {

/// Millions of transfers a second and lane (PCIe 1.2).
constexpr std::array<std::uint64_t, 5> transfers_per_us = {2'500, 5'000, 8'000, 16'000, 32'000};
constexpr std::array<std::uint32_t, 7> link_widths = {1, 2, 4, 8, 12, 16, 32};
constexpr std::uint32_t framing_bytes = 8;
constexpr std::uint32_t header_3dw_bytes = 12;
constexpr std::uint32_t header_4dw_bytes = 16;
constexpr std::uint32_t data_credit_bytes = 16;
constexpr std::uint64_t first_64_bit_address = std::uint64_t{1} << 32;

}  // namespace

std::optional<std::string> config_error(const link_config& config) {
  if (config.generation < 1 || config.generation > transfers_per_us.size())
    return "PCIe generation " + std::to_string(config.generation) + " is not one of 1 to 5";
  if (std::find(link_widths.begin(), link_widths.end(), config.lanes) == link_widths.end())
    return "PCIe links do not have " + std::to_string(config.lanes) + " lanes, but 1, 2, 4, 8, 12, 16 or 32";
  if (config.one_way_latency_ps == 0) return "a PCIe link has a latency of at least 1 ps";
  return std::nullopt;
}

std::uint32_t wire_bytes(const tlp& packet) noexcept {
  if (packet.type == tlp_type::write_acknowledge) return 0;
  const bool long_address = packet.type != tlp_type::completion && packet.address >= first_64_bit_address;
  const auto data_bytes = static_cast<std::uint32_t>((packet.data.size() + 3) / 4 * 4);
  return framing_bytes + (long_address ? header_4dw_bytes : header_3dw_bytes) + data_bytes;
}

std::uint64_t serialisation_ps(const link_config& config, std::uint64_t bytes) noexcept {
  const std::uint64_t code_bits = config.generation < 3 ? 10 : 130;
  const std::uint64_t data_bits = config.generation < 3 ? 8 : 128;
  const std::uint64_t numerator = bytes * 8 * code_bits * 1'000'000;
  const std::uint64_t denominator = transfers_per_us[config.generation - 1] * config.lanes * data_bits;
  return (numerator + denominator - 1) / denominator;
}

link_counters& link_counters::operator+=(const link_counters& more) noexcept {
  tlps += more.tlps;
  payload_bytes += more.payload_bytes;
  wire_bytes += more.wire_bytes;
  busy_ps += more.busy_ps;
  credit_stalls += more.credit_stalls;
  credit_stall_ps += more.credit_stall_ps;
  return *this;
}

double utilisation(const link_counters& counters, sc_core::sc_time elapsed) noexcept {
  const std::uint64_t elapsed_ps = sim::to_ps(elapsed);
  return elapsed_ps == 0 ? 0.0 : static_cast<double>(counters.busy_ps) / static_cast<double>(elapsed_ps);
}

link::link(sc_core::sc_module_name name, const link_config& config)
    : sc_module(name),
      config_(config),
      downstream_(config.endpoint),
      upstream_(config.root),
      to_root_("to_root"),
      to_endpoint_("to_endpoint"),
      from_root_(
          "from_root",
          [this](tlp&& packet, sc_core::sc_time ready) { carry(tlp_direction::downstream, std::move(packet), ready); }),
      from_endpoint_("from_endpoint", [this](tlp&& packet, sc_core::sc_time ready) {
        carry(tlp_direction::upstream, std::move(packet), ready);
      }) {
  if (const auto error = config_error(config)) SC_REPORT_FATAL(this->name(), error->c_str());
}

sc_core::sc_time link::smallest_latency() const { return sim::from_ps(config_.one_way_latency_ps); }

link::direction::direction(const receive_credits& credits)
    : posted(credits.posted_headers, credits.posted_data),
      non_posted(credits.non_posted_headers, 0),
      hold_ps(credits.hold_ps) {}

const link_counters& link::direction::settled() const {
  const std::uint64_t now_ps = sim::to_ps(sc_core::sc_time_stamp());
  for (; !ahead.empty() && ahead.front().ready_ps <= now_ps; ahead.pop_front()) counters += ahead.front().what;
  return counters;
}

std::uint64_t link::leave(direction& way, const tlp& packet, std::uint64_t start_ps, std::uint64_t busy_ps,
                          link_counters& count) {
  std::uint64_t in_order_ps = std::max(start_ps, way.posted_end_ps);
  std::uint64_t* own_end_ps = &way.completion_end_ps;
  credit_account* credits = nullptr;
  std::uint32_t data = 0;
  switch (packet.type) {
    case tlp_type::memory_write:
      own_end_ps = &way.posted_end_ps;
      credits = &way.posted;
      data = static_cast<std::uint32_t>((packet.data.size() + data_credit_bytes - 1) / data_credit_bytes);
      break;
    case tlp_type::memory_read:
      own_end_ps = &way.non_posted_end_ps;
      credits = &way.non_posted;
      break;
    case tlp_type::write_acknowledge:  // Takes no room: it comes behind all that was sent before.
      in_order_ps = std::max(in_order_ps, way.non_posted_end_ps);
      break;
    case tlp_type::completion:
      break;
  }
  in_order_ps = std::max(in_order_ps, *own_end_ps);
  std::uint64_t earliest_ps = in_order_ps;
  if (credits != nullptr) earliest_ps = credits->available_ps(in_order_ps, data);
  if (earliest_ps > in_order_ps) {
    count.credit_stalls = 1;
    count.credit_stall_ps = earliest_ps - in_order_ps;
  }
  const std::uint64_t end_ps = way.lanes.take(start_ps, earliest_ps, busy_ps) + busy_ps;
  *own_end_ps = std::max(*own_end_ps, end_ps);
  if (credits != nullptr) credits->use(data, end_ps + 2 * config_.one_way_latency_ps + way.hold_ps);
  return end_ps;
}

void link::carry(tlp_direction towards, tlp&& packet, sc_core::sc_time ready) {
  const bool up = towards == tlp_direction::upstream;
  direction& way = up ? upstream_ : downstream_;
  const std::uint32_t bytes = wire_bytes(packet);
  const std::uint64_t busy_ps = serialisation_ps(config_, bytes);
  link_counters count;
  const std::uint64_t end_ps = leave(way, packet, sim::to_ps(ready), busy_ps, count);
  if (packet.type != tlp_type::write_acknowledge) {
    count.tlps = 1;
    count.payload_bytes = packet.data.size();
    count.wire_bytes = bytes;
    count.busy_ps = busy_ps;
    static_cast<void>(way.settled());
    way.ahead.push_back({sim::to_ps(ready), count});
  }
  const sc_core::sc_time end = sim::from_ps(end_ps);
  for (tlp_observer* const observer : observers_)
    observer->on_tlp(
        {.way = towards, .start = sim::from_ps(end_ps - busy_ps), .end = end, .wire_bytes = bytes, .packet = packet});
  tlp_out& out = up ? to_root_ : to_endpoint_;
  out.send(std::move(packet), sim::until(end + sim::from_ps(config_.one_way_latency_ps)));
}

}  // namespace fourtuple::model::pcie
