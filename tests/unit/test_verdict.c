/*
 * Verdicts of parts of a proof come together whole: rows, margins and means of two lots of
 * seeds are those of all seeds, whichever lot comes first.
 */
#include "truecode/players.h"
#include "truecode/verdict.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* A proof of one row, of `passed` seeds that hold and perhaps one that does not (bad 0:
 * none), with a margin. */
static struct proof lot(unsigned passed, uint64_t bad, double margin,
                        const char *detail)
{
    struct proof p = {0};
    struct prove_row *r = proof_row(&p, PROOF_FIX, "restart");
    r->passed = passed;
    r->failed = bad != 0;
    r->first_bad_seed = bad;
    r->margin_min = margin;
    snprintf(r->detail, sizeof r->detail, "%s", detail);
    p.seeds = passed + (bad != 0);
    p.ok = bad == 0;
    return p;
}

/* Both orders of two lots, merged and compared with the row of all their seeds. */
static void assert_merged(const struct proof *x, const struct proof *y, uint64_t bad,
                          double margin, const char *detail)
{
    const struct proof *lots[] = {x, y};
    for (int first = 0; first < 2; first++) {
        struct proof all = {0};
        proof_merge(&all, lots[first]);
        proof_merge(&all, lots[1 - first]);
        assert_int_equal(all.n, 1);
        assert_int_equal(all.rows[0].passed, x->rows[0].passed + y->rows[0].passed);
        assert_int_equal(all.rows[0].failed, x->rows[0].failed + y->rows[0].failed);
        assert_int_equal(all.rows[0].first_bad_seed, bad);
        assert_true(all.rows[0].margin_min == margin);
        assert_string_equal(all.rows[0].detail, detail);
        assert_int_equal(all.seeds, x->seeds + y->seeds);
        assert_int_equal(all.ok, bad == 0);
        proof_release(&all);
    }
}

static void the_closest_margin_stays(void **state)
{
    (void)state;
    struct proof wide = lot(3, 0, 0.8, "far"), close = lot(2, 0, 0.1, "near");
    struct proof unmeasured = lot(4, 0, (double)NAN, "");
    assert_merged(&wide, &close, 0, 0.1, "near");
    assert_merged(&unmeasured, &close, 0, 0.1, "near");
    proof_release(&wide);
    proof_release(&close);
    proof_release(&unmeasured);
}

static void a_failure_tells_its_first_seed(void **state)
{
    (void)state;
    struct proof good = lot(3, 0, 0.5, "near"), bad = lot(2, 7, 0.6, "broken");
    assert_merged(&good, &bad, 7, 0.5, "broken");
    struct proof early = lot(1, 4, 0.6, "broken");
    assert_merged(&early, &bad, 4, 0.6, "broken");
    proof_release(&good);
    proof_release(&bad);
    proof_release(&early);
}

static void players_have_the_mean_of_all_seeds(void **state)
{
    (void)state;
    struct player_row few = {
        .seeds = 1, .least = 90, .most = 90, .mean = 90, .best_seed = 5};
    struct player_row many = {
        .seeds = 3, .least = 10, .most = 30, .mean = 20, .best_seed = 2};
    const struct players lots[] = {{.rows = &few, .n = 1}, {.rows = &many, .n = 1}};
    for (int first = 0; first < 2; first++) {
        struct players all = {0};
        players_merge(&all, &lots[first]);
        players_merge(&all, &lots[1 - first]);
        assert_int_equal(all.rows[0].seeds, 4);
        assert_true(fabs(all.rows[0].mean - 37.5) < 1e-9); /* (90 + 3 x 20) / 4 */
        assert_int_equal(all.rows[0].least, 10);
        assert_int_equal(all.rows[0].most, 90);
        assert_int_equal(all.rows[0].best_seed, 5);
        players_release(&all);
    }
}

static void cured_is_well(void **state)
{
    (void)state;
    assert_true(outcome_well(OUTCOME_CURED));
    assert_false(outcome_well((enum outcome)(OUTCOME_CURED - 1)));
    assert_false(outcome_well(OUTCOME_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_closest_margin_stays),
        cmocka_unit_test(a_failure_tells_its_first_seed),
        cmocka_unit_test(players_have_the_mean_of_all_seeds),
        cmocka_unit_test(cured_is_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
