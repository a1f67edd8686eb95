// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "host/tcp/tcp_config.hpp"

namespace fourtuple::packetdrill {

/// Sets each field of `config` whose sysctl is a file below `root` ("/proc/sys") that can be read and makes sense; the
/// others stay as they are. The kernel shows a thread the settings of the thread's own network namespace.
void read_sysctls(const std::string& root, tcp::tcp_config& config);

}  // namespace fourtuple::packetdrill
