// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace fourtuple::bench {

/// Connections in per cent of the places in main lines.
inline constexpr std::array<unsigned, 2> table_loads_percent{50, 75};
/// Overflow lines: the buckets divided by so many.
inline constexpr std::array<unsigned, 2> table_overflow_divisors{4, 2};
/// log2 of the buckets of 256 to 1 048 576 connections.
inline constexpr std::array<unsigned, 7> table_buckets_log2{6, 8, 10, 12, 14, 16, 18};
/// How often every connection is replaced by another one, on average, in the figures after turnover.
inline constexpr unsigned table_turnovers = 4;

/// What became of random connections that were offered to a table.
struct fit_figures {
  double mean = 0;           ///< Share of them that the table has, over all tables.
  double worst = 1;          ///< Of the table with the least.
  double overflow_used = 0;  ///< Share of the overflow lines that is in use.
};

struct table_fit {
  unsigned buckets_log2 = 0;
  unsigned overflow_lines_log2 = 0;
  unsigned load_percent = 0;
  unsigned tables = 0;         ///< Of different connections.
  fit_figures filled;          ///< Inserted into an empty table.
  fit_figures after_turnover;  ///< Then one was taken out and another one put in, table_turnovers times for each.
};

/// The functional model's table, of each size, load and number of overflow lines. The model answers as the RTL does:
/// compare_fit_with_rtl().
[[nodiscard]] std::vector<table_fit> measure_table_fit();
/// A row of it. Connections are the same in every run.
[[nodiscard]] table_fit measure_fit(unsigned buckets_log2, unsigned overflow_lines_log2, unsigned load_percent,
                                    unsigned tables);

/// Fills a Verilated connection_table with 256 and one with the default number of connections to 50 and to 75 % and
/// replaces some, and compares every answer, the entries and the overflow lines in use with the model's:
/// std::runtime_error if one differs. Gives the number of answers.
std::size_t compare_fit_with_rtl();

[[nodiscard]] std::string as_table(const std::vector<table_fit>& fit);
[[nodiscard]] std::string as_json(const std::vector<table_fit>& fit);

}  // namespace fourtuple::bench
