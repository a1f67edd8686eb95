// SPDX-License-Identifier: Apache-2.0
#include "tools/workload_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "model/host/seeded_random.hpp"
#include "tools/command.hpp"
#include "tools/options.hpp"

namespace fourtuple::tools {

namespace {

constexpr std::size_t most_paths = 10'000;

std::vector<std::byte> random_bytes(const model::system::workload_settings& work, std::uint64_t seed) {
  model::host::seeded_random random(seed, "workload " + work.name + ": payload");
  std::vector<std::byte> bytes(work.payload_bytes);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.next() >> 56);
  return bytes;
}

std::vector<std::string> paths_below(const std::filesystem::path& root) {
  std::vector<std::string> paths;
  std::error_code error;
  const auto options = std::filesystem::directory_options::skip_permission_denied;
  for (auto at = std::filesystem::recursive_directory_iterator(root, options, error);
       !error && at != std::filesystem::recursive_directory_iterator() && paths.size() < most_paths;
       at.increment(error)) {
    if (at->is_regular_file(error) && !at->is_symlink(error))
      paths.push_back(fmt::format("/{}", std::filesystem::relative(at->path(), root, error).string()));
  }
  std::ranges::sort(paths);  // Directories have no order of their own that is the same everywhere.
  return paths;
}

void check_http(model::system::workload_settings& work) {
  const std::string where = fmt::format("workloads.{}.root", work.name);
  std::error_code error;
  if (!std::filesystem::is_directory(work.root, error))
    throw usage_error(fmt::format("{}: {} is not a directory", where, work.root));
  if (work.paths.empty()) work.paths = paths_below(work.root);
  if (work.paths.empty()) throw usage_error(fmt::format("{}: there are no files in {}", where, work.root));
  for (std::string& path : work.paths) {
    if (!path.starts_with('/')) path = fmt::format("/{}", path);
    if (!std::filesystem::is_regular_file(fmt::format("{}{}", work.root, path), error))
      throw usage_error(fmt::format("workloads.{}.paths: there is no file {}{}", work.name, work.root, path));
  }
}

}  // namespace

model::system::workload_payloads read_payloads(model::system::scenario& made, const std::filesystem::path& shipped) {
  model::system::workload_payloads payloads;
  for (model::system::workload_settings& work : made.workloads) {
    std::vector<std::byte>& payload = payloads.emplace_back();
    if (work.kind == model::system::workload_kind::http) check_http(work);
    if (work.kind != model::system::workload_kind::bulk) continue;
    payload = work.payload_bytes != 0 ? random_bytes(work, made.run.seed)
                                      : read_file(work.file.empty() ? shipped : std::filesystem::path(work.file),
                                                  fmt::format("workloads.{}.file (--file)", work.name));
  }
  return payloads;
}

}  // namespace fourtuple::tools
