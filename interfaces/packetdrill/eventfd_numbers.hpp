// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "host/socket/file_table.hpp"

namespace fourtuple::packetdrill {

/// Descriptors that the operating system knows as well: each number is that of an eventfd, so that nothing else gets it
/// and libc's close() on it is harmless.
class eventfd_numbers final : public socket::descriptor_numbers {
 public:
  ~eventfd_numbers() override;
  /// -EMFILE or -ENFILE if there are too many.
  int allocate() override;
  void release(int fd) noexcept override;

 private:
  std::vector<int> open_;
};

}  // namespace fourtuple::packetdrill
