// SPDX-License-Identifier: Apache-2.0
// Heads of HTTP messages and URLs: what is understood, and that nothing malformed is.
#include "host/app/http_message.hpp"

#include <gtest/gtest.h>

#include <random>

namespace fourtuple::app {
namespace {

TEST(http_message, head_ends_behind_its_empty_line) {
  EXPECT_EQ(find_head_end("GET / HTTP/1.1\r\n\r\nbody"), 18U);
  EXPECT_EQ(find_head_end("GET / HTTP/1.1\n\nbody"), 16U);
  EXPECT_FALSE(find_head_end("GET / HTTP/1.1\r\nHost: a\r\n"));
  EXPECT_FALSE(find_head_end(""));
}

TEST(http_message, request_is_parsed_and_its_path_decoded) {
  const auto request =
      parse_request("GET /a%20b/c.html?x=1 HTTP/1.1\r\nHost: h\r\nConnection: foo, Keep-Alive\r\n\r\n");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "GET");
  EXPECT_EQ(request->path, "/a b/c.html");
  EXPECT_EQ(request->minor_version, 1);
  ASSERT_NE(request->fields.find("host"), nullptr);
  EXPECT_EQ(*request->fields.find("host"), "h");
  EXPECT_TRUE(request->fields.has_token("connection", "keep-alive"));
  EXPECT_FALSE(request->fields.has_token("connection", "close"));
}

TEST(http_message, malformed_requests_are_refused) {
  for (const char* text :
       {"", "GET\r\n\r\n", "GET /\r\n\r\n", "GET  HTTP/1.1\r\n\r\n", "GET / HTTP/2\r\n\r\n", "GET a HTTP/1.1\r\n\r\n",
        "GET /%zz HTTP/1.1\r\n\r\n", "GET /%00 HTTP/1.1\r\n\r\n", "GET /%4 HTTP/1.1\r\n\r\n", "G@T / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\n: v\r\n\r\n"}) {
    EXPECT_FALSE(parse_request(text)) << text;
  }
}

TEST(http_message, response_is_parsed) {
  const auto response = parse_response("HTTP/1.0 404 Not Found\r\nContent-Length: 12\r\n\r\n");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->reason, "Not Found");
  EXPECT_EQ(parse_number(*response->fields.find("content-length")), 12U);
  for (const char* text : {"", "HTTP/1.1\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "FTP/1.1 200 OK\r\n\r\n"}) {
    EXPECT_FALSE(parse_response(text)) << text;
  }
}

TEST(http_message, numbers_are_whole_and_fit) {
  EXPECT_EQ(parse_number("18446744073709551615"), 18446744073709551615U);
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616"})
    EXPECT_FALSE(parse_number(text)) << text;
}

TEST(http_message, urls) {
  const auto url = parse_url("http://10.9.0.1:8000/a/b?c=d#e");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "10.9.0.1");
  EXPECT_EQ(url->port, 8000);
  EXPECT_EQ(url->path, "/a/b?c=d");
  EXPECT_EQ(parse_url("http://a")->path, "/");
  EXPECT_EQ(parse_url("http://a")->port, 80);
  for (const char* text : {"", "https://a/", "http://", "http:///x", "http://a:0/", "http://a:65536/", "http://a:b/",
                           "http://u@a/", "http://a/ b"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

// Whatever the bytes are, parsing ends and says yes or no.
TEST(http_message, random_bytes_do_no_harm) {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string text = "GET / HTTP/1.1\r\nA: b\r\n\r\n";
    for (int change = 0; change < 4; ++change) text[random() % text.size()] = static_cast<char>(random());
    const auto end = find_head_end(text);
    if (const auto request = parse_request(std::string_view(text).substr(0, end.value_or(text.size())))) {
      EXPECT_TRUE(request->path.starts_with('/'));
    }
    static_cast<void>(parse_response(text));
    static_cast<void>(parse_url(text));
  }
}

}  // namespace
}  // namespace fourtuple::app
