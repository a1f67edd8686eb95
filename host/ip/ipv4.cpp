// SPDX-License-Identifier: Apache-2.0
#include "host/ip/ipv4.hpp"

#include <algorithm>

#include "host/ip/ipv4_state.hpp"
#include "host/packet/icmp.hpp"

namespace fourtuple::ip {

ipv4::state::state(ipv4& self, base::clock& clock_of_stack, base::timer_wheel& timers_of_stack)
    : clock(clock_of_stack),
      timers(timers_of_stack),
      loopback(clock, timers),
      from_loopback(*this),
      routes(loopback),
      messages(self, routes, clock, counters, [this](std::uint8_t number) { return protocols[number]; }),
      defrag(clock, timers, counters, [this](const packet::ipv4_datagram& first) {
        messages.send_error(first, packet::icmp_time_exceeded, packet::icmp_exc_fragtime);
      }) {
  loopback.set_receiver(from_loopback);
}

ipv4::ipv4(base::clock& clock, base::timer_wheel& timers) : state_(std::make_unique<state>(*this, clock, timers)) {}

ipv4::~ipv4() = default;

void ipv4::add_device(net_device& device, packet::ipv4_address address, unsigned prefix_length) {
  state& s = *state_;
  s.routes.add(device, address, prefix_length);
  s.addresses_changed();
  s.interfaces.push_back(
      {&device, address,
       std::make_unique<neighbour_table>(
           device, address, s.clock, s.timers, s.counters, [&s](const queued_packet& packet) { s.unreachable(packet); },
           [&s] { s.recent_headers = {}; })});
}

void ipv4::set_gateway(packet::ipv4_address gateway) {
  state_->routes.set_gateway(gateway);
  state_->addresses_changed();
}

void ipv4::set_gro(bool on) noexcept { state_->gro_on = on; }

void ipv4::add_protocol(std::uint8_t number, protocol& handler) { state_->protocols[number] = &handler; }

bool ipv4::is_local(packet::ipv4_address address) const noexcept { return state_->routes.is_local(address); }

std::optional<route> ipv4::route_output(packet::ipv4_address destination) const noexcept {
  return state_->route_output(destination);
}

std::optional<route> ipv4::state::route_output(packet::ipv4_address destination) noexcept {
  recent_route& last = recent_routes[destination.value % recent_routes.size()];
  if (last.destination == destination && last.via.device != nullptr) return last.via;
  auto found = routes.lookup(destination);
  if (!found) return std::nullopt;
  found->id_generator = id_generator(found->source, destination, packet::ip_protocol::tcp) & (id_generators - 1);
  last = {destination, *found};
  return found;
}

void ipv4::state::addresses_changed() noexcept {
  last_good_source = last_good_destination = {};
  recent_routes = {};
  recent_headers = {};
}

void ipv4::flush() { state_->flush(); }

void ipv4::state::loopback_receiver::receive(std::span<const packet::sk_buff> list) {
  for (const packet::sk_buff& skb : list) ip.receive_looped(skb);
}

void ipv4::tx_wake() {
  for (const state::interface& interface : state_->interfaces) {
    state_->flush_before(*interface.device);
    interface.neighbours->tx_wake();
  }
  // A handler may have several numbers.
  std::vector<protocol*> woken;
  for (protocol* handler : state_->protocols) {
    if (handler == nullptr || std::ranges::find(woken, handler) != woken.end()) continue;
    woken.push_back(handler);
    handler->tx_wake();
  }
  flush();
}

std::vector<std::pair<std::string_view, std::uint64_t>> ipv4::counters() const {
  auto result = state_->counters.named();
  const gro_counters& merged = state_->merging.counters();
  result.emplace_back("GroUnits", merged.units);
  result.emplace_back("GroMerged", merged.merged);
  result.emplace_back("GroFlushRefused", merged.flush_refused);
  result.emplace_back("GroFlushSize", merged.flush_size);
  result.emplace_back("GroFlushFull", merged.flush_full);
  result.emplace_back("LoopbackPackets", state_->loopback.frames());
  result.emplace_back("LoopbackDropped", state_->loopback.dropped());
  return result;
}

}  // namespace fourtuple::ip
