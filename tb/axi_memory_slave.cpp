// SPDX-License-Identifier: Apache-2.0
#include "tb/axi_memory_slave.hpp"

#include <bit>
#include <cstring>
#include <systemc>
#include <utility>

namespace fourtuple::tb {
namespace {

constexpr std::size_t queued_bursts = 16;               // Addresses or data that wait for their other half.
constexpr std::uint32_t most_outstanding_writes = 256;  // A bridge's buffer: 16 KiB of small frames.
constexpr std::uint32_t most_outstanding_reads = 256;
constexpr std::uint8_t response_okay = 0;
constexpr std::uint8_t response_slave_error = 2;
constexpr std::uint8_t size_of_full_beats = 6;
constexpr std::uint8_t burst_increment = 1;
constexpr std::uint64_t burst_border_bytes = 4096;

void check_burst(std::uint64_t address, std::uint32_t beats, std::uint8_t size, std::uint8_t burst) {
  if (size != size_of_full_beats || burst != burst_increment)
    SC_REPORT_ERROR("m_axi", "not an INCR burst of full beats");
  if (address % bus_bytes != 0 || address % burst_border_bytes + std::uint64_t{beats} * bus_bytes > burst_border_bytes)
    SC_REPORT_ERROR("m_axi", "burst not aligned, or across a 4096-byte border");
}

}  // namespace

axi_memory_slave::axi_memory_slave(const nic_pins& pins, write_function write, read_function read)
    : pins_(pins), write_(std::move(write)), read_(std::move(read)) {}

std::vector<std::byte> axi_memory_slave::empty_buffer() {
  if (spare_buffers_.empty()) return {};
  std::vector<std::byte> buffer = std::move(spare_buffers_.back());
  spare_buffers_.pop_back();
  buffer.clear();
  return buffer;
}

void axi_memory_slave::read_finished(bool ok, std::span<const std::byte> data) {
  read_answer answer{.data = empty_buffer(), .ok = ok};
  answer.data.assign(data.begin(), data.end());
  read_answers_.push_back(std::move(answer));
}

void axi_memory_slave::drive() noexcept {
  *pins_.m_axi_awready = addresses_.size() < queued_bursts && writes_outstanding_ < most_outstanding_writes;
  *pins_.m_axi_wready = bursts_.size() < queued_bursts;
  *pins_.m_axi_arready = reads_outstanding_ < most_outstanding_reads;
  *pins_.m_axi_bvalid = !write_answers_.empty();
  if (!write_answers_.empty()) *pins_.m_axi_bresp = write_answers_.front() ? response_okay : response_slave_error;
  *pins_.m_axi_rvalid = !read_answers_.empty();
  if (read_answers_.empty() || !read_data_stale_) return;
  const read_answer& answer = read_answers_.front();
  std::memcpy(pins_.m_axi_rdata, answer.data.data() + read_position_, bus_bytes);
  *pins_.m_axi_rlast = read_position_ + bus_bytes == answer.data.size();
  *pins_.m_axi_rresp = answer.ok ? response_okay : response_slave_error;
  read_data_stale_ = false;
}

void axi_memory_slave::sample() {
  if (*pins_.m_axi_awvalid && *pins_.m_axi_awready) take_write_address();
  if (*pins_.m_axi_wvalid && *pins_.m_axi_wready) take_write_data();
  if (*pins_.m_axi_arvalid && *pins_.m_axi_arready) take_read_address();
  if (*pins_.m_axi_bvalid && *pins_.m_axi_bready) {
    write_answers_.pop_front();
    --writes_outstanding_;
  }
  if (*pins_.m_axi_rvalid && *pins_.m_axi_rready) advance_read_data();
}

void axi_memory_slave::take_write_address() {
  const write_address taken{.address = *pins_.m_axi_awaddr, .beats = *pins_.m_axi_awlen + 1U};
  check_burst(taken.address, taken.beats, *pins_.m_axi_awsize, *pins_.m_axi_awburst);
  addresses_.push_back(taken);
  ++writes_outstanding_;
  issue_writes();
}

void axi_memory_slave::take_write_data() {
  const std::uint64_t strobes = *pins_.m_axi_wstrb;
  const auto first = static_cast<std::uint32_t>(std::countr_zero(strobes));
  const auto count = static_cast<std::uint32_t>(std::popcount(strobes));
  if (!in_burst_) {
    gathering_ = {.bytes = empty_buffer(), .first_lane = first};
    in_burst_ = true;
  } else if (first != 0 || gathering_.ended) {
    SC_REPORT_ERROR("m_axi", "a write burst with a hole in its strobes");
  }
  if (count == 0 || static_cast<std::uint32_t>(std::countl_zero(strobes)) + first + count != bus_bytes)
    SC_REPORT_ERROR("m_axi", "strobes of a beat are not adjacent, or there are none");
  const auto* lanes = reinterpret_cast<const std::byte*>(pins_.m_axi_wdata);
  gathering_.bytes.insert(gathering_.bytes.end(), lanes + first, lanes + first + count);
  gathering_.ended = first + count != bus_bytes;
  ++gathering_.beats;
  if (!*pins_.m_axi_wlast) return;
  bursts_.push_back(std::move(gathering_));
  in_burst_ = false;
  issue_writes();
}

void axi_memory_slave::issue_writes() {
  while (!addresses_.empty() && !bursts_.empty()) {
    const write_address where = addresses_.front();
    write_burst& what = bursts_.front();
    if (where.beats != what.beats) SC_REPORT_ERROR("m_axi", "WLAST does not agree with AWLEN");
    write_(where.address + what.first_lane, what.bytes);
    spare_buffers_.push_back(std::move(what.bytes));
    addresses_.pop_front();
    bursts_.pop_front();
  }
}

void axi_memory_slave::take_read_address() {
  const std::uint64_t address = *pins_.m_axi_araddr;
  const std::uint32_t beats = *pins_.m_axi_arlen + 1U;
  check_burst(address, beats, *pins_.m_axi_arsize, *pins_.m_axi_arburst);
  ++reads_outstanding_;
  read_(address, beats * bus_bytes);
}

void axi_memory_slave::advance_read_data() {
  read_data_stale_ = true;
  read_position_ += bus_bytes;
  if (read_position_ < read_answers_.front().data.size()) return;
  spare_buffers_.push_back(std::move(read_answers_.front().data));
  read_answers_.pop_front();
  read_position_ = 0;
  --reads_outstanding_;
}

}  // namespace fourtuple::tb
