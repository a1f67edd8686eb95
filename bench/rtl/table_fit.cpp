// SPDX-License-Identifier: Apache-2.0
#include "bench/rtl/table_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "Vconnection_table_of_256.h"
#include "Vdefault_connection_table.h"
#include "bench/rtl/rtl_table.hpp"
#include "model/nic/connection_table.hpp"

namespace fourtuple::bench {
namespace {

using model::nic::connection_table;
using model::nic::connection_tuple;
using model::nic::insert_result;
constexpr std::uint32_t secret = 0x5eed'1234;
constexpr std::size_t connections_of_row = std::size_t{1} << 20U;  // Offered to all tables of a row, about.

connection_tuple random_tuple(std::mt19937_64& random) {
  const std::uint64_t addresses = random();
  const auto ports = static_cast<std::uint32_t>(random());
  return {static_cast<std::uint32_t>(addresses), static_cast<std::uint32_t>(addresses >> 32U),
          static_cast<std::uint16_t>(ports), static_cast<std::uint16_t>(ports >> 16U)};
}

std::size_t places(unsigned buckets_log2) { return std::size_t{4} << buckets_log2; }

/// A table and the connections that were offered to it.
class offered_connections {
 public:
  offered_connections(unsigned buckets_log2, unsigned overflow_lines_log2, std::uint64_t seed)
      : table_(buckets_log2, overflow_lines_log2), random_(seed) {}

  /// Another connection; false if the table has no place for it.
  bool insert() {
    offered_.push_back(random_tuple(random_));
    return insert(offered_.back());
  }
  /// One goes, another one comes; false if the table has no place for that.
  bool replace() {
    connection_tuple& one = offered_[random_() % offered_.size()];
    removed_ = one;
    removed_was_in_ = table_.remove(model::nic::connection_hash(one, secret), one);
    one = random_tuple(random_);
    inserted_ = one;
    return insert(one);
  }
  void add_to(fit_figures& figures, std::size_t overflow_lines) const {
    const double share = static_cast<double>(table_.entries()) / static_cast<double>(offered_.size());
    figures.mean += share;
    figures.worst = std::min(figures.worst, share);
    figures.overflow_used += static_cast<double>(table_.overflow_lines_used()) / static_cast<double>(overflow_lines);
  }

  [[nodiscard]] const connection_table& table() const { return table_; }
  [[nodiscard]] std::size_t size() const { return offered_.size(); }
  [[nodiscard]] const connection_tuple& last_inserted() const { return inserted_; }
  [[nodiscard]] const connection_tuple& last_removed() const { return removed_; }
  [[nodiscard]] bool last_removed_was_in() const { return removed_was_in_; }

 private:
  bool insert(const connection_tuple& connection) {
    inserted_ = connection;
    return table_.insert(model::nic::connection_hash(connection, secret), connection, {}) == insert_result::inserted;
  }

