// SPDX-License-Identifier: Apache-2.0
#include "host/sock/tables_drawing.hpp"
#include "host/sock/tables_names.hpp"

namespace fourtuple::sock {
namespace {

using std::to_string;

std::string reference_to(const tables_snapshot& tables, tables_snapshot::sock_number number) {
  return type_name(tables.socks[number].kind) + " #" + to_string(number);
}

std::string heading(const std::string& name, std::size_t size, std::size_t used) {
  return name + "[" + to_string(size) + "], " + to_string(used) + (used == 1 ? " bucket" : " buckets") + " in use\n";
}

std::string chain_of(const tables_snapshot& tables, const std::vector<tables_snapshot::sock_number>& socks) {
  std::string text;
  for (const auto number : socks) text += " -> " + reference_to(tables, number);
  return text;
}

std::string bhash_text(const tables_snapshot& tables) {
  std::string text = heading("bhash", tables.bhash_size, tables.bhash.size());
  for (const auto& b : tables.bhash)
    text += "  [" + to_string(b.index) + "] inet_bind_bucket {port = " + to_string(b.port) +
            ", fastreuse = " + to_string(b.fastreuse) +
            ", fastreuseport = " + to_string(static_cast<int>(b.fastreuseport)) + ", uid = " + to_string(b.uid) +
            ", num_owners = " + to_string(b.num_owners) + "}\n      owners" + chain_of(tables, b.owners) + "\n";
  return text;
}

std::string chains_text(const tables_snapshot& tables, const std::string& name, std::uint32_t size,
                        const std::vector<tables_snapshot::chain>& chains, bool ends_in_nulls) {
  std::string text = heading(name, size, chains.size());
  for (const auto& chain : chains) {
    text += "  [" + to_string(chain.index) + "]" + chain_of(tables, chain.socks);
    if (ends_in_nulls) text += " -> nulls " + to_string(chain.index);
    text += "\n";
  }
  return text;
}

std::string sock_text(const tables_snapshot& tables, tables_snapshot::sock_number number) {
  const auto& sk = tables.socks[number];
  std::string text = "  #" + to_string(number) + " " + type_name(sk.kind) + " " + state_text(sk.state) + " " +
                     endpoint_text(sk.tuple.local, sk.tuple.local_port) + " " +
                     endpoint_text(sk.tuple.foreign, sk.tuple.foreign_port);
  if (sk.kind == sock_kind::timewait) text += ", tw_substate " + state_text(sk.substate);
  if (sk.bind_port)
    text += std::string(", ") + bind_pointer_name(sk.kind) + " -> inet_bind_bucket " + to_string(*sk.bind_port);
  if (sk.rsk_listener) text += ", rsk_listener -> " + reference_to(tables, *sk.rsk_listener);
  if (sk.child) text += ", sk -> " + reference_to(tables, *sk.child);
  text += "\n";
  if (sk.state == tcp_state::listen)
    text += "      sk_ack_backlog = " + to_string(sk.sk_ack_backlog) + " of " + to_string(sk.sk_max_ack_backlog) +
            ", qlen = " + to_string(sk.qlen) + ", rskq_accept_head" +
            (sk.accept_queue.empty() ? " = null" : chain_of(tables, sk.accept_queue)) + "\n";
  return text;
}

}  // namespace

std::string to_text(const tables_snapshot& tables) {
  std::string text = bhash_text(tables) +
                     chains_text(tables, "listening_hash", tables.listening_hash_size, tables.listening_hash, false) +
                     chains_text(tables, "ehash", tables.ehash_size, tables.ehash, true) +
                     to_string(tables.socks.size()) + (tables.socks.size() == 1 ? " sock\n" : " socks\n");
  for (tables_snapshot::sock_number number = 0; number < tables.socks.size(); ++number)
    text += sock_text(tables, number);
  return text;
}

}  // namespace fourtuple::sock
