/*
 * Filters and patterns against what POSIX says they do. The lines are tickets, whose
 * senders are the text: "19:30  TEXT".
 */
#include "../lib/console_shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka.h last */
#include <cmocka.h>

static struct shop shop;

static int set_up(void **state)
{
    (void)state;
    shop_init(&shop, 5 * SIM_SEC);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    shop_release(&shop);
    return 0;
}

/* `lines` (separated by \n) through `filters`, without the clock. */
static void gives(const char *lines, const char *filters, const char *expected)
{
    struct ticket t[32];
    size_t n = 0;
    char *text = mem_strdup(lines), line[5000];
    for (char *p = text; p;) {
        char *end = strchr(p, '\n');
        if (end)
            *end = '\0';
        t[n++] = (struct ticket){.who = p, .text = ""};
        p = end ? end + 1 : NULL;
    }
    shop.ctx.tickets = t;
    shop.ctx.ntickets = n;
    snprintf(line, sizeof line, "tickets | cut -c 8- | %s", filters);
    char *got = shop_says(&shop, line, NULL, NULL);
    if (strcmp(got, expected) != 0)
        fail_msg("%s\n  gives %s  not   %s", filters, got, expected);
    mem_free(got);
    mem_free(text);
}

static void grep_matches(void **state)
{
    (void)state;
    gives("timeout\nok\ntime out", "grep time", "timeout\ntime out\n");
    gives("timeout\nok", "grep -v time", "ok\n");
    gives("Timeout\nTIME\nno", "grep -i time", "Timeout\nTIME\n");
    gives("a\nb\nab", "grep -c a", "2\n");
    gives("a.b\nacb", "grep 'a\\.b'", "a.b\n");
    gives("a.b\nacb", "grep -F a.b", "a.b\n");
    gives("abc\nbc\nxbc", "grep ^bc$", "bc\n");
    gives("ac\nabbbc\nadc", "grep ab*c", "ac\nabbbc\n");
    gives("cat\ncot\ncut", "grep c[ao]t", "cat\ncot\n");
    gives("cat\ncot\ncut", "grep c[^ao]t", "cut\n");
    gives("x1\nx9\nxa", "grep x[0-9]", "x1\nx9\n");
    gives("x1\nxa", "grep 'x[[:digit:]]'", "x1\n");
    gives("a+b\naab", "grep a+b", "a+b\n");
    gives("a+b\naab\nb", "grep -E 'a+b'", "aab\n");
    gives("cat\ndog\ncow", "grep -E 'cat|dog'", "cat\ndog\n");
    gives("cat\ndog\ncow", "grep 'cat\\|dog'", "cat\ndog\n");
    gives("ab\nabab\na", "grep -E '^(ab)+$'", "ab\nabab\n");
    gives("color\ncolour\ncolouur", "grep -E '^colou?r$'", "color\ncolour\n");
    gives("a]b\nab", "grep 'a[]]b'", "a]b\n");
    gives("*a\nb", "grep '*a'", "*a\n");
    gives("größe\nmaß", "grep ö", "größe\n");
    gives("a\n\nb", "grep -c .", "2\n");
}

static void grep_says_what_is_wrong(void **state)
{
    (void)state;
    gives("a", "grep", "grep needs a pattern, for example: grep timeout\n");
    gives("a", "grep [a", "grep: the pattern opens [ and does not close it.\n");
    gives("a", "grep -E '(a'", "grep: the pattern opens ( and does not close it.\n");
    char deep[100];
    snprintf(deep, sizeof deep, "grep -E '%.*sa%.*s'", 33,
             "((((((((((((((((((((((((((((((((((((((((", 33,
             "))))))))))))))))))))))))))))))))))))))))");
    gives("a", deep, "grep: the pattern nests too deep.\n");
    gives("a", "grep -x a", "grep: -x is not an option here.\n");
}

