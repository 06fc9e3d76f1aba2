// Between clone and exec. In the system instance this runs as root until become_owner, on a copy of
// the shim's memory: system calls only, no allocation, no locks, and no path that a user chose
// before the process is that user. Set-id calls are raw, because glibc's would signal threads that
// the copy does not have.
#define _GNU_SOURCE
#include "CFluster/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "memory.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef KEYCTL_JOIN_SESSION_KEYRING
#define KEYCTL_JOIN_SESSION_KEYRING 1
#endif

// The first version of the kernel's struct clone_args that has a cgroup.
struct clone_arguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    uint64_t set_tid, set_tid_size, cgroup;
};

// Where the status pipe goes in the child: the first number after the standard streams. The script
// waits behind it for its place.
enum { STATUS = 3, SCRIPT = 4 };

struct child {
    const struct fl_launch *spawn;
    int status;
    pid_t parent;
    bool enter_cgroup;
};

static _Noreturn void fail(const struct child *child, int32_t reason) {
    struct fl_failure failure = {reason, errno};
    // If even this fails the shim sees an exit status of 127.
    ssize_t ignored = write(child->status, &failure, sizeof failure);
    (void)ignored;
    _exit(127);
}

// Raw, because glibc hides two signals of its own, which its posix_spawn leaves ignored. An action
// that is all zero is the default, whatever the layout. Handlers are gone with exec by themselves.
static void reset_signals(void) {
    unsigned long action[16] = {0};
    for (int number = 1; number < NSIG; number++)
        if (may_be_ignored(number)) syscall(SYS_rt_sigaction, number, action, NULL, (NSIG - 1) / 8);
}

static int write_text(int directory, const char *path, const char *text) {
    int fd = openat(directory, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t written = write(fd, text, strlen(text));
    int error = errno;
    close(fd);
    errno = error;
    return written < 0 ? -1 : 0;
}

static void close_from(int first) {
    if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > 65536) limit.rlim_cur = 65536;
    for (int fd = first; fd < (int)limit.rlim_cur; fd++) close(fd);
}

// Puts the logs and the status pipe where they belong and closes the rest: sockets, pidfds and logs
// of others must not be kept open by a child that hangs in its owner's files.
static void shed_descriptors(struct child *child) {
    static const int32_t reasons[3] = {
            FL_REASON_STDIN, FL_REASON_LOG, FL_REASON_LOG};
    for (int number = 0; number < 3; number++) {
        const struct fl_stream *stream = &child->spawn->streams[number];
        if (stream->kind == FL_STREAM_FD && dup2(stream->fd, number) < 0)
            fail(child, reasons[number]);
    }
    int script = -1;
    if (child->spawn->script_path) {
        // Out of the way of both.
        script = fcntl(child->spawn->script, F_DUPFD_CLOEXEC, SCRIPT + 1);
        if (script < 0) fail(child, FL_REASON_PROCESS);
    }
    if (child->status != STATUS) {
        if (dup3(child->status, STATUS, O_CLOEXEC) < 0) fail(child, FL_REASON_PROCESS);
        child->status = STATUS;
    }
    if (script >= 0 && dup3(script, SCRIPT, O_CLOEXEC) < 0) fail(child, FL_REASON_PROCESS);
    close_from(script < 0 ? SCRIPT : SCRIPT + 1);
}

// Hands the script to what will interpret it.
static void present_script(const struct child *child) {
    const struct fl_launch *spawn = child->spawn;
    if (!spawn->script_path) return;
    if (dup2(SCRIPT, FL_SCRIPT) < 0) fail(child, FL_REASON_PROCESS);
    char digits[12];
    char *first = digits + sizeof digits - 1;
    *first = '\0';
    for (pid_t rest = getpid(); rest > 0; rest /= 10) *--first = (char)('0' + rest % 10);
    char *end = stpcpy(stpcpy(spawn->script_path, "/proc/"), first);
    strcpy(end, "/fd/100");
}

