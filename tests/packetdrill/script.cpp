// SPDX-License-Identifier: Apache-2.0
#include "tests/packetdrill/script.hpp"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace fourtuple::support {
namespace {

constexpr std::uint32_t peer_isn = 1000;
constexpr std::uint32_t first_timestamp_shown = 100;
constexpr packet::ipv4_address stack_address{0xc0a80001};
constexpr packet::ipv4_address peer_address{0xc0000201};
constexpr std::size_t ethernet_bytes = 14;
constexpr std::int64_t us_per_ms = 1000;
constexpr std::size_t largest_packet = 65'535;

sockaddr_in address_of(packet::ipv4_address address, std::uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  in.sin_addr.s_addr = htonl(address.value);
  return in;
}

/// S while the thread sleeps (proc(5)).
char thread_state(pid_t tid) {
  std::ifstream stat("/proc/self/task/" + std::to_string(tid) + "/stat");
  std::string text;
  std::getline(stat, text);
  const std::size_t end_of_name = text.rfind(") ");
  return end_of_name == std::string::npos ? 'X' : text[end_of_name + 2];
}

std::string new_directory() {
  std::string name = std::filesystem::temp_directory_path() / "fourtuple-sysctls-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
  return name;
}

bool has(std::string_view text, std::string_view word) { return text.find(word) != std::string_view::npos; }

}  // namespace

script::temporary_directory::~temporary_directory() {
  std::error_code ignored;
  if (!name.empty()) std::filesystem::remove_all(name, ignored);
}

script::script(const std::string& flags) {
  const char* other = std::getenv("FOURTUPLE_PACKETDRILL_OBJECT");
  real_time_ = other != nullptr;
  object_ = dlopen(other != nullptr ? other : FOURTUPLE_PACKETDRILL_OBJECT, RTLD_NOW | RTLD_LOCAL);
  if (object_ == nullptr) throw std::runtime_error(dlerror());
  if (!real_time_) own_sysctls_.name = new_directory();
  sysctls_ = real_time_ ? "/proc/sys" : own_sysctls_.name;
  // Flags that are said twice count as they were said last.
  const char* for_all = std::getenv("FOURTUPLE_PACKETDRILL_FLAGS");
  const std::string all_flags = std::string(for_all != nullptr ? for_all : "") + "," + flags + ",sysctls=" + sysctls_;
  using init_function = int (*)(const char*, packetdrill_interface*);
  auto* init = reinterpret_cast<init_function>(dlsym(object_, "packetdrill_interface_init"));
  if (init == nullptr) throw std::runtime_error("packetdrill_interface_init is missing");
  if (init(all_flags.c_str(), &functions_) != 0) {
    throw std::runtime_error("packetdrill_interface_init");
  }
  mark();
}

script::~script() {
  functions_.free(functions_.userdata);
  dlclose(object_);
}

std::int64_t script::now_us() const {
  timeval tv{};
  functions_.gettimeofday(functions_.userdata, &tv, nullptr);
  return std::int64_t{tv.tv_sec} * 1'000'000 + tv.tv_usec;
}

void script::wait_until(std::int64_t time_us) {
  for (std::int64_t left = time_us - now_us(); left > 0; left = time_us - now_us()) {
    functions_.usleep(functions_.userdata, static_cast<useconds_t>(left));
  }
}

void script::wait(double ms) {
  event_us_ += std::llround(ms * us_per_ms);
  wait_until(event_us_);
}

void script::check_time(std::int64_t time_us, double after_ms, std::string_view what) {
  // The kernel's timers are an eighth late at most (Documentation/timers, "timer wheel"), and its threads wait for a
  // processor.
  const double tolerance_ms = real_time_ ? 12 + after_ms / 6 : 4;
  const double took_ms = static_cast<double>(time_us - event_us_) / us_per_ms;
  EXPECT_NEAR(took_ms, after_ms, tolerance_ms) << what;
  event_us_ += std::llround(after_ms * us_per_ms);
}

void script::in(double after_ms, std::string_view text) {
  wait(after_ms);
  captured_segment segment = parse_notation(text, peer_isn, stack_isn_);
  if (!has(text, " win ")) segment.header.window = 257;
  segment.source = peer_address;
  segment.destination = stack_address;
  segment.header.source_port = peer_port_;
  segment.header.destination_port = stack_port_;
  if (auto& stamps = segment.options.timestamps; stamps && first_timestamp_ && stamps->echo_reply != 0) {
    stamps->echo_reply += *first_timestamp_ - first_timestamp_shown;
  }
  send_segment(segment);
}

