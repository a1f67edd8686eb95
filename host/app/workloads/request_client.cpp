// SPDX-License-Identifier: Apache-2.0
#include "host/app/workloads/request_client.hpp"

#include <algorithm>
#include <cerrno>

#include "host/app/stream.hpp"

namespace fourtuple::app {

namespace {
constexpr std::size_t buffer_bytes = 16'384;
}

request_workload::client::client(const workload_host& host, const request_workload_config& config,
                                 const random_streams& streams, const std::string& name, workload_results& results,
                                 std::function<void()> on_end)
    : host_(host),
      config_(config),
      gaps_(streams(name + ": gaps")),
      thoughts_(streams(name + ": thinking")),
      sizes_(streams(name + ": sizes")),
      wakes_(host.threads.make_wait_queue()),
      results_(results),
      on_end_(std::move(on_end)) {}

request_workload::client::~client() = default;

void request_workload::client::start() {
  started_ns_ = host_.clock.now_ns();
  workers_left_ = config_.connections;
  for (std::uint64_t i = 0; i < config_.connections; ++i) host_.spawner.spawn("client", [this] { work(); });
  if (!open_loop()) return;
  ++workers_left_;
  host_.spawner.spawn("arrivals", [this] {
    generate();
    end_worker();
  });
}

void request_workload::client::stop() {
  stopped_ = true;
  wakes_->wake_all();
}

bool request_workload::client::more_to_begin() const noexcept {
  return !stopped_ && (config_.requests == 0 || begun_ < config_.requests);
}

void request_workload::client::sleep_until(std::uint64_t time_ns) {
  host_.threads.lock();
  while (!stopped_ && host_.clock.now_ns() < time_ns) wakes_->wait_until(time_ns);
  host_.threads.unlock();
}

void request_workload::client::generate() {
  std::uint64_t time_ns = host_.clock.now_ns();
  while (more_to_begin()) {
    time_ns += config_.gap_ns.sample(*gaps_);
    sleep_until(time_ns);
    if (stopped_) break;
    ++begun_;
    ++results_.begun;
    due_ns_.push_back(time_ns);
    wakes_->wake_all();
  }
  wakes_->wake_all();
}

std::optional<std::uint64_t> request_workload::client::next_due() {
  if (!open_loop()) {
    if (!more_to_begin()) return std::nullopt;
    ++begun_;
    ++results_.begun;
    return host_.clock.now_ns();
  }
  host_.threads.lock();
  while (due_ns_.empty() && more_to_begin()) wakes_->wait_until(base::never_ns);
  std::optional<std::uint64_t> due_ns;
  if (!due_ns_.empty()) {
    due_ns = due_ns_.front();
    due_ns_.pop_front();
  }
  host_.threads.unlock();
  return due_ns;
}

void request_workload::client::work() {
  std::vector<std::byte> buffer(buffer_bytes);
  int fd = -1;
  std::uint64_t asked = 0;
  const auto hang_up = [&] {
    if (fd >= 0 && host_.sockets.close(fd) == 0) ++results_.closed;
    fd = -1;
    asked = 0;
  };
  // An idle connection is opened before there is something to ask; a storm's is part of the work.
  while (fd >= 0 || more_to_begin() || !due_ns_.empty()) {
    std::optional<std::uint64_t> due_ns;
    if (config_.connecting_counts && !(due_ns = next_due())) break;
    if (fd < 0) {
      fd = connect_to(host_.sockets, config_.server, config_.port);
      if (fd >= 0) ++results_.opened;
    }
    if (!due_ns && !(due_ns = next_due())) break;
    int error = std::min(fd, 0);
    if (error == 0) error = ask(fd, buffer);
    if (error == 0) {
      const std::uint64_t now_ns = host_.clock.now_ns();
      ++results_.finished;
      results_.latency_ns.push_back(now_ns - *due_ns);
      results_.active_ns = std::max(results_.active_ns, now_ns - started_ns_);
    } else {
      results_.fail("request failed: " + error_text(error));
      if (fd >= 0) host_.sockets.close(fd);
      fd = -1;
    }
    if (++asked == config_.requests_per_connection) hang_up();
    if (!open_loop() && !config_.think_ns.zero())
      sleep_until(host_.clock.now_ns() + config_.think_ns.sample(*thoughts_));
  }
  hang_up();
  end_worker();
}

int request_workload::client::ask(int fd, std::vector<std::byte>& buffer) {
  const request_header header{
      .request_bytes = std::max<std::uint64_t>(config_.request_bytes.sample(*sizes_), request_header::bytes),
      .response_bytes = std::max<std::uint64_t>(config_.response_bytes.sample(*sizes_), 1)};
  const auto head = header.to_bytes();
  std::ranges::copy(head, buffer.begin());
  // Behind the head the buffer is padding, whatever is in it.
  for (std::uint64_t left = header.request_bytes; left != 0;) {
    const std::size_t part = std::min<std::uint64_t>(left, buffer.size());
    if (const int error = write_all(host_.sockets, fd, std::span(buffer).first(part)); error != 0) return error;
    left -= part;
    results_.bytes += part;
  }
  return read_response(fd, header.response_bytes, buffer);
}

int request_workload::client::read_response(int fd, std::uint64_t bytes, std::vector<std::byte>& buffer) {
  while (bytes != 0) {
    const ssize_t got = host_.sockets.read(fd, buffer.data(), std::min<std::uint64_t>(bytes, buffer.size()));
    if (got < 0) return static_cast<int>(got);
    if (got == 0) return -ECONNRESET;
    bytes -= static_cast<std::uint64_t>(got);
    results_.bytes += static_cast<std::uint64_t>(got);
  }
  return 0;
}

void request_workload::client::end_worker() {
  if (--workers_left_ == 0) on_end_();
}

}  // namespace fourtuple::app
