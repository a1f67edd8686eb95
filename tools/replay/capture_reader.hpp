// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fourtuple::tools {

/// A frame of a capture, whole.
struct captured_frame {
  std::vector<std::byte> bytes;
  std::uint64_t time_ns = 0;  ///< Since the epoch; what a capture may say is any number.
};

/// What was in a capture and cannot be sent.
struct capture_counts {
  std::uint64_t frames = 0;     ///< Handed out.
  std::uint64_t cut = 0;        ///< The capture has only the beginning of the frame.
  std::uint64_t too_long = 0;   ///< Longer than any frame that a device takes in, 16383 bytes.
  std::uint64_t too_short = 0;  ///< Not even an Ethernet header.
};

/// Reads Ethernet frames from a pcap or pcapng file, one after the other, whatever its size.
class capture_reader {
 public:
  static constexpr std::size_t longest_frame_bytes = 16'383;

  /// Throws usage_error with one line if the file cannot be read, is no capture, or is not of Ethernet.
  explicit capture_reader(const std::filesystem::path& file);
  ~capture_reader();

  /// Nothing at the end, and where the file stops making sense: then problem() says why.
  [[nodiscard]] std::optional<captured_frame> next();
  [[nodiscard]] const capture_counts& counts() const noexcept { return counts_; }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  struct capture;
  std::filesystem::path file_;
  std::unique_ptr<capture> capture_;
  capture_counts counts_;
  std::string problem_;
};

}  // namespace fourtuple::tools
