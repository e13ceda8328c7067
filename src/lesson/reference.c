/*
 * The author's reference: Markdown from the binding tables, the schema tables and the
 * engine's kinds - the same tables that decide what is accepted.
 */
#include "binding.h"
#include "facts.h"

#include "truecode/lesson_reference.h"
#include "truecode/verdict.h"

#include <string.h>

static const char *const types[] = {
    [FIELD_STRING] = "text",       [FIELD_TEXT] = "text",
    [FIELD_SAYS] = "words",        [FIELD_TEXTS] = "list of words",
    [FIELD_INT] = "whole number",  [FIELD_NUMBER] = "number",
    [FIELD_FRACTION] = "0 to 1",   [FIELD_BOOL] = "true/false",
    [FIELD_DURATION] = "duration", [FIELD_CLOCK] = "time of day",
    [FIELD_FUNCTION] = "function", [FIELD_STRINGS] = "texts",
    [FIELD_CHOICE] = "choice",     [FIELD_RECORDS] = "list",
    [FIELD_RECORD] = "record",     [FIELD_CUSTOM] = "see right",
};
static const char *const value_types[] = {
    [VALUE_NONE] = "",
    [VALUE_NUMBER] = "number",
    [VALUE_COUNT] = "whole number",
    [VALUE_FRACTION] = "0 to 1",
    [VALUE_DURATION] = "duration",
    [VALUE_BOOL] = "true/false",
    [VALUE_CHOICE] = "choice",
    [VALUE_DIST] = "distribution",
    [VALUE_COMP] = "component",
    [VALUE_TEXT] = "text",
};

/* A cell of a table: bars would end it. */
static void cell(struct buf *out, const char *s)
{
    for (; s && *s; s++) {
        if (*s == '|')
            buf_addch(out, '\\');
        buf_addch(out, *s);
    }
}

static void bindings(struct buf *out, const struct binding_table *t)
{
    bool method = strlen(t->library) == 1;
    buf_addf(out, "### %s\n\n", t->title);
    if (*t->doc)
        buf_addf(out, "%s\n\n", t->doc);
    buf_adds(out, "| write | what it is |\n| --- | --- |\n");
    for (size_t i = 0; i < t->n; i++) {
        const struct binding *b = &t->list[i];
        bool table = *b->args == '{';
        buf_addf(out, "| `%s%s%s%s", t->library,
                 *t->library ? (method ? ":" : ".") : "", b->name, table ? " " : "(");
        cell(out, b->args);
        buf_addf(out, "%s` | ", table ? "" : ")");
        cell(out, b->doc);
        buf_adds(out, " |\n");
    }
    buf_addch(out, '\n');
}

static void fields(struct buf *out, const struct schema *s)
{
    buf_addf(out,
             "### `%s`\n\n%s\n\n| field | type | what it is |\n| --- | --- | --- |\n",
             s->name, s->doc);
    for (size_t i = 0; i < s->n; i++) {
        const struct field *f = &s->fields[i];
        buf_addf(out, "| `%s`%s%s | ", f->name, f->required ? " *" : "",
                 f->pos == 1   ? " (1st)"
                 : f->pos == 2 ? " (2nd)"
                               : "");
        cell(out, f->type == FIELD_CHOICE ? f->choices : types[f->type]);
        buf_adds(out, " | ");
        cell(out, f->doc);
        buf_adds(out, " |\n");
    }
    buf_addch(out, '\n');
}

static void arguments(struct buf *out, const struct arg_desc *a)
{
    size_t n = 0;
    while (n < OP_ARGS && a[n].name)
        n++;
    for (size_t i = 0; i < n; i++)
        buf_addf(out, "%s%s%s: %s", i ? ", " : "", a[i].name, a[i].optional ? "?" : "",
                 value_types[a[i].type]);
}

static void params(struct buf *out, const struct kind_desc *k)
{
    if (k->nparams == 0)
        return;
    buf_adds(out, "| parameter | type | default | set | each | what it is |\n"
                  "| --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < k->nparams; i++) {
        const struct param_desc *p = &k->params[i];
        bool required = !p->def && p->type != VALUE_NONE;
        buf_addf(out, "| `%s`%s | ", p->name, required ? " *" : "");
        cell(out, p->type == VALUE_CHOICE ? p->choices : value_types[p->type]);
        buf_adds(out, " | ");
        cell(out, p->def ? p->def : "must be given");
        buf_addf(out, " | %s | %s | ",
                 p->change == CHANGE_NEVER ? "never" : change_word(p->change),
                 each_word(p->each));
        cell(out, p->doc);
        buf_adds(out, " |\n");
    }
    buf_addch(out, '\n');
}

static void verb(struct buf *out, const struct kind_desc *k, const char *what,
                 const char *name, const struct arg_desc *args, const char *doc)
{
    const char *example = lesson_verb_example(k->name, name);
    buf_addf(out, "- %s `%s(", what, name);
    arguments(out, args);
    buf_addf(out, ")`: %s", doc);
    if (example)
        buf_addf(out, " For example: `%s`.", example);
    buf_addch(out, '\n');
}

