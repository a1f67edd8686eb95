// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// The records of the completion ring, field by field: rtl/regs/fourtuple_formats.rdl. Combinational.
module rx_records (
    input  wire logic                             frame_i,   // a frame's; else
    input  wire logic                             answer_i,  // an answer's; else a transmit completion's
    input  wire logic [25:0]                      offset_i,  // of the frame in the receive ring, beats
    input  wire fourtuple_nic_pkg::rx_meta_t      meta_i,
    input  wire fourtuple_nic_pkg::table_answer_t table_answer_i,
    input  wire logic [15:0]                      transmit_index_i,
    input  wire logic [47:0]                      timestamp_i,  // of an answer or a transmit completion
    output logic [255:0]                          record_o      // phase is 0
);
  fourtuple_nic_regs_pkg::frame_completion_t frame_record;
  fourtuple_nic_regs_pkg::command_completion_t command_record;
  fourtuple_nic_regs_pkg::transmit_completion_t transmit_record;
  always_comb begin
    frame_record                = '0;
    frame_record.kind           = fourtuple_nic_regs_pkg::COMPLETION_KIND_FRAME;
    frame_record.ring_offset    = {offset_i, 6'b0};
    frame_record.length         = {2'b0, meta_i.length};
    frame_record.l3_offset      = meta_i.l3_offset;
    frame_record.l4_offset      = meta_i.l4_offset;
    frame_record.hash           = meta_i.hash;
    frame_record.handle         = meta_i.handle;
    frame_record.raw_sum        = meta_i.raw_sum;
    frame_record.payload_offset = meta_i.payload_offset;
    frame_record.packet_class   = meta_i.packet_class;
    frame_record.vlan           = meta_i.vlan;
    frame_record.hit            = meta_i.hit;
    frame_record.ip_checked     = meta_i.ip_checked;
    frame_record.ip_good        = meta_i.ip_good;
    frame_record.l4_checked     = meta_i.l4_checked;
    frame_record.l4_good        = meta_i.l4_good;
    frame_record.timestamp      = meta_i.timestamp;

    command_record             = '0;
    command_record.kind        = fourtuple_nic_regs_pkg::COMPLETION_KIND_COMMAND;
    command_record.tag         = table_answer_i.tag;
    command_record.op          = table_answer_i.op;
    command_record.result      = table_answer_i.result;
    command_record.steer       = table_answer_i.steer;
    command_record.steer_queue = table_answer_i.steer_queue;
    command_record.handle      = table_answer_i.handle;
    command_record.timestamp   = timestamp_i;

    transmit_record           = '0;
    transmit_record.kind      = fourtuple_nic_regs_pkg::COMPLETION_KIND_TRANSMIT;
    transmit_record.tx_index  = transmit_index_i;
    transmit_record.timestamp = timestamp_i;
  end

  assign record_o = frame_i ? frame_record : answer_i ? command_record : transmit_record;

  logic unused_meta;  // a frame with a reason to be dropped has not come this far
  assign unused_meta = ^{
    meta_i.rx_queue, meta_i.mac_error, meta_i.too_short, meta_i.too_long, meta_i.filtered
  };
endmodule

`default_nettype wire
