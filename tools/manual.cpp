// SPDX-License-Identifier: Apache-2.0
#include "tools/manual.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <sstream>

namespace fourtuple::tools {
namespace {

// roff: a line must not begin with a control character, and backslashes and minus signs are escaped.
std::string roff(const std::string& line) {
  std::string safe;
  if (!line.empty() && (line.front() == '.' || line.front() == '\'')) safe += "\\&";
  for (const char character : line) {
    if (character == '\\') {
      safe += "\\e";
    } else if (character == '-') {
      safe += "\\-";
    } else {
      safe += character;
    }
  }
  return safe;
}

std::string verbatim(const std::string& text) {
  std::string page = ".nf\n";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) page += roff(line) + "\n";
  return page + ".fi\n";
}

}  // namespace

std::vector<std::string> options_of(const std::string& help_text) {
  std::vector<std::string> all;
  // Boost prints "  --nic arg (=rtl)" and "  -n [ --connections ] arg" at the beginning of a line.
  static const std::regex option_line(R"(^  (?:(-[a-zA-Z]) \[ (--[a-z0-9-]+) \]|(--[a-z0-9-]+)))");
  std::istringstream lines(help_text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (!std::regex_search(line, found, option_line)) continue;
    for (std::size_t i = 1; i < found.size(); ++i) {
      if (found[i].matched && std::ranges::find(all, found[i].str()) == all.end()) all.push_back(found[i].str());
    }
  }
  return all;
}

std::string bash_completion(std::span<const subcommand_help> subcommands) {
  std::string names;
  std::string cases;
  for (const subcommand_help& each : subcommands) {
    names += (names.empty() ? "" : " ") + each.name;
    std::string options = "--help";
    for (const std::string& option : options_of(each.text)) options += " " + option;
    cases += fmt::format("    {}) options='{}' ;;\n", each.name, options);
  }
  return fmt::format(
      "# SPDX-License-Identifier: Apache-2.0\n"
      "# bash completion for fourtuple; printed by fourtuple completion bash.\n"
      "_fourtuple() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} options=\n"
      "  if [[ $COMP_CWORD -eq 1 ]]; then\n"
      "    COMPREPLY=($(compgen -W '{} --help --version' -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  case ${{COMP_WORDS[1]}} in\n"
      "{}"
      "  esac\n"
      "  if [[ $word == -* ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
      "  else\n"
      "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
      "  fi\n"
      "}}\n"
      "complete -o filenames -F _fourtuple fourtuple\n",
      names, cases);
}

std::string man_page(std::span<const subcommand_help> subcommands, const std::string& version) {
  std::string page = fmt::format(
      ".TH FOURTUPLE 1 \"\" \"fourtuple {}\" \"User Commands\"\n"
      ".SH NAME\nfourtuple \\- simulate a SmartNIC that knows your sockets\n"
      ".SH SYNOPSIS\n.B fourtuple\n.I SUBCOMMAND\n[\\fIoptions\\fR]\n"
      ".SH DESCRIPTION\nRuns hosts with a TCP stack modelled on Linux's, NICs in SystemVerilog and the wire between "
      "them, "
      "clock by clock or as functional models. \\-\\-help after a subcommand shows what is needed most, "
      "\\-\\-help=all what is below.\n",
      version);
  for (const subcommand_help& each : subcommands) page += fmt::format(".TP\n.B {}\n{}\n", each.name, roff(each.what));
  for (const subcommand_help& each : subcommands)
    page += fmt::format(".SH FOURTUPLE {}\n{}", each.name, verbatim(each.text));
  page +=
      ".SH EXIT STATUS\n.TP\n.B 0\nAll went well.\n.TP\n.B 1\nThe run was made and failed; the summary and standard "
      "error "
      "say why. Of replay, also: the devices differ, or the capture breaks off.\n.TP\n.B 2\nNothing was run: a bad "
      "option, "
      "an unreadable file, a missing privilege. One line on standard error says what and what to do.\n"
      ".SH SEE ALSO\ndocs/running.md and docs/device.md in the source.\n";
  return page;
}

}  // namespace fourtuple::tools
