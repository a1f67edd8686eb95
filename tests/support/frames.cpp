// SPDX-License-Identifier: Apache-2.0
#include "tests/support/frames.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace fourtuple::support {
namespace {

constexpr std::size_t ethernet_bytes = 14;
constexpr std::size_t ipv4_bytes = 20;
constexpr std::uint8_t protocol_tcp = 6;

std::uint8_t get8(std::span<const std::byte> from, std::size_t at) { return std::to_integer<std::uint8_t>(from[at]); }
std::uint16_t get16(std::span<const std::byte> from, std::size_t at) {
  return static_cast<std::uint16_t>(get8(from, at) << 8 | get8(from, at + 1));
}
std::uint32_t get32(std::span<const std::byte> from, std::size_t at) {
  return std::uint32_t{get16(from, at)} << 16 | get16(from, at + 2);
}
void put32(std::span<std::byte> to, std::size_t at, std::uint32_t value) {
  put16(to, at, static_cast<std::uint16_t>(value >> 16));
  put16(to, at + 2, static_cast<std::uint16_t>(value));
}
void put_mac(std::span<std::byte> to, std::size_t at, packet::mac_address mac) {
  for (std::size_t i = 0; i < mac.bytes.size(); ++i) to[at + i] = std::byte{mac.bytes[i]};
}

std::uint32_t pseudo_header(packet::ipv4_address a, packet::ipv4_address b, std::size_t tcp_bytes) {
  return (a.value >> 16) + (a.value & 0xffff) + (b.value >> 16) + (b.value & 0xffff) + protocol_tcp +
         static_cast<std::uint32_t>(tcp_bytes);
}

void describe_options(std::ostringstream& out, const packet::tcp_options& options) {
  const char* separator = "";
  const auto put = [&](const auto&... parts) {
    out << separator;
    (out << ... << parts);
    separator = ",";
  };
  if (options.mss) put("mss ", *options.mss);
  if (options.sack_permitted) put("sackOK");
  if (options.timestamps) put("TS val ", options.timestamps->value, " ecr ", options.timestamps->echo_reply);
  if (options.window_scale) put("wscale ", unsigned{*options.window_scale});
}

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  std::istringstream in{std::string{text}};
  for (std::string part; std::getline(in, part, at);) parts.push_back(part);
  return parts;
}

packet::tcp_flags parse_flags(const std::string& text) {
  packet::tcp_flags flags;
  for (const char c : text) {
    switch (c) {
      case 'S':
        flags.syn = true;
        break;
      case 'F':
        flags.fin = true;
        break;
      case 'R':
        flags.rst = true;
        break;
      case 'P':
        flags.psh = true;
        break;
      case 'U':
        flags.urg = true;
        break;
      case 'E':
        flags.ece = true;
        break;
      case 'W':
        flags.cwr = true;
        break;
      case '.':
        flags.ack = true;
        break;
      case '-':
        break;
      default:
        throw std::invalid_argument("flags: " + text);
    }
  }
  return flags;
}

void parse_option(const std::string& text, std::uint32_t ack_base, packet::tcp_options& options) {
  std::istringstream in{text};
  std::string name;
  in >> name;
  if (name == "nop") return;  // write_tcp aligns by itself
  if (name == "mss") {
    unsigned value = 0;
    in >> value;
    options.mss = static_cast<std::uint16_t>(value);
  } else if (name == "sackOK") {
    options.sack_permitted = true;
  } else if (name == "wscale") {
    unsigned value = 0;
    in >> value;
    options.window_scale = static_cast<std::uint8_t>(value);
  } else if (name == "TS") {
    std::string word;
    packet::tcp_timestamps stamps;
    in >> word >> stamps.value >> word >> stamps.echo_reply;
    options.timestamps = stamps;
  } else if (name == "sack") {
    for (std::string block; in >> block;) {
      const std::size_t colon = block.find(':');
      if (colon == std::string::npos || options.sack_block_count == packet::tcp_options::max_sack_blocks) {
        throw std::invalid_argument("sack: " + text);
      }
      options.sack_blocks[options.sack_block_count++] = {
          ack_base + static_cast<std::uint32_t>(std::stoll(block.substr(0, colon))),
          ack_base + static_cast<std::uint32_t>(std::stoll(block.substr(colon + 1)))};
    }
    return;
  } else {
    throw std::invalid_argument("option: " + text);
  }
  if (in.fail()) throw std::invalid_argument("option: " + text);
}

}  // namespace

