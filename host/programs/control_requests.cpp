// SPDX-License-Identifier: Apache-2.0
// What each request does. Here lengths are right; whether numbers and contents make sense is looked at here.
#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "host/programs/control_message.hpp"
#include "host/programs/control_server.hpp"

namespace fourtuple::programs {
namespace {

using preload::operation;

// The longest time that a program may ask to sleep: later, and it sleeps for ever.
constexpr std::uint64_t longest_sleep_ns = base::never_ns / 2;

struct parsed_address {
  int error = 0;
  sockaddr_in in{};
};

// What the kernel finds out before it asks the protocol (Linux: inet_bind, __inet_stream_connect).
parsed_address parse_address(std::span<const std::byte> payload) {
  parsed_address result;
  if (payload.size() > sizeof(sockaddr_storage) || payload.size() < sizeof result.in) {
    result.error = -EINVAL;
    return result;
  }
  std::memcpy(&result.in, payload.data(), sizeof result.in);
  if (result.in.sin_family != AF_INET) result.error = -EAFNOSUPPORT;
  return result;
}

packet::ipv4_address address_of(const sockaddr_in& in) { return packet::ipv4_address{ntohl(in.sin_addr.s_addr)}; }

}  // namespace

bool control_server::handle(client& from, incoming& message, outgoing& answer) {
  bool known = true;
  if (!handle_hostwide(from, message, answer, known)) return false;
  if (known) return true;
  program_socket* const socket = sockets_.find(message.handle(world_));
  if (socket == nullptr || !socket->pair().is_program_end(message.proof.get())) {
    ++counters_.wrong_descriptors;
    answer.header.result = -ENOTSOCK;
    return true;
  }
  handle_socket(from, *socket, message, answer);
  message.proof.reset();
  // An option or a shutdown may let bytes move.
  sockets_.serve(socket->handle());
  return true;
}

bool control_server::handle_hostwide(client& from, const incoming& message, outgoing& answer, bool& known) {
  switch (message.header.op) {
    case operation::socket:
      make_socket(message, answer);
      return true;
    case operation::resolve:
      resolve(message, answer);
      return true;
    case operation::closed:
      if (from.lingering == 0) return false;
      from.waits_for_close = true;
      answer.later = true;
      // The hang-up may have been seen before this message.
      sockets_.serve(from.lingering);
      return true;
    case operation::sleep_until: {
      std::uint64_t until_ns = 0;
      if (message.payload().size() != sizeof until_ns || from.wake_up_ns) return false;
      std::memcpy(&until_ns, message.payload().data(), sizeof until_ns);
      answer.later = true;
      from.wake_up_ns = std::min(until_ns, longest_sleep_ns);
      return true;
    }
    case operation::attach:
      attach(from, message, answer);
      return true;
    case operation::show:
      show(message, answer);
      return true;
    case operation::bind:
    case operation::listen:
    case operation::connect:
    case operation::shutdown:
    case operation::getsockname:
    case operation::getpeername:
    case operation::getsockopt:
    case operation::setsockopt:
    case operation::ioctl:
    case operation::linger:
      known = false;
      return true;
  }
  return false;
}

void control_server::handle_socket(client& from, program_socket& socket, const incoming& message, outgoing& answer) {
  socket::posix_api& stack = *socket.host().sockets;
  std::int32_t& result = answer.header.result;
  switch (message.header.op) {
    case operation::bind:
      result = bind(socket, message);
      return;
    case operation::listen:
      result = socket.listen(message.header.argument);
      return;
    case operation::connect:
      connect(socket, message, answer);
      return;
    case operation::shutdown:
      result = socket.shutdown(message.header.argument);
      return;
    case operation::getsockname:
    case operation::getpeername:
      name(socket, message.header.op == operation::getpeername, answer);
      return;
    case operation::getsockopt:
      get_option(socket, message, answer);
      return;
    case operation::setsockopt:
      result = stack.setsockopt(socket.stack_fd(), message.header.level, message.header.argument,
                                message.payload().data(), static_cast<socklen_t>(message.payload().size()));
      return;
    case operation::ioctl: {
      if (message.header.length != SIOCOUTQ && message.header.length != SIOCOUTQNSD) {
        result = -ENOTTY;
        return;
      }
      int bytes = 0;
      result = socket.unsent(message.header.length, bytes);
      if (result >= 0) answer.set_payload(std::as_bytes(std::span(&bytes, 1)));
      return;
    }
    case operation::linger:
      // One close at a time: the wait for another socket would never be taken back.
      result = from.lingering == 0 ? socket.linger_seconds() : -EBUSY;
      if (result > 0) from.lingering = socket.handle();
      return;
    default:
      return;
  }
}

void control_server::make_socket(const incoming& message, outgoing& answer) {
  const program_host* const host = sockets_.host_named(message.host_name());
  std::uint64_t made = 0;
  answer.header.result = host == nullptr ? -ENETDOWN : sockets_.create(*host, made, answer.carried);
}

void control_server::resolve(const incoming& message, outgoing& answer) const {
  const program_host* const host = sockets_.host_named(message.host_name());
  if (host == nullptr) {
    answer.header.result = -ENOENT;
    return;
  }
  const std::uint32_t address = htonl(host->address.value);
  answer.set_payload(std::as_bytes(std::span(&address, 1)));
}

void control_server::attach(client& from, const incoming& message, outgoing& answer) {
  if (sockets_.host_named(message.host_name()) == nullptr) {
    answer.header.result = -ENOENT;
    return;
  }
  answer.set_payload(std::as_bytes(std::span(clock_path_)));
  if (clock_path_.empty() || from.attached) return;
  ++attached_ever_;
  from.attached = true;
}

// The text may be longer than a message: it comes as a file that is nowhere in the file system.
void control_server::show(const incoming& message, outgoing& answer) const {
  const auto what = static_cast<preload::view>(message.header.argument);
  if (what != preload::view::sockets && what != preload::view::tables && what != preload::view::tables_dot) {
    answer.header.result = -EINVAL;
    return;
  }
  const auto text = sockets_.show(what, message.host_name(), clock_.now_ns());
  if (!text) {
    answer.header.result = -ENOENT;
    return;
  }
  descriptor file(::memfd_create("fourtuple-view", MFD_CLOEXEC));
  for (std::size_t written = 0; file.valid() && written < text->size();) {
    const ssize_t more = ::write(file.get(), text->data() + written, text->size() - written);
    if (more <= 0) file.reset();
    written += static_cast<std::size_t>(std::max<ssize_t>(more, 0));
  }
  if (file.valid())
    answer.carried = std::move(file);
  else
    answer.header.result = -ENOMEM;
}

bool control_server::is_outside(const program_socket& socket, const incoming& message,
                                packet::ipv4_address address) const {
  return message.header.argument == 0 && !sockets_.knows_network_of(address) && !socket.host().reaches(address);
}

int control_server::bind(const program_socket& socket, const incoming& message) const {
  const parsed_address to = parse_address(message.payload());
  if (to.error != 0) return to.error;
  const packet::ipv4_address address = address_of(to.in);
  if (!address.is_any() && is_outside(socket, message, address)) return preload::outside;
  return socket.host().sockets->bind(socket.stack_fd(), reinterpret_cast<const sockaddr*>(&to.in), sizeof to.in);
}

void control_server::connect(program_socket& socket, const incoming& message, outgoing& answer) const {
  const parsed_address to = parse_address(message.payload());
  answer.header.result = to.error;
  if (to.error != 0) return;
  if (is_outside(socket, message, address_of(to.in))) {
    answer.header.result = preload::outside;
    return;
  }
  answer.header.result = socket.connect(to.in, message.proof.get(), answer.carried);
}

void control_server::name(const program_socket& socket, bool peer, outgoing& answer) const {
  sockaddr_in in{};
  socklen_t length = sizeof in;
  auto* const generic = reinterpret_cast<sockaddr*>(&in);
  socket::posix_api& stack = *socket.host().sockets;
  answer.header.result = peer ? stack.getpeername(socket.stack_fd(), generic, &length)
                              : stack.getsockname(socket.stack_fd(), generic, &length);
  if (answer.header.result == 0) answer.set_payload(std::as_bytes(std::span(&in, 1)));
}

void control_server::get_option(program_socket& socket, const incoming& message, outgoing& answer) const {
  std::array<std::byte, preload::most_payload_bytes> value{};
  auto length = static_cast<socklen_t>(std::min<std::size_t>(message.header.length, value.size()));
  answer.header.result = socket.getsockopt(message.header.level, message.header.argument, value.data(), &length);
  if (answer.header.result == 0)
    answer.set_payload(std::span(value).first(std::min<std::size_t>(length, value.size())));
}

}  // namespace fourtuple::programs
