// SPDX-License-Identifier: Apache-2.0
#include "host/ip/mib.hpp"

namespace fourtuple::ip {

namespace {

constexpr std::array<std::string_view, mib_count> names{"IpInReceives",
                                                        "IpInHdrErrors",
                                                        "IpInAddrErrors",
                                                        "IpInUnknownProtos",
                                                        "IpInDiscards",
                                                        "IpInDelivers",
                                                        "IpOutRequests",
                                                        "IpOutDiscards",
                                                        "IpOutNoRoutes",
                                                        "IpReasmTimeout",
                                                        "IpReasmReqds",
                                                        "IpReasmOKs",
                                                        "IpReasmFails",
                                                        "IpFragOKs",
                                                        "IpFragFails",
                                                        "IpFragCreates",
                                                        "IpExtInTruncatedPkts",
                                                        "IpExtInCsumErrors",
                                                        "IpExtInBcastPkts",
                                                        "IpExtInOctets",
                                                        "IpExtOutOctets",
                                                        "IpExtReasmOverlaps",
                                                        "IpExtInOtherHost",
                                                        "IpExtInNoProtocol",
                                                        "IcmpInMsgs",
                                                        "IcmpInErrors",
                                                        "IcmpInCsumErrors",
                                                        "IcmpInDestUnreachs",
                                                        "IcmpInTimeExcds",
                                                        "IcmpInParmProbs",
                                                        "IcmpInSrcQuenchs",
                                                        "IcmpInRedirects",
                                                        "IcmpInEchos",
                                                        "IcmpInEchoReps",
                                                        "IcmpOutMsgs",
                                                        "IcmpOutErrors",
                                                        "IcmpOutRateLimitGlobal",
                                                        "IcmpOutDestUnreachs",
                                                        "IcmpOutTimeExcds",
                                                        "IcmpOutEchoReps",
                                                        "UdpNoPorts",
                                                        "UdpInErrors",
                                                        "UdpInCsumErrors",
                                                        "ArpReceived",
                                                        "ArpMalformed",
                                                        "ArpRequestsSent",
                                                        "ArpRepliesSent",
                                                        "NeighResFailed",
                                                        "NeighUnresolvedDiscards",
                                                        "NeighTableFulls"};
static_assert(!names.back().empty());

}  // namespace

std::vector<std::pair<std::string_view, std::uint64_t>> mib_counters::named() const {
  std::vector<std::pair<std::string_view, std::uint64_t>> result;
  result.reserve(mib_count);
  for (std::size_t i = 0; i < mib_count; ++i) result.emplace_back(names[i], values_[i]);
  return result;
}

}  // namespace fourtuple::ip
