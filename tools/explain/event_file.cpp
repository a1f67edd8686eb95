// SPDX-License-Identifier: Apache-2.0
#include "tools/explain/event_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace fourtuple::tools {

using nlohmann::json;

std::uint64_t event_line::number(const char* key) const {
  const auto found = values.find(key);
  return found != values.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::string event_line::text(const char* key) const {
  const auto found = values.find(key);
  return found != values.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void for_each_event(const std::filesystem::path& file, const std::function<void(const event_line&)>& each) {
  errno = 0;
  std::ifstream stream(file);
  if (!stream) throw std::runtime_error(fmt::format("cannot read {}: {}", file.string(), std::strerror(errno)));
  std::string text;
  for (std::uint64_t number = 1; std::getline(stream, text); ++number) {
    event_line line;
    line.values = json::parse(text, nullptr, false);
    const auto time = line.values.is_object() ? line.values.find("time_ps") : line.values.end();
    if (!line.values.is_object() || time == line.values.end() || !time->is_number_unsigned())
      throw std::runtime_error(fmt::format("{}, line {}: that is no event of fourtuple run", file.string(), number));
    line.time_ps = time->get<std::uint64_t>();
    line.host = line.text("host");
    line.layer = line.text("layer");
    line.event = line.text("event");
    line.connection = line.text("connection");
    each(line);
  }
}

}  // namespace fourtuple::tools
