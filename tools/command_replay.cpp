// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "model/observe/names.hpp"
#include "model/system/replay.hpp"
#include "model/wire/link.hpp"
#include "tools/command.hpp"
#include "tools/options.hpp"
#include "tools/replay/capture_reader.hpp"
#include "tools/replay/replay_lines.hpp"
#include "tools/stop_signals.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;

namespace {

using model::system::nic_kind;
using model::system::replay_outcome;

constexpr const char* usage =
    "usage: fourtuple replay CAPTURE [options]\n\n"
    "Sends every frame of a pcap or pcapng file into a NIC's port and prints what the NIC makes of it:\n"
    "class, checksum verdicts, connection hash, table hit and latency. With --nic=both the RTL and the\n"
    "functional model get the same, and any difference makes the exit status 1.\n\n"
    "  fourtuple run --nic=model --out=out\n"
    "  fourtuple replay out/wire.pcapng --nic=both --learn --limit=20\n";

po::options_description replay_options_description() {
  po::options_description options("Replay", 100);
  options.add_options()("capture", po::value<std::string>()->required(), "pcap or pcapng, of Ethernet")(
      "nic", po::value<std::string>()->default_value("rtl"), "rtl, model or both")(
      "format", po::value<std::string>()->default_value("text"), "text, json (JSON Lines) or none (only the summary)")(
      "time", po::value<std::string>()->default_value("line"),
      "line: one frame behind the other at the line's rate; capture: as in the file")(
      "longest-gap-ms", po::value<std::uint64_t>()->default_value(1000), "with --time=capture: longer pauses are cut")(
      "insert", po::value<std::string>(), "file of connections to insert first: LOCAL:PORT FOREIGN:PORT a line")(
      "table-buckets-log2", po::value<unsigned>(),
      "with --nic=model: log2 of the table's buckets, 4 to 20; default: 10")(
      "table-overflow-lines-log2", po::value<unsigned>(),
      "with --nic=model: log2 of its overflow lines, 0 to 20; default: 8")(
      "learn", po::bool_switch(), "insert each TCP connection when its first frame has been received")(
      "limit", po::value<std::uint64_t>()->default_value(0), "frames at most; 0: all")(
      "no-padding", po::bool_switch(), "leave frames of less than 60 bytes as short as they are")(
      "wire-gbit", po::value<double>()->default_value(100), "rate of the line, Gbit/s")(
      "no-skip", po::bool_switch(), "evaluate idle clocks too; slow, same results");
  return options;
}

struct replay_request {
  model::system::replay_options options;
  std::string format;
  std::uint64_t limit = 0;
  bool pads = true;
};

std::vector<nic_kind> devices_of(const std::string& text) {
  if (text == "rtl") return {nic_kind::rtl};
  if (text == "model") return {nic_kind::model};
  if (text == "both") return {nic_kind::rtl, nic_kind::model};
  throw usage_error(fmt::format("--nic={} is unknown: it is rtl, model or both", text));
}

void read_table_size(const po::variables_map& values, model::system::replay_options& options) {
  const auto read = [&](const std::string& name, unsigned least, std::uint32_t& into) {
    if (values.count(name) == 0) return;
    if (values["nic"].as<std::string>() != "model")
      throw usage_error(fmt::format("--{} needs --nic=model: the RTL has the table that it was built with", name));
    into = values[name].as<unsigned>();
    if (into < least || into > 20)
      throw usage_error(fmt::format("--{}={} is out of range: {} to 20", name, into, least));
  };
  read("table-buckets-log2", 4, options.table_buckets_log2);
  read("table-overflow-lines-log2", 0, options.table_overflow_lines_log2);
}

replay_request read_request(const po::variables_map& values) {
  replay_request request;
  request.options.devices = devices_of(values["nic"].as<std::string>());
  request.format = values["format"].as<std::string>();
  if (request.format != "text" && request.format != "json" && request.format != "none")
    throw usage_error(fmt::format("--format={} is unknown: it is text, json or none", request.format));
  const std::string time = values["time"].as<std::string>();
  if (time != "line" && time != "capture")
    throw usage_error(fmt::format("--time={} is unknown: it is line or capture", time));
  request.options.capture_time = time == "capture";
  const std::uint64_t gap_ms = values["longest-gap-ms"].as<std::uint64_t>();
  if (gap_ms > 3'600'000) throw usage_error(fmt::format("--longest-gap-ms={} is out of range: 0 to 3600000", gap_ms));
  request.options.longest_gap_ns = gap_ms * 1'000'000;
  const double gbit = values["wire-gbit"].as<double>();
  if (!(gbit >= 0.01 && gbit <= 400))
    throw usage_error(fmt::format("--wire-gbit={} is out of range: 0.01 to 400", gbit));
  request.options.platform.wire_bits_per_s = static_cast<std::uint64_t>(gbit * 1e9);
  request.options.platform.skip = !values["no-skip"].as<bool>();
  request.options.learn = values["learn"].as<bool>();
  if (values.count("insert") != 0) {
    const std::string file = values["insert"].as<std::string>();
    const std::vector<std::byte> bytes = read_file(file, "--insert");
    request.options.inserts = parse_connections({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file);
  }
  read_table_size(values, request.options);
  request.limit = values["limit"].as<std::uint64_t>();
  request.pads = !values["no-padding"].as<bool>();
  return request;
}

// Counts what the first device made of the frames.
struct fates {
  std::map<std::string, std::uint64_t> classes;
  std::map<std::string, std::uint64_t> drops;
  std::uint64_t bad_checksums = 0;
  std::uint64_t hits = 0;

  void take(const replay_outcome& outcome) {
    if (!outcome.received) {
      ++drops[outcome.known ? outcome.reason : "no answer"];
      return;
    }
    const regs::frame_completion& record = outcome.record;
    ++classes[std::string(model::observe::name_of(record.packet_class))];
    if ((record.ip_checked && !record.ip_good) || (record.l4_checked && !record.l4_good)) ++bad_checksums;
    if (record.hit) ++hits;
  }
};

void print_counts(std::FILE* to, const char* title, const std::map<std::string, std::uint64_t>& counts) {
  if (counts.empty()) return;
  fmt::print(to, "  {:<12}", title);
  const char* separator = " ";
  for (const auto& [name, count] : counts) fmt::print(to, "{}{} {}", std::exchange(separator, ", "), count, name);
  fmt::print(to, "\n");
}

std::map<std::string, std::uint64_t> not_sent(const capture_counts& capture) {
  std::map<std::string, std::uint64_t> counts;
  if (capture.cut != 0) counts["cut by the capture"] = capture.cut;
  if (capture.too_long != 0) counts["too long"] = capture.too_long;
  if (capture.too_short != 0) counts["too short"] = capture.too_short;
  return counts;
}

void print_summary(std::FILE* to, const model::system::replay_totals& totals, const capture_counts& capture,
                   const fates& counted, std::size_t devices) {
  fmt::print(to, "\n  frames       {} sent\n", totals.frames);
  print_counts(to, "received", counted.classes);
  print_counts(to, "dropped", counted.drops);
  print_counts(to, "not sent", not_sent(capture));
  fmt::print(to, "  checksums    {} frames with a bad one\n", counted.bad_checksums);
  fmt::print(to, "  table        {} connections, {} without a place, {} hits\n", totals.inserted, totals.inserts_full,
             counted.hits);
  if (devices > 1) {
    fmt::print(to, "  comparison   {}\n",
               totals.different + totals.unanswered == 0
                   ? "rtl and model agree on every frame"
                   : fmt::format("{} frames DIFFERENT, {} not answered", totals.different, totals.unanswered));
  }
}

}  // namespace

int command_replay(const arguments& words) {
  po::variables_map values;
  po::positional_options_description positional;
  positional.add("capture", 1);
  if (parse_options(words, usage, replay_options_description(), positional, values)) return exit_ok;
  const replay_request request = read_request(values);
  capture_reader reader(values["capture"].as<std::string>());
  std::optional<captured_frame> first = reader.next();
  if (!first && reader.problem().empty()) {
    std::string why;
    for (const auto& [name, count] : not_sent(reader.counts()))
      why += fmt::format("{}{} {}", why.empty() ? ": " : ", ", count, name);
    throw usage_error(fmt::format("{} has no frames that can be sent{}", values["capture"].as<std::string>(), why));
  }
  if (!first) throw usage_error(reader.problem());

  std::atomic<bool> stop = false;
  const stop_signals signals(stop);
  std::uint64_t handed_on = 0;
  const auto next = [&]() -> std::optional<model::system::replay_frame> {
    if (stop || (request.limit != 0 && handed_on == request.limit)) return std::nullopt;
    std::optional<captured_frame> frame = handed_on == 0 ? std::exchange(first, std::nullopt) : reader.next();
    if (!frame) return std::nullopt;
    ++handed_on;
    if (request.pads && frame->bytes.size() < model::wire::smallest_frame_bytes)
      frame->bytes.resize(model::wire::smallest_frame_bytes);
    return model::system::replay_frame{.bytes = std::move(frame->bytes), .time_ns = frame->time_ns};
  };
  fates counted;
  if (request.format == "text") fmt::print("{}", text_heading(request.options.devices.size()));
  const auto told = [&](std::uint64_t number, std::size_t length_bytes, std::uint64_t time_ps,
                        std::span<const replay_outcome> outcomes) {
    counted.take(outcomes[0]);
    if (request.format == "text")
      fmt::print("{}", text_line(number, length_bytes, time_ps, outcomes, request.options.devices));
    if (request.format == "json")
      fmt::print("{}", json_line(number, length_bytes, time_ps, outcomes, request.options.devices));
  };
  const model::system::replay_totals totals = run_replay(request.options, next, told);
  // JSON Lines are for programs; the summary then goes where it does not mix with them.
  print_summary(request.format == "json" ? stderr : stdout, totals, reader.counts(), counted,
                request.options.devices.size());
  if (!reader.problem().empty()) fmt::print(stderr, "fourtuple: {}\n", reader.problem());
  const bool all_well = totals.different == 0 && totals.unanswered == 0 && reader.problem().empty() && !stop;
  return all_well ? exit_ok : exit_failed;
}

}  // namespace fourtuple::tools
