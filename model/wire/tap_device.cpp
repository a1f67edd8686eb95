// SPDX-License-Identifier: Apache-2.0
#include "model/wire/tap_device.hpp"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace fourtuple::model::wire {
namespace {

std::string create_hint(const std::string& name) {
  return "; create it for your user first: sudo ip tuntap add dev " + name +
         " mode tap user $USER && sudo ip link set " + name + " up";
}

std::string clone_device_error(int error) {
  const std::string what = "cannot open /dev/net/tun: ";
  switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return what +
             "this kernel or container has no TAP devices; load the driver (sudo modprobe tun), or give the "
             "container /dev/net/tun";
    case EACCES:
    case EPERM:
      return what + "not permitted; allow your user to read and write /dev/net/tun";
    default:
      return what + std::strerror(error);
  }
}

std::string attach_error(const std::string& name, int error) {
  const std::string what = "cannot attach to TAP device " + name + ": ";
  switch (error) {
    case EPERM:
    case EACCES:
      return what + "not permitted" + create_hint(name);
    case EBUSY:
      return what + "another program uses it";
    case EINVAL:
      return what + "there is a network device of that name that is not a TAP device, or the name is not allowed";
    default:
      return what + std::strerror(error);
  }
}

}  // namespace

file_descriptor::~file_descriptor() {
  if (value_ >= 0) close(value_);
}

std::variant<file_descriptor, std::string> open_tap_device(const std::string& name) {
  if (name.empty()) return "a TAP device must have a name";
  if (name.size() >= IFNAMSIZ)
    return "the name of TAP device " + name + " is too long: at most " + std::to_string(IFNAMSIZ - 1) + " characters";
  // The kernel would put a number in place of %d.
  if (name.find_first_of("/%: \t\n") != std::string::npos)
    return "the name of TAP device " + name + " has a character that is not allowed";
  file_descriptor device(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (device.value() < 0) return clone_device_error(errno);
  ifreq request{};
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  if (ioctl(device.value(), TUNSETIFF, &request) < 0) return attach_error(name, errno);
  return device;
}

}  // namespace fourtuple::model::wire
