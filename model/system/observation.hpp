// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "model/observe/event_log.hpp"
#include "model/observe/series.hpp"
#include "model/observe/story.hpp"
#include "model/observe/taps.hpp"
#include "model/observe/timeline.hpp"
#include "model/observe/window_listener.hpp"
#include "model/system/machine.hpp"
#include "model/wire/link.hpp"

namespace fourtuple::model::system {

/// Everything that listens in a run: built after its machines and wires and before the simulation starts, and told what
/// to listen to. It outlives them: what is still open is dropped with a host, and that is told too. Nothing in the run
/// depends on it.
class observation {
 public:
  observation() : story_(events_) { story_.add_listener(series_); }

  /// Writes a line for each event from `from_ps` on and before `until_ps`. Throws std::runtime_error if the file cannot
  /// be written.
  void log_to(const std::filesystem::path& file, std::uint64_t from_ps = 0, std::uint64_t until_ps = ~std::uint64_t{0});
  void add_listener(observe::story_listener& listener) { story_.add_listener(listener); }

  /// Machines before the wires that end at them.
  void add(machine& host);
  /// `a`, `b`: the names of what is at either end; the NIC of a machine of that name hears what arrives there.
  void add(wire::link& cable, const std::string& a, const std::string& b);

  /// The work is done: what comes from now on is no part of the plots.
  void end_of_work();
  /// After the run. Throws std::runtime_error if the events could not be written.
  void finish();
  [[nodiscard]] observe::series::result plots() const { return series_.take(); }

 private:
  [[nodiscard]] observe::nic_tap* nic_of(const std::string& host);

  observe::timeline events_;
  observe::story story_;
  observe::series series_;
  std::optional<observe::event_log> log_;
  std::optional<observe::window_listener> logged_;  ///< What of it goes into the log.
  std::deque<observe::host_tap> hosts_;             // Taps stay where they are.
  std::deque<observe::nic_tap> nics_;
  std::deque<observe::wire_tap> wires_;
  std::map<std::string, observe::nic_tap*> nic_by_host_;
};

}  // namespace fourtuple::model::system
