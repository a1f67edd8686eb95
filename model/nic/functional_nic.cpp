// SPDX-License-Identifier: Apache-2.0
#include "model/nic/functional_nic.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "model/nic/bar_access.hpp"
#include "model/sim/time.hpp"

namespace fourtuple::model::nic {
namespace {

// From an input to what it causes on the other side: about what the RTL's pipelines take.
constexpr std::uint64_t latency_clocks = 40;

device_config device_config_of(const nic_config& config) {
  return {.queues = config.queues,
          .clock_period_ps = static_cast<std::uint32_t>(config.clock_period_ps),
          .buckets_log2 = config.buckets_log2,
          .overflow_lines_log2 = config.overflow_lines_log2};
}

}  // namespace

functional_nic::functional_nic(sc_core::sc_module_name name, const nic_config& config)
    : nic(name),
      period_(sim::from_ps(config.clock_period_ps)),
      latency_(sim::from_ps(config.clock_period_ps * latency_clocks)),
      config_(device_config_of(config)),
      device_(std::in_place, config_, static_cast<device_port&>(*this)),
      requester_(
          config.requester,
          [this](pcie::tlp packet, sc_core::sc_time delay) { send_upstream(std::move(packet), delay); },
          [this](std::uint64_t, pcie::completion_status status, sc_core::sc_time) {
            on_written(status == pcie::completion_status::successful);
          },
          [this](std::uint64_t, pcie::completion_status status, std::span<const std::byte> data, sc_core::sc_time) {
            on_read(status == pcie::completion_status::successful, data);
          }),
      mac_(config.line_rate_bits_per_s) {
  SC_METHOD(run);
}

void functional_nic::set_drop_callback(drop_callback on_drop) {
  on_drop_ = std::move(on_drop);
  report_drops();
}

void functional_nic::report_drops() {
  device_->set_drop_callback([this](std::uint32_t counter) {
    if (on_drop_) on_drop_(counter, sc_core::sc_time_stamp());
  });
}

// What is on its way belongs to the device that was: its answers are awaited, and register accesses wait with them.
void functional_nic::reset_function() {
  swallow_writes_ = writes_outstanding_;
  swallow_reads_ = reads_outstanding_;
  device_.emplace(config_, static_cast<device_port&>(*this));
  report_drops();
}

void functional_nic::on_written(bool ok) {
  --writes_outstanding_;
  if (swallow_writes_ == 0) {
    device_->memory_written(ok);
    return;
  }
  --swallow_writes_;
  handle_held();
}

void functional_nic::on_read(bool ok, std::span<const std::byte> data) {
  --reads_outstanding_;
  if (swallow_reads_ == 0) {
    device_->memory_read(ok, data);
    return;
  }
  --swallow_reads_;
  handle_held();
}

void functional_nic::handle_held() {
  while (!resetting() && !held_accesses_.empty()) {
    const pcie::tlp packet = std::move(held_accesses_.front());
    held_accesses_.pop_front();
    access_registers(packet);
  }
}

void functional_nic::on_tlp(pcie::tlp&& packet, sc_core::sc_time arrival) {
  arrivals_.push(std::move(packet), arrival);
}

void functional_nic::on_frame(wire::frame&& content, sc_core::sc_time arrival) {
  if (!content.bytes.empty()) arrivals_.push(std::move(content), arrival);
}

std::uint64_t functional_nic::clock() const { return sim::to_ps(sc_core::sc_time_stamp()) / sim::to_ps(period_); }

void functional_nic::write_memory(std::uint64_t address, std::span<const std::byte> bytes) {
  ++writes_outstanding_;
  requester_.write(0, address, bytes, latency_);
}

void functional_nic::read_memory(std::uint64_t address, std::uint32_t length_bytes) {
  ++reads_outstanding_;
  requester_.read(0, address, length_bytes, latency_);
}

std::uint64_t functional_nic::transmit(std::vector<std::byte> frame) {
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  const std::uint64_t departure_ps = mac_.send(frame.size(), sim::to_ps(now + latency_));
  ethernet_out_.send({.bytes = std::move(frame)}, sim::from_ps(departure_ps) - now);
  const std::uint64_t period_ps = sim::to_ps(period_);
  return (mac_.room_ps() + period_ps - 1) / period_ps;
}

void functional_nic::run() {
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  while (auto arrived = arrivals_.pop(now)) {
    if (auto* packet = std::get_if<pcie::tlp>(&*arrived))
      handle(std::move(*packet));
    else if (const auto* content = std::get_if<wire::frame>(&*arrived))
      device_->receive(content->bytes, content->bad);
  }
  requester_.expire(now);
  device_->on_timer();
  auto wake = requester_.next_timeout();
  if (const auto timer = device_->next_timer()) {
    const auto at = std::max(sim::from_ps(*timer * sim::to_ps(period_)), now + period_);
    wake = wake ? std::min(*wake, at) : at;
  }
  if (wake)
    next_trigger(sim::until(*wake), arrivals_.changed());
  else
    next_trigger(arrivals_.changed());
}

void functional_nic::handle(pcie::tlp&& packet) {
  switch (packet.type) {
    case pcie::tlp_type::memory_read:
    case pcie::tlp_type::memory_write:
      if (resetting() || !held_accesses_.empty())
        held_accesses_.push_back(std::move(packet));
      else
        access_registers(packet);
      break;
    case pcie::tlp_type::completion:
    case pcie::tlp_type::write_acknowledge:
      requester_.accept(std::move(packet), sc_core::sc_time_stamp());
      break;
  }
}

void functional_nic::access_registers(const pcie::tlp& request) {
  const auto access = decode_bar_access(request);
  if (access.words == 0) device_->refuse_register_access();
  if (request.type == pcie::tlp_type::memory_write) {
    for (std::uint32_t word = 0; word < access.words; ++word)
      device_->write_register(access.offset + 4 * word, written_word(request, word));
    if (device_->reset_requested()) reset_function();
    return;
  }
  std::array<std::uint32_t, 2> values{};
  std::uint32_t good = 0;
  for (std::uint32_t word = 0; word < access.words; ++word)
    if (const auto value = device_->read_register(access.offset + 4 * word)) values[good++] = *value;
  const std::uint32_t answered = good == access.words ? good : 0;
  send_upstream(bar_completion(request, std::span(values).first(answered)), latency_);
}

void functional_nic::send_upstream(pcie::tlp packet, sc_core::sc_time delay) {
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  last_upstream_departure_ = std::max(last_upstream_departure_, now + delay);
  upstream_.send(std::move(packet), last_upstream_departure_ - now);
}

}  // namespace fourtuple::model::nic
