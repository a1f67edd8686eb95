// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace fourtuple::tcp {

/// How a call of sendmsg is to be reported.
struct tcp_send_report {
  /// SOF_TIMESTAMPING_TX_* of the control message, instead of the socket's.
  std::optional<std::uint32_t> tsflags;
  bool continued = false;  ///< More of the bytes of one call that had to wait in between.
};

}  // namespace fourtuple::tcp
