/* Views of bytes: comparing, splitting, numbers, UTF-8. */
#include "lib/unit.h"

#include <stdlib.h>

/* A copy that ends where its memory ends, so that AddressSanitizer sees a read beyond it. */
static struct str exactly(struct str text)
{
    char *copy = malloc(text.length ? text.length : 1);
    assert_non_null(copy);
    memcpy(copy, text.data, text.length);
    return (struct str){copy, text.length};
}

TEST(test_null_equals_only_null)
{
    assert_true(str_equal(STR_NULL, STR_NULL));
    assert_false(str_equal(STR_NULL, STR("")));
    assert_false(str_equal(STR(""), STR_NULL));
    assert_true(str_equal(STR(""), STR("")));
    assert_true(str_is(STR_NULL, NULL));
    assert_false(str_is(STR(""), NULL));
}

TEST(test_equality_is_of_length_and_bytes)
{
    assert_true(str_equal(STR("abc"), STR("abc")));
    assert_false(str_equal(STR("abc"), STR("abd")));
    assert_false(str_equal(STR("abc"), STR("ab")));
    assert_false(str_equal(STR("abc"), STR("ABC")));
    assert_false(str_equal(STR("a\0b"), STR("a\0c")));
}

TEST(test_starts_and_ends)
{
    assert_true(str_starts(STR("promo_1"), STR("promo_")));
    assert_true(str_starts(STR("promo_"), STR("promo_")));
    assert_false(str_starts(STR("promo"), STR("promo_")));
    assert_true(str_ends(STR("a.off"), STR(".off")));
    assert_false(str_ends(STR("off"), STR(".off")));
    assert_true(str_ends(STR("x"), STR("")));
}

TEST(test_lower_folds_ascii_only)
{
    struct arena arena;
    arena_init(&arena);
    assert_str(str_lower(&arena, STR("AZaz09@[`{-_")), "azaz09@[`{-_");
    assert_str(str_lower(&arena, STR("ÄÖİ")), "ÄÖİ"); /* whatever the locale */
    assert_null_str(str_lower(&arena, STR_NULL));
    arena_release(&arena);
}

TEST(test_copies_have_a_nul_behind_them)
{
    struct arena arena;
    arena_init(&arena);
    struct str copy = str_copy(&arena, (struct str){"coupond", 6});
    assert_str(copy, "coupon");
    assert_int_equal(copy.data[6], '\0');
    assert_null_str(str_copy(&arena, STR_NULL));
    assert_str(str_copy(&arena, STR("")), "");
    assert_str(str_format(&arena, "%s[%d]", "a", 12), "a[12]");
    arena_release(&arena);
}

TEST(test_blanks_around_a_text_are_trimmed)
{
    assert_str(str_trim(STR(" \t\r\na b\n ")), "a b");
    assert_str(str_trim(STR("a")), "a");
    assert_str(str_trim(STR(" ")), "");
    assert_null_str(str_trim(STR_NULL));
}

TEST(test_split_at_the_first_separator)
{
    struct str rest;
    assert_str(str_split(STR("a=b=c"), '=', &rest), "a");
    assert_str(rest, "b=c");
    assert_str(str_split(STR("a="), '=', &rest), "a");
    assert_str(rest, "");
    assert_str(str_split(STR("=a"), '=', &rest), "");
    assert_str(rest, "a");
    assert_str(str_split(STR("a"), '=', &rest), "a");
    assert_null_str(rest);
    assert_str(str_split(STR(""), '=', &rest), "");
    assert_null_str(rest);
}

TEST(test_integers_have_one_spelling)
{
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"7", true, 7},
        {"-7", true, -7},
        {"-0", true, 0},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"92233720368547758070", false, 0},
        {"99999999999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"--1", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1.0", false, 0},
        {"1e3", false, 0},
        {"0x10", false, 0},
        {"1_000", false, 0},
        {"1,000", false, 0},
        {"\xEF\xBC\x91", false, 0}, /* a full-width one */
        {"1\n", false, 0},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int64_t value = 0;
        struct str text = exactly(str_from(cases[i].text));
        bool good = str_to_int64(text, &value);
        free((void *)(uintptr_t)text.data);
        if (good != cases[i].good || value != cases[i].value)
            BREAKS("\"%s\" is read as %d, %lld", cases[i].text, good, (long long)value);
    }
    int64_t untouched = 5;
    assert_false(str_to_int64(STR("1\0002"), &untouched));
    assert_false(str_to_int64(STR_NULL, &untouched));
    assert_int_equal(untouched, 5);
}