void script::in_unreachable(double after_ms, std::uint32_t seq, std::uint8_t code, std::uint16_t mtu) {
  wait(after_ms);
  captured_segment about;
  about.source = stack_address;
  about.destination = peer_address;
  about.header.source_port = stack_port_;
  about.header.destination_port = peer_port_;
  about.header.seq = stack_isn_ + seq;
  about.header.flags.ack = true;
  const std::vector<std::byte> quoted = assemble(about, {}, {});
  constexpr std::size_t ip_bytes = 20;
  constexpr std::size_t icmp_bytes = 8;
  constexpr std::size_t quoted_bytes = ip_bytes + 8;
  captured_segment shell;
  shell.source = peer_address;
  shell.destination = stack_address;
  shell.payload.resize(icmp_bytes + quoted_bytes);
  std::vector<std::byte> packet = assemble(shell, {}, {});
  packet.erase(packet.begin(), packet.begin() + ethernet_bytes);
  packet.resize(ip_bytes + icmp_bytes + quoted_bytes);
  put16(packet, 2, static_cast<std::uint16_t>(packet.size()));
  packet[9] = std::byte{1};
  put16(packet, 10, 0);
  put16(packet, 10, checksum(std::span(packet).first(ip_bytes)));
  const auto icmp = std::span(packet).subspan(ip_bytes);
  icmp[0] = std::byte{3};
  icmp[1] = std::byte{code};
  put16(icmp, 2, 0);
  put16(icmp, 4, 0);
  put16(icmp, 6, mtu);
  std::copy_n(quoted.begin() + ethernet_bytes, quoted_bytes, icmp.begin() + icmp_bytes);
  put16(icmp, 2, checksum(icmp));
  EXPECT_EQ(functions_.netdev_send(functions_.userdata, packet.data(), packet.size()), 0);
}

std::optional<captured_segment> script::receive() {
  if (!inbox_.empty()) {
    captured_segment next = std::move(inbox_.front());
    inbox_.pop_front();
    return next;
  }
  std::vector<std::byte> frame(ethernet_bytes + largest_packet);
  put16(frame, 12, 0x0800);
  std::size_t count = largest_packet;
  long long time_us = 0;
  if (functions_.netdev_receive(functions_.userdata, frame.data() + ethernet_bytes, &count, &time_us) != 0 ||
      count == 0) {
    return std::nullopt;
  }
  frame.resize(ethernet_bytes + count);
  auto segment = dissect(frame);
  if (!segment) {
    ADD_FAILURE() << "what left is no TCP segment, or has a wrong checksum";
    return std::nullopt;
  }
  segment->time_ns = static_cast<std::uint64_t>(time_us) * 1000;
  if (segment->header.flags.syn) {
    stack_isn_ = segment->header.seq;
    stack_port_ = segment->header.source_port;
    peer_port_ = segment->header.destination_port;
  }
  if (segment->options.timestamps && !first_timestamp_) first_timestamp_ = segment->options.timestamps->value;
  return segment;
}

std::string script::relative(captured_segment said, bool window, bool options) const {
  if (said.options.timestamps) said.options.timestamps->value -= *first_timestamp_ - first_timestamp_shown;
  return describe(said, stack_isn_, peer_isn, window, options);
}

void script::compare(std::string_view text, captured_segment said) {
  const bool options = has(text, "<") && !has(text, "<...>");
  const std::string plain(text.substr(0, text.find(" <...>")));
  EXPECT_EQ(relative(said, has(text, " win "), options), plain) << "all of it: " << relative(said, true, true);
}

void script::out(double after_ms, std::string_view text) {
  const auto said = receive();
  if (!said) {
    ADD_FAILURE() << "nothing came; expected: " << text;
    return;
  }
  last_ = *said;
  check_time(static_cast<std::int64_t>(said->time_ns / 1000), after_ms, text);
  compare(text, *said);
}

std::size_t script::next_bytes() {
  const auto said = receive();
  if (!said) return 0;
  last_ = *said;
  event_us_ = std::max(event_us_, static_cast<std::int64_t>(said->time_ns / 1000));
  return said->payload.size();
}

