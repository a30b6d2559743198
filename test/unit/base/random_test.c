/* Random characters and the identifiers made of them. */
#include "lib/unit.h"

#include "base/random.h"

#include <sodium.h>
#include <stdlib.h>

#define IDS 100000

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return sodium_init() < 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static bool is_base62(struct str id, size_t from)
{
    for (size_t i = from; i < id.length; i++)
        if (id.data[i] == '\0' || !strchr(ALPHABET_BASE62, id.data[i]))
            return false;
    return true;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void check_all_differ(const char **ids)
{
    qsort(ids, IDS, sizeof(*ids), compare_ids);
    for (size_t i = 1; i < IDS; i++)
        if (strcmp(ids[i - 1], ids[i]) == 0)
            BREAKS("%s came twice", ids[i]);
}

TEST(test_ids_have_the_shape_of_the_api)
{
    struct random random;
    random_init(&random);
    struct str customer = id_short(&random, &arena, "cus_");
    struct str code = id_long(&random, &arena, "promo_", 1790000000);
    assert_int_equal(customer.length, strlen("cus_") + 14);
    assert_int_equal(code.length, strlen("promo_") + 24);
    assert_true(str_starts(customer, STR("cus_")));
    assert_true(str_starts(code, STR("promo_1")));
    assert_true(is_base62(customer, strlen("cus_")));
    assert_true(is_base62(code, strlen("promo_")));
    assert_int_equal(code.data[code.length], '\0');
}

TEST(test_ids_of_one_second_differ)
{
    struct random random;
    const char **ids = ARENA_ARRAY(&arena, const char *, IDS);
    random_init(&random);
    for (size_t i = 0; i < IDS; i++)
        ids[i] = id_long(&random, &arena, "promo_", 1790000000).data;
    check_all_differ(ids);
    for (size_t i = 0; i < IDS; i++)
        ids[i] = id_short(&random, &arena, "cus_").data;
    check_all_differ(ids);
}

TEST(test_later_long_ids_sort_later)
{
    struct random random;
    random_init(&random);
    static const int64_t times[] = {1000000000, 1790000000, 1790000001, 1790000062, 2100000000};
    for (size_t i = 1; i < ARRAY_LENGTH(times); i++) {
        struct str before = id_long(&random, &arena, "di_", times[i - 1]);
        struct str after = id_long(&random, &arena, "di_", times[i]);
        assert_true(strcmp(before.data, after.data) < 0);
    }
}

TEST(test_ordered_ids_grow_within_a_second)
{
    struct random random;
    random_init(&random);
    static const int64_t places[] = {0, 1, 61, 62, 100000, (1 << 24) - 1};
    struct str before = id_long(&random, &arena, "promo_", 1790000000 - 1);
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
        struct str id = id_ordered(&random, &arena, "promo_", 1790000000, places[i]);
        assert_int_equal(id.length, strlen("promo_") + 24);
        assert_true(is_base62(id, strlen("promo_")));
        assert_true(strcmp(before.data, id.data) < 0);
        before = id;
    }
    struct str one = id_ordered(&random, &arena, "promo_", 1790000000, 7);
    struct str other = id_ordered(&random, &arena, "promo_", 1790000000, 7);
    assert_false(str_equal(one, other));
}

/* A generator that yields 0, 1, …, 255 over and over: each byte equally often. */
static void fill_in_order(void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ((unsigned char *)bytes)[i] = (unsigned char)i;
}

TEST(test_no_result_is_likelier_than_another)
{
    for (unsigned below = 1; below <= 256; below++) {
        struct random random = {.fill = fill_in_order};
        unsigned counts[256] = {0}, whole = 256 / below, drawn = whole * below;
        for (unsigned i = 0; i < drawn * 3; i++)
            counts[random_below(&random, below)]++;
        for (unsigned i = 0; i < below; i++)
            if (counts[i] != whole * 3)
                BREAKS("of %u, %u came %u times instead of %u", below, i, counts[i], whole * 3);
    }
}

TEST(test_every_letter_of_the_alphabet_comes)
{
    struct random random;
    char letters[5000];
    random_init(&random);
    random_characters(&random, ALPHABET_UPPER, letters, sizeof(letters));
    for (const char *letter = ALPHABET_UPPER; *letter; letter++)
        assert_non_null(memchr(letters, *letter, sizeof(letters)));
    for (size_t i = 0; i < sizeof(letters); i++)
        assert_non_null(memchr(ALPHABET_UPPER, letters[i], strlen(ALPHABET_UPPER)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_have_the_shape_of_the_api),
        cmocka_unit_test(test_ids_of_one_second_differ),
        cmocka_unit_test(test_later_long_ids_sort_later),
        cmocka_unit_test(test_ordered_ids_grow_within_a_second),
        cmocka_unit_test(test_no_result_is_likelier_than_another),
        cmocka_unit_test(test_every_letter_of_the_alphabet_comes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
