// SPDX-License-Identifier: Apache-2.0
// A program of the interop tests: asks a server that echoes 100 times, one request after the other, and prints what each
// took by CLOCK_MONOTONIC, in nanoseconds, with a nanosleep between them and a poll that runs into its timeout at the
// end. It knows nothing of Fourtuple.
//   closed_loop HOST PORT | closed_loop serve PORT
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  int serves = strcmp(argv[1], "serve") == 0;
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = serves ? AI_PASSIVE : 0};
  struct addrinfo* found;
  if (getaddrinfo(serves ? NULL : argv[1], argv[2], &hints, &found) != 0) return 1;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  char buffer[64];
  if (serves) {
    if (bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, 1) != 0) return 1;
    puts("ready");
    fflush(stdout);
    int peer = accept(fd, NULL, NULL);
    for (ssize_t got; (got = recv(peer, buffer, sizeof buffer, 0)) > 0;) {
      if (send(peer, buffer, (size_t)got, 0) != got) return 1;
    }
    return 0;
  }
  if (connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
    perror("connect");
    return 1;
  }
  long long started = now_ns();
  for (int i = 0; i < 100; ++i) {
    long long before = now_ns();
    if (send(fd, buffer, sizeof buffer, 0) != sizeof buffer) return 1;
    if (recv(fd, buffer, sizeof buffer, MSG_WAITALL) != sizeof buffer) return 1;
    printf("%lld\n", now_ns() - before);
    struct timespec pause = {.tv_sec = 0, .tv_nsec = 3000000};
    nanosleep(&pause, NULL);
  }
  struct pollfd one = {.fd = fd, .events = POLLIN};
  long long before = now_ns();
  int ready = poll(&one, 1, 250);
  printf("poll %d %lld\n", ready, now_ns() - before);
  printf("all %lld\n", now_ns() - started);
  return 0;
}
