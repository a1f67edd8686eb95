// SPDX-License-Identifier: Apache-2.0
// A snapshot holds what the tables hold, at each step of a connection's life on a listener; the text says it line for
// line, and the DOT is accepted by Graphviz' rules and draws each link once, both ways where there are two.
#include "host/sock/tables_snapshot.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "host/sock/tables_drawing.hpp"
#include "tests/unit/sock/test_socks.hpp"

namespace fourtuple::sock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A listener on port 2222 and one connection to it, step by step, by the calls that TCP makes.
class snapshot_test : public testing::Test {
 protected:
  snapshot_test() {
    listener_ = t_.make_sock();
    EXPECT_EQ(t_.info.inet_csk_get_port(*listener_, 2222), 0);
    listener_->skc_state = tcp_state::listen;
    listener_->sk_max_ack_backlog = 128;
    t_.info.inet_hash(*listener_);
  }
  ~snapshot_test() override {
    for (const auto& sk : {listener_, child_}) {
      if (!sk) continue;
      t_.info.inet_unhash(*sk);
      t_.info.inet_put_port(*sk);
    }
    if (request_) t_.info.inet_unhash(*request_);
  }

  void syn() {
    request_ = t_.make_request(tuple_);
    request_->rsk_listener = sock_reference<inet_connection_sock>::hold(*listener_);
    t_.info.inet_ehash_insert(*request_);
    listener_->icsk_accept_queue.added();
  }
  void ack() {
    child_ = t_.make_sock(tuple_);
    child_->skc_state = tcp_state::established;
    EXPECT_EQ(t_.info.inet_inherit_port(*listener_, *child_), 0);
    EXPECT_TRUE(t_.info.inet_ehash_insert(*child_, request_.get()));
    listener_->icsk_accept_queue.removed(*request_);
    inet_csk_reqsk_queue_add(*listener_, std::move(request_), child_);
  }
  void accept() { EXPECT_EQ(inet_csk_reqsk_queue_remove(*listener_).get(), child_.get()); }

  [[nodiscard]] std::uint32_t ehash_index() const { return t_.info.inet_ehashfn(tuple_) & 1023; }

  const packet::connection_tuple tuple_{server, client, 2222, 40000};
  tables t_;
  sock_reference<test_sock> listener_;
  sock_reference<test_sock> child_;
  sock_reference<tcp_request_sock> request_;
};

TEST_F(snapshot_test, after_listen) {
  const auto s = take_tables_snapshot(t_.info);
  EXPECT_EQ(s.bhash_size, 1024U);
  EXPECT_EQ(s.ehash_size, 1024U);
  EXPECT_EQ(s.listening_hash_size, 32U);
  ASSERT_EQ(s.bhash.size(), 1U);
  EXPECT_EQ(s.bhash[0].index, 174U);
  EXPECT_EQ(s.bhash[0].port, 2222);
  EXPECT_EQ(s.bhash[0].num_owners, 1U);
  EXPECT_THAT(s.bhash[0].owners, ElementsAre(0));
  ASSERT_EQ(s.listening_hash.size(), 1U);
  EXPECT_EQ(s.listening_hash[0].index, 2222U % 32);
  EXPECT_THAT(s.listening_hash[0].socks, ElementsAre(0));
  EXPECT_TRUE(s.ehash.empty());
  ASSERT_EQ(s.socks.size(), 1U);
  EXPECT_EQ(s.socks[0].state, tcp_state::listen);
  EXPECT_EQ(s.socks[0].bind_port, 2222);
}

TEST_F(snapshot_test, after_a_syn) {
  syn();
  const auto s = take_tables_snapshot(t_.info);
  ASSERT_EQ(s.ehash.size(), 1U);
  EXPECT_EQ(s.ehash[0].index, ehash_index());
  EXPECT_THAT(s.ehash[0].socks, ElementsAre(1));
  ASSERT_EQ(s.socks.size(), 2U);
  EXPECT_EQ(s.socks[1].kind, sock_kind::request);
  EXPECT_EQ(s.socks[1].state, tcp_state::new_syn_recv);
  EXPECT_EQ(s.socks[1].rsk_listener, 0U);
  EXPECT_EQ(s.socks[1].child, std::nullopt);
  EXPECT_EQ(s.socks[0].qlen, 1U);
  EXPECT_EQ(s.bhash[0].num_owners, 1U);
}

