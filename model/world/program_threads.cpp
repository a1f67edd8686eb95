// SPDX-License-Identifier: Apache-2.0
#include "model/world/program_threads.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "host/programs/descriptor.hpp"

namespace fourtuple::model::world {
namespace {

// Some milliseconds, at the pace at which programs are looked at.
constexpr unsigned looks_at_a_zombie = 40;

// A file of /proc; empty if it is gone.
std::string read_whole(const std::string& path) {
  const programs::descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char part[4096];
  for (ssize_t got = 0; file.valid() && (got = ::read(file.get(), part, sizeof part)) > 0;)
    text.append(part, static_cast<std::size_t>(got));
  return text;
}

// What stands behind "key:\t" in a status file.
std::string_view field(std::string_view status, std::string_view key) {
  const std::size_t at = status.find(key);
  if (at == std::string_view::npos) return {};
  return status.substr(at + key.size(), status.find('\n', at) - at - key.size());
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// proc(5): S sleeps; Z and X have ended; T and t are stopped. R runs, and D will go on by itself.
bool sleeps(char state) { return state == 'S' || state == 'Z' || state == 'X' || state == 'T' || state == 't'; }

}  // namespace

bool program_threads::look(pid_t process, picture& seen) {
  const std::string threads = "/proc/" + std::to_string(process) + "/task";
  std::error_code gone;
  for (std::filesystem::directory_iterator at(threads, gone), end; !gone && at != end; at.increment(gone)) {
    const std::string status = read_whole(at->path() / "status");
    if (status.empty()) continue;
    const std::string_view state = field(status, "\nState:\t");
    if (state.empty() || !sleeps(state[0])) return false;
    const auto thread = static_cast<pid_t>(number(at->path().filename().string()));
    if (state[0] == 'Z') seen.zombies.insert(thread);
    seen.switches[thread] = number(field(status, "\nvoluntary_ctxt_switches:\t")) +
                            number(field(status, "\nnonvoluntary_ctxt_switches:\t"));
    const std::string children = read_whole(at->path() / "children");
    for (std::size_t from = 0; from < children.size();) {
      const std::size_t space = std::min(children.find(' ', from), children.size());
      const auto child = static_cast<pid_t>(number(std::string_view(children).substr(from, space - from)));
      if (child > 0 && !look(child, seen)) return false;
      from = space + 1;
    }
  }
  return true;
}

bool program_threads::look(std::span<const pid_t> roots, picture& seen) {
  for (const pid_t root : roots) {
    if (!look(root, seen)) return false;
  }
  return true;
}

bool program_threads::all_asleep(std::span<const pid_t> roots) {
  picture first;
  picture second;
  if (!look(roots, first) || !look(roots, second) || first != second) return false;
  std::map<pid_t, unsigned> still;
  for (const pid_t zombie : second.zombies) {
    const auto before = zombies_.find(zombie);
    still[zombie] = before == zombies_.end() ? 1 : std::min(before->second + 1, looks_at_a_zombie);
  }
  zombies_ = std::move(still);
  return std::ranges::all_of(zombies_, [](const auto& one) { return one.second >= looks_at_a_zombie; });
}

}  // namespace fourtuple::model::world
