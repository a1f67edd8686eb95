// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// What the blocks of the transmit side say to each other. Lane n of a beat is its byte n.
package tx_pkg;
  /// A burst of reads, for the read port.
  typedef struct packed {
    logic [57:0] line;        // address in units of 64 bytes
    logic [2:0]  last_beat;   // beats - 1
    logic        descriptor;  // descriptors, not payload
    logic [1:0]  first_lane;  // descriptors: the first one wanted in the first beat
    logic [1:0]  last_lane;   // descriptors: the last one wanted in the last beat
  } read_t;

  /// A beat of descriptors.
  typedef struct packed {
    logic         refused;     // it could not be read
    logic [1:0]   first_lane;  // which of the four are meant
    logic [1:0]   last_lane;
    logic [511:0] data;
  } line_t;

  /// A frame, when the bytes of all its descriptors have been named.
  typedef struct packed {
    logic        drop;            // it breaks a rule of docs/device.md
    logic [13:0] length;          // bytes
    logic        checksum;        // put one in
    logic [7:0]  checksum_start;  // byte position
    logic [8:0]  checksum_field;  // byte position
    logic        completion;      // wanted
    logic [15:0] next_index;      // index after its last descriptor
  } frame_t;

  /// The bytes of one descriptor as the read data brings them.
  typedef struct packed {
    logic [5:0] first_lane;    // of its first byte in its first beat
    logic [5:0] last_lane;     // of its last byte in its last beat
    logic [8:0] beats;         // 0: nothing was read, the frame is dropped
    logic       end_of_frame;  // frame holds
    frame_t     frame;
  } segment_t;

  /// A frame in the frame buffer.
  typedef struct packed {
    logic [13:0] length;  // bytes, padding included
    logic        checksum;
    logic [7:0]  checksum_start;
    logic [8:0]  checksum_field;
  } stored_t;

  /// What goes with a beat on its way out.
  typedef struct packed {
    logic        first;
    logic        last;
    logic [5:0]  last_lane;      // with last: of the frame's last byte
    logic        checksum;       // the frame gets one
    logic        field_high;     // the field's first byte is in this beat
    logic        field_low;      // the field's second byte is in this beat
    logic [5:0]  field_lane;     // of the field's first byte, modulo 64
    logic [13:0] length;
  } out_beat_t;
endpackage

`default_nettype wire
