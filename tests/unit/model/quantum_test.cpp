// SPDX-License-Identifier: Apache-2.0
// Results do not depend on how far a device runs ahead of the kernel: two hosts with clocked devices, joined by a wire,
// do random DMA, MMIO, interrupts and frames; everything that anybody sees, with its time, is the same for each quantum
// up to the smallest latency.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <sstream>
#include <string>

#include "model/host/simulated_device.hpp"
#include "model/host/simulated_threading.hpp"
#include "model/pcie/link.hpp"
#include "model/pcie/requester.hpp"
#include "model/wire/digest.hpp"
#include "model/wire/link.hpp"
#include "tests/unit/model/tlp_probe.hpp"

namespace fourtuple::model {
namespace {

using sim::from_ns;
using sim::from_ps;
using sim::to_ps;

constexpr std::uint64_t period_ps = 4'000;
constexpr std::uint64_t latency_ps = 100'000;
constexpr std::uint64_t run_ns = 200'000;

/// A device with a clock that evaluates as many clocks as its quantum has in one go, ahead of the kernel.
class clocked_device : public sc_core::sc_module {
 public:
  clocked_device(sc_core::sc_module_name name, std::uint64_t quantum_clocks, unsigned seed,
                 const driver::dma_region& memory, driver::msi_message message)
      : sc_module(name), quantum_clocks_(quantum_clocks), random_(seed), memory_(memory), message_(message) {
    SC_HAS_PROCESS(clocked_device);
    SC_THREAD(run);
  }

  pcie::tlp_out upstream{"upstream"};
  pcie::tlp_in downstream{
      "downstream", [this](pcie::tlp&& packet, sc_core::sc_time arrival) { tlps_.push(std::move(packet), arrival); }};
  wire::frame_out ethernet_out{"ethernet_out"};
  wire::frame_in ethernet_in{"ethernet_in", [this](wire::frame&& content, sc_core::sc_time arrival) {
                               frames_.push(std::move(content), arrival);
                             }};
  std::ostringstream log;

 private:
  void run() {
    for (;;) {
      for (std::uint64_t clock = 0; clock < quantum_clocks_; ++clock) {
        ahead_ = from_ps(clock * period_ps);
        evaluate(sc_core::sc_time_stamp() + ahead_);
      }
      wait(from_ps(quantum_clocks_ * period_ps));
    }
  }

  void evaluate(sc_core::sc_time now) {
    if (now < from_ns(run_ns)) evaluate_clock(now);
  }

  void evaluate_clock(sc_core::sc_time now) {
    while (auto packet = tlps_.pop(now)) take(std::move(*packet), now);
    while (const auto content = frames_.pop(now)) {
      log << to_ps(now) << " frame " << content->bytes.size() << '\n';
      requester_.write(++token_, memory_.bus_address + random_() % 8'192, content->bytes, ahead_);
    }
    const std::uint64_t choice = random_() % 64;
    if (choice > 3) return;
    const std::uint64_t address = memory_.bus_address + random_() % 9'000;  // Now and then beyond the end.
    const auto length = static_cast<std::uint32_t>(20 + random_() % 700);
    ++token_;
    switch (choice) {
      case 0:
        return requester_.read(token_, address, length, ahead_);
      case 1:
        return requester_.write(token_, address, bytes_of(length, static_cast<unsigned>(token_)), ahead_);
      case 2:
        return requester_.write(token_, message_.address,
                                std::vector<std::byte>{static_cast<std::byte>(message_.data), {}, {}, {}}, ahead_);
      default:
        return ethernet_out.send({.bytes = bytes_of(length, static_cast<unsigned>(token_))}, ahead_);
    }
  }

  void take(pcie::tlp&& packet, sc_core::sc_time now) {
    if (packet.type == pcie::tlp_type::memory_write) {
      log << to_ps(now) << " register " << packet.address << '\n';
    } else if (packet.type == pcie::tlp_type::memory_read) {
      pcie::tlp answer;
      answer.type = pcie::tlp_type::completion;
      answer.tag = packet.tag;
      answer.data = bytes_of(4, static_cast<unsigned>(to_ps(now) / period_ps));
      upstream.send(std::move(answer), ahead_);
    } else {
      requester_.accept(std::move(packet), now);
    }
  }

  std::uint64_t quantum_clocks_;
  std::mt19937 random_;
  driver::dma_region memory_;
  driver::msi_message message_;
  sc_core::sc_time ahead_;
  std::uint64_t token_ = 0;
  sim::arrival_queue<pcie::tlp> tlps_;
  sim::arrival_queue<wire::frame> frames_;
  pcie::requester requester_{
      {.tags = 4},
      [this](pcie::tlp packet, sc_core::sc_time delay) { upstream.send(std::move(packet), delay); },
      [this](std::uint64_t token, pcie::completion_status status, sc_core::sc_time arrival) {
        log << to_ps(arrival) << " written " << token << ' ' << static_cast<int>(status) << '\n';
      },
      [this](std::uint64_t token, pcie::completion_status status, std::span<const std::byte> data,
             sc_core::sc_time arrival) {
        log << to_ps(arrival) << " read " << token << ' ' << static_cast<int>(status);
        for (const std::byte byte : data) log << ' ' << std::to_integer<int>(byte);
        log << '\n';
      }};
};

/// A host: memory, a root complex, its device, and software that looks at memory and registers now and then.
struct computer {
  computer(const std::string& name, std::uint64_t quantum_clocks, unsigned seed)
      : root((name + "_root").c_str(), {}, iommu, name),
        link((name + "_link").c_str(), {.one_way_latency_ps = latency_ps}),
        message(interrupts.connect([this] { on_interrupt(); })),
        device((name + "_device").c_str(), quantum_clocks, seed, memory, message),
        random(seed + 100) {
    device.upstream.socket.bind(link.from_endpoint().socket);
    link.to_endpoint().socket.bind(device.downstream.socket);
    root.to_device().socket.bind(link.from_root().socket);
    link.to_root().socket.bind(root.from_device().socket);
    sc_core::sc_spawn([this] { run_software(); });
  }

