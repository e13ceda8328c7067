/*
 * worker: the other end of the wire, in a process of its own behind a wall.
 *
 * A worker is the program's own image, started again as `truecode --worker jail PARENT`.
 * Before the first request it shuts the doors behind itself and says whether that went
 * well; from then on it answers requests until the front closes its end, or dies. All of
 * a session lives here, and all code that strangers wrote.
 *
 *     int main(int argc, char **argv)
 *     {
 *         if (worker_asked(argc, argv))
 *             return worker_main(argc, argv);
 *         ...
 *
 * The front sees no more of it than this header: no type of the session's is in it.
 */
#ifndef TRUECODE_WORKER_H
#define TRUECODE_WORKER_H

#include "truecode/base.h"

/* Whether a command line asks for a worker: argv[1] is WIRE_WORKER_ARG. */
bool worker_asked(int argc, char **argv);
/* The main of a worker process; does not come back to the command line: its result is
 * the exit status. */
int worker_main(int argc, char **argv);
/* Answers requests until the other end closes. Returns the exit status. */
int worker_serve(int in, int out);

/* ---- the wall -------------------------------------------------------------------- */

/* Closes the doors behind the process: resource limits (one that is lower already counts
 * as done), no new privileges, the system call filter. Nothing may be opened afterwards.
 *
 * ERR_REFUSED   the system cannot; the sentence says what is missing
 * ERR_LIMIT     memory does not suffice for the filter */
enum err worker_jail(struct errmsg *why) MUST_USE;
/* Whether the jail of this build is limits alone: the system has no filter of calls. */
bool worker_jail_is_partial(void);
/* Whether this build and system can filter system calls; `how`: a phrase for people. */
bool worker_jail_works(const char **how);

#endif
