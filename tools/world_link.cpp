// SPDX-License-Identifier: Apache-2.0
#include "tools/world_link.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "preload/protocol.hpp"
#include "tools/command.hpp"

namespace fourtuple::tools {

world_link::world_link(const std::filesystem::path& world, const std::string& host)
    : file_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = world.string();
  if (path.size() >= sizeof address.sun_path) throw usage_error(fmt::format("--world: {} is too long", path));
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(file_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw usage_error(fmt::format("--world: there is no world at {}: {}", path, std::strerror(errno)));
  if (host.empty() || host.size() > preload::most_name_bytes)
    throw usage_error(fmt::format("--host={} is not the name of a host", host));
  preload::request what;
  what.op = preload::operation::attach;
  what.payload_bytes = static_cast<std::uint16_t>(host.size());
  std::array<iovec, 2> parts{{{&what, sizeof what}, {const_cast<char*>(host.data()), host.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  preload::reply answer;
  std::array<char, preload::most_payload_bytes> payload;
  ssize_t got = ::sendmsg(file_.get(), &message, MSG_NOSIGNAL);
  if (got >= 0) {
    parts = {{{&answer, sizeof answer}, {payload.data(), payload.size()}}};
    got = ::recvmsg(file_.get(), &message, 0);
  }
  if (got < static_cast<ssize_t>(sizeof answer) || answer.magic != preload::reply_magic ||
      answer.payload_bytes != static_cast<std::size_t>(got) - sizeof answer)
    throw usage_error(fmt::format("--world: what answers at {} is no world of this version", path));
  if (answer.result != 0) throw usage_error(fmt::format("--host: the world has no host {}", host));
  clock_.assign(payload.data(), answer.payload_bytes);
}

}  // namespace fourtuple::tools
