// SPDX-License-Identifier: Apache-2.0
#include "model/observe/story.hpp"

#include <algorithm>
#include <string_view>

namespace fourtuple::model::observe {

story::story(timeline& events) : events_(events) {
  events.add_consumer([this](const event& event) { on_event(event); });
}

void story::on_event(const event& event) {
  const lane_description& lane = events_.lane(event.lane);
  if (const auto* of_host = std::get_if<host_event>(&event.body)) return on_host(lane, event, *of_host);
  if (const auto* sent = std::get_if<wire_frame>(&event.body)) return on_wire(lane, event, sent->frame, {});
  if (const auto* impaired = std::get_if<wire_impairment>(&event.body))
    return on_wire(lane, event, impaired->frame, impaired->what());
  nics_.try_emplace(lane.host, lane.host).first->second.on_event(event, listeners_);
}

void story::on_host(const lane_description& lane, const event& event, const host_event& what) {
  happening told;
  told.time_ps = event.time_ps;
  told.host = lane.host;
  told.part = layer::host;
  told.name = name_of(what.what);
  // A listener, or a sock whose port is not chosen yet, is no connection.
  if (what.tuple.local_port != 0 && what.tuple.foreign_port != 0) told.tuple = what.tuple;
  told.of_host = &what;
  for (story_listener* each : listeners_) each->on_happening(told);
}

void story::on_wire(const lane_description& lane, const event& event, const frame_summary& frame,
                    std::span<const char* const> impairments) {
  happening told;
  told.time_ps = event.time_ps;
  told.host = lane.host;
  told.part = layer::wire;
  told.name = "frame_sent";
  if (!impairments.empty()) {
    const bool lost =
        std::ranges::any_of(impairments, [](const char* name) { return std::string_view(name).starts_with("lost_"); });
    told.name = lost ? "frame_lost" : "frame_impaired";
  }
  told.frame = &frame;
  told.impairments = impairments;
  if (frame.tuple) {
    // The summary is the receiver's view.
    told.tuple = packet::connection_tuple{.local = frame.tuple->foreign,
                                          .foreign = frame.tuple->local,
                                          .local_port = frame.tuple->foreign_port,
                                          .foreign_port = frame.tuple->local_port};
  }
  for (story_listener* each : listeners_) each->on_happening(told);
}

}  // namespace fourtuple::model::observe
