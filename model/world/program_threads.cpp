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
constexpr unsigned looks_in_doubt = 40;

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

bool program_threads::look_at_thread(const std::filesystem::path& directory, std::string_view status, picture& seen) {
  const std::string_view state = field(status, "\nState:\t");
  if (state.empty() || !sleeps(state[0])) return false;
  const auto thread = static_cast<pid_t>(number(directory.filename().string()));
  seen.switches[thread] =
      number(field(status, "\nvoluntary_ctxt_switches:\t")) + number(field(status, "\nnonvoluntary_ctxt_switches:\t"));
  if (state[0] == 'Z') seen.doubtful.insert(thread);
  if (state[0] != 'S') return true;
  const std::string where = read_whole(directory / "wchan");
  if (!where.empty() && where != "0") {
    places_[thread] = place::named;
    return true;
  }
  const auto known = places_.find(thread);
  if (known == places_.end()) seen.doubtful.insert(thread);
  return known == places_.end() || known->second == place::never_named;
}

bool program_threads::look(pid_t process, picture& seen) {
  const std::string threads = "/proc/" + std::to_string(process) + "/task";
  std::error_code gone;
  for (std::filesystem::directory_iterator at(threads, gone), end; !gone && at != end; at.increment(gone)) {
    const std::string status = read_whole(at->path() / "status");
    if (status.empty()) continue;
    if (!look_at_thread(at->path(), status, seen)) return false;
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
  return std::ranges::all_of(roots, [&](pid_t root) { return look(root, seen); });
}

bool program_threads::long_enough(const picture& seen) {
  std::map<pid_t, unsigned> still;
  for (const pid_t thread : seen.doubtful) {
    const auto before = doubtful_.find(thread);
    still[thread] = before == doubtful_.end() ? 1 : std::min(before->second + 1, looks_in_doubt);
  }
  doubtful_ = std::move(still);
  std::erase_if(places_, [&](const auto& one) { return !seen.switches.contains(one.first); });
  if (std::ranges::any_of(doubtful_, [](const auto& one) { return one.second < looks_in_doubt; })) return false;
  for (const auto& [thread, looks] : doubtful_) places_.try_emplace(thread, place::never_named);
  return true;
}

bool program_threads::all_asleep(std::span<const pid_t> roots) {
  picture first;
  picture second;
  return look(roots, first) && look(roots, second) && first == second && long_enough(second);
}

}  // namespace fourtuple::model::world
