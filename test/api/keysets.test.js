// Which keys objects have in which version, as recorded from the API that is spoken here. Each version names what
// was added to and removed from the one before.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { account } from '../lib/billing.js';
import { raw } from '../lib/client.js';
import { start } from '../lib/server.js';

let server;
let shared; // what is read: parts are made when first asked for
before(async () => {
    server = await start();
    shared = world();
});
after(() => server?.stop());

const CLOVER = '2025-10-29.clover';
const DAHLIA = '2026-03-25.dahlia';
const ADDRESSED = { [DAHLIA]: '+customer_account' };

const LINE = {
    '2020-08-27': `id object amount currency description discount_amounts discountable discounts livemode metadata
        period plan price proration quantity subscription tax_amounts tax_rates type`,
    '2022-11-15': '+amount_excluding_tax +proration_details +unit_amount_excluding_tax',
    '2024-06-20': '+invoice',
    '2024-12-18.acacia': '+parent +pretax_credit_amounts +pricing +taxes',
    [CLOVER]: `-amount_excluding_tax -plan -price -proration -proration_details -subscription -tax_amounts -tax_rates
        -type -unit_amount_excluding_tax`,
    [DAHLIA]: '+quantity_decimal +subtotal',
};
const LIST = {
    '2020-08-27': 'object data has_more total_count url',
    [CLOVER]: '',
    [DAHLIA]: '',
};

