// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "host/sock/request_sock.hpp"
#include "host/tcp/tcp_net.hpp"
#include "host/tcp/tcp_segment.hpp"
#include "host/tcp/tcp_sock.hpp"

// Passive open: from SYN to request to child (Linux: tcp_conn_request and tcp_minisocks.c).
namespace fourtuple::tcp {

/// A SYN for a listener. `isn`: the initial sequence number, if TIME_WAIT demands one.
void tcp_conn_request(tcp_sock& listener, const rx_segment& segment, std::optional<std::uint32_t> isn = {});
/// Sends the SYN-ACK of a request, again or for the first time.
void tcp_send_synack(tcp_net& net, const sock::tcp_request_sock& req);
/// Takes a request out of ehash and gives it up.
void inet_csk_reqsk_queue_drop(sock::tcp_request_sock& req);

/// A segment for a request. The child if it completes the handshake; then the child is in ehash in the request's place
/// and on the accept queue, still in SYN_RECV. Empty otherwise.
[[nodiscard]] sock_reference<tcp_sock> tcp_check_req(sock::tcp_request_sock& req, rx_segment& segment);
/// Hands the segment that made the child to the child, and wakes the listener.
void tcp_child_process(tcp_sock& parent, tcp_sock& child, rx_segment& segment);

}  // namespace fourtuple::tcp
