/*
 * Suspects in a lesson file, and the facts that tell them apart.
 *
 *     suspects = { { "checkout", "pool-leak", right = true, also = { "orders-db" } },
 *                  { "orders-db", "overload" }, { "checkout.pool", "pool-too-small" } },
 *     facts = { { "sessions sit idle in a transaction", seen = "orders-db:sessions",
 *                 when = function(s) … end, fits = { "pool-leak" },
 *                 tells = "Sessions sit idle in a transaction: nobody is working." } },
 *
 * A fact fits every right suspect or none: one that fits is so at the page, any other is
 * not. Whoever has seen it so can exclude those for which it would be otherwise.
 */
#include "build.h"
#include "schema_fields.h"

#include <string.h>

/* ---- suspects -------------------------------------------------------------------- */

#define THIS struct suspect
static void read_mechanism(struct reader *r, const struct field *f, int line, void *out)
{
    struct suspect *x = out;
    const char *word = read_string(r, -1, line, f->name);
    x->mechanism = mechanism_find(word);
    if (x->mechanism == MECHANISM_COUNT)
        fail_unknown(r->L, line, "no such mechanism", word, mechanism_words(),
                     MECHANISM_COUNT);
}
static const struct field suspect_fields[] = {
    FPOS(1, "component", STRING, component, "a component's name"),
    {"mechanism", FIELD_CUSTOM, 0, 0, "a word of the course-wide list", 2, true, 0, 0,
     read_mechanism},
    F("right", BOOL, right, "true: it is this"),
    F("part", BOOL, part,
      "true: a true symptom; neither right nor a mistake, and no rival"),
    FLIST("also", STRINGS, also, nalso, NULL,
          "other components by which the place may be called"),
    F("reply", SAYS, reply, "a wrong one: what is said to whoever suspects it"),
};
static void check_suspect(struct reader *r, int line, void *record)
{
    const struct suspect *x = record;
    if (x->right && x->part)
        fail(r->L, line, "suspect '%.40s' is either right or part of it", x->component);
    if (x->right && x->reply.n)
        fail(r->L, line, "suspect '%.40s' is right: a reply is for a wrong one",
             x->component);
}
SCHEMA(suspect_schema, "suspect", "What it may be: a place and a mechanism.",
       suspect_fields, check_suspect);
#undef THIS

/* ---- facts ----------------------------------------------------------------------- */

#define THIS struct case_fact
static const struct field case_fact_fields[] = {
    FPOS(1, "name", STRING, name, "a few words: \"sessions sit idle\""),
    FREQ("when", FUNCTION, when, "function(s): true while it is so"),
    {"seen", FIELD_STRINGS, offsetof(THIS, seen), offsetof(THIS, nseen),
     "where it can be seen, as of `s:seen`: \"orders-db:sessions\", \"changes\"; any "
     "of "
     "several",
     0, true, 0, 0, 0},
    {"fits", FIELD_STRINGS, offsetof(THIS, fits_words), offsetof(THIS, nfits),
     "the suspects for which it would be so: mechanisms, or \"component mechanism\"", 0,
     true, 0, 0, 0},
    FREQ("tells", SAYS, tells,
         "what it says to whoever has seen it, in a sentence; interprets no more than "
         "was seen"),
};
static void check_case_fact(struct reader *r, int line, void *record)
{
    const struct case_fact *f = record;
    if (f->nseen == 0 || f->nfits == 0)
        fail(r->L, line, "fact '%.60s' needs a place where it is seen, and fits",
             f->name);
}
SCHEMA(
    case_fact_schema, "fact",
    "What tells suspects apart. A fact fits all right suspects (then it is so at the "
    "page) or none of them (then it is not).",
    case_fact_fields, check_case_fact);
#undef THIS

/* ---- both together --------------------------------------------------------------- */

bool lesson_rival(const struct lesson *l, size_t i)
{
    return !l->suspects[i].right && !l->suspects[i].part;
}

bool case_fact_excludes(const struct lesson *l, const struct case_fact *f, size_t i)
{
    bool fits = f->fits >> i & 1;
    return !l->suspects[i].part && f->holds != fits;
}

/* "pool-leak", or "checkout pool-leak". */
static bool is_called(const struct suspect *x, const char *word)
{
    const char *mechanism = mechanism_word(x->mechanism);
    size_t n = strlen(x->component);
    return str_eq(word, mechanism) ||
           (strncmp(word, x->component, n) == 0 && word[n] == ' ' &&
            str_eq(word + n + 1, mechanism));
}

static uint32_t suspects_called(struct reader *r, int line, const char *word)
{
    const struct lesson *l = r->l;
    const char *names[SUSPECTS_MAX];
    uint32_t found = 0;
    for (size_t i = 0; i < l->nsuspects; i++) {
        names[i] = mechanism_word(l->suspects[i].mechanism);
        if (is_called(&l->suspects[i], word))
            found |= 1u << i;
    }
    if (!found)
        fail_unknown(r->L, scan_line(r->h->scan, word, line),
                     "fits names no suspect: there is no", word, names, l->nsuspects);
    return found;
}

static uint32_t right_ones(const struct lesson *l)
{
    uint32_t right = 0;
    for (size_t i = 0; i < l->nsuspects; i++)
        right |= l->suspects[i].right ? 1u << i : 0;
    return right;
}

static void check_fits(struct reader *r, int line, struct case_fact *f)
{
    uint32_t right = right_ones(r->l);
    for (size_t i = 0; i < f->nfits; i++)
        f->fits |= suspects_called(r, line, f->fits_words[i]);
    f->holds = f->fits & right;
    if (f->holds && (f->fits & right) != right)
        fail(r->L, line,
             "fact '%.60s' fits one right suspect and not the other: it must fit all "
             "of them or none",
             f->name);
}

void check_suspects(struct reader *r, int line)
{
    struct lesson *l = r->l;
    const struct scan *scan = r->h->scan;
    int at = scan_line(scan, "suspects", line);
    if (l->nsuspects > SUSPECTS_MAX)
        fail(r->L, at, "suspects: %d at most", SUSPECTS_MAX);
    if (l->nsuspects > 0 && !right_ones(l) && !l->expect.quiet)
        fail(r->L, at, "none of the suspects is right: mark one with right = true");
    if (l->nfacts > CASE_FACTS_MAX)
        fail(r->L, scan_line(scan, "facts", line), "facts: %d at most", CASE_FACTS_MAX);
    for (size_t i = 0; i < l->nfacts; i++)
        check_fits(r, scan_line(scan, l->facts[i].name, line), &l->facts[i]);
}

void check_suspects_in(lua_State *L, const struct lesson *l, const struct model *m)
{
    int at = scan_line(&l->scan, "suspects", l->line);
    for (size_t i = 0; i < l->nsuspects; i++) {
        const struct suspect *x = &l->suspects[i];
        find_comp(L, m, x->component, scan_line(&l->scan, x->component, at));
        for (size_t k = 0; k < x->nalso; k++)
            find_comp(L, m, x->also[k], scan_line(&l->scan, x->also[k], at));
    }
    for (size_t i = 0; i < l->nfacts; i++)
        for (size_t k = 0; k < l->facts[i].nseen; k++)
            check_subject(L, m, l->facts[i].seen[k],
                          scan_line(&l->scan, l->facts[i].name, l->line));
}
