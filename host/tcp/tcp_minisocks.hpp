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
/// A request for a SYN, or for the ACK that brings a SYN cookie back; in no table and without a timer yet. Empty if
/// there is no memory.
[[nodiscard]] sock_reference<sock::tcp_request_sock> inet_reqsk_alloc(tcp_sock& listener,
                                                                      const packet::connection_tuple& tuple);
/// Window and window scale of a request whose options are known.
void tcp_openreq_init_rwin(const tcp_sock& listener, sock::tcp_request_sock& req, std::uint16_t mtu) noexcept;

/// Sends the SYN-ACK of a request again.
void tcp_send_synack(tcp_net& net, const sock::tcp_request_sock& req);
/// Takes a request out of ehash and gives it up.
void inet_csk_reqsk_queue_drop(sock::tcp_request_sock& req);

/// Makes the child of a request, in SYN_RECV, and puts it into ehash in the place of `in_place_of`, or just so if that
/// is nullptr. Empty, and counted, if the accept queue is full or something is missing.
[[nodiscard]] sock_reference<tcp_sock> tcp_v4_syn_recv_sock(tcp_sock& listener, const sock::tcp_request_sock& req,
                                                            const rx_segment& segment,
                                                            sock::tcp_request_sock* in_place_of);

/// A segment for a request. The child if it completes the handshake; then the child is in ehash in the request's place
/// and on the accept queue, still in SYN_RECV. Empty otherwise.
[[nodiscard]] sock_reference<tcp_sock> tcp_check_req(sock::tcp_request_sock& req, rx_segment& segment);
/// Hands the segment that made the child to the child, and wakes the listener.
void tcp_child_process(tcp_sock& parent, tcp_sock& child, rx_segment& segment);

}  // namespace fourtuple::tcp
