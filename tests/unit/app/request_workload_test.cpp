// SPDX-License-Identifier: Apache-2.0
// Requests and answers over two stacks, 5 ms apart: closed and open loops, storms, idle crowds, their ends, and a
// server that gets what is no request.
#include "host/app/workloads/request_workload.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "host/app/stream.hpp"
#include "host/app/workloads/idle_crowd_workload.hpp"
#include "host/base/seeded_random.hpp"
#include "tests/support/virtual_threads.hpp"

namespace fourtuple::app {
namespace {

constexpr std::uint64_t round_trip_ns = 10 * base::ns_per_ms;

class virtual_tasks final : public tasks {
 public:
  explicit virtual_tasks(support::virtual_threads& threads) : threads_(threads) {}
  void spawn(const std::string&, std::function<void()> body) override { threads_.spawn(std::move(body)); }

 private:
  support::virtual_threads& threads_;
};

class requests : public testing::Test {
 protected:
  ~requests() override {
    hosts_.client.close_all();
    hosts_.server.close_all();
    EXPECT_TRUE(hosts_.threads.run_all());
  }
  [[nodiscard]] workload_host client() { return {hosts_.client, tasks_, hosts_.network.clock(), hosts_.threads}; }
  [[nodiscard]] workload_host server() { return {hosts_.server, tasks_, hosts_.network.clock(), hosts_.threads}; }
  [[nodiscard]] request_workload_config config() const {
    request_workload_config made;
    made.server = support::address_of_end[1];
    made.port = 2222;
    made.connections = 3;
    made.requests = 30;
    made.request_bytes = *parse_distribution("uniform:1:3000");
    made.response_bytes = *parse_distribution("uniform:1:20000");
    return made;
  }
  workload_results run(const request_workload_config& made) {
    request_workload work({client()}, server(), made, streams_);
    work.start();
    EXPECT_TRUE(hosts_.threads.run_until([&] { return work.done(); }));
    EXPECT_EQ(work.progress().done, work.progress().total);
    return work.results();
  }

