// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <atomic>
#include <cstdio>

#include "tools/abandoned_files.hpp"
#include "tools/command.hpp"
#include "tools/options.hpp"
#include "tools/stop_signals.hpp"
#include "tools/world_session.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;

namespace {

constexpr const char* usage =
    "usage: fourtuple world [FILE.toml] --socket=PATH [options]\n\n"
    "Simulated hosts, their NICs and the wire between them, for unmodified programs of this machine:\n"
    "their TCP runs through the simulated stack, PCIe, NIC and wire. Only --tap may need root. Ctrl-C\n"
    "ends it with a summary.\n\n"
    "  fourtuple world --hosts=a,b --nic=rtl --socket=w.sock --out=out &\n"
    "  fourtuple exec --world=w.sock --host=a -- python3 -m http.server --bind a 8000 &\n"
    "  fourtuple exec --world=w.sock --host=b -- curl http://a:8000/\n";

}  // namespace

int command_world(const arguments& words) {
  po::options_description options = world_options_description();
  options.add_options()("socket", po::value<std::string>()->required(),
                        "where programs reach the world: a Unix socket, made with mode 0600");
  po::variables_map values;
  po::positional_options_description positional;
  positional.add("scenario", 1);
  if (parse_options(words, {usage, options, world_topics()}, positional, values)) return exit_ok;
  std::atomic<bool> stop = false;
  const stop_signals signals(stop);
  world_session session(values, values["socket"].as<std::string>(), stop);
  const abandoned_files if_killed(session.socket(), abandoned_files::directory::kept);
  fmt::print("world: {}; NIC: {}; Ctrl-C ends it\n", session.host_list(), session.nic_list());
  for (const std::string& host : session.hosts()) fmt::print("  {}\n", session.how_to_start(host));
  std::fflush(stdout);
  session.run(stop, {});
  fmt::print("{}", session.finish("world", words));
  return exit_ok;
}

}  // namespace fourtuple::tools
