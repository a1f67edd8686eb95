// SPDX-License-Identifier: Apache-2.0
#include "model/pcie/flow_control.hpp"

#include <algorithm>

namespace fourtuple::model::pcie {

bool credit_account::fits(std::uint64_t headers, std::uint64_t data, std::uint32_t wanted) const noexcept {
  if (headers == 0) return true;
  return (headers_ == 0 || headers < headers_) && (data_ == 0 || data + wanted <= data_);
}

std::uint64_t credit_account::available_ps(std::uint64_t at_ps, std::uint32_t data) {
  if (headers_ == 0 && data_ == 0) return at_ps;
  while (!in_use_.empty() && in_use_.front().back_ps <= at_ps) {
    data_in_use_ -= in_use_.front().data;
    in_use_.pop_front();
  }
  std::uint64_t headers = in_use_.size();
  std::uint64_t used = data_in_use_;
  for (const auto& next : in_use_) {
    if (fits(headers, used, data)) break;
    at_ps = next.back_ps;
    --headers;
    used -= next.data;
  }
  return at_ps;
}

void credit_account::use(std::uint32_t data, std::uint64_t back_ps) {
  if (headers_ == 0 && data_ == 0) return;
  in_use_.push_back({back_ps, data});
  data_in_use_ += data;
}

std::uint64_t lane_schedule::take(std::uint64_t sent_ps, std::uint64_t earliest_ps, std::uint64_t busy_ps) {
  while (!gaps_.empty() && gaps_.front().to_ps <= sent_ps) gaps_.pop_front();
  for (auto g = gaps_.begin(); g != gaps_.end(); ++g) {
    const std::uint64_t start = std::max(g->from_ps, earliest_ps);
    if (start + busy_ps > g->to_ps) continue;
    const gap rest{start + busy_ps, g->to_ps};
    g->to_ps = start;
    if (rest.from_ps < rest.to_ps) gaps_.insert(g + 1, rest);
    return start;
  }
  const std::uint64_t start = std::max(free_ps_, earliest_ps);
  const std::uint64_t usable_from = std::max(free_ps_, sent_ps);
  if (usable_from < start) gaps_.push_back({usable_from, start});
  free_ps_ = start + busy_ps;
  return start;
}

}  // namespace fourtuple::model::pcie
