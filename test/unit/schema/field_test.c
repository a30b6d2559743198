/* What every table has to keep to, whatever it describes. */
#include "lib/unit.h"

#include "resources/registry.h"

typedef void table_fn(const struct schema *schema, const struct field *field);

/* Calls `each` for every row of a table and of the hashes in it; as deep as the tables nest. */
static void each_row(const struct schema *schema, table_fn *each)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        each(schema, field);
        if (field->of && field->kind != KIND_REF)
            each_row(field->of, each);
    }
}

static void each_table(table_fn *each)
{
    for (size_t i = 0; i < RESOURCE_COUNT; i++)
        each_row(&resources[i]->schema, each);
}

/* A row is shown, not only a parameter. */
static bool is_shown(const struct field *field)
{
    return !(field->is & (INPUT | INTERNAL));
}

static void check_order(const struct schema *schema, const struct field *field)
{
    if (!is_shown(field) || strcmp(field_name(field), "id") == 0 ||
        strcmp(field_name(field), "object") == 0)
        return;
    for (const struct field *later = field + 1; later < schema->fields + schema->count; later++)
        if (is_shown(later) && strcmp(field_name(later), field_name(field)) < 0)
            BREAKS("%s: %s comes after %s", schema->name, field_name(later), field_name(field));
}

TEST(test_rows_are_alphabetical_on_the_wire)
{
    each_table(check_order);
}

TEST(test_the_id_comes_first)
{
    for (size_t i = 0; i < RESOURCE_COUNT; i++) {
        const struct schema *schema = &resources[i]->schema;
        if (!schema->is_object)
            continue; /* an answer that is nothing to come back to */
        assert_string_equal(field_name(&schema->fields[0]), "id");
        for (size_t j = 1; j < schema->count; j++)
            assert_string_not_equal(field_name(&schema->fields[j]), "id");
    }
}

static void check_help(const struct schema *schema, const struct field *field)
{
    if (!field->help || strlen(field->help) < 3 || field->help[strlen(field->help) - 1] != '.')
        BREAKS("%s.%s has no description that is a sentence", schema->name, field_name(field));
}

TEST(test_every_row_is_described)
{
    each_table(check_help);
    for (size_t i = 0; i < RESOURCE_COUNT; i++)
        assert_non_null(resources[i]->schema.help);
}

static void check_required(const struct schema *schema, const struct field *field)
{
    if ((field->is & REQUIRED) && !(field->in & (CREATE | ACTION)))
        BREAKS("%s.%s is required of what nobody can send", schema->name, field_name(field));
    if ((field->is & CLEARS_ON_CREATE) && !(field->in & CREATE))
        BREAKS("%s.%s clears on creation, but is not its parameter", schema->name,
               field_name(field));
    if ((field->is & CLEARS_ON_UPDATE) && !(field->in & (UPDATE | ACTION)))
        BREAKS("%s.%s clears on update, but is not its parameter", schema->name, field_name(field));
}

TEST(test_parameters_only_promise_what_they_are)
{
    each_table(check_required);
}

static void check_versions(const struct schema *schema, const struct field *field)
{
    if (field->until && field->since >= field->until)
        BREAKS("%s.%s ends before it begins", schema->name, field_name(field));
    if (field->since && !version_name(field->since).data)
        BREAKS("%s.%s begins at %d, which is no version", schema->name, field_name(field),
               field->since);
    if (field->until && !version_name(field->until).data)
        BREAKS("%s.%s ends at %d, which is no version", schema->name, field_name(field),
               field->until);
    if (field->since && field->since <= V_2020_08_27)
        BREAKS("%s.%s begins before the oldest shape", schema->name, field_name(field));
}

TEST(test_gates_are_versions_in_order)
{
    each_table(check_versions);
}

static bool versions_meet(const struct field *a, const struct field *b)
{
    return (a->until == 0 || b->since < a->until) && (b->until == 0 || a->since < b->until);
}

