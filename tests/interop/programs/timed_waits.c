// SPDX-License-Identifier: Apache-2.0
// Every kind of wait that has a limit, ten minutes each, and the time that the monotonic clock says it took: in virtual time
// it is that to the nanosecond, and over at once.
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static const int limit_s = 600;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int happened;
static sem_t semaphore;

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static struct timespec in_seconds(clockid_t clock, int seconds) {
  struct timespec time;
  clock_gettime(clock, &time);
  time.tv_sec += seconds;
  return time;
}

static int64_t began_ns;
static void begin(void) { began_ns = now_ns(); }
static void end(const char* what, int result) {
  printf("%s: %s after %lld ns\n", what, result == 0 ? "ok" : strerror(result), (long long)(now_ns() - began_ns));
}

static void* wake_both(void* unused) {
  (void)unused;
  sleep(10);
  pthread_mutex_lock(&mutex);
  happened = 1;
  pthread_cond_signal(&condition);
  pthread_mutex_unlock(&mutex);
  sleep(10);
  sem_post(&semaphore);
  return NULL;
}

static int wait_for_condition(clockid_t clock) {
  const struct timespec until = in_seconds(clock, limit_s);
  int result = 0;
  pthread_mutex_lock(&mutex);
  while (!happened && result == 0)
    result = clock == CLOCK_REALTIME ? pthread_cond_timedwait(&condition, &mutex, &until)
                                     : pthread_cond_clockwait(&condition, &mutex, clock, &until);
  happened = 0;
  pthread_mutex_unlock(&mutex);
  return result;
}

static int wait_for_semaphore(void) {
  const struct timespec until = in_seconds(CLOCK_REALTIME, limit_s);
  return sem_timedwait(&semaphore, &until) == 0 ? 0 : errno;
}

static void conditions_and_semaphores(void) {
  pthread_t waker;
  begin();
  end("pthread_cond_timedwait", wait_for_condition(CLOCK_REALTIME));
  begin();
  end("pthread_cond_clockwait", wait_for_condition(CLOCK_MONOTONIC));
  sem_init(&semaphore, 0, 0);
  begin();
  end("sem_timedwait", wait_for_semaphore());
  begin();
  pthread_create(&waker, NULL, wake_both, NULL);
  end("pthread_cond_timedwait in time", wait_for_condition(CLOCK_REALTIME));
  begin();
  end("sem_timedwait in time", wait_for_semaphore());
  pthread_join(waker, NULL);
}

static void timer_descriptors(void) {
  uint64_t times = 0;
  const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  const struct itimerspec periodic = {{limit_s, 0}, {limit_s, 0}};
  struct itimerspec left;
  struct epoll_event event = {.events = EPOLLIN};
  const int events = epoll_create1(0);
  epoll_ctl(events, EPOLL_CTL_ADD, timer, &event);
  begin();
  timerfd_settime(timer, 0, &periodic, NULL);
  epoll_wait(events, &event, 1, -1);
  end("timerfd, epoll", 0);
  sleep(2 * limit_s + 10);
  if (read(timer, &times, sizeof times) != sizeof times) exit(1);
  timerfd_gettime(timer, &left);
  printf("timerfd: %llu times, %ld s left\n", (unsigned long long)times, (long)left.it_value.tv_sec);
  close(timer);
  close(events);
}

static volatile sig_atomic_t alarms;
static void count_alarm(int number) { alarms += number == SIGALRM; }

static void alarms_of_the_process(void) {
  const struct itimerval periodic = {{limit_s, 0}, {limit_s, 0}};
  struct itimerval before;
  signal(SIGALRM, count_alarm);
  begin();
  alarm(limit_s);
  pause();
  end("alarm, pause", 0);
  begin();
  setitimer(ITIMER_REAL, &periodic, NULL);
  pause();
  pause();
  end("setitimer, twice", 0);
  setitimer(ITIMER_REAL, &(struct itimerval){0}, &before);
  printf("alarms: %d, %ld s left\n", alarms, (long)before.it_value.tv_sec);
}

// As soon as a time has come, what is left is until the next one.
static void left_after_each_time(void) {
  enum { times = 100, interval_s = 10 };
  const struct itimerspec periodic_ns = {{interval_s, 0}, {interval_s, 0}};
  const struct itimerval periodic_us = {{interval_s, 0}, {interval_s, 0}};
  const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  long least_s = interval_s;
  uint64_t expirations = 0;
  timerfd_settime(timer, 0, &periodic_ns, NULL);
  for (int time = 0; time < times; ++time) {
    struct itimerspec left;
    if (read(timer, &expirations, sizeof expirations) != sizeof expirations) exit(1);
    timerfd_gettime(timer, &left);
    if (left.it_value.tv_sec < least_s) least_s = left.it_value.tv_sec;
  }
  close(timer);
  printf("timerfd: at least %ld s left\n", least_s);
  least_s = interval_s;
  setitimer(ITIMER_REAL, &periodic_us, NULL);
  for (int time = 0; time < times; ++time) {
    struct itimerval left;
    pause();
    getitimer(ITIMER_REAL, &left);
    if (left.it_value.tv_sec < least_s) least_s = left.it_value.tv_sec;
  }
  setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
  printf("setitimer: at least %ld s left\n", least_s);
}

// Nobody connects; and a peer that neither reads nor writes.
static void limits_of_sockets(const char* peer) {
  const struct timeval limit = {limit_s, 0};
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(7)};
  char bytes[65536] = {0};
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int out = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr*)&at, sizeof at) != 0 || listen(listener, 1) != 0) exit(1);
  setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  begin();
  end("accept", accept(listener, NULL, NULL) < 0 ? errno : 0);
  inet_pton(AF_INET, peer, &at.sin_addr);
  if (connect(out, (struct sockaddr*)&at, sizeof at) != 0) exit(1);
  setsockopt(out, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(out, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  begin();
  end("recv", recv(out, bytes, sizeof bytes, 0) < 0 ? errno : 0);
  for (int quiet = 0; quiet < 5; sleep(1)) quiet = send(out, bytes, sizeof bytes, MSG_DONTWAIT) > 0 ? 0 : quiet + 1;
  begin();
  end("send", send(out, bytes, sizeof bytes, 0) < 0 ? errno : 0);
}

int main(int count, char** words) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  conditions_and_semaphores();
  timer_descriptors();
  alarms_of_the_process();
  left_after_each_time();
  if (count > 1) limits_of_sockets(words[1]);
  return 0;
}
