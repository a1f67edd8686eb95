// SPDX-License-Identifier: Apache-2.0
#include "model/pcie/tlp_port.hpp"

#include <utility>

namespace fourtuple::model::pcie {

tlp_out::tlp_out(sc_core::sc_module_name name) : sc_module(name) {
  payload_.set_command(tlm::TLM_IGNORE_COMMAND);
  payload_.set_extension(&extension_);
}

// A payload deletes the extensions that it still has when it goes; this one is a member.
tlp_out::~tlp_out() { payload_.clear_extension(&extension_); }

void tlp_out::send(tlp packet, sc_core::sc_time delay) {
  // A receiver may answer from within the call, and the answer's receiver may send again: keep the outer one.
  tlp* const outer = std::exchange(extension_.packet, &packet);
  payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  socket->b_transport(payload_, delay);
  extension_.packet = outer;
  if (!payload_.is_response_ok()) SC_REPORT_ERROR(name(), "the target does not take TLPs");
}

tlp_in::tlp_in(sc_core::sc_module_name name, callback on_packet) : sc_module(name), on_packet_(std::move(on_packet)) {
  socket.register_b_transport(this, &tlp_in::b_transport);
}

void tlp_in::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  auto* const extension = payload.get_extension<tlp_extension>();
  if (extension == nullptr || extension->packet == nullptr) {
    payload.set_response_status(tlm::TLM_GENERIC_ERROR_RESPONSE);
    return;
  }
  on_packet_(std::move(*extension->packet), sc_core::sc_time_stamp() + delay);
  payload.set_response_status(tlm::TLM_OK_RESPONSE);
}

}  // namespace fourtuple::model::pcie
