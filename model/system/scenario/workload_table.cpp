// SPDX-License-Identifier: Apache-2.0
#include "host/app/workloads/distribution.hpp"
#include "model/system/scenario/addresses.hpp"
#include "model/system/scenario/field_makers.hpp"

namespace fourtuple::model::system {

namespace {

using work = workload_settings;
using enum workload_kind;

constexpr std::uint64_t most_requests = 1'000'000'000;

setting distributed(std::string_view key, std::string_view unit, std::string_view option, std::string_view help,
                    std::vector<workload_kind> kinds) {
  return {.section = "workloads",
          .key = key,
          .unit = unit,
          .option = option,
          .help = help,
          .format = app::distribution_format,
          .matches = [](std::string_view text) { return app::parse_distribution(text).has_value(); },
          .workloads = std::move(kinds)};
}

void add_who(settings_table<work>& table) {
  table.push_back(at<work>({.section = "workloads",
                            .key = "name",
                            .help = "in reports and --set; every workload has one of its own",
                            .format = "a name of up to 24 small letters, digits, _ and -, a letter first",
                            .matches = is_name},
                           FOURTUPLE_PLACE(name)));
  table.push_back(
      one_of<work, workload_kind>({.section = "workloads", .key = "kind", .option = "workload", .help = "what is done"},
                                  {{"bulk", bulk},
                                   {"request_response", request_response},
                                   {"connection_storm", connection_storm},
                                   {"syn_flood", syn_flood},
                                   {"http", http},
                                   {"idle_crowd", idle_crowd}},
                                  FOURTUPLE_PLACE(kind)));
  table.push_back(at<work>({.section = "workloads",
                            .key = "from",
                            .help = "hosts that open connections; empty: all but `to`",
                            .workloads = {bulk, request_response, connection_storm, http, idle_crowd}},
                           FOURTUPLE_PLACE(from)));
  table.push_back(at<work>({.section = "workloads", .key = "to", .help = "the host that serves; empty: the last one"},
                           FOURTUPLE_PLACE(to)));
  table.push_back(at<work>({.section = "workloads",
                            .key = "port",
                            .help = "0: 2222 for the first workload, 2223 for the second...",
                            .most = 65'535},
                           FOURTUPLE_PLACE(port)));
  table.push_back(at<work>({.section = "workloads",
                            .key = "start_us",
                            .unit = "us",
                            .help = "after the devices are up",
                            .most = 1'000'000'000},
                           FOURTUPLE_PLACE(start_us)));
}

void add_how_much(settings_table<work>& table) {
  table.push_back(at<work>({.section = "workloads",
                            .key = "connections",
                            .option = "connections",
                            .letter = 'n',
                            .help = "of each host in `from`: at the same time, for idle_crowd in all",
                            .least = 1,
                            .most = 20'000,
                            .workloads = {bulk, request_response, connection_storm, http, idle_crowd}},
                           FOURTUPLE_PLACE(connections)));
  table.push_back(
      at<work>({.section = "workloads",
                .key = "requests",
                .option = "requests",
                .help = "of each host in `from` in all (syn_flood: SYNs); 0: until the run's duration is over",
                .most = most_requests,
                .workloads = {request_response, connection_storm, syn_flood, http}},
               FOURTUPLE_PLACE(requests)));
  table.push_back(at<work>({.section = "workloads",
                            .key = "requests_per_connection",
                            .help = "then a new one is opened; 0: as many as there are",
                            .most = most_requests,
                            .workloads = {request_response}},
                           FOURTUPLE_PLACE(requests_per_connection)));
  table.push_back(at<work>(
      distributed(
          "gap_ns", "ns", "gap-ns",
          "between arrivals, open loop; 0: closed loop, the next when the last is answered (idle_crowd: at once)",
          {request_response, connection_storm, syn_flood, idle_crowd}),
      FOURTUPLE_PLACE(gap_ns)));
  table.push_back(at<work>(distributed("think_ns", "ns", {}, "closed loop: from an answer to the next request",
                                       {request_response, connection_storm, http}),
                           FOURTUPLE_PLACE(think_ns)));
}

void add_sizes(settings_table<work>& table) {
  table.push_back(at<work>(distributed("request_bytes", "bytes", "request-bytes", "size of a request",
                                       {request_response, connection_storm, idle_crowd}),
                           FOURTUPLE_PLACE(request_bytes)));
  table.push_back(at<work>(distributed("response_bytes", "bytes", "response-bytes", "size of an answer",
                                       {request_response, connection_storm, idle_crowd}),
                           FOURTUPLE_PLACE(response_bytes)));
  table.push_back(
      at<work>(distributed("alive_gap_ns", "ns", {},
                           "between the requests of one of the idle connections; 0: they say nothing", {idle_crowd}),
               FOURTUPLE_PLACE(alive_gap_ns)));
  table.push_back(at<work>({.section = "workloads",
                            .key = "file",
                            .option = "file",
                            .letter = 'f',
                            .help = "what goes across each connection; empty: a text that ships with the program",
                            .workloads = {bulk}},
                           FOURTUPLE_PLACE(file)));
  table.push_back(at<work>({.section = "workloads",
                            .key = "payload_bytes",
                            .unit = "bytes",
                            .option = "payload-bytes",
                            .help = "random bytes instead of a file; 0: the file",
                            .most = 1'000'000'000,
                            .workloads = {bulk}},
                           FOURTUPLE_PLACE(payload_bytes)));
  table.push_back(
      at<work>({.section = "workloads", .key = "root", .help = "directory that is served", .workloads = {http}},
               FOURTUPLE_PLACE(root)));
  table.push_back(at<work>({.section = "workloads",
                            .key = "paths",
                            .help = "files below it, fetched one after the other and again; empty: all of them",
                            .workloads = {http}},
                           FOURTUPLE_PLACE(paths)));
}

void add_attack(settings_table<work>& table) {
  table.push_back(at<work>({.section = "workloads",
                            .key = "sources",
                            .help = "network that the sources of the SYNs are made up from",
                            .format = "a network such as 198.18.0.0/15",
                            .matches = [](std::string_view text) { return parse_network(text).has_value(); },
                            .workloads = {syn_flood}},
                           FOURTUPLE_PLACE(sources)));
  table.push_back(
      at<work>({.section = "workloads",
                .key = "address",
                .help = "of the attacker, a router to those sources; empty: the last of the target's network",
                .format = "an IPv4 address such as 10.0.0.254",
                .matches = [](std::string_view text) { return text.empty() || parse_ipv4(text).has_value(); },
                .workloads = {syn_flood}},
               FOURTUPLE_PLACE(address)));
}

}  // namespace

const settings_table<workload_settings>& workload_table() {
  static const settings_table<work> table = [] {
    settings_table<work> made;
    add_who(made);
    add_how_much(made);
    add_sizes(made);
    add_attack(made);
    return made;
  }();
  return table;
}

}  // namespace fourtuple::model::system
