// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/packet/addresses.hpp"
#include "model/system/scenario.hpp"
#include "tools/command.hpp"

namespace fourtuple::tools {

/// Columns of what --help prints.
inline constexpr unsigned help_columns = 100;

/// Options of one kind, where a subcommand has more than fit a screen: --help=NAME shows them.
struct help_topic {
  std::string name;
  std::string what;  ///< In a few words.
  boost::program_options::options_description options;
};

/// What --help shows: `usage`, and the options, all or, with topics, only those of `first`.
struct help_pages {
  std::string usage;
  boost::program_options::options_description first;
  std::vector<help_topic> topics = {};

  /// All that can be said.
  [[nodiscard]] boost::program_options::options_description all() const;
};

/// Parses a subcommand's words. Throws usage_error for unknown options, bad values and missing ones.
/// True if --help was asked for and has been printed.
bool parse_options(const arguments& words, const help_pages& pages,
                   const boost::program_options::positional_options_description& positional,
                   boost::program_options::variables_map& values);
inline bool parse_options(const arguments& words, const std::string& usage,
                          const boost::program_options::options_description& options,
                          const boost::program_options::positional_options_description& positional,
                          boost::program_options::variables_map& values) {
  return parse_options(words, {.usage = usage, .first = options}, positional, values);
}

/// Rate and delay of the wire, for commands that have one without what may go wrong on it.
[[nodiscard]] boost::program_options::options_description wire_options_description();

/// Options that every simulation has: --nic, --seed, --no-skip, --quantum, --time-wait, --pcie...
[[nodiscard]] boost::program_options::options_description platform_options_description();
/// They as a topic of help.
[[nodiscard]] help_topic simulation_topic();
/// Two hosts that are as those options say.
[[nodiscard]] model::system::scenario read_platform_scenario(const boost::program_options::variables_map& values);

/// "10.9.0.2"; anything else is a usage_error that names `option`.
[[nodiscard]] packet::ipv4_address parse_address(const std::string& text, const std::string& option);

struct address_and_prefix {
  packet::ipv4_address address;
  unsigned prefix_length = 0;
};
/// "10.9.0.2/24"; usage_error if no host can have that address.
[[nodiscard]] address_and_prefix parse_prefix(const std::string& text, const std::string& option);

/// The whole of a regular file. usage_error if it cannot be read.
[[nodiscard]] std::vector<std::byte> read_file(const std::filesystem::path& path, const std::string& option);

/// A file that will be written later: usage_error, which names `option`, if its directory does not let that happen.
[[nodiscard]] std::filesystem::path writable_path(const std::string& text, const std::string& option);

/// Writes a file in one step: under another name first, then renamed. usage_error if that fails; nothing is left then.
void write_file(const std::filesystem::path& path, const std::string& content);

/// A directory for results: made if it is not there, and taken away again if nothing has been put into it by the end.
class output_directory {
 public:
  explicit output_directory(std::filesystem::path path);
  ~output_directory();
  output_directory(const output_directory&) = delete;
  output_directory& operator=(const output_directory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
  bool made_ = false;
};

}  // namespace fourtuple::tools
