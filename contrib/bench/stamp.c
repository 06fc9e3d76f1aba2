/* stamp: a job that says when it began. Prints CLOCK_MONOTONIC in nanoseconds to its argument. */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (argc != 2) return 64;
    int fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0600);
    char line[32];
    int length = snprintf(
        line, sizeof line, "%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
    return fd >= 0 && write(fd, line, length) == length ? 0 : 1;
}
