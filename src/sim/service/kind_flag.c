/*
 * Kind "flag": a switch that programs read. The smallest kind there is.
 */
#include "engine/kind.h"

static const struct param_desc flag_params[] = {
    {.name = "on",
     .type = VALUE_BOOL,
     .unit = "",
     .def = "off",
     .change = CHANGE_AT_ONCE,
     .doc = "Whether the flag is on."},
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
