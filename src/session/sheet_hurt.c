/*
 * The line on who is hurt: clients by name, everybody, or nobody. Held against the
 * healthy twin: the clients whose users lost more than the objective lets pass, since
 * the first was hurt.
 */
#include "session_internal.h"
#include "sheet.h"

#include <stdio.h>
#include <string.h>

static bool says_everybody(const char *text)
{
    return word_in(text, "everybody") || word_in(text, "everyone") ||
           word_in(text, "all") || word_in(text, "all users");
}

static bool says_nobody(const char *text)
{
    return word_in(text, "nobody") || word_in(text, "no one") || word_in(text, "none");
}

/* By its name, or by what it calls: "edge/buy", "edge", "buy". */
static bool names(const struct witness *w, comp_id c, const char *text)
{
    const struct model *m = w->run->stage->lw.model;
    return word_in(text, model_name(m, c));
}

static bool readable(const struct witness *w, const char *text, struct errmsg *why)
{
    struct buf b;
    bool yes = says_everybody(text) || says_nobody(text);
    buf_init(&b, 0);
    for (comp_id c = witness_client(w, COMP_NONE); c != COMP_NONE;
         c = witness_client(w, c)) {
        yes |= names(w, c, text);
        buf_addf(&b, "%s, ", model_name(w->run->stage->lw.model, c));
    }
    if (!yes)
        errmsg_set(why, ERR_INPUT,
                   "Who is hurt is one or more of: %severybody, nobody.", b.s);
    buf_release(&b);
    return yes;
}

static void judge(const struct witness *w, const char *text, struct judgement *out)
{
    struct buf b;
    unsigned hurt = 0, hit = 0, well = 0, blamed = 0;
    bool every = says_everybody(text), nobody = says_nobody(text);
    buf_init(&b, 0);
    for (comp_id c = witness_client(w, COMP_NONE); c != COMP_NONE;
         c = witness_client(w, c)) {
        bool said = !nobody && (names(w, c, text) || every), is = witness_hurt(w, c);
        hurt += is, hit += is && said;
        well += !is, blamed += !is && said;
        if (is)
            buf_addf(&b, "%s%s", b.len ? ", " : "",
                     model_name(w->run->stage->lw.model, c));
    }
    double found = hurt ? (double)hit / hurt : nobody ? 1 : 0;
    double spared = well ? 1 - (double)blamed / well : 1;
    out->share = found * (0.5 + spared / 2);
    out->lie = nobody && hurt > 0;
    snprintf(out->truth, sizeof out->truth, "Hurt were: %s.", b.len ? b.s : "nobody");
    buf_release(&b);
}

static void answer(const struct witness *w, struct buf *out)
{
    size_t before = out->len;
    for (comp_id c = witness_client(w, COMP_NONE); c != COMP_NONE;
         c = witness_client(w, c))
        if (witness_hurt(w, c))
            buf_addf(out, "%s%s", out->len > before ? " " : "",
                     model_name(w->run->stage->lw.model, c));
    if (out->len == before)
        buf_adds(out, "nobody");
}

const struct sheet_line_kind sheet_hurt = {
    .word = "hurt",
    .heading = "who is hurt",
    .question = "Who is hurt?",
    .synopsis = "hurt CLIENT... | everybody | nobody",
    .field = UPDATE_who,
    .readable = readable,
    .judge = judge,
    .answer = answer,
};
