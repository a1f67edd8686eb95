// SPDX-License-Identifier: Apache-2.0
// What the registers of interrupt_moderation have to do with each other in every state that can be reached.
// moderation_settles_proof shows it; moderation_quiet_proof and nic_quiet_proof begin with such states. Macros, because
// what FOURTUPLE_PROBE connects cannot go on into a module or a function.
`ifndef FOURTUPLE_MODERATION_SETTLED
`define FOURTUPLE_MODERATION_SETTLED

`define FOURTUPLE_ARMED_IS_NOT_SETTLED(INDEX_NEW, SETTLE) (!INDEX_NEW || SETTLE == 2'd3)
`define FOURTUPLE_SETTLED_IS_DECIDED(SETTLED, ARMED, COUNTED, ENOUGH, ANY, RUNNING) \
  (!(SETTLED && ARMED) || (COUNTED && !ENOUGH && (!ANY || RUNNING)))

`endif
