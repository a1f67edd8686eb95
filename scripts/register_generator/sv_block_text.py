# SPDX-License-Identifier: Apache-2.0
"""The parts of the register block that do not depend on which registers there are."""

CONTRACT_AND_PORTS = """/// The registers of BAR0 behind an AXI4-Lite slave: docs/registers.md.
///
/// latency       a read is answered 4 clocks after its address is taken, a write 4 clocks after the
///               later of address and data; reg2hw_o has a written value when the answer becomes
///               valid, and `written` is high in that clock
/// throughput    one read and one write at a time, independent of each other
/// backpressure  s_axil_*ready are registers; an answer waits as long as the master likes
/// errors        SLVERR and a clock of register_error_o: an address without a register, of an
///               element that is not there, or not a multiple of 4; a write to a word without a
///               writable field, or without all strobes; nothing else happens then
/// 64 bits       reading the low word of a register with hardware-driven fields holds its high
///               word: if the next read is of that high word, both are of the same moment. The
///               halves of written registers change one by one
/// quiet_o       no register here changes while no input does; follows the inputs at once
/// reset         all fields have their reset value; accepts accesses from the second clock after it
module fourtuple_nic_regs #(
@PARAMETERS@
) (
    input  wire logic        clk_i,
    input  wire logic        rst_ni,

    input  wire logic [15:0] s_axil_awaddr,
    input  wire logic [2:0]  s_axil_awprot,
    input  wire logic        s_axil_awvalid,
    output logic             s_axil_awready,
    input  wire logic [31:0] s_axil_wdata,
    input  wire logic [3:0]  s_axil_wstrb,
    input  wire logic        s_axil_wvalid,
    output logic             s_axil_wready,
    output logic      [1:0]  s_axil_bresp,
    output logic             s_axil_bvalid,
    input  wire logic        s_axil_bready,
    input  wire logic [15:0] s_axil_araddr,
    input  wire logic [2:0]  s_axil_arprot,
    input  wire logic        s_axil_arvalid,
    output logic             s_axil_arready,
    output logic      [31:0] s_axil_rdata,
    output logic      [1:0]  s_axil_rresp,
    output logic             s_axil_rvalid,
    input  wire logic        s_axil_rready,

    output @PACKAGE@::reg2hw_t reg2hw_o,
    input  wire @PACKAGE@::hw2reg_t hw2reg_i,

    output logic             register_error_o,
    output logic             quiet_o
);
  localparam logic [1:0] RESP_OKAY   = 2'b00;
  localparam logic [1:0] RESP_SLVERR = 2'b10;

  // Every access may read and write everything: BAR0 is the driver's.
  logic unused_prot;
  assign unused_prot = ^{s_axil_awprot, s_axil_arprot};

"""

WRITE_CONTROL = """  typedef enum logic [2:0] {
    WRITE_RESET,
    WRITE_COLLECT,  // address and data arrive, in any order
    WRITE_DECODE,
    WRITE_UPDATE,
    WRITE_ANSWER
  } write_state_e;

  write_state_e write_state_q;
  logic [15:0] write_address_q;
  logic [31:0] write_data_q;
  logic write_whole_q;  // all strobes
  logic awready_q, wready_q, bvalid_q;
  logic [1:0] bresp_q;
  logic write_error_q;  // for one clock
  logic write_selected;

  logic write_decode;
  assign write_decode = write_state_q == WRITE_DECODE && write_whole_q;

  always_ff @(posedge clk_i) begin
    if (awready_q && s_axil_awvalid) write_address_q <= s_axil_awaddr;
    if (wready_q && s_axil_wvalid) begin
      write_data_q  <= s_axil_wdata;
      write_whole_q <= &s_axil_wstrb;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_state_q <= WRITE_RESET;
      awready_q     <= 1'b0;
      wready_q      <= 1'b0;
      bvalid_q      <= 1'b0;
      bresp_q       <= RESP_OKAY;
      write_error_q <= 1'b0;
    end else begin
      write_error_q <= 1'b0;
      unique case (write_state_q)
        WRITE_COLLECT: begin
          // Not ready any more means that it is here.
          if (s_axil_awvalid) awready_q <= 1'b0;
          if (s_axil_wvalid) wready_q <= 1'b0;
          if (!awready_q && !wready_q) write_state_q <= WRITE_DECODE;
        end
        WRITE_DECODE: write_state_q <= WRITE_UPDATE;
        WRITE_UPDATE: begin
          write_state_q <= WRITE_ANSWER;
          bvalid_q      <= 1'b1;
          bresp_q       <= write_selected ? RESP_OKAY : RESP_SLVERR;
          write_error_q <= !write_selected;
        end
        WRITE_ANSWER: begin
          if (s_axil_bready) begin
            write_state_q <= WRITE_COLLECT;
            bvalid_q      <= 1'b0;
            awready_q     <= 1'b1;
            wready_q      <= 1'b1;
          end
        end
        default: begin
          write_state_q <= WRITE_COLLECT;
          awready_q     <= 1'b1;
          wready_q      <= 1'b1;
        end
      endcase
    end
  end

  assign s_axil_awready = awready_q;
  assign s_axil_wready  = wready_q;
  assign s_axil_bvalid  = bvalid_q;
  assign s_axil_bresp   = bresp_q;

"""

