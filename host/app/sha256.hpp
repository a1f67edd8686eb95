// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace fourtuple::app {

using sha256_digest = std::array<std::byte, 32>;

/// SHA-256 (FIPS 180-4) of a stream of bytes, by OpenSSL's libcrypto.
class sha256 {
 public:
  sha256();
  ~sha256();
  sha256(const sha256&) = delete;
  sha256& operator=(const sha256&) = delete;

  void update(std::span<const std::byte> bytes);
  /// The digest of everything so far. Once; the object is of no further use.
  [[nodiscard]] sha256_digest finish();

 private:
  struct context;
  std::unique_ptr<context> context_;
};

[[nodiscard]] sha256_digest sha256_of(std::span<const std::byte> bytes);
[[nodiscard]] std::string to_hex(std::span<const std::byte> bytes);

}  // namespace fourtuple::app
