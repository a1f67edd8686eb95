// SPDX-License-Identifier: Apache-2.0
#include "tools/waveform_output.hpp"

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "tools/command.hpp"

namespace fourtuple::tools {

namespace {

// A signal handler reaches nothing but a global; it only reads it, and calls nothing that signal-safety(7) forbids.
std::vector<std::string> unfinished_files;

void on_bus_error(int /*number*/) {
  constexpr std::string_view message = "fourtuple: cannot write the waveform: no space left on device\n";
  for (const std::string& file : unfinished_files) unlink(file.c_str());
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, message.data(), message.size());
  _exit(exit_failed);
}

// An FST file is a row of blocks: a byte of type, then the length of the rest, eight bytes with the highest first. The
// writer puts a block's length in when the block is complete.
bool is_complete(const std::filesystem::path& fst) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(fst, error);
  if (error || size == 0) return false;
  std::ifstream stream(fst, std::ios::binary);
  std::uintmax_t position = 0;
  while (position < size) {
    std::array<char, 9> head{};
    stream.seekg(static_cast<std::streamoff>(position));
    if (!stream.read(head.data(), head.size())) return false;
    std::uint64_t length = 0;
    for (std::size_t i = 1; i < head.size(); ++i) length = length << 8 | static_cast<std::uint8_t>(head[i]);
    if (length < 8 || length > size - position - 1) return false;
    position += 1 + length;
  }
  return true;
}

}  // namespace

waveform_output::waveform_output(const std::filesystem::path& directory) : path_(directory / "nic.fst") {
  unfinished_files = {path_.string(), path_.string() + ".hier", (directory / "wire.pcapng.partial").string()};
  std::signal(SIGBUS, on_bus_error);
}

waveform_output::~waveform_output() {
  std::signal(SIGBUS, SIG_DFL);
  unfinished_files.clear();
  if (finished_) return;
  std::error_code error;
  std::filesystem::remove(path_, error);
}

void waveform_output::finish() {
  finished_ = is_complete(path_);
  if (finished_) return;
  throw std::runtime_error("cannot write the waveform " + path_.string() + " to its end; is the disk full?");
}

}  // namespace fourtuple::tools
