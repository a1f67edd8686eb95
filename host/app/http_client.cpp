// SPDX-License-Identifier: Apache-2.0
#include "host/app/http_client.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "host/app/stream.hpp"

namespace fourtuple::app {

namespace {

constexpr std::size_t head_limit_bytes = 65'536;

// Reads from a connection what the parser has not consumed yet.
class reader {
 public:
  reader(socket::posix_api& sockets, int fd) : sockets_(sockets), fd_(fd), buffer_(65'536) {}

  /// More bytes behind those that are there: 1, 0 at the end of the stream, or a negative errno.
  int fill() {
    const ssize_t got = sockets_.read(fd_, buffer_.data(), buffer_.size());
    if (got <= 0) return static_cast<int>(got);
    pending_.erase(0, std::exchange(consumed_, 0));
    pending_.append(buffer_.data(), static_cast<std::size_t>(got));
    return 1;
  }
  [[nodiscard]] std::string_view pending() const noexcept { return std::string_view(pending_).substr(consumed_); }
  void consume(std::size_t bytes) noexcept { consumed_ += bytes; }

 private:
  socket::posix_api& sockets_;
  int fd_;
  std::vector<char> buffer_;
  std::string pending_;
  std::size_t consumed_ = 0;  // Of pending_: taken away when more comes, so that small chunks cost no moves.
};

using body_sink = std::function<bool(std::span<const std::byte>)>;

class body_reader {
 public:
  body_reader(reader& in, const body_sink& sink, http_result& result) : in_(in), sink_(sink), result_(result) {}

  bool sized(std::uint64_t left) {
    while (left > 0) {
      if (in_.pending().empty() && !more()) return false;
      const std::size_t part = static_cast<std::size_t>(std::min<std::uint64_t>(left, in_.pending().size()));
      if (!deliver(part)) return false;
      left -= part;
    }
    return true;
  }

  bool until_close() {
    for (;;) {
      if (!deliver(in_.pending().size())) return false;
      const int filled = in_.fill();
      if (filled == 0) return true;
      if (filled < 0) return fail("connection broke: " + error_text(filled));
    }
  }

  // RFC 9112 7.1. Trailer fields are read and dropped.
  bool chunked() {
    for (;;) {
      std::string line;
      if (!take_line(line)) return false;
      std::uint64_t bytes = 0;
      const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), bytes, 16);
      if (error != std::errc{} || (end != line.data() + line.size() && *end != ';' && *end != ' ')) {
        return fail("the server sent a malformed chunk");
      }
      if (bytes == 0) break;
      if (!sized(bytes) || !take_line(line)) return false;
      if (!line.empty()) return fail("the server sent a malformed chunk");
    }
    for (std::string line = "x"; !line.empty();) {
      if (!take_line(line)) return false;
    }
    return true;
  }

 private:
  bool fail(std::string error) {
    result_.error = std::move(error);
    return false;
  }
  bool more() {
    const int filled = in_.fill();
    if (filled > 0) return true;
    return fail(filled == 0 ? "the server closed before the end of the file"
                            : "connection broke: " + error_text(filled));
  }
  bool deliver(std::size_t bytes) {
    if (bytes == 0) return true;
    const std::string_view part = in_.pending().substr(0, bytes);
    if (!sink_(std::as_bytes(std::span(part)))) return fail("cannot write the output");
    result_.body_bytes += bytes;
    in_.consume(bytes);
    return true;
  }
  bool take_line(std::string& line) {
    std::size_t end = 0;
    while ((end = in_.pending().find("\r\n")) == std::string_view::npos) {
      if (in_.pending().size() > head_limit_bytes) return fail("the server sent an endless line");
      if (!more()) return false;
    }
    line = in_.pending().substr(0, end);
    in_.consume(end + 2);
    return true;
  }

  reader& in_;
  const body_sink& sink_;
  http_result& result_;
};

bool read_body(const http_response& response, body_reader& body, http_result& result) {
  if (response.status == 204 || response.status == 304) return true;
  if (response.fields.has_token("transfer-encoding", "chunked")) return body.chunked();
  if (const std::string* length = response.fields.find("content-length")) {
    const std::optional<std::uint64_t> bytes = parse_number(*length);
    if (!bytes) {
      result.error = "the server sent a malformed Content-Length";
      return false;
    }
    return body.sized(*bytes);
  }
  return body.until_close();
}

std::optional<http_response> read_head(reader& in, http_result& result) {
  std::optional<std::size_t> end;
  while (!(end = find_head_end(in.pending()))) {
    const int filled = in.pending().size() > head_limit_bytes ? 0 : in.fill();
    if (filled <= 0) {
      result.error = filled < 0 ? "connection broke: " + error_text(filled) : "the server sent no HTTP response";
      return std::nullopt;
    }
  }
  std::optional<http_response> response = parse_response(in.pending().substr(0, *end));
  if (!response) result.error = "the server sent no HTTP response";
  in.consume(*end);
  return response;
}

}  // namespace

http_result http_fetch(socket::posix_api& sockets, packet::ipv4_address server, const http_url& url,
                       const body_sink& sink) {
  http_result result;
  const int fd = connect_to(sockets, server, url.port);
  if (fd < 0) {
    result.error = "cannot connect to " + url.host + " port " + std::to_string(url.port) + ": " + error_text(fd);
    return result;
  }
  const descriptor connection(sockets, fd);
  const std::string host = url.port == 80 ? url.host : url.host + ':' + std::to_string(url.port);
  const std::string request = "GET " + url.path + " HTTP/1.1\r\nHost: " + host +
                              "\r\nUser-Agent: fourtuple\r\nAccept: */*\r\nConnection: close\r\n\r\n";
  if (const int error = write_all(sockets, fd, request); error != 0) {
    result.error = "connection broke: " + error_text(error);
    return result;
  }
  reader in(sockets, fd);
  std::optional<http_response> response = read_head(in, result);
  // Interim responses (RFC 9110 15.2) come before the one that counts.
  while (response && response->status >= 100 && response->status < 200) response = read_head(in, result);
  if (!response) return result;
  result.status = response->status;
  if (response->status < 200 || response->status > 299) {
    result.error = "the server answered " + std::to_string(response->status) + ' ' + response->reason;
    if (const std::string* location = response->fields.find("location")) result.error += ", it is at " + *location;
    return result;
  }
  body_reader body(in, sink, result);
  result.ok = read_body(*response, body, result);
  return result;
}

}  // namespace fourtuple::app
