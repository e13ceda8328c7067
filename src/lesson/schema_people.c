/*
 * People in a lesson file: who they are, what they know, and what makes them
 * write.
 */
#include "binding.h"
#include "schema_fields.h"

#include <string.h>

/* ---- values in texts ------------------------------------------------------------- */

static bool value_known(const char *name, size_t n)
{
#define X(word, doc)                                                                   \
    if (n == sizeof #word - 1 && !strncmp(name, #word, n))                             \
        return true;
    PEOPLE_VALUES(X)
#undef X
    return false;
}

#define COMMA_VALUE(word, doc) ", {" #word "}"
#define VALUE_WORDS            (&("" PEOPLE_VALUES(COMMA_VALUE))[2])
static void check_values(struct reader *r, int line, const char *text)
{
    for (const char *p = strchr(text, '{'); p; p = strchr(p + 1, '{')) {
        size_t n = strcspn(p + 1, "}");
        if (!p[1 + n] || !value_known(p + 1, n))
            fail(r->L, line, "no such value {%.*s}; there are %s",
                 (int)(n < 40 ? n : 40), p + 1, VALUE_WORDS);
    }
}

/* ---- people ---------------------------------------------------------------------- */

#define THIS struct known
static const struct field known_fields[] = {
    FPOS(1, "about", STRING, about, "a component, or a word: what one asks about"),
    FPOS(2, "says", TEXT, says, "what is answered"),
    F("when", FUNCTION, when,
      "function(s): true while that is the answer; left out: always"),
};
SCHEMA(known_schema, "knows",
       "Something that a person knows. The first that fits answers.", known_fields,
       NULL);
#undef THIS

#define THIS struct person
static const struct field person_fields[] = {
    FPOS(1, "name", STRING, name, "\"Mara\""),
    FREQ("role", STRING, role, "a few words: \"support\", \"wrote the payment code\""),
    F("desk", BOOL, desk,
      "true: customers' complaints come to this person, who writes when the rules say "
      "so"),
    FLIST("knows", RECORDS, knows, nknows, &known_schema,
          "what the person can be asked"),
};
SCHEMA(person_schema, "person",
       "Somebody: `people = { mara = { \"Mara\", role = \"support\" } }`.",
       person_fields, NULL);
#undef THIS

void read_people(struct reader *r, const struct field *f, int line, void *out)
{
    struct lesson *l = out;
    lua_State *L = r->L;
    if (lua_type(L, -1) != LUA_TTABLE || lua_rawlen(L, -1) > 0)
        fail(L, line, "%s is written { mara = { \"Mara\", role = \"support\" } }",
             f->name);
    int t = lua_gettop(L);
    push_sorted_keys(L, t);
    size_t max = lua_rawlen(L, -1);
    if (max > PEOPLE_MAX)
        fail(L, line, "%d people at most", PEOPLE_MAX);
    l->people = arena_alloc(r->mem, (max + 1) * sizeof *l->people);
    for (; l->npeople < max; l->npeople++) {
        struct person *p = &l->people[l->npeople];
        lua_rawgeti(L, t + 1, (lua_Integer)l->npeople + 1);
        p->id = read_string(r, -1, line, "a person");
        lua_pop(L, 1);
        read_enter_named(r, t, p->id);
        read_record(r, -1, scan_line(r->h->scan, p->id, line), &person_schema, p);
        read_leave(r);
    }
    lua_settop(L, t);
}

/* ---- reactions ------------------------------------------------------------------- */

#define THIS                      struct reaction
#define BAR_REACTION(id, word, d) "|" word
#define REACTION_WORDS            (&("" REACTIONS(BAR_REACTION))[1])
static const struct field reaction_fields[] = {
    FPOS(1, "says", TEXT, says, "what is written; may hold values: {since}"),
    FREQ("by", STRING, by, "one of `people`"),
    {"on", FIELD_CHOICE, offsetof(THIS, on), 0,
     "the rule whose words these are; left out: a rule of the lesson's own", 0, false,
     REACTION_WORDS, 0, 0},
    F("when", FUNCTION, when, "function(s): only while this is true"),
};
static void check_reaction(struct reader *r, int line, void *record)
{
    struct reaction *x = record;
    const struct lesson *l = r->l;
    const char *names[PEOPLE_MAX];
    size_t n = 0;
    bool there = false;
    for (; l && n < l->npeople; n++) {
        names[n] = l->people[n].id;
        there |= str_eq(names[n], x->by);
    }
    if (!there)
        fail_unknown(r->L, line, "nobody in people is called", x->by, names, n);
    if (x->on == REACTION_OWN && x->when == FN_NONE)
        fail(r->L, line, "a reaction says `on` (a rule) or `when` (a function)");
    check_values(r, line, x->says);
}
SCHEMA(reaction_schema, "reaction",
       "Words for a rule that everybody has, or a rule of the lesson's own.",
       reaction_fields, check_reaction);
#undef THIS
