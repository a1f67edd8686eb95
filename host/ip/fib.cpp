// SPDX-License-Identifier: Apache-2.0
#include "host/ip/fib.hpp"

#include <algorithm>

namespace fourtuple::ip {

namespace {
constexpr unsigned longest_prefix_with_broadcast = 30;  // RFC 3021: a /31 has none
}

void fib::add(net_device& device, packet::ipv4_address address, unsigned prefix_length) {
  const unsigned bits = std::min(prefix_length, 32U);
  networks_.push_back({&device, address, bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits)});
}

bool fib::is_local(packet::ipv4_address address) const noexcept {
  return address.is_loopback() ||
         std::ranges::any_of(networks_, [&](const network& n) { return n.address == address; });
}

bool fib::is_broadcast(packet::ipv4_address address) const noexcept {
  return address.is_broadcast() || std::ranges::any_of(networks_, [&](const network& n) {
           constexpr std::uint32_t longest_mask = ~std::uint32_t{0} << (32 - longest_prefix_with_broadcast);
           return n.mask <= longest_mask && address.value == (n.address.value | ~n.mask);
         });
}

bool fib::is_martian(packet::ipv4_address address) const noexcept {
  return address.value >> 24 == 0 || address.is_loopback() || address.value >> 28 >= 0xe || is_broadcast(address);
}

const fib::network* fib::on_link(packet::ipv4_address address) const noexcept {
  const network* best = nullptr;
  for (const network& n : networks_) {
    if (n.contains(address) && (best == nullptr || n.mask > best->mask)) best = &n;
  }
  return best;
}

std::optional<route> fib::lookup(packet::ipv4_address destination) const noexcept {
  if (is_local(destination)) {
    const packet::ipv4_address source = destination.is_loopback() ? packet::ipv4_address::loopback() : destination;
    return route{.device = &loopback_, .source = source, .next_hop = destination, .mtu = loopback_.mtu()};
  }
  if (networks_.empty() || destination.is_any()) return std::nullopt;
  packet::ipv4_address next_hop = destination;
  const network* via = on_link(destination);
  if (via == nullptr && (destination.is_broadcast() || destination.is_multicast())) via = &networks_.front();
  if (via == nullptr && gateway_) {
    next_hop = *gateway_;
    via = on_link(next_hop);
  }
  if (via == nullptr) return std::nullopt;
  const net_device_features features = via->device->features();
  return route{.device = via->device,
               .source = via->address,
               .next_hop = next_hop,
               .mtu = via->device->mtu(),
               .tx_checksum = features.tx_checksum,
               .connection_table = features.connection_table};
}

}  // namespace fourtuple::ip
