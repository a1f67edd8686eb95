// SPDX-License-Identifier: Apache-2.0
#include "tools/replay/capture_reader.hpp"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <span>

#include "tools/command.hpp"

namespace fourtuple::tools {
namespace {

constexpr std::uint64_t ns_per_s = 1'000'000'000;
constexpr std::size_t ethernet_header_bytes = 14;

std::string link_type_name(int type) {
  const char* name = pcap_datalink_val_to_name(type);
  return name != nullptr ? name : std::to_string(type);
}

}  // namespace

struct capture_reader::capture {
  explicit capture(pcap_t* opened) : handle(opened) {}
  capture(const capture&) = delete;
  capture& operator=(const capture&) = delete;
  ~capture() { pcap_close(handle); }
  pcap_t* handle;
};

capture_reader::capture_reader(const std::filesystem::path& file) : file_(file) {
  std::error_code error;
  if (std::filesystem::exists(file, error) && !std::filesystem::is_regular_file(file, error))
    throw usage_error(fmt::format("{} is not a regular file", file.string()));
  errno = 0;
  std::FILE* stream = std::fopen(file.c_str(), "rbe");
  if (stream == nullptr) throw usage_error(fmt::format("cannot read {}: {}", file.string(), std::strerror(errno)));
  std::array<char, PCAP_ERRBUF_SIZE> reason{};
  // libpcap takes the stream over, unless it fails.
  pcap_t* handle = pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, reason.data());
  if (handle == nullptr) {
    std::fclose(stream);
    throw usage_error(fmt::format("{} is no capture in pcap or pcapng format: {}", file.string(), reason.data()));
  }
  capture_ = std::make_unique<capture>(handle);
  if (const int type = pcap_datalink(handle); type != DLT_EN10MB)
    throw usage_error(fmt::format("{} is a capture of {}, not of Ethernet; capture on an Ethernet device",
                                  file.string(), link_type_name(type)));
}

capture_reader::~capture_reader() = default;

std::optional<captured_frame> capture_reader::next() {
  while (problem_.empty()) {
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    const int result = pcap_next_ex(capture_->handle, &header, &bytes);
    if (result == PCAP_ERROR_BREAK) return std::nullopt;
    if (result != 1) {
      problem_ = fmt::format("{} cannot be read behind frame {}: {}", file_.string(),
                             counts_.frames + counts_.cut + counts_.too_long + counts_.too_short,
                             pcap_geterr(capture_->handle));
      return std::nullopt;
    }
    if (header->caplen < header->len) {
      ++counts_.cut;
    } else if (header->caplen > longest_frame_bytes) {
      ++counts_.too_long;
    } else if (header->caplen < ethernet_header_bytes) {
      ++counts_.too_short;
    } else {
      ++counts_.frames;
      const auto content = std::as_bytes(std::span(bytes, header->caplen));
      const auto seconds = static_cast<std::uint64_t>(std::max<decltype(header->ts.tv_sec)>(header->ts.tv_sec, 0));
      // A second has 10^9 nanoseconds, whatever the file says.
      const auto nanoseconds =
          static_cast<std::uint64_t>(std::max<decltype(header->ts.tv_usec)>(header->ts.tv_usec, 0));
      const std::uint64_t most_seconds = ~std::uint64_t{0} / ns_per_s - 1;
      return captured_frame{.bytes = {content.begin(), content.end()},
                            .time_ns = std::min(seconds, most_seconds) * ns_per_s + nanoseconds % ns_per_s};
    }
  }
  return std::nullopt;
}

}  // namespace fourtuple::tools
