/* Budgets of failed look-ups: their limits, their windows, who shares them. */
#include "lib/unit.h"

#include "base/arena.h"
#include "base/limits.h"
#include "redemption/guesses.h"

#include <sodium.h>

#define NOW (INT64_C(20000) * 86400)

static struct guesses *guesses;

static int set_up(void **state)
{
    (void)state;
    guesses = guesses_new();
    return sodium_init() < 0;
}

static int tear_down(void **state)
{
    (void)state;
    guesses_free(guesses);
    return 0;
}

static struct guessers only(enum guesser guesser, const char *who)
{
    struct guessers guessers = {0};
    guessers.who[guesser] = str_from(who);
    return guessers;
}

static bool may_as(enum guesser guesser, const char *who, int64_t now)
{
    const struct guessers guessers = only(guesser, who);
    bool first;
    return guesses_allow(guesses, 1, &guessers, now, &first);
}

static bool may(const char *who, int64_t now)
{
    return may_as(GUESSER_CUSTOMER, who, now);
}

static int count_as(enum guesser guesser, const char *who, int times, int64_t now)
{
    const struct guessers guessers = only(guesser, who);
    int bursts = 0;
    for (int i = 0; i < times; i++)
        bursts += guesses_count(guesses, 1, &guessers, now);
    return bursts;
}

static int count(const char *who, int times, int64_t now)
{
    return count_as(GUESSER_CUSTOMER, who, times, now);
}

TEST(test_a_budget_is_used_up_at_its_limit)
{
    assert_int_equal(count("jo", GUESSES_PER_CUSTOMER_MINUTE - 1, NOW), 0);
    assert_true(may("jo", NOW));
    assert_int_equal(count("jo", 1, NOW), 1);
    assert_false(may("jo", NOW));
    assert_int_equal(count("jo", 5, NOW), 0); /* reported once */
    assert_true(may("jill", NOW));
}

TEST(test_each_guesser_has_budgets_of_its_own)
{
    const struct guessers jo = only(GUESSER_CUSTOMER, "jo");
    bool first;
    count("jo", GUESSES_PER_CUSTOMER_MINUTE, NOW);
    assert_true(guesses_allow(guesses, 2, &jo, NOW, &first));
    assert_true(may_as(GUESSER_ADDRESS, "jo", NOW));
    count_as(GUESSER_ADDRESS, "10.0.0.1", GUESSES_PER_ADDRESS_MINUTE - 1, NOW);
    assert_true(may_as(GUESSER_ADDRESS, "10.0.0.1", NOW));
    count_as(GUESSER_ADDRESS, "10.0.0.1", 1, NOW);
    assert_false(may_as(GUESSER_ADDRESS, "10.0.0.1", NOW));
    count_as(GUESSER_KEY, "", GUESSES_PER_KEY_MINUTE - 1, NOW);
    assert_true(may_as(GUESSER_KEY, "", NOW));
    count_as(GUESSER_KEY, "", 1, NOW);
    assert_false(may_as(GUESSER_KEY, "", NOW));
    assert_true(may_as(GUESSER_ADDRESS, NULL, NOW)); /* nobody */
}

TEST(test_who_is_held_up_is_told_apart_once_a_minute)
{
    const struct guessers jo = {{[GUESSER_CUSTOMER] = STR("jo"), [GUESSER_ADDRESS] = STR("::1")}};
    const struct guessers other = only(GUESSER_ADDRESS, "::1");
    bool first;
    for (int i = 0; i < GUESSES_PER_ADDRESS_MINUTE; i++)
        guesses_count(guesses, 1, &jo, NOW);
    assert_false(guesses_allow(guesses, 1, &jo, NOW, &first));
    assert_true(first);
    assert_false(guesses_allow(guesses, 1, &jo, NOW + 1, &first));
    assert_false(first);
    assert_false(guesses_allow(guesses, 1, &other, NOW + 1, &first)); /* nor with another name */
    assert_false(first);
    assert_false(guesses_allow(guesses, 1, &other, NOW + GUESS_REFUSAL_SECONDS - 1, &first));
    assert_false(first);
    count_as(GUESSER_ADDRESS, "::1", GUESSES_PER_ADDRESS_MINUTE, NOW + GUESS_REFUSAL_SECONDS);
    assert_false(guesses_allow(guesses, 1, &other, NOW + GUESS_REFUSAL_SECONDS, &first));
    assert_true(first);
    assert_false(guesses_allow(guesses, 1, &other, NOW + GUESS_REFUSAL_SECONDS + 1, &first));
    assert_false(first);
}

TEST(test_the_window_slides)
{
    count("jo", GUESSES_PER_CUSTOMER_MINUTE, NOW);
    assert_false(may("jo", NOW + 59));
    assert_false(may("jo", NOW + 60)); /* all of them lie just within reach */
    assert_true(may("jo", NOW + 61));
    assert_int_equal(count("jo", 1, NOW + 61), 1); /* and with one more it is used up again */
    assert_true(may("jo", NOW + 300));
}

TEST(test_a_day_has_a_budget_too)
{
    for (int64_t i = 0; i < GUESSES_PER_CUSTOMER_DAY; i++) {
        assert_true(may("jo", NOW + i * 60));
        count("jo", 1, NOW + i * 60);
    }
    assert_false(may("jo", NOW + 80000));
    assert_true(may("jo", NOW + 2 * 86400));
}

TEST(test_the_table_is_bounded)
{
    struct arena arena;
    arena_init(&arena);
    for (int i = 0; i < 2 * GUESSERS_MAX; i++)
        count(str_format(&arena, "guest%d", i).data, 1, NOW + 1);
    assert_int_equal(count("jo", GUESSES_PER_CUSTOMER_MINUTE, NOW + 2), 1);
    assert_false(may("jo", NOW + 2));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_budget_is_used_up_at_its_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_each_guesser_has_budgets_of_its_own, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_who_is_held_up_is_told_apart_once_a_minute, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_the_window_slides, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_day_has_a_budget_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_table_is_bounded, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
