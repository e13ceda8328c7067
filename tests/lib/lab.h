/*
 * lab: small models for tests, in few words. Parameters are given as text, as an
 * operator would; whatever is refused fails the test with the reason.
 *
 *     struct lab l = lab_new();
 *     lab_part(&l, "database", "db", "cores=2 max_connections=10");
 *     lab_part(&l, "statement", "db.q", "cpu=10ms");
 *     ...
 *     lab_start(&l, 42);
 *     lab_run(&l, 60 * SIM_SEC);
 *     assert_true(lab_metric(&l, "db", "statements_total") > 100);
 *     lab_free(&l);
 */
#ifndef TESTS_LAB_H
#define TESTS_LAB_H

#include "truecode/world.h"

struct lab {
    struct model *m;
    struct world *w;
};
struct lab lab_new(void);
void lab_free(struct lab *l);
/* `params`: "name=value name=value"; values hold no blanks. "" for none. */
comp_id lab_part(struct lab *l, const char *kind, const char *name, const char *params);
void lab_endpoint(struct lab *l, const char *service, const char *name,
                  const struct node *body);
/* A service with as many workers as anybody needs and a pool ("to=db size=50"). For each
 * word of `statements` an endpoint of that name runs the statement at `db`. */
void lab_app(struct lab *l, const char *name, const char *pool, const char *db,
             const char *statements);
void lab_slo(struct lab *l, sim_time within, sim_time max_age);
void lab_start(struct lab *l, uint64_t seed); /* finish, world_new */
void lab_run(struct lab *l, sim_time until);
double lab_metric(const struct lab *l, const char *comp, const char *metric);
double lab_metric_of(const struct lab *l, const char *comp, const char *metric,
                     int instance);
void lab_set(struct lab *l, const char *comp, const char *param, const char *value);
/* One argument at most: a number where `arg` is one, else a text; NULL: none. */
enum err lab_do(struct lab *l, enum action_kind kind, const char *comp,
                const char *name, const char *arg, sim_time duration);
/* The same, and it must work. */
void lab_op(struct lab *l, const char *comp, const char *name, const char *arg);
void lab_fault(struct lab *l, const char *comp, const char *name, const char *arg,
               sim_time duration);

/* Mean and half-width of the 99.9 % interval of 20 batch means, by Student's t. */
#define LAB_BATCHES 20
void lab_interval(const double batch[LAB_BATCHES], double *mean, double *half);

#endif