packet::mac_address mac_of_end(int index) noexcept {
  return {{0x02, 0x00, 0x00, 0x00, 0x00, static_cast<std::uint8_t>(index + 1)}};
}

std::uint16_t checksum(std::span<const std::byte> bytes, std::uint32_t start) noexcept {
  std::uint64_t sum = start;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto value = std::to_integer<std::uint64_t>(bytes[i]);
    sum += i % 2 == 0 ? value << 8 : value;
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum & 0xffff);
}

void put16(std::span<std::byte> to, std::size_t at, std::uint16_t value) noexcept {
  to[at] = static_cast<std::byte>(value >> 8);
  to[at + 1] = static_cast<std::byte>(value & 0xff);
}

std::optional<captured_segment> dissect(std::span<const std::byte> frame) {
  if (frame.size() < ethernet_bytes + ipv4_bytes || get16(frame, 12) != 0x0800) return std::nullopt;
  const auto ip = frame.subspan(ethernet_bytes);
  const std::size_t header_bytes = (get8(ip, 0) & 0xfU) * 4U;
  const std::size_t total = get16(ip, 2);
  if (get8(ip, 0) >> 4 != 4 || header_bytes < ipv4_bytes || total < header_bytes || total > ip.size()) {
    return std::nullopt;
  }
  if (get8(ip, 9) != protocol_tcp || checksum(ip.first(header_bytes)) != 0) return std::nullopt;
  captured_segment result;
  result.tos = get8(ip, 1);
  result.source = {get32(ip, 12)};
  result.destination = {get32(ip, 16)};
  const auto tcp = ip.subspan(header_bytes, total - header_bytes);
  if (checksum(tcp, pseudo_header(result.source, result.destination, tcp.size())) != 0) return std::nullopt;
  const auto parsed = packet::parse_tcp(tcp);
  if (!parsed) return std::nullopt;
  result.header = parsed->header;
  result.options = parsed->options;
  result.payload.assign(parsed->payload.begin(), parsed->payload.end());
  return result;
}

std::vector<std::byte> assemble(const captured_segment& segment, packet::mac_address from, packet::mac_address to) {
  const std::size_t header_bytes = packet::tcp_header::bytes + packet::tcp_options_bytes(segment.options);
  const std::size_t tcp_bytes = header_bytes + segment.payload.size();
  std::vector<std::byte> frame(ethernet_bytes + ipv4_bytes + tcp_bytes);
  put_mac(frame, 0, to);
  put_mac(frame, 6, from);
  put16(frame, 12, 0x0800);
  const auto ip = std::span{frame}.subspan(ethernet_bytes);
  ip[0] = std::byte{0x45};
  ip[1] = std::byte{segment.tos};
  put16(ip, 2, static_cast<std::uint16_t>(ipv4_bytes + tcp_bytes));
  put16(ip, 6, 0x4000);
  ip[8] = std::byte{64};
  ip[9] = std::byte{protocol_tcp};
  put32(ip, 12, segment.source.value);
  put32(ip, 16, segment.destination.value);
  put16(ip, 10, checksum(ip.first(ipv4_bytes)));
  const auto tcp = ip.subspan(ipv4_bytes);
  auto header = segment.header;
  header.checksum = 0;
  packet::write_tcp(tcp, header, segment.options);
  std::ranges::copy(segment.payload, tcp.subspan(header_bytes).begin());
  put16(tcp, packet::tcp_header::checksum_offset,
        checksum(tcp, pseudo_header(segment.source, segment.destination, tcp_bytes)));
  if (frame.size() < 60) frame.resize(60);
  return frame;
}

std::optional<std::vector<std::byte>> answer_arp(std::span<const std::byte> frame, packet::ipv4_address owner,
                                                 packet::mac_address mac) {
  constexpr std::size_t arp_bytes = 28;
  if (frame.size() < ethernet_bytes + arp_bytes || get16(frame, 12) != 0x0806) return std::nullopt;
  const auto request = frame.subspan(ethernet_bytes);
  if (get16(request, 6) != 1 || get32(request, 24) != owner.value) return std::nullopt;
  std::vector<std::byte> answer(60);
  std::ranges::copy(frame.subspan(6, 6), answer.begin());
  put_mac(answer, 6, mac);
  put16(answer, 12, 0x0806);
  const auto reply = std::span{answer}.subspan(ethernet_bytes);
  std::ranges::copy(request.first(6), reply.begin());
  put16(reply, 6, 2);
  put_mac(reply, 8, mac);
  put32(reply, 14, owner.value);
  std::ranges::copy(request.subspan(8, 10), reply.begin() + 18);
  return answer;
}

