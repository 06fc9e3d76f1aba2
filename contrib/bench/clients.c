// clients SOCKET CONNECTIONS SECONDS: submits on many connections at once, each waiting for its
// answer before the next, and prints how many a second were acknowledged. The request comes on
// standard input: a hello frame, then a submit frame whose token is 16 times the byte 0x5a.
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct client {
    int socket;
    size_t have;
    unsigned char answer[65536];
};

static unsigned char frames[1 << 16];
static size_t hello, submit, token;

static void fail(const char *what) {
    fprintf(stderr, "clients: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static size_t length(const unsigned char *frame) {
    return 4 + ((size_t)frame[0] << 24 | frame[1] << 16 | frame[2] << 8 | frame[3]);
}

static void say(int socket, const unsigned char *bytes, size_t count) {
    // Small frames, answered one by one: the socket always has room.
    if (send(socket, bytes, count, MSG_NOSIGNAL) != (ssize_t)count) fail("send");
}

static void ask(struct client *client) {
    static uint64_t number;
    number++;
    memcpy(frames + hello + token, &number, sizeof number);
    say(client->socket, frames + hello, submit);
}

// Whether an answer is complete; it is then taken away.
static int take(struct client *client) {
    ssize_t count = recv(client->socket, client->answer + client->have,
                         sizeof client->answer - client->have, 0);
    if (count <= 0) fail("receive");
    client->have += (size_t)count;
    if (client->have < 4 || client->have < length(client->answer)) return 0;
    size_t whole = length(client->answer);
    memmove(client->answer, client->answer + whole, client->have - whole);
    client->have -= whole;
    return 1;
}

int main(int count, char **arguments) {
    if (count != 4) return 64;
    int connections = atoi(arguments[2]);
    double seconds = atof(arguments[3]);
    size_t have = fread(frames, 1, sizeof frames, stdin);
    hello = length(frames);
    submit = length(frames + hello);
    if (hello + submit != have) return 65;
    unsigned char mark[16];
    memset(mark, 0x5a, sizeof mark);
    unsigned char *place = memmem(frames + hello, submit, mark, sizeof mark);
    if (!place) return 65;
    token = (size_t)(place - frames - hello);

    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, arguments[1], sizeof address.sun_path - 1);
    int poll = epoll_create1(0);
    struct client *clients = calloc((size_t)connections, sizeof *clients);
    if (poll < 0 || !clients) fail("set up");
    for (int i = 0; i < connections; i++) {
        struct client *client = &clients[i];
        client->socket = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(client->socket, (struct sockaddr *)&address, sizeof address)) fail("connect");
        say(client->socket, frames, hello);
        while (!take(client)) {
        }
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
        if (epoll_ctl(poll, EPOLL_CTL_ADD, client->socket, &event)) fail("watch");
    }
    double begin = now();
    for (int i = 0; i < connections; i++) ask(&clients[i]);
    uint64_t acknowledged = 0;
    struct epoll_event events[64];
    while (now() < begin + seconds) {
        int ready = epoll_wait(poll, events, 64, 1000);
        for (int i = 0; i < ready; i++) {
            struct client *client = events[i].data.ptr;
            if (!take(client)) continue;
            acknowledged++;
            ask(client);
        }
    }
    printf("clients.rate\t%f\t/s\n", (double)acknowledged / (now() - begin));
    return 0;
}
