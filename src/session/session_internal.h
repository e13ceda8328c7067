/*
 * session, inside: the parts of a session and who owns what.
 *
 *     struct stage    what a lesson builds for a seed: model, alert rules, tickets; shared
 *                     by every run of it
 *     struct run      one world being run: world, recording, Lua state, what an operator
 *                     changed. The learner's run, the reference, doing nothing, the twin and
 *                     every run of the prover are runs; all move through run_advance()
 *     struct session  the learner: a run, and steps, notebook, tape, transcript, clock
 *     struct branch   what counts, once the learner went back
 *     struct rivals   the three runs that a score compares
 *
 * A fork is a run of its own: world and recording are copied, the stage is shared, and its
 * Lua state opens when it is asked something.
 *
 * A run knows nothing of steps or tapes; a session never moves its world but through
 * its run.
 */
#ifndef TRUECODE_SESSION_INTERNAL_H
#define TRUECODE_SESSION_INTERNAL_H

#include "truecode/session.h"
#include "truecode/tape.h"

/* ---- a run ----------------------------------------------------------------------- */

/* The model and letters that a lesson builds for a seed, shared by all runs.
 * Reference-counted. */
struct stage {
    unsigned refs;
    struct lesson *lesson; /* a reference */
    struct lesson_world lw;
    struct ticket *tickets; /* as the console wants them; strings in lw.mem */
    size_t ntickets;
    struct improvement_offer *offers; /* of the design, for the console */
};
struct stage *stage_new(const struct lesson *l, uint64_t seed,
                        struct errmsg *why) MUST_USE;
struct stage *stage_night(const struct lesson *l, uint64_t seed, enum night night,
                          size_t entry, struct errmsg *why) MUST_USE;
struct stage *stage_ref(struct stage *g);
void stage_unref(struct stage *g);

/* The rest of the work that somebody allows, counted and never timed, so that it is
 * used up at the same place everywhere. */
struct effort {
    uint64_t events; /* of worlds; each component sampled is one, too */
    uint64_t steps;  /* of Lua */
};

struct run {
    struct stage *stage;
    struct lesson_state *lua; /* this run's own; opens when it is asked something */
    struct world *world;
    struct recording *rec;
    sim_time first_change, last_change; /* by an operator; SIM_FOREVER: none yet */
    sim_time busy_until;                /* the operator is busy until then */
    sim_time step_started;
    sim_time sampled; /* the last whole second that was sampled */
    bool midway; /* stopped between the events of one moment: run_settle() ends it */
    /* Called after each sample; false stops run_advance(). */
    bool (*on_second)(void *ctx, struct run *r);
    void *ctx;
    bool (*seen)(const void *ctx, const char *subject); /* NULL: nothing was seen */
    bool suspected;
    sim_time improved_at
        [IMPROVEMENTS_MAX]; /* when each was chosen; SIM_FOREVER: it was not */
    struct effort
        *effort; /* borrowed, shared with forks; NULL: any. ERR_LIMIT beyond */
    bool twice;  /* the prover: what is true must be so in a fresh Lua state as well */
};
/* A world at time 0. */
enum err run_open(struct run *r, struct stage *g, uint64_t seed,
                  struct errmsg *why) MUST_USE;
/* A copy with its own Lua state; hooks are not copied. */
enum err run_fork(struct run *out, const struct run *r, struct errmsg *why) MUST_USE;
void run_release(struct run *r);
const struct lesson *run_lesson(const struct run *r);
sim_time run_now(const struct run *r);
/* Runs to `until` inclusive, sampling at each whole second. *left is lowered by the
 * events run (NULL: no limit); ERR_STOPPED when it is used up or on_second asked to
 * stop (then *asked). */
enum err run_advance(struct run *r, sim_time until, uint64_t *left, bool *asked,
                     struct errmsg *why) MUST_USE;
/* Ends the moment that the world stands in, so that what is done now comes after all
 * that happens now: in what order is then the same whatever the slices were. */
enum err run_settle(struct run *r, struct errmsg *why) MUST_USE;
enum err run_apply(struct run *r, const struct action *a, const char *who,
                   struct errmsg *why) MUST_USE;
