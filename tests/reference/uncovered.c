/*
 * What no table of the product can show: a Bloom filter is not among the parts of a
 * cache here, and one written for the test alone would prove nothing about a lesson.
 */
#include "ref.h"

void table_bloom(struct ref *r)
{
    ref_open(r, "fpr", "no cache has a Bloom filter");
}
