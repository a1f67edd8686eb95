// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/sock/sock_common.hpp"

namespace fourtuple::sock {

struct inet_bind_bucket;

/// A sock's place among the owners of its local port (Linux: skc_bind_node together with icsk_bind_hash or tw_tb), a
/// member of port_owner. Written by bind_table only.
struct bind_node {
  bind_node() = default;
  bind_node(const bind_node&) = delete;
  bind_node& operator=(const bind_node&) = delete;

  [[nodiscard]] sock_common& sk() noexcept;
  [[nodiscard]] const sock_common& sk() const noexcept { return const_cast<bind_node*>(this)->sk(); }

  bind_node* next = nullptr;
  bind_node** pprev = nullptr;
  inet_bind_bucket* bucket = nullptr;  ///< Null: owns no port.
};

/// A sock that may own a local port: a full one, or one in TIME_WAIT.
class port_owner : public sock_common {
 public:
  bind_node skc_bind_node;

 protected:
  using sock_common::sock_common;
  ~port_owner() = default;
};

}  // namespace fourtuple::sock
