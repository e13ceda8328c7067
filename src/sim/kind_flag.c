/*
 * Kinds "flag" and "counter": a switch that programs read, and a number that they count
 * up. The smallest kinds there are.
 */
#include "service.h"

static const struct param_desc flag_params[] = {
    {"on", VALUE_BOOL, 0, 0, "", "off", NULL, true, "Whether the flag is on."},
};

static double flag_metric(const struct world *w, comp_id c, int metric, int instance)
{
    (void)metric;
    (void)instance;
    return p_on(w, c, 0);
}

static const struct metric_desc flag_metrics[] = {
    {"on", "feature_flag_on", "", METRIC_GAUGE, "1", false, "1 while the flag is on."},
};

const struct kind_impl kind_flag = {
    .desc = {.name = "flag",
             .doc = "A switch that programs look at.",
             .params = flag_params,
             .nparams = 1,
             .metrics = flag_metrics,
             .nmetrics = 1},
    .metric = flag_metric,
};

struct counter_state {
    uint64_t total;
};

void counter_add(struct world *w, comp_id c)
{
    W_STATE(w, struct counter_state, c)->total++;
}

static size_t counter_size(const struct model *m, comp_id c)
{
    (void)m;
    (void)c;
    return sizeof(struct counter_state);
}

static double counter_metric(const struct world *w, comp_id c, int metric, int instance)
{
    (void)metric;
    (void)instance;
    return (double)W_STATE(w, struct counter_state, c)->total;
}

static const struct metric_desc counter_metrics[] = {
    {"total", "business_events_total", "", METRIC_COUNTER, "1", false,
     "How many so far."},
};

const struct kind_impl kind_counter = {
    .desc = {.name = "counter",
             .doc = "A number that the business counts: orders, mails, bookings.",
             .metrics = counter_metrics,
             .nmetrics = 1},
    .state_size = counter_size,
    .metric = counter_metric,
};
