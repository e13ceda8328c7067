/*
 * From a tree of nodes to a flat array of ops.
 *
 * Jumps are laid to labels and patched at the end. The only thing that needs thought is
 * where an error goes: every op has on_fail, the innermost of "behind the thing that
 * catches it", "roll back the transaction", "report the cache load failed", or out of
 * the program. The two in the middle clean up and then fail on to the next outer one,
 * so that running a program needs no stack.
 */
#include "engine/act.h"
#include "engine/kind.h"
#include "engine/program.h"
#include "model/build.h"
#include "truecode/model.h"

#include <string.h>

enum { OPS_MAX = 16000, FAN_OUT_MAX = 10000, LABEL_OUT = 0 };
#define ALLOCATE_MAX 1099511627776.0 /* a TiB */

struct compiler {
    struct model *m;
    comp_id service, endpoint;
    struct op *ops;
    uint32_t nops, ops_cap;
    uint32_t *labels; /* label -> pc */
    uint32_t nlabels, labels_cap;
    uint32_t *branches; /* labels of branches' starts */
    uint32_t nbranches, branches_cap;
    struct errmsg *why;
    enum err err;
};
struct context {   /* of a node */
    uint32_t fail; /* label; LABEL_OUT: ends the program (or branch) */
    bool in_tx, in_cached;
};

static void refuse(struct compiler *c, const struct node *n, enum err err)
{
    if (c->err != ERR_OK)
        return;
    c->err = err;
    if (n && n->line > 0)
        errmsg_prefix(c->why, "line %d: %s: ", n->line, model_name(c->m, c->endpoint));
    else
        errmsg_prefix(c->why, "%s: ", model_name(c->m, c->endpoint));
}

/* ---- ops and labels -------------------------------------------------------------- */

static uint32_t label_new(struct compiler *c)
{
    GROW(c->labels, c->nlabels, c->labels_cap);
    c->labels[c->nlabels] = PC_NONE;
    return c->nlabels++;
}

static void label_here(struct compiler *c, uint32_t label)
{
    c->labels[label] = c->nops;
}

/* The op is good until the next one is added. */
static struct op *emit(struct compiler *c, enum op_code code, const struct node *n,
                       const struct context *x)
{
    GROW(c->ops, c->nops, c->ops_cap);
    if (c->nops >= OPS_MAX)
        refuse(c, n, errmsg_set(c->why, ERR_LIMIT, "the program is too large"));
    struct op *op = &c->ops[c->nops++];
    *op = (struct op){.code = (uint8_t)code,
                      .target = COMP_NONE,
                      .what = COMP_NONE,
                      .policy = COMP_NONE,
                      .pool = COMP_NONE,
                      .on_fail = x->fail,
                      .line = n ? n->line : 0};
    return op;
}

static void emit_jump(struct compiler *c, uint32_t label, const struct context *x)
{
    emit(c, OP_JUMP, NULL, x)->jump = label;
}

/* ---- names ----------------------------------------------------------------------- */

static comp_id need(struct compiler *c, const struct node *n, const char *name,
                    const char *kind)
{
    comp_id id = model_need(c->m, name ? name : "", kind, kind, c->why);
    if (id == COMP_NONE)
        refuse(c, n, ERR_NOT_FOUND);
    return id;
}

/* A nested component "owner.name" or, written out, "owner/name". */
static comp_id need_nested(struct compiler *c, const struct node *n, comp_id owner,
                           const char *name, const char *kind)
{
    struct buf b;
    buf_init(&b, 0);
    buf_addf(&b, "%s.%s", model_name(c->m, owner), name ? name : "");
    comp_id id = model_find(c->m, b.s);
    if (id == COMP_NONE || !str_eq(model_kind(c->m, id)->name, kind))
        id = need(c, n, b.s, kind);
    buf_release(&b);
    return id;
}

static comp_id policy(struct compiler *c, const struct node *n, comp_id callee)
{
    comp_id p = call_policy_for(c->m, c->service, callee, c->why);
    if (p == COMP_NONE)
        refuse(c, n, ERR_INPUT);
    return p;
}

static comp_id pool_find(const struct model *m, comp_id service, comp_id db, bool reads)
{
    for (size_t i = 0; i < m->ncomps; i++)
        if (m->comps[i].owner == service && m->comps[i].target == db &&
            str_eq(model_kind(m, (comp_id)i)->name, "pool") &&
            m->comps[i].kind->on_replica(m, (comp_id)i) == reads)
            return (comp_id)i;
    return COMP_NONE;
}

