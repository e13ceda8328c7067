/*
 * Values: making them, reading them from text, writing them, and fitting one to the
 * parameter it is meant for (type and range, with the unit in the error).
 */
#include "model/model.h"
#include "truecode/model.h"

#include <errno.h>
#include <stdlib.h>

struct value value_number(double x)
{
    return (struct value){.type = VALUE_NUMBER, .as.number = x};
}

struct value value_count(int64_t n)
{
    return (struct value){.type = VALUE_COUNT, .as.count = n};
}

struct value value_duration(sim_time t)
{
    return (struct value){.type = VALUE_DURATION, .as.duration = t};
}

struct value value_bool(bool on)
{
    return (struct value){.type = VALUE_BOOL, .as.on = on};
}

struct value value_dist(struct dist d)
{
    return (struct value){.type = VALUE_DIST, .as.dist = d};
}

struct value value_text(const char *s)
{
    return (struct value){.type = VALUE_TEXT, .as.text = s};
}

/* ---- random durations ------------------------------------------------------------ */

struct dist dist_const(sim_time t)
{
    return (struct dist){.kind = DIST_CONST, .mean = t};
}

struct dist dist_exponential(sim_time mean)
{
    return (struct dist){.kind = DIST_EXPONENTIAL, .mean = mean};
}

struct dist dist_lognormal(sim_time mean, sim_time sd)
{
    return (struct dist){.kind = DIST_LOGNORMAL, .mean = mean, .spread = sd};
}

/* Rounded to whole nanoseconds, cut at 0 and far above anything sensible. */
static sim_time to_time(double ns)
{
    if (!(ns > 0))
        return 0;
    return ns > 1e18 ? INT64_C(1000000000000000000) : (sim_time)(ns + 0.5);
}

static double draw_lognormal(double mean, double sd, struct rng *r)
{
    double v = tc_log(1 + sd / mean * (sd / mean));
    return tc_exp(tc_log(mean) - v / 2 + tc_sqrt(v) * rng_normal(r));
}

static double draw_erlang(double mean, int k, struct rng *r)
{
    double sum = 0;
    int stages = k > 0 ? k : 1;
    for (int i = 0; i < stages; i++)
        sum += rng_exponential(r);
    return mean * sum / stages;
}

/* Two phases, each carrying half of the mean (balanced means). */
static double draw_hyperexp(double mean, double scv, struct rng *r)
{
    if (scv <= 1)
        return mean * rng_exponential(r);
    double p = (1 + tc_sqrt((scv - 1) / (scv + 1))) / 2;
    double share = rng_unit(r) < p ? p : 1 - p;
    return mean / (2 * share) * rng_exponential(r);
}

/* Pareto of shape alpha > 1 with this mean, cut at 1000 means. */
static double draw_pareto(double mean, double alpha, struct rng *r)
{
    double low = alpha > 1 ? mean * (alpha - 1) / alpha : mean;
    double x = low / tc_pow(1 - rng_unit(r), 1 / (alpha > 0.01 ? alpha : 0.01));
    return x > 1000 * mean ? 1000 * mean : x;
}

sim_time dist_draw(const struct dist *d, struct rng *r)
{
    double mean = (double)d->mean, spread = (double)d->spread;
    switch (d->kind) {
    case DIST_CONST:
        return d->mean;
    case DIST_EXPONENTIAL:
        return to_time(mean * rng_exponential(r));
    case DIST_UNIFORM:
        return to_time(mean + spread * (2 * rng_unit(r) - 1));
    case DIST_NORMAL:
        return to_time(mean + spread * rng_normal(r));
    case DIST_LOGNORMAL:
        return mean > 0 ? to_time(draw_lognormal(mean, spread, r)) : 0;
    case DIST_ERLANG:
        return to_time(draw_erlang(mean, d->k, r));
    case DIST_HYPEREXP:
        return to_time(draw_hyperexp(mean, spread / 1000, r));
    case DIST_PARETO:
        return to_time(draw_pareto(mean, spread / 1000, r));
    }
    return d->mean;
}

/* ---- text to value --------------------------------------------------------------- */

static const char *const dist_names[] = {"const",    "exponential", "uniform",
                                         "normal",   "lognormal",   "erlang",
                                         "hyperexp", "pareto"};
enum { DIST_KINDS = COUNT_OF(dist_names) };

static enum err parse_number(const char *what, const char *text, double *out,
                             struct errmsg *why)
{
    char *end;
    errno = 0;
    double x = strtod(text, &end);
    while (*end == ' ')
        end++;
    if (end == text || *end != '\0' || errno == ERANGE || !(x > -1e300 && x < 1e300))
        return errmsg_set(why, ERR_INPUT, "%s: \"%.60s\" is not a number", what, text);
    *out = x;
    return ERR_OK;
}

