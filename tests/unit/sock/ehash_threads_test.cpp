// SPDX-License-Identifier: Apache-2.0
// ehash's lookups against concurrent writers: what is always there is always found; what comes and goes is never taken
// for something else; when a child replaces its request, each lookup finds one of the two. Memory is reused at once,
// and buckets are so few that readers are led into other chains all the time. Meant to run under ThreadSanitizer too.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
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
  /// Keys of the writer `which`; their ports are apart from those of others.
  static packet::connection_tuple moving_tuple(unsigned which, std::uint64_t number) {
    return {server, client, static_cast<std::uint16_t>(1000 + which), static_cast<std::uint16_t>(1 + number % 8)};
  }

  /// Runs each of `writers` (given its number) to its end, and `readers` over and over until then.
  template <typename Writer, typename Reader>
  void run(unsigned writers, Writer writer, unsigned readers, Reader reader) {
    std::atomic<unsigned> writing{writers};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < readers; ++i)
      threads.emplace_back([&, i] {
        base::seeded_random random(100 + i);
        while (writing.load() > 0 && !HasFailure()) reader(random);
      });
    for (unsigned i = 0; i < writers; ++i)
      threads.emplace_back([&, i] {
        base::seeded_random random(i);
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
    const auto moving = moving_tuple(static_cast<unsigned>(random.next() % 2), random.next());
    const auto other = t_.info.inet_lookup_established(moving);
    EXPECT_TRUE(!other || other->skc_tuple == moving);
    looked_.fetch_add(1, std::memory_order_relaxed);
  }

  tables t_;
  std::vector<sock_reference<test_sock>> permanent_;
  std::atomic<std::uint64_t> looked_{0};
};

TEST_F(ehash_threads, keys_that_come_and_go_disturb_no_lookup) {
  run(
      2,
      [this](unsigned which, base::seeded_random& random) {
        const auto sk = t_.make_sock(moving_tuple(which, random.next()));
        t_.info.inet_ehash_insert(*sk);
        t_.info.inet_unhash(*sk);
      },
      2, [this](base::seeded_random& random) { look(random); });
  EXPECT_GT(looked_, 0U);
}

TEST_F(ehash_threads, replacements_in_the_middle_of_chains_disturb_no_lookup) {
  run(
      2,
      [this](unsigned which, base::seeded_random& random) {
        // The child's memory is often that of the sock that went last, on which readers may stand.
        const auto k = moving_tuple(which, random.next());
        const auto req = t_.make_sock(k);
        t_.info.inet_ehash_insert(*req);
        { const auto between = t_.make_sock(moving_tuple(which, random.next() | 8)); }
        const auto child = t_.make_sock(k);
        EXPECT_TRUE(t_.info.inet_ehash_insert(*child, req.get()));
        t_.info.inet_unhash(*child);
      },
      2, [this](base::seeded_random& random) { look(random); });
  EXPECT_GT(looked_, 0U);
}

TEST_F(ehash_threads, a_lookup_finds_the_request_or_the_child_at_any_time) {
  const auto k = moving_tuple(0, 0);
  sock_reference<sock_common> current = t_.make_request(k);
  t_.info.inet_ehash_insert(*current);
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> children{0};
  run(
      1,
      [&](unsigned, base::seeded_random& random) {
        // Others in the same few chains, so that the replacement is not always at the front.
        const auto other = t_.make_sock(moving_tuple(1, random.next()));
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
