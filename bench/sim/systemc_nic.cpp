// SPDX-License-Identifier: Apache-2.0
#include "bench/sim/systemc_nic.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "bench/sim/bare_nic.hpp"
#include "bench/sim/receive_setup.hpp"
#include "model/sim/time.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::bench {
namespace {

using model::pcie::tlp;
using model::pcie::tlp_type;
using model::sim::from_ns;
using model::sim::from_ps;

constexpr std::uint64_t clock_ps = 4'000;
constexpr std::uint64_t frames_at_once = 64;
constexpr std::uint32_t in_the_pipeline = 512;  // Frames that may have been sent and not yet delivered.
const sc_core::sc_time lookahead = from_ns(1'000);
const sc_core::sc_time link_latency = from_ns(350);

tb::rtl_nic_options options(bool skip_idle_clocks) {
  tb::rtl_nic_options chosen;
  chosen.quantum_clocks = 64;
  chosen.skip_idle_clocks = skip_idle_clocks;
  return chosen;
}

model::nic::nic_config as_built() {
  const tb::rtl_parameters built = tb::built_rtl_parameters();
  model::nic::nic_config config;
  config.clock_period_ps = built.clock_period_ps;
  config.queues = built.queues;
  config.buckets_log2 = built.buckets_log2;
  config.overflow_lines_log2 = built.overflow_lines_log2;
  return config;
}

}  // namespace

systemc_nic::systemc_nic(sc_core::sc_module_name name, std::uint64_t frame_every_clocks, bool skip_idle_clocks)
    : sc_module(name),
      frame_every_clocks_(frame_every_clocks),
      nic_("nic", as_built(), options(skip_idle_clocks)),
      to_nic_("to_nic"),
      from_nic_("from_nic", [this](tlp&& packet, sc_core::sc_time ready) { from_nic(std::move(packet), ready); }),
      wire_("wire"),
      sink_("sink", [](model::wire::frame&&, sc_core::sc_time) {}) {
  to_nic_.socket.bind(nic_.downstream().socket);
  nic_.upstream().socket.bind(from_nic_.socket);
  wire_.socket.bind(nic_.ethernet_in().socket);
  nic_.ethernet_out().socket.bind(sink_.socket);
  SC_THREAD(feed);
}

void systemc_nic::from_nic(tlp&& packet, sc_core::sc_time ready) {
  if (packet.type == tlp_type::completion && packet.data.size() == 4) {
    for (std::size_t i = 4; i-- > 0;) value_read_ = value_read_ << 8 | std::to_integer<std::uint32_t>(packet.data[i]);
    return;
  }
  tlp answer;
  answer.type = tlp_type::write_acknowledge;
  answer.tag = packet.tag;
  to_nic_.send(std::move(answer), model::sim::until(ready) + 2 * link_latency);
}

void systemc_nic::write32(std::uint32_t offset, std::uint32_t value, sc_core::sc_time delay) {
  tlp request;
  request.type = tlp_type::memory_write;
  request.address = offset;
  request.length_bytes = 4;
  for (unsigned shift = 0; shift < 32; shift += 8)
    request.data.push_back(static_cast<std::byte>(value >> shift & 0xff));
  to_nic_.send(std::move(request), delay);
}

void systemc_nic::set_up() {
  constexpr std::uint64_t table_clear_ns = 200'000;
  sc_core::sc_start(from_ns(table_clear_ns));
  for (const auto& [offset, value] : receive_setup()) write32(offset, value, lookahead);
  sc_core::sc_start(from_ns(10'000));
}

void systemc_nic::feed() {
  const auto frame = receive_frame();
  const sc_core::sc_time spacing = from_ps(frame_every_clocks_ * clock_ps);
  for (;;) {
    wait(start_);
    sc_core::sc_time next = sc_core::sc_time_stamp() + lookahead;
    while (sent_frames_ < wanted_frames_) {
      for (std::uint64_t i = 0; i < frames_at_once && sent_frames_ < wanted_frames_; ++i, next += spacing) {
        wire_.send({.bytes = frame}, model::sim::until(next));
        if (++sent_frames_ % give_back_every_frames != 0 || sent_frames_ <= in_the_pipeline) continue;
        const auto delivered = static_cast<std::uint32_t>(sent_frames_) - in_the_pipeline;
        write32(regs::queues_rx_head(0), delivered * bare_nic::frame_bytes, model::sim::until(next));
        write32(regs::queues_completion_head(0), delivered & 0xffff, model::sim::until(next));
      }
      if (next > sc_core::sc_time_stamp() + lookahead) wait(next - sc_core::sc_time_stamp() - lookahead);
    }
  }
}

void systemc_nic::run(std::uint64_t clocks) {
  wanted_frames_ += std::max<std::uint64_t>(1, clocks / frame_every_clocks_);
  start_.notify(sc_core::SC_ZERO_TIME);
  sc_core::sc_start(from_ps(clocks * clock_ps));
}

void systemc_nic::check() {
  constexpr std::uint64_t drain_ns = 10'000;
  sc_core::sc_start(from_ns(drain_ns));
  tlp request;
  request.type = tlp_type::memory_read;
  request.address = regs::counter_rx_delivered;
  request.length_bytes = 4;
  to_nic_.send(std::move(request), lookahead);
  sc_core::sc_start(from_ns(drain_ns));
  if (value_read_ == sent_frames_) return;
  throw std::runtime_error("of " + std::to_string(sent_frames_) + " frames " + std::to_string(value_read_) +
                           " were delivered");
}

}  // namespace fourtuple::bench