const SETS = {
    customer: {
        '2020-08-27': `id object address balance created currency default_source delinquent description discount email
            invoice_prefix invoice_settings livemode metadata name next_invoice_sequence phone preferred_locales
            shipping tax_exempt test_clock`,
        ...ADDRESSED,
    },
    discount: {
        '2020-08-27': `id object checkout_session coupon customer end invoice invoice_item promotion_code start
            subscription`,
        [CLOVER]: '-coupon +source +subscription_item',
        ...ADDRESSED,
    },
    coupon: {
        '2020-08-27': `id object amount_off created currency duration duration_in_months livemode max_redemptions
            metadata name percent_off redeem_by times_redeemed valid`,
        [CLOVER]: '',
    },
    price: {
        '2020-08-27': `id object active billing_scheme created currency livemode lookup_key metadata nickname product
            recurring tax_behavior tiers_mode transform_quantity type unit_amount unit_amount_decimal`,
        '2022-11-15': '+custom_unit_amount',
    },
    subscription: {
        '2020-08-27': `id object application_fee_percent automatic_tax billing_cycle_anchor billing_thresholds
            cancel_at cancel_at_period_end canceled_at collection_method created current_period_end
            current_period_start customer days_until_due default_payment_method default_source default_tax_rates
            discount ended_at items latest_invoice livemode metadata next_pending_invoice_item_invoice
            pause_collection payment_settings pending_invoice_item_interval pending_setup_intent pending_update plan
            quantity schedule start_date status transfer_data trial_end trial_start`,
        '2023-08-16': `+application +cancellation_details +currency +description +on_behalf_of +test_clock
            +trial_settings`,
        [CLOVER]: `+billing_cycle_anchor_config +billing_mode +discounts +invoice_settings -current_period_end
            -current_period_start -discount`,
        ...ADDRESSED,
    },
    subscription_item: {
        '2020-08-27': 'id object billing_thresholds created metadata plan price quantity subscription tax_rates',
        [CLOVER]: '+current_period_end +current_period_start +discounts',
    },
    invoice: {
        '2020-08-27': `id object account_country account_name account_tax_ids amount_due amount_paid amount_remaining
            application_fee_amount attempt_count attempted auto_advance automatic_tax billing_reason charge
            collection_method created currency custom_fields customer customer_address customer_email customer_name
            customer_phone customer_shipping customer_tax_exempt customer_tax_ids default_payment_method
            default_source default_tax_rates description discount discounts due_date ending_balance footer
            hosted_invoice_url invoice_pdf last_finalization_error lines livemode metadata next_payment_attempt
            number on_behalf_of paid payment_intent payment_settings period_end period_start
            post_payment_credit_notes_amount pre_payment_credit_notes_amount quote receipt_number starting_balance
            statement_descriptor status status_transitions subscription subtotal tax total total_discount_amounts
            total_tax_amounts transfer_data webhooks_delivered_at`,
        '2022-11-15': `+application +from_invoice +latest_revision +paid_out_of_band +rendering_options
            +subtotal_excluding_tax +test_clock +total_excluding_tax`,
        '2024-06-20': `+amount_shipping +automatically_finalizes_at +effective_at +issuer +rendering +shipping_cost
            +shipping_details +subscription_details -rendering_options`,
        '2024-12-18.acacia': '+amount_overpaid +parent +total_pretax_credit_amounts +total_taxes',
        [CLOVER]: `-application_fee_amount -charge -discount -paid -paid_out_of_band -payment_intent -quote
            -subscription -subscription_details -tax -total_tax_amounts -transfer_data`,
        ...ADDRESSED,
    },
    'line of a subscription': {
        ...LINE,
        '2020-08-27': `${LINE['2020-08-27']} subscription_item`,
        [CLOVER]: `${LINE[CLOVER]} -subscription_item`,
    },
    'line of an item': {
        ...LINE,
        '2020-08-27': `${LINE['2020-08-27']} invoice_item`,
        [CLOVER]: `${LINE[CLOVER]} -invoice_item`,
    },
    invoiceitem: {
        [CLOVER]: `id object amount currency customer date description discountable discounts invoice livemode
            metadata parent period pricing proration quantity tax_rates test_clock`,
        [DAHLIA]: '+customer_account +quantity_decimal',
    },
    'checkout.session': {
        '2020-08-27': `id object after_expiration allow_promotion_codes amount_subtotal amount_total automatic_tax
            billing_address_collection cancel_url client_reference_id consent consent_collection created currency
            customer customer_creation customer_details customer_email expires_at livemode locale metadata mode
            payment_intent payment_link payment_method_options payment_method_types payment_status
            phone_number_collection recovered_from setup_intent shipping shipping_address_collection shipping_options
            shipping_rate status submit_type subscription success_url total_details url`,
        '2022-11-15': '+payment_method_collection +shipping_cost +shipping_details -shipping -shipping_rate',
        '2023-08-16': '+currency_conversion +custom_fields +custom_text +invoice +invoice_creation',
        '2023-10-16': '+client_secret +payment_method_configuration_details +ui_mode',
        '2024-06-20': '+saved_payment_method_options',
        '2025-02-24.acacia': '+adaptive_pricing +collected_information +discounts',
        '2025-03-31.basil': '+permissions -shipping_details',
        [CLOVER]: '+branding_settings +origin_context +wallet_options',
        [DAHLIA]: '+customer_account +integration_identifier',
        '2026-10-28.endive': '+allowed_payment_method_types +managed_payments',
    },
    'line of a session': {
        '2020-08-27': 'id object amount_subtotal amount_total currency description price quantity',
        '2022-11-15': '+amount_discount +amount_tax',
        [DAHLIA]: '+adjustable_quantity +metadata',
    },
    'list of lines': LIST,
    'list of items': LIST,
    invoice_payment: {
        [CLOVER]: `id object amount_paid amount_requested created currency invoice is_default livemode payment status
            status_transitions`,
    },
};

// Objects made in the newest version, to be read in others.
function world() {
    const own = account(server);
    const made = {};
    const once = (name, make) => () => (made[name] ??= make());
    const parts = {
        coupon: once('coupon', () => own.coupon({ duration: 'forever' })),
        customer: once('customer', async () =>
            own.older.customers.create({ email: 'a@example.com', coupon: (await parts.coupon()).id })),
        price: once('price', () => own.price(2500, { interval: 'month' })),
        subscription: once('subscription', async () => own.sdk.subscriptions.create({
            customer: (await own.payer()).id,
            items: [{ price: (await parts.price()).id }],
            discounts: [{ coupon: (await parts.coupon()).id }],
        })),
        session: once('session', async () => own.sdk.checkout.sessions.create({
            mode: 'subscription', success_url: 'https://shop.example/', line_items: [{ price: (await parts.price()).id }],
        })),
        item: once('item', async () => {
            const { id: customer } = await parts.customer();
            const { id: invoice } = await own.sdk.invoices.create({ customer });
            const discounts = [{ coupon: (await parts.coupon()).id }];
            return own.sdk.invoiceItems.create({ customer, invoice, amount: 1900, discounts });
        }),
    };
    return { key: own.key, ...parts };
}

