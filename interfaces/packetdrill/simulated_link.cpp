// SPDX-License-Identifier: Apache-2.0
#include "interfaces/packetdrill/simulated_link.hpp"

#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "host/packet/ipv4_header.hpp"
#include "host/packet/tcp_header.hpp"
#include "model/nic/functional_nic.hpp"
#include "model/sim/time.hpp"
#include "tb/rtl_nic.hpp"

namespace fourtuple::packetdrill {

namespace {

namespace sim = model::sim;

// Linux: dev_weight.
constexpr std::size_t napi_budget = 64;
constexpr std::uint64_t ps_per_ns = 1'000;
/// More than it takes to clear the connection table.
constexpr std::uint64_t bring_up_patience_ns = 100 * base::ns_per_ms;

/// Says so if it is not the first: modules cannot be added to a simulation that has begun.
const char* name_of_the_only_one() {
  static bool taken = false;
  if (std::exchange(taken, true)) {
    throw std::invalid_argument("packetdrill flags: there can be one simulated NIC in a process, and there was one");
  }
  return "root";
}

model::nic::nic_config config_of_both() {
  const tb::rtl_parameters built = tb::built_rtl_parameters();
  model::nic::nic_config config;
  config.clock_period_ps = built.clock_period_ps;
  config.queues = built.queues;
  config.buckets_log2 = built.buckets_log2;
  config.overflow_lines_log2 = built.overflow_lines_log2;
  return config;
}

std::unique_ptr<model::nic::nic> make_nic(nic_kind kind) {
  const model::nic::nic_config config = config_of_both();
  if (kind == nic_kind::model) return std::make_unique<model::nic::functional_nic>("nic", config);
  return std::make_unique<tb::rtl_nic>("nic", config);
}

/// sc_start(duration) ends before the processes of its last moment have run; sc_start(0) runs one delta cycle.
void run_current_time() {
  while (sc_core::sc_get_status() != sc_core::SC_STOPPED && sc_core::sc_pending_activity_at_current_time()) {
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }
}

}  // namespace

simulated_link::simulated_link(const interface_flags& flags, base::clock& clock, std::uint32_t hash_secret)
    : clock_(clock),
      gro_mss_(flags.gro_mss),
      root_(name_of_the_only_one(), {}, iommu_, "nic"),
      pcie_("pcie", {}),
      nic_(make_nic(flags.nic)),
      wire_("wire", {}),
      to_wire_("to_wire"),
      from_wire_("from_wire", [this](model::wire::frame&& content,
                                     sc_core::sc_time arrival) { on_frame(std::move(content.bytes), arrival); }),
      mmio_(root_),
      interrupts_(root_),
      dma_(iommu_) {
  root_.to_device().socket.bind(pcie_.from_root().socket);
  pcie_.to_endpoint().socket.bind(nic_->downstream().socket);
  nic_->upstream().socket.bind(pcie_.from_endpoint().socket);
  pcie_.to_root().socket.bind(root_.from_device().socket);
  nic_->ethernet_out().socket.bind(wire_.from_a().socket);
  wire_.to_a().socket.bind(nic_->ethernet_in().socket);
  to_wire_.socket.bind(wire_.from_b().socket);
  wire_.to_b().socket.bind(from_wire_.socket);

  driver::nic_options options;
  options.address = stack_mac;
  options.mtu = flags.mtu;
  options.hash_secret = hash_secret;
  // What is sent leaves in the order in which it was: the joiner counts on it.
  options.queues = 1;
  driver_ = std::make_unique<driver::nic_driver>(
      mmio_, dma_, interrupts_, options, [this] { device_event_.notify(sc_core::SC_ZERO_TIME); },
      [](std::string_view line) { std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data()); });
  driver_->set_receiver(*this);
  bring_up();
}

simulated_link::~simulated_link() = default;

/// Takes time of the simulation, but none of the tool's.
void simulated_link::bring_up() {
  setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 0);
  sc_core::sc_spawn_options in_thread;
  sc_core::sc_spawn([this] { event_context(); }, "event_context", &in_thread);
  in_kernel_ = true;
  for (std::uint64_t waited_ns = 0; !opened_ && waited_ns < bring_up_patience_ns; waited_ns += base::ns_per_us) {
    sc_core::sc_start(sim::from_ns(base::ns_per_us));
  }
  run_current_time();
  in_kernel_ = false;
  if (!opened_) throw std::runtime_error("the simulated NIC does not come up");
  if (*opened_ != driver::nic_result::ok) throw std::runtime_error(std::string(driver::describe(*opened_)));
  start_ns_ = clock_.now_ns() - sim::to_ns(sc_core::sc_time_stamp());
}

