// What children do not get of the shim's memory. Between clone and exec they run this library and
// libc, and read what was laid out for them. Copying the heap and the shared libraries besides took
// most of the time of a start, and would show one owner's child what is there for others.
#define _GNU_SOURCE
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "CFluster/spawn.h"

struct range {
    uintptr_t first, end;
};

// More are not withheld.
enum { MOST_RANGES = 256 };

static struct range ranges[MOST_RANGES];
static int range_count;
// The heap grows; what has been added since is not withheld yet.
static struct range heap;
static bool is_prepared;
static bool ignored[NSIG];

// A library of which the child calls nothing: all but libc and the loader.
static bool is_foreign(const char *path) {
    const char *name = strrchr(path, '/');
    if (!name || !strstr(name, ".so")) return false;
    return strncmp(name, "/libc.", 6) != 0 && strncmp(name, "/libc-", 6) != 0 &&
                  strncmp(name, "/libpthread", 11) != 0 && strncmp(name, "/ld-", 4) != 0;
}

// Whatever a file is called: the child needs its errno, and what it calls, which a preloaded
// library may have replaced.
static bool is_needed(struct range range) {
    const uintptr_t own[] = {
            (uintptr_t)&errno,   (uintptr_t)&range,       (uintptr_t)&ranges,   (uintptr_t)_exit,
            (uintptr_t)chdir,    (uintptr_t)close,        (uintptr_t)dup2,      (uintptr_t)dup3,
            (uintptr_t)execve,   (uintptr_t)fcntl,        (uintptr_t)getpid,    (uintptr_t)getppid,
            (uintptr_t)getrlimit, (uintptr_t)memcpy,      (uintptr_t)memset,    (uintptr_t)open,
            (uintptr_t)openat,   (uintptr_t)prctl,        (uintptr_t)setpriority,
            (uintptr_t)setrlimit, (uintptr_t)setsid,      (uintptr_t)sigemptyset,
            (uintptr_t)sigprocmask, (uintptr_t)stpcpy,    (uintptr_t)strchr,
            (uintptr_t)strchrnul, (uintptr_t)strcpy,      (uintptr_t)strlen,
            (uintptr_t)syscall,  (uintptr_t)umask,        (uintptr_t)write};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (own[i] >= range.first && own[i] < range.end) return true;
    return false;
}

// All mappings of a library or none: its code goes nowhere without its data.
static void find_ranges(void) {
    FILE *maps = fopen("/proc/self/maps", "re");
    if (!maps) return;
    char *line = NULL, *library = NULL;
    size_t size = 0;
    int others = 0;
    bool keeps = false;
    while (getline(&line, &size, maps) > 0) {
        unsigned long first, end;
        int place = 0;
        if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %n", &first, &end, &place) < 2 || place == 0)
            continue;
        const char *path = line + place;
        struct range range = {first, end};
        if (strncmp(path, "[heap]", 6) == 0 && !is_needed(range)) heap = range;
        if (!is_foreign(path)) continue;
        // Those of one library stand together.
        if (!library || strcmp(library, path) != 0) {
            free(library);
            library = strdup(path);
            others = range_count;
            keeps = false;
        }
        keeps = keeps || is_needed(range);
        if (keeps)
            range_count = others;
        else if (library && range_count < MOST_RANGES)
            ranges[range_count++] = range;
    }
    free(library);
    free(line);
    fclose(maps);
}

static void advise(struct range range, bool withheld) {
    // What has been unmapped since need not be withheld.
    if (range.end > range.first)
        madvise((void *)range.first, range.end - range.first,
                        withheld ? MADV_DONTFORK : MADV_DOFORK);
}

void fl_prepare_spawns(void) {
    is_prepared = true;
    for (int number = 1; number < NSIG; number++) {
        // Raw, for what glibc keeps to itself; the handler comes first wherever this runs.
        void (*action[16])(int) = {0};
        syscall(SYS_rt_sigaction, number, NULL, action, (NSIG - 1) / 8);
        ignored[number] = action[0] == SIG_IGN;
    }
    find_ranges();
    withhold_memory(true);
}

void withhold_memory(bool withheld) {
    if (!is_prepared) return;
    for (int i = 0; i < range_count; i++) advise(ranges[i], withheld);
    advise(heap, withheld);
}

void withhold_new_memory(void) {
    if (heap.first == 0) return;
    uintptr_t end = (uintptr_t)sbrk(0);
    if (end == heap.end) return;
    heap.end = end;
    advise(heap, true);
}

bool may_be_ignored(int number) { return !is_prepared || ignored[number]; }
