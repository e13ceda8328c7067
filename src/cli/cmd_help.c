/*
 * help: from the table of subcommands; with --markdown, or `help man`, the same as a
 * page to keep.
 */
#include "cli_internal.h"

#include "truecode/ui_keys.h"

#include <stdio.h>
#include <string.h>

static void wrap_to(struct buf *b, const char *text)
{
    struct buf lines;
    buf_init(&lines, 0);
    text_wrap(&lines, text, 78);
    buf_adds(b, lines.s);
    if (lines.len > 0 && lines.s[lines.len - 1] != '\n')
        buf_addch(b, '\n');
    buf_release(&lines);
}

static void add_options(struct buf *b, const struct subcommand *c)
{
    for (int i = 0; i < OPT_COUNT; i++) {
        const struct option_info *o = &option_infos[i];
        if (!(c->options & (UINT32_C(1) << i)))
            continue;
        buf_addf(b, "  --%s%s%s", o->word, o->arg ? " " : "", o->arg ? o->arg : "");
        if (strlen(o->word) + (o->arg ? strlen(o->arg) : 0) > 20)
            buf_addch(b, '\n');
        buf_pad(b, 26);
        buf_addf(b, "%s\n", o->doc);
    }
}

static void help_one(struct buf *b, const struct subcommand *c)
{
    buf_adds(b, "Examples:\n");
    command_lines(b, c->examples, "  ");
    buf_addf(b, "\nUsage: %s\n\n", command(c->synopsis, NULL).s);
    struct buf text;
    buf_init(&text, 0);
    buf_addf(&text, "%c%s.",
             c->doc[0] >= 'a' && c->doc[0] <= 'z' ? c->doc[0] - 32 : c->doc[0],
             c->doc + 1);
    if (c->about)
        buf_addf(&text, " %s", c->about);
    wrap_to(b, text.s);
    buf_release(&text);
    buf_adds(b, "\nOptions:\n");
    add_options(b, c);
}

static const struct {
    const char *words, *does;
} first_examples[] = {{"", "go on, or choose a lesson"},
                      {"play first-page", "six minutes, for a start"},
                      {"list", "the lessons, and how far you are"}};
#define FIRST_EXAMPLES (COUNT_OF(first_examples))

/* In two columns; behind a long path what it does stands below. */
static void add_first_examples(struct buf *b)
{
    size_t widest = 24;
    for (size_t i = 0; i < FIRST_EXAMPLES; i++) {
        size_t w = text_width(command(first_examples[i].words, NULL).s);
        widest = w > widest && w <= 40 ? w : widest;
    }
    for (size_t i = 0; i < FIRST_EXAMPLES; i++) {
        struct command c = command(first_examples[i].words, NULL);
        buf_addf(b, "  %s%s", c.s, text_width(c.s) > widest ? "\n" : "");
        buf_pad(b, widest + 5);
        buf_addf(b, "%s\n", first_examples[i].does);
    }
}

static const struct {
    int number;
    const char *doc;
} exits[] = {
#define X(name, number, doc) {number, doc},
    EXIT_LIST(X)
#undef X
};

static void help_all(struct buf *b)
{
    buf_adds(b, "Examples:\n");
    add_first_examples(b);
    buf_addf(b,
             "\nA flight simulator for production incidents, in a terminal.\n"
             "\nUsage: %s\n\nSubcommands:\n",
             command("[SUBCOMMAND] [OPTIONS]", NULL).s);
    for (size_t i = 0; i < subcommand_count(); i++) {
        buf_addf(b, "  %s", subcommand_at(i)->name);
        buf_pad(b, 14);
        buf_addf(b, "%s\n", subcommand_at(i)->doc);
    }
    buf_adds(b, "\nhelp SUBCOMMAND tells more; --version or -V the version.\n"
                "\nExit codes:\n");
    for (size_t i = 0; i < COUNT_OF(exits); i++)
        buf_addf(b, "  %3d  %s\n", exits[i].number, exits[i].doc);
}

/* The stand-in for a character that a manual page would print as another one, or take
 * for a command of its own. */
