/*
 * json: writes JSON (RFC 8259), piece by piece, into a buf. Commas, colons and quotes
 * are the writer's; the caller says what comes next.
 *
 *     struct json j = json_to(&out);
 *     json_object(&j, NULL);
 *     json_text(&j, "lesson", "all-green");
 *     json_array(&j, "seeds");
 *     for (size_t i = 0; i < n; i++)
 *         json_count(&j, NULL, seeds[i]);
 *     json_end(&j);
 *     json_real(&j, "margin", NAN, 6);
 *     json_end(&j);                  // {"lesson": "all-green", "seeds": [1, 2], "margin": null}
 *
 * A member of an object has a key, an element of an array and the outermost value have
 * NULL. All stands on one line but what json_line() puts on a line of its own:
 *
 *     json_array(&j, NULL);
 *     json_line(&j, 2), json_text(&j, NULL, "a");
 *     json_line(&j, 2), json_text(&j, NULL, "b");
 *     json_line(&j, 0), json_end(&j);              // [
 *                                                  //   "a",
 *                                                  //   "b"
 *                                                  // ]
 *
 * Nesting deeper than JSON_DEPTH, a key in an array and a missing one in an object are
 * bugs of the caller. Nothing here reads JSON, and the program never does.
 */
#ifndef TRUECODE_JSON_H
#define TRUECODE_JSON_H

#include "truecode/base.h"

#define JSON_DEPTH 12

struct json {
    struct buf *out; /* borrowed */
    int depth;       /* containers that are open */
    int indent;      /* of the line that begins next; -1: none does */
    struct json_level {
        char close; /* '}' or ']' */
        bool any;   /* something is in it: a comma comes first */
    } levels[JSON_DEPTH];
};
struct json json_to(struct buf *out);

/* Open a container; json_end() closes the innermost one. */
void json_object(struct json *j, const char *key);
void json_array(struct json *j, const char *key);
void json_end(struct json *j);
/* Lets the next value, or closing bracket, begin a line, `indent` columns in. */
void json_line(struct json *j, int indent);

/* Text of any origin: written clean (text_clean(), newlines stay), as it may go to a
 * terminal. NULL is null. */
void json_text(struct json *j, const char *key, const char *s);
/* The same from a format, up to 255 bytes. */
void json_textf(struct json *j, const char *key, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void json_count(struct json *j, const char *key, uint64_t n);
void json_int(struct json *j, const char *key, int64_t n);
/* With so many significant digits; what is not finite is null. */
void json_real(struct json *j, const char *key, double x, int digits);
void json_bool(struct json *j, const char *key, bool yes);
void json_null(struct json *j, const char *key);

#endif
