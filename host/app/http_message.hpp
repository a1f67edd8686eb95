// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fourtuple::app {

/// Header fields in the order in which they came; names in lower case (RFC 9110 5.1: they are case-insensitive).
class http_fields {
 public:
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  /// The first field of that name (lower case), or nullptr.
  [[nodiscard]] const std::string* find(std::string_view name) const noexcept;
  /// True if a comma-separated field has the token, whatever its case: Connection: keep-alive.
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// The head of a request, RFC 9112 3.
struct http_request {
  std::string method;
  std::string path;  ///< Percent-decoded, without the query.
  int minor_version = 1;
  http_fields fields;
};

/// The head of a response, RFC 9112 4.
struct http_response {
  int minor_version = 1;
  int status = 0;
  std::string reason;
  http_fields fields;
};

/// Where the head ends in `text` (behind its empty line), if it is all there.
[[nodiscard]] std::optional<std::size_t> find_head_end(std::string_view text) noexcept;

/// Parses a complete head. Nothing if it is malformed.
[[nodiscard]] std::optional<http_request> parse_request(std::string_view head);
[[nodiscard]] std::optional<http_response> parse_response(std::string_view head);

/// A decimal number with nothing around it; nothing if it is not one or does not fit.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text) noexcept;

/// http://host[:port][/path]
struct http_url {
  std::string host;
  std::uint16_t port = 80;
  std::string path = "/";  ///< With the query, as written.
};

/// Nothing if it is not such a URL.
[[nodiscard]] std::optional<http_url> parse_url(std::string_view url);

}  // namespace fourtuple::app
