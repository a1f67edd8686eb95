// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/programs/world_fixture.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <variant>

namespace fourtuple::programs {

world_fixture::world_fixture() {
  std::string pattern = testing::TempDir() + "fourtuple-XXXXXX";
  directory = ::mkdtemp(pattern.data());
  auto opened = control_socket::open(directory / "w");
  const auto show = [this](int end) {
    return [this, end](preload::view) { return hosts.network.host(end).tcp().diag(true); };
  };
  std::vector<program_host> both{
      {.name = "client", .address = support::address_of_end[0], .sockets = &hosts.client, .show = show(0)},
      {.name = "server", .address = support::address_of_end[1], .sockets = &hosts.server, .show = show(1)}};
  // Tests run at the same time, and the names of their sockets are the machine's.
  server = std::make_unique<control_server>(std::move(std::get<control_socket>(opened)), both,
                                            "test" + std::to_string(::getpid()), hosts.network.clock(),
                                            [this] { ++deliveries; });
}

world_fixture::~world_fixture() {
  server.reset();
  std::filesystem::remove_all(directory);
}

void world_fixture::serve() {
  for (bool any = true; any;) {
    any = server->serve_files();
    for (std::size_t host = 0; host < 2; ++host) any = server->serve_stack(host) || any;
  }
}

void world_fixture::run_ms(std::uint64_t ms) {
  for (std::uint64_t i = 0; i < ms; ++i) {
    serve();
    hosts.network.run_for_ms(1);
  }
  serve();
}

descriptor world_fixture::connect_to_world() const {
  descriptor file(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (directory / "w").string().copy(address.sun_path, sizeof address.sun_path - 1);
  EXPECT_EQ(::connect(file.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return file;
}

bool world_fixture::send_request(int connection, preload::request what, std::span<const std::byte> payload, int proof) {
  what.payload_bytes = static_cast<std::uint16_t>(payload.size());
  std::vector<std::byte> content(sizeof what + payload.size());
  std::memcpy(content.data(), &what, sizeof what);
  std::ranges::copy(payload, content.begin() + sizeof what);
  return send_packet(connection, content, std::span(&proof, proof >= 0 ? 1 : 0));
}

bool world_fixture::send_packet(int connection, std::span<const std::byte> content, std::span<const int> files) {
  iovec part{const_cast<std::byte*>(content.data()), content.size()};
  std::vector<std::byte> control(CMSG_SPACE(files.size_bytes()));
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!files.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(files.size_bytes());
    std::memcpy(CMSG_DATA(rights), files.data(), files.size_bytes());
  }
  return ::sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

answer world_fixture::receive_answer(int connection) {
  answer result;
  preload::reply header;
  std::vector<std::byte> payload(preload::most_payload_bytes);
  std::array<iovec, 2> parts{{{&header, sizeof header}, {payload.data(), payload.size()}}};
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(connection, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got <= 0) return result;
  EXPECT_EQ(got, static_cast<ssize_t>(sizeof header + header.payload_bytes));
  EXPECT_EQ(header.magic, preload::reply_magic);
  result.connected = true;
  result.result = header.result;
  payload.resize(header.payload_bytes);
  result.payload = std::move(payload);
  if (const cmsghdr* rights = CMSG_FIRSTHDR(&message)) {
    int number = -1;
    std::memcpy(&number, CMSG_DATA(rights), sizeof number);
    result.carried = descriptor(number);
  }
  return result;
}

answer world_fixture::ask(preload::request what, std::span<const std::byte> payload, int proof) {
  const descriptor connection = connect_to_world();
  send_request(connection.get(), what, payload, proof);
  serve();
  return receive_answer(connection.get());
}

descriptor world_fixture::socket(std::string_view host) {
  preload::request what;
  what.op = preload::operation::socket;
  return std::move(ask(what, std::as_bytes(std::span(host.data(), host.size()))).carried);
}

int world_fixture::bind(const descriptor& fd, std::uint16_t port, std::uint32_t address) {
  const sockaddr_in in = support::address_in({address}, port);
  preload::request what;
  what.op = preload::operation::bind;
  return ask(what, std::as_bytes(std::span(&in, 1)), fd.get()).result;
}

int world_fixture::listen(const descriptor& fd, int backlog) {
  preload::request what;
  what.op = preload::operation::listen;
  what.argument = backlog;
  return ask(what, {}, fd.get()).result;
}

answer world_fixture::connect(const descriptor& fd, std::uint16_t port, std::uint32_t address) {
  const sockaddr_in in = support::address_in({address}, port);
  preload::request what;
  what.op = preload::operation::connect;
  return ask(what, std::as_bytes(std::span(&in, 1)), fd.get());
}

int world_fixture::set(const descriptor& fd, int level, int name, const void* value, std::size_t bytes) {
  preload::request what;
  what.op = preload::operation::setsockopt;
  what.level = level;
  what.argument = name;
  return ask(what, std::span(static_cast<const std::byte*>(value), bytes), fd.get()).result;
}

int world_fixture::option(const descriptor& fd, int level, int name) {
  preload::request what;
  what.op = preload::operation::getsockopt;
  what.level = level;
  what.argument = name;
  what.length = sizeof(int);
  const answer got = ask(what, {}, fd.get());
  int value = -1;
  if (got.payload.size() == sizeof value) std::memcpy(&value, got.payload.data(), sizeof value);
  return got.result < 0 ? got.result : value;
}

descriptor world_fixture::accept(const descriptor& from) {
  preload::accepted message;
  iovec part{&message, sizeof message};
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  if (::recvmsg(from.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != sizeof message) return {};
  EXPECT_EQ(message.magic, preload::accepted::magic_value);
  int number = -1;
  std::memcpy(&number, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof number);
  return descriptor(number);
}

std::string world_fixture::read(const descriptor& fd, std::size_t bytes) {
  std::string text(bytes, '\0');
  const ssize_t got = ::recv(fd.get(), text.data(), bytes, MSG_DONTWAIT);
  if (got < 0) return "errno " + std::to_string(errno);
  text.resize(static_cast<std::size_t>(got));
  return text;
}

ssize_t world_fixture::write(const descriptor& fd, std::string_view text) {
  const ssize_t sent = ::send(fd.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent >= 0 ? sent : -errno;
}

int world_fixture::events(const descriptor& fd) {
  pollfd one{.fd = fd.get(), .events = POLLIN | POLLOUT | POLLRDHUP, .revents = 0};
  ::poll(&one, 1, 0);
  return one.revents;
}

void world_fixture::fill_listener(std::uint16_t port) {
  listener = socket("server");
  ASSERT_EQ(bind(listener, port), 0);
  ASSERT_EQ(listen(listener), 0);
}

void world_fixture::connect_both(std::uint16_t port) {
  fill_listener(port);
  near = socket("client");
  ASSERT_EQ(connect(near, port, server_address).result, 0);
  run_ms();
  far = accept(listener);
  ASSERT_TRUE(far.valid());
}

}  // namespace fourtuple::programs
