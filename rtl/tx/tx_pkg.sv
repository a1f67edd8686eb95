// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// What the blocks of the transmit side say to each other. Lane n of a beat is its byte n.
package tx_pkg;
  /// A burst of reads, for the read port.
  typedef struct packed {
    logic [57:0] line;        // address in units of 64 bytes
    logic [2:0]  last_beat;   // beats - 1
    logic        descriptor;  // descriptors, not payload
    logic [4:0]  queue_number;       // descriptors: whose
    logic [1:0]  first_lane;  // descriptors: the first one wanted in the first beat
    logic [1:0]  last_lane;   // descriptors: the last one wanted in the last beat
  } read_t;

  /// A beat of descriptors.
  typedef struct packed {
    logic         refused;     // it could not be read
    logic [4:0]   queue_number;
    logic [1:0]   first_lane;  // which of the four are meant
    logic [1:0]   last_lane;
    logic [511:0] data;
  } line_t;

  /// A frame, when all its descriptors have been read.
  typedef struct packed {
    logic [4:0]  queue_number;
    logic        drop;            // it breaks a rule of docs/device.md
    logic        ends;            // not set: a part of a frame of too many descriptors; drop is set
    logic [16:0] length;          // bytes
    logic        tso;             // to be cut into segments
    logic [13:0] mss;             // tso: bytes of payload in a segment
    logic [7:0]  header_length;   // tso: bytes
    logic        checksum;        // put one in
    logic [7:0]  checksum_start;  // byte position
    logic [8:0]  checksum_field;  // byte position
    logic        completion;      // wanted
    logic [15:0] next_index;      // index after its last descriptor
  } frame_t;

  /// The bytes of one descriptor as the read data brings them.
  typedef struct packed {
    logic [5:0]  first_lane;    // of its first byte in its first beat
    logic [5:0]  last_lane;     // of its last byte in its last beat
    logic [10:0] beats;         // 0: nothing was read, the frame is dropped
    logic        end_of_frame;
    frame_t      frame;
  } segment_t;

  /// What is cut out of a frame: all of it, or a TCP segment. Lines are of 64 bytes from the frame's
  /// start; the segment's byte n stands at offset + n, but for the header.
  typedef struct packed {
    logic        tso;            // a TCP segment: it gets the frame's header with changes
    logic        first;          // of its frame
    logic        last;           // of its frame
    logic [13:0] length;         // bytes
    logic [7:0]  last_beat;      // beats - 1
    logic [16:0] offset;         // bytes of payload before it
    logic [15:0] number;         // segments before it
    logic [10:0] need_line;      // the last line with bytes of its first beat
    logic [10:0] last_line;      // the last line with bytes of it
    logic [10:0] after_line;     // the first line with bytes of what follows
    logic [7:0]  header_length;  // 0 if it is all of a frame
    logic        checksum;
    logic [7:0]  checksum_start;
    logic [8:0]  checksum_field;
  } cut_t;

  /// A beat of it, on its way.
  typedef struct packed {
    logic        first;        // the first one
    logic        last;         // the last one
    logic [1:0]  number;       // of the beat; 3: any later one
    logic        odd;          // it begins in a line of the odd half of the window
    logic        low_is_last;  // with last: it ends in the line that it begins in
    cut_t        cut;
  } cut_beat_t;

  /// A frame in the frame buffer.
  typedef struct packed {
    logic [13:0] length;  // bytes, padding included
    logic        checksum;
    logic [7:0]  checksum_start;
    logic [8:0]  checksum_field;
    logic        tso;     // a TCP segment
    logic        last;    // the last one of its frame
  } stored_t;

  /// What goes with a beat on its way out.
  typedef struct packed {
    logic        tso;            // a TCP segment
    logic        tso_last;       // the last one of its frame
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
