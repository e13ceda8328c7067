/*
 * predict: which way will numbers go? One word for each, up, same or down; what was said
 * waits in the session until the number is due after the change that the step names.
 */
#include "step_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define THIS struct prediction
static const struct field prediction_fields[] = {
    FPOS(1, "what", STRING, what, "the number to predict: \"orders in five minutes\""),
    FREQ("value", FUNCTION, value,
         "function(s) that returns it; read now and when due"),
    FREQ("after", DURATION, after, "due so long after the change"),
    F("answer", STRING, answer,
      "what you expect: up, same or down; left out: what happened"),
};
static enum direction direction_find(const char *word)
{
    enum direction d = 0;
    while (d < DIRECTION_COUNT && !str_eq(direction_word(d), word))
        d++;
    return d;
}

static void check_prediction(struct reader *r, int line, void *record)
{
    struct prediction *p = record;
    if (!p->answer)
        p->answer = "";
    if (*p->answer && direction_find(p->answer) == DIRECTION_COUNT)
        fail(r->L, line, "answer '%.40s' must be up, same or down", p->answer);
}
static SCHEMA(prediction_schema, "prediction", "A number to predict.",
              prediction_fields, check_prediction);
#undef THIS

#define THIS struct step
/* Reads a prediction, or a list of them. */
static void read_predictions(struct reader *r, const struct field *f, int line,
                             void *out)
{
    struct step *s = out;
    s->npredict = read_length(r, -1, line, f->name);
    if (s->npredict < 1 || s->npredict > STEP_PREDICTIONS)
        fail(r->L, line, "predictions: 1 to %d", STEP_PREDICTIONS);
    struct prediction *list = arena_alloc(r->mem, s->npredict * sizeof *list);
    for (size_t i = 0; i < s->npredict; i++) {
        read_enter(r, -1, i);
        read_record(r, -1, line, &prediction_schema, &list[i]);
        read_leave(r);
    }
    s->predict = list;
}

static const struct field fields[] = {
    STEP_FIELDS,
    {"of", FIELD_CUSTOM, 0, 0, "a list of 1 to 4 predictions", 0, true, 0, 0,
     read_predictions},
    FLIST("change", STRINGS, change, nchange, NULL,
          "the console lines of the change that is meant, all of them (alternatives in "
          "one: \"restart a or restart a --rolling\"); or \"any\""),
};
/* A forecast is judged by the change that it names, so that it has to name one. */
static void check(struct reader *r, int line, void *record)
{
    struct step *s = record;
    step_name(r, line, record);
    if (s->nchange < 1 || s->nchange > 8)
        fail(r->L, line,
             "step '%.40s' needs change: 1 to 8 console lines that are predicted for, "
             "or \"any\"",
             s->id);
    s->any_change = s->nchange == 1 && str_eq(s->change[0], "any");
}
static SCHEMA(schema, "predict", "What will happen to which number?", fields, check);
#undef THIS

/* ---- answers --------------------------------------------------------------------- */

/* A word is known by its first letter, a sign by itself. */
static enum direction direction_typed(const char *word, size_t len)
{
    char c = (char)tolower((unsigned char)*word);
    if (len > 4)
        return DIRECTION_COUNT;
    if (c == '=')
        return DIRECTION_SAME;
    enum direction d = 0;
    while (d < DIRECTION_COUNT && *direction_word(d) != c)
        d++;
    return d;
}

/* "up, same": how many words were understood; 0 when one was not. */
static size_t read_directions(const char *words, enum direction *out, size_t max)
{
    size_t n = 0;
    while (*words) {
        words += strspn(words, " ,;\t");
        size_t len = strcspn(words, " ,;\t");
        if (len == 0)
            break;
        enum direction d = direction_typed(words, len);
        if (d == DIRECTION_COUNT || n == max)
            return 0;
        out[n++] = d;
        words += len;
    }
    return n;
}

static void answer(const struct step *st, const struct step_answer *a,
                   struct step_verdict *v)
{
    bool several = st->npredict > 1;
    v->nsaid = read_directions(a->words ? a->words : "", v->said, STEP_PREDICTIONS);
    v->is = v->nsaid == st->npredict ? STEP_RIGHT : STEP_UNCLEAR;
    if (v->is == STEP_RIGHT)
        snprintf(v->say, sizeof v->say, "Noted. Let us see.");
    else
        snprintf(v->say, sizeof v->say, "Say up, same or down%s, for example: up%s",
                 several ? " for each" : "", several ? ", same" : "");
}

static bool item(const struct step *st, size_t i, struct step_item *out)
{
    if (i >= st->npredict)
        return false;
    *out =
        (struct step_item){.text = st->predict[i].what, .asks = ": up, same or down?"};
    return true;
}

static struct step_how how(const struct step *st)
{
    return (struct step_how){.shown = st->npredict > 1
                                          ? "Type your guesses, like: up, same"
                                          : "Type your guess: up, same or down.",
                             .unless = "same"};
}

/* The answer that the author expects, or the word that commits to least. */
static bool solve(const struct step *st, size_t i, struct buf *line)
{
    for (size_t k = 0; i == 0 && k < st->npredict; k++) {
        const char *a = st->predict[k].answer;
        buf_addf(line, "%s%s", k ? ", " : "", *a ? a : direction_word(DIRECTION_SAME));
    }
    return i == 0;
}

static void identify(const struct step *st, struct step_print *out)
{
    for (size_t i = 0; i < st->nchange; i++)
        step_print_text(out, st->change[i]);
    for (size_t i = 0; i < st->npredict; i++) {
        step_print_number(out, st->predict[i].after);
        step_print_text(out, st->predict[i].answer);
        step_print_fn(out, st->predict[i].value);
    }
}

static const struct schema *const parts[] = {&prediction_schema, NULL};
const struct step_kind step_kind_predict = {
    .name = "predict",
    .schema = &schema,
    .investigates = true,
    .parts = parts,
    .size = sizeof(struct step),
    .answer = answer,
    .item = item,
    .how = how,
    .solve = solve,
    .identify = identify,
};
