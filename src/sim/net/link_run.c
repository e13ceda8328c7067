/*
 * Messages over a link, as TCP carries them: what is lost is sent again, and arrives
 * late. The sender waits for `rto` before it does so, twice as long each time, two
 * minutes at most; after `retransmits` times (Linux: tcp_retries2, 15: fifteen minutes)
 * the connection is given up. Of a message of several packets the first loss is drawn,
 * and only what was lost is sent again; three packets behind it tell the sender at once
 * (fast retransmit), so that just a round trip is lost. Congestion windows are not
 * modelled: a message leaves at the link's rate.
 *
 * A message meets a partition when it is sent: what is in flight when one begins still
 * arrives, and when one ends, nothing moves before the next retransmission.
 */
#include "engine/kind.h"
#include "engine/life.h"
#include "net/link.h"

enum { PACKET = 1460, FAST_PACKETS = 3 };
#define RTO_MAX (120 * SIM_SEC)

sim_time link_latency(struct world *w, comp_id c)
{
    sim_time t = dist_draw(p_dist(w, c, LP_LATENCY), w_rng(w, c, LRNG_LATENCY));
    sim_time jitter = p_time(w, c, LP_JITTER);
    if (jitter > 0)
        t += (sim_time)((double)jitter * rng_unit(w_rng(w, c, LRNG_LATENCY)));
    double slow = link_at(w, c)->slow;
    return slow == 1 ? t : (sim_time)((double)t * slow);
}

/* Before an instance is chosen it is left to chance which one it will be; the answer
 * shares that fate. */
static struct talk talk_of(const struct world *w, const struct act *a)
{
    bool known = a->hop != 0 || (path_of(w, a->policy)->what & PATH_DIALS);
    return (struct talk){.lot = act_lot(a),
                         .attempt = a->try_number,
                         .caller = a->caller_instance,
                         .callee = known ? a->instance : 0};
}

static void wake(struct world *w, comp_id c, struct act *a, sim_time at, int what)
{
    a->timer = cal_at(w, at, EV_KIND + what, c, W_REF(w, a), a->gen);
}

/* ---- losing ---------------------------------------------------------------------- */

static double loss_of(const struct world *w, comp_id c)
{
    return 1 - (1 - p_number(w, c, LP_LOSS)) * (1 - link_at(w, c)->loss);
}

/* A single draw decides how many packets get through before the first that does not. */
static enum fate fate_of(struct world *w, comp_id c, uint32_t packets)
{
    double loss = loss_of(w, c);
    if (loss <= 0)
        return FATE_ARRIVES;
    double u = rng_unit(w_rng(w, c, LRNG_LOSS));
    double through = loss < 1 ? tc_log(1 - u) / tc_log(1 - loss) : 0;
    if (through >= packets)
        return FATE_ARRIVES;
    return (uint32_t)through + 1 + FAST_PACKETS <= packets ? FATE_MISSED : FATE_LOST;
}

bool link_loses(struct world *w, comp_id c, const struct talk *t, uint32_t packets)
{
    struct link *k = link_at(w, c);
    if (link_cut(w, c, t, WAY_THERE) || link_cut(w, c, t, WAY_BACK)) {
        k->cut++;
        return true;
    }
    bool lost = fate_of(w, c, packets) != FATE_ARRIVES;
    k->lost += lost;
    return lost;
}

bool link_reaches(const struct world *w, comp_id c, const struct talk *t)
{
    return !link_cut(w, c, t, WAY_THERE) && !link_cut(w, c, t, WAY_BACK) &&
           !link_refuses(w, c, t);
}

/* A message is lost: sets when it is sent again, or given up. */
static void again_later(struct world *w, comp_id c, struct act *a)
{
    sim_time wait = p_time(w, c, LP_RTO), most = p_time(w, c, LP_USER_TIMEOUT);
    for (int i = 0; i < a->tries && wait < RTO_MAX; i++)
        wait *= 2;
    sim_time at = w_now(w) + (wait < RTO_MAX ? wait : RTO_MAX);
    sim_time since = a->ordered ? a->sent : a->since;
    bool over = a->tries++ >= p_count(w, c, LP_RETRANSMITS);
    if (most > 0 && at - since >= most) {
        at = since + most > w_now(w) ? since + most : w_now(w);
        over = true;
    }
    a->lost = 1;
    wake(w, c, a, at, over ? LE_BROKEN : LE_AGAIN);
}