/* The service's pool to this database; made with defaults when there is none. */
static comp_id pool_for(struct compiler *c, const struct node *n, comp_id db,
                        bool reads)
{
    comp_id pool = pool_find(c->m, c->service, db, reads);
    if (pool != COMP_NONE)
        return pool;
    struct buf b;
    buf_init(&b, 0);
    buf_addf(&b, "%s.%s", model_name(c->m, c->service), reads ? "reads" : "pool");
    if (model_find(c->m, b.s) != COMP_NONE)
        buf_addf(&b, "-%s", model_name(c->m, db));
    pool = model_add_nested(c->m, "pool", c->service, b.s, c->why);
    buf_release(&b);
    if (pool == COMP_NONE ||
        model_set(c->m, pool, "to", value_text(model_name(c->m, db)), c->why) !=
            ERR_OK ||
        (reads &&
         model_set(c->m, pool, "role", value_text("replica"), c->why) != ERR_OK) ||
        c->m->comps[pool].kind->resolve(c->m, pool, c->why) != ERR_OK)
        refuse(c, n, ERR_INPUT);
    return pool;
}

/* Whether the name is nearly that of a counter that is declared. */
static bool misspelt(const struct compiler *c, const char *name)
{
    const char **names = mem_array(c->m->ngiven + 1, sizeof *names);
    size_t n = 0;
    for (size_t i = 0; i < c->m->ngiven; i++)
        if (str_eq(model_kind(c->m, (comp_id)i)->name, "counter"))
            names[n++] = model_name(c->m, (comp_id)i);
    bool near = text_suggest(name, names, n);
    mem_free(names);
    return near;
}

static comp_id counter_for(struct compiler *c, const struct node *n)
{
    comp_id id = n->what ? model_find(c->m, n->what) : COMP_NONE;
    if (id == COMP_NONE && n->what && !misspelt(c, n->what)) {
        id = model_add(c->m, "counter", n->what, c->why);
        if (id == COMP_NONE)
            refuse(c, n, ERR_INPUT);
        return id;
    }
    return need(c, n, n->what, "counter");
}

static void query_names(struct compiler *c, const struct node *n, bool statement,
                        struct op *out)
{
    comp_id db = need(c, n, n->target, "database");
    if (db == COMP_NONE)
        return;
    out->target = db;
    out->policy = policy(c, n, db);
    if (statement)
        out->what = need_nested(c, n, db, n->what, "statement");
    bool reads = out->what != COMP_NONE &&
                 c->m->comps[out->what].kind->on_replica(c->m, out->what);
    out->pool = pool_for(c, n, db, reads);
}

/* ---- nodes ----------------------------------------------------------------------- */

static void emit_list(struct compiler *c, const struct node *n,
                      const struct context *x);

static void emit_call(struct compiler *c, const struct node *n, const struct context *x)
{
    struct op names = {.target = COMP_NONE, .what = COMP_NONE, .pool = COMP_NONE};
    enum op_code code = OP_CALL;
    if (n->kind == NODE_CALL) {
        struct buf b;
        buf_init(&b, 0);
        buf_addf(&b, n->what && n->what[0] ? "%s/%s" : "%s", n->target, n->what);
        enum err e = model_call_target(c->m, b.s, &names.target, &names.what, c->why);
        buf_release(&b);
        if (e != ERR_OK)
            refuse(c, n, e);
        else
            names.policy = policy(c, n, names.target);
        if (names.what == COMP_NONE)
            names.what = names.target;
    } else {
        code = n->kind == NODE_QUERY ? OP_QUERY : OP_LEAK;
        query_names(c, n, n->kind == NODE_QUERY, &names);
    }
    struct op *op = emit(c, code, n, x);
    op->target = names.target;
    op->what = names.what;
    op->policy = names.policy;
    op->pool = names.pool;
    op->level = n->kind == NODE_QUERY && n->p > 0;
}

/* The message's key is in the act while it is sent, where a cached value has its own.
 */
static void emit_publish(struct compiler *c, const struct node *n,
                         const struct context *x)
{
    if (x->in_cached)
        refuse(c, n, errmsg_set(c->why, ERR_INPUT, "publishing inside a cached value"));
    comp_id topic = need(c, n, n->target, "topic");
    if (topic == COMP_NONE)
        return;
    comp_id broker = c->m->comps[topic].owner, pol = policy(c, n, broker);
    uint32_t before = 0;
    for (uint32_t i = 0; i < c->nops && before < UINT8_MAX; i++)
        before += c->ops[i].code == OP_PUBLISH && c->ops[i].what == topic;
    struct op *op = emit(c, OP_PUBLISH, n, x);
    op->count = before;
    op->target = broker;
    op->what = topic;
    op->policy = pol;
}

