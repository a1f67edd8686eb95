// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace fourtuple::bench {

/// How a connection ends: in order (the client first, which then is in TIME_WAIT), or by the client's reset.
enum class ending { fin, rst };

/// What both ends have done since they were made, besides executing instructions.
struct work_done {
  std::uint64_t frames = 0;        ///< On the wire.
  std::uint64_t lookups = 0;       ///< Of a frame's connection by its addresses and ports, by the hosts.
  std::uint64_t summed_bytes = 0;  ///< Of TCP, header and payload, read by the hosts for checksums.
};

/// Two ends of one TCP implementation on a wire in memory, with a small application at each. What the cases of the
/// bench ask for; both stacks do the same work through it.
///
/// The wire copies each frame once, on transmit, and hands it over in place. Each frame takes 5 us of virtual time. The
/// applications copy every payload in and out. Nagle is off, except for bulk. Nothing is lost.
///
/// Every operation ends when nothing is on the wire any more; timers run as virtual time passes. Throws
/// std::runtime_error if something does not work, so that nothing else than the work named is measured.
class stack_pair {
 public:
  stack_pair() = default;
  stack_pair(const stack_pair&) = delete;
  stack_pair& operator=(const stack_pair&) = delete;
  virtual ~stack_pair() = default;

  /// `connections` more that stay.
  virtual void open(std::size_t connections) = 0;
  /// Room for the applications' own notes, so that memory measured afterwards is the stacks'.
  virtual void reserve(std::size_t connections) = 0;
  /// 64 bytes from client to server and 64 bytes back, on an open connection.
  virtual void exchange(std::size_t connection) = 0;
  /// A connection that comes and goes, with one exchange if wanted.
  virtual void connect_and_end(ending how, bool with_exchange) = 0;
  [[nodiscard]] virtual work_done done() const = 0;
  /// Client to server on connection 0, in writes of 16 KiB.
  virtual void bulk(std::size_t bytes) = 0;
};

inline constexpr std::size_t request_bytes = 64;
inline constexpr std::size_t write_bytes = 16 * 1024;
inline constexpr unsigned long frame_time_ns = 5'000;

/// What the device beside our stack does: everything (checksums, lookups, segmentation), all but lookups, or nothing.
enum class offload { nic, no_lookup, none };

[[nodiscard]] std::unique_ptr<stack_pair> make_fourtuple_pair(offload what, std::size_t connections);
/// Debian's liblwip. One per process.
[[nodiscard]] std::unique_ptr<stack_pair> make_lwip_pair();

}  // namespace fourtuple::bench
