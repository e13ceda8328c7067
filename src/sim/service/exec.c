/*
 * Running programs: a request or branch stands at an op; exec_run() does ops until one
 * of them has to wait. Nothing here calls back into itself: what goes on later comes
 * through the ready ring.
 *
 * An error jumps to the op's on_fail, which the compiler has laid so that transactions
 * are rolled back and cache loads are reported failed on the way out.
 */
#include "broker/broker.h"
#include "cache/cache.h"
#include "call/call.h"
#include "db/db.h"
#include "engine/ledger.h"
#include "engine/life.h"
#include "engine/lot.h"
#include "engine/telling.h"
#include "service/endpoint.h"
#include "service/service_internal.h"

enum { RNG_WORK, RNG_CHOICE }; /* in the order of kind_service.streams */

static const struct op *op_of(const struct act *a)
{
    CHECK(a->program);
    return &a->program->ops[a->pc];
}

/* ---- branches -------------------------------------------------------------------- */

static struct act *branch_new(struct world *w, struct act *a, uint32_t pc)
{
    struct act *b = act_new(w, ACT_BRANCH, a->comp);
    b->instance = a->instance;
    b->run.home = a->run.home;
    b->what = a->what;
    b->client = a->client;
    b->priority = a->priority;
    b->request = a->request;
    b->user = a->user;
    b->visit = a->visit;
    b->serial = a->serial;
    b->origin = a->origin;
    b->nth = a->nth;
    b->deadline = a->deadline;
    b->program = a->program;
    b->pc = b->run.start_pc = pc;
    b->run.tx = a->run.tx;
    b->depth = (uint8_t)(a->depth + 1);
    b->flags = a->flags & (ACT_ABANDONED | ACT_TRACED);
    b->span = a->span;
    b->parent_span = a->parent_span;
    return b;
}

static void branch_start(struct world *w, struct act *a, struct act *b)
{
    CHECK(b->kind == ACT_BRANCH && b->gen != 0);
    b->parent = W_REF(w, a);
    b->sibling = a->branches;
    if (a->branches != 0)
        act_at(w, a->branches)->prev = W_REF(w, b);
    a->branches = W_REF(w, b);
    a->run.nbranches++;
    act_ready(w, b, REASON_NONE);
}

static void branch_unlink(struct world *w, struct act *p, struct act *b)
{
    CHECK(b->kind == ACT_BRANCH);
    if (b->prev != 0)
        act_at(w, b->prev)->sibling = b->sibling;
    else
        p->branches = b->sibling;
    if (b->sibling != 0)
        act_at(w, b->sibling)->prev = b->prev;
    b->parent = b->sibling = b->prev = 0;
    p->run.nbranches--;
    p->held_kib += b->held_kib; /* the parent may have asked for it */
}

/* A connection that a branch has from its parent is the parent's to give back. */
static void tx_end(struct world *w, struct act *a, bool commit)
{
    bool borrowed = a->kind == ACT_BRANCH && a->parent != 0 &&
                    act_at(w, a->parent)->run.tx == a->run.tx;
    if (a->run.tx != 0 && !borrowed)
        database_tx_end(w, a, commit);
    a->run.tx = 0;
}

/* Drops the branches that still run: they do not count any more. */
static void branches_drop(struct world *w, struct act *p)
{
    while (p->branches != 0) {
        struct act *b = act_at(w, p->branches);
        exec_cancel(w, b);
        branch_unlink(w, p, b);
        tx_end(w, b, false);
        act_free(w, b);
    }
}

/* Decides whether the branches that ended are enough, or too many failed. p->run.failed
 * counts those. */
static SELDOM bool quorum_decides(struct world *w, struct act *p, const struct op *op,
                                  enum reason reason)
{
    p->run.failed += reason != REASON_NONE;
    uint64_t well = op->count - p->run.nbranches - p->run.failed;
    if (well < op->quorum && p->run.failed <= op->count - op->quorum)
        return false;
    if (well >= op->quorum)
        p->reason = REASON_NONE;
    branches_drop(w, p);
    return true;
}