struct lesson_facts run_facts(const struct run *r);
/* A predicate over this run as it is. */
enum err run_test(const struct run *r, fn_id fn, bool *yes,
                  struct errmsg *why) MUST_USE;
size_t run_tickets(const struct run *r, sim_time t); /* how many have arrived by t */
/* Fills what the console needs to know of this run. */
void run_console(const struct run *r, struct console_ctx *ctx);
/* Carries out a console line at once: actions, their time, and waits (at most to
 * `end`). Used by everything but the learner. ERR_*: the line could not be carried out.
 */
enum err run_line(struct run *r, const char *line, sim_time end,
                  struct errmsg *why) MUST_USE;
/* Users were well over the last `window`: the objective was met in it as a whole and in
 * each half of it. *margin: 1 comfortable .. 0 on the edge, negative when not. */
bool run_well(const struct run *r, sim_time window, double *margin);
uint64_t run_bad(const struct run *r, sim_time from); /* bad user requests since then */

/* design.c: improvements that were chosen. A list for the console, the caller's; how it is played,
 * alone; fills the list in; the set a run has; puts in number `which`, now. */
struct improvement_offer *design_offers(const struct lesson *l) MUST_USE;
void design_rules(const struct session *s, const char *clock, struct buf *out);
void run_offers(const struct run *r, struct console_ctx *ctx);
design_set run_improved(const struct run *r);
enum err run_improve(struct run *r, size_t which, struct errmsg *why) MUST_USE;

/* The same night without the incident (twin.h). */
struct twin {
    struct run run; /* world NULL: not opened yet */
};

/* ---- a session ------------------------------------------------------------------- */

struct strings { /* a small set of strings, in order of arrival; they never move */
    char **s;
    size_t n, cap;
};
bool strings_has(const struct strings *v, const char *s);
bool strings_add(struct strings *v, const char *s);         /* false: was there */
const char *strings_keep(struct strings *v, const char *s); /* the set's own copy */
void strings_release(struct strings *v);

struct note {
    sim_time at;
    enum note_kind kind;
    bool open, right, open_then; /* open_then: at the first rewind */
    comp_id comp;
    enum mechanism mechanism;
    size_t suspect; /* of the lesson's; SIZE_MAX: none of them */
    char *text;
};
enum claim_kind {
    CLAIM_NONE,
    CLAIM_REQUESTS, /* so many, since the page */
    CLAIM_SHARE,    /* in percent */
    CLAIM_RATE      /* so many a second */
};
struct claim { /* the number in an update */
    enum claim_kind kind;
    double number;
};
struct said { /* a status update */
    sim_time at;
    unsigned fields;   /* how many of all were given */
    size_t first, end; /* its statements on the sheet: first .. end-1 */
};
/* The lines of the incident sheet that are stated (sheet.h), in their order. */
#define SHEET_LINES(X) X(hurt) X(since) X(much) X(trigger) X(state) X(next) X(prevent)
enum sheet_line {
#define X(word) SHEET_##word,
    SHEET_LINES(X)
#undef X
        SHEET_LINE_COUNT
};
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
struct forecast { /* a prediction that waits for its day */
    size_t step;
    const struct prediction *of;
    enum direction said;
    bool armed, told, told_then; /* told_then: at the first rewind */
    unsigned making;             /* by the action that is being carried out */
    unsigned made;   /* the lines of its change that were carried out: a bit each */
    bool confounded; /* another change came between: the world is another one now */
    bool left; /* lived to the end on a copy, without the change that came between */
    sim_time armed_at, due, confounded_at;
    double before, after;
};
struct done_action { /* what the learner did, in this branch */
    sim_time at, busy_until;
    struct action action;                 /* texts are kept in session.words */
    size_t nnotes, nsaids, nseen, nfacts; /* what stood in the notebook before it */
};
struct mark { /* a moment to come back to */
    sim_time at;
    struct world *world;
    struct recording *rec;
};

