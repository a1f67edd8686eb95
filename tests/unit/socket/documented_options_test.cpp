// SPDX-License-Identifier: Apache-2.0
// docs/sockets.md and docs/not-implemented.md against the code: what they say there is, there is, and nothing else.
#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>

#include <array>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <string>

#include "tests/unit/socket/socket_fixture.hpp"

namespace fourtuple::socket {
namespace {

struct access {
  bool set = false;
  bool get = false;
};

std::ifstream open_document(const std::string& name) {
  std::ifstream file(std::string(FOURTUPLE_DOCS) + "/" + name);
  EXPECT_TRUE(file) << name;
  return file;
}

/// By level and number, as docs/sockets.md has them.
std::map<int, std::map<int, access>> documented() {
  std::map<int, std::map<int, access>> result;
  std::ifstream file = open_document("sockets.md");
  const std::regex heading(R"(^## \w+ \((\d+)\)$)");
  const std::regex row(R"(^\| [A-Z0-9_]+ \| (\d+) \| ([a-z ]+) \|.*)");
  int level = -1;
  std::smatch match;
  for (std::string line; std::getline(file, line);) {
    if (std::regex_match(line, match, heading)) {
      level = std::stoi(match[1]);
    } else if (std::regex_match(line, match, row)) {
      const std::string words = match[2];
      result[level][std::stoi(match[1])] = {.set = words.find("set") != std::string::npos,
                                            .get = words.find("get") != std::string::npos};
    }
  }
  return result;
}

using documents = socket_fixture;

TEST_F(documents, every_option_is_there_or_answers_enoprotoopt) {
  const auto table = documented();
  ASSERT_EQ(table.size(), 3U);
  for (const int level : {int{SOL_SOCKET}, int{IPPROTO_IP}, int{IPPROTO_TCP}}) {
    for (int number = 1; number < 128; ++number) {
      const auto found = table.at(level).find(number);
      const access expected = found == table.at(level).end() ? access{} : found->second;
      const int fd = client.socket(AF_INET, SOCK_STREAM, 0);
      std::array<char, 512> value{};
      socklen_t length = value.size();
      EXPECT_EQ(client.getsockopt(fd, level, number, value.data(), &length) != -ENOPROTOOPT, expected.get)
          << "get " << level << ' ' << number;
      value.fill(0);
      EXPECT_EQ(client.setsockopt(fd, level, number, value.data(), 16) != -ENOPROTOOPT, expected.set)
          << "set " << level << ' ' << number;
      EXPECT_EQ(client.close(fd), 0);
    }
  }
}

TEST_F(documents, what_is_not_implemented_answers_as_the_page_says) {
  const int fd = client.socket(AF_INET, SOCK_STREAM, 0);
  const auto set_timestamping = [&](unsigned flags) {
    return client.setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
  };
  epoll_event event{.events = EPOLLIN, .data = {.u64 = 0}};
  int number = 0;
  const std::map<std::string, std::function<int()>> checks = {
      {"AF_INET6 sockets", [&] { return client.socket(AF_INET6, SOCK_STREAM, 0); }},
      {"SOCK_DGRAM sockets", [&] { return client.socket(AF_INET, SOCK_DGRAM, 0); }},
      {"SOCK_RAW sockets", [&] { return client.socket(AF_INET, SOCK_RAW, 0); }},
      {"IPPROTO_MPTCP", [&] { return client.socket(AF_INET, SOCK_STREAM, 262); }},
      {"SOF_TIMESTAMPING_OPT_STATS",
       [&] { return set_timestamping(SOF_TIMESTAMPING_OPT_STATS | SOF_TIMESTAMPING_OPT_TSONLY); }},
      {"SOF_TIMESTAMPING_RX_SOFTWARE", [&] { return set_timestamping(SOF_TIMESTAMPING_RX_SOFTWARE); }},
      {"SIOCGIFADDR", [&] { return client.ioctl(fd, SIOCGIFADDR, &number); }},
      {"F_SETOWN", [&] { return client.fcntl(fd, F_SETOWN, 1); }},
      {"epoll instances that watch epoll instances",
       [&] { return client.epoll_ctl(client.epoll_create1(0), EPOLL_CTL_ADD, client.epoll_create1(0), &event); }},
  };
  const std::map<std::string, int> answers = {{"EAFNOSUPPORT", EAFNOSUPPORT},
                                              {"ESOCKTNOSUPPORT", ESOCKTNOSUPPORT},
                                              {"EPROTONOSUPPORT", EPROTONOSUPPORT},
                                              {"ENOPROTOOPT", ENOPROTOOPT},
                                              {"EOPNOTSUPP", EOPNOTSUPP},
                                              {"ENOTTY", ENOTTY},
                                              {"EINVAL", EINVAL}};
  std::ifstream file = open_document("not-implemented.md");
  const std::regex row(R"(^\| (.+) \| (E[A-Z]+) \|$)");
  const std::regex option(R"((SO|IP|TCP)_\w+ \((\d+)\))");
  std::smatch match;
  std::size_t rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (!std::regex_match(line, match, row)) continue;
    ++rows;
    const std::string what = match[1];
    const int answer = answers.at(match[2]);
    if (std::regex_match(what, match, option)) {
      const int level = match[1] == "SO" ? SOL_SOCKET : match[1] == "IP" ? IPPROTO_IP : IPPROTO_TCP;
      EXPECT_EQ(client.setsockopt(fd, level, std::stoi(match[2]), &number, sizeof number), -answer) << what;
    } else {
      ASSERT_TRUE(checks.contains(what)) << what;
      EXPECT_EQ(checks.at(what)(), -answer) << what;
    }
  }
  EXPECT_GT(rows, checks.size());
}

}  // namespace
}  // namespace fourtuple::socket
