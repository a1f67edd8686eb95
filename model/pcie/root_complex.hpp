// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <systemc>
#include <vector>

#include "model/pcie/iommu.hpp"
#include "model/pcie/tlp_port.hpp"
#include "model/sim/arrival_queue.hpp"

namespace fourtuple::model::pcie {

struct root_complex_config {
  std::uint32_t max_payload_bytes = 512;              ///< Most data in one completion.
  std::uint32_t read_completion_boundary_bytes = 64;  ///< PCIe 2.3.1.1: where a read's data may be cut; a power of two.
  std::uint64_t memory_latency_ps = 200'000;          ///< From a read's arrival to its data.
  std::uint64_t completion_timeout_ps = 10'000'000'000;  ///< PCIe 2.8: between 50 us and 50 ms; 10 ms.
};

struct root_complex_counters {
  std::uint64_t memory_reads = 0;   ///< Requests of the device, TLPs.
  std::uint64_t memory_writes = 0;  ///< Without messages.
  std::uint64_t read_bytes = 0;
  std::uint64_t written_bytes = 0;
  std::uint64_t refused = 0;   ///< Answered unsupported_request.
  std::uint64_t messages = 0;  ///< MSI-X messages that reached a handler.
  std::uint64_t mmio_reads = 0;
  std::uint64_t mmio_writes = 0;
  std::uint64_t mmio_errors = 0;             ///< MMIO reads answered with an error.
  std::uint64_t completion_timeouts = 0;     ///< MMIO reads not answered in time.
  std::uint64_t unexpected_completions = 0;  ///< Answers to nothing that is outstanding (late ones too): dropped.
};

/// What to write to which address for an interrupt.
struct interrupt_message {
  std::uint64_t address = 0;
  std::uint32_t data = 0;
};

/// A host's side of a link with one device: memory behind an IOMMU, the interrupt doorbell, and the processor's reads
/// and writes of BAR0. A host with several devices has one for each, with the same IOMMU or not.
///
/// Upstream: a write is executed when it arrives, and acknowledged at once. A read is executed memory_latency after its
/// arrival, so it sees every write that came before it, and is answered in parts. Reads are answered in their order.
/// What is refused is recorded in the IOMMU and answered unsupported_request.
///
/// The doorbell is the 1 MiB from 0xfee00000, as on x86. A message is a write of 4 bytes; one that no handler is
/// connected to is refused, as interrupt remapping does.
///
/// Downstream: addresses of TLPs are offsets in BAR0. Configuration space is not modelled.
///
/// Everything that arrives at a time is executed in the first delta cycle of that time; read32() returns in a later
/// one. Software that also starts in a later delta cycle sees all of it, whatever order the kernel chose.
class root_complex : public sc_core::sc_module {
 public:
  /// `device` is the name that faults are recorded under. `memory` outlives this.
  root_complex(sc_core::sc_module_name name, const root_complex_config& config, iommu& memory, std::string device);

  tlp_out& to_device() noexcept { return to_device_; }
  tlp_in& from_device() noexcept { return from_device_; }

  /// Posted. From anywhere in the simulation; after sc_stop() it goes nowhere.
  void write32(std::uint32_t offset, std::uint32_t value);
  /// Waits. All ones on an error or completion timeout, and outside an SC_THREAD, where nobody can wait: a driver that
  /// is destroyed after the simulation finds a device that is gone.
  [[nodiscard]] std::uint32_t read32(std::uint32_t offset);

  /// `handler` runs in the simulation's time of the message's arrival and must not wait.
  [[nodiscard]] interrupt_message connect_interrupt(std::function<void()> handler);

  [[nodiscard]] const root_complex_counters& counters() const noexcept { return counters_; }

 private:
  struct pending_read {
    sc_core::sc_event answered;
    std::optional<std::uint32_t> value;
  };

  void on_tlp(tlp&& packet, sc_core::sc_time arrival);
  void execute_arrivals();
  void execute_write(const tlp& request);
  bool deliver_message(const tlp& request);
  void execute_read(const tlp& request);
  void send_completions(const tlp& request, const std::vector<std::byte>& data);
  void accept_completion(const tlp& packet);
  std::uint16_t take_tag(pending_read& read);

  root_complex_config config_;
  iommu& memory_;
  std::string device_;
  tlp_out to_device_;
  tlp_in from_device_;
  sim::arrival_queue<tlp> arrivals_;
  sim::arrival_queue<tlp> memory_reads_;  ///< By the time of their data.
  std::vector<std::function<void()>> handlers_;
  std::map<std::uint16_t, pending_read*> pending_reads_;  ///< By tag; they live in read32().
  std::uint16_t next_tag_ = 0;
  sc_core::sc_event tag_returned_;
  root_complex_counters counters_;
};

}  // namespace fourtuple::model::pcie
