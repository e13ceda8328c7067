/*
 * The line on prevention: one of the lesson's choices, by its number. Whether a choice
 * helps is the lesson's word, which the proof holds to what the engine says (prevent.h).
 */
#include "prevent.h"
#include "sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALM (2 * SIM_MIN) /* users are well for so long before it is asked */

/* The choice that a text names, from 1; 0: none. */
static size_t choice_in(const struct witness *w, const char *text)
{
    const char *p = text + strcspn(text, "0123456789");
    unsigned long n = *p ? strtoul(p, NULL, 10) : 0;
    return n <= lesson_preventions(w->s->lesson) ? (size_t)n : 0;
}

static bool readable(const struct witness *w, const char *text, struct errmsg *why)
{
    size_t n = lesson_preventions(w->s->lesson);
    if (n == 0)
        errmsg_set(why, ERR_INPUT, "Nobody asks here what would have prevented it.");
    else if (text[0] && choice_in(w, text) == 0)
        errmsg_set(why, ERR_INPUT,
                   "What would have prevented it is a number from 1 to %zu.", n);
    return n > 0 && (!text[0] || choice_in(w, text) > 0);
}

static void judge(const struct witness *w, const char *text, struct judgement *out)
{
    size_t choice = choice_in(w, text);
    if (choice == 0) /* bare: the choices were asked for */
        return;
    const struct prevention *p = lesson_prevention(w->s->lesson, choice - 1);
    out->share = p->right ? 1 : 0;
    snprintf(out->truth, sizeof out->truth, "%s: \"%.200s\"",
             p->right ? "That would have helped" : "That would not have helped",
             p->text);
}

bool prevent_may_ask(const struct session *s)
{
    return run_well(&s->run, CALM, NULL);
}

void prevent_show(struct session *s)
{
    size_t n = lesson_preventions(s->lesson);
    if (n == 0)
        session_say(s, TONE_DIM, "Nobody asks here what would have prevented it.");
    else if (!prevent_may_ask(s))
        session_say(s, TONE_DIM,
                    "First mend it. What would have prevented it is asked "
                    "when users are well again.");
    else {
        session_say(s, TONE_HEAD,
                    "What would have prevented it, or told of it sooner?");
        for (size_t i = 0; i < n; i++) {
            const struct prevention *p = lesson_prevention(s->lesson, i);
            session_say(s, TONE_NORMAL, "  %zu  %s%s%s%s", i + 1, p->text,
                        p->effort ? " (" : "", p->effort ? p->effort : "",
                        p->effort ? ")" : "");
        }
        session_say(s, TONE_DIM, "prevent NUMBER writes it on your sheet.");
    }
}

const struct sheet_line_kind sheet_prevent = {
    .word = "prevent",
    .heading = "prevention",
    .question = "What would have prevented it, or told of it sooner?",
    .synopsis = "prevent NUMBER",
    .field = -1,
    .readable = readable,
    .judge = judge,
};
