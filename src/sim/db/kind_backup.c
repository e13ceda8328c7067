/*
 * backup: a series of copies of a database, taken every so often. A run reads all data
 * at `rate` and takes a share of the engine meanwhile. What can be put back is what is
 * in the file, and a run that wrote an empty one looks like any other unless somebody
 * looks at its size, or tries it.
 */
#include "db/cluster.h"
#include "db/table.h"
#include "engine/kind.h"
#include "engine/telling.h"

#include <stdio.h>

enum { P_EVERY, P_AT, P_RATE, P_LOAD, P_LAST_SUCCESS, P_VERIFIED, P_CLOCK, P_COUNT };
static const struct param_desc params[] = {
    [P_EVERY] = {.name = "every",
                 .type = VALUE_DURATION,
                 .min = 1,
                 .max = 2592000,
                 .unit = "s",
                 .def = "24h",
                 .doc = "From the beginning of one run to that of the next."},
    [P_AT] = {.name = "at",
              .type = VALUE_DURATION,
              .min = 0,
              .max = 2592000,
              .unit = "s",
              .def = "1h",
              .doc = "When the first run begins; one before the start is taken as "
                     "good."},
    [P_RATE] = {.name = "rate",
                .type = VALUE_NUMBER,
                .min = 1000,
                .max = 1e12,
                .unit = "bytes/s",
                .def = "100000000",
                .change = CHANGE_AT_ONCE,
                .doc = "How fast the data is read."},
    [P_LOAD] = {.name = "load",
                .type = VALUE_FRACTION,
                .min = 0,
                .max = 0.9,
                .unit = "",
                .def = "0.1",
                .doc = "Share of the database's power that a run takes."},
    [P_LAST_SUCCESS] = {.name = "last_success",
                        .type = VALUE_DURATION,
                        .min = 0,
                        .max = 315360000,
                        .unit = "s",
                        .def = "0",
                        .doc = "How long ago the newest was taken, at the start; 0: a "
                               "period before the first."},
    [P_VERIFIED] = {.name = "last_verified",
                    .type = VALUE_DURATION,
                    .min = 0,
                    .max = 315360000,
                    .unit = "s",
                    .def = "0",
                    .doc = "How long ago one was last tried and found good, at the "
                           "start; 0: never."},
    [P_CLOCK] = {.name = "clock",
                 .type = VALUE_BOOL,
                 .unit = "",
                 .def = "on",
                 .doc = "Whether it begins runs by itself; off: a job that `does` its "
                        "run, or an operator, begins them."},
};

_Static_assert(COUNT_OF(params) == P_COUNT, "a parameter without a description");

enum { OP_RUN, OP_VERIFY };
static const struct op_desc ops[] = {
    [OP_RUN] = {.name = "run",
                .cost = 5 * SIM_SEC,
                .doc = "Begins a backup now; it takes its time."},
    [OP_VERIFY] = {.name = "verify",
                   .cost = 60 * SIM_SEC,
                   .doc = "Tries on another machine whether the newest can be put "
                          "back."},
};

enum { FAULT_EMPTY, FAULT_SKIPS, FAULT_FAILS };
static const struct fault_desc faults[] = {
    [FAULT_EMPTY] = {.name = "empty",
                     .doc = "Runs end well and write a file of 400 bytes."},
    [FAULT_SKIPS] = {.name = "skips", .doc = "Runs do not begin, and nobody is told."},
    [FAULT_FAILS] = {.name = "fails", .doc = "Runs end with an error."},
};

enum {
    M_RUNS,
    M_FAILURES,
    M_AGE,
    M_SIZE,
    M_DURATION,
    M_RUNNING,
    M_VERIFIED_AGE,
    M_LACKS
};
#define BACKUP_METRIC(n, p, t, u, d)                                                   \
    {                                                                                  \
        .name = n, .prom = p, .labels = "", .type = t, .unit = u, .doc = d             \
    }
