#pragma once
/* What the worker needs of the kernel: its share of the processors, and holes in logs. */
#include <stdint.h>
/* setxattr, which the Glibc module leaves out. */
#include <sys/xattr.h>

/* How many processors the calling thread may run on; -1 with errno. */
int fl_allowed_cpus(void);

/* Gives a range of a file back to the disk; its size stays. 0, or -1 with errno. */
int fl_punch_hole(int fd, int64_t offset, int64_t length);
