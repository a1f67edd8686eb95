// SPDX-License-Identifier: Apache-2.0
#include "tools/options.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <string_view>
#include <typeinfo>

#include "host/app/http_message.hpp"
#include "tools/scenario_options.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;

namespace {

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

void print_help(const help_pages& pages, const std::string& topic) {
  if (topic == "all" || (topic.empty() && pages.topics.empty())) {
    std::cout << pages.usage << '\n' << pages.all();
  } else if (topic.empty()) {
    std::cout << pages.usage << '\n' << pages.first << "\nMore options:\n";
    for (const help_topic& each : pages.topics) std::cout << fmt::format("  --help={:<14} {}\n", each.name, each.what);
    std::cout << fmt::format("  --help={:<14} {}\n", "all", "all of them");
  } else {
    const auto found = std::ranges::find(pages.topics, topic, &help_topic::name);
    if (found == pages.topics.end())
      throw usage_error(fmt::format("--help={}: there is no such topic; see --help", topic));
    std::cout << found->options;
  }
}

}  // namespace

po::options_description help_pages::all() const {
  po::options_description everything = first;
  for (const help_topic& topic : topics) everything.add(topic.options);
  return everything;
}

bool parse_options(const arguments& words, const help_pages& pages,
                   const po::positional_options_description& positional, po::variables_map& values) {
  po::options_description all = pages.all();
  all.add_options()("help,h", po::value<std::string>()->implicit_value(""), "show this text");
  try {
    po::command_line_parser parser(words);
    using style = po::command_line_style::style_t;
    // No guessing: a shortened option is an unknown one.
    const int spelling = po::command_line_style::default_style & ~style::allow_guessing;
    const po::parsed_options parsed = parser.options(all).positional(positional).style(spelling).run();
    po::store(parsed, values);
    refuse_negative_numbers(parsed, values);
    if (values.count("help") != 0) {
      print_help(pages, values["help"].as<std::string>());
      return true;
    }
    po::notify(values);
  } catch (const po::error& error) {
    throw usage_error(fmt::format("{}; --help lists the options", error.what()));
  }
  return false;
}

namespace {
// Of a host by itself: what else a scenario has means nothing where there is none.
const std::vector<std::string_view> platform_sections = {"nic", "pcie", "cpu", "tcp"};
}  // namespace

po::options_description platform_options_description() {
  std::vector<std::string_view> sections = platform_sections;
  sections.emplace_back("run");
  po::options_description options = scenario_options_description("Simulation", sections, {"duration-us", "limit-s"});
  return options.add(set_option_description());
}

help_topic simulation_topic() {
  return {"simulation", "the simulated host: --nic=rtl|model, --seed, --pcie-lanes, --set...",
          platform_options_description()};
}

po::options_description wire_options_description() { return scenario_options_description("Wire", {"link"}); }

model::system::scenario read_platform_scenario(const po::variables_map& values) {
  if (values.count("set") != 0) {
    for (const std::string& text : values["set"].as<std::vector<std::string>>()) {
      const std::string_view section = std::string_view(text).substr(0, text.find('.'));
      if (std::ranges::find(platform_sections, section) == platform_sections.end())
        throw usage_error(fmt::format("--set {}: here it sets what is in nic, pcie, cpu and tcp", text));
    }
  }
  model::system::scenario_builder builder;
  read_scenario_options(values, builder);
  return finish_scenario(builder);
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
