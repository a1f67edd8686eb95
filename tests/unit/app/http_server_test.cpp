// SPDX-License-Identifier: Apache-2.0
// The HTTP server over two stacks: what it serves and refuses, and that nothing outside its directory is reached.
#include "host/app/http_server.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "host/app/stream.hpp"
#include "tests/support/virtual_threads.hpp"

namespace fourtuple::app {
namespace {

class virtual_tasks final : public tasks {
 public:
  explicit virtual_tasks(support::virtual_threads& threads) : threads_(threads) {}
  void spawn(const std::string&, std::function<void()> body) override { threads_.spawn(std::move(body)); }

 private:
  support::virtual_threads& threads_;
};

class http_serving : public testing::Test {
 protected:
  http_serving() {
    std::string name = testing::TempDir() + "fourtuple_http_XXXXXX";
    place_ = ::mkdtemp(name.data());
    std::filesystem::create_directories(place_ / "root" / "sub");
    file("root/a.txt", "alpha");
    file("root/b c.html", "<p>beta");
    file("root/sub/index.html", "index");
    file("secret", "secret");
    std::filesystem::create_symlink(place_ / "secret", place_ / "root" / "link");
    std::filesystem::create_directory(place_ / "root" / "trap");
    std::filesystem::create_symlink(place_ / "secret", place_ / "root" / "trap" / "index.html");
    server_.emplace(hosts_.server, tasks_, place_ / "root", 80, nullptr);
    EXPECT_EQ(server_->start(), 0);
  }
  ~http_serving() override {
    hosts_.client.close_all();
    hosts_.server.close_all();
    EXPECT_TRUE(hosts_.threads.run_all());
    std::filesystem::remove_all(place_);
  }
  void file(const std::string& name, std::string_view text) { std::ofstream(place_ / name) << text; }
  /// Everything that the server answers until it closes.
  std::string talk(std::string_view requests) {
    const descriptor fd(hosts_.client, hosts_.connect(80));
    EXPECT_EQ(write_all(hosts_.client, fd.get(), requests), 0);
    std::string all(500'000, '\0');
    const ssize_t got = hosts_.client.recv(fd.get(), all.data(), all.size(), MSG_WAITALL);
    EXPECT_GE(got, 0);
    all.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return all;
  }
  std::string get(const std::string& path, const std::string& method = "GET") {
    return talk(method + ' ' + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  }
  static std::string status(const std::string& answer) { return answer.substr(9, 3); }
  static std::string body(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

  support::virtual_sockets hosts_;
  virtual_tasks tasks_{hosts_.threads};
  std::filesystem::path place_;
  std::optional<http_server> server_;
};

TEST_F(http_serving, files) {
  const std::string answer = get("/a.txt");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(answer.find("Content-Type: text/plain; charset=utf-8\r\n"), std::string::npos);
  EXPECT_NE(answer.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_EQ(body(answer), "alpha");
  EXPECT_EQ(body(get("/b%20c.html?query")), "<p>beta");
  EXPECT_EQ(body(get("/sub/")), "index");
  EXPECT_EQ(server_->counts().requests, 3U);
  EXPECT_EQ(server_->counts().errors, 0U);
  EXPECT_EQ(server_->counts().body_bytes, 17U);
}

TEST_F(http_serving, large_file_comes_whole) {
  std::string large(300'000, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31 + i / 512);
  file("root/large", large);
  EXPECT_TRUE(body(get("/large")) == large);
}

TEST_F(http_serving, head_has_no_body) {
  const std::string answer = get("/a.txt", "HEAD");
  EXPECT_EQ(status(answer), "200");
  EXPECT_NE(answer.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_EQ(body(answer), "");
}

TEST_F(http_serving, directories) {
  const std::string list = get("/");
  EXPECT_EQ(status(list), "200");
  EXPECT_NE(list.find("<a href=\"b%20c.html\">b c.html</a>"), std::string::npos);
  EXPECT_NE(list.find("<a href=\"sub/\">"), std::string::npos);
  const std::string moved = get("/sub");
  EXPECT_EQ(status(moved), "301");
  EXPECT_NE(moved.find("Location: /sub/\r\n"), std::string::npos);
}

TEST_F(http_serving, nothing_outside_its_directory) {
  for (const char* path : {"/missing", "/../secret", "/%2e%2e/secret", "/sub/../../secret", "/link", "//etc/passwd",
                           "/a.txt/../../secret"}) {
    const std::string answer = get(path);
    EXPECT_EQ(status(answer), "404") << path;
    EXPECT_EQ(answer.find("secret"), std::string::npos) << path;
  }
  // An index that leads out is none.
  EXPECT_NE(body(get("/trap/")), "secret");
}

TEST_F(http_serving, refuses_what_it_does_not_understand) {
  EXPECT_EQ(status(talk("nonsense\r\n\r\n")), "400");
  EXPECT_EQ(status(talk("GET / HTTP/1.1\r\n\r\n")), "400");
  std::string request = "GET / HTTP/1.1\r\nA: ";
  request.append(40'000, 'x');
  const std::string large = talk(request);
  EXPECT_EQ(status(large), "431");
  EXPECT_NE(large.find("Connection: close\r\n"), std::string::npos);
  const std::string method = get("/a.txt", "DELETE");
  EXPECT_EQ(status(method), "405");
  EXPECT_NE(method.find("Allow: GET, HEAD\r\n"), std::string::npos);
  EXPECT_EQ(server_->counts().errors, 4U);
}

TEST_F(http_serving, keeps_the_connection_and_takes_requests_ahead) {
  const std::string answers = talk(
      "GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\nGET /missing HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /sub/ HTTP/1.0\r\n\r\nGET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::size_t second = answers.find("HTTP/1.1 404");
  const std::size_t third = answers.find("HTTP/1.1 200", second);
  ASSERT_NE(second, std::string::npos);
  ASSERT_NE(third, std::string::npos);
  EXPECT_TRUE(answers.substr(0, second).ends_with("alpha"));
  // HTTP/1.0 ends it: nothing is answered behind that.
  EXPECT_TRUE(answers.ends_with("index"));
  EXPECT_EQ(server_->counts().connections, 1U);
  EXPECT_EQ(server_->counts().requests, 3U);
}

// What is in a body is not a request.
TEST_F(http_serving, a_body_ends_the_connection) {
  const std::string inner = "GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string answers =
      talk("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(inner.size()) + "\r\n\r\n" + inner);
  EXPECT_EQ(status(answers), "405");
  EXPECT_EQ(answers.find("alpha"), std::string::npos);
  EXPECT_EQ(server_->counts().requests, 1U);
}

}  // namespace
}  // namespace fourtuple::app
