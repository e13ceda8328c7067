/*
 * The words of a lesson file: one schema per record, from the lesson down to a hint.
 * These tables are the format. Checks that compare fields with each other stand beside
 * them; what needs the world (names of components) is checked when it is built.
 */
#include "binding.h"
#include "schema_fields.h"

#include <stdio.h>
#include <string.h>

/* ---- small records --------------------------------------------------------------- */

#define THIS struct trap
static const struct field trap_fields[] = {
    FPOS(1, "id", STRING, id, "a stable word"),
    FREQ("when", FUNCTION, when,
         "function(s): true when the learner took this wrong turn"),
    FREQ("say", SAYS, say, "what is said then, once"),
};
static SCHEMA(trap_schema, "trap",
              "A known wrong turn, looked for after the first change.", trap_fields,
              NULL);
#undef THIS

#define THIS struct cited
static const struct field cited_fields[] = {
    FPOS(1, "text", STRING, text, "\"Duo, 2018\""),
    FPOS(2, "url", STRING, url, "https://…"),
};
static void check_url(struct reader *r, int line, const char *url)
{
    if (url && !str_starts(url, "https://"))
        fail(r->L, line, "'%.60s' must begin with https://", url);
}
static void check_cited(struct reader *r, int line, void *record)
{
    check_url(r, line, ((struct cited *)record)->url);
}
static SCHEMA(cited_schema, "incident of the kind", "A public report.", cited_fields,
              check_cited);
#undef THIS

#define THIS struct post_decl
static const struct field post_fields[] = {
    FREQ("title", STRING, title, "the post's title"),
    FREQ("url", STRING, url, "its address"),
    FREQ("basis", STRING, basis, "how much of it this lesson knows: opening or title"),
};
static void check_post(struct reader *r, int line, void *record)
{
    struct post_decl *p = record;
    check_url(r, line, p->url);
    if (choice_index("opening|title", p->basis) < 0)
        fail(r->L, line, "basis '%.40s' must be opening or title", p->basis);
}
static SCHEMA(post_schema, "post", "The post of the series that the lesson goes with.",
              post_fields, check_post);
#undef THIS

/* ---- courses: fixes and wrong fixes ---------------------------------------------- */

#define THIS                    struct course
#define BAR_WORD(id, word, doc) "|" word
#define HARM_WORDS              (&("" HARMS(BAR_WORD))[1])
#define COURSE_FIELDS                                                                  \
    FPOS(1, "title", STRING, title, "a few words"),                                    \
        {"lines",                                                                      \
         FIELD_STRINGS,                                                                \
         offsetof(THIS, lines),                                                        \
         offsetof(THIS, nlines),                                                       \
         "console lines, in order",                                                    \
         2,                                                                            \
         true,                                                                         \
         0,                                                                            \
         0,                                                                            \
         0},                                                                           \
        F("says", SAYS, says, "for the debrief: why it did what it did"),              \
        F("used", FUNCTION, used,                                                      \
          "function(s): true when the learner did this; left out: told by its "        \
          "actions")
static const struct field fix_fields[] = {COURSE_FIELDS};
static void check_fix(struct reader *r, int line, void *record)
{
    (void)r;
    (void)line;
    ((struct course *)record)->price = FN_NONE;
}
static SCHEMA(fix_schema, "fix", "A course that wins. The first is the reference.",
              fix_fields, check_fix);

