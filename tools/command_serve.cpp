// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>

#include "host/app/http_server.hpp"
#include "host/app/stream.hpp"
#include "model/system/run_report.hpp"
#include "tools/command.hpp"
#include "tools/options.hpp"
#include "tools/stop_signals.hpp"
#include "tools/tap_options.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;

namespace {

constexpr const char* usage =
    "usage: fourtuple serve --tap=NAME --address=A.B.C.D/N --http=DIR [options]\n\n"
    "Serves the files of a directory from a simulated host, through the simulated NIC, to whoever is\n"
    "behind a TAP device: curl, wget, a browser. Ctrl-C ends it with a summary.\n\n"
    "  ip tuntap add dev tap0 mode tap && ip address add 10.9.0.1/24 dev tap0 && ip link set tap0 up\n"
    "  fourtuple serve --tap=tap0 --address=10.9.0.2/24 --http=. --nic=rtl\n"
    "  curl http://10.9.0.2/README.md\n";

po::options_description serve_options() {
  po::options_description options("Server", 100);
  options.add_options()("http", po::value<std::string>()->required(), "the directory whose files are served")(
      "port", po::value<std::uint16_t>()->default_value(80), "port to listen on")("log", po::bool_switch(),
                                                                                  "print a line for each request");
  options.add(tap_options_description());
  return options;
}

void print_summary(const model::system::run_report& report, const app::http_server_counts& counts,
                   std::uint64_t most_behind_ns, double wall_seconds) {
  fmt::print("{}  http          {} requests on {} connections, {} errors, {} bytes of files\n",
             to_text(report, wall_seconds), counts.requests, counts.connections, counts.errors, counts.body_bytes);
  fmt::print("  pace          at most {:.3f} s behind the wall clock\n", static_cast<double>(most_behind_ns) / 1e9);
}

}  // namespace

int command_serve(const arguments& words) {
  po::variables_map values;
  if (parse_options(words, {usage, serve_options(), {simulation_topic()}}, {}, values)) return exit_ok;
  const std::filesystem::path root = values["http"].as<std::string>();
  std::error_code error;
  if (!std::filesystem::is_directory(root, error))
    throw usage_error(fmt::format("--http: {} is not a directory", root.string()));
  const std::uint16_t port = values["port"].as<std::uint16_t>();
  if (port == 0) throw usage_error("--port=0 is out of range: 1 to 65535");
  std::optional<output_directory> out;
  if (values.count("out") != 0) out.emplace(values["out"].as<std::string>());

  std::atomic<bool> stop = false;
  const stop_signals signals(stop);
  const auto started = std::chrono::steady_clock::now();
  const auto host = make_tap_host(values, out ? out->path() / "wire.pcapng" : std::filesystem::path{});
  if (const std::string problem = host->start(stop); !problem.empty()) {
    fmt::print(stderr, "fourtuple: {}\n", problem);
    return exit_failed;
  }
  app::http_server::log_function log;
  if (values["log"].as<bool>()) log = [](const std::string& line) { fmt::print("{}\n", line); };
  app::http_server server(host->host().sockets(), host->host(), root, port, log);
  if (const int result = server.start(); result != 0) {
    throw usage_error(fmt::format("--port={}: {}", port, app::error_text(result)));
  }
  fmt::print("serving {} on http://{}:{}/, NIC: {}; Ctrl-C ends it\n", root.string(),
             values["address"].as<std::string>().substr(0, values["address"].as<std::string>().find('/')), port,
             values["nic"].as<std::string>());
  std::fflush(stdout);
  host->run(stop, {});
  server.close();
  model::system::run_report report = host->finish();
  report.bytes_delivered = server.counts().body_bytes;
  print_summary(report, server.counts(), host->most_behind_ns(),
                std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  if (out) write_file(out->path() / "run.json", to_json(report));
  return exit_ok;
}

}  // namespace fourtuple::tools
