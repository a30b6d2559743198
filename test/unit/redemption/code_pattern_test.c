/* Patterns of codes: what they hold, what they make, what they recognise. */
#include "lib/unit.h"

#include "base/limits.h"
#include "base/random.h"
#include "redemption/code_pattern.h"

#include <sodium.h>

#define DRAWS 300

static struct random source;

static int set_up(void **state)
{
    (void)state;
    random_init(&source);
    return sodium_init() < 0;
}

static struct code_pattern pattern_of(const char *text, enum code_alphabet alphabet, bool check)
{
    return (struct code_pattern){str_from(text), alphabet, check};
}

static struct str draw(const struct code_pattern *pattern, char *target)
{
    code_pattern_draw(pattern, &source, 0, 0, target);
    return (struct str){target, pattern->text.length};
}

static bool matches(const struct code_pattern *pattern, struct str code)
{
    return code_pattern_fit(pattern, code) == CODE_RIGHT;
}

TEST(test_a_pattern_is_letters_digits_dashes_underscores_and_places)
{
    static const char *const good[] = {"#", "SUMMER-####-####", "a_B-9", "########"};
    static const char *const bad[] = {"", "A B", "AB\xC3\xA9", "50%", "A.B", "{#}"};
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++)
        if (!code_pattern_is_valid(str_from(good[i])))
            BREAKS("%s is a pattern", good[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
        if (code_pattern_is_valid(str_from(bad[i])))
            BREAKS("%s is no pattern", bad[i]);
}

TEST(test_what_a_pattern_holds)
{
    static const struct {
        const char *text;
        enum code_alphabet alphabet;
        bool check;
        int64_t capacity;
    } cases[] = {
        {"A", ALPHABET_DIGITS, false, 1},
        {"#", ALPHABET_DIGITS, false, 10},
        {"A-##-#", ALPHABET_DIGITS, false, 1000},
        {"##", ALPHABET_UNAMBIGUOUS, false, 961},
        {"##", ALPHABET_LETTERS, false, 676},
        {"##", ALPHABET_ALPHANUMERIC, false, 1296},
        {"#", ALPHABET_UNAMBIGUOUS, true, 0},
        {"##", ALPHABET_UNAMBIGUOUS, true, 31},
        {"##", ALPHABET_DIGITS, true, 9},
        {"###", ALPHABET_DIGITS, true, 90},
        {"##################################", ALPHABET_UNAMBIGUOUS, false, INT64_MAX},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct code_pattern pattern = pattern_of(cases[i].text, cases[i].alphabet, cases[i].check);
        if (code_pattern_capacity(&pattern) != cases[i].capacity)
            BREAKS("%s holds %lld", cases[i].text, (long long)code_pattern_capacity(&pattern));
    }
}

/* The capacity with a check character is a lower bound: it must really be there. */
TEST(test_as_many_codes_can_be_drawn_as_a_pattern_holds)
{
    for (enum code_alphabet a = ALPHABET_ALPHANUMERIC; a <= ALPHABET_UNAMBIGUOUS; a++) {
        struct code_pattern pattern = pattern_of("##", a, true);
        int64_t found = 0;
        for (int c = 0; c < 256 * 256; c++) {
            const char code[] = {(char)(c >> 8), (char)c};
            bool is_lower =
                (code[0] >= 'a' && code[0] <= 'z') || (code[1] >= 'a' && code[1] <= 'z');
            found += !is_lower && matches(&pattern, (struct str){code, 2});
        }
        if (found < code_pattern_capacity(&pattern))
            BREAKS("alphabet %d has %lld codes", (int)a, (long long)found);
    }
}

TEST(test_guesses_are_counted_in_bits)
{
    struct code_pattern eight = pattern_of("########", ALPHABET_UNAMBIGUOUS, false);
    struct code_pattern four = pattern_of("####", ALPHABET_DIGITS, false);
    struct code_pattern forty =
        pattern_of("########################################", ALPHABET_ALPHANUMERIC, false);
    assert_int_equal(code_pattern_guess_bits(&eight, 1), 39);
    assert_int_equal(code_pattern_guess_bits(&eight, 1000000), 19);
    assert_int_equal(code_pattern_guess_bits(&four, 10000), 0);
    assert_int_equal(code_pattern_guess_bits(&four, 10001), -1);
    assert_int_equal(code_pattern_guess_bits(&forty, 1), 206);
}

TEST(test_the_fewest_places_hold_the_count_and_one_less_does_not)
{
    struct code_pattern digits = pattern_of("", ALPHABET_DIGITS, false);
    struct code_pattern checked = pattern_of("", ALPHABET_DIGITS, true);
    assert_int_equal(code_pattern_places_for(&digits, 1), 1);
    assert_int_equal(code_pattern_places_for(&digits, 1000000), 6);
    assert_int_equal(code_pattern_places_for(&digits, 1000001), 7);
    assert_int_equal(code_pattern_places_for(&checked, 9), 2);
    assert_int_equal(code_pattern_places_for(&checked, 10), 3);
}

TEST(test_a_drawn_code_has_the_shape_of_its_pattern)
{
    char text[PATTERN_CHARACTERS_MAX];
    for (enum code_alphabet a = ALPHABET_ALPHANUMERIC; a <= ALPHABET_UNAMBIGUOUS; a++) {
        struct code_pattern pattern = pattern_of("Summer-####_##", a, a % 2);
        for (int i = 0; i < DRAWS; i++) {
            struct str code = draw(&pattern, text);
            assert_memory_equal(code.data, "Summer-", 7);
            assert_int_equal(code.data[11], '_');
            assert_true(matches(&pattern, code));
        }
    }
}

TEST(test_codes_of_many_are_spread_evenly_in_the_order_of_the_alphabet)
{
    struct code_pattern pattern = pattern_of("###-####", ALPHABET_DIGITS, true);
    char before[PATTERN_CHARACTERS_MAX] = "0", text[PATTERN_CHARACTERS_MAX];
    int counts[100] = {0};
    for (int64_t i = 0; i < 10000; i++) {
        code_pattern_draw(&pattern, &source, i, 10000, text);
        assert_true(matches(&pattern, (struct str){text, pattern.text.length}));
        assert_true(memcmp(before, text, 2) <= 0);
        memcpy(before, text, 2);
        counts[(text[0] - '0') * 10 + text[1] - '0']++;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++)
        assert_int_equal(counts[i], 100);
}

TEST(test_the_default_alphabet_has_no_look_alikes)
{
    struct code_pattern pattern = pattern_of("########", ALPHABET_UNAMBIGUOUS, false);
    char text[PATTERN_CHARACTERS_MAX];
    for (int i = 0; i < DRAWS; i++)
        for (const char *c = "01ILO"; *c; c++)
            assert_null(memchr(draw(&pattern, text).data, *c, 8));
}

TEST(test_case_does_not_matter)
{
    struct code_pattern pattern = pattern_of("Sale-##", ALPHABET_LETTERS, false);
    assert_true(matches(&pattern, STR("SALE-ab")));
    assert_true(matches(&pattern, STR("sale-AB")));
    assert_false(matches(&pattern, STR("sale-A1")));
    assert_false(matches(&pattern, STR("sale-A")));
    assert_false(matches(&pattern, STR("sale_AB")));
}

static void check_substitutions(const struct code_pattern *pattern, char *code)
{
    static const char all[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (size_t i = 0; i < pattern->text.length; i++) {
        char right = code[i];
        for (const char *wrong = all; *wrong; wrong++) {
            code[i] = *wrong;
            if (*wrong != right && matches(pattern, (struct str){code, pattern->text.length}))
                BREAKS("%.*s passes", (int)pattern->text.length, code);
        }
        code[i] = right;
    }
}

static void check_swaps(const struct code_pattern *pattern, char *code)
{
    for (size_t i = 1; i < pattern->text.length; i++) {
        char left = code[i - 1], right = code[i];
        code[i - 1] = right;
        code[i] = left;
        if (left != right && matches(pattern, (struct str){code, pattern->text.length}))
            BREAKS("%.*s passes", (int)pattern->text.length, code);
        code[i - 1] = left;
        code[i] = right;
    }
}

TEST(test_a_check_character_finds_every_wrong_character_and_every_swap_of_neighbours)
{
    char code[PATTERN_CHARACTERS_MAX];
    for (enum code_alphabet a = ALPHABET_ALPHANUMERIC; a <= ALPHABET_UNAMBIGUOUS; a++) {
        struct code_pattern pattern = pattern_of("########", a, true);
        for (int i = 0; i < DRAWS; i++) {
            draw(&pattern, code);
            check_substitutions(&pattern, code);
            check_swaps(&pattern, code);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pattern_is_letters_digits_dashes_underscores_and_places),
        cmocka_unit_test(test_what_a_pattern_holds),
        cmocka_unit_test(test_as_many_codes_can_be_drawn_as_a_pattern_holds),
        cmocka_unit_test(test_guesses_are_counted_in_bits),
        cmocka_unit_test(test_the_fewest_places_hold_the_count_and_one_less_does_not),
        cmocka_unit_test(test_a_drawn_code_has_the_shape_of_its_pattern),
        cmocka_unit_test(test_codes_of_many_are_spread_evenly_in_the_order_of_the_alphabet),
        cmocka_unit_test(test_the_default_alphabet_has_no_look_alikes),
        cmocka_unit_test(test_case_does_not_matter),
        cmocka_unit_test(
            test_a_check_character_finds_every_wrong_character_and_every_swap_of_neighbours),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
