# proof_table: what `truecode prove --json` says, as the table of lessons/README.md; what failed
# comes before it, a line each. A cell is the smallest margin of its kind of checks, and whose it
# is: 1 is comfortable, 0 on the edge. (How long a text is the lint of a lesson says, not this.)
# Ends with 1 where something failed.
#
#     truecode prove --seeds 100 --json | awk -f tests/lib/proof_table.awk
function text_of(name) {
    if (!match($0, "\"" name "\": \"([^\"\\\\]|\\\\.)*\"")) return ""
    return unescaped(substr($0, RSTART + length(name) + 5, RLENGTH - length(name) - 6))
}
function unescaped(s) { gsub(/\\"/, "\"", s); gsub(/\|/, "\\|", s); return s }
function number_of(name) {
    if (!match($0, "\"" name "\": -?[0-9.e+-]+")) return ""
    return substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 4) + 0
}
function closest(column) {
    return column in least ? sprintf("%.2f %s", least[column], whose[column]) : "-"
}
function row() {
    if (lesson == "") return
    table = table sprintf("| `%s` | %d | %d | %s | %s | %s |\n", lesson, seeds, passed,
                          closest("fix"), closest("wrong"), closest("other"))
}
/"lesson": / {
    row()
    lesson = text_of("lesson"); seeds = number_of("seeds"); passed = 0
    split("", least)
}
/"kind": / {
    kind = text_of("kind"); name = text_of("name"); margin = number_of("margin")
    passed += number_of("passed")
    if (number_of("failed") > 0) {
        failed = 1
        printf "FAIL %s: %s %s: %d of %d, first seed %d: %s\n", lesson, kind, name,
            number_of("failed"), number_of("failed") + number_of("passed"),
            number_of("first_bad_seed"), text_of("detail")
    }
    column = kind == "fix" || kind == "wrong" ? kind : "other"
    if (kind != "text" && margin != "" && (!(column in least) || margin < least[column])) {
        least[column] = margin
        whose[column] = column == "other" ? kind ": " name : name
    }
}
END {
    row()
    print "| lesson | seeds | checks passed | fixes | wrong turns | everything else |"
    print "| --- | --- | --- | --- | --- | --- |"
    printf "%s", table
    exit failed
}
