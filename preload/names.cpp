// SPDX-License-Identifier: Apache-2.0
// Names of the world's hosts. libc is asked the same question with the address in place of the name, so that everything
// else about the answer is libc's own.
#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <cstdlib>
#include <cstring>

#include "preload/libc.hpp"
#include "preload/world_client.hpp"

namespace fourtuple::preload {
namespace {

FOURTUPLE_LIBC(getaddrinfo)
FOURTUPLE_LIBC(gethostbyname)
FOURTUPLE_LIBC(gethostbyname2)
FOURTUPLE_LIBC(gethostbyname_r)
FOURTUPLE_LIBC(gethostbyname2_r)

/// A name, or the dotted address of the host of that name.
class resolved {
 public:
  explicit resolved(const char* name, int flags = 0) noexcept : text_(name) {
    // AI_NUMERICHOST asks whether it is an address, and not for that of a name.
    if (name == nullptr || !program_settings().in_world || (flags & AI_NUMERICHOST) != 0) return;
    const std::size_t length = std::strlen(name);
    in_addr numeric{};
    if (length == 0 || length > most_name_bytes || inet_pton(AF_INET, name, &numeric) == 1) return;
    request what;
    what.op = operation::resolve;
    what.payload_bytes = static_cast<std::uint16_t>(length);
    world_answer answer;
    if (!ask_world(what, name, -1, answer) || answer.result != 0 || answer.payload_bytes != sizeof numeric) return;
    std::memcpy(&numeric, answer.payload, sizeof numeric);
    text_ = inet_ntop(AF_INET, &numeric, dotted_, sizeof dotted_);
    known_ = true;
  }
  [[nodiscard]] const char* text() const noexcept { return text_; }
  [[nodiscard]] bool known() const noexcept { return known_; }

 private:
  const char* text_;
  bool known_ = false;
  char dotted_[INET_ADDRSTRLEN] = {};
};

}  // namespace

FOURTUPLE_EXPORT int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
  const resolved name(node, hints == nullptr ? 0 : hints->ai_flags);
  const int result = libc_getaddrinfo(name.text(), service, hints, found);
  if (result == 0 && name.known() && (*found)->ai_canonname != nullptr) {
    // freeaddrinfo() frees it.
    if (char* const own = strdup(node)) {
      std::free((*found)->ai_canonname);
      (*found)->ai_canonname = own;
    }
  }
  return result;
}

FOURTUPLE_EXPORT hostent* gethostbyname(const char* name) { return libc_gethostbyname(resolved(name).text()); }

FOURTUPLE_EXPORT hostent* gethostbyname2(const char* name, int family) {
  return libc_gethostbyname2(resolved(name).text(), family);
}

FOURTUPLE_EXPORT int gethostbyname_r(const char* name, hostent* entry, char* buffer, std::size_t bytes, hostent** found,
                                     int* error) {
  return libc_gethostbyname_r(resolved(name).text(), entry, buffer, bytes, found, error);
}

FOURTUPLE_EXPORT int gethostbyname2_r(const char* name, int family, hostent* entry, char* buffer, std::size_t bytes,
                                      hostent** found, int* error) {
  return libc_gethostbyname2_r(resolved(name).text(), family, entry, buffer, bytes, found, error);
}

}  // namespace fourtuple::preload