static enum err parse_count(const char *what, const char *text, int64_t *out,
                            struct errmsg *why)
{
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno == ERANGE)
        return errmsg_set(why, ERR_INPUT, "%s: \"%.60s\" is not a whole number", what,
                          text);
    *out = n;
    return ERR_OK;
}

/* "5GB", "1.5 GiB", "400": bytes, with a unit or without. */
static enum err parse_bytes(const char *what, const char *text, int64_t *out,
                            struct errmsg *why)
{
    static const struct {
        const char *name;
        double bytes;
    } units[] = {{"B", 1},
                 {"kB", 1e3},
                 {"KB", 1e3},
                 {"MB", 1e6},
                 {"GB", 1e9},
                 {"TB", 1e12},
                 {"KiB", 1024},
                 {"MiB", 1048576},
                 {"GiB", 1073741824},
                 {"TiB", 1.099511627776e12}};
    struct errmsg ignored;
    char *unit;
    if (parse_count(what, text, out, &ignored) == ERR_OK)
        return ERR_OK;
    double n = strtod(text, &unit);
    bool number = unit != text && n >= 0 && n < 1e15;
    unit += strspn(unit, " ");
    for (size_t i = 0; number && i < COUNT_OF(units); i++)
        if (str_eq(unit, units[i].name) && n * units[i].bytes < 9e18) {
            *out = (int64_t)(n * units[i].bytes);
            return ERR_OK;
        }
    return errmsg_set(why, ERR_INPUT,
                      "%s: \"%.60s\" is not a number of bytes, like 5GB or 500MB", what,
                      text);
}

static enum err parse_fraction(const char *what, const char *text, double *out,
                               struct errmsg *why)
{
    char copy[64];
    size_t n = strlen(text);
    bool percent = n > 1 && text[n - 1] == '%';
    if (n >= sizeof copy)
        return errmsg_set(why, ERR_INPUT, "%s: \"%.60s\" is not a fraction", what,
                          text);
    memcpy(copy, text, n + 1);
    if (percent)
        copy[n - 1] = '\0';
    enum err e = parse_number(what, copy, out, why);
    if (e == ERR_OK && percent)
        *out /= 100;
    return e;
}

static enum err parse_bool(const char *what, const char *text, bool *out,
                           struct errmsg *why)
{
    if (str_eq(text, "on") || str_eq(text, "true") || str_eq(text, "yes"))
        *out = true;
    else if (str_eq(text, "off") || str_eq(text, "false") || str_eq(text, "no"))
        *out = false;
    else
        return errmsg_set(why, ERR_INPUT, "%s: say on or off, not \"%.60s\"", what,
                          text);
    return ERR_OK;
}

static enum err parse_choice(const char *what, const char *choices, const char *text,
                             int64_t *out, struct errmsg *why)
{
    size_t n = strlen(text);
    const char *p = choices;
    for (int64_t i = 0; p && *p != '\0'; i++) {
        size_t len = strcspn(p, "|");
        if (len == n && memcmp(p, text, n) == 0) {
            *out = i;
            return ERR_OK;
        }
        p += len + (p[len] == '|');
    }
    return errmsg_set(why, ERR_INPUT, "%s: \"%.60s\" is none of %s", what, text,
                      choices);
}

/* "250ms" or "lognormal(180ms, 60ms)": a name and its arguments. */
static enum err parse_dist(const char *what, const char *text, struct dist *out,
                           struct errmsg *why)
{
    char copy[96], *arg[3] = {NULL, NULL, NULL};
    size_t kind = 0, n = 0, len = strcspn(text, "(");
    *out = (struct dist){.kind = DIST_CONST};
    if (text[len] == '\0') {
        enum err e = time_parse(text, &out->mean, why);
        if (e != ERR_OK)
            errmsg_prefix(why, "%s: ", what);
        return e;
    }
    while (kind < DIST_KINDS && (strlen(dist_names[kind]) != len ||
                                 memcmp(dist_names[kind], text, len) != 0))
        kind++;
    size_t rest = strlen(text + len);
    if (kind == DIST_KINDS || rest >= sizeof copy || text[len + rest - 1] != ')')
        return errmsg_set(why, ERR_INPUT,
                          "%s: \"%.60s\" is not a random time such as 250ms, "
                          "exponential(10ms) or lognormal(180ms, 60ms)",
                          what, text);
    memcpy(copy, text + len + 1, rest);
    copy[rest - 2] = '\0';
    for (char *at = copy; n < 3 && at; n++) {
        arg[n] = at;
        at = strchr(at, ',');
        if (at)
            *at++ = '\0';
    }
    out->kind = (enum dist_kind)kind;
    enum err e = time_parse(arg[0], &out->mean, why);
    if (e != ERR_OK || !arg[1])
        return e;
    double x;
    if (out->kind == DIST_ERLANG || out->kind == DIST_HYPEREXP ||
        out->kind == DIST_PARETO) {
        e = parse_number(what, arg[1], &x, why);
        if (e == ERR_OK && (x < 0 || x > 1e6))
            return errmsg_set(why, ERR_INPUT, "%s: %s is out of range", what, arg[1]);
        if (e == ERR_OK && out->kind == DIST_ERLANG)
            out->k = (int)x;
        else if (e == ERR_OK)
            out->spread = (sim_time)(x * 1000 + 0.5);
        return e;
    }
    return time_parse(arg[1], &out->spread, why);
}

