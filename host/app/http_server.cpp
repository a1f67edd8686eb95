// SPDX-License-Identifier: Apache-2.0
#include "host/app/http_server.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

#include "host/app/stream.hpp"

namespace fourtuple::app {

namespace {

constexpr std::size_t head_limit_bytes = 16'384;
constexpr std::size_t buffer_bytes = 65'536;
constexpr ssize_t drop_limit_bytes = 1'048'576;  // Of a body that nobody wants.

constexpr std::array<std::pair<std::string_view, std::string_view>, 13> media_types{{
    {".html", "text/html; charset=utf-8"},
    {".htm", "text/html; charset=utf-8"},
    {".txt", "text/plain; charset=utf-8"},
    {".md", "text/plain; charset=utf-8"},
    {".css", "text/css"},
    {".js", "text/javascript"},
    {".json", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".gif", "image/gif"},
    {".ico", "image/x-icon"},
    {".pdf", "application/pdf"},
}};

std::string media_type(const std::filesystem::path& file) {
  const std::string extension = file.extension().string();
  const auto* type =
      std::ranges::find(media_types, std::string_view(extension), [](const auto& pair) { return pair.first; });
  return type == media_types.end() ? "application/octet-stream" : std::string(type->second);
}

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 301:
      return "Moved Permanently";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Internal Server Error";
  }
}

std::string escape_html(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '&':
        result += "&amp;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~/").find(c) != std::string_view::npos) {
      result += c;
    } else {
      result += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return result;
}

// Bodies of requests are not read, so nothing behind one can be understood as a request.
bool has_body(const http_request& request) {
  const std::string* length = request.fields.find("content-length");
  return request.fields.find("transfer-encoding") != nullptr || (length != nullptr && *length != "0");
}

bool keeps_alive(const http_request& request) {
  if (request.fields.has_token("connection", "close") || has_body(request)) return false;
  return request.minor_version >= 1 || request.fields.has_token("connection", "keep-alive");
}

std::string head(const http_request& request, int status, std::string_view type, std::uint64_t length,
                 std::string_view more = {}) {
  std::string text = "HTTP/1.1 " + std::to_string(status) + ' ' + std::string(reason(status)) + "\r\n";
  text += "Server: fourtuple\r\nContent-Type: " + std::string(type) + "\r\n";
  text += "Content-Length: " + std::to_string(length) + "\r\n" + std::string(more);
  text += keeps_alive(request) ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return text;
}

// True if `path`, links resolved, is `root` or lies below it. `root` is canonical.
bool lies_below(const std::filesystem::path& path, const std::filesystem::path& root) {
  const auto [root_end, unused] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return root_end == root.end();
}

}  // namespace

http_server::http_server(socket::posix_api& sockets, tasks& spawner, const std::filesystem::path& root,
                         std::uint16_t port, log_function log)
    : sockets_(sockets),
      spawner_(spawner),
      root_(std::filesystem::canonical(root)),
      port_(port),
      log_(std::move(log)) {}

int http_server::start() {
  listener_ = listen_on(sockets_, port_, 128);
  if (listener_ < 0) return listener_;
  spawner_.spawn("http", [this] { accept_all(); });
  return 0;
}

void http_server::close() {
  if (listener_ >= 0) sockets_.close(listener_);
  listener_ = -1;
}

void http_server::accept_all() {
  for (;;) {
    const int fd = sockets_.accept(listener_, nullptr, nullptr);
    if (fd == -EBADF || fd == -EINVAL) return;
    if (fd < 0) continue;  // One connection that broke before it was accepted.
    ++counts_.connections;
    spawner_.spawn("http-connection", [this, fd] { serve(fd); });
  }
}

void http_server::serve(int fd) {
  const descriptor connection(sockets_, fd);
  std::string received;
  std::vector<char> buffer(buffer_bytes);
  for (;;) {
    std::optional<std::size_t> end = find_head_end(received);
    while (!end) {
      if (received.size() > head_limit_bytes) {
        refuse(fd, 431);
        return;
      }
      const ssize_t got = sockets_.read(fd, buffer.data(), buffer.size());
      if (got < 0) ++counts_.errors;
      if (got <= 0) return;
      received.append(buffer.data(), static_cast<std::size_t>(got));
      end = find_head_end(received);
    }
    const std::optional<http_request> request = parse_request(std::string_view(received).substr(0, *end));
    received.erase(0, *end);
    ++counts_.requests;
    // RFC 9112 3.2: a request of HTTP/1.1 without Host is malformed too.
    if (!request || (request->minor_version >= 1 && request->fields.find("host") == nullptr)) {
      refuse(fd, 400);
      return;
    }
    if (!answer(fd, *request)) {
      ++counts_.errors;
      return;
    }
    if (has_body(*request)) finish(fd);
    if (!keeps_alive(*request)) return;
  }
}

