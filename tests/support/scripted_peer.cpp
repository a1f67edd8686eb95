// SPDX-License-Identifier: Apache-2.0
#include "tests/support/scripted_peer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace fourtuple::support {

scripted_peer::scripted_peer(const network_settings& settings) : network_(settings, 1) {
  network_.wire().end(1).set_receiver(*this);
}

network_settings scripted_peer::default_settings() {
  network_settings settings;
  settings.delay_ns = 0;
  return settings;
}

void scripted_peer::set_ports(std::uint16_t own, std::uint16_t stacks) noexcept {
  own_port_ = own;
  stacks_port_ = stacks;
}

captured_segment scripted_peer::make(std::string_view text) const {
  captured_segment segment = parse_notation(text, initial_sequence, stacks_isn_);
  segment.source = address_of_end[1];
  segment.destination = address_of_end[0];
  segment.header.source_port = own_port_;
  segment.header.destination_port = stacks_port_;
  return segment;
}

void scripted_peer::send(std::string_view text) {
  network_.wire().send(1, assemble(make(text), mac_of_end(1), mac_of_end(0)));
  network_.run_for_ms(0);
}

void scripted_peer::send_together(std::initializer_list<std::string_view> segments) {
  for (const std::string_view text : segments) {
    network_.wire().send(1, assemble(make(text), mac_of_end(1), mac_of_end(0)));
  }
  network_.wire().set_polls(true);
  network_.run_for_ms(0);
  network_.wire().set_polls(false);
}

void scripted_peer::send_damaged(std::string_view text, std::size_t byte_from_end) {
  auto frame = assemble(make(text), mac_of_end(1), mac_of_end(0));
  frame.at(frame.size() - 1 - byte_from_end) ^= std::byte{0x10};
  network_.wire().send(1, std::move(frame));
  network_.run_for_ms(0);
}

void scripted_peer::receive(std::span<const packet::sk_buff> list) {
  for (const auto& skb : list) {
    if (auto answer = answer_arp(skb.frame, address_of_end[1], mac_of_end(1))) {
      network_.wire().send(1, std::move(*answer));
      continue;
    }
    auto segment = dissect(skb.frame);
    if (!segment) continue;
    segment->time_ns = network_.clock().now_ns();
    if (segment->header.flags.syn) stacks_isn_ = segment->header.seq;
    inbox_.push_back(std::move(*segment));
  }
}

bool scripted_peer::wait(std::uint64_t within_ms) {
  static_cast<void>(network_.run_until([this] { return !inbox_.empty(); }, within_ms));
  if (inbox_.empty()) return false;
  last_ = inbox_.front();
  inbox_.pop_front();
  return true;
}

void scripted_peer::compare(std::string_view text) {
  const std::string expected{text};
  const bool with_options = expected.find('<') != std::string::npos && expected.find("<...>") == std::string::npos;
  const bool with_window = expected.find(" win ") != std::string::npos;
  std::string plain = expected.substr(0, expected.find(" <...>"));
  captured_segment said = last_;
  if (said.header.flags.syn) stacks_isn_ = said.header.seq;
  EXPECT_EQ(describe(said, stacks_isn_, initial_sequence, with_window, with_options), plain)
      << "all of it: " << describe(said, stacks_isn_, initial_sequence);
}

void scripted_peer::expect(std::string_view text, std::uint64_t within_ms) {
  if (!wait(within_ms)) {
    ADD_FAILURE() << "nothing came; expected: " << text;
    return;
  }
  compare(text);
}

void scripted_peer::expect_units(int from, int to, bool push, int mss, int unit) {
  for (int at = from; at < to; at += mss) {
    const int end = std::min(at + mss, to);
    const int in_unit = (at - from) / mss % unit;
    const bool ends_unit = (in_unit == unit - 1 || end == to) && in_unit > 0;
    expect(std::string{ends_unit || (push && end == to) ? "P. " : ". "} + std::to_string(at) + ":" +
           std::to_string(end) + "(" + std::to_string(end - at) + ") ack 1");
  }
}

void scripted_peer::expect_after(std::uint64_t after_ms, std::string_view text) {
  const std::uint64_t start = network_.now_ms();
  if (!wait(after_ms + 1)) {
    ADD_FAILURE() << "nothing came within " << after_ms << " ms; expected: " << text;
    return;
  }
  EXPECT_NEAR(static_cast<double>(last_.time_ns / base::ns_per_ms - start), static_cast<double>(after_ms), 1.0) << text;
  compare(text);
}

void scripted_peer::expect_silence(std::uint64_t ms) {
  network_.run_for_ms(ms);
  for (const auto& said : inbox_) {
    ADD_FAILURE() << "expected silence, came: " << describe(said, stacks_isn_, initial_sequence);
  }
  inbox_.clear();
}

endpoint scripted_peer::listen(std::uint16_t port, int backlog) {
  tcp::tcp_sock& listener = tcp().create();
  if (tcp().bind(listener, {}, port) != 0 || tcp().listen(listener, backlog) != 0) {
    throw std::runtime_error("bind or listen");
  }
  return {network_, 0, listener};
}

endpoint scripted_peer::accept_from_peer(std::string_view options, std::uint16_t window) {
  const endpoint listener = listen(stacks_port_);
  send("S 0:0(0) win 65535 " + std::string{options});
  if (!wait(10)) throw std::runtime_error("no SYN-ACK");
  send(". 1:1(0) ack 1 win " + std::to_string(window));
  int error = 0;
  tcp::tcp_sock* child = tcp().accept(listener.sk(), error);
  if (child == nullptr) throw std::runtime_error("nothing to accept");
  return {network_, 0, *child};
}

endpoint scripted_peer::accept_after(std::uint64_t rtt_ms, std::string_view options, std::uint16_t window) {
  const endpoint listener = listen(stacks_port_);
  send("S 0:0(0) win 65535 " + std::string{options});
  if (!wait(10)) throw std::runtime_error("no SYN-ACK");
  run_for_ms(rtt_ms);
  std::string ack = ". 1:1(0) ack 1 win " + std::to_string(window);
  if (last_.options.timestamps) ack += " <TS val 200 ecr " + std::to_string(last_.options.timestamps->value) + ">";
  send(ack);
  int error = 0;
  tcp::tcp_sock* child = tcp().accept(listener.sk(), error);
  if (child == nullptr) throw std::runtime_error("nothing to accept");
  return {network_, 0, *child};
}

endpoint scripted_peer::connect_to_peer(std::string_view options, std::uint16_t window) {
  tcp::tcp_sock& sk = tcp().create();
  if (tcp().connect(sk, address_of_end[1], own_port_) != -EINPROGRESS) throw std::runtime_error("connect");
  if (!wait(10)) throw std::runtime_error("no SYN");
  set_ports(own_port_, last_.header.source_port);
  send("S. 0:0(0) ack 1 win " + std::to_string(window) + " " + std::string{options});
  if (!wait(10)) throw std::runtime_error("no ACK");
  if (tcp().connect(sk, address_of_end[1], own_port_) != 0) throw std::runtime_error("not connected");
  return {network_, 0, sk};
}

}  // namespace fourtuple::support
