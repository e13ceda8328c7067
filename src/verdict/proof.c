/*
 * The prover's table: its rows, merging the tables of seeds proven elsewhere, print.
 */
#include "truecode/verdict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *proof_word(enum proof_kind kind)
{
    static const char *const words[PROOF_COUNT] = {
#define X(name, word, claim) [PROOF_##name] = word,
        PROOF_LIST(X)
#undef X
    };
    return words[kind];
}

struct prove_row *proof_row(struct proof *p, enum proof_kind kind, const char *name)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->rows[i].kind == kind &&
            strncmp(p->rows[i].name, name, sizeof p->rows[i].name - 1) == 0)
            return &p->rows[i];
    GROW(p->rows, p->n, p->cap);
    struct prove_row *r = &p->rows[p->n++];
    memset(r, 0, sizeof *r);
    r->kind = kind;
    r->margin_min = NAN;
    snprintf(r->name, sizeof r->name, "%s", name);
    return r;
}

void proof_merge(struct proof *a, const struct proof *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct prove_row *from = &b->rows[i];
        struct prove_row *to = proof_row(a, from->kind, from->name);
        bool closer = !isnan(from->margin_min) &&
                      (isnan(to->margin_min) || from->margin_min < to->margin_min);
        if ((from->failed && !to->failed) || (!to->failed && closer))
            memcpy(to->detail, from->detail, sizeof to->detail);
        if (from->failed && (!to->failed || from->first_bad_seed < to->first_bad_seed))
            to->first_bad_seed = from->first_bad_seed;
        if (closer)
            to->margin_min = from->margin_min;
        to->passed += from->passed;
        to->failed += from->failed;
    }
    a->ok = b->ok && (a->ok || a->seeds == 0);
    a->seeds += b->seeds;
}

void proof_release(struct proof *p)
{
    mem_free(p->rows);
    memset(p, 0, sizeof *p);
}

static void print_row(const struct prove_row *r, struct buf *out)
{
    buf_addf(out, "  %-4s %-8s %-40.40s ", r->failed ? "FAIL" : "ok",
             proof_word(r->kind), r->name);
    buf_addf(out, "%4u/%-4u ", r->passed, r->passed + r->failed);
    if (isnan(r->margin_min))
        buf_adds(out, "     -");
    else
        buf_addf(out, "%6.2f", r->margin_min);
    if (r->failed && r->first_bad_seed > 0) /* 0: of the file, whatever the seed */
        buf_addf(out, "  seed %llu: %s", (unsigned long long)r->first_bad_seed,
                 r->detail);
    else if (r->failed)
        buf_addf(out, "  %s", r->detail);
    else if (!isnan(r->margin_min))
        buf_addf(out, "  %s", r->detail);
    buf_addch(out, '\n');
}

void proof_print(const struct proof *p, const char *lesson_id, struct buf *out)
{
    buf_addf(out, "%s: %u seeds, %s\n", lesson_id, p->seeds,
             p->ok ? "proven" : "NOT PROVEN");
    if (p->n == 0)
        return;
    buf_adds(
        out,
        "       CHECK    NAME                                      PASSED    MARGIN  "
        "CLOSEST\n");
    for (size_t i = 0; i < p->n; i++)
        print_row(&p->rows[i], out);
}

/* ---- the table of all lessons ---------------------------------------------------- */

/* Of the rows with a measure the one that is closest to failing; NULL: none. */
static const struct prove_row *closest(const struct proof *p)
{
    const struct prove_row *least = NULL;
    for (size_t i = 0; i < p->n; i++)
        if (!isnan(p->rows[i].margin_min) &&
            (!least || p->rows[i].margin_min < least->margin_min))
            least = &p->rows[i];
    return least;
}

static unsigned rows_of(const struct proof *p, enum proof_kind kind)
{
    unsigned n = 0;
    for (size_t i = 0; i < p->n; i++)
        n += p->rows[i].kind == kind;
    return n;
}

void proof_head(struct buf *out)
{
    buf_adds(out,
             "| lesson | seeds | proven | fixes that win | wrong turns that hurt | "
             "checks passed | least margin | of |\n"
             "| --- | --- | --- | --- | --- | --- | --- | --- |\n");
}

void proof_line(const struct proof *p, const char *lesson_id, struct buf *out)
{
    unsigned passed = 0, all = 0;
    const struct prove_row *least = closest(p);
    for (size_t i = 0; i < p->n; i++) {
        passed += p->rows[i].passed;
        all += p->rows[i].passed + p->rows[i].failed;
    }
    buf_addf(out, "| `%s` | %u | %s | %u | %u | %u of %u |", lesson_id, p->seeds,
             p->ok ? "yes" : "**no**", rows_of(p, PROOF_FIX), rows_of(p, PROOF_WRONG),
             passed, all);
    if (least)
        buf_addf(out, " %.2f | %s: %s |\n", least->margin_min, proof_word(least->kind),
                 least->name);
    else
        buf_adds(out, " - | - |\n");
}
