// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace fourtuple::packetdrill {

class scripted_host;

/// packetdrill asks some things of libc and not of the interface: getsockopt(TCP_INFO), sendfile(). A shim that is
/// loaded with it may catch those calls; it has a function pd_shim_register, which is told whom to ask first:
///
///     void pd_shim_register(int (*getsockopt)(int, int, int, void *, socklen_t *),
///                           ssize_t (*sendfile)(int, int, off_t *, size_t));
///
/// Both are libc's namesakes, and return -2 for a descriptor that is none of ours.
///
/// Libc's functions know of no userdata, so there is a list of the hosts of this process. Threads: any.
void remember_host(scripted_host& host);
void forget_host(scripted_host& host);

}  // namespace fourtuple::packetdrill
