// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fourtuple::model::pcie {

/// Kinds of transaction layer packets that the model knows (PCIe 2.2).
enum class tlp_type : std::uint8_t {
  memory_read,        ///< Non-posted; answered by completions.
  memory_write,       ///< Posted.
  completion,         ///< With data if status is successful.
  write_acknowledge,  ///< Not PCIe's: tells an AXI bridge at the device how a posted write ended, so that BRESP can.
                      ///< Costs no bandwidth.
};

/// PCIe 2.2.9: completion status.
enum class completion_status : std::uint8_t { successful = 0, unsupported_request = 1, completer_abort = 4 };

/// One transaction layer packet. A plain value.
struct tlp {
  tlp_type type = tlp_type::memory_read;
  std::uint64_t address = 0;       ///< Reads and writes; lower address of a completion.
  std::uint32_t length_bytes = 0;  ///< Reads: wanted; others: data.size().
  std::uint16_t tag = 0;           ///< Chosen by the requester, comes back in completions and acknowledges.
  completion_status status = completion_status::successful;
  bool poisoned = false;              ///< PCIe 2.7.2: the data is known to be damaged, and not to be used.
  std::uint32_t remaining_bytes = 0;  ///< Completions: bytes still to come, this one's included (PCIe: byte count).
  std::vector<std::byte> data;        ///< Writes and completions.
};

}  // namespace fourtuple::model::pcie
