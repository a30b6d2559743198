# Sourced by test/suites/*. Builds a variant of coupond, runs a test runner, and adds its result to the
# file $COUNTS as a line `passed failed`. Suites are started by script/test.
set -eu
: "${COUNTS:?run this through script/test}"

# build_in DIRECTORY [meson option…]: an extra build directory beside the release build.
build_in() {
    directory=$1
    shift
    if [ ! -f "$directory/build.ninja" ]; then
        meson setup "$directory" "$@"
    fi
    ninja --quiet -C "$directory"
}

# run_meson DIRECTORY SUITE: the C tests of one Meson suite.
run_meson() {
    log=$1/meson-logs/testlog.txt
    rm -f "$log"
    status=0
    meson test -C "$1" --suite "$2" --print-errorlogs || status=$?
    if [ ! -f "$log" ]; then
        echo "meson ran no test of suite $2" >&2
        return 1
    fi
    awk -F: '/^(Ok|Expected Fail):/ { passed += $2 }
             /^(Fail|Unexpected Pass|Timeout):/ { failed += $2 }
             END { print passed + 0, failed + 0 }' "$log" >>"$COUNTS"
    return $status
}

# run_node FILE…: JavaScript tests. The report for people goes to the terminal, the one to count from to a file.
run_node() {
    [ -e "$1" ] || { echo "no such test: $1" >&2; return 1; }
    report=$(mktemp)
    status=0
    node --test --test-reporter=spec --test-reporter-destination=stdout \
        --test-reporter=tap --test-reporter-destination="$report" "$@" || status=$?
    # The totals are the last lines of the report; earlier lines may be what tests have printed.
    tail -n 12 "$report" | awk '$1 == "#" && $2 == "pass" { passed = $3 }
        $1 == "#" && ($2 == "fail" || $2 == "cancelled") { failed += $3 }
        END { print passed + 0, failed + 0 }' >>"$COUNTS"
    rm -f "$report"
    return $status
}
