#define _GNU_SOURCE
#include "CFluster/worker.h"

#include <fcntl.h>
#include <sched.h>

int fl_allowed_cpus(void) {
    // Room for 8192 processors, the most a kernel can be built for.
    cpu_set_t sets[8];
    if (sched_getaffinity(0, sizeof sets, sets) != 0) return -1;
    return CPU_COUNT_S(sizeof sets, sets);
}

int fl_punch_hole(int fd, int64_t offset, int64_t length) {
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}
