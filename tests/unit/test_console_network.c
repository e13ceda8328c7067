/* dig, point, tls, renew, reload and sync: what they say of a small system, and do. */
#include "../lib/console_shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct errmsg why;

static comp_id part(struct model *m, const char *kind, const char *name)
{
    comp_id c = model_add(m, kind, name, &why);
    if (c == COMP_NONE)
        fail_msg("%s", why.text);
    return c;
}

static void set(struct model *m, comp_id c, const char *param, const char *text)
{
    if (model_set(m, c, param, value_text(text), &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static void get_endpoint(struct model *m, comp_id c, const struct node *body)
{
    if (model_endpoint(m, c, "get", NULL, body, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static void build(struct model *m)
{
    static const char *const services[] = {"blue", "green"};
    const struct node sleep = {.kind = NODE_SLEEP, .time = dist_const(SIM_MS)};
    const struct node call = {.kind = NODE_CALL, .target = "blue", .what = "get"};
    for (int i = 0; i < 2; i++)
        get_endpoint(m, part(m, "service", services[i]), &sleep);
    comp_id front = part(m, "service", "front");
    set(m, front, "instances", "2");
    get_endpoint(m, front, &call);
    set(m, part(m, "dns", "shop.internal"), "to", "blue");
    comp_id cert = part(m, "certificate", "cert");
    set(m, cert, "on", "blue");
    set(m, cert, "expires_in", "150s");
    comp_id time = part(m, "clock", "time");
    set(m, time, "on", "front");
    set(m, time, "ntp", "off");
    if (model_set(m, time, "skew", value_number(5), &why) != ERR_OK)
        fail_msg("%s", why.text);
    comp_id policy = part(m, "call", "front.blue");
    set(m, policy, "resolve", "shop.internal");
    set(m, policy, "tls", "cert");
    comp_id users = part(m, "client", "users");
    set(m, users, "to", "front/get");
    if (model_set(m, users, "rate", value_number(10), &why) != ERR_OK ||
        model_finish(m, &why) != ERR_OK)
        fail_msg("%s", why.text);
}

static struct shop town(void)
{
    struct shop s = {.model = model_new()};
    build(s.model);
    s.world = world_new(s.model, 1, &why);
    s.rec = recording_new(s.model, NULL, 0);
    s.ctx = (struct console_ctx){.world = s.world, .rec = s.rec, .columns = 76};
    shop_run(&s, 10 * SIM_SEC);
    return s;
}

static void says(struct shop *s, const char *line, const char *want)
{
    char *text = shop_says(s, line, NULL, NULL);
    if (!strstr(text, want))
        fail_msg("%s: no \"%s\" in:\n%s", line, want, text);
    mem_free(text);
}

/* Does what the command wants done. */
static void acts(struct shop *s, const char *line)
{
    enum err e;
    struct effects fx = {0};
    size_t done = 0;
    char *text = shop_says(s, line, &e, &fx);
    for (size_t i = 0; e == ERR_OK && i < fx.n; i++) {
        if (fx.list[i].kind != EFFECT_ACTION)
            continue;
        done++;
        e = world_apply(s->world, &fx.list[i].action, "me", NULL, NULL, &why);
    }
    if (e != ERR_OK || done != 1)
        fail_msg("%s: %zu done: %s\n%s", line, done, why.text, text);
    mem_free(text);
    effects_release(&fx);
}

static void names(void **state)
{
    (void)state;
    struct shop s = town();
    says(&s, "dig", "blue, 1 address");
    says(&s, "dig shop.internal", "front-1");
    acts(&s, "point shop.internal green --yes");
    says(&s, "dig", "green, 1 address");
    says(&s, "dig shop.internal", "2 of 2 believe what the name does not say any more");
    says(&s, "dig blue", "is no name");
    says(&s, "dig shop.internl", "did you mean");
    shop_release(&s);
}

static void help_names_what_is_here(void **state)
{
    (void)state;
    struct shop s = town();
    says(&s, "help dig", "  dig shop.internal\n");
    says(&s, "help dig", "+answer shop.internal\n");
    says(&s, "help point", "  point shop.internal blue\n");
    says(&s, "help point", "delete shop.internal CNAME");
    says(&s, "help tls", "  renew cert\n  reload cert\n");
    says(&s, "help renew", "--cert-name cert\n");
    says(&s, "help sync", "  sync time\n");
    says(&s, "help db", "  locks [DATABASE] ");
    says(&s, "help db locks", "  db locks DATABASE\n");
    shop_release(&s);
}

static void certificates(void **state)
{
    (void)state;
    struct shop s = town();
    says(&s, "tls", "2 m 20 s");
    says(&s, "tls", "5.000 s");
    acts(&s, "sync time --yes");
    shop_run(&s, 2 * SIM_SEC); /* the last sample counts */
    says(&s, "tls", "0.000 s");
    shop_run(&s, 198 * SIM_SEC);
    says(&s, "tls cert", "expired 1 m ago");
    says(&s, "tls cert", "certificate has expired");
    acts(&s, "renew cert --yes");
    says(&s, "tls cert", "certificate has expired");
    acts(&s, "reload cert --yes");
    says(&s, "tls cert", "good");
    says(&s, "tls time", "is no certificate");
    shop_release(&s);
}

static void nothing_there(void **state)
{
    (void)state;
    struct shop s;
    shop_init(&s, SIM_MIN);
    says(&s, "dig", "Nothing here is found by a name");
    says(&s, "tls", "Nothing here has a certificate");
    shop_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(help_names_what_is_here),
        cmocka_unit_test(certificates),
        cmocka_unit_test(nothing_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
