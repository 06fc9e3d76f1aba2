#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

// One of the three standard streams of a job.
enum fl_stream_kind {
    FL_STREAM_NULL = 0,    // /dev/null
    FL_STREAM_FD = 1,      // a duplicate of `fd`
    FL_STREAM_PATH = 2,    // opened by the job as its owner
    FL_STREAM_OUTPUT = 3,  // a duplicate of its standard output
};

struct fl_stream {
    int32_t kind;
    int32_t fd;
    const char *path;
};

struct fl_limit {
    uint32_t resource;
    uint64_t soft;
    uint64_t hard;
};

// The number under which a job has its script open: one that scripts do not take for themselves.
enum { FL_SCRIPT = 100 };

// The longest path of a script, with its zero byte: /proc/PID/fd/100.
#define FL_SCRIPT_PATH "/proc/2147483647/fd/100"

// Everything the child needs, made ready before it exists: it allocates nothing. After
// fl_prepare_spawns nothing of it may lie on the heap.
struct fl_launch {
    char *const *argv;         // ends with NULL; at least one element
    char *const *environment;  // ends with NULL
    const char *search_path;   // PATH of the job; NULL: the system's default
    const char *directory;
    struct fl_stream streams[3];
    const struct fl_limit *limits;  // already within the ceilings
    size_t limit_count;
    bool become;  // take on uid, gid and groups; false: they are the caller's own
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    size_t group_count;
    mode_t umask;
    int32_t nice;  // already within the ceiling
    bool reset_oom_score;
    bool no_new_privileges;
    int32_t cgroup;  // a cgroup2 directory to begin in, or -1
    // An element of argv with room for FL_SCRIPT_PATH, which becomes the script's path: that of the
    // leader, so that it leads there from all processes of the job. NULL: there is no script.
    char *script_path;
    int32_t script;  // stays open in the job as FL_SCRIPT
};

// How a child is made; later ones are fall-backs for kernels and filters that refuse the earlier.
enum fl_spawn_method {
    FL_SPAWN_INTO_CGROUP = 0,  // clone3 with PIDFD and INTO_CGROUP
    FL_SPAWN_CLONE = 1,        // clone3 with PIDFD; the child moves itself into the cgroup
    FL_SPAWN_FORK = 2,         // fork and pidfd_open
};

struct fl_spawned {
    pid_t pid;
    int32_t pidfd;
    // Non-blocking read end: a struct fl_failure if the command was not executed, else just the
    // end of file when it was.
    int32_t status;
    int32_t method;  // which one worked
};

// What a child that could not execute its command says of it: a StartReason of FlusterCore.
struct fl_failure {
    int32_t reason;
    int32_t error;
};

enum fl_start_reason {
    FL_REASON_EXEC = 1,
    FL_REASON_DIRECTORY = 2,
    FL_REASON_USER = 3,
    FL_REASON_CGROUP = 4,
    FL_REASON_LIMIT = 5,
    FL_REASON_STDIN = 6,
    FL_REASON_STDOUT = 7,
    FL_REASON_STDERR = 8,
    FL_REASON_LOG = 9,
    FL_REASON_TIME = 10,
    FL_REASON_PROCESS = 11,
    FL_REASON_REQUEST = 12,
};

// Keeps the heap and the shared libraries from the children of fl_spawn, and remembers which
// signals are ignored. Comes when nothing of both changes any more; once, from the main thread.
void fl_prepare_spawns(void);

// Makes the child and returns at once; never waits for it. Call it from the main thread, because
// the child dies with the thread that made it. `method` is the first way to try. Returns 0, or an
// errno if there is no child.
int fl_spawn(const struct fl_launch *spawn, int32_t method, struct fl_spawned *made);

// What waitid tells of a process that ended.
struct fl_end {
    pid_t pid;    // 0: none has ended
    bool exited;  // `status` is an exit code, else the number of a signal
    int32_t status;
    struct rusage usage;
};

// Reaps the child behind `pidfd` if it has ended. Returns 0 or an errno.
int fl_reap(int pidfd, struct fl_end *end);

// Names any one child that has ended, without reaping it. Returns 0 or an errno.
int fl_peek(struct fl_end *end);

// Reaps the child `pid` if it has ended. Returns 0 or an errno.
int fl_reap_process(pid_t pid, struct fl_end *end);

// Starts a short-lived child that looks up a user's groups, since name services may load and do
// anything. `*descriptor` then gives one gid_t, the primary group, and more, the groups; nothing at
// all if there is no such user. Returns 0 or an errno.
int fl_look_up_groups(uid_t uid, pid_t *pid, int32_t *descriptor);

// The same for the uid and gid of the user called `name`.
int fl_look_up_user(const char *name, pid_t *pid, int32_t *descriptor);

// Opens `name` beneath `directory`, following no link at all. Returns a descriptor or -errno.
int fl_open_beneath(int directory, const char *name, int flags, mode_t mode);

// Makes the caller the reaper of its descendants, and gives it nobody else's keys. Returns 0 or an
// errno.
int fl_become_reaper(bool fresh_keyring);

// Whether systemd has marked a cgroup's directory as given away, to us.
bool fl_is_delegated(const char *directory);
