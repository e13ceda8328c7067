/*
 * Tables whose components are still being built.
 */
#include "ref.h"

#define PENDING(name)                                                                  \
    void table_##name(struct ref *r)                                                   \
    {                                                                                  \
        ref_open(r, "all", "its components are not there yet");                        \
    }
PENDING(bloom)
