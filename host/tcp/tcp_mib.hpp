// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fourtuple::tcp {

/// What is counted, in Linux's terms (TCP_MIB_* and LINUX_MIB_*), and the device's connection table behind them.
enum class mib : std::uint8_t {
  active_opens,
  passive_opens,
  attempt_fails,
  estab_resets,
  curr_estab,
  in_segs,
  out_segs,
  retrans_segs,
  in_errs,
  out_rsts,
  in_csum_errors,
  listen_overflows,
  listen_drops,
  req_q_full_do_cookies,
  req_q_full_drop,
  syncookies_sent,
  syncookies_recv,
  syncookies_failed,
  abort_on_data,
  abort_on_close,
  abort_on_memory,
  abort_on_timeout,
  abort_on_linger,
  embryonic_rsts,
  tw,
  tw_recycled,
  time_wait_overflow,
  paws_active,
  paws_estab,
  delayed_acks,
  delayed_ack_lost,
  hp_hits,
  pure_acks,
  reno_recovery,
  sack_recovery,
  fast_retrans,
  slow_start_retrans,
  timeouts,
  lost_retransmit,
  loss_probes,
  loss_probe_recovery,
  dsack_old_sent,
  dsack_ofo_sent,
  dsack_recv,
  sack_discard,
  sack_reorder,
  challenge_ack,
  syn_challenge,
  ofo_queue,
  ofo_drop,
  ofo_pruned,
  ofo_merge,
  rcv_q_drop,
  zero_window_drop,
  to_zero_window_adv,
  from_zero_window_adv,
  want_zero_window_adv,
  win_probe,
  keep_alive,
  ack_skipped,
  out_of_window_icmps,
  table_hits,
  table_misses,
  table_stale,
  count_
};

/// The name under which /proc/net/snmp and /proc/net/netstat show a counter.
struct mib_name {
  mib what;
  std::string_view name;
};

inline constexpr std::array<mib_name, static_cast<std::size_t>(mib::count_)> mib_names{{
    {mib::active_opens, "TcpActiveOpens"},
    {mib::passive_opens, "TcpPassiveOpens"},
    {mib::attempt_fails, "TcpAttemptFails"},
    {mib::estab_resets, "TcpEstabResets"},
    {mib::curr_estab, "TcpCurrEstab"},
    {mib::in_segs, "TcpInSegs"},
    {mib::out_segs, "TcpOutSegs"},
    {mib::retrans_segs, "TcpRetransSegs"},
    {mib::in_errs, "TcpInErrs"},
    {mib::out_rsts, "TcpOutRsts"},
    {mib::in_csum_errors, "TcpInCsumErrors"},
    {mib::listen_overflows, "TcpExtListenOverflows"},
    {mib::listen_drops, "TcpExtListenDrops"},
    {mib::req_q_full_do_cookies, "TcpExtTCPReqQFullDoCookies"},
    {mib::req_q_full_drop, "TcpExtTCPReqQFullDrop"},
    {mib::syncookies_sent, "TcpExtSyncookiesSent"},
    {mib::syncookies_recv, "TcpExtSyncookiesRecv"},
    {mib::syncookies_failed, "TcpExtSyncookiesFailed"},
    {mib::abort_on_data, "TcpExtTCPAbortOnData"},
    {mib::abort_on_close, "TcpExtTCPAbortOnClose"},
    {mib::abort_on_memory, "TcpExtTCPAbortOnMemory"},
    {mib::abort_on_timeout, "TcpExtTCPAbortOnTimeout"},
    {mib::abort_on_linger, "TcpExtTCPAbortOnLinger"},
    {mib::embryonic_rsts, "TcpExtEmbryonicRsts"},
    {mib::tw, "TcpExtTW"},
    {mib::tw_recycled, "TcpExtTWRecycled"},
    {mib::time_wait_overflow, "TcpExtTCPTimeWaitOverflow"},
    {mib::paws_active, "TcpExtPAWSActive"},
    {mib::paws_estab, "TcpExtPAWSEstab"},
    {mib::delayed_acks, "TcpExtDelayedACKs"},
    {mib::delayed_ack_lost, "TcpExtDelayedACKLost"},
    {mib::hp_hits, "TcpExtTCPHPHits"},
    {mib::pure_acks, "TcpExtTCPPureAcks"},
    {mib::reno_recovery, "TcpExtTCPRenoRecovery"},
    {mib::sack_recovery, "TcpExtTCPSackRecovery"},
    {mib::fast_retrans, "TcpExtTCPFastRetrans"},
    {mib::slow_start_retrans, "TcpExtTCPSlowStartRetrans"},
    {mib::timeouts, "TcpExtTCPTimeouts"},
    {mib::lost_retransmit, "TcpExtTCPLostRetransmit"},
    {mib::loss_probes, "TcpExtTCPLossProbes"},
    {mib::loss_probe_recovery, "TcpExtTCPLossProbeRecovery"},
    {mib::dsack_old_sent, "TcpExtTCPDSACKOldSent"},
    {mib::dsack_ofo_sent, "TcpExtTCPDSACKOfoSent"},
    {mib::dsack_recv, "TcpExtTCPDSACKRecv"},
    {mib::sack_discard, "TcpExtTCPSACKDiscard"},
    {mib::sack_reorder, "TcpExtTCPSACKReorder"},
    {mib::challenge_ack, "TcpExtTCPChallengeACK"},
    {mib::syn_challenge, "TcpExtTCPSYNChallenge"},
    {mib::ofo_queue, "TcpExtTCPOFOQueue"},
    {mib::ofo_drop, "TcpExtTCPOFODrop"},
    {mib::ofo_pruned, "TcpExtOfoPruned"},
    {mib::ofo_merge, "TcpExtTCPOFOMerge"},
    {mib::rcv_q_drop, "TcpExtTCPRcvQDrop"},
    {mib::zero_window_drop, "TcpExtTCPZeroWindowDrop"},
    {mib::to_zero_window_adv, "TcpExtTCPToZeroWindowAdv"},
    {mib::from_zero_window_adv, "TcpExtTCPFromZeroWindowAdv"},
    {mib::want_zero_window_adv, "TcpExtTCPWantZeroWindowAdv"},
    {mib::win_probe, "TcpExtTCPWinProbe"},
    {mib::keep_alive, "TcpExtTCPKeepAlive"},
    {mib::ack_skipped, "TcpExtTCPACKSkipped"},
    {mib::out_of_window_icmps, "TcpExtOutOfWindowIcmps"},
    {mib::table_hits, "TcpTableHits"},
    {mib::table_misses, "TcpTableMisses"},
    {mib::table_stale, "TcpTableStale"},
}};

/// The names stand in the order of the enumeration.
static_assert([] {
  for (std::size_t i = 0; i < mib_names.size(); ++i) {
    if (static_cast<std::size_t>(mib_names[i].what) != i || mib_names[i].name.empty()) return false;
  }
  return true;
}());

}  // namespace fourtuple::tcp
