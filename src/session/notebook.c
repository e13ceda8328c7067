/*
 * The notebook: suspicions, what was ruled out, notes, and what people were told.
 */
#include "session_internal.h"
#include "sheet.h"

#include <assert.h>
#include <string.h>

/* A notebook of this many lines is no help to anybody; its last pages are for what the
 * debrief asks for. */
#define NOTES_MAX      500
#define NOTES_RESERVED 100

const char *note_head(enum note_kind k)
{
    static const char *const heads[NOTE_KIND_COUNT] = {
#define X(id, head, tells) head,
        NOTE_KINDS(X)
#undef X
    };
    return k < NOTE_KIND_COUNT ? heads[k] : "";
}

const char *note_tells(enum note_kind k)
{
    static const char *const phrases[NOTE_KIND_COUNT] = {
#define X(id, head, tells) tells,
        NOTE_KINDS(X)
#undef X
    };
    return k < NOTE_KIND_COUNT ? phrases[k] : "";
}

static bool notebook_full(struct session *s, enum note_kind kind)
{
    if (s->nnotes < (kind == NOTE_REMARK ? NOTES_MAX - NOTES_RESERVED : NOTES_MAX))
        return false;
    session_say(s, TONE_WARN, "The notebook is full.");
    return true;
}

static struct note *add_note(struct session *s, enum note_kind kind, const char *text)
{
    assert(text && s->nnotes <= s->notes_cap);
    if (s->nnotes == s->notes_cap) {
        s->notes_cap = s->notes_cap ? 2 * s->notes_cap : TINY(8, 1);
        s->notes = mem_grow(s->notes, s->notes_cap, sizeof *s->notes);
    }
    struct note *n = &s->notes[s->nnotes++];
    *n = (struct note){.at = run_now(&s->run),
                       .kind = kind,
                       .open = true,
                       .comp = COMP_NONE,
                       .mechanism = MECHANISM_COUNT,
                       .text = mem_strdup(text)};
    session_touch(s);
    return n;
}

static bool suspicion_right(const struct session *s, comp_id c, enum mechanism m)
{
    assert(m < MECHANISM_COUNT);
    const struct model *model = s->run.stage->lw.model;
    for (size_t i = 0; i < lesson_accepts(s->lesson); i++) {
        const struct accepted *a = lesson_accept(s->lesson, i);
        if (a->mechanism == m && model_find(model, a->component) == c)
            return true;
    }
    return false;
}

static size_t open_suspicions(const struct session *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->nnotes; i++)
        n += s->notes[i].kind == NOTE_SUSPICION && s->notes[i].open;
    return n;
}

/* The facts of a component that the learner has really looked at. */
static void facts_seen(const struct session *s, comp_id c, struct buf *b)
{
    const char *name = model_name(s->run.stage->lw.model, c);
    size_t n = strlen(name);
    for (size_t i = 0; i < s->seen_ever.n; i++) {
        const char *f = s->seen_ever.s[i];
        if (str_starts(f, name) && f[n] == ':')
            buf_addf(b, "%s%s", b->len ? ", " : "",
                     f + n + 1 + (str_starts(f + n + 1, "metric.") ? 7 : 0));
    }
    for (size_t i = 0; i < b->len; i++)
        if (b->s[i] == '_')
            b->s[i] = ' ';
}

/* A suspicion needs facts: said where the step waits for them, right or wrong. */
static void tell_missing_facts(struct session *s, const struct note *n)
{
    const struct step *st = step_current(s);
    if (!st || !st->wants_suspect || st->goal == FN_NONE || !n->right ||
        session_true(s, st->goal))
        return;
    session_say(s, TONE_WARN,
                "A suspicion needs facts: this step is done when you have looked "
                "at what shows it. hint says where.");
}

static void tell_suspicion(struct session *s, comp_id c, enum mechanism m)
{
    struct buf facts;
    buf_init(&facts, 400);
    facts_seen(s, c, &facts);
    session_say(s, TONE_NORMAL, "Noted: %s in %s. What you looked at there: %s.",
                mechanism_word(m), model_name(s->run.stage->lw.model, c),
                facts.len ? facts.s : "nothing yet");
    buf_release(&facts);
}

