/*
 * A line to words: blanks separate, quotes keep together, `|` begins the next stage.
 * Nothing expands. What a real shell would do with ; & > and < is refused by name, so
 * that nobody wonders where the output went; commands that take free text do not ask.
 */
#include "parse.h"

#include <assert.h>
#include <string.h>

struct scanner {
    const char *line;
    size_t at;
    struct arena *mem;
    struct parsed *out;
};

static bool blank(char ch)
{
    return ch == ' ' || ch == '\t';
}

/* Where quotes may open: at the beginning of a word or of a value. */
static bool opens_quote(const struct scanner *s, size_t start)
{
    char ch = s->line[s->at];
    return (ch == '\'' || ch == '"') && (s->at == start || s->line[s->at - 1] == '=');
}

static void scan_quoted(struct scanner *s, struct buf *b)
{
    char quote = s->line[s->at++];
    while (s->line[s->at] && s->line[s->at] != quote) {
        if (quote == '"' && s->line[s->at] == '\\' &&
            (s->line[s->at + 1] == '"' || s->line[s->at + 1] == '\\'))
            s->at++;
        buf_addch(b, s->line[s->at++]);
    }
    if (s->line[s->at])
        s->at++;
    else
        s->out->open_quote = true;
}

static struct word scan_word(struct scanner *s)
{
    assert(s->line[s->at]);
    struct word w = {.start = s->at};
    struct buf b;
    buf_init(&b, CONSOLE_LINE_MAX);
    while (s->line[s->at] && !blank(s->line[s->at]) && s->line[s->at] != '|') {
        if (opens_quote(s, w.start)) {
            w.quoted = true;
            scan_quoted(s, &b);
        } else if (s->line[s->at] == '\\' && s->line[s->at + 1]) {
            /* Only what would otherwise mean something: patterns keep their \. */
            if (strchr(" |'\"\\", s->line[s->at + 1]))
                s->at++;
            buf_addch(&b, s->line[s->at++]);
        } else {
            buf_addch(&b, s->line[s->at++]);
        }
    }
    w.end = s->at;
    w.s = arena_strndup(s->mem, b.s, b.len);
    buf_release(&b);
    return w;
}

static enum err scan_stage(struct scanner *s, struct errmsg *why)
{
    struct stage *st = &s->out->stages[s->out->n++];
    *st = (struct stage){.start = s->at};
    st->words = arena_alloc(s->mem, WORDS_MAX * sizeof *st->words);
    for (;;) {
        while (blank(s->line[s->at]))
            s->at++;
        st->end = s->at;
        if (!s->line[s->at] || s->line[s->at] == '|')
            return ERR_OK;
        if (st->n == WORDS_MAX)
            return errmsg_set(why, ERR_INPUT,
                              "That is more than %d words; a line can be shorter.",
                              WORDS_MAX);
        st->words[st->n++] = scan_word(s);
    }
}

enum err parse_line(const char *line, struct arena *mem, struct parsed *out,
                    struct errmsg *why)
{
    struct scanner s = {.line = line, .mem = mem, .out = out};
    *out = (struct parsed){0};
    for (;;) {
        if (out->n == STAGES_MAX)
            return errmsg_set(why, ERR_INPUT, "At most %d commands in one pipe.",
                              STAGES_MAX);
        enum err e = scan_stage(&s, why);
        if (e != ERR_OK)
            return e;
        if (!line[s.at])
            return ERR_OK;
        s.at++;
    }
}

static const char *shell_word(const struct word *w)
{
    static const struct {
        const char *word, *says;
    } shell[] = {
        {"&&",
         "One line does one thing here: give the second command on the next line."},
        {"||",
         "One line does one thing here: give the second command on the next line."},
        {";",
         "One line does one thing here: give the second command on the next line."},
        {"&", "Commands here are never in the background; time passes by itself."},
        {">",
         "There are no files here; filter with | instead, for example | grep timeout."},
        {">>",
         "There are no files here; filter with | instead, for example | grep timeout."},
        {"<",
         "There are no files here; filter with | instead, for example | grep timeout."},
    };
    for (size_t i = 0; i < COUNT_OF(shell) && !w->quoted; i++)
        if (str_eq(w->s, shell[i].word))
            return shell[i].says;
    return NULL;
}

enum err refuse_shell(const struct stage *st, struct errmsg *why)
{
    for (size_t i = 0; i < st->n; i++) {
        const char *says = shell_word(&st->words[i]);
        if (says)
            return errmsg_set(why, ERR_INPUT, "%s", says);
    }
    return ERR_OK;
}

bool parse_count(const char *s, long *out)
{
    assert(s && out);
    long n = 0;
    if (!*s || strlen(s) > 9)
        return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            return false;
        n = n * 10 + (*s - '0');
    }
    *out = n;
    return true;
}
