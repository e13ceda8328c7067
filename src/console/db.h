/*
 * db: what the commands behind `db` share (cmd_db.c). Each is a file db_NAME.c and a line of
 * the table in cmd_db.c.
 *
 *     comp_id db, server;
 *     enum err e = db_of(c, &db, &server);      // the only one there is, where none is named
 *     if (e != ERR_OK)
 *         return e;
 */
#ifndef CONSOLE_DB_H
#define CONSOLE_DB_H

#include "console_internal.h"

/* The holder of a session of `db`; the database itself, or one of its servers, stands
 * for an operator. */
const char *db_client(const struct call *c, comp_id db, comp_id client, int instance);
/* The database that the call is about: its argument, or the only one there is. With
 * `server` not NULL also a server of one; that, or the one that leads, goes there. */
enum err db_of(struct call *c, comp_id *db, comp_id *server);
extern const char *const db_migrations[]; /* arguments of db migrate; NULL at the end */
enum err db_replicas_run(struct call *c); /* the bare word replica, too */
/* Notes on a database that is being changed, or has a server that is not well. */
void db_tell_unwell(struct call *c, comp_id db);
/* Acts on a series of backups; a database stands for its only one. */
enum err db_act_series(struct call *c);

#endif
