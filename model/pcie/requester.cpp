// SPDX-License-Identifier: Apache-2.0
#include "model/pcie/requester.hpp"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "model/sim/time.hpp"

namespace fourtuple::model::pcie {
namespace {

/// PCIe 2.2.7: a request must not cross a border of this many bytes.
constexpr std::uint64_t request_border_bytes = 4096;

std::uint32_t first_part(std::uint64_t address, std::uint64_t length_bytes, std::uint32_t most_bytes) {
  const std::uint64_t to_border = request_border_bytes - address % request_border_bytes;
  return static_cast<std::uint32_t>(std::min({length_bytes, to_border, std::uint64_t{most_bytes}}));
}

/// A write of the device: the TLPs of it that are not acknowledged yet.
struct write_operation {
  std::uint64_t token = 0;
  std::uint64_t outstanding_tlps = 0;
  completion_status status = completion_status::successful;
};

/// A read of the device, put together from the completions of its TLPs.
struct read_operation {
  std::uint64_t token = 0;
  std::uint64_t address = 0;
  std::uint32_t requested_bytes = 0;  ///< The part that TLPs have been sent for.
  bool all_requested = false;
  std::uint32_t outstanding_tlps = 0;
  completion_status status = completion_status::successful;
  std::vector<std::byte> data;
};

/// What a tag stands for while its request is outstanding.
struct read_request {
  bool outstanding = false;
  std::uint64_t operation = 0;  ///< Its number since the beginning.
  std::uint64_t serial = 0;     ///< Tells it from others that had the same tag.
  std::uint32_t offset = 0;     ///< Of the next expected byte, in the operation's data.
  std::uint32_t remaining_bytes = 0;
};

/// When a read request is given up. One for each that was sent, in their order; answered ones are passed over.
struct read_deadline {
  std::uint64_t serial = 0;
  std::uint16_t tag = 0;
  sc_core::sc_time at;
};

/// A memory write on its way. Its tag is its number modulo 2^16.
struct write_request {
  std::uint64_t operation = 0;
  bool acknowledged = false;
};

}  // namespace

struct requester::state {
  requester_limits limits;
  send_function send;
  write_done on_write;
  read_done on_read;

  std::deque<write_operation> writes;
  std::uint64_t first_write = 0;  ///< Number of writes.front().
  std::deque<write_request> write_requests;
  std::uint64_t first_write_request = 0;

  std::deque<read_operation> reads;
  std::uint64_t first_read = 0;
  std::size_t next_to_request = 0;  ///< Index in reads: the first of which a part was not sent for want of a tag.
  std::vector<read_request> by_tag;
  std::deque<std::uint16_t> free_tags;
  std::deque<read_deadline> deadlines;
  std::uint64_t next_serial = 0;

  sc_core::sc_time last_departure;
  std::uint64_t unexpected = 0;
  std::uint64_t poisoned = 0;
  std::uint64_t timeouts = 0;

