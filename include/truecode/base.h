/*
 * base: what every module stands on and what knows nothing of the program.
 *
 * Memory: mem_*() never return NULL (they die()). An `arena` is memory for one
 * lifetime (a lesson, a command, a frame). A `buf` is a bounded growing byte string
 * owned by the caller. Text that came from anybody goes to a person only as
 * clean text (text_clean()). Nothing here allocates behind the caller's back but
 * through these.
 */
#ifndef TRUECODE_BASE_H
#define TRUECODE_BASE_H

#include "truecode/check.h"
#include "truecode/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The number of elements of an array (not of a pointer to some). */
#define COUNT_OF(a) (sizeof(a) / sizeof *(a))

/* ---- memory ---------------------------------------------------------------------- */

void *mem_alloc(size_t n) MUST_USE;                  /* zeroed */
void *mem_array(size_t count, size_t size) MUST_USE; /* zeroed; dies on overflow */
/* realloc; the new tail is NOT zeroed */
void *mem_grow(void *p, size_t count, size_t size) MUST_USE;
/* Makes room for one element more behind the first `n` of an array: a full one doubles
 * its `cap`, from 8 on. The arguments are evaluated more than once.
 *
 *     GROW(s->runs, s->nruns, s->cap);
 *     s->runs[s->nruns++] = run;
 */
#define GROW(array, n, cap)                                                            \
    do {                                                                               \
        if ((n) >= (cap)) {                                                            \
            (cap) = (cap) ? 2 * (cap) : TINY(8, 1);                                    \
            (array) = mem_grow((array), (cap), sizeof *(array));                       \
        }                                                                              \
    } while (0)
char *mem_strdup(const char *s) MUST_USE;
void mem_free(void *p);
/* The hostile build asks `fails` before each allocation; true: there is no memory. NULL:
 * nobody is asked. mem_alloc() and its like die then; Lua (MEM_LUA) and worlds (MEM_MAP)
 * take a no for an answer. */
enum mem_use { MEM_HEAP, MEM_LUA, MEM_MAP };
void mem_trap(bool (*fails)(enum mem_use use));
bool mem_trapped(enum mem_use use);
#define MEM_REFUSED(use) (CHECKING && mem_trapped(use))
/* Blocks of mem_alloc() and its like that are not freed; counted in the hostile build. */
size_t mem_alive(void);
/* Address space is left for so many bytes more. Whoever can refuse asks before it takes
 * much, and leaves MEM_RESERVE to those who cannot. */
bool mem_room(size_t bytes);
#define MEM_RESERVE ((size_t)48 << 20)

/* Bump allocator; everything goes at once. Zeroed and 16-byte aligned. */
struct arena {
    struct arena_block *head; /* newest block */
    size_t used;              /* bytes handed out, all blocks */
};
void arena_release(struct arena *a); /* frees all; `a` may be used again */
void *arena_alloc(struct arena *a, size_t n) MUST_USE;
char *arena_strdup(struct arena *a, const char *s) MUST_USE;
char *arena_strndup(struct arena *a, const char *s, size_t n) MUST_USE;
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_USE;
/* A copy of the first `n` elements with room for `cap`; the old array stays behind. */
void *arena_grow(struct arena *a, const void *p, size_t n, size_t cap,
                 size_t size) MUST_USE;
/* GROW() for an array in an arena. */
#define ARENA_GROW(arena, array, n, cap)                                               \
    do {                                                                               \
        if ((n) >= (cap)) {                                                            \
            (cap) = (cap) ? 2 * (cap) : TINY(8, 1);                                    \
            (array) = arena_grow((arena), (array), (n), (cap), sizeof *(array));       \
        }                                                                              \
    } while (0)

/* ---- growing byte string --------------------------------------------------------- */

/* `s` is NUL-terminated at all times (points to "" while empty). An addition that goes
 * beyond `max` bytes (0: 16 MiB) is dropped whole, `full` is set, and so is what comes
 * after: nothing overflows, nothing dies. A zeroed struct may be added to as well; only
 * its `s` is NULL until then. */
