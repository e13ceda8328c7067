/*
 * The line on the trigger: a change by its number or its component, growth, or nothing
 * that happened (it was built so). Held against the incident's own entries.
 */
#include "session_internal.h"
#include "sheet.h"
#include "truecode/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number that is a word by itself: "2", "change 2", "#2". */
static unsigned number_in(const char *text)
{
    for (const char *p = text; *p; p += strcspn(p, " ")) {
        p += strspn(p, " #");
        size_t n = strspn(p, "0123456789");
        if (n > 0 && n < 6 && (p[n] == ' ' || p[n] == '\0'))
            return (unsigned)strtoul(p, NULL, 10);
        if (*p == '\0')
            break;
    }
    return 0;
}

const struct change *sheet_trigger_change(const struct witness *w, const char *text)
{
    unsigned id = number_in(text);
    for (size_t i = 0; i < recording_changes(w->run->rec); i++) {
        const struct change *c = recording_change(w->run->rec, i);
        if (c->id == id && c->at <= w->at)
            return c;
    }
    return NULL;
}

/* "shop-db.orders" has the word "shop-db" in it, too: the longest name is meant. */
static comp_id comp_named(const struct witness *w, const char *text)
{
    const struct model *m = w->run->stage->lw.model;
    comp_id best = COMP_NONE;
    for (size_t i = 0; i < model_comps(m); i++)
        if (word_in(text, model_name(m, (comp_id)i)) &&
            (best == COMP_NONE ||
             strlen(model_name(m, (comp_id)i)) > strlen(model_name(m, best))))
            best = (comp_id)i;
    return best;
}

static bool nothing_happened(const char *text)
{
    return word_in(text, "growth") || word_in(text, "nothing");
}

static bool readable(const struct witness *w, const char *text, struct errmsg *why)
{
    if (nothing_happened(text) || sheet_trigger_change(w, text) ||
        comp_named(w, text) != COMP_NONE)
        return true;
    errmsg_set(
        why, ERR_INPUT,
        "What began it is a change (its number in changes, or the component that "
        "changed), growth, or nothing.");
    return false;
}

/* Whether the incident did something to `comp`, or to a part of it, at `at`. An event
 * may be several entries of one moment: a mail that was sent, and the crowd that came
 * of it. */
static bool happened(const struct lesson_world *lw, comp_id comp, sim_time at)
{
    for (size_t i = 0; i < lw->nentries; i++)
        if (lw->entries[i].at == at && lw->entries[i].comp != COMP_NONE &&
            (lw->entries[i].comp == comp ||
             model_owner(lw->model, lw->entries[i].comp) == comp))
            return true;
    return false;
}

/* The words of the event to which a cause belongs: those of the change that `changes` lists
 * of that moment, else what the file did. */
static void put_event(const struct witness *w, const struct lesson_entry *e,
                      struct judgement *out)
{
    const struct recording *rec = w->run->rec;
    const char *what = e->what, *who = "";
    for (size_t i = 0; i < recording_changes(rec); i++)
        if (recording_change(rec, i)->at == e->at) {
            what = recording_change(rec, i)->title;
            who = recording_change(rec, i)->who;
        }
    const struct model *m = w->run->stage->lw.model;
    struct buf at;
    buf_init(&at, 32);
    clock_format(&at, lesson_info(w->s->lesson)->day_start, e->at, false);
    snprintf(out->truth, sizeof out->truth, "It began at %s: %s (%s).", at.s, what,
             who[0]                 ? who
             : e->comp == COMP_NONE ? "the system"
                                    : model_name(m, e->comp));
    buf_release(&at);
}

static void judge(const struct witness *w, const char *text, struct judgement *out)
{
    const struct lesson_world *lw = &w->run->stage->lw;
    const struct change *c = sheet_trigger_change(w, text);
    comp_id comp = c ? c->comp : comp_named(w, text);
    bool any = false;
    snprintf(out->truth, sizeof out->truth, "No change began it.");
    for (size_t i = 0; i < lw->nentries; i++) {
        const struct lesson_entry *e = &lw->entries[i];
        if (e->role != ENTRY_CAUSE)
            continue;
        any = true;
        put_event(w, e, out);
        if (!nothing_happened(text) && comp != COMP_NONE && happened(lw, comp, e->at) &&
            (!c || c->at == e->at))
            out->share = 1;
    }
    if (!any && nothing_happened(text))
        out->share = 1;
}

static void answer(const struct witness *w, struct buf *out)
{
    const struct lesson_world *lw = &w->run->stage->lw;
    for (size_t i = 0; i < lw->nentries; i++)
        if (lw->entries[i].role == ENTRY_CAUSE && lw->entries[i].comp != COMP_NONE) {
            buf_adds(out, model_name(lw->model, lw->entries[i].comp));
            return;
        }
    buf_adds(out, "nothing");
}

const struct sheet_line_kind sheet_trigger = {
    .word = "trigger",
    .heading = "what began it",
    .question = "What began it?",
    .synopsis = "trigger CHANGE | growth | nothing",
    .field = -1,
    .readable = readable,
    .judge = judge,
    .answer = answer,
};
