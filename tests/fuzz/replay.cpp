// SPDX-License-Identifier: Apache-2.0
// Plays inputs of a fuzz target without a fuzzer: each file that is named, and each file of each directory that is, in
// the order of their names.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_input.hpp"

namespace {

std::vector<std::filesystem::path> files_of(const std::filesystem::path& named) {
  if (!std::filesystem::is_directory(named)) return {named};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(named)) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

void play(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot be read: " + path.string());
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  // Said first: who crashes does not come to say it.
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int count, char** arguments) {
  try {
    std::size_t played = 0;
    for (int i = 1; i < count; ++i) {
      for (const auto& path : files_of(arguments[i])) {
        play(path);
        ++played;
      }
    }
    if (played > 0) return 0;
    std::fprintf(stderr, "no input: name files or directories\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  return 1;
}
