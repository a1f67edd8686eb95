// SPDX-License-Identifier: Apache-2.0
#include "tools/impairment_options.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/app/http_message.hpp"
#include "tools/command.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;
namespace wire = model::wire;

namespace {

using words = std::vector<std::string>;
using setter = std::function<void(wire::impairment_config&, std::string_view)>;

constexpr std::pair<std::string_view, wire::segment_kind> segment_kinds[] = {
    {"frame", wire::segment_kind::frame}, {"syn", wire::segment_kind::syn}, {"syn-ack", wire::segment_kind::syn_ack},
    {"data", wire::segment_kind::data},   {"ack", wire::segment_kind::ack}, {"fin", wire::segment_kind::fin},
    {"rst", wire::segment_kind::rst},
};

[[noreturn]] void refuse(std::string_view option, std::string_view text, std::string_view expected) {
  throw usage_error(fmt::format("--{}={} is not {}", option, text, expected));
}

wire::parts_per_million read_probability(std::string_view option, std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 1))
    refuse(option, text, "a probability from 0 to 1, such as 0.01");
  return static_cast<wire::parts_per_million>(std::llround(value * wire::always_ppm));
}

std::uint64_t read_number(std::string_view option, std::string_view text, std::uint64_t least, std::uint64_t most) {
  const auto value = app::parse_number(text);
  if (!value || *value < least || *value > most)
    refuse(option, text, fmt::format("a whole number from {} to {}", least, most));
  return *value;
}

// Takes off what comes before the first separator; the whole text if there is none.
std::string_view take_until(char separator, std::string_view& text) {
  const std::size_t at = text.find(separator);
  const std::string_view taken = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  return taken;
}

wire::burst_loss read_burst(std::string_view text) {
  constexpr std::string_view option = "loss-burst";
  wire::burst_loss burst;
  const std::array<std::pair<std::string_view, wire::parts_per_million*>, 4> parameters{{
      {"good-to-bad", &burst.good_to_bad},
      {"bad-to-good", &burst.bad_to_good},
      {"loss-in-good", &burst.loss_in_good},
      {"loss-in-bad", &burst.loss_in_bad},
  }};
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view value = take_until(',', rest);
    const std::string_view name = take_until('=', value);
    bool known = false;
    for (const auto& [parameter, target] : parameters) {
      if (parameter != name) continue;
      *target = read_probability(option, value);
      known = true;
    }
    if (!known) refuse(option, text, "such as good-to-bad=0.01,bad-to-good=0.3,loss-in-good=0,loss-in-bad=1");
  }
  return burst;
}

wire::scripted_loss read_drop(std::string_view text) {
  constexpr std::string_view option = "drop";
  constexpr std::uint64_t most = 1'000'000'000;
  std::string_view rest = text;
  const std::string_view kind_name = take_until(':', rest);
  std::string_view range = rest;
  const std::string_view first = take_until('-', range);
  for (const auto& [name, kind] : segment_kinds) {
    if (name != kind_name || first.empty()) continue;
    const std::uint64_t first_number = read_number(option, first, 1, most);
    const bool one = rest.find('-') == std::string_view::npos;
    return {.kind = kind,
            .first = first_number,
            .last = one ? first_number : read_number(option, range, first_number, most)};
  }
  refuse(option, text, "such as data:3 or syn:1-2; kinds are frame, syn, syn-ack, data, ack, fin, rst");
}

wire::bottleneck_config& bottleneck_of(wire::impairment_config& config, std::string_view option) {
  if (!config.bottleneck) throw usage_error(fmt::format("--{} needs --bottleneck-mbit", option));
  return *config.bottleneck;
}

struct impairment_option {
  const char* name;
  const char* help;
  setter set;
};

setter probability(const char* name, wire::parts_per_million wire::impairment_config::*member) {
  return [name, member](wire::impairment_config& config, std::string_view text) {
    config.*member = read_probability(name, text);
  };
}