void script::silence(double ms) {
  wait(ms);
  // A port that nobody listens on answers at once: whatever left before would come before the answer.
  constexpr std::uint16_t closed_port = 9;
  captured_segment question;
  question.source = peer_address;
  question.destination = stack_address;
  question.header.source_port = closed_port;
  question.header.destination_port = closed_port;
  question.header.flags.syn = true;
  send_segment(question);
  for (auto said = receive(); said; said = receive()) {
    if (said->header.source_port == closed_port) return;
    ADD_FAILURE() << "expected silence, came: " << relative(*said, true, true);
  }
  ADD_FAILURE() << "a closed port did not answer";
}

void script::send_segment(const captured_segment& segment) {
  const std::vector<std::byte> frame = assemble(segment, {}, {});
  const auto packet = std::span(frame).subspan(ethernet_bytes);
  const std::size_t total = std::to_integer<std::size_t>(packet[2]) << 8 | std::to_integer<std::size_t>(packet[3]);
  EXPECT_EQ(functions_.netdev_send(functions_.userdata, packet.data(), total), 0);
}

// Calls.

int script::socket() {
  return static_cast<int>(
      call([](const auto& to) { return to.socket(to.userdata, AF_INET, SOCK_STREAM, IPPROTO_TCP); }));
}

int script::bind(int fd) {
  const sockaddr_in in = address_of({}, 8080);
  return static_cast<int>(call(
      [&](const auto& to) { return to.bind(to.userdata, fd, reinterpret_cast<const sockaddr*>(&in), sizeof in); }));
}

int script::listen(int backlog) {
  const int fd = socket();
  EXPECT_EQ(set(fd, SOL_SOCKET, SO_REUSEADDR, 1), 0);
  EXPECT_EQ(bind(fd), 0);
  EXPECT_EQ(call([&](const auto& to) { return to.listen(to.userdata, fd, backlog); }), 0);
  return fd;
}

std::int64_t script::accept(int fd) {
  sockaddr_in in{};
  socklen_t length = sizeof in;
  return call([&](const auto& to) { return to.accept(to.userdata, fd, reinterpret_cast<sockaddr*>(&in), &length); });
}

std::int64_t script::connect(int fd) {
  const sockaddr_in in = address_of(peer_address, 8080);
  return call(
      [&](const auto& to) { return to.connect(to.userdata, fd, reinterpret_cast<const sockaddr*>(&in), sizeof in); });
}

std::int64_t script::write(int fd, std::size_t bytes) {
  const std::vector<std::byte> data = pattern(0, bytes);
  return call([&](const auto& to) { return to.write(to.userdata, fd, data.data(), bytes); });
}

std::int64_t script::send(int fd, std::size_t bytes, int flags) {
  const std::vector<std::byte> data = pattern(0, bytes);
  return call([&](const auto& to) { return to.send(to.userdata, fd, data.data(), bytes, flags); });
}

std::int64_t script::read(int fd, std::size_t bytes) {
  std::vector<std::byte> data(bytes);
  return call([&](const auto& to) { return to.read(to.userdata, fd, data.data(), bytes); });
}

std::int64_t script::recv(int fd, std::size_t bytes, int flags) {
  std::vector<std::byte> data(bytes);
  return call([&](const auto& to) { return to.recv(to.userdata, fd, data.data(), bytes, flags); });
}

std::int64_t script::close(int fd) {
  return call([&](const auto& to) { return to.close(to.userdata, fd); });
}

std::int64_t script::shutdown(int fd, int how) {
  return call([&](const auto& to) { return to.shutdown(to.userdata, fd, how); });
}

std::int64_t script::set(int fd, int level, int name, int value) {
  return call([&](const auto& to) { return to.setsockopt(to.userdata, fd, level, name, &value, sizeof value); });
}

std::int64_t script::get(int fd, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  const std::int64_t result =
      call([&](const auto& to) { return to.getsockopt(to.userdata, fd, level, name, &value, &length); });
  return result < 0 ? result : value;
}

tcp_info script::info(int fd) {
  tcp_info info{};
  socklen_t length = sizeof info;
  const auto ask = [&](const auto& to) {
    return to.getsockopt(to.userdata, fd, IPPROTO_TCP, TCP_INFO, &info, &length);
  };
  EXPECT_EQ(call(ask), 0);
  return info;
}

