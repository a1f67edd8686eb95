// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tools/sweep/sweep_results.hpp"

namespace fourtuple::tools {

namespace {

constexpr std::string_view head = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fourtuple sweep</title>
<style>
:root { color-scheme: light dark; --ink: #1d2733; --paper: #fff; --faint: #5d6b7a; --rule: #d9dfe6; --bar: #2f6fb0; --span: #14324f; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --paper: #14181d; --faint: #97a4b1; --rule: #2e3740; --bar: #5a9bd8; --span: #cfe3f6; --bad: #f2867e; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--rule); }
th:first-child, td:first-child { text-align: left; }
th { font-weight: 600; } .scroll { overflow-x: auto; } .faint { color: var(--faint); } .bad { color: var(--bad); }
svg { width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
</style></head><body>
)";

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else
      result += c;
  }
  return result;
}

// Runs that differ in nothing but their seed.
struct group {
  std::string label;
  std::vector<const job_result*> results;
};

std::vector<group> group_by_parameters(const sweep_plan& plan, const std::vector<job_result>& results) {
  std::vector<group> groups;
  for (std::size_t i = 0; i < plan.jobs.size(); ++i) {
    std::string label;
    for (const auto& [path, value] : plan.jobs[i].parameters)
      label += fmt::format("{}{} = {}", label.empty() ? "" : ", ", path, value);
    if (label.empty()) label = "all seeds";
    if (groups.empty() || groups.back().label != label) groups.push_back({label, {}});
    if (results[i].status != job_status::missing) groups.back().results.push_back(&results[i]);
  }
  return groups;
}

struct spread {
  std::size_t count = 0;
  double least = 0;
  double mean = 0;
  double most = 0;
};

spread spread_of(const group& runs, const std::string& name) {
  spread found;
  double sum = 0;
  for (const job_result* result : runs.results) {
    const auto value = result->figure(name);
    if (!value) continue;
    found.least = found.count == 0 ? *value : std::min(found.least, *value);
    found.most = found.count == 0 ? *value : std::max(found.most, *value);
    sum += *value;
    ++found.count;
  }
  if (found.count != 0) found.mean = sum / static_cast<double>(found.count);
  return found;
}

std::string short_number(double value) {
  const double size = value < 0 ? -value : value;
  if (size >= 1e9) return fmt::format("{:.3g} G", value / 1e9);
  if (size >= 1e6) return fmt::format("{:.3g} M", value / 1e6);
  if (size >= 1e4) return fmt::format("{:.3g} k", value / 1e3);
  return fmt::format("{:.4g}", value);
}

// A bar for the mean of each combination, a line for the range over the seeds.
void append_chart(std::string& page, const std::vector<group>& groups, const std::string& name) {
  constexpr double label_width = 330;
  constexpr double bar_width = 420;
  constexpr double row = 24;
  double most = 0;
  for (const group& one : groups) most = std::max(most, spread_of(one, name).most);
  if (most <= 0) return;
  page += fmt::format("<h2>{}</h2>\n<svg viewBox=\"0 0 900 {}\" role=\"img\" aria-label=\"{}\">\n", escaped(name),
                      row * static_cast<double>(groups.size()) + 4, escaped(name));
  double y = 0;
  for (const group& one : groups) {
    const spread found = spread_of(one, name);
    page += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", label_width - 10, y + 16,
                        escaped(one.label.substr(0, 52)));
    page += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" fill=\"var(--bar)\"/>", label_width,
                        y + 4, found.mean / most * bar_width, row - 8);
    page +=
        fmt::format("<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{}\" y2=\"{}\" stroke=\"var(--span)\" stroke-width=\"2\"/>",
                    label_width + found.least / most * bar_width, label_width + found.most / most * bar_width,
                    y + row / 2, y + row / 2);
    page += fmt::format("<text x=\"{:.1f}\" y=\"{}\">{}</text>\n", label_width + found.most / most * bar_width + 8,
                        y + 16, found.count == 0 ? "no result" : short_number(found.mean));
    y += row;
  }
  page += "</svg>\n";
}

void append_table(std::string& page, const std::vector<group>& groups, const std::vector<std::string>& names) {
  page += "<h2>Means over the seeds</h2>\n<div class=\"scroll\"><table><tr><th>runs</th><th>number</th>";
  for (const std::string& name : names) page += fmt::format("<th>{}</th>", escaped(name));
  page += "</tr>\n";
  for (const group& one : groups) {
    page += fmt::format("<tr><td>{}</td><td>{}</td>", escaped(one.label), one.results.size());
    for (const std::string& name : names) {
      const spread found = spread_of(one, name);
      page += found.count == 0 ? "<td class=\"faint\">-</td>" : fmt::format("<td>{}</td>", short_number(found.mean));
    }
    page += "</tr>\n";
  }
  page += "</table></div>\n";
}

void append_failures(std::string& page, const sweep_plan& plan, const std::vector<job_result>& results) {
  std::string rows;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i].status == job_status::ok) continue;
    rows += fmt::format("<tr><td>{}</td><td class=\"bad\">{}</td><td>{}</td></tr>\n", escaped(plan.jobs[i].name),
                        name_of(results[i].status), escaped(results[i].problem));
  }
  if (!rows.empty())
    page += fmt::format(
        "<h2>Runs without a good result</h2>\n<table><tr><th>run</th><th>status</th><th>why</th></tr>\n{}</table>\n",
        rows);
}

// What people compare first; the table has the rest.
bool worth_a_chart(const std::string& name) {
  constexpr std::string_view endings[] = {"goodput_gbit", "latency_p50_ns", "latency_p99_ns", "retransmits",
                                          "drops",        "table_misses",   ".per_s",         ".p50_ns",
                                          ".p99_ns",      ".cpu_busy_share"};
  return std::ranges::any_of(endings, [&](std::string_view ending) { return name.ends_with(ending); });
}

}  // namespace

std::string to_html(const sweep_plan& plan, const std::vector<job_result>& results) {
  const std::vector<group> groups = group_by_parameters(plan, results);
  const std::vector<std::string> names = figure_names(results);
  const auto good = std::ranges::count(results, job_status::ok, &job_result::status);
  std::string page(head);
  page += fmt::format(
      "<h1>Sweep of {}</h1>\n<p>{} runs, {} good. Bars are means over the seeds, lines go from the least to the "
      "most.</p>\n",
      escaped(plan.scenario.filename().string()), results.size(), good);
  append_failures(page, plan, results);
  for (const std::string& name : names) {
    if (worth_a_chart(name)) append_chart(page, groups, name);
  }
  append_table(page, groups, names);
  return page + "</body></html>\n";
}

}  // namespace fourtuple::tools
