/*
 * How much of a model can be recorded: its series, counted before there is a world.
 * What belongs to a service (its pools, its endpoints) has an instance for each of it,
 * and so has each of those a series of every metric that is counted by instance.
 */
#include "telemetry_internal.h"

bool recording_full(const struct recording *r)
{
    return recording_bytes(r) > (size_t)RECORDING_LIMIT_MIB << 20;
}

size_t recording_series(const struct recording *r)
{
    return r->cols;
}

static size_t by_instance(const struct model *m, comp_id c)
{
    const struct kind_desc *k = model_kind(m, c);
    size_t n = 0;
    for (size_t i = 0; i < k->nmetrics; i++)
        n += k->metrics[i].per_instance;
    return n;
}

/* Of the component or of whom it belongs to. */
static double instances_of(const struct model *m, const double *instances, comp_id c)
{
    comp_id owner = model_owner(m, c);
    return instances[c] > 0 || owner == COMP_NONE ? instances[c] : instances[owner];
}

enum err recording_fits(const struct model *m, struct errmsg *why)
{
    size_t n = model_comps(m), most = 0;
    double *instances = mem_array(n + 1, sizeof *instances);
    double all = model_instances(m, instances), whole = 0, each = 0, largest = -1;
    for (size_t c = 0; c < n; c++) {
        size_t per = by_instance(m, (comp_id)c);
        double mine = (double)per * instances_of(m, instances, (comp_id)c);
        whole += (double)model_kind(m, (comp_id)c)->nmetrics;
        each += mine;
        if (mine > largest) {
            largest = mine;
            most = c;
        }
    }
    mem_free(instances);
    double room = RECORDING_SERIES;
    if (whole + each <= room)
        return ERR_OK;
    const char *name = model_name(m, (comp_id)most);
    if (whole > room)
        return errmsg_set(why, ERR_LIMIT,
                          "%s: the world is too large to be recorded: %zu components "
                          "have %.0f series, %.0f at most: about %.0f components would "
                          "fit",
                          name, n, whole, room, (double)n * room / whole);
    return errmsg_set(why, ERR_LIMIT,
                      "%s: the world is too large to be recorded: its %.0f instances "
                      "have %.0f series, %.0f at most: %.0f instances would fit",
                      name, all, whole + each, room,
                      (double)(int64_t)(all * (room - whole) / each));
}
