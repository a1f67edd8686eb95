// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "host/app/http_message.hpp"
#include "host/packet/addresses.hpp"
#include "host/socket/posix_api.hpp"

namespace fourtuple::app {

/// How a fetch ended.
struct http_result {
  bool ok = false;
  int status = 0;  ///< Of the response, 0 if there was none.
  std::uint64_t body_bytes = 0;
  std::string error;  ///< One line, empty if ok.
};

/// Fetches one URL (GET, HTTP/1.1, Connection: close) from `server` and hands the body to `sink` piece by piece; false
/// from the sink ends it. Understands Content-Length, chunked and a body that ends with the connection (RFC 9112 6.3).
/// Blocks.
[[nodiscard]] http_result http_fetch(socket::posix_api& sockets, packet::ipv4_address server, const http_url& url,
                                     const std::function<bool(std::span<const std::byte>)>& sink);

}  // namespace fourtuple::app
