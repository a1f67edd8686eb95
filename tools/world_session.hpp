// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <boost/program_options.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "model/world/world.hpp"
#include "tools/options.hpp"

namespace fourtuple::tools {

/// The scenario, --hosts, --tap, --out, --virtual-time, the wire's and the simulation's options: what world and exec
/// have in common.
[[nodiscard]] boost::program_options::options_description world_options_description();
/// What else it can be told.
[[nodiscard]] std::vector<help_topic> world_topics();

/// A world that this process runs, from its options to its report.
class world_session {
 public:
  /// Makes the world and brings it up, with its socket at `socket`. Throws usage_error.
  world_session(const boost::program_options::variables_map& values, const std::filesystem::path& socket,
                const std::atomic<bool>& stop);

  [[nodiscard]] const std::vector<std::string>& hosts() const noexcept { return hosts_; }
  /// "a 10.0.0.1, b 10.0.0.2"
  [[nodiscard]] std::string host_list() const;
  /// "rtl", "model", or what each host has.
  [[nodiscard]] std::string nic_list() const;
  /// Where programs find it.
  [[nodiscard]] const std::filesystem::path& socket() const noexcept { return socket_; }
  /// The command that starts a program on a host.
  [[nodiscard]] std::string how_to_start(const std::string& host) const;
  /// Runs until `done` or `stop`.
  void run(const std::atomic<bool>& stop, const std::function<bool()>& done) { world_->run(stop, done); }
  /// Ends the world, writes the results if there is an --out, and returns the summary for people. `subcommand` and
  /// `words`: what was asked for.
  [[nodiscard]] std::string finish(const std::string& subcommand, const arguments& words);

 private:
  model::world::world_options options_;
  std::vector<std::string> hosts_;
  std::optional<output_directory> out_;
  std::unique_ptr<model::world::world> world_;
  std::filesystem::path socket_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace fourtuple::tools
