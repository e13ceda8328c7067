/*
 * The background that the terminal has.
 *
 * It is asked with OSC 11, and behind that with DA1 ("what are you?"), which every
 * terminal answers and in the order of the questions: when its answer is here, none to
 * the first will come, so nobody waits for a terminal that does not know the first.
 * Reading takes the answers out of what comes in and leaves what the person typed
 * meanwhile.
 */
#include "term_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define QUESTION  "\033]11;?\033\\\033[c"
#define GROUND_MS 50 /* the time that a start may take longer for an answer */

/* ---- answers --------------------------------------------------------------------- */

/* A colour's channel, one to four hexadecimal digits; *p moves behind it. -1: none.
 */
static int channel(const char **p)
{
    char *end;
    size_t n = strspn(*p, "0123456789abcdefABCDEF");
    if (n < 1 || n > 4)
        return -1;
    unsigned long v = strtoul(*p, &end, 16), most = (1ul << (4 * n)) - 1;
    *p = end;
    return (int)(v * 255 / most);
}

bool ground_answer(const char *s, enum ground *out)
{
    int rgb[3];
    if (strncmp(s, "11;rgb:", 7) == 0)
        s += 7;
    else if (strncmp(s, "11;rgba:", 8) == 0)
        s += 8;
    else
        return false;
    for (int i = 0; i < 3; i++) {
        rgb[i] = channel(&s);
        if (rgb[i] < 0 || (i < 2 && *s++ != '/'))
            return false;
    }
    if (*s != '\0' && *s != '/') /* behind it only the alpha of rgba */
        return false;
    *out = ground_of((uint32_t)(rgb[0] << 16 | rgb[1] << 8 | rgb[2]));
    return true;
}

void ground_reader_init(struct ground_reader *r)
{
    *r = (struct ground_reader){.ground = GROUND_UNKNOWN};
    buf_init(&r->typed, 64 * 1024);
}

void ground_reader_release(struct ground_reader *r)
{
    buf_release(&r->typed);
}

static void give_back(struct ground_reader *r)
{
    buf_add(&r->typed, r->seq, r->n);
    r->n = 0;
}

void ground_leave(struct ground_reader *r)
{
    if (r->escaped && r->n + 1 < sizeof r->seq)
        r->seq[r->n++] = 27;
    give_back(r);
    r->state = GROUND_IN_TEXT;
}

/* A sequence is over: an answer is taken, anything else was typed. */
static void end_sequence(struct ground_reader *r)
{
    assert(r->n < sizeof r->seq);
    bool da1 = r->state == GROUND_IN_CSI && r->seq[2] == '?' && r->seq[r->n - 1] == 'c';
    if (r->state == GROUND_IN_OSC) {
        r->seq[r->n] = '\0';
        ground_answer(r->seq + 2, &r->ground);
    } else if (da1) {
        r->done = true;
    } else {
        give_back(r);
    }
    r->state = GROUND_IN_TEXT;
    r->n = 0;
}

static bool is_end(const struct ground_reader *r, unsigned char c)
{
    switch (r->state) {
    case GROUND_IN_TEXT:
        return c != 27;
    case GROUND_IN_ESC:
        return c != '[' && c != ']';
    case GROUND_IN_CSI:
        return c >= 0x40 && c <= 0x7e;
    default: /* a string ends with BEL, or with ESC \, of which ESC is enough here */
        return c == 7 || (c == '\\' && r->escaped);
    }
}

void ground_read(struct ground_reader *r, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        bool end = is_end(r, c), in_osc = r->state == GROUND_IN_OSC;
        bool mark = in_osc && (c == 27 || end); /* of a string's end, not of its text */
        if (!mark && r->n + 1 < sizeof r->seq)
            r->seq[r->n++] = s[i];
        r->escaped = in_osc && c == 27;
        if (end)
            end_sequence(r);
        else if (r->state == GROUND_IN_TEXT)
            r->state = GROUND_IN_ESC;
        else if (r->state == GROUND_IN_ESC)
            r->state = c == '[' ? GROUND_IN_CSI : GROUND_IN_OSC;
    }
}

/* ---- asking ---------------------------------------------------------------------- */

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

/* Until the answers are here or the time is up. */
static void listen_for(struct ground_reader *r, int in, int ms)
{
    char part[256];
    long start = now_ms();
    while (!r->done && leave_signal() == 0) {
        long left = start + ms - now_ms();
        if (left <= 0)
            return;
        if (wait_readable(in, (int)left) <= 0)
            continue;
        ssize_t n = read(in, part, sizeof part);
        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
            return;
        if (n > 0)
            ground_read(r, part, (size_t)n);
    }
}

static void ask(struct ground_reader *r, int in, int out, int ms)
{
    struct termios was, raw;
    if (tcgetattr(in, &was) != 0)
        return;
    raw = was;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_iflag &= ~(tcflag_t)ICRNL; /* keys typed meanwhile arrive unchanged */
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(in, TCSANOW, &raw) != 0)
        return;
    if (term_write(out, QUESTION, strlen(QUESTION)))
        listen_for(r, in, ms);
    ground_leave(r);
    tcsetattr(in, TCSANOW, &was);
}

enum ground ground_of_colorfgbg(const char *s)
{
    const char *last = s ? strrchr(s, ';') : NULL;
    char *end;
    if (!last || last[1] < '0' || last[1] > '9')
        return GROUND_UNKNOWN;
    long n = strtol(last + 1, &end, 10);
    if (*end != '\0' || n > 15)
        return GROUND_UNKNOWN;
    return n == 7 || n >= 9 ? GROUND_LIGHT : GROUND_DARK;
}

static bool begins(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

/* Only terminals that surely take the question for a command and not for text: none
 * without colours, not GNU screen, which knows no answer. */
static bool can_ask(const char *term, int colours)
{
    bool screen = begins(term, "screen") && !getenv("TMUX");
    bool young = begins(term, "xterm") || begins(term, "rxvt") || begins(term, "tmux");
    return !screen && !getenv("STY") && !begins(term, "linux") &&
           (colours >= 256 || (young && colours >= 8)) && isatty(STDIN_FILENO) &&
           isatty(STDOUT_FILENO);
}

enum ground ground_find(struct ground_reader *r, int in, const char *term, int colours)
{
    if (begins(term, "linux")) /* Linux's console answers nothing and is black */
        return GROUND_DARK;
    if (can_ask(term, colours))
        ask(r, in, STDOUT_FILENO, GROUND_MS);
    return r->ground != GROUND_UNKNOWN ? r->ground
                                       : ground_of_colorfgbg(getenv("COLORFGBG"));
}
