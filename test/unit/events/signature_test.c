/* Signatures of deliveries, against values from another implementation. */
#include "lib/unit.h"

#include "events/signature.h"
#include "lib/arena.h"

TEST(test_the_signature_covers_time_and_body_under_the_whole_secret)
{
    static const char *const lines[] = {
        "t=1790000000,v1=1c2847ad1f8158a1da978f36627ac1f07f7fd027321ac9ad40bccc06743f8396",
        "t=1,v1=e8ca145c230e173058b832513fdd76cdce509645c09995562ea24a207b02a1dc",
        "t=0,v1=a2fa7a43c6a1cf2e784eaf3327d65c65b3d2b790320ebed9aa5661bc42a8cccd",
    };
    char long_secret[107] = "whsec_"; /* longer than a block of the hash */
    memset(long_secret + 6, 'x', 100);
    struct str secret = STR("whsec_test");
    assert_str(signature_make(&arena, secret, 1790000000, STR("{}")), lines[0]);
    assert_str(signature_make(&arena, str_from(long_secret), 1, STR("é")), lines[1]);
    assert_str(signature_make(&arena, secret, 0, STR("")), lines[2]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_signature_covers_time_and_body_under_the_whole_secret),
    };
    return cmocka_run_group_tests(tests, arena_set_up, arena_tear_down);
}
