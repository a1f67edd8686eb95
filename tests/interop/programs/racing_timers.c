// SPDX-License-Identifier: Apache-2.0
// Threads that use every kind of wait with a limit at the same time, an alarm whose handler sets the next one while the
// program does, and with an argument children of fork that close what their parent's threads are at. Prints "all over".
//   racing_timers [fork]
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { threads = 4, rounds = 60, children = 40, ms_in_ns = 1000000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static int shared_timer;

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static struct timespec soon(int ms) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  time.tv_nsec += ms * ms_in_ns;
  time.tv_sec += time.tv_nsec / 1000000000;
  time.tv_nsec %= 1000000000;
  return time;
}

static void wait_for_condition(int ms) {
  const struct timespec until = soon(ms);
  pthread_mutex_lock(&mutex);
  if (ms % 3 == 0) pthread_cond_signal(&condition);
  const int result = pthread_cond_timedwait(&condition, &mutex, &until);
  pthread_mutex_unlock(&mutex);
  if (result != 0 && result != ETIMEDOUT) {
    errno = result;
    fail("pthread_cond_timedwait");
  }
}

static void wait_for_semaphore(int ms) {
  const struct timespec until = soon(ms);
  if (ms % 2 == 0) sem_post(&semaphore);
  if (sem_timedwait(&semaphore, &until) != 0 && errno != ETIMEDOUT && errno != EINTR) fail("sem_timedwait");
}

static void wait_for_descriptor(int ms) {
  const struct itimerspec after = {{0, 0}, {0, ms * ms_in_ns}};
  uint64_t times = 0;
  const int own = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  if (own < 0 || timerfd_settime(own, 0, &after, NULL) != 0) fail("timerfd");
  if (timerfd_settime(shared_timer, 0, &after, NULL) != 0) fail("timerfd_settime");
  while (read(own, &times, sizeof times) < 0) {
    if (errno != EINTR) fail("read");
  }
  if (times != 1) fail("read");
  close(own);
}

static void* wait_in_turn(void* argument) {
  for (int round = 0; round < rounds; ++round) {
    const int ms = 1 + (round + (int)(long)argument) % 7;
    wait_for_condition(ms);
    wait_for_semaphore(ms);
    wait_for_descriptor(ms);
  }
  return NULL;
}

static const struct itimerval in_a_moment = {{0, 0}, {0, 500}};
static atomic_int alarms;  // Of all threads.
static void next_alarm(int number) {
  const int before = errno;
  alarms += number == SIGALRM;
  setitimer(ITIMER_REAL, &in_a_moment, NULL);
  errno = before;
}

static void fork_and_close(void) {
  for (int i = 0; i < children; ++i) {
    const pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
      close(shared_timer);
      _exit(0);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
      if (errno != EINTR) fail("waitpid");
    }
    if (status != 0) {
      fprintf(stderr, "a child ended with %d\n", status);
      exit(1);
    }
  }
}

int main(int count, char** words) {
  pthread_t all[threads];
  sem_init(&semaphore, 0, 0);
  shared_timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  if (shared_timer < 0) fail("timerfd_create");
  signal(SIGALRM, next_alarm);
  for (long i = 0; i < threads; ++i) pthread_create(&all[i], NULL, wait_in_turn, (void*)i);
  if (count > 1 && strcmp(words[1], "fork") == 0) fork_and_close();
  while (alarms < rounds) {
    setitimer(ITIMER_REAL, &in_a_moment, NULL);
    usleep(1000);  // Time stands still while somebody works.
  }
  signal(SIGALRM, SIG_IGN);
  for (int i = 0; i < threads; ++i) pthread_join(all[i], NULL);
  puts("all over");
  return 0;
}
