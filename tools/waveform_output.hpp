// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace fourtuple::tools {

/// Looks after the files of a run with a waveform, because Verilator's FST writer does not say when the disk is full:
/// it maps files into memory, which then ends in SIGBUS, and it does not look at what its writes return.
///
/// While it lives, SIGBUS ends the process with one line on standard error and exit_failed, and takes away what is not
/// complete. One at a time.
class waveform_output {
 public:
  /// `directory`: where the run writes, as in docs/running.md.
  explicit waveform_output(const std::filesystem::path& directory);
  ~waveform_output();
  waveform_output(const waveform_output&) = delete;
  waveform_output& operator=(const waveform_output&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /// After the run. Throws std::runtime_error if the waveform was not written to its end. Without a finish() that
  /// returned, the destructor takes the waveform away.
  void finish();

 private:
  std::filesystem::path path_;
  bool finished_ = false;
};

}  // namespace fourtuple::tools