std::int64_t script::ioctl(int fd, unsigned long request) {
  int value = 0;
  const std::int64_t result = call([&](const auto& to) { return to.ioctl(to.userdata, fd, request, &value); });
  return result < 0 ? result : value;
}

void script::set_nonblocking(int fd) {
  EXPECT_EQ(call([&](const auto& to) { return to.fcntl(to.userdata, fd, F_SETFL, O_RDWR | O_NONBLOCK); }), 0);
}

std::uint32_t script::poll(int fd, short events) {
  pollfd one{.fd = fd, .events = events, .revents = 0};
  EXPECT_GE(call([&](const auto& to) { return to.poll(to.userdata, &one, 1, 0); }), 0);
  return static_cast<std::uint16_t>(one.revents);
}

int script::accept_connection(std::string_view options, std::string_view window, double rtt_ms) {
  const int listener = listen();
  in(0, "S 0:0(0) win 32792 " + std::string(options));
  out(0, "S. 0:0(0) ack 1 <...>");
  std::string ack = ". 1:1(0) ack 1 win " + std::string(window);
  if (options.find("TS val") != std::string_view::npos) ack += " <TS val 1100 ecr 100>";
  in(rtt_ms, ack);
  const std::int64_t fd = accept(listener);
  EXPECT_GE(fd, 0);
  return static_cast<int>(fd);
}

int script::begin_connection() {
  const int fd = socket();
  set_nonblocking(fd);
  EXPECT_EQ(connect(fd), -EINPROGRESS);
  return fd;
}

int script::connect_connection(std::string_view options, std::string_view window, double rtt_ms) {
  const int fd = begin_connection();
  out(0, "S 0:0(0) <...>");
  std::string text(options);
  if (const auto at = text.find("ecr 0"); at != std::string::npos) text.replace(at, 5, "ecr 100");
  in(rtt_ms, "S. 0:0(0) ack 1 win " + std::string(window) + " " + text);
  out(0, ". 1:1(0) ack 1 <...>");
  EXPECT_EQ(get(fd, SOL_SOCKET, SO_ERROR), 0);
  return fd;
}

void script::sysctl(const std::string& name, const std::string& value) {
  if (!real_time_) std::filesystem::create_directories(std::filesystem::path(sysctls_ + "/" + name).parent_path());
  std::ofstream file(sysctls_ + "/" + name);
  file << value << std::flush;
  if (!file) throw std::runtime_error("cannot set " + name);
}

// Calls that block.

blocking_call script::blocking(std::function<std::int64_t(const packetdrill_interface&)> body) {
  blocking_call made;
  made.of_ = this;
  std::promise<blocking_call::outcome> end;
  made.end_ = end.get_future();
  std::promise<pid_t> started;
  std::future<pid_t> tid = started.get_future();
  made.thread_ =
      std::thread([this, body = std::move(body), end = std::move(end), started = std::move(started)]() mutable {
        started.set_value(gettid());
        blocking_call::outcome result;
        result.result = call(body);
        result.time_us = now_us();
        end.set_value(result);
      });
  const pid_t thread = tid.get();
  using namespace std::chrono_literals;
  while (made.end_.wait_for(0s) != std::future_status::ready && thread_state(thread) != 'S') std::this_thread::yield();
  return made;
}

void blocking_call::returns(std::int64_t result, double after_ms) {
  // Time must go on for the call to end by itself: a little more than asked, since a packet needs its time through a
  // NIC before the call begins.
  constexpr double margin_ms = 1;
  if (after_ms > 0) of_->wait_until(of_->event_us_ + std::llround((after_ms + margin_ms) * us_per_ms));
  using namespace std::chrono_literals;
  if (end_.wait_for(5s) != std::future_status::ready) {
    ADD_FAILURE() << "the call does not come back";
    return;
  }
  const outcome got = end_.get();
  EXPECT_EQ(got.result, result);
  of_->check_time(got.time_us, after_ms, "end of a blocking call");
}

void blocking_call::returns_some(std::int64_t result) { EXPECT_EQ(end_.get().result, result); }

blocking_call::~blocking_call() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace fourtuple::support
