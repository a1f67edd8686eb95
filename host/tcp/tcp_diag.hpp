// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace fourtuple::tcp {

struct tcp_net;

/// What `ss -tan` prints of a host's TCP: listeners, connections, requests and TIME_WAIT, a line each, in order of
/// state's class, local and foreign endpoint. `info`: a second line for each connection, as `ss -i` has it.
///
/// Recv-Q and Send-Q are bytes not read and not acknowledged; of a listener, connections that wait for accept() and
/// how many may. Columns are as wide as they have to be. Threads: the stack's.
[[nodiscard]] std::string tcp_diag(const tcp_net& net, bool info);

}  // namespace fourtuple::tcp
