// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/nic_bench.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "model/sim/time.hpp"

namespace fourtuple::test {
namespace {

using model::pcie::completion_status;
using model::pcie::tlp;
using model::pcie::tlp_type;

constexpr std::uint64_t to_device_ns = 200;
constexpr std::uint32_t completion_bytes = 256;  // A read's answer comes in parts of at most this.

void mix(std::uint64_t& digest, std::span<const std::byte> bytes) noexcept {
  for (const std::byte value : bytes) digest = (digest ^ std::to_integer<std::uint64_t>(value)) * 0x100'0000'01b3;
}

void mix(std::uint64_t& digest, std::uint64_t value) noexcept { mix(digest, std::as_bytes(std::span(&value, 1))); }

}  // namespace

nic_bench::nic_bench(sc_core::sc_module_name name, model::nic::nic& device)
    : sc_module(name),
      memory_(memory_bytes),
      to_device_("to_device"),
      from_device_("from_device",
                   [this](tlp&& packet, sc_core::sc_time arrival) { on_tlp(std::move(packet), arrival); }),
      to_nic_("to_nic"),
      from_nic_("from_nic", [this](model::wire::frame&& content, sc_core::sc_time arrival) {
        ++activity_;
        mix(frame_digest_, model::sim::to_ps(arrival));
        mix(frame_digest_, content.bytes);
        sent_.push_back({std::move(content.bytes), arrival});
      }) {
  to_device_.socket.bind(device.downstream().socket);
  device.upstream().socket.bind(from_device_.socket);
  to_nic_.socket.bind(device.ethernet_in().socket);
  device.ethernet_out().socket.bind(from_nic_.socket);
  SC_METHOD(execute);
  sensitive << arrivals_.changed();
  dont_initialize();
}

std::span<std::byte> nic_bench::memory(std::uint64_t address, std::size_t length) {
  if (address < memory_base || address - memory_base + length > memory_bytes)
    throw std::out_of_range("nic_bench: outside of host memory");
  return std::span(memory_).subspan(address - memory_base, length);
}

void nic_bench::set_refused(std::uint64_t address, bool refused) {
  if (refused)
    refused_pages_.insert(address / page_bytes);
  else
    refused_pages_.erase(address / page_bytes);
}

bool nic_bench::refused(std::uint64_t address, std::size_t length) const {
  const bool doorbell = address / page_bytes == doorbell_base / page_bytes;
  const bool host_memory = address >= memory_base && address - memory_base + length <= memory_bytes;
  return refused_pages_.contains(address / page_bytes) || !(doorbell || host_memory);
}

// ---- MMIO

void nic_bench::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  tlp request;
  request.type = tlp_type::memory_write;
  request.address = offset;
  request.length_bytes = static_cast<std::uint32_t>(bytes.size());
  request.data.assign(bytes.begin(), bytes.end());
  answer(std::move(request));
}

void nic_bench::write32(std::uint32_t offset, std::uint32_t value) {
  std::array<std::byte, 4> bytes;
  for (unsigned i = 0; i < 4; ++i) bytes[i] = static_cast<std::byte>(value >> 8 * i);
  write(offset, bytes);
}

std::optional<std::vector<std::byte>> nic_bench::read(std::uint64_t offset, std::uint32_t length) {
  pending_read waiting;
  const std::uint16_t tag = next_tag_++;
  pending_[tag] = &waiting;
  tlp request;
  request.type = tlp_type::memory_read;
  request.address = offset;
  request.length_bytes = length;
  request.tag = tag;
  answer(std::move(request));
  while (!waiting.completion) wait(waiting.answered);
  pending_.erase(tag);
  if (waiting.completion->status != completion_status::successful) return std::nullopt;
  return std::move(waiting.completion->data);
}

std::optional<std::uint32_t> nic_bench::read32(std::uint32_t offset) {
  const auto bytes = read(offset, 4);
  if (!bytes || bytes->size() != 4) return std::nullopt;
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value |= std::to_integer<std::uint32_t>((*bytes)[i]) << 8 * i;
  return value;
}

// ---- What the device asks for

void nic_bench::on_tlp(tlp&& packet, sc_core::sc_time arrival) { arrivals_.push(std::move(packet), arrival); }

void nic_bench::execute() {
  while (const auto packet = arrivals_.pop(sc_core::sc_time_stamp())) {
    ++activity_;
    mix(tlp_digest_, model::sim::to_ps(sc_core::sc_time_stamp()));
    mix(tlp_digest_, packet->address);
    mix(tlp_digest_, packet->data);
    if (packet->type == tlp_type::memory_write) {
      execute_write(*packet);
    } else if (packet->type == tlp_type::memory_read) {
      execute_read(*packet);
    } else if (const auto found = pending_.find(packet->tag); found != pending_.end()) {
      found->second->completion = *packet;
      found->second->answered.notify(sc_core::SC_ZERO_TIME);
    }
  }
}

void nic_bench::execute_write(const tlp& request) {
  tlp acknowledge;
  acknowledge.type = tlp_type::write_acknowledge;
  acknowledge.tag = request.tag;
  if (refused(request.address, request.data.size())) {
    acknowledge.status = completion_status::unsupported_request;
  } else if (request.address >= memory_base) {
    std::copy(request.data.begin(), request.data.end(), memory(request.address, request.data.size()).begin());
  } else {
    std::uint32_t data = 0;
    for (std::size_t i = 0; i < std::min<std::size_t>(4, request.data.size()); ++i)
      data |= std::to_integer<std::uint32_t>(request.data[i]) << 8 * i;
    messages_.push_back({request.address, data, sc_core::sc_time_stamp()});
  }
  answer(std::move(acknowledge));
}

void nic_bench::execute_read(const tlp& request) {
  tlp completion;
  completion.type = tlp_type::completion;
  completion.tag = request.tag;
  completion.remaining_bytes = request.length_bytes;
  if (refused(request.address, request.length_bytes)) {
    completion.status = completion_status::unsupported_request;
    answer(std::move(completion));
    return;
  }
  const auto bytes = memory(request.address, request.length_bytes);
  for (std::uint32_t done = 0; done < request.length_bytes; done += completion_bytes) {
    const auto part = bytes.subspan(done, std::min(completion_bytes, request.length_bytes - done));
    completion.remaining_bytes = request.length_bytes - done;
    completion.length_bytes = static_cast<std::uint32_t>(part.size());
    completion.data.assign(part.begin(), part.end());
    answer(completion);
  }
}

void nic_bench::answer(tlp packet) { to_device_.send(std::move(packet), model::sim::from_ns(to_device_ns)); }

}  // namespace fourtuple::test
