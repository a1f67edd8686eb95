// SPDX-License-Identifier: Apache-2.0
#include <verilated.h>
#include <verilated_fst_c.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "Vfourtuple_nic_traced.h"
#include "Vfourtuple_nic_traced___024root.h"
#include "tb/bind_pins.hpp"

namespace fourtuple::tb {
namespace {

constexpr int all_levels = 99;

class traced_nic final : public verilated_nic {
 public:
  traced_nic(const std::string& trace_file, const trace_window& window)
      : model_(prepared(context_), "nic"), window_(window) {
    pins_ = bind_pins(model_);
    model_.trace(&waveform_, all_levels);
    waveform_.set_time_unit("1ps");
    waveform_.set_time_resolution("1ps");
    waveform_.open(trace_file.c_str());
    if (!waveform_.isOpen()) throw std::runtime_error("cannot write the waveform " + trace_file);
  }
  ~traced_nic() override {
    // What is destroyed looks for the context of the thread, which may be that of a model that is gone.
    Verilated::threadContextp(&context_);
    model_.final();
    waveform_.close();
  }
  void evaluate(std::uint64_t time_ps) override {
    model_.eval();
    // A moment is dumped once; what changes in it afterwards, such as inputs of a clock that was about to be skipped,
    // shows at the next edge.
    if (!tracing_ || time_ps == dumped_ps_ || time_ps < window_.from_ps || time_ps > window_.to_ps) return;
    waveform_.dump(time_ps);
    dumped_ps_ = time_ps;
  }
  void set_tracing(bool on) override { tracing_ = on; }
  std::uint64_t state_hash() override { throw std::logic_error("the model with waveform code cannot be hashed"); }

 private:
  static VerilatedContext* prepared(VerilatedContext& context) {
    context.threads(1);  // Otherwise idle threads are made for each model.
    context.traceEverOn(true);
    return &context;
  }

  VerilatedContext context_;
  Vfourtuple_nic_traced model_;
  VerilatedFstC waveform_;
  bool tracing_ = false;
  trace_window window_;
  std::optional<std::uint64_t> dumped_ps_;
};

}  // namespace

std::unique_ptr<verilated_nic> make_traced_nic(const std::string& trace_file, const trace_window& window) {
  return std::make_unique<traced_nic>(trace_file, window);
}

}  // namespace fourtuple::tb