struct buf {
    char *s;
    size_t len, cap, max;
    bool full;
};
void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);
void buf_reset(struct buf *b); /* empty, keeps the memory */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addch(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vaddf(struct buf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
/* Spaces up to that column, counted from the last newline. */
void buf_pad(struct buf *b, size_t width_from_line_start);

/* ---- text ------------------------------------------------------------------------ */

/* The only way from foreign bytes to a screen (SECURITY: terminal). Strict UTF-8; bad
 * bytes become U+FFFD; controls and ESC visible as ^X; bidirectional, zero-width, tag
 * and filler characters shown as <U+202E>; at most two combining marks per base. A
 * newline is kept when `keep_newlines`, and then is the only control left; a tab
 * becomes spaces. Appends to `out`. Returns the number of columns of the last line. */
size_t text_clean(struct buf *out, const char *s, size_t n, bool keep_newlines);

/* Reads one code point from s (n bytes left, n > 0): sets *cp (U+FFFD when malformed)
 * and returns the bytes taken (>= 1). */
size_t utf8_next(const char *s, size_t n, uint32_t *cp);
size_t utf8_put(char out[4], uint32_t cp); /* returns the bytes written, 1..4 */
/* Columns of a code point: 0, 1 or 2 (own table or utf8proc; never the C locale). */
int text_width_cp(uint32_t cp);
size_t text_width(const char *s); /* columns of a whole clean string */

/* Wraps clean text at `columns` (fewer than 8 count as 8): appends lines separated by
 * '\n'; paragraphs are separated by an empty line in the source; single newlines are kept
 * as spaces; lines that start with a space are kept as they are (samples, lists). */
void text_wrap(struct buf *out, const char *s, size_t columns);

bool str_eq(const char *a, const char *b); /* NULL-safe, bytewise */
bool str_starts(const char *s, const char *prefix);
/* Shell-like pattern: * and ? only. */
bool str_match(const char *pattern, const char *s);

/* Did you mean: the nearest of `names` to `word` (Damerau-Levenshtein, at most a third
 * of the longer word, case-blind; ties go to the first), else the only one that `word`
 * begins, or a part of it behind - or _, else NULL. */
const char *text_suggest(const char *word, const char *const *names, size_t count);

/* ---- time on the simulated clock ------------------------------------------------- */

typedef int64_t sim_time; /* nanoseconds; also used for durations */
#define SIM_US      INT64_C(1000)
#define SIM_MS      INT64_C(1000000)
#define SIM_SEC     INT64_C(1000000000)
#define SIM_MIN     (60 * SIM_SEC)
#define SIM_HOUR    (60 * SIM_MIN)
#define SIM_FOREVER INT64_MAX

/* "90s", "1.5 s", "250ms", "2m", "1m30s", "3us", "1h": >= 0. A bare number is refused
 * except 0. ERR_INPUT says which units there are. */
enum err time_parse(const char *s, sim_time *out, struct errmsg *why) MUST_USE;
/* Short and exact enough for a person: "214 ms", "1.5 s", "12 m 41 s", "2 h 05 m". */
void time_format(struct buf *b, sim_time t);
/* Time of day "20:12:05" (or "20:12" without seconds) of day_start + t. */
void clock_format(struct buf *b, sim_time day_start, sim_time t, bool seconds);

/* Numbers for people; NaN is "-". */
void count_format(struct buf *b, double n);  /* whole: "12 600" */
void figure_format(struct buf *b, double x); /* few digits: "12.4", "0.031" */
void bytes_format(struct buf *b, double v);  /* "18.6 GiB" */

/* ---- numbers --------------------------------------------------------------------- */

/* Bit-identical everywhere (no libm): argument ranges as in C, NaN in gives NaN out.
 * Accurate to about 1 ulp, tested against long double. */
double tc_log(double x);
double tc_exp(double x);
double tc_pow(double x, double y); /* x >= 0 */
double tc_sqrt(double x);
double tc_sin(double x); /* |x| < 1e6; for diurnal curves */

/* xoshiro256++; one stream per (component, purpose). Plain value: copy it with a world.
 */
struct rng {
    uint64_t s[4];
};
/* Seeds from a 64-bit world seed and a stream name ("checkout/service-time"). */
void rng_seed(struct rng *r, uint64_t seed, const char *stream);
uint64_t rng_next(struct rng *r);
double rng_unit(struct rng *r);                /* [0, 1), 53 bits */
uint32_t rng_below(struct rng *r, uint32_t n); /* [0, n), unbiased, n > 0 */
double rng_exponential(struct rng *r);         /* mean 1; ziggurat */
double rng_normal(struct rng *r);              /* mean 0, sd 1; ziggurat */

/* Stable 64-bit hash of bytes (not cryptographic). Chain with `h`; start with 0. */
uint64_t hash_bytes(uint64_t h, const void *p, size_t n);
uint64_t hash_u64(uint64_t h, uint64_t v); /* mixes one word: the trace digest's step */
/* SHA-256 as 64 lowercase hex digits + NUL: content hashes of lessons and tapes. */
void sha256_hex(char out[65], const void *p, size_t n);

/* Stable merge sort: qsort's signature plus a context (glibc's qsort allocates and may
 * make system calls that the jail refuses). */
void sort_stable(void *base, size_t count, size_t size,
                 int (*cmp)(const void *, const void *, void *), void *ctx);

#endif
