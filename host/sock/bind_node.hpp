// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/sock/sock_common.hpp"

namespace fourtuple::sock {

struct inet_bind_bucket;

/// A sock's place among the owners of its local port (Linux: sk_bind_node together with icsk_bind_hash or tw_tb).
/// Written by bind_table only.
struct bind_node {
  explicit bind_node(sock_common& owner) noexcept : sk(&owner) {}
  bind_node(const bind_node&) = delete;
  bind_node& operator=(const bind_node&) = delete;

  bind_node* next = nullptr;
  bind_node** pprev = nullptr;
  inet_bind_bucket* bucket = nullptr;  ///< Null: owns no port.
  sock_common* sk;
};

}  // namespace fourtuple::sock
