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
    GROW(s->notes, s->nnotes, s->notes_cap);
    struct note *n = &s->notes[s->nnotes++];
    *n = (struct note){.at = run_now(&s->run),
                       .kind = kind,
                       .open = true,
                       .comp = COMP_NONE,
                       .mechanism = MECHANISM_COUNT,
                       .suspect = SIZE_MAX,
                       .text = mem_strdup(text)};
    session_touch(s);
    return n;
}

static size_t open_suspicions(const struct session *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->nnotes; i++)
        n += s->notes[i].kind == NOTE_SUSPICION && s->notes[i].open;
    return n;
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
    n->suspect = suspect_of(s, x->comp, x->mechanism);
    n->right = n->suspect != SIZE_MAX && lesson_suspect(s->lesson, n->suspect)->right;
    s->run.suspected |= n->right;
    session_say(s, TONE_NORMAL, "Noted: %s in %s.", mechanism_word(x->mechanism),
                model_name(s->run.stage->lw.model, x->comp));
    evidence_on_suspicion(s, n->suspect);
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
    if (x->mechanism != MECHANISM_COUNT)
        n->suspect = suspect_of(s, x->comp, x->mechanism);
    buf_release(&b);
    session_say(s, TONE_NORMAL, "Ruled out: %s%s%s.",
                x->mechanism == MECHANISM_COUNT ? "" : mechanism_word(x->mechanism),
                x->mechanism == MECHANISM_COUNT ? "" : " in ",
                model_name(s->run.stage->lw.model, x->comp));
    if (x->mechanism != MECHANISM_COUNT)
        evidence_on_exclusion(s, suspect_of(s, x->comp, x->mechanism));
}

/* ---- status updates -------------------------------------------------------------- */

/* The number that was compared is shown, where anybody measures users. */
static void tell_update(struct session *s, const struct update *f)
{
    session_say(s, TONE_NORMAL, "Posted.");
    if (!f->impact || mode_on_call(s->mode) || session_users_hidden(s))
        return;
    struct witness w = sheet_witness(s, &s->run, session_twin(s), run_now(&s->run));
    struct judgement j = sheet_judge(&w, SHEET_much, f->impact);
    if (claim_read(f->impact).kind != CLAIM_NONE)
        session_say(
            s, j.share > 0 ? TONE_GOOD : TONE_WARN, "%s %s",
            j.share > 0 ? "Your number holds:" : "Your number does not hold:", j.truth);
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
    struct said u = {.at = run_now(&s->run), .first = s->sheet.n};
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
    GROW(s->saids, s->nsaids, s->saids_cap);
    s->saids[s->nsaids++] = u;
    add_note(s, NOTE_UPDATE, b.s);
    buf_release(&b);
    tell_update(s, f);
    people_hear(s, f);
    step_update(s, f);
}