  connection_table table_;
  std::mt19937_64 random_;
  std::vector<connection_tuple> offered_;
  connection_tuple inserted_;
  connection_tuple removed_;
  bool removed_was_in_ = false;
};

tb::tuple as_tuple(const connection_tuple& connection) {
  return {connection.local_address, connection.foreign_address, connection.local_port, connection.foreign_port};
}

template <typename Dut>
std::size_t compare_with(unsigned buckets_log2, unsigned overflow_lines_log2) {
  Dut dut;
  start_table(dut, secret, 1U << buckets_log2);
  offered_connections offered(buckets_log2, overflow_lines_log2, 1);
  std::size_t answers = 0;
  const auto expect = [&](table_op what, const connection_tuple& connection, bool done) {
    const table_result wanted = done                       ? table_result::done
                                : what == table_op::insert ? table_result::full
                                                           : table_result::not_found;
    require(execute(dut, what, as_tuple(connection), 0) == wanted, "connection_table: not what the model answers");
    ++answers;
  };
  for (const unsigned load : table_loads_percent) {
    while (offered.size() < places(buckets_log2) * load / 100) {
      const bool done = offered.insert();
      expect(table_op::insert, offered.last_inserted(), done);
    }
    for (std::size_t i = 0; i < places(buckets_log2) / 4; ++i) {
      const bool done = offered.replace();
      expect(table_op::remove, offered.last_removed(), offered.last_removed_was_in());
      expect(table_op::insert, offered.last_inserted(), done);
    }
    require(dut.entries_o == offered.table().entries() &&
                dut.overflow_lines_used_o == offered.table().overflow_lines_used(),
            "connection_table: not so full as the model");
  }
  return answers;
}

void average(fit_figures& figures, unsigned tables) {
  figures.mean /= tables;
  figures.overflow_used /= tables;
}

nlohmann::ordered_json figures_json(const fit_figures& figures) {
  return {{"mean", figures.mean}, {"worst", figures.worst}, {"overflow_lines_used", figures.overflow_used}};
}

std::string figures_columns(const fit_figures& figures) {
  return fmt::format("{:>10.3f}{:>9.3f}{:>10.1f}", 100 * figures.mean, 100 * figures.worst,
                     100 * figures.overflow_used);
}

}  // namespace

table_fit measure_fit(unsigned buckets_log2, unsigned overflow_lines_log2, unsigned load_percent, unsigned tables) {
  table_fit row{buckets_log2, overflow_lines_log2, load_percent, tables, {}, {}};
  const std::size_t wanted = places(buckets_log2) * load_percent / 100;
  const std::size_t overflow_lines = std::size_t{1} << overflow_lines_log2;
  for (unsigned number = 0; number < tables; ++number) {
    offered_connections offered(buckets_log2, overflow_lines_log2, number);
    while (offered.size() < wanted) offered.insert();
    offered.add_to(row.filled, overflow_lines);
    for (std::size_t i = 0; i < wanted * table_turnovers; ++i) offered.replace();
    offered.add_to(row.after_turnover, overflow_lines);
  }
  average(row.filled, tables);
  average(row.after_turnover, tables);
  return row;
}

std::vector<table_fit> measure_table_fit() {
  std::vector<table_fit> rows;
  for (const unsigned divisor : table_overflow_divisors) {
    for (const unsigned buckets_log2 : table_buckets_log2) {
      const unsigned overflow_lines_log2 = buckets_log2 - (divisor == 4 ? 2 : 1);
      const auto tables =
          static_cast<unsigned>(std::clamp<std::size_t>(connections_of_row / places(buckets_log2), 1, 100));
      for (const unsigned load : table_loads_percent)
        rows.push_back(measure_fit(buckets_log2, overflow_lines_log2, load, tables));
    }
  }
  return rows;
}

std::size_t compare_fit_with_rtl() {
  return compare_with<Vconnection_table_of_256>(6, 5) +
         compare_with<Vdefault_connection_table>(DEFAULT_BUCKETS_LOG2, DEFAULT_OVERFLOW_LINES_LOG2);
}

std::string as_table(const std::vector<table_fit>& fit) {
  std::string text = fmt::format(
      "Random connections that fit, in per cent of those offered, and overflow lines in use, in per cent\n"
      "                                             filled                after turnover\n"
      "{:>11}{:>10}{:>6}{:>8}{:>10}{:>9}{:>10}{:>10}{:>9}{:>10}\n",
      "connections", "overflow", "load", "tables", "mean", "worst", "lines", "mean", "worst", "lines");
  for (const table_fit& row : fit) {
    text += fmt::format("{:>11}{:>10}{:>6}{:>8}{}{}\n", places(row.buckets_log2), 1U << row.overflow_lines_log2,
                        row.load_percent, row.tables, figures_columns(row.filled), figures_columns(row.after_turnover));
  }
  return text;
}

std::string as_json(const std::vector<table_fit>& fit) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const table_fit& row : fit) {
    rows.push_back({{"connections", places(row.buckets_log2)},
                    {"overflow_lines", 1U << row.overflow_lines_log2},
                    {"load_percent", row.load_percent},
                    {"tables", row.tables},
                    {"filled", figures_json(row.filled)},
                    {"after_turnover", figures_json(row.after_turnover)}});
  }
  return rows.dump(2) + "\n";
}

}  // namespace fourtuple::bench
