// SPDX-License-Identifier: Apache-2.0
#include "interfaces/packetdrill/scripted_host.hpp"

#include <algorithm>
#include <utility>

#include "interfaces/packetdrill/eventfd_numbers.hpp"
#include "interfaces/packetdrill/sysctl.hpp"

namespace fourtuple::packetdrill {

namespace {

// Any point in time will do, if no difference to it can be mistaken for "never".
constexpr std::uint64_t start_ns = 1'000'000 * base::ns_per_s;
constexpr std::uint64_t seed = 1;

/// A gateway with the host's own address stands for a link with nobody but the tool on it: then any other address of
/// the network will do.
packet::ipv4_address gateway_of(const interface_flags& flags) {
  if (flags.gateway != flags.local) return flags.gateway;
  const std::uint32_t host_bits = flags.local_prefix >= 32 ? 0 : ~std::uint32_t{0} >> flags.local_prefix;
  const packet::ipv4_address last{(flags.local.value | host_bits) - 1};
  return last != flags.local ? last : packet::ipv4_address{last.value - 1};
}

}  // namespace

/// The lock of the stack, taken by the thread that moves the time.
class scripted_host::lock_guard {
 public:
  explicit lock_guard(virtual_time& time) : time_(time) {
    time_.lock();
    time_.make_driver();
  }
  lock_guard(const lock_guard&) = delete;
  lock_guard& operator=(const lock_guard&) = delete;
  ~lock_guard() { time_.unlock(); }

 private:
  virtual_time& time_;
};

scripted_host::scripted_host(const interface_flags& flags)
    : sysctl_root_(flags.sysctls),
      time_(start_ns),
      random_(seed),
      device_(time_, flags.mtu, flags.gro_mss),
      stack_({}, time_, random_) {
  stack_.add_device(device_, flags.local, flags.local_prefix);
  stack_.set_gateway(gateway_of(flags));
  time_.set_events(*this);
  api_ = std::make_unique<socket::posix_api>(
      stack_.tcp(), time_, time_,
      [this] {
        stack_.ip().flush();
        device_.answer_arp();
      },
      std::make_unique<eventfd_numbers>());
}

scripted_host::~scripted_host() = default;

void scripted_host::run() {
  stack_.run_timers();
  device_.answer_arp();
}

int scripted_host::socket(int domain, int type, int protocol) {
  {
    const lock_guard held(time_);
    tcp::tcp_config config = stack_.tcp().config();
    read_sysctls(sysctl_root_, config);
    stack_.tcp().set_config(config);
  }
  return api_->socket(domain, type, protocol);
}

void scripted_host::settle() {
  time_.lock();
  if (time_.is_driver()) time_.settle();
  time_.unlock();
}

bool scripted_host::receive_packet(std::span<const std::byte> packet) {
  const lock_guard held(time_);
  const bool taken = device_.receive(packet);
  time_.settle();
  return taken;
}

std::optional<sent_packet> scripted_host::send_packet() {
  const lock_guard held(time_);
  const std::uint64_t give_up_ns = time_.now_ns() + receive_patience_ns;
  while (!device_.has_sent()) {
    const std::uint64_t next = time_.next_deadline_ns();
    if (next > give_up_ns) return std::nullopt;
    time_.advance_to(next);
  }
  return device_.take();
}

void scripted_host::sleep(std::uint64_t duration_ns) {
  const lock_guard held(time_);
  time_.advance_to(time_.now_ns() + duration_ns);
}

std::uint64_t scripted_host::read_clock_ns() {
  if (const auto completed = time_.take_completion_ns()) return *completed;
  time_.lock();
  if (time_.is_driver()) time_.advance_to(time_.now_ns() + base::ns_per_us);
  const std::uint64_t now = time_.now_ns();
  time_.unlock();
  return now;
}

}  // namespace fourtuple::packetdrill
