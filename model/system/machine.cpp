// SPDX-License-Identifier: Apache-2.0
#include "model/system/machine.hpp"

#include <algorithm>
#include <utility>

#include "host/sock/inet_hashinfo.hpp"
#include "model/system/platform.hpp"

namespace fourtuple::model::system {

namespace {

// Linux: dev_weight; how many completions one poll handles at most.
constexpr std::size_t napi_budget = 64;

// Applications keep their buffers on the heap; what the file system library puts on a stack is more than SystemC's
// default of 64 KiB.
constexpr int task_stack_bytes = 256 * 1024;

stack::host_stack_config stack_config(const platform_options& options) {
  stack::host_stack_config config;
  config.tcp = options.tcp;
  config.ehash_entries = options.ehash_entries;
  config.tcp.tcp_timewait_length_ms = options.time_wait_ms;
  return config;
}

driver::nic_options nic_options(const platform_options& platform, const machine_identity& identity,
                                stack::host_stack& stack) {
  driver::nic_options options;
  options.mtu = static_cast<std::uint16_t>(platform.mtu);
  options.rx_ring_bytes_log2 = platform.rx_ring_bytes_log2;
  options.completion_entries_log2 = platform.completion_entries_log2;
  options.tx_entries_log2 = platform.tx_entries_log2;
  options.interrupt_completions = static_cast<std::uint16_t>(platform.interrupt_completions);
  options.interrupt_clocks = static_cast<std::uint16_t>(platform.interrupt_clocks);
  options.queues = platform.queues;
  options.tx_queues = platform.tx_queues;
  options.address = identity.mac;
  // One secret for both tables: the NIC's hash of a frame is the one that the host's ehash would compute.
  options.hash_secret = stack.hashinfo().ehash().secret();
  return options;
}

}  // namespace

machine::machine(sc_core::sc_module_name name, const platform_options& options, const machine_identity& identity)
    : sc_module(name),
      identity_(identity),
      costs_(options.costs),
      threading_(options.costs.any() ? &cpu_ : nullptr, options.costs.call_ns),
      random_(options.seed, basename()),
      root_("root", root_complex_config_of(options), iommu_, basename()),
      link_("link", link_config_of(options)),
      nic_(make_nic("nic", options, options.trace)),
      mmio_(root_, options.costs.any() ? &cpu_ : nullptr, options.costs.mmio_ns),
      interrupts_(root_),
      dma_(iommu_),
      work_(threading_.make_wait_queue()),
      stack_(stack_config(options), clock_, random_),
      sockets_(std::make_unique<socket::posix_api>(stack_.tcp(), clock_, threading_, [this] { after_call(); })),
      resets_ps_(function_resets_ps(options.faults)),
      watchdog_period_ns_(options.watchdog_ms * base::ns_per_ms) {
  stack_.ip().set_gro(options.gro);
  stack_.tcp().set_rxhash(true);  // nic_options() gives the NIC the stack's secret.
  driver_ = std::make_unique<driver::nic_driver>(
      mmio_, dma_, interrupts_, nic_options(options, identity, stack_), [this] { work_->wake_all(); },
      [this](std::string_view line) { messages_.emplace_back(line); });
  join_link(options);
  sc_core::sc_spawn_options in_thread;
  sc_core::sc_spawn([this] { interrupt_context(); }, "interrupt_context", &in_thread);
}

machine::~machine() = default;

void machine::join_link(const platform_options& options) {
  root_.to_device().socket.bind(link_.from_root().socket);
  link_.to_root().socket.bind(root_.from_device().socket);
  const pcie::fault_plan plan = plan_of(options.faults);
  if (!plan.any()) {
    link_.to_endpoint().socket.bind(nic_->downstream().socket);
    nic_->upstream().socket.bind(link_.from_endpoint().socket);
    return;
  }
  const auto make_random = [this, seed = options.seed](std::string_view stream) -> pcie::random_stream {
    const auto random =
        std::make_shared<host::seeded_random>(seed, std::string(basename()) + ": " + std::string(stream));
    return [random] { return random->next(); };
  };
  faults_ = std::make_unique<pcie::fault_injector>(
      "faults", plan, link_.smallest_latency(), [this](bool up) { link_changed(up); }, make_random);
  link_.to_endpoint().socket.bind(faults_->from_link().socket);
  faults_->to_device().socket.bind(nic_->downstream().socket);
  nic_->upstream().socket.bind(faults_->from_device().socket);
  faults_->to_link().socket.bind(link_.from_endpoint().socket);
}

// Linux: what the PCIe port's services (AER, DPC, hot plug) tell a driver through its pci_error_handlers.
void machine::link_changed(bool up) {
  if (up) nic_->hot_reset(sc_core::sc_time_stamp() + link_.smallest_latency());
  if (!up) driver_->error_detected();
  link_is_back_ = up;
  work_->wake_all();
}

void machine::begin_work() {
  busy_before_work_ns_ = cpu_.busy_ns();
  if (faults_) faults_->begin();
  if (!resets_ps_.empty()) sc_core::sc_spawn([this] { reset_at_times(); }, "function_resets");
}

void machine::reset_at_times() {
  const sc_core::sc_time start = sc_core::sc_time_stamp();
  for (const std::uint64_t time_ps : resets_ps_) {
    sc_core::wait(sim::until(start + sim::from_ps(time_ps)));
    reset_device();
  }
}

bool machine::bring_up() {
  if (const driver::nic_result result = driver_->open(); result != driver::nic_result::ok) {
    failure_ = std::string(basename()) + ": " + std::string(describe(result));
    return false;
  }
  ip::net_device* device = driver_.get();
  if (costs_.packet_ns != 0) {
    costed_device_ = std::make_unique<host::costed_device>(*driver_, cpu_, costs_.packet_ns);
    device = costed_device_.get();
  }
  stack_.add_device(*device, identity_.address, identity_.prefix_length);
  if (identity_.gateway) stack_.set_gateway(*identity_.gateway);
  up_ = true;
  up_event_.notify(sc_core::SC_ZERO_TIME);
  return true;
}

void machine::interrupt_context() {
  if (!bring_up()) return;
  if (watchdog_period_ns_ != 0) watchdog_at_ns_ = clock_.now_ns() + watchdog_period_ns_;
  for (;;) {
    const std::uint64_t deadline_ns = std::min(stack_.next_deadline_ns(), watchdog_at_ns_);
    const bool interrupted = driver_->poll_pending() || driver_->event_pending() || reset_wanted_ || link_is_back_;
    if (!interrupted && deadline_ns > clock_.now_ns()) {
      sleeps_until_ns_ = deadline_ns;
      work_->wait_until(deadline_ns);
      sleeps_until_ns_ = 0;
    }
    cpu_.acquire();
    handle_device();
    stack_.run_timers();
    stack_.ip().flush();
    cpu_.settle();
  }
}

// What goes wrong is in messages().
void machine::handle_device() {
  if (clock_.now_ns() >= watchdog_at_ns_) {
    watchdog_at_ns_ = clock_.now_ns() + watchdog_period_ns_;
    driver_->watchdog();
  }
  if (driver_->poll_pending()) {
    cpu_.charge(costs_.interrupt_ns);
    poll_device();
  }
  if (driver_->event_pending()) driver_->handle_event();
  if (std::exchange(link_is_back_, false)) static_cast<void>(driver_->slot_reset());
  if (std::exchange(reset_wanted_, false)) static_cast<void>(driver_->reset());
}

// Linux: net_rx_action. Interrupts stay off until a poll has found less than its budget.
void machine::poll_device() {
  while (driver_->poll(napi_budget) >= napi_budget) {
    stack_.ip().flush();
    cpu_.settle();
  }
  driver_->complete();
}

void machine::after_call() {
  stack_.ip().flush();
  if (stack_.next_deadline_ns() < sleeps_until_ns_) work_->wake_all();
}

void machine::spawn(const std::string& name, std::function<void()> body) {
  sc_core::sc_spawn_options in_thread;
  in_thread.set_stack_size(task_stack_bytes);
  sc_core::sc_spawn(
      [this, body = std::move(body)] {
        while (!up_) sc_core::wait(up_event_);
        body();
      },
      sc_core::sc_gen_unique_name(name.c_str()), &in_thread);
}

void machine::retire() {
  counters_.clear();
  for (const auto& [name, value] : driver_->device_counters()) counters_.emplace_back(name, value);
  for (const auto& [name, value] : list_counters(driver_->counters(), driver_->table().counters())) {
    counters_.emplace_back("driver_" + std::string(name), value);
  }
  for (const auto& [name, value] : stack_.counters()) counters_.emplace_back(name, value);
  if (const driver::nic_result result = driver_->close(); result != driver::nic_result::ok) {
    messages_.emplace_back(describe(result));
  }
}

void machine::reset_device() {
  reset_wanted_ = true;
  work_->wake_all();
}

bool machine::quiescent() {
  return stack_.hashinfo().ehash().size() == 0 && (driver_->running() || !driver_->is_open());
}

bool machine::only_time_wait_left() {
  const sock::ehash_table& ehash = stack_.hashinfo().ehash();
  for (std::uint32_t bucket = 0; ehash.size() != 0 && bucket <= ehash.ehash_mask(); ++bucket) {
    for (const auto& sk : ehash.bucket(bucket)) {
      if (sk->skc_state != sock::tcp_state::time_wait) return false;
    }
  }
  return true;
}

machine_report machine::report(sc_core::sc_time worked) const {
  machine_report report;
  report.name = basename();
  report.counters = counters_;
  report.messages = messages_;
  report.iommu_faults = iommu_.fault_count();
  if (!iommu_.faults().empty()) report.first_iommu_fault = iommu_.faults().front().to_string();
  if (faults_) report.pcie_faults = named(faults_->counters());
  report.cpu_charged = costs_.any();
  report.cpu_busy_ns = cpu_.busy_ns() - busy_before_work_ns_;
  if (worked > sc_core::SC_ZERO_TIME) {
    report.cpu_busy_share = static_cast<double>(report.cpu_busy_ns) * 1e-9 / worked.to_seconds();
    report.pcie_upstream_utilisation = utilisation(link_.upstream(), worked);
    report.pcie_downstream_utilisation = utilisation(link_.downstream(), worked);
  }
  report.pcie_upstream_bytes = link_.upstream().wire_bytes;
  report.pcie_downstream_bytes = link_.downstream().wire_bytes;
  return report;
}

}  // namespace fourtuple::model::system