/* The first branch, as it stood at the first rewind: what the score is about. */
struct branch {
    struct run run; /* world NULL: the learner never went back */
    size_t nnotes, nsaids, nseen, nfacts, hints, shown, answered, wrong_answers;
    struct done_action *actions;
    size_t nactions;
};
/* The scored run, the reference and doing nothing, run on to the same moment. */
struct rivals {
    struct run you, reference, nothing;
    struct run practice;          /* the last branch after a rewind; world NULL: none */
    const struct recording *twin; /* of the session; NULL: there is none */
    bool has_reference;
    size_t mattered; /* the first so many of the learner's changes are what made users
                        well; 0: no change did */
    sim_time from, left, to; /* the page; the learner's end; the end of all three */
};

struct finding_view {                /* how an answer was read, beside its judgement */
    bool near;                       /* wrong, and not by much */
    const struct finding_reply *own; /* the lesson's reply to it; NULL: none */
    struct errmsg why;               /* unclear: what would be right */
};

struct form { /* an update being asked field by field */
    bool open;
    enum update_field at;
    char *said[UPDATE_FIELD_COUNT];
};

#define COMMON_WORDS SIZE_MAX
/* The reason why a letter came: a rule, and the reaction whose words it has. */
struct letter {
    enum reaction_kind rule; /* REACTION_COUNT: the incident's own, or the pager */
    size_t reaction;         /* of the lesson; COMMON_WORDS: everybody's words */
};
struct told {                /* what people were told last */
    sim_time at;             /* -1: nothing yet */
    enum update_state state; /* UPDATE_STATE_COUNT: none was given */
    sim_time since, next;    /* SIM_FOREVER: none was given */
    double number;           /* of requests; -1: none was given */
    char *since_text, *next_text, *number_text;
};
struct people {
    struct ticket
        *inbox; /* arrived, oldest first; strings in session.words or the stage */
    struct letter *letters;
    size_t n, cap;
    size_t scheduled, alerts;      /* of the incident, of the recording: seen so far */
    size_t pages;                  /* the pager rang so often */
    sim_time due;                  /* when people look up next */
    bool hurt, was_hurt, was_well; /* users: now, and ever */
    sim_time since; /* when what they are now began; SIM_FOREVER: not known */
    struct told last;
};

#define SCORE_TEXT 32    /* "88 recovered" */
enum { BROKEN_MAX = 8 }; /* functions that raised; after so many none is asked */

struct impact;
/* The prover's eye, which looks on as texts are shown. */
struct onlooker {
    void (*shown)(void *ctx, struct session *s, const struct text *t, const char *what);
    void *ctx;
};
struct session {
    const struct onlooker *onlooker; /* borrowed; NULL in every face */
    struct form form;
    struct lesson *lesson; /* a reference */
    char identity[65];     /* lesson_identity() */
    uint64_t seed;
    enum play_mode mode;
    bool quiet; /* nothing is wrong on this night, and leaving it alone is right */
    bool spoken, ascii, replaying;
    int columns;

    struct run run;
    struct run begin; /* as things stood at the page */
    struct twin twin;
    bool twin_failed; /* there is none, or it ran away */
    struct run fork; /* as things stood before the first change; world NULL: none yet */
    struct branch first;
    struct rivals rivals; /* of what is over; world NULL: not run yet */
    enum phase phase;
    bool paused, over;
    double speed;
    sim_time target; /* where ticks want the clock to be */
    sim_time wait_until, wait_from;
    double wait_speed;
    char *claimed; /* resolve's word */

    size_t step;
    sim_time *began; /* when each step so far began, in this branch */
    enum step_status *status;
    size_t hints_shown, hints_total, wrong_answers;
    bool moot;   /* the current step asks what it was, as users are well again */
    bool unread; /* a step was announced, and nothing was typed since */
    bool practice;
    bool reset;           /* the learner wants to begin anew, and said yes */
    sim_time *trapped_at; /* when each trap fired; SIM_FOREVER: not yet */
    struct errmsg broken; /* what a predicate raised, told already; "" nothing */
    fn_id broken_fns[BROKEN_MAX]; /* raised once: not asked again */
    size_t nbroken;
    char *feedback, *confirm;
    char *say, *hint; /* of the current step, in the words of the view's moment */
    struct strings seen, seen_ever;
    bool *known; /* by component, as of `known_seen` looks; NULL: not yet asked */
    size_t nknown, known_seen;
    size_t facts_seen[CASE_FACTS_MAX],
        nfacts_seen; /* of the lesson's facts, in order */