  support::virtual_sockets hosts_;
  virtual_tasks tasks_{hosts_.threads};
  random_streams streams_ = [](const std::string& name) { return std::make_unique<base::seeded_random>(name.size()); };
};

TEST_F(requests, closed_loop_keeps_its_connections) {
  const workload_results results = run(config());
  EXPECT_EQ(results.begun, 30U);
  EXPECT_EQ(results.finished, 30U);
  EXPECT_EQ(results.failed, 0U);
  EXPECT_EQ(results.opened, 3U);
  EXPECT_EQ(results.accepted, 3U);
  EXPECT_EQ(results.closed, 3U);
  EXPECT_EQ(results.latency_ns.size(), 30U);
  EXPECT_GE(std::ranges::min(results.latency_ns), round_trip_ns);
  EXPECT_GT(results.bytes, 30 * request_header::bytes);
}

TEST_F(requests, a_connection_for_so_many_requests) {
  request_workload_config made = config();
  made.connections = 1;
  made.requests_per_connection = 7;
  const workload_results results = run(made);
  EXPECT_EQ(results.finished, 30U);
  EXPECT_EQ(results.opened, 5U);
  EXPECT_EQ(results.closed, 5U);
}

TEST_F(requests, a_storm_counts_connecting_too) {
  request_workload_config made = config();
  made.requests_per_connection = 1;
  made.connecting_counts = true;
  const workload_results results = run(made);
  EXPECT_EQ(results.finished, 30U);
  EXPECT_EQ(results.opened, 30U);
  EXPECT_EQ(results.closed, 30U);
  EXPECT_GE(std::ranges::min(results.latency_ns), 2 * round_trip_ns);
}

TEST_F(requests, open_loop_counts_from_when_a_request_was_due) {
  request_workload_config made = config();
  made.connections = 1;
  made.request_bytes = made.response_bytes = *parse_distribution("100");
  made.gap_ns = *parse_distribution("1000000");  // Ten times as often as one connection can answer.
  const workload_results results = run(made);
  EXPECT_EQ(results.finished, 30U);
  // The last one was due after 30 ms, and its turn came after 30 round trips.
  EXPECT_GE(results.latency_ns.back(), 29 * round_trip_ns - 30 * base::ns_per_ms);
  made.gap_ns = *parse_distribution("20000000");
  const workload_results rested = run(made);
  EXPECT_LT(rested.latency_ns.back(), 2 * round_trip_ns) << "with time enough nobody waits for another one";
}

TEST_F(requests, stop_ends_what_has_no_end) {
  request_workload_config made = config();
  made.requests = 0;
  made.think_ns = *parse_distribution("exponential:1000000");
  request_workload work({client()}, server(), made, streams_);
  work.start();
  hosts_.threads.run_for_ms(500);
  EXPECT_FALSE(work.done());
  work.stop();
  EXPECT_TRUE(hosts_.threads.run_until([&] { return work.done(); }));
  EXPECT_GT(work.results().finished, 30U);
  EXPECT_EQ(work.results().finished, work.results().begun);
}

TEST_F(requests, a_port_that_is_taken_is_an_error) {
  request_workload_config made = config();
  made.port = 1;
  request_workload work({client()}, server(), made, streams_);
  ASSERT_GE(hosts_.listen(1), 0);
  work.start();
  EXPECT_TRUE(hosts_.threads.run_until([&] { return !work.results().errors.empty(); }));
  EXPECT_NE(work.results().errors.back().find("cannot listen on port 1"), std::string::npos);
  work.stop();
  hosts_.server.close_all();
  EXPECT_TRUE(hosts_.threads.run_until([&] { return work.done(); }));
}

TEST_F(requests, what_is_no_request_ends_its_connection_and_no_other) {
  request_server serving(server(), 2222);
  serving.start();
  hosts_.threads.run_for_ms(1);
  const descriptor good(hosts_.client, hosts_.connect(2222));
  const auto ask = [&](const request_header& header) {
    const descriptor fd(hosts_.client, hosts_.connect(2222));
    EXPECT_EQ(write_all(hosts_.client, fd.get(), header.to_bytes()), 0);
    std::byte answer{};
    return hosts_.client.read(fd.get(), &answer, 1);
  };
  EXPECT_EQ(ask({.request_bytes = 0, .response_bytes = 1}), 0);
  EXPECT_EQ(ask({.request_bytes = 15, .response_bytes = 1}), 0);
  EXPECT_EQ(ask({.request_bytes = 16, .response_bytes = 0}), 0);
  EXPECT_EQ(ask({.request_bytes = 16, .response_bytes = ~std::uint64_t{0}}), 0);
  EXPECT_EQ(ask({.request_bytes = ~std::uint64_t{0}, .response_bytes = 1}), 0);
  EXPECT_EQ(ask({.request_bytes = 16, .response_bytes = 1}), 1);
  std::byte answer{};
  EXPECT_EQ(write_all(hosts_.client, good.get(), request_header{16, 1}.to_bytes()), 0);
  EXPECT_EQ(hosts_.client.read(good.get(), &answer, 1), 1);
  EXPECT_EQ(serving.accepted(), 7U);
  hosts_.client.close_all();
  serving.close();
  EXPECT_TRUE(hosts_.threads.run_until([&] { return serving.done(); }));
  EXPECT_EQ(serving.closed_in_order(), 2U);
}

TEST_F(requests, an_idle_crowd_stays_until_it_is_told_and_some_of_it_speaks) {
  idle_crowd_config made;
  made.server = support::address_of_end[1];
  made.port = 2222;
  made.connections = 20;
  made.gap_ns = *parse_distribution("1000000");
  made.alive_gap_ns = *parse_distribution("exponential:500000000");
  made.request_bytes = made.response_bytes = *parse_distribution("40");
  idle_crowd_workload work({client()}, server(), made, streams_);
  work.start();
  hosts_.threads.run_for_ms(3'000);
  EXPECT_EQ(work.progress().done, 20U);
  EXPECT_FALSE(work.done());
  EXPECT_GT(work.results().finished, 20U);
  work.stop();
  EXPECT_TRUE(hosts_.threads.run_until([&] { return work.done(); }));
  EXPECT_EQ(work.results().opened, 20U);
  EXPECT_EQ(work.results().closed, 20U);
  EXPECT_EQ(work.results().failed, 0U);
}

}  // namespace
}  // namespace fourtuple::app
