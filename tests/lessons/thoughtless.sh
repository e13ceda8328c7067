#!/bin/sh
# Players who do not think: lessons 1 to 3 of the course (a part, since all take long).
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/thoughtless.sh
not_won 1 3
