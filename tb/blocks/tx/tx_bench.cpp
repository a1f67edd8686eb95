// SPDX-License-Identifier: Apache-2.0
#include "tb/blocks/tx/tx_bench.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "Vtx_engine.h"
#include "Vtx_engine___024root.h"
#include "tb/coverage_recorder.hpp"

namespace fourtuple::tb {
namespace {
constexpr std::uint64_t beat_bytes = 64;
constexpr std::uint64_t page_bytes = 4096;
constexpr std::size_t largest_read_bytes = 512;
constexpr std::byte freed_byte{0xdd};
constexpr std::uint64_t ring_spacing = 0x1'0000;  // 4096 descriptors

std::uint32_t load(std::span<const std::byte> bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | std::to_integer<std::uint32_t>(bytes[at + i]);
  return value;
}

void store(std::span<std::byte> bytes, std::size_t at, std::size_t count, std::uint32_t value) {
  for (std::size_t i = 0; i < count; ++i) bytes[at + i] = static_cast<std::byte>(value >> (8 * (count - 1 - i)));
}

std::uint16_t internet_checksum(std::span<const std::byte> bytes, std::uint64_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); ++i)
    sum += std::to_integer<std::uint64_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}
}  // namespace

std::vector<std::vector<std::byte>> expected_segments(const tx_frame& frame) {
  constexpr std::uint32_t tcp = 6;
  const std::size_t transport = frame.checksum_start;
  const std::size_t network = transport - 20;
  const std::size_t payload = frame.bytes.size() - frame.header_length;
  std::vector<std::vector<std::byte>> segments;
  for (std::size_t done = 0; done < payload; done += frame.mss) {
    const std::size_t count = std::min<std::size_t>(frame.mss, payload - done);
    const auto from = frame.bytes.begin() + static_cast<std::ptrdiff_t>(frame.header_length + done);
    std::vector<std::byte> out(frame.bytes.begin(), frame.bytes.begin() + frame.header_length);
    out.insert(out.end(), from, from + static_cast<std::ptrdiff_t>(count));
    store(out, network + 2, 2, static_cast<std::uint32_t>(out.size() - network));
    store(out, network + 4, 2, load(out, network + 4, 2) + static_cast<std::uint32_t>(segments.size()));
    store(out, network + 10, 2, 0);
    store(out, network + 10, 2, internet_checksum(std::span(out).subspan(network, 20)));
    store(out, transport + 4, 4, load(out, transport + 4, 4) + static_cast<std::uint32_t>(done));
    if (done + count != payload) out[transport + 13] &= ~std::byte{0x09};
    if (done != 0) out[transport + 13] &= ~std::byte{0x80};
    store(out, transport + 16, 2, 0);
    const std::uint64_t pseudo =
        std::uint64_t{load(out, network + 12, 4)} + load(out, network + 16, 4) + tcp + (out.size() - transport);
    const std::uint16_t sum = internet_checksum(std::span(out).subspan(transport), pseudo);
    store(out, transport + 16, 2, sum == 0 ? 0xffff : sum);
    out.resize(std::max<std::size_t>(out.size(), 60));
    segments.push_back(std::move(out));
  }
  return segments;
}

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
  for (unsigned queue = 0; queue < queues; ++queue) {
    dut_->tx_base_i[2 * queue] = static_cast<std::uint32_t>(ring_address_ + queue * ring_spacing);
    dut_->tx_base_i[2 * queue + 1] = static_cast<std::uint32_t>((ring_address_ + queue * ring_spacing) >> 32);
    dut_->tx_entries_log2_i |= entries_log2 << (5 * queue);
  }
  dut_->rst_ni = 0;
  for (int i = 0; i < 3; ++i) {
    dut_->clk_i = 0;
    dut_->eval();
    dut_->clk_i = 1;
    dut_->eval();
  }
  dut_->rst_ni = 1;
}

tx_bench::~tx_bench() {
  const coverage_recorder coverage(*dut_);
  dut_->final();
}

unsigned tx_bench::pick(unsigned low, unsigned high) {
  return low + static_cast<unsigned>(random_() % (std::uint64_t{high} - low + 1));
}

std::byte* tx_bench::at(std::uint64_t address) { return memory_.data() + (address - memory_base); }

bool tx_bench::is_refused(std::uint64_t address) const {
  return std::any_of(refused_.begin(), refused_.end(),
                     [&](const range& r) { return address < r.end && address + beat_bytes > r.begin; });
}

std::uint64_t tx_bench::descriptor_address(std::uint16_t index, unsigned queue) const {
  return ring_address_ + queue * ring_spacing + 16 * (index & ((std::uint64_t{1} << entries_log2_) - 1));
}

void tx_bench::set_tail(unsigned queue, std::uint16_t index) {
  rings_[queue].tail = index;
  dut_->tx_tail_i &= ~(std::uint64_t{0xffff} << (16 * queue));
  dut_->tx_tail_i |= std::uint64_t{index} << (16 * queue);
}

void tx_bench::enable(unsigned queue) {
  rings_[queue].written = 0;
  rings_[queue].in_use.clear();
  set_tail(queue, 0);
  dut_->tx_enable_i = static_cast<std::uint8_t>(dut_->tx_enable_i | 1U << queue);
  inputs_changed_ = true;
  clocks(3);
}