/* The table, or any name for an advisory lock. */
static void emit_lock(struct compiler *c, const struct node *n, const struct context *x)
{
    struct op names = {.target = COMP_NONE, .what = COMP_NONE};
    int form = n->p >= 0 && n->p < LOCK_FORMS ? (int)n->p : LOCK_ROW;
    if (!x->in_tx)
        refuse(c, n,
               errmsg_set(c->why, ERR_INPUT,
                          "a lock outside of a transaction would end at once"));
    query_names(c, n, false, &names);
    if (names.target != COMP_NONE && form != LOCK_ADVISORY)
        names.what = need_nested(c, n, names.target, n->what, "table");
    struct op *op = emit(c, OP_LOCK, n, x);
    op->target = names.target;
    op->what = names.what;
    op->policy = names.policy;
    op->pool = names.pool;
    op->level = (uint8_t)form;
    op->text = n->what ? n->what : "";
}

static void emit_transaction(struct compiler *c, const struct node *n,
                             const struct context *x)
{
    uint32_t end = label_new(c), abort_label = label_new(c);
    struct context body = *x;
    struct op names = {.target = COMP_NONE, .what = COMP_NONE};
    if (x->in_tx)
        refuse(c, n,
               errmsg_set(c->why, ERR_INPUT, "a transaction inside a transaction"));
    query_names(c, n, false, &names);
    struct op *op = emit(c, OP_TX_BEGIN, n, x);
    op->target = names.target;
    op->policy = names.policy;
    op->pool = names.pool;
    body.fail = abort_label;
    body.in_tx = true;
    emit_list(c, n->body, &body);
    emit(c, OP_TX_END, n, x);
    emit_jump(c, end, x);
    label_here(c, abort_label);
    emit(c, OP_TX_ABORT, n, x);
    label_here(c, end);
}

static void emit_cached(struct compiler *c, const struct node *n,
                        const struct context *x)
{
    uint32_t end = label_new(c), abort_label = label_new(c), start = c->nops;
    struct context body = *x;
    if (x->in_cached)
        refuse(c, n,
               errmsg_set(c->why, ERR_INPUT, "a cached value inside a cached value"));
    comp_id cache = need(c, n, n->target, "cache");
    if (cache == COMP_NONE)
        return;
    comp_id keyspace = need_nested(c, n, cache, n->what, "keyspace");
    comp_id pol = policy(c, n, cache);
    struct op *op = emit(c, OP_CACHED, n, x);
    op->target = cache;
    op->what = keyspace;
    op->policy = pol;
    op->after = end;
    body.fail = abort_label;
    body.in_cached = true;
    emit_list(c, n->body, &body);
    op = emit(c, OP_STORE, n, x);
    op->what = keyspace;
    op->jump = start;
    emit_jump(c, end, x);
    label_here(c, abort_label);
    op = emit(c, OP_STORE_ABORT, n, x);
    op->what = keyspace;
    op->jump = start;
    label_here(c, end);
}

static struct op *emit_branches(struct compiler *c, const struct node *n,
                                const struct context *x, uint32_t count)
{
    uint32_t first = c->nbranches;
    while (c->branches_cap < first + count) {
        c->branches_cap = c->branches_cap == 0 ? TINY(16, 1) : c->branches_cap * 2;
        c->branches = mem_grow(c->branches, c->branches_cap, sizeof *c->branches);
    }
    c->nbranches += count;
    if (c->m->widest < count)
        c->m->widest = count;
    struct op *op = emit(c, OP_PARALLEL, n, x);
    op->jump = first;
    op->count = count;
    return op;
}

static void emit_parallel(struct compiler *c, const struct node *n,
                          const struct context *x)
{
    uint32_t end = label_new(c), first = c->nbranches, count = 0;
    struct context body = *x;
    for (const struct node *b = n->body; b; b = b->next)
        count++;
    emit_branches(c, n, x, count)->after = end;
    body.fail = LABEL_OUT;
    uint32_t i = 0;
    for (const struct node *b = n->body; b; b = b->next) {
        struct node alone = *b;
        alone.next = NULL;
        c->branches[first + i++] = c->nops;
        emit_list(c, &alone, &body);
        emit(c, OP_BRANCH_END, n, &body);
    }
    label_here(c, end);
}

