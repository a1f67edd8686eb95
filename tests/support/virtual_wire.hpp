// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "host/base/clock.hpp"
#include "host/base/random_source.hpp"
#include "host/base/seeded_random.hpp"
#include "host/ip/net_device.hpp"
#include "host/packet/addresses.hpp"
#include "tests/support/frames.hpp"

namespace fourtuple::support {

/// Time that a test moves.
class virtual_clock final : public base::clock {
 public:
  [[nodiscard]] std::uint64_t now_ns() const noexcept override { return now_ns_; }
  void set(std::uint64_t now_ns) noexcept { now_ns_ = now_ns; }

 private:
  std::uint64_t now_ns_ = base::ns_per_s;
};

/// Repeatable randomness, with chances.
class seeded_random final : public base::random_source {
 public:
  explicit seeded_random(std::uint64_t seed) noexcept : numbers_(seed) {}
  [[nodiscard]] std::uint64_t next() noexcept override { return numbers_.next(); }
  /// True with `per_mille` chances in a thousand.
  [[nodiscard]] bool chance(unsigned per_mille) noexcept { return next() % 1000 < per_mille; }

 private:
  base::seeded_random numbers_;
};

/// What the wire does with one frame.
struct fate {
  bool drop = false;
  bool damage = false;  ///< Flips a bit of the last byte.
  unsigned copies = 1;
  std::uint64_t extra_delay_ns = 0;  ///< More than the others have: reordering.
};

/// A point-to-point wire in virtual time with a net_device at each end (0 and 1), whose device looks connections up
/// if asked to.
class virtual_wire {
 public:
  /// Decides about a frame that `from_end` sends. `segment` is nullptr if it is no TCP.
  using filter = std::function<fate(int from_end, const captured_segment* segment)>;

  virtual_wire(virtual_clock& clock, std::uint64_t delay_ns);
  ~virtual_wire();

  [[nodiscard]] ip::net_device& end(int index) noexcept;
  void set_filter(filter f) { filter_ = std::move(f); }
  void set_features(int index, const ip::net_device_features& features) noexcept;
  /// Whether frames that arrive at the same time are handed over as one list, as a poll does, or each by itself.
  void set_polls(bool polls) noexcept { polls_ = polls; }
  void set_mtu(int index, std::uint16_t mtu) noexcept;
  /// While busy, xmit takes nothing; afterwards whoever was refused is woken.
  void set_busy(int index, bool busy);

  [[nodiscard]] std::uint64_t next_delivery_ns() const noexcept;
  /// Hands over everything that has arrived by the clock's time.
  void deliver();
  /// Sends a frame by hand.
  void send(int from_end, std::vector<std::byte> frame);

  /// Every TCP segment that was sent, lost ones included.
  [[nodiscard]] const std::vector<captured_segment>& capture() const noexcept { return capture_; }
  void clear_capture() { capture_.clear(); }
  /// The connections that the stack at an end has asked its device to know.
  [[nodiscard]] const std::map<packet::connection_tuple, std::uint32_t>& connections(int index) const noexcept;
  /// Makes the device report another handle than it was given, as a stale one would.
  void force_handle(int index, const packet::connection_tuple& tuple, std::uint32_t handle);
  /// The device at an end hashes the tuples of segments with this secret from now on.
  void set_hash_secret(int index, std::uint32_t secret) noexcept;

 private:
  class device;
  struct in_flight {
    int to_end = 0;
    std::vector<std::byte> frame;
  };

  virtual_clock& clock_;
  std::uint64_t delay_ns_;
  filter filter_;
  bool polls_ = false;
  std::unique_ptr<device> ends_[2];
  std::multimap<std::uint64_t, in_flight> flying_;
  std::vector<captured_segment> capture_;
};

}  // namespace fourtuple::support
