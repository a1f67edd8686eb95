// SPDX-License-Identifier: Apache-2.0
#include "tools/world_link.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "tools/command.hpp"

namespace fourtuple::tools {
namespace {

using programs::descriptor;

struct world_answer {
  std::int32_t result = 0;
  std::string payload;
  descriptor carried;
};

descriptor connect_to(const std::filesystem::path& world) {
  descriptor file(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = world.string();
  if (path.size() >= sizeof address.sun_path) throw usage_error(fmt::format("--world: {} is too long", path));
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(file.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw usage_error(fmt::format("--world: there is no world at {}: {}", path, std::strerror(errno)));
  return file;
}

bool send_request(int file, preload::operation op, std::string payload, std::int32_t argument) {
  preload::request what;
  what.op = op;
  what.argument = argument;
  what.payload_bytes = static_cast<std::uint16_t>(payload.size());
  std::array<iovec, 2> parts{{{&what, sizeof what}, {payload.data(), payload.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  return ::sendmsg(file, &message, MSG_NOSIGNAL) >= 0;
}

// False if what came is no answer of a world.
bool receive_answer(int file, world_answer& answer) {
  preload::reply header;
  std::array<char, preload::most_payload_bytes> payload;
  std::array<iovec, 2> parts{{{&header, sizeof header}, {payload.data(), payload.size()}}};
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(file, &message, MSG_CMSG_CLOEXEC);
  if (got < static_cast<ssize_t>(sizeof header) || header.magic != preload::reply_magic ||
      header.payload_bytes != static_cast<std::size_t>(got) - sizeof header)
    return false;
  if (const cmsghdr* const rights = CMSG_FIRSTHDR(&message);
      rights != nullptr && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS) {
    int number = -1;
    std::memcpy(&number, CMSG_DATA(rights), sizeof number);
    answer.carried = descriptor(number);
  }
  answer.result = header.result;
  answer.payload.assign(payload.data(), header.payload_bytes);
  return true;
}

/// `host`: name of a host, the request's payload.
world_answer ask(int file, const std::filesystem::path& world, preload::operation op, const std::string& host,
                 std::int32_t argument = 0) {
  if (host.size() > preload::most_name_bytes)
    throw usage_error(fmt::format("--host={} is not the name of a host", host));
  world_answer answer;
  if (!send_request(file, op, host, argument) || !receive_answer(file, answer))
    throw usage_error(fmt::format("--world: what answers at {} is no world of this version", world.string()));
  if (answer.result == -ENOENT) throw usage_error(fmt::format("--host: the world has no host {}", host));
  if (answer.result != 0) throw std::runtime_error(fmt::format("the world: {}", std::strerror(-answer.result)));
  return answer;
}

}  // namespace

world_link::world_link(const std::filesystem::path& world, const std::string& host) : file_(connect_to(world)) {
  if (host.empty()) throw usage_error("--host= is not the name of a host");
  clock_ = ask(file_.get(), world, preload::operation::attach, host).payload;
}

std::string show_world(const std::filesystem::path& world, const std::string& host, preload::view what) {
  const descriptor file = connect_to(world);
  const world_answer answer = ask(file.get(), world, preload::operation::show, host, static_cast<std::int32_t>(what));
  std::string text;
  std::array<char, 65536> part;
  ssize_t got = 0;
  while (answer.carried.valid() &&
         (got = ::pread(answer.carried.get(), part.data(), part.size(), static_cast<off_t>(text.size()))) > 0)
    text.append(part.data(), static_cast<std::size_t>(got));
  return text;
}

}  // namespace fourtuple::tools