static void emit_fan_out(struct compiler *c, const struct node *n,
                         const struct context *x)
{
    uint32_t end = label_new(c), first = c->nbranches;
    struct context body = *x;
    if (n->count < 1 || n->count > FAN_OUT_MAX || !(n->p >= 0 && n->p <= 1)) {
        refuse(c, n,
               errmsg_set(c->why, ERR_INPUT,
                          "a fan-out has 1 to %d branches and a share of 0 to 1",
                          FAN_OUT_MAX));
        return;
    }
    struct op *op = emit_branches(c, n, x, (uint32_t)n->count);
    op->after = end;
    if (n->p > 0) /* rounded up, but 7 % of 100 are 7 */
        op->quorum = (uint32_t)(n->p * n->count - 1e-6) + 1;
    for (int i = 0; i < n->count; i++)
        c->branches[first + (uint32_t)i] = c->nops;
    body.fail = LABEL_OUT;
    emit_list(c, n->body, &body);
    emit(c, OP_BRANCH_END, n, &body);
    label_here(c, end);
}

static uint32_t property_number(const char *name)
{
    return name ? (uint32_t)hash_bytes(0, name, strlen(name)) : 0;
}

static void emit_either(struct compiler *c, const struct node *n,
                        const struct context *x)
{
    uint32_t other = label_new(c), end = label_new(c);
    if (n->kind != NODE_WHEN_FLAG) {
        bool each = n->kind == NODE_EACH;
        if (!(n->p >= 0 && n->p <= 1))
            refuse(c, n, errmsg_set(c->why, ERR_INPUT, "a probability is 0 to 1"));
        struct op *op = emit(c, each ? OP_EACH : OP_SOMETIMES, n, x);
        op->p = n->p;
        op->count = property_number(each ? n->what : NULL);
        op->jump = other;
    } else {
        comp_id flag = need(c, n, n->what, "flag");
        struct op *op = emit(c, OP_FLAG, n, x);
        op->target = flag;
        op->jump = other;
    }
    emit_list(c, n->body, x);
    emit_jump(c, end, x);
    label_here(c, other);
    emit_list(c, n->other, x);
    label_here(c, end);
}

static void emit_time(struct compiler *c, const struct node *n, const struct context *x)
{
    if (n->time.mean < 0 || n->time.spread < 0 || n->time.mean > 24 * SIM_HOUR)
        refuse(c, n, errmsg_set(c->why, ERR_INPUT, "a time is 0 to 24 h"));
    struct op *op = emit(c, n->kind == NODE_COMPUTE ? OP_COMPUTE : OP_SLEEP, n, x);
    op->time = n->time;
}

static void emit_log(struct compiler *c, const struct node *n, const struct context *x)
{
    struct op *op = emit(c, OP_LOG, n, x);
    op->text = n->what ? n->what : "";
    op->level = n->p >= 3   ? LOG_ERROR
                : n->p >= 2 ? LOG_WARN
                : n->p >= 1 ? LOG_INFO
                            : LOG_DEBUG;
}

static void emit_count(struct compiler *c, const struct node *n,
                       const struct context *x)
{
    comp_id counter = counter_for(c, n);
    emit(c, OP_COUNT, n, x)->target = counter;
}

static void emit_reply(struct compiler *c, const struct node *n,
                       const struct context *x)
{
    emit(c, OP_REPLY, n, x)->text = n->what ? n->what : "";
}

static void emit_fail(struct compiler *c, const struct node *n, const struct context *x)
{
    emit(c, OP_FAIL, n, x)->text = n->what ? n->what : "failed";
}

static void emit_block(struct compiler *c, const struct node *n,
                       const struct context *x)
{
    emit_list(c, n->body, x);
}

static void emit_allocate(struct compiler *c, const struct node *n,
                          const struct context *x)
{
    if (!(n->p >= 1 && n->p <= ALLOCATE_MAX))
        refuse(c, n,
               errmsg_set(c->why, ERR_INPUT, "allocate takes 1 to %.0f bytes",
                          ALLOCATE_MAX));
    emit(c, OP_ALLOCATE, n, x)->p = n->p;
}

static void emit_crash(struct compiler *c, const struct node *n,
                       const struct context *x)
{
    emit(c, OP_CRASH, n, x);
}

static void emit_drop(struct compiler *c, const struct node *n, const struct context *x)
{
    emit(c, OP_DROP, n, x);
}

