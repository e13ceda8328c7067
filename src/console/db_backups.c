/*
 * db backups: the series of copies that a database has, how old and how large the newest
 * is, and whether anybody ever tried to put it back. A run that ended well may have
 * written an empty file: the size beside that of the data shows it.
 */
#include "console_internal.h"
#include "db.h"
#include "lookup.h"

/* An empty or far too small file. */
#define SUSPICIOUS 0.5

static double data_of(const struct call *c, comp_id db)
{
    return world_metric(c->w, db, "data_bytes", 0);
}

static const char *seconds(const struct call *c, double s)
{
    return span_short(c, (sim_time)(s * (double)SIM_SEC));
}

/* Duration of the newest run, or "running". */
static const char *took(const struct call *c, comp_id b)
{
    return gauge(c, b, "running", 0) > 0 ? "running"
                                         : seconds(c, gauge(c, b, "last_duration", 0));
}

static void backup_row(struct call *c, struct out_table *t, comp_id b, double data)
{
    double age = gauge(c, b, "last_success_age", 0);
    double size = gauge(c, b, "last_size_bytes", 0);
    double verified = gauge(c, b, "verified_age", 0);
    double failed = gauge(c, b, "failures_total", 0);
    sim_time every = world_get(c->w, b, "every").as.duration;
    bool late = age > 2 * (double)every / (double)SIM_SEC;
    table_cell(t, TONE_STRONG, "%s", name_of(c, b));
    table_cell(t, TONE_NORMAL, "%s", span_short(c, every));
    table_cell(t, late ? TONE_WARN : TONE_NORMAL, "%s ago", seconds(c, age));
    table_cell(t, size < SUSPICIOUS * data ? TONE_BAD : TONE_NORMAL, "%s",
               quantity(c, size, "bytes"));
    table_cell(t, TONE_NORMAL, "%s", took(c, b));
    table_cell(t, verified < 0 ? TONE_WARN : TONE_NORMAL, "%s",
               verified < 0 ? "never" : strf(c, "%s ago", seconds(c, verified)));
    table_cell(t, failed > 0 ? TONE_WARN : TONE_NORMAL, "%s", count(c, failed));
    seen_comp(c, b, "metrics");
    seen_metric(c, b, "last_size_bytes");
    seen_metric(c, b, "verified_age");
}

/* The fate of those that were put back. */
static void tell_restores(struct call *c, comp_id db)
{
    double done = gauge(c, db, "restores_total", 0);
    double failed = gauge(c, db, "restores_failed_total", 0);
    struct db_cluster_view v;
    if (done + failed > 0)
        para(c, failed > 0 ? TONE_WARN : TONE_NORMAL, 0,
             strf(c, "Restores so far: %s done, %s of a file that held no data.",
                  count(c, done + failed), count(c, failed)));
    world_db_cluster(c->w, db, &v);
    if (v.rescuing != COMP_NONE)
        note(c, "Rows are being copied back from %s: %s left.", name_of(c, v.rescuing),
             span_of(c, v.rescue_left));
}

static enum err run(struct call *c)
{
    comp_id db;
    struct out_table t;
    enum err e = db_of(c, &db, NULL);
    if (e != ERR_OK)
        return e;
    comp_id b = next_owned(c, db, "backup", COMP_NONE);
    seen_comp(c, db, "backups");
    if (b == COMP_NONE) {
        para(c, TONE_WARN, 0, strf(c, "%s has no backups.", name_of(c, db)));
        return ERR_OK;
    }
    table_init(&t, c->o, "BACKUP|>EVERY|>LAST SUCCESS|>SIZE|>TOOK|>VERIFIED|>FAILED");
    for (; b != COMP_NONE; b = next_owned(c, db, "backup", b))
        backup_row(c, &t, b, data_of(c, db));
    table_print(&t);
    tell_restores(c, db);
    note(c,
         "%s holds %s now. LAST SUCCESS: the newest run that ended well, whatever it "
         "wrote. VERIFIED: tried, and could be put back; db verify tries.",
         name_of(c, db), quantity(c, data_of(c, db), "bytes"));
    return ERR_OK;
}

static const struct command_wild wild[] = {
    {"pgbackrest", "pgbackrest --stanza=COMPONENT info"},
    {"barman", "barman list-backups COMPONENT"},
};
const struct command cmd_db_backups = {
    .info = {.name = "backups",
             .synopsis = "db backups [DATABASE]",
             .doc =
                 "What could be put back. When the newest backup was taken, its size, "
                 "and when one was last tried.",
             .examples = "db backups\ndb backups DATABASE",
             .group = GROUP_LOOK,
             WILD(wild)},
    .args = {ARG_DATABASE},
    .max_args = 1,
    .run = run,
};
