/*
 * later: settings that an operator has changed and that do not hold yet.
 *
 * A setting of CHANGE_AT_RESTART is read when a process starts, one of CHANGE_BY_RESIZE
 * is another machine. A component that is one process has its new value here until it
 * starts again (later_restarted()) or the machine is there. A kind with instances keeps
 * what each of them runs with by itself (kind_impl.keep).
 */
#ifndef SIM_MODEL_LATER_H
#define SIM_MODEL_LATER_H

#include "engine/engine.h"
#include "truecode/kind.h"

/* ACTION_SET_LATER: as an operator may. Fills `title` and `undo`. */
enum err later_set(struct world *w, const struct action *a, struct buf *title,
                   struct action *undo, struct errmsg *why) MUST_USE;
/* EV_OVER: the new machine is there. Returns the title of the change that this is. */
void later_resized(struct world *w, ref later, struct action *done, struct buf *title);

#endif
