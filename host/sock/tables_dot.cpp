// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "host/sock/tables_drawing.hpp"
#include "host/sock/tables_names.hpp"

namespace fourtuple::sock {
namespace {

using std::to_string;

/// One box of fields, some of which have a name that edges can begin or end at.
class box {
 public:
  explicit box(std::string name) : name_(std::move(name)) {}

  box& field(const std::string& text, std::string_view port = {}) {
    if (!label_.empty()) label_ += "|";
    if (!port.empty()) label_ += "<" + std::string(port) + "> ";
    for (const char c : text) {  // What means something to a record's label.
      if (std::string_view("{}|<>\\\" ").find(c) != std::string_view::npos) label_ += '\\';
      label_ += c;
    }
    return *this;
  }
  [[nodiscard]] std::string text() const { return "  " + name_ + " [label=\"" + label_ + "\"];\n"; }

 private:
  std::string name_;
  std::string label_;
};

std::string edge(const std::string& from, const std::string& to, bool dashed = false) {
  return "  " + from + " -> " + to + (dashed ? " [style=dashed];\n" : ";\n");
}

/// A name in the picture.
std::string numbered(std::string name, std::size_t number) { return name.append(to_string(number)); }

class picture {
 public:
  explicit picture(const tables_snapshot& tables) : tables_(tables) {}

  std::string draw() {
    text_ =
        "digraph tcp_hashinfo {\n"
        "  rankdir=LR;\n"
        "  node [shape=record, fontname=\"monospace\", fontsize=10];\n";
    text_ += box("tcp_hashinfo")
                 .field("tcp_hashinfo")
                 .field("ehash", "ehash")
                 .field("bhash", "bhash")
                 .field("listening_hash", "listening_hash")
                 .text();
    draw_bhash();
    draw_chains("ehash", "inet_ehash_bucket", tables_.ehash_size, tables_.ehash, "sk_nulls_node", true);
    draw_chains("listening_hash", "inet_listen_hashbucket", tables_.listening_hash_size, tables_.listening_hash,
                "sk_node", false);
    for (tables_snapshot::sock_number number = 0; number < tables_.socks.size(); ++number) draw_sock(number);
    return text_ + "}\n";
  }

 private:
  static std::string sock_box(tables_snapshot::sock_number number) { return numbered("sk", number); }
  static std::string bind_bucket_box(std::uint16_t port) { return numbered("tb", port); }
  static std::string bucket_port(std::uint32_t index) { return numbered("b", index); }

  /// `from` -> each of `socks` in turn, at the field of their link.
  std::string draw_chain(std::string from, const std::vector<tables_snapshot::sock_number>& socks,
                         const std::string& link) {
    for (const auto number : socks) {
      const std::string to = sock_box(number) + ":" + link;
      text_ += edge(from, to);
      from = to;
    }
    return from;
  }

  void draw_bhash() {
    box array("bhash");
    array.field("inet_bind_hashbucket[" + to_string(tables_.bhash_size) + "]");
    std::uint32_t previous = ~std::uint32_t{0};
    std::string from;
    for (const auto& b : tables_.bhash) {
      if (b.index != previous) {
        array.field(to_string(b.index) + " {lock, first}", bucket_port(b.index));
        from = "bhash:" + bucket_port(b.index);
        previous = b.index;
      }
      const std::string name = bind_bucket_box(b.port);
      text_ += box(name)
                   .field("inet_bind_bucket", "self")
                   .field("port = " + to_string(b.port))
                   .field("fastreuse = " + to_string(b.fastreuse))
                   .field("fastreuseport = " + to_string(static_cast<int>(b.fastreuseport)))
                   .field("uid = " + to_string(b.uid))
                   .field("num_owners = " + to_string(b.num_owners))
                   .field("node", "tb_node")
                   .field("owners", "owners")
                   .text();
      text_ += edge(from, name + ":tb_node");
      from = name + ":tb_node";
      draw_chain(name + ":owners", b.owners, "sk_bind_node");
    }
    text_ += array.text() + edge("tcp_hashinfo:bhash", "bhash");
  }

  void draw_chains(const std::string& name, const std::string& type, std::uint32_t size,
                   const std::vector<tables_snapshot::chain>& chains, const std::string& link, bool ends_in_nulls) {
    box array(name);
    array.field(type + "[" + to_string(size) + "]");
    for (const auto& chain : chains) array.field(to_string(chain.index) + " {first}", bucket_port(chain.index));
    text_ += array.text() + edge("tcp_hashinfo:" + name, name);
    for (const auto& chain : chains) {
      const std::string last = draw_chain(name + ":" + bucket_port(chain.index), chain.socks, link);
      if (!ends_in_nulls) continue;
      const std::string end = numbered("nulls", chain.index);
      text_ += "  " + end + " [shape=plaintext, label=\"nulls " + to_string(chain.index) + "\"];\n" + edge(last, end);
    }
  }

  void draw_sock(tables_snapshot::sock_number number) {
    const auto& sk = tables_.socks[number];
    const std::string name = sock_box(number);
    const bool listens = sk.state == tcp_state::listen;
    box b(name);
    b.field(type_name(sk.kind), "self").field(state_text(sk.state));
    b.field(endpoint_text(sk.tuple.local, sk.tuple.local_port) + " " +
            endpoint_text(sk.tuple.foreign, sk.tuple.foreign_port));
    if (sk.kind == sock_kind::timewait) b.field("tw_substate = " + state_text(sk.substate));
    if (sk.kind != sock_kind::request) {
      b.field(sk.kind == sock_kind::full ? "sk_bind_node" : "tw_bind_node", "sk_bind_node");
      b.field(bind_pointer_name(sk.kind), "bind_hash");
    }
    b.field(listens ? "sk_node" : "sk_nulls_node", listens ? "sk_node" : "sk_nulls_node");
    if (sk.kind == sock_kind::request)
      b.field("rsk_listener", "rsk_listener").field("sk", "sk").field("dl_next", "dl_next");
    if (listens)
      b.field("sk_accept_queue, qlen = " + to_string(sk.qlen), "sk_accept_queue")
          .field("sk_ack_backlog = " + to_string(sk.sk_ack_backlog));
    text_ += b.text();
    if (sk.bind_port) text_ += edge(name + ":bind_hash", bind_bucket_box(*sk.bind_port) + ":self", true);
    if (sk.rsk_listener) text_ += edge(name + ":rsk_listener", sock_box(*sk.rsk_listener) + ":self", true);
    if (sk.child) text_ += edge(name + ":sk", sock_box(*sk.child) + ":self");
    draw_chain(name + ":sk_accept_queue", sk.accept_queue, "dl_next");
  }

  const tables_snapshot& tables_;
  std::string text_;
};

}  // namespace

std::string to_dot(const tables_snapshot& tables) { return picture(tables).draw(); }

}  // namespace fourtuple::sock
