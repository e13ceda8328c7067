/*
 * Whether two actions are the same change, and whether a console line means one.
 */
#include "run.h"

static bool alike(double a, double b, double factor)
{
    return a == b || (a > 0 && b > 0 && a <= factor * b && b <= factor * a);
}

static bool same_value(const struct value *a, const struct value *b, double factor)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case VALUE_NUMBER:
    case VALUE_FRACTION:
        return alike(a->as.number, b->as.number, factor);
    case VALUE_COUNT:
        return alike((double)a->as.count, (double)b->as.count, factor);
    case VALUE_DURATION:
        return alike((double)a->as.duration, (double)b->as.duration, factor);
    case VALUE_CHOICE:
        return a->as.count == b->as.count;
    case VALUE_BOOL:
        return a->as.on == b->as.on;
    case VALUE_COMP:
        return a->as.comp == b->as.comp;
    case VALUE_TEXT:
        return str_eq(a->as.text ? a->as.text : "", b->as.text ? b->as.text : "");
    default:
        return true;
    }
}

bool same_action(const struct action *a, const struct action *b, double factor)
{
    bool same = a->kind == b->kind && a->comp == b->comp && a->nargs == b->nargs &&
                str_eq(a->name, b->name);
    for (size_t i = 0; same && i < a->nargs; i++)
        same = same_value(&a->args[i], &b->args[i], factor);
    return same;
}

bool line_means(const struct run *r, const char *line, const struct action *a)
{
    struct console_ctx ctx;
    struct out out;
    struct effects fx = {0};
    bool means = false;
    run_console(r, &ctx);
    out_init(&out);
    if (console_run(&ctx, line, &out, &fx) == ERR_OK)
        for (size_t i = 0; i < fx.n; i++)
            means |= fx.list[i].kind == EFFECT_ACTION &&
                     same_action(&fx.list[i].action, a, 1);
    effects_release(&fx);
    out_release(&out);
    return means;
}