static void branch_end(struct world *w, struct act *b, enum reason reason,
                       comp_id culprit)
{
    act_account(w, b);
    tx_end(w, b, reason == REASON_NONE);
    if (b->parent == 0) { /* a refresh in the background */
        memory_free(w, instance_of(w, b), b);
        service_left(w, b);
        act_free(w, b);
        return;
    }
    struct act *p = act_at(w, b->parent);
    branch_unlink(w, p, b);
    act_aged(p, b->age);
    p->flags |= b->flags & ACT_ANSWERED;
    if (reason != REASON_NONE && p->reason == REASON_NONE) {
        p->reason = (uint8_t)reason;
        p->culprit = culprit;
    }
    const struct op *op = op_of(p);
    bool over =
        op->quorum == 0 ? p->run.nbranches == 0 : quorum_decides(w, p, op, reason);
    if (over) { /* the last one is the critical path */
        ledger_merge(w, p, b);
        p->since = w_now(w);
        p->cause = CAUSE_OTHER;
        act_ready(w, p, (enum reason)p->reason);
        p->reason = REASON_NONE;
    }
    act_free(w, b);
}

struct act *exec_refresh(struct world *w, struct act *lookup)
{
    struct act *p = act_at(w, lookup->parent);
    struct act *b = branch_new(w, p, p->pc + 1);
    b->run.tx = 0;
    b->deadline = 0;
    b->flags = (uint16_t)((b->flags & ~ACT_ABANDONED) | ACT_DETACHED);
    b->key = lookup->key;
    b->run.own_pc = p->pc + 1;
    service_entered(w, b);
    act_ready(w, b, REASON_NONE);
    return b;
}

/* ---- ending ---------------------------------------------------------------------- */

HOT void program_end(struct world *w, struct act *a, enum reason reason,
                     comp_id culprit)
{
    if (a->kind == ACT_BRANCH) {
        branch_end(w, a, reason, culprit);
        return;
    }
    act_account(w, a);
    tx_end(w, a, reason == REASON_NONE);
    service_request_done(w, a, reason, culprit);
}

/* True: there is an op to go on at. */
static bool exec_fail(struct world *w, struct act *a, enum reason reason,
                      comp_id culprit)
{
    uint32_t to = op_of(a)->on_fail;
    bool own_key =
        a->run.own_pc == a->pc + 1; /* a branch for one key ends with its lookup */
    if (to == PC_NONE || own_key) {
        program_end(w, a, reason, culprit);
        return false;
    }
    a->pc = to;
    uint8_t code = op_of(a)->code;
    bool goes_on_failing = code == OP_TX_ABORT || code == OP_STORE_ABORT;
    a->reason = goes_on_failing ? (uint8_t)reason : REASON_NONE;
    a->culprit = goes_on_failing ? culprit : COMP_NONE;
    return true;
}

/* A program that is ended from outside in the middle of a miss body has promised a
 * value to the key space. (Bodies do not nest, so there is at most one.) */
static void load_drop(struct world *w, struct act *a)
{
    const struct program *p = a->program;
    uint32_t from = a->kind == ACT_BRANCH ? a->run.start_pc : 0;
    if (a->run.own_pc != 0)
        from = a->run.own_pc - 1;
    for (uint32_t i = from; i < a->pc; i++)
        if (p->ops[i].code == OP_CACHED && a->pc < p->ops[i].after)
            keyspace_store_failed(w, p->ops[i].what, a, REASON_INSTANCE_GONE);
}

void exec_cancel(struct world *w, struct act *a)
{
    if (a->flags & ACT_IN_STATION)
        station_remove(w, W_PTR(w, struct station, a->station), a);
    act_account(w, a);
    call_drop(w, a);
    while (a->branches != 0) {
        struct act *b = act_at(w, a->branches);
        bool last = a->run.nbranches == 1;
        exec_cancel(w, b);
        branch_unlink(w, a, b);
        if (last) {
            ledger_merge(w, a, b);
            a->since = w_now(w);
        }
        tx_end(w, b, false);
        act_free(w, b);
    }
    load_drop(w, a);
    tx_end(w, a, false);
}

/* ---- ops that wait --------------------------------------------------------------- */

/* Begins lookups: one is made by the program itself, several by branches. */
static void cached_begin(struct world *w, struct act *a, const struct op *op)
{
    if (a->run.own_pc == a->pc + 1) { /* a branch that was started for one key */
        call_begin(w, a, &op->call);
        return;
    }
    uint32_t first = 0, n = keyspace_batch(w, op->what, &first);
    a->key = first;
    if (n <= 1) {
        call_begin(w, a, &op->call);
        return;
    }
    act_account(w, a);
    a->cause = CAUSE_COUNT;
    for (uint32_t i = 0; i < n; i++) {
        struct act *b = branch_new(w, a, a->pc);
        b->key = first + i;
        b->run.own_pc = a->pc + 1;
        branch_start(w, a, b);
    }
}

