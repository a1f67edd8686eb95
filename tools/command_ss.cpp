// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "tools/command.hpp"
#include "tools/options.hpp"
#include "tools/world_link.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;

namespace {

constexpr const char* usage =
    "usage: fourtuple ss --world=PATH [--host=NAME]\n\n"
    "Lists the TCP sockets of a running world's hosts as ss -tain lists those of the system.\n\n"
    "  fourtuple ss --world=w.sock --host=a\n";

}  // namespace

int command_ss(const arguments& words) {
  po::options_description options("Sockets", 100);
  options.add_options()("world", po::value<std::string>()->value_name("PATH")->required(),
                        "the socket of a running world")("host", po::value<std::string>()->value_name("NAME"),
                                                         "only this host's sockets");
  po::variables_map values;
  if (parse_options(words, usage, options, {}, values)) return exit_ok;
  const std::string host = values.count("host") != 0 ? values["host"].as<std::string>() : "";
  fmt::print("{}", show_world(values["world"].as<std::string>(), host, preload::view::sockets));
  return exit_ok;
}

}  // namespace fourtuple::tools
