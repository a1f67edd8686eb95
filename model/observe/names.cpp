// SPDX-License-Identifier: Apache-2.0
#include "model/observe/names.hpp"

#include <fmt/format.h>

#include <tuple>

namespace fourtuple::model::observe {

std::string endpoint_name(packet::ipv4_address address, std::uint16_t port) {
  return fmt::format("{}.{}.{}.{}:{}", address.value >> 24, address.value >> 16 & 0xffU, address.value >> 8 & 0xffU,
                     address.value & 0xffU, port);
}

std::string connection_name(const packet::connection_tuple& tuple) {
  const std::string local = endpoint_name(tuple.local, tuple.local_port);
  const std::string foreign = endpoint_name(tuple.foreign, tuple.foreign_port);
  return std::tie(tuple.local, tuple.local_port) < std::tie(tuple.foreign, tuple.foreign_port) ? local + "-" + foreign
                                                                                               : foreign + "-" + local;
}

std::string flag_names(const packet::tcp_flags& flags) {
  std::string names;
  const auto add = [&names](bool set, const char* name) {
    if (set) names += names.empty() ? name : std::string(",") + name;
  };
  add(flags.syn, "SYN");
  add(flags.fin, "FIN");
  add(flags.rst, "RST");
  add(flags.psh, "PSH");
  add(flags.ack, "ACK");
  add(flags.urg, "URG");
  add(flags.ece, "ECE");
  add(flags.cwr, "CWR");
  return names;
}

std::string_view name_of(regs::packet_class what) noexcept {
  switch (what) {
    case regs::packet_class::other:
      return "other";
    case regs::packet_class::arp:
      return "arp";
    case regs::packet_class::ipv4_other:
      return "ipv4_other";
    case regs::packet_class::ipv4_fragment:
      return "ipv4_fragment";
    case regs::packet_class::ipv4_tcp:
      return "ipv4_tcp";
    case regs::packet_class::ipv4_udp:
      return "ipv4_udp";
    case regs::packet_class::ipv4_bad:
      return "ipv4_bad";
  }
  return "unknown";
}

}  // namespace fourtuple::model::observe
