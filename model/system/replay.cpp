// SPDX-License-Identifier: Apache-2.0
#include "model/system/replay.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <set>
#include <stdexcept>
#include <systemc>
#include <utility>

#include "host/driver/nic_driver.hpp"
#include "model/host/simulated_clock.hpp"
#include "model/host/simulated_device.hpp"
#include "model/host/simulated_threading.hpp"
#include "model/nic/functional_nic.hpp"
#include "model/observe/frame_summary.hpp"
#include "model/observe/story.hpp"
#include "model/observe/taps.hpp"
#include "model/sim/time.hpp"
#include "model/system/platform.hpp"

namespace fourtuple::model::system {
namespace {

constexpr std::size_t poll_budget = 64;
constexpr std::uint64_t look_period_ns = 500;
// Long after anything that a device can still have to do with a frame.
constexpr std::uint64_t patience_ns = 1'000'000;
// A command of the connection table and its answer, with much to spare.
constexpr std::uint64_t command_ns = 5'000;
// How many frames may be under way before the next one is read: less than any ring holds.
constexpr std::size_t most_under_way = 256;

// Frees what it is given: the driver has counted it by then.
class discard final : public ip::net_device_receiver {
 public:
  void receive(std::span<const packet::sk_buff>) override {}
  void tx_wake() override {}
};

// One device with its link, memory and driver. No stack: what the driver hands up is let go.
class station final : public sc_core::sc_module {
 public:
  station(sc_core::sc_module_name name, const replay_options& replay, const platform_options& options,
          observe::timeline& events)
      : sc_module(name),
        root_("root", root_complex_config_of(options), iommu_, basename()),
        link_("link", link_config_of(options)),
        nic_(make_device(replay, options)),
        to_nic_("to_nic"),
        from_nic_("from_nic", [](wire::frame&&, sc_core::sc_time) {}),
        mmio_(root_),
        interrupts_(root_),
        dma_(iommu_),
        work_(threading_.make_wait_queue()),
        driver_(
            mmio_, dma_, interrupts_, nic_options(), [this] { work_->wake_all(); }, [](std::string_view) {}),
        tap_(events, basename(), link_, *nic_) {
    root_.to_device().socket.bind(link_.from_root().socket);
    link_.to_endpoint().socket.bind(nic_->downstream().socket);
    nic_->upstream().socket.bind(link_.from_endpoint().socket);
    link_.to_root().socket.bind(root_.from_device().socket);
    to_nic_.socket.bind(nic_->ethernet_in().socket);
    nic_->ethernet_out().socket.bind(from_nic_.socket);
    driver_.set_receiver(discard_);
    sc_core::sc_spawn_options in_thread;
    sc_core::sc_spawn([this] { interrupt_context(); }, "interrupt_context", &in_thread);
  }

  [[nodiscard]] bool settled() const noexcept { return up_ || !failure_.empty(); }
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  [[nodiscard]] driver::nic_driver& driver() noexcept { return driver_; }
  [[nodiscard]] bool table_is_idle() const noexcept {
    return driver_.table().outstanding() == 0 && driver_.table().waiting() == 0;
  }

  /// The frame's last bit is at the MAC `delay` from now.
  void receive(const wire::frame& content, std::uint64_t number, sc_core::sc_time delay) {
    tap_.on_arrival(content, sc_core::sc_time_stamp() + delay, number);
    to_nic_.send(content, delay);
  }

 private:
  static std::unique_ptr<nic::nic> make_device(const replay_options& replay, const platform_options& options) {
    if (options.nic == nic_kind::rtl) return make_nic("nic", options, {});
    nic::nic_config config = nic_config_of(options);
    config.buckets_log2 = replay.table_buckets_log2;
    config.overflow_lines_log2 = replay.table_overflow_lines_log2;
    return std::make_unique<nic::functional_nic>("nic", config);
  }

  static driver::nic_options nic_options() {
    driver::nic_options options;
    options.address = {{0x02, 0x00, 0x00, 0x00, 0x00, 0x01}};
    options.mtu = 9'582;  // The longest frame that the device takes, 9600, less its header and one tag.
    options.promiscuous = true;
    options.all_multicast = true;
    options.hash_secret = 0;
    return options;
  }

  void interrupt_context() {
    if (const driver::nic_result result = driver_.open(); result != driver::nic_result::ok) {
      failure_ = std::string(basename()) + ": " + std::string(describe(result));
      return;
    }
    // The last writes of open() are on their way; an answer says that they have arrived.
    static_cast<void>(driver_.device_counters());
    up_ = true;
    for (;;) {
      if (!driver_.poll_pending() && !driver_.event_pending()) work_->wait_until(base::never_ns);
      if (driver_.poll_pending()) {
        while (driver_.poll(poll_budget) >= poll_budget) {
        }
        driver_.complete();
      }
      if (driver_.event_pending()) driver_.handle_event();
    }
  }

