// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/app/tasks.hpp"
#include "host/base/clock.hpp"
#include "host/base/threading.hpp"
#include "host/socket/posix_api.hpp"

namespace fourtuple::app {

/// A host as the part of a workload sees it that runs there. All of it outlives the workload.
struct workload_host {
  socket::posix_api& sockets;
  tasks& spawner;
  base::clock& clock;
  base::threading& threads;
};

/// What a workload has done. Counts are of all its hosts together.
struct workload_results {
  std::uint64_t opened = 0;    ///< Connections established by clients.
  std::uint64_t accepted = 0;  ///< And by servers.
  std::uint64_t closed = 0;    ///< Ended in order at both ends.
  std::uint64_t begun = 0;     ///< Requests, files, connections: what the workload counts its work in.
  std::uint64_t finished = 0;  ///< Of these.
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;                ///< Payload that arrived where it was sent, in both directions.
  std::vector<std::uint64_t> latency_ns;  ///< Of what finished, in that order.
  std::optional<bool> payload_ok;         ///< Every byte arrived as it was sent; nothing if that was not compared.
  std::uint64_t active_ns = 0;            ///< From the first beginning to the last end.
  std::vector<std::string> errors;        ///< One line each, the first ones.

  /// A piece of work that failed; only the first few lines are kept.
  void fail(std::string line) {
    constexpr std::size_t most_lines = 10;
    ++failed;
    if (errors.size() < most_lines) errors.push_back(std::move(line));
  }
};

/// Applications on some hosts that work together: servers and their clients.
///
/// Threads: start(), stop() and everything that it spawns run as tasks of one simulation or program that takes turns
/// (socket::posix_api's lock is for the stack, not for this).
class workload {
 public:
  workload() = default;
  workload(const workload&) = delete;
  workload& operator=(const workload&) = delete;
  virtual ~workload() = default;

  /// Once. Does not wait.
  virtual void start() = 0;
  /// Begins nothing new; what is under way ends in order. From a task; may be called when all is done.
  virtual void stop() = 0;
  /// No task of it is left that has something to do.
  [[nodiscard]] virtual bool done() const = 0;
  [[nodiscard]] virtual workload_results results() const = 0;

  /// What has been done and what there is to do, in any unit; 0 of 0 if that is not known.
  struct amount {
    std::uint64_t done = 0;
    std::uint64_t total = 0;
  };
  [[nodiscard]] virtual amount progress() const { return {}; }
};

}  // namespace fourtuple::app
