/*
 * Both sides of the wall. A worker that dies, hangs, lies or breaks out costs at most
 * one input; a front that sends nonsense gets no answer and breaks nothing.
 *
 * Workers are started as the program's own image, which here is this test: started in
 * the jail it is the real worker, started without it is one that misbehaves on request.
 */
#include "truecode/store.h"
#include "truecode/wire.h"
#include "truecode/worker.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a worker that misbehaves ---------------------------------------------------- */

static bool read_all(char *p, size_t n)
{
    while (n > 0) {
        ssize_t got = read(0, p, n);
        if (got <= 0)
            return false;
        p += got;
        n -= (size_t)got;
    }
    return true;
}

static void send_bytes(const char *p, size_t n)
{
    while (n > 0) {
        ssize_t put = write(1, p, n);
        if (put <= 0)
            _exit(3);
        p += put;
        n -= (size_t)put;
    }
}

static void send_answer(const struct wire_answer *a)
{
    struct buf b;
    buf_init(&b, 0);
    wire_put_answer(&b, a);
    send_bytes(b.s, b.len);
    buf_release(&b);
}

static void babble(uint64_t seed)
{
    struct rng r;
    char noise[4096];
    rng_seed(&r, seed, "babble");
    size_t n = 4 + rng_below(&r, sizeof noise - 4);
    for (size_t i = 0; i < n; i++)
        noise[i] = (char)rng_next(&r);
    if (rng_below(&r, 2) == 0) { /* a length that fits, then noise */
        noise[0] = (char)((n - 4) & 0xFF);
        noise[1] = (char)((n - 4) >> 8);
        noise[2] = noise[3] = 0;
    }
    send_bytes(noise, n);
    pause();
}

static void misbehave(const char *line)
{
    if (strcmp(line, "die") == 0)
        _exit(9);
    if (strcmp(line, "crash") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(line, "hang") == 0)
        pause();
    if (strcmp(line, "spin") == 0) { /* to the limit, which is far off: nearer */
        struct rlimit r = {1, RLIM_INFINITY};
        while (setrlimit(RLIMIT_CPU, &r) == 0)
            ;
    }
    if (strcmp(line, "long") == 0)
        send_bytes("\xff\xff\xff\x7f", 4);
    if (strncmp(line, "babble", 6) == 0)
        babble((uint64_t)line[6]);
    if (strcmp(line, "complain") == 0) {
        const char words[] = "\033[2Jmy last words\n";
        ssize_t n = write(2, words, sizeof words - 1);
        _exit(n > 0 ? 4 : 5);
    }
}

static int bad_worker(void)
{
    char head[4], *body = mem_alloc(1 << 20);
    int lines = 0;
    send_answer(&(struct wire_answer){.kind = WIRE_READY});
    while (read_all(head, 4)) {
        size_t n = (unsigned char)head[0] | (size_t)(unsigned char)head[1] << 8 |
                   (size_t)(unsigned char)head[2] << 16;
        struct arena mem = {0};
        struct wire_request q;
        if (!read_all(body, n) || wire_get_request(&q, &mem, body, n, NULL) != ERR_OK)
            return 7;
        if (q.op == WIRE_OPEN) /* the tape shows how often a line was played */
            for (size_t i = 0; i < q.tape_len; i++)
                lines += q.tape[i] == '\n';
        char text[64], tape[64];
        struct wire_answer a = {.text = text};
        tape[0] = '\0';
        if (q.op == WIRE_LINE) {
            misbehave(q.line);
            snprintf(tape, sizeof tape, "%d cmd %.40s\n", ++lines, q.line);
            a.tape = tape;
            a.tape_len = strlen(tape);
        }
        snprintf(text, sizeof text, "lines %d", lines);
        send_answer(&a);
        arena_release(&mem);
    }
    return 0;
}

/* ---- the front's side ------------------------------------------------------------ */

struct heard {
    struct buf said, tape;
    int patience_ms;
};

static void on_said(void *ctx, const char *s)
{
    buf_addf(&((struct heard *)ctx)->said, "%s\n", s);
}

