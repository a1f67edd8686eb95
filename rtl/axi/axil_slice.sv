// SPDX-License-Identifier: Apache-2.0
`default_nettype none

/// Register slices for the channels that come into an AXI4-Lite slave: AW, W and AR. B and R pass by.
///
/// latency       1 clock each
/// throughput    1 transfer per clock each
/// backpressure  the ready outputs are registers
/// reset         drops what is inside
module axil_slice (
    input  wire logic clk_i,
    input  wire logic rst_ni,

    input  wire logic [15:0] s_axil_awaddr,
    input  wire logic [2:0]  s_axil_awprot,
    input  wire logic        s_axil_awvalid,
    output logic             s_axil_awready,
    input  wire logic [31:0] s_axil_wdata,
    input  wire logic [3:0]  s_axil_wstrb,
    input  wire logic        s_axil_wvalid,
    output logic             s_axil_wready,
    input  wire logic [15:0] s_axil_araddr,
    input  wire logic [2:0]  s_axil_arprot,
    input  wire logic        s_axil_arvalid,
    output logic             s_axil_arready,

    output logic [15:0] m_axil_awaddr,
    output logic [2:0]  m_axil_awprot,
    output logic        m_axil_awvalid,
    input  wire logic   m_axil_awready,
    output logic [31:0] m_axil_wdata,
    output logic [3:0]  m_axil_wstrb,
    output logic        m_axil_wvalid,
    input  wire logic   m_axil_wready,
    output logic [15:0] m_axil_araddr,
    output logic [2:0]  m_axil_arprot,
    output logic        m_axil_arvalid,
    input  wire logic   m_axil_arready
);
  axis_skid #(
      .WIDTH(19)
  ) i_aw (
      .clk_i,
      .rst_ni,
      .s_data_i({s_axil_awprot, s_axil_awaddr}),
      .s_valid_i(s_axil_awvalid),
      .s_ready_o(s_axil_awready),
      .m_data_o({m_axil_awprot, m_axil_awaddr}),
      .m_valid_o(m_axil_awvalid),
      .m_ready_i(m_axil_awready)
  );

  axis_skid #(
      .WIDTH(36)
  ) i_w (
      .clk_i,
      .rst_ni,
      .s_data_i({s_axil_wstrb, s_axil_wdata}),
      .s_valid_i(s_axil_wvalid),
      .s_ready_o(s_axil_wready),
      .m_data_o({m_axil_wstrb, m_axil_wdata}),
      .m_valid_o(m_axil_wvalid),
      .m_ready_i(m_axil_wready)
  );

  axis_skid #(
      .WIDTH(19)
  ) i_ar (
      .clk_i,
      .rst_ni,
      .s_data_i({s_axil_arprot, s_axil_araddr}),
      .s_valid_i(s_axil_arvalid),
      .s_ready_o(s_axil_arready),
      .m_data_o({m_axil_arprot, m_axil_araddr}),
      .m_valid_o(m_axil_arvalid),
      .m_ready_i(m_axil_arready)
  );
endmodule

`default_nettype wire