  host::simulated_clock clock_;
  host::simulated_threading threading_;
  pcie::iommu iommu_;
  pcie::root_complex root_;
  pcie::link link_;
  std::unique_ptr<nic::nic> nic_;
  wire::frame_out to_nic_;
  wire::frame_in from_nic_;
  host::simulated_mmio mmio_;
  host::simulated_interrupts interrupts_;
  host::simulated_dma_memory dma_;
  std::unique_ptr<base::wait_queue> work_;
  discard discard_;
  driver::nic_driver driver_;
  observe::nic_tap tap_;
  bool up_ = false;
  std::string failure_;
};

// Puts the devices' outcomes of each frame together.
class collector final : public observe::story_listener {
 public:
  collector(std::vector<std::string> devices, std::uint64_t clock_period_ps, const replay_sink& told)
      : devices_(std::move(devices)), clock_period_ps_(clock_period_ps), told_(told) {}

  void sent(std::size_t length_bytes, std::uint64_t arrival_ps) {
    frames_.push_back({.length_bytes = length_bytes,
                       .arrival_ps = arrival_ps,
                       .outcomes = std::vector<replay_outcome>(devices_.size())});
  }

  void on_happening(const observe::happening& what) override {
    if (what.frame == nullptr || what.frame->number < first_number_) return;
    const std::size_t place = what.frame->number - first_number_;
    const auto device = std::ranges::find(devices_, what.host);
    if (place >= frames_.size() || device == devices_.end()) return;
    replay_outcome& outcome = frames_[place].outcomes[static_cast<std::size_t>(device - devices_.begin())];
    outcome.known = true;
    if (what.record != nullptr) {
      outcome.received = true;
      outcome.record = *what.record;
      outcome.latency_clocks = (what.latency_ps + clock_period_ps_ - 1) / clock_period_ps_;
    } else {
      outcome.reason = what.reason;
    }
    hand_on(false);
  }
  void on_table_entries(std::uint64_t, std::string_view host, std::uint64_t entries) override {
    if (host == devices_.front()) totals_.inserted = entries;
  }

  [[nodiscard]] std::size_t under_way() const noexcept { return frames_.size(); }
  /// The rest, known or not.
  void finish() { hand_on(true); }
  [[nodiscard]] replay_totals& totals() noexcept { return totals_; }

 private:
  struct frame_state {
    std::size_t length_bytes;
    std::uint64_t arrival_ps;
    std::vector<replay_outcome> outcomes;
  };

  void hand_on(bool all) {
    while (!frames_.empty()) {
      const frame_state& front = frames_.front();
      const bool complete = std::ranges::all_of(front.outcomes, &replay_outcome::known);
      if (!complete && !all) return;
      ++totals_.frames;
      if (!complete) ++totals_.unanswered;
      if (complete && !front.outcomes.front().agrees_with(front.outcomes.back())) ++totals_.different;
      told_(first_number_, front.length_bytes, front.arrival_ps, front.outcomes);
      frames_.pop_front();
      ++first_number_;
    }
  }

  std::vector<std::string> devices_;
  std::uint64_t clock_period_ps_;
  const replay_sink& told_;
  std::uint64_t first_number_ = 1;
  std::deque<frame_state> frames_;  ///< From first_number_ on.
  replay_totals totals_;
};

class replay_run final : public sc_core::sc_module {
 public:
  replay_run(sc_core::sc_module_name name, const replay_options& options, const replay_source& next,
             const replay_sink& told)
      : sc_module(name),
        options_(options),
        next_(next),
        story_(events_),
        collector_(names(options), nic_config_of(options.platform).clock_period_ps, told) {
    story_.add_listener(collector_);
    for (const nic_kind kind : options.devices) {
      platform_options platform = options.platform;
      platform.nic = kind;
      stations_.push_back(std::make_unique<station>(name_of(kind), options, platform, events_));
    }
    sc_core::sc_spawn_options in_thread;
    in_thread.set_stack_size(256 * 1024);
    sc_core::sc_spawn([this] { feed(); }, "feeder", &in_thread);
  }

  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  [[nodiscard]] replay_totals totals() {
    events_.release();
    collector_.finish();
    collector_.totals().inserts_full = stations_.front()->driver().table().counters().inserts_full;
    return collector_.totals();
  }

 private:
  static std::vector<std::string> names(const replay_options& options) {
    std::vector<std::string> all;
    for (const nic_kind kind : options.devices) all.emplace_back(name_of(kind));
    return all;
  }

  template <typename Condition>
  void wait_until(Condition condition, std::uint64_t longest_ns = patience_ns) {
    const std::uint64_t until_ns = clock_.now_ns() + longest_ns;
    for (; !condition() && clock_.now_ns() < until_ns; events_.release())
      host::sleep_until(clock_.now_ns() + look_period_ns);
  }

  void insert(const packet::connection_tuple& tuple) {
    ++handle_;
    for (const auto& each : stations_) each->driver().connection_insert(tuple, handle_);
  }
  void wait_for_table(std::uint64_t commands) {
    const auto idle = [](const auto& each) { return each->table_is_idle(); };
    wait_until([&] { return std::ranges::all_of(stations_, idle); }, patience_ns + commands * command_ns);
  }

