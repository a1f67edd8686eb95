// SPDX-License-Identifier: Apache-2.0
#include "bench/stack/memory_wire.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "host/base/byte_order.hpp"
#include "host/driver/flow_queues.hpp"
#include "host/ip/gso.hpp"
#include "host/packet/checksum.hpp"

namespace fourtuple::bench {
namespace {

constexpr std::size_t ethernet_bytes = 14;
constexpr std::size_t ipv4_bytes = 20;  // The stack sends no IPv4 options.
constexpr std::size_t protocol_at = ethernet_bytes + 9;
constexpr std::uint16_t ethertype_ipv4 = 0x0800;
constexpr std::uint8_t protocol_tcp = 6;

bool is_tcp(std::span<const std::byte> frame) {
  return frame.size() >= ethernet_bytes + ipv4_bytes + 20 && base::load_be16(frame, 12) == ethertype_ipv4 &&
         frame[protocol_at] == std::byte{protocol_tcp};
}

struct tuple_hash {
  std::size_t operator()(const packet::connection_tuple& t) const noexcept {
    const std::uint64_t addresses = std::uint64_t{t.local.value} << 32 | t.foreign.value;
    const std::uint64_t ports = std::uint64_t{t.local_port} << 16 | t.foreign_port;
    return (addresses ^ ports * 0x9e3779b97f4a7c15ULL) * 0xff51afd7ed558ccdULL >> 7;
  }
};

}  // namespace

class memory_wire::device final : public ip::net_device {
 public:
  device(memory_wire& wire, int index, offload what)
      : wire_(wire),
        index_(index),
        what_(what),
        features_{.rx_checksum = what != offload::none,
                  .tx_checksum = what != offload::none,
                  .tso = what == offload::nic,
                  .connection_table = what == offload::nic} {}

  [[nodiscard]] ip::net_device_features features() const noexcept override { return features_; }
  [[nodiscard]] packet::mac_address address() const noexcept override {
    return {{0x02, 0, 0, 0, 0, static_cast<std::uint8_t>(index_ + 1)}};
  }
  [[nodiscard]] std::uint16_t mtu() const noexcept override { return 1500; }
  void set_receiver(ip::net_device_receiver& receiver) noexcept override { receiver_ = &receiver; }

  [[nodiscard]] ip::netdev_tx xmit(const packet::tx_sk_buff& skb) override {
    if (skb.gso_size != 0) {
      send_segments(skb);
    } else {
      send(skb);
    }
    return ip::netdev_tx::ok;
  }
  void flush() override {}

  // What begins with device_ is the device's work, and is not counted; nor are these two. All are calls, so that they
  // can be told by their names.
  [[gnu::noinline]] void connection_insert(const packet::connection_tuple& tuple, std::uint32_t handle) override {
    connections_[tuple] = handle;
  }
  [[gnu::noinline]] void connection_delete(const packet::connection_tuple& tuple) override {
    connections_.erase(tuple);
  }

  std::uint32_t hash_secret = 0;  ///< The host's.

  /// One more frame of the poll at hand.
  void take(in_flight& frame) {
    device_receive(frame, *std::construct_at(&list_[listed_++], packet::sk_buff{.frame = frame.contents()}));
  }
  /// The poll ends.
  void hand_up() { receiver_->receive(std::span{list_}.first(std::exchange(listed_, 0))); }

 private:
  void send(const packet::tx_sk_buff& skb) {
    in_flight& frame = wire_.send(index_);
    frame.append_headers(skb.headers());
    for (const auto piece : skb.payload()) frame.append(piece);
    if (skb.checksum_partial()) {
      frame.checksum_start = static_cast<std::uint16_t>(skb.checksum_start());
      frame.checksum_offset = static_cast<std::uint16_t>(skb.checksum_offset());
    }
  }

  /// The host's copy is of the whole; cutting it up is the device's.
  void send_segments(const packet::tx_sk_buff& whole) {
    std::size_t copied = 0;
    for (const auto piece : whole.payload()) {
      std::memcpy(whole_.get() + copied, piece.data(), piece.size());
      copied += piece.size();
    }
    device_segment(whole);
  }
  [[gnu::noinline]] void device_segment(const packet::tx_sk_buff& whole) {
    const ip::gso_segments segments(whole);
    for (std::size_t i = 0; i < segments.count(); ++i) {
      in_flight& frame = wire_.send(index_);
      const packet::tx_sk_buff segment = segments.segment(i);
      frame.append(segment.headers());
      for (const auto piece : segment.payload()) frame.append(piece);
      put_checksum(frame.contents(), segment.checksum_start(), segment.checksum_offset());
    }
  }

  static void put_checksum(std::span<std::byte> frame, std::size_t start, std::size_t offset) {
    const std::uint16_t sum = packet::internet_checksum{}.add(frame.subspan(start)).checksum();
    base::store_be16(frame, start + offset, sum == 0 ? std::uint16_t{0xffff} : sum);
  }

