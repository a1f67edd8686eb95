// SPDX-License-Identifier: Apache-2.0
#include "host/tcp/tcp_cong.hpp"

#include <algorithm>

#include "host/tcp/tcp_cubic.hpp"
#include "host/tcp/tcp_output.hpp"

namespace fourtuple::tcp {
namespace {

constexpr std::uint32_t snd_cwnd_clamp = 1U << 20;

class reno final : public tcp_congestion_ops {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "reno"; }
  [[nodiscard]] std::uint32_t ssthresh(tcp_sock& tp) const noexcept override {
    return std::max<std::uint32_t>(tp.snd_cwnd / 2, 2);
  }
  void cong_avoid(tcp_sock& tp, std::uint32_t acked) const noexcept override {
    if (tcp_in_slow_start(tp)) acked = tcp_slow_start(tp, acked);
    if (acked != 0) tcp_cong_avoid_ai(tp, tp.snd_cwnd, acked);
  }
};

}  // namespace

void tcp_congestion_ops::init(tcp_sock&) const noexcept {}
void tcp_congestion_ops::pkts_acked(tcp_sock&, const ack_sample&) const noexcept {}
void tcp_congestion_ops::set_state(tcp_sock&, tcp_ca) const noexcept {}
void tcp_congestion_ops::tx_start(tcp_sock&) const noexcept {}
void tcp_congestion_ops::in_ack_event(tcp_sock&, bool) const noexcept {}
void tcp_congestion_ops::data_received(tcp_sock&, bool) const {}

std::uint32_t tcp_congestion_ops::undo_cwnd(const tcp_sock& tp) const noexcept {
  return std::max(tp.snd_cwnd, tp.prior_cwnd);
}

const tcp_congestion_ops& tcp_reno() noexcept {
  static const reno instance;
  return instance;
}

const tcp_congestion_ops* tcp_ca_find(std::string_view name) noexcept {
  for (const tcp_congestion_ops* ops : {&tcp_cubic(), &tcp_reno(), &tcp_dctcp()}) {
    if (ops->name() == name) return ops;
  }
  return nullptr;
}

std::uint32_t tcp_slow_start(tcp_sock& tp, std::uint32_t acked) noexcept {
  const std::uint32_t cwnd = std::min(tp.snd_cwnd + acked, tp.snd_ssthresh);
  const std::uint32_t left = acked - (cwnd - tp.snd_cwnd);
  tp.snd_cwnd = std::min(cwnd, snd_cwnd_clamp);
  return left;
}

void tcp_cong_avoid_ai(tcp_sock& tp, std::uint32_t w, std::uint32_t acked) noexcept {
  // Credit from before the window grew counts as one segment at most.
  if (tp.snd_cwnd_cnt >= w) {
    tp.snd_cwnd_cnt = 0;
    ++tp.snd_cwnd;
  }
  tp.snd_cwnd_cnt += acked;
  if (tp.snd_cwnd_cnt >= w) {
    const std::uint32_t grow = tp.snd_cwnd_cnt / w;
    tp.snd_cwnd_cnt -= grow * w;
    tp.snd_cwnd += grow;
  }
  tp.snd_cwnd = std::min(tp.snd_cwnd, snd_cwnd_clamp);
}

}  // namespace fourtuple::tcp