static void parallel_begin(struct world *w, struct act *a, const struct op *op)
{
    act_account(w, a);
    a->cause = CAUSE_COUNT;
    a->run.failed = 0;
    for (uint32_t i = 0; i < op->count; i++) {
        struct act *b = branch_new(w, a, a->program->branches[op->jump + i]);
        if (b->pc ==
            a->program->branches[op->jump]) /* a copy: it has its own subject */
            b->nth = (uint16_t)(a->nth * op->count + i);
        branch_start(w, a, b);
    }
}

/* Work or sleep. False: there was none of it. */
HOT bool time_begin(struct world *w, struct act *a, const struct op *op)
{
    sim_time d = dist_draw(&op->time, w_rng(w, a->comp, RNG_WORK));
    if (d == 0)
        return false;
    a->call_start = w_now(w);
    if (op->code == OP_COMPUTE) {
        struct instance *i = instance_of(w, a);
        station_add(w, cores_for(w, i, a), a, d);
    } else
        act_timer(w, a, d, CAUSE_SLEEP, a->comp);
    return true;
}

/* Processor time of a traced request: one span, with how much of it was work. */
static SELDOM void compute_span(struct world *w, const struct act *a)
{
    struct buf note;
    buf_init(&note, NOTE_BYTES);
    if (w_now(w) - a->call_start > a->demand + a->demand / 10) {
        time_format(&note, a->demand);
        buf_adds(&note, " of work");
    }
    w_span(w, a, CAUSE_CPU, a->comp, a->call_start, REASON_NONE, note.s);
    buf_release(&note);
}

/* ---- the loop -------------------------------------------------------------------- */

/* The wait at this op has ended well: where to go on. False: the act has ended. */
HOT bool exec_waited(struct world *w, struct act *a)
{
    const struct op *op = op_of(a);
    bool own_key = a->run.own_pc == a->pc + 1;
    if (op->code == OP_COMPUTE && (a->flags & ACT_TRACED))
        compute_span(w, a);
    if (a->flags & ACT_ANSWERED) { /* a business answer below ends this program too */
        load_drop(w, a);
        program_end(w, a, REASON_NONE, COMP_NONE);
        return false;
    }
    bool branched = op->code == OP_CACHED && a->attempt == 0;
    if (op->code == OP_PARALLEL || branched) {
        a->pc = op->after; /* the branches have done it */
    } else if (op->code == OP_CACHED && (a->flags & ACT_HIT)) {
        if (own_key) {
            branch_end(w, a, REASON_NONE, COMP_NONE);
            return false;
        }
        a->pc = op->after;
    } else {
        a->pc++;
    }
    a->attempt = 0;
    return true;
}

/* Whether the subject of the act has the property that the op names. Not drawn but
 * worked out, so that every try, delivery and service finds the same; what is about
 * nothing asks for its request. */
static SELDOM bool has_property(const struct world *w, const struct act *a,
                                const struct op *op)
{
    return lot_within(act_share(w, a, op->count), op->p);
}

/* Whether the steps behind a condition are left out. */
static bool leaves_out(struct world *w, const struct act *a, const struct op *op)
{
    if (op->code == OP_SOMETIMES)
        return rng_unit(w_rng(w, a->comp, RNG_CHOICE)) >= op->p;
    if (op->code == OP_EACH)
        return !has_property(w, a, op);
    assert(op->code == OP_FLAG);
    return !p_on(w, op->target, 0);
}

/* A value that a miss has loaded goes into its key space, or will not come. False: the
 * act has ended, as a branch that was started for that key does. */
static bool load_settled(struct world *w, struct act *a, const struct op *op)
{
    bool loaded = op->code == OP_STORE;
    enum reason reason = loaded ? REASON_NONE : (enum reason)a->reason;
    if (loaded)
        keyspace_store(w, op->what, a);
    else
        keyspace_store_failed(w, op->what, a, reason);
    if (a->run.own_pc == op->jump + 1) {
        branch_end(w, a, reason, loaded ? COMP_NONE : a->culprit);
        return false;
    }
    if (!loaded)
        return exec_fail(w, a, reason, a->culprit);
    a->pc++;
    return true;
}

