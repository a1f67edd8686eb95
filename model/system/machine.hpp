// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <systemc>
#include <vector>

#include "host/app/tasks.hpp"
#include "host/driver/nic_driver.hpp"
#include "host/socket/posix_api.hpp"
#include "host/stack/host_stack.hpp"
#include "model/host/costed_device.hpp"
#include "model/host/processor.hpp"
#include "model/host/seeded_random.hpp"
#include "model/host/simulated_clock.hpp"
#include "model/host/simulated_device.hpp"
#include "model/host/simulated_threading.hpp"
#include "model/nic/nic.hpp"
#include "model/pcie/fault_injector.hpp"
#include "model/pcie/iommu.hpp"
#include "model/pcie/link.hpp"
#include "model/pcie/root_complex.hpp"
#include "model/system/machine_identity.hpp"
#include "model/system/run_report.hpp"
#include "model/system/scenario.hpp"

namespace fourtuple::model::system {

/// One computer: processor with stack and sockets, memory behind an IOMMU, a PCIe link, and a NIC whose Ethernet ports
/// are to be bound by whoever owns it.
///
/// One SC_THREAD is the machine's interrupt and timer context; applications are further threads (spawn()). They share
/// one processor, which takes what platform_options::costs say: by default no time, so that a machine's speed is that
/// of its links and its device.
class machine final : public sc_core::sc_module, public app::tasks {
 public:
  machine(sc_core::sc_module_name name, const platform_options& options, const machine_identity& identity);
  ~machine() override;

  [[nodiscard]] nic::nic& device() noexcept { return *nic_; }
  [[nodiscard]] const nic::nic& device() const noexcept { return *nic_; }
  [[nodiscard]] socket::posix_api& sockets() noexcept { return *sockets_; }
  [[nodiscard]] stack::host_stack& stack() noexcept { return stack_; }
  [[nodiscard]] driver::nic_driver& driver() noexcept { return *driver_; }
  [[nodiscard]] base::clock& clock() noexcept { return clock_; }
  [[nodiscard]] base::threading& threads() noexcept { return threading_; }
  [[nodiscard]] const machine_identity& identity() const noexcept { return identity_; }
  [[nodiscard]] const base::clock& clock() const noexcept { return clock_; }
  [[nodiscard]] const pcie::iommu& memory() const noexcept { return iommu_; }
  [[nodiscard]] pcie::link& link() noexcept { return link_; }
  [[nodiscard]] const pcie::link& link() const noexcept { return link_; }

  /// Runs in a thread of its own once the device is up.
  void spawn(const std::string& name, std::function<void()> body) override;

  /// Why the device could not be brought up; empty if it could, or has not been tried yet.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
  [[nodiscard]] bool up() const noexcept { return up_; }

  /// What the driver had to say: errors of the device, and what was done about them. One line each.
  [[nodiscard]] const std::vector<std::string>& messages() const noexcept { return messages_; }

  /// Resets the NIC's function and brings it up again, soon, in the interrupt context.
  void reset_device();

  /// No connection of any state is left, only listeners.
  [[nodiscard]] bool quiescent();
  /// No connection is left that still has something to say.
  [[nodiscard]] bool only_time_wait_left();

  /// From here on counts what report() says of the processor's time, and platform_options::faults happen.
  void begin_work();

  /// Takes down what device, driver and stack have counted, and then the device itself. Only from a task: both take
  /// time.
  void retire();
  /// What retire() found, and the PCIe link's traffic so far, utilisation over `worked`.
  [[nodiscard]] machine_report report(sc_core::sc_time worked) const;

 private:
  void interrupt_context();
  bool bring_up();
  void join_link(const platform_options& options);
  void handle_device();
  void link_changed(bool up);
  void reset_at_times();
  void poll_device();
  void after_call();

  machine_identity identity_;
  host::simulated_clock clock_;
  host_costs costs_;
  host::processor cpu_;
  host::simulated_threading threading_;
  host::seeded_random random_;
  pcie::iommu iommu_;
  pcie::root_complex root_;
  pcie::link link_;
  std::unique_ptr<nic::nic> nic_;
  std::unique_ptr<pcie::fault_injector> faults_;  ///< Between the link and the NIC; nullptr if nothing goes wrong.
  host::simulated_mmio mmio_;
  host::simulated_interrupts interrupts_;
  host::simulated_dma_memory dma_;
  std::unique_ptr<base::wait_queue> work_;
  std::unique_ptr<driver::nic_driver> driver_;  // The stack refers to it, and goes first.
  std::unique_ptr<host::costed_device> costed_device_;
  stack::host_stack stack_;
  std::unique_ptr<socket::posix_api> sockets_;
  sc_core::sc_event up_event_;
  bool up_ = false;
  bool reset_wanted_ = false;
  bool link_is_back_ = false;
  std::vector<std::uint64_t> resets_ps_;  ///< From begin_work() on.
  std::uint64_t watchdog_period_ns_;
  std::uint64_t watchdog_at_ns_ = base::never_ns;
  std::uint64_t sleeps_until_ns_ = 0;
  std::uint64_t busy_before_work_ns_ = 0;
  std::string failure_;
  std::vector<std::string> messages_;
  std::vector<std::pair<std::string, std::uint64_t>> counters_;
};

}  // namespace fourtuple::model::system
