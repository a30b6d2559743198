/* Discounts: worked examples, and what must hold for any amounts. What depends on time, on currency
 * or on who holds which discount is shown through the API. */
#include "lib/unit.h"

#include "money/discount.h"

#define LINES_MAX 12
#define PERCENT(hundredths)         \
    {                               \
        .percent_off = (hundredths) \
    }
#define AMOUNT(minor)         \
    {                         \
        .amount_off = (minor) \
    }

/* ---- examples ---- */

struct step {
    struct discount_terms terms;
    const char *applies; /* a letter for each line: x, or i when it is the line's own; - is not */
    int64_t taken[3];
};

struct example {
    const char *name;
    int64_t lines[3];
    struct step steps[2];
    int64_t total;
};

static const struct example examples[] = {
    {"15 % of 1999", {1999}, {{PERCENT(1500), "x", {300}}}, 1699},
    {"12.5 % of 999", {999}, {{PERCENT(1250), "x", {125}}}, 874},
    {"a tie goes up", {333}, {{PERCENT(5000), "x", {167}}}, 166},
    {"a tie goes up from an even number", {9999}, {{PERCENT(5000), "x", {5000}}}, 4999},
    {"10 % of a period", {2500}, {{PERCENT(1000), "x", {250}}}, 2250},
    {"half of an item", {1900}, {{PERCENT(5000), "i", {950}}}, 950},
    {"more than there is", {100}, {{AMOUNT(200), "x", {100}}}, 0},
    {"less than there is", {300}, {{AMOUNT(200), "x", {200}}}, 100},
    {"20 %, then 1000", {10000}, {{PERCENT(2000), "x", {2000}}, {AMOUNT(1000), "x", {1000}}}, 7000},
    {"1000, then 20 %", {10000}, {{AMOUNT(1000), "x", {1000}}, {PERCENT(2000), "x", {1800}}}, 7200},
    {"half, then half", {1000}, {{PERCENT(5000), "x", {500}}, {PERCENT(5000), "x", {250}}}, 250},
    {"an item's discount comes before the invoice's",
     {5000, 3000},
     {{PERCENT(1000), "i-", {500}}, {AMOUNT(500), "xx", {300, 200}}},
     7000},
    {"25 % of one product", {2000, 3000}, {{PERCENT(2500), "x-", {500, 0}}}, 4500},
    {"an amount stops at its product", {2000, 3000}, {{AMOUNT(3000), "x-", {2000, 0}}}, 3000},
    {"in proportion", {1000, 2000}, {{AMOUNT(500), "xx", {166, 334}}}, 2500},
    {"nearly equal lines", {3333, 3333, 3334}, {{AMOUNT(1000), "xxx", {333, 333, 334}}}, 9000},
    {"equal lines", {10, 10, 10}, {{AMOUNT(7), "xxx", {2, 2, 3}}}, 23},
    {"a percentage rounds each line",
     {333, 333, 334},
     {{PERCENT(5000), "xxx", {167, 167, 167}}},
     499},
    {"an amount is taken once, not for each of a quantity",
     {3000},
     {{AMOUNT(500), "x", {500}}},
     2500},
    {"everything", {2500}, {{PERCENT(10000), "x", {2500}}}, 0},
    {"yen", {999}, {{PERCENT(1000), "x", {100}}}, 899},
    {"three decimals", {1005}, {{PERCENT(1000), "x", {101}}}, 904},
    {"the amount of another currency", {5000}, {{AMOUNT(900), "x", {900}}}, 4100},
    {"beside a credit", {-2500, 25000}, {{PERCENT(1000), "-x", {0, 2500}}}, 20000},
    {"all of it beside a credit", {-2500, 3000}, {{AMOUNT(3000), "-x", {0, 3000}}}, -2500},
    {"the remainder fills lines from the last", {1, 1, 1}, {{AMOUNT(2), "xxx", {0, 1, 1}}}, 1},
    {"the remainder passes over lines that are not meant",
     {1, 1, 1},
     {{AMOUNT(1), "xx-", {0, 1, 0}}},
     2},
    {"the remainder passes over a line that is used up",
     {1, 1, 0},
     {{AMOUNT(1), "xxx", {0, 1, 0}}},
     1},
    {"nothing applies", {700, 800}, {{AMOUNT(500), "--", {0, 0}}}, 1500},
    {"nothing is left", {0, 0}, {{AMOUNT(500), "xx", {0, 0}}}, 0},
    {"the largest lines, by an amount",
     {MONEY_AMOUNT_MAX, MONEY_AMOUNT_MAX, MONEY_AMOUNT_MAX},
     {{AMOUNT(MONEY_AMOUNT_MAX), "xxx", {333333333333, 333333333333, 333333333334}}},
     2 * MONEY_AMOUNT_MAX},
    {"the largest lines, to the last hundredth",
     {MONEY_AMOUNT_MAX, MONEY_AMOUNT_MAX - 1, 1},
     {{PERCENT(9999), "xxx", {999900000000, 999899999999, 1}}},
     200000000},
};