static const char *man_sign(char c)
{
    switch (c) {
    case '\\':
        return "\\(rs";
    case '-':
        return "\\-";
    case '\'':
        return "\\(aq";
    case '`':
        return "\\(ga";
    case '^':
        return "\\(ha";
    case '~':
        return "\\(ti";
    case '"':
        return "\\(dq";
    default:
        return NULL;
    }
}

/* A manual page's text: a dot at a line's start and backslashes mean something there.
 */
static void man_text(struct buf *b, const char *s)
{
    if (*s == '.' || *s == '\'')
        buf_adds(b, "\\&");
    for (; *s != '\0'; s++) {
        const char *sign = man_sign(*s);
        if (sign)
            buf_adds(b, sign);
        else
            buf_addch(b, *s);
        if (*s == '\n' && (s[1] == '.' || s[1] == '\''))
            buf_adds(b, "\\&");
    }
}

static void man_command(struct buf *b, const struct subcommand *c)
{
    buf_adds(b, ".SS \"truecode ");
    man_text(b, c->synopsis);
    buf_adds(b, "\"\n");
    man_text(b, c->doc);
    buf_adds(b, ".\n");
    if (c->about) {
        man_text(b, c->about);
        buf_addch(b, '\n');
    }
    buf_adds(b, ".PP\n.nf\n");
    man_text(b, c->examples);
    buf_adds(b, "\n.fi\n");
}

static void man_page(struct buf *b)
{
    buf_adds(b, ".TH TRUECODE 1 \"\" \"truecode " TRUECODE_VERSION "\"\n.SH NAME\n"
                "truecode \\- a flight simulator for production incidents\n"
                ".SH SYNOPSIS\n.B truecode\n[subcommand] [options]\n.SH SUBCOMMANDS\n");
    for (size_t i = 0; i < subcommand_count(); i++)
        man_command(b, subcommand_at(i));
    buf_adds(b, ".SH OPTIONS\n.TP\n.B \\-V, \\-v, \\-\\-version\nthe version\n");
    for (int i = 0; i < OPT_COUNT; i++) {
        buf_adds(b, ".TP\n.B \\-\\-");
        man_text(b, option_infos[i].word);
        if (option_infos[i].arg) {
            buf_addch(b, ' ');
            man_text(b, option_infos[i].arg);
        }
        buf_addch(b, '\n');
        man_text(b, option_infos[i].doc);
        buf_addch(b, '\n');
    }
    buf_adds(b, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < COUNT_OF(exits); i++)
        buf_addf(b, ".TP\n%d\n%s\n", exits[i].number, exits[i].doc);
    buf_adds(
        b,
        ".SH FILES\n.TP\n.I $XDG_STATE_HOME/truecode\n"
        "progress, tapes, the texts they were played with, reports of finished runs\n"
        ".TP\n.I $XDG_CONFIG_HOME/truecode/config\nsettings: see truecode config\n"
        ".SH ENVIRONMENT\nTRUECODE_LESSONS, XDG_STATE_HOME, XDG_CONFIG_HOME, NO_COLOR, "
        "COLORFGBG, ACCESSIBLE, ESCDELAY\n");
}

static int run(const struct cli_args *a)
{
    struct buf b;
    int status = LEAVE_OK;
    const char *word = a->nwords > 0 ? a->words[0] : NULL;
    buf_init(&b, 0);
    if (!word) {
        help_all(&b);
    } else if (strcmp(word, "man") == 0) {
        man_page(&b);
    } else if (strcmp(word, "keys") == 0) {
        ui_key_table(&b);
    } else if (subcommand_find(word)) {
        help_one(&b, subcommand_find(word));
    } else {
        complain("there is no subcommand '%s'; see %s", word, command("help", NULL).s);
        status = LEAVE_USAGE;
    }
    print_raw(&b);
    buf_release(&b);
    return status;
}

const struct subcommand subcommand_help = {
    .name = "help",
    .synopsis = "help [SUBCOMMAND|keys|man]",
    .doc = "this overview, a subcommand's help, the keys, or a manual page",
    .examples = "truecode help play\ntruecode help keys\n"
                "truecode help man > truecode.1",
    .options = HAS(HELP),
    .words = WORD_COMMAND,
    .max_words = 1,
    .run = run,
};
