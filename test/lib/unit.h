#pragma once
/* What every C test includes: cmocka, what cmocka needs, and checks that know our types. */
#include "base/arena.h"
#include "base/str.h"
#include "base/text.h"
#include "lib/chance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* base/error.h has a function of that name */

#define TEST(name) static void name(void **state __attribute__((unused)))

/* Ends the test, saying which row of a table or which random value broke the rule. */
#define BREAKS(...)                         \
    do {                                    \
        print_error("ERROR: " __VA_ARGS__); \
        print_error("\n");                  \
        _fail(__FILE__, __LINE__);          \
    } while (0)

#define assert_str(actual, expected) check_str((actual), (expected), __FILE__, __LINE__)
#define assert_null_str(actual) assert_null((actual).data)

/* `expected`: a C string; NULL is the null view. */
static inline void check_str(struct str actual, const char *expected, const char *file, int line)
{
    if (str_is(actual, expected))
        return;
    print_error("ERROR: \"%.*s\" is not \"%s\"\n", STR_FMT(actual), expected ? expected : "(null)");
    _fail(file, line);
}
