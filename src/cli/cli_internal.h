/*
 * Inside cli: the table of subcommands and options, and what they share.
 *
 * A subcommand is one file cmd_NAME.c ending in one const `struct subcommand`. Help,
 * the man page and the completions are made from these tables alone. A new one is its
 * file and a line of SUBCOMMAND_LIST:
 *
 *     static int run(const struct cli_args *a)
 *     {
 *         struct errmsg why = {0};
 *         enum err e = do_it(a->words[0], option_given(a, OPT_JSON), &why);
 *         if (e != ERR_OK)
 *             complain("%s", why.text);
 *         return exit_code_of(e);
 *     }
 *     const struct subcommand subcommand_name = {.name = "name", .run = run, ...};
 *
 * run() gets words and options that fit its table, prints what was asked for with
 * print(), complaints with complain(), and returns an exit code of EXIT_LIST. Text that a
 * lesson, a tape or a file wrote is clean before it is printed.
 *
 * Owners: `struct cli_args` and its strings are main's. A structure that is filled by a
 * function of its name is released by NAME_release(), also after an error. A worker is
 * owned by the wire_client that started it. Simulated time is `sim_time`, the store's
 * times seconds since 1970.
 */
#ifndef CLI_INTERNAL_H
#define CLI_INTERNAL_H

#include "truecode/json.h"
#include "truecode/store.h"
#include "truecode/term.h"
#include "truecode/wire.h"

/* ---- tables ---------------------------------------------------------------------- */

/* name, number, what it says. 70 is what die() and BUG() leave with. */
#define EXIT_LIST(X)                                                                   \
    X(OK, 0, "ok")                                                                     \
    X(NOT_PASSED, 1, "not passed, not saved, or not to be done here")                  \
    X(USAGE, 2, "usage")                                                               \
    X(LESSON, 3, "broken lesson")                                                      \
    X(TERMINAL, 4, "unsuitable terminal")                                              \
    X(STATE, 5, "saved state unreadable")                                              \
    X(MISMATCH, 6, "replay differs")                                                   \
    X(BROKEN, 70, "no memory, or a bug of ours")                                       \
    X(INTERRUPTED, 130, "interrupted: Ctrl-C, a closed window, a signal")
enum exit_code {
#define X(name, number, doc) LEAVE_##name = number,
    EXIT_LIST(X)
#undef X
};

/* name, option, its argument or NULL, what it does; the argument may list its words */
#define OPTION_LIST(X)                                                                 \
    X(MODE, "mode", MODE_WORDS, "how it is played")                                    \
    X(SEED, "seed", "N", "the world's seed; the same seed is the same night")          \
    X(DRAFT, "draft", NULL,                                                            \
      "a lesson being written: steps, fixes and more may be missing")                  \
    X(NEW, "new", NULL, "begin anew even if a run can be continued")                   \
    X(PLAIN, "plain", NULL, "lines instead of a screen: for screen readers and pipes") \
    X(SPEED, "speed", "X", "simulated seconds per second at the start")                \
    X(ASCII, "ascii", NULL, "no line-drawing characters")                              \
    X(BRAILLE, "braille", NULL, "finer charts with braille characters")                \
    X(THEME, "theme", THEME_WORDS, "the colours")                                      \
    X(MOUSE, "mouse", "on|off", "the wheel scrolls, a click chooses")                  \
    X(QUIET, "quiet", NULL, "no bell")                                                 \
    X(SCRIPT, "script", "FILE", "keys from a file instead of the keyboard, no screen") \
    X(DUMP, "dump", NULL, "with --script: print the last screen")                      \
    X(SIZE, "size", "COLSxROWS", "with --script: the screen's size (80x24)")           \
    X(NO_JAIL, "no-jail", NULL,                                                        \
      "run lessons without the jail; twice: files from elsewhere, too")                \
    X(TEST_SYNC, "test-sync", NULL, "tell in the window's title when a frame is done") \
    X(THOUGHTLESS, "thoughtless", NULL,                                                \
      "players who do not think instead of the proofs")                                \
    X(ONLY, "only", "\"KIND NAME\"",                                                   \
      "these rows alone: fix, wrong, steps, claims, twin …; NAME may be left out")     \
    X(SEEDS, "seeds", "N", "how many seeds (5)")                                       \
    X(FROM, "from", "N", "the first seed (1)")                                         \
    X(JOBS, "jobs", "N", "how many worker processes (2)")                              \
    X(JSON, "json", NULL, "for a machine to read")                                     \
    X(UNTIL, "until", "TIME", "how long it runs: 90s, 10m, 2h")                        \
    X(REPS, "reps", "N", "so many replications, of the seeds from --seed on (1)")      \
    X(LESSON, "lesson", "FILE", "the lesson of the tape, where it is not one of ours") \
    X(MARKDOWN, "markdown", NULL, "as Markdown")                                       \
    X(HELP, "help", NULL, "this help")
