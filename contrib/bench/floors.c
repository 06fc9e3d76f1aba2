/* floors - what the machine itself allows, to judge Fluster's own figures by.
 *
 *   floors spawn COUNT PARALLEL PROGRAM [ARG...]  start COUNT programs, PARALLEL at a time
 *   floors append FILE BYTES SECONDS              append BYTES and fdatasync, again and again
 *   floors pingpong BYTES SECONDS                 BYTES there and back over a Unix socket
 *
 * spawn is the floor of a whole queue: nothing starts jobs faster. append is the floor of one
 * acknowledged submit, since acknowledged means durable; FILE must be on the file system that
 * holds the state directory, must not exist, and is removed. pingpong is the floor of one request.
 *
 * Every line of output is a name, a value and a unit, separated by tabs. Percentiles are of single
 * operations. On a busy machine run it before and after what is to be judged, and compare ratios.
 *
 * Build: cc -O2 -Wall -Wextra -o floors floors.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { USAGE = 64, OS_ERROR = 71 };

/* Samples beyond this many are counted but not kept. */
enum { MOST_SAMPLES = 4000000 };

static double samples[MOST_SAMPLES];

static void fail(const char *what) {
  fprintf(stderr, "floors: %s: %s\n", what, strerror(errno));
  exit(OS_ERROR);
}

static void refuse(const char *reason) {
  fprintf(stderr, "floors: %s\n", reason);
  exit(USAGE);
}

static double seconds_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static long positive(const char *text, const char *name) {
  char *end;
  errno = 0;
  long number = strtol(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || number <= 0) {
    fprintf(stderr, "floors: %s must be a positive number, not '%s'\n", name, text);
    exit(USAGE);
  }
  return number;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void report(const char *name, double value, const char *unit) {
  printf("%s\t%.6g\t%s\n", name, value, unit);
}

/* The rate and the spread of so many timed operations. */
static void report_samples(const char *name, long count, double wall) {
  long kept = count < MOST_SAMPLES ? count : MOST_SAMPLES;
  if (kept == 0) refuse("no operation ended in the time given");
  qsort(samples, (size_t)kept, sizeof samples[0], ascending);
  char label[64];
  snprintf(label, sizeof label, "%s.rate", name);
  report(label, (double)count / wall, "1/s");
  snprintf(label, sizeof label, "%s.p50", name);
  report(label, samples[kept / 2] * 1e6, "us");
  snprintf(label, sizeof label, "%s.p99", name);
  report(label, samples[(long)((double)kept * 0.99)] * 1e6, "us");
}

static double cpu_seconds(int who) {
  struct rusage usage;
  getrusage(who, &usage);
  return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
         ((double)usage.ru_utime.tv_usec + (double)usage.ru_stime.tv_usec) * 1e-6;
}

static void spawn_floor(long count, long parallel, char **arguments) {
  double start = seconds_now();
  for (long begun = 0, ended = 0; ended < count;) {
    while (begun < count && begun - ended < parallel) {
      pid_t pid;
      int error = posix_spawnp(&pid, arguments[0], NULL, NULL, arguments, environ);
      if (error != 0) {
        errno = error;
        fail(arguments[0]);
      }
      begun++;
    }
    int status;
    if (wait(&status) < 0) fail("wait");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      fprintf(stderr, "floors: %s did not exit with status 0\n", arguments[0]);
      exit(1);
    }
    ended++;
  }
  double wall = seconds_now() - start;
  double cpu = cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN);
  report("spawn.rate", (double)count / wall, "1/s");
  report("spawn.wall", wall, "s");
  report("spawn.cpu", cpu / (double)count * 1e6, "us");
}

static void append_floor(const char *path, long bytes, long seconds) {
  char *block = calloc(1, (size_t)bytes);
  int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (block == NULL || file < 0) fail(path);
  unlink(path);
  double cpu = cpu_seconds(RUSAGE_SELF);
  double start = seconds_now(), end = start;
  long count = 0;
  while (end - start < (double)seconds) {
    double before = end;
    if (write(file, block, (size_t)bytes) != bytes || fdatasync(file) < 0) fail(path);
    end = seconds_now();
    if (count < MOST_SAMPLES) samples[count] = end - before;
    count++;
  }
  report_samples("append", count, end - start);
  report("append.cpu", (cpu_seconds(RUSAGE_SELF) - cpu) / (double)count * 1e6, "us");
  close(file);
  free(block);
}

/* Moves exactly so many bytes; 0 at the end of the connection. */
static int move_all(int socket, char *block, long bytes, int sending) {
  for (long done = 0; done < bytes;) {
    size_t rest = (size_t)(bytes - done);
    ssize_t moved = sending ? send(socket, block + done, rest, MSG_NOSIGNAL)
                            : recv(socket, block + done, rest, 0);
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) fail("socket");
    if (moved == 0) return 0;
    done += moved;
  }
  return 1;
}

static void pingpong_floor(long bytes, long seconds) {
  int ends[2];
  char *block = calloc(1, (size_t)bytes);
  if (block == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
    fail("socketpair");
  }
  pid_t echo = fork();
  if (echo < 0) fail("fork");
  if (echo == 0) {
    close(ends[0]);
    while (move_all(ends[1], block, bytes, 0)) move_all(ends[1], block, bytes, 1);
    _exit(0);
  }
  close(ends[1]);
  double start = seconds_now(), end = start;
  long count = 0;
  while (end - start < (double)seconds) {
    double before = end;
    move_all(ends[0], block, bytes, 1);
    if (!move_all(ends[0], block, bytes, 0)) refuse("the echoing process has died");
    end = seconds_now();
    if (count < MOST_SAMPLES) samples[count] = end - before;
    count++;
  }
  close(ends[0]);
  waitpid(echo, NULL, 0);
  report_samples("pingpong", count, end - start);
  free(block);
}

int main(int count, char **arguments) {
  const char *what = count > 1 ? arguments[1] : "";
  if (strcmp(what, "spawn") == 0 && count >= 5) {
    spawn_floor(positive(arguments[2], "COUNT"), positive(arguments[3], "PARALLEL"),
                arguments + 4);
  } else if (strcmp(what, "append") == 0 && count == 5) {
    append_floor(arguments[2], positive(arguments[3], "BYTES"), positive(arguments[4], "SECONDS"));
  } else if (strcmp(what, "pingpong") == 0 && count == 4) {
    pingpong_floor(positive(arguments[2], "BYTES"), positive(arguments[3], "SECONDS"));
  } else {
    refuse("expected: spawn COUNT PARALLEL PROGRAM [ARG...] | append FILE BYTES SECONDS | "
           "pingpong BYTES SECONDS");
  }
  return 0;
}
