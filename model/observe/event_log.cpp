// SPDX-License-Identifier: Apache-2.0
#include "model/observe/event_log.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <system_error>

#include "model/observe/names.hpp"

namespace fourtuple::model::observe {
namespace {

using tcp::tracepoint;

constexpr std::uint32_t no_ssthresh = 0x7fff'ffff;

// All names are of this program and need no escapes.
class object {
 public:
  object& text(std::string_view key, std::string_view value) {
    fmt::format_to(out(), R"(,"{}":"{}")", key, value);
    return *this;
  }
  template <typename Number>
  object& number(std::string_view key, Number value) {
    fmt::format_to(out(), R"(,"{}":{})", key, value);
    return *this;
  }
  object& raw(std::string_view key, std::string_view value) { return number(key, value); }
  [[nodiscard]] std::string line() && {
    buffer_[0] = '{';
    return std::move(buffer_) + "}\n";
  }

 private:
  std::back_insert_iterator<std::string> out() { return std::back_inserter(buffer_); }
  std::string buffer_;
};

constexpr std::string_view layer_name(layer part) noexcept {
  switch (part) {
    case layer::host:
      return "host";
    case layer::nic:
      return "nic";
    case layer::wire:
      return "wire";
  }
  return "";
}

bool changes_state(tracepoint what) {
  return what == tracepoint::inet_sock_set_state || what == tracepoint::tcp_time_wait ||
         what == tracepoint::tcp_timewait_state_process || what == tracepoint::inet_twsk_kill;
}

// Where congestion control is what it is about.
bool is_about_congestion(tracepoint what) {
  switch (what) {
    case tracepoint::tcp_probe:
    case tracepoint::tcp_retransmit_skb:
    case tracepoint::tcp_retransmit_timer:
    case tracepoint::tcp_send_loss_probe:
    case tracepoint::tcp_enter_recovery:
    case tracepoint::tcp_end_cwnd_reduction:
    case tracepoint::tcp_enter_loss:
      return true;
    default:
      return false;
  }
}

void add_host(const host_event& what, object& line) {
  if (changes_state(what.what)) line.text("old", name_of(what.old_state)).text("new", name_of(what.new_state));
  if (what.seq != 0 || what.ack_seq != 0 || what.bytes != 0)
    line.number("seq", what.seq).number("ack", what.ack_seq).number("bytes", what.bytes);
  if (!what.congestion || !is_about_congestion(what.what)) return;
  line.number("cwnd", what.congestion->cwnd);
  if (what.congestion->ssthresh != no_ssthresh) line.number("ssthresh", what.congestion->ssthresh);
  line.number("srtt_us", what.congestion->srtt_us)
      .number("in_flight", what.congestion->in_flight)
      .number("retransmits", what.congestion->total_retrans);
}

void add_frame(const frame_summary& frame, object& line) {
  line.number("length", frame.length_bytes).text("class", observe::name_of(frame.packet_class));
  if (frame.bad) line.raw("bad", "true");
  if (frame.packet_class != regs::packet_class::ipv4_tcp) return;
  line.text("flags", flag_names(frame.flags))
      .number("seq", frame.seq)
      .number("ack", frame.ack_seq)
      .number("bytes", frame.payload_bytes);
}

void add_record(const happening& what, object& line) {
  const regs::frame_completion& record = *what.record;
  line.number("queue", what.queue).text("ip_checksum", verdict_name(record.ip_checked, record.ip_good));
  line.text("l4_checksum", verdict_name(record.l4_checked, record.l4_good));
  line.raw("hit", record.hit ? "true" : "false");
  if (record.hit) line.number("handle", record.handle);
  if (record.hash != 0) line.text("hash", fmt::format("{:#010x}", record.hash));
  if (what.frame != nullptr) line.raw("latency_ns", fmt::format("{:.3f}", static_cast<double>(what.latency_ps) / 1000));
}

}  // namespace

std::string to_json_line(const happening& what) {
  object line;
  line.number("time_ps", what.time_ps).text("host", what.host).text("layer", layer_name(what.part));
  line.text("event", what.name);
  if (what.tuple) line.text("connection", connection_name(*what.tuple));
  if (what.of_host != nullptr) add_host(*what.of_host, line);
  if (what.frame != nullptr) add_frame(*what.frame, line);
  if (what.record != nullptr) add_record(what, line);
  if (!what.reason.empty()) line.text(what.name.starts_with("table_") ? "result" : "reason", what.reason);
  if (what.name == "interrupt") line.number("vector", what.vector);
  if (!what.impairments.empty()) {
    std::string names;
    for (const char* name : what.impairments) names += fmt::format(R"({}"{}")", names.empty() ? "" : ",", name);
    line.raw("impairments", "[" + names + "]");
  }
  return std::move(line).line();
}

event_log::~event_log() {
  if (!file_) return;
  file_.reset();
  std::error_code ignored;
  std::filesystem::remove(partial_, ignored);
}

void event_log::fail() {
  if (!error_) error_ = "cannot write the events " + path_.string() + ": " + std::strerror(errno);
  file_.reset();
  std::error_code ignored;
  std::filesystem::remove(partial_, ignored);
}

std::optional<std::string> event_log::open(const std::filesystem::path& path) {
  path_ = path;
  partial_ = path.string() + ".partial";
  file_.reset(std::fopen(partial_.c_str(), "wbe"));
  if (!file_) fail();
  return error_;
}

void event_log::on_happening(const happening& what) {
  if (!file_) return;
  const std::string line = to_json_line(what);
  if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size()) return fail();
  ++lines_;
}

std::optional<std::string> event_log::finish() {
  if (!file_) return error_;
  if (std::fflush(file_.get()) != 0) {
    fail();
    return error_;
  }
  file_.reset();
  std::error_code error;
  std::filesystem::rename(partial_, path_, error);
  if (error) {
    error_ = "cannot write the events " + path_.string() + ": " + error.message();
    std::filesystem::remove(partial_, error);
  }
  return error_;
}

}  // namespace fourtuple::model::observe
