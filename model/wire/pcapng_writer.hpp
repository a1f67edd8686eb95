// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "model/wire/wire_observer.hpp"

namespace fourtuple::model::wire {

/// Resolution of a capture's timestamps; times are rounded down to it.
enum class timestamp_resolution : std::uint8_t { nanoseconds = 9, picoseconds = 12 };

struct pcapng_options {
  /// Two for each link: frames from a to b are on the interface with the first name, from b to a on that with the
  /// second.
  std::vector<std::string> interface_names{"a", "b"};
  timestamp_resolution resolution = timestamp_resolution::nanoseconds;
};

/// Writes what passes on a link, or on several, into a file that Wireshark reads (pcapng, draft-ietf-opsawg-pcapng), in
/// order of time. A frame's time is its start; simulated time 0 is the epoch. A frame with a wrong check sequence has
/// the CRC error flag.
///
/// The file gets its name when it is complete: until finish() it is `path`.partial, and without finish(), or after an
/// error, nothing is left. Errors are values: one sentence with the file's name and the reason.
class pcapng_writer final : public wire_observer {
 public:
  explicit pcapng_writer(pcapng_options options = {});
  ~pcapng_writer() override;

  /// Once, before the first frame.
  [[nodiscard]] std::optional<std::string> open(const std::string& path);
  void on_frame(const wire_event& event) override { note(0, event); }
  /// The observer for one of several links; this object itself is that of the first.
  [[nodiscard]] wire_observer& of_link(std::size_t link);
  /// Writes what has started before now and gives the file its name. Reports an error of any write before.
  [[nodiscard]] std::optional<std::string> finish();

  /// In the file so far.
  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }

 private:
  /// Passes on what it sees, with the number of its link.
  class link_observer final : public wire_observer {
   public:
    link_observer(pcapng_writer& writer, std::size_t link) : writer_(writer), link_(link) {}
    void on_frame(const wire_event& event) override { writer_.note(link_, event); }

   private:
    pcapng_writer& writer_;
    std::size_t link_;
  };
  struct entry {
    std::uint64_t start_ps;
    std::uint32_t interface_number;
    std::uint64_t sequence;
    frame content;
    bool operator>(const entry& other) const;
  };
  struct close_file {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };

  void note(std::size_t link, const wire_event& event);
  void write_started();
  void write(const entry& event);
  void write_block(std::uint32_t type, const std::vector<std::uint8_t>& body);
  void fail(const char* what);
  void abandon() noexcept;

  pcapng_options options_;
  std::vector<std::unique_ptr<link_observer>> observers_;
  std::string path_;
  std::string partial_path_;
  std::unique_ptr<std::FILE, close_file> file_;
  std::optional<std::string> error_;
  /// Frames whose turn has not come: the other direction may still have an earlier one.
  std::priority_queue<entry, std::vector<entry>, std::greater<>> waiting_;
  std::uint64_t sequence_ = 0;
  std::uint64_t frames_ = 0;
};

}  // namespace fourtuple::model::wire
