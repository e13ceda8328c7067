/*
 * guide: steps, and the answers to what they ask. A step gates nothing but the next step:
 * the system and all commands are open at any time.
 *
 *     guided_steps.c    the open step: goals, traps, hints, solutions, the next one
 *     moot.c            steps that ask about trouble that is over
 *     finding.c         what a find step asks for, typed at the prompt
 *     update_form.c     `say`, asked field by field
 *
 * After each sample and each input the session asks step_check() whether the goal is
 * reached. A line that was typed goes through the questions first:
 *
 *     if (finding_takes(s, line)) ...                     // an answer; dealt with
 *     else if (form_takes(s, line, confirmed, &e, why)) ...
 *     else ...                                            // a command
 *
 * Owner: the session. What a kind of step has of its own is in the lesson (truecode/step.h);
 * nothing here names a kind.
 */
#ifndef SESSION_GUIDE_H
#define SESSION_GUIDE_H

#include "sheet.h"

/* ---- the open step (guided_steps.c) ---------------------------------------------- */

const struct step *step_current(const struct session *s);
bool step_holds(const struct session *s);
void step_check(struct session *s); /* goals, traps */
/* The current step's words of now: its own, or what it was. False: none. */
bool step_words(struct session *s, struct buf *out);
void step_answer(struct session *s, const struct step_answer *a);
void step_judged(struct session *s, const struct step_verdict *v);
void step_update(struct session *s, const struct update *u);
void step_hint(struct session *s);
void step_solution(struct session *s);
size_t steps_shown(const struct session *s); /* by a solution, or a late hint */
void step_skip(struct session *s, enum step_status how);
void step_close(struct session *s, enum step_status how);

/* ---- trouble that is over (moot.c) ----------------------------------------------- */

/* Passes over the current step if it asks about trouble that is over; true: it did. */
bool step_moot(struct session *s);
bool step_is_moot(struct session *s); /* would be, were it open now */
bool step_reached(struct session *s);

/* ---- findings (finding.c) -------------------------------------------------------- */

struct finding_view {                /* how an answer was read, beside its judgement */
    bool near;                       /* wrong, and not by much */
    const struct finding_reply *own; /* the lesson's reply to it; NULL: none */
    struct errmsg why;               /* unclear: what would be right */
};
/* Whether the line is an answer to the open find step; then it was dealt with. */
bool finding_takes(struct session *s, const char *line);
bool finding_open(const struct session *s);
/* A line of the sheet was stated by its command: the open step may have asked for it. */
void finding_stated(struct session *s, enum sheet_line line, const char *text);
/* Judges an answer without an effect on anything. */
enum step_judgement finding_judge(struct session *s, const struct finding *f,
                                  const char *typed, struct finding_view *out);
/* Appends the right answer of now, as one types it; false: there is none. */
bool finding_truth(struct session *s, const struct finding *f, struct buf *out);

/* ---- an update, field by field (update_form.c) ----------------------------------- */

struct form {
    bool open;
    enum update_field at;
    char *said[UPDATE_FIELD_COUNT];
};
/* Whether the line was the bare word say, or an answer to a field's question; *e is what
 * came of it then. */
bool form_takes(struct session *s, const char *line, bool confirmed, enum err *e,
                struct errmsg *why) MUST_USE;
void form_close(struct session *s);
bool line_is_command(const char *line);

#endif