  [[gnu::noinline]] void device_receive(in_flight& frame, packet::sk_buff& skb) {
    wire_.count(frame);
    if (frame.checksum_start != 0) put_checksum(frame.contents(), frame.checksum_start, frame.checksum_offset);
    if (what_ != offload::none) look_at(skb);
  }

  /// What a completion of the NIC would say.
  void look_at(packet::sk_buff& skb) const {
    if (!is_tcp(skb.frame)) return;
    const packet::ipv4_address source{base::load_be32(skb.frame, ethernet_bytes + 12)};
    const packet::ipv4_address destination{base::load_be32(skb.frame, ethernet_bytes + 16)};
    const std::size_t total = base::load_be16(skb.frame, ethernet_bytes + 2);
    const auto segment = skb.frame.subspan(ethernet_bytes + ipv4_bytes, total - ipv4_bytes);
    skb.network_checksum = packet::ip_summed::unnecessary;
    skb.transport_checksum = packet::transport_checksum(source, destination, protocol_tcp, segment) == 0
                                 ? packet::ip_summed::unnecessary
                                 : packet::ip_summed::bad;
    if (what_ != offload::nic) return;
    const packet::connection_tuple tuple{destination, source, base::load_be16(segment, 2), base::load_be16(segment, 0)};
    skb.hash = driver::connection_hash(tuple, hash_secret);
    skb.hash_valid = true;
    const auto found = connections_.find(tuple);
    if (found == connections_.end()) return;
    skb.table_hit = true;
    skb.handle = found->second;
  }

  memory_wire& wire_;
  int index_;
  offload what_;
  ip::net_device_features features_;
  ip::net_device_receiver* receiver_ = nullptr;
  std::array<packet::sk_buff, napi_budget> list_;
  std::size_t listed_ = 0;
  std::unique_ptr<std::byte[]> whole_ = std::make_unique_for_overwrite<std::byte[]>(std::size_t{1} << 16);
  std::unordered_map<packet::connection_tuple, std::uint32_t, tuple_hash> connections_;
};

memory_wire::memory_wire(bench_clock& clock, offload what)
    : clock_(clock), ends_{std::make_unique<device>(*this, 0, what), std::make_unique<device>(*this, 1, what)} {
  make_ring(16);
}

memory_wire::~memory_wire() = default;

ip::net_device& memory_wire::end(int index) noexcept { return *ends_[index]; }

void memory_wire::set_hash_secret(int end, std::uint32_t secret) noexcept { ends_[end]->hash_secret = secret; }

void memory_wire::in_flight::append(std::span<const std::byte> piece) noexcept {
  // Not memcpy, for which the compiler puts in `rep movsb` where it expects another size. Callgrind counts each byte of
  // that as an instruction (measure.py).
  std::memmove(bytes.data() + size, piece.data(), piece.size());
  size += piece.size();
}

void memory_wire::in_flight::append_headers(std::span<const std::byte> headers) noexcept {
  // Ethernet, IPv4, and TCP with a few options. The last of both blocks overlap, as in any library's memcpy.
  constexpr std::size_t first = 64;
  constexpr std::size_t last = 16;
  if (headers.size() - first > last) {
    append(headers);
    return;
  }
  const std::size_t rest = headers.size() - last;
  std::memcpy(bytes.data() + size, headers.data(), first);
  std::memcpy(bytes.data() + size + rest, headers.data() + rest, last);
  size += headers.size();
}

memory_wire::in_flight& memory_wire::send(int from_end) {
  if (sent_ - delivered_ > ring_mask_) grow();
  in_flight& frame = at(sent_++);
  frame.to_end = 1 - from_end;
  frame.size = 0;
  frame.checksum_start = 0;
  return frame;
}

/// Twice as many; those that fly keep their order.
void memory_wire::grow() {
  std::ranges::rotate(ring_, ring_.begin() + static_cast<std::ptrdiff_t>(delivered_ & ring_mask_));
  sent_ -= delivered_;
  delivered_ = 0;
  make_ring(2 * ring_.size());
}

void memory_wire::make_ring(std::size_t frames) {
  ring_.resize(frames);
  ring_mask_ = frames - 1;
  for (auto& frame : ring_) {
    if (frame == nullptr) frame = std::make_unique<in_flight>();
  }
}

void memory_wire::count(const in_flight& frame) noexcept {
  ++frames_;
  if (is_tcp(frame.contents())) tcp_bytes_ += frame.size - ethernet_bytes - ipv4_bytes;
}

void memory_wire::deliver() {
  in_flight* next = &at(delivered_);
  const int end = next->to_end;
  device& to = *ends_[end];
  // Their buffers are free when they were received, not before.
  std::size_t polled = 0;
  do {
    ++polled;
    clock_.advance(frame_time_ns);
    to.take(*next);
    if (polled == napi_budget || delivered_ + polled == sent_) break;
    next = &at(delivered_ + polled);
  } while (next->to_end == end);
  to.hand_up();
  delivered_ += polled;
}

}  // namespace fourtuple::bench
