// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/explain/event_file.hpp"

namespace fourtuple::tools {

/// One line of the list of connections.
struct connection_summary {
  std::string name;
  std::uint64_t begin_ps = 0;
  std::uint64_t end_ps = 0;                         ///< The last event before TIME_WAIT ran out.
  std::map<std::string, std::uint64_t> sent_bytes;  ///< TCP payload put on the wire, by host.
  std::uint64_t frames = 0;
  std::uint64_t retransmits = 0;
  std::uint64_t lost = 0;     ///< By the wire.
  std::uint64_t dropped = 0;  ///< By NICs.
  bool established = false;
  bool reset = false;
  unsigned fins = 0;

  /// "closed in order", "reset", "open at the end", "never established"
  [[nodiscard]] std::string outcome() const;
};

/// Of all connections of a run, in the order of their first event.
class connection_list {
 public:
  void take(const event_line& line);
  [[nodiscard]] const std::vector<connection_summary>& all() const noexcept { return all_; }

 private:
  std::vector<connection_summary> all_;
  std::map<std::string, std::size_t> index_;
};

}  // namespace fourtuple::tools
