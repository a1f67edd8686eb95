// SPDX-License-Identifier: Apache-2.0
#include "model/pcie/root_complex.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "model/pcie/doorbell.hpp"
#include "model/sim/time.hpp"

namespace fourtuple::model::pcie {
namespace {

constexpr std::uint32_t all_ones = ~std::uint32_t{0};
constexpr std::uint16_t tags = 1024;  ///< PCIe 4.0's 10-bit tags: a late answer meets its successor only much later.

std::uint32_t little_endian_32(const std::vector<std::byte>& data) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8 | std::to_integer<std::uint32_t>(data[i]);
  return value;
}

/// PCIe 2.2.7: requests that no endpoint may send.
bool malformed(const tlp& request) {
  constexpr std::uint64_t border_bytes = 4096;
  return request.address % border_bytes + request.length_bytes > border_bytes;
}

}  // namespace

root_complex::root_complex(sc_core::sc_module_name name, const root_complex_config& config, iommu& memory,
                           std::string device)
    : sc_module(name),
      config_(config),
      memory_(memory),
      device_(std::move(device)),
      to_device_("to_device"),
      from_device_("from_device",
                   [this](tlp&& packet, sc_core::sc_time arrival) { on_tlp(std::move(packet), arrival); }) {
  SC_HAS_PROCESS(root_complex);
  SC_METHOD(execute_arrivals);
  dont_initialize();
  sensitive << arrivals_.changed() << memory_reads_.changed();
}

void root_complex::on_tlp(tlp&& packet, sc_core::sc_time arrival) {
  if (packet.type == tlp_type::memory_read)
    memory_reads_.push(std::move(packet), arrival + sim::from_ps(config_.memory_latency_ps));
  else
    arrivals_.push(std::move(packet), arrival);
}

void root_complex::execute_arrivals() {
  const sc_core::sc_time now = sc_core::sc_time_stamp();
  while (const auto packet = arrivals_.pop(now)) {
    if (packet->type == tlp_type::memory_write)
      execute_write(*packet);
    else
      accept_completion(*packet);
  }
  while (const auto request = memory_reads_.pop(now)) execute_read(*request);
}

void root_complex::execute_write(const tlp& request) {
  const bool message = is_doorbell(request.address);
  const bool accepted = message ? deliver_message(request) : memory_.write(device_, request.address, request.data);
  if (!message) ++counters_.memory_writes;
  if (!accepted)
    ++counters_.refused;
  else if (!message)
    counters_.written_bytes += request.data.size();
  tlp answer;
  answer.type = tlp_type::write_acknowledge;
  answer.tag = request.tag;
  answer.status = accepted ? completion_status::successful : completion_status::unsupported_request;
  to_device_.send(std::move(answer), sc_core::SC_ZERO_TIME);
}

bool root_complex::deliver_message(const tlp& request) {
  const bool well_formed = request.address == doorbell_first && request.data.size() == 4;
  const std::uint32_t vector = well_formed ? little_endian_32(request.data) : all_ones;
  if (vector >= handlers_.size()) {
    memory_.record_fault(device_, request.address, request.data.size(), dma_direction::device_writes);
    return false;
  }
  ++counters_.messages;
  handlers_[vector]();
  return true;
}

void root_complex::execute_read(const tlp& request) {
  ++counters_.memory_reads;
  if (malformed(request)) {
    memory_.record_fault(device_, request.address, request.length_bytes, dma_direction::device_reads);
  } else {
    std::vector<std::byte> data(request.length_bytes);
    if (memory_.read(device_, request.address, data)) {
      counters_.read_bytes += data.size();
      return send_completions(request, data);
    }
  }
  ++counters_.refused;
  tlp answer;
  answer.type = tlp_type::completion;
  answer.tag = request.tag;
  answer.status = completion_status::unsupported_request;
  answer.remaining_bytes = request.length_bytes;
  to_device_.send(std::move(answer), sc_core::SC_ZERO_TIME);
}

