/*
 * The worker's beginning: follow the front into death, shut the doors, serve.
 */
#include "truecode/worker.h"
#include "truecode/wire.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

bool worker_asked(int argc, char **argv)
{
    return argc >= 2 && strcmp(argv[1], WIRE_WORKER_ARG) == 0;
}

/* The first words, before any request is read: whether the wall stands. What comes from
 * within later can no longer pretend that it does not. */
static bool say_ready(enum err e, const struct errmsg *why)
{
    const struct wire_answer a = {.kind = WIRE_READY, .err = e, .error = why->text};
    struct buf b;
    buf_init(&b, 0);
    wire_put_answer(&b, &a);
    bool sent = wire_write(STDOUT_FILENO, &b);
    buf_release(&b);
    return sent;
}

static enum err shut_doors(int argc, char **argv, struct errmsg *why)
{
    if (argc != 4)
        return errmsg_set(why, ERR_INPUT, "the worker is for the program itself");
#ifdef __linux__
    /* The front may have died before the kernel knew that we want to follow it. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return errmsg_set(why, ERR_REFUSED,
                          "ending with its parent (prctl) is refused");
    if (getppid() != (pid_t)strtol(argv[3], NULL, 10))
        _exit(2);
#endif
    return strcmp(argv[2], "jail") == 0 ? worker_jail(why) : ERR_OK;
}

int worker_main(int argc, char **argv)
{
    struct errmsg why = {0};
    signal(SIGXCPU, SIG_DFL); /* the front's limit must end us, whatever it ignores */
    enum err e = shut_doors(argc, argv, &why);
    if (!say_ready(e, &why) || e != ERR_OK)
        _exit(2);
    _exit(worker_serve(STDIN_FILENO, STDOUT_FILENO));
}
