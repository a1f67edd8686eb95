// SPDX-License-Identifier: Apache-2.0
#pragma once

// The kernel's header, whose tcp_info is whole; glibc's <netinet/tcp.h> cannot be included beside it.
#include <linux/tcp.h>

namespace fourtuple::support {

class endpoint;

/// What TCP_INFO tells of it.
[[nodiscard]] tcp_info info_of(const endpoint& e);

}  // namespace fourtuple::support
