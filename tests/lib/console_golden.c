/*
 * Console outputs against files (console_golden.h).
 */
#include "console_golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h last */
#include <cmocka.h>

static void wait_for(struct shop *s, const char *time)
{
    struct errmsg why = {0};
    sim_time t;
    if (time_parse(time, &t, &why) != ERR_OK)
        fail_msg("%s", why.text);
    shop_run(s, t);
}

/* A sentence as a session's screen breaks it. */
static void add_wrapped(struct buf *b, const char *mark, const char *text)
{
    struct buf all, wrapped;
    buf_init(&all, 0), buf_init(&wrapped, 0);
    buf_addf(&all, "%s%s", mark, text);
    text_wrap(&wrapped, all.s, 76);
    buf_addf(b, "%s\n", wrapped.s);
    buf_release(&all), buf_release(&wrapped);
}

/* Carries effects out as a session does: asks, does, says. */
static void add_effects(struct shop *s, struct buf *b, const struct effects *fx)
{
    struct errmsg why = {0};
    if (fx->confirm)
        add_wrapped(b, "? ", fx->confirm);
    for (size_t i = 0; i < fx->n; i++) {
        sim_time busy = 0;
        if (fx->list[i].kind != EFFECT_ACTION)
            continue;
        if (shop_do(s, &fx->list[i].action, &busy, &why) != ERR_OK)
            add_wrapped(b, "! ", why.text);
        else if (fx->list[i].text)
            add_wrapped(b, "", fx->list[i].text);
        shop_run(s, busy);
    }
}

static void add_output(struct shop *s, struct buf *b, const char *line)
{
    struct effects fx = {0};
    if (str_starts(line, "# wait ")) {
        wait_for(s, line + strlen("# wait "));
        buf_addf(b, "%s\n\n", line);
        return;
    }
    char *text = shop_says(s, line, NULL, &fx);
    buf_addf(b, "> %s\n%s", line, text);
    add_effects(s, b, &fx);
    buf_addch(b, '\n');
    effects_release(&fx);
    mem_free(text);
}

static void write_file(const char *path, const struct buf *b)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(b->s, 1, b->len, f), b->len);
    assert_int_equal(fclose(f), 0);
}

static void compare(const char *name, const struct buf *b)
{
    char path[200];
    struct buf want;
    int ch;
    snprintf(path, sizeof path, "tests/golden/console_%s.txt", name);
    if (getenv("UPDATE_GOLDEN"))
        write_file(path, b);
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("%s is not there; UPDATE_GOLDEN=1 writes it", path);
    buf_init(&want, 0);
    while ((ch = fgetc(f)) != EOF)
        buf_addch(&want, (char)ch);
    fclose(f);
    if (strcmp(want.s, b->s) != 0)
        fail_msg("%s differs. Now it says:\n%s", path, b->s);
    buf_release(&want);
}

/* No line leaves the 76 columns, but those of logs, which are as they were written. */
static void assert_fits(const struct buf *b)
{
    bool log = false;
    for (const char *p = b->s; *p;) {
        size_t n = strcspn(p, "\n");
        char *line = mem_alloc(n + 1);
        memcpy(line, p, n);
        line[n] = '\0';
        if (*line == '>')
            log = str_starts(line, "> logs");
        if (!strchr(">?#", *line) && !log && text_width(line) > 76 &&
            !strstr(line, "://"))
            fail_msg("too wide: %s", line);
        mem_free(line);
        p += n + (p[n] == '\n');
    }
}

void golden_console(struct shop *s, const char *name, const char *const *lines)
{
    struct buf b;
    buf_init(&b, 0);
    for (size_t i = 0; lines[i]; i++)
        add_output(s, &b, lines[i]);
    assert_fits(&b);
    compare(name, &b);
    buf_release(&b);
}