  void depart(tlp packet, sc_core::sc_time departure);
  void send_reads(sc_core::sc_time departure);
  void send_read_part(read_operation& operation, std::uint64_t number, sc_core::sc_time departure);
  void accept_acknowledge(const tlp& packet, sc_core::sc_time arrival);
  void accept_completion(const tlp& packet, sc_core::sc_time arrival);
  void finish_request(std::uint16_t tag, sc_core::sc_time arrival);
  void forget_answered_deadlines();
  bool take_data(read_request& request, read_operation& operation, const tlp& packet);
  void finish_writes(sc_core::sc_time arrival);
  void finish_reads(sc_core::sc_time arrival);
};

void requester::state::depart(tlp packet, sc_core::sc_time departure) {
  last_departure = std::max(last_departure, departure);
  send(std::move(packet), last_departure - std::min(last_departure, sc_core::sc_time_stamp()));
}

void requester::state::send_reads(sc_core::sc_time departure) {
  while (next_to_request < reads.size() && !free_tags.empty()) {
    read_operation& operation = reads[next_to_request];
    send_read_part(operation, first_read + next_to_request, departure);
    if (operation.all_requested) ++next_to_request;
  }
}

void requester::state::send_read_part(read_operation& operation, std::uint64_t number, sc_core::sc_time departure) {
  const std::uint16_t tag = free_tags.front();
  free_tags.pop_front();
  const std::uint64_t address = operation.address + operation.requested_bytes;
  const std::uint32_t bytes =
      first_part(address, operation.data.size() - operation.requested_bytes, limits.max_read_request_bytes);
  by_tag[tag] = {.outstanding = true,
                 .operation = number,
                 .serial = next_serial,
                 .offset = operation.requested_bytes,
                 .remaining_bytes = bytes};
  operation.requested_bytes += bytes;
  operation.all_requested = operation.requested_bytes == operation.data.size();
  ++operation.outstanding_tlps;
  tlp request;
  request.type = tlp_type::memory_read;
  request.address = address;
  request.length_bytes = bytes;
  request.tag = tag;
  depart(std::move(request), departure);
  if (limits.completion_timeout_ps == 0) return;
  forget_answered_deadlines();
  deadlines.push_back({next_serial++, tag, last_departure + sim::from_ps(limits.completion_timeout_ps)});
}

void requester::state::forget_answered_deadlines() {
  const auto answered = [this](const read_deadline& d) {
    return !by_tag[d.tag].outstanding || by_tag[d.tag].serial != d.serial;
  };
  while (!deadlines.empty() && answered(deadlines.front())) deadlines.pop_front();
}

void requester::state::accept_acknowledge(const tlp& packet, sc_core::sc_time arrival) {
  const auto index = static_cast<std::uint16_t>(packet.tag - static_cast<std::uint16_t>(first_write_request));
  if (index >= write_requests.size() || write_requests[index].acknowledged) {
    ++unexpected;
    return;
  }
  write_request& request = write_requests[index];
  request.acknowledged = true;
  write_operation& operation = writes[request.operation - first_write];
  --operation.outstanding_tlps;
  if (packet.status != completion_status::successful) operation.status = packet.status;
  while (!write_requests.empty() && write_requests.front().acknowledged) {
    write_requests.pop_front();
    ++first_write_request;
  }
  finish_writes(arrival);
}

void requester::state::finish_writes(sc_core::sc_time arrival) {
  while (!writes.empty() && writes.front().outstanding_tlps == 0) {
    const write_operation done = writes.front();
    writes.pop_front();
    ++first_write;
    on_write(done.token, done.status, arrival);
  }
}

/// False if the completion does not fit what is still to come.
bool requester::state::take_data(read_request& request, read_operation& operation, const tlp& packet) {
  if (packet.remaining_bytes != request.remaining_bytes || packet.data.size() > request.remaining_bytes) return false;
  if (packet.data.empty() && request.remaining_bytes != 0) return false;
  std::copy(packet.data.begin(), packet.data.end(),
            operation.data.begin() + static_cast<std::ptrdiff_t>(request.offset));
  request.offset += static_cast<std::uint32_t>(packet.data.size());
  request.remaining_bytes -= static_cast<std::uint32_t>(packet.data.size());
  return true;
}

void requester::state::accept_completion(const tlp& packet, sc_core::sc_time arrival) {
  if (packet.tag >= by_tag.size() || !by_tag[packet.tag].outstanding) {
    ++unexpected;
    return;
  }
  read_request& request = by_tag[packet.tag];
  read_operation& operation = reads[request.operation - first_read];
  bool last = true;
  if (packet.status != completion_status::successful) {
    operation.status = packet.status;
  } else if (packet.poisoned) {
    // The rest may still come; the data of the whole is not to be used (PCIe 2.7.2.2).
    ++poisoned;
    operation.status = completion_status::completer_abort;
    last = packet.data.size() >= request.remaining_bytes;
    request.remaining_bytes -= std::min(request.remaining_bytes, static_cast<std::uint32_t>(packet.data.size()));
    request.offset += static_cast<std::uint32_t>(packet.data.size());
  } else if (take_data(request, operation, packet)) {
    last = request.remaining_bytes == 0;
  } else {
    operation.status = completion_status::completer_abort;  // Malformed: the data is not to be used.
  }
  if (last) finish_request(packet.tag, arrival);
}

/// The tag is free again, at the end of the row: a late answer then meets nobody for long.
void requester::state::finish_request(std::uint16_t tag, sc_core::sc_time arrival) {
  by_tag[tag].outstanding = false;
  --reads[by_tag[tag].operation - first_read].outstanding_tlps;
  free_tags.push_back(tag);
  send_reads(arrival);
  finish_reads(arrival);
}

void requester::state::finish_reads(sc_core::sc_time arrival) {
  while (!reads.empty() && reads.front().all_requested && reads.front().outstanding_tlps == 0) {
    read_operation done = std::move(reads.front());
    reads.pop_front();
    ++first_read;
    --next_to_request;
    if (done.status != completion_status::successful) std::fill(done.data.begin(), done.data.end(), std::byte{0});
    on_read(done.token, done.status, done.data, arrival);
  }
}

requester::requester(requester_limits limits, send_function send, write_done on_write, read_done on_read)
    : state_(std::make_unique<state>()) {
  limits.max_payload_bytes = std::max(limits.max_payload_bytes, 1U);
  limits.max_read_request_bytes = std::max(limits.max_read_request_bytes, 1U);
  limits.tags = std::clamp(limits.tags, 1U, 1U << 16);
  state_->limits = limits;
  state_->send = std::move(send);
  state_->on_write = std::move(on_write);
  state_->on_read = std::move(on_read);
  state_->by_tag.resize(limits.tags);
  for (std::uint32_t tag = 0; tag < limits.tags; ++tag) state_->free_tags.push_back(static_cast<std::uint16_t>(tag));
}

requester::~requester() = default;

void requester::write(std::uint64_t token, std::uint64_t address, std::span<const std::byte> bytes,
                      sc_core::sc_time delay) {
  const sc_core::sc_time departure = sc_core::sc_time_stamp() + delay;
  const std::uint64_t number = state_->first_write + state_->writes.size();
  state_->writes.push_back({.token = token});
  do {
    const std::uint32_t part = first_part(address, bytes.size(), state_->limits.max_payload_bytes);
    tlp request;
    request.type = tlp_type::memory_write;
    request.address = address;
    request.length_bytes = part;
    request.tag = static_cast<std::uint16_t>(state_->first_write_request + state_->write_requests.size());
    request.data.assign(bytes.begin(), bytes.begin() + part);
    state_->write_requests.push_back({.operation = number});
    ++state_->writes.back().outstanding_tlps;
    state_->depart(std::move(request), departure);
    address += part;
    bytes = bytes.subspan(part);
  } while (!bytes.empty());
}

void requester::read(std::uint64_t token, std::uint64_t address, std::uint32_t length_bytes, sc_core::sc_time delay) {
  state_->reads.push_back({.token = token, .address = address, .data = std::vector<std::byte>(length_bytes)});
  state_->send_reads(sc_core::sc_time_stamp() + delay);
}

void requester::accept(tlp&& packet, sc_core::sc_time arrival) {
  switch (packet.type) {
    case tlp_type::write_acknowledge:
      return state_->accept_acknowledge(packet, arrival);
    case tlp_type::completion:
      return state_->accept_completion(packet, arrival);
    case tlp_type::memory_read:
    case tlp_type::memory_write:
      ++state_->unexpected;
  }
}

std::optional<sc_core::sc_time> requester::next_timeout() const {
  state_->forget_answered_deadlines();
  if (state_->deadlines.empty()) return std::nullopt;
  return state_->deadlines.front().at;
}

void requester::expire(sc_core::sc_time now) {
  for (auto next = next_timeout(); next && *next <= now; next = next_timeout()) {
    const std::uint16_t tag = state_->deadlines.front().tag;
    ++state_->timeouts;
    state_->reads[state_->by_tag[tag].operation - state_->first_read].status = completion_status::completer_abort;
    state_->finish_request(tag, now);
  }
}

bool requester::idle() const noexcept { return state_->writes.empty() && state_->reads.empty(); }

std::uint64_t requester::unexpected_completions() const noexcept { return state_->unexpected; }
std::uint64_t requester::poisoned_completions() const noexcept { return state_->poisoned; }
std::uint64_t requester::completion_timeouts() const noexcept { return state_->timeouts; }

}  // namespace fourtuple::model::pcie