static void on_tape(void *ctx, const char *s, size_t n)
{
    buf_add(&((struct heard *)ctx)->tape, s, n);
}

static bool on_waiting(void *ctx, int ms)
{
    return ms < ((struct heard *)ctx)->patience_ms;
}

static struct heard heard;
static struct wire_answer a;

static struct wire_client *open_bad(void)
{
    struct errmsg why = {0};
    buf_init(&heard.said, 0);
    buf_init(&heard.tape, 0);
    heard.patience_ms = 5000;
    struct wire_client *c = wire_client_new(&(struct wire_client_options){
        .tape = on_tape, .said = on_said, .waiting = on_waiting, .ctx = &heard});
    assert_int_equal(
        wire_client_open(
            c, &(struct wire_request){.op = WIRE_OPEN, .text = "", .name = "x"}, &a,
            &why),
        ERR_OK);
    return c;
}

static enum err line(struct wire_client *c, const char *text)
{
    struct errmsg why = {0};
    return wire_client_ask(c, &(struct wire_request){.op = WIRE_LINE, .line = text}, &a,
                           &why);
}

static void close_bad(struct wire_client *c)
{
    wire_client_free(c);
    wire_answer_release(&a);
    buf_release(&heard.said);
    buf_release(&heard.tape);
}

/* A good line, a line that brings the worker down, a good line. */
static void assert_survives(const char *deed, const char *told)
{
    struct wire_client *c = open_bad();
    assert_int_equal(line(c, "good"), ERR_OK);
    assert_string_equal(a.text, "lines 1");
    assert_int_equal(line(c, deed), ERR_OK);
    assert_non_null(strstr(heard.said.s, "dropped"));
    assert_non_null(strstr(heard.said.s, told));
    assert_string_equal(a.text, "lines 1"); /* reopened from the tape */
    assert_int_equal(line(c, "good"), ERR_OK);
    assert_string_equal(a.text, "lines 2");
    assert_string_equal(heard.tape.s, "1 cmd good\n2 cmd good\n");
    close_bad(c);
}

static void a_deadly_input_is_dropped(void **state)
{
    (void)state;
    assert_survives("die", "status 9");
    assert_survives("crash", "signal 9");
    assert_survives("complain", "^[[2Jmy last words");
    assert_survives("long", "too long");
}

static rlim_t cpu_limit(struct wire_client *c)
{
    struct rlimit r = {0};
    assert_int_equal(prlimit(wire_client_pid(c), RLIMIT_CPU, NULL, &r), 0);
    return r.rlim_cur;
}

/* A limit for each request, and a worker that reaches it is told of. */
static void processor_time_is_limited(void **state)
{
    (void)state;
    struct wire_client *c = open_bad();
    rlim_t least = WIRE_CPU_LONG_S, most = WIRE_CPU_LONG_S + 5; /* little was used */
    assert_in_range(cpu_limit(c), least, most);
    struct rlimit near = {3, RLIM_INFINITY};
    assert_int_equal(prlimit(wire_client_pid(c), RLIMIT_CPU, &near, NULL), 0);
    assert_int_equal(line(c, "good"), ERR_OK);
    assert_in_range(cpu_limit(c), least, most);
    struct errmsg why = {0};
    assert_int_equal(
        wire_client_ask(c, &(struct wire_request){.op = WIRE_KEYS}, &a, &why), ERR_OK);
    assert_in_range(cpu_limit(c), WIRE_CPU_S, WIRE_CPU_S + 5);
    close_bad(c);
    assert_survives("spin", "more of the processor's time than a lesson may");
}

static void nonsense_is_not_believed(void **state)
{
    (void)state;
    for (char i = 'a'; i < 'z'; i++) {
        char deed[] = "babble?";
        deed[6] = i;
        struct wire_client *c = open_bad();
        heard.patience_ms = 0; /* a babbler may seem to have more to say */
        assert_int_equal(line(c, deed), ERR_OK);
        assert_non_null(strstr(heard.said.s, "dropped"));
        close_bad(c);
    }
}

