// SPDX-License-Identifier: Apache-2.0
// The lines of --events: what is in them, and what becomes of the file when it cannot be written.
#include "model/observe/event_log.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "model/observe/names.hpp"

namespace fourtuple::model::observe {
namespace {

const packet::connection_tuple tuple{
    .local = {0x0a000002}, .foreign = {0x0a000001}, .local_port = 2222, .foreign_port = 40'000};

TEST(event_log, a_connection_has_the_same_name_from_both_ends) {
  const packet::connection_tuple other{
      .local = tuple.foreign, .foreign = tuple.local, .local_port = 40'000, .foreign_port = 2222};
  EXPECT_EQ(connection_name(tuple), "10.0.0.1:40000-10.0.0.2:2222");
  EXPECT_EQ(connection_name(other), connection_name(tuple));
}

TEST(event_log, host_line) {
  const host_event event{.what = tcp::tracepoint::inet_sock_set_state,
                         .tuple = tuple,
                         .old_state = sock::tcp_state::syn_recv,
                         .new_state = sock::tcp_state::established};
  happening what;
  what.time_ps = 12'345;
  what.host = "server";
  what.name = name_of(event.what);
  what.tuple = tuple;
  what.of_host = &event;
  EXPECT_EQ(to_json_line(what),
            R"({"time_ps":12345,"host":"server","layer":"host","event":"inet_sock_set_state",)"
            R"("connection":"10.0.0.1:40000-10.0.0.2:2222","old":"TCP_SYN_RECV","new":"TCP_ESTABLISHED"})"
            "\n");
}

TEST(event_log, nic_and_wire_lines) {
  const frame_summary frame{.length_bytes = 74,
                            .packet_class = regs::packet_class::ipv4_tcp,
                            .tuple = tuple,
                            .seq = 7,
                            .payload_bytes = 20,
                            .flags = {.psh = true, .ack = true}};
  const regs::frame_completion record{.hash = 0xbeef, .handle = 5, .hit = true, .ip_checked = true, .ip_good = true};
  happening received;
  received.host = "server";
  received.part = layer::nic;
  received.name = "frame_received";
  received.frame = &frame;
  received.record = &record;
  received.latency_ps = 123'456;
  EXPECT_EQ(to_json_line(received),
            R"({"time_ps":0,"host":"server","layer":"nic","event":"frame_received","length":74,"class":"ipv4_tcp",)"
            R"("flags":"PSH,ACK","seq":7,"ack":0,"bytes":20,"queue":0,"ip_checksum":"good","l4_checksum":"none",)"
            R"("hit":true,"handle":5,"hash":"0x0000beef","latency_ns":123.456})"
            "\n");
  const char* names[] = {"lost_random", "congestion_marked"};
  happening lost;
  lost.host = "client";
  lost.part = layer::wire;
  lost.name = "frame_lost";
  lost.impairments = names;
  EXPECT_EQ(to_json_line(lost), R"({"time_ps":0,"host":"client","layer":"wire","event":"frame_lost",)"
                                R"("impairments":["lost_random","congestion_marked"]})"
                                "\n");
}

class event_log_file : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(directory); }
  std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("fourtuple-events-" + std::to_string(getpid()));
};

TEST_F(event_log_file, gets_its_name_when_it_is_complete) {
  std::filesystem::create_directories(directory);
  const auto path = directory / "events.jsonl";
  {
    event_log log;
    ASSERT_FALSE(log.open(path));
    happening what;
    what.name = "interrupt";
    log.on_happening(what);
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_FALSE(log.finish());
    EXPECT_EQ(log.lines(), 1U);
  }
  EXPECT_TRUE(std::filesystem::exists(path));
  std::filesystem::remove(path);
  {
    event_log abandoned;
    ASSERT_FALSE(abandoned.open(path));
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory));
}

TEST_F(event_log_file, says_what_is_wrong) {
  event_log log;
  const auto error = log.open(directory / "missing" / "events.jsonl");
  ASSERT_TRUE(error);
  EXPECT_NE(error->find("No such file or directory"), std::string::npos) << *error;
  happening what;
  log.on_happening(what);  // Goes nowhere.
  EXPECT_EQ(log.finish(), error);
}

}  // namespace
}  // namespace fourtuple::model::observe