static void check_step(const struct example *example, const struct step *step, int64_t *remaining)
{
    size_t count = strlen(step->applies);
    int64_t taken[3] = {0}, total, sum = 0;
    bool applies[3];
    for (size_t i = 0; i < count; i++)
        applies[i] = step->applies[i] == 'x';
    const char *own = strchr(step->applies, 'i');
    if (own) {
        size_t i = (size_t)(own - step->applies);
        total = taken[i] = discount_of_line(step->terms, remaining[i]);
        remaining[i] -= total;
    } else {
        total = discount_of_lines(step->terms, count, applies, remaining, taken);
    }
    for (size_t i = 0; i < count; i++) {
        sum += taken[i];
        if (taken[i] != step->taken[i])
            BREAKS("%s: %lld off line %zu", example->name, (long long)taken[i], i);
    }
    if (sum != total)
        BREAKS("%s: parts of %lld, a sum of %lld", example->name, (long long)sum, (long long)total);
}

TEST(test_examples_come_out_as_worked)
{
    for (size_t i = 0; i < ARRAY_LENGTH(examples); i++) {
        const struct example *example = &examples[i];
        int64_t remaining[3], total = 0;
        memcpy(remaining, example->lines, sizeof(remaining));
        for (size_t j = 0; j < ARRAY_LENGTH(example->steps) && example->steps[j].applies; j++)
            check_step(example, &example->steps[j], remaining);
        for (size_t j = 0; j < 3; j++)
            total += remaining[j];
        if (total != example->total)
            BREAKS("%s: %lld is left", example->name, (long long)total);
    }
}

TEST(test_one_line_alone_is_discounted_as_on_an_invoice)
{
    static const struct discount_terms terms[] = {
        PERCENT(1),
        PERCENT(4999),
        PERCENT(5000),
        AMOUNT(1),
        PERCENT(9999),
        PERCENT(10000),
        AMOUNT(333),
        AMOUNT(MONEY_AMOUNT_MAX - 1),
        AMOUNT(MONEY_AMOUNT_MAX),
        AMOUNT(0),
    };
    static const int64_t amounts[] = {0, 1, 2, 333, 4999, MONEY_AMOUNT_MAX - 1, MONEY_AMOUNT_MAX};
    for (size_t i = 0; i < ARRAY_LENGTH(terms); i++)
        for (size_t j = 0; j < ARRAY_LENGTH(amounts); j++) {
            int64_t remaining = amounts[j], taken;
            int64_t total = discount_of_lines(terms[i], 1, &(bool){true}, &remaining, &taken);
            assert_int_equal(total, discount_of_line(terms[i], amounts[j]));
            assert_int_equal(total, taken);
            assert_int_equal(remaining, amounts[j] - taken);
        }
}

/* ---- properties ---- */

struct lines {
    size_t count;
    bool applies[LINES_MAX];
    int64_t remaining[LINES_MAX];
};

/* Of any magnitude: small amounts are as likely as large ones. */
static int64_t any_amount(struct chance *chance)
{
    return (int64_t)(chance_below(chance, MONEY_AMOUNT_MAX + 1) >> chance_below(chance, 41));
}

static struct discount_terms any_terms(struct chance *chance)
{
    struct discount_terms terms = {0};
    if (chance_below(chance, 2))
        terms.percent_off = 1 + (int64_t)chance_below(chance, 10000);
    else
        terms.amount_off = any_amount(chance);
    return terms;
}

static struct lines any_lines(struct chance *chance)
{
    struct lines lines = {.count = 1 + chance_below(chance, LINES_MAX)};
    for (size_t i = 0; i < lines.count; i++) {
        lines.applies[i] = chance_below(chance, 5) > 0;
        lines.remaining[i] = chance_below(chance, 8) ? any_amount(chance) : 0;
    }
    return lines;
}

static int64_t discounted(struct discount_terms terms, struct lines *lines, int64_t *taken)
{
    return discount_of_lines(terms, lines->count, lines->applies, lines->remaining, taken);
}

