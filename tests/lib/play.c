/*
 * Playing small lessons in tests: see play.h. Every refusal ends the test.
 */
#include "play.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const char play_small[] =
    "return lesson {\n"
    "  id = 'small', title = 'Small', track = 'start', minutes = 5, level = 1,\n"
    "  day_start = '10:00', starts_at = min(5), ends_at = min(40), good_for = min(3),\n"
    "  place = [[A small shop.]], page = [[Orders fail.]],\n"
    "  tools = { 'status', 'rollback' },\n"
    "  world = function(w)\n"
    "    w:service { 'api', instances = 2, start_up = sec(2), drain = sec(2),\n"
    "      versions = {\n"
    "        { 'v1', buy = { compute(ms(4)), count('orders') } },\n"
    "        { 'v2', buy = { compute(ms(4)), sometimes(0.3, { fail('boom') }), "
    "count('orders') } },\n"
    "      } }\n"
    "    w:client { 'users', to = 'api/buy', rate = per_second(20), gives_up = sec(5) "
    "}\n"
    "  end,\n"
    "  promises = { users = { 'an answer', good = 0.95, within = sec(1), window = "
    "min(30) } },\n"
    "  incident = function(i)\n"
    "    i:cause(min(3), deploy('api', 'v2', { by = 'bot' }))\n"
    "    i:at(min(8), ticket('Mara', 'Still broken.'))\n"
    "  end,\n"
    "  expect = { at = min(5),\n"
    "    moves = { ['orders fail'] = function(s) return s:good(min(1)) < 0.9 end },\n"
    "    normal = { ['cpu'] = function(s) return s:service('api').cpu < 0.5 end } },\n"
    "  suspects = { { 'api', 'bad-deploy', right = true }, { 'api', 'overload' },\n"
    "    { 'users', 'traffic-spike' } },\n"
    "  facts = { { 'the new version runs', seen = 'changes', fits = 'bad-deploy',\n"
    "    when = function(s) return s:version('api') == 'v2' end, tells = 'v2 runs.' "
    "} },\n"
    "  steps = {\n"
    "    ask { 'first', say = 'What now?', choices = { { 'Guess', reply = 'No.' },\n"
    "      { 'Look', reply = 'Yes.', right = true } }, hints = { 'look' } },\n"
    "    find { 'changes', say = 'What changed?', watch = true, of = 'component',\n"
    "      answer = function(s) return 'api' end,\n"
    "      solution = { 'changes' }, hints = { 'what people did' } },\n"
    "    predict { 'guess', say = 'If you roll back?', change = 'rollback api', of = { "
    "{ 'good share',\n"
    "      value = function(s) return s:good(sec(30)) end, after = min(3), answer = "
    "'up' } }, hints = { 'up' } },\n"
    "    act { 'fix', say = 'Put it right.', goal = function(s) return "
    "s:good_for(min(3)) end,\n"
    "      solution = { 'rollback api', 'wait 6m' }, hints = { 'rollback api' } },\n"
    "  },\n"
    "  fixes = { { 'roll back', { 'rollback api' } }, { 'deploy the old one', { "
    "'deploy api v1' } } },\n"
    "  wrong = { { 'restart', { 'restart api --rolling' }, harm = 'nothing', says = "
    "'Same code.' },\n"
    "    { 'scale', { 'scale api 4' }, harm = 'nothing', says = 'More of the same "
    "code.' } },\n"
    "  debrief = [[A bad version.]],\n"
    "}\n";

const char play_calm[] =
    "return lesson { id = 'calm', title = 'Calm', track = 'lab', minutes = 5,\n"
    "  level = 1, day_start = '10:00', starts_at = min(1), ends_at = min(20),\n"
    "  good_for = min(3), place = [[A lake.]], page = [[All well?]],\n"
    "  world = function(w)\n"
    "    w:service { 'api', instances = 2,\n"
    "      endpoints = { buy = { compute(ms(4)) } } }\n"
    "    w:client { 'users', to = 'api/buy', rate = per_second(5) }\n"
    "  end,\n"
    "  promises = { users = { 'an answer', good = 0.95, within = sec(1), window = "
    "min(30) } },\n"
    "  incident = function(i) end,\n"
    "  expect = { quiet = true, at = min(1), normal = {\n"
    "    ['well'] = function(s) return s:good(min(1)) > 0.9 end } },\n"
    "  debrief = [[Nothing.]],\n"
    "}\n";

