/*
 * doc: the reference for authors, made from the same tables that check a lesson. It is
 * Markdown, of which this file knows three things: headings, rows of tables and items of
 * lists. A name picks those that are about it; all of it is set for 80 columns.
 */
#include "cli_internal.h"

#include "truecode/console_reference.h"
#include "truecode/lesson_reference.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS = 78, CELLS = 8 };

/* ---- lines of Markdown ----------------------------------------------------------- */

struct span {
    const char *p;
    size_t n;
};

static struct span line_at(const char *p)
{
    return (struct span){p, strcspn(p, "\n")};
}

static const char *after(struct span line)
{
    return line.p[line.n] ? line.p + line.n + 1 : line.p + line.n;
}

static bool begins(struct span line, const char *with)
{
    return strncmp(line.p, with, strlen(with)) == 0;
}

static struct span trimmed(struct span s)
{
    while (s.n > 0 && s.p[0] == ' ')
        s.p++, s.n--;
    while (s.n > 0 && s.p[s.n - 1] == ' ')
        s.n--;
    return s;
}

/* The cells of "| a | b |"; a bar within one stands behind a backslash. */
static size_t cells_of(struct span line, struct span cells[CELLS])
{
    size_t n = 0, from = 1;
    for (size_t i = 1; i < line.n && n < CELLS; i++)
        if (line.p[i] == '|' && line.p[i - 1] != '\\') {
            cells[n++] = trimmed((struct span){line.p + from, i - from});
            from = i + 1;
        }
    return n;
}

/* ---- setting --------------------------------------------------------------------- */

/* Words without the signs of Markdown. */
static void plain(struct buf *out, struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '`' && !(s.p[i] == '\\' && i + 1 < s.n && s.p[i + 1] == '|'))
            buf_addch(out, s.p[i]);
}

static void paragraph(struct buf *out, const char *text, int indent)
{
    struct buf lines;
    buf_init(&lines, 0);
    text_wrap(&lines, text, (size_t)(COLUMNS - indent));
    for (const char *p = lines.s; p && *p; p = after(line_at(p)))
        buf_addf(out, "%*s%.*s\n", indent, "", (int)line_at(p).n, p);
    buf_release(&lines);
}

static bool plain_cell(struct span s, const char *words)
{
    return s.n == strlen(words) && strncmp(s.p, words, s.n) == 0;
}

/* "size   whole number, default 10, set at once", and below it what it is. */
static void set_row(struct buf *out, struct span line, struct span head)
{
    struct span c[CELLS], h[CELLS];
    struct buf b;
    size_t n = cells_of(line, c), heads = cells_of(head, h);
    buf_init(&b, 0);
    plain(&b, c[0]);
    for (size_t i = 1; i + 1 < n && i < heads; i++) {
        if (c[i].n == 0)
            continue;
        buf_adds(&b, i == 1 ? "   " : ", ");
        bool given = !plain_cell(c[i], "must be given");
        if ((given && plain_cell(h[i], "default")) || plain_cell(h[i], "set") ||
            plain_cell(h[i], "each") || plain_cell(h[i], "shown by"))
            buf_addf(&b, "%.*s ", (int)h[i].n, h[i].p);
        plain(&b, c[i]);
    }
    paragraph(out, b.s, 2);
    buf_reset(&b);
    if (n > 1)
        plain(&b, c[n - 1]);
    if (b.len > 0)
        paragraph(out, b.s, 6);
    buf_release(&b);
}

static void set_words(struct buf *out, struct span s, int indent)
{
    struct buf b;
    buf_init(&b, 0);
    plain(&b, s);
    paragraph(out, b.s, indent);
    buf_release(&b);
}

static void set_heading(struct buf *out, struct span line)
{
    size_t level = strspn(line.p, "#");
    struct buf b;
    buf_init(&b, 0);
    plain(&b, trimmed((struct span){line.p + level, line.n - level}));
    buf_addf(out, "%s\n", b.s);
    for (size_t i = 0; level < 3 && i < text_width(b.s); i++)
        buf_addch(out, '=');
    buf_adds(out, level < 3 ? "\n" : "");
    buf_release(&b);
}

/* From `p` up to `end`. */
static void set_text(struct buf *out, const char *p, const char *end)
{
    struct span head = {0};
    bool code = false;
    for (; p < end && *p; p = after(line_at(p))) {
        struct span l = line_at(p);
        if (begins(l, "```"))
            code = !code;
        else if (code && l.n > COLUMNS - 4)
            set_words(out, l, 4);
        else if (code)
            buf_addf(out, "    %.*s\n", (int)l.n, l.p);
        else if (begins(l, "#"))
            set_heading(out, l);
        else if (begins(l, "| ---"))
            continue;
        else if (begins(l, "|") && !head.p)
            head = l;
        else if (begins(l, "|"))
            set_row(out, l, head);
        else {
            head = (struct span){0};
            set_words(out, l, begins(l, "- ") ? 2 : 0);
            if (l.n == 0)
                buf_addch(out, '\n');
        }
    }
}

/* ---- choosing -------------------------------------------------------------------- */

static bool in_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '-' || c == '.';
}

/* A heading, first cell or item is about `name` where that is the first thing that stands
 * between backticks there, or behind the colon or point in it. */
static bool is_about(struct span s, const char *name)
{
    const char *tick = memchr(s.p, '`', s.n), *end = s.p + s.n;
    size_t n = strlen(name);
    if (!tick)
        return s.n == n && strncasecmp(s.p, name, n) == 0;
    for (const char *p = tick + 1; p + n <= end && *p != '(' && *p != ' '; p++) {
        bool starts = p == tick + 1 || p[-1] == ':' || p[-1] == '.';
        if (starts && strncmp(p, name, n) == 0 && (p + n == end || !in_word(p[n])))
            return true;
        if (*p == '`')
            break;
    }
    return false;
}

