// SPDX-License-Identifier: Apache-2.0
// The HTTP client against scripted answers: each way to frame a body, cut short and malformed ones.
#include "host/app/http_client.hpp"

#include <gtest/gtest.h>

#include <string>

#include "host/app/stream.hpp"
#include "tests/support/virtual_threads.hpp"

namespace fourtuple::app {
namespace {

class http_fetching : public testing::Test {
 protected:
  /// Fetches from a server that answers with the pieces, some time apart, and closes.
  http_result fetch(const std::vector<std::string>& pieces) {
    body_.clear();
    hosts_.threads.spawn([this, pieces] {
      const descriptor fd(hosts_.server, hosts_.server.accept(listener_, nullptr, nullptr));
      request_.assign(1000, '\0');
      const ssize_t got = hosts_.server.read(fd.get(), request_.data(), request_.size());
      request_.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      for (const std::string& piece : pieces) {
        EXPECT_EQ(write_all(hosts_.server, fd.get(), piece), 0);
        pollfd none{.fd = -1, .events = 0, .revents = 0};
        hosts_.server.poll(&none, 1, 50);
      }
    });
    const http_url url{.host = "h", .port = 2222, .path = "/x?y"};
    http_result result =
        http_fetch(hosts_.client, support::address_of_end[1], url, [this](std::span<const std::byte> part) {
          body_.append(reinterpret_cast<const char*>(part.data()), part.size());
          return true;
        });
    EXPECT_TRUE(hosts_.threads.run_all());
    return result;
  }

  support::virtual_sockets hosts_;
  int listener_ = hosts_.listen(2222);
  std::string request_;
  std::string body_;
};

TEST_F(http_fetching, body_of_a_length) {
  const http_result result = fetch({"HTTP/1.1 200 OK\r\nContent-", "Length: 6\r\n\r\nabc", "def and more"});
  EXPECT_TRUE(result.ok) << result.error;
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.body_bytes, 6U);
  EXPECT_EQ(body_, "abcdef");
  EXPECT_TRUE(request_.starts_with("GET /x?y HTTP/1.1\r\nHost: h:2222\r\n"));
}

TEST_F(http_fetching, body_in_chunks) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_TRUE(fetch({head + "3\r\nabc\r\n", "4;x=y\r\nde", "fg\r", "\n0\r\nTrailer: t\r\n\r\n"}).ok);
  EXPECT_EQ(body_, "abcdefg");
  std::string many = head;
  for (int i = 0; i < 20'000; ++i) many += "1\r\nz\r\n";
  EXPECT_TRUE(fetch({many + "0\r\n\r\n"}).ok);
  EXPECT_EQ(body_, std::string(20'000, 'z'));
  EXPECT_FALSE(fetch({head + "3\r\nabcd\r\n0\r\n\r\n"}).ok);
  EXPECT_FALSE(fetch({head + "x\r\n"}).ok);
  EXPECT_FALSE(fetch({head + "3\r\nabc\r\n"}).ok);
  EXPECT_FALSE(fetch({head + "3\r\nabc\r\n0\r\n"}).ok);
}

TEST_F(http_fetching, body_until_the_end_of_the_connection) {
  EXPECT_TRUE(fetch({"HTTP/1.0 200 OK\r\n\r\nabc", "def"}).ok);
  EXPECT_EQ(body_, "abcdef");
}

TEST_F(http_fetching, interim_responses_and_none_at_all) {
  EXPECT_TRUE(fetch({"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"}).ok);
  EXPECT_EQ(body_, "");
  EXPECT_FALSE(fetch({}).ok);
  EXPECT_FALSE(fetch({"SSH-2.0-x\r\n\r\n"}).ok);
  EXPECT_FALSE(fetch({"HTTP/1.1 200 OK\r\nContent-Le"}).ok);
}

TEST_F(http_fetching, cut_short_or_malformed) {
  const http_result cut = fetch({"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc"});
  EXPECT_FALSE(cut.ok);
  EXPECT_EQ(cut.body_bytes, 3U);
  EXPECT_EQ(cut.error, "the server closed before the end of the file");
  EXPECT_FALSE(fetch({"HTTP/1.1 200 OK\r\nContent-Length: -6\r\n\r\nabcdef"}).ok);
}

TEST_F(http_fetching, other_answers_are_errors) {
  const http_result result = fetch({"HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx"});
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(result.status, 404);
  EXPECT_EQ(result.error, "the server answered 404 Not Found");
}

TEST_F(http_fetching, nobody_listens) {
  const http_result result = http_fetch(hosts_.client, support::address_of_end[1], {.host = "h", .port = 81},
                                        [](std::span<const std::byte>) { return true; });
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(result.status, 0);
  EXPECT_NE(result.error.find("cannot connect to h port 81"), std::string::npos);
}

}  // namespace
}  // namespace fourtuple::app
