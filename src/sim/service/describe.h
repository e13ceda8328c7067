/*
 * describe: what the files of the kind "service" say of it and do to it.
 */
#ifndef SIM_SERVICE_DESCRIBE_H
#define SIM_SERVICE_DESCRIBE_H

#include "engine/kind.h"

/* service_params.c: by enum service_param */
extern const struct param_desc service_params[];

/* service_ops.c */
enum { SERVICE_OPS = 7 };
extern const struct op_desc service_ops[SERVICE_OPS];
enum err service_op(struct world *w, comp_id c, int op, const struct action *a,
                    struct effect *fx, struct errmsg *why);

/* service_deploy.c */
enum err op_deploy(struct world *w, const struct action *a, struct effect *fx,
                   struct errmsg *why);
enum err op_rollback(struct world *w, const struct action *a, struct effect *fx,
                     struct errmsg *why);
enum err op_canary(struct world *w, const struct action *a, struct effect *fx,
                   struct errmsg *why);
enum err op_promote(struct world *w, const struct action *a, struct effect *fx,
                    struct errmsg *why);
enum err op_abort(struct world *w, const struct action *a, struct effect *fx,
                  struct errmsg *why);

/* service_faults.c */
enum { SERVICE_FAULTS = 9 };
extern const struct fault_desc service_faults[SERVICE_FAULTS];
/* Refuses a version or a zone that the service does not have. */
enum err service_names(const struct model *m, const struct action *a,
                       struct errmsg *why);
enum err service_fault(struct world *w, comp_id c, int fault, const struct action *a,
                       bool on, struct errmsg *why);

/* service_look.c */
enum { SERVICE_METRICS = 39 };
extern const struct metric_desc service_metrics[SERVICE_METRICS];
double service_metric(const struct world *w, comp_id c, int metric, int instance);
int service_instances(const struct world *w, comp_id c);
void service_inflight(const struct world *w, comp_id c,
                      void (*f)(const struct world *w, const struct act *a, void *ctx),
                      void *ctx);
void service_callers(const struct world *w, comp_id c,
                     void (*f)(const struct world *w, const struct act *a, void *ctx),
                     void *ctx);

#endif
