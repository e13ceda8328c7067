/*
 * list: the course, in its order, with what is done and what can be continued.
 */
#include "cli_internal.h"

#include <stdio.h>
#include <string.h>

static void state_of(struct buf *b, const struct wire_card *c, const struct store *s)
{
    const struct store_run *best = store_best_as(s, c->id, false),
                           *alone = store_best_as(s, c->id, true);
    buf_reset(b);
    if (c->broken[0] != '\0') {
        buf_adds(b, "broken");
        return;
    }
    if (best)
        buf_addf(b, "guided: %s, %d", outcome_phrase(best->outcome), best->score);
    if (alone)
        buf_addf(b, "%son call: %s, %d", best ? "; " : "",
                 outcome_phrase(alone->outcome), alone->score);
    else if (best && outcome_well(best->outcome))
        buf_adds(b, "; next: alone, another night");
    best = best ? best : alone;
    const struct store_run *halted = store_halted(s, c->id);
    if (store_begun(s, c->id))
        buf_adds(b, best ? "; begun again" : "begun");
    else if (halted)
        buf_addf(b, "%s%s", best ? "; " : "",
                 halted->halt == HALT_UPDATE ? "stopped by an update" : "damaged tape");
}

static void print_text(const struct wire_answer *a, const struct store *s)
{
    struct buf out, state;
    const char *track = "";
    buf_init(&out, 0);
    buf_init(&state, 200);
    for (size_t i = 0; i < a->ncards; i++) {
        const struct wire_card *c = &a->cards[i];
        if (strcmp(track, c->track) != 0)
            buf_addf(&out, "%s%s%s%s\n", i > 0 ? "\n" : "", c->track,
                     c->asks[0] != '\0' ? ": " : "", c->asks);
        track = c->track;
        state_of(&state, c, s);
        buf_addf(&out, "  %s", c->id);
        buf_pad(&out, 24);
        buf_addf(&out, "%s", c->title);
        buf_pad(&out, 52);
        buf_addf(&out, "%3d min", c->minutes);
        if (state.len > 0)
            buf_addf(&out, "  %s", state.s);
        buf_addch(&out, '\n');
        if (c->broken[0] != '\0')
            buf_addf(&out, "      %s\n", c->broken);
    }
    print_raw(&out);
    buf_release(&out);
    buf_release(&state);
}

static void json_card(struct json *j, const struct wire_card *c, const struct store *s)
{
    const struct store_run *best = store_best_as(s, c->id, false),
                           *alone = store_best_as(s, c->id, true),
                           *halted = store_halted(s, c->id);
    json_line(j, 2), json_object(j, NULL);
    json_text(j, "id", c->id);
    json_text(j, "title", c->title);
    json_text(j, "track", c->track);
    json_int(j, "minutes", c->minutes);
    json_int(j, "level", c->level);
    json_text(j, "summary", c->summary);
    json_text(j, "teaches", c->teaches);
    json_text(j, "why", c->why);
    json_text(j, "post", c->post);
    json_text(j, "hash", c->hash);
    json_text(j, "broken", c->broken[0] ? c->broken : NULL);
    if (best)
        json_int(j, "best", best->score);
    else
        json_null(j, "best");
    json_text(j, "outcome", best ? outcome_word(best->outcome) : NULL);
    if (alone)
        json_int(j, "best_on_call", alone->score);
    else
        json_null(j, "best_on_call");
    json_text(j, "outcome_on_call", alone ? outcome_word(alone->outcome) : NULL);
    json_bool(j, "begun", store_begun(s, c->id));
    json_bool(j, "stopped", halted && halted->halt == HALT_UPDATE);
    json_end(j);
}

static void print_json(const struct wire_answer *a, const struct store *s)
{
    struct buf b;
    buf_init(&b, 0);
    struct json j = json_to(&b);
    json_array(&j, NULL);
    for (size_t i = 0; i < a->ncards; i++)
        json_card(&j, &a->cards[i], s);
    json_line(&j, 0), json_end(&j);
    buf_addch(&b, '\n');
    print_raw(&b);
    buf_release(&b);
}

/* The list is printed whatever is wrong; what is wrong must not pass for right. */
static int status_of(const struct wire_answer *cards, const struct store *s)
{
    for (size_t i = 0; i < cards->ncards; i++)
        if (cards->cards[i].broken[0] != '\0')
            return LEAVE_LESSON;
    return store_unreadable(s) ? LEAVE_STATE : LEAVE_OK;
}

static int run(const struct cli_args *a)
{
    struct errmsg why = {0};
    struct library l;
    struct wire_answer cards = {0};
    enum err e = library_read(&l, a, &why);
    if (e == ERR_OK) {
        e = library_cards(
            &l, &(struct wire_client_options){.jail = !option_given(a, OPT_NO_JAIL)},
            &cards, &why);
        library_release(&l);
    }
    if (e != ERR_OK) {
        complain("%s", why.text);
        return exit_code_of(e);
    }
    struct store *s = store_look(NULL);
    if (store_news(s))
        complain("%s", store_news(s));
    if (store_trouble(s))
        complain("%s", store_trouble(s));
    runs_check(s, a);
    if (option_given(a, OPT_JSON))
        print_json(&cards, s);
    else
        print_text(&cards, s);
    int status = status_of(&cards, s);
    store_close(s);
    wire_answer_release(&cards);
    return status;
}

const struct subcommand subcommand_list = {
    .name = "list",
    .synopsis = "list [--json]",
    .doc = "the lessons, and how far you are",
    .examples = "truecode list\ntruecode list --json | jq '.[].id'",
    .options = HAS(JSON) | HAS(NO_JAIL) | HAS(HELP),
    .run = run,
};
