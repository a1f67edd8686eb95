// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "host/packet/addresses.hpp"
#include "host/sock/bind_table.hpp"
#include "host/sock/inet_hashinfo.hpp"
#include "host/sock/sock_common.hpp"

namespace fourtuple::sock {

/// What all tables of a stack held at one moment: values, no pointers into the stack.
///
/// Socks are numbered in the order in which the tables lead to them: owners by port bucket, then listeners, then ehash,
/// then accept queues and what their requests name. The same tables give the same numbers.
struct tables_snapshot {
  using sock_number = std::size_t;  ///< Index into `socks`.

  struct sock_view {
    sock_kind kind = sock_kind::full;
    tcp_state state = tcp_state::close;
    tcp_state substate = tcp_state::close;  ///< timewait: tw_substate
    packet::connection_tuple tuple;
    std::optional<std::uint16_t> bind_port;   ///< full: icsk_bind_hash's port; timewait: tw_tb's.
    std::optional<sock_number> rsk_listener;  ///< request
    std::optional<sock_number> child;         ///< request: sk
    std::vector<sock_number> accept_queue;    ///< full, listening: requests from rskq_accept_head on.
    std::uint32_t qlen = 0;                   ///< full, listening: requests in ehash.
    std::uint32_t sk_ack_backlog = 0;
    std::uint32_t sk_max_ack_backlog = 0;
  };
  struct bind_bucket_view {
    std::uint32_t index = 0;  ///< In bhash.
    std::uint16_t port = 0;
    int fastreuse = 0;
    fast_reuseport fastreuseport = fast_reuseport::none;
    std::uint32_t uid = 0;
    std::uint32_t num_owners = 0;
    std::vector<sock_number> owners;
  };
  /// A bucket that is not empty, first in the chain first.
  struct chain {
    std::uint32_t index = 0;
    std::vector<sock_number> socks;
  };

  std::uint32_t bhash_size = 0;
  std::uint32_t ehash_size = 0;
  std::uint32_t listening_hash_size = 0;
  std::vector<bind_bucket_view> bhash;  ///< By index, then in order of the chain.
  std::vector<chain> listening_hash;    ///< By index.
  std::vector<chain> ehash;             ///< By index.
  std::vector<sock_view> socks;
};

/// Threads: the stack's own. Cost: O(buckets).
[[nodiscard]] tables_snapshot take_tables_snapshot(const inet_hashinfo& info);

}  // namespace fourtuple::sock
