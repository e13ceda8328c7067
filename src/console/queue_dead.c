/*
 * queue dead: messages that were given up and are kept aside. Each still is somebody's
 * order; the list says how old it is, how often it failed and which request sent it.
 */
#include "act.h"
#include "console_internal.h"
#include "lookup.h"

enum { SHOWN = 12, LETTERS_MAX = 4096 };

/* The subscription that is named, or the only one; a topic stands for its only one. */
static enum err which(struct call *c, comp_id *sub)
{
    comp_id comp;
    *sub = next_of(c, "subscription", COMP_NONE);
    if (*sub == COMP_NONE)
        return refuse(c, ERR_NOT_FOUND, "There is no message broker here.");
    if (!c->nargs && next_of(c, "subscription", *sub) != COMP_NONE)
        return refuse(c, ERR_INPUT, "Which one? %s NAME: %s", c->label,
                      names_of_kind(c, "subscription"));
    if (!c->nargs)
        return ERR_OK;
    comp = nested_named(c, "subscription", c->arg[0]);
    if (comp != COMP_NONE) {
        *sub = comp;
        return ERR_OK;
    }
    enum err e = need_comp(c, c->arg[0], &comp, NULL);
    if (e == ERR_NOT_FOUND)
        return no_such(c, c->arg[0], names_of_kind(c, "subscription"));
    if (e != ERR_OK)
        return e;
    for (comp_id s = *sub; s != COMP_NONE; s = next_of(c, "subscription", s))
        if (s == comp || model_owner(c->m, s) == comp) {
            *sub = s;
            return ERR_OK;
        }
    return refuse(c, ERR_INPUT, "%s has no dead letters; there is: %s", c->arg[0],
                  names_of_kind(c, "subscription"));
}

static struct dead_letter_view *letters(struct call *c, comp_id sub, size_t *n)
{
    struct dead_letter_view *v = arena_alloc(c->mem, LETTERS_MAX * sizeof *v);
    *n = world_dead_letters(c->w, sub, v, LETTERS_MAX);
    return v;
}

static void letter_row(struct call *c, struct out_table *t, size_t number, comp_id sub,
                       const struct dead_letter_view *v)
{
    table_cell(t, TONE_STRONG, "%zu", number);
    table_cell(t, TONE_NORMAL, "%s-%d", name_of(c, sub), v->partition);
    table_cell(t, TONE_NORMAL, "%s", clock_of(c, v->published, true));
    table_cell(t, TONE_NORMAL, "%s ago", ago_short(c, v->published));
    table_cell(t, TONE_NORMAL, "%u", v->tries);
    table_cell(t, TONE_NORMAL, "%llx", (unsigned long long)v->request);
}

static enum err list(struct call *c)
{
    comp_id sub;
    size_t n;
    struct out_table t;
    enum err e = which(c, &sub);
    if (e != ERR_OK)
        return e;
    const struct dead_letter_view *v = letters(c, sub, &n);
    seen_comp(c, sub, "dead");
    seen_metric(c, sub, "dead_letters");
    if (n == 0) {
        para(c, TONE_NORMAL, 0, strf(c, "%s has no dead letters.", name_of(c, sub)));
        return ERR_OK;
    }
    table_init(&t, c->o, ">NO|PARTITION|PUBLISHED||>TRIES|REQUEST");
    for (size_t i = 0; i < n && i < LETTERS_MAX && (i < SHOWN || c->piped); i++)
        letter_row(c, &t, i + 1, sub, &v[i]);
    table_print(&t);
    if (n > SHOWN)
        note(c, "The first %d of %zu, the oldest first.", SHOWN, n);
    note(c,
         "queue dead show %s NO says more of one; replay processes it again, drop "
         "forgets it; without NO all of them.",
         name_of(c, sub));
    return ERR_OK;
}

/* ---- one of them ----------------------------------------------------------------- */

