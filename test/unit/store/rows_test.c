/* Structs to rows and back, for every table of the database. */
#include "lib/thing.h"
#include "lib/unit.h"
#include "lib/world.h"

#include "resources/coupon.h"
#include "resources/promotion_code.h"
#include "store/rows.h"
#include "store/sqlite.h"

static struct world world;
static struct db *reader;

static int set_up(void **state)
{
    (void)state;
    world_open(&world);
    reader = world_reader(&world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sqlite_close(reader);
    world_close(&world);
    return 0;
}

static const struct table_statements *statements_of(const struct resource *resource)
{
    return &world.service.catalog.of[resource->number];
}

static void *read_from(struct db *db, struct request *request, const struct resource *resource,
                       int64_t row)
{
    void *object = arena_alloc(request->arena, resource->schema.size);
    struct query query = db_query(db, &statements_of(resource)->by_seq);
    db_remember(&query);
    db_bind_int(&query, request->tenant);
    db_bind_int(&query, row);
    if (!db_row(&query))
        return NULL;
    rows_read(request, &query, &resource->schema, object);
    db_end(&query);
    return object;
}

static void check_same(const struct schema *schema, const void *a, const void *b);

/* What the database has, and what a connection that keeps rows says the second time. */
static void *read_back(struct request *request, const struct resource *resource, int64_t row)
{
    void *object = read_from(request->db, request, resource, row);
    db_begin(reader, false);
    void *found = read_from(reader, request, resource, row);
    void *kept = read_from(reader, request, resource, row);
    db_rollback(reader);
    assert_int_equal(found == NULL, object == NULL);
    assert_int_equal(kept == NULL, object == NULL);
    if (object) {
        check_same(&resource->schema, object, found);
        check_same(&resource->schema, object, kept);
    }
    return object;
}

static bool is_kept(const struct field *field)
{
    return field_is_stored(field) && !field->column && strcmp(field->name, "object.created") != 0;
}

static void check_same(const struct schema *schema, const void *a, const void *b)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!is_kept(field))
            continue;
        if (field->kind == KIND_HASH) /* some of its rows may be derived */
            check_same(field->of, (const char *)a + field->offset, (const char *)b + field->offset);
        else if (!field_equal(field, a, b))
            BREAKS("%s.%s is not what was stored", schema->name, field->name);
        if (field->kind == KIND_REF && field->of && field->of->referred_by_seq)
            assert_int_equal(CONST_MEMBER(field, a, struct ref)->row,
                             CONST_MEMBER(field, b, struct ref)->row);
    }
}

/* Codes are read together with their coupon. */
static int64_t add_coupon(struct request *request)
{
    struct coupon *coupon = ARENA_NEW(request->arena, struct coupon);
    coupon->object.id = STR("PARENT");
    coupon->object.row = db_next_row(request->db, request->now);
    coupon->object.created.seconds = request->now;
    coupon->duration.value = DURATION_ONCE;
    coupon->redeem_by = (struct opt_time){true, 77};
    assert_int_equal(
        rows_insert(request, statements_of(&coupon_resource), &coupon_resource.schema, coupon),
        DB_DONE);
    return coupon->object.row;
}

static void *new_full_object(struct request *request, struct chance *chance,
                             const struct resource *resource)
{
    struct object *object = arena_alloc(request->arena, resource->schema.size);
    fill_object(request->arena, chance, &resource->schema, object);
    object->id = str_format(request->arena, "id_%llu", (unsigned long long)chance_next(chance));
    object->row = db_next_row(request->db, request->now);
    object->created.seconds = request->now;
    if (resource == &promotion_code_resource) {
        ((struct promotion_code *)object)->promotion.coupon.row = add_coupon(request);
        ((struct promotion_code *)object)->customer.id = object->id; /* unique */
    }
    return object;
}

TEST(test_every_object_comes_back_whole)
{
    struct chance chance = {10};
    for (size_t i = 0; i < RESOURCE_COUNT; i++) {
        const struct resource *resource = resources[i];
        for (int round = 0; resource->table.name && round < 20; round++) {
            struct request *request = world_request(&world);
            world_sql(&world, "DELETE FROM coupons");
            world_sql(&world, "DELETE FROM portal_configurations"); /* one is the default */
            const struct object *object = new_full_object(request, &chance, resource);
            assert_int_equal(
                rows_insert(request, statements_of(resource), &resource->schema, object), DB_DONE);
            const struct object *again = read_back(request, resource, object->row);
            assert_non_null(again);
            assert_true(str_equal(again->id, object->id));
            assert_int_equal(again->row, object->row);
            assert_int_equal(again->created.seconds, object->created.seconds);
            assert_false(again->deleted);
            check_same(&resource->schema, object, again);
        }
    }
}

