// SPDX-License-Identifier: Apache-2.0
#include "interfaces/packetdrill/eventfd_numbers.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

namespace fourtuple::packetdrill {

namespace {

/// Somebody may have closed the descriptor with libc, and its number may mean another file by now.
bool is_still_an_eventfd(int fd) noexcept {
  std::array<char, 64> target{};
  const ssize_t length = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), target.data(), target.size());
  return length > 0 && std::string_view(target.data(), static_cast<std::size_t>(length)) == "anon_inode:[eventfd]";
}

}  // namespace

eventfd_numbers::~eventfd_numbers() {
  while (!open_.empty()) release(open_.back());
}

int eventfd_numbers::allocate() {
  const int fd = eventfd(0, EFD_CLOEXEC);
  if (fd < 0) return -errno;
  std::erase(open_, fd);  // Given out before, and closed behind our back.
  open_.push_back(fd);
  return fd;
}

void eventfd_numbers::release(int fd) noexcept {
  std::erase(open_, fd);
  if (is_still_an_eventfd(fd)) close(fd);
}

}  // namespace fourtuple::packetdrill
