#!/bin/sh
# The same figures in C, German and Turkish (where a decimal point is a comma, and the
# capital of i is not I). The two locales are made here when the system has localedef and
# what it reads (Debian: locales).
set -u
cd "$(dirname "$0")/../.." || exit 1
truecode=${TRUECODE:-build/truecode}
scratch=${SCRATCH:-$(mktemp -d)}
bad=0

report() { # LOCALE
    LOCPATH=$scratch LC_ALL=$1 timeout 120 "$truecode" lab lessons/lab/retries.lua --until 6m
    LOCPATH=$scratch LC_ALL=$1 timeout 120 "$truecode" lab lessons/lab/stampede.lua \
        --until 2m --json
}

report C >"$scratch/C" 2>/dev/null
for locale in de_DE tr_TR; do
    if ! command -v localedef >/dev/null 2>&1 ||
        ! localedef -i $locale -f UTF-8 "$scratch/$locale.UTF-8" >/dev/null 2>&1; then
        echo "skip - $locale: it cannot be made here"
        continue
    fi
    report $locale.UTF-8 >"$scratch/$locale" 2>/dev/null
    if [ -s "$scratch/C" ] && cmp -s "$scratch/C" "$scratch/$locale"; then
        echo "ok - $locale: the same figures"
    else
        echo "not ok - $locale: other figures"
        diff "$scratch/C" "$scratch/$locale" | head -n 5 | sed 's/^/    /'
        bad=1
    fi
done
exit $bad
