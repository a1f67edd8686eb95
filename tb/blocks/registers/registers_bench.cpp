// SPDX-License-Identifier: Apache-2.0
#include "tb/blocks/registers/registers_bench.hpp"

#include <gtest/gtest.h>
#include <verilated.h>

#include <array>
#include <string>

#include "Vfourtuple_nic_regs.h"
#include "tb/coverage_recorder.hpp"

namespace fourtuple::tb {

namespace {

constexpr unsigned give_up_clocks = 10'000;
constexpr unsigned clocks_until_quiet = 4;

std::uint64_t low_mask(unsigned bits) { return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1; }

template <typename Wide>
std::uint64_t get_bits(const Wide& words, unsigned low, unsigned width) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < width; ++i) {
    value |= std::uint64_t{words[(low + i) / 32] >> ((low + i) % 32) & 1U} << i;
  }
  return value;
}

template <typename Wide>
void set_bits(Wide& words, unsigned low, unsigned width, std::uint64_t value) {
  for (unsigned i = 0; i < width; ++i) {
    const std::uint32_t bit = 1U << ((low + i) % 32);
    auto& word = words[(low + i) / 32];
    word = (value >> i & 1U) != 0 ? word | bit : word & ~bit;
  }
}

}  // namespace

reference_map::reference_map() {
  for (const regs::register_info& info : regs::all_registers) {
    stored_[info.offset] = info.reset_value;
    driven_[info.offset] = 0;
    for (unsigned shift = 0; shift < info.width_bits; shift += 32) {
      words_[static_cast<std::uint16_t>(info.offset + shift / 8)] = {&info, shift};
    }
  }
}

bool reference_map::word_is_writable(std::uint16_t address) const {
  const auto found = words_.find(address);
  if (found == words_.end()) return false;
  const auto [info, shift] = found->second;
  return static_cast<std::uint32_t>((info->stored_mask | info->write_to_clear_mask) >> shift) != 0;
}

std::uint32_t reference_map::word(std::uint16_t address) const {
  const auto [info, shift] = words_.at(address);
  const std::uint64_t value = stored_.at(info->offset) | (driven_.at(info->offset) & info->hardware_mask);
  return static_cast<std::uint32_t>(value >> shift);
}

bool reference_map::is_held_word(std::uint16_t address) const {
  const auto found = words_.find(address);
  return found != words_.end() && found->second.shift == 32 && found->second.info->hardware_mask != 0;
}

void reference_map::write(std::uint16_t address, std::uint32_t data) {
  const auto [info, shift] = words_.at(address);
  std::uint64_t& stored = stored_.at(info->offset);
  const std::uint64_t written = std::uint64_t{data} << shift;
  const std::uint64_t replaced = info->stored_mask & std::uint64_t{0xffffffff} << shift;
  stored = (stored & ~replaced) | (written & replaced);
  stored &= ~(written & info->write_to_clear_mask);
}

/// What the block shows in one clock.
struct registers_bench::outputs {
  bool awready, wready, bvalid, arready, rvalid, register_error, quiet;
  unsigned bresp, rresp;
  std::uint32_t rdata;
  std::array<std::uint32_t, (regs::reg2hw_bits + 31) / 32> reg2hw;

  [[nodiscard]] bool looks_like(const outputs& other) const {
    return awready == other.awready && wready == other.wready && bvalid == other.bvalid && arready == other.arready &&
           rvalid == other.rvalid && register_error == other.register_error && bresp == other.bresp &&
           rresp == other.rresp && rdata == other.rdata && reg2hw == other.reg2hw;
  }
};

registers_bench::registers_bench()
    : context_(std::make_unique<VerilatedContext>()), dut_(std::make_unique<Vfourtuple_nic_regs>(context_.get())) {
  reset();
}

registers_bench::~registers_bench() {
  const coverage_recorder coverage(*dut_);
  dut_->final();
}

void registers_bench::reset() {
  dut_->rst_ni = 0;
  for (unsigned i = 0; i < 4; ++i) {
    dut_->clk_i = 0;
    dut_->eval();
    dut_->clk_i = 1;
    dut_->eval();
  }
  dut_->rst_ni = 1;
  clock();
}

