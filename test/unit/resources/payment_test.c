/* Charging a customer from within, as invoices do. */
#include "lib/unit.h"
#include "lib/world.h"

#include "base/request.h"
#include "base/version.h"
#include "resources/customer.h"
#include "resources/payment.h"
#include "resources/payment_intent.h"

static struct world world;

static int set_up(void **state)
{
    (void)state;
    world_open(&world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_close(&world);
    return 0;
}

/* The id of a new customer. */
static struct str customer(const char *form)
{
    static const struct route route = {
        .resource = &customer_resource, .parameters = &customer_resource.schema, .in = CREATE};
    struct request *request = world_form(&world, V_NEWEST, form);
    struct answer answer;
    db_begin(world.db, true);
    assert_true(resource_create(request, &route, &answer));
    assert_true(db_commit(world.db));
    return str_copy(&world.arena, ((const struct object *)answer.object)->id);
}

/* Charges; what the intent is like stays readable until the next request. */
static enum payment_outcome charge(struct str customer, const char *method,
                                   struct payment_intent **intent)
{
    const struct charge charge = {
        .customer = customer,
        .amount = 1900,
        .currency = STR("usd"),
        .payment_method = str_from(method),
        .invoice = STR("in_1"),
        .description = STR("Tea"),
    };
    struct request *request = world_request(&world);
    db_begin(world.db, true);
    enum payment_outcome outcome = payment_charge(request, &charge, intent);
    assert_true(db_commit(world.db));
    assert_int_equal(request->error.type, ERROR_NONE);
    return outcome;
}

TEST(test_a_customer_without_a_method_cannot_be_charged)
{
    struct payment_intent *intent;
    assert_int_equal(charge(customer("name=Ann"), NULL, &intent), PAYMENT_NO_METHOD);
    assert_null(intent);
    assert_int_equal(charge(customer("payment_method=pm_card_visa"), NULL, &intent),
                     PAYMENT_NO_METHOD); /* saved, but not the default */
    assert_int_equal(charge(customer(""), "pm_none", &intent), PAYMENT_NO_METHOD);
    struct str ann = customer("source=tok_visa");
    world_sql(&world, "UPDATE payment_methods SET detached = 1");
    assert_int_equal(charge(ann, NULL, &intent), PAYMENT_NO_METHOD);
    assert_int_equal(world_int(&world, "SELECT COUNT(*) FROM payment_intents"), 0);
}

TEST(test_the_default_method_pays)
{
    struct payment_intent *intent;
    struct str ann = customer("payment_method=pm_card_visa&"
                              "invoice_settings[default_payment_method]=pm_card_visa");
    assert_int_equal(charge(ann, NULL, &intent), PAYMENT_PAID);
    assert_true(str_equal(intent->customer.id, ann));
    assert_int_equal(intent->amount_received, 1900);
    assert_str(intent->invoice, "in_1");
    assert_str(intent->description, "Tea");
    assert_non_null(intent->latest_charge.id.data);
    assert_int_equal(world_int(&world, "SELECT COUNT(*) FROM payment_intents WHERE "
                                       "status = 'succeeded' AND invoice = 'in_1'"),
                     1);
}

TEST(test_without_a_default_method_the_source_pays)
{
    struct payment_intent *intent;
    assert_int_equal(charge(customer("source=tok_amex"), NULL, &intent), PAYMENT_PAID);
    assert_true(str_starts(intent->payment_method.id, STR("card_")));
}

TEST(test_a_method_that_is_named_pays_in_place_of_the_default)
{
    struct payment_intent *intent;
    struct str ann = customer("source=tok_chargeCustomerFail");
    assert_int_equal(charge(ann, "pm_card_visa", &intent), PAYMENT_PAID);
    assert_true(str_starts(intent->payment_method.id, STR("pm_1"))); /* with an id of its own */
}

TEST(test_a_declined_charge_leaves_an_intent_that_explains)
{
    struct payment_intent *intent;
    struct str ann = customer("source=tok_chargeCustomerFail");
    assert_int_equal(charge(ann, NULL, &intent), PAYMENT_DECLINED);
    assert_null_str(intent->payment_method.id);
    assert_str(intent->last_payment_error->decline_code, "generic_decline");
    assert_int_equal(world_int(&world, "SELECT COUNT(*) FROM payment_intents WHERE "
                                       "status = 'requires_payment_method'"),
                     1);
    assert_int_equal(
        world_int(&world,
                  "SELECT COUNT(*) FROM events WHERE type = 'payment_intent.payment_failed'"),
        1);
    assert_false(fail_declined(&world.request, intent));
    assert_int_equal(world.request.error.status, 402);
    assert_str(world.request.error.code, "card_declined");
    assert_true(world.request.error.keeps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_customer_without_a_method_cannot_be_charged, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_the_default_method_pays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_a_default_method_the_source_pays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_method_that_is_named_pays_in_place_of_the_default,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_declined_charge_leaves_an_intent_that_explains,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
