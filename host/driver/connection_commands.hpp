// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "host/driver/platform.hpp"
#include "host/packet/addresses.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs.hpp"

namespace fourtuple::driver {

/// Counts of the connection table's commands, by what became of them.
struct connection_command_counters {
  std::uint64_t issued = 0;
  std::uint64_t inserts_done = 0;
  std::uint64_t inserts_full = 0;  ///< The device had no place: the connection stays in software.
  std::uint64_t removes_done = 0;
  std::uint64_t removes_not_found = 0;
  std::uint64_t cancelled = 0;  ///< Inserts that a remove, or a newer insert, overtook before they were issued.
  std::uint64_t unexpected_answers = 0;  ///< Answers to nothing that was asked.
  std::uint64_t unanswered = 0;          ///< Forgotten because the queue was taken down.
};

/// Feeds the device's connection table: commands leave in order, and no more are outstanding than the device takes.
/// What has to wait, waits in host memory.
///
/// A remove of a connection that the device does not have costs nothing; one of an insert that still waits cancels
/// both. Removes are never lost. Threads: one at a time.
class connection_commands {
 public:
  /// `device` outlives this.
  explicit connection_commands(mmio& device) noexcept : device_(device) {}

  /// Starts with an empty table and at most `depth` (at least 1) commands outstanding.
  void start(unsigned depth);

  /// The connection's frames go to `queue` from then on.
  void insert(const packet::connection_tuple& tuple, std::uint32_t handle, unsigned queue);
  void remove(const packet::connection_tuple& tuple);

  /// The device has answered: makes room for the next command, which is issued at once.
  void answered(const regs::command_completion& answer);

  /// The answers to what is outstanding will not come: the device has executed it all the same. Goes on with the rest.
  void forget_outstanding();

  /// Issues nothing until start_again(). Answers to what is outstanding may still come.
  void suspend() noexcept { depth_ = 0; }
  /// The device has lost its table. Puts everything in again that it had, or would have when all is answered.
  void start_again(unsigned depth);

  [[nodiscard]] std::size_t waiting() const noexcept { return places_.size(); }
  [[nodiscard]] std::size_t outstanding() const noexcept { return outstanding_.size(); }
  /// Connections that the device has or will have when all is answered.
  [[nodiscard]] std::size_t entries() const noexcept { return in_device_.size(); }
  [[nodiscard]] const connection_command_counters& counters() const noexcept { return counters_; }

 private:
  struct command {
    regs::command_op op;
    packet::connection_tuple tuple;
    std::uint32_t handle;
    unsigned queue;
    bool cancelled;
  };
  struct sent {
    regs::command_op op;
    packet::connection_tuple tuple;
    std::uint16_t tag;
  };
  /// Where a connection's commands wait: counts of all commands ever queued. A remove, if any, is before the insert.
  struct place {
    std::optional<std::uint64_t> remove;
    std::optional<std::uint64_t> insert;
  };

  [[nodiscard]] command& queued(std::uint64_t number) { return queue_[number - first_number_]; }
  std::uint64_t enqueue(regs::command_op op, const packet::connection_tuple& tuple, std::uint32_t handle,
                        unsigned queue);
  void count(const regs::command_completion& answer, const sent& asked);
  void issue_what_fits();
  void issue(const command& next);
  void write_command(const command& next, std::uint16_t tag);

  mmio& device_;
  unsigned depth_ = 1;
  std::deque<command> queue_;
  std::uint64_t first_number_ = 0;  ///< Of queue_'s front.
  std::map<packet::connection_tuple, place> places_;
  std::deque<sent> outstanding_;
  struct entry {
    std::uint16_t tag;  ///< Of the last insert issued.
    std::uint32_t handle;
    unsigned queue;
  };
  std::map<packet::connection_tuple, entry> in_device_;
  std::uint16_t next_tag_ = 0;
  connection_command_counters counters_;
};

}  // namespace fourtuple::driver
