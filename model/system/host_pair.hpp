// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <systemc>

#include "model/system/machine.hpp"
#include "model/system/scenario.hpp"
#include "model/wire/link.hpp"

namespace fourtuple::model::system {

/// Two machines and the wire between their NICs: client 10.0.0.1, the link's end a, and server 10.0.0.2, its end b.
class host_pair : public sc_core::sc_module {
 public:
  [[nodiscard]] machine& client() noexcept { return client_; }
  [[nodiscard]] machine& server() noexcept { return server_; }
  [[nodiscard]] wire::link& cable() noexcept { return wire_; }
  [[nodiscard]] const machine& client() const noexcept { return client_; }
  [[nodiscard]] const machine& server() const noexcept { return server_; }
  [[nodiscard]] const wire::link& cable() const noexcept { return wire_; }

  host_pair(sc_core::sc_module_name name, const platform_options& options);

  /// Before the simulation starts. What happens to a frame follows from the seed.
  void impair(const wire_impairments& impairments, std::uint64_t seed);

  /// Frames of both directions so far.
  [[nodiscard]] std::uint64_t wire_frames() const;
  /// Both devices are up, or at least one cannot be brought up.
  [[nodiscard]] bool settled() const;

 private:
  machine client_;
  machine server_;
  wire::link wire_;
};

}  // namespace fourtuple::model::system
