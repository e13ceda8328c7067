/*
 * describe: what the files of the kinds "database" and "table" say of them and do to
 * them.
 */
#ifndef SIM_DB_DESCRIBE_H
#define SIM_DB_DESCRIBE_H

#include "engine/kind.h"

/* db_do.c: operations and faults */
enum { DATABASE_OPS = 7, DATABASE_FAULTS = 8 };
extern const struct op_desc database_ops[DATABASE_OPS];
extern const struct fault_desc database_faults[DATABASE_FAULTS];
enum err database_op(struct world *w, comp_id c, int op, const struct action *a,
                     struct effect *fx, struct errmsg *why);
enum err database_fault(struct world *w, comp_id c, int fault, const struct action *a,
                        bool on, struct errmsg *why);

/* db_look.c: what it shows of itself */
enum { DATABASE_METRICS = 43, DATABASE_NEEDS = 36 };
extern const struct metric_desc database_metrics[DATABASE_METRICS];
extern const struct metric_need database_needs[DATABASE_NEEDS];
double database_metric(const struct world *w, comp_id c, int metric, int instance);
void database_inflight(const struct world *w, comp_id c,
                       void (*f)(const struct world *w, const struct act *a, void *ctx),
                       void *ctx);

/* table_do.c: operations and faults */
enum { TABLE_OPS = 8, TABLE_FAULTS = 4 };
extern const struct op_desc table_ops[TABLE_OPS];
extern const struct fault_desc table_faults[TABLE_FAULTS];
enum err table_op(struct world *w, comp_id c, int op, const struct action *a,
                  struct effect *fx, struct errmsg *why);
enum err table_fault(struct world *w, comp_id c, int fault, const struct action *a,
                     bool on, struct errmsg *why);

/* table_look.c: what it shows of itself */
enum { TABLE_METRICS = 25, TABLE_NEEDS = 4 };
extern const struct metric_desc table_metrics[TABLE_METRICS];
extern const struct metric_need table_needs[TABLE_NEEDS];
double table_metric(const struct world *w, comp_id c, int metric, int instance);
void table_inflight(const struct world *w, comp_id c,
                    void (*f)(const struct world *w, const struct act *a, void *ctx),
                    void *ctx);

#endif