static const struct field wrong_fields[] = {
    COURSE_FIELDS,
    {"harm", FIELD_CHOICE, offsetof(THIS, harm), 0, "what it does; see below", 0, true,
     HARM_WORDS, 0, 0},
    F("client", STRING, client, "worse: whose users lose; left out: anybody's"),
    F("breaks_by", STRING, until, "fragile: \"the 10 s hiccup at min 40\""),
    F("breaks_at", DURATION, until_at, "fragile: when that is, on the simulated clock"),
    F("price", FUNCTION, price,
      "costly: function(s): true after it, and false after every fix"),
};
static void check_wrong(struct reader *r, int line, void *record)
{
    struct course *c = record;
    c->harm++; /* choices begin at HARM_WORSE */
    if (c->harm == HARM_FRAGILE && (!c->until || !c->until_at))
        fail(r->L, line, "a fragile fix says breaks_by and breaks_at");
    if (c->harm == HARM_COSTLY && c->price == FN_NONE)
        fail(r->L, line,
             "a costly fix has a price = function(s): true after it, and false after "
             "every fix");
    if (c->harm != HARM_COSTLY && c->price != FN_NONE)
        fail(r->L, line, "only a costly fix has a price");
}
static SCHEMA(
    wrong_schema, "wrong fix",
    "A course that tempts and fails. `harm`: worse (some users lose more than "
    "without it), returns (good, then bad again), fragile (holds until a later "
    "event), nothing (no better), partial (better, not won), costly (wins, at a "
    "price), loses (breaks a promise of data or freshness more than doing nothing).",
    wrong_fields, check_wrong);
#undef THIS

/* ---- expectations, glossary, objective, alerts ----------------------------------- */

static struct predicate *read_predicates(struct reader *r, int line, size_t *n)
{
    lua_State *L = r->L;
    if (lua_type(L, -1) != LUA_TTABLE)
        fail(L, line, "predicates are written { [\"name\"] = function(s) … end }");
    int t = lua_gettop(L);
    push_sorted_keys(L, t);
    size_t max = lua_rawlen(L, -1);
    if (max > LIST_MAX)
        fail(L, line, "too many predicates");
    struct predicate *list = arena_alloc(r->mem, (max + 1) * sizeof *list);
    for (*n = 0; *n < max; ++*n) {
        lua_rawgeti(L, t + 1, (lua_Integer)*n + 1);
        if (lua_type(L, -1) != LUA_TSTRING)
            fail(L, line,
                 "each predicate needs a name: [\"orders stop\"] = function(s) …");
        list[*n].name = read_string(r, -1, line, "a name");
        int at = scan_line(r->h->scan, list[*n].name, line);
        lua_rawget(L, t);
        if (lua_type(L, -1) != LUA_TFUNCTION)
            fail(L, at, "'%.60s' must be a function(s)", list[*n].name);
        list[*n].fn = read_kept(r, list[*n].name);
        lua_pop(L, 1);
    }
    lua_settop(L, t);
    return list;
}

#undef THIS
#define THIS struct expect_decl
static void read_moves(struct reader *r, const struct field *f, int line, void *out)
{
    struct expect_decl *e = out;
    (void)f;
    e->moves = read_predicates(r, line, &e->nmoves);
}
static void read_normals(struct reader *r, const struct field *f, int line, void *out)
{
    struct expect_decl *e = out;
    (void)f;
    e->normals = read_predicates(r, line, &e->nnormals);
}
static const struct field expect_fields[] = {
    F("at", DURATION, at, "watched for a minute from then; left out: starts_at"),
    F("quiet", BOOL, quiet, "true: nothing is wrong and changing anything loses"),
    FCUSTOM("moves", read_moves, "[\"name\"] = function(s): true within that minute"),
    FCUSTOM("normal", read_normals, "[\"name\"] = function(s): true all the time"),
};
static SCHEMA(expect_schema, "expect", "What can be seen before anybody acts.",
              expect_fields, NULL);
#undef THIS

#define THIS struct alert_decl
static const struct field threshold_fields[] = {
    FPOS(1, "name", STRING, rule.name, "\"checkout error rate\""),
    FREQ("of", STRING, comp, "a component's name"),
    FREQ("metric", STRING, rule.metric, "its metric; counters per second"),
    F("above", NUMBER, above, "fires above this value"),
    F("below", NUMBER, below_value, "or below this one"),
    F("hold", DURATION, rule.hold, "only after so long"),
    F("page", BOOL, rule.page, "true: pages; else only listed"),
};
static const struct field burn_fields[] = {
    FPOS(1, "name", STRING, rule.name, "\"orders: budget burns fast\""),
    FREQ("factor", NUMBER, rule.factor, "times too fast: 14.4"),
    FREQ("long", DURATION, rule.long_window, "over this window"),
    FREQ("short", DURATION, rule.short_window, "and still over this one"),
    F("page", BOOL, rule.page, "true: pages; else only listed"),
};
static SCHEMA(threshold_schema, "threshold", "An alert on a metric.", threshold_fields,
              NULL);
