// SPDX-License-Identifier: Apache-2.0
#include "host/socket/pipe_file.hpp"

#include <limits.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace fourtuple::socket {

std::pair<std::shared_ptr<pipe_file>, std::shared_ptr<pipe_file>> pipe_file::make(base::threading& threads) {
  auto pipe = std::make_shared<shared>();
  pipe->sleepers = threads.make_wait_queue();
  const std::shared_ptr<pipe_file> reader(new pipe_file(pipe, true));
  const std::shared_ptr<pipe_file> writer(new pipe_file(pipe, false));
  pipe->reader = reader.get();
  pipe->writer = writer.get();
  return {reader, writer};
}

pipe_file::~pipe_file() { release(); }

std::size_t pipe_file::bytes() const noexcept { return pipe_->bytes.size(); }

std::size_t pipe_file::room() const noexcept { return capacity_bytes - pipe_->bytes.size(); }

base::wait_queue& pipe_file::sleepers() { return *pipe_->sleepers; }

void pipe_file::changed(pipe_file* other, std::uint32_t events) {
  pipe_->sleepers->wake_all();
  if (other != nullptr) other->notify_watchers(events);
}

ssize_t pipe_file::read(std::span<std::byte> to) {
  if (!reads_) return -EBADF;
  const std::size_t count = std::min(to.size(), pipe_->bytes.size());
  if (count == 0) return pipe_->writer != nullptr && !to.empty() ? -EAGAIN : 0;
  peek(to.first(count));
  drop(count);
  return static_cast<ssize_t>(count);
}

void pipe_file::peek(std::span<std::byte> to) const {
  std::copy_n(pipe_->bytes.begin(), static_cast<std::ptrdiff_t>(to.size()), to.begin());
}

void pipe_file::drop(std::size_t bytes) {
  pipe_->bytes.erase(pipe_->bytes.begin(), pipe_->bytes.begin() + static_cast<std::ptrdiff_t>(bytes));
  changed(pipe_->writer, EPOLLOUT | EPOLLWRNORM);
}

ssize_t pipe_file::move_to(pipe_file& writer, std::size_t bytes) {
  if (writer.pipe_ == pipe_) return -EINVAL;
  if (writer.pipe_->reader == nullptr) return -EPIPE;
  std::vector<std::byte> moved(std::min({bytes, pipe_->bytes.size(), writer.room()}));
  if (moved.empty()) return pipe_->writer == nullptr && pipe_->bytes.empty() ? 0 : -EAGAIN;
  peek(moved);
  drop(moved.size());
  writer.pipe_->bytes.insert(writer.pipe_->bytes.end(), moved.begin(), moved.end());
  writer.changed(writer.pipe_->reader, EPOLLIN | EPOLLRDNORM);
  return static_cast<ssize_t>(moved.size());
}

ssize_t pipe_file::write(std::span<const std::byte> from) {
  if (reads_) return -EBADF;
  if (pipe_->reader == nullptr) return -EPIPE;
  if (from.empty()) return 0;
  const std::size_t count = std::min(from.size(), room());
  if (count == 0 || (count < from.size() && from.size() <= PIPE_BUF)) return -EAGAIN;
  pipe_->bytes.insert(pipe_->bytes.end(), from.begin(), from.begin() + static_cast<std::ptrdiff_t>(count));
  changed(pipe_->reader, EPOLLIN | EPOLLRDNORM);
  return static_cast<ssize_t>(count);
}

std::uint32_t pipe_file::poll() const {
  if (reads_) {
    return (pipe_->bytes.empty() ? 0U : std::uint32_t{EPOLLIN | EPOLLRDNORM}) |
           (pipe_->writer == nullptr ? std::uint32_t{EPOLLHUP} : 0U);
  }
  return (room() >= PIPE_BUF ? std::uint32_t{EPOLLOUT | EPOLLWRNORM} : 0U) |
         (pipe_->reader == nullptr ? std::uint32_t{EPOLLERR} : 0U);
}

void pipe_file::release() {
  if (closed()) return;
  mark_closed();
  (reads_ ? pipe_->reader : pipe_->writer) = nullptr;
  changed(reads_ ? pipe_->writer : pipe_->reader, EPOLLIN | EPOLLOUT | EPOLLHUP | EPOLLERR);
  dismiss_watchers();
}

}  // namespace fourtuple::socket
