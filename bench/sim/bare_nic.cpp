// SPDX-License-Identifier: Apache-2.0
#include "bench/sim/bare_nic.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "bench/sim/receive_setup.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::bench {
namespace {

constexpr std::uint64_t half_period_ps = 2'000;
constexpr std::uint32_t beats = bare_nic::frame_bytes / tb::bus_bytes;
constexpr std::uint32_t in_the_pipeline = 64;  // Frames that may have been offered and not yet delivered.
constexpr int reset_clocks = 8;
constexpr std::uint64_t patience_clocks = 1'000'000;

}  // namespace

bare_nic::bare_nic(std::unique_ptr<tb::verilated_nic> model) : model_(std::move(model)), pins_(model_->pins()) {
  std::memcpy(frame_.data(), receive_frame().data(), frame_bytes);
  *pins_.rst_n = 0;
  for (int i = 0; i < reset_clocks; ++i) clock();
  *pins_.rst_n = 1;
  *pins_.m_axi_awready = *pins_.m_axi_wready = *pins_.m_axi_arready = *pins_.m_axis_tready = 1;
  *pins_.s_axil_bready = *pins_.s_axil_rready = 1;
}

void bare_nic::clock() {
  *pins_.clk = 0;
  model_->evaluate(time_ps_ += half_period_ps);
  answers_owed_ += static_cast<std::uint32_t>(*pins_.m_axi_wvalid & *pins_.m_axi_wlast);
  answers_owed_ -= static_cast<std::uint32_t>(*pins_.m_axi_bvalid & *pins_.m_axi_bready);
  const bool write_taken = *pins_.s_axil_bvalid != 0;
  const bool address_taken = (*pins_.s_axil_awvalid & *pins_.s_axil_awready) != 0;
  const bool data_taken = (*pins_.s_axil_wvalid & *pins_.s_axil_wready) != 0;
  *pins_.clk = 1;
  model_->evaluate(time_ps_ += half_period_ps);
  *pins_.m_axi_bvalid = answers_owed_ != 0;
  if (address_taken) *pins_.s_axil_awvalid = 0;
  if (data_taken) *pins_.s_axil_wvalid = 0;
  if (write_taken) {
    writes_.pop_front();
    write_begun_ = false;
  }
}

void bare_nic::drive_registers() {
  if (write_begun_ || writes_.empty()) return;
  write_begun_ = true;
  *pins_.s_axil_awaddr = static_cast<std::uint16_t>(writes_.front().offset);
  *pins_.s_axil_wdata = writes_.front().value;
  *pins_.s_axil_wstrb = 0xf;
  *pins_.s_axil_awvalid = *pins_.s_axil_wvalid = 1;
}

void bare_nic::write32(std::uint32_t offset, std::uint32_t value) { writes_.push_back({offset, value}); }

std::uint32_t bare_nic::read32(std::uint32_t offset) {
  *pins_.s_axil_araddr = static_cast<std::uint16_t>(offset);
  *pins_.s_axil_arvalid = 1;
  for (std::uint64_t i = 0; i < patience_clocks; ++i) {
    *pins_.clk = 0;
    model_->evaluate(time_ps_);
    const bool taken = *pins_.s_axil_arready != 0;
    const bool answered = *pins_.s_axil_rvalid != 0;
    const std::uint32_t value = *pins_.s_axil_rdata;
    clock();
    if (taken) *pins_.s_axil_arvalid = 0;
    if (answered) return value;
  }
  throw std::runtime_error("the NIC does not answer a register read");
}

void bare_nic::set_up() {
  while ((read32(regs::device_status) & regs::device_status::table_ready_mask) == 0) {
  }
  for (const auto& [offset, value] : receive_setup()) write32(offset, value);
  while (!writes_.empty()) {
    drive_registers();
    clock();
  }
}

void bare_nic::run_idle(std::uint64_t clocks) {
  *pins_.s_axis_tvalid = 0;
  for (std::uint64_t i = 0; i < clocks; ++i) clock();
}

void bare_nic::offer_beat() {
  const bool gap = beat_ == beats;
  *pins_.s_axis_tvalid = !gap;
  if (gap) {
    beat_ = 0;
    if (++frames_ % give_back_every_frames == 0 && frames_ > in_the_pipeline) give_back();
    return;
  }
  std::memcpy(pins_.s_axis_tdata, frame_.data() + beat_ * (tb::bus_bytes / 4), tb::bus_bytes);
  *pins_.s_axis_tlast = beat_ + 1 == beats;
  ++beat_;
}

void bare_nic::give_back() {
  const std::uint32_t delivered = frames_ - in_the_pipeline;
  write32(regs::queues_rx_head(0), delivered * frame_bytes);
  write32(regs::queues_completion_head(0), delivered & 0xffff);
}

void bare_nic::run_receiving(std::uint64_t clocks) {
  *pins_.s_axis_tkeep = ~std::uint64_t{0};
  *pins_.s_axis_tuser = 0;
  for (std::uint64_t i = 0; i < clocks || beat_ != 0; ++i) {
    offer_beat();
    drive_registers();
    clock();
  }
  *pins_.s_axis_tvalid = 0;
}

void bare_nic::check() {
  run_idle(1'000);
  const std::uint32_t delivered = read32(regs::counter_rx_delivered);
  if (delivered == frames_) return;
  throw std::runtime_error("of " + std::to_string(frames_) + " frames " + std::to_string(delivered) +
                           " were delivered");
}

}  // namespace fourtuple::bench
