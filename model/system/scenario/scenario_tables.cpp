// SPDX-License-Identifier: Apache-2.0
#include "host/app/workloads/distribution.hpp"
#include "model/system/scenario/addresses.hpp"
#include "model/system/scenario/field_makers.hpp"

namespace fourtuple::model::system {

namespace {

constexpr std::uint64_t most_seconds = 1'000'000;
constexpr std::uint64_t most_queue_bytes = 1'000'000'000;

}  // namespace

const settings_table<run_settings>& run_table() {
  using run = run_settings;
  static const settings_table<run> table = {
      at<run>({.section = "run", .key = "seed", .option = "seed", .help = "everything random comes from this number"},
              FOURTUPLE_PLACE(seed)),
      at<run>({.section = "run",
               .key = "duration_us",
               .unit = "us",
               .option = "duration-us",
               .help = "simulated time after which workloads begin nothing new; 0: until they are done",
               .most = most_seconds * 1'000'000},
              FOURTUPLE_PLACE(duration_us)),
      at<run>({.section = "run",
               .key = "limit_s",
               .unit = "s",
               .option = "limit-s",
               .help = "simulated time after which the run has failed",
               .least = 1,
               .most = most_seconds},
              FOURTUPLE_PLACE(limit_s)),
      at<run>({.section = "run",
               .key = "skip",
               .option = "no-skip",
               .help = "leave idle clocks of the RTL out; without: slow, same results"},
              FOURTUPLE_PLACE(skip)),
      at<run>({.section = "run",
               .key = "quantum_clocks",
               .unit = "clocks",
               .option = "quantum",
               .help = "how far the RTL may run ahead; 0: as far as changes nothing"},
              FOURTUPLE_PLACE(quantum_clocks)),
  };
  return table;
}

const settings_table<switch_settings>& switch_table() {
  using settings = switch_settings;
  static const settings_table<settings> table = {
      at<settings>({.section = "switch", .key = "always", .help = "a switch between two hosts too, instead of a cable"},
                   FOURTUPLE_PLACE(always)),
      at<settings>({.section = "switch",
                    .key = "forwarding_ns",
                    .unit = "ns",
                    .help = "from a frame's last bit in to its first bit out, with nothing in its way",
                    .most = 1'000'000},
                   FOURTUPLE_PLACE(forwarding_ns)),
      at<settings>({.section = "switch",
                    .key = "queue_bytes",
                    .unit = "bytes",
                    .help = "output queue of a port; what does not fit is dropped",
                    .least = 1'514,
                    .most = most_queue_bytes},
                   FOURTUPLE_PLACE(queue_bytes)),
      at<settings>({.section = "switch",
                    .key = "ecn_mark_bytes",
                    .unit = "bytes",
                    .help = "ECT packets that find more in the queue get CE; 0: none do",
                    .most = most_queue_bytes},
                   FOURTUPLE_PLACE(ecn_mark_bytes)),
      at<settings>({.section = "switch",
                    .key = "addresses",
                    .help = "Ethernet addresses that it can learn",
                    .least = 1,
                    .most = 1'000'000},
                   FOURTUPLE_PLACE(addresses)),
      at<settings>({.section = "switch",
                    .key = "ageing_s",
                    .unit = "s",
                    .help = "after which one that was not heard of is forgotten",
                    .least = 1,
                    .most = most_seconds},
                   FOURTUPLE_PLACE(ageing_s)),
  };
  return table;
}

const settings_table<host_settings>& host_table() {
  using host = host_settings;
  static const settings_table<host> table = {
      at<host>({.section = "hosts",
                .key = "name",
                .help = "every host has one of its own",
                .format = "a name of up to 24 small letters, digits, _ and -, a letter first",
                .matches = is_name},
               FOURTUPLE_PLACE(name)),
      at<host>({.section = "hosts",
                .key = "address",
                .help = "empty: 10.0.0.N/24 for the N-th host",
                .format = "the address of a host with prefix length, such as 10.0.0.1/24",
                .matches = [](std::string_view text) { return text.empty() || parse_interface(text).has_value(); }},
               FOURTUPLE_PLACE(address)),
      at<host>({.section = "hosts",
                .key = "mac",
                .help = "empty: 02:00:00:00:00:NN for the N-th host",
                .format = "an Ethernet address of one station, such as 02:00:00:00:00:01",
                .matches = [](std::string_view text) { return text.empty() || parse_mac(text).has_value(); }},
               FOURTUPLE_PLACE(mac)),
      at<host>({.section = "hosts",
                .key = "gateway",
                .help = "where packets for other networks go; empty: nowhere, or to a SYN flood's attacker",
                .format = "an IPv4 address such as 10.0.0.254",
                .matches = [](std::string_view text) { return text.empty() || parse_ipv4(text).has_value(); }},
               FOURTUPLE_PLACE(gateway)),
      at<host>({.section = "hosts",
                .key = "count",
                .help = "so many hosts of this kind: NAME-1, NAME-2..., with addresses that follow one another",
                .least = 1,
                .most = 250},
               FOURTUPLE_PLACE(count)),
  };
  return table;
}

const settings_table<impairment_settings>& impairment_table() {
  using way = impairment_settings;
  const auto chance = [](std::string_view key, std::string_view option, std::string_view help) {
    return setting{
        .section = "impairments", .key = key, .option = option, .help = help, .least_number = 0, .most_number = 1};
  };
  const auto delay = [](std::string_view key, std::string_view option, std::string_view help) {
    return setting{
        .section = "impairments", .key = key, .unit = "ns", .option = option, .help = help, .most = 1'000'000'000};
  };
  static const settings_table<way> table = {
      in_steps<way>(chance("loss", "loss", "probability that a frame is lost"), wire::always_ppm,
                    FOURTUPLE_PLACE(loss)),
      at<way>({.section = "impairments",
               .key = "loss_burst",
               .option = "loss-burst",
               .help = "Gilbert-Elliott: good-to-bad=P,bad-to-good=P,loss-in-good=P,loss-in-bad=P",
               .format = "such as good-to-bad=0.01,bad-to-good=0.3,loss-in-good=0,loss-in-bad=1",
               .matches = [](std::string_view text) { return text.empty() || parse_burst_loss(text).has_value(); }},
              FOURTUPLE_PLACE(loss_burst)),
      at<way>({.section = "impairments",
               .key = "drop",
               .option = "drop",
               .help = "lose the N-th (to M-th) frame, syn, syn-ack, data, ack, fin or rst: KIND:N or KIND:N-M",
               .format = "such as data:3 or syn:1-2; kinds are frame, syn, syn-ack, data, ack, fin, rst",
               .matches = [](std::string_view text) { return parse_scripted_loss(text).has_value(); }},
              FOURTUPLE_PLACE(drop)),
      in_steps<way>(chance("duplicate", "duplicate", "probability that a frame arrives twice"), wire::always_ppm,
                    FOURTUPLE_PLACE(duplicate)),
      in_steps<way>(chance("reorder", "reorder", "probability that a frame is held back"), wire::always_ppm,
                    FOURTUPLE_PLACE(reorder)),
      at<way>(delay("reorder_delay_ns", "reorder-delay-ns", "for how long"), FOURTUPLE_PLACE(reorder_delay_ns)),
      in_steps<way>(chance("corrupt", "corrupt", "probability of a flipped bit that the frame check sequence shows"),
                    wire::always_ppm, FOURTUPLE_PLACE(corrupt)),
      in_steps<way>(chance("corrupt_silent", "corrupt-silent",
                           "probability of a flipped bit in an IPv4 packet that only its checksums show"),
                    wire::always_ppm, FOURTUPLE_PLACE(corrupt_silent)),
      at<way>(delay("jitter_ns", "jitter-ns", "further delay, equally distributed from 0 to this"),
              FOURTUPLE_PLACE(jitter_ns)),
      at<way>({.section = "impairments",
               .key = "jitter_reorders",
               .option = "jitter-reorders",
               .help = "jitter lets frames overtake one another"},
              FOURTUPLE_PLACE(jitter_reorders)),
      at<way>({.section = "impairments",
               .key = "bottleneck_mbit",
               .unit = "Mbit/s",
               .option = "bottleneck-mbit",
               .help = "a slower hop with a finite queue and tail drop; 0: none",
               .most = 1'000'000},
              FOURTUPLE_PLACE(bottleneck_mbit)),
      at<way>({.section = "impairments",
               .key = "queue_bytes",
               .unit = "bytes",
               .option = "queue-bytes",
               .help = "its queue",
               .least = 1'514,
               .most = most_queue_bytes},
              FOURTUPLE_PLACE(queue_bytes)),
      at<way>({.section = "impairments",
               .key = "ecn_mark_bytes",
               .unit = "bytes",
               .option = "ecn-mark-bytes",
               .help = "ECT packets that find more than this in the queue get CE; 0: none do",
               .most = most_queue_bytes},
              FOURTUPLE_PLACE(ecn_mark_bytes)),
      at<way>({.section = "impairments", .key = "seed", .help = "of what is random here; 0: the run's"},
              FOURTUPLE_PLACE(seed)),
  };
  return table;
}

}  // namespace fourtuple::model::system
