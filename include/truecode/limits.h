/*
 * limits: what both processes must agree on before one asks the other.
 *
 * The front refuses with a sentence what the worker would not take; so each of these
 * numbers is told once, here.
 */
#ifndef TRUECODE_LIMITS_H
#define TRUECODE_LIMITS_H

/* The bytes of a lesson's, a lab's or a course's file. */
#define LESSON_MAX_BYTES (256 * 1024)
/* The lessons of a course. */
#define LESSONS_MAX 200
/* The bytes of a run's tape. */
#define TAPE_MAX_BYTES (4u * 1024 * 1024)
/* The replications of a lab's experiment. */
#define REPLICATIONS_MAX 10000

#endif
