/*
 * Tickets: messages that a subscription holds apart from the log. Those that a queue
 * has given out are invisible to others until their time is over; those that came back,
 * or that an operator sends again, are ready. Dead letters lie in a ring beside them.
 *
 * A ticket that is gone stays as long as somebody still works on it: what he brings is
 * known to be a repeat then.
 */
#include "broker/subscription.h"
#include "engine/telling.h"

/* ---- lists ----------------------------------------------------------------------- */

static void ready_push(struct world *w, struct subscription_state *s, struct ticket *t)
{
    CHECK((t->rnext | t->rprev) == 0);
    ref r = W_REF(w, t);
    t->rnext = 0;
    t->rprev = s->ready_last;
    if (s->ready_last != 0)
        ticket_at(w, s->ready_last)->rnext = r;
    else
        s->ready = r;
    s->ready_last = r;
    s->nready++;
}

static void ready_remove(struct world *w, struct subscription_state *s,
                         struct ticket *t)
{
    CHECK(t->rprev != 0 || s->ready == W_REF(w, t));
    if (t->rnext != 0)
        ticket_at(w, t->rnext)->rprev = t->rprev;
    else
        s->ready_last = t->rprev;
    if (t->rprev != 0)
        ticket_at(w, t->rprev)->rnext = t->rnext;
    else
        s->ready = t->rnext;
    t->rnext = t->rprev = 0;
    s->nready--;
}

static void all_push(struct world *w, struct subscription_state *s, struct ticket *t)
{
    CHECK((t->next | t->prev) == 0);
    ref r = W_REF(w, t);
    t->prev = s->tickets_last;
    if (s->tickets_last != 0)
        ticket_at(w, s->tickets_last)->next = r;
    else
        s->tickets = r;
    s->tickets_last = r;
}

static void all_remove(struct world *w, struct subscription_state *s, struct ticket *t)
{
    CHECK(t->prev != 0 || s->tickets == W_REF(w, t));
    if (t->next != 0)
        ticket_at(w, t->next)->prev = t->prev;
    else
        s->tickets_last = t->prev;
    if (t->prev != 0)
        ticket_at(w, t->prev)->next = t->next;
    else
        s->tickets = t->next;
}

/* ---- one ticket ------------------------------------------------------------------ */

struct ticket *ticket_new(struct world *w, comp_id c, const struct message *m,
                          uint32_t partition, enum ticket_state state)
{
    struct subscription_state *s = sub_of(w, c);
    struct ticket *t = W_PTR(w, struct ticket, w_alloc(w, sizeof *t));
    t->message = *m;
    t->partition = (uint16_t)partition;
    t->state = (uint8_t)state;
    if (++s->ticket_gen == 0)
        s->ticket_gen = 1;
    t->gen = s->ticket_gen;
    all_push(w, s, t);
    if (state == TICKET_READY)
        ready_push(w, s, t);
    else
        s->nout++;
    ticket_arm_late(w, c, t);
    return t;
}

/* Out of whatever it is in. */
static void leave_state(struct world *w, struct subscription_state *s, struct ticket *t)
{
    cal_cancel(w, &t->timer);
    if (t->state == TICKET_READY)
        ready_remove(w, s, t);
    else if (t->state == TICKET_OUT)
        s->nout--;
}

static void ticket_free(struct world *w, struct subscription_state *s, struct ticket *t)
{
    assert(t->acts == 0);
    all_remove(w, s, t);
    t->gen = 0;
    w_release(w, W_REF(w, t), sizeof *t);
}

void ticket_gone(struct world *w, comp_id c, struct ticket *t)
{
    struct subscription_state *s = sub_of(w, c);
    leave_state(w, s, t);
    cal_cancel(w, &t->late_timer);
    t->state = TICKET_GONE;
    if (t->acts == 0)
        ticket_free(w, s, t);
}

void ticket_let_go(struct world *w, comp_id c, struct ticket *t)
{
    assert(t->acts > 0);
    t->acts--;
    if (t->state == TICKET_GONE && t->acts == 0)
        ticket_free(w, sub_of(w, c), t);
}

static void ticket_ready(struct world *w, comp_id c, struct ticket *t)
{
    struct subscription_state *s = sub_of(w, c);
    leave_state(w, s, t);
    t->state = TICKET_READY;
    ready_push(w, s, t);
}

/* Given out too often: nobody gets it any more. */
static bool used_up(const struct world *w, comp_id c, const struct ticket *t)
{
    int64_t tries = p_count(w, c, SB_TRIES);
    return tries > 0 && t->receives >= tries;
}

/* The next of those that an operator sends again. They become tickets one by one: many
 * at once would be too much memory for one event. */
