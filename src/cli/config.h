/*
 * The settings: what a person may choose once and for all. They stand in
 * $XDG_CONFIG_HOME/truecode/config (or ~/.config/truecode/config), one a line:
 *
 *     # what is on a line of its own behind # is a comment
 *     theme = light
 *     mouse = on
 *
 * A setting comes from the command line, else from the environment, else from the file,
 * else it is the default. A line that cannot be understood costs nothing but itself: it
 * is told with file and line, and play goes on.
 *
 * Only the front reads this; a worker has no files. Every value is one word of a short
 * list, never a path or a command: whoever can point the environment to another file
 * can change colours and nothing else.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "cli_internal.h"

/* name, key, its values, the default, what it is. The values stand in the order of
 * enum theme, enum ground, enum glyphs; off is 0 and on is 1. */
#define CONFIG_LIST(X)                                                                 \
    X(THEME, "theme", THEME_WORDS, "default", "the colours")                           \
    X(BACKGROUND, "background", "ask|dark|light", "ask",                               \
      "what the terminal has, if it cannot be asked")                                  \
    X(GLYPHS, "glyphs", "utf8|ascii|braille", "utf8",                                  \
      "how lines and charts are drawn")                                                \
    X(MOUSE, "mouse", "off|on", "off",                                                 \
      "whether the wheel scrolls and a click chooses (then Shift selects text)")       \
    X(BELL, "bell", "off|on", "on", "whether it rings when you are paged")
enum setting {
#define X(name, key, values, otherwise, doc) SET_##name,
    CONFIG_LIST(X)
#undef X
        SET_COUNT
};
/* Every key and every value, for completion: "theme|default|dark|...". */
#define SETTING_WORD_(name, key, values, otherwise, doc) "|" key "|" values
#define SETTING_WORDS                                    (&(CONFIG_LIST(SETTING_WORD_))[1])
struct setting_info {
    const char *key, *values, *otherwise, *doc;
};
extern const struct setting_info setting_infos[SET_COUNT];

enum config_from { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_OPTION };

struct config {
    int value[SET_COUNT]; /* index into the setting's values */
    enum config_from from[SET_COUNT];
    int line[SET_COUNT];       /* FROM_FILE */
    const char *by[SET_COUNT]; /* "NO_COLOR", "--theme"; NULL: file or default */
    struct buf path;           /* "": neither XDG_CONFIG_HOME nor HOME */
    bool exists;
    struct buf troubles; /* faults of the file: sentences, each on a line */
    size_t ntroubles;
};

/* Reads the settings; always usable. `a` may be NULL: no command line. false: one of
 * its options has no such value, which was complained of. */
bool config_read(struct config *c, const struct cli_args *a);
void config_release(struct config *c);
/* Tells what is wrong with the file, one line each, on stderr. */
void config_complain(const struct config *c);

/* The setting of this key; SET_COUNT: none. */
enum setting setting_find(const char *key);
/* The index of a word among a setting's values; -1: it is none. */
int setting_index(enum setting s, const char *word);
/* The word at an index. */
void setting_word(struct buf *b, enum setting s, int index);
/* "a, b or c" */
void setting_words(struct buf *b, enum setting s);
/* Says as a sentence what a key or a value that is none should have been. */
enum err setting_refuse_key(const char *key, struct errmsg *why);
enum err setting_refuse_value(enum setting s, const char *word, struct errmsg *why);

/* ---- the file (config_file.c) ---------------------------------------------------- */

/* Where it is; false: nowhere. */
bool config_path(struct buf *path);
/* Takes over what the file says. */
void config_file_read(struct config *c);
/* Writes one setting into the file, and leaves every other line as it is. The file is
 * replaced as a whole, 0600 in a folder of 0700. */
enum err config_file_set(const char *path, enum setting s, int value,
                         struct errmsg *why) MUST_USE;

#endif
