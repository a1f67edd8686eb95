// SPDX-License-Identifier: Apache-2.0
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>
#include <netif/ethernet.h>

#include <algorithm>
#include <array>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/stack/stack_pair.hpp"

namespace fourtuple::bench {
namespace {

constexpr u16_t port = 2'000;
u64_t now_ns = 1'000'000'000;

[[noreturn]] void fail(const char* what, long result) {
  throw std::runtime_error(std::string("lwIP: ") + what + ": " + std::to_string(result));
}

/// What an application remembers of one end of a connection.
struct open_end {
  tcp_pcb* pcb = nullptr;
  std::size_t unread = 0;
  bool connected = false;
  bool ended = false;
  bool reset = false;
};

struct open_connection {
  open_end client;
  open_end server;
};

struct in_flight {
  netif* to;
  pbuf* frame;
};

std::array<std::byte, write_bytes> received_bytes;

/// The application copies what came, and says so to TCP.
err_t on_receive(void* argument, tcp_pcb* pcb, pbuf* data, err_t) {
  auto& end = *static_cast<open_end*>(argument);
  if (data == nullptr) {
    end.ended = true;
    return ERR_OK;
  }
  for (u16_t done = 0; done < data->tot_len;) {
    done = static_cast<u16_t>(done + pbuf_copy_partial(data, received_bytes.data(), write_bytes, done));
  }
  end.unread += data->tot_len;
  tcp_recved(pcb, data->tot_len);
  pbuf_free(data);
  return ERR_OK;
}

void on_error(void* argument, err_t) {
  auto& end = *static_cast<open_end*>(argument);
  end.reset = true;
  end.pcb = nullptr;
}

err_t on_connected(void* argument, tcp_pcb*, err_t) {
  static_cast<open_end*>(argument)->connected = true;
  return ERR_OK;
}

/// One copy of lwIP with two interfaces; its lists of connections hold both ends.
class lwip_pair final : public stack_pair {
 public:
  lwip_pair() {
    lwip_init();
    for (u8_t i = 0; i < 2; ++i) add_interface(i);
    tcp_pcb* fresh = tcp_new();
    tcp_bind_netif(fresh, &interfaces_[1]);
    if (const err_t r = tcp_bind(fresh, IP_ADDR_ANY, port); r != ERR_OK) fail("tcp_bind", r);
    listener_ = tcp_listen_with_backlog(fresh, 255);
    tcp_arg(listener_, this);
    tcp_accept(listener_, &lwip_pair::on_accept);
  }

  void reserve(std::size_t connections) override { connections_.resize(connections); }

  void open(std::size_t connections) override {
    for (std::size_t i = 0; i < connections; ++i) establish(connections_.at(used_++));
  }

  void exchange(std::size_t connection) override {
    open_connection& c = connections_.at(connection);
    pass(c.client, c.server);
    pass(c.server, c.client);
  }

  void connect_and_end(ending how, bool with_exchange) override {
    open_connection c;
    establish(c);
    if (with_exchange) {
      pass(c.client, c.server);
      pass(c.server, c.client);
    }
    if (how == ending::fin) {
      tcp_arg(c.client.pcb, nullptr);
      tcp_recv(c.client.pcb, nullptr);
      tcp_err(c.client.pcb, nullptr);
      if (const err_t r = tcp_close(c.client.pcb); r != ERR_OK) fail("tcp_close", r);
      settle();
      if (!c.server.ended) throw std::runtime_error("lwIP: the server saw no end");
      tcp_err(c.server.pcb, nullptr);
      if (const err_t r = tcp_close(c.server.pcb); r != ERR_OK) fail("tcp_close", r);
    } else {
      tcp_err(c.client.pcb, nullptr);
      tcp_abort(c.client.pcb);
    }
    settle();
    if (how == ending::rst && !c.server.reset) throw std::runtime_error("lwIP: the server saw no reset");
  }

  /// It looks up each frame and sums all bytes; how many that is, it does not count.
  [[nodiscard]] work_done done() const override { return {.frames = frames_}; }

  void bulk(std::size_t bytes) override {
    open_connection& c = connections_.at(0);
    tcp_nagle_enable(c.client.pcb);
    std::size_t sent = 0;
    c.server.unread = 0;
    while (c.server.unread < bytes) {
      while (sent < bytes) {
        const std::size_t room = tcp_sndbuf(c.client.pcb);
        const auto piece = static_cast<u16_t>(std::min({write_bytes, bytes - sent, room}));
        if (piece < std::min(write_bytes, bytes - sent)) break;
        if (tcp_write(c.client.pcb, buffer_.data(), piece, TCP_WRITE_FLAG_COPY) != ERR_OK) break;
        sent += piece;
      }
      tcp_output(c.client.pcb);
      if (flying_.empty()) {
        now_ns += 250'000'000;
      } else {
        deliver_one();
      }
      run_due_timers();
    }
    settle();
  }

