// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "host/ip/fib.hpp"
#include "host/ip/icmp.hpp"
#include "host/ip/ip_fragment.hpp"
#include "host/ip/ipv4.hpp"
#include "host/ip/loopback.hpp"
#include "host/ip/mib.hpp"
#include "host/ip/neighbour.hpp"
#include "host/packet/ethernet.hpp"
#include "host/packet/ipv4_header.hpp"

namespace fourtuple::ip {

/// What class ipv4 consists of; used by its own source files only.
struct ipv4::state {
  /// An address on a device's network, and the neighbours there. A device may have several.
  struct interface {
    net_device* device;
    packet::ipv4_address address;
    std::unique_ptr<neighbour_table> neighbours;
  };

  state(ipv4& self, base::clock& clock, base::timer_wheel& timers);

  /// Takes what comes over the loopback device.
  struct loopback_receiver final : net_device_receiver {
    explicit loopback_receiver(state& of) noexcept : ip(of) {}
    void receive(std::span<const packet::sk_buff> list) override;
    void tx_wake() override {}
    state& ip;
  };
  /// Where a packet came in (Linux: skb->dev), as far as it matters.
  enum class ingress : std::uint8_t { network, loopback };

  // Input: ipv4_input.cpp.
  [[gnu::noinline]] void receive_list(std::span<const packet::sk_buff> list);
  [[gnu::noinline]] void receive_other(const packet::sk_buff& skb);
  void receive_frame(const packet::sk_buff& skb);
  void receive_unit(const gro_unit& unit);
  void receive_parsed(const packet::sk_buff& skb, const gro_rest* rest);
  void receive_looped(const packet::sk_buff& skb);
  [[nodiscard]] std::size_t plain_datagram_bytes(const packet::sk_buff& skb) const noexcept;
  [[nodiscard]] bool receive_known(const packet::sk_buff& skb);
  [[nodiscard]] bool receive_good(const packet::sk_buff& skb);
  void count_delivery(std::size_t total) noexcept;
  void receive_arp(const packet::ethernet_frame& frame);
  void receive_ipv4(const packet::sk_buff& skb, const packet::ethernet_frame& frame, ingress from,
                    const gro_rest* rest = nullptr);
  [[nodiscard]] bool accept_addresses(const packet::ipv4_header& header, bool group_frame, ingress from);
  [[nodiscard]] bool has_last_good_addresses(const ipv4_packet& packet) const noexcept;
  [[nodiscard]] bool accept_options(std::span<const std::byte> options);
  void deliver(const packet::ipv4_datagram& datagram, const packet::sk_buff* skb, const gro_rest* rest = nullptr);
  void deliver_unhandled(const packet::ipv4_datagram& datagram);

  // Output: ipv4_output.cpp.
  [[nodiscard]] xmit_result output(packet::tx_sk_buff& skb, const route& via, const ipv4_output& how,
                                   std::uint32_t& flow);
  struct recent_header;
  [[nodiscard]] std::optional<xmit_result> output_flow(packet::tx_sk_buff& skb, const route& via,
                                                       packet::ipv4_address destination);
  [[nodiscard]] xmit_result output_connected(packet::tx_sk_buff& skb, const recent_header& header);
  [[nodiscard, gnu::noinline]] xmit_result output_by_neighbour(packet::tx_sk_buff& skb, const route& via,
                                                               const ipv4_output& how);
  [[nodiscard, gnu::noinline]] xmit_result output_slow(packet::tx_sk_buff& skb, const route& via,
                                                       const ipv4_output& how, interface* out);
  [[nodiscard]] xmit_result output_fragments(packet::tx_sk_buff& skb, const route& via, const ipv4_output& how,
                                             interface* out);
  [[nodiscard]] xmit_result finish_output(packet::tx_sk_buff& skb, const route& via, interface* out);
  [[nodiscard]] xmit_result count(xmit_result result, std::size_t bytes);
  [[nodiscard]] static std::uint16_t id_generator(packet::ipv4_address source, packet::ipv4_address destination,
                                                  std::uint8_t protocol) noexcept;
  [[nodiscard]] recent_header& header_of(const ipv4_output& how, const route& via) noexcept;
  [[gnu::noinline]] void make_header(recent_header& to, const ipv4_output& how, const route& via) noexcept;
  [[nodiscard]] std::uint16_t select_id(const recent_header& header, const packet::tx_sk_buff& skb) noexcept;
  [[nodiscard]] std::optional<route> route_output(packet::ipv4_address destination) noexcept;
  [[nodiscard]] interface* interface_of(const route& via) noexcept {
    // Hardly any host has more than one.
    interface* first = interfaces.data();
    if (!interfaces.empty() && first->device == via.device && first->address == via.source) [[likely]]
      return first;
    return find_interface(via);
  }
  [[nodiscard, gnu::noinline]] interface* find_interface(const route& via) noexcept;
  void unreachable(const queued_packet& packet);
  void flush() {
    if (net_device* last = std::exchange(unflushed, nullptr); last != nullptr) last->flush();
  }
  /// Something is to be sent by `device`, which flush() has to end then.
  void flush_before(net_device& device) {
    if (unflushed == &device) return;
    if (unflushed != nullptr) unflushed->flush();
    unflushed = &device;
  }
  /// What was remembered of routes and addresses may be wrong.
  void addresses_changed() noexcept;

