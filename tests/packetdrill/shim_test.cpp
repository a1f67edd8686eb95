// SPDX-License-Identifier: Apache-2.0
// pd_shim_register: what a tool asks of libc reaches the object when a shim catches it.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "tests/packetdrill/script.hpp"

namespace {

int (*getsockopt_hook)(int, int, int, void*, socklen_t*) = nullptr;
ssize_t (*sendfile_hook)(int, int, off_t*, std::size_t) = nullptr;

}  // namespace

/// The program of the tests plays the shim; the object finds this by its name.
extern "C" void pd_shim_register(int (*getsockopt)(int, int, int, void*, socklen_t*),
                                 ssize_t (*sendfile)(int, int, off_t*, std::size_t)) {
  getsockopt_hook = getsockopt;
  sendfile_hook = sendfile;
}

namespace fourtuple {
namespace {

using support::script;

class shim : public testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("FOURTUPLE_PACKETDRILL_OBJECT") != nullptr) GTEST_SKIP();
  }
};

TEST_F(shim, tcp_info_through_libcs_getsockopt) {
  script s;
  ASSERT_NE(getsockopt_hook, nullptr);
  const int fd = s.accept_connection();
  tcp_info info{};
  socklen_t length = sizeof info;
  EXPECT_EQ(getsockopt_hook(fd, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
  EXPECT_EQ(info.tcpi_snd_cwnd, 10U);
  EXPECT_EQ(getsockopt_hook(STDIN_FILENO, IPPROTO_TCP, TCP_INFO, &info, &length), -2);
  EXPECT_EQ(getsockopt_hook(fd, IPPROTO_TCP, TCP_REPAIR, &info, &length), -1);
  EXPECT_EQ(errno, ENOPROTOOPT);
}

TEST_F(shim, sendfile) {
  script s;
  ASSERT_NE(sendfile_hook, nullptr);
  const int fd = s.accept_connection();
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  std::fputs("0123456789", file);
  std::fflush(file);
  off_t offset = 2;
  EXPECT_EQ(sendfile_hook(fd, fileno(file), &offset, 5), 5);
  EXPECT_EQ(offset, 7);
  s.out(0, "P. 1:6(5) ack 1");
  EXPECT_EQ(s.last().payload.front(), std::byte{'2'});
  // To the end of the file, from where it stands.
  std::rewind(file);
  s.in(10, ". 1:1(0) ack 6");
  EXPECT_EQ(sendfile_hook(fd, fileno(file), nullptr, 100), 10);
  s.out(0, "P. 6:16(10) ack 1");
  EXPECT_EQ(sendfile_hook(STDOUT_FILENO, fileno(file), nullptr, 1), -2);
  std::fclose(file);
}

}  // namespace
}  // namespace fourtuple
