// SPDX-License-Identifier: Apache-2.0
#include "model/wire/pcapng_writer.hpp"

#include <cerrno>
#include <cstring>
#include <string_view>
#include <tuple>
#include <utility>

#include "model/sim/time.hpp"

namespace fourtuple::model::wire {
namespace {

// Block types, option codes: draft-ietf-opsawg-pcapng, 4.
constexpr std::uint32_t section_header_block = 0x0a0d'0d0a;
constexpr std::uint32_t interface_description_block = 1;
constexpr std::uint32_t enhanced_packet_block = 6;
constexpr std::uint32_t byte_order_magic = 0x1a2b'3c4d;
constexpr std::uint16_t link_type_ethernet = 1;
constexpr std::uint16_t option_end = 0;
constexpr std::uint16_t option_if_name = 2;
constexpr std::uint16_t option_if_tsresol = 9;
constexpr std::uint16_t option_shb_userappl = 4;
constexpr std::uint16_t option_epb_flags = 2;
constexpr std::uint32_t epb_flag_crc_error = 1U << 24;

using body = std::vector<std::uint8_t>;

/// The section is little-endian on every machine, so that captures can be compared byte for byte.
template <typename Number>
void put(body& to, Number value) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void pad(body& to) { to.resize((to.size() + 3) / 4 * 4); }

void put_option(body& to, std::uint16_t code, std::string_view value) {
  put(to, code);
  put(to, static_cast<std::uint16_t>(value.size()));
  to.insert(to.end(), value.begin(), value.end());
  pad(to);
}

}  // namespace

bool pcapng_writer::entry::operator>(const entry& other) const {
  return std::tie(start_ps, interface_number, sequence) >
         std::tie(other.start_ps, other.interface_number, other.sequence);
}

pcapng_writer::pcapng_writer(pcapng_options options) : options_(std::move(options)) {}

pcapng_writer::~pcapng_writer() { abandon(); }

void pcapng_writer::abandon() noexcept {
  if (!file_) return;
  file_.reset();
  std::remove(partial_path_.c_str());
}

void pcapng_writer::fail(const char* what) {
  if (!error_) error_ = std::string(what) + " " + path_ + ": " + std::strerror(errno);
  abandon();
}

std::optional<std::string> pcapng_writer::open(const std::string& path) {
  path_ = path;
  partial_path_ = path + ".partial";
  file_.reset(std::fopen(partial_path_.c_str(), "wbe"));
  if (!file_) {
    fail("cannot write the capture");
    return error_;
  }
  body header;
  put(header, byte_order_magic);
  put(header, std::uint16_t{1});  // Version 1.0.
  put(header, std::uint16_t{0});
  put(header, ~std::uint64_t{0});  // The section's length is not given.
  put_option(header, option_shb_userappl, "fourtuple");
  put_option(header, option_end, {});
  write_block(section_header_block, header);
  for (const std::string& name : options_.interface_names) {
    body description;
    put(description, link_type_ethernet);
    put(description, std::uint16_t{0});
    put(description, std::uint32_t{0});  // Frames are never cut.
    put_option(description, option_if_name, name);
    const char resolution = static_cast<char>(options_.resolution);
    put_option(description, option_if_tsresol, {&resolution, 1});
    put_option(description, option_end, {});
    write_block(interface_description_block, description);
  }
  return error_;
}

wire_observer& pcapng_writer::of_link(std::size_t link) {
  return *observers_.emplace_back(std::make_unique<link_observer>(*this, link));
}

void pcapng_writer::note(std::size_t link, const wire_event& event) {
  if (!file_) return;
  const auto number = static_cast<std::uint32_t>(2 * link + static_cast<std::size_t>(event.way));
  waiting_.push({sim::to_ps(event.start), number, sequence_++, event.content});
  write_started();
}

void pcapng_writer::write_started() {
  const std::uint64_t now_ps = sim::to_ps(sc_core::sc_time_stamp());
  for (; file_ && !waiting_.empty() && waiting_.top().start_ps < now_ps; waiting_.pop()) write(waiting_.top());
}

void pcapng_writer::write(const entry& event) {
  const std::uint64_t stamp =
      options_.resolution == timestamp_resolution::nanoseconds ? event.start_ps / 1'000 : event.start_ps;
  const std::vector<std::byte>& bytes = event.content.bytes;
  const auto length = static_cast<std::uint32_t>(bytes.size());
  body packet;
  packet.reserve(bytes.size() + 40);
  put(packet, event.interface_number);
  put(packet, static_cast<std::uint32_t>(stamp >> 32));
  put(packet, static_cast<std::uint32_t>(stamp));
  put(packet, length);
  put(packet, length);
  const std::size_t data_at = packet.size();
  packet.resize(data_at + bytes.size());
  if (!bytes.empty()) std::memcpy(packet.data() + data_at, bytes.data(), bytes.size());
  pad(packet);
  if (event.content.bad) {
    put(packet, option_epb_flags);
    put(packet, std::uint16_t{4});
    put(packet, epb_flag_crc_error);
    put_option(packet, option_end, {});
  }
  write_block(enhanced_packet_block, packet);
  if (file_) ++frames_;
}

void pcapng_writer::write_block(std::uint32_t type, const body& content) {
  if (!file_) return;
  const auto total = static_cast<std::uint32_t>(content.size() + 12);
  body block;
  block.reserve(total);
  put(block, type);
  put(block, total);
  block.insert(block.end(), content.begin(), content.end());
  put(block, total);
  if (std::fwrite(block.data(), 1, block.size(), file_.get()) != block.size()) fail("cannot write the capture");
}

std::optional<std::string> pcapng_writer::finish() {
  write_started();
  if (!file_) return error_ ? error_ : std::optional<std::string>("the capture was not opened");
  if (std::fflush(file_.get()) != 0) {
    fail("cannot write the capture");
    return error_;
  }
  if (std::fclose(file_.release()) != 0 || std::rename(partial_path_.c_str(), path_.c_str()) != 0) {
    fail("cannot complete the capture");
    std::remove(partial_path_.c_str());
  }
  return error_;
}

}  // namespace fourtuple::model::wire
