// SPDX-License-Identifier: Apache-2.0
//
// The generated register block against docs/registers.md: every register's access, every address without one,
// AXI4-Lite's freedoms (order of address and data, delays, backpressure), held high words, events, and random traffic
// of all that at once. registers_bench checks each clock against a reference map; the tests say what happens.

#include <gtest/gtest.h>

#include <random>

#include "tb/blocks/registers/registers_bench.hpp"

namespace fourtuple::tb {
namespace {

constexpr std::uint32_t all_events = 0x1f;

/// The values of one 32-bit part of a 64-bit mask or value.
std::uint32_t part(std::uint64_t value, unsigned shift) { return static_cast<std::uint32_t>(value >> shift); }

std::uint16_t word_address(const regs::register_info& info, unsigned shift) {
  return static_cast<std::uint16_t>(info.offset + shift / 8);
}

void drive_everything(registers_bench& bench, std::mt19937_64& random) {
  for (const regs::port_field& field : regs::hw2reg_fields) {
    if (!field.pulse) bench.drive(field, random());
  }
}

class Registers : public ::testing::Test {
 protected:
  registers_bench bench;
  std::mt19937_64 random{20240229};
};

TEST_F(Registers, ReadAsInResetAfterReset) {
  for (const regs::register_info& info : regs::all_registers) {
    for (unsigned shift = 0; shift < info.width_bits; shift += 32) {
      EXPECT_EQ(bench.read(word_address(info, shift)), part(info.reset_value, shift)) << info.name;
    }
  }
  EXPECT_EQ(bench.read(regs::device_id), 0x50555434U);
  EXPECT_EQ(bench.read(regs::device_max_frame), 1518U);
  EXPECT_EQ(bench.read(regs::msix_control(0)), 1U);
}

TEST_F(Registers, KeepWhatIsWrittenInTheirFieldsOnly) {
  for (const regs::register_info& info : regs::all_registers) {
    for (unsigned shift = 0; shift < info.width_bits; shift += 32) {
      const std::uint16_t address = word_address(info, shift);
      const std::uint32_t stored = part(info.stored_mask, shift);
      for (const std::uint32_t value : {0xffffffffU, 0U, static_cast<std::uint32_t>(random())}) {
        const unsigned response = bench.write(address, value);
        const bool writable = stored != 0 || part(info.write_to_clear_mask, shift) != 0;
        EXPECT_EQ(response, writable ? resp_okay : resp_slverr) << info.name;
        const std::uint32_t fixed = part(info.reset_value & ~info.stored_mask, shift);
        EXPECT_EQ(bench.read(address), (value & stored) | fixed) << info.name;
      }
    }
  }
}

TEST_F(Registers, ShowWhatHardwareDrives) {
  for (unsigned round = 0; round < 8; ++round) {
    drive_everything(bench, random);
    for (const regs::register_info& info : regs::all_registers) {
      for (unsigned shift = 0; shift < info.width_bits; shift += 32) bench.read(word_address(info, shift));
    }
  }
}

TEST_F(Registers, HardwareSeesEachFieldAlone) {
  for (const regs::port_field& field : regs::reg2hw_fields) {
    if (field.pulse || field.offset == regs::device_event_status) continue;
    const auto address = static_cast<std::uint16_t>(field.offset + field.register_low / 32 * 4);
    bench.write(address, 1U << (field.register_low % 32));
    EXPECT_EQ(bench.reg2hw(field), 1U) << field.name;
    bench.write(address, 0);
    EXPECT_EQ(bench.reg2hw(field), 0U) << field.name;
  }
}

TEST_F(Registers, HighWordIsHeldForTheNextRead) {
  for (const regs::port_field& field : regs::hw2reg_fields) {
    if (field.width_bits != 64) continue;
    const auto low = static_cast<std::uint16_t>(field.offset);
    const auto high = static_cast<std::uint16_t>(field.offset + 4);
    bench.drive(field, 0x1111'1111'ffff'ffff);
    EXPECT_EQ(bench.read(low), 0xffffffffU);
    bench.drive(field, 0x2222'2222'0000'0000);
    EXPECT_EQ(bench.read(high), 0x11111111U) << field.name << ": of the moment of the low word";
    EXPECT_EQ(bench.read(high), 0x22222222U) << field.name << ": only for the next read";

    EXPECT_EQ(bench.read(low), 0U);
    bench.drive(field, 0x3333'3333'0000'0000);
    bench.read(regs::device_id);
    EXPECT_EQ(bench.read(high), 0x33333333U) << field.name << ": another read came between";
  }
}

TEST_F(Registers, EventsStayUntilOnesAreWritten) {
  for (std::uint32_t bits = 0; bits <= all_events; ++bits) {
    bench.pulse(all_events);
    bench.clock();
    EXPECT_EQ(bench.read(regs::device_event_status), all_events);
    bench.write(regs::device_event_status, bits);
    EXPECT_EQ(bench.read(regs::device_event_status), all_events & ~bits);
  }
}

TEST_F(Registers, AnEventIsNotLostWhileItIsCleared) {
  // Whichever clock of the write it comes in: what comes in the clock that clears, or later, stays.
  bool stayed = false;
  for (unsigned delay = 0; delay < 12; ++delay) {
    bench.write(regs::device_event_status, all_events);
    bench.queue(write_access{.address = regs::device_event_status, .data = all_events});
    for (unsigned i = 0; i < delay; ++i) bench.clock();
    bench.pulse(0x4);
    bench.clock();
    bench.drain();
    const std::uint32_t status = bench.read(regs::device_event_status);
    EXPECT_TRUE(status == 0 || status == 0x4);
    EXPECT_TRUE(!stayed || status != 0) << "delay " << delay;
    stayed = status != 0;
  }
  EXPECT_TRUE(stayed);
}

TEST_F(Registers, SayWhenCommandRegistersAreWritten) {
  bench.write(regs::queues_completion_head(0), 0x80000007);
  EXPECT_EQ(bench.written_clocks(), 1U);
  bench.write(regs::connection_command, 0x00050002);
  EXPECT_EQ(bench.written_clocks(), 2U);
  bench.write(regs::connection_command, 0x00050002);
  EXPECT_EQ(bench.written_clocks(), 3U) << "also with the same value";
  bench.write(regs::connection_command, 0x00050002, 0x3);
  bench.write(regs::connection_handle, 1);
  bench.read(regs::connection_command);
  EXPECT_EQ(bench.written_clocks(), 3U);
}

TEST_F(Registers, EveryAddressWithoutRegisterIsRefused) {
  std::uint64_t words = 0;
  for (std::uint32_t address = 0; address < 0x10000; address += 4) {
    const bool known = bench.reference().has_word(static_cast<std::uint16_t>(address));
    words += known ? 1 : 0;
    bench.queue(read_access{.address = static_cast<std::uint16_t>(address)});
    if (!known) bench.queue(write_access{.address = static_cast<std::uint16_t>(address), .data = 0xffffffff});
    if (address % 0x1000 == 0xffc) bench.drain();
  }
  bench.drain();
  EXPECT_EQ(bench.slverr_answers(), 2 * (0x4000 - words));
  EXPECT_EQ(bench.error_clocks(), bench.slverr_answers());
  EXPECT_EQ(bench.written_clocks(), 0U);
}

TEST_F(Registers, AddressesBetweenWordsAreRefused) {
  for (unsigned low_bits = 1; low_bits < 4; ++low_bits) {
    bench.read(static_cast<std::uint16_t>(regs::device_scratch + low_bits), resp_slverr);
    EXPECT_EQ(bench.write(static_cast<std::uint16_t>(regs::device_scratch + low_bits), ~0U), resp_slverr);
  }
  EXPECT_EQ(bench.read(regs::device_scratch), 0U);
  EXPECT_EQ(bench.error_clocks(), 6U);
}

TEST_F(Registers, PartOfAWordIsNotWritten) {
  bench.write(regs::device_scratch, 0x12345678);
  for (unsigned strobes = 0; strobes < 0xf; ++strobes) {
    EXPECT_EQ(bench.write(regs::device_scratch, 0xffffffff, strobes), resp_slverr);
    EXPECT_EQ(bench.write(regs::device_event_status, 0xffffffff, strobes), resp_slverr);
  }
  EXPECT_EQ(bench.read(regs::device_scratch), 0x12345678U);
  EXPECT_EQ(bench.error_clocks(), 30U);
}

TEST_F(Registers, AddressAndDataComeInAnyOrder) {
  std::uint32_t value = 0;
  for (unsigned aw_delay = 0; aw_delay < 8; ++aw_delay) {
    for (unsigned w_delay = 0; w_delay < 8; ++w_delay) {
      for (unsigned b_delay = 0; b_delay < 4; ++b_delay) {
        bench.queue(write_access{.address = regs::device_scratch,
                                 .data = ++value,
                                 .strobes = 0xf,
                                 .aw_delay = aw_delay,
                                 .w_delay = w_delay,
                                 .b_delay = b_delay});
        bench.drain();
        EXPECT_EQ(bench.read(regs::device_scratch), value);
      }
    }
  }
}

TEST_F(Registers, TwoErrorsInOneClockAreTwo) {
  for (unsigned read_delay = 0; read_delay < 8; ++read_delay) {
    for (unsigned repeat = 0; repeat < 3; ++repeat) {
      bench.queue(write_access{.address = 0xfffc});
      bench.queue(read_access{.address = 0xfffc, .ar_delay = repeat == 0 ? read_delay : 0});
    }
    bench.drain();
    EXPECT_EQ(bench.error_clocks(), bench.slverr_answers()) << read_delay;
  }
  EXPECT_EQ(bench.slverr_answers(), 48U);
}

TEST_F(Registers, AreQuietWhenNothingHappens) {
  EXPECT_TRUE(bench.quiet());
  bench.queue(read_access{.address = regs::device_id, .ar_delay = 0, .r_delay = 100});
  bench.queue(write_access{.address = regs::device_scratch, .data = 1, .w_delay = 50, .b_delay = 100});
  unsigned quiet_clocks = 0, clocks = 0;
  while (bench.busy() && clocks < 1000) {
    bench.clock();
    ++clocks;
    quiet_clocks += bench.quiet() ? 1 : 0;
  }
  EXPECT_GT(quiet_clocks, 100U) << "waiting for the master is quiet, of " << clocks;
  EXPECT_LT(quiet_clocks, clocks) << "working is not";
  bench.drain();
  EXPECT_TRUE(bench.quiet());
}

/// An address that is often a register's, and not always.
std::uint16_t random_address(std::mt19937_64& random) {
  if (random() % 8 == 0) return static_cast<std::uint16_t>(random());
  const regs::register_info& info = regs::all_registers[random() % regs::all_registers.size()];
  const auto high = static_cast<std::uint32_t>(info.width_bits == 64 ? random() % 2 * 4 : 0);
  return static_cast<std::uint16_t>(info.offset + high);
}

TEST_F(Registers, RandomTraffic) {
  constexpr unsigned clocks = 200'000;
  std::uint16_t last_read = 0;
  for (unsigned i = 0; i < clocks; ++i) {
    const auto delay = [&] { return random() % 4 == 0 ? static_cast<unsigned>(random() % 6) : 0U; };
    if (random() % 4 == 0) {
      bench.queue(write_access{.address = random_address(random),
                               .data = static_cast<std::uint32_t>(random()),
                               .strobes = random() % 8 == 0 ? static_cast<unsigned>(random() % 16) : 0xfU,
                               .aw_delay = delay(),
                               .w_delay = delay(),
                               .b_delay = delay()});
    }
    if (random() % 4 == 0) {
      last_read = random() % 2 == 0 ? static_cast<std::uint16_t>(last_read ^ 4) : random_address(random);
      bench.queue(read_access{.address = last_read, .ar_delay = delay(), .r_delay = delay()});
    }
    if (random() % 2 == 0) bench.drive(regs::hw2reg_fields[random() % regs::hw2reg_fields.size()], random());
    if (random() % 16 == 0) bench.pulse(static_cast<std::uint32_t>(random()) & all_events);
    bench.clock();
    if (i % 1000 == 999) bench.drain();
    if (HasFailure()) return;
  }
  bench.drain();
  EXPECT_EQ(bench.error_clocks(), bench.slverr_answers());
  EXPECT_GT(bench.written_clocks(), 100U);
}

}  // namespace
}  // namespace fourtuple::tb