/// PCIe 2.3.1.1: as many parts as the maximum payload asks for, cut at multiples of the read completion boundary.
void root_complex::send_completions(const tlp& request, const std::vector<std::byte>& data) {
  std::size_t done = 0;
  do {
    const std::uint64_t address = request.address + done;
    const std::uint64_t beyond_boundary = address % config_.read_completion_boundary_bytes;
    const std::size_t most = std::max<std::size_t>(config_.max_payload_bytes, config_.read_completion_boundary_bytes);
    const std::size_t part = std::min<std::size_t>(data.size() - done, most - beyond_boundary);
    tlp answer;
    answer.type = tlp_type::completion;
    answer.address = address & 0x7f;  // PCIe 2.2.9: lower address.
    answer.tag = request.tag;
    answer.remaining_bytes = static_cast<std::uint32_t>(data.size() - done);
    answer.length_bytes = static_cast<std::uint32_t>(part);
    answer.data.assign(data.begin() + static_cast<std::ptrdiff_t>(done),
                       data.begin() + static_cast<std::ptrdiff_t>(done + part));
    to_device_.send(std::move(answer), sc_core::SC_ZERO_TIME);
    done += part;
  } while (done < data.size());
}

interrupt_message root_complex::connect_interrupt(std::function<void()> handler) {
  handlers_.push_back(std::move(handler));
  return {.address = doorbell_first, .data = static_cast<std::uint32_t>(handlers_.size() - 1)};
}

namespace {
// Between the end of a simulation and the destruction of its parts nothing moves any more.
bool simulation_over() {
  return (sc_core::sc_get_status() & (sc_core::SC_STOPPED | sc_core::SC_END_OF_SIMULATION)) != 0;
}

bool in_simulated_thread() {
  return sc_core::sc_get_status() == sc_core::SC_RUNNING &&
         sc_core::sc_get_current_process_handle().proc_kind() == sc_core::SC_THREAD_PROC_;
}
}  // namespace

void root_complex::write32(std::uint32_t offset, std::uint32_t value) {
  if (simulation_over()) return;
  ++counters_.mmio_writes;
  tlp request;
  request.type = tlp_type::memory_write;
  request.address = offset;
  request.length_bytes = 4;
  for (int shift = 0; shift < 32; shift += 8) request.data.push_back(static_cast<std::byte>(value >> shift & 0xff));
  to_device_.send(std::move(request), sc_core::SC_ZERO_TIME);
}

std::uint32_t root_complex::read32(std::uint32_t offset) {
  if (!in_simulated_thread()) return ~std::uint32_t{0};
  pending_read read;
  tlp request;
  request.type = tlp_type::memory_read;
  request.address = offset;
  request.length_bytes = 4;
  request.tag = take_tag(read);
  const std::uint16_t tag = request.tag;
  ++counters_.mmio_reads;
  to_device_.send(std::move(request), sc_core::SC_ZERO_TIME);
  sc_core::wait(sim::from_ps(config_.completion_timeout_ps), read.answered);
  // A timeout wakes in the first delta cycle of its time: see the class comment.
  if (!read.value) sc_core::wait(sc_core::SC_ZERO_TIME);
  pending_reads_.erase(tag);
  tag_returned_.notify(sc_core::SC_ZERO_TIME);
  if (!read.value) ++counters_.completion_timeouts;
  return read.value.value_or(all_ones);
}

std::uint16_t root_complex::take_tag(pending_read& read) {
  while (pending_reads_.size() == tags) sc_core::wait(tag_returned_);
  while (pending_reads_.contains(next_tag_)) next_tag_ = static_cast<std::uint16_t>((next_tag_ + 1) % tags);
  const std::uint16_t tag = next_tag_;
  pending_reads_.emplace(tag, &read);
  next_tag_ = static_cast<std::uint16_t>((next_tag_ + 1) % tags);
  return tag;
}

void root_complex::accept_completion(const tlp& packet) {
  const auto found = pending_reads_.find(packet.tag);
  if (packet.type != tlp_type::completion || found == pending_reads_.end() || found->second->value) {
    ++counters_.unexpected_completions;
    return;
  }
  pending_read& read = *found->second;
  if (packet.status == completion_status::successful && !packet.poisoned && packet.data.size() == 4) {
    read.value = little_endian_32(packet.data);
  } else {
    ++counters_.mmio_errors;
    read.value = all_ones;
  }
  read.answered.notify(sc_core::SC_ZERO_TIME);
}

}  // namespace fourtuple::model::pcie
