// SPDX-License-Identifier: Apache-2.0
#include "host/app/file_transfer.hpp"

#include <algorithm>
#include <array>

#include "host/app/stream.hpp"

namespace fourtuple::app {

namespace {
constexpr std::size_t buffer_bytes = 16'384;
}

transfer_server::transfer_server(socket::posix_api& sockets, tasks& spawner, std::uint16_t port,
                                 std::uint64_t connections, const sha256_digest& expected)
    : sockets_(sockets), spawner_(spawner), port_(port), connections_(connections), expected_(expected) {}

void transfer_server::start() {
  spawner_.spawn("server", [this] { accept_all(); });
}

void transfer_server::accept_all() {
  // All clients may knock at once: a shorter queue would make them retry after a second.
  const int backlog = static_cast<int>(std::min<std::uint64_t>(connections_, 4096));
  const int listener = listen_on(sockets_, port_, backlog);
  if (listener < 0) {
    results_.errors.push_back("server: cannot listen on port " + std::to_string(port_) + ": " + error_text(listener));
    results_.done = true;
    return;
  }
  for (std::uint64_t accepted = 0; accepted < connections_; ++accepted) {
    const int fd = sockets_.accept(listener, nullptr, nullptr);
    if (fd < 0) {
      results_.errors.push_back("server: accept: " + error_text(fd));
      finish_one();
      continue;
    }
    ++results_.opened;
    spawner_.spawn("serve", [this, fd] { serve(fd); });
  }
  sockets_.close(listener);
}

void transfer_server::finish_one() {
  if (++served_ == connections_) results_.done = true;
}

void transfer_server::serve(int fd) {
  descriptor connection(sockets_, fd);
  std::vector<std::byte> buffer(buffer_bytes);
  sha256 sum;
  ssize_t got = 0;
  while ((got = sockets_.read(fd, buffer.data(), buffer.size())) > 0) {
    sum.update(std::span(buffer).first(static_cast<std::size_t>(got)));
    results_.bytes += static_cast<std::uint64_t>(got);
  }
  const sha256_digest digest = sum.finish();
  int error = static_cast<int>(got);
  if (error == 0) error = write_all(sockets_, fd, digest);
  if (error != 0) {
    results_.errors.push_back("server: connection failed: " + error_text(error));
  } else if (digest != expected_) {
    results_.errors.push_back("server: file arrived damaged, SHA-256 " + to_hex(digest));
  } else {
    ++results_.intact;
  }
  connection.close();
  if (error == 0) ++results_.finished;
  finish_one();
}

transfer_client::transfer_client(socket::posix_api& sockets, tasks& spawner, base::clock& clock,
                                 packet::ipv4_address server, std::uint16_t port, std::uint64_t connections,
                                 std::span<const std::byte> file)
    : sockets_(sockets),
      spawner_(spawner),
      clock_(clock),
      server_(server),
      port_(port),
      connections_(connections),
      file_(file),
      digest_(sha256_of(file)) {}

void transfer_client::start() {
  for (std::uint64_t i = 0; i < connections_; ++i) {
    spawner_.spawn("client", [this] { run_one(); });
  }
}

void transfer_client::run_one() {
  transfer();
  if (++ended_ == connections_) results_.done = true;
}

void transfer_client::transfer() {
  const std::uint64_t started_ns = clock_.now_ns();
  const int fd = connect_to(sockets_, server_, port_);
  if (fd < 0) {
    results_.errors.push_back("client: connect: " + error_text(fd));
    return;
  }
  ++results_.opened;
  descriptor connection(sockets_, fd);
  int error = write_all(sockets_, fd, file_);
  if (error == 0) results_.bytes += file_.size();
  if (error == 0) error = sockets_.shutdown(fd, SHUT_WR);
  sha256_digest answer{};
  if (error == 0) {
    const ssize_t got = sockets_.recv(fd, answer.data(), answer.size(), MSG_WAITALL);
    error = got < 0 ? static_cast<int>(got) : 0;
    if (got >= 0 && got < static_cast<ssize_t>(answer.size())) {
      results_.errors.emplace_back("client: the server closed before it had answered");
      return;
    }
  }
  if (error != 0) {
    results_.errors.push_back("client: connection failed: " + error_text(error));
    return;
  }
  results_.completion_ns.push_back(clock_.now_ns() - started_ns);
  if (answer == digest_) ++results_.intact;
  std::byte more{};
  if (sockets_.read(fd, &more, 1) == 0) ++results_.finished;
}

}  // namespace fourtuple::app
