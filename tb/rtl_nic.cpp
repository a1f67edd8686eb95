// SPDX-License-Identifier: Apache-2.0
#include "tb/rtl_nic.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <utility>

#include "model/nic/counters.hpp"
#include "model/sim/time.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::tb {
namespace {

using model::sim::from_ps;
using model::sim::to_ps;

constexpr std::uint64_t no_timer = 0xffff'ffff'ffff;  // quiet_clocks_o has 48 bits.
constexpr std::uint64_t never = ~std::uint64_t{0};
constexpr int reset_clocks = 8;

// Bits of nic_pins::counted.
constexpr std::uint64_t drop_pulses = [] {
  std::uint64_t mask = 0;
  for (std::uint32_t i = 0; i < 64; ++i) {
    if (model::nic::counters::is_drop(regs::counter_rx_frames + 8 * i)) mask |= std::uint64_t{1} << i;
  }
  return mask;
}();
constexpr std::size_t thread_stack_bytes = std::size_t{1} << 20;

std::unique_ptr<verilated_nic> make_model(const rtl_nic_options& options) {
  if (options.trace_file.empty()) return make_verilated_nic();
  auto model = make_traced_nic(options.trace_file, options.trace_times);
  model->set_tracing(options.trace_from_start);
  return model;
}

std::uint64_t checked_period(const model::nic::nic_config& config) {
  const rtl_parameters built = built_rtl_parameters();
  if (config.clock_period_ps != built.clock_period_ps || config.queues != built.queues ||
      config.buckets_log2 != built.buckets_log2 || config.overflow_lines_log2 != built.overflow_lines_log2)
    throw std::invalid_argument("the RTL was built with a clock of " + std::to_string(built.clock_period_ps) + " ps, " +
                                std::to_string(built.queues) + " queues, 2^" + std::to_string(built.buckets_log2) +
                                " buckets and 2^" + std::to_string(built.overflow_lines_log2) + " overflow lines");
  return config.clock_period_ps;
}

}  // namespace

rtl_parameters built_rtl_parameters() noexcept {
  return {.clock_period_ps = FOURTUPLE_NIC_CLOCK_PERIOD_PS,
          .queues = FOURTUPLE_NIC_QUEUES,
          .buckets_log2 = FOURTUPLE_NIC_TABLE_BUCKETS_LOG2,
          .overflow_lines_log2 = FOURTUPLE_NIC_TABLE_OVERFLOW_LINES_LOG2};
}

rtl_nic::rtl_nic(sc_core::sc_module_name name, const model::nic::nic_config& config, const rtl_nic_options& options)
    : nic(name),
      period_ps_(checked_period(config)),
      options_(options),
      model_(make_model(options)),
      pins_(model_->pins()),
      requester_(
          config.requester,
          [this](model::pcie::tlp packet, sc_core::sc_time delay) { send_upstream(std::move(packet), delay); },
          [this](std::uint64_t, model::pcie::completion_status status, sc_core::sc_time) {
            memory_.written(status == model::pcie::completion_status::successful);
          },
          [this](std::uint64_t, model::pcie::completion_status status, std::span<const std::byte> data,
                 sc_core::sc_time) {
            memory_.read_finished(status == model::pcie::completion_status::successful, data);
          }),
      registers_(pins_,
                 [this](model::pcie::tlp completion) { send_upstream(std::move(completion), delay_to(edge_ps())); }),
      memory_(
          pins_,
          [this](std::uint64_t address, std::span<const std::byte> bytes) {
            requester_.write(0, address, bytes, delay_to(edge_ps()));
          },
          [this](std::uint64_t address, std::uint32_t length_bytes) {
            requester_.read(0, address, length_bytes, delay_to(edge_ps()));
          }),
      mac_(pins_, config.line_rate_bits_per_s, [this](std::vector<std::byte> frame, std::uint64_t departure_ps) {
        ethernet_out_.send({.bytes = std::move(frame)}, delay_to(departure_ps));
      }) {
  if (options_.quantum_clocks == 0) throw std::invalid_argument("the quantum must be at least one clock");
  reset();
  SC_THREAD(run);
  set_stack_size(thread_stack_bytes);  // Verilated code keeps wide values on the stack.
}

void rtl_nic::reset() {
  *pins_.rst_n = 0;
  for (int clock = 0; clock < reset_clocks; ++clock) {
    *pins_.clk = 0;
    model_->evaluate(0);
    *pins_.clk = 1;
    model_->evaluate(0);
  }
  *pins_.rst_n = 1;
}

model::nic::nic_clocks rtl_nic::clocks() const noexcept {
  const std::uint64_t passed = std::max(next_edge_, to_ps(sc_core::sc_time_stamp()) / period_ps_);
  return {.evaluated = evaluated_, .skipped = passed - evaluated_};
}

// ---- What arrives

void rtl_nic::on_tlp(model::pcie::tlp&& packet, sc_core::sc_time arrival) {
  check_lookahead(arrival);
  arrivals_.push(std::move(packet), arrival);
}

void rtl_nic::on_frame(model::wire::frame&& content, sc_core::sc_time arrival) {
  check_lookahead(arrival);
  if (!content.bytes.empty()) arrivals_.push(std::move(content), arrival);
}

