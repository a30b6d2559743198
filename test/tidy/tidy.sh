#!/bin/sh
# The house style as a test. Prints FILE:LINE: what is wrong, and fails when there is anything.
#   test/tidy/tidy.sh             everything
#   test/tidy/tidy.sh FILE…       these C files only
set -eu
export LC_ALL=C
cd -- "$(dirname -- "$0")/../.."

found=$(mktemp)
trap 'rm -f "$found"' EXIT
if [ $# -gt 0 ]; then
    sources="$*"
else
    sources=$(find src test -name '*.[ch]' | sort)
fi

# ---- C: what can be seen line by line ----

awk -f test/tidy/c.awk $sources >>"$found"

# ---- formatting ----

if command -v clang-format >/dev/null; then
    clang-format --dry-run $sources 2>&1 | awk -F: '
        /warning: code should be clang-formatted/ && !seen[$1]++ {
            print $1 ":" $2 ": is not as clang-format would have it (first of its places)"
        }' >>"$found"
else
    echo "test/tidy/tidy.sh:1: clang-format is not installed" >>"$found"
fi

[ $# -eq 0 ] || { cat "$found"; [ ! -s "$found" ]; exit; }

# ---- the tree ----

# A source that is not built is dead.
for file in $(find src -name '*.c'); do
    grep -qF "'$file'" meson.build || echo "$file:1: is not in meson.build" >>"$found"
done
for file in $(find test/unit -name '*_test.c'); do
    name=${file#test/unit/}
    grep -qF "'${name%_test.c}'" test/unit/meson.build ||
        echo "$file:1: is not in test/unit/meson.build" >>"$found"
done

# Text of the project: no machine's paths, no notes that lead nowhere.
text=$(find . -path ./build -prune -o -path ./node_modules -prune -o -path ./.git -prune -o \
    -path ./test/tidy -prune -o -path ./test/fuzz/corpus -prune -o \
    -path ./test/fuzz/regression -prune -o -path ./LICENSE -prune -o \
    -name package-lock.json -prune -o -type f -print | sed 's|^\./||')
for file in $text; do
    [ "$(head -c 4000 "$file" | tr -d '\000' | wc -c)" -eq "$(head -c 4000 "$file" | wc -c)" ] || continue
    printf '%s\n' "$file"
done | xargs awk '
    { where = FILENAME ":" FNR ": " }
    /[ \t]+$/ && FILENAME !~ /\.md$/ { print where "blanks at the end of the line" }
    /\/work\/(main|shared)|\/home\/[a-z]|\/tmp\/(brief|bugs)/ { print where "a path of one machine" }
    /(design|spec)\/[a-z]+\.md/ { print where "refers to a document that is not part of the project" }
    /TODO|FIXME|XXX/ && !/(TODO|FIXME)\(#[0-9]+\)/ && !/XXXXXX/ {
        print where "a TODO without an issue: TODO(#123)"
    }' >>"$found"

cat "$found"
count=$(wc -l <"$found")
[ "$count" -eq 0 ] || { echo "tidy: $count findings" >&2; exit 1; }
