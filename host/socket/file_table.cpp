// SPDX-License-Identifier: Apache-2.0
#include "host/socket/file_table.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace fourtuple::socket {

int lowest_free_numbers::allocate() {
  while (first_free_ < used_.size() && used_[first_free_]) ++first_free_;
  if (first_free_ == used_.size()) used_.push_back(false);
  used_[first_free_] = true;
  return static_cast<int>(first_free_++) + first;
}

void lowest_free_numbers::release(int fd) noexcept {
  const auto index = static_cast<std::size_t>(fd - first);
  used_[index] = false;
  first_free_ = std::min(first_free_, index);
}

file_table::file_table(std::unique_ptr<descriptor_numbers> numbers) : numbers_(std::move(numbers)) {}

file_table::~file_table() {
  for (const std::shared_ptr<file>& opened : uninstall_all()) opened->release();
}

std::shared_ptr<file> file_table::find(int fd) const {
  return fd >= 0 && static_cast<std::size_t>(fd) < files_.size() ? files_[static_cast<std::size_t>(fd)] : nullptr;
}

int file_table::install(std::shared_ptr<file> opened) {
  const int fd = numbers_->allocate();
  if (fd < 0) {
    opened->release();
    return fd;
  }
  const auto index = static_cast<std::size_t>(fd);
  if (index >= files_.size()) files_.resize(index + 1);
  // A number source outside may give a number again that was closed behind our back.
  if (files_[index]) files_[index]->release();
  files_[index] = std::move(opened);
  return fd;
}

std::shared_ptr<file> file_table::uninstall(int fd) {
  if (!find(fd)) return nullptr;
  std::shared_ptr<file> found = std::exchange(files_[static_cast<std::size_t>(fd)], nullptr);
  numbers_->release(fd);
  return found;
}

std::vector<std::shared_ptr<file>> file_table::uninstall_all() {
  std::vector<std::shared_ptr<file>> all;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (files_[i]) all.push_back(uninstall(static_cast<int>(i)));
  }
  return all;
}

}  // namespace fourtuple::socket
