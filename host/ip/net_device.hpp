// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "host/packet/addresses.hpp"
#include "host/packet/sk_buff.hpp"

namespace fourtuple::ip {

/// What a device does by itself (Linux: netdev_features_t).
struct net_device_features {
  bool rx_checksum = false;             ///< Verdicts in sk_buff.
  bool tx_checksum = false;             ///< Takes frames with checksum_partial().
  bool tso = false;                     ///< Takes frames with gso_size, within the two limits below.
  bool connection_table = false;        ///< Looks connections up and reports handles.
  bool loopback = false;                ///< What is sent is received by this host itself (Linux: IFF_LOOPBACK).
  std::uint32_t tso_max_size = 65'536;  ///< With tso: bytes of payload behind one header must be fewer.
  std::uint16_t tso_max_segs = 65'535;  ///< With tso: segments that one frame may become.
};

/// What became of a frame handed to xmit (Linux: netdev_tx_t).
enum class netdev_tx : std::uint8_t {
  ok,    ///< Taken; everything that the frame referred to may be reused.
  busy,  ///< No room, nothing was taken. net_device_receiver::tx_wake follows when there is room again.
};

/// Who gets what a device receives: the stack.
class net_device_receiver {
 public:
  net_device_receiver() = default;
  net_device_receiver(const net_device_receiver&) = delete;
  net_device_receiver& operator=(const net_device_receiver&) = delete;
  virtual ~net_device_receiver() = default;

  /// A list of frames from one poll, in order of arrival (Linux: netif_receive_skb_list). The bytes are valid during
  /// the call.
  virtual void receive(std::span<const packet::sk_buff> list) = 0;

  /// There is room again in a queue after a `busy` for it (Linux: netif_tx_wake_queue).
  virtual void tx_wake() = 0;
};

/// A network device as the stack sees it. A driver implements it; so do wrappers that capture or disturb, and wires for
/// tests.
///
/// Threads: the stack's, one at a time. xmit never calls back into the receiver.
class net_device {
 public:
  net_device() = default;
  net_device(const net_device&) = delete;
  net_device& operator=(const net_device&) = delete;
  virtual ~net_device() = default;

  [[nodiscard]] virtual net_device_features features() const noexcept = 0;
  [[nodiscard]] virtual packet::mac_address address() const noexcept = 0;
  /// Largest IP packet, in bytes.
  [[nodiscard]] virtual std::uint16_t mtu() const noexcept = 0;

  /// Transmit queues, which fill up independently of one another (Linux: real_num_tx_queues).
  [[nodiscard]] virtual unsigned num_tx_queues() const noexcept { return 1; }
  /// Which of them xmit puts the frame into; all frames of a connection into the same one (Linux: netdev_pick_tx).
  [[nodiscard]] virtual unsigned pick_tx(const packet::tx_sk_buff& /*skb*/) const noexcept { return 0; }

  /// Who receives. Set once, before traffic; not owned.
  virtual void set_receiver(net_device_receiver& receiver) noexcept = 0;

  /// Sends a complete Ethernet frame. It may be held back until flush(). A frame with gso_size is for a device with
  /// tso; qdisc cuts it up in front of others.
  [[nodiscard]] virtual netdev_tx xmit(const packet::tx_sk_buff& skb) = 0;

  /// Makes the device start on what xmit has taken: one doorbell for several frames (Linux: the end of xmit_more).
  virtual void flush() = 0;

  /// Asks the device to report `handle` for the connection from now on. Best effort: the device may be full, and
  /// answers later, so frames may miss for a while or for ever.
  virtual void connection_insert(const packet::connection_tuple& tuple, std::uint32_t handle) = 0;

  /// Makes the device forget the connection. Never lost; frames may still hit for a while.
  virtual void connection_delete(const packet::connection_tuple& tuple) = 0;
};

}  // namespace fourtuple::ip