static struct span title_of(struct span heading)
{
    size_t level = strspn(heading.p, "#");
    return trimmed((struct span){heading.p + level, heading.n - level});
}

/* The end of the section that begins at `heading`. */
static const char *section_end(struct span heading)
{
    size_t level = strspn(heading.p, "#");
    const char *p = after(heading);
    bool code = false;
    for (; *p; p = after(line_at(p))) {
        code ^= begins(line_at(p), "```");
        if (!code && *p == '#' && strspn(p, "#") <= level)
            break;
    }
    return p;
}

static void say_where(struct buf *out, struct span heading)
{
    struct buf b;
    buf_init(&b, 0);
    plain(&b, title_of(heading));
    buf_addf(out, "%s%s:\n", out->len > 0 ? "\n" : "", b.s);
    buf_release(&b);
}

/* Sections first; then single rows and items, each under the heading it stands below. */
static void choose(struct buf *out, const char *text, const char *name)
{
    struct span section = {0}, head = {0}, cells[CELLS];
    for (const char *p = text; *p; p = after(line_at(p))) {
        struct span l = line_at(p);
        if (begins(l, "#") && is_about(title_of(l), name))
            set_text(out, p, section_end(l));
    }
    for (const char *p = text; *p; p = after(line_at(p))) {
        struct span l = line_at(p);
        if (begins(l, "#")) {
            section = is_about(title_of(l), name) ? (struct span){0} : l;
        } else if (begins(l, "| ---") || !section.p) {
            continue;
        } else if (begins(l, "|") && !begins(l, "| `")) {
            head = l;
        } else if (begins(l, "| `") && cells_of(l, cells) > 0 &&
                   is_about(cells[0], name)) {
            say_where(out, section);
            set_row(out, l, head);
        } else if (begins(l, "- ") && is_about(l, name)) {
            say_where(out, section);
            set_words(out, l, 2);
        }
    }
}

/* ---- the whole ------------------------------------------------------------------- */

/* The sections, and what stands in each. */
static void contents(struct buf *out, const char *text)
{
    struct buf line;
    buf_init(&line, 0);
    for (const char *p = text; *p; p = after(line_at(p))) {
        struct span l = line_at(p);
        if (begins(l, "## ")) {
            paragraph(out, line.s ? line.s : "", 2);
            buf_reset(&line);
            plain(&line, title_of(l));
            buf_addf(out, "%s\n", line.s);
            buf_reset(&line);
        } else if (begins(l, "### ")) {
            struct span t = title_of(l), tick = t;
            const char *at = memchr(t.p, '`', t.n);
            if (at)
                tick = (struct span){at, t.n - (size_t)(at - t.p)};
            buf_adds(&line, line.len > 0 ? ", " : "");
            plain(&line, tick);
        }
    }
    paragraph(out, line.s ? line.s : "", 2);
    buf_release(&line);
}

static int not_found(const char *text, const char *name)
{
    const char *names[1024];
    struct buf words;
    size_t n = 0;
    buf_init(&words, 0);
    for (const char *p = text; *p; p = after(line_at(p))) {
        struct span l = line_at(p);
        const char *tick = begins(l, "#") || begins(l, "| `") || begins(l, "- ")
                               ? memchr(l.p, '`', l.n)
                               : NULL;
        if (!tick)
            continue;
        const char *word = tick + 1;
        if (word[0] && word[1] == ':')
            word += 2;
        size_t len = 0;
        while (in_word(word[len]))
            len++;
        buf_add(&words, word, len);
        buf_addch(&words, '\n');
    }
    for (char *p = words.s; p && *p && n < 1024; n++) {
        names[n] = p;
        p += strcspn(p, "\n");
        if (*p)
            *p++ = '\0';
    }
    const char *near = text_suggest(name, names, n);
    if (near)
        complain("nothing is called '%s'; did you mean '%s'?", name, near);
    else
        complain("nothing is called '%s'; %s lists what there is", name,
                 command("doc", NULL).s);
    buf_release(&words);
    return LEAVE_USAGE;
}

static int run(const struct cli_args *a)
{
    struct buf text, out;
    int status = LEAVE_OK;
    buf_init(&text, 0);
    buf_init(&out, 0);
    lesson_reference(&text);
    console_reference(&text);
    if (option_given(a, OPT_MARKDOWN)) {
        buf_adds(&out, text.s);
    } else if (a->nwords > 0) {
        const char *name = a->words[a->nwords - 1]; /* "doc fault slow": of slow */
        choose(&out, text.s, name);
        if (out.len == 0)
            status = not_found(text.s, name);
    } else {
        contents(&out, text.s);
        buf_addf(&out, "\n%s says more of one of them.\n\n", command("doc", "NAME").s);
        set_text(&out, text.s, text.s + text.len);
    }
    if (out.len > 0)
        print_raw(&out);
    buf_release(&out);
    buf_release(&text);
    return status;
}

const struct subcommand subcommand_doc = {
    .name = "doc",
    .synopsis = "doc [NAME] [--markdown]",
    .doc = "everything a lesson file may say, or one thing of it",
    .about =
        "NAME is a kind, a parameter, a fault, a metric, a function, a field, a step "
        "kind, a command, a mechanism, a facet or a unit.",
    .examples = "truecode doc\n"
                "truecode doc subscription\n"
                "truecode doc good_for\n"
                "truecode doc --markdown > reference.md",
    .options = HAS(MARKDOWN) | HAS(HELP),
    .words = WORD_NONE,
    .max_words = 2,
    .run = run,
};
