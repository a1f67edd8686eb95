// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <random>
#include <set>

#include "Vdefault_connection_table.h"
#include "bench/rtl/benches.hpp"
#include "bench/rtl/pipeline.hpp"
#include "bench/rtl/rtl_table.hpp"
#include "tb/blocks/table/reference_jhash.hpp"

namespace fourtuple::bench {
namespace {

constexpr std::uint32_t secret = 0x5eed'1234;
constexpr std::uint32_t buckets = 1U << DEFAULT_BUCKETS_LOG2;

/// A connection and what a lookup must say: a hit with the handle, a miss, or, while it comes and goes, either.
struct entry {
  enum class state { in, out, changing };
  tb::tuple connection;
  std::uint32_t handle = 0;
  state where = state::out;
};

tb::tuple random_tuple(std::mt19937& random) {
  return {static_cast<std::uint32_t>(random()), static_cast<std::uint32_t>(random()),
          static_cast<std::uint16_t>(random()), static_cast<std::uint16_t>(random())};
}

class table_bench {
 public:
  table_bench() { start_table(dut_, secret, buckets); }

  /// Puts a connection in; false if the table has no room for it.
  bool insert(entry& given) {
    const bool done = execute(dut_, table_op::insert, given.connection, given.handle) == table_result::done;
    if (done) given.where = entry::state::in;
    return done;
  }

  /// Looks `order` up, a connection a clock; meanwhile commands put `changing` in and take them out.
  block_figures measure(std::vector<const entry*> order, const std::vector<entry>& changing = {}) {
    order_ = std::move(order);
    changing_ = &changing;
    return measure_pipeline(dut_, *this, order_.size() - 1);
  }

  // For measure_pipeline.
  bool offer(Vdefault_connection_table& dut, std::size_t item) {
    change_something();
    const tb::tuple& connection = order_[item]->connection;
    dut.lookup_valid_i = 1;
    dut.lookup_tuple_i[2] = connection.local_address;
    dut.lookup_tuple_i[1] = connection.foreign_address;
    dut.lookup_tuple_i[0] = std::uint32_t{connection.local_port} << 16U | connection.foreign_port;
    dut.lookup_bucket_i = tb::reference_hash(connection, secret) % buckets;
    return true;
  }

  void rest(Vdefault_connection_table& dut) {
    dut.lookup_valid_i = 0;
    dut.command_valid_i = 0;
  }

  bool result(const Vdefault_connection_table& dut, std::size_t item) const {
    if (!dut.result_valid_o) return false;
    const entry& asked = *order_[item];
    if (dut.result_hit_o) {
      require(asked.where != entry::state::out && dut.result_value_o == asked.handle, "connection_table: a false hit");
    } else {
      require(asked.where != entry::state::in, "connection_table: a false miss");
    }
    return true;
  }

  [[nodiscard]] std::size_t commands() const { return commands_; }

 private:
  /// A command is always offered: all of `changing` in, then all of it out, and again.
  void change_something() {
    if (changing_->empty()) return;
    if (dut_.command_valid_i && taken_) ++commands_;
    const std::size_t round = commands_ / changing_->size();
    const entry& next = (*changing_)[commands_ % changing_->size()];
    offer_command(dut_, round % 2 == 0 ? table_op::insert : table_op::remove, next.connection, next.handle);
    taken_ = dut_.command_ready_o;
  }

  Vdefault_connection_table dut_;
  std::vector<const entry*> order_;
  const std::vector<entry>* changing_ = nullptr;
  std::size_t commands_ = 0;
  bool taken_ = false;
};

std::vector<const entry*> random_order(std::mt19937& random, const std::vector<entry>& entries, std::size_t count) {
  std::vector<const entry*> order;
  while (order.size() < count) order.push_back(&entries[random() % entries.size()]);
  return order;
}

/// Half of the places that main lines have, and as many connections that never were in the table. The few for which
/// there was no room count among those.
std::vector<entry> half_full(table_bench& bench, std::mt19937& random) {
  std::vector<entry> entries;
  for (std::uint32_t i = 0; i < 4 * buckets; ++i) {
    entries.push_back({random_tuple(random), i + 1});
    if (i % 2 == 0) static_cast<void>(bench.insert(entries.back()));
  }
  return entries;
}

block_figures measure_one_bucket(std::size_t lookups) {
  std::mt19937 random(2);
  table_bench bench;
  std::vector<entry> entries;
  while (entries.size() < 16) {
    entry candidate{random_tuple(random), static_cast<std::uint32_t>(entries.size() + 1)};
    if (tb::reference_hash(candidate.connection, secret) % buckets != 77) continue;
    if (entries.size() < 8) require(bench.insert(candidate), "connection_table: no room in an empty bucket");
    entries.push_back(candidate);
  }
  return bench.measure(random_order(random, entries, lookups + 1));
}

block_figures measure_concurrent_updates(std::size_t lookups) {
  std::mt19937 random(3);
  table_bench bench;
  std::vector<entry> entries = half_full(bench, random);
  std::vector<entry> changing;
  for (std::uint32_t i = 0; i < 64; ++i) {
    changing.push_back({random_tuple(random), 0x1'0000 + i, entry::state::changing});
  }
  entries.insert(entries.end(), changing.begin(), changing.end());
  const block_figures figures = bench.measure(random_order(random, entries, lookups + 1), changing);
  require(bench.commands() > lookups / 100, "connection_table: commands starve under lookups");
  return figures;
}

}  // namespace

connection_table_figures measure_connection_table(std::size_t lookups) {
  std::mt19937 random(1);
  table_bench bench;
  const std::vector<entry> entries = half_full(bench, random);
  connection_table_figures figures;
  figures.random = bench.measure(random_order(random, entries, lookups + 1));
  figures.same_key = bench.measure(std::vector<const entry*>(lookups + 1, &entries.front()));
  figures.one_bucket = measure_one_bucket(lookups);
  figures.concurrent_updates = measure_concurrent_updates(lookups);
  return figures;
}

}  // namespace fourtuple::bench
