/*
 * Commands as somebody can type them here and now. A text that says "truecode list" to
 * a person who has only built the program names something that does not exist; so every
 * text asks here what the program is called.
 *
 * Nothing is kept: it is worked out from the image's path, the folder and PATH each
 * time, since each of them can change while the program runs.
 */
#include "cli_internal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INSTALLED_NAME "truecode"

/* Words that mean the same to every shell with and without quotes. A byte above ASCII
 * is part of a letter. */
static bool is_plain(const char *s)
{
    if (*s == '\0' || *s == '-')
        return false;
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < 0x80 && !(*s >= 'a' && *s <= 'z') &&
            !(*s >= 'A' && *s <= 'Z') && !(*s >= '0' && *s <= '9') &&
            !strchr("_-./,+:@%", *s))
            return false;
    return true;
}

void shell_quote(struct buf *b, const char *s)
{
    buf_addch(b, '\'');
    for (; *s != '\0'; s++)
        if (*s == '\'' || *s == '\\')
            buf_addf(b, "'\\%c'", *s);
        else
            buf_addch(b, *s);
    buf_addch(b, '\'');
}

static void add_word(struct buf *b, const char *s)
{
    if (is_plain(s))
        buf_adds(b, s);
    else
        shell_quote(b, s);
}

/* The path of the running image; false: this system does not tell. While it runs, the
 * file may be built anew or taken away, and then the system adds a word to its name. */
static bool image_path(char path[PATH_MAX])
{
    static const char gone[] = " (deleted)";
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
    if (n <= 0)
        return false;
    path[n] = '\0';
    size_t len = (size_t)n, tail = sizeof gone - 1;
    if (len > tail && strcmp(path + len - tail, gone) == 0 && access(path, F_OK) != 0)
        path[len - tail] = '\0';
    return true;
}

/* Whether a shell that looks into this folder of PATH ends its search there (`found`),
 * and with this image (the result). An empty entry is the folder one is in. */
static bool finds(const char *dir, size_t n, const char *image, bool *found)
{
    char real[PATH_MAX];
    struct buf path;
    struct stat st;
    buf_init(&path, PATH_MAX);
    buf_addf(&path, "%.*s/" INSTALLED_NAME, n > 0 ? (int)n : 1, n > 0 ? dir : ".");
    *found = stat(path.s, &st) == 0 && S_ISREG(st.st_mode) && access(path.s, X_OK) == 0;
    bool same = *found && realpath(path.s, real) && str_eq(real, image);
    buf_release(&path);
    return same;
}

static bool is_on_path(const char *image)
{
    const char *dir = getenv("PATH");
    for (bool found = false; dir && !found;) {
        size_t n = strcspn(dir, ":");
        if (finds(dir, n, image, &found))
            return true;
        dir = dir[n] == ':' ? dir + n + 1 : NULL;
    }
    return false;
}

/* The image's path from the folder one is in: "build/truecode". A program started by
 * `make -C` is in another folder than the person, whose own $PWD still names; then, and
 * for what lies elsewhere, it is the whole path. */
static void add_path(struct buf *b, const char *image)
{
    char here[PATH_MAX];
    struct stat person, ours;
    const char *pwd = getenv("PWD");
    bool shared =
        !pwd || (stat(pwd, &person) == 0 && stat(".", &ours) == 0 &&
                 person.st_dev == ours.st_dev && person.st_ino == ours.st_ino);
    size_t n = shared && getcwd(here, sizeof here) ? strlen(here) : 0;
    if (n <= 1 || strncmp(image, here, n) != 0 || image[n] != '/') {
        add_word(b, image);
        return;
    }
    const char *below = image + n + 1;
    struct buf typed;
    buf_init(&typed, PATH_MAX);
    /* Without a slash a shell would look along PATH; a dash would be an option. */
    if (!strchr(below, '/') || *below == '-')
        buf_adds(&typed, "./");
    buf_adds(&typed, below);
    add_word(b, typed.s);
    buf_release(&typed);
}

static void add_name(struct buf *b)
{
    char image[PATH_MAX];
    if (!image_path(image) || is_on_path(image))
        buf_adds(b, INSTALLED_NAME);
    else
        add_path(b, image);
}

struct command command(const char *words, const char *operand)
{
    struct command c;
    struct buf b;
    buf_init(&b, sizeof c.s - 1);
    add_name(&b);
    if (words[0] != '\0')
        buf_addf(&b, " %s", words);
    if (operand) {
        buf_adds(&b, operand[0] == '-' ? " ./" : " ");
        add_word(&b, operand);
    }
    snprintf(c.s, sizeof c.s, "%s", b.s);
    if (b.full) /* half a path is worse than the name alone */
        snprintf(c.s, sizeof c.s, INSTALLED_NAME " %s", words);
    buf_release(&b);
    return c;
}

void command_lines(struct buf *b, const char *lines, const char *indent)
{
    const size_t name = strlen(INSTALLED_NAME);
    struct command here = command("", NULL);
    while (*lines != '\0') {
        size_t n = strcspn(lines, "\n");
        bool ours = strncmp(lines, INSTALLED_NAME, name) == 0 &&
                    (lines[name] == ' ' || lines[name] == '\n' || lines[name] == '\0');
        size_t skip = ours ? name : 0;
        buf_addf(b, "%s%s%.*s\n", indent, ours ? here.s : "", (int)(n - skip),
                 lines + skip);
        lines += n + (lines[n] == '\n');
    }
}