  [[nodiscard]] bool bring_up() {
    while (!std::ranges::all_of(stations_, [](const auto& each) { return each->settled(); }))
      host::sleep_until(clock_.now_ns() + look_period_ns);
    for (const auto& each : stations_) failure_ += each->failure();
    return failure_.empty();
  }

  // When the frame's last bit is at the MAC.
  [[nodiscard]] sc_core::sc_time arrival_of(const replay_frame& frame, std::size_t length_bytes) {
    constexpr std::uint64_t ps_per_s = 1'000'000'000'000;
    const std::uint64_t bits =
        8 * (length_bytes + wire::preamble_bytes + wire::frame_check_sequence_bytes + wire::interframe_gap_bytes);
    const std::uint64_t duration_ps = bits * ps_per_s / options_.platform.wire_bits_per_s;
    const std::uint64_t earliest_ps =
        sim::to_ps(sc_core::sc_time_stamp()) + options_.platform.wire_delay_ns * 1000 + duration_ps;
    std::uint64_t arrival_ps = std::max(earliest_ps, last_arrival_ps_ + duration_ps);
    if (options_.capture_time && last_time_ns_ && frame.time_ns > *last_time_ns_) {
      const std::uint64_t gap_ns = std::min(frame.time_ns - *last_time_ns_, options_.longest_gap_ns);
      arrival_ps = std::max(arrival_ps, last_arrival_ps_ + gap_ns * 1000);
    }
    last_time_ns_ = std::max(last_time_ns_.value_or(0), frame.time_ns);
    last_arrival_ps_ = arrival_ps;
    return sim::from_ps(arrival_ps);
  }

  void send(const replay_frame& frame) {
    wire::frame content{.bytes = frame.bytes};
    const sc_core::sc_time arrival = arrival_of(frame, content.bytes.size());
    // Pauses are slept, so that nothing lies far ahead.
    const sc_core::sc_time lead = sim::from_ns(options_.platform.wire_delay_ns);
    if (arrival > sc_core::sc_time_stamp() + lead) sc_core::wait(arrival - lead - sc_core::sc_time_stamp());
    collector_.sent(content.bytes.size(), sim::to_ps(arrival));
    ++number_;
    for (const auto& each : stations_) each->receive(content, number_, sim::until(arrival));
    if (options_.learn) learn(content);
  }

  void learn(const wire::frame& content) {
    const observe::frame_summary summary = observe::summarise(content, 0);
    if (summary.packet_class != regs::packet_class::ipv4_tcp || !known_.insert(*summary.tuple).second) return;
    wait_until([this] { return collector_.under_way() == 0; });
    insert(*summary.tuple);
    wait_for_table(1);
  }

  void feed() {
    if (bring_up()) {
      for (const packet::connection_tuple& tuple : options_.inserts) {
        insert(tuple);
        known_.insert(tuple);
      }
      wait_for_table(options_.inserts.size());
      last_arrival_ps_ = sim::to_ps(sc_core::sc_time_stamp());
      while (std::optional<replay_frame> frame = next_()) {
        send(*frame);
        if (collector_.under_way() >= most_under_way)
          wait_until([this] { return collector_.under_way() < most_under_way / 2; });
      }
      wait_until([this] { return collector_.under_way() == 0; });
    }
    sc_core::sc_stop();
  }

  const replay_options& options_;
  const replay_source& next_;
  host::simulated_clock clock_;
  observe::timeline events_;
  observe::story story_;
  collector collector_;
  std::vector<std::unique_ptr<station>> stations_;
  std::string failure_;
  std::set<packet::connection_tuple> known_;
  std::uint32_t handle_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t last_arrival_ps_ = 0;
  std::optional<std::uint64_t> last_time_ns_;
};

}  // namespace

bool replay_outcome::agrees_with(const replay_outcome& other) const noexcept {
  if (received != other.received) return false;
  if (!received) return reason == other.reason;
  const regs::frame_completion& a = record;
  const regs::frame_completion& b = other.record;
  return a.length == b.length && a.l3_offset == b.l3_offset && a.l4_offset == b.l4_offset && a.hash == b.hash &&
         a.handle == b.handle && a.raw_sum == b.raw_sum && a.payload_offset == b.payload_offset &&
         a.packet_class == b.packet_class && a.vlan == b.vlan && a.hit == b.hit && a.ip_checked == b.ip_checked &&
         a.ip_good == b.ip_good && a.l4_checked == b.l4_checked && a.l4_good == b.l4_good;
}

replay_totals run_replay(const replay_options& options, const replay_source& next, const replay_sink& told) {
  replay_run run("replay", options, next, told);
  sc_core::sc_start();
  if (!run.failure().empty()) throw std::runtime_error(run.failure());
  return run.totals();
}

}  // namespace fourtuple::model::system
