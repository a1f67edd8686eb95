// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <systemc>

#include "model/pcie/tlp.hpp"

namespace fourtuple::model::pcie {

/// What a function may use (PCIe 7.5.3.4 Device Control; tags 7.5.3.3; completion timeout 7.5.3.16).
struct requester_limits {
  std::uint32_t max_payload_bytes = 512;                 ///< A write is cut into TLPs of at most this.
  std::uint32_t max_read_request_bytes = 512;            ///< A read likewise.
  std::uint32_t tags = 256;                              ///< Read requests outstanding; further ones wait.
  std::uint64_t completion_timeout_ps = 10'000'000'000;  ///< PCIe 2.8: of a read request; 0: for ever.
};

/// The requester half of a PCIe endpoint, the part that an AXI-to-PCIe bridge is in hardware: cuts a device's bursts
/// into TLPs, gives out tags, puts completions together. Both the Verilated NIC and the functional model use it, so
/// they look the same from the link.
///
/// Reads finish in the order in which they were asked for; writes too. TLPs leave in the order of the calls (a read
/// that waits for a tag holds later reads back, not later writes). Time: `delay` is relative to sc_time_stamp() and
/// must not decrease between calls; a TLP never leaves before one that was sent earlier. Callbacks run inside accept()
/// and may ask for more. A length of 0 is a TLP without data (PCIe 2.2.5: a flush), answered like any other.
class requester {
 public:
  /// Sends one TLP. Does not call accept(): answers come later.
  using send_function = std::function<void(tlp packet, sc_core::sc_time delay)>;
  using write_done = std::function<void(std::uint64_t token, completion_status status, sc_core::sc_time arrival)>;
  using read_done = std::function<void(std::uint64_t token, completion_status status, std::span<const std::byte> data,
                                       sc_core::sc_time arrival)>;

  requester(requester_limits limits, send_function send, write_done on_write, read_done on_read);
  ~requester();

  /// Any address and length; bytes are copied.
  void write(std::uint64_t token, std::uint64_t address, std::span<const std::byte> bytes, sc_core::sc_time delay);
  /// On an error, data is as long as asked for and zero. A poisoned completion and a completion timeout are errors
  /// (completer_abort): an AXI bridge answers SLVERR.
  void read(std::uint64_t token, std::uint64_t address, std::uint32_t length_bytes, sc_core::sc_time delay);

  /// A completion or write_acknowledge that arrives at `arrival` (absolute).
  /// Reads that waited for a tag then leave at `arrival`.
  void accept(tlp&& packet, sc_core::sc_time arrival);

  /// When the oldest outstanding read request times out; nothing if none will. Until then there is nothing to do.
  [[nodiscard]] std::optional<sc_core::sc_time> next_timeout() const;
  /// Gives up the read requests whose time is over at `now` (absolute); a later answer is unexpected.
  void expire(sc_core::sc_time now);

  /// Nothing is outstanding and nothing waits for a tag.
  [[nodiscard]] bool idle() const noexcept;
  /// Completions and acknowledges that answered nothing that was asked (PCIe 2.3.2: dropped).
  [[nodiscard]] std::uint64_t unexpected_completions() const noexcept;
  [[nodiscard]] std::uint64_t poisoned_completions() const noexcept;
  /// Read requests that nobody answered in time.
  [[nodiscard]] std::uint64_t completion_timeouts() const noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace fourtuple::model::pcie
