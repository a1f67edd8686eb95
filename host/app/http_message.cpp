// SPDX-License-Identifier: Apache-2.0
#include "host/app/http_message.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace fourtuple::app {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// Takes one line off the front, without its CRLF; a bare LF is accepted (RFC 9112 2.2).
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_token(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](unsigned char c) {
    return std::isalnum(c) != 0 || others.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool parse_fields(std::string_view text, http_fields& fields) {
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) return true;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return false;
    fields.add(lower(line.substr(0, colon)), std::string(trim(line.substr(colon + 1))));
  }
  return true;
}

std::optional<int> parse_version(std::string_view text) {
  if (text.size() != 8 || !text.starts_with("HTTP/1.") || std::isdigit(static_cast<unsigned char>(text[7])) == 0) {
    return std::nullopt;
  }
  return text[7] - '0';
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result.push_back(text[i]);
      continue;
    }
    unsigned value = 0;
    const char* begin = text.data() + i + 1;
    if (text.size() - i < 3 || std::from_chars(begin, begin + 2, value, 16).ptr != begin + 2 || value == 0) {
      return std::nullopt;
    }
    result.push_back(static_cast<char>(value));
    i += 2;
  }
  return result;
}

}  // namespace

const std::string* http_fields::find(std::string_view name) const noexcept {
  const auto field = std::ranges::find(fields_, name, [](const auto& entry) { return std::string_view(entry.first); });
  return field == fields_.end() ? nullptr : &field->second;
}

bool http_fields::has_token(std::string_view name, std::string_view token) const {
  for (const auto& [field_name, value] : fields_) {
    if (field_name != name) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      if (lower(trim(rest.substr(0, comma))) == token) return true;
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    }
  }
  return false;
}

std::optional<std::size_t> find_head_end(std::string_view text) noexcept {
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    std::size_t next = at + 1;
    if (next < text.size() && text[next] == '\r') ++next;
    if (next < text.size() && text[next] == '\n') return next + 1;
  }
  return std::nullopt;
}

std::optional<http_request> parse_request(std::string_view head) {
  const std::string_view line = take_line(head);
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  http_request request;
  request.method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::optional<int> version = parse_version(line.substr(last + 1));
  const std::optional<std::string> path = percent_decode(target.substr(0, target.find('?')));
  if (!is_token(request.method) || !version || !path || !path->starts_with('/')) return std::nullopt;
  request.path = *path;
  request.minor_version = *version;
  if (!parse_fields(head, request.fields)) return std::nullopt;
  return request;
}

std::optional<http_response> parse_response(std::string_view head) {
  const std::string_view line = take_line(head);
  http_response response;
  const std::optional<int> version = parse_version(line.substr(0, 8));
  if (!version || line.size() < 12 || line[8] != ' ') return std::nullopt;
  const std::optional<std::uint64_t> status = parse_number(line.substr(9, 3));
  if (!status) return std::nullopt;
  response.minor_version = *version;
  response.status = static_cast<int>(*status);
  response.reason = trim(line.substr(12));
  if (!parse_fields(head, response.fields)) return std::nullopt;
  return response;
}

std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<http_url> parse_url(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) return std::nullopt;
  url.remove_prefix(scheme.size());
  http_url result;
  const std::size_t slash = url.find('/');
  const std::string_view authority = url.substr(0, slash);
  if (slash != std::string_view::npos) result.path = url.substr(slash, url.find('#') - slash);
  const std::size_t colon = authority.find(':');
  result.host = authority.substr(0, colon);
  if (colon != std::string_view::npos) {
    const std::optional<std::uint64_t> port = parse_number(authority.substr(colon + 1));
    if (!port || *port == 0 || *port > 65'535) return std::nullopt;
    result.port = static_cast<std::uint16_t>(*port);
  }
  const bool printable = std::ranges::all_of(result.path, [](unsigned char c) { return c > ' ' && c < 127; });
  if (result.host.empty() || result.host.find('@') != std::string::npos || !printable) return std::nullopt;
  return result;
}

}  // namespace fourtuple::app
