// SPDX-License-Identifier: Apache-2.0
// Captures: tshark reads what was written, in order of time whatever the order of calls; errors are told and leave no
// file.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "model/sim/time.hpp"
#include "model/wire/pcapng_writer.hpp"

namespace fourtuple::model {
namespace {

using sim::from_ns;
using sim::from_ps;
using wire::direction;
using wire::pcapng_writer;

class pcapng : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "fourtuple-pcapng-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return (folder_ / "run.pcapng").string(); }
  [[nodiscard]] bool folder_is_empty() const { return std::filesystem::is_empty(folder_); }

  /// An Ethernet frame with a local experimental EtherType (0x88b5) and `length` bytes.
  static wire::frame frame_of(std::size_t length, unsigned fill, bool bad = false) {
    wire::frame content{.bytes = std::vector<std::byte>(length, static_cast<std::byte>(fill)), .bad = bad};
    content.bytes[12] = std::byte{0x88};
    content.bytes[13] = std::byte{0xb5};
    return content;
  }

  static void tell(pcapng_writer& writer, direction way, sc_core::sc_time start, const wire::frame& content) {
    writer.on_frame({way, start, start + from_ns(100), content});
  }

  static std::string output_of(const std::string& command) {
    std::string output;
    std::FILE* const pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return "popen failed";
    std::array<char, 256> line{};
    while (std::fgets(line.data(), line.size(), pipe) != nullptr) output += line.data();
    pclose(pipe);
    return output;
  }

