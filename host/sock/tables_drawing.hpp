// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "host/sock/tables_snapshot.hpp"

namespace fourtuple::sock {

/// The tables as lines of text: buckets that are not empty with what hangs on them, then each sock.
[[nodiscard]] std::string to_text(const tables_snapshot& tables);

/// The tables as a picture in Graphviz's DOT language: tcp_hashinfo, its three arrays, bind buckets and socks, and the
/// pointers between their fields. Links of chains are drawn solid; the ways back (icsk_bind_hash, rsk_listener) dashed.
[[nodiscard]] std::string to_dot(const tables_snapshot& tables);

}  // namespace fourtuple::sock
