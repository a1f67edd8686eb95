// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace fourtuple::tcp {

struct tcp_net;

/// What `ss -tan` prints of a host's TCP: listeners, connections, requests and TIME_WAIT, a line each, in order of
/// state's class, local and foreign endpoint. `info`: a second line for each connection, as `ss -i` has it.
///
/// Recv-Q and Send-Q are bytes not read and not acknowledged; of a listener, connections that wait for accept() and
/// how many may. Columns are as wide as they have to be. The last line is tcp_sockstat. Threads: the stack's.
[[nodiscard]] std::string tcp_diag(const tcp_net& net, bool info);

/// How many socks a host's TCP has, and what they take (Linux: the line TCP of /proc/net/sockstat).
struct tcp_sockstat {
  std::size_t inuse = 0;        ///< In the tables: listeners and connections, TIME_WAIT apart.
  std::size_t orphan = 0;       ///< Closed by the application and not at their end yet.
  std::size_t tw = 0;           ///< In TIME_WAIT, or in FIN_WAIT2 without an application.
  std::size_t alloc = 0;        ///< All that there are, bound and closed ones too.
  std::uint64_t mem_pages = 0;  ///< What tcp_mem limits.
  bool pressure = false;        ///< mem_pages has risen above tcp_mem's second value and not fallen below its first.
};
[[nodiscard]] tcp_sockstat sockstat_of(const tcp_net& net) noexcept;
/// As /proc/net/sockstat has it: "TCP: inuse 2 orphan 0 tw 0 alloc 3 mem 1".
[[nodiscard]] std::string to_string(const tcp_sockstat& stat);

}  // namespace fourtuple::tcp
