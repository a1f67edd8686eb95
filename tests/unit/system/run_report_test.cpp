// SPDX-License-Identifier: Apache-2.0
// The report of a run: percentiles, the keys that run.json promises, and that a failed run says so.
#include "model/system/run_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

// libsystemc asks for it; nothing is simulated here.
int sc_main(int, char**) { return 0; }

namespace fourtuple::model::system {
namespace {

run_report example() {
  run_report report;
  report.nic = "rtl";
  report.seed = 7;
  report.digest = "abc";
  report.sim_time_ps = 1'000'000;
  report.clocks = {.evaluated = 10, .skipped = 90};
  report.opened = report.accepted = report.closed = 2;
  report.bytes_delivered = 2048;
  report.payload_ok = true;
  report.transfer_ns = 1000;
  report.latency_ns = {400, 100, 300, 200};
  report.machines.resize(2);
  report.machines[0].name = "client";
  report.machines[0].counters = {{"table_hit", 3}, {"rx_drop_filtered", 1}};
  report.machines[1].name = "server";
  report.machines[1].counters = {{"table_hit", 4}, {"TcpRetransSegs", 5}};
  return report;
}

TEST(run_report, percentile_is_the_nearest_rank) {
  EXPECT_EQ(percentile({}, 50), 0U);
  EXPECT_EQ(percentile({5}, 99), 5U);
  EXPECT_EQ(percentile({400, 100, 300, 200}, 50), 200U);
  EXPECT_EQ(percentile({400, 100, 300, 200}, 99), 400U);
  EXPECT_EQ(percentile({400, 100, 300, 200}, 25), 100U);
}

TEST(run_report, shows_impairments_only_where_there_are_any) {
  run_report report = example();
  EXPECT_FALSE(nlohmann::json::parse(to_json(report)).at("wire").contains("impairments"));
  EXPECT_THAT(to_text(report, 1), testing::Not(testing::HasSubstr("from_")));
  report.impairments = {
      {.direction = "from_server", .counters = {{"offered", 9}, {"lost_random", 0}, {"reordered", 2}}}};
  const auto impairments = nlohmann::json::parse(to_json(report)).at("wire").at("impairments");
  EXPECT_EQ(impairments, nlohmann::json::parse(R"({"from_server": {"offered": 9, "lost_random": 0, "reordered": 2}})"));
  EXPECT_THAT(to_text(report, 1), testing::HasSubstr("from_server   9 offered, 2 reordered\n"));
}

TEST(run_report, json_has_every_key_with_its_value) {
  const auto document = nlohmann::json::parse(to_json(example()));
  EXPECT_EQ(document.at("nic"), "rtl");
  EXPECT_EQ(document.at("seed"), 7);
  EXPECT_EQ(document.at("digest"), "abc");
  EXPECT_EQ(document.at("sim_time_ps"), 1'000'000);
  EXPECT_EQ(document.at("clocks_evaluated"), 10);
  EXPECT_EQ(document.at("clocks_skipped"), 90);
  EXPECT_EQ(document.at("connections").at("closed"), 2);
  EXPECT_EQ(document.at("bytes_delivered"), 2048);
  EXPECT_EQ(document.at("payload_ok"), true);
  EXPECT_EQ(document.at("table").at("hits"), 7);
  EXPECT_EQ(document.at("drops").at("rx_filtered"), 1);
  EXPECT_EQ(document.at("retransmits"), 5);
  EXPECT_EQ(document.at("latency_ns").at("p50"), 200);
  EXPECT_EQ(document.at("latency_ns").at("p99"), 400);
  for (const char* key : {"misses", "inserted", "deleted", "full"})
    EXPECT_TRUE(document.at("table").contains(key)) << key;
  for (const char* key : {"rx_good", "rx_bad", "tx_inserted"})
    EXPECT_TRUE(document.at("checksum").contains(key)) << key;
}

TEST(run_report, text_says_whether_the_run_succeeded) {
  run_report report = example();
  EXPECT_THAT(to_text(report, 1.0), testing::HasSubstr("Run complete."));
  EXPECT_THAT(to_text(report, 1.0), testing::HasSubstr("1 rx_filtered"));
  report.payload_ok = false;
  report.errors.emplace_back("not every file arrived intact");
  EXPECT_THAT(to_text(report, 1.0), testing::HasSubstr("Run failed."));
  EXPECT_THAT(to_text(report, 1.0), testing::HasSubstr("NOT every file whole and as sent"));
  EXPECT_THAT(to_text(report, 1.0), testing::HasSubstr("not every file arrived intact"));
}

}  // namespace
}  // namespace fourtuple::model::system
