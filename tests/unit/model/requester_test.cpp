// SPDX-License-Identifier: Apache-2.0
// The requester: how it splits, how many tags it uses, that everything finishes once and in order with the right data
// whatever order and delay a completer chooses, and that wrong answers are dropped and counted.
#include "model/pcie/requester.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <random>
#include <set>

#include "model/sim/time.hpp"
#include "tests/unit/model/tlp_probe.hpp"

namespace fourtuple::model {
namespace {

using pcie::completion_status;
using pcie::requester;
using pcie::requester_limits;
using pcie::tlp;
using pcie::tlp_type;
using sim::from_ns;

struct finished {
  std::uint64_t token;
  completion_status status;
  std::vector<std::byte> data;
  sc_core::sc_time arrival;
};

struct bench {
  explicit bench(const requester_limits& limits)
      : device(
            limits,
            [this](tlp packet, sc_core::sc_time delay) {
              sent.push_back(std::move(packet));
              departures.push_back(sc_core::sc_time_stamp() + delay);
            },
            [this](std::uint64_t token, completion_status status, sc_core::sc_time arrival) {
              writes.push_back({token, status, {}, arrival});
            },
            [this](std::uint64_t token, completion_status status, std::span<const std::byte> data,
                   sc_core::sc_time arrival) {
              reads.push_back({token, status, {data.begin(), data.end()}, arrival});
              if (on_read) on_read();
            }) {}

