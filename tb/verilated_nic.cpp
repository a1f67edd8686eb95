// SPDX-License-Identifier: Apache-2.0
#include <verilated.h>

#include "Vfourtuple_nic.h"
#include "Vfourtuple_nic___024root.h"
#include "tb/bind_pins.hpp"

namespace fourtuple::tb {
namespace {

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

 private:
  static VerilatedContext* prepared(VerilatedContext& context) {
    context.threads(1);  // Otherwise idle threads are made for each model.
    return &context;
  }

  VerilatedContext context_;
  Vfourtuple_nic model_;
};

}  // namespace

std::unique_ptr<verilated_nic> make_verilated_nic() { return std::make_unique<plain_nic>(); }

}  // namespace fourtuple::tb
