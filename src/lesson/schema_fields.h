/*
 * How schema tables are written: one line a field. THIS is the struct that the record
 * fills.
 */
#ifndef LESSON_SCHEMA_FIELDS_H
#define LESSON_SCHEMA_FIELDS_H

#include "lesson_internal.h"

#define F(name, type, member, doc)                                                     \
    {                                                                                  \
        name, FIELD_##type, offsetof(THIS, member), 0, doc, 0, 0, 0, 0, 0              \
    }
#define FREQ(name, type, member, doc)                                                  \
    {                                                                                  \
        name, FIELD_##type, offsetof(THIS, member), 0, doc, 0, true, 0, 0, 0           \
    }
#define FPOS(p, name, type, member, doc)                                               \
    {                                                                                  \
        name, FIELD_##type, offsetof(THIS, member), 0, doc, p, true, 0, 0, 0           \
    }
#define FLIST(name, type, member, nmember, schema, doc)                                \
    {                                                                                  \
        name, FIELD_##type, offsetof(THIS, member), offsetof(THIS, nmember), doc, 0,   \
            0, 0, schema, 0                                                            \
    }
#define FCUSTOM(name, fn, doc)                                                         \
    {                                                                                  \
        name, FIELD_CUSTOM, 0, 0, doc, 0, 0, 0, 0, fn                                  \
    }
#define SCHEMA(var, label, text, list, check)                                          \
    const struct schema var = {label, text, list, COUNT_OF(list), sizeof(THIS), check}

#endif
