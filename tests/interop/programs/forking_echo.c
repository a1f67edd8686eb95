// SPDX-License-Identifier: Apache-2.0
// A program of the interop tests: a server that forks after each accept(), the parent closing its copy, and whose
// children become cat(1) by exec with the connection as standard input and output. It knows nothing of Fourtuple.
//   forking_echo PORT CONNECTIONS
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
  int on = 1;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr*)&own, sizeof own) != 0 || listen(listener, 8) != 0) {
    perror("listen");
    return 1;
  }
  puts("ready");
  fflush(stdout);
  int connections = atoi(argv[2]);
  for (int i = 0; i < connections; ++i) {
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    int fd = accept(listener, (struct sockaddr*)&peer, &length);
    if (fd < 0) {
      perror("accept");
      return 1;
    }
    printf("from %s\n", inet_ntoa(peer.sin_addr));
    fflush(stdout);
    if (fork() == 0) {
      dup2(fd, 0);
      dup2(fd, 1);
      close(fd);
      close(listener);
      execlp("cat", "cat", (char*)0);
      _exit(1);
    }
    close(fd);
  }
  int failed = 0;
  for (int status; wait(&status) > 0;) failed |= status;
  return failed != 0;
}
