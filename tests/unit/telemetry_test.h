/*
 * telemetry_test: the small model that tests of telemetry record: users call api/get;
 * api/put is there too.
 */
#ifndef TELEMETRY_TEST_H
#define TELEMETRY_TEST_H

#include "../../src/telemetry/telemetry_internal.h"
#include "../lib/lab.h"

/* `slo` NULL: no objective. */
__attribute__((unused)) static struct model *small_model(const struct slo *slo)
{
    struct errmsg why = {0};
    const struct node work = {.kind = NODE_COMPUTE, .time = {.mean = SIM_MS}};
    struct lab l = lab_new();
    lab_part(&l, "service", "api", "");
    lab_endpoint(&l, "api", "get", &work);
    lab_endpoint(&l, "api", "put", &work);
    lab_part(&l, "client", "users", "to=api/get rate=50");
    if (slo)
        assert_int_equal(model_slo(l.m, slo, NULL, 0, &why), ERR_OK);
    lab_start(&l, 1);
    struct model *m = model_ref(l.m);
    lab_free(&l);
    return m;
}

#endif
