// SPDX-License-Identifier: Apache-2.0
#include "model/wire/frame_port.hpp"

#include <utility>

namespace fourtuple::model::wire {

frame_out::frame_out(sc_core::sc_module_name name) : sc_module(name) {
  payload_.set_command(tlm::TLM_IGNORE_COMMAND);
  payload_.set_extension(&extension_);
}

// A payload deletes the extensions that it still has when it goes; this one is a member.
frame_out::~frame_out() { payload_.clear_extension(&extension_); }

void frame_out::send(frame content, sc_core::sc_time delay) {
  // A receiver may answer from within the call, and the answer's receiver may send again: keep the outer one.
  frame* const outer = std::exchange(extension_.content, &content);
  payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  socket->b_transport(payload_, delay);
  extension_.content = outer;
  if (!payload_.is_response_ok()) SC_REPORT_ERROR(name(), "the target does not take frames");
}

frame_in::frame_in(sc_core::sc_module_name name, callback on_frame) : sc_module(name), on_frame_(std::move(on_frame)) {
  socket.register_b_transport(this, &frame_in::b_transport);
}

void frame_in::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  auto* const extension = payload.get_extension<frame_extension>();
  if (extension == nullptr || extension->content == nullptr) {
    payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
    return;
  }
  on_frame_(std::move(*extension->content), sc_core::sc_time_stamp() + delay);
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

}  // namespace fourtuple::model::wire
