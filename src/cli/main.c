/*
 * main: prints the version.
 */
#include <stdio.h>

int main(void)
{
    printf("truecode %s\n", TRUECODE_VERSION);
    return 0;
}