static void a_hanging_worker_is_ended(void **state)
{
    (void)state;
    struct wire_client *c = open_bad();
    int before = wire_client_pid(c);
    heard.patience_ms = 0; /* Ctrl-C as soon as it is possible */
    assert_int_equal(line(c, "hang"), ERR_OK);
    assert_non_null(strstr(heard.said.s, "dropped"));
    assert_true(wire_client_pid(c) != before);
    assert_int_equal(line(c, "good"), ERR_OK);
    close_bad(c);
}

static void a_killed_worker_loses_nothing(void **state)
{
    (void)state;
    struct wire_client *c = open_bad();
    assert_int_equal(line(c, "good"), ERR_OK);
    kill(wire_client_pid(c), SIGKILL);
    assert_int_equal(line(c, "again"), ERR_OK);
    assert_string_equal(a.text, "lines 2");
    assert_null(strstr(heard.said.s, "dropped"));
    assert_non_null(strstr(heard.said.s, "restarted"));
    assert_string_equal(heard.tape.s, "1 cmd good\n2 cmd again\n");
    close_bad(c);
}

/* ---- the real worker ------------------------------------------------------------- */

static struct buf lesson;

static bool have_lesson(void)
{
    buf_init(&lesson, 0);
    return file_read("lessons/first-page.lua", LESSON_MAX_BYTES, &lesson, NULL) ==
           ERR_OK;
}

static struct wire_request open_real(enum wire_face face)
{
    return (struct wire_request){.op = WIRE_OPEN,
                                 .name = "first-page.lua",
                                 .text = lesson.s,
                                 .len = lesson.len,
                                 .seed = 7,
                                 .face = face,
                                 .rows = 24,
                                 .cols = 80};
}

static void the_jailed_worker_plays(void **state)
{
    (void)state;
    struct errmsg why = {0};
    if (!have_lesson())
        skip();
    buf_init(&heard.said, 0);
    buf_init(&heard.tape, 0);
    heard.patience_ms = 60000;
    struct wire_client *c =
        wire_client_new(&(struct wire_client_options){.jail = true,
                                                      .tape = on_tape,
                                                      .said = on_said,
                                                      .waiting = on_waiting,
                                                      .ctx = &heard});
    struct wire_request q = open_real(WIRE_PLAIN);
    assert_int_equal(wire_client_open(c, &q, &a, &why), ERR_OK);
    assert_int_equal(a.err, ERR_OK);
    assert_string_equal(a.lesson, "first-page");
    assert_int_equal(line(c, ""), ERR_OK);
    assert_int_equal(line(c, "status"), ERR_OK);
    assert_non_null(strstr(a.text, "shop"));
    sim_time now = a.now;
    size_t step = a.step;
    kill(wire_client_pid(c), SIGKILL);
    assert_int_equal(line(c, "note it was killed"), ERR_OK);
    assert_true(a.now >= now && a.step == step);
    assert_non_null(strstr(heard.said.s, "restarted"));
    assert_non_null(strstr(heard.tape.s, "status"));
    close_bad(c);
    buf_release(&lesson);
}

/* A file that the shell left open for us is no file of the lesson's: once the worker is
 * there, the only writer of the pipe is this test, and when that closes it has ended. */
