// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// What the NIC's blocks say to each other. Registers and host records are in fourtuple_nic_regs_pkg.
package fourtuple_nic_pkg;
  /// What the receive offload pipeline found out about a frame: docs/device.md, Receive. Fields have the names and
  /// meanings of frame_completion; the four behind rx_queue are the reasons to drop it, at most one of them set.
  typedef struct packed {
    logic [3:0]  rx_queue;  // where it goes: docs/device.md, Queues
    logic        mac_error;
    logic        too_short;
    logic        too_long;
    logic        filtered;
    logic [13:0] length;  // bytes; stays at 16383 for longer frames
    logic [7:0]  l3_offset;
    logic [7:0]  l4_offset;
    logic [7:0]  payload_offset;
    logic [3:0]  packet_class;
    logic        vlan;
    logic        ip_checked;
    logic        ip_good;
    logic        l4_checked;
    logic        l4_good;
    logic [15:0] raw_sum;
    logic [31:0] hash;
    logic        hit;
    logic [31:0] handle;
    logic [47:0] timestamp;
  } rx_meta_t;

  /// One end of a connection as the hash and the table see it: docs/device.md, The hash.
  typedef struct packed {
    logic [31:0] local_address;    // bytes in network order, first byte in 7:0
    logic [31:0] foreign_address;  // likewise
    logic [15:0] local_port;       // a number
    logic [15:0] foreign_port;     // bytes in network order, first byte in 7:0
  } tuple_t;

  /// What an entry of the connection table says about its connection.
  typedef struct packed {
    logic [3:0]  steer_queue;
    logic        steer;
    logic [31:0] handle;
  } table_value_t;

  typedef struct packed {
    logic [3:0]  steer_queue;
    logic        steer;
    logic [1:0]  op;  // command_op_e
    logic [15:0] tag;
    tuple_t      tuple;
    logic [31:0] handle;
  } table_command_t;

  typedef struct packed {
    logic [3:0]  steer_queue;
    logic        steer;
    logic [1:0]  op;
    logic [15:0] tag;
    logic [1:0]  result;  // command_result_e
    logic [31:0] handle;
  } table_answer_t;

  /// What a clock counts of received frames, in the order of the counters from rx_drop_mac_error on, the first one
  /// lowest.
  typedef struct packed {
    logic table_miss;
    logic table_hit;
    logic l4_bad;
    logic l4_good;
    logic ipv4_bad;
    logic ipv4_good;
    logic drop_disabled;
    logic drop_completion_full;
    logic drop_ring_full;
    logic drop_fifo_full;
    logic drop_filtered;
    logic drop_too_long;
    logic drop_too_short;
    logic drop_mac_error;
  } rx_counts_t;

  /// Likewise of table commands, from table_inserted on.
  typedef struct packed {
    logic command_dropped;
    logic not_found;
    logic full;
    logic deleted;
    logic updated;
    logic inserted;
  } table_counts_t;

  /// Who made a DMA access: dma_error_source.
  typedef enum logic [2:0] {
    DMA_RX_DATA       = 3'd0,
    DMA_COMPLETION    = 3'd1,
    DMA_INTERRUPT     = 3'd2,
    DMA_TX_DESCRIPTOR = 3'd3,
    DMA_TX_DATA       = 3'd4
  } dma_source_e;
endpackage

`default_nettype wire
