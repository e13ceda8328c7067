/*
 * The jail holds: a process that asks for a file, a socket, another program, another
 * process, or memory it could run dies at once; computing, talking and memory go on.
 * Where it cannot be built, that is said.
 */
#include "truecode/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { JAIL_FAILED = 99, SURVIVED = 42 };

/* Does `deed` in a jailed child; the child's wait status. */
static int in_jail(void (*deed)(void))
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (worker_jail(NULL) != ERR_OK)
            _exit(JAIL_FAILED);
        deed();
        _exit(SURVIVED);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void assert_killed(void (*deed)(void))
{
    int status = in_jail(deed);
    assert_false(WIFEXITED(status) && WEXITSTATUS(status) == JAIL_FAILED);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void do_open(void)
{
    _exit(open("/etc/passwd", O_RDONLY) < 0 ? 1 : 2);
}
static void do_create(void)
{
    _exit(open("/tmp/truecode-jail", O_WRONLY | O_CREAT, 0600) < 0 ? 1 : 2);
}
static void do_socket(void)
{
    _exit(socket(AF_INET, SOCK_STREAM, 0) < 0 ? 1 : 2);
}
static void do_exec(void)
{
    char name[] = "/bin/true", *argv[] = {name, NULL};
    execv(name, argv);
    _exit(1);
}
static void do_fork(void)
{
    _exit(fork() < 0 ? 1 : 2);
}
static void do_kill(void)
{
    kill(getppid(), 0);
}
static void do_run_memory(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    _exit(p == MAP_FAILED ? 1 : 2);
}
static void do_make_runnable(void)
{
    void *p =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    _exit(mprotect(p, 4096, PROT_READ | PROT_EXEC) < 0 ? 1 : 2);
}
static void do_write_elsewhere(void)
{
    char c = 'x';
    _exit(write(7, &c, 1) < 0 ? 1 : 2);
}

static void skip_without_jail(void)
{
    const char *how;
    if (!worker_jail_works(&how)) {
        print_message("# %s\n", how);
        skip();
    }
}

static void doors_are_shut(void **state)
{
    (void)state;
    skip_without_jail();
    assert_killed(do_open);
    assert_killed(do_create);
    assert_killed(do_socket);
    assert_killed(do_exec);
    assert_killed(do_fork);
    assert_killed(do_kill);
    assert_killed(do_run_memory);
    assert_killed(do_make_runnable);
    assert_killed(do_write_elsewhere);
}

static int compare(const void *a, const void *b, void *ctx)
{
    (void)ctx;
    return memcmp(a, b, 8);
}

/* Does what a worker does all day. */
static void do_work(void)
{
    struct timespec t;
    struct buf b;
    char *many[100];
    buf_init(&b, 0);
    for (int i = 0; i < 100; i++) {
        many[i] = mem_alloc((size_t)(i + 1) * 10000);
        many[i][0] = 'x';
        buf_addf(&b, "%d %.6f %s\n", i, i / 3.0, many[i]);
    }
    many[0] = mem_grow(many[0], 8000000, 1);
    sort_stable(many[1], 2000, 8, compare, NULL);
    for (int i = 0; i < 100; i++)
        mem_free(many[i]);
    clock_gettime(CLOCK_MONOTONIC, &t);
    bool ok = b.len > 1000;
    buf_release(&b);
    _exit(ok ? SURVIVED : 1);
}

static void work_goes_on(void **state)
{
    (void)state;
    int status = in_jail(do_work);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), SURVIVED);
}

/* The address space is limited: a lesson cannot eat the machine. */
static void do_eat(void)
{
    size_t eaten = 0;
    for (char *p; eaten < 1024 && (p = malloc(1 << 20)); eaten++)
        p[0] = 'x';
    _exit(eaten < 600 ? SURVIVED : 1);
}

static void memory_is_limited(void **state)
{
    (void)state;
    skip_without_jail();
    int status = in_jail(do_eat);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), SURVIVED);
}

/* Asked for the time, the kernel does not answer, and nobody dies of asking: Lua does
 * so where the system has no vDSO. */
static void do_ask_the_time(void)
{
    struct timespec t;
    bool refused =
        syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t) < 0 && errno == EPERM;
#ifdef SYS_time
    refused = refused && syscall(SYS_time, NULL) < 0 && errno == EPERM;
#endif
    _exit(refused && time(NULL) != 1 ? SURVIVED : 1);
}

static void the_kernel_tells_no_time(void **state)
{
    (void)state;
    skip_without_jail();
    int status = in_jail(do_ask_the_time);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), SURVIVED);
}

/* ---- where memory is short ------------------------------------------------------- */

static size_t bytes_mapped(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%lu", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Leaves `kib` KiB of memory to be had, in pieces and in no other way. */
static void leave_memory(size_t mapped, size_t kib)
{
    enum { PIECE = 1008 };
    void *last = NULL;
    struct rlimit r = {mapped, mapped};
    if (setrlimit(RLIMIT_AS, &r) != 0)
        _exit(1);
    for (void *p; (p = malloc(PIECE)); last = p)
        memcpy(p, &last, sizeof last); /* a chain of all that there is */
    for (; kib > 0 && last; kib--) {
        void *p = last;
        memcpy(&last, p, sizeof last);
        free(p);
    }
}

/* It stands, or says that it does not; it never crashes, and never stands by half. */
static void too_little_memory_is_said(void **state)
{
    (void)state;
    skip_without_jail();
    size_t mapped = bytes_mapped();
    if (mapped == 0)
        skip(); /* no /proc */
    int built = 0, said = 0;
    for (size_t kib = 0; kib < 200; kib += 2) {
        int status;
        fflush(NULL);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            static struct errmsg why;
            leave_memory(mapped, kib);
            if (worker_jail(&why) != ERR_OK)
                _exit(strstr(why.text, "memory") ? JAIL_FAILED : 1);
            void *p = malloc(16);
            free(p);
            do_open();
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        bool failed = WIFEXITED(status) && WEXITSTATUS(status) == JAIL_FAILED;
        bool stands = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
        if (!failed && !stands)
            fail_msg("with %zu KiB it ended with %d", kib, status);
        said += failed;
        built += stands;
    }
    assert_true(said > 0 && built > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doors_are_shut),
        cmocka_unit_test(work_goes_on),
        cmocka_unit_test(memory_is_limited),
        cmocka_unit_test(the_kernel_tells_no_time),
        cmocka_unit_test(too_little_memory_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
