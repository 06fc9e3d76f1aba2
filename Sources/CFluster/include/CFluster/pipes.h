#pragma once
/* Pipes, and what only Linux does with them. */
#include <stdint.h>
#include <sys/types.h>

/* A close-on-exec pipe: ends[0] is read. 0, or -1 with errno. */
int fl_pipe(int32_t *ends);

/* Moves bytes from one pipe to another without waiting: they are in the one or in the other, never
   in both or neither. How many; 0 when all writers are gone; -1 with errno, EAGAIN for nothing. */
ssize_t fl_move(int from, int to, size_t count);

/* Copies bytes from the front of one pipe to another, without waiting; the first keeps them. */
ssize_t fl_copy(int from, int to, size_t count);

/* The bytes that stand in a pipe, or -1 with errno. */
ssize_t fl_pending(int pipe);