static struct ticket *take_again(struct world *w, comp_id c,
                                 struct subscription_state *s)
{
    if (s->again_at == s->nagain)
        return NULL;
    struct dead_letter *d = W_PTR(w, struct dead_letter, s->again) + s->again_at++;
    return ticket_new(w, c, &d->message, d->partition, TICKET_OUT);
}

struct ticket *ticket_take(struct world *w, comp_id c)
{
    struct subscription_state *s = sub_of(w, c);
    while (s->ready != 0) {
        struct ticket *t = ticket_at(w, s->ready);
        if (!used_up(w, c, t)) {
            leave_state(w, s, t);
            t->state = TICKET_OUT;
            s->nout++;
            return t;
        }
        if (!t->succeeded)
            dead_letter_add(w, c, &t->message, t->partition, t->receives);
        t->message.flags |= MESSAGE_AGAIN; /* a consumer that works on it yet is late */
        ticket_gone(w, c, t);
    }
    return take_again(w, c, s);
}

void ticket_event(struct world *w, comp_id c, ref r, uint32_t gen)
{
    struct ticket *t = ticket_at(w, r);
    if (t->gen != gen)
        return;
    t->timer = 0;
    ticket_ready(w, c, t);
    sub_wake(w, c);
}

/* A ticket leaves unprocessed; true when it does so for the first time. It is in the
 * books from now on, or as it was late, whoever still works on it. */
static bool new_loss(struct world *w, comp_id c, struct ticket *t)
{
    bool counted = t->message.flags & MESSAGE_AGAIN;
    if (t->succeeded || (counted && !t->late))
        return false;
    t->late = false;
    t->message.flags |= MESSAGE_AGAIN;
    if (!counted)
        sub_left_bad(w, c, 1);
    return true;
}

/* ---- many ------------------------------------------------------------------------ */

void tickets_expire(struct world *w, comp_id c, sim_time before)
{
    struct subscription_state *s = sub_of(w, c);
    for (ref r = s->ready; r != 0;) {
        struct ticket *t = ticket_at(w, r);
        r = t->rnext;
        if (t->message.published >= before)
            continue;
        s->expired += new_loss(w, c, t);
        ticket_gone(w, c, t);
    }
}

uint32_t tickets_purge(struct world *w, comp_id c)
{
    struct subscription_state *s = sub_of(w, c);
    uint32_t n = 0;
    for (ref r = s->tickets; r != 0;) {
        struct ticket *t = ticket_at(w, r);
        r = t->next;
        if (t->state == TICKET_GONE)
            continue;
        n += new_loss(w, c, t);
        ticket_gone(w, c, t);
    }
    s->again_at = s->nagain;
    return n;
}

/* ---- dead letters ---------------------------------------------------------------- */

void dead_letter_add(struct world *w, comp_id c, const struct message *m,
                     uint32_t partition, uint32_t tries)
{
    struct subscription_state *s = sub_of(w, c);
    bool kept = p_on(w, c, SB_DEAD_LETTERS) && s->ndead < DEAD_MAX;
    s->dead_total++;
    if (!(m->flags & MESSAGE_AGAIN))
        sub_left_bad(w, c, 1); /* else that was counted before */
    w_log(w, c, 0, LOG_ERROR, m->request,
          "a message of partition %u has failed %u times: %s", partition + 1, tries,
          kept ? "to the dead letters" : "dropped");
    if (!kept)
        return;
    w_grow(w, &s->dead, &s->dead_cap, s->ndead + 1, sizeof(struct dead_letter));
    W_PTR(w, struct dead_letter, s->dead)
    [s->ndead++] = (struct dead_letter){
        .message = *m, .tries = tries, .partition = (uint16_t)partition};
}

void dead_letter_again(struct world *w, comp_id c, const struct dead_letter *letter)
{
    struct subscription_state *s = sub_of(w, c);
    struct dead_letter d = *letter; /* the letter may lie in the array that grows */
    if (s->again_at == s->nagain)
        s->again_at = s->nagain = 0;
    w_grow(w, &s->again, &s->again_cap, s->nagain + 1, sizeof d);
    d.message.flags |= MESSAGE_AGAIN;
    W_PTR(w, struct dead_letter, s->again)[s->nagain++] = d;
}

uint32_t dead_letters_replay(struct world *w, comp_id c)
{
    struct subscription_state *s = sub_of(w, c);
    uint32_t n = s->ndead;
    for (uint32_t i = 0; i < n; i++)
        dead_letter_again(w, c, W_PTR(w, struct dead_letter, s->dead) + i);
    s->ndead = 0;
    return n;
}
