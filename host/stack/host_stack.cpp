// SPDX-License-Identifier: Apache-2.0
#include "host/stack/host_stack.hpp"

#include <deque>

#include "host/ip/qdisc.hpp"
#include "host/sock/inet_hashinfo.hpp"

namespace fourtuple::stack {

struct host_stack::parts {
  parts(const host_stack_config& config, base::clock& time, base::random_source& entropy)
      : clock(time),
        random(entropy),
        timers(time.now_ns()),
        ip(time, timers),
        hashinfo({.ehash_buckets = config.ehash_entries,
                  .bhash_buckets = config.bhash_entries,
                  .local_port_low = config.local_port_range[0],
                  .local_port_high = config.local_port_range[1]},
                 entropy),
        tcp(config.tcp, time, entropy, timers, ip, hashinfo) {}

  base::clock& clock;
  base::random_source& random;
  base::timer_wheel timers;
  std::deque<ip::qdisc> qdiscs;  // One for each device; they stay where they are.
  ip::ipv4 ip;
  sock::inet_hashinfo hashinfo;
  tcp::tcp tcp;
};

host_stack::host_stack(const host_stack_config& config, base::clock& clock, base::random_source& random)
    : parts_(std::make_unique<parts>(config, clock, random)) {}

host_stack::~host_stack() = default;

void host_stack::add_device(ip::net_device& device, packet::ipv4_address address, unsigned prefix_length) {
  ip::qdisc& queue = parts_->qdiscs.emplace_back(device);
  queue.set_receiver(parts_->ip);
  parts_->ip.add_device(queue, address, prefix_length);
}

void host_stack::set_gateway(packet::ipv4_address gateway) { parts_->ip.set_gateway(gateway); }

std::uint64_t host_stack::next_deadline_ns() const noexcept { return parts_->timers.next_expiry_ns(); }

void host_stack::run_timers() { run_timers(parts_->clock.now_ns()); }

void host_stack::run_timers(std::uint64_t now_ns) {
  if (parts_->timers.advance(now_ns)) parts_->ip.flush();
}

base::clock& host_stack::clock() noexcept { return parts_->clock; }
base::random_source& host_stack::random() noexcept { return parts_->random; }
base::timer_wheel& host_stack::timers() noexcept { return parts_->timers; }
ip::ipv4& host_stack::ip() noexcept { return parts_->ip; }
tcp::tcp& host_stack::tcp() noexcept { return parts_->tcp; }
sock::inet_hashinfo& host_stack::hashinfo() noexcept { return parts_->hashinfo; }

std::vector<std::pair<std::string_view, std::uint64_t>> host_stack::counters() const {
  auto result = parts_->ip.counters();
  const auto of_tcp = parts_->tcp.counters();
  result.insert(result.end(), of_tcp.begin(), of_tcp.end());
  std::uint64_t queued = 0;
  std::uint64_t dropped = 0;
  for (const ip::qdisc& queue : parts_->qdiscs) {
    queued += queue.queued();
    dropped += queue.dropped();
  }
  result.emplace_back("QdiscQueued", queued);
  result.emplace_back("QdiscDropped", dropped);
  return result;
}

}  // namespace fourtuple::stack
