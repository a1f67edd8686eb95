// SPDX-License-Identifier: Apache-2.0
#include "bench/pcie/pcie_throughput.hpp"

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <systemc>
#include <utility>

#include "model/pcie/iommu.hpp"
#include "model/sim/arrival_queue.hpp"
#include "model/sim/time.hpp"

namespace fourtuple::bench {
namespace {

using model::pcie::completion_status;
using model::pcie::tlp;
using model::pcie::tlp_type;

constexpr std::uint64_t memory_address = std::uint64_t{1} << 32;
constexpr std::size_t memory_bytes = std::size_t{1} << 20;
constexpr std::uint32_t accesses = 8'000;
constexpr std::uint32_t smallest_bytes = 64;
constexpr std::uint32_t largest_bytes = 4096;

tlp of_kind(tlp_type type, std::uint32_t data_bytes) {
  tlp packet;
  packet.type = type;
  packet.address = memory_address;
  packet.data.resize(data_bytes);
  return packet;
}

double lanes_ns(const pcie_setup& setup, const tlp& packet) {
  // A thousand at once, so that the picosecond's rounding does not count.
  return static_cast<double>(serialisation_ps(setup.link, wire_bytes(packet) * std::uint64_t{1'000})) / 1e6;
}

/// A device that does nothing but DMA of one size.
class dma_bench : public sc_core::sc_module {
 public:
  dma_bench(sc_core::sc_module_name name, const pcie_setup& setup)
      : sc_module(name),
        setup_(setup),
        ram_(memory_bytes),
        root_("root", setup.root, memory_, "device"),
        link_("link", setup.link),
        out_("out"),
        in_("in", [this](tlp&& packet, sc_core::sc_time arrival) { arrivals_.push(std::move(packet), arrival); }),
        requester_(
            setup.device, [this](tlp packet, sc_core::sc_time delay) { out_.send(std::move(packet), delay); },
            [this](std::uint64_t token, completion_status status, sc_core::sc_time arrival) {
              finished(token, status, arrival);
            },
            [this](std::uint64_t token, completion_status status, std::span<const std::byte>,
                   sc_core::sc_time arrival) { finished(token, status, arrival); }) {
    if (!memory_.map(memory_address, ram_)) throw std::logic_error("the bench's memory could not be mapped");
    out_.socket.bind(link_.from_endpoint().socket);
    link_.to_endpoint().socket.bind(in_.socket);
    root_.to_device().socket.bind(link_.from_root().socket);
    link_.to_root().socket.bind(root_.from_device().socket);
    SC_HAS_PROCESS(dma_bench);
    SC_METHOD(receive);
    SC_THREAD(run);
  }

  std::vector<pcie_throughput> results;

 private:
  void receive() {
    while (auto packet = arrivals_.pop(sc_core::sc_time_stamp())) {
      requester_.accept(std::move(*packet), sc_core::sc_time_stamp());
    }
    next_trigger(arrivals_.changed());
  }

  void finished(std::uint64_t token, completion_status status, sc_core::sc_time arrival) {
    if (status != completion_status::successful) throw std::logic_error("an access of the bench was refused");
    // The middle half, when everything that fills or drains is over.
    if (token == accesses / 4) from_ = arrival;
    if (token == accesses * 3 / 4) to_ = arrival;
    if (token + 1 == accesses) done_.notify(sc_core::SC_ZERO_TIME);
  }

  double measure(tlp_type type, std::uint32_t bytes) {
    const std::vector<std::byte> data(bytes);
    for (std::uint32_t n = 0; n < accesses; ++n) {
      const std::uint64_t address = memory_address + std::uint64_t{n} * bytes % memory_bytes;
      if (type == tlp_type::memory_write)
        requester_.write(n, address, data, sc_core::SC_ZERO_TIME);
      else
        requester_.read(n, address, bytes, sc_core::SC_ZERO_TIME);
    }
    wait(done_);
    wait(model::sim::from_ns(10'000));
    return accesses / 2.0 * bytes / (static_cast<double>(model::sim::to_ps(to_ - from_)) / 1e3);
  }

  void run() {
    for (std::uint32_t bytes = smallest_bytes; bytes <= largest_bytes; bytes *= 2) {
      results.push_back({.access_bytes = bytes,
                         .write_predicted = predicted_write_bytes_per_ns(setup_, bytes),
                         .write_measured = measure(tlp_type::memory_write, bytes),
                         .read_predicted = predicted_read_bytes_per_ns(setup_, bytes),
                         .read_measured = measure(tlp_type::memory_read, bytes)});
    }
  }

  pcie_setup setup_;
  std::vector<std::byte> ram_;
  model::pcie::iommu memory_;
  model::pcie::root_complex root_;
  model::pcie::link link_;
  model::pcie::tlp_out out_;
  model::pcie::tlp_in in_;
  model::pcie::requester requester_;
  model::sim::arrival_queue<tlp> arrivals_;
  sc_core::sc_time from_;
  sc_core::sc_time to_;
  sc_core::sc_event done_;
};

}  // namespace

double predicted_write_bytes_per_ns(const pcie_setup& setup, std::uint32_t access_bytes) {
  const std::uint32_t payload = std::min(access_bytes, setup.device.max_payload_bytes);
  return payload / lanes_ns(setup, of_kind(tlp_type::memory_write, payload));
}

double predicted_read_bytes_per_ns(const pcie_setup& setup, std::uint32_t access_bytes) {
  const std::uint32_t request = std::min(access_bytes, setup.device.max_read_request_bytes);
  const std::uint32_t part = std::min(request, setup.root.max_payload_bytes);
  const double completion_ns = lanes_ns(setup, of_kind(tlp_type::completion, part));
  const double request_ns = lanes_ns(setup, of_kind(tlp_type::memory_read, 0));
  const double latency_ns = static_cast<double>(2 * setup.link.one_way_latency_ps + setup.root.memory_latency_ps) / 1e3;
  const double round_trip_ns = request_ns + latency_ns + completion_ns * request / part;
  const double by_lanes = part / completion_ns;
  const double by_requests = request / request_ns;
  const double by_tags = setup.device.tags * static_cast<double>(request) / round_trip_ns;
  return std::min({by_lanes, by_requests, by_tags});
}

std::vector<pcie_throughput> measure_pcie_throughput(const pcie_setup& setup) {
  dma_bench bench("dma_bench", setup);
  sc_core::sc_start();
  return bench.results;
}

}  // namespace fourtuple::bench
