// SPDX-License-Identifier: Apache-2.0
#include "model/system/scenario/setting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "host/app/http_message.hpp"

namespace fourtuple::model::system {

namespace {

std::string either(const std::vector<std::string_view>& choices) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const std::string_view before = i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ";
    text += fmt::format("{}{}", before, choices[i]);
  }
  return text;
}

template <typename Settings>
void describe(const settings_table<Settings>& table, std::vector<described_setting>& all) {
  for (const field<Settings>& one : table) all.push_back({&one.about, one.get(Settings{})});
}

}  // namespace

const std::vector<described_setting>& all_settings() {
  static const std::vector<described_setting> all = [] {
    std::vector<described_setting> made;
    describe(run_table(), made);
    describe(platform_table(), made);
    describe(switch_table(), made);
    describe(host_table(), made);
    describe(impairment_table(), made);
    describe(workload_table(), made);
    return made;
  }();
  return all;
}

std::string setting::allowed() const {
  switch (kind) {
    case value_kind::boolean:
      return "true or false";
    case value_kind::integer:
      return fmt::format("a whole number from {} to {}", least, most);
    case value_kind::number:
      return fmt::format("a number from {} to {}", least_number, most_number);
    case value_kind::text:
      return choices.empty() ? std::string(format.empty() ? "a text" : format) : either(choices);
    case value_kind::list:
      return fmt::format("a list of texts{}{}", format.empty() ? "" : ", each ", format);
  }
  return {};
}

bool setting::accepts(const setting_value& value) const {
  if (value.index() != static_cast<std::size_t>(kind)) return false;
  const auto fits = [this](std::string_view text) {
    if (!choices.empty()) return std::ranges::find(choices, text) != choices.end();
    return !matches || matches(text);
  };
  if (const auto* whole = std::get_if<std::uint64_t>(&value)) return *whole >= least && *whole <= most;
  if (const auto* number = std::get_if<double>(&value)) return *number >= least_number && *number <= most_number;
  if (const auto* text = std::get_if<std::string>(&value)) return fits(*text);
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return std::ranges::all_of(*list, fits);
  return true;
}

std::optional<setting_value> parse_value(const setting& about, std::string_view text) {
  switch (about.kind) {
    case value_kind::boolean:
      if (text != "true" && text != "false") return std::nullopt;
      return text == "true";
    case value_kind::integer: {
      const auto whole = app::parse_number(text);
      return whole ? std::optional<setting_value>(*whole) : std::nullopt;
    }
    case value_kind::number: {
      double number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
      return number;
    }
    case value_kind::text:
      return std::string(text);
    case value_kind::list: {
      std::vector<std::string> list;
      for (std::size_t at = 0; at <= text.size() && !text.empty();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        list.emplace_back(text.substr(at, comma - at));
        at = comma + 1;
      }
      return list;
    }
  }
  return std::nullopt;
}

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      result += fmt::format("\\{}", c);
    else if (code < 0x20 || code == 0x7f)
      result += fmt::format("\\u{:04x}", code);
    else
      result += c;
  }
  return result + '"';
}

std::string to_toml(const setting_value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* whole = std::get_if<std::uint64_t>(&value)) return std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&value)) {
    const std::string text = fmt::format("{}", *number);
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
  }
  if (const auto* text = std::get_if<std::string>(&value)) return in_quotes(*text);
  std::string list = "[";
  for (const std::string& text : std::get<std::vector<std::string>>(value))
    list += (list.size() == 1 ? "" : ", ") + in_quotes(text);
  return list + ']';
}

}  // namespace fourtuple::model::system