    struct note *notes;
    size_t nnotes, notes_cap;
    struct said *saids;
    size_t nsaids, saids_cap;
    struct sheet sheet;
    struct forecast *forecasts;
    size_t nforecasts, forecasts_cap;
    struct done_action *actions;
    size_t nactions, actions_cap;
    struct strings words; /* the texts of actions */
    struct mark *marks;
    size_t nmarks, marks_cap;

    struct people people;
    struct bystander *bystanders; /* the lesson's people, for the console */
    struct arena bystander_mem;
    size_t tickets_read; /* of the inbox */
    struct buf tape;     /* not yet taken */
    struct tape_chain chain;
    sim_time taped_at;            /* time of the last line */
    char taped_score[SCORE_TEXT]; /* as its line says it; "": none yet */
    size_t score_line;            /* of the tape that was replayed */
    struct out transcript;

    uint64_t version;
    struct session_view view;
    struct note_view *note_views;
};

/* session_clock.c, transcript.c, face_view.c */
/* session_open() from a copy of `page`, a run of the same lesson and seed that stands at
 * the page; NULL: runs up to it. */
enum err session_open_at(struct session **out, const struct session_options *o,
                         const struct run *page, struct errmsg *why) MUST_USE;
enum hold session_hold(const struct session *s);
void session_touch(struct session *s);
/* A function of the lesson, over the learner's run. One that raised is told of once and
 * not asked again; then, and when it raises, it is not true and not a number. */