enum err value_parse(const struct model *m, const struct param_desc *p,
                     const char *text, struct value *out, struct errmsg *why)
{
    struct value v = {.type = p->type};
    enum err e = ERR_OK;
    switch (p->type) {
    case VALUE_NUMBER:
        e = parse_number(p->name, text, &v.as.number, why);
        break;
    case VALUE_COUNT:
        e = str_eq(p->unit, "bytes") ? parse_bytes(p->name, text, &v.as.count, why)
                                     : parse_count(p->name, text, &v.as.count, why);
        break;
    case VALUE_FRACTION:
        e = parse_fraction(p->name, text, &v.as.number, why);
        break;
    case VALUE_DURATION:
        e = time_parse(text, &v.as.duration, why);
        if (e != ERR_OK)
            errmsg_prefix(why, "%s: ", p->name);
        break;
    case VALUE_BOOL:
        e = parse_bool(p->name, text, &v.as.on, why);
        break;
    case VALUE_CHOICE:
        e = parse_choice(p->name, p->choices, text, &v.as.count, why);
        break;
    case VALUE_DIST:
        e = parse_dist(p->name, text, &v.as.dist, why);
        break;
    case VALUE_COMP:
        v.as.comp = m ? model_need(m, text, NULL, p->name, why) : COMP_NONE;
        e = v.as.comp == COMP_NONE ? ERR_NOT_FOUND : ERR_OK;
        break;
    default:
        v = value_text(text);
    }
    return e == ERR_OK ? value_fit(m, p, &v, out, why) : e;
}

/* ---- value to text --------------------------------------------------------------- */

static void format_choice(const char *choices, int64_t index, struct buf *out)
{
    const char *p = choices ? choices : "";
    for (; index > 0 && *p != '\0'; index--) {
        p += strcspn(p, "|");
        p += *p == '|';
    }
    buf_add(out, p, strcspn(p, "|"));
}

static void format_dist(const struct dist *d, struct buf *out)
{
    if (d->kind == DIST_CONST) {
        time_format(out, d->mean);
        return;
    }
    buf_addf(out, "%s(", dist_names[d->kind]);
    time_format(out, d->mean);
    if (d->kind == DIST_ERLANG) {
        buf_addf(out, ", %d", d->k);
    } else if (d->kind == DIST_HYPEREXP || d->kind == DIST_PARETO) {
        buf_addf(out, ", %g", (double)d->spread / 1000);
    } else if (d->kind != DIST_EXPONENTIAL) {
        buf_adds(out, ", ");
        time_format(out, d->spread);
    }
    buf_addch(out, ')');
}

void value_format(const struct model *m, const struct param_desc *p,
                  const struct value *v, struct buf *out)
{
    switch (v->type) {
    case VALUE_NUMBER:
        buf_addf(out, "%.10g", v->as.number);
        break;
    case VALUE_COUNT:
        buf_addf(out, "%lld", (long long)v->as.count);
        break;
    case VALUE_FRACTION:
        buf_addf(out, "%.4g%%", v->as.number * 100);
        break;
    case VALUE_DURATION:
        time_format(out, v->as.duration);
        break;
    case VALUE_BOOL:
        buf_adds(out, v->as.on ? "on" : "off");
        break;
    case VALUE_CHOICE:
        format_choice(p ? p->choices : NULL, v->as.count, out);
        break;
    case VALUE_DIST:
        format_dist(&v->as.dist, out);
        break;
    case VALUE_COMP:
        buf_adds(out,
                 m && v->as.comp < model_comps(m) ? model_name(m, v->as.comp) : "none");
        break;
    case VALUE_TEXT:
        buf_adds(out, v->as.text ? v->as.text : "");
        break;
    case VALUE_NONE:
        break;
    }
}

