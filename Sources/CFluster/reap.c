// Waiting for children: raw, because glibc's waitid has no room for the resource usage.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CFluster/spawn.h"

#ifndef KEYCTL_JOIN_SESSION_KEYRING
#define KEYCTL_JOIN_SESSION_KEYRING 1
#endif
#define WAIT_ON_PIDFD 3

static int wait_for(int type, int id, int options, struct fl_end *end) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    memset(end, 0, sizeof *end);
    long result;
    do result = syscall(SYS_waitid, type, id, &info, options | WEXITED | WNOHANG, &end->usage);
    while (result < 0 && errno == EINTR);
    if (result < 0) return errno;
    end->pid = info.si_pid;
    end->exited = info.si_code == CLD_EXITED;
    end->status = info.si_status;
    return 0;
}

int fl_reap(int pidfd, struct fl_end *end) {
    return wait_for(WAIT_ON_PIDFD, pidfd, 0, end);
}

int fl_peek(struct fl_end *end) {
    return wait_for(P_ALL, 0, WNOWAIT, end);
}

int fl_reap_process(pid_t pid, struct fl_end *end) {
    return wait_for(P_PID, pid, 0, end);
}

int fl_become_reaper(bool fresh_keyring) {
    if (fresh_keyring) syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 ? 0 : errno;
}
