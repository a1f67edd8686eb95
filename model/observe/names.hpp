// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "host/packet/addresses.hpp"
#include "host/packet/tcp_header.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

/// How files and pages name things.
namespace fourtuple::model::observe {

/// "10.0.0.1:2222"
[[nodiscard]] std::string endpoint_name(packet::ipv4_address address, std::uint16_t port);

/// "10.0.0.1:49152-10.0.0.2:2222": the same from both ends, the lower address first.
[[nodiscard]] std::string connection_name(const packet::connection_tuple& tuple);

/// "SYN,ACK"; empty for none.
[[nodiscard]] std::string flag_names(const packet::tcp_flags& flags);

[[nodiscard]] std::string_view name_of(regs::packet_class what) noexcept;

/// What a NIC found of a checksum: "good", "bad", or "none" if it was not computed.
[[nodiscard]] constexpr std::string_view verdict_name(bool checked, bool good) noexcept {
  return !checked ? "none" : good ? "good" : "bad";
}

}  // namespace fourtuple::model::observe