  base::clock& clock;
  base::timer_wheel& timers;
  mib_counters counters;
  loopback_device loopback;
  loopback_receiver from_loopback;
  fib routes;
  std::array<protocol*, 256> protocols{};
  icmp messages;
  gro merging;
  bool gro_on = true;
  net_device* unflushed = nullptr;  ///< By which something was sent since the last flush().
  ip_defrag defrag;
  std::vector<interface> interfaces;
  packet::mac_address last_own_mac;  ///< Of a device, as the last frame had it that was taken.
  /// Of the last packet that accept_addresses() took from the network, for one host; any: of none.
  packet::ipv4_address last_good_source;
  packet::ipv4_address last_good_destination;

  /// A destination whose route is found at a glance: the last one with its lowest bits.
  struct recent_route {
    packet::ipv4_address destination;
    route via;  ///< No device: there is none.
  };
  std::array<recent_route, 64> recent_routes{};

  /// The header of the last packet to a destination, by its lowest bits: length, identification and sum are all that
  /// changes from one to the next. With the way that it took, if it went to a neighbour. Then it has a number that no
  /// other one had, unless there were four thousand million since.
  static constexpr std::uint32_t no_flow = 1;  ///< Not what route::flow has from the beginning.
  struct alignas(64) recent_header {
    ipv4_output how;                          ///< No destination: there is none.
    std::uint16_t sum = 0;                    ///< Of `bytes`.
    std::uint16_t id_generator = 0;           ///< Which of `ids` counts its identifications.
    net_device* device = nullptr;             ///< Of a route by which `hh` was found; nullptr: by none.
    packet::ipv4_address source;              ///< The route's.
    packet::ipv4_address next_hop;            ///< The route's.
    neighbour_table::hh_cache* hh = nullptr;  ///< Its neighbour's, if there is a device.
    std::array<std::byte, packet::ipv4_header::min_bytes> bytes{};  ///< With 0 for what changes.
    std::uint32_t flow = no_flow;                                   ///< Its number.

    /// What it was made for, on a way that is open.
    [[nodiscard]] bool is_for(const ipv4_output& packet, const route& via) const noexcept {
      return how == packet && device == via.device && source == via.source && next_hop == via.next_hop &&
             device != nullptr && hh->connected;
    }
  };
  static_assert(sizeof(recent_header) == 64);
  std::array<recent_header, 64> recent_headers{};
  std::uint32_t last_flow = no_flow;
  [[nodiscard]] std::uint32_t next_flow() noexcept {
    last_flow = std::max(last_flow + 1, no_flow + 1);
    return last_flow;
  }
  [[nodiscard]] recent_header& recent_header_to(packet::ipv4_address destination) noexcept {
    return recent_headers[destination.value % recent_headers.size()];
  }

  /// Identifications, counted for some destinations together (Linux: ip_idents).
  static constexpr std::size_t id_generators = 2048;
  std::vector<std::uint16_t> ids = std::vector<std::uint16_t>(id_generators);
};

}  // namespace fourtuple::ip
