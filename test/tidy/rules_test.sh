#!/bin/sh
# Breaks each rule of c.awk once and expects to be told, at the right line.
set -eu
cd -- "$(dirname -- "$0")"
awk_file=$PWD/c.awk
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0

# expect FILE LINE WORDS: the file that standard input holds is reported like that; no WORDS: not at all.
expect() {
    mkdir -p "$(dirname "$1")"
    cat >"$1"
    said=$(awk -f "$awk_file" "$1")
    case "${3:-}" in
        "") [ -z "$said" ] || { echo "not clean: $said"; failures=$((failures + 1)); } ;;
        *)
            printf '%s\n' "$said" | grep -qF "$1:$2: " && printf '%s\n' "$said" | grep -qF "$3" || {
                echo "expected '$1:$2: … $3', got: $said"
                failures=$((failures + 1))
            }
            ;;
    esac
    rm "$1"
}

top='/* What it is for. */'
lines() { i=0; while [ $i -lt "$1" ]; do echo "    x++;"; i=$((i + 1)); done; }

expect src/base/good.c 0 <<END
$top
#include "base/str.h"

/* Here sprintf(x) is only mentioned, strcpy(y) too. */
static int not_atoi(int x)
{
    const char *text = "strcpy(a, b)";
    return x + my_strtol(text) + object.random(1) + object->system(2);
}
END
echo "int x;" | expect src/base/a.c 1 "no comment at the top"
printf '#pragma once\n%s\nint x;\n' "$top" | expect src/base/a.h 0
printf '%s\n#include "schema/field.h"\n' "$top" | expect src/base/a.c 2 "base must not include schema/field.h"
printf '%s\n#include "store/db.h"\n' "$top" | expect src/schema/a.c 2 "schema must not include store/db.h"
printf '%s\n#include "schema/field.h"\n' "$top" | expect src/money/a.c 2 "money must not include"
printf '%s\n#include "api/exchange.h"\n' "$top" | expect src/resources/a.c 2 "resources must not include"
printf '%s\n#include "resources/coupon.h"\n' "$top" | expect src/redemption/a.c 2 "redemption must not include"
printf '%s\n#include "cli/cli.h"\n' "$top" | expect src/http/a.c 2 "http must not include"
printf '%s\n#include "store/db.h"\n' "$top" | expect src/resources/a.c 0
printf '%s\n#include <sqlite3.h>\n' "$top" | expect src/store/rows.c 2 "sqlite3.h is not for this file"
printf '%s\n#include <sqlite3.h>\n' "$top" | expect src/store/sqlite.c 0
printf '%s\n#include <sqlite3.h>\n' "$top" | expect src/store/gathered_log.c 0
printf '%s\n#include <sqlite3.h>\n' "$top" | expect src/store/page_cache.c 0
printf '%s\n#include <sqlite3.h>\n' "$top" | expect src/store/statement_cache.c 0
printf '%s\n#include <microhttpd.h>\n' "$top" | expect src/api/a.c 2 "microhttpd.h is not for this file"
printf '%s\n#include "events/courier.h"\n' "$top" | expect src/http/a.c 2 "http must not include"
printf '%s\n#include <curl/curl.h>\n' "$top" | expect src/events/courier.c 2 "curl/curl.h is not for this file"
printf '%s\n#include <jansson.h>\n' "$top" | expect src/schema/json.c 2 "jansson.h is not for this file"
printf '%s\n' "$top" | expect src/utils/a.c 1 "no layer"
printf '%s\nint a(void)\n{\n%s\n}\n' "$top" "$(lines 68)" | expect src/base/a.c 0
printf '%s\nint a(void)\n{\n%s\n}\n' "$top" "$(lines 69)" | expect src/base/a.c 3 "a function of 71 lines"
printf '%s\n%s\n' "$top" "$(lines 599)" | expect src/base/a.c 0
printf '%s\n%s\n' "$top" "$(lines 600)" | expect src/base/a.c 601 "a file of 601 lines"
printf '%s\n/* %094d */\n' "$top" 0 | expect src/base/a.c 0
printf '%s\n/* %095d */\n' "$top" 0 | expect src/base/a.c 2 "101 columns"
printf '%s\n/* %092déé */\n' "$top" 0 | expect src/base/a.c 0 # characters, not bytes
printf '%s\n\tint x;\n' "$top" | expect src/base/a.c 2 "a tab"
for name in strcpy sprintf strtok atoi strtol rand localtime gmtime gets tolower; do
    printf '%s\nint a(void)\n{\n    x = %s (y);\n}\n' "$top" $name | expect src/api/a.c 4 "$name() is banned"
done
printf '%s\nint a(void)\n{\n    gmtime_r(x, y);\n}\n' "$top" | expect src/api/a.c 0
printf '%s\nstatic double a;\n' "$top" | expect src/money/a.c 2 "no binary floating point"
printf '%s\n#ifdef X\n' "$top" | expect src/api/a.c 2 "#if outside base/"

[ $failures -eq 0 ] && echo "every rule is kept"