static void check_twins(const struct schema *schema, const struct field *field)
{
    for (const struct field *other = field + 1; other < schema->fields + schema->count; other++) {
        if (strcmp(field_name(other), field_name(field)) != 0 || !versions_meet(field, other))
            continue;
        if (is_shown(field) && is_shown(other))
            BREAKS("%s.%s is shown twice in one version", schema->name, field_name(field));
        if (field->in & other->in)
            BREAKS("%s.%s is the same parameter twice", schema->name, field_name(field));
    }
}

TEST(test_no_version_has_two_rows_for_one_thing)
{
    each_table(check_twins);
}

static void check_kind(const struct schema *schema, const struct field *field)
{
    bool nested = field->kind == KIND_HASH || field->kind == KIND_OPT_HASH ||
                  field->kind == KIND_LIST || field->kind == KIND_DICTIONARY;
    if (nested && !field->of)
        BREAKS("%s.%s has no table", schema->name, field_name(field));
    if ((field->kind == KIND_CHOICE) != (field->values != NULL))
        BREAKS("%s.%s: values belong to choices", schema->name, field_name(field));
    if (field->kind == KIND_REF && field->of && !field->of->is_object)
        BREAKS("%s.%s refers to what is no object", schema->name, field_name(field));
    if (field->max && field->max < field->min)
        BREAKS("%s.%s: no value is allowed", schema->name, field_name(field));
    if (field->in && field->kind == KIND_PERCENT && !field->max)
        BREAKS("%s.%s has no largest value", schema->name, field_name(field));
    if ((field->in & FILTER) && (field->in & (CREATE | UPDATE)) == 0 && is_shown(field) &&
        field->kind == KIND_CONSTANT)
        BREAKS("%s.%s: a constant filters nothing", schema->name, field_name(field));
}

TEST(test_rows_say_what_their_kind_needs)
{
    each_table(check_kind);
}

/* request->given has a bit for each row. */
TEST(test_tables_have_at_most_128_rows)
{
    for (size_t i = 0; i < RESOURCE_COUNT; i++)
        assert_true(resources[i]->schema.count <= 128);
}

TEST(test_resources_are_found_by_the_name_of_their_objects)
{
    for (size_t i = 0; i < RESOURCE_COUNT; i++) {
        assert_int_equal(resources[i]->number, i);
        assert_ptr_equal(resource_named(str_from(resources[i]->schema.name)), resources[i]);
        if (resources[i]->schema.is_object)
            assert_ptr_equal(resource_of(&resources[i]->schema), resources[i]);
    }
    assert_null(resource_named(STR("nothing")));
    assert_null(resource_named(STR_NULL));
}

TEST(test_parameters_are_found_by_name_operation_and_version)
{
    const struct schema *codes = &resources[RESOURCE_promotion_code]->schema;
    assert_non_null(schema_parameter(codes, STR("promotion"), CREATE, V_CLOVER));
    assert_null(schema_parameter(codes, STR("promotion"), CREATE, V_BASIL));
    assert_null(schema_parameter(codes, STR("promotion"), UPDATE, V_CLOVER));
    assert_non_null(schema_parameter(codes, STR("coupon"), CREATE, V_BASIL));
    assert_null(schema_parameter(codes, STR("coupon"), CREATE, V_CLOVER));
    assert_non_null(schema_parameter(codes, STR("coupon"), FILTER, V_CLOVER));
    assert_null(schema_parameter(codes, STR("enabled"), CREATE | UPDATE | FILTER, V_NEWEST));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_alphabetical_on_the_wire),
        cmocka_unit_test(test_the_id_comes_first),
        cmocka_unit_test(test_every_row_is_described),
        cmocka_unit_test(test_parameters_only_promise_what_they_are),
        cmocka_unit_test(test_gates_are_versions_in_order),
        cmocka_unit_test(test_no_version_has_two_rows_for_one_thing),
        cmocka_unit_test(test_rows_say_what_their_kind_needs),
        cmocka_unit_test(test_tables_have_at_most_128_rows),
        cmocka_unit_test(test_resources_are_found_by_the_name_of_their_objects),
        cmocka_unit_test(test_parameters_are_found_by_name_operation_and_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
