// SPDX-License-Identifier: Apache-2.0
// A program of the interop tests: one server and eight clients as threads of one process, over TCP. Each client sends
// numbered blocks and checks what comes back. It knows nothing of Fourtuple.
//   threaded_echo serve PORT | threaded_echo HOST PORT
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { clients = 8, rounds = 50, block = 3000 };

static const char* host;
static const char* port;

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static int open_socket(int passive) {
  struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = passive ? AI_PASSIVE : 0};
  struct addrinfo* found;
  if (getaddrinfo(passive ? NULL : host, port, &hints, &found) != 0) fail("getaddrinfo");
  int fd = socket(found->ai_family, found->ai_socktype, 0);
  if (fd < 0) fail("socket");
  if (passive && (bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, 16) != 0)) fail("listen");
  if (!passive && connect(fd, found->ai_addr, found->ai_addrlen) != 0) fail("connect");
  freeaddrinfo(found);
  return fd;
}

static void* echo(void* argument) {
  int fd = (int)(long)argument;
  char buffer[4096];
  for (ssize_t got; (got = read(fd, buffer, sizeof buffer)) > 0;) {
    for (ssize_t done = 0; done < got;) {
      ssize_t sent = write(fd, buffer + done, (size_t)(got - done));
      if (sent < 0) fail("write");
      done += sent;
    }
  }
  close(fd);
  return NULL;
}

static void* client(void* argument) {
  int fd = open_socket(0);
  char out[block];
  char in[block];
  for (int round = 0; round < rounds; ++round) {
    memset(out, (int)(long)argument * 31 + round, sizeof out);
    if (write(fd, out, sizeof out) != sizeof out) fail("write");
    if (recv(fd, in, sizeof in, MSG_WAITALL) != sizeof in) fail("recv");
    if (memcmp(in, out, sizeof in) != 0) {
      fprintf(stderr, "other bytes came back\n");
      exit(1);
    }
  }
  close(fd);
  return NULL;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  host = argv[1];
  port = argv[2];
  if (strcmp(host, "serve") == 0) {
    int listener = open_socket(1);
    puts("ready");
    fflush(stdout);
    pthread_t threads[clients];
    for (int i = 0; i < clients; ++i) {
      int fd = accept(listener, NULL, NULL);
      if (fd < 0) fail("accept");
      pthread_create(&threads[i], NULL, echo, (void*)(long)fd);
    }
    // Each has its connection's end to see: whoever is served last need not be ready last.
    for (int i = 0; i < clients; ++i) pthread_join(threads[i], NULL);
    return 0;
  }
  pthread_t threads[clients];
  for (long i = 0; i < clients; ++i) pthread_create(&threads[i], NULL, client, (void*)i);
  for (int i = 0; i < clients; ++i) pthread_join(threads[i], NULL);
  puts("all intact");
  return 0;
}
