// SPDX-License-Identifier: Apache-2.0
// A whole stack under a sequence of packets, calls and passing time, all of them the input's choice. Segments are made
// near what the stack expects, so that few bytes of input lead deep into its states. What it sends must be right
// segments, what is read must be what was sent, and when everything was closed nothing is left.
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <vector>

#include "host/packet/checksum.hpp"
#include "host/packet/ethernet.hpp"
#include "host/packet/icmp.hpp"
#include "host/packet/ipv4_header.hpp"
#include "host/sock/inet_hashinfo.hpp"
#include "host/tcp/tcp_sock.hpp"
#include "tests/fuzz/fuzz_host.hpp"
#include "tests/support/virtual_network.hpp"

namespace fourtuple::fuzz {
namespace {

using support::captured_segment;

constexpr std::uint16_t listening_port = 8080;
constexpr std::uint16_t answering_port = 9000;
constexpr std::uint16_t first_peer_port = 40'000;
constexpr std::size_t peer_ports = 3;
constexpr std::size_t most_socks = 8;

/// What the peer of one connection knows of it.
struct flow {
  std::uint16_t peer_port = 0;
  std::uint16_t stack_port = 0;
  std::uint32_t expected_seq = 1;  ///< What the stack expects next: its last acknowledgement.
  std::uint32_t next_ack = 1;      ///< Behind the last that it has sent.
  std::uint32_t sent_seq = 1;      ///< Where that began.
  std::uint32_t stack_tsval = 0;
  std::uint32_t own_tsval = 1000;
};

/// The stream's byte at a sequence number: what the peer sends is always this, so overlaps agree.
std::byte stream_byte(std::uint32_t seq) { return support::pattern_byte(seq); }

stack::host_stack_config config_of(fuzz_input& input) {
  stack::host_stack_config config;
  tcp::tcp_config& tcp = config.tcp;
  const unsigned bits = input.next16();
  tcp.tcp_timestamps = (bits & 1) != 0;
  tcp.tcp_sack = (bits & 2) == 0;
  tcp.tcp_window_scaling = (bits & 4) == 0;
  tcp.tcp_syncookies = bits >> 3 & 3;
  tcp.tcp_ecn = bits >> 5 & 3;
  tcp.tcp_mtu_probing = bits >> 7 & 3;
  constexpr const char* algorithms[] = {"cubic", "reno", "dctcp", "cubic"};
  tcp.tcp_congestion_control = algorithms[bits >> 9 & 3];
  tcp.tcp_moderate_rcvbuf = (bits & 1U << 11) == 0;
  tcp.tcp_abort_on_overflow = (bits & 1U << 12) != 0;
  if ((bits & 1U << 13) != 0) tcp.tcp_rmem = {4096, 16'384, 65'536};
  if ((bits & 1U << 14) != 0) tcp.tcp_max_tw_buckets = 1;
  if ((bits >> 13 & 3) == 3) tcp.tcp_mem = {2, 4, 6};
  tcp.tcp_recovery = (bits & 1U << 15) != 0 ? 0 : 1;
  return config;
}

ip::net_device_features features_of(fuzz_input& input) {
  const unsigned bits = input.next8();
  const bool checksums = (bits & 1) != 0;
  return {.rx_checksum = (bits & 4) != 0,
          .tx_checksum = checksums,
          .tso = checksums && (bits & 2) != 0,
          .connection_table = (bits & 8) != 0};
}

class packet_sequence {
 public:
  explicit packet_sequence(fuzz_input& input) : input_(input), host_(config_of(input), features_of(input)) {
    host_.device.on_segment = [this](const captured_segment& s) { see(s); };
    listener_ = &host_.stack.tcp().create();
    require(host_.stack.tcp().bind(*listener_, {}, listening_port) == 0, "a port can be bound");
    require(host_.stack.tcp().listen(*listener_, 2) == 0, "a bound socket can listen");
  }

  void run() {
    while (!input_.empty()) step();
    finish();
  }