registers_bench::outputs registers_bench::sample() const {
  outputs now{.awready = dut_->s_axil_awready != 0,
              .wready = dut_->s_axil_wready != 0,
              .bvalid = dut_->s_axil_bvalid != 0,
              .arready = dut_->s_axil_arready != 0,
              .rvalid = dut_->s_axil_rvalid != 0,
              .register_error = dut_->register_error_o != 0,
              .quiet = dut_->quiet_o != 0,
              .bresp = dut_->s_axil_bresp,
              .rresp = dut_->s_axil_rresp,
              .rdata = dut_->s_axil_rdata,
              .reg2hw = {}};
  for (std::size_t i = 0; i < now.reg2hw.size(); ++i) now.reg2hw[i] = dut_->reg2hw_o[i];
  return now;
}

void registers_bench::drive_master() {
  const bool write = !writes_.empty();
  dut_->s_axil_awvalid = write && !aw_taken_ && write_age_ >= writes_.front().aw_delay;
  dut_->s_axil_wvalid = write && !w_taken_ && write_age_ >= writes_.front().w_delay;
  dut_->s_axil_bready = write && dut_->s_axil_bvalid != 0 && b_age_ >= writes_.front().b_delay;
  // Payload means something only beside its valid.
  dut_->s_axil_awaddr = static_cast<SData>(dut_->s_axil_awvalid ? writes_.front().address : 0x5a5a);
  dut_->s_axil_wdata = dut_->s_axil_wvalid ? writes_.front().data : 0x5a5a5a5a;
  dut_->s_axil_wstrb = static_cast<CData>(dut_->s_axil_wvalid ? writes_.front().strobes : 0x5);

  const bool read = !reads_.empty();
  dut_->s_axil_arvalid = read && !ar_taken_ && read_age_ >= reads_.front().ar_delay;
  dut_->s_axil_araddr = static_cast<SData>(dut_->s_axil_arvalid ? reads_.front().address : 0x5a5a);
  dut_->s_axil_rready = read && dut_->s_axil_rvalid != 0 && r_age_ >= reads_.front().r_delay;

  for (const regs::port_field& field : regs::hw2reg_fields) {
    if (field.pulse) {
      set_bits(dut_->hw2reg_i, field.port_low, field.width_bits, pulse_bits_ >> field.register_low);
    }
  }
}

void registers_bench::clock() {
  drive_master();
  dut_->clk_i = 0;
  dut_->eval();
  const outputs before = sample();
  dut_->clk_i = 1;
  dut_->eval();
  const outputs after = sample();
  context_->timeInc(1);

  EXPECT_TRUE(!before.quiet || after.looks_like(before)) << "quiet_o was high, and something changed";
  const bool write_answered = !before.bvalid && after.bvalid;
  step_write(before, after);
  if (pulse_bits_ != 0) reference_.set(regs::device_event_status, pulse_bits_);
  pulse_bits_ = 0;
  step_read(before, after);
  expect_ports(after, write_answered);
  error_clocks_ += after.register_error ? 1 : 0;
}

void registers_bench::step_write(const outputs& before, const outputs& after) {
  if (writes_.empty()) {
    EXPECT_FALSE(after.bvalid) << "an answer that nobody asked for";
    return;
  }
  const write_access& access = writes_.front();
  ++write_age_;
  if (dut_->s_axil_awvalid && before.awready) aw_taken_ = true;
  if (dut_->s_axil_wvalid && before.wready) w_taken_ = true;
  if (before.bvalid && dut_->s_axil_bready) {
    EXPECT_FALSE(after.bvalid);
    writes_.pop_front();
    write_age_ = b_age_ = 0;
    aw_taken_ = w_taken_ = false;
    return;
  }
  if (!after.bvalid) {
    EXPECT_FALSE(before.bvalid) << "bvalid was taken back";
    return;
  }
  if (before.bvalid) {
    EXPECT_EQ(after.bresp, before.bresp) << "bresp changed while it waited";
    ++b_age_;
    return;
  }
  EXPECT_TRUE(aw_taken_ && w_taken_) << "answered before it was complete";
  const bool good = reference_.word_is_writable(access.address) && access.strobes == 0xf;
  EXPECT_EQ(after.bresp, good ? resp_okay : resp_slverr) << std::hex << access.address;
  if (good) reference_.write(access.address, access.data);
  last_bresp_ = after.bresp;
  slverr_answers_ += after.bresp == resp_slverr ? 1 : 0;
}

