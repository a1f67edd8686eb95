// SPDX-License-Identifier: Apache-2.0
#include "tools/options.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <typeinfo>

#include "host/app/http_message.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;

namespace {

model::system::nic_kind parse_nic(const std::string& text) {
  if (text == "rtl") return model::system::nic_kind::rtl;
  if (text == "model") return model::system::nic_kind::model;
  throw usage_error(fmt::format("--nic={} is unknown: it is rtl or model", text));
}

constexpr std::uint32_t most_time_wait_ms = 3'600'000;

// Boost would take --seed=-1 for the largest number that there is.
void refuse_negative_numbers(const po::parsed_options& parsed, const po::variables_map& values) {
  for (const po::option& option : parsed.options) {
    if (option.value.empty() || option.value[0].empty() || option.value[0][0] != '-') continue;
    const auto& type = values[option.string_key].value().type();
    if (type == typeid(std::uint64_t) || type == typeid(std::uint32_t) || type == typeid(std::uint16_t)) {
      throw usage_error(
          fmt::format("--{}={} is out of range: it cannot be negative", option.string_key, option.value[0]));
    }
  }
}

}  // namespace

bool parse_options(const arguments& words, const std::string& usage, const po::options_description& options,
                   const po::positional_options_description& positional, po::variables_map& values) {
  po::options_description all = options;
  all.add_options()("help,h", "show this text");
  try {
    po::command_line_parser parser(words);
    using style = po::command_line_style::style_t;
    // No guessing: a shortened option is an unknown one.
    const int spelling = po::command_line_style::default_style & ~style::allow_guessing;
    const po::parsed_options parsed = parser.options(all).positional(positional).style(spelling).run();
    po::store(parsed, values);
    refuse_negative_numbers(parsed, values);
    if (values.count("help") != 0) {
      std::cout << usage << '\n' << options;
      return true;
    }
    po::notify(values);
  } catch (const po::error& error) {
    throw usage_error(fmt::format("{}; --help lists the options", error.what()));
  }
  return false;
}

po::options_description platform_options_description() {
  po::options_description options("Simulation", 100);
  options.add_options()("nic", po::value<std::string>()->default_value("rtl"),
                        "the device: rtl (Verilated, clock by clock) or model (functional)")(
      "seed", po::value<std::uint64_t>()->default_value(1), "everything random comes from this number")(
      "no-skip", po::bool_switch(), "evaluate idle clocks too; slow, same results")(
      "quantum", po::value<std::uint32_t>()->default_value(0),
      "clocks the RTL may run ahead; 0: as many as change nothing")(
      "time-wait-ms", po::value<std::uint32_t>()->default_value(60'000), "length of TIME_WAIT, milliseconds")(
      "pcie-generation", po::value<unsigned>()->default_value(4), "1 to 5")(
      "pcie-lanes", po::value<unsigned>()->default_value(16), "1, 2, 4, 8 or 16")(
      "pcie-round-trip-ns", po::value<std::uint64_t>()->default_value(900), "from a read request to its data");
  return options;
}

model::system::platform_options read_platform_options(const po::variables_map& values) {
  model::system::platform_options platform;
  platform.nic = parse_nic(values["nic"].as<std::string>());
  platform.seed = values["seed"].as<std::uint64_t>();
  platform.skip = !values["no-skip"].as<bool>();
  platform.quantum_clocks = values["quantum"].as<std::uint32_t>();
  platform.time_wait_ms = values["time-wait-ms"].as<std::uint32_t>();
  if (platform.time_wait_ms == 0 || platform.time_wait_ms > most_time_wait_ms) {
    throw usage_error(
        fmt::format("--time-wait-ms={} is out of range: 1 to {}", platform.time_wait_ms, most_time_wait_ms));
  }
  platform.pcie_generation = values["pcie-generation"].as<unsigned>();
  platform.pcie_lanes = values["pcie-lanes"].as<unsigned>();
  platform.pcie_read_round_trip_ns = values["pcie-round-trip-ns"].as<std::uint64_t>();
  if (const std::string problem = model::system::problem_with(platform); !problem.empty()) throw usage_error(problem);
  return platform;
}

packet::ipv4_address parse_address(const std::string& text, const std::string& option) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) {
    throw usage_error(fmt::format("{}: {} is not an IPv4 address such as 10.9.0.2", option, text));
  }
  return packet::ipv4_address{ntohl(address.s_addr)};
}