void note_suspect(struct session *s, const struct effect *x)
{
    if (notebook_full(s, NOTE_SUSPICION))
        return;
    if (open_suspicions(s) >= 2) {
        session_say(s, TONE_WARN,
                    "Two suspicions are open already. Rule one out first: rule-out "
                    "COMPONENT MECHANISM because ...");
        return;
    }
    struct buf b;
    buf_init(&b, 600);
    buf_addf(&b, "%s %s", model_name(s->run.stage->lw.model, x->comp),
             mechanism_word(x->mechanism));
    if (x->text && *x->text)
        buf_addf(&b, " because %s", x->text);
    struct note *n = add_note(s, NOTE_SUSPICION, b.s);
    buf_release(&b);
    n->comp = x->comp;
    n->mechanism = x->mechanism;
    n->right = suspicion_right(s, x->comp, x->mechanism);
    s->run.suspected |= n->right;
    tell_suspicion(s, x->comp, x->mechanism);
    tell_missing_facts(s, n);
}

void note_rule_out(struct session *s, const struct effect *x)
{
    if (notebook_full(s, NOTE_RULED_OUT))
        return;
    s->run.suspected = false;
    for (size_t i = 0; i < s->nnotes; i++) {
        struct note *n = &s->notes[i];
        if (n->kind == NOTE_SUSPICION && n->comp == x->comp &&
            (x->mechanism == MECHANISM_COUNT || x->mechanism == n->mechanism))
            n->open = false;
        s->run.suspected |= n->kind == NOTE_SUSPICION && n->open && n->right;
    }
    struct buf b;
    buf_init(&b, 600);
    buf_addf(&b, "%s %s", model_name(s->run.stage->lw.model, x->comp),
             x->mechanism == MECHANISM_COUNT ? "" : mechanism_word(x->mechanism));
    if (x->text && *x->text)
        buf_addf(&b, " because %s", x->text);
    struct note *n = add_note(s, NOTE_RULED_OUT, b.s);
    n->comp = x->comp;
    n->mechanism = x->mechanism;
    buf_release(&b);
    session_say(s, TONE_NORMAL, "Ruled out.");
}

/* ---- status updates -------------------------------------------------------------- */

static void tell_update(struct session *s, const struct said *u)
{
    if (!u->claim.kind || mode_on_call(s->mode) || session_users_hidden(s)) {
        session_say(s, TONE_NORMAL, "Posted.");
        return;
    }
    struct buf b;
    buf_init(&b, 200);
    claim_truth(s, &u->claim, &b);
    session_say(s, u->honest ? TONE_GOOD : TONE_WARN, "Posted. %s %s.",
                u->honest ? "Your number holds:"
                          : "Your number is off by more than a factor of two:",
                b.s);
    buf_release(&b);
}

void note_note(struct session *s, const struct effect *x)
{
    if (notebook_full(s, NOTE_REMARK))
        return;
    add_note(s, NOTE_REMARK, x->text);
    session_say(s, TONE_DIM, "Noted.");
}

void note_say(struct session *s, const struct effect *x)
{
    if (notebook_full(s, NOTE_UPDATE))
        return;
    const struct update *f = &x->update;
    struct said u = {.at = run_now(&s->run), .honest = true, .first = s->sheet.n};
    struct buf b;
    buf_init(&b, 800);
    for (enum update_field i = 0; i < UPDATE_FIELD_COUNT; i++) {
        const char *text = update_text(f, i);
        if (!text || !*text)
            continue;
        u.fields++;
        sheet_state(s, sheet_line_of(i), text, true);
        buf_addf(&b, "%s%s", b.len ? "; " : "", text);
    }
    u.end = s->sheet.n;
    u.claim = claim_read(f->impact);
    u.honest = claim_holds(s, &u.claim);
    if (s->nsaids == s->saids_cap) {
        s->saids_cap = s->saids_cap ? 2 * s->saids_cap : TINY(4, 1);
        s->saids = mem_grow(s->saids, s->saids_cap, sizeof *s->saids);
    }
    s->saids[s->nsaids++] = u;
    add_note(s, NOTE_UPDATE, b.s);
    buf_release(&b);
    tell_update(s, &u);
    people_hear(s, f);
    step_update(s, f);
}
