#pragma once
/* What tables need of the C library. */
#include <stdint.h>

/* The columns of a terminal that a character takes: 0, 1 or 2; -1 if the C library does not know
   it. The caller's locale does not matter: the text is UTF-8. */
int fl_columns(uint32_t scalar);
