# Rules for C that can be checked line by line. Prints FILE:LINE: what is wrong.

BEGIN {
    FILE_LINES_MAX = 600
    FUNCTION_LINES_MAX = 70
    LINE_COLUMNS_MAX = 100

    # What each layer may include: itself, and these.
    allows["base"] = ""
    allows["schema"] = "base"
    allows["money"] = "base"
    allows["store"] = "base schema"
    allows["redemption"] = "base schema money store"
    allows["resources"] = "base schema money store redemption"
    allows["api"] = "base schema money store redemption resources"
    allows["web"] = "base schema money store redemption resources api"
    allows["http"] = "base schema money store redemption resources api"
    allows["events"] = "base schema money store redemption resources api http"
    allows["cli"] = "base schema money store redemption resources api web http events"
    allows["main"] = "base schema money store redemption resources api web http events cli"

    # Headers of libraries, and the only files that know them; tests may use all but the HTTP server.
    only["sqlite3.h"] = "^(src/store/(sqlite|gathered_log|page_cache|statement_cache)\\.c$|test/)"
    only["libpq-fe.h"] = "^src/store/postgres\\.c$"
    only["microhttpd.h"] = "^(src/http/|test/bench/)"
    only["curl/curl.h"] = "^src/(events/sender|cli/client)\\.[ch]$"
    only["jansson.h"] = "^(src/schema/parse\\.c$|test/)"
    only["time.h"] = "^(src/base/|src/http/|src/cli/|test/)"

    banned = "strcpy|strcat|sprintf|vsprintf|gets|strtok|strtok_r|atoi|atol|atoll|atof|strtol|" \
        "strtoll|strtoul|strtoull|strtod|strtof|sscanf|scanf|rand|srand|random|srandom|drand48|" \
        "localtime|gmtime|ctime|asctime|localtime_r|strncpy|strncat|alloca|system|popen|tmpnam|" \
        "mktemp|setjmp|longjmp|setlocale|tolower|toupper|isalpha|isdigit|isalnum|isspace|strcoll"
}

FNR == 1 { start_of_file() }

{ check_columns(); note_comment() }

/^#include "/ { check_own_include() }
/^#include </ { check_library_include() }

# Comments and strings are no code.
{ code = without_comments($0) }

/^\{/ { function_start = FNR }
/^\}/ && function_start {
    if (FNR - function_start + 1 > FUNCTION_LINES_MAX)
        say(function_start, "a function of " FNR - function_start + 1 " lines; at most " FUNCTION_LINES_MAX)
    function_start = 0
}

/\t/ { say(FNR, "a tab") }

FILENAME ~ /^src\// && match(code, "(^|[^a-zA-Z0-9_>.])(" banned ")[ ]*\\(") {
    name = substr(code, RSTART, RLENGTH)
    gsub(/[^a-z0-9_]/, "", name)
    say(FNR, name "() is banned")
}
FILENAME ~ /^src\/money\// && code ~ /(^|[^a-zA-Z0-9_])(double|float)([^a-zA-Z0-9_]|$)/ {
    say(FNR, "no binary floating point for money")
}
FILENAME ~ /^src\// && FILENAME !~ /^src\/(base\/|store\/postgres)/ && /^#[ ]*if/ {
    say(FNR, "#if outside base/")
}

END { end_of_file() }

function say(line, what) { print file ":" line ": " what }

function start_of_file(    parts) {
    end_of_file()
    file = FILENAME
    function_start = 0
    comment_lines = 0
    comment_state = "before"
    in_comment = 0
    split(FILENAME, parts, "/")
    layer = parts[1] != "src" ? "" : FILENAME == "src/main.c" ? "main" : parts[2]
    if (layer != "" && !(layer in allows))
        say(1, "src/" layer "/ is no layer that test/tidy/c.awk knows")
}

function end_of_file() {
    if (file == "")
        return
    if (lines > FILE_LINES_MAX)
        say(FILE_LINES_MAX + 1, "a file of " lines " lines; at most " FILE_LINES_MAX)
    if (comment_lines == 0)
        say(1, "no comment at the top says what the file is for")
    lines = 0
}

# Characters, not bytes: those that continue a UTF-8 sequence do not count.
function check_columns(    text) {
    text = $0
    gsub(/[\200-\277]/, "", text)
    if (length(text) > LINE_COLUMNS_MAX)
        say(FNR, length(text) " columns; at most " LINE_COLUMNS_MAX)
    lines = FNR
}

# The purpose comes before everything but #pragma once.
function note_comment() {
    if (comment_state == "before" && $0 !~ /^(#pragma once)?$/)
        comment_state = /^\/\*/ ? "in" : "after"
    if (comment_state == "in") {
        comment_lines++
        if (/\*\//)
            comment_state = "after"
    }
}

function check_own_include(    path, parts, target) {
    path = $2
    gsub(/"/, "", path)
    split(path, parts, "/")
    target = parts[1]
    if (layer == "" || target == layer)
        return
    if (index(" " allows[layer] " ", " " target " ") == 0)
        say(FNR, layer " must not include " path)
}

function check_library_include(    name) {
    name = $2
    gsub(/[<>]/, "", name)
    if (name in only && FILENAME !~ only[name])
        say(FNR, name " is not for this file")
}

function without_comments(line,    result, end) {
    result = ""
    gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
    while (line != "") {
        if (in_comment) {
            end = index(line, "*/")
            if (end == 0)
                return result
            line = substr(line, end + 2)
            in_comment = 0
        } else {
            end = index(line, "/*")
            if (end == 0)
                return result line
            result = result substr(line, 1, end - 1)
            line = substr(line, end + 2)
            in_comment = 1
        }
    }
    return result
}
