// SPDX-License-Identifier: Apache-2.0
#include "tb/nic/nic_bench.hpp"

#include <gtest/gtest.h>
#include <verilated.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "Vfourtuple_nic_small.h"
#include "tb/coverage_recorder.hpp"

namespace fourtuple::tb {
namespace {

constexpr std::size_t beat_bytes = 64;
constexpr std::uint64_t never = ~std::uint64_t{0};

template <class Wide>
void put_beat(Wide& port, std::span<const std::uint8_t> bytes) {
  for (std::size_t word = 0; word < beat_bytes / 4; ++word) {
    std::uint32_t value = 0;
    for (std::size_t byte = 0; byte < 4; ++byte) {
      const std::size_t index = 4 * word + byte;
      if (index < bytes.size()) value |= std::uint32_t{bytes[index]} << (8 * byte);
    }
    port[word] = value;
  }
}

template <class Wide>
std::vector<std::uint8_t> get_beat(const Wide& port) {
  std::vector<std::uint8_t> bytes(beat_bytes);
  for (std::size_t index = 0; index < beat_bytes; ++index) {
    bytes[index] = static_cast<std::uint8_t>(port[index / 4] >> (8 * (index % 4)));
  }
  return bytes;
}

std::uint64_t digest(std::span<const std::uint8_t> bytes, std::uint64_t start) {
  std::uint64_t hash = 0xcbf29ce484222325U ^ start;  // FNV-1a
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3U;
  return hash;
}

std::uint64_t keep_of(std::size_t bytes) { return bytes >= beat_bytes ? never : (std::uint64_t{1} << bytes) - 1; }

/// AXI4 A3.2.1: once valid, the payload may not change before it is taken.
void expect_held(std::optional<std::uint64_t>& held, bool valid, bool ready, std::uint64_t payload, const char* what) {
  if (held) {
    EXPECT_TRUE(valid) << what << " withdrawn";
    EXPECT_EQ(*held, payload) << what << " changed while waiting";
  }
  held = valid && !ready ? std::optional{payload} : std::nullopt;
}

}  // namespace

nic_bench::nic_bench(const surroundings& given)
    : options(given),
      context_(std::make_unique<VerilatedContext>()),
      dut_(std::make_unique<Vfourtuple_nic_small>(context_.get())),
      random_(given.seed),
      memory_(memory_bytes) {
  dut_->rst_ni = 0;
  dut_->clk_i = 0;
  for (int i = 0; i < 4; ++i) {
    dut_->clk_i = 0;
    dut_->eval();
    dut_->clk_i = 1;
    dut_->eval();
  }
  dut_->rst_ni = 1;
}

nic_bench::~nic_bench() {
  const coverage_recorder coverage(*dut_);
  dut_->final();
}

void nic_bench::drive_flr(bool level) { dut_->flr_i = level; }

bool nic_bench::flr_done() const { return dut_->flr_done_o != 0; }

bool nic_bench::chance(unsigned percent) {
  return percent >= 100 || std::uniform_int_distribution<unsigned>(0, 99)(random_) < percent;
}

std::uint64_t nic_bench::between(std::uint64_t low, std::uint64_t high) {
  return low == high ? low : std::uniform_int_distribution<std::uint64_t>(low, high)(random_);
}

void nic_bench::note(std::uint64_t what, std::uint64_t value) {
  trace_.push_back(clock_);
  trace_.push_back(what);
  trace_.push_back(value);
}

std::uint64_t nic_bench::skippable_clocks(std::uint64_t end) const {
  if (!options.skip_idle_clocks || !dut_->quiet_o) return 0;
  std::uint64_t next = end;
  if (!accesses_.empty()) next = std::min(next, accesses_.front().not_before);
  if (!arriving_.empty()) next = std::min(next, arriving_.front().not_before);
  if (!write_answers_.empty()) next = std::min(next, write_answers_.front().due);
  if (!read_answers_.empty()) next = std::min(next, read_answers_.front().due);
  if (access_begun_ || next <= clock_ + 1) return 0;
  return std::min<std::uint64_t>(next - clock_ - 1, dut_->quiet_clocks_o);
}

void nic_bench::tick_until(std::uint64_t end) {
  const std::uint64_t skipped = skippable_clocks(end);
  drive_registers();
  drive_mac();
  drive_memory();
  dut_->skip_i = skipped;
  dut_->clk_i = 0;
  dut_->eval();
  check_stable();
  after_edge();
  dut_->clk_i = 1;
  dut_->eval();
  clock_ += 1 + skipped;
  ++evaluated_;
}

void nic_bench::run(std::uint64_t clocks) {
  for (const std::uint64_t end = clock_ + clocks; clock_ < end;) tick_until(end);
}

bool nic_bench::run_until(const std::function<bool()>& done, std::uint64_t limit) {
  for (const std::uint64_t end = clock_ + limit; clock_ < end; tick_until(end)) {
    if (done()) return true;
  }
  return done();
}

void nic_bench::drive_registers() {
  dut_->s_axil_awvalid = 0;
  dut_->s_axil_wvalid = 0;
  dut_->s_axil_arvalid = 0;
  dut_->s_axil_bready = 1;
  dut_->s_axil_rready = 1;
  if (accesses_.empty() || accesses_.front().not_before > clock_) return;
  const register_access& access = accesses_.front();
  if (!access_begun_) access_begun_clock_ = clock_;
  access_begun_ = true;
  if (access.write) {
    const std::uint64_t since = clock_ - access_begun_clock_;
    dut_->s_axil_awvalid = !aw_done_ && since >= options.register_address_delay_clocks;
    dut_->s_axil_awaddr = static_cast<std::uint16_t>(access.address);
    dut_->s_axil_wvalid = !w_done_ && since >= options.register_data_delay_clocks;
    dut_->s_axil_wdata = access.data;
    dut_->s_axil_wstrb = 0xf;
  } else {
    dut_->s_axil_arvalid = !ar_done_;
    dut_->s_axil_araddr = static_cast<std::uint16_t>(access.address);
  }
}

void nic_bench::drive_mac() {
  dut_->s_axis_tvalid = 0;
  dut_->m_axis_tready = chance(options.mac_ready_percent);
  if (arriving_.empty() || arriving_.front().not_before > clock_ || !chance(options.mac_valid_percent)) return;
  const arriving_frame& frame = arriving_.front();
  const std::size_t size = std::min(beat_bytes, frame.bytes.size() - frame.position);
  put_beat(dut_->s_axis_tdata, std::span(frame.bytes).subspan(frame.position, size));
  dut_->s_axis_tkeep = keep_of(size);
  dut_->s_axis_tvalid = 1;
  dut_->s_axis_tlast = frame.position + size == frame.bytes.size();
  dut_->s_axis_tuser = dut_->s_axis_tlast && frame.bad;
}

void nic_bench::drive_memory() {
  dut_->m_axi_awready = chance(options.aw_ready_percent);
  dut_->m_axi_wready = chance(options.w_ready_percent);
  dut_->m_axi_arready = chance(options.ar_ready_percent);
  dut_->m_axi_bvalid = !write_answers_.empty() && write_answers_.front().due <= clock_;
  dut_->m_axi_bresp = dut_->m_axi_bvalid && write_answers_.front().refused ? 2 : 0;
  dut_->m_axi_rvalid = !read_answers_.empty() && read_answers_.front().due <= clock_;
  if (dut_->m_axi_rvalid) {
    const answer& beat = read_answers_.front();
    dut_->m_axi_rresp = beat.refused ? 2 : 0;
    dut_->m_axi_rlast = beat.last;
    if (beat.refused)
      put_beat(dut_->m_axi_rdata, {});
    else
      put_beat(dut_->m_axi_rdata, memory(beat.address, beat_bytes));
  }
}

void nic_bench::check_stable() {
  const auto wide = [](const auto& port, std::uint64_t start) { return digest(get_beat(port), start); };
  expect_held(held_aw_, dut_->m_axi_awvalid, dut_->m_axi_awready, dut_->m_axi_awaddr ^ dut_->m_axi_awlen, "AW");
  expect_held(held_w_, dut_->m_axi_wvalid, dut_->m_axi_wready,
              wide(dut_->m_axi_wdata, dut_->m_axi_wstrb ^ dut_->m_axi_wlast), "W");
  expect_held(held_ar_, dut_->m_axi_arvalid, dut_->m_axi_arready, dut_->m_axi_araddr ^ dut_->m_axi_arlen, "AR");
  expect_held(held_sent_, dut_->m_axis_tvalid, dut_->m_axis_tready,
              wide(dut_->m_axis_tdata, dut_->m_axis_tkeep ^ dut_->m_axis_tlast), "m_axis");
}

void nic_bench::after_edge() {
  if (access_begun_) {
    aw_done_ = aw_done_ || (dut_->s_axil_awvalid && dut_->s_axil_awready);
    w_done_ = w_done_ || (dut_->s_axil_wvalid && dut_->s_axil_wready);
    ar_done_ = ar_done_ || (dut_->s_axil_arvalid && dut_->s_axil_arready);
    if (dut_->s_axil_bvalid || dut_->s_axil_rvalid) {
      last_response_ = dut_->s_axil_bvalid ? dut_->s_axil_bresp : dut_->s_axil_rresp;
      last_read_ = dut_->s_axil_rdata;
      note(1, (std::uint64_t{last_response_} << 32U) | (dut_->s_axil_rvalid ? last_read_ : 0));
      accesses_.pop_front();
      access_begun_ = aw_done_ = w_done_ = ar_done_ = false;
    }
  }
  if (dut_->s_axis_tvalid) {
    EXPECT_TRUE(dut_->s_axis_tready);
    arriving_frame& frame = arriving_.front();
    frame.position += beat_bytes;
    if (frame.position >= frame.bytes.size()) arriving_.pop_front();
  }
  if (dut_->m_axi_bvalid || (dut_->m_axi_rvalid && dut_->m_axi_rready)) last_answer_clock_ = clock_;
  if (dut_->m_axi_bvalid) write_answers_.pop_front();
  if (dut_->m_axi_rvalid && dut_->m_axi_rready) read_answers_.pop_front();
  take_writes();
  take_reads();
  take_sent();
}

void nic_bench::take_writes() {
  if (dut_->m_axi_awvalid && dut_->m_axi_awready) {
    const unsigned beats = dut_->m_axi_awlen + 1U;
    EXPECT_EQ(dut_->m_axi_awaddr % beat_bytes, 0U);
    EXPECT_LE(dut_->m_axi_awaddr % 4096 + beats * beat_bytes, 4096U) << "burst across a 4096-byte border";
    EXPECT_EQ(dut_->m_axi_awsize, 6);
    EXPECT_EQ(dut_->m_axi_awburst, 1);
    note(2, dut_->m_axi_awaddr ^ dut_->m_axi_awlen);
    write_addresses_.push_back({dut_->m_axi_awaddr, beats});
  }
  if (dut_->m_axi_wvalid && dut_->m_axi_wready) {
    write_beats_.push_back(get_beat(dut_->m_axi_wdata));
    write_strobes_.push_back(dut_->m_axi_wstrb);
    write_lasts_.push_back(dut_->m_axi_wlast);
    note(3, digest(write_beats_.back(), dut_->m_axi_wstrb ^ dut_->m_axi_wlast));
  }
  while (!write_addresses_.empty() && write_beats_.size() >= write_addresses_.front().beats) finish_burst();
}

void nic_bench::finish_burst() {
  const address_phase phase = write_addresses_.front();
  write_addresses_.pop_front();
  write_burst burst{clock_, phase.address, {}, {}, false};
  for (unsigned beat = 0; beat < phase.beats; ++beat) {
    EXPECT_EQ(write_lasts_.front(), beat + 1 == phase.beats) << "WLAST";
    burst.bytes.insert(burst.bytes.end(), write_beats_.front().begin(), write_beats_.front().end());
    for (unsigned lane = 0; lane < beat_bytes; ++lane) burst.enabled.push_back((write_strobes_.front() >> lane) & 1U);
    write_beats_.pop_front();
    write_strobes_.pop_front();
    write_lasts_.pop_front();
  }
  burst.refused = std::ranges::any_of(refused_writes, [&](const auto& range) { return range.contains(burst.address); });
  const bool in_memory = address_range{memory_base, memory_bytes}.contains(burst.address);
  if (in_memory && !burst.refused) {
    const auto place = memory(burst.address, burst.bytes.size());
    for (std::size_t i = 0; i < place.size(); ++i) {
      if (burst.enabled[i]) place[i] = burst.bytes[i];
    }
  }
  const std::uint64_t after = write_answers_.empty() ? 0 : write_answers_.back().due;
  const std::uint64_t due = clock_ + between(options.write_latency_min_clocks, options.write_latency_max_clocks);
  write_answers_.push_back({std::max(after, due), burst.address, burst.refused, true});
  if (on_write) on_write(burst);
}

void nic_bench::take_reads() {
  if (!dut_->m_axi_arvalid || !dut_->m_axi_arready) return;
  const unsigned beats = dut_->m_axi_arlen + 1U;
  const std::uint64_t address = dut_->m_axi_araddr;
  EXPECT_EQ(address % beat_bytes, 0U);
  EXPECT_LE(address % 4096 + beats * beat_bytes, 4096U) << "burst across a 4096-byte border";
  note(4, address ^ dut_->m_axi_arlen);
  const std::uint64_t after = read_answers_.empty() ? 0 : read_answers_.back().due;
  const std::uint64_t due = clock_ + between(options.read_latency_min_clocks, options.read_latency_max_clocks);
  for (unsigned beat = 0; beat < beats; ++beat) {
    const std::uint64_t place = address + beat * beat_bytes;
    const bool refused = !address_range{memory_base, memory_bytes}.contains(place) ||
                         std::ranges::any_of(refused_reads, [&](const auto& range) { return range.contains(place); });
    read_answers_.push_back({std::max(after, due), place, refused, beat + 1 == beats});
  }
}

void nic_bench::take_sent() {
  if (!dut_->m_axis_tvalid || !dut_->m_axis_tready) return;
  const std::vector<std::uint8_t> beat = get_beat(dut_->m_axis_tdata);
  std::size_t size = 0;
  while (size < beat_bytes && ((dut_->m_axis_tkeep >> size) & 1U) != 0) ++size;
  EXPECT_EQ(dut_->m_axis_tkeep, keep_of(size)) << "keep has a hole";
  note(5, digest(beat, dut_->m_axis_tkeep ^ dut_->m_axis_tlast));
  leaving_.insert(leaving_.end(), beat.begin(), beat.begin() + static_cast<std::ptrdiff_t>(size));
  if (dut_->m_axis_tlast) {
    sent.push_back({clock_, std::exchange(leaving_, {})});
  }
}

std::span<std::uint8_t> nic_bench::memory(std::uint64_t address, std::size_t size) {
  EXPECT_LE(address - memory_base + size, memory_bytes) << std::hex << address;
  return std::span(memory_).subspan(address - memory_base, size);
}

void nic_bench::schedule_write(std::uint64_t clock, std::uint32_t address, std::uint32_t value) {
  accesses_.push_back({clock, true, address, value});
}

void nic_bench::schedule_read(std::uint64_t clock, std::uint32_t address) {
  accesses_.push_back({clock, false, address, 0});
}

std::uint32_t nic_bench::wait_for_register() {
  EXPECT_TRUE(run_until([this] { return accesses_.empty(); }, 10'000)) << "no answer to a register access";
  return last_read_;
}

void nic_bench::write32(std::uint32_t address, std::uint32_t value) {
  schedule_write(clock_, address, value);
  wait_for_register();
}

void nic_bench::write64(std::uint32_t address, std::uint64_t value) {
  write32(address, static_cast<std::uint32_t>(value));
  write32(address + 4, static_cast<std::uint32_t>(value >> 32U));
}

std::uint32_t nic_bench::read32(std::uint32_t address) {
  schedule_read(clock_, address);
  return wait_for_register();
}

std::uint64_t nic_bench::read64(std::uint32_t address) {
  const std::uint64_t low = read32(address);
  return low | (std::uint64_t{read32(address + 4)} << 32U);
}

void nic_bench::receive(frame_bytes frame, bool bad, std::uint64_t not_before) {
  arriving_.push_back({not_before, bad, std::move(frame), 0});
}

}  // namespace fourtuple::tb
