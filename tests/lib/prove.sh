# shellcheck shell=sh
# prove.sh TRUECODE SEEDS [LESSON...]: proves the course (or these lessons) and prints a row for
# each; with UPDATE_GOLDEN=1 a proof without a failure is written into lessons/README.md.
set -u
truecode=$1 seeds=$2
shift 2
page=lessons/README.md
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

status=0
"$truecode" prove --seeds "$seeds" --json "$@" >"$dir/proof" || status=$?
awk -f tests/lib/proof_table.awk "$dir/proof" >"$dir/table" || status=1
cat "$dir/table"
[ $status -eq 0 ] || exit $status
[ -n "${UPDATE_GOLDEN:-}" ] || exit 0
awk -v table="$dir/table" '
    /^<!-- proof: begin -->$/ { print; while ((getline line <table) > 0) print line; inside = 1 }
    /^<!-- proof: end -->$/ { inside = 0 }
    !inside' "$page" >"$dir/page" && cp "$dir/page" "$page"
