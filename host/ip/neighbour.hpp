// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/timer_wheel.hpp"
#include "host/ip/mib.hpp"
#include "host/ip/net_device.hpp"
#include "host/packet/addresses.hpp"
#include "host/packet/arp.hpp"
#include "host/packet/ethernet.hpp"
#include "host/packet/sk_buff.hpp"

namespace fourtuple::ip {

/// What is known about a neighbour's Ethernet address (Linux: NUD_*).
enum class nud : std::uint8_t {
  incomplete,  ///< Asked for by broadcast; packets wait.
  reachable,   ///< Known, and confirmed lately.
  stale,       ///< Known, but not confirmed lately: used, and checked once used.
  delay,       ///< Used since; probed soon.
  probe,       ///< Asked for by unicast; still used.
  failed,      ///< Did not answer; the next packet starts again.
};

/// A packet that waits for its neighbour's address, with bytes of its own.
struct queued_packet {
  std::vector<std::byte> headers;  ///< From the IPv4 header on.
  std::vector<std::byte> payload;
  std::size_t checksum_start = 0;
  std::size_t checksum_offset = 0;
  bool checksum_partial = false;
  std::uint16_t gso_size = 0;
};

/// The Ethernet addresses of one device's neighbours: ARP (RFC 826, RFC 1122 2.3.2) with Linux's neighbour states and
/// times.
///
/// An unknown address is asked for three times, a second apart; up to queue_packets packets wait meanwhile. Bounded:
/// the table gives up an entry that nobody waits for before it grows beyond table_entries.
///
/// Ownership: the device, clock, timers and counters are not owned. Threads: the stack's, one at a time.
class neighbour_table {
 public:
  static constexpr unsigned solicitations = 3;                               ///< mcast_solicit, ucast_solicit
  static constexpr std::uint64_t retransmit_ns = base::ns_per_s;             ///< retrans_time
  static constexpr std::uint64_t reachable_ns = 30 * base::ns_per_s;         ///< base_reachable_time
  static constexpr std::uint64_t delay_first_probe_ns = 5 * base::ns_per_s;  ///< delay_first_probe_time
  static constexpr std::uint64_t gc_stale_ns = 60 * base::ns_per_s;          ///< gc_stale_time
  static constexpr std::size_t table_entries = 1024;                         ///< gc_thresh3
  static constexpr std::size_t queue_packets = 101;                          ///< unres_qlen
  static constexpr std::size_t queue_bytes = 212'992;                        ///< unres_qlen_bytes

  /// Told about each packet that is given up because its neighbour does not answer, from its IPv4 header on.
  using unreachable_handler = std::function<void(const queued_packet&)>;
  /// Told whenever an entry goes, and with it what connected() gave for it.
  using forget_handler = std::function<void()>;

  neighbour_table(net_device& device, packet::ipv4_address own, base::clock& clock, base::timer_wheel& timers,
                  mib_counters& counters, unreachable_handler on_unreachable, forget_handler on_forget);
  ~neighbour_table();
  neighbour_table(const neighbour_table&) = delete;
  neighbour_table& operator=(const neighbour_table&) = delete;

  enum class output : std::uint8_t { sent, queued, busy, full };
  /// Sends a packet, from its IPv4 header on, to the neighbour, or lets it wait for the address.
  output send(packet::ipv4_address next_hop, packet::tx_sk_buff& skb);

  /// The Ethernet header of IPv4 to a neighbour (Linux: hh_cache).
  struct hh_cache {
    std::array<std::byte, packet::ethernet_header::untagged_bytes> header{};
    /// Its address is known and was confirmed not so long ago, and nothing waits for it or for the device: it takes no
    /// more than to put the header in front (Linux: neigh_connected_output).
    bool connected = false;
    std::uint64_t last_use = 0;  ///< Counted by the table.
    std::uint64_t* uses = nullptr;
    /// Something is sent with it.
    void use() noexcept { last_use = ++*uses; }
  };
  /// Of an address that was sent to lately, and so is a neighbour's, if that is connected; otherwise nullptr, and
  /// send() is to be called. It stays until on_forget is called, connected or not.
  [[nodiscard]] hh_cache* connected(packet::ipv4_address next_hop) noexcept {
    const recent_entry& last = recent_[next_hop.value % recent_entries];
    if (last.address != next_hop || last.hh == nullptr || !last.hh->connected) return nullptr;
    return last.hh;
  }

  /// An ARP packet that came in on this device: answers for the own address, and learns as Linux's arp_process does:
  /// from whom asks for the own address, and otherwise only about neighbours that are in the table.
  void receive(const packet::arp_packet& arp, bool was_broadcast);

  /// The device has room again: sends what was waiting for that.
  void tx_wake();

  /// The state of an address; failed if it is not in the table.
  [[nodiscard]] nud state(packet::ipv4_address address) const;
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct entry;
  /// An address whose entry is found at a glance: the last one with its lowest bits.
  struct recent_entry {
    packet::ipv4_address address;
    hh_cache* hh = nullptr;
  };
  static constexpr std::size_t recent_entries = 64;
  static void on_timer(base::timer& expired) noexcept;
  entry* find_or_create(packet::ipv4_address address);
  bool make_room();
  void timed_out(entry& neighbour);
  void solicit(entry& neighbour);
  void fail(entry& neighbour);
  void learn(entry& neighbour, const packet::mac_address& mac, nud state);
  void drain(entry& neighbour);
  /// After each change of its state or its queue.
  static void update_connected(entry& neighbour) noexcept;
  output enqueue(entry& neighbour, const packet::tx_sk_buff& skb);
  void erase(packet::ipv4_address address);
  output xmit(const entry& neighbour, packet::tx_sk_buff& skb);
  void send_arp(const packet::arp_packet& arp, const packet::mac_address& destination);

  net_device& device_;
  packet::ipv4_address own_;
  base::clock& clock_;
  base::timer_wheel& timers_;
  mib_counters& counters_;
  unreachable_handler on_unreachable_;
  forget_handler on_forget_;
  std::map<packet::ipv4_address, std::unique_ptr<entry>> entries_;
  std::array<recent_entry, recent_entries> recent_{};
  std::uint64_t uses_ = 0;  ///< Packets that were sent to any.
};

}  // namespace fourtuple::ip