  std::vector<tlp> sent;
  std::vector<sc_core::sc_time> departures;
  std::vector<finished> writes;
  std::vector<finished> reads;
  std::function<void()> on_read;
  requester device;
};

/// What memory holds at an address, for reads of any place.
std::byte content(std::uint64_t address) { return static_cast<std::byte>((address * 31 + (address >> 8)) & 0xff); }

std::vector<std::byte> contents(std::uint64_t address, std::size_t length_bytes) {
  std::vector<std::byte> bytes(length_bytes);
  for (std::size_t i = 0; i < length_bytes; ++i) bytes[i] = content(address + i);
  return bytes;
}

tlp answer_to(const tlp& request, std::uint32_t offset, std::uint32_t length_bytes) {
  tlp packet;
  packet.type = request.type == tlp_type::memory_read ? tlp_type::completion : tlp_type::write_acknowledge;
  packet.tag = request.tag;
  if (packet.type == tlp_type::write_acknowledge) return packet;
  packet.length_bytes = length_bytes;
  packet.remaining_bytes = request.length_bytes - offset;
  packet.data = contents(request.address + offset, length_bytes);
  return packet;
}

TEST(requester, cuts_writes_at_payload_size_and_4096_bytes) {
  bench b({.max_payload_bytes = 256});
  const auto bytes = bytes_of(700, 3);
  b.device.write(1, 0x1'0000'0f80, bytes, from_ns(7));
  ASSERT_EQ(b.sent.size(), 4U);
  std::vector<std::byte> joined;
  std::vector<std::size_t> sizes;
  for (const tlp& packet : b.sent) {
    EXPECT_EQ(packet.type, tlp_type::memory_write);
    EXPECT_EQ(packet.address, 0x1'0000'0f80 + joined.size());
    EXPECT_EQ(packet.length_bytes, packet.data.size());
    joined.insert(joined.end(), packet.data.begin(), packet.data.end());
    sizes.push_back(packet.data.size());
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{128, 256, 256, 60}));
  EXPECT_EQ(joined, bytes);
  EXPECT_EQ(b.departures, std::vector<sc_core::sc_time>(4, from_ns(7)));
}

TEST(requester, a_write_is_done_with_its_last_acknowledge_and_has_the_worst_status) {
  bench b({.max_payload_bytes = 128});
  b.device.write(8, 0, bytes_of(256, 0), from_ns(0));
  b.device.write(9, 0, bytes_of(4, 0), from_ns(0));
  tlp refused = answer_to(b.sent[0], 0, 0);
  refused.status = completion_status::unsupported_request;
  b.device.accept(std::move(refused), from_ns(10));
  EXPECT_TRUE(b.writes.empty());
  b.device.accept(answer_to(b.sent[1], 0, 0), from_ns(11));
  b.device.accept(answer_to(b.sent[2], 0, 0), from_ns(12));
  ASSERT_EQ(b.writes.size(), 2U);
  EXPECT_EQ(b.writes[0].token, 8U);
  EXPECT_EQ(b.writes[0].status, completion_status::unsupported_request);
  EXPECT_EQ(b.writes[0].arrival, from_ns(11));
  EXPECT_EQ(b.writes[1].token, 9U);
  EXPECT_EQ(b.writes[1].status, completion_status::successful);
  EXPECT_TRUE(b.device.idle());
}

TEST(requester, reads_wait_for_tags_but_writes_do_not) {
  bench b({.max_read_request_bytes = 128, .tags = 2});
  b.device.read(1, 0x1000, 300, from_ns(0));  // 128, 128, 44.
  b.device.read(2, 0x2000, 16, from_ns(0));
  b.device.write(3, 0x3000, bytes_of(8, 0), from_ns(1));
  ASSERT_EQ(b.sent.size(), 3U);
  EXPECT_NE(b.sent[0].tag, b.sent[1].tag);
  EXPECT_EQ(b.sent[2].type, tlp_type::memory_write);
  b.device.accept(answer_to(b.sent[1], 0, 128), from_ns(50));  // The second part first.
  ASSERT_EQ(b.sent.size(), 4U);
  EXPECT_EQ(b.sent[3].address, 0x1100U);
  EXPECT_EQ(b.sent[3].length_bytes, 44U);
  EXPECT_EQ(b.sent[3].tag, b.sent[1].tag);
  EXPECT_EQ(b.departures[3], from_ns(50));
  b.device.accept(answer_to(b.sent[3], 0, 44), from_ns(60));
  ASSERT_EQ(b.sent.size(), 5U);
  b.device.accept(answer_to(b.sent[4], 0, 16), from_ns(70));
  EXPECT_TRUE(b.reads.empty()) << "the first read is not complete, and reads finish in order";
  b.device.accept(answer_to(b.sent[0], 0, 128), from_ns(80));
  ASSERT_EQ(b.reads.size(), 2U);
  EXPECT_EQ(b.reads[0].data, contents(0x1000, 300));
  EXPECT_EQ(b.reads[1].data, contents(0x2000, 16));
  EXPECT_FALSE(b.device.idle());
}

TEST(requester, an_error_completion_ends_its_request_and_zeroes_the_read) {
  bench b({.max_read_request_bytes = 64});
  b.device.read(1, 0, 128, from_ns(0));
  b.device.accept(answer_to(b.sent[0], 0, 64), from_ns(1));
  tlp refused = answer_to(b.sent[1], 0, 0);
  refused.status = completion_status::completer_abort;
  b.device.accept(std::move(refused), from_ns(2));
  ASSERT_EQ(b.reads.size(), 1U);
  EXPECT_EQ(b.reads[0].status, completion_status::completer_abort);
  EXPECT_EQ(b.reads[0].data, std::vector<std::byte>(128));
}

TEST(requester, empty_requests_are_answered_too) {
  bench b({});
  b.device.read(1, 0x1000, 0, from_ns(0));
  b.device.write(2, 0x1000, {}, from_ns(0));
  ASSERT_EQ(b.sent.size(), 2U);
  b.device.accept(answer_to(b.sent[0], 0, 0), from_ns(1));
  b.device.accept(answer_to(b.sent[1], 0, 0), from_ns(1));
  EXPECT_EQ(b.reads.size(), 1U);
  EXPECT_EQ(b.writes.size(), 1U);
  EXPECT_TRUE(b.device.idle());
}

TEST(requester, drops_and_counts_answers_to_nothing) {
  bench b({.tags = 4});
  tlp packet;
  packet.type = tlp_type::completion;
  packet.tag = 3;
  b.device.accept(tlp(packet), from_ns(0));
  packet.tag = 60'000;
  b.device.accept(tlp(packet), from_ns(0));
  packet.type = tlp_type::write_acknowledge;
  b.device.accept(tlp(packet), from_ns(0));
  packet.type = tlp_type::memory_read;
  b.device.accept(tlp(packet), from_ns(0));
  EXPECT_EQ(b.device.unexpected_completions(), 4U);
  b.device.read(1, 0, 64, from_ns(0));
  tlp malformed = answer_to(b.sent[0], 0, 64);
  malformed.remaining_bytes = 128;
  b.device.accept(std::move(malformed), from_ns(1));
  ASSERT_EQ(b.reads.size(), 1U) << "nothing hangs";
  EXPECT_EQ(b.reads[0].status, completion_status::completer_abort);
}

TEST(requester, a_poisoned_completion_spoils_its_read_and_nothing_else) {
  bench b({.max_read_request_bytes = 64});
  b.device.read(1, 0, 128, sc_core::SC_ZERO_TIME);
  b.device.read(2, 0x1000, 64, sc_core::SC_ZERO_TIME);
  ASSERT_EQ(b.sent.size(), 3U);
  tlp poisoned = answer_to(b.sent[0], 0, 32);
  poisoned.poisoned = true;
  b.device.accept(std::move(poisoned), from_ns(1));
  b.device.accept(answer_to(b.sent[0], 32, 32), from_ns(2));
  b.device.accept(answer_to(b.sent[1], 0, 64), from_ns(3));
  b.device.accept(answer_to(b.sent[2], 0, 64), from_ns(4));
  ASSERT_EQ(b.reads.size(), 2U);
  EXPECT_EQ(b.reads[0].status, completion_status::completer_abort);
  EXPECT_EQ(b.reads[0].data, std::vector<std::byte>(128));
  EXPECT_EQ(b.reads[1].status, completion_status::successful);
  EXPECT_EQ(b.reads[1].data, contents(0x1000, 64));
  EXPECT_EQ(b.device.poisoned_completions(), 1U);
  EXPECT_EQ(b.device.unexpected_completions(), 0U);
  EXPECT_TRUE(b.device.idle());
}

TEST(requester, a_request_that_nobody_answers_is_given_up_and_a_late_answer_dropped) {
  bench b({.tags = 2, .completion_timeout_ps = 1'000'000});
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  for (std::uint64_t token = 0; token < 3; ++token) b.device.read(token, 64 * token, 64, sc_core::SC_ZERO_TIME);
  ASSERT_EQ(b.sent.size(), 2U) << "the third waits for a tag";
  b.device.accept(answer_to(b.sent[1], 0, 64), now + from_ns(10));  // Frees a tag for the third.
  ASSERT_EQ(b.sent.size(), 3U);
  ASSERT_TRUE(b.device.next_timeout().has_value());
  EXPECT_EQ(*b.device.next_timeout(), now + from_ns(1'000));
  b.device.expire(now + from_ns(999));
  EXPECT_TRUE(b.reads.empty()) << "reads finish in their order, and the first has time left";
  b.device.expire(now + from_ns(1'000));
  ASSERT_EQ(b.reads.size(), 2U);
  EXPECT_EQ(b.reads[0].status, completion_status::completer_abort);
  EXPECT_EQ(b.reads[1].status, completion_status::successful);
  EXPECT_EQ(b.device.completion_timeouts(), 1U);
  EXPECT_EQ(*b.device.next_timeout(), now + from_ns(1'010)) << "the third was sent later";
  b.device.accept(answer_to(b.sent[0], 0, 64), now + from_ns(1'001));
  EXPECT_EQ(b.device.unexpected_completions(), 1U);
  b.device.accept(answer_to(b.sent[2], 0, 64), now + from_ns(1'002));
  ASSERT_EQ(b.reads.size(), 3U);
  EXPECT_EQ(b.reads[2].status, completion_status::successful);
  EXPECT_FALSE(b.device.next_timeout().has_value());
  EXPECT_TRUE(b.device.idle());
}

TEST(requester, a_callback_may_ask_for_more) {
  bench b({.tags = 1});
  int more = 3;
  b.on_read = [&] {
    if (more-- > 0) b.device.read(static_cast<std::uint64_t>(more), 0x40, 8, from_ns(5));
  };
  b.device.read(100, 0, 8, from_ns(0));
  for (std::size_t i = 0; i < b.sent.size(); ++i) b.device.accept(answer_to(b.sent[i], 0, 8), from_ns(i + 1));
  EXPECT_EQ(b.reads.size(), 4U);
  EXPECT_TRUE(b.device.idle());
}

/// Answers requests in an order of its own, each read in parts of random size, some with errors. The parts of one
/// request stay in order, as PCIe demands (2.4.1).
class random_completer {
 public:
  explicit random_completer(unsigned seed) : random_(seed) {}

  void add(const tlp& request) { open_.push_back({request, 0}); }
  [[nodiscard]] bool busy() const { return !open_.empty(); }

  tlp next() {
    const std::size_t chosen = random_() % open_.size();
    auto& [request, offset] = open_[chosen];
    const std::uint32_t rest = request.length_bytes - offset;
    const auto part =
        std::min(rest, request.type == tlp_type::memory_read ? 1 + static_cast<std::uint32_t>(random_() % 256) : rest);
    tlp packet = answer_to(request, offset, part);
    offset += part;
    bool last = offset == request.length_bytes;
    if (random_() % 50 == 0) {
      packet.status = completion_status::unsupported_request;
      packet.data.clear();
      refused.insert({request.type, request.address});
      last = true;
    }
    if (last) open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(chosen));
    return packet;
  }

  std::set<std::pair<tlp_type, std::uint64_t>> refused;  ///< Addresses of the refused TLPs.

 private:
  std::mt19937 random_;
  std::deque<std::pair<tlp, std::uint32_t>> open_;
};

class requester_random : public testing::TestWithParam<unsigned> {};

TEST_P(requester_random, finishes_everything_once_in_order_with_the_right_data) {
  std::mt19937 random(GetParam());
  bench b({.max_payload_bytes = 128, .max_read_request_bytes = 512, .tags = 1 + GetParam() % 8});
  random_completer completer(GetParam());
  struct asked {
    std::uint64_t address;
    std::uint32_t length_bytes;
  };
  std::vector<asked> reads;
  std::vector<asked> writes;
  std::size_t given = 0;
  std::uint64_t next_address = 0;  // Nothing is asked for twice, so that an address identifies a request.
  std::uint64_t time_ns = 0;
  for (int step = 0; step < 4'000 || completer.busy() || given < b.sent.size(); ++step) {
    const auto length = static_cast<std::uint32_t>(1 + random() % 3'000);
    const unsigned what = step < 4'000 ? random() % 8 : 2;
    if (what < 2) {
      if (what == 0) {
        b.device.read(reads.size(), next_address, length, from_ns(++time_ns));
        reads.push_back({next_address, length});
      } else {
        b.device.write(writes.size(), next_address, bytes_of(length, 0), from_ns(++time_ns));
        writes.push_back({next_address, length});
      }
      next_address += length;
    }
    while (given < b.sent.size()) completer.add(b.sent[given++]);
    if (completer.busy()) b.device.accept(completer.next(), from_ns(++time_ns));
  }
  EXPECT_TRUE(b.device.idle());
  EXPECT_TRUE(std::is_sorted(b.departures.begin(), b.departures.end()));
  EXPECT_EQ(b.device.unexpected_completions(), 0U);
  const auto refused = [&](tlp_type type, const asked& request) {
    const auto first = completer.refused.lower_bound({type, request.address});
    return first != completer.refused.end() && first->first == type &&
           first->second < request.address + request.length_bytes;
  };
  ASSERT_EQ(b.reads.size(), reads.size());
  for (std::size_t i = 0; i < reads.size(); ++i) {
    EXPECT_EQ(b.reads[i].token, i);
    const bool bad = refused(tlp_type::memory_read, reads[i]);
    EXPECT_EQ(b.reads[i].status != completion_status::successful, bad);
    EXPECT_EQ(b.reads[i].data,
              bad ? std::vector<std::byte>(reads[i].length_bytes) : contents(reads[i].address, reads[i].length_bytes));
  }
  ASSERT_EQ(b.writes.size(), writes.size());
  for (std::size_t i = 0; i < writes.size(); ++i) {
    EXPECT_EQ(b.writes[i].token, i);
    EXPECT_EQ(b.writes[i].status != completion_status::successful, refused(tlp_type::memory_write, writes[i]));
  }
  EXPECT_FALSE(completer.refused.empty());
}

INSTANTIATE_TEST_SUITE_P(seeds, requester_random, testing::Range(1U, 9U));

}  // namespace
}  // namespace fourtuple::model
