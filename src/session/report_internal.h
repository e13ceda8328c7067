/*
 * The debrief's parts:
 *
 *     report.c           the score and the chart
 *     report_timeline.c  what was done, and which turns were wrong
 *     report_lesson.c    the engine's explanations and the lesson's own words
 *     report_design.c    what improvements were worth
 *     report_blocks.c    builds blocks for all of them
 *     post_mortem.c      the same facts as a document for those who were not there
 */
#ifndef TRUECODE_REPORT_INTERNAL_H
#define TRUECODE_REPORT_INTERNAL_H

#include "session_internal.h"
#include "truecode/picture.h"

struct maker { /* needs of every section */
    const struct session *s;
    const struct rivals *v;
    struct report *r;
};

/* Rows of a table being built; all is copied into the report. */
struct rows {
    struct report *r;
    const char **cells;
    size_t n, cap;
};

struct block *add_block(struct report *r, enum block_kind kind, const char *text);
void add_text(struct report *r, enum block_kind kind, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void row_cell(struct rows *t, const char *s);
/* A number of the picture: row_number(t, number_count, 1253). */
void row_number(struct rows *t, void (*write)(struct buf *b, double x), double x);
/* Adds the table, unless it has no rows, and forgets the rows. */
void rows_block(struct rows *t, const char *heads, size_t ncols);
const char *at_clock(const struct maker *k, sim_time t);
const char *words_span(const struct maker *k, sim_time t); /* "5 m" */
const char *words_count(const struct maker *k, double n);  /* "1 347" */

/* A course's title, and why it did what it did. */
void add_course(const struct maker *k, const struct course *c);

/* Of a lesson with a budget of improvements. */
void make_design_users(const struct maker *k);
void make_design(const struct maker *k);
const char *design_sentence(enum outcome o);
/* A text as of the end of what counts, after `head`. */
void add_words(const struct maker *k, enum block_kind kind, const char *head,
               const struct text *t);
/* The turns that cost users, a bullet each. */
void add_turns(const struct maker *k);
/* Whether the learner did what a course does: its own predicate, or all of its actions. */
bool course_taken(const struct session *s, const struct course *c);
const char *outcome_sentence(const struct maker *k, enum outcome o);

void make_score(const struct maker *k);
void make_chart(const struct maker *k);
/* `who`: in a column of its own. */
void make_timeline(const struct maker *k, bool who);
void make_prevention(const struct maker *k);
void make_turns(const struct maker *k);
void make_explanations(const struct maker *k);
void make_lesson(const struct maker *k);
void make_post_mortem(const struct maker *k);

#endif
