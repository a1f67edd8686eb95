// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// What the parts of the receive offload say to each other.
package rx_offload_pkg;
  /// What the checksum needs to know of a frame while its beats pass.
  typedef struct packed {
    logic        vlan;
    logic [6:0]  l4_offset;    // bytes, 34 to 78
    logic        l4_end_open;  // the end is not known yet, but lies behind this beat
    logic [17:0] l4_end;       // bytes from the frame's start
    logic [31:0] source;       // the pseudo-header; it counts with the frame's last beat
    logic [31:0] destination;  // addresses have their first byte in 7:0
    logic [7:0]  protocol;
    logic [15:0] l4_length;
  } sum_range_t;

  /// What is known of a frame once its last beat has been seen. Meanings as in rx_meta_t.
  typedef struct packed {
    logic        mac_error;
    logic        too_short;
    logic        too_long;
    logic        filtered;
    logic [13:0] length;
    logic [7:0]  l3_offset;
    logic [7:0]  l4_offset;
    logic [7:0]  payload_offset;
    logic [3:0]  packet_class;
    logic        vlan;
    logic        ip_checked;
    logic        l4_checked;
    logic [47:0] timestamp;
  } frame_facts_t;
endpackage

`default_nettype wire
