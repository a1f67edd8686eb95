// SPDX-License-Identifier: Apache-2.0
#include "model/nic/dma_engine.hpp"

#include <algorithm>
#include <utility>

#include "model/nic/rings.hpp"

namespace fourtuple::model::nic {
namespace {

constexpr std::uint32_t burst_border_bytes = 4096;  // AXI: no burst crosses it.

}  // namespace

void dma_engine::write(dma_source source, std::uint64_t address, std::span<const std::byte> bytes,
                       write_callback done) {
  while (!bytes.empty()) {
    const std::size_t to_border = burst_border_bytes - address % burst_border_bytes;
    const auto burst = bytes.first(std::min(bytes.size(), to_border));
    bytes = bytes.subspan(burst.size());
    writes_.push_back({source, address, bytes.empty(), bytes.empty() ? std::move(done) : write_callback{}});
    port_.write_memory(address, burst);
    address += burst.size();
  }
}

void dma_engine::read(dma_source source, std::uint64_t address, std::uint32_t length_bytes, read_callback done) {
  std::uint64_t next = address;
  std::uint32_t left = length_bytes;
  while (left != 0) {
    const auto to_border = static_cast<std::uint32_t>(burst_border_bytes - next % burst_border_bytes);
    const std::uint32_t keep = std::min(left, to_border);
    const auto skip = static_cast<std::uint32_t>(next % line_bytes);
    left -= keep;
    reads_.push_back({source, next - skip, skip, keep, left == 0, left == 0 ? std::move(done) : read_callback{}});
    port_.read_memory(next - skip, round_up_to_lines(skip + keep));
    next += keep;
  }
}

void dma_engine::written(bool ok) {
  const write_access access = std::move(writes_.front());
  writes_.pop_front();
  if (!ok) on_error_(access.source, access.burst_address, true);
  written_ok_ = written_ok_ && ok;
  if (access.last) access.done(std::exchange(written_ok_, true));
}

void dma_engine::read_finished(bool ok, std::span<const std::byte> data) {
  const read_access access = std::move(reads_.front());
  reads_.pop_front();
  if (!ok) on_error_(access.source, access.burst_address, false);
  collected_ok_ = collected_ok_ && ok;
  const auto kept = data.subspan(access.skip_bytes, access.keep_bytes);
  collected_.insert(collected_.end(), kept.begin(), kept.end());
  if (collected_ok_) collected_good_bytes_ = collected_.size();
  if (!access.last) return;
  const std::vector<std::byte> bytes = std::exchange(collected_, {});
  collected_ok_ = true;
  access.done(std::exchange(collected_good_bytes_, 0), bytes);
}

}  // namespace fourtuple::model::nic
