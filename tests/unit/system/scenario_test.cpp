// SPDX-License-Identifier: Apache-2.0
// Scenarios: what a file and options make of the defaults, that printing loses nothing, and that each kind of mistake
// gets one line with its place and what is allowed.
#include "model/system/scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "model/system/scenario/scenario_builder.hpp"
#include "model/system/scenario/scenario_checks.hpp"
#include "model/system/scenario/scenario_printer.hpp"

namespace fourtuple::model::system {
namespace {

using testing::HasSubstr;

scenario read(std::string_view text) {
  scenario_builder builder;
  builder.read_toml(text, "test.toml");
  return builder.finish();
}

// The line that somebody gets who tries it; empty if it is taken.
std::string complaint(std::string_view text) {
  try {
    read(text);
  } catch (const scenario_error& error) {
    return error.what();
  }
  return {};
}

std::string complaint_of_set(std::string_view path, std::string_view value) {
  try {
    scenario_builder builder;
    builder.set(path, value, "--set");
    [[maybe_unused]] const scenario made = builder.finish();
  } catch (const scenario_error& error) {
    return error.what();
  }
  return {};
}

TEST(scenario, without_anything_is_client_and_server_with_a_cable) {
  const scenario made = scenario_builder().finish();
  ASSERT_EQ(made.hosts.size(), 2U);
  EXPECT_EQ(made.hosts[0].name, "client");
  EXPECT_EQ(identity_of(made.hosts[0]).address.value, 0x0a000001U);
  EXPECT_EQ(identity_of(made.hosts[1]).address.value, 0x0a000002U);
  EXPECT_EQ(identity_of(made.hosts[1]).mac, (packet::mac_address{{2, 0, 0, 0, 0, 2}}));
  EXPECT_FALSE(made.switched());
  ASSERT_EQ(made.workloads.size(), 1U);
  EXPECT_EQ(made.workloads[0].kind, workload_kind::bulk);
  EXPECT_EQ(made.workloads[0].from, std::vector<std::string>{"client"});
  EXPECT_EQ(made.workloads[0].to, "server");
  EXPECT_EQ(made.workloads[0].port, 2222U);
}

TEST(scenario, every_setting_has_a_default_that_it_accepts_and_a_meaning) {
  for (const described_setting& one : all_settings()) {
    const bool may_be_missing = one.about->key == "name";
    EXPECT_TRUE(may_be_missing || one.about->accepts(one.standard)) << one.about->section << '.' << one.about->key;
    EXPECT_FALSE(one.about->help.empty()) << one.about->key;
    EXPECT_FALSE(one.about->allowed().empty()) << one.about->key;
  }
}

TEST(scenario, no_option_has_two_meanings) {
  std::vector<std::string_view> options;
  for (const described_setting& one : all_settings()) {
    if (!one.about->option.empty()) options.push_back(one.about->option);
  }
  std::ranges::sort(options);
  EXPECT_EQ(std::ranges::adjacent_find(options), options.end());
}

TEST(scenario, printed_and_read_again_is_the_same) {
  const std::string_view text = R"(
    [run]
    seed = 9
    duration_us = 500
    [nic]
    kind = "model"
    [pcie]
    max_payload_bytes = 256
    [link]
    rate_gbit = 2.5
    [switch]
    ecn_mark_bytes = 30_000
    [[hosts]]
    name = "left"
    count = 3
    [hosts.cpu]
    packet_ns = 100
    [[hosts]]
    name = "right"
    address = "10.0.0.77/24"
    [[impairments]]
    loss = 0.000003
    [[impairments]]
    from = "right"
    drop = ["data:3", "syn:1-2"]
    loss_burst = "good-to-bad=0.01,bad-to-good=0.3"
    [[workloads]]
    kind = "request_response"
    gap_ns = "exponential:1000"
    request_bytes = 64
    [[workloads]]
    kind = "idle_crowd"
    from = ["left"]
  )";
  // Impairments of hosts with a count are of each of them.
  const std::string printed = to_toml(read(text));
  EXPECT_EQ(printed, to_toml(read(printed)));
  EXPECT_THAT(printed, HasSubstr("name = \"left-3\""));
  EXPECT_THAT(printed, HasSubstr("drop = [\"data:3\", \"syn:1-2\"]"));
  EXPECT_THAT(printed, HasSubstr("request_bytes = 64 "));
  EXPECT_THAT(printed, HasSubstr("address = \"10.0.0.77/24\""));
  const std::string standard = to_toml(scenario_builder().finish());
  EXPECT_EQ(standard, to_toml(read(standard)));
}

TEST(scenario, documentation_is_what_is_generated) {
  std::ifstream stream(FOURTUPLE_SOURCE_DIR "/docs/scenario.md");
  const std::string committed{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  EXPECT_EQ(committed, scenario_document())
      << "fourtuple run --print-scenario=markdown > docs/scenario.md brings it up to date";
}

TEST(scenario, a_host_overrides_the_sections_above_and_options_override_both) {
  scenario_builder builder;
  builder.read_toml(
      "[nic]\nkind = \"model\"\nmtu = 1400\n[[hosts]]\nname = \"a\"\n[[hosts]]\nname = \"b\"\nnic.mtu = 900\n",
      "test.toml");
  EXPECT_EQ(builder.finish().hosts[0].platform.mtu, 1400U);
  EXPECT_EQ(builder.finish().hosts[1].platform.mtu, 900U);
  builder.set("nic.mtu", "1000", "--set");
  EXPECT_EQ(builder.finish().hosts[1].platform.mtu, 1000U);
  builder.set("hosts.a.nic.mtu", "500", "--set");
  EXPECT_EQ(builder.finish().hosts[0].platform.mtu, 500U);
}

TEST(scenario, impairments_have_a_direction) {
  const scenario made = read("[[impairments]]\nloss = 0.01\n[[impairments]]\nto = \"client\"\nloss = 0.5\n");
  EXPECT_EQ(made.hosts[0].sends.loss, 10'000U);
  EXPECT_EQ(made.hosts[1].sends.loss, 500'000U) << "what the client is sent, the server sends";
  scenario_builder builder;
  for (const described_setting& one : all_settings()) {
    if (one.about->option == "loss") builder.set_option(*one.about, "server:0.25", "--loss");
  }
  EXPECT_EQ(builder.finish().hosts[0].sends.loss, 0U);
  EXPECT_EQ(builder.finish().hosts[1].sends.loss, 250'000U);
}

TEST(scenario, a_count_makes_several_hosts_that_workloads_know_by_their_common_name) {
  const scenario made = read(
      "[[hosts]]\nname = \"c\"\ncount = 3\naddress = \"10.1.0.5/16\"\n[[hosts]]\nname = \"s\"\naddress = "
      "\"10.1.9.9/16\"\n"
      "[[workloads]]\nfrom = [\"c\"]\n");
  ASSERT_EQ(made.hosts.size(), 4U);
  EXPECT_EQ(made.hosts[2].address, "10.1.0.7/16");
  EXPECT_EQ(made.workloads[0].from, (std::vector<std::string>{"c-1", "c-2", "c-3"}));
  EXPECT_TRUE(made.switched());
}

TEST(scenario, a_syn_flood_brings_a_switch_and_a_router) {
  const scenario made =
      read("[run]\nduration_us = 10\n[[workloads]]\nkind = \"syn_flood\"\nrequests = 0\ngap_ns = 100\n");
  EXPECT_TRUE(made.switched());
  EXPECT_EQ(made.workloads[0].address, "10.0.0.254");
  EXPECT_EQ(made.hosts[1].gateway, "10.0.0.254");
  EXPECT_EQ(made.hosts[0].gateway, "");
}

TEST(scenario, a_network_needs_no_work_and_has_the_hosts_that_are_named) {
  scenario_builder builder;
  builder.set_hosts({"a", "b", "c"});
  builder.set("nic.kind", "model", "--nic");
  builder.set_gateway("10.0.0.250");
  const scenario made = builder.finish_network();
  ASSERT_EQ(made.hosts.size(), 3U);
  EXPECT_EQ(made.hosts[2].address, "10.0.0.3/24");
  EXPECT_EQ(made.hosts[2].platform.nic, nic_kind::model);
  EXPECT_EQ(made.hosts[2].gateway, "10.0.0.250");
  EXPECT_TRUE(made.switched());
  EXPECT_TRUE(made.workloads.empty());
  builder.set_hosts({"a", "a"});
  EXPECT_THROW(static_cast<void>(builder.finish_network()), scenario_error);
}

TEST(scenario, one_host_and_a_port_outside_have_a_cable_two_have_a_switch) {
  scenario_builder one;
  one.add_other_ports(1);
  one.set_hosts({"a"});
  EXPECT_FALSE(one.finish_network().switched());
  scenario_builder two;
  two.add_other_ports(1);
  EXPECT_TRUE(two.finish_network().switched());
  // What the switch sends one of them is not what the other one sends.
  scenario_builder impaired;
  impaired.add_other_ports(1);
  impaired.read_toml("[[impairments]]\nto = \"client\"\nloss = 0.5\n", "test.toml");
  EXPECT_EQ(impaired.finish_network().hosts[0].receives.loss, 500'000U);
  EXPECT_EQ(impaired.finish_network().hosts[1].sends.loss, 0U);
}

TEST(scenario, sweeps_are_read_and_their_values_checked) {
  scenario_builder builder;
  builder.read_toml("[sweep]\nseeds = 3\n[sweep.parameters]\n\"nic.mtu\" = [500, 1500]\n\"nic.kind\" = [\"rtl\"]\n",
                    "test.toml");
  EXPECT_EQ(builder.sweep().seeds, (std::vector<std::uint64_t>{1, 2, 3}));
  ASSERT_EQ(builder.sweep().parameters.size(), 2U);
  EXPECT_EQ(complaint("[sweep]\nseeds = 1\n[sweep.parameters]\n\"nic.mtu\" = [\n500,\n50]\n"),
            "test.toml:6: nic.mtu = 50 is not a whole number from 68 to 1500");
  EXPECT_THAT(complaint("[sweep.parameters]\nnic.mtu = [500]\n"), HasSubstr("path in quotes"));
  EXPECT_THAT(complaint("[sweep]\nseeds = 0\n"), HasSubstr("test.toml:2"));
}

struct mistake {
  std::string_view text;
  std::string_view complaint;
};

class scenario_mistakes : public testing::TestWithParam<mistake> {};

TEST_P(scenario_mistakes, get_one_line_with_their_place) {
  const std::string line = complaint(GetParam().text);
  EXPECT_EQ(line.find('\n'), std::string::npos) << line;
  EXPECT_THAT(line, HasSubstr(std::string(GetParam().complaint))) << GetParam().text;
  EXPECT_THAT(line, testing::StartsWith("test.toml")) << line;
}

INSTANTIATE_TEST_SUITE_P(
    corpus, scenario_mistakes,
    testing::Values(
        mistake{"[run]\nseeed = 1\n", "test.toml:2: [run] has no \"seeed\"; did you mean seed?"},
        mistake{"[nics]\nkind = 1\n", "test.toml:1: there is no section \"nics\"; did you mean nic?"},
        mistake{"[nic]\nkind = \"verilog\"\n", "test.toml:2: nic.kind = \"verilog\" is not rtl or model"},
        mistake{"[nic]\nkind = 3\n", "test.toml:2: nic.kind = 3 is not rtl or model"},
        mistake{"[run]\n\nseed = -1\n", "test.toml:3: run.seed = -1 is not a whole number from 0"},
        mistake{"[run]\nseed = 1.5\n", "run.seed = 1.5 is not a whole number"},
        mistake{"[run]\nseed = 99999999999999999999\n", "test.toml:2: not TOML"},
        mistake{"[run]\nseed = \"1\"\n", "run.seed = \"1\" is not a whole number"},
        mistake{"[run]\nseed = 1979-05-27\n", "a date or time is not a whole number"},
        mistake{"[run]\nseed = [1]\n", "run.seed = a list is not"},
        mistake{"[run]\nseed = {}\n", "run.seed = a table is not"},
        mistake{"[run]\nskip = 1\n", "run.skip = 1 is not true or false"},
        mistake{"[run]\nlimit_s = 0\n", "is not a whole number from 1 to 1000000"},
        mistake{"[link]\nrate_gbit = nan\n", "link.rate_gbit = nan is not a number from 0.01 to 400"},
        mistake{"[link]\nrate_gbit = inf\n", "link.rate_gbit = inf is not"},
        mistake{"run = 3\n", "test.toml:1: run is 3, not a section"},
        mistake{"[[run]]\nseed = 1\n", "test.toml:1: run is a list, not a section"},
        mistake{"[hosts]\nname = \"a\"\n", "hosts is not a list of sections: write [[hosts]]"},
        mistake{"hosts = []\n", "hosts is not a list of sections"},
        mistake{"[run]\nseed = 1\nseed = 2\n", "test.toml:3: not TOML"}, mistake{"[run\n", "test.toml:1: not TOML"},
        mistake{"\xff\xfe[run]", "not TOML"}, mistake{"[run]\nseed = \"\xc3\x28\"", "not TOML"},
        mistake{std::string_view("[run]\0seed = 1", 14), "not TOML"},
        mistake{"[[hosts]]\naddress = \"10.0.0.1/24\"\n", "test.toml:1: a host needs a name"},
        mistake{"[[hosts]]\nname = \"A b\"\n", "hosts.name = \"A b\" is not a name of up to 24"},
        mistake{"[[hosts]]\nname = \"a\"\n[[hosts]]\nname = \"a\"\n", "test.toml:4: there is another host \"a\""},
        mistake{"[[hosts]]\nname = \"a\"\n", "1 hosts: 2 to 250 are possible"},
        mistake{"[[hosts]]\nname = \"a\"\naddress = \"10.0.0.0/24\"\n[[hosts]]\nname = \"b\"\n",
                "test.toml:3: hosts.address = \"10.0.0.0/24\" is not the address of a host"},
        mistake{"[[hosts]]\nname = \"a\"\naddress = \"10.0.0.2/24\"\n[[hosts]]\nname = \"b\"\n",
                "two hosts have the address 10.0.0.2"},
        mistake{"[[hosts]]\nname = \"a\"\nmac = \"01:00:00:00:00:01\"\n", "is not an Ethernet address of one station"},
        mistake{"[[hosts]]\nname = \"a\"\n[hosts.nic]\nkinds = 1\n", "test.toml:4: [nic] has no \"kinds\""},
        mistake{"[[hosts]]\nname = \"a\"\n[[hosts]]\nname = \"b\"\nlink.delay_ns = 7\n", "have one cable"},
        mistake{"[[hosts]]\nname = \"a\"\ngateway = \"10.9.0.1\"\n[[hosts]]\nname = \"b\"\n",
                "test.toml:3: the gateway 10.9.0.1 is not on the network of a"},
        mistake{"[[impairments]]\nfrom = \"nobody\"\n", "test.toml:2: \"nobody\" is not the name of a host"},
        mistake{"[[hosts]]\nname = \"a\"\ncount = 3\n[[impairments]]\nto = \"a-2\"\n",
                "test.toml:5: \"a-2\" is one of 3 hosts of a kind; \"a\" means each of them"},
        mistake{"[[impairments]]\nloss = 1.1\n", "impairments.loss = 1.1 is not a number from 0 to 1"},
        mistake{"[[impairments]]\ndrop = [\"data:0\"]\n",
                "test.toml:2: impairments.drop = a list is not a list of texts, each such as"},
        mistake{"[[impairments]]\nqueue_bytes = 2000\n", "queue_bytes needs bottleneck_mbit"},
        mistake{"[[workloads]]\nkind = \"bulc\"\n", "workloads.kind = \"bulc\" is not bulk"},
        mistake{"[[workloads]]\nkind = \"bulk\"\nrequests = 3\n",
                "test.toml:3: requests means nothing to a workload of kind bulk"},
        mistake{"[[workloads]]\nto = \"nobody\"\n", "test.toml:2: there is no host \"nobody\""},
        mistake{"[[workloads]]\nfrom = [\"server\"]\n", "\"server\" would talk to itself"},
        mistake{"[[workloads]]\nport = 1\n[[workloads]]\nport = 1\nkind = \"http\"\n",
                "two workloads use port 1 of server"},
        mistake{"[[workloads]]\nname = \"x\"\n[[workloads]]\nname = \"x\"\n", "two workloads \"x\""},
        mistake{"[[workloads]]\nkind = \"idle_crowd\"\n", "the run would never end"},
        mistake{"[[workloads]]\nkind = \"request_response\"\ngap_ns = \"gauss:1\"\n",
                "workloads.gap_ns = \"gauss:1\" is not N, uniform:LEAST:MOST"},
        mistake{"[[workloads]]\nkind = \"syn_flood\"\n", "a syn_flood needs a gap between its frames"},
        mistake{"[[workloads]]\nkind = \"syn_flood\"\ngap_ns = 9\nsources = \"10.0.0.0/24\"\n",
                "is the network of server itself"},
        mistake{"[nic]\ntable_buckets_log2 = 5\n", "the RTL is built with a connection table of 2^14 buckets"},
        mistake{"[run]\nquantum_clocks = 100000\n", "would change results"}, mistake{"[pcie]\nlanes = 3\n", "lanes"},
        mistake{"[pcie]\nmax_payload_bytes = 100\n", "is not 128, 256"},
        mistake{"[sweep]\nseed = [1]\n", "[sweep] has no \"seed\"; did you mean seeds?"},
        mistake{"[sweep.parameters]\n\"nic.knd\" = [1]\n",
                "test.toml:2: nic.knd = 1: [nic] has no \"knd\"; did you mean kind?"}));

TEST(scenario, hostile_documents_are_refused_in_no_time) {
  EXPECT_THAT(complaint(std::string(2'000'000, '#')), HasSubstr("more than 1048576 bytes"));
  std::string deep = "a";
  for (int i = 0; i < 20'000; ++i) deep += ".a";
  EXPECT_THAT(complaint("\n" + deep + " = 1\n"), HasSubstr("test.toml:2: the line is longer"));
  EXPECT_THAT(complaint("x = " + std::string(5'000, '[')), HasSubstr("not TOML"));
  std::string many;
  for (int i = 0; i < 2'000; ++i) many += "[[hosts]]\nname = \"h" + std::to_string(i) + "\"\n";
  EXPECT_THAT(complaint(many), HasSubstr("more than 1000 times [[hosts]]"));
  EXPECT_EQ(complaint(""), "");
  EXPECT_EQ(complaint("\xef\xbb\xbf[run]\r\nseed = 3\r\n"), "") << "a byte order mark and DOS line ends are TOML too";
}

TEST(scenario, set_says_what_is_wrong_with_a_path) {
  EXPECT_EQ(complaint_of_set("nic.kind", "model"), "");
  EXPECT_THAT(complaint_of_set("nic", "model"), HasSubstr("[nic] has no \"\""));
  EXPECT_THAT(complaint_of_set("", ""), HasSubstr("there is no section"));
  EXPECT_THAT(complaint_of_set("hosts.servr.nic.kind", "rtl"), HasSubstr("did you mean server?"));
  EXPECT_THAT(complaint_of_set("workloads.bulk.connections", "0"), HasSubstr("a whole number from 1 to 20000"));
  EXPECT_THAT(complaint_of_set("workloads.bulc.connections", "1"), HasSubstr("did you mean bulk?"));
  EXPECT_THAT(complaint_of_set("impairments.client.loss", "0.1x"), HasSubstr("a number from 0 to 1"));
  EXPECT_THAT(complaint_of_set("impairments.nobody.loss", "0.1"), HasSubstr("there is no host \"nobody\""));
}

TEST(nearest, finds_slips_and_leaves_others_alone) {
  EXPECT_EQ(nearest("connectons", {"connections", "requests"}), "connections");
  EXPECT_EQ(nearest("xyz", {"connections", "requests"}), "");
  EXPECT_EQ(nearest("conn", {"connections", "requests"}), "connections");
  EXPECT_EQ(nearest(std::string(100'000, 'x'), {"connections"}), "");
}

}  // namespace
}  // namespace fourtuple::model::system
