/*
 * Looking at a balancer: its instances, and why one gets no requests.
 */
#include "engine/kind.h"
#include "front/balancer.h"
#include "truecode/world.h"

extern const struct kind_impl kind_balancer;

static bool in_rotation(const struct world *w, const struct balancer_state *s,
                        int number)
{
    const uint16_t *v = W_PTR(w, uint16_t, s->rotation);
    for (uint32_t i = 0; i < s->nrotation; i++)
        if (v[i] == number)
            return true;
    return false;
}

size_t world_backends(const struct world *w, comp_id balancer, struct backend_view *out,
                      size_t max)
{
    if (balancer >= w->model->ncomps || w->comps[balancer].kind != &kind_balancer)
        return 0;
    const struct balancer_state *s = balancer_state(w, balancer);
    for (uint32_t i = 0; i < s->n && i < max; i++) {
        const struct backend *b = balancer_backend(w, s, (int)i + 1);
        out[i] = (struct backend_view){
            .number = (int)i + 1,
            .gets_requests = in_rotation(w, s, (int)i + 1),
            .drained = b->drained,
            .probes_fail = b->out,
            .ejected = b->ejected,
            .back = b->ejected && b->back_at > w_now(w) ? b->back_at - w_now(w) : 0,
            .weight = b->weight};
    }
    return s->n;
}
