// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "model/observe/happening.hpp"

namespace fourtuple::model::observe {

/// Writes a run's story as JSON Lines: one object a line, described in docs/running.md.
///
/// The file gets its name when it is complete: until finish() it is `path`.partial, and without finish() nothing is
/// left. Errors are values: one sentence with the file's name and the reason.
class event_log final : public story_listener {
 public:
  event_log() = default;
  ~event_log() override;

  [[nodiscard]] std::optional<std::string> open(const std::filesystem::path& path);
  void on_happening(const happening& what) override;
  [[nodiscard]] std::optional<std::string> finish();

  /// In the file so far.
  [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }

 private:
  struct close_file {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  void fail();

  std::filesystem::path path_;
  std::filesystem::path partial_;
  std::unique_ptr<std::FILE, close_file> file_;
  std::optional<std::string> error_;
  std::uint64_t lines_ = 0;
};

/// The line, with its end.
[[nodiscard]] std::string to_json_line(const happening& what);

}  // namespace fourtuple::model::observe