struct session_options play_options(const char *text, const char *tape)
{
    return (struct session_options){.text = text,
                                    .len = strlen(text),
                                    .name = "small.lua",
                                    .seed = 7,
                                    .tape = tape,
                                    .tape_len = tape ? strlen(tape) : 0};
}

struct session *play_open(const struct session_options *o)
{
    struct session *s = NULL;
    struct errmsg why = {0};
    if (session_open(&s, o, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return s;
}

struct session *play_lesson(const char *text, const char *tape)
{
    struct session_options o = play_options(text, tape);
    return play_open(&o);
}

void play_type(struct session *s, const char *line)
{
    struct errmsg why = {0};
    enum err e = session_line(s, line, true, &why);
    if (e != ERR_OK)
        fail_msg("%s: %s", line, why.text);
}

void play_for(struct session *s, sim_time t)
{
    struct errmsg why = {0};
    assert_int_equal(session_advance(s, session_view(s)->now + t, &why), ERR_OK);
}

bool play_said(const struct session *s, const char *words)
{
    return strstr(session_view(s)->transcript->text.s, words);
}

char *play_tape(struct session *s)
{
    struct buf b;
    buf_init(&b, 0);
    session_take_tape(s, &b);
    char *text = mem_strdup(b.s);
    buf_release(&b);
    return text;
}

/* One line of a forged tape: behind its digest it says what it said. */
static void forge_line(struct buf *to, char at[65], const char *line, size_t n)
{
    struct buf b;
    size_t skip = strcspn(line, " ") + 1;
    skip = skip < n ? skip : 0;
    buf_init(&b, 0);
    buf_addf(&b, "%.16s %.*s", at, (int)(n - skip), line + skip);
    sha256_hex(at, b.s, b.len);
    buf_addf(to, "%.16s %.*s\n", at, (int)(n - skip), line + skip);
    buf_release(&b);
}

char *play_forge(const char *tape)
{
    char at[65];
    struct buf b;
    const char *head = strstr(tape, "\n-- "), *next;
    assert_non_null(head);
    buf_init(&b, 0);
    buf_add(&b, tape, (size_t)(head + 1 - tape));
    sha256_hex(at, b.s, b.len);
    buf_addf(&b, "-- %.16s\n", at);
    const char *p = strchr(head + 1, '\n') + 1;
    for (; (next = strchr(p, '\n')); p = next + 1)
        forge_line(&b, at, p, (size_t)(next - p));
    char *text = mem_strdup(b.s);
    buf_release(&b);
    return text;
}

void play_same_again(struct session *s, const char *text)
{
    session_pause(s, true);
    char *tape = play_tape(s);
    struct session *again = play_lesson(text, tape);
    const struct session_view *v = session_view(s), *w = session_view(again);
    assert_true(w->now == v->now);
    assert_true(session_digest(again) == session_digest(s));
    assert_int_equal(w->step, v->step);
    assert_int_equal(w->phase, v->phase);
    assert_int_equal(w->nnotes, v->nnotes);
    assert_int_equal(w->ntickets, v->ntickets);
    assert_int_equal(w->hints_shown, v->hints_shown);
    assert_int_equal(w->practice, v->practice);
    for (size_t i = 0; i < v->nsteps; i++)
        assert_int_equal(w->status[i], v->status[i]);
    session_free(again);
    mem_free(tape);
}

/* ---- changing a lesson ----------------------------------------------------------- */

char *play_edit(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    if (!at)
        fail_msg("the lesson has no \"%s\"", from);
    struct buf b;
    buf_init(&b, 0);
    buf_add(&b, text, (size_t)(at - text));
    buf_adds(&b, to);
    buf_adds(&b, at + strlen(from));
    char *made = mem_strdup(b.s);
    buf_release(&b);
    return made;
}
