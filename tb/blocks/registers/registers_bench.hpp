// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <vector>

#include "rtl/regs/generated/fourtuple_nic_regs.hpp"
#include "rtl/regs/generated/fourtuple_nic_regs_ports.hpp"

class Vfourtuple_nic_regs;
class VerilatedContext;

namespace fourtuple::tb {

inline constexpr unsigned resp_okay = 0;
inline constexpr unsigned resp_slverr = 2;

/// A write as the master makes it. Delays are clocks from the start of the transaction: of the two valids, and of
/// bready after bvalid.
struct write_access {
  std::uint16_t address = 0;
  std::uint32_t data = 0;
  unsigned strobes = 0xf;
  unsigned aw_delay = 0;
  unsigned w_delay = 0;
  unsigned b_delay = 0;
};

struct read_access {
  std::uint16_t address = 0;
  unsigned ar_delay = 0;
  unsigned r_delay = 0;
};

/// What docs/registers.md says about the values of registers, kept by hand beside the RTL.
class reference_map {
 public:
  reference_map();
  [[nodiscard]] bool has_word(std::uint16_t address) const { return words_.contains(address); }
  [[nodiscard]] bool word_is_writable(std::uint16_t address) const;
  /// The word's value now, without regard to held high words.
  [[nodiscard]] std::uint32_t word(std::uint16_t address) const;
  /// The whole register's bits that software or events have set.
  [[nodiscard]] std::uint64_t stored(std::uint32_t offset) const { return stored_.at(offset); }
  /// The address belongs to the high word of a register with hardware-driven fields.
  [[nodiscard]] bool is_held_word(std::uint16_t address) const;

  void write(std::uint16_t address, std::uint32_t data);
  void drive(std::uint32_t offset, std::uint64_t value) { driven_[offset] = value; }
  void set(std::uint32_t offset, std::uint64_t bits) { stored_.at(offset) |= bits; }

 private:
  struct place {
    const regs::register_info* info;
    unsigned shift;
  };
  std::map<std::uint16_t, place> words_;
  std::map<std::uint32_t, std::uint64_t> stored_;
  std::map<std::uint32_t, std::uint64_t> driven_;
};

/// The register block with a master on its bus and hardware on its ports, clock by clock beside the reference map.
///
/// Every clock checks: answers hold until they are taken; a value read is one that the reference map had between
/// address and answer (or the held high word); reg2hw_o shows the reference's stored fields and `written` pulses;
/// nothing visible changes in a clock that quiet_o called quiet. Failures are GoogleTest's.
class registers_bench {
 public:
  registers_bench();
  ~registers_bench();

  void queue(const write_access& access) { writes_.push_back(access); }
  void queue(const read_access& access) { reads_.push_back(access); }
  [[nodiscard]] bool busy() const { return !writes_.empty() || !reads_.empty(); }
  /// Clocks until nothing is queued, and a few more. Fails if that takes for ever.
  void drain();
  void clock();

  /// One access, start to end.
  unsigned write(std::uint16_t address, std::uint32_t data, unsigned strobes = 0xf);
  std::uint32_t read(std::uint16_t address, unsigned expected_response = resp_okay);

  /// Hardware drives the field from the next clock on.
  void drive(const regs::port_field& field, std::uint64_t value);
  /// Hardware sets event_status' bits in the next clock.
  void pulse(std::uint32_t bits) { pulse_bits_ = bits; }

  [[nodiscard]] const reference_map& reference() const { return reference_; }
  [[nodiscard]] std::uint64_t reg2hw(const regs::port_field& field) const;
  [[nodiscard]] bool quiet() const;
  [[nodiscard]] unsigned last_bresp() const { return last_bresp_; }
  [[nodiscard]] unsigned last_rresp() const { return last_rresp_; }
  [[nodiscard]] std::uint32_t last_rdata() const { return last_rdata_; }
  [[nodiscard]] std::uint64_t slverr_answers() const { return slverr_answers_; }
  [[nodiscard]] std::uint64_t error_clocks() const { return error_clocks_; }
  /// Clocks in which some `written` was high.
  [[nodiscard]] std::uint64_t written_clocks() const { return written_clocks_; }

 private:
  struct outputs;

  void reset();
  void drive_master();
  [[nodiscard]] outputs sample() const;
  void step_write(const outputs& before, const outputs& after);
  void step_read(const outputs& before, const outputs& after);
  void expect_read(const outputs& after);
  void expect_ports(const outputs& after, bool write_answered);

  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Vfourtuple_nic_regs> dut_;
  reference_map reference_;
  std::deque<write_access> writes_;
  std::deque<read_access> reads_;
  unsigned write_age_ = 0, read_age_ = 0;  // clocks since the transaction started
  unsigned b_age_ = 0, r_age_ = 0;         // clocks since its answer is there
  bool aw_taken_ = false, w_taken_ = false, ar_taken_ = false;
  std::set<std::uint32_t> possible_;  // values of the word being read since its address was taken
  std::uint16_t held_address_ = 0;    // of a high word; 0: none is held
  std::set<std::uint32_t> held_possible_;
  std::set<std::uint32_t> high_possible_;  // of the high word beside the low word being read
  std::uint32_t pulse_bits_ = 0;
  unsigned last_bresp_ = 0, last_rresp_ = 0;
  std::uint32_t last_rdata_ = 0;
  std::uint64_t slverr_answers_ = 0, error_clocks_ = 0, written_clocks_ = 0;
};

}  // namespace fourtuple::tb