static const struct metric_desc metrics[] = {
    [M_RUNS] = BACKUP_METRIC("runs_total", "db_backup_runs_total", METRIC_COUNTER, "1",
                             "Runs that ended and said that all was well."),
    [M_FAILURES] = BACKUP_METRIC("failures_total", "db_backup_failures_total",
                                 METRIC_COUNTER, "1", "Runs that ended with an error."),
    [M_AGE] = BACKUP_METRIC("last_success_age", "db_backup_last_success_age_seconds",
                            METRIC_GAUGE, "s", "Since the newest was taken."),
    [M_SIZE] = BACKUP_METRIC("last_size_bytes", "db_backup_last_size_bytes",
                             METRIC_GAUGE, "bytes", "Size of the newest."),
    [M_DURATION] = BACKUP_METRIC("last_duration", "db_backup_last_duration_seconds",
                                 METRIC_GAUGE, "s", "How long the newest took."),
    [M_RUNNING] = BACKUP_METRIC("running", "db_backup_running", METRIC_GAUGE, "1",
                                "1: one is being taken."),
    [M_VERIFIED_AGE] = BACKUP_METRIC(
        "verified_age", "db_backup_last_verified_age_seconds", METRIC_GAUGE, "s",
        "Since one was last tried and found good; -1: never."),
    [M_LACKS] = BACKUP_METRIC(
        "lacks_rows", "db_backup_lacks_rows", METRIC_GAUGE, "1",
        "Rows deleted by mistake that were missing when the newest was taken."),
};
static const struct metric_need needs[] = {{"lacks_rows", NULL}}; /* nobody knows */

enum { EV_DUE, EV_DONE };
struct backup {
    bool running, empty, skips, fails; /* the last three are faults */
    bool tried;                        /* a good one was found; when: `verified` */
    bool writes_nothing;               /* the run under way began while `empty` */
    bool good;                         /* the newest can be put back */
    sim_time began, taken, duration;   /* taken: as of when the newest is */
    sim_time verified;
    uint64_t size, writes;   /* of the newest */
    uint64_t was_writes;     /* the log when this run began */
    uint64_t kept, was_kept; /* the same of writes that were answered */
    double left;             /* bytes to read, as of `planned` */
    sim_time planned;
    uint32_t timer; /* the end of the run */
    uint64_t runs, failures;
    int64_t data, was_data;     /* stored besides tables: in the newest, in this run */
    struct table_copy copies[]; /* two of each table: in the newest, in this run */
};

static size_t tables_of(const struct model *m, comp_id db)
{
    size_t n = 0;
    for (size_t i = 0; i < m->ncomps; i++)
        n += m->comps[i].kind == &kind_table && m->comps[i].owner == db;
    return n;
}

static struct backup *backup_at(const struct world *w, comp_id c)
{
    return W_STATE(w, struct backup, c);
}

/* ---- running --------------------------------------------------------------------- */

enum { EMPTY_BYTES = 400 };

/* When the run under way will be done, as things are. */
static void plan(struct world *w, comp_id c)
{
    struct backup *b = backup_at(w, c);
    sim_time t = SIM_SEC + copy_time(b->left, p_number(w, c, P_RATE));
    b->planned = w_now(w);
    cal_cancel(w, &b->timer);
    b->timer = cal_at(w, w_now(w) + t, EV_KIND + EV_DONE, c, 0, 0);
}

static void begin(struct world *w, comp_id c)
{
    struct backup *b = backup_at(w, c);
    comp_id db = w->comps[c].owner;
    b->running = true;
    b->writes_nothing = b->empty;
    b->left = b->empty ? EMPTY_BYTES : (double)disk_data(w, db);
    b->began = w_now(w);
    b->was_writes = db_at(w, db)->cluster.writes;
    b->was_kept = cluster_kept(&db_at(w, db)->cluster);
    b->was_data = db_at(w, db)->cluster.data;
    struct table_copy *copy = b->copies + 1;
    for (comp_id t = db_at(w, db)->cluster.tables; t != 0; copy += 2) {
        *copy = table_copy(w, (comp_id)(t - 1));
        t = table_at(w, (comp_id)(t - 1))->next;
    }
    database_tax(w, db, p_number(w, c, P_LOAD));
    plan(w, c);
}

/* The rate has changed while a run is under way. */
static void backup_changed(struct world *w, comp_id c, int param,
                           const struct value *old)
{
    struct backup *b = backup_at(w, c);
    if (param != P_RATE || !b->running)
        return;
    b->left -= old->as.number * (double)(w_now(w) - b->planned) / (double)SIM_SEC;
    b->left = b->left > 0 ? b->left : 0;
    plan(w, c);
}

