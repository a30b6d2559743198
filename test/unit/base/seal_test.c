/* Secrets at rest. */
#include "lib/unit.h"

#include "base/random.h"
#include "base/seal.h"
#include "lib/arena.h"

TEST(test_what_is_sealed_is_opened_by_the_same_key_only)
{
    static const unsigned char secret[SEAL_KEY_BYTES] = "a", other_secret[SEAL_KEY_BYTES] = "b";
    unsigned char key[SEAL_KEY_BYTES], other[SEAL_KEY_BYTES];
    struct random random;
    random_init(&random);
    seal_key_make(key, secret);
    seal_key_make(other, other_secret);
    struct str sealed = seal(&arena, &random, key, STR("whsec_1"));
    assert_true(str_starts(sealed, STR("sealed:")));
    assert_str(unseal(&arena, key, sealed), "whsec_1");
    assert_null(unseal(&arena, other, sealed).data);
    assert_null(unseal(&arena, key, STR("sealed:")).data);
    assert_null(unseal(&arena, key, STR("sealed:?")).data);
    assert_false(str_equal(sealed, seal(&arena, &random, key, STR("whsec_1"))));
}

TEST(test_what_was_never_sealed_stays_as_it_is)
{
    static const unsigned char key[SEAL_KEY_BYTES] = "a";
    assert_str(unseal(&arena, key, STR("whsec_1")), "whsec_1");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_sealed_is_opened_by_the_same_key_only),
        cmocka_unit_test(test_what_was_never_sealed_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