TEST_F(snapshot_test, after_the_ack_and_after_accept) {
  syn();
  ack();
  auto s = take_tables_snapshot(t_.info);
  // Owners come latest first, so the child is number 0.
  EXPECT_THAT(s.bhash.at(0).owners, ElementsAre(0, 1));
  EXPECT_THAT(s.listening_hash.at(0).socks, ElementsAre(1));
  EXPECT_THAT(s.ehash.at(0).socks, ElementsAre(0));
  ASSERT_EQ(s.socks.size(), 3U);
  EXPECT_EQ(s.socks[0].state, tcp_state::established);
  EXPECT_EQ(s.socks[0].bind_port, 2222);
  EXPECT_EQ(s.socks[1].sk_ack_backlog, 1U);
  EXPECT_EQ(s.socks[1].sk_max_ack_backlog, 128U);
  EXPECT_EQ(s.socks[1].qlen, 0U);
  EXPECT_THAT(s.socks[1].accept_queue, ElementsAre(2));
  EXPECT_EQ(s.socks[2].kind, sock_kind::request);
  EXPECT_EQ(s.socks[2].rsk_listener, 1U);
  EXPECT_EQ(s.socks[2].child, 0U);
  accept();
  s = take_tables_snapshot(t_.info);
  EXPECT_EQ(s.socks.size(), 2U);
  EXPECT_EQ(s.socks[1].sk_ack_backlog, 0U);
  EXPECT_TRUE(s.socks[1].accept_queue.empty());
}

TEST_F(snapshot_test, a_timewait_sock_owns_its_port) {
  syn();
  ack();
  accept();
  const auto tw = t_.make_timewait(tuple_);
  tw->tw_substate = tcp_state::fin_wait2;
  t_.info.inet_twsk_hashdance(*tw, *child_);
  t_.info.inet_put_port(*child_);
  const auto s = take_tables_snapshot(t_.info);
  EXPECT_THAT(s.bhash.at(0).owners, ElementsAre(0, 1));
  EXPECT_EQ(s.socks[0].kind, sock_kind::timewait);
  EXPECT_EQ(s.socks[0].substate, tcp_state::fin_wait2);
  EXPECT_EQ(s.socks[0].bind_port, 2222);
  EXPECT_THAT(to_text(s), HasSubstr("#0 tcp_timewait_sock TCP_TIME_WAIT (6) 192.168.0.1:2222 192.0.2.1:40000, "
                                    "tw_substate TCP_FIN_WAIT2 (5), tw_tb -> inet_bind_bucket 2222\n"));
  t_.info.inet_twsk_unhash(*tw);
}

TEST_F(snapshot_test, text_says_all_of_it) {
  syn();
  ack();
  const std::string index = std::to_string(ehash_index());
  EXPECT_EQ(
      to_text(take_tables_snapshot(t_.info)),
      "bhash[1024], 1 bucket in use\n"
      "  [174] inet_bind_bucket {port = 2222, fastreuse = 0, fastreuseport = 0, uid = 0, num_owners = 2}\n"
      "      owners -> tcp_sock #0 -> tcp_sock #1\n"
      "listening_hash[32], 1 bucket in use\n"
      "  [14] -> tcp_sock #1\n"
      "ehash[1024], 1 bucket in use\n"
      "  [" +
          index + "] -> tcp_sock #0 -> nulls " + index +
          "\n"
          "3 socks\n"
          "  #0 tcp_sock TCP_ESTABLISHED (1) 192.168.0.1:2222 192.0.2.1:40000, icsk_bind_hash -> inet_bind_bucket "
          "2222\n"
          "  #1 tcp_sock TCP_LISTEN (10) *:2222 *:*, icsk_bind_hash -> inet_bind_bucket 2222\n"
          "      sk_ack_backlog = 1 of 128, qlen = 0, rskq_accept_head -> tcp_request_sock #2\n"
          "  #2 tcp_request_sock TCP_NEW_SYN_RECV (12) 192.168.0.1:2222 192.0.2.1:40000, rsk_listener -> tcp_sock #1, "
          "sk -> tcp_sock #0\n");
}