address_and_prefix parse_prefix(const std::string& text, const std::string& option) {
  const std::size_t slash = text.find('/');
  const auto length =
      slash == std::string::npos ? std::nullopt : app::parse_number(std::string_view(text).substr(slash + 1));
  if (!length || *length < 1 || *length > 30) {
    throw usage_error(
        fmt::format("{}: {} is not an address with a prefix length of 1 to 30, such as 10.9.0.2/24", option, text));
  }
  const address_and_prefix result{parse_address(text.substr(0, slash), option), static_cast<unsigned>(*length)};
  // RFC 1122 3.2.1.3: neither the network itself nor its broadcast address is a host; nor are 0/8, 127/8 and 224/3.
  const std::uint32_t host_bits = ~std::uint32_t{0} >> result.prefix_length;
  const std::uint32_t host = result.address.value & host_bits;
  const std::uint32_t first_octet = result.address.value >> 24;
  if (host == 0 || host == host_bits || first_octet == 0 || first_octet == 127 || first_octet >= 224) {
    throw usage_error(fmt::format("{}: {} is not the address of a host, such as 10.9.0.2/24", option, text));
  }
  return result;
}

std::vector<std::byte> read_file(const std::filesystem::path& path, const std::string& option) {
  std::error_code error;
  if (std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error)) {
    throw usage_error(fmt::format("{}: {} is not a regular file", option, path.string()));
  }
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw usage_error(fmt::format("{}: cannot read {}: {}", option, path.string(), std::strerror(errno)));
  std::string content;
  try {
    content.assign(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  } catch (const std::ios_base::failure&) {
    throw usage_error(fmt::format("{}: cannot read {}: {}", option, path.string(), std::strerror(errno)));
  }
  const auto bytes = std::as_bytes(std::span(content));
  return {bytes.begin(), bytes.end()};
}

std::filesystem::path writable_path(const std::string& text, const std::string& option) {
  const std::filesystem::path path = text;
  const std::filesystem::path directory = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::error_code error;
  if (path.empty() || std::filesystem::is_directory(path, error))
    throw usage_error(fmt::format("{}={}: that is a directory; name a file", option, text));
  if (access(directory.c_str(), W_OK) != 0)
    throw usage_error(fmt::format("{}: cannot write into {}: {}", option, directory.string(), std::strerror(errno)));
  return path;
}

void write_file(const std::filesystem::path& path, const std::string& content) {
  const std::filesystem::path partial = path.string() + ".partial";
  std::error_code error;
  {
    std::ofstream stream(partial, std::ios::binary | std::ios::trunc);
    stream << content;
    stream.flush();
    if (!stream) {
      stream.close();
      std::filesystem::remove(partial, error);
      throw usage_error(fmt::format("cannot write {}: {}", path.string(), std::strerror(errno)));
    }
  }
  std::filesystem::rename(partial, path, error);
  if (error) {
    const std::string reason = error.message();
    std::filesystem::remove(partial, error);
    throw usage_error(fmt::format("cannot write {}: {}", path.string(), reason));
  }
}

output_directory::output_directory(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code error;
  made_ = std::filesystem::create_directories(path_, error);
  if (error || !std::filesystem::is_directory(path_)) {
    throw usage_error(fmt::format("--out: cannot make the directory {}: {}", path_.string(),
                                  error ? error.message() : "there is something else of that name"));
  }
  if (access(path_.c_str(), W_OK) != 0)
    throw usage_error(fmt::format("--out: cannot write into {}: {}", path_.string(), std::strerror(errno)));
}

output_directory::~output_directory() {
  std::error_code error;
  if (made_ && std::filesystem::is_empty(path_, error)) std::filesystem::remove(path_, error);
}

}  // namespace fourtuple::tools
