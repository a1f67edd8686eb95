// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "model/nic/device_port.hpp"

namespace fourtuple::model::nic {

/// Who made a DMA access: dma_error_source.
enum class dma_source : std::uint8_t {
  rx_data = 0,
  completion = 1,
  interrupt = 2,
  tx_descriptor = 3,
  tx_data = 4,
};

/// Knows for each DMA access that is outstanding who made it, and tells that one how it ended. Answers come in order
/// (docs/device.md, Borders of the RTL).
class dma_engine {
 public:
  using write_callback = std::function<void(bool ok)>;
  /// `data` is what was asked for. `good_bytes` of it come before the first burst that was refused: all of them, if
  /// none was. The content of what follows means nothing.
  using read_callback = std::function<void(std::size_t good_bytes, std::span<const std::byte> data)>;
  /// Called for each refused burst with its address (of a read: of its first line), before the access's own callback.
  using error_callback = std::function<void(dma_source source, std::uint64_t address, bool is_write)>;

  dma_engine(device_port& port, error_callback on_error) : port_(port), on_error_(std::move(on_error)) {}

  /// In bursts that do not cross a 4096-byte border; `done` is called once, ok if all of them were.
  void write(dma_source source, std::uint64_t address, std::span<const std::byte> bytes, write_callback done);
  /// Any address and length: it is read in bursts of whole lines that do not cross a 4096-byte border, as the RTL does.
  void read(dma_source source, std::uint64_t address, std::uint32_t length_bytes, read_callback done);

  void written(bool ok);
  void read_finished(bool ok, std::span<const std::byte> data);

 private:
  struct write_access {
    dma_source source;
    std::uint64_t burst_address;
    bool last;
    write_callback done;  ///< With last.
  };
  struct read_access {
    dma_source source;
    std::uint64_t burst_address;
    std::uint32_t skip_bytes;  ///< Of the burst's first line.
    std::uint32_t keep_bytes;
    bool last;
    read_callback done;  ///< With last.
  };

  device_port& port_;
  error_callback on_error_;
  std::deque<write_access> writes_;
  std::deque<read_access> reads_;
  bool written_ok_ = true;  ///< Of the bursts so far of the first write.
  std::vector<std::byte> collected_;
  bool collected_ok_ = true;
  std::size_t collected_good_bytes_ = 0;
};

}  // namespace fourtuple::model::nic