static void done(struct world *w, comp_id c)
{
    struct backup *b = backup_at(w, c);
    comp_id db = w->comps[c].owner;
    b->running = false;
    b->timer = 0;
    database_tax(w, db, -p_number(w, c, P_LOAD));
    if (b->fails || db_at(w, db)->down) {
        b->failures++;
        w_log(w, c, 0, LOG_ERROR, 0, "backup failed: the connection was closed");
        return;
    }
    b->runs++;
    b->good = !b->writes_nothing;
    b->taken = b->began;
    b->duration = w_now(w) - b->began;
    b->size = b->writes_nothing ? EMPTY_BYTES : disk_data(w, db);
    b->writes = b->was_writes;
    b->kept = b->was_kept;
    b->data = b->was_data;
    for (size_t i = 0; i < tables_of(w->model, db); i++)
        b->copies[2 * i] = b->copies[2 * i + 1];
    w_log(w, c, 0, LOG_INFO, 0, "backup done: %llu bytes", (unsigned long long)b->size);
}

static void backup_event(struct world *w, comp_id c, int what, uint32_t a, uint32_t b)
{
    (void)a, (void)b;
    struct backup *x = backup_at(w, c);
    if (what == EV_DONE) {
        done(w, c);
        return;
    }
    cal_at(w, w_now(w) + p_time(w, c, P_EVERY), EV_KIND + EV_DUE, c, 0, 0);
    if (!x->skips && !x->running)
        begin(w, c);
}

/* ---- what a restore finds -------------------------------------------------------- */

comp_id backup_newest(const struct world *w, comp_id db, const char *name)
{
    comp_id best = COMP_NONE;
    size_t prefix = strlen(w->comps[db].name);
    for (size_t i = 0; i < w->model->ncomps; i++) {
        const struct comp *c = &w->comps[i];
        if (c->kind != &kind_backup || c->owner != db)
            continue;
        if (*name != '\0' && !str_eq(c->name, name) &&
            !str_eq(c->name + prefix + 1, name))
            continue;
        if (best == COMP_NONE ||
            backup_at(w, (comp_id)i)->taken > backup_at(w, best)->taken)
            best = (comp_id)i;
    }
    return best;
}

bool backup_good(const struct world *w, comp_id series)
{
    return backup_at(w, series)->good;
}

uint64_t backup_size(const struct world *w, comp_id series)
{
    return backup_at(w, series)->size;
}

uint64_t backup_writes(const struct world *w, comp_id series)
{
    return backup_at(w, series)->writes;
}

uint64_t backup_undoes(const struct world *w, comp_id series)
{
    const struct backup *b = backup_at(w, series);
    const struct cluster *x = &db_at(w, w->comps[series].owner)->cluster;
    uint64_t logged = x->writes > b->writes ? x->writes - b->writes : 0;
    uint64_t kept = cluster_kept(x), answered = kept > b->kept ? kept - b->kept : 0;
    return logged < answered ? logged : answered;
}

sim_time backup_taken(const struct world *w, comp_id series)
{
    return backup_at(w, series)->taken;
}

const struct table_copy *backup_table(const struct world *w, comp_id series,
                                      comp_id table)
{
    const struct table_copy *copy = backup_at(w, series)->copies;
    comp_id t = db_at(w, w->comps[series].owner)->cluster.tables;
    for (; (comp_id)(t - 1) != table; t = table_at(w, (comp_id)(t - 1))->next)
        copy += 2;
    return copy;
}

void backup_put_back(struct world *w, comp_id series)
{
    const struct backup *b = backup_at(w, series);
    comp_id db = w->comps[series].owner;
    const struct table_copy *copy = b->copies;
    db_at(w, db)->cluster.data = b->data;
    for (comp_id t = db_at(w, db)->cluster.tables; t != 0; copy += 2) {
        table_put_back(w, (comp_id)(t - 1), copy);
        t = table_at(w, (comp_id)(t - 1))->next;
    }
}

/* ---- the kind -------------------------------------------------------------------- */

static enum err backup_op(struct world *w, comp_id c, int op, const struct action *a,
                          struct effect *fx, struct errmsg *why)
{
    (void)a;
    struct backup *b = backup_at(w, c);
    if (op == OP_RUN) {
        if (b->running)
            return errmsg_set(why, ERR_REFUSED, "%s is running already",
                              w->comps[c].name);
        begin(w, c);
        struct buf size, rate;
        buf_init(&size, 0), buf_init(&rate, 0);
        bytes_format(&size, (double)disk_data(w, w->comps[c].owner));
        bytes_format(&rate, p_number(w, c, P_RATE));
        snprintf(fx->title, sizeof fx->title,
                 "backup %s begun: %s to read, %s a second", w->comps[c].name, size.s,
                 rate.s);
        buf_release(&size), buf_release(&rate);
        return ERR_OK;
    }
    if (b->good) {
        b->tried = true;
        b->verified = w_now(w);
    }
    w_log(w, c, 0, b->good ? LOG_INFO : LOG_ERROR, 0, "restore test: %s",
          b->good ? "the newest backup can be put back" : "the file holds no data");
    snprintf(fx->title, sizeof fx->title, "restore test of %s: %s", w->comps[c].name,
             b->good ? "good" : "the file holds no data");
    return ERR_OK;
}