static void verbs(struct buf *out, const struct kind_desc *k)
{
    for (size_t i = 0; i < k->nops; i++)
        verb(out, k, "operation", k->ops[i].name, k->ops[i].args, k->ops[i].doc);
    for (size_t i = 0; i < k->nfaults; i++)
        verb(out, k, "fault", k->faults[i].name, k->faults[i].args, k->faults[i].doc);
    for (size_t i = 0; i < k->nmetrics; i++)
        buf_addf(out, "- metric `%s` (%s%s%s): %s\n", k->metrics[i].name,
                 k->metrics[i].type == METRIC_COUNTER ? "counter" : "gauge",
                 !strcmp(k->metrics[i].unit, "s") ? ", a duration" : "",
                 k->metrics[i].per_instance ? ", also per instance" : "",
                 k->metrics[i].doc);
    if (k->nops + k->nfaults + k->nmetrics)
        buf_addch(out, '\n');
}

/* Where it is written, and how. */
static void place(struct buf *out, const struct kind_desc *k)
{
    if (str_eq(k->name, "endpoint"))
        buf_addf(out, "Inside a `%s`: `endpoints = { name = { steps … } }`.\n\n",
                 k->within);
    else if (!k->within)
        buf_addf(out, "Inside whatever calls: `%ss = { callee = { … } }`.\n\n",
                 k->name);
    else
        buf_addf(out,
                 "Inside a `%s`: `%ss = { name = { … } }`, or just one, "
                 "`%s = { … }`.\n\n",
                 k->within, k->name, k->name);
}

static void kinds(struct buf *out)
{
    for (size_t i = 0; i < sim_kinds(); i++) {
        const struct kind_desc *k = sim_kind(i);
        buf_addf(out, "### kind `%s`\n\n%s\n\n", k->name, k->doc);
        if (k->nested)
            place(out, k);
        if (lesson_example(k->name))
            buf_addf(out, "```lua\n%s```\n\n", lesson_example(k->name));
        params(out, k);
        verbs(out, k);
    }
}

/* ---- lists of words -------------------------------------------------------------- */

static void row(struct buf *out, const char *word, const char *doc)
{
    buf_addf(out, "| `%s` | ", word);
    cell(out, doc);
    buf_adds(out, " |\n");
}

static void mechanisms(struct buf *out)
{
    buf_adds(out,
             "## Mechanisms\n\nThe course-wide list: what a suspicion may name.\n\n"
             "| mechanism | what it is |\n| --- | --- |\n");
    for (int m = 0; m < MECHANISM_COUNT; m++)
        row(out, mechanism_word((enum mechanism)m), mechanism_doc((enum mechanism)m));
    buf_addch(out, '\n');
}

static void facets(struct buf *out)
{
    buf_adds(
        out,
        "## Facets of `seen`\n\n`s:seen(\"checkout\", \"pool\")` is true once a "
        "command has shown that facet of that component in this step; "
        "`s:seen(\"checkout\")` once any has. Without a component: `status`, `map`, "
        "`alerts`, `changes`, `tickets`. `metric.NAME` is one metric. A facet that no "
        "command shows of the component is refused.\n\n"
        "| facet | of | shown by | what it is |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; facet_at(i); i++) {
        const struct facet *f = facet_at(i);
        buf_addf(out, "| `%s` | ", f->word);
        if (!f->kinds)
            buf_adds(out, "all");
        for (const char *p = f->kinds ? f->kinds + 1 : ""; *p; p++)
            if (*p != '|')
                buf_addch(out, *p);
            else if (p[1])
                buf_adds(out, ", ");
        buf_addf(out, " | %s | %s |\n", f->commands, f->doc);
    }
    buf_addch(out, '\n');
}

static void units(struct buf *out)
{
    buf_adds(out,
             "## Units of values\n\nHow a number of `values` is written where words "
             "hold it.\n\n| unit | what it is |\n| --- | --- |\n");
#define X(id, word, doc) row(out, word, doc);
    LIVE_UNITS(X)
#undef X
    buf_addch(out, '\n');
}

static void rules(struct buf *out)
{
    buf_adds(
        out,
        "## What `prove` proves\n\nFor each seed. `--only \"wrong restart\"` asks for "
        "some rows alone. What a false goal is made of stands behind it: "
        "`good_for(25m): 3m`.\n\n| row | what has to be so |\n| --- | --- |\n");
#define X(name, word, claim) row(out, word, claim);
    PROOF_LIST(X)
#undef X
    buf_adds(out, "\nWhat a wrong turn does:\n\n| harm | what has to be so |\n"
                  "| --- | --- |\n");
#define X(id, word, doc) row(out, word, doc);
    HARMS(X)
#undef X
    buf_addch(out, '\n');
}

void lesson_reference(struct buf *out)
{
    static const struct binding_table *const tables[] = {
        &bind_steps,   &bind_alerts,  &bind_time,     &bind_dist,  &bind_draw,
        &bind_program, &bind_actions, &bind_incident, &bind_facts, &bind_base,
        &bind_string,  &bind_table,   &bind_math,     &bind_utf8};
    buf_adds(out,
             "## Records\n\nFields with * must be given; (1st) may stand first without "
             "its name.\n\n");
    schemas_each(fields, out);
    buf_adds(out, "## Functions\n\n");
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        bindings(out, tables[i]);
    buf_adds(
        out,
        "## Kinds of components\n\nThe column *set* says how a parameter changes "
        "while the system runs. An operator may set what is *at once*, what holds "
        "after a *restart* of each instance or server, and hardware, by a *resize* "
        "of minutes. *built* (how it is made) and *users* (what users want) are no "
        "settings: the incident's schedule sets those too, and all of them at "
        "once. *never*: not even the schedule. The column *each* says whether "
        "every instance, or every calling instance, has as much; empty: the "
        "component as a whole.\n\n");
    kinds(out);
    mechanisms(out);
    facets(out);
    units(out);
    rules(out);
}
