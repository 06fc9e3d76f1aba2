#pragma once
/* What Swift cannot reach: structures, macros and calls that glibc shows only to _GNU_SOURCE. */
#include "CFluster/pipes.h"
#include "CFluster/sockets.h"
#include "CFluster/text.h"
#include "CFluster/worker.h"
#if __has_include("CFluster/spawn.h")
#include "CFluster/spawn.h"
#endif
