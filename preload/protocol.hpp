// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

/// What programs and a world say to each other, over the world's Unix socket (SOCK_SEQPACKET). docs/programs.md has the
/// design behind it.
///
/// One packet is one message: a fixed header, then `payload_bytes` of payload and nothing else. All numbers are in the
/// machine's byte order, for both ends run on it. A client sends a request and waits for its reply; a connection may
/// carry several requests, one after another. Whatever is not exactly so ends the connection without an answer.
///
/// A request about a socket carries a descriptor of that socket (SCM_RIGHTS): who has none cannot speak about it. The
/// world compares it with the socket that it made, and closes its copy.
namespace fourtuple::preload {

inline constexpr std::uint32_t request_magic = 0x34747075;  ///< Changes with every change of the messages.
inline constexpr std::uint32_t reply_magic = 0x34747076;
inline constexpr std::size_t most_payload_bytes = 4096;
inline constexpr std::size_t most_name_bytes = 63;  ///< Of a host (RFC 1035 2.3.4).

/// Environment of a program in a world; `fourtuple exec` sets it.
inline constexpr const char* world_variable = "FOURTUPLE_WORLD";            ///< Absolute path of the world's socket.
inline constexpr const char* host_variable = "FOURTUPLE_HOST";              ///< Name of the program's host.
inline constexpr const char* only_world_variable = "FOURTUPLE_ONLY_WORLD";  ///< "1": nothing passes to the kernel.
inline constexpr const char* clock_variable = "FOURTUPLE_CLOCK";  ///< File of the clock page; set: virtual time.

/// Each program's end of a socketpair is bound to the abstract name "\0fourtuple/<world>/<handle>.<nonce>", handle
/// decimal: so the socket is known again after dup, fork and exec. The nonce keeps others from taking a name before it
/// is used. The world's end of a listener's pair is bound to the same with "/listen" behind it.
inline constexpr char name_prefix[] = "\0fourtuple/";
inline constexpr std::size_t name_prefix_bytes = sizeof name_prefix - 1;
inline constexpr char nonce_separator = '.';
inline constexpr char listener_suffix[] = "/listen";

enum class operation : std::uint16_t {
  socket = 1,   ///< Payload: name of the host. Reply: a descriptor, the program's end.
  resolve,      ///< Payload: name of a host. Result: 0; payload of the reply: address, 4 bytes in network order.
  bind,         ///< Payload: sockaddr as the program gave it. `argument` 1: no address is `outside`.
  listen,       ///< `argument`: backlog.
  connect,      ///< Payload: sockaddr. `argument` as for bind. Result 0: under way; a descriptor then replaces the
                ///< program's one. 1: is connected.
  shutdown,     ///< `argument`: how. Only for what the pair does not show by itself (listeners, connecting).
  getsockname,  ///< Reply payload: sockaddr_in.
  getpeername,  ///< Reply payload: sockaddr_in.
  getsockopt,   ///< `level`, `argument`: name, `length`: room. Reply payload: the value.
  setsockopt,   ///< `level`, `argument`: name. Payload: the value.
  ioctl,        ///< `length`: request (SIOCOUTQ, SIOCOUTQNSD). Reply payload: int.
  linger,       ///< First half of a close that lingers. Result: 1 if it will, then `closed` has to follow.
  closed,       ///< Second half; the reply comes when the close is over.
  sleep_until,  ///< Virtual time. Payload: uint64, nanoseconds of the clock page. The reply comes when it is then.
  attach,  ///< Payload: name of a host. Reply payload: the clock's file, empty if the world follows the wall clock. In
           ///< virtual time the sending process and its descendants are part of the world while it is connected.
  show,    ///< `argument`: a view. Payload: name of a host, empty for all. Reply: a file with a text.
};

/// How show looks at hosts.
enum class view : std::int32_t {
  sockets = 0,  ///< Their TCP, as `ss -tain` lists it.
  tables,       ///< Their socket tables, as lines of text.
  tables_dot,   ///< The same of one host, in Graphviz's language.
};

struct request {
  std::uint32_t magic = request_magic;
  operation op{};
  std::uint16_t payload_bytes = 0;
  std::int32_t level = 0;
  std::int32_t argument = 0;
  std::uint32_t length = 0;
  std::uint32_t reserved = 0;  ///< 0.
};
static_assert(sizeof(request) == 24);

struct reply {
  std::uint32_t magic = reply_magic;
  std::int32_t result = 0;  ///< What the system call would return: 0 or a negative errno; or `outside`.
  std::uint32_t payload_bytes = 0;
  std::uint32_t reserved = 0;
};
static_assert(sizeof(reply) == 16);

/// Result of bind and connect for an address that no host of the world has and that lies in none of its networks: the
/// kernel's business. The socket of the world is as it was.
inline constexpr std::int32_t outside = -4096;  ///< Below every errno.

/// What the world writes into a listener's pair for each connection, with the new socket's descriptor.
struct accepted {
  std::uint32_t magic = magic_value;
  std::uint32_t peer_address = 0;  ///< Network order.
  std::uint16_t peer_port = 0;     ///< Network order.
  std::uint16_t reserved = 0;
  static constexpr std::uint32_t magic_value = 0x34747073;
};
static_assert(sizeof(accepted) == 12);

/// The clock of a world in virtual time, mapped read-only by its programs from the file that clock_variable names.
struct clock_page {
  std::uint64_t magic = magic_value;
  std::int64_t realtime_offset_ns = 0;   ///< CLOCK_REALTIME - simulated time.
  std::int64_t monotonic_offset_ns = 0;  ///< CLOCK_MONOTONIC - simulated time.
  std::uint64_t simulated_ns = 0;        ///< Written by the world, atomically.
  static constexpr std::uint64_t magic_value = 0x34747074'636c6f63;
};

}  // namespace fourtuple::preload
