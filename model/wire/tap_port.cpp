// SPDX-License-Identifier: Apache-2.0
#include "model/wire/tap_port.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace fourtuple::model::wire {
namespace {

constexpr std::size_t largest_frame_bytes = 65'536;
/// Frames read before simulated time goes on: a kernel that sends without end must not stop it.
constexpr int most_frames_at_once = 64;

}  // namespace

tap_port::tap_port(sc_core::sc_module_name name, file_descriptor device)
    : sc_module(name),
      device_(std::move(device)),
      out_("out"),
      in_("in",
          [this](frame&& content, sc_core::sc_time arrival) {
            if (content.bad)
              ++counters_.bad;
            else
              arrivals_.push(std::move(content), arrival);
          }),
      buffer_(largest_frame_bytes) {
  SC_HAS_PROCESS(tap_port);
  SC_METHOD(write_arrivals);
  dont_initialize();
  sensitive << arrivals_.changed();
}

void tap_port::receive() {
  for (int i = 0; i < most_frames_at_once; ++i) {
    const ssize_t count = read(device_.value(), buffer_.data(), buffer_.size());
    if (count <= 0) {
      if (count < 0 && errno != EAGAIN && errno != EINTR) ++counters_.read_errors;
      return;
    }
    ++counters_.from_kernel;
    out_.send({.bytes = {buffer_.begin(), buffer_.begin() + count}}, sc_core::SC_ZERO_TIME);
  }
}

void tap_port::write_arrivals() {
  while (const auto content = arrivals_.pop(sc_core::sc_time_stamp())) {
    const ssize_t count = write(device_.value(), content->bytes.data(), content->bytes.size());
    if (count == static_cast<ssize_t>(content->bytes.size()))
      ++counters_.to_kernel;
    else
      ++counters_.refused;
  }
}

}  // namespace fourtuple::model::wire
