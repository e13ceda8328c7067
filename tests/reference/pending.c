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
PENDING(power_of_two_choices)
PENDING(consistent_hashing_balance)
PENDING(retry_published)
PENDING(aws_sdk_retry_quota)
PENDING(aws_backoff_jitter)
PENDING(tail_fanout)
PENDING(tail_at_scale_hedging)
PENDING(tail_at_scale_table1)
PENDING(tail_at_scale_table2_tied)
PENDING(bucket_admission)
