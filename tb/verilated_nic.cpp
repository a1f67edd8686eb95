// SPDX-License-Identifier: Apache-2.0
#include <verilated.h>
#include <verilated_save.h>

#include <cstring>
#include <stdexcept>

#include "Vfourtuple_nic.h"
#include "Vfourtuple_nic___024root.h"
#include "tb/bind_pins.hpp"
#include "tb/coverage_recorder.hpp"

namespace fourtuple::tb {
namespace {

#ifndef FOURTUPLE_COVERAGE
/// A hash of what Verilator would write into a file (--savable, which it does not have together with coverage).
class state_hasher final : public VerilatedSerialize {
 public:
  ~state_hasher() override = default;
  void flush() override {
    // Zeros behind the end: what is written before them says how much there is.
    const std::ptrdiff_t rest = (m_cp - m_bufp) % static_cast<std::ptrdiff_t>(sizeof(std::uint64_t));
    if (rest != 0) std::memset(m_cp, 0, sizeof(std::uint64_t) - static_cast<std::size_t>(rest));
    for (const std::uint8_t* at = m_bufp; at < m_cp; at += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, at, sizeof word);
      hash_ = (hash_ ^ word) * 0x9e37'79b9'7f4a'7c15;
      hash_ ^= hash_ >> 29;
    }
    m_cp = m_bufp;
  }
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }

 private:
  std::uint64_t hash_ = 0;
};
#endif

class plain_nic final : public verilated_nic {
 public:
  plain_nic() : model_(prepared(context_), "nic") { pins_ = bind_pins(model_); }
  ~plain_nic() override {
    // What is destroyed looks for the context of the thread, which may be that of a model that is gone.
    Verilated::threadContextp(&context_);
    model_.final();
  }
  void evaluate(std::uint64_t) override { model_.eval(); }
  void set_tracing(bool) override {}
  std::uint64_t state_hash() override {
#ifdef FOURTUPLE_COVERAGE
    throw std::logic_error("the model that counts its coverage cannot be hashed");
#else
    Verilated::threadContextp(&context_);
    state_hasher hasher;
    hasher << model_;
    hasher.flush();
    return hasher.hash();
#endif
  }

 private:
  static VerilatedContext* prepared(VerilatedContext& context) {
    context.threads(1);  // Otherwise idle threads are made for each model.
    return &context;
  }

  VerilatedContext context_;
  Vfourtuple_nic model_;
  coverage_recorder coverage_{model_};
};

}  // namespace

std::unique_ptr<verilated_nic> make_verilated_nic() { return std::make_unique<plain_nic>(); }

}  // namespace fourtuple::tb
