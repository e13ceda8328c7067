/*
 * sheet: the incident document that the learner fills in, line by line, and what is true of
 * each line.
 *
 * A line is stated by its command (`since 19:52`) or as a field of an update (`say --since
 * 19:52`). Every statement stays, with its time: the score asks what stood there, and what
 * people were told, at a moment. What is true comes from the engine: from the healthy twin,
 * the incident's entries and the recording, never from an author.
 *
 *     sheet_state(s, SHEET_since, "19:52", false);
 *     struct witness w = sheet_witness(s, scored_run(s), session_twin(s), now);
 *     struct judgement j = sheet_judge(&w, SHEET_since, "19:52");   // j.share 0..1
 *
 * Owner: the session owns the statements and their texts; a witness borrows. Shares are 0..1,
 * times simulated nanoseconds.
 *
 * One line, one file (sheet_hurt.c, sheet_since.c, …), one descriptor: adding one touches
 * its file and SHEET_LINES.
 */
#ifndef SESSION_SHEET_H
#define SESSION_SHEET_H

#include "truecode/session.h"

struct impact; /* twin.h */
struct run;

/* ---- what was stated ------------------------------------------------------------- */

/* The lines of the incident sheet, in their order. */
#define SHEET_LINES(X) X(hurt) X(since) X(much) X(trigger) X(state) X(next) X(prevent)
enum sheet_line {
#define X(word) SHEET_##word,
    SHEET_LINES(X)
#undef X
        SHEET_LINE_COUNT
};
/* An update so long after its time was in time: for whoever waits for it, and the score. */
#define NEXT_GRACE (2 * SIM_MIN)
struct statement {
    enum sheet_line line;
    sim_time at;
    bool told; /* in an update */
    char *text;
};
struct sheet { /* statements are only ever added */
    struct statement *list;
    size_t n, cap;
};

/* ---- what is true of it ---------------------------------------------------------- */

/* The evidence for a judge: the learner's night and the healthy one, up to `at`. */
struct witness {
    const struct session *s;
    const struct run *run;
    const struct recording *twin; /* NULL: there is none */
    sim_time at;
};
struct judgement {
    double share;    /* of full marks, 0..1 */
    bool lie;        /* said that users are well while they were not */
    char truth[500]; /* the truth: a sentence */
};

struct sheet_line_kind {
    const char *word;     /* the line's command */
    const char *heading;  /* "who is hurt" */
    const char *question; /* "Who is hurt?" */
    const char *synopsis; /* "hurt CLIENT... | everybody | nobody" */
    int field;            /* of an update; -1: none */
    /* Whether the text says something that can be judged; `why` says what would be. */
    bool (*readable)(const struct witness *w, const char *text, struct errmsg *why);
    void (*judge)(const struct witness *w, const char *text, struct judgement *out);
    /* Appends what would be full marks, as one types it. NULL: that is the learner's to
     * choose. */
    void (*answer)(const struct witness *w, struct buf *out);
};
const struct sheet_line_kind *sheet_line_kind(enum sheet_line line);
/* The line that a field of an update states; SHEET_LINE_COUNT: none. */
enum sheet_line sheet_line_of(enum update_field field);

/* The line whose command that is; SHEET_LINE_COUNT: none. */
enum sheet_line sheet_line_named(const char *word);

struct witness sheet_witness(const struct session *s, const struct run *run,
                             const struct recording *twin, sim_time at);
struct judgement sheet_judge(const struct witness *w, enum sheet_line line,
                             const char *text);
/* The change that a trigger's text names by its number ("2", "change 2"); NULL: none. */
const struct change *sheet_trigger_change(const struct witness *w, const char *text);
/* Whether a line can be read so; `why` says what would be right. */
bool sheet_readable(const struct session *s, enum sheet_line line, const char *text,
                    struct errmsg *why);

/* States a line now; `told`: in an update. */
void sheet_state(struct session *s, enum sheet_line line, const char *text, bool told);
/* The latest statement on a line among the first n; NULL: none. */
const struct statement *sheet_line_at(const struct session *s, enum sheet_line line,
                                      size_t n);
void sheet_show(struct session *s);
void sheet_release(struct session *s);

/* ---- for the lines --------------------------------------------------------------- */

/* The harm to all users, or to those of one client, until the witness's moment. */
struct impact witness_impact(const struct witness *w, comp_id client, sim_time from);
/* Whether users of a client were hurt, from when on any were: in what they were answered,
 * or in a message that they sent and that the objective is about. */
bool witness_hurt(const struct witness *w, comp_id client);
/* The next after `c` (COMP_NONE: the first) of those who can be hurt: clients, and what the
 * objective is about and no client sends. COMP_NONE: no more. */
comp_id witness_client(const struct witness *w, comp_id c);
/* The first time of day in a text, as simulated time; SIM_FOREVER: none. */
sim_time clock_in(const struct witness *w, const char *text);
/* Whether a text holds this word, in any case. */
bool word_in(const char *text, const char *word);
/* Whether a text says that something is not known. */
bool says_unknown(const char *text);

extern const struct sheet_line_kind sheet_hurt, sheet_since, sheet_much, sheet_trigger,
    sheet_state_line, sheet_next, sheet_prevent;

#endif
