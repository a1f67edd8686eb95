// SPDX-License-Identifier: Apache-2.0
#include "host/sock/tables_snapshot.hpp"

#include <unordered_map>

namespace fourtuple::sock {
namespace {

/// Numbers socks as it meets them.
class snapshot_taker {
 public:
  explicit snapshot_taker(const inet_hashinfo& info) {
    take_bhash(info.bhash());
    result.listening_hash_size = listening_table::inet_lhtable_size;
    for (std::uint32_t i = 0; i < result.listening_hash_size; ++i)
      take_chain(result.listening_hash, i, info.listening_hash().bucket(i));
    result.ehash_size = info.ehash().ehash_mask() + 1;
    for (std::uint32_t i = 0; i < result.ehash_size; ++i) take_chain(result.ehash, i, info.ehash().bucket(i));
    // Views may lead to further socks, which are appended behind.
    for (std::size_t number = 0; number < socks_.size(); ++number) {
      tables_snapshot::sock_view view = view_of(*socks_[number]);
      result.socks.push_back(std::move(view));
    }
  }

  tables_snapshot result;

 private:
  void take_bhash(const bind_table& bhash) {
    result.bhash_size = bhash.size();
    for (std::uint32_t i = 0; i < bhash.size(); ++i)
      for (const inet_bind_bucket* b = bhash.chain(i); b != nullptr; b = b->next) {
        tables_snapshot::bind_bucket_view view{.index = i,
                                               .port = b->port,
                                               .fastreuse = b->fastreuse,
                                               .fastreuseport = b->fastreuseport,
                                               .uid = b->fastuid,
                                               .num_owners = b->num_owners,
                                               .owners = {}};
        for (const bind_node* node = b->owners; node != nullptr; node = node->next)
          view.owners.push_back(number_of(node->sk()));
        result.bhash.push_back(std::move(view));
      }
  }

  template <typename T>
  void take_chain(std::vector<tables_snapshot::chain>& table, std::uint32_t index,
                  const std::vector<sock_reference<T>>& socks) {
    if (socks.empty()) return;
    tables_snapshot::chain chain{.index = index, .socks = {}};
    for (const auto& sk : socks) chain.socks.push_back(number_of(*sk));
    table.push_back(std::move(chain));
  }

  tables_snapshot::sock_view view_of(const sock_common& sk) {
    tables_snapshot::sock_view view;
    view.kind = sk.kind();
    view.state = sk.skc_state;
    view.tuple = sk.skc_tuple;
    const auto port_of = [](const inet_bind_bucket* bucket) {
      return bucket == nullptr ? std::nullopt : std::optional(bucket->port);
    };
    switch (sk.kind()) {
      case sock_kind::request:
        view_request(view, static_cast<const request_sock&>(sk));
        break;
      case sock_kind::timewait:
        view.bind_port = port_of(static_cast<const inet_timewait_sock&>(sk).tw_tb());
        view.substate = static_cast<const inet_timewait_sock&>(sk).tw_substate;
        break;
      case sock_kind::full:
        view.bind_port = port_of(static_cast<const sock&>(sk).icsk_bind_hash());
        if (sk.skc_state == tcp_state::listen) view_listener(view, static_cast<const inet_connection_sock&>(sk));
        break;
    }
    return view;
  }

  void view_request(tables_snapshot::sock_view& view, const request_sock& req) {
    if (req.rsk_listener) view.rsk_listener = number_of(*req.rsk_listener);
    if (req.sk) view.child = number_of(*req.sk);
  }

  void view_listener(tables_snapshot::sock_view& view, const inet_connection_sock& listener) {
    view.qlen = listener.icsk_accept_queue.qlen();
    view.sk_ack_backlog = listener.sk_ack_backlog;
    view.sk_max_ack_backlog = listener.sk_max_ack_backlog;
    for (const request_sock* req = listener.icsk_accept_queue.rskq_accept_head(); req != nullptr; req = req->dl_next)
      view.accept_queue.push_back(number_of(*req));
  }

  tables_snapshot::sock_number number_of(const sock_common& sk) {
    const auto [entry, is_new] = numbers_.try_emplace(&sk, socks_.size());
    if (is_new) socks_.push_back(&sk);
    return entry->second;
  }

  std::unordered_map<const sock_common*, tables_snapshot::sock_number> numbers_;
  std::vector<const sock_common*> socks_;
};

}  // namespace

tables_snapshot take_tables_snapshot(const inet_hashinfo& info) { return snapshot_taker(info).result; }

}  // namespace fourtuple::sock
