// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "host/app/http_message.hpp"
#include "host/app/tasks.hpp"
#include "host/socket/posix_api.hpp"

namespace fourtuple::app {

/// What a server has done so far.
struct http_server_counts {
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;  ///< Answers with a status of 400 or more, and connections that broke.
  std::uint64_t body_bytes = 0;
};

/// Serves the files below a directory: GET and HEAD of HTTP/1.0 and 1.1, connections kept alive, index.html or a list
/// for directories. Nothing outside the directory is reached, by .. or by symbolic links.
class http_server {
 public:
  using log_function = std::function<void(const std::string& line)>;

  /// `root` must be a directory. `log` gets a line a request; may be empty.
  http_server(socket::posix_api& sockets, tasks& spawner, const std::filesystem::path& root, std::uint16_t port,
              log_function log);

  /// Listens: 0, or a negative errno. Connections are then accepted until close().
  int start();
  void close();
  [[nodiscard]] const http_server_counts& counts() const noexcept { return counts_; }

 private:
  void accept_all();
  void serve(int fd);
  void refuse(int fd, int status);
  void finish(int fd);
  bool answer(int fd, const http_request& request);
  bool send_file(int fd, const http_request& request, const std::filesystem::path& file);
  bool send_text(int fd, const http_request& request, int status, const std::string& type, const std::string& body);
  bool send_error(int fd, const http_request& request, int status);
  [[nodiscard]] std::string listing(const std::filesystem::path& directory, const std::string& url_path) const;

  socket::posix_api& sockets_;
  tasks& spawner_;
  std::filesystem::path root_;
  std::uint16_t port_;
  log_function log_;
  int listener_ = -1;
  http_server_counts counts_;
};

}  // namespace fourtuple::app