void tx_bench::disable(unsigned queue) {
  dut_->tx_enable_i = static_cast<std::uint8_t>(dut_->tx_enable_i & ~(1U << queue));
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

void tx_bench::put(std::uint64_t address, std::span<const std::byte> bytes) {
  std::memcpy(at(address), bytes.data(), bytes.size());
}

void tx_bench::write_descriptor(const regs::transmit_descriptor& descriptor, unsigned queue) {
  const unsigned entries = 1U << entries_log2_;
  ring& to = rings_[queue];
  unsigned waited = 0;
  while (static_cast<std::uint16_t>(to.written - head(queue)) >= entries) {
    if (to.written != to.tail) doorbell(queue);
    clock();
    if (++waited == 200'000) {
      ADD_FAILURE() << "the ring stays full";
      return;
    }
  }
  descriptor.encode(std::span<std::byte, 16>(at(descriptor_address(to.written, queue)), 16));
  ++to.written;
  if (descriptor.length != 0 && descriptor.length < (1U << 17)) {
    to.in_use.push_back({to.written, descriptor.address, descriptor.length});
  }
}

void tx_bench::doorbell(unsigned queue) {
  set_tail(queue, rings_[queue].written);
  inputs_changed_ = true;
}

void tx_bench::send(const tx_frame& frame, bool ring_doorbell, unsigned queue) {
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
    descriptor.mss = last && frame.tso ? frame.mss : static_cast<std::uint16_t>(pick(0, 16383));
    descriptor.header_length = last && frame.tso ? frame.header_length : static_cast<std::uint8_t>(pick(0, 255));
    write_descriptor(descriptor, queue);
  }
  if (ring_doorbell) doorbell(queue);
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

void tx_bench::check_descriptor_read(const read_burst& burst, unsigned queue) const {
  // Some descriptor in every line has been announced and is not finished with.
  for (unsigned beat = 0; beat < burst.beats; ++beat) {
    bool wanted = false;
    for (std::uint16_t index = head(queue); index != rings_[queue].tail; ++index) {
      const std::uint64_t line = burst.address + beat * beat_bytes;
      wanted = wanted || descriptor_address(index, queue) / beat_bytes == line / beat_bytes;
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
  const std::uint64_t ring_end = ring_address_ + queues * ring_spacing;
  if (burst.address >= ring_address_ && burst.address < ring_end)
    check_descriptor_read(burst, static_cast<unsigned>((burst.address - ring_address_) / ring_spacing));
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
  counts_.segments += dut_->segment_o;
  counts_.segmented_frames += dut_->segment_last_o;
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
  const std::vector<std::uint64_t> outputs{
      dut_->tx_head_o, std::uint64_t{dut_->tx_active_o} << 8 | dut_->tx_halted_o,
      std::uint64_t{dut_->ar_valid_o} << 18 | std::uint64_t{dut_->m_axis_tvalid} << 19 |
          std::uint64_t{dut_->completion_o} << 20 | std::uint64_t{dut_->frame_o} << 21 |
          std::uint64_t{dut_->drop_descriptor_o} << 22 | std::uint64_t{dut_->drop_dma_error_o} << 23 |
          std::uint64_t{dut_->halted_pulse_o} << 24 | std::uint64_t{dut_->dma_read_error_o} << 25};
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
  for (unsigned queue = 0; queue < queues; ++queue) {
    auto& lent = rings_[queue].in_use;
    while (!lent.empty() && static_cast<std::int16_t>(head(queue) - lent.front().next_index) >= 0) {
      std::memset(at(lent.front().address), std::to_integer<int>(freed_byte), lent.front().bytes);
      lent.pop_front();
    }
  }
}

void tx_bench::clock() {
  drive_reads();
  dut_->m_axis_tready = chance(world_.mac_ready_percent);
  dut_->clk_i = 0;
  dut_->eval();

  check_quiet();
  accept_read();
  accept_frame_beat();
  count_pulses();
  if (dut_->completion_o) rings_[dut_->completion_queue_o].completions.push_back(dut_->completion_index_o);
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
    bool done = quiet();
    for (unsigned queue = 0; queue < queues; ++queue) done = done && head(queue) == tail(queue);
    if (done) return true;
  }
  return false;
}

std::uint16_t tx_bench::head(unsigned queue) const {
  return static_cast<std::uint16_t>(dut_->tx_head_o >> (16 * queue));
}
bool tx_bench::active(unsigned queue) const { return (dut_->tx_active_o >> queue & 1U) != 0; }
bool tx_bench::halted(unsigned queue) const { return (dut_->tx_halted_o >> queue & 1U) != 0; }
bool tx_bench::quiet() const { return dut_->quiet_o != 0; }

bool tx_bench::inputs_rest() const {
  return !inputs_changed_ && !dut_->r_valid_i && (reads_.empty() || reads_.front().ready_at > now_);
}

std::vector<std::byte> tx_bench::state() const {
  const auto* root = reinterpret_cast<const std::byte*>(dut_->rootp);
  return {root, root + sizeof(*dut_->rootp)};
}

tx_frame plain_frame(tx_bench& bench, std::size_t length) {
  tx_frame frame{.bytes = std::vector<std::byte>(length), .pieces = {length}};
  for (auto& byte : frame.bytes) byte = static_cast<std::byte>(bench.random()());
  return frame;
}

}  // namespace fourtuple::tb
