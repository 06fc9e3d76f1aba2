// Looking users up in a process of its own: name services load plug-ins, talk to the network and
// hang, and nothing of that may happen in the shim itself.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "CFluster/spawn.h"
#include "memory.h"

static void write_all(int fd, const void *bytes, size_t count) {
    const char *next = bytes;
    while (count > 0) {
        ssize_t written = write(fd, next, count);
        if (written < 0) _exit(1);
        next += written;
        count -= (size_t)written;
    }
}

static struct passwd *find(const char *name, uid_t uid, struct passwd *entry) {
    static char buffer[1 << 16];
    struct passwd *found = NULL;
    int error = name ? getpwnam_r(name, entry, buffer, sizeof buffer, &found)
                                      : getpwuid_r(uid, entry, buffer, sizeof buffer, &found);
    return error == 0 ? found : NULL;
}

static void tell_groups(int fd, uid_t uid) {
    struct passwd entry;
    const struct passwd *found = find(NULL, uid, &entry);
    if (!found) return;
    int count = 65536;
    gid_t *groups = calloc((size_t)count, sizeof *groups);
    if (!groups || getgrouplist(found->pw_name, found->pw_gid, groups, &count) < 0) return;
    write_all(fd, &found->pw_gid, sizeof found->pw_gid);
    write_all(fd, groups, (size_t)count * sizeof *groups);
}

static void tell_user(int fd, const char *name) {
    struct passwd entry;
    const struct passwd *found = find(name, 0, &entry);
    if (!found) return;
    write_all(fd, &found->pw_uid, sizeof found->pw_uid);
    write_all(fd, &found->pw_gid, sizeof found->pw_gid);
}

static int look_up(const char *name, uid_t uid, pid_t *pid, int32_t *descriptor) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return errno;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    pid_t parent = getpid();
    withhold_memory(false);
    *pid = fork();
    if (*pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(1);
        // The shim's sockets and pidfds are nobody's business here.
        if (ends[1] > 3) syscall(SYS_close_range, 3, ends[1] - 1, 0);
        syscall(SYS_close_range, ends[1] + 1, ~0U, 0);
        if (name)
            tell_user(ends[1], name);
        else
            tell_groups(ends[1], uid);
        _exit(0);
    }
    int error = errno;
    withhold_memory(true);
    close(ends[1]);
    if (*pid < 0) {
        close(ends[0]);
        return error;
    }
    *descriptor = ends[0];
    return 0;
}

int fl_look_up_groups(uid_t uid, pid_t *pid, int32_t *descriptor) {
    return look_up(NULL, uid, pid, descriptor);
}

int fl_look_up_user(const char *name, pid_t *pid, int32_t *descriptor) {
    return look_up(name, 0, pid, descriptor);
}

int fl_open_beneath(int directory, const char *name, int flags, mode_t mode) {
    struct open_how how;
    memset(&how, 0, sizeof how);
    how.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC | O_NOFOLLOW);
    how.mode = (flags & O_CREAT) ? mode : 0;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    long fd = syscall(SYS_openat2, directory, name, &how, sizeof how);
    return fd < 0 ? -errno : (int)fd;
}