static void meet(struct world *w, comp_id c, struct act *a, enum fate fate)
{
    if (fate == FATE_ARRIVES)
        wake(w, c, a, w_now(w) + link_latency(w, c), LE_ARRIVED);
    else if (fate == FATE_MISSED)
        wake(w, c, a, w_now(w) + link_latency(w, c) + link_latency(w, c), LE_AGAIN);
    else
        again_later(w, c, a);
}

void link_hurries(struct world *w, comp_id c, struct act *a)
{
    if (!a->lost)
        return;
    cal_cancel(w, &a->timer);
    a->mark = UINT64_MAX; /* nobody has heard of what is not sent yet */
    wake(w, c, a, w_now(w) + link_latency(w, c), LE_AGAIN);
}

/* ---- sending --------------------------------------------------------------------- */

static uint32_t bytes_of(const struct world *w, const struct act *a, enum way way)
{
    int64_t all = path_of(w, a->policy)->bytes[way];
    return (uint32_t)(a->rest && all > PACKET ? PACKET : all);
}

/* On the wire, or at its end. */
static void put(struct world *w, comp_id c, struct act *a, enum way way)
{
    struct link *k = link_at(w, c);
    struct lane *l = &k->lanes[way];
    uint32_t bytes = bytes_of(w, a, way);
    int64_t room = p_count(w, c, LP_QUEUE);
    if (room > 0 && l->queued > 0 && l->queued + bytes > (uint64_t)room) {
        k->dropped++;
        again_later(w, c, a);
        return;
    }
    enum fate fate = fate_of(w, c, bytes <= PACKET ? 1 : (bytes + PACKET - 1) / PACKET);
    k->bytes += bytes;
    if (fate != FATE_ARRIVES) {
        k->lost++;
        a->rest = 1;
    }
    if (k->rate == 0 && l->timer == 0)
        meet(w, c, a, fate);
    else
        lane_push(w, c, way, (struct frame){W_REF(w, a), a->gen, bytes, (uint8_t)fate});
}

static void transmit(struct world *w, comp_id c, struct act *a, enum way way)
{
    struct link *k = link_at(w, c);
    struct talk t = talk_of(w, a);
    if (a->ordered)
        a->mark = (uint64_t)w_now(w);
    if (a->dead) {
        k->cut++;
        again_later(w, c, a);
    } else if (link_refuses(w, c, &t)) {
        wake(w, c, a, w_now(w) + link_latency(w, c), LE_BROKEN);
    } else if (link_cut(w, c, &t, way)) {
        k->cut++;
        again_later(w, c, a);
    } else {
        put(w, c, a, way);
    }
}

void link_cross(struct world *w, comp_id c, struct act *a, enum way way)
{
    act_wait(w, a, a->dead ? CAUSE_DEAD_CONNECTION : CAUSE_NETWORK, c);
    a->tries = 0;
    a->rest = 0;
    a->lost = a->timed = 0;
    a->way = way;
    link_at(w, c)->messages++;
    transmit(w, c, a, way);
}

/* ---- events ---------------------------------------------------------------------- */

/* Whoever gave up has closed the connection, and nothing is sent again for them, unless
 * others share it; a database's is the pool's. */
static void again(struct world *w, comp_id c, struct act *a)
{
    if (a->parent == 0 && a->kind != ACT_QUERY && !a->ordered) {
        act_orphan(w, a);
        return;
    }
    if (a->lost && a->mark != UINT64_MAX)
        a->timed = a->ordered;
    a->lost = 0;
    link_at(w, c)->retransmits++;
    transmit(w, c, a, (enum way)a->way);
}

static void out(struct world *w, comp_id c, enum way way)
{
    struct frame f = lane_pop(w, c, way);
    struct act *a = act_alive(w, f.act, f.gen);
    if (a)
        meet(w, c, a, (enum fate)f.fate);
}

void link_event(struct world *w, comp_id c, int what, uint32_t r, uint32_t gen)
{
    struct act *a = what == LE_SENT ? NULL : act_alive(w, r, gen);
    if (what == LE_SENT) {
        out(w, c, (enum way)r);
        return;
    }
    if (!a)
        return;
    a->timer = 0;
    w_outcome(w, (uint32_t)what);
    if (what == LE_ARRIVED) {
        comp_kind(w, a->policy)->arrived(w, a);
    } else if (what == LE_AGAIN) {
        again(w, c, a);
    } else {
        link_at(w, c)->broken++;
        comp_kind(w, a->policy)->lost(w, a, REASON_CONN_LOST, c);
    }
}
