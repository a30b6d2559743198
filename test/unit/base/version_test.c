/* API versions and how a request names one. */
#include "lib/unit.h"

#include "base/version.h"

TEST(test_headers_name_versions)
{
    static const struct {
        const char *header;
        int32_t version; /* 0: refused */
        const char *name;
    } cases[] = {
        {"2026-10-28.endive", V_NEWEST, "2026-10-28.endive"},
        {"2025-09-30.clover", V_CLOVER, "2025-09-30.clover"},
        {"2023-10-16", 20231016, "2023-10-16"},
        {"2020-08-27", V_2020_08_27, "2020-08-27"},
        {"2011-01-01", V_2020_08_27, "2011-01-01"}, /* rendered as the oldest shape */
        {"2026-11-25.fennel", V_NEWEST, "2026-10-28.endive"},
        {"2099-01-01", V_NEWEST, "2026-10-28.endive"},
        {"2023-10-16; custom_checkout_beta=v1", 20231016, "2023-10-16"},
        {"2023-10-16 ;x", 20231016, "2023-10-16"},
        {"2026-10-29", V_NEWEST, "2026-10-28.endive"}, /* the day after */
        {"2026-10-28", 0, NULL},                       /* without its name it is unknown */
        {"2025-09-30.basil", 0, NULL},
        {"2023-10-17", 0, NULL}, /* no version of that day */
        {"2011-01-00", 0, NULL},
        {"2099-13-01", 0, NULL},
        {"2099-00-01", 0, NULL},
        {"2099-01-32", 0, NULL},
        {"2099-01-01.", 0, NULL},
        {"2099-01-01.Fennel", 0, NULL},
        {"2099-01-01.f1", 0, NULL},
        {"2099-01-01x", 0, NULL},
        {"2099/01/01", 0, NULL},
        {"20990101", 0, NULL},
        {"latest", 0, NULL},
        {" 2023-10-16", 0, NULL},
        {"", 0, NULL},
        {";", 0, NULL},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        int32_t version = 0;
        struct str name = STR_NULL;
        bool good = version_parse(str_from(cases[i].header), &version, &name);
        if (good != (cases[i].version != 0) || version != cases[i].version ||
            !str_is(name, cases[i].name))
            BREAKS("\"%s\" is read as %d, %d, %.*s", cases[i].header, good, version, STR_FMT(name));
    }
}

TEST(test_every_known_name_is_accepted_and_echoed)
{
    for (size_t i = 0; i < version_count; i++) {
        int32_t version = 0;
        struct str name = STR_NULL;
        assert_true(version_parse(str_from(version_names[i]), &version, &name));
        assert_str(name, version_names[i]);
        assert_true(version >= V_2020_08_27 && version <= V_NEWEST);
        if (i > 0)
            assert_true(strncmp(version_names[i - 1], version_names[i], 10) < 0);
    }
}

TEST(test_gates_stand_at_versions_that_exist)
{
    static const int32_t gates[] = {V_2020_08_27, V_2022_08_01, V_2023_08_16, V_2024_04_10, V_BASIL,
                                    V_CLOVER,     V_2025_12_15, V_ENDIVE,     V_NEWEST};
    for (size_t i = 0; i < ARRAY_LENGTH(gates); i++)
        if (!version_name(gates[i]).data)
            BREAKS("there is no version %d", gates[i]);
    assert_str(version_name(V_BASIL), "2025-03-31.basil");
    assert_null_str(version_name(20250332));
    assert_str(version_newest(), "2026-10-28.endive");
    assert_str(version_name(V_NEWEST), "2026-10-28.endive");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers_name_versions),
        cmocka_unit_test(test_every_known_name_is_accepted_and_echoed),
        cmocka_unit_test(test_gates_stand_at_versions_that_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
