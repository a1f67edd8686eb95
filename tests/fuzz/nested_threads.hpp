// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "host/base/threading.hpp"
#include "tests/support/virtual_network.hpp"

namespace fourtuple::fuzz {

/// Threads of a random program without any thread: while one sleeps in a call, what another does meanwhile is done
/// within that very sleep. Time passes when nobody has anything to do, and a sleep that nothing ends in a minute or in
/// many events is ended by force.
class nested_threads final : public base::threading {
 public:
  /// `meanwhile`: one step of somebody else; false if there is nothing more to do. `force`: must end all sleeps.
  nested_threads(support::virtual_network& network, std::function<bool()> meanwhile, std::function<void()> force)
      : network_(network), meanwhile_(std::move(meanwhile)), force_(std::move(force)) {}

  void lock() override;
  void unlock() noexcept override;
  [[nodiscard]] std::unique_ptr<base::wait_queue> make_wait_queue() override;

  /// How many sleep.
  [[nodiscard]] std::size_t depth() const noexcept { return sleepers_.size(); }

 private:
  class queue;
  struct sleeper {
    const queue* on = nullptr;
    bool woken = false;
  };
  bool wait_until(const queue& on, std::uint64_t deadline_ns);
  void wake_all(const queue& on) noexcept;

  support::virtual_network& network_;
  std::function<bool()> meanwhile_;
  std::function<void()> force_;
  std::vector<sleeper*> sleepers_;
  bool locked_ = false;
};

}  // namespace fourtuple::fuzz
