/*
 * schema: what the records of a lesson file may hold, as tables; read_record() fills structs
 * by them, and the author's reference is written from them.
 *
 *     schema.c             reads a record by its table
 *     text.c               texts and their variants, the values in their words
 *     schema_lesson.c      `lesson` and `lab`, and the list of all schemas
 *     schema_people.c      people, and what makes them write
 *     schema_promises.c    promises, alerts, preventions, `shows`
 *     schema_suspects.c    suspects and facts
 *     quiet.c              `quiet`
 *     step_*.c             a kind of step each (step_internal.h)
 *
 * A table has a line for each field (the macros are in schema_fields.h):
 *
 *     #define THIS struct person
 *     static const struct field person_fields[] = {
 *         FPOS(1, "name", STRING, name, "\"Mara\""),
 *         FREQ("role", STRING, role, "a few words: \"support\""),
 *     };
 *     SCHEMA(person_schema, "person", "Somebody who writes.", person_fields, NULL);
 *     #undef THIS
 *
 * Owner: what is read lives in reader.mem, the lesson's arena; functions stay in Lua and are
 * kept under a number (fn_id), with the keys that lead to them. Errors: every function here
 * raises with the line where the field is written.
 */
#ifndef LESSON_SCHEMA_H
#define LESSON_SCHEMA_H

#include "host.h"

struct alert_decl; /* lesson_internal.h */
struct schema;

/* ---- fields and records ---------------------------------------------------------- */

enum field_type {
    FIELD_STRING,
    FIELD_TEXT, /* several lines: common indentation removed */
    FIELD_SAYS, /* a struct text: the same, or variants of it */
    FIELD_INT,
    FIELD_NUMBER,
    FIELD_FRACTION,
    FIELD_BOOL,
    FIELD_DURATION,
    FIELD_CLOCK, /* "19:40": since midnight */
    FIELD_FUNCTION,
    FIELD_STRINGS,
    FIELD_TEXTS,   /* list of struct text */
    FIELD_CHOICE,  /* index into `choices`, stored as int */
    FIELD_RECORDS, /* list of records of `of` */
    FIELD_RECORD,  /* a record of `of` */
    FIELD_CUSTOM
};
/* Where something that is kept in Lua, a function mostly, stands in what the file returned:
 * the keys that lead to it. */
enum { PLACE_DEPTH = 8 }; /* steps, 3, "of", 1, "value" are five */
struct key {
    const char *name; /* NULL: the i-th element */
    lua_Integer i;
};
struct place {
    struct key keys[PLACE_DEPTH];
    int depth;
    int type; /* LUA_TFUNCTION; LUA_TTABLE of a list */
};
struct reader {
    lua_State *L;
    struct host *h;
    struct arena *mem;
    struct lesson *l;   /* keeper of the functions; NULL: there are none */
    struct place place; /* of what is read now */
};
struct field {
    const char *name;
    enum field_type type;
    size_t offset; /* of the member; lists: of the pointer, with the count at `count` */
    size_t count;
    const char *doc;
    int pos; /* may also be given as the pos-th unnamed value; 0: may not */
    bool required;
    const char *choices; /* "up|same|down" */
    const struct schema *of;
    void (*custom)(struct reader *r, const struct field *f, int line, void *out);
};
struct schema {
    const char *name, *doc;
    const struct field *fields;
    size_t n, size;
    void (*check)(struct reader *r, int line, void *record); /* may be NULL */
};

/* ---- reading (schema.c) ---------------------------------------------------------- */

/* Reads the table at `t` into `out` (zeroed by the caller). */
void read_record(struct reader *r, int t, int line, const struct schema *s, void *out);
/* Pushes the i-th element of the list at `t`, or the field `name`, which may be nil; what
 * is read from then on stands there. read_leave() pops it again. */
void read_enter(struct reader *r, int t, size_t i);
void read_enter_named(struct reader *r, int t, const char *name);
void read_leave(struct reader *r);
/* Keeps the function, or list, on top and notes where it stands; `name` is the key that
 * leads to it, NULL where the reader has entered it already. */
fn_id read_kept(struct reader *r, const char *name);
/* Length of the list at `t`; raises when it has holes or named fields. */
size_t read_length(struct reader *r, int t, int line, const char *what);
const char *read_string(struct reader *r, int i, int line, const char *what);
/* Reads a string without the indentation that all its lines share. */
const char *read_lines(struct reader *r, int i, int line, const char *what);
int choice_index(const char *choices, const char *word); /* -1: none of them */
/* The i-th of "a|b|c" into `out`; false: there is none. */
bool choice_name(const char *choices, size_t i, char *out, size_t size);

/* ---- texts (text.c) -------------------------------------------------------------- */

/* Reads what is on top, a string or variants. */
void read_text(struct reader *r, int line, const char *what, struct text *out);
void read_values(struct reader *r, const struct field *f, int line, void *out);
/* Raises where a text holds a value that the lesson does not have. */
void check_texts(struct reader *r);
/* Raises where one string does, of a lesson that was read. */
void check_words(lua_State *L, const struct lesson *l, const char *words, int line);
extern const struct schema live_schema;

/* ---- the lesson, and its steps (schema_lesson.c, step_prevent.c) ----------------- */

extern const struct schema lesson_schema, lab_schema;
/* Calls `each` with every schema, in the order of the reference. */
void schemas_each(void (*each)(struct buf *out, const struct schema *s),
                  struct buf *out);
void read_steps(struct reader *r, const struct field *f, int line, void *out);
/* Gives a step `prevent` the lesson's choices. */
void step_prevent_choices(struct reader *r, int line, const struct lesson *l,
                          struct step *st);

/* ---- people (schema_people.c) ---------------------------------------------------- */

enum { PEOPLE_MAX = 16 };
extern const struct schema person_schema, known_schema, reaction_schema;
void read_people(struct reader *r, const struct field *f, int line, void *out);

/* ---- suspects and facts (schema_suspects.c) -------------------------------------- */

extern const struct schema suspect_schema, case_fact_schema;
/* Raises where suspects and facts do not go together. */
void check_suspects(struct reader *r, int line);
/* Raises where they do not go with the world: components, and where facts are seen. */
void check_suspects_in(lua_State *L, const struct lesson *l, const struct model *m);
/* Raises where nothing can be seen by that name: "changes", "checkout", "checkout:pool". */
void check_subject(lua_State *L, const struct model *m, const char *subject, int line);

/* ---- promises and alerts (schema_promises.c), quiet nights (quiet.c) ------------- */

extern const struct schema promises_schema, users_schema, data_schema, fresh_schema,
    prevention_schema, quiet_schema;
void read_shows(struct reader *r, const struct field *f, int line, void *out);
void check_preventions(struct reader *r, int line, const struct lesson *l);
/* design.c */
extern const struct schema design_schema, improvement_schema;
void check_design_times(struct reader *r, const struct lesson *l);
/* A list of set(…), kept until a world is built. */
fn_id read_sets(struct reader *r, const struct field *f, int line);
/* An alert made with burn or threshold, on top; `what` names it in errors. */
void read_alert(struct reader *r, int line, const char *what, struct alert_decl *a);

#endif
