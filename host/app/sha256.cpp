// SPDX-License-Identifier: Apache-2.0
#include "host/app/sha256.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace fourtuple::app {

struct sha256::context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
  context() = default;
  context(const context&) = delete;
  context& operator=(const context&) = delete;
  ~context() { EVP_MD_CTX_free(evp); }
};

namespace {
// libcrypto fails here only without memory or without the algorithm; neither leaves anything sensible to do.
void require(int result) {
  if (result != 1) throw std::runtime_error("libcrypto cannot compute SHA-256");
}
}  // namespace

sha256::sha256() : context_(std::make_unique<context>()) {
  require(context_->evp != nullptr ? EVP_DigestInit_ex(context_->evp, EVP_sha256(), nullptr) : 0);
}

sha256::~sha256() = default;

void sha256::update(std::span<const std::byte> bytes) {
  require(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()));
}

sha256_digest sha256::finish() {
  sha256_digest digest{};
  require(EVP_DigestFinal_ex(context_->evp, reinterpret_cast<unsigned char*>(digest.data()), nullptr));
  return digest;
}

sha256_digest sha256_of(std::span<const std::byte> bytes) {
  sha256 sum;
  sum.update(bytes);
  return sum.finish();
}

std::string to_hex(std::span<const std::byte> bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    text.push_back(digits[std::to_integer<unsigned>(byte >> 4)]);
    text.push_back(digits[std::to_integer<unsigned>(byte & std::byte{15})]);
  }
  return text;
}

}  // namespace fourtuple::app
