/*
 * Kind "flag": a switch that programs read. The smallest kind there is.
 */
#include "engine/kind.h"

enum { P_ON, P_COUNT };
enum { M_ON, M_COUNT };

static const struct param_desc flag_params[] = {
    [P_ON] = {.name = "on",
              .type = VALUE_BOOL,
              .unit = "",
              .def = "off",
              .change = CHANGE_AT_ONCE,
              .doc = "Whether the flag is on."},
};
_Static_assert(COUNT_OF(flag_params) == P_COUNT, "one for each");

static double flag_metric(const struct world *w, comp_id c, int metric, int instance)
{
    (void)metric;
    (void)instance;
    return p_on(w, c, P_ON);
}

static const struct metric_desc flag_metrics[] = {
    [M_ON] = {.name = "on",
              .prom = "feature_flag_on",
              .labels = "",
              .type = METRIC_GAUGE,
              .unit = "1",
              .doc = "1 while the flag is on."},
};
_Static_assert(COUNT_OF(flag_metrics) == M_COUNT, "one for each");

const struct kind_impl kind_flag = {
    .desc = {.name = "flag",
             .doc = "A switch that programs look at.",
             .params = flag_params,
             .nparams = COUNT_OF(flag_params),
             .metrics = flag_metrics,
             .nmetrics = COUNT_OF(flag_metrics)},
    .metric = flag_metric,
};