setter delay_ns(const char* name, std::uint64_t wire::impairment_config::*member) {
  return [name, member](wire::impairment_config& config, std::string_view text) {
    config.*member = read_number(name, text, 0, 1'000'000'000);
  };
}

// In the order in which they are applied: those of the queue need the bottleneck.
const std::vector<impairment_option>& impairment_options() {
  using config = wire::impairment_config;
  static const std::vector<impairment_option> options = {
      {"loss", "probability that a frame is lost, 0 to 1", probability("loss", &config::loss)},
      {"loss-burst", "Gilbert-Elliott: good-to-bad=P,bad-to-good=P,loss-in-good=P,loss-in-bad=P",
       [](config& way, std::string_view text) { way.burst = read_burst(text); }},
      {"drop", "lose the N-th (to M-th) of a kind, KIND:N or KIND:N-M; frame, syn, syn-ack, data, ack, fin, rst",
       [](config& way, std::string_view text) { way.drops.push_back(read_drop(text)); }},
      {"duplicate", "probability that a frame arrives twice", probability("duplicate", &config::duplicate)},
      {"reorder", "probability that a frame is held back", probability("reorder", &config::reorder)},
      {"reorder-delay-ns", "for how long (default 10000)", delay_ns("reorder-delay-ns", &config::reorder_delay_ns)},
      {"corrupt", "probability of a flipped bit that the frame check sequence shows",
       probability("corrupt", &config::corrupt)},
      {"corrupt-silent", "probability of a flipped bit in an IPv4 packet that only its checksums show",
       probability("corrupt-silent", &config::corrupt_silently)},
      {"jitter-ns", "further delay, equally distributed from 0 to this", delay_ns("jitter-ns", &config::jitter_ns)},
      {"bottleneck-mbit", "a slower hop with a finite queue and tail drop, Mbit/s (1 to 1000000)",
       [](config& way, std::string_view text) {
         way.bottleneck.emplace().rate_bits_per_s = read_number("bottleneck-mbit", text, 1, 1'000'000) * 1'000'000;
       }},
      {"queue-bytes", "its queue (default 250000)",
       [](config& way, std::string_view text) {
         bottleneck_of(way, "queue-bytes").queue_bytes = read_number("queue-bytes", text, 1'514, 1'000'000'000);
       }},
      {"ecn-mark-bytes", "mark ECT packets that find more than this in the queue",
       [](config& way, std::string_view text) {
         bottleneck_of(way, "ecn-mark-bytes").mark_above_bytes = read_number("ecn-mark-bytes", text, 1, 1'000'000'000);
       }},
  };
  return options;
}

void apply(const impairment_option& option, std::string_view text, model::system::wire_impairments& impairments) {
  std::string_view value = text;
  const std::string_view sender = text.substr(0, text.find(':'));
  const bool client_only = sender == "client" && sender.size() < text.size();
  const bool server_only = sender == "server" && sender.size() < text.size();
  if (client_only || server_only) value.remove_prefix(sender.size() + 1);
  if (!server_only) option.set(impairments.from_client, value);
  if (!client_only) option.set(impairments.from_server, value);
}

}  // namespace

po::options_description impairment_options_description() {
  po::options_description options(
      "Impairments of the wire, in both directions; client:VALUE or server:VALUE: of what that one sends", 100);
  for (const impairment_option& option : impairment_options())
    options.add_options()(option.name, po::value<words>()->value_name("arg")->composing(), option.help);
  options.add_options()("jitter-reorders", po::bool_switch(), "jitter lets frames overtake one another");
  return options;
}

model::system::wire_impairments read_impairment_options(const po::variables_map& values) {
  model::system::wire_impairments impairments;
  for (const impairment_option& option : impairment_options()) {
    if (values.count(option.name) == 0) continue;
    for (const std::string& text : values[option.name].as<words>()) apply(option, text, impairments);
  }
  impairments.from_client.jitter_reorders = impairments.from_server.jitter_reorders =
      values["jitter-reorders"].as<bool>();
  if (const std::string problem = problem_with(impairments); !problem.empty()) throw usage_error(problem);
  return impairments;
}

}  // namespace fourtuple::tools
