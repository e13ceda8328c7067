/*
 * say, asked field by field. Nobody should have to learn a form's syntax at night: the
 * bare word asks one question after the other, and the answers become one ordinary line
 * (say --who "..." ...), which is what goes on the tape. Until then nothing happened.
 *
 * While it is open, commands still work: who is asked "since when?" wants to look.
 */
#include "session_internal.h"
#include "sheet.h"

#include <string.h>

void form_close(struct session *s)
{
    for (enum update_field i = 0; i < UPDATE_FIELD_COUNT; i++) {
        mem_free(s->form.said[i]);
        s->form.said[i] = NULL;
    }
    s->form.open = false;
}

/* A step may need only some of the fields. */
static bool asked_for(const struct session *s, enum update_field field)
{
    const struct step *st = step_current(s);
    if (!st || st->nneeds == 0)
        return true;
    for (size_t i = 0; i < st->nneeds; i++)
        if (str_eq(st->needs[i], update_field_word(field)))
            return true;
    return false;
}

static void ask(struct session *s)
{
    session_say(s, TONE_ACCENT, "%s", update_field_asks(s->form.at));
    if (s->form.at != UPDATE_state)
        return;
    for (enum update_state i = 0; i < UPDATE_STATE_COUNT; i++)
        session_say(s, TONE_NORMAL, "  %d  %s: %s", (int)i + 1, update_state_words()[i],
                    update_state_meaning(i));
}

/* "2", "mitigated", "mit": the state; NULL: neither. */
static const char *state_of(const char *typed)
{
    const char *const *states = update_state_words();
    size_t n = strlen(typed);
    if (n == 1 && typed[0] >= '1' && typed[0] < '1' + UPDATE_STATE_COUNT)
        return states[typed[0] - '1'];
    for (size_t i = 0; i < UPDATE_STATE_COUNT; i++)
        if (n >= 3 && strncasecmp(states[i], typed, n) == 0)
            return states[i];
    return NULL;
}

/* The answers as one line. What would end a quoted word is replaced. */
static void line_of(const struct session *s, struct buf *out)
{
    buf_adds(out, "say");
    for (enum update_field i = 0; i < UPDATE_FIELD_COUNT; i++) {
        if (!s->form.said[i])
            continue;
        buf_addf(out, " --%s \"", update_field_word(i));
        for (const char *c = s->form.said[i]; *c; c++)
            buf_addch(out, *c == '"' ? '\'' : *c == '\\' ? '/' : *c);
        buf_addch(out, '"');
    }
}

static enum err post(struct session *s, struct errmsg *why)
{
    struct buf line;
    buf_init(&line, 0);
    line_of(s, &line);
    form_close(s);
    enum err e = input_apply(s, line.s, true, why);
    buf_release(&line);
    return e;
}

/* Lines that stand on the sheet already are taken from there. How it stands and when
 * people hear again are of the moment, and asked anew. */
static void take_from_sheet(struct session *s)
{
    for (enum update_field i = 0; i < UPDATE_FIELD_COUNT; i++) {
        enum sheet_line line = sheet_line_of(i);
        const struct statement *st = sheet_line_at(s, line, s->sheet.n);
        if (!st || line == SHEET_state || line == SHEET_next || !asked_for(s, i))
            continue;
        s->form.said[i] = mem_strdup(st->text);
        session_say(s, TONE_DIM, "From your sheet, %s: %s",
                    sheet_line_kind(line)->heading, st->text);
    }
}

/* On to the next field that is asked for and not said. */
static void form_next(struct session *s)
{
    while (s->form.at < UPDATE_FIELD_COUNT &&
           (!asked_for(s, s->form.at) || s->form.said[s->form.at]))
        s->form.at++;
}

static enum err form_open(struct session *s, struct errmsg *why)
{
    form_close(s);
    s->form.open = true;
    s->form.at = 0;
    session_say(s, TONE_PROMPT, "> say");
    take_from_sheet(s);
    form_next(s);
    if (s->form.at == UPDATE_FIELD_COUNT)
        return post(s, why);
    session_say(s, TONE_DIM, "Type each answer and Enter; cancel leaves.");
    ask(s);
    return ERR_OK;
}

static enum err take(struct session *s, const char *typed, struct errmsg *why)
{
    const char *value = s->form.at == UPDATE_state ? state_of(typed) : typed;
    session_say(s, TONE_PROMPT, "> %s", typed);
    struct errmsg unclear = {0};
    if (!value) {
        session_say(s, TONE_WARN, "One of these: type its number or its word.");
        return ERR_OK;
    }
    if (!sheet_readable(s, sheet_line_of(s->form.at), value, &unclear)) {
        session_say(s, TONE_WARN, "%s", unclear.text);
        return ERR_OK;
    }
    s->form.said[s->form.at] = mem_strdup(value);
    form_next(s);
    if (s->form.at == UPDATE_FIELD_COUNT)
        return post(s, why);
    ask(s);
    return ERR_OK;
}

bool line_is_command(const char *line)
{
    size_t n = strcspn(line, " \t");
    for (size_t i = 0; i < console_commands(); i++) {
        const char *name = console_command(i)->name;
        if (strlen(name) == n && strncmp(name, line, n) == 0)
            return true;
    }
    return false;
}

/* A command in between; the question stands, unless that was another update. */
static enum err aside(struct session *s, const char *line, bool confirmed,
                      struct errmsg *why)
{
    bool says = str_starts(line, "say ");
    size_t step = s->step;
    if (says)
        form_close(s);
    enum err e = input_apply(s, line, confirmed, why);
    if (s->step != step || s->phase != PHASE_PLAY)
        form_close(s);
    if (s->form.open && e != ERR_STOPPED)
        ask(s);
    return e;
}

bool form_takes(struct session *s, const char *line, bool confirmed, enum err *e,
                struct errmsg *why)
{
    char typed[400];
    line += strspn(line, " \t");
    size_t n = strlen(line);
    while (n > 0 && strchr(" \t\r\n", line[n - 1]))
        n--;
    *e = ERR_OK;
    if (s->phase != PHASE_PLAY || n == 0 || n >= sizeof typed)
        return false;
    memcpy(typed, line, n);
    typed[n] = '\0';
    if (str_eq(typed, "say")) {
        *e = form_open(s, why);
    } else if (!s->form.open) {
        return false;
    } else if (str_eq(typed, "cancel")) {
        session_say(s, TONE_PROMPT, "> cancel");
        session_say(s, TONE_DIM, "Nothing was posted.");
        form_close(s);
    } else if (line_is_command(typed)) {
        *e = aside(s, typed, confirmed, why);
    } else {
        *e = take(s, typed, why);
    }
    session_touch(s);
    return true;
}
