// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace fourtuple::model::wire {

/// Closes what it holds.
class file_descriptor {
 public:
  explicit file_descriptor(int value = -1) noexcept : value_(value) {}
  file_descriptor(file_descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  file_descriptor& operator=(file_descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~file_descriptor();

  [[nodiscard]] int value() const noexcept { return value_; }

 private:
  int value_;
};

/// Attaches to a Linux TAP device (IFF_TAP | IFF_NO_PI: bare Ethernet frames), which is created if it does not exist
/// and if that is allowed, and goes again with the descriptor if it was created here. Does not wait on reads and
/// writes. It is up and has addresses only if somebody sees to that (ip link set NAME up).
///
/// On an error: one sentence that says what to do about it.
[[nodiscard]] std::variant<file_descriptor, std::string> open_tap_device(const std::string& name);

}  // namespace fourtuple::model::wire
