/*
 * Inside the worker's loop: what a server is, its requests (serve.c), the cards of a
 * course (cards.c) and its plain face (serve_plain.c).
 *
 * A request is answered by one function of the table in serve.c, which fills the answer
 * and returns; the loop adds what every answer tells, sends it and releases it:
 *
 *     static void do_notice(struct server *s, const struct wire_request *q,
 *                           struct wire_answer *a);
 *
 * An error is serve_error(): the answer carries it to the front, and the server is as it
 * was. Strings of an answer live in a->mem, s->text or s->tape until it is sent; those of
 * the start screen in s->keep. The one session is opened once and ends with the process.
 */
#ifndef WORKER_INTERNAL_H
#define WORKER_INTERNAL_H

#include "truecode/session.h"
#include "truecode/session_experiment.h"
#include "truecode/ui.h"
#include "truecode/ui_prompt.h"
#include "truecode/wire.h"
#include "truecode/worker.h"

struct server {
    int out;
    struct session *session; /* NULL: the start screen, or nothing yet */
    struct ui *ui;           /* full face */
    struct plain *plain;     /* plain face */
    struct prompt
        *prompt; /* the plain face's line on a terminal; NULL: lines come whole */
    struct wire_card *cards; /* the list that is chosen from; they live in `keep` */
    size_t ncards;
    struct experiment *lab; /* NULL: none was opened */
    struct buf report;      /* of the lab: made once, told in pieces */
    struct canvas *shown;   /* cells that the front has; NULL: nothing */
    struct canvas *next;    /* being drawn */
    struct arena keep;      /* the catalogue's strings, while the screen borrows them */
    struct buf text;        /* plain output or report of this answer */
    struct buf tape;        /* tape lines of this answer */
    struct buf message;
    bool scored; /* the score was sent */
    bool over;
};

void serve_error(struct wire_answer *a, enum err e, const struct errmsg *why);
void serve_drop_canvases(struct server *s);

/* ---- the cards of a course (cards.c) --------------------------------------------- */

/* A course's cards, or the lessons' without a course; returns the number of them. */
size_t cards_load(const struct wire_request *q, struct wire_card **cards,
                  struct arena *mem);
/* Fills a card with what a loaded lesson says of itself. */
void card_tell(struct wire_card *c, const struct lesson *l, struct arena *mem);
/* The words of a card's lesson; the list is in `mem`. */
const struct glossary_term *card_terms(const struct wire_card *c, struct arena *mem);
/* The glossary of the course as lines "word: meaning (lesson)", or the line of one word;
 * "": all. ERR_INPUT: there is no such word. */
enum err cards_words(const struct wire_card *cards, size_t n, const char *word,
                     struct buf *out, struct arena *mem, struct errmsg *why) MUST_USE;
const struct wire_lesson *card_file(const struct wire_request *q, const char *id);

/* ---- the plain face -------------------------------------------------------------- */

/* The question at the prompt of plain mode. */
const char *serve_asks(const struct server *s);
/* The row that a prompt is edited on; none where lines come whole. */
void serve_make_prompt(struct server *s, const struct wire_request *q);
/* Draws that row. */
void serve_draw_prompt(struct server *s, struct wire_answer *a);
void serve_line(struct server *s, const struct wire_request *q, struct wire_answer *a);
void serve_prompt_keys(struct server *s, const struct wire_request *q,
                       struct wire_answer *a);

#endif
