// SPDX-License-Identifier: Apache-2.0
#include "tools/program_check.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "tools/command.hpp"

namespace fourtuple::tools {
namespace {

constexpr int most_interpreters = 4;  // Linux: BINPRM_MAX_RECURSION.

std::string first_bytes(const std::filesystem::path& program, std::size_t most) {
  std::ifstream file(program, std::ios::binary);
  std::string bytes(most, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(most));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

void check_rights(const std::filesystem::path& program) {
  struct stat status {};
  if (::stat(program.c_str(), &status) != 0)
    throw usage_error(fmt::format("{}: {}", program.string(), std::strerror(errno)));
  const bool other_user = (status.st_mode & S_ISUID) != 0 && status.st_uid != ::geteuid();
  const bool other_group = (status.st_mode & S_ISGID) != 0 && status.st_gid != ::getegid();
  if (other_user || other_group)
    throw usage_error(
        fmt::format("{} is setuid or setgid: the system lets no library in front of it", program.string()));
  if (::geteuid() != 0 && ::getxattr(program.c_str(), "security.capability", nullptr, 0) > 0)
    throw usage_error(
        fmt::format("{} has file capabilities: the system lets no library in front of it", program.string()));
}

bool names_an_interpreter(const std::filesystem::path& program, const Elf64_Ehdr& header) {
  std::ifstream file(program, std::ios::binary);
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    file.seekg(static_cast<std::streamoff>(header.e_phoff + std::uint64_t{i} * header.e_phentsize));
    if (!file.read(reinterpret_cast<char*>(&segment), sizeof segment)) return false;
    if (segment.p_type == PT_INTERP) return true;
  }
  return false;
}

void check_elf(const std::filesystem::path& program, const std::string& start) {
  Elf64_Ehdr own{};
  std::ifstream("/proc/self/exe", std::ios::binary).read(reinterpret_cast<char*>(&own), sizeof own);
  Elf64_Ehdr header{};
  std::memcpy(&header, start.data(), std::min(start.size(), sizeof header));
  if (start.size() < sizeof header || header.e_ident[EI_CLASS] != own.e_ident[EI_CLASS] ||
      header.e_machine != own.e_machine)
    throw usage_error(
        fmt::format("{} is for another kind of processor than the library in front of it", program.string()));
  if (!names_an_interpreter(program, header))
    throw usage_error(fmt::format("{} is statically linked: no library can be put in front of it", program.string()));
}

// What stands behind "#!": the interpreter, and for env the program that it looks for.
std::filesystem::path interpreter_of(const std::string& start) {
  std::istringstream line(start.substr(2, start.find('\n') - 2));
  std::string path;
  std::string argument;
  line >> path >> argument;
  if (std::filesystem::path(path).filename() == "env" && !argument.empty() && argument[0] != '-')
    return find_program(argument);
  return path;
}

}  // namespace

std::filesystem::path find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (::access(name.c_str(), X_OK) != 0) throw usage_error(fmt::format("{}: {}", name, std::strerror(errno)));
    return name;
  }
  const char* variable = std::getenv("PATH");
  std::istringstream directories(variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin");
  for (std::string directory; std::getline(directories, directory, ':');) {
    const std::filesystem::path candidate = std::filesystem::path(directory.empty() ? "." : directory) / name;
    std::error_code error;
    if (std::filesystem::is_regular_file(candidate, error) && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  throw usage_error(fmt::format("there is no program {} in PATH", name));
}

void check_program(const std::filesystem::path& program) {
  std::filesystem::path current = program;
  for (int i = 0; i < most_interpreters; ++i) {
    check_rights(current);
    const std::string start = first_bytes(current, 256);
    if (start.starts_with(ELFMAG)) return check_elf(current, start);
    if (!start.starts_with("#!")) return;  // A shell's business, and the shell is dynamically linked.
    current = interpreter_of(start);
  }
}

}  // namespace fourtuple::tools
