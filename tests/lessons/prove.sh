#!/bin/sh
# prove: every lesson of the course keeps what it claims, over a few seeds.
# (`make prove` takes many.)
set -u
truecode=${TRUECODE:-build/truecode}
scratch=${SCRATCH:-$(mktemp -d)}
bad=0

. tests/lib/course.sh

for id in $(course); do
    if timeout 120 "$truecode" prove "lessons/$id.lua" --seeds 2 >"$scratch/table" 2>&1; then
        echo "ok - $id"
    else
        echo "not ok - $id"
        sed 's/^/    /' "$scratch/table"
        bad=1
    fi
done
[ -n "$(course)" ] || {
    echo "not ok - the course has lessons"
    bad=1
}
exit $bad
