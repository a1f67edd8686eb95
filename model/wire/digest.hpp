// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "model/wire/wire_observer.hpp"

namespace fourtuple::model::wire {

/// SHA-256 over all that happened on a link: for each frame its start, direction, length, verdict and bytes. Two runs
/// are the same on the wire if their digests are.
///
/// One running hash a direction, joined at the end: in which order the two directions are reported does not matter.
class digest final : public wire_observer {
 public:
  /// Throws std::runtime_error if libcrypto has no SHA-256.
  digest();
  ~digest() override;

  void on_frame(const wire_event& event) override;

  /// Of the frames that have started before now, 64 hexadecimal digits.
  [[nodiscard]] std::string hex();

 private:
  struct hash;
  std::array<std::unique_ptr<hash>, 2> hashes_;
};

/// One digest of several, each as hex() gives it; of one, that one.
[[nodiscard]] std::string joined_digest(const std::vector<std::string>& digests);

}  // namespace fourtuple::model::wire
