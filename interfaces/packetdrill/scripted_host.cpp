// SPDX-License-Identifier: Apache-2.0
#include "interfaces/packetdrill/scripted_host.hpp"

#include <algorithm>
#include <utility>

#include "host/sock/inet_hashinfo.hpp"
#include "interfaces/packetdrill/eventfd_numbers.hpp"
#include "interfaces/packetdrill/sysctl.hpp"

namespace fourtuple::packetdrill {

namespace {

// Any point in time will do, if no difference to it can be mistaken for "never".
constexpr std::uint64_t start_ns = 1'000'000 * base::ns_per_s;
constexpr std::uint64_t seed = 1;
// A device that drops a packet does not say so here; none takes as long as this for one.
constexpr std::uint64_t delivery_patience_ns = 100 * base::ns_per_us;

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
    : sysctl_root_(flags.sysctls), time_(start_ns), random_(seed), stack_({}, time_, random_) {
  link_ = make_tool_link(flags, time_, stack_.hashinfo().ehash().secret());
  stack_.add_device(link_->device(), flags.local, flags.local_prefix);
  stack_.set_gateway(gateway_of(flags));
  time_.set_events(*this);
  api_ = std::make_unique<socket::posix_api>(
      stack_.tcp(), time_, time_,
      [this] {
        stack_.ip().flush();
        link_->run();
      },
      std::make_unique<eventfd_numbers>());
}

scripted_host::~scripted_host() = default;

std::uint64_t scripted_host::next_deadline_ns() const {
  return std::min(stack_.next_deadline_ns(), link_->next_deadline_ns());
}

void scripted_host::run() {
  link_->run();
  stack_.run_timers();
  stack_.ip().flush();
  link_->run();
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
  if (!link_->receive(packet)) return false;
  const std::uint64_t give_up_ns = time_.now_ns() + delivery_patience_ns;
  while (!link_->delivered() && time_.next_deadline_ns() <= give_up_ns) time_.advance_to(time_.next_deadline_ns());
  time_.settle();
  return true;
}

std::optional<sent_packet> scripted_host::send_packet() {
  const lock_guard held(time_);
  const std::uint64_t give_up_ns = time_.now_ns() + receive_patience_ns;
  while (!link_->has_sent()) {
    const std::uint64_t next = time_.next_deadline_ns();
    if (next > give_up_ns) return std::nullopt;
    time_.advance_to(next);
  }
  return link_->take();
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
