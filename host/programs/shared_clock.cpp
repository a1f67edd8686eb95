// SPDX-License-Identifier: Apache-2.0
#include "host/programs/shared_clock.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <new>
#include <stdexcept>

namespace fourtuple::programs {
namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;

}  // namespace

shared_clock::shared_clock() : file_(::memfd_create("fourtuple-clock", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
  constexpr std::size_t bytes = sizeof(preload::clock_page);
  void* mapped = MAP_FAILED;
  if (file_.valid() && ::ftruncate(file_.get(), bytes) == 0)
    mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
  // From here on it can be mapped for reading only.
  if (mapped == MAP_FAILED ||
      ::fcntl(file_.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) != 0)
    throw std::runtime_error(std::string("cannot make the programs' clock: ") + std::strerror(errno));
  page_ = new (mapped) preload::clock_page;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  page_->realtime_offset_ns = now.tv_sec * ns_per_s + now.tv_nsec;
  page_->monotonic_offset_ns = ns_per_s;
}

shared_clock::~shared_clock() { ::munmap(page_, sizeof *page_); }

std::string shared_clock::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(file_.get());
}

}  // namespace fourtuple::programs
