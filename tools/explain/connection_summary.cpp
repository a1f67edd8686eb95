// SPDX-License-Identifier: Apache-2.0
#include "tools/explain/connection_summary.hpp"

namespace fourtuple::tools {

std::string connection_summary::outcome() const {
  if (reset) return "reset";
  if (!established) return "never established";
  return fins >= 2 ? "closed in order" : "open at the end";
}

void connection_list::take(const event_line& line) {
  if (line.connection.empty()) return;
  const auto [place, is_new] = index_.try_emplace(line.connection, all_.size());
  if (is_new) all_.push_back({.name = line.connection, .begin_ps = line.time_ps, .sent_bytes = {}});
  connection_summary& summary = all_[place->second];
  if (line.event != "inet_twsk_kill") summary.end_ps = line.time_ps;
  if (line.event == "frame_sent") {
    ++summary.frames;
    summary.sent_bytes[line.host] += line.number("bytes");
  } else if (line.event == "frame_lost") {
    ++summary.lost;
  } else if (line.event == "frame_dropped") {
    ++summary.dropped;
  } else if (line.event == "tcp_retransmit_skb") {
    ++summary.retransmits;
  } else if (line.event == "tcp_fin") {
    ++summary.fins;
  } else if (line.event == "tcp_reset" || line.event == "tcp_send_active_reset" || line.event == "tcp_v4_send_reset") {
    summary.reset = true;
  } else if (line.event == "inet_sock_set_state" && line.text("new") == "TCP_ESTABLISHED") {
    summary.established = true;
  }
}

}  // namespace fourtuple::tools
