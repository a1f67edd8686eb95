// SPDX-License-Identifier: Apache-2.0
//
// Shows that connections survive function-level resets of both ends' NICs in the middle of a transfer: every byte
// arrives, the drivers bring the devices up again, the connection tables are filled again from the host's.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/app/file_transfer.hpp"
#include "host/app/sha256.hpp"
#include "model/system/network.hpp"
#include "model/system/scenario/scenario_builder.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::test {
namespace {

namespace system = model::system;

constexpr std::uint64_t connections = 6;
constexpr std::uint16_t port = 2222;
constexpr std::uint64_t first_reset_ns = 15 * base::ns_per_us;
/// A little more than a device needs until it is set up again; the RTL clears its table first.
constexpr std::uint64_t between_resets_ns(system::nic_kind kind) {
  return (kind == system::nic_kind::rtl ? 300 : 15) * base::ns_per_us;
}
constexpr std::uint64_t limit_ns = 100 * base::ns_per_s;
constexpr unsigned resets = 3;  ///< Of each NIC.

std::vector<std::byte> some_payload() {
  std::vector<std::byte> payload(std::size_t{400} << 10);
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::byte>(i * 7 + i / 253);
  return payload;
}

system::scenario two_hosts(system::nic_kind kind) {
  system::scenario_builder builder;
  builder.set("nic.kind", name_of(kind), "nic.kind");
  builder.set("tcp.time_wait_ms", "1", "tcp.time_wait_ms");
  return builder.finish();
}

/// Two hosts, a transfer between them, and somebody who resets their NICs.
class disturbed_transfer : public sc_core::sc_module {
 public:
  disturbed_transfer(sc_core::sc_module_name name, system::nic_kind nic)
      : sc_module(name),
        kind(nic),
        made(two_hosts(nic)),
        hosts("hosts", made),
        client(*hosts.hosts().front()),
        server(*hosts.hosts().back()),
        sender(client.sockets(), client, client.clock(), {0x0a000002}, port, connections, payload),
        receiver(server.sockets(), server, port, connections, app::sha256_of(payload)) {
    sc_core::sc_spawn_options in_thread;
    sc_core::sc_spawn([this] { direct(); }, "director", &in_thread);
  }

  const std::vector<std::byte> payload = some_payload();
  system::nic_kind kind;
  system::scenario made;
  system::network hosts;
  system::machine& client;
  system::machine& server;
  app::transfer_client sender;
  app::transfer_server receiver;
  bool reset_in_time = false;  ///< The last one came while there was still something to transfer.
  bool ended = false;
  std::size_t entries_seen = 0;  ///< Connections in the client's device some time after a reset.

 private:
  [[nodiscard]] bool transferred() const { return sender.results().done && receiver.results().done; }
  void sleep(std::uint64_t ns) { sc_core::wait(static_cast<double>(ns), sc_core::SC_NS); }

  void direct() {
    while (!hosts.settled()) sleep(1000);
    receiver.start();
    sender.start();
    for (unsigned i = 0; i < resets; ++i) {
      sleep(i == 0 ? first_reset_ns : between_resets_ns(kind));
      client.reset_device();
      sleep(between_resets_ns(kind));
      entries_seen = std::max(entries_seen, client.driver().table().entries());
      server.reset_device();
    }
    reset_in_time = !transferred();
    while (!transferred() && client.clock().now_ns() < limit_ns) {
      sleep(10'000);
      entries_seen = std::max(entries_seen, client.driver().table().entries());
    }
    ended = true;
  }
};

class function_reset : public testing::TestWithParam<system::nic_kind> {
 protected:
  /// SystemC is elaborated once in a process: both run in one simulation.
  struct all {
    disturbed_transfer rtl{"rtl", system::nic_kind::rtl};
    disturbed_transfer model{"model", system::nic_kind::model};
    all() {
      while (!rtl.ended || !model.ended) sc_core::sc_start(1, sc_core::SC_MS);
    }
  };
  static disturbed_transfer& run() {
    static all everything;
    return GetParam() == system::nic_kind::rtl ? everything.rtl : everything.model;
  }
};

TEST_P(function_reset, no_connection_is_lost_and_every_byte_arrives) {
  disturbed_transfer& transfer = run();
  EXPECT_TRUE(transfer.reset_in_time);
  EXPECT_EQ(transfer.sender.results().intact, connections);
  EXPECT_EQ(transfer.receiver.results().intact, connections);
  EXPECT_EQ(transfer.sender.results().finished, connections);
  for (const auto* results : {&transfer.sender.results(), &transfer.receiver.results()})
    EXPECT_TRUE(results->errors.empty()) << results->errors.front();
  for (system::machine* host : {&transfer.client, &transfer.server}) {
    EXPECT_TRUE(host->driver().is_open());
    EXPECT_EQ(host->driver().counters().function_resets, resets);
    EXPECT_TRUE(host->messages().empty()) << host->messages().front();
    EXPECT_EQ(host->memory().fault_count(), 0U) << host->memory().faults().front().to_string();
    EXPECT_GT(host->driver().counters().rx_table_hits, 0U);
  }
  EXPECT_EQ(transfer.entries_seen, connections) << "the table was filled again";
}

INSTANTIATE_TEST_SUITE_P(nics, function_reset, testing::Values(system::nic_kind::rtl, system::nic_kind::model),
                         [](const auto& kind) { return std::string(name_of(kind.param)); });

}  // namespace
}  // namespace fourtuple::test
