// SPDX-License-Identifier: Apache-2.0
#include "bench/rtl/report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace fourtuple::bench {
namespace {

using json = nlohmann::ordered_json;

std::string block_line(const char* name, const block_figures& block, const char* peers) {
  return fmt::format("{:<38}{:>8.3f}{:>9}{}\n", name, block.per_clk, block.latency_clk, peers);
}

std::string path_lines(const char* name, const path_figures& path, const char* peers) {
  std::string lines;
  for (const auto& [bytes, frames_per_clk] : path) {
    lines += fmt::format("{:<30}{:>8}{:>12.4f}{:>11.2f}{:>9.1f}{}\n", name, bytes, frames_per_clk,
                         frames_per_clk * static_cast<double>(bytes), frames_per_clk * 250, bytes == 60 ? peers : "");
  }
  return lines;
}

std::string queue_lines(const char* name, const queue_figures& figures) {
  std::string lines;
  for (const auto& [queues, frames_per_clk] : figures) {
    lines += path_lines(fmt::format("{}, {} queue{}", name, queues, queues == 1 ? "" : "s").c_str(),
                        {{60, frames_per_clk}}, "");
  }
  return lines;
}

json block_json(const block_figures& block) { return {{"per_clk", block.per_clk}, {"latency_clk", block.latency_clk}}; }

json queue_json(const queue_figures& figures) {
  json frames = json::object();
  for (const auto& [queues, frames_per_clk] : figures) frames[std::to_string(queues)] = frames_per_clk;
  return frames;
}

json path_json(const path_figures& path) {
  json frames = json::object();
  json bytes = json::object();
  for (const auto& [size, frames_per_clk] : path) {
    frames[std::to_string(size)] = frames_per_clk;
    bytes[std::to_string(size)] = frames_per_clk * static_cast<double>(size);
  }
  return {{"frames_per_clk", frames}, {"bytes_per_clk", bytes}};
}

}  // namespace

std::string as_table(const rtl_figures& figures) {
  const connection_table_figures& table = figures.connection_table;
  std::string text =
      "Blocks, one frame of one beat or one lookup offered every clock; every result compared with a reference\n";
  text += fmt::format("{:<38}{:>8}{:>9}   {}\n", "", "per clk", "latency", "peers");
  text += block_line("parser", figures.parser, "   Corundum: 1 per clk");
  text += block_line("rx checksum", figures.rx_checksum, "   Corundum: 1 per clk, latency 6");
  text += block_line("jhash", figures.jhash, "   Enso: 1 per clk, latency 8");
  text += block_line("connection table, random keys", table.random,
                     "   Enso: 1 per clk, latency 12; of 6000 inserts into 8192 places 174 are lost");
  text +=
      block_line("connection table, the same key", table.same_key, "   fpga-hash-table: a lookup takes 1 to 20 clk");
  text += block_line("connection table, all in one bucket", table.one_bucket, "");
  text += block_line("connection table, concurrent updates", table.concurrent_updates,
                     "   Enso: 453 of 1000 lookups are lost under backpressure");
  text += block_line("tx checksum", figures.tx_checksum, "   Corundum: 1 per 2 clk");
  text +=
      "\nThe whole NIC. rx: MAC to host memory, completions included, highest rate without loss. tx: host memory to "
      "MAC,\n"
      "checksum put in, one descriptor a frame, 225 clocks read latency. Mpps at 250 MHz\n";
  text += fmt::format("{:<30}{:>8}{:>12}{:>11}{:>9}   {}\n", "", "bytes", "frames/clk", "bytes/clk", "Mpps", "peers");
  text += path_lines("rx path", figures.rx_path, "   Corundum's queue manager: at most 0.25; Enso claims 148.8 Mpps");
  text += path_lines("tx path, buffers aligned", figures.tx_path, "   Corundum: at most 0.25");
  text += path_lines("tx path, buffers at 64 n + 34", figures.tx_path_unaligned, "");
  text += path_lines("tx path, segments of 64 KiB", figures.tx_segments, "");
  text += queue_lines("rx path, by hash", figures.rx_queues_hash);
  text += queue_lines("rx path, steered", figures.rx_queues_steered);
  text += queue_lines("tx path, aligned", figures.tx_queues);
  text += path_lines("both at once, rx", figures.both_paths_rx, "");
  text += path_lines("both at once, tx", figures.both_paths_tx, "");
  text +=
      "\nPeers' figures were measured with the same flow on their published sources, except what is called a claim.\n";
  return text;
}

std::string as_json(const rtl_figures& figures) {
  const connection_table_figures& table = figures.connection_table;
  const json all = {
      {"parser", block_json(figures.parser)},
      {"rx_checksum", block_json(figures.rx_checksum)},
      {"jhash", block_json(figures.jhash)},
      {"connection_table",
       {{"random", block_json(table.random)},
        {"same_key", block_json(table.same_key)},
        {"one_bucket", block_json(table.one_bucket)},
        {"concurrent_updates", block_json(table.concurrent_updates)}}},
      {"tx_checksum", block_json(figures.tx_checksum)},
      {"rx_path", path_json(figures.rx_path)},
      {"tx_path", path_json(figures.tx_path)},
      {"tx_path_unaligned", path_json(figures.tx_path_unaligned)},
      {"tx_segments", path_json(figures.tx_segments)},
      {"rx_queues", {{"hash", queue_json(figures.rx_queues_hash)}, {"steered", queue_json(figures.rx_queues_steered)}}},
      {"tx_queues", queue_json(figures.tx_queues)},
      {"both_paths", {{"rx", path_json(figures.both_paths_rx)}, {"tx", path_json(figures.both_paths_tx)}}},
  };
  return all.dump(2) + "\n";
}

}  // namespace fourtuple::bench
