/*
 * Words in an action's arguments: names of what belongs to its component, and choices.
 * A word that means nothing is an error while the model is finished, with the line of
 * the action, and not a thing that could not be done when its time came.
 */
#include "engine/kind.h"
#include "model/model.h"

#include "truecode/model.h"

/* Whether `word` is one of "backup|replica". */
static bool is_one_of(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = words; *p != '\0'; p += *p == '|') {
        size_t len = strcspn(p, "|");
        if (len == n && memcmp(p, word, n) == 0)
            return true;
        p += len;
    }
    return false;
}

/* Whether `text` is the name of the component, or of one of its own of such a kind, in
 * full or without the owner's. */
static bool names_one(const struct model *m, comp_id c, const char *kinds,
                      const char *text)
{
    size_t prefix = strlen(m->comps[c].name);
    if (str_eq(m->comps[c].name, text))
        return true;
    for (size_t i = 0; i < m->ncomps; i++) {
        const char *name = m->comps[i].name;
        if (m->comps[i].owner == c &&
            is_one_of(kinds, model_kind(m, (comp_id)i)->name) &&
            (str_eq(name, text) || str_eq(name + prefix + 1, text)))
            return true;
    }
    return false;
}

/* "backup or replica" of "backup|replica". */
static void spell(struct buf *out, const char *words)
{
    for (const char *p = words; *p != '\0'; p += *p == '|') {
        size_t len = strcspn(p, "|");
        buf_addf(out, "%s%.*s", p == words ? "" : p[len] ? ", " : " or ", (int)len, p);
        p += len;
    }
}

static enum err unknown(const struct model *m, const struct action *a,
                        const struct word_desc *d, const char *text, struct errmsg *why)
{
    struct buf words;
    buf_init(&words, 0);
    spell(&words, d->nested ? d->nested : d->choices);
    enum err e = d->nested ? errmsg_set(why, ERR_NOT_FOUND, "%s has no %s \"%.60s\"",
                                        m->comps[a->comp].name, words.s, text)
                           : errmsg_set(why, ERR_INPUT, "%s: \"%.40s\" is not %s",
                                        a->name, text, words.s);
    buf_release(&words);
    return e;
}

enum err action_words(const struct model *m, const struct action *a,
                      const struct word_desc *d, size_t n, struct errmsg *why)
{
    for (size_t i = 0; i < n; i++) {
        if (d[i].kind != (int)a->kind || !str_eq(d[i].action, a->name) ||
            !action_gives(a, d[i].arg))
            continue;
        const char *text = a->args[d[i].arg].as.text;
        bool known =
            text[0] == '\0' || (d[i].nested ? names_one(m, a->comp, d[i].nested, text)
                                            : is_one_of(d[i].choices, text));
        if (!known)
            return unknown(m, a, &d[i], text, why);
    }
    return ERR_OK;
}
