// SPDX-License-Identifier: Apache-2.0
#include "host/programs/control_message.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace fourtuple::programs {
namespace {

// Linux: SCM_MAX_FD. Room for all that can come in a message: the kernel would close the others here and now.
constexpr std::size_t most_descriptors = 253;

// Takes ownership of every descriptor in the message.
void take_descriptors(msghdr& message, descriptor& first, std::vector<descriptor>& others) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr; control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(control) + i * sizeof number, sizeof number);
      descriptor taken(number);
      if (first.valid()) {
        others.push_back(std::move(taken));
      } else {
        first = std::move(taken);
      }
    }
  }
}

}  // namespace

control_server::incoming::result control_server::incoming::receive(int file) {
  proof.reset();
  iovec parts[2] = {{&header, sizeof header}, {payload_bytes.data(), payload_bytes.size()}};
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(most_descriptors * sizeof(int))>
      control;
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(file, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got < 0) return errno == EAGAIN || errno == EINTR ? result::nothing_there : result::broken;
  take_descriptors(message, proof, unwanted);
  // An empty packet has credentials, as all have (SO_PASSCRED); the end has nothing.
  if (got == 0 && message.msg_controllen == 0) return result::over;
  if (!unwanted.empty() || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return result::malformed;
  if (static_cast<std::size_t>(got) < sizeof header) return result::malformed;
  const std::size_t payload_size = static_cast<std::size_t>(got) - sizeof header;
  const bool well_formed =
      header.magic == preload::request_magic && header.reserved == 0 && header.payload_bytes == payload_size;
  return well_formed ? result::ok : result::malformed;
}

std::string_view control_server::incoming::host_name() const noexcept {
  if (header.payload_bytes == 0 || header.payload_bytes > preload::most_name_bytes) return {};
  const std::string_view text(reinterpret_cast<const char*>(payload_bytes.data()), header.payload_bytes);
  return text.find('\0') == std::string_view::npos ? text : std::string_view{};
}

std::uint64_t control_server::incoming::handle(std::string_view world) const noexcept {
  sockaddr_un address{};
  socklen_t length = sizeof address;
  if (!proof.valid() || ::getsockname(proof.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  if (address.sun_family != AF_UNIX || length <= offsetof(sockaddr_un, sun_path)) return 0;
  std::string_view name(address.sun_path, length - offsetof(sockaddr_un, sun_path));
  const std::string_view prefix(preload::name_prefix, preload::name_prefix_bytes);
  if (!name.starts_with(prefix)) return 0;
  name.remove_prefix(prefix.size());
  if (!name.starts_with(world) || name.size() <= world.size() || name[world.size()] != '/') return 0;
  name.remove_prefix(world.size() + 1);
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), number);
  return problem == std::errc{} && end != name.data() + name.size() && *end == preload::nonce_separator ? number : 0;
}

void control_server::outgoing::set_payload(std::span<const std::byte> payload) noexcept {
  const std::size_t bytes = std::min(payload.size(), payload_bytes.size());
  std::copy_n(payload.begin(), bytes, payload_bytes.begin());
  header.payload_bytes = static_cast<std::uint32_t>(bytes);
}

bool control_server::send(const client& to, const outgoing& answer) {
  iovec parts[2] = {{const_cast<preload::reply*>(&answer.header), sizeof answer.header},
                    {const_cast<std::byte*>(answer.payload_bytes.data()), answer.header.payload_bytes}};
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  if (answer.carried.valid()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    const int number = answer.carried.get();
    std::memcpy(CMSG_DATA(rights), &number, sizeof number);
  }
  // A client that does not read its answers is no client.
  return ::sendmsg(to.file.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

}  // namespace fourtuple::programs
