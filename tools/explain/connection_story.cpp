// SPDX-License-Identifier: Apache-2.0
#include "tools/explain/connection_story.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace fourtuple::tools {
namespace {

// What a host's event says by itself. Numbers are put in where there are some.
constexpr std::pair<std::string_view, std::string_view> host_sentences[] = {
    {"tcp_v4_connect", "opens the connection: route, port and initial sequence number are chosen (tcp_v4_connect)"},
    {"tcp_conn_request", "has a listener for the SYN (tcp_conn_request)"},
    {"inet_csk_reqsk_queue_hash_add",
     "puts a small request sock for it into ehash, in NEW_SYN_RECV (inet_csk_reqsk_queue_hash_add)"},
    {"inet_csk_complete_hashdance",
     "lets the new sock take the request's place in ehash, and queues it for accept() (inet_csk_complete_hashdance)"},
    {"cookie_v4_check", "recognises its own SYN cookie: a request sock was never kept (cookie_v4_check)"},
    {"tcp_rcv_synsent_state_process", "gets an answer to its SYN (tcp_rcv_synsent_state_process)"},
    {"inet_csk_accept", "hands the connection to the application: accept() returns (inet_csk_accept)"},
    {"inet_csk_reqsk_queue_drop", "gives the request up (inet_csk_reqsk_queue_drop)"},
    {"tcp_send_loss_probe", "has waited long enough for an ACK and sends a tail loss probe (RFC 8985 7)"},
    {"tcp_retransmit_timer", "hears nothing: its retransmission timer fires"},
    {"tcp_send_probe0", "probes the peer's closed window"},
    {"tcp_send_fin", "has no more to say: FIN (tcp_send_fin)"},
    {"tcp_fin", "has read up to the peer's FIN (tcp_fin)"},
    {"tcp_reset", "believes the peer's RST: the connection is over (tcp_reset)"},
    {"tcp_send_active_reset", "ends the connection with a RST"},
    {"tcp_v4_send_reset", "has no sock for a segment of this connection and answers with a RST"},
    {"inet_twsk_kill", "forgets the connection: TIME_WAIT is over"},
};

// Told by what follows from it, or too often to be told at all.
constexpr std::string_view untold[] = {"tcp_v4_rcv", "tcp_probe", "tcp_check_req", "tcp_send_synack"};

std::string count_text(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

std::string time_text(std::uint64_t time_ps) {
  const auto value = static_cast<double>(time_ps);
  if (time_ps < 1'000'000) return fmt::format("{:.3f} ns", value / 1e3);
  if (time_ps < 1'000'000'000) return fmt::format("{:.3f} us", value / 1e6);
  if (time_ps < 1'000'000'000'000) return fmt::format("{:.3f} ms", value / 1e9);
  return fmt::format("{:.3f} s", value / 1e12);
}

void connection_story::say(const event_line& line, std::string text) {
  tell_data();
  lines_.push_back({.time_ps = line.time_ps, .host = line.host, .layer = line.layer, .text = std::move(text)});
}

void connection_story::tell_data() {
  std::vector<story_line> told;
  for (const auto& [host, run] : data_) {
    told.push_back({.time_ps = run.begin_ps,
                    .host = host,
                    .layer = "wire",
                    .text = fmt::format("{} of data, {} bytes{}", count_text(run.segments, "segment"), run.bytes,
                                        run.segments > 1 ? ", until " + time_text(run.end_ps) : "")});
  }
  data_.clear();
  std::ranges::stable_sort(told, {}, &story_line::time_ps);
  lines_.insert(lines_.end(), told.begin(), told.end());
}

void connection_story::take(const event_line& line) {
  if (line.connection != connection_) return;
  if (line.layer == "wire") return on_wire(line);
  if (line.layer == "nic") return on_nic(line);
  on_host(line);
}

void connection_story::finish() { tell_data(); }

// ---- The wire

// Bytes are counted from 0 behind the SYN, as people do.
std::string connection_story::place_in_stream(const event_line& line, const std::string& sender) const {
  const auto first = first_seq_.find(sender);
  if (first == first_seq_.end()) return fmt::format("sequence number {}", line.number("seq"));
  const std::uint64_t begin = static_cast<std::uint32_t>(line.number("seq") - first->second - 1);
  const std::uint64_t bytes = line.number("bytes");
  return bytes == 0 ? fmt::format("byte {}", begin) : fmt::format("bytes {} to {}", begin, begin + bytes - 1);
}

std::string connection_story::frame_text(const event_line& line) const {
  const std::string flags = line.text("flags");
  if (flags.find("SYN") != std::string::npos) return flags;
  if (line.number("bytes") != 0) return "the segment with " + place_in_stream(line, line.host);
  return flags.empty() ? "a frame" : flags;
}

void connection_story::on_wire(const event_line& line) {
  const std::string flags = line.text("flags");
  if (line.event == "frame_sent") {
    const bool syn = flags.find("SYN") != std::string::npos;
    if (syn) first_seq_[line.host] = line.number("seq");
    if (syn || flags.find("RST") != std::string::npos) return say(line, "sends " + flags);
    if (flags.find("FIN") != std::string::npos) {
      const std::uint64_t bytes = line.number("bytes");
      return say(line, "sends " + flags + (bytes != 0 ? fmt::format(" with the last {} bytes", bytes) : ""));
    }
    if (line.number("bytes") == 0) return;
    data_run& run = data_[line.host];
    if (run.segments++ == 0) run.begin_ps = line.time_ps;
    run.end_ps = line.time_ps;
    run.bytes += line.number("bytes");
    return;
  }
  std::string what;
  const auto names = line.values.find("impairments");
  if (names != line.values.end() && names->is_array()) {
    for (const auto& name : *names) {
      if (name.is_string()) what += (what.empty() ? "" : ", ") + name.get<std::string>();
    }
  }
  const bool lost = line.event == "frame_lost";
  say(line, fmt::format("{} {} ({})", frame_text(line), lost ? "is lost on the way" : "is impaired on the way", what));
}

// ---- The NIC

void connection_story::on_nic(const event_line& line) {
  if (line.event == "table_insert") {
    const auto asked = asked_for_table_ps_.find(line.host);
    const std::string after = asked == asked_for_table_ps_.end()
                                  ? ""
                                  : ", " + time_text(line.time_ps - asked->second) + " after it was asked";
    if (line.text("result") == "done")
      return say(line, "has the connection in its table" + after + ": from now on its frames carry the sock's handle");
    return say(line, "has no place for the connection in its table: the host looks its frames up by itself");
  }
  if (line.event == "table_remove") {
    return say(line, line.text("result") == "done" ? "has taken the connection out of its table"
                                                   : "did not have the connection in its table");
  }
  if (line.event == "frame_dropped") return say(line, "drops " + frame_text(line) + ": " + line.text("reason"));
  if (line.event == "frame_received" && line.text("l4_checksum") == "bad")
    return say(line, "finds the TCP checksum wrong; the host will drop the segment");
}

// ---- The host

void connection_story::on_state(const event_line& line) {
  if (small_sock_[line.host]) return;
  say(line, fmt::format("goes from {} to {}", line.text("old"), line.text("new")));
}

void connection_story::on_host(const event_line& line) {
  if (std::ranges::find(untold, line.event) != std::end(untold)) return;
  if (line.event == "inet_sock_set_state") return on_state(line);
  const auto* const sentence =
      std::ranges::find(host_sentences, line.event, [](const auto& pair) { return pair.first; });
  if (sentence != std::end(host_sentences)) return say(line, std::string(sentence->second));
  if (line.event == "tcp_table_insert") {
    asked_for_table_ps_[line.host] = line.time_ps;
    return say(line, "asks its NIC to know the connection");
  }
  if (line.event == "tcp_retransmit_skb")
    return say(line, fmt::format("sends {} again (tcp_retransmit_skb, {} so far)", place_in_stream(line, line.host),
                                 line.number("retransmits") + 1));
  if (line.event == "tcp_data_queue_ofo") return;
  if (line.event == "tcp_enter_recovery")
    return say(line, fmt::format("believes a segment lost and enters recovery: ssthresh {}, cwnd {}, {} in flight",
                                 line.number("ssthresh"), line.number("cwnd"), line.number("in_flight")));
  if (line.event == "tcp_enter_loss")
    return say(line, fmt::format("takes everything in flight for lost: ssthresh {}, cwnd {}", line.number("ssthresh"),
                                 line.number("cwnd")));
  if (line.event == "tcp_end_cwnd_reduction")
    return say(line, fmt::format("has repaired it: recovery is over, cwnd {}", line.number("cwnd")));
  if (line.event == "tcp_time_wait" || line.event == "tcp_timewait_state_process") {
    small_sock_[line.host] = true;
    return say(line,
               fmt::format("keeps a small sock in {} for what may still come ({})", line.text("new"), line.event));
  }
  say(line, line.event);
}

}  // namespace fourtuple::tools
