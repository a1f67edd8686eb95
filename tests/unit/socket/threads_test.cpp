// SPDX-License-Identifier: Apache-2.0
// Threads of the operating system that call at the same time: the stack's lock keeps them apart, and those who sleep
// are woken. One thread moves the virtual time on, so nothing depends on how fast the machine is.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "tests/support/virtual_threads.hpp"

namespace fourtuple::socket {
namespace {

class system_threads final : public base::threading {
 public:
  explicit system_threads(const base::clock& clock) : clock_(clock) {}
  void lock() override { mutex_.lock(); }
  void unlock() noexcept override { mutex_.unlock(); }
  std::unique_ptr<base::wait_queue> make_wait_queue() override { return std::make_unique<queue>(*this); }
  /// The time has moved; with the lock held.
  void look_at_clock() {
    for (queue* each : queues_) each->condition.notify_all();
  }

 private:
  class queue final : public base::wait_queue {
   public:
    explicit queue(system_threads& threads) : threads_(threads) { threads_.queues_.insert(this); }
    ~queue() override { threads_.queues_.erase(this); }
    bool wait_until(std::uint64_t deadline_ns) override {
      std::unique_lock held(threads_.mutex_, std::adopt_lock);
      const std::uint64_t before = wakes_;
      condition.wait(held, [&] { return wakes_ != before || threads_.clock_.now_ns() >= deadline_ns; });
      held.release();
      return wakes_ != before;
    }
    void wake_all() noexcept override {
      ++wakes_;
      condition.notify_all();
    }
    std::condition_variable condition;

   private:
    system_threads& threads_;
    std::uint64_t wakes_ = 0;
  };

  const base::clock& clock_;
  std::mutex mutex_;
  std::set<queue*> queues_;
};

class threads : public testing::Test {
 protected:
  threads() {
    pump_ = std::thread([this] {
      while (!stop_) {
        sync_.lock();
        network_.step(network_.clock().now_ns() + base::ns_per_ms);
        sync_.look_at_clock();
        sync_.unlock();
        std::this_thread::yield();
      }
    });
  }
  ~threads() override {
    stop_ = true;
    pump_.join();
  }
  int connect() {
    const int fd = client.socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in peer = support::address_in(support::address_of_end[1], 2222);
    EXPECT_EQ(client.connect(fd, support::generic(peer), sizeof peer), 0);
    return fd;
  }
  int listen() {
    const int fd = server.socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in local = support::address_in({}, 2222);
    EXPECT_EQ(server.bind(fd, support::generic(local), sizeof local), 0);
    EXPECT_EQ(server.listen(fd, 16), 0);
    return fd;
  }

 private:
  support::virtual_network network_;
  system_threads sync_{network_.clock()};
  std::atomic<bool> stop_ = false;
  std::thread pump_;

 protected:
  posix_api client{network_.tcp(0), network_.clock(), sync_, [] {}};
  posix_api server{network_.tcp(1), network_.clock(), sync_, [] {}};
};

TEST_F(threads, echo_of_many_at_once) {
  constexpr int connections = 6;
  constexpr std::size_t bytes = 200'000;
  const int listener = listen();
  std::vector<std::thread> all;
  for (int i = 0; i < connections; ++i) {
    all.emplace_back([this, listener] {
      const int fd = server.accept(listener, nullptr, nullptr);
      std::vector<char> buffer(10'000);
      ssize_t got = 0;
      while ((got = server.read(fd, buffer.data(), buffer.size())) > 0) {
        EXPECT_EQ(server.write(fd, buffer.data(), static_cast<std::size_t>(got)), got);
      }
      EXPECT_EQ(got, 0);
      EXPECT_EQ(server.close(fd), 0);
    });
    all.emplace_back([this, i] {
      const int fd = connect();
      std::string sent(bytes, '\0');
      for (std::size_t at = 0; at < bytes; ++at)
        sent[at] = static_cast<char>(at * 7 + at / 256 + static_cast<std::size_t>(i));
      std::thread writer([&] {
        EXPECT_EQ(client.write(fd, sent.data(), sent.size()), static_cast<ssize_t>(bytes));
        EXPECT_EQ(client.shutdown(fd, SHUT_WR), 0);
      });
      std::string got(bytes, '\0');
      EXPECT_EQ(client.recv(fd, got.data(), bytes, MSG_WAITALL), static_cast<ssize_t>(bytes));
      EXPECT_TRUE(got == sent);
      char more = 0;
      EXPECT_EQ(client.read(fd, &more, 1), 0);
      writer.join();
      EXPECT_EQ(client.close(fd), 0);
    });
  }
  for (std::thread& each : all) each.join();
}

TEST_F(threads, close_from_another_thread_ends_each_call) {
  const int listener = listen();
  const int near = connect();
  const int far = server.accept(listener, nullptr, nullptr);
  const int instance = server.epoll_create1(0);
  std::thread accepting([&] { EXPECT_EQ(server.accept(listener, nullptr, nullptr), -EBADF); });
  std::thread reading([&] {
    char byte = 0;
    EXPECT_EQ(server.read(far, &byte, 1), -EBADF);
  });
  std::thread waiting([&] {
    epoll_event event{};
    EXPECT_EQ(server.epoll_wait(instance, &event, 1, -1), -EBADF);
  });
  std::thread polling([&] {
    // Comes back by its time: the client's end stays open.
    pollfd one{.fd = near, .events = POLLPRI, .revents = 0};
    client.poll(&one, 1, 50);
  });
  polling.join();
  server.close_all();
  accepting.join();
  reading.join();
  waiting.join();
}

}  // namespace
}  // namespace fourtuple::socket
