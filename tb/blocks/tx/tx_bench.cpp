// SPDX-License-Identifier: Apache-2.0
#include "tb/blocks/tx/tx_bench.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "Vtx_engine.h"
#include "Vtx_engine___024root.h"

namespace fourtuple::tb {
namespace {
constexpr std::uint64_t beat_bytes = 64;
constexpr std::uint64_t page_bytes = 4096;
constexpr std::size_t largest_read_bytes = 512;
constexpr std::byte freed_byte{0xdd};
}  // namespace

std::vector<std::byte> expected_on_wire(const tx_frame& frame) {
  std::vector<std::byte> wire = frame.bytes;
  if (frame.checksum) {
    std::uint64_t sum = 0;
    for (std::size_t i = frame.checksum_start; i < wire.size(); ++i) {
      const bool high = (i - frame.checksum_start) % 2 == 0;
      sum += std::to_integer<std::uint64_t>(wire[i]) << (high ? 8 : 0);
    }
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    std::uint64_t result = ~sum & 0xffff;
    if (result == 0) result = 0xffff;
    const std::size_t field = std::size_t{frame.checksum_start} + frame.checksum_offset;
    wire[field] = static_cast<std::byte>(result >> 8);
    wire[field + 1] = static_cast<std::byte>(result & 0xff);
  }
  wire.resize(std::max<std::size_t>(wire.size(), 60));
  return wire;
}

tx_bench::tx_bench(std::uint32_t seed, unsigned entries_log2, const tx_world& world)
    : dut_(std::make_unique<Vtx_engine>()),
      random_(seed),
      world_(world),
      memory_(memory_bytes),
      entries_log2_(entries_log2),
      ring_address_(memory_base + page_bytes),
      next_place_(memory_base + (std::uint64_t{1} << 20)) {
  dut_->tx_base_i = ring_address_;
  dut_->tx_entries_log2_i = static_cast<std::uint8_t>(entries_log2);
  dut_->rst_ni = 0;
  for (int i = 0; i < 3; ++i) {
    dut_->clk_i = 0;
    dut_->eval();
    dut_->clk_i = 1;
    dut_->eval();
  }
  dut_->rst_ni = 1;
}

tx_bench::~tx_bench() { dut_->final(); }

unsigned tx_bench::pick(unsigned low, unsigned high) {
  return low + static_cast<unsigned>(random_() % (std::uint64_t{high} - low + 1));
}

std::byte* tx_bench::at(std::uint64_t address) { return memory_.data() + (address - memory_base); }

bool tx_bench::is_refused(std::uint64_t address) const {
  return std::any_of(refused_.begin(), refused_.end(),
                     [&](const range& r) { return address < r.end && address + beat_bytes > r.begin; });
}

std::uint64_t tx_bench::descriptor_address(std::uint16_t index) const {
  return ring_address_ + 16 * (index & ((std::uint64_t{1} << entries_log2_) - 1));
}

void tx_bench::enable() {
  written_ = tail_ = 0;
  in_use_.clear();
  dut_->tx_tail_i = 0;
  dut_->tx_enable_i = 1;
  inputs_changed_ = true;
  clocks(3);
}

void tx_bench::disable() {
  dut_->tx_enable_i = 0;
  inputs_changed_ = true;
}

std::uint64_t tx_bench::place(std::span<const std::byte> bytes, int lane) {
  const std::uint64_t end = memory_base + memory_bytes;
  std::uint64_t address = next_place_ + pick(0, 200);
  if (lane >= 0) address = (address + beat_bytes) / beat_bytes * beat_bytes + static_cast<unsigned>(lane);
  if (address + bytes.size() > end) address = memory_base + (std::uint64_t{1} << 20) + (address % beat_bytes);
  std::memcpy(at(address), bytes.data(), bytes.size());
  next_place_ = address + bytes.size();
  return address;
}

void tx_bench::write_descriptor(const regs::transmit_descriptor& descriptor) {
  const unsigned entries = 1U << entries_log2_;
  unsigned waited = 0;
  while (static_cast<std::uint16_t>(written_ - head()) >= entries) {
    if (static_cast<std::uint16_t>(written_ - tail_) > 0) doorbell();
    clock();
    if (++waited == 200'000) {
      ADD_FAILURE() << "the ring stays full";
      return;
    }
  }
  descriptor.encode(std::span<std::byte, 16>(at(descriptor_address(written_)), 16));
  ++written_;
  if (descriptor.length != 0 && descriptor.length < (1U << 14)) {
    in_use_.push_back({written_, descriptor.address, descriptor.length});
  }
}

void tx_bench::doorbell() {
  tail_ = written_;
  dut_->tx_tail_i = tail_;
  inputs_changed_ = true;
}

void tx_bench::send(const tx_frame& frame, bool ring_doorbell) {
  std::size_t done = 0;
  for (std::size_t i = 0; i < frame.pieces.size(); ++i) {
    const std::size_t length = frame.pieces[i];
    regs::transmit_descriptor descriptor;
    descriptor.address = place(std::span(frame.bytes).subspan(done, length));
    descriptor.length = static_cast<std::uint32_t>(length);
    done += length;
    // The options of the other descriptors are ignored: they may be anything.
    const bool last = i + 1 == frame.pieces.size();
    descriptor.end_of_frame = last;
    descriptor.checksum = last ? frame.checksum : chance(50);
    descriptor.tso = last ? frame.tso : chance(50);
    descriptor.completion = last ? frame.completion : chance(50);
    descriptor.checksum_start = last ? frame.checksum_start : static_cast<std::uint8_t>(pick(0, 255));
    descriptor.checksum_offset = last ? frame.checksum_offset : static_cast<std::uint8_t>(pick(0, 255));
    descriptor.mss = static_cast<std::uint16_t>(pick(0, 16383));
    write_descriptor(descriptor);
  }
  if (ring_doorbell) doorbell();
}

void tx_bench::drive_reads() {
  dut_->ar_ready_i = chance(world_.ar_ready_percent);
  // What is offered stays until it is taken.
  if (dut_->r_valid_i) return;
  if (reads_.empty() || reads_.front().ready_at > now_ || !chance(world_.r_valid_percent)) return;
  const read_burst& burst = reads_.front();
  const std::uint64_t address = burst.address + beats_given_ * beat_bytes;
  const bool refused = is_refused(address);
  dut_->r_valid_i = 1;
  dut_->r_resp_i = refused ? static_cast<std::uint8_t>(pick(2, 3)) : 0;
  dut_->r_last_i = beats_given_ + 1 == burst.beats;
  if (refused) {
    std::memset(dut_->r_data_i.data(), 0xff, beat_bytes);
  } else {
    std::memcpy(dut_->r_data_i.data(), at(address), beat_bytes);
  }
}

void tx_bench::check_descriptor_read(const read_burst& burst) const {
  // Some descriptor in every line has been announced and is not finished with.
  for (unsigned beat = 0; beat < burst.beats; ++beat) {
    bool wanted = false;
    for (std::uint16_t index = head(); index != tail_; ++index) {
      const std::uint64_t line = burst.address + beat * beat_bytes;
      wanted = wanted || descriptor_address(index) / beat_bytes == line / beat_bytes;
    }
    EXPECT_TRUE(wanted) << "a line of descriptors beyond the doorbell was read";
  }
}

void tx_bench::accept_read() {
  if (!dut_->ar_valid_o || !dut_->ar_ready_i) return;
  read_burst burst{dut_->ar_addr_o, dut_->ar_len_o + 1U, 0};
  burst.ready_at = now_ + pick(world_.read_latency_min, world_.read_latency_max);
  const std::uint64_t end = burst.address + burst.beats * beat_bytes;
  EXPECT_EQ(burst.address % beat_bytes, 0U);
  EXPECT_LE(burst.beats * beat_bytes, largest_read_bytes);
  EXPECT_EQ(burst.address / page_bytes, (end - 1) / page_bytes) << "a read crosses a page";
  const bool inside = burst.address >= memory_base && end <= memory_base + memory_bytes;
  EXPECT_TRUE(inside) << "a read outside the memory: " << burst.address;
  if (!inside) burst.address = memory_base;
  const std::uint64_t ring_end = ring_address_ + (std::uint64_t{16} << entries_log2_);
  if (burst.address >= ring_address_ && burst.address < ring_end) check_descriptor_read(burst);
  reads_.push_back(burst);
}

void tx_bench::accept_frame_beat() {
  const bool inside_frame = !receiving_.empty();
  if (inside_frame && world_.mac_ready_percent == 100) {
    EXPECT_TRUE(dut_->m_axis_tvalid) << "a gap inside a frame";
  }
  if (!dut_->m_axis_tvalid || !dut_->m_axis_tready) return;
  const std::uint64_t keep = dut_->m_axis_tkeep;
  const auto bytes = static_cast<std::size_t>(std::popcount(keep));
  EXPECT_EQ(keep, bytes == beat_bytes ? ~std::uint64_t{0} : (std::uint64_t{1} << bytes) - 1);
  EXPECT_TRUE(dut_->m_axis_tlast || bytes == beat_bytes);
  const auto* data = reinterpret_cast<const std::byte*>(dut_->m_axis_tdata.data());
  receiving_.insert(receiving_.end(), data, data + bytes);
  if (dut_->m_axis_tlast) {
    EXPECT_TRUE(dut_->frame_o);
    EXPECT_EQ(dut_->frame_bytes_o, receiving_.size());
    sent_.push_back(std::move(receiving_));
    receiving_.clear();
  }
}

void tx_bench::count_pulses() {
  counts_.frames += dut_->frame_o;
  if (dut_->frame_o) counts_.bytes += dut_->frame_bytes_o;
  counts_.checksums += dut_->checksum_inserted_o;
  counts_.drop_descriptor += dut_->drop_descriptor_o;
  counts_.drop_dma_error += dut_->drop_dma_error_o;
  counts_.halted += dut_->halted_pulse_o;
  counts_.read_errors += dut_->dma_read_error_o;
  if (dut_->dma_read_error_o) {
    error_address_ = dut_->dma_read_error_address_o;
    error_source_ = dut_->dma_read_error_source_o;
  }
}

void tx_bench::check_quiet() {
  const std::uint64_t outputs =
      std::uint64_t{dut_->tx_head_o} | std::uint64_t{dut_->tx_active_o} << 16 | std::uint64_t{dut_->tx_halted_o} << 17 |
      std::uint64_t{dut_->ar_valid_o} << 18 | std::uint64_t{dut_->m_axis_tvalid} << 19 |
      std::uint64_t{dut_->completion_valid_o} << 20 | std::uint64_t{dut_->frame_o} << 21 |
      std::uint64_t{dut_->drop_descriptor_o} << 22 | std::uint64_t{dut_->drop_dma_error_o} << 23 |
      std::uint64_t{dut_->halted_pulse_o} << 24 | std::uint64_t{dut_->dma_read_error_o} << 25;
  const bool inputs_idle = !inputs_changed_ && !dut_->r_valid_i;
  if (last_clock_quiet_ && inputs_idle) {
    EXPECT_TRUE(dut_->quiet_o) << "quiet ended by itself at clock " << now_;
    EXPECT_EQ(outputs, last_clock_outputs_) << "something changed while quiet at clock " << now_;
  }
  last_clock_quiet_ = dut_->quiet_o && !dut_->r_valid_i;
  last_clock_outputs_ = outputs;
  inputs_changed_ = false;
}

void tx_bench::overwrite_freed() {
  // What the engine has finished with belongs to the host again.
  while (!in_use_.empty() && static_cast<std::int16_t>(dut_->tx_head_o - in_use_.front().next_index) >= 0) {
    std::memset(at(in_use_.front().address), std::to_integer<int>(freed_byte), in_use_.front().bytes);
    in_use_.pop_front();
  }
}

void tx_bench::clock() {
  drive_reads();
  dut_->m_axis_tready = chance(world_.mac_ready_percent);
  dut_->completion_ready_i = chance(world_.completion_ready_percent);
  dut_->clk_i = 0;
  dut_->eval();

  check_quiet();
  accept_read();
  accept_frame_beat();
  count_pulses();
  if (dut_->completion_valid_o && dut_->completion_ready_i) completions_.push_back(dut_->completion_index_o);
  const bool beat_taken = dut_->r_valid_i && dut_->r_ready_o;
  EXPECT_TRUE(beat_taken || !dut_->r_valid_i) << "read data had to wait";
  overwrite_freed();

  dut_->clk_i = 1;
  dut_->eval();
  ++now_;
  if (beat_taken) {
    dut_->r_valid_i = 0;
    if (++beats_given_ == reads_.front().beats) {
      reads_.pop_front();
      beats_given_ = 0;
    }
  }
}

void tx_bench::clocks(unsigned count) {
  for (unsigned i = 0; i < count; ++i) clock();
}

bool tx_bench::drain(unsigned limit) {
  for (unsigned i = 0; i < limit; ++i) {
    clock();
    if (head() == tail_ && quiet()) return true;
  }
  return false;
}

std::uint16_t tx_bench::head() const { return dut_->tx_head_o; }
bool tx_bench::active() const { return dut_->tx_active_o != 0; }
bool tx_bench::halted() const { return dut_->tx_halted_o != 0; }
bool tx_bench::quiet() const { return dut_->quiet_o != 0; }

bool tx_bench::inputs_rest() const {
  return !inputs_changed_ && !dut_->r_valid_i && (reads_.empty() || reads_.front().ready_at > now_);
}

std::vector<std::byte> tx_bench::state() const {
  const auto* root = reinterpret_cast<const std::byte*>(dut_->rootp);
  return {root, root + sizeof(*dut_->rootp)};
}

}  // namespace fourtuple::tb
