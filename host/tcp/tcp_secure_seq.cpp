// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "host/base/siphash.hpp"
#include "host/tcp/tcp_ipv4.hpp"

namespace fourtuple::tcp {
namespace {

std::uint64_t keyed_hash(const packet::connection_tuple& tuple, const std::array<std::uint64_t, 2>& secret) {
  const std::array<std::uint32_t, 3> words{tuple.local.value, tuple.foreign.value,
                                           std::uint32_t{tuple.local_port} << 16 | tuple.foreign_port};
  return base::siphash_words(words, secret);
}

}  // namespace

std::uint32_t secure_tcp_seq(const tcp_net& net, const packet::connection_tuple& tuple) {
  // The clock's part wraps in 274 s, more than a segment lives (RFC 6528 section 3).
  const auto clock = static_cast<std::uint32_t>(net.now_ns() >> 6);
  const std::uint32_t isn = static_cast<std::uint32_t>(keyed_hash(tuple, net.secure_seq_secret)) + clock;
  return isn == 0 ? 1 : isn;  // 0 stands for "not chosen yet".
}

std::uint32_t secure_tcp_ts_off(tcp_net& net, const packet::connection_tuple& tuple) {
  // By addresses alone, so that timestamps of one host grow from connection to connection (RFC 6191 needs it). One
  // connection is often followed by another with the same peer.
  timestamp_offset& last = net.last_timestamp_offset;
  if (last.local != tuple.local || last.foreign != tuple.foreign) {
    last = {tuple.local, tuple.foreign,
            static_cast<std::uint32_t>(keyed_hash({tuple.local, tuple.foreign, 0, 0}, net.timestamp_secret))};
  }
  return last.offset;
}

}  // namespace fourtuple::tcp