READ_CONTROL = """  typedef enum logic [2:0] {
    READ_RESET,
    READ_COLLECT,
    READ_DECODE,
    READ_GATHER,
    READ_SELECT,
    READ_ANSWER
  } read_state_e;

  read_state_e read_state_q;
  logic [15:0] read_address_q;
  logic arready_q;

  always_ff @(posedge clk_i) begin
    if (arready_q && s_axil_arvalid) read_address_q <= s_axil_araddr;
  end

  // The first stage of the multiplexer: for each page the pair of words at the address.
"""

READ_ANSWER = """  // The high word that belongs to the low word of the last read.
  logic [31:0] held_q;
  logic [12:0] held_address_q;
  logic held_valid_q;

  logic [31:0] read_high;
  assign read_high = held_valid_q && held_address_q == read_address_q[15:3] ? held_q
                                                                            : read_data[63:32];
  logic read_ok;
  assign read_ok = read_address_q[1:0] == 2'b00
                   && (read_address_q[2] ? read_known[1] : read_known[0]);

  logic rvalid_q;
  logic [31:0] rdata_q;
  logic [1:0] rresp_q;
  logic read_error_q;  // for one clock

  always_ff @(posedge clk_i) begin
    if (read_state_q == READ_SELECT) begin
      rdata_q        <= !read_ok ? '0 : read_address_q[2] ? read_high : read_data[31:0];
      rresp_q        <= read_ok ? RESP_OKAY : RESP_SLVERR;
      held_q         <= read_data[63:32];
      held_address_q <= read_address_q[15:3];
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      read_state_q <= READ_RESET;
      arready_q    <= 1'b0;
      rvalid_q     <= 1'b0;
      read_error_q <= 1'b0;
      held_valid_q <= 1'b0;
    end else begin
      read_error_q <= 1'b0;
      unique case (read_state_q)
        READ_COLLECT: begin
          if (s_axil_arvalid) begin
            arready_q    <= 1'b0;
            read_state_q <= READ_DECODE;
          end
        end
        READ_DECODE: read_state_q <= READ_GATHER;
        READ_GATHER: read_state_q <= READ_SELECT;
        READ_SELECT: begin
          read_state_q <= READ_ANSWER;
          rvalid_q     <= 1'b1;
          read_error_q <= !read_ok;
          held_valid_q <= read_ok && !read_address_q[2] && read_known[2];
        end
        READ_ANSWER: begin
          if (s_axil_rready) begin
            rvalid_q     <= 1'b0;
            arready_q    <= 1'b1;
            read_state_q <= READ_COLLECT;
          end
        end
        default: begin
          arready_q    <= 1'b1;
          read_state_q <= READ_COLLECT;
        end
      endcase
    end
  end

  assign s_axil_arready = arready_q;
  assign s_axil_rvalid  = rvalid_q;
  assign s_axil_rdata   = rdata_q;
  assign s_axil_rresp   = rresp_q;

"""

QUIET = """  // A read and a write may fail in the same clock: two clocks of register_error_o then.
  logic error_q, second_error_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      error_q        <= 1'b0;
      second_error_q <= 1'b0;
    end else begin
      error_q        <= read_error_q || write_error_q || second_error_q;
      second_error_q <= (read_error_q && write_error_q)
                        || (second_error_q && (read_error_q || write_error_q));
    end
  end
  assign register_error_o = error_q;

  logic write_quiet, read_quiet, waker;
  always_comb begin
    unique case (write_state_q)
      WRITE_COLLECT: write_quiet = (awready_q || wready_q) && !(awready_q && s_axil_awvalid)
                                   && !(wready_q && s_axil_wvalid);
      WRITE_ANSWER:  write_quiet = !s_axil_bready;
      default:       write_quiet = 1'b0;
    endcase
    unique case (read_state_q)
      READ_COLLECT: read_quiet = !s_axil_arvalid;
      READ_ANSWER:  read_quiet = !s_axil_rready;
      default:      read_quiet = 1'b0;
    endcase
  end
  assign waker = |{
@WAKERS@,
      write_error_q, read_error_q, error_q, second_error_q
  };
  assign quiet_o = write_quiet && read_quiet && !waker;
"""
