/*
 * The jail: what a worker may still ask of the system once it has begun to serve.
 *
 * First limits that the kernel holds on its own (address space, no files grow, no core,
 * few descriptors, no new processes), then a list of the few system calls that
 * computing and talking over two open descriptors need. Anything else ends the process
 * at once: a lesson that breaks out of Lua finds itself in a room without doors.
 *
 * What the C library does only once, and not with calls on the list, is done before:
 * the first malloc asks for random bytes, the first printf of a number may allocate.
 */
#include "truecode/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif
#ifdef HAVE_SECCOMP
#include <linux/seccomp.h>
#include <seccomp.h>
#endif

/* A sanitizer maps terabytes and opens files of its own: such a build has no jail, says
 * so, and is for developers only. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define ADDRESS_SPACE (512u * 1024 * 1024)

/* A limit that is lower already is as good as ours, and raising it is refused. */
static int lower_limit(int what, rlim_t most)
{
    struct rlimit r;
    if (getrlimit((__rlimit_resource_t)what, &r) != 0)
        return -1;
    if (r.rlim_max > most)
        r.rlim_max = most;
    if (r.rlim_cur > r.rlim_max)
        r.rlim_cur = r.rlim_max;
    return setrlimit((__rlimit_resource_t)what, &r);
}

static enum err limit_resources(struct errmsg *why)
{
    static const struct {
        int what;
        rlim_t most;
        const char *name;
    } limits[] = {
        {RLIMIT_AS, ADDRESS_SPACE, "address space"},
        {RLIMIT_FSIZE, 0, "file size"},
        {RLIMIT_CORE, 0, "core size"},
        {RLIMIT_NOFILE, 16, "descriptors"},
        {RLIMIT_NPROC, 0, "processes"},
    };
    for (size_t i = 0; i < COUNT_OF(limits); i++)
        if (lower_limit(limits[i].what, limits[i].most) != 0)
            return errmsg_set(why, ERR_REFUSED, "the limit on its %s is refused: %s",
                              limits[i].name, strerror(errno));
    return ERR_OK;
}

/* Room for making the filter, which takes 20 KiB. Below the size from which on free()
 * gives memory back to the system. */
#define FILTER_MEMORY (100u * 1024)

/* Asks the system for what the C library would ask for later. And for the memory of the
 * filter: what is freed here stays with us, and so libseccomp does not see malloc()
 * fail, which it does not survive (2.5 frees twice, or loads half a filter). */
static enum err warm_up(struct errmsg *why)
{
    char text[64];
    void *room = malloc(FILTER_MEMORY);
    if (!room)
        return errmsg_set(why, ERR_LIMIT, "there is not enough memory (ulimit -v?)");
    memset(room, 1, FILTER_MEMORY);
    free(room);
    if (snprintf(text, sizeof text, "%.3f %g", 1.5, 1e300) < 0)
        BUG("snprintf");
    return ERR_OK;
}

#ifdef HAVE_SECCOMP

static int allow(scmp_filter_ctx f, int call)
{
    return seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 0);
}

/* Only on the descriptors that the worker was born with. */
static int allow_on(scmp_filter_ctx f, int call, int fd)
{
    return seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 1,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd));
}

/* Memory, but none that could be run. */
static int allow_not_executable(scmp_filter_ctx f, int call)
{
    return seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

/* Asking the kernel for the time gets no answer. Lua asks, for the seed of its hashes,
 * and takes what it gets. What needs no call (the vDSO) nobody can take away. */
static int hide_clocks(scmp_filter_ctx f)
{
    static const int calls[] = {SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
                                SCMP_SYS(time)};
    int bad = 0;
    for (size_t i = 0; bad == 0 && i < COUNT_OF(calls); i++)
        bad = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), calls[i], 0);
    return bad;
}

/* 0, or the first error as a negative errno. */
static int fill(scmp_filter_ctx f)
{
    static const int calls[] = {
        SCMP_SYS(munmap),     SCMP_SYS(mremap),       SCMP_SYS(brk),
        SCMP_SYS(madvise),    SCMP_SYS(futex),        SCMP_SYS(exit),
        SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn),
    };
    int bad = hide_clocks(f);
    for (size_t i = 0; bad == 0 && i < COUNT_OF(calls); i++)
        bad = allow(f, calls[i]);
    if (bad == 0)
        bad = allow_on(f, SCMP_SYS(read), STDIN_FILENO);
    if (bad == 0)
        bad = allow_on(f, SCMP_SYS(write), STDOUT_FILENO);
    if (bad == 0)
        bad = allow_on(f, SCMP_SYS(write), STDERR_FILENO);
    if (bad == 0)
        bad = allow_not_executable(f, SCMP_SYS(mmap));
    return bad == 0 ? allow_not_executable(f, SCMP_SYS(mprotect)) : bad;
}

/* Why the library will not even begin, as a negative errno. It does not say; a kernel
 * that knows filters would say that there is none at address 0. */
static int refusal(void)
{
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 0, 0, 0) != 0 ? -errno : -EINVAL;
}

static enum err filter_calls(struct errmsg *why)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
    /* "Raw": the kernel's own reason for a refusal, instead of "cancelled". */
    int bad = !f ? refusal() : seccomp_attr_set(f, SCMP_FLTATR_API_SYSRAWRC, 1);
    if (bad == 0)
        bad = fill(f);
    if (bad == 0)
        bad = seccomp_load(f);
    seccomp_release(f);
    return bad == 0 ? ERR_OK
                    : errmsg_set(why, ERR_REFUSED,
                                 "the system call filter (seccomp) is refused: %s",
                                 strerror(-bad));
}

bool worker_jail_works(const char **how)
{
    *how = SANITIZED ? "none: built with a sanitizer, for developers"
                     : "own process, resource limits, system call filter (seccomp)";
    return !SANITIZED;
}

#else

static enum err filter_calls(struct errmsg *why)
{
    (void)why;
    return ERR_OK;
}

bool worker_jail_works(const char **how)
{
    *how = "own process and resource limits; this system has no system call filter";
    return false;
}

#endif

bool worker_jail_is_partial(void)
{
#ifdef HAVE_SECCOMP
    return false;
#else
    return true;
#endif
}

enum err worker_jail(struct errmsg *why)
{
    if (SANITIZED)
        return ERR_OK;
    enum err e = limit_resources(why);
    if (e == ERR_OK)
        e = warm_up(why);
#ifdef __linux__
    if (e == ERR_OK && (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
                        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0))
        e = errmsg_set(why, ERR_REFUSED, "giving up privileges (prctl) is refused: %s",
                       strerror(errno));
#endif
    return e == ERR_OK ? filter_calls(why) : e;
}
