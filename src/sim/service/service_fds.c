/*
 * Services, file descriptors. Each request inside holds one, each connection of its
 * pools, and each that was forgotten to be closed. When there are none left, the
 * process goes on, but cannot accept a request (a health check neither) or open a
 * connection: "too many open files". A restart closes them all.
 */
#include "db/db.h"
#include "engine/telling.h"
#include "service/service_internal.h"

uint32_t fds_open(const struct world *w, const struct instance *i)
{
    const struct service_data *d = service_data(w->model, i->comp);
    uint32_t n = i->busy + i->queue.count + (uint32_t)i->fds_leaked;
    if (i->state != INSTANCE_UP && i->state != INSTANCE_DRAINING)
        return 0;
    for (size_t k = 0; k < d->npools; k++) {
        struct pool_look look;
        pool_look(w, d->pools[k], i->number, &look);
        n += (uint32_t)look.open;
    }
    return n;
}

int64_t fds_spare(const struct world *w, const struct instance *i)
{
    int64_t most = i_count(w, i, SP_FDS);
    return most == 0 ? INT64_MAX : most - (int64_t)fds_open(w, i);
}

bool service_fd_free(struct world *w, comp_id c, int number)
{
    struct instance *i = service_instance(w, c, number);
    if (!i || fds_spare(w, i) > 0)
        return true;
    i->no_fds++;
    w_log(w, c, number, LOG_ERROR, 0, "connect: too many open files");
    return false;
}
