// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/app/http_client.hpp"
#include "host/app/http_message.hpp"
#include "model/system/run_report.hpp"
#include "tools/command.hpp"
#include "tools/options.hpp"
#include "tools/stop_signals.hpp"
#include "tools/tap_options.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;

namespace {

constexpr const char* usage =
    "usage: fourtuple fetch --tap=NAME --address=A.B.C.D/N URL... -o FILE... [options]\n\n"
    "Fetches files from a real HTTP server behind a TAP device, through the simulated NIC. Several URLs\n"
    "are fetched at the same time, each into the FILE at the same place in the list.\n\n"
    "  ip tuntap add dev tap0 mode tap && ip address add 10.9.0.1/24 dev tap0 && ip link set tap0 up\n"
    "  python3 -m http.server &\n"
    "  fourtuple fetch --tap=tap0 --address=10.9.0.2/24 http://10.9.0.1:8000/README.md -o README.copy\n";

po::options_description fetch_options() {
  po::options_description options("Client", 100);
  options.add_options()("url", po::value<std::vector<std::string>>()->required(),
                        "what to fetch: http://HOST[:PORT]/PATH")(
      "output,o", po::value<std::vector<std::string>>()->required(), "where it goes; one for each URL");
  options.add(tap_options_description());
  return options;
}

// Names are resolved by the machine that this runs on, not by the simulated host.
packet::ipv4_address resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    throw usage_error(fmt::format("cannot resolve {}: {}", host, gai_strerror(error)));
  }
  const auto* address = reinterpret_cast<const sockaddr_in*>(found->ai_addr);
  const packet::ipv4_address result{ntohl(address->sin_addr.s_addr)};
  freeaddrinfo(found);
  return result;
}

// One file under way: written beside its place, and put there when it is complete.
struct download {
  app::http_url url;
  packet::ipv4_address server;
  std::filesystem::path target;
  std::filesystem::path partial;
  std::ofstream stream;
  app::http_result result;
  bool ended = false;

  download(const std::string& text, std::string target_name)
      : target(std::move(target_name)), partial(target.string() + ".partial") {
    const std::optional<app::http_url> parsed = app::parse_url(text);
    if (!parsed) throw usage_error(fmt::format("{} is not a URL such as http://10.9.0.1:8000/file", text));
    url = *parsed;
    server = resolve(url.host);
    std::error_code error;
    if (std::filesystem::is_directory(target, error))
      throw usage_error(fmt::format("-o: {} is a directory; name a file", target.string()));
    stream.open(partial, std::ios::binary | std::ios::trunc);
    if (!stream) throw usage_error(fmt::format("-o: cannot write {}", partial.string()));
  }
  download(const download&) = delete;
  download& operator=(const download&) = delete;
  ~download() {
    stream.close();
    std::error_code error;
    if (!result.ok) std::filesystem::remove(partial, error);
  }

  void run(socket::posix_api& sockets) {
    result = app::http_fetch(sockets, server, url, [this](std::span<const std::byte> bytes) {
      stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
      return stream.good();
    });
    ended = true;
  }

  // False, and a line on standard error, if the file is not there whole.
  bool settle() {
    stream.close();
    std::error_code error;
    if (result.ok && !stream.fail()) std::filesystem::rename(partial, target, error);
    if (result.ok && (stream.fail() || error)) {
      result.ok = false;
      result.error = "cannot write the output";
    }
    if (!ended) result.error = "stopped before the end";
    if (!result.ok) fmt::print(stderr, "fourtuple: {}: {}\n", target.string(), result.error);
    return result.ok;
  }
};

std::vector<std::unique_ptr<download>> read_downloads(const po::variables_map& values) {
  const auto& urls = values["url"].as<std::vector<std::string>>();
  const auto& outputs = values["output"].as<std::vector<std::string>>();
  if (urls.size() != outputs.size()) {
    throw usage_error(fmt::format("{} URLs and {} times -o: each URL needs one", urls.size(), outputs.size()));
  }
  if (std::set<std::string>(outputs.begin(), outputs.end()).size() != outputs.size())
    throw usage_error("-o: two URLs cannot go into the same file");
  std::vector<std::unique_ptr<download>> downloads;
  for (std::size_t i = 0; i < urls.size(); ++i) downloads.push_back(std::make_unique<download>(urls[i], outputs[i]));
  return downloads;
}

}  // namespace

int command_fetch(const arguments& words) {
  po::variables_map values;
  po::positional_options_description positional;
  positional.add("url", -1);
  if (parse_options(words, {usage, fetch_options(), {simulation_topic()}}, positional, values)) return exit_ok;
  std::optional<output_directory> out;
  if (values.count("out") != 0) out.emplace(values["out"].as<std::string>());
  std::atomic<bool> stop = false;
  const stop_signals signals(stop);
  const auto started = std::chrono::steady_clock::now();
  const std::vector<std::unique_ptr<download>> downloads = read_downloads(values);
  const auto host = make_tap_host(values, out ? out->path() / "wire.pcapng" : std::filesystem::path{});
  if (const std::string problem = host->start(stop); !problem.empty()) {
    fmt::print(stderr, "fourtuple: {}\n", problem);
    return exit_failed;
  }
  std::size_t ended = 0;
  for (const auto& one : downloads) {
    host->host().spawn("fetch", [&ended, &host, fetched = one.get()] {
      fetched->run(host->host().sockets());
      ++ended;
    });
  }
  host->run(stop, [&] { return ended == downloads.size(); });
  model::system::run_report report = host->finish();
  bool all = true;
  for (const auto& one : downloads) {
    all &= one->settle();
    report.bytes_delivered += one->result.body_bytes;
    if (!one->result.ok) report.errors.push_back(one->target.string() + ": " + one->result.error);
  }
  fmt::print("{}", to_text(report, std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count()));
  if (out) write_file(out->path() / "run.json", to_json(report));
  return all ? exit_ok : exit_failed;
}

}  // namespace fourtuple::tools