typedef void emitter(struct compiler *c, const struct node *n, const struct context *x);
static emitter *const emitters[] = {
    [NODE_COMPUTE] = emit_time,      [NODE_SLEEP] = emit_time,
    [NODE_CALL] = emit_call,         [NODE_QUERY] = emit_call,
    [NODE_LEAK] = emit_call,         [NODE_TRANSACTION] = emit_transaction,
    [NODE_PUBLISH] = emit_publish,   [NODE_LOCK] = emit_lock,
    [NODE_CACHED] = emit_cached,     [NODE_PARALLEL] = emit_parallel,
    [NODE_FAN_OUT] = emit_fan_out,   [NODE_SOMETIMES] = emit_either,
    [NODE_WHEN_FLAG] = emit_either,  [NODE_COUNT] = emit_count,
    [NODE_REPLY] = emit_reply,       [NODE_FAIL] = emit_fail,
    [NODE_LOG] = emit_log,           [NODE_BLOCK] = emit_block,
    [NODE_ALLOCATE] = emit_allocate, [NODE_CRASH] = emit_crash,
    [NODE_DROP] = emit_drop,         [NODE_EACH] = emit_either,
};

/* Emits one node. The errors of a node that catches go on behind it, whatever it is. */
static void emit_node(struct compiler *c, const struct node *n, const struct context *x)
{
    struct context in = *x;
    uint32_t behind = n->catches ? label_new(c) : LABEL_OUT;
    if (n->catches)
        in.fail = behind;
    emitters[n->kind](c, n, &in);
    if (n->catches)
        label_here(c, behind);
}

static void emit_list(struct compiler *c, const struct node *n, const struct context *x)
{
    for (; n && c->err == ERR_OK; n = n->next)
        emit_node(c, n, x);
}

/* ---- a program ------------------------------------------------------------------- */

void op_fill_call(const struct model *m, struct op *op)
{
    op->call = (struct call_spec){.policy = op->policy,
                                  .target = op->target,
                                  .what = op->what,
                                  .pool = op->pool,
                                  .kind = ACT_QUERY,
                                  .mode = QUERY_STATEMENT};
    if (op->code == OP_CALL)
        op->call.kind =
            comp_has(&m->comps[op->target], KIND_WHOLE) ? ACT_EXTERNAL : ACT_REQUEST;
    if (op->code == OP_QUERY && op->level > 0)
        op->call.mode = QUERY_APART;
    if (op->code == OP_CACHED)
        op->call.kind = ACT_LOOKUP;
    if (op->code == OP_TX_BEGIN)
        op->call.mode = QUERY_BEGIN;
    if (op->code == OP_LEAK)
        op->call.mode = QUERY_LEAK;
    if (op->code == OP_PUBLISH) {
        op->call.kind = ACT_PUBLISH;
        op->call.mode = (uint8_t)op->count;
    }
    if (op->code == OP_LOCK) {
        op->call.mode = QUERY_LOCK;
        op->call.what = COMP_NONE;
    }
}

static uint32_t patched(const struct compiler *c, uint32_t label)
{
    return label == LABEL_OUT ? PC_NONE : c->labels[label];
}

static void patch(struct compiler *c)
{
    for (uint32_t i = 0; i < c->nops; i++) {
        struct op *op = &c->ops[i];
        op->on_fail = patched(c, op->on_fail);
        if (op->code == OP_JUMP || op->code == OP_SOMETIMES || op->code == OP_EACH ||
            op->code == OP_FLAG)
            op->jump = c->labels[op->jump];
        if (op->code == OP_CACHED || op->code == OP_PARALLEL)
            op->after = c->labels[op->after];
        op_fill_call(c->m, op);
    }
}

static struct program *program_make(const struct compiler *c)
{
    struct model *m = c->m;
    struct program *p = arena_alloc(&m->arena, sizeof *p + c->nops * sizeof *p->ops);
    memcpy(p->ops, c->ops, c->nops * sizeof *p->ops);
    p->branches = arena_alloc(&m->arena, (c->nbranches + 1) * sizeof *p->branches);
    if (c->nbranches > 0)
        memcpy(p->branches, c->branches, c->nbranches * sizeof *p->branches);
    return p;
}

static void compiler_release(struct compiler *c)
{
    mem_free(c->ops);
    mem_free(c->labels);
    mem_free(c->branches);
}

enum err program_compile(struct model *m, comp_id service, comp_id endpoint,
                         const struct node *body, struct program **program,
                         struct errmsg *why)
{
    struct errmsg mine = {0};
    struct compiler c = {
        .m = m, .service = service, .endpoint = endpoint, .why = &mine};
    struct context x = {.fail = LABEL_OUT};
    (void)label_new(&c); /* LABEL_OUT */
    emit_list(&c, body, &x);
    emit(&c, OP_END, NULL, &x);
    if (c.err == ERR_OK) {
        patch(&c);
        *program = program_make(&c);
    } else {
        (void)errmsg_set(why, c.err, "%s", mine.text);
    }
    compiler_release(&c);
    return c.err;
}