async function read(version, path) {
    const { status, json, text } = await raw(server, { path: `/v1/${path}`, key: shared.key, version });
    assert.equal(status, 200, `${path}: ${text}`);
    return json;
}

const subscription = async (version) => read(version, `subscriptions/${(await shared.subscription()).id}`);
const firstInvoice = async (version) => read(version, `invoices/${(await shared.subscription()).latest_invoice}`);
const ownInvoice = async (version) => read(version, `invoices/${(await shared.item()).invoice}`);
const customer = async (version) => read(version, `customers/${(await shared.customer()).id}`);

const READ = {
    customer,
    discount: async (version) => (await customer(version)).discount,
    coupon: async (version) => read(version, `coupons/${(await shared.coupon()).id}`),
    price: async (version) => read(version, `prices/${(await shared.price()).id}`),
    subscription,
    subscription_item: async (version) => (await subscription(version)).items.data[0],
    invoice: firstInvoice,
    'line of a subscription': async (version) => (await firstInvoice(version)).lines.data[0],
    'line of an item': async (version) => (await ownInvoice(version)).lines.data[0],
    invoiceitem: async (version) => read(version, `invoiceitems/${(await shared.item()).id}`),
    'checkout.session': async (version) => read(version, `checkout/sessions/${(await shared.session()).id}`),
    'line of a session': async (version) =>
        (await read(version, `checkout/sessions/${(await shared.session()).id}/line_items`)).data[0],
    'list of lines': async (version) => (await firstInvoice(version)).lines,
    'list of items': async (version) => (await subscription(version)).items,
    invoice_payment: async (version) =>
        (await read(version, `invoice_payments?invoice=${(await shared.subscription()).latest_invoice}`)).data[0],
};

for (const [name, versions] of Object.entries(SETS)) {
    const keys = new Set();
    for (const [version, changes] of Object.entries(versions)) {
        for (const change of changes.split(/\s+/).filter(Boolean)) {
            if (change.startsWith('-')) assert(keys.delete(change.slice(1)), `${name}: ${change} was not there`);
            else keys.add(change.replace('+', ''));
        }
        const expected = [...keys].sort();
        test(`${name} in ${version}`, async () => {
            assert.deepEqual(Object.keys(await READ[name](version)).sort(), expected);
        });
    }
}

// ---- the same objects inside others ----

for (const version of ['2020-08-27', '2024-12-18.acacia']) {
    test(`before clover a discount holds its coupon, and a subscription its discount: ${version}`, async () => {
        const { discount } = await subscription(version);
        const { coupon } = discount;
        assert.deepEqual([coupon.object, coupon.percent_off], ['coupon', 50]);
        assert.deepEqual(coupon, await READ.coupon(version));
    });
}

test('since clover a discount names its coupon', async () => {
    const { discount } = await customer(CLOVER);
    assert.deepEqual(discount.source, { coupon: (await shared.coupon()).id, type: 'coupon' });
});

for (const version of ['2020-08-27', DAHLIA]) {
    test(`items and subscriptions of one item have the plan of their price: ${version}`, async () => {
        const { plan, quantity, items: { data: [item] } } = await subscription(version);
        assert.deepEqual([plan.object, plan.id, plan.amount], ['plan', item.price.id, 2500]);
        assert.deepEqual([item.plan, quantity], [plan, 1]);
    });
}

test('the sum of a list counts all of it', async () => {
    const { lines } = await firstInvoice(DAHLIA);
    assert.deepEqual([lines.object, lines.data.length, lines.total_count, lines.has_more], ['list', 1, 1, false]);
    assert.equal(lines.url, `/v1/invoices/${(await shared.subscription()).latest_invoice}/lines`);
});