  void on_interrupt() {
    log << to_ps(sc_core::sc_time_stamp()) << " interrupt\n";
    interrupted->wake_all();
  }

  void run_software() {
    for (std::uint64_t time_ns = 0;;) {
      // Multiples of the clock, so that software and hardware often act at the same time.
      time_ns = sim::to_ns(sc_core::sc_time_stamp()) / 4 * 4 + 4 * (1 + random() % 500);
      const bool woken = interrupted->wait_until(time_ns);
      log << to_ps(sc_core::sc_time_stamp()) << (woken ? " woken" : " late");
      for (std::size_t i = 0; i < memory.bytes; i += 97) log << ' ' << std::to_integer<int>(memory.data[i]);
      log << '\n';
      memory.data[random() % memory.bytes] = static_cast<std::byte>(random() & 0xff);
      root.write32(static_cast<std::uint32_t>(random() % 1'024 * 4), 1);
      if (random() % 4 == 0) log << "register " << root.read32(8) << '\n';
    }
  }

  [[nodiscard]] std::string result() const {
    std::ostringstream all;
    all << log.str() << device.log.str();
    for (const pcie::iommu_fault& fault : iommu.faults()) all << fault.to_string() << '\n';
    return all.str();
  }

  std::ostringstream log;
  pcie::iommu iommu;
  pcie::root_complex root;
  pcie::link link;
  host::simulated_threading threads;
  std::unique_ptr<base::wait_queue> interrupted = threads.make_wait_queue();
  host::simulated_dma_memory dma{iommu};
  driver::dma_region memory = dma.allocate(8'192, 64);
  host::simulated_interrupts interrupts{root};
  driver::msi_message message;
  clocked_device device;
  std::mt19937 random;
};

std::string simulate(std::uint64_t quantum_clocks) {
  computer one("one", quantum_clocks, 1);
  computer two("two", quantum_clocks, 2);
  wire::link cable("cable", {.propagation_delay_ps = latency_ps});
  wire::digest digest;
  cable.add_observer(digest);
  one.device.ethernet_out.socket.bind(cable.from_a().socket);
  two.device.ethernet_out.socket.bind(cable.from_b().socket);
  cable.to_a().socket.bind(one.device.ethernet_in.socket);
  cable.to_b().socket.bind(two.device.ethernet_in.socket);
  sc_core::sc_start(from_ns(run_ns));
  return one.result() + two.result() + digest.hex() + "\n";
}

/// In a process of its own: SystemC has one simulation in each.
std::string simulate_in_child(std::uint64_t quantum_clocks) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    const std::string result = simulate(quantum_clocks);
    std::size_t done = 0;
    while (done < result.size()) {
      const ssize_t count = write(ends[1], result.data() + done, result.size() - done);
      if (count <= 0) _exit(1);
      done += static_cast<std::size_t>(count);
    }
    _exit(0);
  }
  close(ends[1]);
  std::string result;
  char buffer[4'096];
  for (ssize_t count = 0; (count = read(ends[0], buffer, sizeof buffer)) > 0;)
    result.append(buffer, static_cast<std::size_t>(count));
  close(ends[0]);
  int status = 1;
  waitpid(child, &status, 0);
  return status == 0 ? result : "failed";
}

/// The first line in which the two differ.
std::string difference(const std::string& one, const std::string& two) {
  std::istringstream first(one), second(two);
  std::string line_1, line_2;
  while (true) {
    const bool more_1 = static_cast<bool>(std::getline(first, line_1));
    const bool more_2 = static_cast<bool>(std::getline(second, line_2));
    if (!more_1 && !more_2) return "none";
    if (line_1 != line_2 || more_1 != more_2) return line_1.substr(0, 200) + "\n" + line_2.substr(0, 200);
  }
}

TEST(quantum, does_not_change_results) {
  const std::string reference = simulate_in_child(1);
  // There is something to compare.
  for (const char* what :
       {" frame ", " register ", " written ", " read ", " interrupt", " woken", " late", "one write of"})
    EXPECT_NE(reference.find(what), std::string::npos) << what;
  EXPECT_EQ(difference(reference, simulate_in_child(1)), "none");
  for (const std::uint64_t quantum_clocks : {2, 7, 24, 25})
    EXPECT_EQ(difference(reference, simulate_in_child(quantum_clocks)), "none") << quantum_clocks << " clocks";
  // Beyond the smallest latency answers come too late: this test would notice.
  EXPECT_NE(difference(reference, simulate_in_child(100)), "none");
}

}  // namespace
}  // namespace fourtuple::model
