// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "host/programs/descriptor.hpp"

namespace fourtuple::programs {

/// Closes descriptors that programs have sent, in threads of its own: the close() of a TCP socket of the kernel waits
/// if SO_LINGER says so, that of a file for whoever serves it, and a program must not be able to make anybody else
/// wait.
///
/// The threads are a few, block all signals, and are left alone at the end.
class descriptor_disposal {
 public:
  descriptor_disposal();

  /// Comes back at once. While all threads wait, descriptors stay open in a queue: how many is up to RLIMIT_NOFILE.
  void close(descriptor file);

 private:
  struct work;
  std::shared_ptr<work> work_;
};

}  // namespace fourtuple::programs