// For ever: it must not be possible to take any of it back.
static void become_owner(const struct child *child) {
    const struct fl_launch *spawn = child->spawn;
    if (!spawn->become) return;
    if (spawn->uid == 0 || spawn->gid == 0) {
        errno = EPERM;
        fail(child, FL_REASON_USER);
    }
    if (syscall(SYS_setgroups, spawn->group_count, spawn->groups) != 0 ||
            syscall(SYS_setresgid, spawn->gid, spawn->gid, spawn->gid) != 0 ||
            syscall(SYS_setresuid, spawn->uid, spawn->uid, spawn->uid) != 0)
        fail(child, FL_REASON_USER);
    // Whatever keep-caps, ambient or inheritable sets the shim was started with.
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2];
    memset(none, 0, sizeof none);
    if (syscall(SYS_capset, &header, none) != 0) fail(child, FL_REASON_USER);
    if (syscall(SYS_setresuid, -1, 0, -1) == 0 || syscall(SYS_setresgid, -1, 0, -1) == 0) {
        errno = EPERM;
        fail(child, FL_REASON_USER);
    }
    // Kernels without keyrings have none to leave behind.
    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
}

// Clears O_NONBLOCK, which is there so that opening a FIFO or a dead device waits for nobody.
static int open_path(const char *path, int flags) {
    int fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
    if (fd < 0) return -1;
    int now = fcntl(fd, F_GETFL);
    if (now < 0 || fcntl(fd, F_SETFL, now & ~O_NONBLOCK) < 0) return -1;
    return fd;
}

