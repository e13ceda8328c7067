/*
 * Promises in a lesson file: what users, data and freshness are held to, what
 * the business shows, and what would have prevented the incident.
 */
#include "schema_fields.h"

/* ---- users ----------------------------------------------------------------------- */

#define THIS struct slo_decl
static const struct field slo_fields[] = {
    FPOS(1, "name", STRING, slo.name,
         "a sentence: \"an order, or a plain no, within 2 s\""),
    FREQ("within", DURATION, slo.within, "good is answered within this"),
    F("max_age", DURATION, slo.max_age,
      "and no cached value in it is older; left out: any"),
    FREQ("good", FRACTION, slo.objective, "the share that must be good: 0.995"),
    FREQ("window", DURATION, slo.window, "the error budget's period"),
    FLIST("clients", STRINGS, clients, nclients, NULL,
          "whose requests, messages (a subscription) or runs (a job); left out: all "
          "users'"),
    F("hidden", BOOL, slo.hidden,
      "true: the team does not measure users; nothing shows them before the debrief"),
};
static void check_slo(struct reader *r, int line, void *record)
{
    struct slo_decl *s = record;
    s->given = true;
    s->line = line;
    if (!(s->slo.objective > 0 && s->slo.objective < 1))
        fail(r->L, line, "good must be between 0 and 1, like 0.995");
    if (s->nclients > CLIENTS_MAX)
        fail(r->L, line, "%d clients at most", CLIENTS_MAX);
}
SCHEMA(
    users_schema, "users",
    "What users are promised: the objective. What is not done in time is bad from that "
    "moment on; a window in which nobody came is unknown, not good.",
    slo_fields, check_slo);
#undef THIS

/* ---- data and freshness ---------------------------------------------------------- */

#define THIS struct data_promise
static const struct field data_fields[] = {
    FPOS(1, "name", STRING, name, "a sentence: \"nothing is charged twice\""),
    F("holds", FUNCTION, holds,
      "function(s): true while it is kept; left out: as long as `broken` does not "
      "rise"),
    F("broken", FUNCTION, broken,
      "function(s): a number, how often it was broken so far. Asked of past moments, "
      "too: "
      "s:total and what takes a window, nothing else"),
};
static void check_data(struct reader *r, int line, void *record)
{
    struct data_promise *d = record;
    d->line = line;
    if (d->holds == FN_NONE && d->broken == FN_NONE)
        fail(r->L, line, "promise '%.60s' needs holds or broken, a function(s)",
             d->name);
}
SCHEMA(data_schema, "data promise",
       "Something that must stay true of what was written. Its breaking counts.",
       data_fields, check_data);
#undef THIS

#define THIS struct fresh_promise
static const struct field fresh_fields[] = {
    FPOS(1, "name", STRING, name, "a sentence: \"the stock shown is at most 5 s old\""),
    FREQ("of", STRING, of,
         "a replica, subscription, broker, job or backup: its age counts"),
    FREQ("within", DURATION, within, "the most that it may be behind"),
};
static void check_fresh(struct reader *r, int line, void *record)
{
    (void)r;
    ((struct fresh_promise *)record)->line = line;
}
SCHEMA(fresh_schema, "fresh promise", "Data that is never older than so long.",
       fresh_fields, check_fresh);
#undef THIS

#define THIS struct promises_decl
static const struct field promises_fields[] = {
    {"users", FIELD_RECORD, offsetof(THIS, users), 0, "what users are promised", 0,
     true, 0, &users_schema, 0},
    FLIST("data", RECORDS, data, ndata, &data_schema,
          "what stays true of what was written"),
    FLIST("fresh", RECORDS, fresh, nfresh, &fresh_schema,
          "how old what is shown may be"),
};
static void check_promises(struct reader *r, int line, void *record)
{
    struct promises_decl *p = record;
    if (p->ndata > PROMISES_MAX || p->nfresh > PROMISES_MAX)
        fail(r->L, line, "%d promises of a sort at most", PROMISES_MAX);
}
SCHEMA(promises_schema, "promises",
       "What the business has promised. All of them count in goals, proofs and score.",
       promises_fields, check_promises);
#undef THIS

/* ---- what the business shows ----------------------------------------------------- */

#define THIS struct lesson
void read_shows(struct reader *r, const struct field *f, int line, void *out)
{
    struct lesson *l = out;
    l->nshows = read_length(r, -1, line, f->name);
    if (l->nshows > SHOWS_MAX)
        fail(r->L, line, "%d at most in shows", SHOWS_MAX);
    const char **list = arena_alloc(r->mem, (l->nshows + 1) * sizeof *list);
    for (size_t i = 0; i < l->nshows; i++) {
        read_enter(r, -1, i);
        list[i] = read_string(r, -1, line, "a name in shows");
        read_leave(r);
    }
    l->shows = list;
}
#undef THIS

/* ---- prevention ------------------------------------------------------------------ */

#define THIS struct prevention_decl
static void read_with(struct reader *r, const struct field *f, int line, void *out)
{
    struct prevention_decl *p = out;
    p->says.with = read_sets(r, f, line);
    p->says.built = true;
}
static void read_warning(struct reader *r, const struct field *f, int line, void *out)
{
    struct prevention_decl *p = out;
    read_alert(r, line, f->name, &p->alert);
    p->says.warned = true;
}
static const struct field prevention_fields[] = {
    FPOS(1, "text", STRING, says.text, "what the learner can pick"),
    F("right", BOOL, says.right, "true: a right one"),
    F("reply", SAYS, says.reply, "what is said when it is picked"),
    F("effort", STRING, says.effort, "what it takes, in a few words: \"an hour\""),
    FCUSTOM(
        "with", read_with,
        "{ set(…), … }: so from the beginning; the engine says what that would have "
        "saved"),
    FCUSTOM(
        "alert", read_warning,
        "threshold { … } or burn { … }: the engine says how much sooner it would have "
        "called"),
};
static void check_prevention(struct reader *r, int line, void *record)
{
    struct prevention_decl *p = record;
    p->says.line = line;
    if (!p->says.built)
        p->says.with = FN_NONE;
    if (p->says.built && p->says.warned)
        fail(r->L, line, "'%.60s' has either `with` or `alert`: one thing a choice",
             p->says.text);
}
SCHEMA(prevention_schema, "prevention",
       "Something that could have prevented it, or told of it sooner.",
       prevention_fields, check_prevention);
#undef THIS

#define THIS struct lesson
void check_preventions(struct reader *r, int line, const struct lesson *l)
{
    bool right = l->npreventions == 0;
    for (size_t i = 0; i < l->npreventions; i++)
        right |= l->preventions[i].says.right;
    line = scan_line(r->h->scan, "prevention", line);
    if (l->npreventions == 1 || l->npreventions > PREVENTIONS_MAX)
        fail(r->L, line, "prevention: 2 to %d choices", PREVENTIONS_MAX);
    if (!right)
        fail(r->L, line, "prevention has no right choice");
    for (size_t i = 0; i < l->nsteps; i++)
        step_prevent_choices(r, line, l, l->steps[i]);
}
#undef THIS
