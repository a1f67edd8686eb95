// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "host/packet/addresses.hpp"
#include "model/nic/connection_hash.hpp"
#include "model/observe/event.hpp"
#include "model/wire/frame_port.hpp"

namespace fourtuple::model::observe {

/// `hash_secret`: of the NIC that receives it.
[[nodiscard]] frame_summary summarise(const wire::frame& content, std::uint32_t hash_secret);

/// A tuple as registers and the hash have it, as the host has it.
[[nodiscard]] packet::connection_tuple as_host_tuple(const nic::connection_tuple& tuple) noexcept;
[[nodiscard]] nic::connection_tuple as_nic_tuple(const packet::connection_tuple& tuple) noexcept;

}  // namespace fourtuple::model::observe