/* Each member is emptied in turn; columns that must not be NULL refuse it. */
TEST(test_every_member_can_be_emptied_by_an_update)
{
    struct chance chance = {11};
    for (size_t i = 0; i < RESOURCE_COUNT; i++) {
        const struct resource *resource = resources[i];
        if (!resource->table.name)
            continue;
        struct request *request = world_request(&world);
        world_sql(&world, "DELETE FROM coupons");
        struct object *object = new_full_object(request, &chance, resource);
        assert_int_equal(rows_insert(request, statements_of(resource), &resource->schema, object),
                         DB_DONE);
        size_t emptied = 0;
        for (size_t j = 0; j < resource->schema.count; j++) {
            const struct field *field = &resource->schema.fields[j];
            if (!is_kept(field))
                continue;
            struct object *less = arena_alloc(request->arena, resource->schema.size);
            memcpy(less, object, resource->schema.size);
            clear_member(field, less);
            enum db_result result =
                rows_update(request, statements_of(resource), &resource->schema, less);
            if (result == DB_CONFLICT)
                continue;
            assert_int_equal(result, DB_DONE);
            assert_int_equal(db_changes(world.db), 1);
            check_same(&resource->schema, less, read_back(request, resource, object->row));
            emptied += field_is_empty(field, less);
        }
        assert_true(emptied > 0);
        rows_update(request, statements_of(resource), &resource->schema, object);
        check_same(&resource->schema, object, read_back(request, resource, object->row));
    }
}

TEST(test_columns_of_other_tables_are_read_with_the_row)
{
    struct chance chance = {12};
    struct request *request = world_request(&world);
    struct promotion_code *code = new_full_object(request, &chance, &promotion_code_resource);
    rows_insert(request, statements_of(&promotion_code_resource), &promotion_code_resource.schema,
                code);
    assert_int_equal(((const struct promotion_code *)read_back(request, &promotion_code_resource,
                                                               code->object.row))
                         ->times_redeemed,
                     0);
    world_sql(&world, "INSERT INTO promotion_code_uses (tenant, promotion_code, times_redeemed)"
                      " SELECT tenant, seq, 3 FROM promotion_codes");
    world_sql(&world, "INSERT INTO coupon_uses (tenant, coupon, times_redeemed)"
                      " SELECT tenant, seq, 4 FROM coupons");
    const struct promotion_code *again =
        read_back(request, &promotion_code_resource, code->object.row);
    assert_int_equal(again->times_redeemed, 3);
    assert_int_equal(again->coupon_state.times_redeemed, 4);
    assert_true(again->coupon_state.redeem_by.set);
    assert_int_equal(again->coupon_state.redeem_by.seconds, 77);
    assert_false(again->coupon_state.deleted_at.set);
}

static const struct object *find(struct request *request, const struct statement *statement)
{
    struct object *object = arena_alloc(request->arena, coupon_resource.schema.size);
    struct query query = db_query(request->db, statement);
    db_bind_int(&query, request->tenant);
    db_bind_str(&query, STR("SAME"));
    if (!db_row(&query))
        return NULL;
    rows_read(request, &query, &coupon_resource.schema, object);
    db_end(&query);
    return object;
}

TEST(test_an_id_can_be_used_again_after_deletion)
{
    struct chance chance = {13};
    struct request *request = world_request(&world);
    const struct table_statements *statements = statements_of(&coupon_resource);
    int64_t rows[3];
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        struct object *coupon = new_full_object(request, &chance, &coupon_resource);
        coupon->id = STR("SAME");
        rows[i] = coupon->row;
        assert_int_equal(rows_insert(request, statements, &coupon_resource.schema, coupon),
                         DB_DONE);
        assert_int_equal(find(request, &statements->by_id)->row, rows[i]);
        coupon->row = db_next_row(request->db, request->now);
        assert_int_equal(rows_insert(request, statements, &coupon_resource.schema, coupon),
                         DB_CONFLICT); /* while it lives, nobody else can have it */
        struct query query = db_query(request->db, &statements->mark_deleted);
        db_bind_int(&query, request->now);
        db_bind_int(&query, request->tenant);
        db_bind_int(&query, rows[i]);
        assert_int_equal(db_run(&query), DB_DONE);
        assert_null(find(request, &statements->by_id));
        assert_int_equal(find(request, &statements->by_id_past)->row, rows[i]); /* the last one */
        assert_true(find(request, &statements->by_id_past)->deleted);
    }
    request->tenant++;
    assert_null(find(request, &statements->by_id_past)); /* of another tenant */
}

TEST(test_every_declared_statement_can_be_prepared)
{
    size_t count = 0;
    for (const struct statement *s = statements_begin(); s < statements_end(); s++, count++) {
        struct query query = db_query(world.db, s);
        if (db_failed(world.db) != DB_OK)
            BREAKS("%s: %.*s", s->sql, STR_FMT(db_failure_text(world.db)));
        db_end(&query);
    }
    assert_true(count > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_object_comes_back_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_member_can_be_emptied_by_an_update, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_columns_of_other_tables_are_read_with_the_row, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_an_id_can_be_used_again_after_deletion, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_every_declared_statement_can_be_prepared, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
