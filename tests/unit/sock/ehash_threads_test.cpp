// SPDX-License-Identifier: Apache-2.0
// ehash's lookups against concurrent writers: what is always there is always found; what comes and goes is never taken
// for something else; when a child replaces its request, each lookup finds one of the two. Memory is reused at once,
// and buckets are so few that readers are led into other chains all the time. Meant to run under ThreadSanitizer too.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <latch>
#include <thread>
#include <utility>
#include <vector>

#include "tests/unit/sock/test_socks.hpp"

namespace fourtuple::sock {
namespace {

class ehash_threads : public testing::Test {
 protected:
  static constexpr int writer_rounds = 20'000;
  static constexpr std::uint16_t permanent_ports = 16;

  ehash_threads() : t_({.ehash_buckets = 4, .ehash_locks = 2}) {
    for (std::uint16_t port = 1; port <= permanent_ports; ++port) {
      permanent_.push_back(t_.make_sock(permanent_tuple(port)));
      t_.info.inet_ehash_insert(*permanent_.back());
    }
  }
  ~ehash_threads() override {
    for (auto& sk : permanent_) t_.info.inet_unhash(*sk);
  }

  static packet::connection_tuple permanent_tuple(std::uint16_t port) { return {server, client, 80, port}; }
  /// One of the four keys that place `place` of writer `which` has in turn; no two places share a key.
  static packet::connection_tuple moving_tuple(unsigned which, std::size_t place, std::uint64_t number) {
    return {server, client, static_cast<std::uint16_t>(1000 + which),
            static_cast<std::uint16_t>(1 + place * 4 + number % 4)};
  }
  /// What a writer has in the table.
  using places = std::array<sock_reference<test_sock>, 8>;

  void clear(places& socks) {
    for (auto& sk : socks)
      if (sk) {
        EXPECT_TRUE(t_.info.inet_unhash(*sk));
        sk.reset();
      }
  }

  /// Runs each of `writers` (given its number) to its end, and `readers` over and over until then. Writers begin when
  /// each reader has: on a busy machine they would be done before that.
  template <typename Writer, typename Reader>
  void run(unsigned writers, Writer writer, unsigned readers, Reader reader) {
    std::atomic<unsigned> writing{writers};
    std::latch reading{static_cast<std::ptrdiff_t>(readers)};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < readers; ++i)
      threads.emplace_back([&, i] {
        base::seeded_random random(100 + i);
        reader(random);
        reading.count_down();
        while (writing.load() > 0 && !HasFailure()) reader(random);
      });
    for (unsigned i = 0; i < writers; ++i)
      threads.emplace_back([&, i] {
        base::seeded_random random(i);
        reading.wait();
        for (int round = 0; round < writer_rounds; ++round) writer(i, random);
        --writing;
      });
    for (auto& thread : threads) thread.join();
  }

  /// Looks for a permanent key and for a moving one.
  void look(base::seeded_random& random) {
    const auto port = static_cast<std::uint16_t>(1 + random.next() % permanent_ports);
    const auto found = t_.info.inet_lookup_established(permanent_tuple(port));
    EXPECT_EQ(found.get(), permanent_[port - 1U].get());
    const auto moving =
        moving_tuple(static_cast<unsigned>(random.next() % 2), random.next() % places{}.size(), random.next());
    const auto other = t_.info.inet_lookup_established(moving);
    EXPECT_TRUE(!other || other->skc_tuple == moving);
    looked_.fetch_add(1, std::memory_order_relaxed);
  }

  tables t_;
  std::vector<sock_reference<test_sock>> permanent_;
  std::atomic<std::uint64_t> looked_{0};
};

TEST_F(ehash_threads, keys_that_come_and_go_disturb_no_lookup) {
  std::array<places, 2> socks;
  run(
      2,
      [&](unsigned which, base::seeded_random& random) {
        const std::size_t place = random.next() % socks[which].size();
        auto& sk = socks[which][place];
        if (sk) {
          EXPECT_TRUE(t_.info.inet_unhash(*sk));
          sk.reset();
        }
        // In the memory of the one that just went, most often, and in another chain.
        sk = t_.make_sock(moving_tuple(which, place, random.next()));
        t_.info.inet_ehash_insert(*sk);
      },
      2, [this](base::seeded_random& random) { look(random); });
  EXPECT_GT(looked_, 0U);
  for (auto& s : socks) clear(s);
}

TEST_F(ehash_threads, replacements_in_the_middle_of_chains_disturb_no_lookup) {
  std::array<places, 2> socks;
  run(
      2,
      [&](unsigned which, base::seeded_random& random) {
        const std::size_t place = random.next() % socks[which].size();
        auto& sk = socks[which][place];
        auto& freed = socks[which][(place + 1) % socks[which].size()];
        if (!sk) {
          sk = t_.make_sock(moving_tuple(which, place, random.next()));
          t_.info.inet_ehash_insert(*sk);
        }
        if (freed) {
          EXPECT_TRUE(t_.info.inet_unhash(*freed));
          freed.reset();
        }
        // The child has the memory of the sock that went last, most often, on which readers may stand.
        auto child = t_.make_sock(sk->skc_tuple);
        EXPECT_TRUE(t_.info.inet_ehash_insert(*child, sk.get()));
        sk = std::move(child);
      },
      2, [this](base::seeded_random& random) { look(random); });
  EXPECT_GT(looked_, 0U);
  for (auto& s : socks) clear(s);
}

TEST_F(ehash_threads, a_lookup_finds_the_request_or_the_child_at_any_time) {
  const auto k = moving_tuple(0, 0, 0);
  sock_reference<sock_common> current = t_.make_request(k);
  t_.info.inet_ehash_insert(*current);
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> children{0};
  run(
      1,
      [&](unsigned, base::seeded_random& random) {
        // Others in the same few chains, so that the replacement is not always at the front.
        const auto other = t_.make_sock(moving_tuple(1, 0, random.next()));
        t_.info.inet_ehash_insert(*other);
        sock_reference<sock_common> next;
        if (current->kind() == sock_kind::request) {
          next = t_.make_sock(k);
        } else {
          next = t_.make_request(k);
        }
        EXPECT_TRUE(t_.info.inet_ehash_insert(*next, current.get()));
        current = std::move(next);
        t_.info.inet_unhash(*other);
      },
      2,
      [&](base::seeded_random&) {
        const auto found = t_.info.inet_lookup_established(k);
        ASSERT_TRUE(found) << "neither";
        EXPECT_EQ(found->skc_tuple, k);
        (found->kind() == sock_kind::request ? requests : children).fetch_add(1, std::memory_order_relaxed);
      });
  EXPECT_GT(requests + children, 0U);
  const std::uint32_t index = t_.info.inet_ehashfn(k) & t_.info.ehash().ehash_mask();
  std::size_t copies = 0;
  for (const auto& sk : t_.info.ehash().bucket(index)) copies += sk->skc_tuple == k ? 1 : 0;
  EXPECT_EQ(copies, 1U) << "both";
  t_.info.inet_unhash(*current);
}

}  // namespace
}  // namespace fourtuple::sock
