/*
 * Texts from the other end that must be of one kind: ids and hashes, which become file
 * names, and tape, which is written down and read by people. What is of another kind
 * spoils the message.
 */
#include "wire_internal.h"

#include <string.h>

const char *get_clean(struct wire_reader *r, size_t max, bool newlines,
                      const char *what)
{
    size_t n;
    const char *raw = get_bytes(r, max, &n, what);
    struct buf clean;
    buf_init(&clean, 0);
    text_clean(&clean, raw, n, newlines);
    const char *s = arena_strdup(r->mem, clean.s);
    buf_release(&clean);
    return s;
}

void get_chars(struct wire_reader *r, char *to, size_t size, const char *what)
{
    const char *s = get_clean(r, CHARS_MAX_BYTES, false, what);
    size_t n = strlen(s);
    if (n >= size)
        n = size - 1;
    while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80) /* not within a character */
        n--;
    memcpy(to, s, n);
    to[n] = '\0';
}

const char *get_id(struct wire_reader *r)
{
    const char *s = get_bytes(r, 64, NULL, "a lesson's id is too long");
    if (s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0')
        return s;
    reader_bad(r, "a lesson's id has a character that no id has");
    return "";
}

const char *get_hash(struct wire_reader *r)
{
    const char *s = get_bytes(r, 64, NULL, "a hash is too long");
    size_t n = strspn(s, "0123456789abcdef");
    if (s[n] != '\0' || (n != 0 && n != 64))
        reader_bad(r, "a hash is no hash");
    return r->bad ? "" : s;
}

const char *get_tape(struct wire_reader *r, size_t max, size_t *n, const char *what)
{
    const char *tape = get_bytes(r, max, n, what);
    for (size_t i = 0; i < *n; i++) {
        unsigned char c = (unsigned char)tape[i];
        if ((c < ' ' && c != '\n' && c != '\t') || c == 127)
            reader_bad(r, "the tape has a control character");
    }
    if (*n > 0 && tape[*n - 1] != '\n')
        reader_bad(r, "the tape's last line is not whole");
    return tape;
}