static SCHEMA(burn_schema, "burn", "An alert on the objective's burn rate.",
              burn_fields, NULL);
#undef THIS

void read_alert(struct reader *r, int line, const char *what, struct alert_decl *a)
{
    bool burn = is_marked(r->L, -1, "burn");
    if (!burn && !is_marked(r->L, -1, "threshold"))
        fail(r->L, line, "%s must be made with burn or threshold", what);
    a->above = a->below_value = __builtin_nan("");
    a->line = mark_line(r->L, -1, line);
    a->rule.kind = burn ? ALERT_BURN : ALERT_THRESHOLD;
    a->rule.comp = COMP_NONE;
    read_record(r, -1, line, burn ? &burn_schema : &threshold_schema, a);
    bool above = a->above == a->above, below = a->below_value == a->below_value;
    if (!burn && above == below)
        fail(r->L, a->line, "alert '%.40s' needs either above or below", a->rule.name);
    a->rule.below = below;
    a->rule.value = below ? a->below_value : a->above;
}

#define THIS struct lesson
static void read_alerts(struct reader *r, const struct field *f, int line, void *out)
{
    struct lesson *l = out;
    char what[32];
    l->nalerts = read_length(r, -1, line, f->name);
    if (l->nalerts > ALERTS_MAX)
        fail(r->L, line, "%d alerts at most", ALERTS_MAX);
    l->alerts = arena_alloc(r->mem, (l->nalerts + 1) * sizeof *l->alerts);
    for (size_t i = 0; i < l->nalerts; i++) {
        read_enter(r, -1, i);
        snprintf(what, sizeof what, "alert %zu", i + 1);
        read_alert(r, line, what, &l->alerts[i]);
        read_leave(r);
    }
}

static void read_glossary(struct reader *r, const struct field *f, int line, void *out)
{
    struct lesson *l = out;
    lua_State *L = r->L;
    if (lua_type(L, -1) != LUA_TTABLE)
        fail(L, line, "%s must be { [\"term\"] = \"meaning\" }", f->name);
    int t = lua_gettop(L);
    push_sorted_keys(L, t);
    size_t max = lua_rawlen(L, -1);
    if (max > LIST_MAX)
        fail(L, line, "too many terms");
    l->glossary = arena_alloc(r->mem, (max + 1) * sizeof *l->glossary);
    for (; l->nglossary < max; l->nglossary++) {
        struct glossary_term *g = &l->glossary[l->nglossary];
        lua_rawgeti(L, t + 1, (lua_Integer)l->nglossary + 1);
        g->word = read_string(r, -1, line, "a term");
        lua_rawget(L, t);
        g->meaning = read_string(r, -1, scan_line(r->h->scan, g->word, line), g->word);
        lua_pop(L, 1);
    }
    lua_settop(L, t);
}

/* A list of set(…), kept as it is until a world is built. */
fn_id read_sets(struct reader *r, const struct field *f, int line)
{
    size_t n = read_length(r, -1, line, f->name);
    for (size_t i = 1; i <= n; i++) {
        lua_rawgeti(r->L, -1, (lua_Integer)i);
        if (!is_marked(r->L, -1, "action"))
            fail(r->L, line, "%s is written { set(\"component.parameter\", value), … }",
                 f->name);
        lua_pop(r->L, 1);
    }
    return read_kept(r, NULL);
}

static void read_twin(struct reader *r, const struct field *f, int line, void *out)
{
    ((struct lesson *)out)->twin = read_sets(r, f, line);
}

/* ---- the lesson ------------------------------------------------------------------ */

