/*
 * The worker's beginning: follow the front into death, shut the doors, serve.
 */
#include "wire_internal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

bool wire_is_worker(int argc, char **argv)
{
    return argc >= 2 && strcmp(argv[1], WIRE_WORKER_ARG) == 0;
}

int wire_worker_main(int argc, char **argv)
{
    struct errmsg why = {0};
    if (argc != 4)
        return 2;
#ifdef __linux__
    /* The front may have died before the kernel knew that we want to follow it. */
    long parent = strtol(argv[3], NULL, 10);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != (pid_t)parent)
        return 2;
#endif
    if (strcmp(argv[2], "jail") == 0 && wire_jail(&why) != ERR_OK)
        die("%s", why.text);
    _exit(wire_serve(STDIN_FILENO, STDOUT_FILENO));
}
