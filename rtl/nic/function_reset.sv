// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Function-level reset (PCIe 6.6.2; docs/device.md, Function-level reset): stands at the borders of
/// the device, brings its buses to rest between two transactions, resets it, and lets it go again.
///
/// Only handshakes pass here; data goes straight. While it stops the device, a bus may finish what
/// was begun or offered and begin nothing: on m_axi a burst whose address was taken gets its data
/// and the other way round, responses are awaited, and the device, which still runs, takes them; on
/// s_axil accesses that were accepted are answered; on m_axis the frame that is on its way is
/// finished. Then reset_no is low for RESET_CLOCKS. The rest of a frame that arrives meanwhile is
/// thrown away.
///
/// request       start_i (a pulse), or flr_i while flr_done_o is 0
/// flr_done_o    1 from the end of the reset until flr_i has gone to 0
/// latency       none for a handshake; RESET_CLOCKS + 3 from the last response to the end
/// throughput    1 transfer per clock on every bus
/// backpressure  while it stops and resets, the ready signals of s_axil are 0
/// reset         rst_ni resets the device too
/// quiet_o       not at work
module function_reset #(
    parameter int unsigned RESET_CLOCKS = 4
) (
    input  wire logic clk_i,
    input  wire logic rst_ni,
    input  wire logic flr_i,
    output logic      flr_done_o,
    input  wire logic start_i,
    output logic      reset_no,
    output logic      quiet_o,

    // m_axi: c_ is the device's side
    input  wire logic c_awvalid_i,
    output logic      c_awready_o,
    output logic      m_awvalid_o,
    input  wire logic m_awready_i,
    input  wire logic c_wvalid_i,
    input  wire logic c_wlast_i,
    output logic      c_wready_o,
    output logic      m_wvalid_o,
    input  wire logic m_wready_i,
    input  wire logic m_bvalid_i,   // is always taken
    input  wire logic c_arvalid_i,
    output logic      c_arready_o,
    output logic      m_arvalid_o,
    input  wire logic m_arready_i,
    input  wire logic m_rvalid_i,
    input  wire logic m_rlast_i,
    input  wire logic c_rready_i,

    // s_axil: s_ is the host's side
    input  wire logic s_awvalid_i,
    output logic      s_awready_o,
    output logic      c_axil_awvalid_o,
    input  wire logic c_axil_awready_i,
    input  wire logic s_wvalid_i,
    output logic      s_wready_o,
    output logic      c_axil_wvalid_o,
    input  wire logic c_axil_wready_i,
    input  wire logic c_axil_bvalid_i,
    input  wire logic s_bready_i,
    input  wire logic s_arvalid_i,
    output logic      s_arready_o,
    output logic      c_axil_arvalid_o,
    input  wire logic c_axil_arready_i,
    input  wire logic c_axil_rvalid_i,
    input  wire logic s_rready_i,

    // s_axis and m_axis
    input  wire logic s_axis_tvalid_i,
    input  wire logic s_axis_tlast_i,
    output logic      s_axis_tready_o,
    output logic      c_s_axis_tvalid_o,
    input  wire logic c_m_axis_tvalid_i,
    input  wire logic c_m_axis_tlast_i,
    output logic      c_m_axis_tready_o,
    output logic      m_axis_tvalid_o,
    input  wire logic m_axis_tready_i
);
  localparam int unsigned OUTSTANDING = 12;  // bits of a count of bursts
  localparam int unsigned ACCESSES = 4;      // bits of a count of register accesses

  typedef enum logic [1:0] {
    RUN,
    STOP,
    RESET
  } state_e;
  state_e state_q;
  logic open, resetting, reset_nq, flr_done_q, rest, rest_q;
  logic [$clog2(RESET_CLOCKS+1)-1:0] clocks_q;
  // The device is in reset one clock later than the state says.
  assign resetting = state_q == RESET || !reset_nq;
  assign open      = state_q == RUN && reset_nq;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q    <= RUN;
      flr_done_q <= 1'b0;
      rest_q     <= 1'b0;
      clocks_q   <= '0;
    end else begin
      rest_q <= rest;
      if (!flr_i) flr_done_q <= 1'b0;
      unique case (state_q)
        RUN: if (reset_nq && (start_i || (flr_i && !flr_done_q))) state_q <= STOP;
        STOP: begin
          clocks_q <= '0;
          if (rest && rest_q) state_q <= RESET;
        end
        RESET: begin
          clocks_q <= clocks_q + 1'b1;
          if (clocks_q == ($clog2(RESET_CLOCKS + 1))'(RESET_CLOCKS - 1)) begin
            state_q    <= RUN;
            flr_done_q <= flr_i;
          end
        end
        default: state_q <= RUN;
      endcase
    end
  end

  // Writes: bursts of which the address was taken, less those of which all data was.
  logic signed [6:0] ahead_q;
  logic [OUTSTANDING-1:0] writes_q, reads_q;
  logic in_burst_q, aw_held_q, w_held_q, ar_held_q, aw_pass, w_pass, ar_pass, aw, w, w_end, ar;
  assign aw_pass = open || aw_held_q || ahead_q < 0 || (ahead_q == 0 && in_burst_q);
  assign w_pass  = open || w_held_q || ahead_q > 0 || in_burst_q;
  assign ar_pass = open || ar_held_q;
  assign m_awvalid_o = c_awvalid_i && aw_pass;
  assign c_awready_o = m_awready_i && aw_pass;
  assign m_wvalid_o  = c_wvalid_i && w_pass;
  assign c_wready_o  = m_wready_i && w_pass;
  assign m_arvalid_o = c_arvalid_i && ar_pass;
  assign c_arready_o = m_arready_i && ar_pass;
  assign aw    = m_awvalid_o && m_awready_i;
  assign w     = m_wvalid_o && m_wready_i;
  assign w_end = w && c_wlast_i;
  assign ar    = m_arvalid_o && m_arready_i;

  logic r_end;
  assign r_end = m_rvalid_i && c_rready_i && m_rlast_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ahead_q    <= '0;
      writes_q   <= '0;
      reads_q    <= '0;
      in_burst_q <= 1'b0;
      aw_held_q  <= 1'b0;
      w_held_q   <= 1'b0;
      ar_held_q  <= 1'b0;
    end else begin
      if (aw && !w_end) ahead_q <= ahead_q + 7'sd1;
      if (w_end && !aw) ahead_q <= ahead_q - 7'sd1;
      if (aw && !m_bvalid_i) writes_q <= writes_q + 1'b1;
      if (m_bvalid_i && !aw) writes_q <= writes_q - 1'b1;
      if (ar && !r_end) reads_q <= reads_q + 1'b1;
      if (r_end && !ar) reads_q <= reads_q - 1'b1;
      if (w) in_burst_q <= !c_wlast_i;
      aw_held_q <= m_awvalid_o && !m_awready_i;
      w_held_q  <= m_wvalid_o && !m_wready_i;
      ar_held_q <= m_arvalid_o && !m_arready_i;
    end
  end

  // Register accesses: of a write both halves, or none.
  logic [ACCESSES-1:0] addresses_q, words_q, lookups_q;
  logic address_pass, word_pass, address, word, answer, lookup, looked_up;
  assign address_pass = open || (state_q == STOP && words_q > addresses_q);
  assign word_pass    = open || (state_q == STOP && addresses_q > words_q);
  assign c_axil_awvalid_o = s_awvalid_i && address_pass;
  assign s_awready_o      = c_axil_awready_i && address_pass;
  assign c_axil_wvalid_o  = s_wvalid_i && word_pass;
  assign s_wready_o       = c_axil_wready_i && word_pass;
  assign c_axil_arvalid_o = s_arvalid_i && open;
  assign s_arready_o      = c_axil_arready_i && open;
  assign address   = s_awvalid_i && s_awready_o;
  assign word      = s_wvalid_i && s_wready_o;
  assign answer    = c_axil_bvalid_i && s_bready_i;
  assign lookup    = s_arvalid_i && s_arready_o;
  assign looked_up = c_axil_rvalid_i && s_rready_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      addresses_q <= '0;
      words_q     <= '0;
      lookups_q   <= '0;
    end else begin
      if (address && !answer) addresses_q <= addresses_q + 1'b1;
      if (answer && !address) addresses_q <= addresses_q - 1'b1;
      if (word && !answer) words_q <= words_q + 1'b1;
      if (answer && !word) words_q <= words_q - 1'b1;
      if (lookup && !looked_up) lookups_q <= lookups_q + 1'b1;
      if (looked_up && !lookup) lookups_q <= lookups_q - 1'b1;
    end
  end

  // Frames: the one that leaves is finished. The one that arrives is lost, and its rest must not be
  // taken for a frame.
  logic leaving_q, frame_pass, arriving_q, skip_q, tready_q;
  assign frame_pass        = open || leaving_q;
  assign m_axis_tvalid_o   = c_m_axis_tvalid_i && frame_pass;
  assign c_m_axis_tready_o = m_axis_tready_i && frame_pass;
  assign c_s_axis_tvalid_o = s_axis_tvalid_i && s_axis_tready_o && !skip_q && !resetting;
  assign s_axis_tready_o   = tready_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      leaving_q  <= 1'b0;
      arriving_q <= 1'b0;
      skip_q     <= 1'b0;
      tready_q   <= 1'b0;
    end else begin
      tready_q <= 1'b1;
      // A frame that is offered has begun.
      if (m_axis_tvalid_o) leaving_q <= !(m_axis_tready_i && c_m_axis_tlast_i);
      if (s_axis_tvalid_i && s_axis_tready_o) arriving_q <= !s_axis_tlast_i;
      if (resetting) begin
        skip_q <= (s_axis_tvalid_i && s_axis_tready_o) ? !s_axis_tlast_i : arriving_q;
      end else if (s_axis_tvalid_i && s_axis_tlast_i) begin
        skip_q <= 1'b0;
      end
    end
  end

  assign rest = ahead_q == '0 && !in_burst_q && !aw_held_q && !w_held_q && !ar_held_q &&
      writes_q == '0 && reads_q == '0 && addresses_q == '0 && words_q == '0 && lookups_q == '0 &&
      !leaving_q;

  always_ff @(posedge clk_i) reset_nq <= rst_ni && state_q != RESET;
  assign reset_no   = reset_nq;
  assign flr_done_o = flr_done_q;
  assign quiet_o    = open && !start_i && flr_i == flr_done_q && tready_q;

  // What the device offers during its reset is nothing; what comes for it neither.
  always_ff @(posedge clk_i) begin
    if (rst_ni && !reset_no) begin
      NothingIsAskedInReset : assert (!m_awvalid_o && !m_wvalid_o && !m_arvalid_o && !m_axis_tvalid_o);
      NothingIsAnsweredInReset : assert (!m_bvalid_i && !m_rvalid_i);
    end
  end
endmodule

`default_nettype wire