std::string describe(const captured_segment& segment, std::uint32_t seq_base, std::uint32_t ack_base, bool with_window,
                     bool with_options) {
  const auto& flags = segment.header.flags;
  std::string letters;
  for (const auto& [set, letter] : {std::pair{flags.syn, 'S'},
                                    {flags.fin, 'F'},
                                    {flags.rst, 'R'},
                                    {flags.psh, 'P'},
                                    {flags.urg, 'U'},
                                    {flags.ece, 'E'},
                                    {flags.cwr, 'W'},
                                    {flags.ack, '.'}}) {
    if (set) letters += letter;
  }
  std::ostringstream out;
  const auto start = static_cast<std::int32_t>(segment.header.seq - seq_base);
  out << (letters.empty() ? "-" : letters) << ' ' << start << ':'
      << start + static_cast<std::int32_t>(segment.payload.size()) << '(' << segment.payload.size() << ')';
  if (flags.ack) out << " ack " << static_cast<std::int32_t>(segment.header.ack_seq - ack_base);
  if (with_window) out << " win " << segment.header.window;
  if (flags.urg) out << " urg " << segment.header.urgent_pointer;
  if (segment.tos != 0) out << " tos " << unsigned{segment.tos};
  if (with_options && segment.options != packet::tcp_options{}) {
    std::ostringstream options;
    describe_options(options, segment.options);
    if (segment.options.sack_block_count != 0) {
      options << (options.str().empty() ? "sack" : ",sack");
      for (const auto& block : segment.options.sacks()) {
        options << ' ' << static_cast<std::int32_t>(block.start - ack_base) << ':'
                << static_cast<std::int32_t>(block.end - ack_base);
      }
    }
    out << " <" << options.str() << '>';
  }
  return out.str();
}

captured_segment parse_notation(std::string_view text, std::uint32_t seq_base, std::uint32_t ack_base) {
  captured_segment segment;
  std::string body{text};
  if (const std::size_t open = body.find('<'); open != std::string::npos) {
    const std::size_t close = body.find('>', open);
    if (close == std::string::npos) throw std::invalid_argument("no '>': " + body);
    for (const auto& option : split(std::string_view{body}.substr(open + 1, close - open - 1), ',')) {
      parse_option(option, ack_base, segment.options);
    }
    body.resize(open);
  }
  std::istringstream in{body};
  std::string flags;
  long long start = 0;
  long long end = 0;
  std::size_t bytes = 0;
  char colon = 0;
  char open = 0;
  char close = 0;
  in >> flags >> start >> colon >> end >> open >> bytes >> close;
  if (in.fail() || colon != ':' || open != '(' || close != ')' || end - start != static_cast<long long>(bytes)) {
    throw std::invalid_argument("segment: " + body);
  }
  segment.header.flags = parse_flags(flags);
  segment.header.seq = seq_base + static_cast<std::uint32_t>(start);
  segment.header.window = 65535;
  for (std::string word; in >> word;) {
    long long value = 0;
    in >> value;
    if (word == "ack") {
      segment.header.ack_seq = ack_base + static_cast<std::uint32_t>(value);
    } else if (word == "win") {
      segment.header.window = static_cast<std::uint16_t>(value);
    } else if (word == "urg") {
      segment.header.urgent_pointer = static_cast<std::uint16_t>(value);
    } else if (word == "tos") {
      segment.tos = static_cast<std::uint8_t>(value);
    } else {
      throw std::invalid_argument("word: " + word);
    }
  }
  segment.payload = pattern(static_cast<std::uint64_t>(start), bytes);
  return segment;
}

std::vector<std::byte> pattern(std::uint64_t position, std::size_t bytes) {
  std::vector<std::byte> result(bytes);
  for (std::size_t i = 0; i < bytes; ++i) result[i] = pattern_byte(position + i);
  return result;
}

}  // namespace fourtuple::support
