// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "model/observe/happening.hpp"

namespace fourtuple::model::observe {

/// Passes on what happens in a window of time: at `from_ps` or later, and before `until_ps`.
class window_listener final : public story_listener {
 public:
  /// `listener` outlives this.
  window_listener(story_listener& listener, std::uint64_t from_ps, std::uint64_t until_ps)
      : listener_(listener), from_ps_(from_ps), until_ps_(until_ps) {}

  void on_happening(const happening& what) override {
    if (what.time_ps >= from_ps_ && what.time_ps < until_ps_) listener_.on_happening(what);
  }

 private:
  story_listener& listener_;
  std::uint64_t from_ps_;
  std::uint64_t until_ps_;
};

}  // namespace fourtuple::model::observe