bool session_true(struct session *s, fn_id fn);
double session_number(struct session *s, fn_id fn);
/* A function raised: told once, and not asked again. */
void session_broken(struct session *s, fn_id fn, const struct errmsg *why);
void session_say(struct session *s, enum tone t, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void session_feedback(struct session *s, enum tone t, const char *text);
void session_finish(struct session *s); /* to the debrief */

/* text_render.c: appends what the text says now. false: no variant holds, or there is no
 * text; nothing is appended then. */
bool run_text(const struct run *r, const struct text *t, struct buf *out);
/* Words that hold live values, of a ticket. */
void session_words(struct session *s, const char *words, struct buf *out);
bool session_text(struct session *s, const struct text *t, struct buf *out);
const struct variant *session_variant(struct session *s, const struct text *t);
/* The same where it is said to the learner at this moment; `what` names it for a onlooker:
 * "say", "reply 2". */
bool session_show(struct session *s, const struct text *t, const char *what,
                  struct buf *out);
void session_feedback_text(struct session *s, enum tone tone, const struct text *t,
                           const char *what);

void transcript_init(struct out *o);
void session_print(struct session *s, const struct out *o);
bool session_users_hidden(const struct session *s);

/* sights.c: top components of which figures may stand unasked on map and charts: those
 * that `shows` names, and those that were looked at. NULL: all, where the lesson has no
 * `shows`, and in the debrief. Valid until the next look. */
const bool *session_known(struct session *s);
/* Before an input: nothing of its moment is still to come. */
void session_settle(struct session *s);
void session_console(const struct session *s, struct console_ctx *ctx);
/* The world ran away: said, and over. */
void session_ran_away(struct session *s, const struct errmsg *why);
/* Runs to t whatever holds the clock: to a tape's entry, or until hands are free. */
enum err session_run_to(struct session *s, sim_time t, struct errmsg *why) MUST_USE;
void session_wait(struct session *s, sim_time duration);

/* The twin as of `until`; of now, run there when it lags behind; NULL: this night has none (its world
 * cannot be built so, or ran away). */
const struct recording *session_twin(struct session *s);
const struct recording *session_twin_at(struct session *s, sim_time until);
/* Runs the twin towards now, at most *left events (NULL: all the way). ERR_STOPPED: more
 * is owed. */
enum err session_follow_twin(struct session *s, uint64_t *left) MUST_USE;
/* The incident's harm to users from `from` until now; of all that the objective is
 * about where `client` is COMP_NONE. */
struct impact session_impact(struct session *s, comp_id client, sim_time from);

/* people.c: who writes when (people.h) */
void people_begin(struct session *s);     /* at the page */
void people_introduce(struct session *s); /* fills session.bystanders */
/* Delivers the incident's letters, and paging alerts, up to now; how many came. */
size_t people_post(struct session *s, bool aloud);
/* People look up: the moment is due. ERR_STOPPED: the twin is owed first, beyond *left
 * events (NULL: any). */
enum err people_look(struct session *s, uint64_t *left) MUST_USE;
void people_back(struct session *s, sim_time t); /* after a rewind to t */
void people_release(struct people *p);
void people_hear(struct session *s, const struct update *u);
void people_ask(struct session *s, size_t person, const char *about);
void session_break_wait(struct session *s); /* something came up */
/* same_action.c: the same thing done to the same component, numbers within `factor`; a
 * console line, typed in this run now, would do that. */
bool same_action(const struct action *a, const struct action *b, double factor);
bool line_means(const struct run *r, const char *line, const struct action *a);

/* line_input.c: a line's effects */
enum err input_apply(struct session *s, const char *line, bool confirmed,
                     struct errmsg *why) MUST_USE;

/* notebook.c: effects of a line that leave the world alone */
void note_suspect(struct session *s, const struct effect *x);
void note_rule_out(struct session *s, const struct effect *x);
void note_note(struct session *s, const struct effect *x);
void note_say(struct session *s, const struct effect *x);

/* evidence.c: facts that were on the screen (see there). A subject was shown: what of the
 * facts can be seen there now is seen; whether there is such a fact. */
void evidence_look(struct session *s, const char *subject);
bool evidence_waits(struct session *s, const char *subject);
/* The suspect that is meant; SIZE_MAX: none of the lesson's. */
size_t suspect_of(const struct session *s, comp_id c, enum mechanism m);
/* The first of the first `nfacts` seen facts that excludes a suspect; NULL: none does. */
const struct case_fact *evidence_against(const struct session *s, size_t suspect,
                                         size_t nfacts);
struct rivals_left { /* by the first so many seen facts */
    uint32_t open;   /* suspects that none excludes: a bit each */
    unsigned rivals, rivals_open;
};
struct rivals_left evidence_left(const struct session *s, size_t nfacts);
bool evidence_tells(const struct session *s); /* no rival is left */
/* "pool-leak", or "pool-leak in checkout" where another suspect has the same word. */
void suspect_name(const struct session *s, size_t suspect, struct buf *out);
void suspects_name(const struct session *s, uint32_t which, struct buf *out);
/* Says what the seen facts say of a suspicion, or of what was ruled out. */
void evidence_on_suspicion(struct session *s, size_t suspect);
void evidence_on_exclusion(struct session *s, size_t suspect);

/* finding.c: what was found is typed at the prompt */
/* The line is an answer to the open find step, and was dealt with. */
bool finding_takes(struct session *s, const char *line);
bool finding_open(const struct session *s);
/* A line of the sheet was stated by its command: the open step may have asked for it. */
void finding_stated(struct session *s, enum sheet_line line, const char *text);
/* Judges an answer without an effect on anything. */
enum step_judgement finding_judge(struct session *s, const struct finding *f,
                                  const char *typed, struct finding_view *out);
/* Appends what is right now, as one types it; false: nothing is. */
bool finding_truth(struct session *s, const struct finding *f, struct buf *out);
bool line_is_command(const char *line); /* update_form.c */

/* claim.c: the first number in a text, with its unit. */
struct claim claim_read(const char *text);
double claim_number(const char *text); /* without its unit; NaN: there is none */

/* update_form.c: the line was the bare word say, or an answer to what it asks */
bool form_takes(struct session *s, const char *line, bool confirmed, enum err *e,
                struct errmsg *why) MUST_USE;
void form_close(struct session *s);

/* guided_steps.c */
const struct step *step_current(const struct session *s);
bool step_holds(const struct session *s);
void step_check(struct session *s); /* goals, traps */
/* session_fork.c: a copy at the same moment, with its own run. `s` has to outlive it. */
enum err session_fork(struct session **out, const struct session *s,
                      struct errmsg *why) MUST_USE;

/* moot.c: the current step asks about trouble that is over; true: it was passed over */
bool step_moot(struct session *s);
bool step_is_moot(struct session *s); /* would be, were it open now */
bool step_reached(struct session *s);
/* The current step's words of now: its own, or what it was. false: none. */
bool step_words(struct session *s, struct buf *out);
void step_close(struct session *s, enum step_status how);
void step_look_on(struct session *s); /* the current step's words are on the screen */
void step_judged(struct session *s, const struct step_verdict *v);
void step_answer(struct session *s, const struct step_answer *a);
void step_hint(struct session *s);
size_t steps_shown(const struct session *s); /* by a solution, or a late hint */
void step_skip(struct session *s, enum step_status how);
void step_solution(struct session *s);
void step_update(struct session *s, const struct update *u);
/* forecast.c: before an action of the learner, and once it was carried out */
void forecast_changing(struct session *s, const struct action *a);
void forecast_changed(struct session *s);
void forecast_add(struct session *s, const struct step_verdict *v);
void forecast_check(struct session *s);
/* "It was 250 ms and became 4.2 s" */
void forecast_words(const struct forecast *f, struct buf *b);

/* tape.c */
void tape_header(struct session *s);
void tape_put(struct session *s, const char *kind, const char *text);
void tape_time(struct session *s, bool force);
/* The score of what is over goes on the tape; where one stands there already it must be
 * the same: ERR_MISMATCH names its line. */
enum err tape_score(struct session *s, const struct score *score,
                    struct errmsg *why) MUST_USE;
/* *bad_line (may be NULL): the entry that does not hold. */
enum err tape_replay(struct session *s, const char *tape, size_t len, size_t *bad_line,
                     struct errmsg *why) MUST_USE;

/* rewind.c */
void mark_take(struct session *s); /* when it is time */
void mark_push(struct session *s); /* now */
enum err session_rewind(struct session *s, sim_time to, struct errmsg *why) MUST_USE;
void marks_release(struct session *s);
void branch_release(struct branch *b);
void action_remember(struct session *s, const struct action *a);

/* score.c */

/* The branch that counts: all of it, or what there was at the first rewind. Notes,
 * updates and facts are only ever added, so that a number of them says which. */
const struct run *scored_run(const struct session *s);
size_t scored_notes(const struct session *s);
size_t scored_saids(const struct session *s);
size_t scored_seen(const struct session *s);
size_t scored_facts(const struct session *s); /* of facts_seen */
size_t scored_hints(const struct session *s);
size_t scored_shown(const struct session *s);
size_t questions_answered(const struct session *s); /* rightly, as of now */
const struct done_action *scored_actions(const struct session *s, size_t *n);
bool note_open(const struct session *s, const struct note *n);
enum err rivals_run(struct session *s, struct rivals *v,
                    void (*progress)(void *ctx, double share), void *ctx,
                    struct errmsg *why) MUST_USE;
void rivals_release(struct rivals *v);
/* How it ended. `twin` (may be NULL) tells whom the learner turned away. */
/* The points that are left where steps were shown: the share of the others. */
int score_most_shown(const struct score *sc);
enum outcome outcome_of(const struct session *s, const struct recording *twin);
/* A group of those who can be worse off than before: the users of a client, and what the
 * objective is about besides, as the messages of a subscription. */
bool is_group(const struct model *m, comp_id c);
/* Users were well in the `window` before `at`; see run_well(). */
bool users_well(const struct run *r, sim_time at, sim_time window, double *margin);
/* The score; texts of the items live in `mem`. */
struct score score_of(const struct session *s, const struct rivals *v,
                      struct arena *mem, struct score_item items[SCORE_PARTS]);

#endif