TEST(test_text_is_valid_utf8_without_controls)
{
    const struct {
        struct str bytes;
        bool good;
    } cases[] = {
        {STR(""), true},
        {STR("plain ASCII ~"), true},
        {STR("\t\n\r"), true},
        {STR("\xC2\x80"), true},         /* U+0080, the first of two bytes */
        {STR("\xDF\xBF"), true},         /* U+07FF, the last */
        {STR("\xE0\xA0\x80"), true},     /* U+0800 */
        {STR("\xED\x9F\xBF"), true},     /* U+D7FF, before the surrogates */
        {STR("\xEE\x80\x80"), true},     /* U+E000, behind them */
        {STR("\xEF\xBF\xBD"), true},     /* U+FFFD, the last before noncharacters */
        {STR("\xF0\x90\x80\x80"), true}, /* U+10000 */
        {STR("\xF4\x8F\xBF\xBD"), true}, /* U+10FFFD */
        {STR("\0"), false},
        {STR("a\0b"), false},
        {STR("\x01"), false},
        {STR("\x0B"), false},
        {STR("\x1F"), false},
        {STR("\x7F"), false},
        {STR("\x80"), false}, /* a continuation on its own */
        {STR("\xBF"), false},
        {STR("\xEF\xBF\xBE"), false}, /* noncharacters */
        {STR("\xEF\xBF\xBF"), false},
        {STR("\xEF\xB7\x90"), false},
        {STR("\xEF\xB7\xAF"), false},
        {STR("\xEF\xB7\x8F"), true},
        {STR("\xEF\xB7\xB0"), true},
        {STR("\xF0\x9F\xBF\xBE"), false},
        {STR("\xF4\x8F\xBF\xBF"), false},
        {STR("\xC0\x80"), false}, /* overlong U+0000 */
        {STR("\xC0\xAF"), false}, /* overlong slash */
        {STR("\xC1\xBF"), false},
        {STR("\xE0\x80\xAF"), false}, /* overlong in three bytes */
        {STR("\xE0\x9F\xBF"), false},
        {STR("\xF0\x80\x80\xAF"), false}, /* overlong in four */
        {STR("\xF0\x8F\xBF\xBF"), false},
        {STR("\xED\xA0\x80"), false},     /* U+D800 */
        {STR("\xED\xBF\xBF"), false},     /* U+DFFF */
        {STR("\xF4\x90\x80\x80"), false}, /* U+110000 */
        {STR("\xF5\x80\x80\x80"), false},
        {STR("\xFF"), false},
        {STR("\xC3"), false}, /* cut off */
        {STR("\xE2\x82"), false},
        {STR("\xF0\x9F\x98"), false},
        {STR("\xC3("), false},
        {STR("\xE2(\xA1"), false},
        {STR("\xE2\x82("), false},
        {STR("\xF0\x9F\x98("), false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct str text = exactly(cases[i].bytes);
        bool good = str_is_text(text);
        free((void *)(uintptr_t)text.data);
        if (good != cases[i].good)
            BREAKS("row %zu is taken for %s", i, good ? "text" : "no text");
    }
}

/* Decodes by the definition: collect the bits, then ask whether the form was the shortest and the
 * result a character. */
static bool is_character(const unsigned char *bytes, size_t length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t point = length == 1 ? bytes[0] : bytes[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++)
        point = point << 6 | (bytes[i] & 0x3F);
    bool noncharacter = (point & 0xFFFE) == 0xFFFE || (point >= 0xFDD0 && point <= 0xFDEF);
    return point >= least[length] && point <= 0x10FFFF && !(point >= 0xD800 && point <= 0xDFFF) &&
           !noncharacter;
}

TEST(test_every_three_byte_sequence_is_judged_by_the_definition)
{
    for (uint32_t n = 0xE00000; n <= 0xEFFFFF; n++) {
        const unsigned char bytes[] = {(unsigned char)(n >> 16), (unsigned char)(n >> 8),
                                       (unsigned char)n};
        bool good =
            (bytes[1] & 0xC0) == 0x80 && (bytes[2] & 0xC0) == 0x80 && is_character(bytes, 3);
        if (str_is_text((struct str){(const char *)bytes, 3}) != good)
            BREAKS("%02x %02x %02x", bytes[0], bytes[1], bytes[2]);
    }
}

TEST(test_characters_are_code_points)
{
    assert_int_equal(str_characters(STR("")), 0);
    assert_int_equal(str_characters(STR("abc")), 3);
    assert_int_equal(str_characters(STR("äß")), 2);
    assert_int_equal(str_characters(STR("\xF0\x9F\x98\x80")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null_equals_only_null),
        cmocka_unit_test(test_equality_is_of_length_and_bytes),
        cmocka_unit_test(test_starts_and_ends),
        cmocka_unit_test(test_lower_folds_ascii_only),
        cmocka_unit_test(test_copies_have_a_nul_behind_them),
        cmocka_unit_test(test_blanks_around_a_text_are_trimmed),
        cmocka_unit_test(test_split_at_the_first_separator),
        cmocka_unit_test(test_integers_have_one_spelling),
        cmocka_unit_test(test_text_is_valid_utf8_without_controls),
        cmocka_unit_test(test_every_three_byte_sequence_is_judged_by_the_definition),
        cmocka_unit_test(test_characters_are_code_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
