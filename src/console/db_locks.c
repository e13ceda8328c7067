/*
 * db locks: who waits for whom in a database. Who waits is shown below the one at the
 * end of the chain, who waits for nobody: ending that one's transaction lets the others
 * go.
 */
#include "console_internal.h"
#include "db.h"
#include "lookup.h"

#include <string.h>

enum { LOCKS_MAX = 20000, LOCKS_SHOWN = 12, CIRCLE_MAX = 1000 };

/* Orders waiters by the session they are behind, the longest wait first. */
static int by_root(const void *a, const void *b, void *ctx)
{
    const struct db_lock_view *x = a, *y = b;
    (void)ctx;
    if (x->root != y->root)
        return x->root < y->root ? -1 : 1;
    return (x->since > y->since) - (x->since < y->since);
}

/* ---- deadlocks ------------------------------------------------------------------- */

/* The waits in order of session. */
static int by_session(const void *a, const void *b, void *ctx)
{
    const struct db_lock_view *x = a, *y = b;
    (void)ctx;
    return (x->session > y->session) - (x->session < y->session);
}

static struct db_lock_view *wait_of(struct db_lock_view *v, size_t n, uint32_t session)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (v[mid].session < session)
            low = mid + 1;
        else
            high = mid;
    }
    return low < n && v[low].session == session ? &v[low] : NULL;
}

/* The youngest wait of the circle that `from` is in: it has closed it. NULL: none is
 * found, as behind a very long chain. `size`: how many wait in it. */
static const struct db_lock_view *closing_wait(struct db_lock_view *v, size_t n,
                                               const struct db_lock_view *from,
                                               size_t *size)
{
    const struct db_lock_view *young = from, *at = from;
    for (*size = 1; at && *size < CIRCLE_MAX; ++*size) {
        at = wait_of(v, n, at->blocker);
        if (at == from)
            break;
        if (at && (at->since > young->since ||
                   (at->since == young->since && at->session > young->session)))
            young = at;
    }
    return at == from ? young : NULL;
}

/* Waiters behind a circle are behind all of it. One of it stands for all, the same for
 * everybody: the one whose wait has closed it, so that the circle is as old as that. */
static void name_circles(struct db_lock_view *v, size_t n)
{
    sort_stable(v, n, sizeof *v, by_session, NULL);
    for (size_t i = 0; i < n; i++) {
        size_t size;
        const struct db_lock_view *root =
            v[i].root_state == SESSION_LOCK_WAIT ? wait_of(v, n, v[i].root) : NULL;
        const struct db_lock_view *one = root ? closing_wait(v, n, root, &size) : NULL;
        if (!one)
            continue;
        v[i].root = one->session;
        v[i].root_client = one->client;
        v[i].root_instance = one->instance;
        v[i].root_since = one->since;
    }
}

/* The number that wait in the circle of this root; 0: there is none. `v` is one group,
 * and holds all of its circle. */
static size_t circle_of(struct call *c, const struct db_lock_view *v, size_t n)
{
    size_t size = 0;
    if (v->root_state != SESSION_LOCK_WAIT)
        return 0;
    struct db_lock_view *own = arena_alloc(c->mem, n * sizeof *own);
    memcpy(own, v, n * sizeof *own);
    sort_stable(own, n, sizeof *own, by_session, NULL);
    const struct db_lock_view *root = wait_of(own, n, v->root);
    return root && closing_wait(own, n, root, &size) ? size : 0;
}

/* ---- who waits for whom ---------------------------------------------------------- */

static void root_line(struct call *c, comp_id db, const struct db_lock_view *v,
                      size_t n)
{
    static const char *const does[] = {"is idle", "runs", "is idle in transaction",
                                       "waits, too,"};
    const char *who = db_client(c, db, v->root_client, v->root_instance);
    size_t circle = circle_of(c, v, n);
    if (circle > 0)
        para(c, TONE_STRONG, 0,
             strf(c,
                  "A deadlock for %s: session %u of %s and %zu more wait in a circle. "
                  "It stops %zu, those in it included:",
                  ago(c, v->root_since), v->root, who, circle - 1, n));
    else
        para(c, TONE_STRONG, 0,
             strf(c, "Session %u of %s %s for %s, and stops %zu:", v->root, who,
                  does[v->root_state], ago(c, v->root_since), n));
}

static const char *wish(struct call *c, const struct db_lock_view *v)
{
    if (v->table == COMP_NONE)
        return strf(c, "\"%s\"", v->what);
    return strf(c, "%s of %s", v->what, name_of(c, v->table));
}

static void waiters(struct call *c, comp_id db, const struct db_lock_view *v, size_t n)
{
    struct out_table t;
    table_init(&t, c->o, ">SESSION|CLIENT|WANTS|MODE|FOR|BEHIND");
    for (size_t i = 0; i < n && (i < LOCKS_SHOWN || c->piped); i++) {
        table_cell(&t, TONE_STRONG, "%u", v[i].session);
        table_cell(&t, TONE_NORMAL, "%s", db_client(c, db, v[i].client, v[i].instance));
        table_cell(&t, TONE_NORMAL, "%s", wish(c, &v[i]));
        table_cell(&t, TONE_NORMAL, "%s", lock_forms()[v[i].mode]);
        table_cell(&t, TONE_NORMAL, "%s", ago(c, v[i].since));
        table_cell(&t, v[i].blocker_queues ? TONE_DIM : TONE_WARN, "%u%s", v[i].blocker,
                   v[i].blocker_queues ? ", queued" : "");
    }
    table_print(&t);
    if (n > LOCKS_SHOWN && !c->piped)
        note(c, "The first %d of %zu, longest first.", LOCKS_SHOWN, n);
}

static enum err run(struct call *c)
{
    comp_id db;
    enum err e = db_of(c, &db, NULL);
    if (e != ERR_OK)
        return e;
    struct db_lock_view *v = arena_alloc(c->mem, LOCKS_MAX * sizeof *v);
    size_t n = world_db_locks(c->w, db, v, LOCKS_MAX);
    n = n < LOCKS_MAX ? n : LOCKS_MAX;
    seen_comp(c, db, "locks");
    if (n == 0) {
        para(c, TONE_NORMAL, 0, "Nobody waits for a lock.");
        return ERR_OK;
    }
    name_circles(v, n);
    sort_stable(v, n, sizeof *v, by_root, NULL);
    for (size_t i = 0, k; i < n; i = k) {
        for (k = i + 1; k < n && v[k].root == v[i].root;)
            k++;
        root_line(c, db, &v[i], k - i);
        waiters(c, db, v + i, k - i);
    }
    note(c, "queued: it holds nothing, and only waits ahead. kill %s SESSION ends one.",
         name_of(c, db));
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"psql", "psql -c 'select pid, pg_blocking_pids(pid), wait_event, query from "
             "pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0'"},
};
const struct command cmd_db_locks = {
    .info = {.name = "locks",
             .synopsis = "db locks [DATABASE]",
             .doc = "Who waits for whom. Below each session that waits for nobody "
                    "stand those that wait for it in the end.",
             .examples = "db locks\ndb locks DATABASE",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_DATABASE},
    .max_args = 1,
    .run = run,
};
