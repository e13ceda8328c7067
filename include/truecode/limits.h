/*
 * limits: what both processes must agree on before one asks the other.
 *
 * The front refuses with a sentence what the worker would not take; so each of these
 * numbers is told once, here.
 */
#ifndef TRUECODE_LIMITS_H
#define TRUECODE_LIMITS_H

enum {
    LESSON_MAX_BYTES = 256 * 1024,    /* a lesson's, a lab's or a course's file */
    TAPE_MAX_BYTES = 4 * 1024 * 1024, /* a run's tape */
    LESSONS_MAX = 200,                /* the lessons of a course */
    REPLICATIONS_MAX = 10000          /* of a lab's experiment */
};

#endif
