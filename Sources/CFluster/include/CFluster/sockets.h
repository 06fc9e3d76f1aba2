#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Every function returns -1 and sets errno on failure, unless it says otherwise. */

/* accept4: the new socket is close-on-exec and non-blocking. */
int fl_accept(int listener);

/* SO_PEERCRED. */
int fl_peer_credential(int socket, uint32_t *uid, uint32_t *gid, int32_t *pid);

/* SO_PEERGROUPS. *count is the capacity on entry and the number of groups on return; with ERANGE
   it is the capacity that is needed. */
int fl_peer_groups(int socket, uint32_t *groups, size_t *count);

/* SO_PEERPIDFD (Linux 6.5): a close-on-exec pidfd of the process that connected. */
int fl_peer_pidfd(int socket);

/* The most descriptors that the kernel passes with one message. */
#define FL_MAX_DESCRIPTORS 253

/* sendmsg with SCM_RIGHTS, without SIGPIPE. Interrupted calls are repeated. */
ssize_t fl_send(int socket, const void *bytes, size_t count, const int *fds, size_t fd_count);

/* recvmsg with SCM_RIGHTS, close-on-exec. *fd_count is the capacity on entry and the number of
   descriptors on return, also when the data is empty. *truncated becomes 1 if the data or the
   descriptors did not fit; what did not fit is gone and closed. Interrupted calls are repeated. */
ssize_t fl_receive(int socket, void *bytes, size_t count, int *fds, size_t *fd_count,
                   int *truncated);

/* A close-on-exec, non-blocking eventfd. */
int fl_eventfd(void);

int fl_pidfd_open(int32_t pid);
int fl_pidfd_send_signal(int pidfd, int signal);

/* A close-on-exec memfd that can be sealed. */
int fl_memfd(const char *name);

/* Seals a memfd against write, shrink, grow and further sealing. */
int fl_seal(int memfd);

/* 1 if the descriptor carries all four seals, 0 if not or if it is no memfd. */
int fl_is_sealed(int fd);

/* The environment of this process, ended by a null pointer. */
char *const *fl_environment(void);
