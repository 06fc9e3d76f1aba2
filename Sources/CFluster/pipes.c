#define _GNU_SOURCE
#include "CFluster/pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

int fl_pipe(int32_t *ends) { return pipe2(ends, O_CLOEXEC); }

ssize_t fl_move(int from, int to, size_t count) {
    ssize_t moved;
    do moved = splice(from, NULL, to, NULL, count, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    while (moved < 0 && errno == EINTR);
    return moved;
}

ssize_t fl_copy(int from, int to, size_t count) {
    ssize_t copied;
    do copied = tee(from, to, count, SPLICE_F_NONBLOCK);
    while (copied < 0 && errno == EINTR);
    return copied;
}

ssize_t fl_pending(int pipe) {
    int count = 0;
    return ioctl(pipe, FIONREAD, &count) == 0 ? count : -1;
}
