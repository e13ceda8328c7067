/*
 * Reads the tables: lines of cells, the first that is no comment names the columns. The
 * files hold no quoted cells; what is missing or unknown fails the test.
 */
#include "ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

static char *file_text(const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("%s cannot be read", path);
    size_t cap = 1 << 16;
    char *text = malloc(cap);
    assert_non_null(text);
    size_t n = fread(text, 1, cap - 1, f);
    assert_true(n > 0 && n < cap - 1);
    text[n] = '\0';
    (void)fclose(f);
    return text;
}

/* Cuts a line into its cells; how many there are. */
static size_t cut(char *line, const char *cells[CSV_COLUMNS])
{
    size_t n = 0;
    for (char *at = line; at;) {
        assert_true(n < CSV_COLUMNS);
        cells[n++] = at;
        at = strchr(at, ',');
        if (at)
            *at++ = '\0';
    }
    return n;
}

struct csv csv_open(const char *table)
{
    struct csv t = {0};
    char path[128], *rest = NULL;
    (void)snprintf(path, sizeof path, "tests/reference/%s.csv", table);
    t.text = file_text(path);
    for (char *line = strtok_r(t.text, "\r\n", &rest); line;
         line = strtok_r(NULL, "\r\n", &rest)) {
        if (line[0] == '#')
            continue;
        if (t.columns == 0) {
            t.columns = cut(line, t.names);
            continue;
        }
        assert_true(t.rows < CSV_ROWS);
        if (cut(line, t.cells[t.rows]) != t.columns)
            fail_msg("%s: row %zu has another number of cells", path, t.rows + 1);
        t.rows++;
    }
    assert_true(t.rows > 0);
    return t;
}

void csv_close(struct csv *t)
{
    free(t->text);
    *t = (struct csv){0};
}

const char *csv_text(const struct csv *t, size_t row, const char *column)
{
    assert_true(row < t->rows);
    for (size_t i = 0; i < t->columns; i++)
        if (strcmp(t->names[i], column) == 0)
            return t->cells[row][i];
    fail_msg("no column %s", column);
    return "";
}

double csv_number(const struct csv *t, size_t row, const char *column)
{
    const char *text = csv_text(t, row, column);
    char *end;
    if (*text == '\0')
        return NAN;
    double x = strtod(text, &end); /* takes "inf" */
    if (*end != '\0')
        fail_msg("%s: \"%s\" is not a number", column, text);
    return x;
}

size_t csv_find(const struct csv *t, const char *column, const char *text)
{
    for (size_t i = 0; i < t->rows; i++)
        if (strcmp(csv_text(t, i, column), text) == 0)
            return i;
    fail_msg("no row with %s = %s", column, text);
    return 0;
}
