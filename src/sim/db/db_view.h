/*
 * db_view: what those share who show the inside of a database.
 */
#ifndef SIM_DB_DB_VIEW_H
#define SIM_DB_DB_VIEW_H

#include "db/conn.h"
#include "truecode/world.h"

/* The state of a session, as an operator sees it (db_look.c). */
enum session_state session_state_of(const struct conn *n);

#endif
