// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "host/sock/tables_drawing.hpp"
#include "model/system/table_moments.hpp"
#include "tools/command.hpp"
#include "tools/options.hpp"
#include "tools/world_link.hpp"

namespace fourtuple::tools {

namespace po = boost::program_options;

namespace {

constexpr const char* usage =
    "usage: fourtuple tables --at=MOMENT [options]\n"
    "       fourtuple tables --world=PATH --host=NAME [options]\n\n"
    "Runs two hosts up to a moment in the life of a connection and draws the socket tables as they are\n"
    "then. MOMENT: listen (bind and listen on 2222), syn, ack (before accept), accept: the server's;\n"
    "connect (from port 44404): the client's. Or draws those of a running world's host as they are now.\n\n"
    "  fourtuple tables --at=ack --format=svg --output=ack.svg\n";

po::options_description tables_options() {
  po::options_description options("Drawing", 100);
  options.add_options()("at", po::value<std::string>(), "listen, syn, ack, accept or connect")(
      "world", po::value<std::string>()->value_name("PATH"), "the socket of a running world, in place of --at")(
      "host", po::value<std::string>()->value_name("NAME"), "with --world: whose tables")(
      "format", po::value<std::string>()->default_value("text"), "text, dot (Graphviz) or svg (needs Graphviz)")(
      "output,o", po::value<std::string>(), "file; default: standard output");
  return options;
}

// False if there is no such program, or it fails. It has no say on standard error.
bool run_dot(const std::string& from, const std::string& to) {
  std::string words[] = {"dot", "-Tsvg", from, "-o", to};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int error = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  return error == 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Graphviz reads one file and writes another; pipes in both directions would need a third party to keep them flowing.
std::string to_svg(const std::string& dot) {
  std::error_code error;
  const std::filesystem::path directory =
      std::filesystem::temp_directory_path(error) / fmt::format("fourtuple-tables-{}", static_cast<long>(getpid()));
  if (!error) std::filesystem::create_directory(directory, error);
  if (error) {
    throw usage_error(fmt::format("--format=svg: cannot make a temporary directory: {}; TMPDIR names another place",
                                  error.message()));
  }
  const auto remove = [](const std::filesystem::path* path) {
    std::error_code ignored;
    std::filesystem::remove_all(*path, ignored);
  };
  const std::unique_ptr<const std::filesystem::path, decltype(remove)> cleanup(&directory, remove);
  write_file(directory / "tables.dot", dot);
  if (!run_dot((directory / "tables.dot").string(), (directory / "tables.svg").string()))
    throw usage_error("--format=svg: Graphviz's dot is missing; install the package graphviz");
  const std::vector<std::byte> svg = read_file(directory / "tables.svg", "--format=svg");
  return {reinterpret_cast<const char*>(svg.data()), svg.size()};
}

std::string tables_of_moment(const po::variables_map& values, const std::string& format) {
  const auto& at = values["at"].as<std::string>();
  const auto moment = model::system::parse_table_moment(at);
  if (!moment) throw usage_error(fmt::format("--at={} is unknown: it is listen, syn, ack, accept or connect", at));
  const sock::tables_snapshot tables = model::system::tables_at(*moment, read_platform_scenario(values));
  return format == "text" ? to_text(tables) : to_dot(tables);
}

std::string tables_of_world(const po::variables_map& values, const std::string& format) {
  if (values.count("host") == 0) throw usage_error("--host=NAME says whose tables are drawn");
  return show_world(values["world"].as<std::string>(), values["host"].as<std::string>(),
                    format == "text" ? preload::view::tables : preload::view::tables_dot);
}

}  // namespace

int command_tables(const arguments& words) {
  po::variables_map values;
  if (parse_options(words, {usage, tables_options(), {simulation_topic()}}, {}, values)) return exit_ok;
  const std::string format = values["format"].as<std::string>();
  if (format != "text" && format != "dot" && format != "svg") {
    throw usage_error(fmt::format("--format={} is unknown: it is text, dot or svg", format));
  }
  if (values.count("at") + values.count("world") != 1)
    throw usage_error("what is to be drawn: --at=listen, syn, ack, accept or connect, or --world=PATH --host=NAME");
  std::string drawing = values.count("at") != 0 ? tables_of_moment(values, format) : tables_of_world(values, format);
  if (format == "svg") drawing = to_svg(drawing);
  if (values.count("output") != 0) {
    write_file(values["output"].as<std::string>(), drawing);
  } else {
    std::fwrite(drawing.data(), 1, drawing.size(), stdout);
  }
  return exit_ok;
}

}  // namespace fourtuple::tools
