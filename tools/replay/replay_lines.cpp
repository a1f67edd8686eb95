// SPDX-License-Identifier: Apache-2.0
#include "tools/replay/replay_lines.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <optional>
#include <sstream>
#include <string_view>

#include "host/app/http_message.hpp"
#include "model/observe/names.hpp"
#include "tools/command.hpp"

namespace fourtuple::tools {
namespace {

using model::observe::verdict_name;
using model::system::nic_kind;
using model::system::replay_outcome;

std::string row(const replay_outcome& outcome) {
  if (!outcome.known) return "no answer";
  if (!outcome.received) return fmt::format("dropped: {}", outcome.reason);
  const regs::frame_completion& record = outcome.record;
  const std::string hit = record.hit ? fmt::format("hit {}", record.handle) : "-";
  return fmt::format("{:<14} {:>4} {:>4}  {:#010x}  {:<10} {:>6}", model::observe::name_of(record.packet_class),
                     verdict_name(record.ip_checked, record.ip_good), verdict_name(record.l4_checked, record.l4_good),
                     record.hash, hit, outcome.latency_clocks);
}

std::string object(const replay_outcome& outcome) {
  if (!outcome.known) return R"({"fate":"unanswered"})";
  if (!outcome.received) return fmt::format(R"({{"fate":"dropped","reason":"{}"}})", outcome.reason);
  const regs::frame_completion& record = outcome.record;
  return fmt::format(
      R"({{"fate":"received","class":"{}","vlan":{},"ip_checksum":"{}","l4_checksum":"{}","raw_sum":{},"l3_offset":{},)"
      R"("l4_offset":{},"payload_offset":{},"hash":"{:#010x}","hit":{},"handle":{},"latency_clocks":{}}})",
      model::observe::name_of(record.packet_class), record.vlan, verdict_name(record.ip_checked, record.ip_good),
      verdict_name(record.l4_checked, record.l4_good), record.raw_sum, record.l3_offset, record.l4_offset,
      record.payload_offset, record.hash, record.hit, record.handle, outcome.latency_clocks);
}

std::optional<std::pair<packet::ipv4_address, std::uint16_t>> parse_endpoint(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  in_addr address{};
  const auto port = app::parse_number(std::string_view(text).substr(colon + 1));
  if (inet_pton(AF_INET, text.substr(0, colon).c_str(), &address) != 1 || !port || *port > 65'535) return std::nullopt;
  return std::pair(packet::ipv4_address{ntohl(address.s_addr)}, static_cast<std::uint16_t>(*port));
}

}  // namespace

std::string text_heading(std::size_t devices) {
  return fmt::format("{:>7}  {:>16}  {:>6}  {}{:<14} {:>4} {:>4}  {:<10}  {:<10} {:>6}\n", "frame", "time ns", "bytes",
                     devices > 1 ? "device  " : "", "class", "ip", "l4", "hash", "table", "clocks");
}

std::string text_line(std::uint64_t number, std::size_t length_bytes, std::uint64_t time_ps,
                      std::span<const replay_outcome> outcomes, std::span<const nic_kind> devices) {
  const std::string head =
      fmt::format("{:>7}  {:>16.3f}  {:>6}  ", number, static_cast<double>(time_ps) / 1000, length_bytes);
  if (outcomes.size() == 1) return head + row(outcomes[0]) + "\n";
  const bool equal = outcomes[0].known && outcomes[1].known && outcomes[0].agrees_with(outcomes[1]);
  if (equal) return head + "both    " + row(outcomes[0]) + fmt::format(" {:>6}\n", outcomes[1].latency_clocks);
  std::string lines;
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    lines += fmt::format("{}{:<7} {}  DIFFERENT\n", head, name_of(devices[i]), row(outcomes[i]));
  return lines;
}

std::string json_line(std::uint64_t number, std::size_t length_bytes, std::uint64_t time_ps,
                      std::span<const replay_outcome> outcomes, std::span<const nic_kind> devices) {
  std::string line = fmt::format(R"({{"frame":{},"time_ps":{},"length":{})", number, time_ps, length_bytes);
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    line += fmt::format(R"(,"{}":{})", name_of(devices[i]), object(outcomes[i]));
  if (outcomes.size() > 1) {
    const bool equal = outcomes[0].known && outcomes[1].known && outcomes[0].agrees_with(outcomes[1]);
    line += fmt::format(R"(,"equal":{})", equal);
  }
  return line + "}\n";
}

std::vector<packet::connection_tuple> parse_connections(const std::string& text, const std::string& file) {
  std::vector<packet::connection_tuple> all;
  std::istringstream lines(text);
  std::string line;
  for (unsigned number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    std::string local;
    std::string foreign;
    std::string more;
    words >> local >> foreign;
    if (local.empty() || local.front() == '#') continue;
    const auto local_end = parse_endpoint(local);
    const auto foreign_end = parse_endpoint(foreign);
    if (!local_end || !foreign_end || words >> more)
      throw usage_error(
          fmt::format("{}, line {}: that is no connection such as 10.0.0.2:2222 10.0.0.1:40000", file, number));
    all.push_back({.local = local_end->first,
                   .foreign = foreign_end->first,
                   .local_port = local_end->second,
                   .foreign_port = foreign_end->second});
  }
  return all;
}

}  // namespace fourtuple::tools
