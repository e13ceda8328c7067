/*
 * doctor: what the program found on this machine, for a bug report or a puzzled user.
 */
#include "config.h"

#include "truecode/worker.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct facts {
    struct buf b;
    struct json j; /* writes into `b`, where `json` */
    bool json, bad;
};

static void fact(struct facts *f, const char *name, bool good, const char *text)
{
    if (f->json) {
        json_line(&f->j, 2), json_object(&f->j, name);
        json_bool(&f->j, "ok", good);
        json_text(&f->j, "is", text);
        json_end(&f->j);
    } else {
        buf_addf(&f->b, "%-4s %s", good ? "ok" : "BAD", name);
        buf_pad(&f->b, 18);
        buf_addf(&f->b, "%s\n", text);
    }
    f->bad = f->bad || !good;
}

static void terminal_facts(struct facts *f)
{
    const char *term = getenv("TERM");
    struct winsize size = {0};
    char text[128];
    bool tty = isatty(STDOUT_FILENO) && isatty(STDIN_FILENO);
    fact(f, "terminal", true,
         !tty    ? "none: lessons are played in lines (--plain)"
         : !term ? "TERM is not set: lessons are played in lines"
                 : term);
    fact(f, "characters", true,
         term_utf8() ? "UTF-8" : "not UTF-8: plain ASCII is drawn (set LANG=C.UTF-8?)");
    if (tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        bool fits =
            size.ws_col >= SCREEN_COLS_LEAST && size.ws_row >= SCREEN_ROWS_LEAST;
        int n = snprintf(text, sizeof text, "%d columns, %d rows", size.ws_col,
                         size.ws_row);
        if (!fits)
            snprintf(text + n, sizeof text - (size_t)n, " (%d and %d are needed)",
                     SCREEN_COLS_LEAST, SCREEN_ROWS_LEAST);
        fact(f, "size", fits, text);
    }
}

static void setting_facts(struct facts *f)
{
    struct config c;
    struct buf text;
    buf_init(&text, 0);
    (void)config_read(&c, NULL);
    setting_word(&text, SET_THEME, c.value[SET_THEME]);
    if (c.by[SET_THEME])
        buf_addf(&text, " (%s)", c.by[SET_THEME]);
    fact(f, "colours", true, text.s);
    buf_reset(&text);
    if (c.ntroubles > 0)
        buf_add(&text, c.troubles.s, strcspn(c.troubles.s, "\n"));
    else
        buf_addf(&text, "%s%s", c.path.len > 0 ? c.path.s : "nowhere to keep them",
                 c.exists || c.path.len == 0 ? "" : " (not there yet)");
    fact(f, "settings", c.ntroubles == 0, text.s);
    buf_release(&text);
    config_release(&c);
}

static void lesson_facts(struct facts *f, const struct cli_args *a)
{
    struct errmsg why = {0};
    struct library l;
    char text[64];
    struct buf dir;
    buf_init(&dir, 4096);
    if (library_read(&l, a, &why) != ERR_OK) {
        fact(f, "lessons", false, why.text);
    } else {
        if (lessons_dir(&dir, NULL) == ERR_OK)
            fact(f, "lessons", true, dir.s);
        snprintf(text, sizeof text, "%zu files", l.n);
        fact(f, "lesson files", true, text);
        library_release(&l);
    }
    buf_release(&dir);
}

static void store_facts(struct facts *f)
{
    struct store *s = store_open(NULL);
    const struct store_run *runs;
    char text[64];
    store_probe(s);
    fact(f, "state", !store_trouble(s),
         store_trouble(s) ? store_trouble(s) : store_dir(s));
    if (store_news(s))
        fact(f, "state file", false, store_news(s));
    snprintf(text, sizeof text, "%zu", store_runs(s, &runs));
    if (!store_unreadable(s)) /* else nobody knows */
        fact(f, "runs", true, text);
    store_close(s);
}

/* Starts a worker and has it answer; false: `why` has the reason. */
static bool worker_answers(bool jail, struct errmsg *why)
{
    struct wire_worker *w = NULL;
    struct wire_answer a = {0};
    enum err e = wire_worker_start(&w, jail, why);
    if (e == ERR_OK)
        e = wire_worker_ask(w, &(struct wire_request){.op = WIRE_TICK}, &a, 10000, NULL,
                            NULL, why);
    wire_answer_release(&a);
    wire_worker_end(w);
    return e == ERR_OK;
}

/* The jail is tried, not believed: what a kernel or a container refuses shows only
 * then. */
static void worker_facts(struct facts *f)
{
    struct errmsg why = {0}, without = {0};
    const char *how;
    bool works = worker_jail_works(&how), answers = worker_answers(true, &why);
    if (works && answers) {
        fact(f, "jail", true, how);
        fact(f, "worker", true, "starts and answers");
        return;
    }
    fact(f, "jail", false, answers ? how : why.text);
    bool open = worker_answers(false, &without);
    fact(f, "worker", open,
         open ? "starts and answers without the jail" : without.text);
}

static int run(const struct cli_args *a)
{
    struct facts f = {.json = option_given(a, OPT_JSON)};
    buf_init(&f.b, 0);
    f.j = json_to(&f.b);
    if (f.json)
        json_object(&f.j, NULL);
    fact(&f, "version", true, TRUECODE_VERSION);
    terminal_facts(&f);
    setting_facts(&f);
    lesson_facts(&f, a);
    store_facts(&f);
    worker_facts(&f);
    if (f.json) {
        json_line(&f.j, 0), json_end(&f.j);
        buf_addch(&f.b, '\n');
    }
    print_raw(&f.b);
    buf_release(&f.b);
    return f.bad ? LEAVE_NOT_PASSED : LEAVE_OK;
}

const struct subcommand subcommand_doctor = {
    .name = "doctor",
    .synopsis = "doctor [--json]",
    .doc = "what the program found on this machine",
    .examples = "truecode doctor",
    .options = HAS(JSON) | HAS(HELP),
    .run = run,
};