/// What a picture links with what, read back from its DOT; checks that both ends exist and are no keywords of DOT.
std::set<std::string> edges_of(const std::string& dot) {
  std::map<std::string, std::set<std::string>> boxes;
  const std::regex box(R"re(^  (\w+) \[(?:shape=plaintext, )?label="(.*)"\];$)re");
  const std::regex port("<(\\w+)>");
  const std::regex edge(R"(^  (\w+)(?::(\w+))? -> (\w+)(?::(\w+))?( \[style=dashed\])?;$)");
  const std::set<std::string> keywords{"node", "edge", "graph", "digraph", "subgraph", "strict"};
  std::set<std::string> edges;
  std::istringstream lines(dot);
  std::vector<std::string> kept;
  for (std::string line; std::getline(lines, line);) kept.push_back(line);
  std::smatch m;
  for (const auto& line : kept)
    if (std::regex_match(line, m, box)) {
      const std::string name = m[1];
      const std::string label = m[2];
      EXPECT_TRUE(boxes.try_emplace(name).second) << name << " twice";
      for (std::sregex_iterator p(label.begin(), label.end(), port); p != std::sregex_iterator(); ++p)
        EXPECT_TRUE(boxes[name].insert((*p)[1]).second) << name << ":" << (*p)[1] << " twice";
    }
  for (const auto& line : kept)
    if (std::regex_match(line, m, edge)) {
      for (const std::size_t end : {1U, 3U}) {
        EXPECT_TRUE(boxes.contains(m[end])) << line;
        EXPECT_FALSE(keywords.contains(m[end]) || keywords.contains(m[end + 1])) << line;
        EXPECT_TRUE(!m[end + 1].matched || boxes[m[end]].contains(m[end + 1])) << line;
      }
      EXPECT_TRUE(edges.insert(line.substr(2)).second) << line << " twice";
    }
  return edges;
}

TEST_F(snapshot_test, picture_links_both_ways) {
  syn();
  ack();
  const std::string dot = to_dot(take_tables_snapshot(t_.info));
  const std::string index = std::to_string(ehash_index());
  EXPECT_THAT(edges_of(dot),
              testing::UnorderedElementsAre(
                  "tcp_hashinfo:bhash -> bhash;", "tcp_hashinfo:ehash -> ehash;",
                  "tcp_hashinfo:listening_hash -> listening_hash;",  //
                  "bhash:b174 -> tb2222:tb_node;", "tb2222:owners -> sk0:sk_bind_node;",
                  "sk0:sk_bind_node -> sk1:sk_bind_node;", "sk0:bind_hash -> tb2222:self [style=dashed];",
                  "sk1:bind_hash -> tb2222:self [style=dashed];",  //
                  "listening_hash:b14 -> sk1:sk_node;",            //
                  "ehash:b" + index + " -> sk0:sk_nulls_node;", "sk0:sk_nulls_node -> nulls" + index + ";",
                  "sk1:sk_accept_queue -> sk2:dl_next;", "sk2:rsk_listener -> sk1:self [style=dashed];",
                  "sk2:sk -> sk0:self;"));
  EXPECT_THAT(dot, HasSubstr("TCP_ESTABLISHED\\ (1)"));
  EXPECT_THAT(dot, HasSubstr("num_owners\\ =\\ 2"));
  EXPECT_THAT(dot, HasSubstr("sk_ack_backlog\\ =\\ 1"));
}

TEST(tables_drawing, ports_that_share_a_bucket_are_chained) {
  tables t({.bhash_buckets = 8});
  const auto a = t.make_sock();
  const auto b = t.make_sock();
  ASSERT_EQ(t.info.inet_csk_get_port(*a, 80) + t.info.inet_csk_get_port(*b, 88), 0);
  const auto edges = edges_of(to_dot(take_tables_snapshot(t.info)));
  EXPECT_TRUE(edges.contains("bhash:b0 -> tb88:tb_node;"));
  EXPECT_TRUE(edges.contains("tb88:tb_node -> tb80:tb_node;"));
  t.info.inet_put_port(*a);
  t.info.inet_put_port(*b);
}

TEST(tables_drawing, of_empty_tables_is_small) {
  const tables t;
  const auto snapshot = take_tables_snapshot(t.info);
  EXPECT_EQ(to_text(snapshot),
            "bhash[1024], 0 buckets in use\nlistening_hash[32], 0 buckets in use\nehash[1024], 0 buckets in use\n0 "
            "socks\n");
  EXPECT_EQ(edges_of(to_dot(snapshot)).size(), 3U);
}

}  // namespace
}  // namespace fourtuple::sock