static void the_worker_inherits_nothing(void **state)
{
    (void)state;
    struct errmsg why = {0};
    struct wire_worker *w;
    int left_open[2];
    char c;
    assert_int_equal(pipe(left_open), 0);
    assert_int_equal(fcntl(left_open[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(wire_worker_start(&w, true, &why), ERR_OK);
    close(left_open[1]);
    ssize_t n =
        read(left_open[0], &c, 1); /* 0: the end; -1: somebody may still write */
    wire_worker_end(w);
    close(left_open[0]);
    assert_int_equal(n, 0);
}

static size_t damage(struct rng *r, char *s, size_t n)
{
    for (uint32_t k = 1 + rng_below(r, 4); k > 0; k--) {
        size_t at = rng_below(r, (uint32_t)(n < 200 ? n : 200));
        s[at] = (char)rng_next(r);
    }
    return rng_below(r, 4) == 0 ? rng_below(r, (uint32_t)n) : n;
}

/* Nonsense from the front: an answer or an orderly end, never a crash. */
static void nonsense_does_not_crash_the_worker(void **state)
{
    (void)state;
    struct rng r;
    struct buf b;
    struct errmsg why = {0};
    struct key key = {.kind = KEY_CHAR, .cp = 'x'};
    rng_seed(&r, 5, "front");
    buf_init(&b, 0);
    for (int i = 0; i < 200; i++) {
        struct wire_worker *w;
        struct wire_request q = {.op = (enum wire_op)rng_below(&r, WIRE_OPS),
                                 .name = "x.lua",
                                 .text = "return 1",
                                 .len = 8,
                                 .rows = 24,
                                 .cols = 80,
                                 .keys = &key,
                                 .nkeys = 1,
                                 .line = "status",
                                 .count = 1};
        buf_reset(&b);
        wire_put_request(&b, &q);
        size_t n = damage(&r, b.s + 4, b.len - 4);
        for (int k = 0; k < 4; k++)
            b.s[k] = (char)(unsigned char)(n >> (8 * k));
        assert_int_equal(wire_worker_start(&w, true, &why), ERR_OK);
        ssize_t sent = send(wire_worker_fd(w), b.s, n + 4, MSG_NOSIGNAL);
        assert_int_equal(sent, n + 4);
        shutdown(wire_worker_fd(w), SHUT_WR);
        enum err e = wire_worker_receive(w, &a, 20000, NULL, NULL, &why);
        if (e != ERR_OK) {
            assert_int_equal(e, ERR_LOST);
            assert_non_null(strstr(why.text, "ended with status"));
        }
        wire_worker_end(w);
    }
    wire_answer_release(&a);
    buf_release(&b);
}

/* Every operation in every state: nothing open, a catalogue, a lesson. */
static void any_order_of_requests_is_fine(void **state)
{
    (void)state;
    struct rng r;
    struct errmsg why = {0};
    if (!have_lesson())
        skip();
    rng_seed(&r, 9, "order");
    for (int round = 0; round < 6; round++) {
        struct wire_worker *w;
        assert_int_equal(wire_worker_start(&w, true, &why), ERR_OK);
        for (int i = 0; i < 25; i++) {
            struct key key = {.kind = (enum key_kind)rng_below(&r, KEY_PASTE_CHAR + 1),
                              .cp = rng_below(&r, 128),
                              .ctrl = rng_below(&r, 4) == 0};
            struct wire_request q = open_real((enum wire_face)rng_below(&r, 2));
            q.op = (enum wire_op)rng_below(&r, WIRE_OPS);
            if (q.op == WIRE_PROVE || q.op == WIRE_PLAYERS)
                continue; /* deeds tell how far they are before they answer */
            q.rows = (int)rng_below(&r, 60);
            q.cols = q.rows > 0 ? 1 + (int)rng_below(&r, 200) : 0;
            q.keys = &key;
            q.nkeys = key.cp == 0 && key.kind == KEY_CHAR ? 0 : 1;
            q.line = "status";
            q.elapsed = SIM_SEC;
            q.max_events = 5000;
            q.count = 1;
            assert_int_equal(wire_worker_send(w, &q, &why), ERR_OK);
            enum err e = wire_worker_receive(w, &a, 30000, NULL, NULL, &why);
            if (e != ERR_OK)
                fail_msg("op %d after %d requests: %s", (int)q.op, i, why.text);
        }
        wire_worker_end(w);
    }
    wire_answer_release(&a);
    buf_release(&lesson);
}

int main(int argc, char **argv)
{
    if (worker_asked(argc, argv))
        return strcmp(argv[2], "jail") == 0 ? worker_main(argc, argv) : bad_worker();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deadly_input_is_dropped),
        cmocka_unit_test(processor_time_is_limited),
        cmocka_unit_test(nonsense_is_not_believed),
        cmocka_unit_test(a_hanging_worker_is_ended),
        cmocka_unit_test(a_killed_worker_loses_nothing),
        cmocka_unit_test(the_jailed_worker_plays),
        cmocka_unit_test(the_worker_inherits_nothing),
        cmocka_unit_test(nonsense_does_not_crash_the_worker),
        cmocka_unit_test(any_order_of_requests_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
