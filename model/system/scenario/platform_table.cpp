// SPDX-License-Identifier: Apache-2.0
#include "model/system/scenario/fault_table.hpp"
#include "model/system/scenario/field_makers.hpp"

namespace fourtuple::model::system {

namespace {

using platform = platform_options;

constexpr double bits_per_gbit = 1e9;
constexpr std::uint64_t most_ns = 1'000'000'000;
constexpr std::uint64_t most_ms = 3'600'000;
constexpr std::uint64_t most_buffer_bytes = 1'000'000'000;

void add_nic(settings_table<platform>& table) {
  table.push_back(one_of<platform, nic_kind>({.section = "nic",
                                              .key = "kind",
                                              .option = "nic",
                                              .help = "the device: Verilated, clock by clock, or functional"},
                                             {{"rtl", nic_kind::rtl}, {"model", nic_kind::model}},
                                             FOURTUPLE_PLACE(nic)));
  table.push_back(at<platform>({.section = "nic",
                                .key = "table_buckets_log2",
                                .unit = "log2",
                                .help = "lines of four entries in the connection table; rtl has 2^14",
                                .least = 2,
                                .most = 20},
                               FOURTUPLE_PLACE(table_buckets_log2)));
  table.push_back(at<platform>({.section = "nic",
                                .key = "table_overflow_lines_log2",
                                .unit = "log2",
                                .help = "overflow lines of the connection table; rtl has 2^13",
                                .least = 2,
                                .most = 20},
                               FOURTUPLE_PLACE(table_overflow_lines_log2)));
  table.push_back(at<platform>(
      {.section = "nic", .key = "mtu", .unit = "bytes", .help = "largest IP packet", .least = 68, .most = 1500},
      FOURTUPLE_PLACE(mtu)));
  table.push_back(at<platform>({.section = "nic",
                                .key = "rx_ring_bytes_log2",
                                .unit = "log2 bytes",
                                .help = "receive ring in host memory",
                                .least = 15,
                                .most = 30},
                               FOURTUPLE_PLACE(rx_ring_bytes_log2)));
  table.push_back(at<platform>({.section = "nic",
                                .key = "queues",
                                .help = "receive queues that the driver uses, as many as there are; rtl has 4",
                                .least = 1,
                                .most = 16},
                               FOURTUPLE_PLACE(queues)));
  table.push_back(at<platform>({.section = "nic",
                                .key = "tx_queues",
                                .help = "transmit queues that the driver uses, no more than receive queues",
                                .least = 1,
                                .most = 16},
                               FOURTUPLE_PLACE(tx_queues)));
  table.push_back(at<platform>(
      {.section = "nic", .key = "gro", .help = "segments of a connection that come in one poll are worked off as one"},
      FOURTUPLE_PLACE(gro)));
  table.push_back(at<platform>({.section = "nic",
                                .key = "completion_entries_log2",
                                .unit = "log2",
                                .help = "completion ring",
                                .least = 4,
                                .most = 15},
                               FOURTUPLE_PLACE(completion_entries_log2)));
  table.push_back(at<platform>(
      {.section = "nic", .key = "tx_entries_log2", .unit = "log2", .help = "transmit ring", .least = 7, .most = 15},
      FOURTUPLE_PLACE(tx_entries_log2)));
  table.push_back(at<platform>({.section = "nic",
                                .key = "interrupt_completions",
                                .help = "interrupt moderation: not before so many completions, or the time below",
                                .most = 65'535},
                               FOURTUPLE_PLACE(interrupt_completions)));
  table.push_back(at<platform>({.section = "nic",
                                .key = "interrupt_clocks",
                                .unit = "clocks",
                                .help = "interrupt moderation: at the latest so long after the first completion",
                                .most = 65'535},
                               FOURTUPLE_PLACE(interrupt_clocks)));
  table.push_back(
      at<platform>({.section = "nic",
                    .key = "watchdog_ms",
                    .unit = "ms",
                    .help = "how often the driver looks for what an interrupt should have told of; 0: never",
                    .most = most_ms},
                   FOURTUPLE_PLACE(watchdog_ms)));
}

void add_pcie(settings_table<platform>& table) {
  table.push_back(at<platform>({.section = "pcie",
                                .key = "generation",
                                .option = "pcie-generation",
                                .help = "rate of a lane",
                                .least = 1,
                                .most = 5},
                               FOURTUPLE_PLACE(pcie_generation)));
  table.push_back(at<platform>({.section = "pcie",
                                .key = "lanes",
                                .option = "pcie-lanes",
                                .help = "1, 2, 4, 8, 12, 16 or 32 of them",
                                .least = 1,
                                .most = 32},
                               FOURTUPLE_PLACE(pcie_lanes)));
  table.push_back(at<platform>({.section = "pcie",
                                .key = "round_trip_ns",
                                .unit = "ns",
                                .option = "pcie-round-trip-ns",
                                .help = "from a read request of the device to its data",
                                .least = 1,
                                .most = 1'000'000},
                               FOURTUPLE_PLACE(pcie_read_round_trip_ns)));
  table.push_back(at<platform>({.section = "pcie",
                                .key = "memory_latency_ns",
                                .unit = "ns",
                                .help = "the part of it that the host's memory takes",
                                .most = 100'000},
                               FOURTUPLE_PLACE(pcie_memory_latency_ns)));
  const auto is_power_of_two = [](std::uint64_t least, std::uint64_t most) {
    std::vector<std::pair<std::string_view, std::uint32_t>> names;
    constexpr std::string_view texts[] = {"64", "128", "256", "512", "1024", "2048", "4096"};
    std::uint32_t bytes = 64;
    for (const std::string_view text : texts) {
      if (bytes >= least && bytes <= most) names.emplace_back(text, bytes);
      bytes *= 2;
    }
    return names;
  };
  table.push_back(one_of<platform, std::uint32_t>({.section = "pcie",
                                                   .key = "max_payload_bytes",
                                                   .unit = "bytes",
                                                   .option = "pcie-mps",
                                                   .help = "MPS: most data in a write or completion"},
                                                  is_power_of_two(128, 4096), FOURTUPLE_PLACE(pcie_max_payload_bytes)));
  table.push_back(one_of<platform, std::uint32_t>({.section = "pcie",
                                                   .key = "max_read_request_bytes",
                                                   .unit = "bytes",
                                                   .option = "pcie-mrrs",
                                                   .help = "MRRS: most data that one read request asks for"},
                                                  is_power_of_two(128, 4096),
                                                  FOURTUPLE_PLACE(pcie_max_read_request_bytes)));
  table.push_back(
      one_of<platform, std::uint32_t>({.section = "pcie",
                                       .key = "read_completion_boundary_bytes",
                                       .unit = "bytes",
                                       .help = "RCB: multiples of it are where the answer to a read may be cut"},
                                      is_power_of_two(64, 128), FOURTUPLE_PLACE(pcie_read_completion_boundary_bytes)));
  table.push_back(at<platform>({.section = "pcie",
                                .key = "tags",
                                .option = "pcie-tags",
                                .help = "read requests that the device can have outstanding",
                                .least = 1,
                                .most = 768},
                               FOURTUPLE_PLACE(pcie_tags)));
}

void add_pcie_credits(settings_table<platform>& table) {
  constexpr std::uint64_t most_credits = 65'535;
  table.push_back(at<platform>({.section = "pcie",
                                .key = "posted_header_credits",
                                .help = "writes that the root port has room for; 0: any number",
                                .most = most_credits},
                               FOURTUPLE_PLACE(pcie_posted_header_credits)));
  table.push_back(at<platform>({.section = "pcie",
                                .key = "posted_data_credits",
                                .unit = "16 bytes",
                                .help = "their data; 0: any amount",
                                .most = most_credits},
                               FOURTUPLE_PLACE(pcie_posted_data_credits)));
  table.push_back(at<platform>({.section = "pcie",
                                .key = "non_posted_header_credits",
                                .help = "read requests that the root port has room for; 0: any number",
                                .most = most_credits},
                               FOURTUPLE_PLACE(pcie_non_posted_header_credits)));
  table.push_back(at<platform>({.section = "pcie",
                                .key = "credit_hold_ns",
                                .unit = "ns",
                                .help = "until that room is free again",
                                .most = 1'000'000},
                               FOURTUPLE_PLACE(pcie_credit_hold_ns)));
  table.push_back(at<platform>({.section = "pcie",
                                .key = "completion_timeout_us",
                                .unit = "us",
                                .help = "after which processor and device give up a read that is not answered",
                                .least = 50,
                                .most = 50'000},
                               FOURTUPLE_PLACE(pcie_completion_timeout_us)));
}

void add_cpu(settings_table<platform>& table) {
  table.push_back(at<platform>({.section = "cpu",
                                .key = "packet_ns",
                                .unit = "ns",
                                .option = "cpu-packet-ns",
                                .help = "processor time for each packet through the stack, in or out",
                                .most = 1'000'000},
                               FOURTUPLE_PLACE(costs.packet_ns)));
  table.push_back(at<platform>({.section = "cpu",
                                .key = "call_ns",
                                .unit = "ns",
                                .option = "cpu-call-ns",
                                .help = "processor time for each socket call",
                                .most = 1'000'000},
                               FOURTUPLE_PLACE(costs.call_ns)));
  table.push_back(at<platform>({.section = "cpu",
                                .key = "interrupt_ns",
                                .unit = "ns",
                                .option = "cpu-interrupt-ns",
                                .help = "processor time for each interrupt",
                                .most = 1'000'000},
                               FOURTUPLE_PLACE(costs.interrupt_ns)));
  table.push_back(at<platform>({.section = "cpu",
                                .key = "mmio_ns",
                                .unit = "ns",
                                .option = "cpu-mmio-ns",
                                .help = "processor time for each access to a register of the device",
                                .most = 1'000'000},
                               FOURTUPLE_PLACE(costs.mmio_ns)));
}

void add_tcp_listening(settings_table<platform>& table) {
  table.push_back(at<platform>(
      {.section = "tcp", .key = "syncookies", .help = "0: never, 1: when the SYN queue is full, 2: always", .most = 2},
      FOURTUPLE_PLACE(tcp.tcp_syncookies)));
  table.push_back(at<platform>({.section = "tcp",
                                .key = "max_syn_backlog",
                                .help = "requests that wait for the end of their handshake, a listener",
                                .least = 1,
                                .most = 1'000'000},
                               FOURTUPLE_PLACE(tcp.tcp_max_syn_backlog)));
  table.push_back(at<platform>(
      {.section = "tcp", .key = "somaxconn", .help = "limit of the backlog of listen()", .least = 1, .most = 1'000'000},
      FOURTUPLE_PLACE(tcp.somaxconn)));
  table.push_back(at<platform>({.section = "tcp",
                                .key = "ehash_entries",
                                .help = "buckets of the host's table of connections, rounded up to a power of two",
                                .least = 1,
                                .most = 1'048'576},
                               FOURTUPLE_PLACE(ehash_entries)));
}

void add_tcp_limits(settings_table<platform>& table) {
  constexpr std::uint32_t most = 1'000'000'000;
  table.push_back(at<platform>(
      {.section = "tcp",
       .key = "mem_low_pages",
       .unit = "pages",
       .help = "memory of all sockets below which buffers grow freely (tcp_mem's first value; a page: 4096 bytes)",
       .most = most},
      FOURTUPLE_PLACE(tcp.tcp_mem[0])));
  table.push_back(at<platform>({.section = "tcp",
                                .key = "mem_pressure_pages",
                                .unit = "pages",
                                .help = "above which they do not grow and windows close (its second value)",
                                .most = most},
                               FOURTUPLE_PLACE(tcp.tcp_mem[1])));
  table.push_back(at<platform>(
      {.section = "tcp", .key = "mem_high_pages", .unit = "pages", .help = "the limit (its third value)", .most = most},
      FOURTUPLE_PLACE(tcp.tcp_mem[2])));
  table.push_back(at<platform>({.section = "tcp",
                                .key = "max_orphans",
                                .help = "connections that the application has closed; above it they are reset",
                                .most = most},
                               FOURTUPLE_PLACE(tcp.tcp_max_orphans)));
  table.push_back(at<platform>({.section = "tcp",
                                .key = "max_tw_buckets",
                                .help = "connections in TIME_WAIT; above it they end without",
                                .most = most},
                               FOURTUPLE_PLACE(tcp.tcp_max_tw_buckets)));
  table.push_back(
      at<platform>({.section = "tcp",
                    .key = "tw_reuse",
                    .help = "connect() takes ports in TIME_WAIT: 0: never, 1: a second later, 2: on loopback",
                    .most = 2},
                   FOURTUPLE_PLACE(tcp.tcp_tw_reuse)));
}

void add_tcp(settings_table<platform>& table) {
  table.push_back(at<platform>({.section = "tcp",
                                .key = "time_wait_ms",
                                .unit = "ms",
                                .option = "time-wait-ms",
                                .help = "length of TIME_WAIT",
                                .least = 1,
                                .most = most_ms},
                               FOURTUPLE_PLACE(time_wait_ms)));
  table.push_back(one_of<platform, std::string>({.section = "tcp",
                                                 .key = "congestion_control",
                                                 .option = "congestion-control",
                                                 .help = "for sockets that do not choose"},
                                                {{"cubic", "cubic"}, {"reno", "reno"}},
                                                FOURTUPLE_PLACE(tcp.tcp_congestion_control)));
  table.push_back(
      at<platform>({.section = "tcp",
                    .key = "hz",
                    .unit = "1/s",
                    .help = "ticks of CUBIC's clock, and of the ACK of a FIN before any data (Linux: CONFIG_HZ)",
                    .least = 1,
                    .most = 1'000},
                   FOURTUPLE_PLACE(tcp.hz)));
  table.push_back(at<platform>({.section = "tcp",
                                .key = "initial_cwnd",
                                .unit = "segments",
                                .help = "initial congestion window",
                                .least = 1,
                                .most = 1'000},
                               FOURTUPLE_PLACE(tcp.tcp_initial_cwnd)));
  table.push_back(at<platform>({.section = "tcp", .key = "sack", .help = "selective acknowledgements"},
                               FOURTUPLE_PLACE(tcp.tcp_sack)));
  table.push_back(at<platform>({.section = "tcp", .key = "timestamps", .help = "TCP timestamps"},
                               FOURTUPLE_PLACE(tcp.tcp_timestamps)));
  table.push_back(at<platform>({.section = "tcp", .key = "window_scaling", .help = "windows above 64 KiB"},
                               FOURTUPLE_PLACE(tcp.tcp_window_scaling)));
  table.push_back(at<platform>({.section = "tcp",
                                .key = "rto_min_ms",
                                .unit = "ms",
                                .help = "shortest retransmission timeout",
                                .least = 1,
                                .most = 120'000},
                               FOURTUPLE_PLACE(tcp.tcp_rto_min_ms)));
  table.push_back(at<platform>({.section = "tcp",
                                .key = "send_buffer_bytes",
                                .unit = "bytes",
                                .help = "of a new connection (tcp_wmem's second value)",
                                .least = 4'096,
                                .most = most_buffer_bytes},
                               FOURTUPLE_PLACE(tcp.tcp_wmem[1])));
  table.push_back(at<platform>({.section = "tcp",
                                .key = "receive_buffer_bytes",
                                .unit = "bytes",
                                .help = "of a new connection (tcp_rmem's second value)",
                                .least = 4'096,
                                .most = most_buffer_bytes},
                               FOURTUPLE_PLACE(tcp.tcp_rmem[1])));
  add_tcp_listening(table);
  add_tcp_limits(table);
}

void add_link(settings_table<platform>& table) {
  table.push_back(in_steps<platform>({.section = "link",
                                      .key = "rate_gbit",
                                      .unit = "Gbit/s",
                                      .option = "wire-gbit",
                                      .help = "rate of the wire at the host's NIC",
                                      .least_number = 0.01,
                                      .most_number = 400},
                                     bits_per_gbit, FOURTUPLE_PLACE(wire_bits_per_s)));
  table.push_back(at<platform>({.section = "link",
                                .key = "delay_ns",
                                .unit = "ns",
                                .option = "wire-delay-ns",
                                .help = "propagation, one way",
                                .least = 1,
                                .most = most_ns},
                               FOURTUPLE_PLACE(wire_delay_ns)));
}

}  // namespace

const settings_table<platform_options>& platform_table() {
  static const settings_table<platform_options> table = [] {
    settings_table<platform_options> made;
    add_nic(made);
    add_pcie(made);
    add_pcie_credits(made);
    add_faults(made);
    add_cpu(made);
    add_tcp(made);
    add_link(made);
    return made;
  }();
  return table;
}

}  // namespace fourtuple::model::system
