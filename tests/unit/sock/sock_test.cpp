// SPDX-License-Identifier: Apache-2.0
// The small parts: the states' numbers, the accept queue's order and counts, the life of references, and handles that
// never lead to a sock that they were not made for.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include "host/sock/connection_handles.hpp"
#include "tests/unit/sock/test_socks.hpp"

namespace fourtuple::sock {
namespace {

TEST(tcp_state, has_linux_numbers_and_names) {
  const std::map<int, std::string_view> linux_names{
      {1, "TCP_ESTABLISHED"}, {2, "TCP_SYN_SENT"},  {3, "TCP_SYN_RECV"}, {4, "TCP_FIN_WAIT1"},
      {5, "TCP_FIN_WAIT2"},   {6, "TCP_TIME_WAIT"}, {7, "TCP_CLOSE"},    {8, "TCP_CLOSE_WAIT"},
      {9, "TCP_LAST_ACK"},    {10, "TCP_LISTEN"},   {11, "TCP_CLOSING"}, {12, "TCP_NEW_SYN_RECV"}};
  for (const auto& [number, name] : linux_names) EXPECT_EQ(name_of(static_cast<tcp_state>(number)), name);
}

TEST(accept_queue, gives_connections_in_order_and_counts_them) {
  tables t;
  const auto listener = t.make_sock();
  listener->sk_max_ack_backlog = 1;
  std::vector<sock*> children;
  for (std::uint16_t port = 1; port <= 2; ++port) {
    EXPECT_FALSE(listener->sk_acceptq_is_full());
    auto req = t.make_request({server, client, 80, port});
    req->rsk_listener = sock_reference<inet_connection_sock>::hold(*listener);
    listener->icsk_accept_queue.added();
    EXPECT_EQ(listener->icsk_accept_queue.qlen(), 1U);
    listener->icsk_accept_queue.removed(*req);
    auto child = t.make_sock(req->skc_tuple);
    children.push_back(child.get());
    inet_csk_reqsk_queue_add(*listener, std::move(req), std::move(child));
  }
  EXPECT_TRUE(listener->sk_acceptq_is_full()) << "backlog + 1";
  EXPECT_EQ(listener->sk_ack_backlog, 2U);
  EXPECT_EQ(listener->icsk_accept_queue.rskq_accept_head()->sk.get(), children[0]);
  EXPECT_EQ(inet_csk_reqsk_queue_remove(*listener).get(), children[0]);
  EXPECT_EQ(inet_csk_reqsk_queue_remove(*listener).get(), children[1]);
  EXPECT_FALSE(inet_csk_reqsk_queue_remove(*listener));
  EXPECT_EQ(listener->sk_ack_backlog, 0U);
  EXPECT_EQ(t.requests.in_use(), 0U);
  EXPECT_EQ(t.socks.in_use(), 1U);
  EXPECT_EQ(listener->refcnt(), 1U);
}

TEST(accept_queue, knows_the_young_requests) {
  tables t;
  request_sock_queue queue;
  const auto young = t.make_request({server, client, 80, 1});
  const auto old = t.make_request({server, client, 80, 2});
  queue.added();
  queue.added();
  old->num_timeout = 1;
  queue.aged();
  EXPECT_EQ(queue.young(), 1U);
  queue.removed(*old);
  EXPECT_EQ(queue.qlen(), 1U);
  EXPECT_EQ(queue.young(), 1U);
  queue.removed(*young);
  EXPECT_EQ(queue.qlen(), 0U);
  EXPECT_EQ(queue.young(), 0U);
}

TEST(sock, wakes_who_holds_it) {
  struct recorder final : sock_wakeup {
    void wake(std::uint32_t epoll_events) noexcept override { events |= epoll_events; }
    std::uint32_t events = 0;
  } holder;
  tables t;
  const auto sk = t.make_sock();
  sk->wake(1);
  sk->sk_wakeup = &holder;
  sk->wake(4);
  EXPECT_EQ(holder.events, 4U);
}

TEST(connection_handles, lead_to_their_sock_until_taken_back) {
  tables t;
  connection_handles handles;
  const auto a = t.make_sock();
  const auto b = t.make_sock();
  const std::uint32_t ha = handles.insert(*a);
  const std::uint32_t hb = handles.insert(*b);
  EXPECT_NE(ha, connection_handles::none);
  EXPECT_EQ(handles.find(ha), a.get());
  EXPECT_EQ(handles.find(hb), b.get());
  EXPECT_EQ(handles.find(connection_handles::none), nullptr);
  EXPECT_EQ(handles.find(~std::uint32_t{0}), nullptr);
  handles.replace(hb, *a);
  EXPECT_EQ(handles.find(hb), a.get());
  handles.remove(ha);
  handles.remove(ha);
  EXPECT_EQ(handles.find(ha), nullptr);
  EXPECT_EQ(handles.size(), 1U);
}

TEST(connection_handles, come_to_an_end_at_the_limit) {
  tables t;
  connection_handles handles(2);
  const auto sk = t.make_sock();
  const std::uint32_t first = handles.insert(*sk);
  EXPECT_NE(handles.insert(*sk), connection_handles::none);
  EXPECT_EQ(handles.insert(*sk), connection_handles::none);
  handles.remove(first);
  const std::uint32_t again = handles.insert(*sk);
  EXPECT_NE(again, connection_handles::none);
  EXPECT_NE(again, first);
}

TEST(connection_handles, are_not_given_again_for_long) {
  tables t;
  connection_handles handles(4);
  const auto sk = t.make_sock();
  std::vector<std::uint32_t> given;
  for (int i = 0; i < 4 * 4095; ++i) {
    given.push_back(handles.insert(*sk));
    handles.remove(given.back());
  }
  std::sort(given.begin(), given.end());
  EXPECT_EQ(std::adjacent_find(given.begin(), given.end()), given.end());
  EXPECT_NE(given.front(), connection_handles::none);
}

TEST(connection_handles, do_what_a_map_does) {
  tables t;
  base::seeded_random random(9);
  connection_handles handles(100);
  std::map<std::uint32_t, sock_common*> valid;
  std::deque<std::uint32_t> stale;
  std::vector<sock_reference<test_sock>> socks;
  for (int i = 0; i < 10; ++i) socks.push_back(t.make_sock());
  for (int i = 0; i < 20'000; ++i) {
    if (random.next() % 2 == 0) {
      sock_common& sk = *socks[random.next() % socks.size()];
      const std::uint32_t handle = handles.insert(sk);
      ASSERT_EQ(handle == connection_handles::none, valid.size() == 100);
      if (handle != connection_handles::none) {
        ASSERT_TRUE(valid.emplace(handle, &sk).second);
      }
    } else if (!valid.empty()) {
      const auto it = valid.lower_bound(static_cast<std::uint32_t>(random.next()));
      const std::uint32_t handle = it == valid.end() ? valid.begin()->first : it->first;
      handles.remove(handle);
      valid.erase(handle);
      stale.push_back(handle);
      if (stale.size() > 1000) stale.pop_front();
    }
    ASSERT_EQ(handles.size(), valid.size());
    if (!stale.empty()) {
      ASSERT_EQ(handles.find(stale[random.next() % stale.size()]), nullptr);
    }
  }
  for (const auto& [handle, sk] : valid) EXPECT_EQ(handles.find(handle), sk);
}

}  // namespace
}  // namespace fourtuple::sock
