// SPDX-License-Identifier: Apache-2.0
// What rx_ring_writer's promise speaks of: included where it is proved and where it is relied on, so that the two are the same.
// Needs clk_i, rst_ni, placement_valid_i and placement_drop_i.

logic placed_q;    // A frame was placed since the reset,
logic delivers_q;  // and one that is not to be dropped.
always_ff @(posedge clk_i) begin
  if (!rst_ni) begin
    placed_q   <= 1'b0;
    delivers_q <= 1'b0;
  end else if (placement_valid_i) begin
    placed_q <= 1'b1;
    if (!placement_drop_i) delivers_q <= 1'b1;
  end
end