void http_server::refuse(int fd, int status) {
  http_request closing;
  closing.minor_version = 0;
  if (send_error(fd, closing, status)) finish(fd);
}

// RFC 9112 9.6: closing with bytes unread would reset the connection, and the answer might be lost with it.
void http_server::finish(int fd) {
  constexpr timeval patience{.tv_sec = 2, .tv_usec = 0};
  sockets_.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (sockets_.shutdown(fd, SHUT_WR) != 0) return;
  ssize_t dropped = 0;
  for (ssize_t total = 0; total < drop_limit_bytes; total += dropped) {
    dropped = sockets_.recv(fd, nullptr, buffer_bytes, MSG_TRUNC);
    if (dropped <= 0) return;
  }
}

bool http_server::answer(int fd, const http_request& request) {
  if (request.method != "GET" && request.method != "HEAD") return send_error(fd, request, 405);
  std::error_code error;
  const std::filesystem::path wanted = std::filesystem::canonical(root_ / request.path.substr(1), error);
  if (error) return send_error(fd, request, error == std::errc::permission_denied ? 403 : 404);
  if (!lies_below(wanted, root_)) return send_error(fd, request, 404);
  if (std::filesystem::is_regular_file(wanted, error)) return send_file(fd, request, wanted);
  if (!std::filesystem::is_directory(wanted, error)) return send_error(fd, request, 403);
  if (!request.path.ends_with('/')) {
    const std::string location = "Location: " + percent_encode(request.path) + "/\r\n";
    return write_all(sockets_, fd, head(request, 301, "text/plain", 0, location)) == 0;
  }
  const std::filesystem::path index = std::filesystem::canonical(wanted / "index.html", error);
  if (!error && lies_below(index, root_) && std::filesystem::is_regular_file(index, error))
    return send_file(fd, request, index);
  return send_text(fd, request, 200, "text/html; charset=utf-8", listing(wanted, request.path));
}

bool http_server::send_file(int fd, const http_request& request, const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) return send_error(fd, request, 403);
  auto left = static_cast<std::uint64_t>(stream.tellg());
  stream.seekg(0);
  if (log_) log_(request.method + ' ' + request.path + " 200 " + std::to_string(left));
  if (write_all(sockets_, fd, head(request, 200, media_type(file), left)) != 0) return false;
  if (request.method == "HEAD") return true;
  std::vector<char> buffer(buffer_bytes);
  while (left > 0) {
    const auto part = static_cast<std::streamsize>(std::min<std::uint64_t>(left, buffer.size()));
    // A file that shrank: the length is promised already, so the connection has to break.
    if (!stream.read(buffer.data(), part)) return false;
    if (write_all(sockets_, fd, std::as_bytes(std::span(buffer).first(static_cast<std::size_t>(part)))) != 0)
      return false;
    counts_.body_bytes += static_cast<std::uint64_t>(part);
    left -= static_cast<std::uint64_t>(part);
  }
  return true;
}

bool http_server::send_text(int fd, const http_request& request, int status, const std::string& type,
                            const std::string& body) {
  if (log_)
    log_(request.method + ' ' + request.path + ' ' + std::to_string(status) + ' ' + std::to_string(body.size()));
  // RFC 9110 15.5.6: 405 says what would be allowed.
  const std::string_view allow = status == 405 ? "Allow: GET, HEAD\r\n" : "";
  if (write_all(sockets_, fd, head(request, status, type, body.size(), allow)) != 0) return false;
  if (request.method == "HEAD") return true;
  counts_.body_bytes += body.size();
  return write_all(sockets_, fd, body) == 0;
}

bool http_server::send_error(int fd, const http_request& request, int status) {
  ++counts_.errors;
  return send_text(fd, request, status, "text/plain; charset=utf-8",
                   std::to_string(status) + ' ' + std::string(reason(status)) + '\n');
}

std::string http_server::listing(const std::filesystem::path& directory, const std::string& url_path) const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    names.push_back(entry.path().filename().string() + (entry.is_directory(error) ? "/" : ""));
  }
  std::ranges::sort(names);
  std::string page =
      "<!doctype html>\n<title>" + escape_html(url_path) + "</title>\n<h1>" + escape_html(url_path) + "</h1>\n<ul>\n";
  if (url_path != "/") page += "<li><a href=\"../\">../</a></li>\n";
  for (const std::string& name : names) {
    page += "<li><a href=\"" + percent_encode(name) + "\">" + escape_html(name) + "</a></li>\n";
  }
  return page + "</ul>\n";
}

}  // namespace fourtuple::app