  std::filesystem::path folder_;
};

TEST_F(pcapng, is_read_by_tshark) {
  if (output_of("command -v tshark").empty()) GTEST_SKIP() << "tshark is not installed";
  pcapng_writer writer({.interface_names = {"host", "peer"}});
  ASSERT_EQ(writer.open(path()), std::nullopt);
  tell(writer, direction::a_to_b, from_ps(1'000'000'500), frame_of(60, 1));
  tell(writer, direction::a_to_b, from_ns(3'000'000'000), frame_of(61, 2));
  tell(writer, direction::b_to_a, from_ns(2'000'000'007), frame_of(1'514, 3));  // Earlier, but told later.
  EXPECT_FALSE(std::filesystem::exists(path())) << "not before it is complete";
  sc_core::sc_start(from_ns(4'000'000'000));
  ASSERT_EQ(writer.finish(), std::nullopt);
  EXPECT_EQ(writer.frames(), 3U);
  EXPECT_EQ(output_of("tshark -r " + path() +
                      " -T fields -e frame.time_epoch -e frame.interface_name -e frame.len -e eth.src 2>/dev/null"),
            "0.001000000\thost\t60\t01:01:01:01:01:01\n"
            "2.000000007\tpeer\t1514\t03:03:03:03:03:03\n"
            "3.000000000\thost\t61\t02:02:02:02:02:02\n");
}

TEST_F(pcapng, marks_bad_frames_and_keeps_picoseconds) {
  if (output_of("command -v tshark").empty()) GTEST_SKIP() << "tshark is not installed";
  pcapng_writer writer({.resolution = wire::timestamp_resolution::picoseconds});
  ASSERT_EQ(writer.open(path()), std::nullopt);
  tell(writer, direction::a_to_b, from_ps(1'500), frame_of(60, 1, true));
  tell(writer, direction::a_to_b, from_ps(2'000'000'000'000), frame_of(60, 1));
  sc_core::sc_start(from_ns(4'000'000'000));
  ASSERT_EQ(writer.finish(), std::nullopt);
  EXPECT_EQ(
      output_of("tshark -r " + path() + " -T fields -e frame.time_epoch -e frame.packet_flags_crc_error 2>/dev/null"),
      "0.000000001\t1\n2.000000000\t\n");
}

TEST_F(pcapng, is_well_formed_block_by_block) {
  pcapng_writer writer;
  ASSERT_EQ(writer.open(path()), std::nullopt);
  for (unsigned i = 0; i < 50; ++i) tell(writer, direction::b_to_a, from_ns(i), frame_of(60 + i, i));
  sc_core::sc_start(from_ns(4'000'000'000));
  ASSERT_EQ(writer.finish(), std::nullopt);
  std::ifstream file(path(), std::ios::binary);
  const std::string all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto number = [&](std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(all.at(at + i));
    return value;
  };
  std::vector<std::uint32_t> types;
  for (std::size_t at = 0; at < all.size();) {
    const std::uint32_t length = number(at + 4);
    ASSERT_EQ(length % 4, 0U);
    ASSERT_EQ(number(at + length - 4), length);
    types.push_back(number(at));
    at += length;
  }
  ASSERT_EQ(types.size(), 53U);
  EXPECT_EQ(types[0], 0x0a0d0d0aU);
  EXPECT_EQ(types[1], 1U);
  EXPECT_EQ(types[2], 1U);
  EXPECT_EQ(types[3], 6U);
}

TEST_F(pcapng, a_frame_is_written_once_its_time_is_past) {
  pcapng_writer writer;
  ASSERT_EQ(writer.open(path()), std::nullopt);
  std::uintmax_t before = 0;
  for (int i = 0; i < 5'000; ++i) {
    tell(writer, direction::a_to_b, sc_core::sc_time_stamp(), frame_of(60, 0));
    sc_core::sc_start(from_ns(1));
    if (i == 2'500) before = std::filesystem::file_size(path() + ".partial");
  }
  EXPECT_GT(before, 0U);
  EXPECT_GT(std::filesystem::file_size(path() + ".partial"), before) << "memory does not grow with the run";
  EXPECT_EQ(writer.finish(), std::nullopt);
}

TEST_F(pcapng, a_frame_that_starts_after_the_end_is_left_out) {
  pcapng_writer writer;
  ASSERT_EQ(writer.open(path()), std::nullopt);
  tell(writer, direction::a_to_b, from_ns(99), frame_of(60, 0));
  tell(writer, direction::a_to_b, from_ns(100), frame_of(60, 0));
  sc_core::sc_start(from_ns(100));
  EXPECT_EQ(writer.finish(), std::nullopt);
  EXPECT_EQ(writer.frames(), 1U);
}

TEST_F(pcapng, tells_when_the_file_cannot_be_made) {
  pcapng_writer writer;
  const std::string nowhere = (folder_ / "none" / "run.pcapng").string();
  const auto error = writer.open(nowhere);
  ASSERT_TRUE(error.has_value());
  EXPECT_NE(error->find(nowhere), std::string::npos);
  EXPECT_NE(error->find("No such file or directory"), std::string::npos);
  tell(writer, direction::a_to_b, from_ns(0), frame_of(60, 0));
  EXPECT_TRUE(writer.finish().has_value());
}

TEST_F(pcapng, a_full_disk_is_told_and_leaves_nothing) {
  pcapng_writer writer;
  ASSERT_EQ(writer.open(path()), std::nullopt);
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{.rlim_cur = 20'000, .rlim_max = RLIM_INFINITY};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  for (unsigned i = 0; i < 100; ++i) tell(writer, direction::a_to_b, from_ns(i), frame_of(1'500, i));
  sc_core::sc_start(from_ns(1'000));
  const auto error = writer.finish();
  ASSERT_TRUE(error.has_value());
  EXPECT_NE(error->find(path()), std::string::npos);
  EXPECT_TRUE(folder_is_empty());
}

TEST_F(pcapng, an_unfinished_capture_leaves_nothing) {
  {
    pcapng_writer writer;
    ASSERT_EQ(writer.open(path()), std::nullopt);
    tell(writer, direction::a_to_b, from_ns(0), frame_of(60, 0));
  }
  EXPECT_TRUE(folder_is_empty());
}

}  // namespace
}  // namespace fourtuple::model
