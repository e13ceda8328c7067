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
#include "wire_internal.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif
#ifdef HAVE_SECCOMP
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
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit r = {limits[i].most, limits[i].most};
        if (setrlimit((__rlimit_resource_t)limits[i].what, &r) != 0)
            return errmsg_set(why, ERR_REFUSED, "the worker cannot limit its %s",
                              limits[i].name);
    }
    return ERR_OK;
}

static void warm_up(void)
{
    char text[64];
    mem_free(mem_alloc(1));
    if (snprintf(text, sizeof text, "%.3f %g", 1.5, 1e300) < 0)
        BUG("snprintf");
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

static int fill(scmp_filter_ctx f)
{
    static const int calls[] = {
        SCMP_SYS(munmap),  SCMP_SYS(mremap),     SCMP_SYS(brk),
        SCMP_SYS(madvise), SCMP_SYS(futex),      SCMP_SYS(clock_gettime),
        SCMP_SYS(exit),    SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn),
    };
    int bad = 0;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        bad |= allow(f, calls[i]);
    bad |= allow_on(f, SCMP_SYS(read), STDIN_FILENO);
    bad |= allow_on(f, SCMP_SYS(write), STDOUT_FILENO);
    bad |= allow_on(f, SCMP_SYS(write), STDERR_FILENO);
    bad |= allow_not_executable(f, SCMP_SYS(mmap));
    bad |= allow_not_executable(f, SCMP_SYS(mprotect));
    return bad;
}

static enum err filter_calls(struct errmsg *why)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
    bool ok = f != NULL && fill(f) == 0 && seccomp_load(f) == 0;
    seccomp_release(f);
    return ok ? ERR_OK
              : errmsg_set(why, ERR_REFUSED,
                           "the system call filter cannot be installed");
}

bool wire_jail_works(const char **how)
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

bool wire_jail_works(const char **how)
{
    *how = "own process and resource limits; this system has no system call filter";
    return false;
}

#endif

enum err wire_jail(struct errmsg *why)
{
    if (SANITIZED)
        return ERR_OK;
    warm_up();
    enum err e = limit_resources(why);
#ifdef __linux__
    if (e == ERR_OK && (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
                        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0))
        e = errmsg_set(why, ERR_REFUSED, "the worker cannot give up its privileges");
#endif
    return e == ERR_OK ? filter_calls(why) : e;
}