void rtl_nic::check_lookahead(sc_core::sc_time arrival) {
  if (edge_at_or_after(to_ps(arrival)) < next_edge_)
    SC_REPORT_ERROR(name(), "a packet arrives at a time that has been simulated: the quantum is too large");
}

void rtl_nic::take_arrivals() {
  const sc_core::sc_time edge = from_ps(edge_ps());
  requester_.expire(edge);
  while (!arrivals_.empty() && arrivals_.next_arrival() <= edge) {
    auto arrived = arrivals_.pop(edge);
    if (auto* content = std::get_if<model::wire::frame>(&*arrived)) {
      mac_.receive(std::move(*content));
    } else if (auto* packet = std::get_if<model::pcie::tlp>(&*arrived)) {
      const bool request =
          packet->type == model::pcie::tlp_type::memory_read || packet->type == model::pcie::tlp_type::memory_write;
      if (request)
        registers_.submit(std::move(*packet));
      else
        requester_.accept(std::move(*packet), edge);
    }
  }
}

// ---- Clocks

void rtl_nic::run() {
  for (;;) {
    run_quantum();
    if (settled_)
      sleep();
    else
      wait(delay_to(edge_ps()));
  }
}

// Up to the quantum's end, or until the device is quiet: then settled_ is left set.
void rtl_nic::run_quantum() {
  const std::uint64_t end_ps = to_ps(sc_core::sc_time_stamp()) + options_.quantum_clocks * period_ps_;
  while (edge_ps() < end_ps) {
    take_arrivals();
    registers_.drive();
    memory_.drive();
    mac_.drive(edge_ps());
    *pins_.clk = 0;
    model_->evaluate(edge_ps() - std::min(edge_ps(), period_ps_ / 2));
    settled_ = true;
    if (options_.skip_idle_clocks && quiet()) return;
    clock_edge();
  }
}

void rtl_nic::clock_edge() {
  registers_.sample();
  memory_.sample();
  mac_.sample(edge_ps());
  *pins_.clk = 1;
  model_->evaluate(edge_ps());
  if (on_drop_) tell_drops();
  settled_ = false;
  ++evaluated_;
  if (options_.on_edge) options_.on_edge(next_edge_);
  ++next_edge_;
}

void rtl_nic::tell_drops() {
  for (std::uint64_t left = *pins_.counted & drop_pulses; left != 0; left &= left - 1)
    on_drop_(regs::counter_rx_frames + 8 * static_cast<std::uint32_t>(std::countr_zero(left)), from_ps(edge_ps()));
}

bool rtl_nic::quiet() const noexcept {
  return *pins_.quiet && registers_.idle() && memory_.idle() && mac_.idle() && !*pins_.m_axis_tvalid &&
         !*pins_.m_axi_awvalid && !*pins_.m_axi_wvalid && !*pins_.m_axi_arvalid;
}

std::uint64_t rtl_nic::edge_at_or_after(std::uint64_t time_ps) const noexcept {
  return (time_ps + period_ps_ - 1) / period_ps_;
}

// The first edge that must be evaluated by itself although the device is quiet now.
std::uint64_t rtl_nic::next_busy_edge() const {
  const std::uint64_t timer = *pins_.quiet_clocks == no_timer ? never : next_edge_ + *pins_.quiet_clocks + 1;
  const std::uint64_t arrival = arrivals_.empty() ? never : edge_at_or_after(to_ps(arrivals_.next_arrival()));
  const auto timeout = requester_.next_timeout();
  const std::uint64_t given_up = timeout ? edge_at_or_after(to_ps(*timeout)) : never;
  return std::min({timer, arrival, given_up});
}

void rtl_nic::sleep() {
  const std::uint64_t busy_edge = next_busy_edge();
  if (busy_edge == never) {
    wait(arrivals_.changed());
  } else if (const auto time = delay_to(busy_edge * period_ps_); time > sc_core::SC_ZERO_TIME) {
    wait(time, arrivals_.changed());
  }
  const std::uint64_t now_edge = edge_at_or_after(to_ps(sc_core::sc_time_stamp()));
  skip_to(std::min(next_busy_edge(), std::max(now_edge, next_edge_)));
}

// All clocks before `edge` are idle, and no timer acts in them. At `edge` the inputs have to be looked at again.
void rtl_nic::skip_to(std::uint64_t edge) {
  settled_ = false;
  if (edge <= next_edge_) return;
  *pins_.skip = edge - next_edge_ - 1;
  next_edge_ = edge - 1;
  clock_edge();
  *pins_.skip = 0;
  if (options_.on_wake) options_.on_wake(next_edge_);
}

sc_core::sc_time rtl_nic::delay_to(std::uint64_t time_ps) const { return model::sim::until(from_ps(time_ps)); }

void rtl_nic::send_upstream(model::pcie::tlp packet, sc_core::sc_time delay) {
  // Register completions and the device's own requests share the way up and must not overtake each other.
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  last_upstream_departure_ = std::max(last_upstream_departure_, now + delay);
  upstream_.send(std::move(packet), last_upstream_departure_ - now);
}

}  // namespace fourtuple::tb