 private:
  void add_interface(u8_t index) {
    netif& interface = interfaces_[index];
    ip4_addr_t address;
    ip4_addr_t mask;
    ip4_addr_t none;
    IP4_ADDR(&address, 192, 168, 0, static_cast<u8_t>(index + 1));
    IP4_ADDR(&mask, 255, 255, 255, 0);
    ip4_addr_set_zero(&none);
    const netif_init_fn init = [](netif* n) -> err_t {
      n->name[0] = 'm';
      n->name[1] = 'w';
      n->mtu = 1500;
      n->hwaddr_len = 6;
      n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
      n->output = etharp_output;
      n->linkoutput = &lwip_pair::transmit;
      return ERR_OK;
    };
    if (netif_add(&interface, &address, &mask, &none, this, init, ethernet_input) == nullptr) fail("netif_add", 0);
    const std::array<u8_t, 6> hardware_address{2, 0, 0, 0, 0, static_cast<u8_t>(index + 1)};
    std::ranges::copy(hardware_address, interface.hwaddr);
    netif_set_up(&interface);
  }

  /// One copy, into the buffer in which the other end receives.
  static err_t transmit(netif* from, pbuf* frame) {
    auto& self = *static_cast<lwip_pair*>(from->state);
    pbuf* copy = pbuf_alloc(PBUF_RAW, frame->tot_len, PBUF_RAM);
    if (copy == nullptr) return ERR_MEM;
    pbuf_copy(copy, frame);
    self.flying_.push_back({from == &self.interfaces_[0] ? &self.interfaces_[1] : &self.interfaces_[0], copy});
    return ERR_OK;
  }

  static err_t on_accept(void* argument, tcp_pcb* pcb, err_t error) {
    if (error != ERR_OK || pcb == nullptr) return ERR_VAL;
    static_cast<lwip_pair*>(argument)->accepted_ = pcb;
    return ERR_OK;
  }

  void deliver_one() {
    const in_flight next = flying_.front();
    flying_.pop_front();
    now_ns += frame_time_ns;
    ++frames_;
    if (next.to->input(next.frame, next.to) != ERR_OK) pbuf_free(next.frame);
  }

  void run_due_timers() {
    while (now_ns - last_tick_ns_ >= TCP_TMR_INTERVAL * 1'000'000ULL) {
      last_tick_ns_ += TCP_TMR_INTERVAL * 1'000'000ULL;
      tcp_tmr();
    }
  }

  void settle() {
    while (!flying_.empty()) {
      deliver_one();
      run_due_timers();
    }
  }

  void establish(open_connection& c) {
    c.client.pcb = tcp_new();
    if (c.client.pcb == nullptr) fail("tcp_new", 0);
    tcp_bind_netif(c.client.pcb, &interfaces_[0]);
    tcp_arg(c.client.pcb, &c.client);
    tcp_recv(c.client.pcb, on_receive);
    tcp_err(c.client.pcb, on_error);
    tcp_nagle_disable(c.client.pcb);
    accepted_ = nullptr;
    if (const err_t r = tcp_connect(c.client.pcb, netif_ip_addr4(&interfaces_[1]), port, on_connected); r != ERR_OK) {
      fail("tcp_connect", r);
    }
    settle();
    if (!c.client.connected || accepted_ == nullptr) throw std::runtime_error("lwIP: no connection");
    c.server.pcb = accepted_;
    tcp_arg(c.server.pcb, &c.server);
    tcp_recv(c.server.pcb, on_receive);
    tcp_err(c.server.pcb, on_error);
    tcp_nagle_disable(c.server.pcb);
  }

  void pass(open_end& sender, open_end& receiver) {
    receiver.unread = 0;
    if (const err_t r = tcp_write(sender.pcb, buffer_.data(), request_bytes, TCP_WRITE_FLAG_COPY); r != ERR_OK) {
      fail("tcp_write", r);
    }
    if (const err_t r = tcp_output(sender.pcb); r != ERR_OK) fail("tcp_output", r);
    settle();
    if (receiver.unread != request_bytes) fail("bytes received", static_cast<long>(receiver.unread));
  }

  std::array<netif, 2> interfaces_{};
  tcp_pcb* listener_ = nullptr;
  tcp_pcb* accepted_ = nullptr;
  std::deque<in_flight> flying_;
  std::vector<open_connection> connections_;
  std::size_t used_ = 0;
  std::uint64_t frames_ = 0;
  u64_t last_tick_ns_ = now_ns;
  std::array<std::byte, write_bytes> buffer_{};
};

}  // namespace

std::unique_ptr<stack_pair> make_lwip_pair() { return std::make_unique<lwip_pair>(); }

}  // namespace fourtuple::bench

/// lwIP asks the program for the time; this takes the place of the library's own, which reads the machine's clock.
extern "C" u32_t sys_now(void) { return static_cast<u32_t>(fourtuple::bench::now_ns / 1'000'000); }
