// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/nic/connection_hash.hpp"

namespace fourtuple::model::nic {

enum class insert_result : std::uint8_t { inserted, updated, full };

/// What the table says about a connection.
struct connection_entry {
  std::uint32_t handle = 0;
  bool steer = false;
  std::uint8_t steer_queue = 0;  ///< 0 without steer.
  friend bool operator==(const connection_entry&, const connection_entry&) = default;
};

/// The device's connection table (docs/device.md, The connection table): bucket lines of four entries, each with at
/// most one overflow line of four more out of a common pool. It answers `full` exactly when the RTL does, so it keeps
/// the same places: entries never move, and an overflow line goes back when its last entry does.
class connection_table {
 public:
  connection_table(std::uint32_t buckets_log2, std::uint32_t overflow_lines_log2);

  /// `hash` is the tuple's connection_hash.
  [[nodiscard]] std::optional<connection_entry> find(std::uint32_t hash, const connection_tuple& tuple) noexcept;
  insert_result insert(std::uint32_t hash, const connection_tuple& tuple, const connection_entry& says);
  /// False: it was not there.
  bool remove(std::uint32_t hash, const connection_tuple& tuple) noexcept;
  void flush() noexcept;

  [[nodiscard]] std::uint32_t entries() const noexcept { return entries_; }
  [[nodiscard]] std::uint32_t overflow_lines_used() const noexcept { return overflow_lines_used_; }

 private:
  struct entry {
    connection_tuple tuple;
    connection_entry says;
  };
  struct line {
    std::array<std::optional<entry>, 4> places;
    [[nodiscard]] std::optional<entry>* find(const connection_tuple& tuple) noexcept;
    [[nodiscard]] std::optional<entry>* free_place() noexcept;
    [[nodiscard]] bool empty() const noexcept;
  };
  struct bucket {
    line main;
    std::optional<std::uint32_t> overflow;  ///< Index into overflow_.
  };

  [[nodiscard]] std::size_t bucket_of(std::uint32_t hash) const noexcept { return hash & (buckets_.size() - 1); }
  [[nodiscard]] std::optional<entry>* find_place(bucket& where, const connection_tuple& tuple) noexcept;
  [[nodiscard]] std::optional<entry>* make_place(bucket& where);

  std::vector<bucket> buckets_;
  std::vector<line> overflow_;
  std::vector<std::uint32_t> free_lines_;
  std::uint32_t entries_ = 0;
  std::uint32_t overflow_lines_used_ = 0;
};

}  // namespace fourtuple::model::nic
