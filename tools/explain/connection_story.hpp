// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/explain/event_file.hpp"

namespace fourtuple::tools {

/// A paragraph's worth of a connection's life.
struct story_line {
  std::uint64_t time_ps = 0;
  std::string host;
  std::string layer;
  std::string text;
};

/// Tells one connection's life in plain words. Lines come in order of time; runs of ordinary data are put together.
class connection_story {
 public:
  explicit connection_story(std::string connection) : connection_(std::move(connection)) {}

  void take(const event_line& line);
  /// What was still being put together.
  void finish();
  [[nodiscard]] const std::vector<story_line>& lines() const noexcept { return lines_; }

 private:
  struct data_run {
    std::uint64_t begin_ps = 0;
    std::uint64_t end_ps = 0;
    std::uint64_t segments = 0;
    std::uint64_t bytes = 0;
  };
  void say(const event_line& line, std::string text);
  void on_wire(const event_line& line);
  void on_nic(const event_line& line);
  void on_host(const event_line& line);
  void on_state(const event_line& line);
  void tell_data();
  [[nodiscard]] std::string place_in_stream(const event_line& line, const std::string& sender) const;
  [[nodiscard]] std::string frame_text(const event_line& line) const;

  std::string connection_;
  std::vector<story_line> lines_;
  std::map<std::string, data_run> data_;                     ///< By sender.
  std::map<std::string, std::uint64_t> first_seq_;           ///< By sender: its SYN's.
  std::map<std::string, std::uint64_t> asked_for_table_ps_;  ///< By host.
  std::map<std::string, bool> small_sock_;                   ///< By host: TIME_WAIT's sock has taken over.
};

/// "12.345 us"
[[nodiscard]] std::string time_text(std::uint64_t time_ps);

}  // namespace fourtuple::tools
