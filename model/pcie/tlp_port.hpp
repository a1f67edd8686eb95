// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <functional>
#include <systemc>
#include <tlm>

#include "model/pcie/tlp.hpp"

namespace fourtuple::model::pcie {

/// Carries a tlp beside the generic payload. The pointed-to packet is valid during b_transport; a target copies or
/// moves it.
struct tlp_extension : tlm::tlm_extension<tlp_extension> {
  tlp* packet = nullptr;
  tlm_extension_base* clone() const override { return new tlp_extension(*this); }
  void copy_from(const tlm_extension_base& other) override { *this = static_cast<const tlp_extension&>(other); }
};

/// Sends TLPs: one b_transport each, which does not wait. Its delay says how long after now the packet starts to leave.
///
/// Delays of successive packets do not make them overtake each other (now + delay never decreases), unless a link lets
/// them, as PCIe's ordering rules do.
class tlp_out : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<tlp_out> socket{"socket"};
  explicit tlp_out(sc_core::sc_module_name name);
  ~tlp_out() override;
  void send(tlp packet, sc_core::sc_time delay);

 private:
  tlm::tlm_generic_payload payload_;
  tlp_extension extension_;
};

/// Receives TLPs. The callback runs inside the sender's b_transport: it notes the packet and its arrival, now + delay,
/// and does nothing that waits. Every channel has some latency, so arrivals lie in the future.
class tlp_in : public sc_core::sc_module {
 public:
  using callback = std::function<void(tlp&& packet, sc_core::sc_time arrival)>;
  tlm_utils::simple_target_socket<tlp_in> socket{"socket"};
  tlp_in(sc_core::sc_module_name name, callback on_packet);

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  callback on_packet_;
};

}  // namespace fourtuple::model::pcie
