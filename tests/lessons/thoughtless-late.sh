#!/bin/sh
# Players who do not think: lessons 7 to 9 of the course (a part, since all take long).
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/thoughtless.sh
not_won 7 9