static enum err backup_fault(struct world *w, comp_id c, int fault,
                             const struct action *a, bool on, struct errmsg *why)
{
    (void)a, (void)why;
    struct backup *b = backup_at(w, c);
    if (fault == FAULT_EMPTY)
        b->empty = on;
    else if (fault == FAULT_SKIPS)
        b->skips = on;
    else
        b->fails = on;
    return ERR_OK;
}

/* A file without data lacks every row that there is, and every one that should be. */
static double lacks(const struct world *w, comp_id c)
{
    const struct backup *b = backup_at(w, c);
    comp_id db = w->comps[c].owner;
    double n = 0;
    for (size_t i = 0; i < tables_of(w->model, db); i++)
        n += (double)(b->good ? b->copies[2 * i].missing : 0);
    for (comp_id t = db_at(w, db)->cluster.tables; t != 0 && !b->good;) {
        const struct table *x = table_at(w, (comp_id)(t - 1));
        n += (double)(x->missing + table_live(w, (comp_id)(t - 1)));
        t = x->next;
    }
    return n;
}

static double seconds(sim_time t)
{
    return (double)t / (double)SIM_SEC;
}

static double backup_metric(const struct world *w, comp_id c, int metric, int instance)
{
    (void)instance;
    const struct backup *b = backup_at(w, c);
    switch (metric) {
    case M_RUNS:
        return (double)b->runs;
    case M_FAILURES:
        return (double)b->failures;
    case M_AGE:
        return seconds(w_now(w) - b->taken);
    case M_SIZE:
        return (double)b->size;
    case M_DURATION:
        return seconds(b->duration);
    case M_RUNNING:
        return b->running;
    case M_LACKS:
        return lacks(w, c);
    default:
        return b->tried ? seconds(w_now(w) - b->verified) : -1;
    }
}

static size_t backup_state_size(const struct model *m, comp_id c)
{
    return sizeof(struct backup) +
           2 * tables_of(m, m->comps[c].owner) * sizeof(struct table_copy);
}

/* A backup has been made, a period before the first. */
static void backup_init(struct world *w, comp_id c)
{
    struct backup *b = backup_at(w, c);
    sim_time every = p_time(w, c, P_EVERY), at = p_time(w, c, P_AT);
    b->good = true;
    b->tried = p_time(w, c, P_VERIFIED) > 0;
    b->verified = w_now(w) - p_time(w, c, P_VERIFIED);
    sim_time age = p_time(w, c, P_LAST_SUCCESS);
    age = age > 0 ? age : every > at ? every - at : 0;
    b->taken = w_now(w) - age;
    comp_id db = w->comps[c].owner;
    struct table_copy *copy = b->copies;
    for (size_t i = 0; i < w->model->ncomps; i++) {
        if (w->comps[i].kind != &kind_table || w->comps[i].owner != db)
            continue;
        *copy = table_copy_at_start(w, (comp_id)i, age);
        copy += 2;
    }
    b->size = (uint64_t)(p_count(w, db, DB_DATA) + tables_bytes_at_start(w, db));
    b->duration = SIM_SEC + copy_time((double)b->size, p_number(w, c, P_RATE));
    if (p_on(w, c, P_CLOCK))
        cal_at(w, w_now(w) + at, EV_KIND + EV_DUE, c, 0, 0);
}

static const struct figure_desc figures[] = {
    {.label = "newest is",
     .metric = "last_success_age",
     .how = FIGURE_NOW,
     .status = true},
};

const struct kind_impl kind_backup = {
    .desc = {.name = "backup",
             .doc = "Copies of a database, taken every so often.",
             .nested = true,
             .within = "database",
             .params = params,
             .nparams = COUNT_OF(params),
             .ops = ops,
             .nops = COUNT_OF(ops),
             .faults = faults,
             .nfaults = COUNT_OF(faults),
             .metrics = metrics,
             .nmetrics = COUNT_OF(metrics),
             .needs = needs,
             .nneeds = COUNT_OF(needs),
             .figures = figures,
             .nfigures = COUNT_OF(figures),
             .age = "last_success_age"},
    .state_size = backup_state_size,
    .init = backup_init,
    .event = backup_event,
    .changed = backup_changed,
    .op = backup_op,
    .fault = backup_fault,
    .metric = backup_metric,
};
