// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "model/observe/happening.hpp"
#include "model/observe/nic_tracker.hpp"
#include "model/observe/timeline.hpp"

namespace fourtuple::model::observe {

/// Makes happenings out of a timeline's events, and tells them to who listens.
///
/// A frame that arrives with a bit flipped is not the one that the completion speaks of: it is matched by what the NIC
/// computes of it, so a frame that was corrupted silently is found as well.
class story {
 public:
  /// `events` outlives this, which consumes it.
  explicit story(timeline& events);
  story(const story&) = delete;
  story& operator=(const story&) = delete;

  /// `listener` outlives the run. In the order of the calls.
  void add_listener(story_listener& listener) { listeners_.push_back(&listener); }

 private:
  void on_event(const event& event);
  void on_host(const lane_description& lane, const event& event, const host_event& what);
  void on_wire(const lane_description& lane, const event& event, const frame_summary& frame,
               std::span<const char* const> impairments);

  timeline& events_;
  std::map<std::string, nic_tracker> nics_;  ///< By host.
  std::vector<story_listener*> listeners_;
};

}  // namespace fourtuple::model::observe