enum option {
#define X(name, word, arg, doc) OPT_##name,
    OPTION_LIST(X)
#undef X
        OPT_COUNT
};
struct option_info {
    const char *word, *arg, *doc;
};
extern const struct option_info option_infos[OPT_COUNT];
#define HAS(o) (UINT32_C(1) << OPT_##o)

enum word_kind {
    WORD_NONE,
    WORD_LESSON,
    WORD_FILE,
    WORD_RUN,
    WORD_COMMAND,
    WORD_SHELL,
    WORD_SETTING,
    WORD_LAB
};

struct subcommand;
struct cli_args {
    const struct subcommand *command;
    const char *options[OPT_COUNT]; /* NULL: absent; "": given without an argument */
    unsigned times[OPT_COUNT];      /* how often it was given */
    char **words;
    size_t nwords;
};
struct subcommand {
    const char *name, *synopsis, *doc; /* doc: one phrase */
    const char *about;                 /* a paragraph; NULL: none */
    const char *examples;              /* lines */
    uint32_t options;
    enum word_kind words;
    size_t min_words, max_words;
    int (*run)(const struct cli_args *a);
};
/* In the order of `help`; each is the last thing in cmd_NAME.c. */
#define SUBCOMMAND_LIST(X)                                                             \
    X(play)                                                                            \
    X(oncall)                                                                          \
    X(list)                                                                            \
    X(words)                                                                           \
    X(progress)                                                                        \
    X(report)                                                                          \
    X(replay)                                                                          \
    X(prove)                                                                           \
    X(check)                                                                           \
    X(doc)                                                                             \
    X(lab)                                                                             \
    X(config)                                                                          \
    X(doctor)                                                                          \
    X(help)                                                                            \
    X(completion)
#define X(name) extern const struct subcommand subcommand_##name;
SUBCOMMAND_LIST(X)
#undef X
size_t subcommand_count(void);
const struct subcommand *subcommand_at(size_t i);
const struct subcommand *subcommand_find(const char *name);

/* ---- saying things --------------------------------------------------------------- */

