// SPDX-License-Identifier: Apache-2.0
#include "model/wire/digest.hpp"

#include <openssl/evp.h>

#include <cstdint>
#include <deque>
#include <stdexcept>
#include <utility>

#include "model/sim/time.hpp"

namespace fourtuple::model::wire {
namespace {

constexpr std::size_t sha256_bytes = 32;
using sha256_result = std::array<unsigned char, sha256_bytes>;

struct free_context {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using context_pointer = std::unique_ptr<EVP_MD_CTX, free_context>;

void check(bool ok) {
  if (!ok) throw std::runtime_error("libcrypto cannot compute SHA-256");
}

}  // namespace

struct digest::hash {
  struct entry {
    std::uint64_t start_ps;
    direction way;
    frame content;
  };
  context_pointer context{EVP_MD_CTX_new()};
  std::deque<entry> waiting;  ///< Frames that have not started yet; there may be a run's end before them.

  hash() { check(context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1); }
  void add(const void* bytes, std::size_t count) { check(EVP_DigestUpdate(context.get(), bytes, count) == 1); }
  void add(const entry& event);
  void add_started();
  [[nodiscard]] sha256_result result() const {
    const context_pointer copy{EVP_MD_CTX_new()};
    sha256_result bytes{};
    check(copy && EVP_MD_CTX_copy_ex(copy.get(), context.get()) == 1 &&
          EVP_DigestFinal_ex(copy.get(), bytes.data(), nullptr) == 1);
    return bytes;
  }
};

void digest::hash::add(const entry& event) {
  std::array<unsigned char, 18> head{};  // Start 8, length 8, direction, bad.
  const std::uint64_t length = event.content.bytes.size();
  for (std::size_t i = 0; i < 8; ++i) {
    head[i] = static_cast<unsigned char>(event.start_ps >> (8 * i));
    head[8 + i] = static_cast<unsigned char>(length >> (8 * i));
  }
  head[16] = static_cast<unsigned char>(event.way);
  head[17] = event.content.bad ? 1 : 0;
  add(head.data(), head.size());
  add(event.content.bytes.data(), event.content.bytes.size());
}

void digest::hash::add_started() {
  const std::uint64_t now_ps = sim::to_ps(sc_core::sc_time_stamp());
  for (; !waiting.empty() && waiting.front().start_ps < now_ps; waiting.pop_front()) add(waiting.front());
}

digest::digest() : hashes_{std::make_unique<hash>(), std::make_unique<hash>()} {}
digest::~digest() = default;

void digest::on_frame(const wire_event& event) {
  hash& way = *hashes_[static_cast<std::size_t>(event.way)];
  way.waiting.push_back({sim::to_ps(event.start), event.way, event.content});
  way.add_started();
}

namespace {

std::string hexadecimal(const sha256_result& bytes) {
  std::string text;
  for (const unsigned char byte : bytes) {
    constexpr const char* digits = "0123456789abcdef";
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

}  // namespace

std::string digest::hex() {
  hash joined;
  for (const auto& way : hashes_) {
    way->add_started();
    const sha256_result bytes = way->result();
    joined.add(bytes.data(), bytes.size());
  }
  return hexadecimal(joined.result());
}

std::string joined_digest(const std::vector<std::string>& digests) {
  if (digests.size() == 1) return digests.front();
  sha256_result result{};
  const context_pointer context{EVP_MD_CTX_new()};
  check(context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
  for (const std::string& each : digests) check(EVP_DigestUpdate(context.get(), each.data(), each.size()) == 1);
  check(EVP_DigestFinal_ex(context.get(), result.data(), nullptr) == 1);
  return hexadecimal(result);
}

}  // namespace fourtuple::model::wire
