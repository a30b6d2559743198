/* Log lines: whatever is logged stays one line of key=value pairs. */
#include "lib/unit.h"

#include "base/log.h"

#include <unistd.h>

/* What the line's end writes to standard error. */
static struct str written(struct log_line *line)
{
    static char bytes[2 * LOG_LINE_BYTES_MAX];
    int ends[2], kept = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    log_end(line);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(ends[1]);
    ssize_t length = read(ends[0], bytes, sizeof(bytes));
    close(ends[0]);
    assert_true(length > 0);
    return (struct str){bytes, (size_t)length};
}

static void check_value(struct str value, const char *expected)
{
    struct log_line line;
    log_begin(&line, LOG_INFO, "test");
    size_t before = line.length;
    log_str(&line, "k", value);
    struct str added = {line.data + before, line.length - before};
    assert_str(added, expected);
}

TEST(test_plain_values_stand_bare)
{
    check_value(STR("GET"), " k=GET");
    check_value(STR("/v1/coupons"), " k=/v1/coupons");
    check_value(STR("é"), " k=é");
}

TEST(test_other_values_are_quoted_and_escaped)
{
    check_value(STR(""), " k=\"\"");
    check_value(STR("a b"), " k=\"a b\"");
    check_value(STR("a=b"), " k=\"a=b\"");
    check_value(STR("say \"hi\""), " k=\"say \\\"hi\\\"\"");
    check_value(STR("back\\slash"), " k=\"back\\\\slash\"");
    check_value(STR("two\nlines"), " k=\"two\\x0alines\"");
    check_value(STR("\r\n\t"), " k=\"\\x0d\\x0a\\x09\"");
    check_value(STR("\x1B[31m"), " k=\"\\x1b[31m\"");
    check_value(STR("nul\0nul"), " k=\"nul\\x00nul\"");
    check_value(STR("\x7F"), " k=\"\\x7f\"");
}

TEST(test_null_is_left_out)
{
    check_value(STR_NULL, "");
}

TEST(test_a_line_says_when_how_bad_and_what)
{
    struct log_line line;
    log_begin(&line, LOG_WARN, "database");
    log_int(&line, "n", INT64_MIN);
    struct str text = written(&line);
    int year, month, day, hour, minute, second, ms;
    char rest[64];
    assert_int_equal(sscanf(text.data, "time=%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %63[^\n]", &year, &month,
                            &day, &hour, &minute, &second, &ms, rest),
                     8);
    assert_string_equal(rest, "level=warn event=database n=-9223372036854775808");
    assert_int_equal(text.data[text.length - 1], '\n');
}

TEST(test_a_long_line_is_cut_and_says_so)
{
    char value[2 * LOG_LINE_BYTES_MAX];
    memset(value, 'v', sizeof(value));
    struct log_line line;
    log_begin(&line, LOG_INFO, "test");
    log_str(&line, "k", (struct str){value, sizeof(value)});
    log_str(&line, "later", STR("more"));
    struct str text = written(&line);
    assert_true(text.length <= LOG_LINE_BYTES_MAX);
    assert_true(str_ends(text, STR("v…\n")));
}

TEST(test_controls_never_break_the_line)
{
    char every[256];
    for (size_t i = 0; i < sizeof(every); i++)
        every[i] = (char)i;
    struct log_line line;
    log_begin(&line, LOG_ERROR, "test");
    log_str(&line, "k", (struct str){every, sizeof(every)});
    struct str text = written(&line);
    for (size_t i = 0; i + 1 < text.length; i++)
        assert_true((unsigned char)text.data[i] >= ' ' && text.data[i] != 0x7F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_values_stand_bare),
        cmocka_unit_test(test_other_values_are_quoted_and_escaped),
        cmocka_unit_test(test_null_is_left_out),
        cmocka_unit_test(test_a_line_says_when_how_bad_and_what),
        cmocka_unit_test(test_a_long_line_is_cut_and_says_so),
        cmocka_unit_test(test_controls_never_break_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