/* "truecode: ..." on stderr, cleaned. */
void complain(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* Clean text on stdout. What cannot be written ends the program, with a sentence and
 * LEAVE_NOT_PASSED; where nobody reads any more, nobody misses it. */
void print(const char *fmt, ...) PRINTF_LIKE(1, 2);
void print_raw(const struct buf *b);
int exit_code_of(enum err e);

/* A command as somebody can type it here, ready to be told: the program as it is called
 * ("truecode" where PATH leads to it, else "build/truecode" or its whole path), `words`
 * as they stand, and `operand` (a file, an id; may be NULL) quoted for a shell where it
 * must be. No text names the program otherwise:
 *
 *     complain("there is no lesson '%s'; see %s", word, command("list", NULL).s);
 */
struct command {
    char s[1024];
};
struct command command(const char *words, const char *operand);
/* Lines that begin with "truecode", as the tables' examples do, as one can type them. */
void command_lines(struct buf *b, const char *lines, const char *indent);
/* Appends a word that bash, zsh and fish (and any POSIX shell) read as exactly `s`. */
void shell_quote(struct buf *b, const char *s);

bool option_given(const struct cli_args *a, enum option o);
/* A whole number of the option, or `otherwise` when absent. false: complained. */
bool option_number(const struct cli_args *a, enum option o, uint64_t otherwise,
                   uint64_t *out);
uint64_t fresh_seed(void);
/* The step one is at, as people count: 1.. of `steps`. */
size_t step_shown(size_t step, size_t steps);

/* ---- lessons --------------------------------------------------------------------- */

/* Where the lessons are; ERR_NOT_FOUND says where it looked. */
enum err lessons_dir(struct buf *dir, struct errmsg *why) MUST_USE;
/* Where those are that come with the program, whatever the environment says. */
void lessons_dir_shipped(struct buf *dir);
/* A lesson by its id or by a file's path. `name` is the file's name without folders. */
enum err lesson_read(const char *word, struct buf *text, struct buf *name,
                     struct errmsg *why) MUST_USE;
/* ERR_INPUT, ERR_REFUSED: --no-jail, or a system that has none, does not go with a file
 * that does not come with the program. */
enum err jail_allows(const struct cli_args *a, const char *path,
                     struct errmsg *why) MUST_USE;
/* Reads a lesson that is to be run: no lab, and one that the jail allows. */
enum err lesson_take(const struct cli_args *a, const char *word, struct buf *text,
                     struct buf *name, struct errmsg *why) MUST_USE;
bool lesson_id_valid(const char *id);
/* The ids of the lesson (or lab) files in a folder, in order; the caller frees each. */
size_t lesson_ids(const char *dir, char *ids[LESSONS_MAX]) MUST_USE;

/* course.lua and every lesson file beside it, with what is wrong with them. */
struct library {
    struct arena mem;
    struct buf course;
    const char *lost;            /* why there is no course; NULL: it was read */
    struct wire_lesson *lessons; /* best -1 until library_progress() */
    size_t n, bytes;
    bool drawn; /* a drawn night is begun */
};
/* Fails only where there is no folder with a course.lua, or the jail does not allow it. */
enum err library_read(struct library *l, const struct cli_args *a,
                      struct errmsg *why) MUST_USE;
void library_progress(struct library *l, const struct store *s);
void library_release(struct library *l);
/* Asks a worker what the lessons say of themselves. */
enum err library_cards(struct library *l, const struct wire_client_options *o,
                       struct wire_answer *a, struct errmsg *why) MUST_USE;
/* Asks for the glossary of the course as text, or for one word of it; "": all. */
enum err library_words(struct library *l, const struct wire_client_options *o,
                       const char *word, struct wire_answer *a,
                       struct errmsg *why) MUST_USE;
/* Opens the start screen with a client that was made with these options: `q` has the
 * screen (or asks for words), the rest is filled in here. Lessons that bring a worker
 * down are found out and left out. */
enum err library_open(struct library *l, struct wire_client *c,
                      const struct wire_client_options *o, struct wire_request *q,
                      struct wire_answer *a, struct errmsg *why) MUST_USE;
/* Tries each lesson by itself; the ones that fail are broken from then on. false: none.
 */
typedef enum err library_try(void *ctx, const struct wire_lesson *w,
                             struct errmsg *why);
bool library_sift(struct library *l, library_try *load, void *ctx);

/* ---- runs of the past (cli_runs.c) ----------------------------------------------- */

struct head_facts { /* of a tape's head */
    char lesson[65], hash[65];
    uint64_t seed;
    enum play_mode mode;
    long engine;
    bool old_format; /* written by an older truecode: this one cannot play it */
};
enum err head_read(struct head_facts *h, const struct buf *tape,
                   struct errmsg *why) MUST_USE;

/* Of a tape that no text fits: what the update was, without hashes. */
void update_reason(const struct buf *tape, size_t bad_line, struct errmsg *why);

/* The texts a run may be played with, in the order they are tried; zeroed at first. */
#define TEXTS_MAX 3
struct run_text {
    struct buf text;
    char hash[65];
    bool course;  /* the text is the lesson's of now */
    enum err err; /* when it was tried */
    struct errmsg why;
    size_t bad_line;
};
struct texts {
    struct run_text list[TEXTS_MAX];
    size_t n;
    enum err refused; /* a kept text that may not be run so: see jail_allows() */
    struct errmsg refusal;
};
void texts_add(struct texts *t, const char *text, size_t n, bool course);
void texts_add_kept(struct texts *t, const struct cli_args *a, const struct store *s,
                    const char *hash);
void texts_release(struct texts *t);
/* OPEN with each in turn until the tape fits one: *used. Else the error of the text that
 * the tape names, where it was there, and a->bad_line is that one's. */
enum err texts_open(struct texts *t, const char *named, struct wire_client *c,
                    struct wire_request *q, struct wire_answer *a, size_t *used,
                    struct errmsg *why) MUST_USE;

/* ---- a run of the past, played again from its tape ------------------------------- */

struct replayed {
    struct buf tape, name; /* the lesson's file name */
    struct wire_client *client;
    struct wire_answer a; /* where the tape ends */
    enum play_mode mode;
    bool half_line;       /* the tape's last line was cut short */
    bool booked;          /* listed among the runs: */
    struct store_run run; /* the list's entry */
    struct store *store;  /* where it was looked for */
    bool goes_on;         /* goes on when its lesson is played */
};
struct replay_options {
    const char *word;   /* a run's id or the beginning of it, a lesson, a tape's path;
                           NULL: the run played last */
    const char *lesson; /* the lesson file to use; NULL: the text it was played with,
                           else the course's */
    bool finished;      /* rather one that is over */
    const struct cli_args *args; /* whether with a jail, and for which files */
};
/* ERR_CORRUPT: that is no tape. ERR_MISMATCH: it does not replay to what it says. To be
 * released whatever comes back. */
enum err replayed_open(struct replayed *r, const struct replay_options *o,
                       struct errmsg *why) MUST_USE;
/* Makes the run's post-mortem and score, in r->a. */
enum err replayed_report(struct replayed *r, struct errmsg *why) MUST_USE;
void replayed_release(struct replayed *r);

/* Plays finished runs again whose scores nothing vouches for, and writes down what their
 * tapes give. */
void runs_check(struct store *s, const struct cli_args *a);

/* ---- playing --------------------------------------------------------------------- */

struct config;
struct play {
    const struct cli_args *args;
    struct config *config; /* theme, glyphs, mouse, bell */
    struct store *store;
    struct wire_client *client;
    bool jail;
    struct command program; /* for what the worker draws */
    enum play_mode mode;
    enum glyphs glyphs;
    double speed;
    struct store_run run;   /* of the open lesson; lesson "" none */
    bool unsaved;           /* `run` changed since it was saved */
    bool wrote;             /* the run's tape grew since then */
    bool opening;           /* the night has not come to its page: nothing is kept */
    bool fresh_score;       /* just finished: its report is to be kept */
    bool named;             /* the open run was named by its id, not by a lesson */
    struct tape_file *tape; /* NULL: none open */
    struct buf text, name;  /* the open lesson's file */
    bool given;             /* the lesson was given as a path: not in the list */
    bool seed_given;        /* --seed was given, and no lesson is open yet */
    bool mode_given;        /* --mode likewise */
    uint64_t seed;          /* --seed, for the first lesson opened */
    bool anew;              /* --new, for the first lesson opened */
    bool paged;             /* the open lesson was begun, not gone on with */
    bool draws;             /* a night is to be drawn, and none was yet */
    bool lost;              /* a run could not be written down */
    int status;             /* exit code */
};
/* Opens a lesson (by id or path; NULL: the open one once more), resuming where that can
 * be, or a run (by its id or the beginning of it); `q` has face and size. On errors
 * nothing is open. `note` gets what is to be said of a saved run: that it could not be
 * continued, or not with the lesson as it is now. */
enum err play_open(struct play *p, const char *word, struct wire_request *q,
                   struct wire_answer *a, struct buf *note,
                   struct errmsg *why) MUST_USE;
/* The word to open for a night drawn blind among the finished lessons, with p->mode and
 * p->seed set to it: the drawn run that goes on, or a lesson. ERR_INPUT: none was
 * finished, or that run has another seed. */
enum err play_draw(struct play *p, char word[STORE_ID_MAX],
                   struct errmsg *why) MUST_USE;
/* Opens a drawn night, as play_open() does. */
enum err play_open_drawn(struct play *p, struct wire_request *q, struct wire_answer *a,
                         struct buf *note, struct errmsg *why) MUST_USE;
/* How the open run is gone on with, as one can type it. */
struct command play_goes_on(const struct play *p);
/* Does what play and on-call have in common: the settings, the store, the face. */
int play_run(const struct cli_args *a, bool draws);
/* "2026-03-23 20:12", here. */
void date_text(char *to, size_t size, int64_t seconds);
/* Notes what an answer tells about the run, and keeps its text once its night has come to
 * its page; play_settle() writes it down, after the answer was shown: the tape is what must
 * be on disk before. */
void play_settle(struct play *p);
void play_note(struct play *p, const struct wire_answer *a);
void play_close(struct play *p);  /* the open lesson, saved */
void play_forget(struct play *p); /* the same where nothing was begun */
/* Writes tape lines down: the client's callback. */
void play_tape(void *ctx, const char *s, size_t n);

int play_full(struct play *p, const char *lesson);
int play_plain(struct play *p, const char *lesson);

#endif
