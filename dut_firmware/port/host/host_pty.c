/* SPDX-License-Identifier: Apache-2.0 */
/* The host port as a process: a DUT on a pseudo-terminal.
 *
 * Prints the terminal's name as its first line, boots, and serves until it is ended. A line on standard input
 * is a power cycle: the firmware boots again. The end of standard input changes nothing. With `--off` the
 * firmware is not booted before the first such line, so that a client can connect first.
 */
#define _XOPEN_SOURCE 600
#define _DEFAULT_SOURCE /* cfmakeraw */

#include "er_monitor.h"
#include "er_port.h"
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static int line = -1;
static bool watch_input = true;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void open_line(void)
{
    struct termios raw;

    line = posix_openpt(O_RDWR | O_NOCTTY);
    if (line < 0 || grantpt(line) != 0 || unlockpt(line) != 0) {
        fail("open a pseudo-terminal");
    }
    /* The other end stays open here: else every client that closes it would look like an unplugged cable. */
    int client = open(ptsname(line), O_RDWR | O_NOCTTY);
    if (client < 0 || tcgetattr(client, &raw) != 0) {
        fail("open the pseudo-terminal's other end");
    }
    cfmakeraw(&raw); /* no echo, and no line ends changed, before the first client comes */
    if (tcsetattr(client, TCSANOW, &raw) != 0) {
        fail("make the pseudo-terminal raw");
    }
}

/* One write per character would be slow: lines are collected. */
void er_host_put(char character)
{
    static char waiting[256];
    static size_t count;

    waiting[count++] = character;
    if (character != '\n' && count < sizeof waiting) {
        return;
    }
    for (size_t done = 0; done < count;) {
        ssize_t wrote = write(line, waiting + done, count - done);
        if (wrote < 0 && errno != EINTR) {
            fail("write to the pseudo-terminal");
        }
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    count = 0;
}

static void look_at_input(void)
{
    char text[256];
    ssize_t count = read(STDIN_FILENO, text, sizeof text);

    watch_input = count > 0;
    for (ssize_t i = 0; i < count; i++) {
        if (text[i] == '\n') {
            ee_benchmark_initialize();
        }
    }
}

char th_getchar(void)
{
    static char came[256];
    static ssize_t count;
    static ssize_t next;

    while (next >= count) {
        struct pollfd watched[2] = {{.fd = line, .events = POLLIN},
                                    {.fd = watch_input ? STDIN_FILENO : -1, .events = POLLIN}};
        if (poll(watched, 2, -1) < 0) {
            if (errno == EINTR) {
                continue;
            }
            fail("wait for bytes");
        }
        if (watched[1].revents != 0) {
            look_at_input();
        }
        if (watched[0].revents != 0) {
            next = 0;
            count = read(line, came, sizeof came);
            if (count < 0 && errno != EINTR) {
                fail("read from the pseudo-terminal");
            }
        }
    }
    return came[next++];
}

int main(int count, char **arguments)
{
    bool off = count == 2 && strcmp(arguments[1], "--off") == 0;

    if (count > 1 && !off) {
        fprintf(stderr, "usage: %s [--off]\n", arguments[0]);
        return 2;
    }
    open_line();
    printf("%s\n", ptsname(line));
    if (fflush(stdout) != 0) {
        fail("print the pseudo-terminal's name");
    }
    if (!off) {
        ee_benchmark_initialize();
    }
    er_monitor_run();
}
