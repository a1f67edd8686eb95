// SPDX-License-Identifier: Apache-2.0
#include "tb/axis_mac.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <systemc>
#include <utility>

namespace fourtuple::tb {

axis_mac::axis_mac(const nic_pins& pins, std::uint64_t line_rate_bits_per_s, send_function send)
    : pins_(pins), pacing_(line_rate_bits_per_s), send_(std::move(send)) {}

void axis_mac::drive(std::uint64_t edge_ps) noexcept {
  *pins_.m_axis_tready = edge_ps >= pacing_.room_ps();
  *pins_.s_axis_tvalid = !received_.empty();
  if (received_.empty() || !beat_stale_) return;
  const auto& frame = received_.front();
  const std::size_t count = std::min<std::size_t>(frame.bytes.size() - position_, bus_bytes);
  auto* lanes = reinterpret_cast<std::byte*>(pins_.s_axis_tdata);
  std::memcpy(lanes, frame.bytes.data() + position_, count);
  std::memset(lanes + count, 0, bus_bytes - count);
  *pins_.s_axis_tkeep = ~std::uint64_t{0} >> (bus_bytes - count);
  *pins_.s_axis_tlast = position_ + count == frame.bytes.size();
  *pins_.s_axis_tuser = frame.bad;
  beat_stale_ = false;
}

void axis_mac::sample(std::uint64_t edge_ps) {
  if (*pins_.s_axis_tvalid && *pins_.s_axis_tready) {
    beat_stale_ = true;
    position_ += bus_bytes;
    if (position_ >= received_.front().bytes.size()) {
      received_.pop_front();
      position_ = 0;
    }
  }
  if (*pins_.m_axis_tvalid && *pins_.m_axis_tready) take_beat(edge_ps);
}

void axis_mac::take_beat(std::uint64_t edge_ps) {
  const std::uint64_t keep = *pins_.m_axis_tkeep;
  const auto count = static_cast<std::size_t>(std::countr_one(keep));
  const bool last = *pins_.m_axis_tlast != 0;
  if (static_cast<int>(count) != std::popcount(keep) || count == 0 || (!last && count != bus_bytes))
    SC_REPORT_ERROR("m_axis", "keep is not contiguous from lane 0, or not full before the last beat");
  const auto* lanes = reinterpret_cast<const std::byte*>(pins_.m_axis_tdata);
  sending_.insert(sending_.end(), lanes, lanes + count);
  if (!last) return;
  const std::uint64_t departure_ps = pacing_.send(sending_.size(), edge_ps);
  send_(std::exchange(sending_, {}), departure_ps);
}

}  // namespace fourtuple::tb