static int64_t left(const struct lines *lines)
{
    int64_t sum = 0;
    for (size_t i = 0; i < lines->count; i++)
        sum += lines->remaining[i];
    return sum;
}

static int64_t base_of(const struct lines *lines)
{
    int64_t sum = 0;
    for (size_t i = 0; i < lines->count; i++)
        sum += lines->applies[i] ? lines->remaining[i] : 0;
    return sum;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

TEST(test_parts_are_within_their_lines_and_sum_to_the_total)
{
    struct chance chance = {11};
    for (int round = 0; round < 200000; round++) {
        struct lines lines = any_lines(&chance), before = lines;
        struct discount_terms terms = any_terms(&chance);
        int64_t taken[LINES_MAX], sum = 0;
        int64_t total = discounted(terms, &lines, taken);
        for (size_t i = 0; i < lines.count; i++) {
            sum += taken[i];
            assert_in_range(taken[i], 0, before.applies[i] ? before.remaining[i] : 0);
            assert_int_equal(lines.remaining[i], before.remaining[i] - taken[i]);
        }
        assert_int_equal(sum, total);
        if (!terms.percent_off)
            assert_int_equal(total, least(terms.amount_off, base_of(&before)));
        if (terms.percent_off == 10000)
            assert_int_equal(base_of(&lines), 0);
    }
}

TEST(test_all_of_it_leaves_nothing)
{
    struct chance chance = {12};
    for (int round = 0; round < 20000; round++) {
        struct lines lines = any_lines(&chance), same = lines;
        int64_t taken[LINES_MAX];
        discounted((struct discount_terms)PERCENT(10000), &lines, taken);
        assert_int_equal(base_of(&lines), 0);
        discounted((struct discount_terms)AMOUNT(base_of(&same)), &same, taken);
        assert_int_equal(base_of(&same), 0);
        assert_int_equal(left(&same), left(&lines));
    }
}

TEST(test_more_off_never_takes_less)
{
    struct chance chance = {13};
    for (int round = 0; round < 50000; round++) {
        struct discount_terms less = any_terms(&chance), more = less;
        int64_t amount = any_amount(&chance);
        more.amount_off += more.percent_off ? 0 : 1;
        more.percent_off = least(10000, less.percent_off + (less.percent_off > 0));
        assert_true(discount_of_line(more, amount) >= discount_of_line(less, amount));
        if (amount < MONEY_AMOUNT_MAX)
            assert_true(discount_of_line(less, amount + 1) >= discount_of_line(less, amount));
    }
}

TEST(test_the_order_of_lines_does_not_change_the_total)
{
    struct chance chance = {14};
    for (int round = 0; round < 50000; round++) {
        struct lines lines = any_lines(&chance), turned = lines;
        struct discount_terms terms = any_terms(&chance);
        int64_t taken[LINES_MAX];
        for (size_t i = 0; i < lines.count; i++) {
            turned.applies[i] = lines.applies[lines.count - 1 - i];
            turned.remaining[i] = lines.remaining[lines.count - 1 - i];
        }
        assert_int_equal(discounted(terms, &lines, taken), discounted(terms, &turned, taken));
    }
}

/* What is left of one line after two discounts. */
static int64_t after_both(int64_t amount, struct discount_terms first, struct discount_terms second)
{
    amount -= discount_of_line(first, amount);
    return amount - discount_of_line(second, amount);
}

TEST(test_the_order_of_discounts_matters_between_kinds_only)
{
    struct chance chance = {15};
    for (int round = 0; round < 100000; round++) {
        struct discount_terms a = any_terms(&chance), b = any_terms(&chance);
        int64_t amount = any_amount(&chance);
        int64_t forth = after_both(amount, a, b), back = after_both(amount, b, a);
        if (!a.percent_off && !b.percent_off)
            assert_int_equal(forth, back);
        else if (a.percent_off && b.percent_off) /* twice rounded either way */
            assert_in_range(forth - back + 1, 0, 2);
        else if (a.percent_off)
            assert_true(forth <= back + 1); /* the amount second is worth more */
        else
            assert_true(back <= forth + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples_come_out_as_worked),
        cmocka_unit_test(test_one_line_alone_is_discounted_as_on_an_invoice),
        cmocka_unit_test(test_parts_are_within_their_lines_and_sum_to_the_total),
        cmocka_unit_test(test_all_of_it_leaves_nothing),
        cmocka_unit_test(test_more_off_never_takes_less),
        cmocka_unit_test(test_the_order_of_lines_does_not_change_the_total),
        cmocka_unit_test(test_the_order_of_discounts_matters_between_kinds_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