void registers_bench::step_read(const outputs& before, const outputs& after) {
  if (reads_.empty()) {
    EXPECT_FALSE(after.rvalid) << "an answer that nobody asked for";
    return;
  }
  const read_access& access = reads_.front();
  ++read_age_;
  if (dut_->s_axil_arvalid && before.arready) ar_taken_ = true;
  if (before.rvalid && dut_->s_axil_rready) {
    EXPECT_FALSE(after.rvalid);
    reads_.pop_front();
    read_age_ = r_age_ = 0;
    ar_taken_ = false;
    possible_.clear();
    high_possible_.clear();
    return;
  }
  if (before.rvalid) {
    EXPECT_TRUE(after.rvalid) << "rvalid was taken back";
    EXPECT_EQ(after.rdata, before.rdata) << "rdata changed while it waited";
    EXPECT_EQ(after.rresp, before.rresp) << "rresp changed while it waited";
    ++r_age_;
    return;
  }
  if (after.rvalid) {
    expect_read(after);
  } else if (ar_taken_ && reference_.has_word(access.address)) {
    possible_.insert(reference_.word(access.address));
    const auto high = static_cast<std::uint16_t>(access.address + 4);
    if (reference_.is_held_word(high)) high_possible_.insert(reference_.word(high));
  }
}

void registers_bench::expect_read(const outputs& after) {
  EXPECT_TRUE(ar_taken_) << "answered before it was asked";
  const std::uint16_t address = reads_.front().address;
  const bool good = reference_.has_word(address);
  EXPECT_EQ(after.rresp, good ? resp_okay : resp_slverr) << std::hex << address;
  if (good) {
    const std::set<std::uint32_t>& allowed = held_address_ == address && address != 0 ? held_possible_ : possible_;
    EXPECT_TRUE(allowed.contains(after.rdata))
        << std::hex << address << " read " << after.rdata << ", not " << ::testing::PrintToString(allowed);
  } else {
    EXPECT_EQ(after.rdata, 0U);
  }
  held_address_ = 0;
  if (good && !high_possible_.empty()) {
    held_address_ = static_cast<std::uint16_t>(address + 4);
    held_possible_ = high_possible_;
  }
  last_rdata_ = after.rdata;
  last_rresp_ = after.rresp;
  slverr_answers_ += after.rresp == resp_slverr ? 1 : 0;
}

void registers_bench::expect_ports(const outputs& after, bool write_answered) {
  for (const regs::port_field& field : regs::reg2hw_fields) {
    const std::uint64_t shown = get_bits(after.reg2hw, field.port_low, field.width_bits);
    if (field.pulse) {
      const bool expected = write_answered && after.bresp == resp_okay && writes_.front().address == field.offset;
      EXPECT_EQ(shown, expected ? 1U : 0U) << field.name;
      written_clocks_ += shown;
    } else {
      const std::uint64_t stored = reference_.stored(field.offset) >> field.register_low & low_mask(field.width_bits);
      EXPECT_EQ(shown, stored) << field.name;
    }
  }
}

void registers_bench::drain() {
  for (unsigned i = 0; busy(); ++i) {
    ASSERT_LT(i, give_up_clocks) << "an access is never answered";
    clock();
  }
  for (unsigned i = 0; i < clocks_until_quiet; ++i) clock();
}

unsigned registers_bench::write(std::uint16_t address, std::uint32_t data, unsigned strobes) {
  queue(write_access{.address = address, .data = data, .strobes = strobes});
  drain();
  return last_bresp_;
}

std::uint32_t registers_bench::read(std::uint16_t address, unsigned expected_response) {
  queue(read_access{.address = address});
  drain();
  EXPECT_EQ(last_rresp_, expected_response) << std::hex << address;
  return last_rdata_;
}

void registers_bench::drive(const regs::port_field& field, std::uint64_t value) {
  const std::uint64_t bits = value & low_mask(field.width_bits);
  set_bits(dut_->hw2reg_i, field.port_low, field.width_bits, bits);
  std::uint64_t whole = 0;
  for (const regs::port_field& other : regs::hw2reg_fields) {
    if (other.offset == field.offset && !other.pulse) {
      whole |= get_bits(dut_->hw2reg_i, other.port_low, other.width_bits) << other.register_low;
    }
  }
  reference_.drive(field.offset, whole);
}

std::uint64_t registers_bench::reg2hw(const regs::port_field& field) const {
  return get_bits(dut_->reg2hw_o, field.port_low, field.width_bits);
}

bool registers_bench::quiet() const { return dut_->quiet_o != 0; }

}  // namespace fourtuple::tb
