/*
 * find: something to find out. The step asks for a finding: a component, a number, a time,
 * a state; or it opens a line of the incident sheet. The value is typed at the prompt and
 * held against the world as it is then (session/finding.c); commands typed meanwhile run,
 * and the question stays.
 */
#define STEP(m) step.m
#include "step_internal.h"
#include "values.h"

#include <string.h>

struct find_step {
    struct step step;
    struct finding finding;
    bool timed; /* `within` was written as a duration */
};

static const char *const words[] = {
#define X(id, word, typed) [FINDING_##id] = word,
    FINDINGS(X) FINDING_LINES(X)
#undef X
};
_Static_assert(COUNT_OF(words) == FINDING_COUNT, "a finding has no word");
static const char *const typed[] = {
#define X(id, word, typed) [FINDING_##id] = typed,
    FINDINGS(X) FINDING_LINES(X)
#undef X
};

/* ---- fields ---------------------------------------------------------------------- */

#define THIS struct finding_reply
static const struct field reply_fields[] = {
    FPOS(1, "answer", STRING, answer, "what was answered"),
    FPOS(2, "says", SAYS, says, "what is said of it; never what is right"),
};
static SCHEMA(reply_schema, "find reply", "Said of one wrong answer.", reply_fields,
              NULL);
#undef THIS

#define THIS struct find_step
static enum finding_of find_word(const char *word, enum finding_of from,
                                 enum finding_of end)
{
    while (from < end && !str_eq(words[from], word))
        from++;
    return from;
}

static void read_of(struct reader *r, const struct field *f, int line, void *out)
{
    struct find_step *x = out;
    const char *word = read_string(r, -1, line, f->name);
    x->finding.of = find_word(word, 0, FINDING_HURT);
    if (x->finding.of == FINDING_HURT)
        fail_unknown(r->L, line, "a finding is not", word, words, FINDING_HURT);
}

/* A function, or the word of a line. */
static void read_answer(struct reader *r, const struct field *f, int line, void *out)
{
    struct find_step *x = out;
    x->finding.answer = FN_NONE;
    if (lua_type(r->L, -1) == LUA_TFUNCTION && !lua_iscfunction(r->L, -1)) {
        x->finding.answer = read_kept(r, NULL);
        return;
    }
    const char *word = read_string(r, -1, line, f->name);
    enum finding_of of = find_word(word, FINDING_HURT, FINDING_COUNT);
    if (of == FINDING_COUNT)
        fail_unknown(r->L, line,
                     "answer is a function(s) or a line of the sheet; there is no",
                     word, words + FINDING_HURT, FINDING_COUNT - FINDING_HURT);
    x->finding.line = words[of];
    x->finding.of = of;
}

/* A share, or a duration in nanoseconds: which of them is right is known when all is read. */
static void read_within(struct reader *r, const struct field *f, int line, void *out)
{
    struct find_step *x = out;
    x->timed = is_duration(r->L, -1);
    if (x->timed)
        x->finding.within = (double)duration_at(r->L, -1);
    else if (lua_type(r->L, -1) == LUA_TNUMBER)
        x->finding.within = lua_tonumber(r->L, -1);
    else
        fail(r->L, line, "%s is a share or a duration, not a %s", f->name,
             type_word(r->L, -1));
}

#define BAR(id, word, typed)   "|" word
#define COMMA(id, word, typed) ", " word
#define OF_WORDS               (&("" FINDINGS(COMMA))[2])
#define LINE_WORDS             (&("" FINDING_LINES(COMMA))[2])
static const struct field fields[] = {
    STEP_FIELDS,
    FCUSTOM("of", read_of,
            "what is asked for, with a function as answer: component, "
            "number, time, client, share or state"),
    {"answer", FIELD_CUSTOM, 0, 0,
     "function(s): what is right now (component, client, state: a name, or several; "
     "number, share: a number; time: simulated time); or a line of the sheet: hurt, "
     "since, much, suspect, trigger or state, whose truth the engine knows",
     0, true, 0, 0, read_answer},
    FCUSTOM("within", read_within,
            "how far off is right: of the truth (number, share; left out: 0.2), or a "
            "duration "
            "(time; left out: 3 minutes)"),
    F("watch", BOOL, finding.watch,
      "true: time goes on while it is open; left out: the clock stands"),
    FLIST("replies", RECORDS, finding.replies, finding.nreplies, &reply_schema,
          "{ { \"orders-db\", \"…\" }, … }: said of one answer each"),
    F("near", SAYS, finding.near, "said of a near miss: comments, and never reveals"),
    F("wrong", SAYS, finding.wrong, "said of any other answer"),
    STEP_SOLUTION,
};

static void check(struct reader *r, int line, void *record)
{
    struct find_step *x = record;
    struct finding *f = &x->finding;
    bool given = false;
    step_name(r, line, record);
    lua_getfield(r->L, -1, "of");
    given = !lua_isnil(r->L, -1);
    lua_pop(r->L, 1);
    if (!f->line && !given)
        fail(r->L, line, "step '%.40s' needs of: what its answer is", x->step.id);
    if (f->line && given)
        fail(r->L, line, "step '%.40s': a line of the sheet needs no of", x->step.id);
    if (f->line && f->within)
        fail(r->L, line, "step '%.40s': the sheet says what is near enough to '%s'",
             x->step.id, f->line);
    if (f->within && x->timed != (f->of == FINDING_TIME))
        fail(r->L, line, "step '%.40s': within is a %s", x->step.id,
             f->of == FINDING_TIME ? "duration, like min(3)"
                                   : "share of the truth, like 0.1");
    if (!f->within)
        f->within = f->of == FINDING_TIME ? (double)(3 * SIM_MIN) : 0.2;
    x->step.finding = f;
}
static SCHEMA(schema, "find", "Something to find out, typed at the prompt.", fields,
              check);
#undef THIS

/* ---- the kind -------------------------------------------------------------------- */

bool step_wants_suspect(const struct step *st)
{
    return st->finding && st->finding->of == FINDING_SUSPECT;
}

static bool reached(const struct step *st, const struct step_eyes *eyes)
{
    return step_wants_suspect(st) && eyes->suspected;
}

static struct step_how how(const struct step *st)
{
    return (struct step_how){.shown = typed[st->finding->of]};
}

static void identify(const struct step *st, struct step_print *out)
{
    const struct finding *f = st->finding;
    step_print_text(out, words[f->of]);
    step_print_text(out, f->line);
    step_print_number(out, (int64_t)(f->within * (f->of == FINDING_TIME ? 1 : 1e6)));
    step_print_sign(out, f->watch ? '+' : '-');
    if (!f->line)
        step_print_fn(out, f->answer);
}

static const struct schema *const parts[] = {&reply_schema, NULL};
const struct step_kind step_kind_find = {
    .name = "find",
    .schema = &schema,
    .parts = parts,
    .size = sizeof(struct find_step),
    .investigates = true,
    .finds = true,
    .reached = reached,
    .how = how,
    .identify = identify,
};