#define COMMA_WORD(name, doc) ", " #name
#define STEP_WORDS            (&("" STEP_KINDS(COMMA_WORD))[2])
#define TRACKS                "think|fail|recover|scale|good|start|lab"
static const struct field lesson_fields[] = {
    FREQ("id", STRING, info.id, "small letters, digits and -; never reused"),
    FREQ("title", STRING, info.title, "as the list shows it"),
    FREQ("track", STRING, info.track,
         "think, fail, recover, scale, good, start or lab"),
    F("summary", TEXT, info.summary, "one or two sentences for the list"),
    F("minutes", INT, info.minutes, "how long it takes"),
    F("level", INT, info.level, "1 to 5"),
    {"post", FIELD_RECORD, offsetof(THIS, post), 0, "the post it goes with", 0, 0, 0,
     &post_schema, 0},
    FLIST("teaches", STRINGS, info.teaches, info.nteaches, NULL,
          "what one takes away, in words"),
    F("place", TEXT, info.place, "the business and the people, for the first page"),
    F("page", TEXT, info.page, "what the pager says"),
    F("day_start", CLOCK, info.day_start, "time of day at simulated time 0: \"19:40\""),
    F("starts_at", DURATION, info.starts_at,
      "when the page goes off; it has run so long"),
    F("ends_at", DURATION, info.ends_at,
      "a run on call is over then; with a guide there are two hours more"),
    F("good_for", DURATION, info.good_for, "how long users must be well to have won"),
    F("expert", DURATION, info.expert,
      "how long somebody who knows it looks before acting: the reference; left out: 5 "
      "minutes"),
    F("guided_start", BOOL, info.guided_start, "true: explains the screen as it goes"),
    FLIST("tools", STRINGS, info.tools, info.ntools, NULL,
          "commands for `help`, the useful ones first"),
    FREQ("world", FUNCTION, world, "function(w): builds the system"),
    F("incident", FUNCTION, incident, "function(i): what happens to it"),
    FCUSTOM(
        "twin", read_twin,
        "{ set(…), … }: how it would have been built without what is wrong with it"),
    {"promises", FIELD_RECORD, offsetof(THIS, promises), 0,
     "what users need, what is kept, how fresh it is", 0, 0, 0, &promises_schema, 0},
    FCUSTOM(
        "shows", read_shows,
        "what this business measures: a counter's name, or \"component.metric\". The "
        "screen begins with these and gives nothing else away; left out: everything"),
    FCUSTOM("alerts", read_alerts, "a list of burn { … } and threshold { … }"),
    {"expect", FIELD_RECORD, offsetof(THIS, expect), 0, "what can be seen at first", 0,
     0, 0, &expect_schema, 0},
    FCUSTOM("steps", read_steps, STEP_WORDS),
    FLIST("traps", RECORDS, traps, ntraps, &trap_schema, "known wrong turns"),
    FCUSTOM("people", read_people, "{ mara = { \"Mara\", role = \"support\" } }"),
    FLIST("reactions", RECORDS, reactions, nreactions, &reaction_schema,
          "what people write, beside what they write everywhere"),
    {"quiet", FIELD_RECORD, offsetof(THIS, quiet), 0,
     "a night on which nothing is wrong, in its own words", 0, 0, 0, &quiet_schema, 0},
    FLIST("suspects", RECORDS, suspects, nsuspects, &suspect_schema,
          "what it may be, 3 to 6, at least one of them right"),
    FLIST("facts", RECORDS, facts, nfacts, &case_fact_schema,
          "what tells the suspects apart"),
    FLIST("fixes", RECORDS, fixes, nfixes, &fix_schema, "courses that win"),
    FLIST("wrong", RECORDS, wrongs, nwrongs, &wrong_schema, "courses that tempt"),
    FLIST("prevention", RECORDS, preventions, npreventions, &prevention_schema,
          "what could have prevented it: the choices of the step `prevent`"),
    {"design", FIELD_RECORD, offsetof(THIS, design), 0,
     "a budget of improvements, chosen before faults come", 0, 0, 0, &design_schema, 0},
    F("debrief", SAYS, debrief, "short paragraphs; what would have prevented it"),
    FLIST("sums", TEXTS, sums, nsums, NULL, "the arithmetic, a line each"),
    FLIST("real", RECORDS, reals, nreals, &cited_schema,
          "public incidents of the kind"),
    FCUSTOM("values", read_values,
            "name = { unit, function(s) … end }: numbers that words may hold, {name}"),
    FCUSTOM("glossary", read_glossary, "[\"term\"] = \"meaning\""),
};

