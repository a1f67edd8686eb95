// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "interfaces/packetdrill/interface_flags.hpp"
#include "interfaces/packetdrill/raw_ip_device.hpp"
#ifdef FOURTUPLE_PACKETDRILL_SIMULATOR
#include "interfaces/packetdrill/simulated_link.hpp"
#endif

namespace fourtuple::packetdrill {

std::unique_ptr<tool_link> make_tool_link(const interface_flags& flags, base::clock& clock, std::uint32_t hash_secret) {
  if (flags.nic == nic_kind::none) return std::make_unique<raw_ip_device>(clock, flags.mtu, flags.gro_mss);
#ifdef FOURTUPLE_PACKETDRILL_SIMULATOR
  return std::make_unique<simulated_link>(flags, clock, hash_secret);
#else
  static_cast<void>(hash_secret);
  throw std::invalid_argument("packetdrill flags: this object was built without the simulator, nic=none only");
#endif
}

}  // namespace fourtuple::packetdrill

#ifdef FOURTUPLE_PACKETDRILL_SIMULATOR
// SystemC's library refers to it: the entry of programs that let it have main(). Nothing calls it here.
extern "C" __attribute__((visibility("default"))) int sc_main(int /*argc*/, char* /*argv*/[]) { return 1; }
#endif
