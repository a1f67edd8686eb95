// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include "host/driver/flow_queues.hpp"
#include "tests/support/frames.hpp"
#include "tests/support/virtual_wire.hpp"

namespace fourtuple::support {

class virtual_wire::device final : public ip::net_device {
 public:
  device(virtual_wire& wire, int index) : wire_(wire), index_(index) {}

  [[nodiscard]] ip::net_device_features features() const noexcept override { return features_; }
  [[nodiscard]] packet::mac_address address() const noexcept override { return mac_of_end(index_); }
  [[nodiscard]] std::uint16_t mtu() const noexcept override { return mtu_; }
  void set_receiver(ip::net_device_receiver& receiver) noexcept override { receiver_ = &receiver; }

  [[nodiscard]] ip::netdev_tx xmit(const packet::tx_sk_buff& skb) override {
    if (busy_) {
      refused_ = true;
      return ip::netdev_tx::busy;
    }
    std::vector<std::byte> frame(skb.headers().begin(), skb.headers().end());
    for (const auto& piece : skb.payload()) frame.insert(frame.end(), piece.begin(), piece.end());
    if (skb.checksum_partial()) {
      const std::uint16_t sum = checksum(std::span<const std::byte>{frame}.subspan(skb.checksum_start()));
      put16(frame, skb.checksum_start() + skb.checksum_offset(), sum == 0 ? 0xffff : sum);
    }
    wire_.send(index_, std::move(frame));
    return ip::netdev_tx::ok;
  }
  void flush() override {}

  void connection_insert(const packet::connection_tuple& tuple, std::uint32_t handle) override {
    connections_[tuple] = handle;
  }
  void connection_delete(const packet::connection_tuple& tuple) override { connections_.erase(tuple); }

  /// The frames of one poll.
  void receive(std::span<const std::vector<std::byte>> frames) {
    if (receiver_ == nullptr) return;
    std::vector<packet::sk_buff> list;
    for (const auto& frame : frames) {
      packet::sk_buff& skb = list.emplace_back();
      skb.frame = frame;
      skb.timestamp_ns = wire_.clock_.now_ns();
      look_at(frame, skb);
      if (!features_.rx_checksum) continue;
      skb.raw_sum = static_cast<std::uint16_t>(~checksum(skb.frame.subspan(ethernet_bytes)));
      skb.raw_sum_valid = true;
    }
    receiver_->receive(list);
  }

  void set_busy(bool busy) {
    busy_ = busy;
    if (!busy && std::exchange(refused_, false) && receiver_ != nullptr) receiver_->tx_wake();
  }

  std::map<packet::connection_tuple, std::uint32_t> connections_;
  std::map<packet::connection_tuple, std::uint32_t> forced_;
  std::optional<std::uint32_t> hash_secret_;
  ip::net_device_features features_;
  std::uint16_t mtu_ = 1500;

 private:
  static constexpr std::size_t ethernet_bytes = 14;

  void look_at(std::span<const std::byte> frame, packet::sk_buff& skb) {
    if (!features_.connection_table && !hash_secret_) return;
    const auto segment = dissect(frame);
    if (!segment) return;
    const packet::connection_tuple tuple{segment->destination, segment->source, segment->header.destination_port,
                                         segment->header.source_port};
    if (hash_secret_) {
      skb.hash = driver::connection_hash(tuple, *hash_secret_);
      skb.hash_valid = true;
    }
    if (!features_.connection_table) return;
    for (const auto* table : {&forced_, &connections_}) {
      const auto found = table->find(tuple);
      if (found == table->end()) continue;
      skb.table_hit = true;
      skb.handle = found->second;
      return;
    }
  }

  virtual_wire& wire_;
  int index_;
  ip::net_device_receiver* receiver_ = nullptr;
  bool busy_ = false;
  bool refused_ = false;
};

virtual_wire::virtual_wire(virtual_clock& clock, std::uint64_t delay_ns)
    : clock_(clock),
      delay_ns_(delay_ns),
      ends_{std::make_unique<device>(*this, 0), std::make_unique<device>(*this, 1)} {}

virtual_wire::~virtual_wire() = default;

ip::net_device& virtual_wire::end(int index) noexcept { return *ends_[index]; }

void virtual_wire::set_busy(int index, bool busy) { ends_[index]->set_busy(busy); }

void virtual_wire::set_features(int index, const ip::net_device_features& features) noexcept {
  ends_[index]->features_ = features;
}

void virtual_wire::set_mtu(int index, std::uint16_t mtu) noexcept { ends_[index]->mtu_ = mtu; }

const std::map<packet::connection_tuple, std::uint32_t>& virtual_wire::connections(int index) const noexcept {
  return ends_[index]->connections_;
}

void virtual_wire::force_handle(int index, const packet::connection_tuple& tuple, std::uint32_t handle) {
  ends_[index]->forced_[tuple] = handle;
}

void virtual_wire::set_hash_secret(int index, std::uint32_t secret) noexcept { ends_[index]->hash_secret_ = secret; }

void virtual_wire::send(int from_end, std::vector<std::byte> frame) {
  auto segment = dissect(frame);
  if (segment) {
    segment->time_ns = clock_.now_ns();
    segment->from_end = from_end;
  }
  const fate f = filter_ ? filter_(from_end, segment ? &*segment : nullptr) : fate{};
  if (segment) capture_.push_back(std::move(*segment));
  if (f.drop) return;
  if (f.damage && frame.size() > 34) frame.back() ^= std::byte{0x40};
  for (unsigned i = 0; i < f.copies; ++i) {
    flying_.emplace(clock_.now_ns() + delay_ns_ + f.extra_delay_ns, in_flight{1 - from_end, frame});
  }
}

std::uint64_t virtual_wire::next_delivery_ns() const noexcept {
  return flying_.empty() ? base::never_ns : flying_.begin()->first;
}

void virtual_wire::deliver() {
  while (!flying_.empty() && flying_.begin()->first <= clock_.now_ns()) {
    const int end = flying_.begin()->second.to_end;
    std::vector<std::vector<std::byte>> frames;
    do {
      frames.push_back(std::move(flying_.extract(flying_.begin()).mapped().frame));
    } while (polls_ && !flying_.empty() && flying_.begin()->first <= clock_.now_ns() &&
             flying_.begin()->second.to_end == end);
    ends_[end]->receive(frames);
  }
}

}  // namespace fourtuple::support
