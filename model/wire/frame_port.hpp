// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>
#include <cstddef>
#include <functional>
#include <span>
#include <systemc>
#include <tlm>
#include <vector>

namespace fourtuple::model::wire {

/// An Ethernet frame without preamble and frame check sequence; `bad` if its check sequence would not match.
struct frame {
  std::vector<std::byte> bytes;
  bool bad = false;
};

/// Carries a frame beside the generic payload; valid during b_transport, a target copies or moves it.
struct frame_extension : tlm::tlm_extension<frame_extension> {
  frame* content = nullptr;
  tlm_extension_base* clone() const override { return new frame_extension(*this); }
  void copy_from(const tlm_extension_base& other) override { *this = static_cast<const frame_extension&>(other); }
};

/// Sends frames: one b_transport each, which does not wait. Its delay says how long after now the frame's last byte has
/// left the sender's MAC buffer, ready for the wire. now + delay never decreases, except behind an impairment that
/// reorders: whoever receives takes frames in order of their arrival.
class frame_out : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<frame_out> socket{"socket"};
  explicit frame_out(sc_core::sc_module_name name);
  ~frame_out() override;
  void send(frame content, sc_core::sc_time delay);

 private:
  tlm::tlm_generic_payload payload_;
  frame_extension extension_;
};

/// Receives frames. The callback runs inside the sender's b_transport: it notes the frame and its arrival (now + delay,
/// when the last byte is there) and does nothing that waits.
class frame_in : public sc_core::sc_module {
 public:
  using callback = std::function<void(frame&& content, sc_core::sc_time arrival)>;
  tlm_utils::simple_target_socket<frame_in> socket{"socket"};
  frame_in(sc_core::sc_module_name name, callback on_frame);

 private:
  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay);
  callback on_frame_;
};

}  // namespace fourtuple::model::wire