static void open_stream(const struct child *child, int number) {
    static const int32_t reasons[3] = {
            FL_REASON_STDIN, FL_REASON_STDOUT, FL_REASON_STDERR};
    const struct fl_stream *stream = &child->spawn->streams[number];
    int flags = number == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND;
    int fd = -1;
    switch (stream->kind) {
        case FL_STREAM_NULL:
            // One for both, which nobody can tell from two.
            if (number == 2 && child->spawn->streams[1].kind == FL_STREAM_NULL)
                fd = STDOUT_FILENO;
            else
                fd = open("/dev/null", (number == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
            break;
        case FL_STREAM_FD: return;  // in place already
        case FL_STREAM_PATH: fd = open_path(stream->path, flags); break;
        case FL_STREAM_OUTPUT: fd = STDOUT_FILENO; break;
        default: errno = EINVAL;
    }
    if (fd < 0 || dup2(fd, number) < 0) fail(child, reasons[number]);
    if (fd > STATUS) close(fd);
}

// Comes after the streams are open: a small RLIMIT_NOFILE is the job's affair, not theirs.
static void set_limits(const struct child *child) {
    const struct fl_launch *spawn = child->spawn;
    for (size_t i = 0; i < spawn->limit_count; i++) {
        struct rlimit limit = {spawn->limits[i].soft, spawn->limits[i].hard};
        if (setrlimit((__rlimit_resource_t)spawn->limits[i].resource, &limit) != 0)
            fail(child, FL_REASON_LIMIT);
    }
}

static bool keeps_looking(int error) {
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ENAMETOOLONG ||
                  error == ESTALE || error == ENODEV || error == ETIMEDOUT;
}

// What execvpe does, but for handing files without a magic number to a shell.
static void execute(const struct fl_launch *spawn) {
    const char *file = spawn->argv[0];
    if (*file == '\0') {
        errno = ENOENT;
        return;
    }
    if (strchr(file, '/')) {
        execve(file, spawn->argv, spawn->environment);
        return;
    }
    char path[4096];
    size_t length = strlen(file);
    bool denied = false;
    const char *element = spawn->search_path ? spawn->search_path : "/bin:/usr/bin";
    for (;;) {
        const char *end = strchrnul(element, ':');
        size_t size = (size_t)(end - element);
        if (size + length + 2 > sizeof path) {
            errno = ENAMETOOLONG;
        } else {
            // An empty element is the working directory.
            memcpy(path, element, size);
            if (size > 0) path[size++] = '/';
            memcpy(path + size, file, length + 1);
            execve(path, spawn->argv, spawn->environment);
        }
        if (!keeps_looking(errno)) return;
        if (errno == EACCES) denied = true;
        if (*end == '\0') break;
        element = end + 1;
    }
    errno = denied ? EACCES : ENOENT;
}

static _Noreturn void run_child(struct child *child) {
    const struct fl_launch *spawn = child->spawn;
    if (setsid() < 0) fail(child, FL_REASON_PROCESS);
    reset_signals();
    if (child->enter_cgroup && write_text(spawn->cgroup, "cgroup.procs", "0") != 0)
        fail(child, FL_REASON_CGROUP);
    if (setpriority(PRIO_PROCESS, 0, spawn->nice) != 0) fail(child, FL_REASON_LIMIT);
    if (spawn->reset_oom_score && write_text(AT_FDCWD, "/proc/self/oom_score_adj", "0") != 0)
        fail(child, FL_REASON_LIMIT);
    // As many processors as the cpuset has, whatever the shim was confined to; a mask that is all
    // ones cannot be wrong.
    unsigned char processors[1024];
    memset(processors, 0xff, sizeof processors);
    syscall(SYS_sched_setaffinity, 0, sizeof processors, processors);
    shed_descriptors(child);
    become_owner(child);
    // Changing credentials clears it, so only now.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(child, FL_REASON_PROCESS);
    if (getppid() != child->parent) _exit(127);
    if (spawn->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        fail(child, FL_REASON_USER);
    umask(spawn->umask);
    if (chdir(spawn->directory) != 0) fail(child, FL_REASON_DIRECTORY);
    for (int number = 0; number < 3; number++) open_stream(child, number);
    present_script(child);
    set_limits(child);
    sigset_t none;
    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) != 0) fail(child, FL_REASON_LIMIT);
    execute(spawn);
    fail(child, FL_REASON_EXEC);
}

static bool is_refusal(int error) {
    return error == ENOSYS || error == EPERM || error == EINVAL || error == E2BIG;
}

// In the child returns 0; in the parent the pid and its pidfd, or -1.
static pid_t clone_child(const struct fl_launch *spawn, bool into_cgroup, int *pidfd) {
    struct clone_arguments arguments;
    memset(&arguments, 0, sizeof arguments);
    arguments.flags = CLONE_PIDFD | (into_cgroup ? CLONE_INTO_CGROUP : 0);
    arguments.pidfd = (uint64_t)(uintptr_t)pidfd;
    arguments.exit_signal = SIGCHLD;
    arguments.cgroup = into_cgroup ? (uint64_t)spawn->cgroup : 0;
    // CLONE_ARGS_SIZE_VER0 for kernels that do not know of cgroups.
    return (pid_t)syscall(SYS_clone3, &arguments, into_cgroup ? sizeof arguments : 64);
}

static int make_child(
        const struct fl_launch *spawn, int32_t method, struct child *child,
        struct fl_spawned *made) {
    bool cgroup = spawn->cgroup >= 0;
    int pidfd = -1;
    pid_t pid = -1;
    if (method <= FL_SPAWN_INTO_CGROUP && cgroup) {
        made->method = FL_SPAWN_INTO_CGROUP;
        pid = clone_child(spawn, true, &pidfd);
        if (pid == 0) run_child(child);
        if (pid < 0 && !is_refusal(errno)) return errno;
    }
    child->enter_cgroup = cgroup;
    if (pid < 0 && method <= FL_SPAWN_CLONE) {
        made->method = cgroup ? FL_SPAWN_CLONE : FL_SPAWN_INTO_CGROUP;
        pid = clone_child(spawn, false, &pidfd);
        if (pid == 0) run_child(child);
        if (pid < 0 && !is_refusal(errno)) return errno;
    }
    if (pid < 0) {
        made->method = FL_SPAWN_FORK;
        // It looks after the heap in the child.
        withhold_memory(false);
        pid = fork();
        if (pid == 0) run_child(child);
        int error = errno;
        withhold_memory(true);
        if (pid < 0) return error;
        // Nobody else reaps it, so the number is still its own.
        pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        if (pidfd < 0) {
            error = errno;
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
            return error;
        }
    }
    made->pid = pid;
    made->pidfd = pidfd;
    return 0;
}

int fl_spawn(
        const struct fl_launch *spawn, int32_t method, struct fl_spawned *made) {
    int ends[2];
    // The child's end too: the little that it has to say finds the pipe empty.
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return errno;
    struct child child = {spawn, ends[1], getpid(), false};
    // No handler of the shim's may run in the copy.
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    withhold_new_memory();
    int error = make_child(spawn, method, &child, made);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (error != 0)
        close(ends[0]);
    else
        made->status = ends[0];
    return error;
}