/* Patterns on which a backtracking matcher takes for ever. */
static void grep_cannot_be_made_slow(void **state)
{
    char *text = mem_alloc(3001), filter[128];
    (void)state;
    memset(text, 'a', 3000);
    snprintf(filter, sizeof filter, "grep -c -E '(a*)*b'");
    gives(text, filter, "0\n");
    gives(text, "grep -c -E '(a|aa)+$'", "1\n");
    gives(text, "grep -c -E '((((a?)?)?)?)*c'", "0\n");
    gives(text, "grep -c 'a*a*a*a*a*a*a*a*a*b'", "0\n");
    mem_free(text);
}

static void head_and_tail(void **state)
{
    (void)state;
    gives("1\n2\n3\n4", "head -2", "1\n2\n");
    gives("1\n2\n3\n4", "head -n 2", "1\n2\n");
    gives("1\n2\n3\n4", "tail -n 1", "4\n");
    gives("1\n2\n3\n4", "tail -n +3", "3\n4\n");
    gives("1\n2", "tail -n 9", "1\n2\n");
    gives("1\n2", "head -0", "");
    gives("1", "head -x", "head takes a number of lines: head -n 5\n");
}

static void sort_and_uniq(void **state)
{
    (void)state;
    gives("b\na\nC", "sort", "C\na\nb\n");
    gives("10\n9\n1", "sort", "1\n10\n9\n");
    gives("10\n9\n1", "sort -n", "1\n9\n10\n");
    gives("10\n9\n1", "sort -rn", "10\n9\n1\n");
    gives("a 2\nb 1\nc 10", "sort -n -k 2", "b 1\na 2\nc 10\n");
    gives("x b\ny a", "sort -k2", "y a\nx b\n");
    gives("b\na\nb", "sort -u", "a\nb\n");
    gives("a\na\nb\na", "uniq", "a\nb\na\n");
    gives("a\na\nb", "uniq -c", "      2 a\n      1 b\n");
    gives("b\na\nb", "sort | uniq -c | sort -rn | head -1", "      2 b\n");
    gives("a", "sort -k x", "sort: -k takes a field number, 2 or 2,3; not x\n");
}

static void wc_counts(void **state)
{
    (void)state;
    gives("one two\nthree", "wc -l", "2\n");
    gives("one two\nthree", "wc -w", "3\n");
    gives("one two\nthree", "wc -c", "14\n");
    gives("öl", "wc -m", "3\n");
    gives("öl", "wc -c", "4\n");
    gives("one two\nthree", "wc", "2 3 14\n");
}

static void cut_takes(void **state)
{
    (void)state;
    gives("a:b:c", "cut -d : -f 2", "b\n");
    gives("a:b:c", "cut -d: -f1,3", "a:c\n");
    gives("a:b:c", "cut -d : -f 3,1", "a:c\n");
    gives("a:b:c:d", "cut -d : -f 2-3", "b:c\n");
    gives("a:b:c:d", "cut -d : -f 3-", "c:d\n");
    gives("a:b:c:d", "cut -d : -f -2", "a:b\n");
    gives("a::c", "cut -d : -f 2", "\n");
    gives("no\na:b", "cut -d : -f 2", "no\nb\n");
    gives("no\na:b", "cut -d : -s -f 2", "b\n");
    gives("a   b  c", "cut -d ' ' -f 2", "b\n");
    gives("größe", "cut -c 3-4", "öß\n");
    gives("a", "cut -f", "cut: -f needs a value.\n");
    gives("a", "cut -d : -f 0", "cut: -f takes a list such as 1,3-5 (from 1); not 0\n");
    gives("a", "cut", "cut needs fields or characters: cut -d ' ' -f 1,3\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grep_matches),
        cmocka_unit_test(grep_says_what_is_wrong),
        cmocka_unit_test(grep_cannot_be_made_slow),
        cmocka_unit_test(head_and_tail),
        cmocka_unit_test(sort_and_uniq),
        cmocka_unit_test(wc_counts),
        cmocka_unit_test(cut_takes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
