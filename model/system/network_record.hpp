// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "model/observe/happening.hpp"
#include "model/system/network.hpp"
#include "model/system/observation.hpp"
#include "model/system/run_report.hpp"
#include "model/wire/digest.hpp"
#include "model/wire/pcapng_writer.hpp"
#include "model/wire/window_observer.hpp"

namespace fourtuple::model::system {

/// What a run writes while it goes on. Empty: not written.
struct run_outputs {
  std::filesystem::path capture;                     ///< pcapng, every frame on the wires.
  std::filesystem::path events;                      ///< JSON Lines, observe::event_log.
  bool plots = true;                                 ///< Collect run_report::plots.
  std::vector<std::uint64_t> listing_times_ns = {};  ///< When every host's TCP is listed as by `ss -tain`, in order.
  observe::story_listener* listener = nullptr;       ///< Hears what happens; nullptr for nobody.
  std::uint64_t from_ps = 0;                         ///< Capture and events begin here.
  std::uint64_t until_ps = ~std::uint64_t{0};        ///< The run ends here, if it has not ended before.
};

/// What is taken down of a network while it runs, beside what its hosts count themselves.
class network_record {
 public:
  /// Before the simulation starts. `hosts` and `observed` outlive this, and `observed` outlives `hosts`: what they do
  /// at their end still tells it. Throws std::runtime_error with one line if an output cannot be written.
  network_record(const network& hosts, observation& observed, const run_outputs& outputs);

  /// After the run. Throws std::runtime_error if an output could not be written.
  void finish();
  /// Digest, links, switch, clocks, listings and plots; after finish().
  void add_to(run_report& report) const;

 private:
  void observe_all(observation& observed, const run_outputs& outputs) const;
  void list_at(const std::vector<std::uint64_t>& times_ns);
  void add_links(run_report& report) const;

  const network& hosts_;
  observation& observed_;
  bool captures_;
  bool plots_;
  std::vector<std::unique_ptr<wire::digest>> digests_;
  std::unique_ptr<wire::pcapng_writer> writer_;
  std::deque<wire::window_observer> windows_;  // Observers stay where they are.
  std::string listings_;
};

/// Every host's TCP now, as `ss -tain` lists it.
[[nodiscard]] std::string listing_of(const network& hosts, std::uint64_t now_ns);

}  // namespace fourtuple::model::system
