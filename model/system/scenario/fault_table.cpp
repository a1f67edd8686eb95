// SPDX-License-Identifier: Apache-2.0
#include "model/system/scenario/fault_table.hpp"

#include "model/system/scenario/field_makers.hpp"
#include "model/system/scenario/time_text.hpp"

namespace fourtuple::model::system {

void add_faults(settings_table<platform_options>& table) {
  using platform = platform_options;
  const auto packets = [](std::string_view key, std::string_view help) {
    return setting{.section = "faults",
                   .key = key,
                   .help = help,
                   .format =
                       "such as 3, 5-7, 40us or 40us:2: the N-th, the N-th to M-th, the first from a time on, so "
                       "many from a time on",
                   .matches = [](std::string_view text) { return parse_packet_fault(text).has_value(); }};
  };
  const auto chance = [](std::string_view key, std::string_view help) {
    return setting{.section = "faults", .key = key, .help = help, .least_number = 0, .most_number = 1};
  };
  table.push_back(at<platform>(packets("lose_completion",
                                       "completions that do not reach the device: N, N-M, TIME or "
                                       "TIME:COUNT; its read times out"),
                               FOURTUPLE_PLACE(faults.lose_completion)));
  table.push_back(in_steps<platform>(chance("lose_completion_probability", "probability that one does not reach it"),
                                     pcie::always_ppm, FOURTUPLE_PLACE(faults.lose_completion_probability)));
  table.push_back(at<platform>(
      packets("poison_completion", "completions that reach the device with damaged data, and say so: likewise"),
      FOURTUPLE_PLACE(faults.poison_completion)));
  table.push_back(in_steps<platform>(chance("poison_completion_probability", "probability that one does"),
                                     pcie::always_ppm, FOURTUPLE_PLACE(faults.poison_completion_probability)));
  table.push_back(at<platform>(packets("lose_interrupt", "interrupts of the device that are lost: likewise"),
                               FOURTUPLE_PLACE(faults.lose_interrupt)));
  table.push_back(in_steps<platform>(chance("lose_interrupt_probability", "probability that one is"), pcie::always_ppm,
                                     FOURTUPLE_PLACE(faults.lose_interrupt_probability)));
  table.push_back(at<platform>({.section = "faults",
                                .key = "link_down",
                                .help = "the PCIe link is down: TIME+TIME, from when and for how long; the device is "
                                        "reset when it is up again",
                                .format = "such as 100us+20us",
                                .matches = [](std::string_view text) { return parse_link_down(text).has_value(); }},
                               FOURTUPLE_PLACE(faults.link_down)));
  table.push_back(at<platform>({.section = "faults",
                                .key = "function_reset",
                                .help = "the host resets the device's function: TIME",
                                .format = "a time such as 50us or 1.5ms",
                                .matches = [](std::string_view text) { return parse_time_ps(text).has_value(); }},
                               FOURTUPLE_PLACE(faults.function_reset)));
}

}  // namespace fourtuple::model::system
