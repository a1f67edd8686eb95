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

double utilisation(const link_counters& counters, sc_core::sc_time elapsed) noexcept {
  const std::uint64_t elapsed_ps = sim::to_ps(elapsed);
  return elapsed_ps == 0 ? 0.0 : static_cast<double>(counters.busy_ps) / static_cast<double>(elapsed_ps);
}

link::link(sc_core::sc_module_name name, const link_config& config)
    : sc_module(name),
      config_(config),
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

void link::carry(tlp_direction towards, tlp&& packet, sc_core::sc_time ready) {
  const bool up = towards == tlp_direction::upstream;
  direction& way = up ? upstream_ : downstream_;
  const std::uint32_t bytes = wire_bytes(packet);
  const std::uint64_t busy_ps = serialisation_ps(config_, bytes);
  const sc_core::sc_time start = std::max(way.free_at, ready);
  way.free_at = start + sim::from_ps(busy_ps);
  if (packet.type != tlp_type::write_acknowledge) {
    ++way.counters.tlps;
    way.counters.payload_bytes += packet.data.size();
    way.counters.wire_bytes += bytes;
    way.counters.busy_ps += busy_ps;
  }
  for (tlp_observer* const observer : observers_)
    observer->on_tlp({.way = towards, .start = start, .end = way.free_at, .wire_bytes = bytes, .packet = packet});
  tlp_out& out = up ? to_root_ : to_endpoint_;
  out.send(std::move(packet), sim::until(way.free_at) + sim::from_ps(config_.one_way_latency_ps));
}

}  // namespace fourtuple::model::pcie
