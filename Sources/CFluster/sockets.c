#define _GNU_SOURCE
#include "CFluster/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the oldest headers we build with. */
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

int fl_accept(int listener) {
  return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int fl_peer_credential(int socket, uint32_t *uid, uint32_t *gid, int32_t *pid) {
  struct ucred credential;
  socklen_t length = sizeof credential;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credential, &length) < 0) return -1;
  *uid = credential.uid;
  *gid = credential.gid;
  *pid = credential.pid;
  return 0;
}

int fl_peer_groups(int socket, uint32_t *groups, size_t *count) {
  socklen_t length = (socklen_t)(*count * sizeof *groups);
  int result = getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups, &length);
  *count = length / sizeof *groups;
  return result;
}

int fl_peer_pidfd(int socket) {
  int pidfd = -1;
  socklen_t length = sizeof pidfd;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &length) < 0) return -1;
  return pidfd;
}

/* Room for one SCM_RIGHTS message of the largest size, aligned as a control message must be. */
union control {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(FL_MAX_DESCRIPTORS * sizeof(int))];
};

ssize_t fl_send(int socket, const void *bytes, size_t count, const int *fds, size_t fd_count) {
  if (fd_count > FL_MAX_DESCRIPTORS) {
    errno = EINVAL;
    return -1;
  }
  struct iovec vector = {.iov_base = (void *)bytes, .iov_len = count};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
  union control control;
  if (fd_count > 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
    memcpy(CMSG_DATA(header), fds, fd_count * sizeof(int));
  }
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

/* Moves the descriptors of one control message to the caller and closes those beyond his room. */
static size_t take_descriptors(struct cmsghdr *header, int *fds, size_t taken, size_t capacity,
                               int *truncated) {
  size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (size_t i = 0; i < count; i++) {
    int fd;
    memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
    if (taken < capacity) {
      fds[taken++] = fd;
    } else {
      close(fd);
      *truncated = 1;
    }
  }
  return taken;
}

ssize_t fl_receive(int socket, void *bytes, size_t count, int *fds, size_t *fd_count,
                   int *truncated) {
  size_t capacity = *fd_count < FL_MAX_DESCRIPTORS ? *fd_count : FL_MAX_DESCRIPTORS;
  struct iovec vector = {.iov_base = bytes, .iov_len = count};
  union control control;
  struct msghdr message;
  ssize_t received;
  do {
    memset(&message, 0, sizeof message);
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    if (capacity > 0) {
      message.msg_control = &control;
      /* Not CMSG_SPACE: its padding would let one descriptor more than asked for come in. */
      message.msg_controllen = CMSG_LEN(capacity * sizeof(int));
    }
    received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (received < 0 && errno == EINTR);
  *fd_count = 0;
  *truncated = 0;
  if (received < 0) return -1;
  *truncated = (message.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) != 0;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
      *fd_count = take_descriptors(header, fds, *fd_count, capacity, truncated);
    }
  }
  return received;
}

int fl_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int fl_pidfd_open(int32_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int fl_pidfd_send_signal(int pidfd, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int fl_memfd(const char *name) {
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  /* Before Linux 6.3 the flag is unknown. */
  if (fd < 0 && errno == EINVAL) fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return fd;
}

static const int all_seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

int fl_seal(int memfd) { return fcntl(memfd, F_ADD_SEALS, all_seals); }

int fl_is_sealed(int fd) {
  int seals = fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & all_seals) == all_seals;
}

char *const *fl_environment(void) { return environ; }
