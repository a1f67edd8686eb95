// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/socket/posix_api.hpp"

namespace fourtuple::socket {

/// One call into the stack: its lock from here to the end of the scope, and what has to follow a call.
class posix_api::entry {
 public:
  explicit entry(posix_api& api) : api_(api) { api_.threads_.lock(); }
  entry(const entry&) = delete;
  entry& operator=(const entry&) = delete;
  ~entry() {
    api_.after_call_();
    api_.threads_.unlock();
  }

 private:
  posix_api& api_;
};

}  // namespace fourtuple::socket
