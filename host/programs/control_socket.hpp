// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <variant>

#include "host/programs/descriptor.hpp"

namespace fourtuple::programs {

/// The Unix socket of a world in the file system, listening. Its name goes away with it.
class control_socket {
 public:
  /// Makes it with mode 0600, in a directory that belongs to the user and that nobody else may write into. A name that
  /// a world left behind when it was killed is taken over. One line for people if it cannot be.
  static std::variant<control_socket, std::string> open(const std::filesystem::path& path);
  control_socket(control_socket&&) noexcept = default;
  control_socket& operator=(control_socket&&) = delete;
  ~control_socket();

  [[nodiscard]] int file() const noexcept { return file_.get(); }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  control_socket(descriptor file, std::filesystem::path path) : file_(std::move(file)), path_(std::move(path)) {}
  descriptor file_;
  std::filesystem::path path_;  // Absolute.
};

}  // namespace fourtuple::programs
