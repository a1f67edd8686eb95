// SPDX-License-Identifier: Apache-2.0
#include "tb/axi_lite_master.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace fourtuple::tb {
namespace {

constexpr std::uint16_t address_without_register = 0xfffc;
constexpr std::uint8_t all_strobes = 0xf;

bool is_write(const model::pcie::tlp& request) noexcept { return request.type == model::pcie::tlp_type::memory_write; }

}  // namespace

axi_lite_master::axi_lite_master(const nic_pins& pins, completion_callback on_completion)
    : pins_(pins), on_completion_(std::move(on_completion)) {
  *pins_.s_axil_bready = 1;
  *pins_.s_axil_rready = 1;
}

void axi_lite_master::submit(model::pcie::tlp request) {
  requests_.push_back(std::move(request));
  if (requests_.size() == 1) begin_word();
}

void axi_lite_master::begin_word() noexcept {
  if (word_ == 0) access_ = model::nic::decode_bar_access(requests_.front());
  address_waits_ = true;
  data_waits_ = is_write(requests_.front());
}

void axi_lite_master::drive() noexcept {
  if (requests_.empty()) {
    *pins_.s_axil_awvalid = *pins_.s_axil_wvalid = *pins_.s_axil_arvalid = 0;
    return;
  }
  const auto& request = requests_.front();
  const bool refused = access_.words == 0;
  const auto address = refused ? address_without_register : static_cast<std::uint16_t>(access_.offset + 4 * word_);
  *pins_.s_axil_awvalid = is_write(request) && address_waits_;
  *pins_.s_axil_arvalid = !is_write(request) && address_waits_;
  *pins_.s_axil_wvalid = data_waits_;
  *pins_.s_axil_awaddr = address;
  *pins_.s_axil_araddr = address;
  *pins_.s_axil_wdata = data_waits_ && !refused ? model::nic::written_word(request, word_) : 0;
  *pins_.s_axil_wstrb = all_strobes;
}

void axi_lite_master::sample() {
  if (requests_.empty()) return;
  const bool write = is_write(requests_.front());
  if (*pins_.s_axil_wvalid && *pins_.s_axil_wready) data_waits_ = false;
  if (write ? *pins_.s_axil_awvalid && *pins_.s_axil_awready : *pins_.s_axil_arvalid && *pins_.s_axil_arready)
    address_waits_ = false;
  if (write && *pins_.s_axil_bvalid)
    finish_word(*pins_.s_axil_bresp, 0);
  else if (!write && *pins_.s_axil_rvalid)
    finish_word(*pins_.s_axil_rresp, *pins_.s_axil_rdata);
}

void axi_lite_master::finish_word(std::uint8_t response, std::uint32_t data) {
  failed_ = failed_ || response != 0 || access_.words == 0;
  values_[word_] = data;
  ++word_;
  if (word_ >= access_.words) finish_request();
  if (!requests_.empty()) begin_word();
}

void axi_lite_master::finish_request() {
  const auto request = std::move(requests_.front());
  requests_.pop_front();
  const std::uint32_t words = failed_ ? 0 : access_.words;
  word_ = 0;
  failed_ = false;
  if (!is_write(request)) on_completion_(model::nic::bar_completion(request, std::span(values_).first(words)));
}

}  // namespace fourtuple::tb