static bool good_id(const char *id)
{
    size_t n = strlen(id);
    return n > 0 && n <= 40 && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static void check_times(struct reader *r, int line, struct lesson *l)
{
    struct lesson_info *i = &l->info;
    if (!l->expect.at)
        l->expect.at = i->starts_at;
    if (!i->good_for)
        i->good_for = 3 * SIM_MIN;
    if (!i->ends_at)
        i->ends_at = i->starts_at + SIM_HOUR;
    if (!i->expert)
        i->expert = 5 * SIM_MIN;
    if (i->ends_at <= i->starts_at + i->good_for)
        fail(r->L, scan_line(r->h->scan, "ends_at", line),
             "ends_at must be later than starts_at and good_for together");
    if (i->ends_at > 48 * SIM_HOUR)
        fail(r->L, scan_line(r->h->scan, "ends_at", line), "ends_at: two days at most");
}

static void check_lesson(struct reader *r, int line, void *record)
{
    struct lesson *l = record;
    struct lesson_info *i = &l->info;
    const char *tracks[] = {"think", "fail",  "recover", "scale",
                            "good",  "start", "lab"};
    l->line = line;
    check_texts(r);
    check_suspects(r, line);
    i->post_title = l->post.title;
    i->post_url = l->post.url;
    i->post_basis = l->post.basis;
    i->quiet = l->expect.quiet;
    if (!good_id(i->id))
        fail(r->L, scan_line(r->h->scan, "id", line),
             "id '%.60s' must be small letters, digits and -, 40 at most", i->id);
    if (choice_index(TRACKS, i->track) < 0)
        fail_unknown(r->L, scan_line(r->h->scan, "track", line), "no such track",
                     i->track, tracks, COUNT_OF(tracks));
    check_times(r, line, l);
    check_preventions(r, line, l);
    check_design_times(r, l);
    if (!strcmp(i->track, "lab") || l->draft)
        return;
    if (!l->promises.users.given)
        fail(r->L, line,
             "lesson lacks promises = { users = { … } } (what users need); a draft "
             "may: play --draft");
    if (i->level < 1 || i->level > 5 || i->minutes < 1 || i->minutes > 240)
        fail(r->L, line, "lesson needs level from 1 to 5 and minutes from 1 to 240");
    if (!i->quiet && (l->incident == FN_NONE || (l->nfixes == 0 && !l->design.given) ||
                      l->nsteps == 0))
        fail(r->L, line, "lesson lacks %s; a draft may: play --draft",
             l->incident == FN_NONE ? "incident = function(i) … end"
             : l->nsteps == 0       ? "steps = { … }"
                                    : "fixes = { … }");
}
SCHEMA(lesson_schema, "lesson", "The whole file: `return lesson { … }`.", lesson_fields,
       check_lesson);

/* ---- the lab --------------------------------------------------------------------- */

static const struct field lab_fields[] = {
    FPOS(1, "name", STRING, info.title, "a few words: what is tried"),
    F("about", TEXT, info.summary, "what to expect, and why"),
    F("ends_at", DURATION, info.ends_at, "how long it runs; left out: 11 minutes"),
    F("warm_up", DURATION, info.starts_at,
      "what ends before is not measured; left out: a tenth of ends_at"),
    F("batches", INT, batches,
      "stretches of equal length that errors are told from: 20 to 1000; left out: 20"),
    FREQ("world", FUNCTION, world, "function(w): builds the system"),
    F("incident", FUNCTION, incident, "function(i): what happens to it, and when"),
    {"promises", FIELD_RECORD, offsetof(THIS, promises), 0,
     "of `users`: what they need; left out: any answer is good", 0, 0, 0,
     &promises_schema, 0},
};
static void check_lab(struct reader *r, int line, void *record)
{
    struct lesson *l = record;
    struct lesson_info *i = &l->info;
    l->line = line;
    i->id = "lab";
    i->track = "lab";
    if (!l->batches)
        l->batches = LAB_BATCHES_MIN;
    if (l->batches < LAB_BATCHES_MIN || l->batches > LAB_BATCHES_MAX)
        fail(r->L, scan_line(r->h->scan, "batches", line), "batches: %d to %d",
             LAB_BATCHES_MIN, LAB_BATCHES_MAX);
    if (!i->ends_at)
        i->ends_at = 11 * SIM_MIN;
    if (i->ends_at < SIM_SEC || i->ends_at > LAB_LONGEST)
        fail(r->L, scan_line(r->h->scan, "ends_at", line),
             "ends_at: from a second to 30 days");
    l->warm_up_left_out = i->starts_at == LAB_WARM_UP_UNSET;
    if (l->promises.ndata + l->promises.nfresh > 0)
        fail(r->L, scan_line(r->h->scan, "promises", line),
             "a lab measures what users are promised, nothing else");
    if (l->warm_up_left_out)
        i->starts_at = i->ends_at / LAB_WARM_UP_PART;
    if (i->starts_at >= i->ends_at)
        fail(r->L, scan_line(r->h->scan, "warm_up", line),
             "warm_up must be shorter than ends_at");
}
SCHEMA(lab_schema, "lab", "A world to measure, without a story: `return lab { … }`.",
       lab_fields, check_lab);
#undef THIS

/* ---- the reference's order ------------------------------------------------------- */

static void each_of(const struct schema *const *list,
                    void (*each)(struct buf *out, const struct schema *s),
                    struct buf *out)
{
    for (; list && *list; list++)
        each(out, *list);
}

void schemas_each(void (*each)(struct buf *out, const struct schema *s),
                  struct buf *out)
{
    static const struct schema *const before[] = {
        &lesson_schema, &post_schema, &promises_schema,  &users_schema,  &data_schema,
        &fresh_schema,  &burn_schema, &threshold_schema, &expect_schema, NULL};
    static const struct schema *const after[] = {
        &trap_schema,       &person_schema,    &known_schema,       &reaction_schema,
        &suspect_schema,    &case_fact_schema, &fix_schema,         &wrong_schema,
        &prevention_schema, &design_schema,    &improvement_schema, &cited_schema,
        &live_schema,       &quiet_schema,     &lab_schema,         NULL};
    each_of(before, each, out);
    for (size_t i = 0; i < step_kinds(); i++) {
        each(out, step_kind_at(i)->schema);
        each_of(step_kind_at(i)->parts, each, out);
    }
    each_of(after, each, out);
}

/* ---- constructors: they only mark their table with what it is and where ---------- */

static int mark(lua_State *L, const char *name)
{
    if (lua_type(L, 1) != LUA_TTABLE)
        fail(L, 0, "%s takes a table: %s { … }", name, name);
    mark_table(L, 1, name);
    lua_settop(L, 1);
    return 1;
}

#define CONSTRUCTOR(name)                                                              \
    static int make_##name(lua_State *L)                                               \
    {                                                                                  \
        return mark(L, #name);                                                         \
    }
CONSTRUCTOR(lesson)
CONSTRUCTOR(course)
CONSTRUCTOR(lab)
#define X(name, doc) CONSTRUCTOR(name)
STEP_KINDS(X)
#undef X
CONSTRUCTOR(burn)
CONSTRUCTOR(threshold)

static const struct binding step_list[] = {
    {"lesson", "{ … }", make_lesson, "A lesson: what the file returns."},
    {"course", "{ … }", make_course, "The order of lessons: what course.lua returns."},
    {"lab", "{ … }", make_lab,
     "A world to measure: what a file for `truecode lab` returns."},
#define X(name, doc) {#name, "{ … }", make_##name, doc},
    STEP_KINDS(X)
#undef X
};
const struct binding_table bind_steps = {"", "The file and its steps", "", step_list,
                                         COUNT_OF(step_list)};
static const struct binding alert_list[] = {
    {"burn", "{ … }", make_burn, "An alert on the objective's burn rate."},
    {"threshold", "{ … }", make_threshold, "An alert on a metric."},
};
const struct binding_table bind_alerts = {"", "Alerts", "", alert_list,
                                          COUNT_OF(alert_list)};