 private:
  [[nodiscard]] tcp::tcp& protocol() { return host_.stack.tcp(); }

  void step() {
    switch (input_.below(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        send_segment();
        break;
      case 5:
        handshake();
        break;
      case 6:
      case 7:
        host_.run_for_ms(std::uint64_t{input_.next8()} << input_.below(10));
        break;
      case 8:
        send_icmp();
        break;
      case 9:
        send_fragments();
        break;
      case 10:
        send_anything();
        break;
      case 11:
        host_.device.set_busy(input_.flag());
        break;
      default:
        call();
        break;
    }
  }

  /// What the stack has sent.
  void see(const captured_segment& s) {
    flow& to = flows_[{s.header.destination_port, s.header.source_port}];
    to.peer_port = s.header.destination_port;
    to.stack_port = s.header.source_port;
    if (s.header.flags.ack) to.expected_seq = s.header.ack_seq;
    to.sent_seq = s.header.seq;
    to.next_ack = s.header.seq + s.segment_length();
    if (s.options.timestamps) to.stack_tsval = s.options.timestamps->value;
    last_ = s;
  }

  flow& some_flow() {
    const std::size_t which = input_.next8();
    if (!flows_.empty() && which < 200)
      return std::next(flows_.begin(), static_cast<long>(which % flows_.size()))->second;
    const auto port = static_cast<std::uint16_t>(first_peer_port + which % peer_ports);
    flow& fresh = flows_[{port, listening_port}];
    fresh.peer_port = port;
    fresh.stack_port = listening_port;
    return fresh;
  }

  /// A number near another one, and now and then any.
  std::uint32_t near(std::uint32_t around) {
    const std::size_t how = input_.below(16);
    switch (how) {
      case 8:
        return around - 1;
      case 9:
        return around + 1;
      case 10:
        return around + 65'535;
      case 11:
        return input_.next32();
      case 12:
        return around + input_.next16();
      case 13:
        return around - input_.next16();
      case 14:
        return around + input_.next8();
      case 15:
        return around - input_.next8();
      default:
        return around;
    }
  }

  captured_segment make_segment(flow& of) {
    captured_segment s;
    s.source = support::address_of_end[1];
    s.destination = support::address_of_end[0];
    s.header.source_port = of.peer_port;
    s.header.destination_port = of.stack_port;
    const unsigned flags = input_.next8();
    s.header.flags = {.fin = (flags & 1) != 0,
                      .syn = (flags & 2) != 0,
                      .rst = (flags & 4) != 0,
                      .psh = (flags & 8) != 0,
                      .ack = (flags & 16) == 0,  // Nearly all have it.
                      .urg = (flags & 32) != 0,
                      .ece = (flags & 64) != 0,
                      .cwr = (flags & 128) != 0};
    s.header.seq = near(of.expected_seq);
    s.header.ack_seq = near(of.next_ack);
    s.header.window = input_.flag() ? 65'535 : input_.next16();
    if (s.header.flags.urg) {
      s.header.urgent_pointer = input_.next16();
      anything_may_come_ = true;  // The urgent byte is not in the stream.
    }
    add_options(of, s);
    add_payload(s);
    return s;
  }

  void add_options(flow& of, captured_segment& s) {
    const unsigned options = input_.next8();
    if ((options & 1) != 0) {
      of.own_tsval += input_.next8();
      s.options.timestamps = packet::tcp_timestamps{near(of.own_tsval), near(of.stack_tsval)};
    }
    if ((options & 2) != 0) s.options.mss = input_.next16();
    if ((options & 4) != 0) s.options.window_scale = input_.next8();
    s.options.sack_permitted = (options & 8) != 0;
    // As many as fit beside the others.
    const std::size_t blocks = s.options.mss ? 0 : options >> 4 & 3;
    s.options.sack_block_count = static_cast<std::uint8_t>(blocks);
    for (std::size_t i = 0; i < blocks; ++i) {
      const std::uint32_t start = near(of.sent_seq);
      s.options.sack_blocks[i] = {start, start + input_.next16()};
    }
    if (packet::tcp_options_bytes(s.options) > packet::tcp_header::max_bytes - packet::tcp_header::bytes) {
      s.options.sack_block_count = 0;
    }
  }

  void add_payload(captured_segment& s) {
    constexpr std::size_t sizes[] = {0, 0, 1, 100, 536, 1000, 1448, 1460};
    s.payload.resize(input_.pick(sizes));
    std::uint32_t seq = s.header.seq + (s.header.flags.syn ? 1 : 0);
    for (std::byte& byte : s.payload) byte = stream_byte(seq++);
  }

  void deliver(const captured_segment& s) {
    auto frame = support::assemble(s, support::mac_of_end(1), support::mac_of_end(0));
    const unsigned said = input_.next8();
    fuzz_device::verdict verdict;
    if (host_.device.offers.rx_checksum) {
      verdict.checksum = (said & 0xe0) == 0xe0 ? packet::ip_summed::bad : packet::ip_summed::unnecessary;
    }
    if ((said & 1) != 0) verdict.gso_size = static_cast<std::uint16_t>(1 + input_.next16() % 1460);
    verdict.look_up = host_.device.offers.connection_table && (said & 2) == 0;
    if (host_.device.offers.connection_table && (said & 0x1c) == 0x1c) verdict.wrong_handle = input_.next32();
    host_.device.receive(frame, verdict);
  }

  void send_segment() { deliver(make_segment(some_flow())); }

  /// Left to chance alone few handshakes would come to an end.
  void handshake() {
    flow& of = some_flow();
    captured_segment syn;
    syn.source = support::address_of_end[1];
    syn.destination = support::address_of_end[0];
    syn.header.source_port = of.peer_port;
    syn.header.destination_port = of.stack_port;
    syn.header.window = 65'535;
    syn.header.flags.syn = true;
    syn.header.seq = input_.flag() ? input_.next32() : of.expected_seq;
    const bool answers = of.stack_port != listening_port;
    if (answers) {
      syn.header.flags.ack = true;
      syn.header.ack_seq = of.next_ack;
    }
    add_options(of, syn);
    deliver(syn);
    if (answers) return;
    captured_segment ack = syn;
    ack.options = {};
    if (syn.options.timestamps) ack.options.timestamps = packet::tcp_timestamps{of.own_tsval, of.stack_tsval};
    ack.header.flags = {.ack = true};
    ack.header.seq = syn.header.seq + 1;
    ack.header.ack_seq = of.next_ack;
    deliver(ack);
  }

  /// An error about the last that the stack has sent, or about nearly that.
  void send_icmp() {
    if (!last_) return;
    constexpr std::uint8_t types[] = {packet::icmp_dest_unreach,  packet::icmp_dest_unreach,
                                      packet::icmp_time_exceeded, packet::icmp_parameterprob,
                                      packet::icmp_source_quench, packet::icmp_redirect};
    const std::uint8_t type = input_.pick(types);
    const auto code = static_cast<std::uint8_t>(input_.below(16));
    captured_segment quoted = *last_;
    quoted.header.seq = near(quoted.header.seq);
    const auto whole = support::assemble(quoted, support::mac_of_end(0), support::mac_of_end(1));
    constexpr std::size_t quoted_bytes[] = {28, 28, 27, 40, 20, 0};
    const auto bytes =
        std::span<const std::byte>(whole)
            .subspan(packet::ethernet_header::untagged_bytes)
            .first(std::min(input_.pick(quoted_bytes), whole.size() - packet::ethernet_header::untagged_bytes));
    std::vector<std::byte> message(packet::icmp_header::bytes);
    packet::write_icmp(message, {.type = type, .code = code, .checksum = 0, .rest = input_.next16()});
    message.insert(message.end(), bytes.begin(), bytes.end());
    support::put16(message, 2, support::checksum(message));
    send_datagram({.ttl = 64, .protocol = packet::ip_protocol::icmp, .source = {}, .destination = {}}, message);
  }

  void send_datagram(packet::ipv4_header header, std::span<const std::byte> payload) {
    std::vector<std::byte> frame(packet::ethernet_header::untagged_bytes + packet::ipv4_header::min_bytes);
    packet::write_ethernet(frame, {.destination = support::mac_of_end(0),
                                   .source = support::mac_of_end(1),
                                   .vlan = {},
                                   .ether_type = packet::eth_p_ip});
    header.total_bytes = static_cast<std::uint16_t>(packet::ipv4_header::min_bytes + payload.size());
    header.source = support::address_of_end[1];
    header.destination = support::address_of_end[0];
    packet::write_ipv4(std::span(frame).subspan(packet::ethernet_header::untagged_bytes), header);
    frame.insert(frame.end(), payload.begin(), payload.end());
    host_.device.receive(frame, {});
  }

  /// A segment in pieces that may overlap, be missing or come the wrong way round.
  void send_fragments() {
    const auto frame = support::assemble(make_segment(some_flow()), support::mac_of_end(1), support::mac_of_end(0));
    const auto payload = std::span<const std::byte>(frame).subspan(packet::ethernet_header::untagged_bytes +
                                                                   packet::ipv4_header::min_bytes);
    const std::uint16_t id = input_.next8();
    for (std::size_t pieces = 1 + input_.below(4); pieces > 0; --pieces) {
      const std::size_t from = std::min<std::size_t>(std::size_t{input_.next8()} * 8, payload.size() / 8 * 8);
      const std::size_t bytes = std::min<std::size_t>(std::size_t{input_.next8()} * 8, payload.size() - from);
      send_datagram({.id = id,
                     .more_fragments = from + bytes < payload.size(),
                     .fragment_offset_bytes = static_cast<std::uint16_t>(from),
                     .ttl = 64,
                     .protocol = packet::ip_protocol::tcp,
                     .source = {},
                     .destination = {}},
                    payload.subspan(from, bytes));
    }
  }

  void send_anything() {
    const auto bytes = input_.take(input_.next8());
    anything_may_come_ = true;
    if (input_.flag()) {
      host_.device.receive(bytes, {});
    } else {
      send_datagram({.ttl = 64, .protocol = input_.next8(), .source = {}, .destination = {}}, bytes);
    }
  }

  void call() {
    int error = 0;
    if (tcp::tcp_sock* child = socks_.size() < most_socks ? protocol().accept(*listener_, error) : nullptr) {
      socks_.push_back(child);
    }
    if (input_.below(8) == 7 && socks_.size() < most_socks) connect();
    if (socks_.empty()) return;
    const std::size_t which = input_.below(socks_.size());
    call(which);
    host_.stack.ip().flush();
    host_.device.answer_arp();
  }

  void connect() {
    tcp::tcp_sock& sk = protocol().create();
    socks_.push_back(&sk);
    const auto port = static_cast<std::uint16_t>(input_.flag() ? answering_port : listening_port);
    const packet::ipv4_address to = support::address_of_end[input_.below(8) == 0 ? 0 : 1];
    // What write() says, to the stack itself, is not the peer's stream.
    if (to == support::address_of_end[0]) anything_may_come_ = true;
    static_cast<void>(protocol().connect(sk, to, port));
    host_.device.answer_arp();
  }

  void call(std::size_t which) {
    tcp::tcp_sock& sk = *socks_[which];
    switch (input_.below(12)) {
      case 0:
      case 1:
        write(sk);
        break;
      case 2:
      case 3:
        read(sk);
        break;
      case 4:
        static_cast<void>(protocol().shutdown(sk, static_cast<int>(input_.below(3))));
        break;
      case 5:
        protocol().close(sk);
        socks_.erase(socks_.begin() + static_cast<long>(which));
        break;
      case 6:
        set_option(sk);
        break;
      case 7:
        look_at(sk);
        break;
      case 8:
        protocol().disconnect(sk);
        break;
      case 9:
        while (protocol().recv_error(sk)) {
        }
        break;
      default:
        static_cast<void>(protocol().poll(sk));
        break;
    }
  }

  void write(tcp::tcp_sock& sk) {
    constexpr int flags[] = {0, 0, 0, MSG_MORE, MSG_OOB, MSG_EOR, MSG_ZEROCOPY};
    const std::vector<std::byte> bytes(std::size_t{input_.next8()} * input_.next8());
    const std::span<const std::byte> all(bytes);
    const ssize_t sent = protocol().sendmsg(sk, {&all, 1}, input_.pick(flags));
    require(sent <= static_cast<ssize_t>(bytes.size()), "no more is sent than there is");
  }

  void read(tcp::tcp_sock& sk) {
    constexpr int flags[] = {0, 0, 0, MSG_PEEK, MSG_TRUNC, MSG_OOB};
    const int how = input_.pick(flags);
    std::vector<std::byte> bytes(1 + std::size_t{input_.next8()} * 64);
    const std::uint32_t from = sk.copied_seq;
    const ssize_t got = protocol().recvmsg(sk, bytes, how);
    require(got <= static_cast<ssize_t>(bytes.size()), "no more is read than there is room for");
    if ((how & (MSG_TRUNC | MSG_OOB)) != 0 || anything_may_come_) return;
    for (ssize_t i = 0; i < got; ++i) {
      require(bytes[static_cast<std::size_t>(i)] == stream_byte(from + static_cast<std::uint32_t>(i)),
              "what is read is what was sent");
    }
  }

  void set_option(tcp::tcp_sock& sk) {
    constexpr int levels[] = {IPPROTO_TCP, SOL_SOCKET, IPPROTO_IP};
    const int level = input_.pick(levels);
    const int name = static_cast<int>(input_.below(80));
    constexpr int values[] = {0, 1, 2, 10, 100, 1000, 100'000, -1, 0x7fffffff};
    int value = input_.flag() ? input_.pick(values) : static_cast<int>(input_.next32());
    // An orphan is kept for as long as it was asked for, which may be 24 days.
    if (level == IPPROTO_TCP && name == TCP_USER_TIMEOUT && value > 100'000) value = 100'000;
    const auto bytes = std::as_bytes(std::span(&value, 1));
    static_cast<void>(protocol().setsockopt(sk, level, name, bytes.first(input_.below(16) == 0 ? 3 : 4)));
  }

  void look_at(tcp::tcp_sock& sk) {
    std::array<std::byte, 256> value;
    static_cast<void>(protocol().getsockopt(sk, IPPROTO_TCP, TCP_INFO, value));
    int count = 0;
    static_cast<void>(protocol().ioctl(sk, SIOCOUTQ, count));
    static_cast<void>(protocol().ioctl(sk, FIONREAD, count));
    static_cast<void>(protocol().diag(true));
  }

  /// Everything is closed, nobody answers any more: in an hour nothing is left.
  void finish() {
    host_.device.set_busy(false);
    for (tcp::tcp_sock* sk : socks_) protocol().close(*sk);
    protocol().close(*listener_);
    host_.stack.ip().flush();
    host_.run_for_ms(3'600'000);
    const auto& tables = host_.stack.hashinfo();
    require(tables.ehash().size() == 0, "no connection is left");
    require(host_.counter("TcpCurrEstab") == 0, "no connection is counted");
    require(host_.stack.tcp().sockstat().mem_pages == 0, "no memory is counted");
    require(tables.bhash().find(listening_port) == nullptr, "no port is bound");
  }

  fuzz_input& input_;
  fuzz_host host_;
  tcp::tcp_sock* listener_ = nullptr;
  std::vector<tcp::tcp_sock*> socks_;
  std::map<std::pair<std::uint16_t, std::uint16_t>, flow> flows_;  ///< By the peer's port and the stack's.
  std::optional<captured_segment> last_;
  bool anything_may_come_ = false;
};

}  // namespace
}  // namespace fourtuple::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fourtuple::fuzz::fuzz_input input(data, size);
  fourtuple::fuzz::packet_sequence(input).run();
  return 0;
}