/* ---- fitting --------------------------------------------------------------------- */

static bool as_double(const struct value *v, double *x)
{
    if (v->type == VALUE_NUMBER || v->type == VALUE_FRACTION)
        *x = v->as.number;
    else if (v->type == VALUE_COUNT)
        *x = (double)v->as.count;
    else
        return false;
    return *x == *x;
}

/* The same value as type `want`; false: it is not one. */
static bool convert(const struct value *v, enum value_type want, struct value *out)
{
    double x = 0;
    bool number = as_double(v, &x);
    *out = *v;
    out->type = want;
    if (v->type == want)
        return !(want == VALUE_NUMBER || want == VALUE_FRACTION) || number;
    switch (want) {
    case VALUE_NUMBER:
    case VALUE_FRACTION:
        out->as.number = x;
        return number;
    case VALUE_COUNT:
        out->as.count = number && x > -9e15 && x < 9e15 ? (int64_t)x : 0;
        return number && (double)out->as.count == x;
    case VALUE_DURATION:
        out->as.duration = v->type == VALUE_DIST ? v->as.dist.mean : 0;
        return (number && x == 0) ||
               (v->type == VALUE_DIST && v->as.dist.kind == DIST_CONST);
    case VALUE_DIST:
        out->as.dist = dist_const(v->type == VALUE_DURATION ? v->as.duration : 0);
        return v->type == VALUE_DURATION || (number && x == 0);
    case VALUE_CHOICE:
        out->as.count = v->as.count;
        return v->type == VALUE_COUNT;
    default:
        return false;
    }
}

static double magnitude(const struct value *v)
{
    switch (v->type) {
    case VALUE_DURATION:
        return (double)v->as.duration / 1e9;
    case VALUE_DIST:
        return (double)v->as.dist.mean / 1e9;
    case VALUE_COUNT:
        return (double)v->as.count;
    default:
        return v->as.number;
    }
}

static const char *const type_names[] = {
    "nothing",   "a number",           "a whole number", "a fraction",  "a time",
    "on or off", "one of the choices", "a random time",  "a component", "a text"};

static int64_t choice_count(const char *choices)
{
    int64_t n = 1;
    for (const char *p = choices; p && *p != '\0'; p++)
        n += *p == '|';
    return n;
}

static bool ranged(enum value_type t)
{
    return t == VALUE_NUMBER || t == VALUE_FRACTION || t == VALUE_COUNT ||
           t == VALUE_DURATION || t == VALUE_DIST;
}

enum err value_fit(const struct model *m, const struct param_desc *p,
                   const struct value *v, struct value *out, struct errmsg *why)
{
    struct value fit;
    if (v->type == VALUE_TEXT && p->type != VALUE_TEXT)
        return value_parse(m, p, v->as.text ? v->as.text : "", out, why);
    if (!convert(v, p->type, &fit))
        return errmsg_set(why, ERR_INPUT, "%s wants %s", p->name, type_names[p->type]);
    if (p->type == VALUE_CHOICE &&
        (fit.as.count < 0 || fit.as.count >= choice_count(p->choices)))
        return errmsg_set(why, ERR_INPUT, "%s is one of %s", p->name, p->choices);
    if (p->type == VALUE_TEXT && !fit.as.text)
        return errmsg_set(why, ERR_INPUT, "%s wants a text", p->name);
    double x = ranged(p->type) ? magnitude(&fit) : 0;
    bool limited = p->min < p->max || p->min > p->max;
    if (limited && ranged(p->type) && (x < p->min || x > p->max))
        return errmsg_set(why, ERR_INPUT, "%s must be %.10g to %.10g%s%s, not %.10g",
                          p->name, p->min, p->max, p->unit && p->unit[0] ? " " : "",
                          p->unit ? p->unit : "", x);
    bool time = p->type == VALUE_DURATION || p->type == VALUE_DIST;
    if (time && (x < 0 || (p->type == VALUE_DIST && fit.as.dist.spread < 0)))
        return errmsg_set(why, ERR_INPUT, "%s must not be negative", p->name);
    *out = fit;
    return ERR_OK;
}

enum err value_fit_arg(const struct model *m, const struct arg_desc *d,
                       const struct value *v, struct value *out, struct errmsg *why)
{
    struct param_desc p = {.name = d->name, .type = d->type};
    if (d->type == VALUE_FRACTION)
        p.max = 1;
    return value_fit(m, &p, v, out, why);
}
