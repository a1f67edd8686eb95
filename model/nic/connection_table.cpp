// SPDX-License-Identifier: Apache-2.0
#include "model/nic/connection_table.hpp"

#include <algorithm>
#include <numeric>

namespace fourtuple::model::nic {

std::optional<connection_table::entry>* connection_table::line::find(const connection_tuple& tuple) noexcept {
  const auto found =
      std::find_if(places.begin(), places.end(), [&](const auto& place) { return place && place->tuple == tuple; });
  return found == places.end() ? nullptr : &*found;
}

std::optional<connection_table::entry>* connection_table::line::free_place() noexcept {
  const auto found = std::find(places.begin(), places.end(), std::nullopt);
  return found == places.end() ? nullptr : &*found;
}

bool connection_table::line::empty() const noexcept {
  return std::none_of(places.begin(), places.end(), [](const auto& place) { return place.has_value(); });
}

connection_table::connection_table(std::uint32_t buckets_log2, std::uint32_t overflow_lines_log2)
    : buckets_(std::size_t{1} << buckets_log2), overflow_(std::size_t{1} << overflow_lines_log2) {
  flush();
}

void connection_table::flush() noexcept {
  std::fill(buckets_.begin(), buckets_.end(), bucket{});
  std::fill(overflow_.begin(), overflow_.end(), line{});
  free_lines_.resize(overflow_.size());
  std::iota(free_lines_.rbegin(), free_lines_.rend(), 0U);
  entries_ = 0;
  overflow_lines_used_ = 0;
}

std::optional<connection_entry> connection_table::find(std::uint32_t hash, const connection_tuple& tuple) noexcept {
  bucket& where = buckets_[bucket_of(hash)];
  const auto* place = find_place(where, tuple);
  return place ? std::optional{(*place)->says} : std::nullopt;
}

std::optional<connection_table::entry>* connection_table::find_place(bucket& where,
                                                                     const connection_tuple& tuple) noexcept {
  if (auto* place = where.main.find(tuple)) return place;
  return where.overflow ? overflow_[*where.overflow].find(tuple) : nullptr;
}

std::optional<connection_table::entry>* connection_table::make_place(bucket& where) {
  if (auto* place = where.main.free_place()) return place;
  if (!where.overflow) {
    if (free_lines_.empty()) return nullptr;
    where.overflow = free_lines_.back();
    free_lines_.pop_back();
    ++overflow_lines_used_;
  }
  return overflow_[*where.overflow].free_place();
}

insert_result connection_table::insert(std::uint32_t hash, const connection_tuple& tuple,
                                       const connection_entry& says) {
  bucket& where = buckets_[bucket_of(hash)];
  if (auto* place = find_place(where, tuple)) {
    (*place)->says = says;
    return insert_result::updated;
  }
  auto* place = make_place(where);
  if (!place) return insert_result::full;
  *place = entry{tuple, says};
  ++entries_;
  return insert_result::inserted;
}

bool connection_table::remove(std::uint32_t hash, const connection_tuple& tuple) noexcept {
  bucket& where = buckets_[bucket_of(hash)];
  auto* place = find_place(where, tuple);
  if (!place) return false;
  place->reset();
  --entries_;
  if (where.overflow && overflow_[*where.overflow].empty()) {
    free_lines_.push_back(*where.overflow);
    where.overflow.reset();
    --overflow_lines_used_;
  }
  return true;
}

}  // namespace fourtuple::model::nic
