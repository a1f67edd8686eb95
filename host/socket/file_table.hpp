// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "host/socket/file.hpp"

namespace fourtuple::socket {

/// Where descriptors get their numbers from. Threads: under the stack's lock.
class descriptor_numbers {
 public:
  descriptor_numbers() = default;
  descriptor_numbers(const descriptor_numbers&) = delete;
  descriptor_numbers& operator=(const descriptor_numbers&) = delete;
  virtual ~descriptor_numbers() = default;

  /// A number that stands for nothing else: >= 0, or a negative errno (EMFILE).
  virtual int allocate() = 0;
  /// The number that allocate() gave is free again.
  virtual void release(int fd) noexcept = 0;
};

/// POSIX's rule: the lowest number that is free, from `first` on.
class lowest_free_numbers final : public descriptor_numbers {
 public:
  static constexpr int first = 3;

  int allocate() override;
  void release(int fd) noexcept override;

 private:
  std::vector<bool> used_;      // By number - first.
  std::size_t first_free_ = 0;  // No lower index is free (Linux: next_fd).
};

/// The open files of a program by descriptor (Linux: struct files_struct).
///
/// Threads: under the stack's lock.
class file_table {
 public:
  explicit file_table(std::unique_ptr<descriptor_numbers> numbers);
  ~file_table();
  file_table(const file_table&) = delete;
  file_table& operator=(const file_table&) = delete;

  /// nullptr if there is none.
  [[nodiscard]] std::shared_ptr<file> find(int fd) const;
  /// The descriptor, or a negative errno; then `opened` is given up.
  int install(std::shared_ptr<file> opened);
  /// Frees the number; nullptr if there is none.
  [[nodiscard]] std::shared_ptr<file> uninstall(int fd);
  /// Every file, whose numbers are free afterwards.
  [[nodiscard]] std::vector<std::shared_ptr<file>> uninstall_all();

 private:
  std::unique_ptr<descriptor_numbers> numbers_;
  std::vector<std::shared_ptr<file>> files_;  // By descriptor.
};

}  // namespace fourtuple::socket