static enum err show(struct call *c)
{
    comp_id sub;
    size_t n;
    long number;
    enum err e = which(c, &sub);
    if (e != ERR_OK)
        return e;
    const struct dead_letter_view *v = letters(c, sub, &n);
    if (n == 0)
        return refuse(c, ERR_NOT_FOUND, "%s has no dead letters.", name_of(c, sub));
    if (c->nargs < 2 || !parse_count(c->arg[1], &number) || number < 1 ||
        (size_t)number > n)
        return refuse(c, ERR_INPUT, "Say which: %s %s NO, 1 to %zu", c->label,
                      name_of(c, sub), n);
    v += number - 1;
    para(c, TONE_STRONG, 0,
         strf(c, "Dead letter %ld of %s, partition %d.", number, name_of(c, sub),
              v->partition));
    para(c, TONE_NORMAL, 0,
         strf(c, "Published at %s, %s ago. Given up after %u tries.",
              clock_of(c, v->published, true), ago(c, v->published), v->tries));
    if (v->request)
        note(c, "Published by request %llx: trace %llx, or logs | grep %llx.",
             (unsigned long long)v->request, (unsigned long long)v->request,
             (unsigned long long)v->request);
    seen_comp(c, sub, "dead");
    return ERR_OK;
}

static const struct command_wild wild_show[] = {
    {"aws", "aws sqs receive-message --queue-url \"$DEAD_LETTERS\" "
            "--message-system-attribute-names All"},
};
static const struct command dead_show = {
    .info = {.name = "show",
             .synopsis = "queue dead show NAME NO",
             .doc =
                 "One dead letter. When it was published, by which request, how often "
                 "it failed.",
             .examples = "queue dead show SUBSCRIPTION 1",
             .group = GROUP_LOOK,
             WILD(wild_show)},
    .args = {ARG_SUBSCRIPTION, ARG_TEXT},
    .max_args = 2,
    .run = show,
};

static const struct command_wild wild_replay[] = {
    {"aws", "aws sqs start-message-move-task --source-arn \"$DEAD_LETTERS\""},
};
static const struct command dead_replay = {
    .info = {.name = "replay",
             .synopsis = "queue dead replay NAME [NO]",
             .doc =
                 "Processes dead letters again, one or all. What failed for a reason "
                 "that is still there fails again.",
             .examples =
                 "queue dead replay SUBSCRIPTION\nqueue dead replay SUBSCRIPTION 1",
             .group = GROUP_ACT,
             .changes_world = true,
             WILD(wild_replay)},
    .args = {ARG_SUBSCRIPTION, ARG_TEXT},
    .max_args = 6,
    .raw = true,
    .op = "replay_dead",
    .run = act_op,
};

static const struct command_wild wild_drop[] = {
    {"aws", "aws sqs purge-queue --queue-url \"$DEAD_LETTERS\""},
};
static const struct command dead_drop = {
    .info =
        {.name = "drop",
         .synopsis = "queue dead drop NAME [NO]",
         .doc = "Forgets dead letters, one or all. What is dropped is never processed.",
         .examples = "queue dead drop SUBSCRIPTION 1",
         .group = GROUP_ACT,
         .changes_world = true,
         WILD(wild_drop)},
    .args = {ARG_SUBSCRIPTION, ARG_TEXT},
    .max_args = 6,
    .raw = true,
    .foretells = true,
    .op = "drop_dead",
    .run = act_op,
};
static const struct command *const subs[] = {&dead_show, &dead_replay, &dead_drop,
                                             NULL};

static const struct command_wild wild[] = {
    {"aws", "aws sqs get-queue-attributes --queue-url \"$DEAD_LETTERS\" "
            "--attribute-names ApproximateNumberOfMessages"},
    {"rabbitmq", "rabbitmqctl list_queues name messages | grep dead"},
};
const struct command cmd_queue_dead = {
    .info = {.name = "dead",
             .synopsis = "queue dead [NAME], queue dead show|replay|drop NAME [NO]",
             .doc = "Messages that were given up and are kept aside. The list, one of "
                    "them closer; replay processes them again, drop forgets them.",
             .examples = "queue dead SUBSCRIPTION\nqueue dead show SUBSCRIPTION 1\n"
                         "queue dead replay SUBSCRIPTION",
             .group = GROUP_LOOK,
             .changes_world = true,
             WILD(wild)},
    .args = {ARG_SUBSCRIPTION},
    .max_args = 1,
    .subs = subs,
    .run = list,
};
