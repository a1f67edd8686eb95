// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/nested_threads.hpp"

#include <algorithm>

#include "tests/fuzz/fuzz_input.hpp"

namespace fourtuple::fuzz {

namespace {
constexpr std::size_t most_threads = 4;
constexpr std::uint64_t longest_sleep_ns = 60 * base::ns_per_s;
constexpr unsigned most_events = 2000;
}  // namespace

class nested_threads::queue final : public base::wait_queue {
 public:
  explicit queue(nested_threads& threads) : threads_(threads) {}
  bool wait_until(std::uint64_t deadline_ns) override { return threads_.wait_until(*this, deadline_ns); }
  void wake_all() noexcept override { threads_.wake_all(*this); }

 private:
  nested_threads& threads_;
};

void nested_threads::lock() {
  require(!locked_, "the stack's lock is taken once");
  locked_ = true;
}

void nested_threads::unlock() noexcept {
  require(locked_, "what is unlocked is locked");
  locked_ = false;
}

std::unique_ptr<base::wait_queue> nested_threads::make_wait_queue() { return std::make_unique<queue>(*this); }

bool nested_threads::wait_until(const queue& on, std::uint64_t deadline_ns) {
  sleeper self{.on = &on};
  sleepers_.push_back(&self);
  unlock();
  const std::uint64_t force_ns = network_.clock().now_ns() + longest_sleep_ns;
  unsigned events = 0;
  while (!self.woken && network_.clock().now_ns() < deadline_ns) {
    if (sleepers_.size() < most_threads && meanwhile_()) continue;
    const bool moved = network_.step(std::min(deadline_ns, force_ns));
    if (!self.woken && (++events > most_events || (!moved && network_.clock().now_ns() >= force_ns))) {
      force_();
      require(self.woken, "closing ends every sleep");
    }
  }
  lock();
  std::erase(sleepers_, &self);
  return self.woken;
}

void nested_threads::wake_all(const queue& on) noexcept {
  for (sleeper* each : sleepers_) {
    if (each->on == &on) each->woken = true;
  }
}

}  // namespace fourtuple::fuzz