/// What reads registers has to wait, and only a thread of the simulation can.
void simulated_link::event_context() {
  opened_ = driver_->open();
  for (;;) {
    sc_core::wait(device_event_);
    while (driver_->event_pending()) driver_->handle_event();
  }
}

std::uint64_t simulated_link::next_deadline_ns() const {
  std::uint64_t next_ns = base::never_ns;
  if (sc_core::sc_pending_activity()) {
    const std::uint64_t ps = sim::to_ps(sc_core::sc_time_stamp()) + sim::to_ps(sc_core::sc_time_to_pending_activity());
    next_ns = start_ns_ + (ps + ps_per_ns - 1) / ps_per_ns;
  }
  // What has left, but is not at the far end yet.
  if (!sent_.empty() && sent_.front().time_ns > clock_.now_ns()) next_ns = std::min(next_ns, sent_.front().time_ns);
  return next_ns;
}

/// Nothing is pending before the clock's time but what run() has left for it.
void simulated_link::catch_up() {
  if (in_kernel_) return;
  in_kernel_ = true;
  const sc_core::sc_time left = sim::until(sim::from_ns(clock_.now_ns() - start_ns_));
  if (left > sc_core::SC_ZERO_TIME) sc_core::sc_start(left);
  in_kernel_ = false;
}

void simulated_link::run() {
  catch_up();
  in_kernel_ = true;
  run_current_time();
  in_kernel_ = false;
  if (!driver_->poll_pending()) return;
  while (driver_->poll(napi_budget) >= napi_budget) {
  }
  driver_->complete();
}

bool simulated_link::receive(std::span<const std::byte> packet) {
  if (packet.size() < packet::ipv4_header::min_bytes) return false;
  if (packet.size() <= mtu()) {
    inject(frame_to_stack(packet));
    return true;
  }
  const std::size_t headers = packet::ipv4_header::min_bytes + packet::tcp_header::bytes;
  const auto pieces = cut_packet(packet, gro_mss_ != 0 ? gro_mss_ : mtu() - headers);
  for (const auto& piece : pieces) inject(frame_to_stack(piece));
  return !pieces.empty();
}

void simulated_link::inject(std::vector<std::byte> frame) {
  catch_up();
  ++frames_injected_;
  to_wire_.send({.bytes = std::move(frame)}, sc_core::SC_ZERO_TIME);
}

/// At the tool's end of the wire; called ahead of the arrival.
void simulated_link::on_frame(std::vector<std::byte> frame, sc_core::sc_time arrival) {
  const std::uint64_t arrival_ns = start_ns_ + (sim::to_ps(arrival) + ps_per_ns - 1) / ps_per_ns;
  std::vector<std::byte> content;
  if (const auto packet = packet_in(frame)) {
    // Without the padding of short frames.
    const auto parsed = packet::parse_ipv4(*packet, true);
    const auto* ip = std::get_if<packet::ipv4_datagram>(&parsed);
    const std::size_t bytes = ip != nullptr ? ip->header.total_bytes : packet->size();
    content.assign(packet->begin(), packet->begin() + static_cast<std::ptrdiff_t>(bytes));
  } else if (auto answer = arp_answer(frame)) {
    ++frames_injected_;
    to_wire_.send({.bytes = std::move(*answer)}, sim::until(arrival));
  }
  // One that is no packet counts as well.
  for (auto& whole : joiner_.add(std::move(content))) {
    if (!whole.empty()) sent_.push_back({arrival_ns, std::move(whole)});
  }
}

bool simulated_link::has_sent() const noexcept { return !sent_.empty() && sent_.front().time_ns <= clock_.now_ns(); }

std::optional<sent_packet> simulated_link::take() {
  if (!has_sent()) return std::nullopt;
  sent_packet next = std::move(sent_.front());
  sent_.pop_front();
  return next;
}

ip::netdev_tx simulated_link::xmit(const packet::tx_sk_buff& skb) {
  catch_up();
  const ip::netdev_tx result = driver_->xmit(skb);
  if (result == ip::netdev_tx::ok) joiner_.expect(skb.gso_segs());
  return result;
}

void simulated_link::flush() {
  catch_up();
  driver_->flush();
}

void simulated_link::connection_insert(const packet::connection_tuple& tuple, std::uint32_t handle) {
  catch_up();
  driver_->connection_insert(tuple, handle);
}

void simulated_link::connection_delete(const packet::connection_tuple& tuple) {
  catch_up();
  driver_->connection_delete(tuple);
}

void simulated_link::receive(std::span<const packet::sk_buff> list) {
  frames_received_ += list.size();
  receiver_->receive(list);
}

}  // namespace fourtuple::packetdrill
