/* Prints base_digest(); the status says whether it is the pinned one. */
#include "../lib/base_digest.h"

#include <inttypes.h>
#include <stdio.h>

int main(void)
{
    uint64_t digest = base_digest();
    printf("%016" PRIx64 "\n", digest);
    return digest != BASE_DIGEST;
}