/* The program has its answer, and ends. */
static bool answered(struct world *w, struct act *a)
{
    a->flags |= ACT_ANSWERED;
    load_drop(w, a);
    program_end(w, a, REASON_NONE, COMP_NONE);
    return false;
}

/* Runs an op that does not wait. False: the act has ended. */
static bool exec_instant(struct world *w, struct act *a, const struct op *op)
{
    switch (op->code) {
    case OP_TX_END:
        tx_end(w, a, true);
        break;
    case OP_TX_ABORT:
        tx_end(w, a, false);
        return exec_fail(w, a, (enum reason)a->reason, a->culprit);
    case OP_STORE:
    case OP_STORE_ABORT:
        return load_settled(w, a, op);
    case OP_BRANCH_END:
        branch_end(w, a, REASON_NONE, COMP_NONE);
        return false;
    case OP_SOMETIMES:
    case OP_EACH:
    case OP_FLAG:
        a->pc = leaves_out(w, a, op) ? op->jump : a->pc + 1;
        return true;
    case OP_JUMP:
        a->pc = op->jump;
        return true;
    case OP_COUNT:
        counter_add(w, op->target, a);
        break;
    case OP_REPLY:
        if (op->target != COMP_NONE)
            counter_add(w, op->target, a);
        return answered(w, a);
    case OP_DROP:
        act_aged(a, AGE_LOST);
        return answered(w, a);
    case OP_FAIL:
        w_log(w, a->comp, a->instance, LOG_ERROR, a->request, "%s", op->text);
        return exec_fail(w, a, REASON_ERROR, a->comp);
    case OP_LOG:
        w_log(w, a->comp, a->instance, (enum log_level)op->level, a->request, "%s",
              op->text);
        break;
    case OP_ALLOCATE:
        memory_allocate(w, a, op->p);
        break;
    default:
        program_end(w, a, REASON_NONE, COMP_NONE);
        return false;
    }
    a->pc++;
    return true;
}

static void exec_run(struct world *w, struct act *a)
{
    for (;;) {
        const struct op *op = op_of(a);
        switch (op->code) {
        case OP_COMPUTE:
        case OP_SLEEP:
            if (time_begin(w, a, op))
                return;
            a->pc++;
            break;
        case OP_CALL:
        case OP_QUERY:
        case OP_TX_BEGIN:
        case OP_LEAK:
        case OP_LOCK:
            call_begin(w, a, &op->call);
            return;
        case OP_CACHED:
            cached_begin(w, a, op);
            return;
        case OP_CRASH: /* nobody gets any further */
            act_wait(w, a, CAUSE_OTHER, a->comp);
            process_dies(w, instance_of(w, a), DEATH_CRASH);
            return;
        case OP_PUBLISH:
            publish_key(w, a, op->what);
            call_begin(w, a, &op->call);
            return;
        case OP_PARALLEL:
            if (op->count > 0) {
                parallel_begin(w, a, op);
                return;
            }
            a->pc = op->after;
            break;
        default:
            if (!exec_instant(w, a, op))
                return;
        }
    }
}

void exec_start(struct world *w, struct act *a)
{
    a->pc = 0;
    a->phase = EXEC_RUNNING;
    exec_run(w, a);
}

/* A cache that does not answer is a miss: the program loads the value itself. */
HOT bool counts_as_miss(const struct act *a, const struct op *op, enum reason reason)
{
    return op->code == OP_CACHED && a->attempt > 0 &&
           (reason == REASON_TIMEOUT || reason == REASON_BREAKER_OPEN ||
            reason == REASON_SHED || reason == REASON_DOWN ||
            reason == REASON_CONN_LOST);
}

void exec_resume(struct world *w, struct act *a, enum reason reason)
{
    bool on;
    act_account(w, a);
    if (a->phase != EXEC_RUNNING) { /* a branch's first step */
        a->phase = EXEC_RUNNING;
        exec_run(w, a);
        return;
    }
    if (counts_as_miss(a, op_of(a), reason)) {
        a->flags &= (uint16_t)~ACT_HIT;
        a->load = 0;
        reason = REASON_NONE;
    }
    if (reason == REASON_NONE) {
        on = exec_waited(w, a);
    } else {
        comp_id culprit = a->culprit;
        a->attempt = 0;
        on = exec_fail(w, a, reason, culprit);
    }
    if (on)
        exec_run(w, a);
}
