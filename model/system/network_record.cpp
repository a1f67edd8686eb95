// SPDX-License-Identifier: Apache-2.0
#include "model/system/network_record.hpp"

#include <stdexcept>
#include <utility>

#include "model/host/simulated_threading.hpp"

namespace fourtuple::model::system {

network_record::network_record(const network& hosts, observation& observed, const run_outputs& outputs)
    : hosts_(hosts), observed_(observed), captures_(!outputs.capture.empty()), plots_(outputs.plots) {
  const auto& links = hosts.links();
  std::vector<std::string> interfaces;
  for (std::size_t i = 0; i < links.size(); ++i) {
    wire::digest& digest = *digests_.emplace_back(std::make_unique<wire::digest>());
    links[i]->add_observer(windows_.emplace_back(digest, 0, outputs.until_ps));
    const std::string& name = hosts.end_name(i, wire::direction::a_to_b);
    const std::string& other = hosts.end_name(i, wire::direction::b_to_a);
    interfaces.push_back(name);
    interfaces.push_back(other == "switch" ? "switch to " + name : other);
  }
  writer_ = std::make_unique<wire::pcapng_writer>(wire::pcapng_options{.interface_names = interfaces});
  if (captures_) {
    if (const auto error = writer_->open(outputs.capture.string())) throw std::runtime_error(*error);
    for (std::size_t i = 0; i < links.size(); ++i)
      links[i]->add_observer(windows_.emplace_back(writer_->of_link(i), outputs.from_ps, outputs.until_ps));
  }
  if (!outputs.listing_times_ns.empty()) list_at(outputs.listing_times_ns);
  observe_all(observed, outputs);
}

void network_record::observe_all(observation& observed, const run_outputs& outputs) const {
  if (outputs.plots || !outputs.events.empty() || outputs.listener != nullptr) {
    for (const auto& host : hosts_.hosts()) observed.add(*host);
    for (std::size_t i = 0; i < hosts_.links().size(); ++i) {
      observed.add(*hosts_.links()[i], hosts_.end_name(i, wire::direction::a_to_b),
                   hosts_.end_name(i, wire::direction::b_to_a));
    }
  }
  if (outputs.listener != nullptr) observed.add_listener(*outputs.listener);
  if (!outputs.events.empty()) observed.log_to(outputs.events, outputs.from_ps, outputs.until_ps);
}

void network_record::list_at(const std::vector<std::uint64_t>& times_ns) {
  sc_core::sc_spawn_options in_thread;
  const auto take_listings = [this, times_ns] {
    for (const std::uint64_t time_ns : times_ns) {
      host::sleep_until(time_ns);
      listings_ += listing_of(hosts_, time_ns);
    }
  };
  sc_core::sc_spawn(take_listings, "listings", &in_thread);
}

void network_record::finish() {
  if (captures_) {
    if (const auto error = writer_->finish()) throw std::runtime_error(*error);
  }
  observed_.finish();
}

void network_record::add_links(run_report& report) const {
  const auto& links = hosts_.links();
  report.wire_frames = hosts_.wire_frames();
  for (std::size_t i = 0; i < links.size(); ++i) {
    for (const wire::direction way : {wire::direction::a_to_b, wire::direction::b_to_a}) {
      const wire::link_counters& counters = links[i]->counters(way);
      report.wire_bytes += counters.frame_bytes;
      const bool from_switch = hosts_.end_name(i, way) == "switch";
      const std::string direction =
          from_switch ? "to_" + hosts_.end_name(i, wire::direction::a_to_b) : "from_" + hosts_.end_name(i, way);
      if (links.size() > 1) report.links.push_back({direction, counters.frames, counters.frame_bytes});
      if (const wire::impairment* impaired = links[i]->impairment_of(way))
        report.impairments.push_back({.direction = direction, .counters = wire::named(impaired->counters())});
    }
  }
}

void network_record::add_to(run_report& report) const {
  for (const auto& host : hosts_.hosts()) {
    const nic::nic_clocks clocks = std::as_const(*host).device().clocks();
    report.clocks.evaluated += clocks.evaluated;
    report.clocks.skipped += clocks.skipped;
  }
  add_links(report);
  if (const wire::ethernet_switch* const device = hosts_.switch_device()) {
    for (std::size_t port = 0; port < device->ports(); ++port)
      report.switch_ports.push_back(
          {hosts_.end_name(port, wire::direction::a_to_b), wire::named(device->counters(port))});
  }
  std::vector<std::string> sums;
  for (const auto& digest : digests_) sums.push_back(digest->hex());
  report.digest = wire::joined_digest(sums);
  report.listings = listings_;
  if (plots_) report.plots = observed_.plots();
}

std::string listing_of(const network& hosts, std::uint64_t now_ns) {
  std::string text;
  for (const auto& host : hosts.hosts()) {
    text += std::string(host->basename()) + " at " + std::to_string(now_ns) + " ns\n" + host->stack().tcp().diag(true) +
            "\n";
  }
  return text;
}

}  // namespace fourtuple::model::system
