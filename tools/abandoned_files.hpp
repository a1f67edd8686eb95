// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>

namespace fourtuple::tools {

/// While it lives, a socket of this process goes out of the file system if the process is killed, with its directory if
/// that was made for it. A process of its own sees to that: it waits for the end of this one, in a session of its own,
/// so that what ends a process group does not reach it.
class abandoned_files {
 public:
  enum class directory { kept, removed };

  /// `socket`: with directory::kept it has to exist, and is removed only while it is the same file, with nobody
  /// listening. Throws std::runtime_error if there can be no further process.
  abandoned_files(const std::filesystem::path& socket, directory its_directory);
  abandoned_files(const abandoned_files&) = delete;
  abandoned_files& operator=(const abandoned_files&) = delete;
  /// The process has removed them itself.
  ~abandoned_files();

 private:
  pid_t keeper_ = -1;
};

}  // namespace fourtuple::tools
