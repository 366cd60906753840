/* The floor under every client: reads all messages of some mailboxes over IMAP and throws them away.
 *
 * usage: raw-fetch PORT USER PASSWORD CONNECTIONS MAILBOX...
 *
 * TLS on 127.0.0.1, no checks, no parsing beyond what finds the end. Mailboxes are dealt out to the connections in
 * turn. Prints "messages bytes seconds". */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct reader {
    SSL *ssl;
    char buffer[1 << 17];
    size_t next, end;
};

static void fail(const char *what) {
    fprintf(stderr, "raw-fetch: %s\n", what);
    exit(1);
}

static void fill(struct reader *r) {
    int count = SSL_read(r->ssl, r->buffer, sizeof r->buffer);
    if (count <= 0) fail("the server hung up");
    r->next = 0;
    r->end = (size_t)count;
}

/* One line without its literal's bytes, cut where it is longer than the room for it. */
static size_t read_line(struct reader *r, char *line, size_t room) {
    size_t length = 0;
    for (;;) {
        if (r->next == r->end) fill(r);
        char c = r->buffer[r->next++];
        if (length + 1 < room) line[length++] = c;
        if (c == '\n') {
            line[length] = 0;
            return length;
        }
    }
}

static void skip(struct reader *r, long count) {
    while (count > 0) {
        if (r->next == r->end) fill(r);
        size_t there = r->end - r->next;
        size_t step = (long)there < count ? there : (size_t)count;
        r->next += step;
        count -= (long)step;
    }
}

static void say(struct reader *r, const char *text) {
    if (SSL_write(r->ssl, text, (int)strlen(text)) <= 0) fail("the server hung up");
}

static void connect_to(struct reader *r, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) fail("cannot connect");
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    r->ssl = SSL_new(context);
    SSL_set_fd(r->ssl, fd);
    if (SSL_connect(r->ssl) != 1) fail("no TLS");
}

/* Reads up to the end of the command tagged "x". */
static void drain(struct reader *r, long *messages, long *bytes) {
    static char line[65536];
    for (;;) {
        size_t length = read_line(r, line, sizeof line);
        if (!strncmp(line, "x ", 2)) {
            if (strncmp(line, "x OK", 4)) fail(line);
            return;
        }
        char *brace = length > 4 && line[length - 3] == '}' ? strrchr(line, '{') : NULL;
        if (!brace) continue;
        long count = atol(brace + 1);
        skip(r, count);
        *messages += 1;
        *bytes += count;
    }
}

static void work(int argc, char **argv, int first, int step, long totals[2]) {
    static struct reader r;
    char command[4096];
    connect_to(&r, atoi(argv[1]));
    read_line(&r, command, sizeof command);
    snprintf(command, sizeof command, "x LOGIN %s %s\r\n", argv[2], argv[3]);
    say(&r, command);
    drain(&r, &totals[0], &totals[1]);
    for (int i = 5 + first; i < argc; i += step) {
        snprintf(command, sizeof command, "x EXAMINE \"%s\"\r\n", argv[i]);
        say(&r, command);
        drain(&r, &totals[0], &totals[1]);
        say(&r, "x UID FETCH 1:* BODY.PEEK[]\r\n");
        drain(&r, &totals[0], &totals[1]);
    }
}

int main(int argc, char **argv) {
    if (argc < 6) fail("usage: raw-fetch PORT USER PASSWORD CONNECTIONS MAILBOX...");
    int connections = atoi(argv[4]);
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    int ends[2];
    if (pipe(ends)) fail("no pipe");
    for (int i = 0; i < connections; i++) {
        if (fork()) continue;
        long totals[2] = {0, 0};
        work(argc, argv, i, connections, totals);
        if (write(ends[1], totals, sizeof totals) != sizeof totals) fail("no pipe");
        return 0;
    }
    close(ends[1]);
    long messages = 0, bytes = 0, totals[2];
    int answers = 0;
    while (read(ends[0], totals, sizeof totals) == sizeof totals) {
        messages += totals[0];
        bytes += totals[1];
        answers++;
    }
    if (answers != connections) fail("a connection failed");
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%ld %ld %.3f\n", messages, bytes,
           (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    return 0;
}
