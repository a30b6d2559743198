// Checkout Sessions: what is accepted, what they cost, who may use which discount, and how they end.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { refused, rejects } from '../lib/assert.js';
import { account, at } from '../lib/billing.js';
import { newKey, raw, stripe } from '../lib/client.js';
import { buy, card, open, press } from '../lib/pages.js';
import { start } from '../lib/server.js';

const SUCCESS = 'https://shop.example/done?session={CHECKOUT_SESSION_ID}';
const DAY = 86400;

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

// An account with a price of 100.00 and a way to open sessions for it.
async function shop() {
    const seller = account(server);
    const price = await seller.price(10000);
    return {
        ...seller,
        thing: price,
        checkout: (fields, options) => seller.sdk.checkout.sessions.create({
            mode: 'payment', success_url: SUCCESS, line_items: [{ price: price.id, quantity: 1 }], ...fields,
        }, options),
        code: (coupon, fields) =>
            seller.sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: coupon.id }, ...fields }),
        events: async () => (await seller.sdk.events.list({ limit: 100 })).data.reverse(),
    };
}

const LINE = { currency: 'usd', unit_amount: 500, product_data: { name: 'Sticker' } };

// ---- creation ----

test('a session is open for a day, unpaid, with a page of its own', async () => {
    const { checkout } = await shop();
    const session = await checkout();
    assert.match(session.id, /^cs_test_a1\w{58}$/);
    assert.equal(session.object, 'checkout.session');
    assert.equal(session.url, `${server.url}/c/pay/${session.id}`);
    assert.equal(session.expires_at, session.created + DAY);
    assert.deepEqual(
        [session.status, session.payment_status, session.payment_intent, session.subscription, session.currency],
        ['open', 'unpaid', null, null, 'usd']);
    assert.deepEqual([session.amount_subtotal, session.amount_total, session.discounts], [10000, 10000, []]);
    assert.deepEqual([session.customer_creation, session.payment_method_collection, session.invoice_creation.enabled],
        ['if_required', 'if_required', false]);
    assert.equal(session.success_url, SUCCESS);
});

test('a session keeps what it is given', async () => {
    const { sdk, checkout } = await shop();
    const { id } = await checkout({
        adaptive_pricing: { enabled: false },
        after_expiration: { recovery: { enabled: true, allow_promotion_codes: true } },
        allow_promotion_codes: true,
        allowed_payment_method_types: ['card'],
        automatic_tax: { enabled: false },
        billing_address_collection: 'required',
        cancel_url: 'https://shop.example/cart',
        client_reference_id: 'order-7',
        currency: 'usd',
        customer_creation: 'always',
        customer_email: 'buyer@example.com',
        customer_update: { address: 'auto', name: 'auto', shipping: 'never' },
        invoice_creation: {
            enabled: true, invoice_data: { description: 'Thanks', footer: 'Bye', metadata: { a: 'b' } },
        },
        line_items: [
            {
                price_data: {
                    currency: 'usd', unit_amount_decimal: '250.5', tax_behavior: 'exclusive',
                    product_data: {
                        name: 'Sticker', description: 'Round', images: ['https://shop.example/1.png'],
                        metadata: { shape: 'round' }, tax_code: 'txcd_99999999', unit_label: 'piece',
                    },
                },
                quantity: 3,
                adjustable_quantity: { enabled: true, minimum: 1, maximum: 9 },
                metadata: { row: '1' },
            },
        ],
        locale: 'de',
        metadata: { order: '7' },
        payment_intent_data: {
            description: 'Order 7', metadata: { order: '7' }, receipt_email: 'buyer@example.com',
            setup_future_usage: 'off_session',
        },
        phone_number_collection: { enabled: true },
        submit_type: 'donate',
        ui_mode: 'hosted_page',
    });
    const session = await sdk.checkout.sessions.retrieve(id, { expand: ['line_items.data.price.product'] });
    assert.deepEqual(session.after_expiration,
        { recovery: { allow_promotion_codes: true, enabled: true, expires_at: null, url: null } });
    assert.deepEqual(session.invoice_creation.invoice_data.metadata, { a: 'b' });
    assert.deepEqual(
        [session.adaptive_pricing.enabled, session.allow_promotion_codes, session.billing_address_collection,
            session.cancel_url, session.client_reference_id, session.customer_creation, session.customer_email,
            session.locale, session.metadata.order, session.phone_number_collection.enabled, session.submit_type],
        [false, true, 'required', 'https://shop.example/cart', 'order-7', 'always', 'buyer@example.com', 'de', '7',
            true, 'donate']);
    const [line] = session.line_items.data;
    assert.deepEqual(
        [line.object, line.description, line.quantity, line.amount_subtotal, line.amount_total, line.metadata.row],
        ['item', 'Sticker', 3, 752, 752, '1']);
    assert.deepEqual(line.adjustable_quantity, { enabled: true, maximum: 9, minimum: 1 });
    assert.deepEqual([line.price.active, line.price.product.unit_label, line.price.product.description],
        [false, 'piece', 'Round']);
});

test('a price is made for a product that is there', async () => {
    const { sdk, checkout, thing } = await shop();
    const { id } = await checkout({
        line_items: [{ price_data: { currency: 'usd', unit_amount: 500, product: thing.product } }],
    });
    const { data: [line] } = await sdk.checkout.sessions.listLineItems(id);
    assert.deepEqual([line.price.product, line.quantity], [thing.product, 1]);
});

test('mistakes are refused with the parameter that they are in', async () => {
    const { sdk, checkout, thing, price, coupon } = await shop();
    const customer = await sdk.customers.create();
    const off = await coupon();
    const monthly = await price(500, { interval: 'month' });
    const inactive = await price(500, { active: false });
    const line = (fields) => ({ line_items: [{ price: thing.id }, fields] });
    const mistakes = [
        [{ mode: 'setup' }, 'mode'],
        [{ mode: 'gift' }, 'mode'],
        [{ mode: undefined }, 'mode', 'parameter_missing'],
        [{ success_url: undefined }, 'success_url', 'parameter_missing'],
        [{ success_url: 'shop.example' }, 'success_url', 'url_invalid'],
        [{ line_items: undefined }, 'line_items', 'parameter_missing'],
        [{ customer: 'cus_none' }, 'customer', 'resource_missing'],
        [{ customer: customer.id, customer_email: 'a@example.com' }, 'customer'],
        [{ customer: customer.id, customer_creation: 'always' }, 'customer'],
        [{ customer_email: 'nobody' }, 'customer_email', 'email_invalid'],
        [{ allow_promotion_codes: false, discounts: [{ coupon: off.id }] }, 'allow_promotion_codes'],
        [{ discounts: [{ coupon: off.id }, { coupon: off.id }] }, 'discounts'],
        [{ discounts: [{ coupon: off.id, promotion_code: 'promo_x' }] }, 'discounts[0]'],
        [{ automatic_tax: { enabled: true } }, 'automatic_tax[enabled]'],
        [{ allowed_payment_method_types: ['sofort'] }, 'allowed_payment_method_types'],
        [{ ui_mode: 'embedded_page' }, 'ui_mode'],
        [{ subscription_data: { description: 'x' } }, 'subscription_data'],
        [{ payment_method_collection: 'always' }, 'payment_method_collection'],
        [{ shipping_options: [{ shipping_rate: 'shr_1' }] }, 'shipping_options', 'parameter_unknown'],
        [line({ price: 'price_none' }), 'line_items[1][price]', 'resource_missing'],
        [line({ price: inactive.id }), 'line_items[1][price]'],
        [line({ quantity: 1 }), 'line_items[1][price]', 'parameter_missing'],
        [line({ price: thing.id, price_data: LINE }), 'line_items[1][price]'],
        [line({ price: monthly.id }), 'line_items[1]'],
        [line({ price_data: { ...LINE, currency: 'eur' } }), 'line_items[1]'],
        [line({ price_data: { ...LINE, unit_amount: undefined } }), 'line_items[1][price_data][unit_amount]',
            'parameter_missing'],
        [line({ price_data: { ...LINE, product_data: undefined } }), 'line_items[1][price_data][product]',
            'parameter_missing'],
        [line({ price_data: { ...LINE, product: thing.product } }), 'line_items[1][price_data][product]'],
        [line({ price_data: { ...LINE, product_data: undefined, product: 'prod_none' } }),
            'line_items[1][price_data][product]', 'resource_missing'],
        [line({ price_data: { ...LINE, recurring: { interval: 'year', interval_count: 4 } } }),
            'line_items[1][price_data][recurring][interval_count]'],
    ];
    for (const [fields, param, code] of mistakes) {
        await rejects(checkout(fields), { status: 400, type: 'invalid_request_error', param, code });
    }
    assert.deepEqual((await sdk.checkout.sessions.list()).data, []);
    assert.equal((await sdk.products.list({ limit: 100 })).data.length, 3, 'a refused line made a product');
});

test('an address that could not be redirected to is none', async () => {
    const { checkout } = await shop();
    for (const blank of [' ', '\n', '\t', '\r\nSet-Cookie: a=b']) {
        await rejects(checkout({ success_url: `https://shop.example/${blank}` }),
            { status: 400, param: 'success_url', code: 'url_invalid' });
    }
});

test('subscription mode needs a recurring price', async () => {
    const { checkout } = await shop();
    await rejects(checkout({ mode: 'subscription' }), { status: 400, param: 'line_items' });
    await rejects(checkout({ mode: 'subscription', payment_intent_data: { description: 'x' } }),
        { status: 400, param: 'payment_intent_data' });
});

test('a subscription is asked for with what it will have', async () => {
    const { key, sdk, checkout, price, coupon } = await shop();
    const monthly = await price(2500, { interval: 'month' });
    const off = await coupon({ duration: 'repeating', duration_in_months: 3 });
    const session = await checkout({
        mode: 'subscription',
        discounts: [{ coupon: off.id }],
        line_items: [
            { price: monthly.id },
            {
                price_data: {
                    currency: 'usd', unit_amount: 500, recurring: { interval: 'month', interval_count: 1 },
                    product_data: { name: 'Seat' },
                },
                quantity: 2,
            },
        ],
        payment_method_collection: 'if_required',
        subscription_data: {
            description: 'Plan', metadata: { a: 'b' }, trial_end: Math.floor(Date.now() / 1000) + 3 * DAY,
            trial_settings: { end_behavior: { missing_payment_method: 'cancel' } },
        },
    });
    assert.deepEqual(
        [session.mode, session.invoice_creation, session.customer_creation, session.payment_method_collection],
        ['subscription', null, null, 'if_required']);
    assert.equal((await sdk.checkout.sessions.retrieve(session.id)).status, 'open');
    await checkout({
        mode: 'subscription', line_items: [{ price: monthly.id }], subscription_data: { trial_period_days: 7 },
    });
    const { json } = await raw(server, {
        method: 'POST', path: '/v1/checkout/sessions', key, version: '2020-08-27',
        form: {
            mode: 'subscription', success_url: SUCCESS, line_items: [{ price: monthly.id }],
            subscription_data: { coupon: off.id },
        },
    });
    assert.equal(json.total_details.amount_discount, 1250);
});

test('a session can be had for 30 minutes to 24 hours', async () => {
    const { sdk, checkout } = await shop();
    const frozen_time = at('2027-01-15');
    const { id: test_clock } = await sdk.testHelpers.testClocks.create({ frozen_time });
    const { id: customer } = await sdk.customers.create({ test_clock });
    const until = (seconds) => checkout({ customer, expires_at: frozen_time + seconds });
    for (const seconds of [1800, 1801, DAY - 1, DAY]) {
        assert.equal((await until(seconds)).expires_at, frozen_time + seconds);
    }
    await rejects(until(1799), { status: 400, param: 'expires_at', message: /at least 30 minutes/ });
    await rejects(until(DAY + 1), { status: 400, param: 'expires_at', message: /less than 24 hours/ });
});

test('a line has a quantity of at most 999,999', async () => {
    const { sdk, checkout } = await shop();
    const cent = await sdk.prices.create({ currency: 'usd', unit_amount: 1, product_data: { name: 'Cent' } });
    const many = (quantity) => checkout({ line_items: [{ price: cent.id, quantity }] });
    assert.equal((await many(999_998)).amount_total, 999_998);
    assert.equal((await many(999_999)).amount_total, 999_999);
    await rejects(many(1_000_000), { status: 400, param: 'line_items[0][quantity]' });
    await rejects(many(0), { status: 400, param: 'line_items[0][quantity]' });
});

test('a reference has at most 200 characters', async () => {
    const { checkout } = await shop();
    for (const length of [199, 200]) await checkout({ client_reference_id: 'x'.repeat(length) });
    await rejects(checkout({ client_reference_id: 'x'.repeat(201) }), { status: 400, param: 'client_reference_id' });
});

test('a session costs at most 99999999', async () => {
    const { checkout, price } = await shop();
    const most = await price(99_999_999);
    const one = await price(1);
    assert.equal((await checkout({ line_items: [{ price: most.id }] })).amount_total, 99_999_999);
    await rejects(checkout({ line_items: [{ price: most.id }, { price: one.id }] }),
        { status: 400, param: 'line_items' });
});

test('the currency of the first price is used, or another that all prices have', async () => {
    const { checkout, price } = await shop();
    const both = await price(1000, { currency: 'eur', currency_options: { usd: { unit_amount: 1200 } } });
    const line_items = [{ price: both.id, quantity: 2 }];
    const plain = await checkout({ line_items });
    const dollars = await checkout({ line_items, currency: 'USD' });
    assert.deepEqual([plain.currency, plain.amount_total], ['eur', 2000]);
    assert.deepEqual([dollars.currency, dollars.amount_total], ['usd', 2400]);
    await rejects(checkout({ line_items, currency: 'gbp' }), { status: 400, param: 'line_items[0]' });
});

// ---- retrieving, listing, changing ----

test('sessions are listed with filters', async () => {
    const { sdk, checkout } = await shop();
    const { id: customer } = await sdk.customers.create({ email: 'known@example.com' });
    const known = await checkout({ customer });
    const guest = await checkout({ customer_email: 'guest@example.com' });
    const paid = await checkout();
    await buy(paid.url, { email: 'paid@example.com' });
    const { payment_intent } = await sdk.checkout.sessions.retrieve(paid.id);
    const ids = async (filter) => (await sdk.checkout.sessions.list(filter)).data.map(({ id }) => id);
    assert.deepEqual(await ids(), [paid.id, guest.id, known.id]);
    assert.deepEqual(await ids({ customer }), [known.id]);
    assert.deepEqual(await ids({ customer_details: { email: 'guest@example.com' } }), [guest.id]);
    assert.deepEqual(await ids({ status: 'open' }), [guest.id, known.id]);
    assert.deepEqual(await ids({ status: 'complete' }), [paid.id]);
    assert.deepEqual(await ids({ payment_intent }), [paid.id]);
    assert.deepEqual(await ids({ created: { gt: paid.created } }), []);
    assert.deepEqual(await ids({ starting_after: paid.id, limit: 1 }), [guest.id]);
    assert.deepEqual(await ids({ ending_before: known.id }), [paid.id, guest.id]);
});

test('every form of a time filter is understood', async () => {
    const { sdk, checkout } = await shop();
    const { id, created } = await checkout();
    for (const filter of [created, { gte: created }, { lte: created }, { gt: created - 1 }, { lt: created + 1 }]) {
        const { data } = await sdk.checkout.sessions.list({ created: filter, expand: ['data.customer'] });
        assert.deepEqual(data.map((session) => session.id), [id]);
    }
});

test('metadata of a session can be changed', async () => {
    const { sdk, checkout } = await shop();
    const { id } = await checkout({ metadata: { a: '1' } });
    const changed = await sdk.checkout.sessions.update(id, { metadata: { b: '2' }, expand: ['customer'] });
    assert.deepEqual(changed.metadata, { a: '1', b: '2' });
    assert.deepEqual((await sdk.checkout.sessions.update(id, { metadata: '' })).metadata, {});
    assert.deepEqual((await checkout({ metadata: '' })).metadata, {});
    await rejects(sdk.checkout.sessions.update(id, { success_url: SUCCESS }), { code: 'parameter_unknown' });
});

test('a session of nobody is missing', async () => {
    const { sdk } = await shop();
    const missing = { status: 404, code: 'resource_missing', param: 'session' };
    await rejects(sdk.checkout.sessions.retrieve('cs_none'), missing);
    await rejects(sdk.checkout.sessions.update('cs_none', { metadata: { a: '1' } }), missing);
    await rejects(sdk.checkout.sessions.expire('cs_none'), missing);
    await rejects(sdk.checkout.sessions.listLineItems('cs_none'), missing);
});

test('lines are listed in their order, page by page', async () => {
    const { sdk, checkout } = await shop();
    const { id, line_items: shown } = await checkout({
        line_items: Array.from({ length: 12 }, (_, n) => ({ price_data: { ...LINE, unit_amount: n + 1 } })),
        expand: ['line_items'],
    });
    assert.deepEqual([shown.data.length, shown.has_more], [10, true]);
    const list = (page) => sdk.checkout.sessions.listLineItems(id, page);
    const amounts = ({ data }) => data.map((line) => line.amount_total);
    const first = await list({ limit: 5 });
    assert.deepEqual([amounts(first), first.has_more], [[1, 2, 3, 4, 5], true]);
    const last = await list({ starting_after: first.data[4].id, expand: ['data.price.product', 'data.taxes'] });
    assert.deepEqual([amounts(last), last.has_more], [[6, 7, 8, 9, 10, 11, 12], false]);
    assert.deepEqual([last.data[0].price.product.name, last.data[0].taxes], ['Sticker', []]);
    const before = await list({ ending_before: last.data[0].id, limit: 2 });
    assert.deepEqual([amounts(before), before.has_more], [[4, 5], true]);
    assert.deepEqual(amounts(await list({ ending_before: first.data[1].id })), [1]);
    await rejects(list({ starting_after: 'li_none' }), { status: 400, param: 'starting_after' });
    await rejects(list({ starting_after: 'li_a', ending_before: 'li_b' }), { status: 400 });
});

// ---- discounts asked for by the seller ----

test('a coupon is taken off, line by line', async () => {
    const { sdk, checkout, coupon } = await shop();
    const off = await coupon({ percent_off: undefined, amount_off: 100, currency: 'usd', name: 'Launch' });
    const line = (unit_amount) => ({ price_data: { ...LINE, unit_amount } });
    const session = await checkout({
        line_items: [line(1000), line(2000)], discounts: [{ coupon: off.id }],
        expand: ['line_items.data.discounts', 'total_details.breakdown'],
    });
    assert.deepEqual([session.amount_subtotal, session.amount_total], [3000, 2900]);
    assert.deepEqual(session.discounts, [{ coupon: off.id, promotion_code: null }]);
    assert.deepEqual(session.line_items.data.map((each) => each.amount_discount), [33, 67]);
    assert.deepEqual(session.line_items.data.map((each) => each.discounts[0].amount), [33, 67]);
    const { discounts: [entry], taxes } = session.total_details.breakdown;
    assert.deepEqual([entry.amount, entry.discount.source.coupon, taxes], [100, off.id, []]);
    assert.equal(entry.discount.checkout_session, session.id);
    assert.equal((await sdk.coupons.retrieve(off.id)).times_redeemed, 0, 'nothing is counted yet');
});

test('a percentage is rounded half up', async () => {
    const { checkout, coupon, price } = await shop();
    const off = await coupon();
    const odd = await price(9999);
    const session = await checkout({ line_items: [{ price: odd.id }], discounts: [{ coupon: off.id }] });
    assert.deepEqual([session.total_details.amount_discount, session.amount_total], [5000, 4999]);
});

test('a promotion code is shown instead of its coupon', async () => {
    const { checkout, coupon, code } = await shop();
    const { id } = await code(await coupon(), { code: 'HALF' });
    const session = await checkout({
        discounts: [{ promotion_code: id }], expand: ['discounts.promotion_code', 'discounts.coupon'],
    });
    assert.equal(session.discounts[0].coupon, null);
    assert.equal(session.discounts[0].promotion_code.code, 'HALF');
});

test('a discount that cannot be used is refused', async () => {
    const { sdk, checkout, coupon, code, thing } = await shop();
    const buyer = await sdk.customers.create();
    const other = await sdk.customers.create();
    const off = await coupon();
    const elsewhere = await sdk.products.create({ name: 'Other' });
    const limited = await coupon({ applies_to: { products: [elsewhere.id] } });
    const euros = await coupon({ percent_off: undefined, amount_off: 100, currency: 'eur' });
    const mine = await code(off, { customer: other.id });
    const first = await code(off, { restrictions: { first_time_transaction: true } });
    const dear = await code(off, { restrictions: { minimum_amount: 10001, minimum_amount_currency: 'usd' } });
    const inactive = await code(off, { active: false });
    const coupons = 'discounts[0][coupon]';
    const codes = 'discounts[0][promotion_code]';
    const refusals = [
        [{ coupon: 'NONE' }, coupons, 'resource_missing'],
        [{ coupon: limited.id }, coupons, 'coupon_applies_to_nothing'],
        [{ coupon: euros.id }, coupons, undefined],
        [{ promotion_code: 'promo_none' }, codes, 'resource_missing'],
        [{ promotion_code: mine.id }, codes, 'promotion_code_customer_mismatch'],
        [{ promotion_code: mine.id }, codes, 'promotion_code_customer_mismatch', { customer: buyer.id }],
        [{ promotion_code: first.id }, codes, 'promotion_code_customer_missing_first_time'],
        [{ promotion_code: dear.id }, codes, undefined],
        [{ promotion_code: inactive.id }, codes, undefined],
    ];
    for (const [discount, param, expected, fields] of refusals) {
        await rejects(checkout({ discounts: [discount], ...fields }), { status: 400, param, code: expected });
    }
    await checkout({ discounts: [{ promotion_code: mine.id }], customer: other.id });
    await checkout({ discounts: [{ promotion_code: dear.id }], line_items: [{ price: thing.id, quantity: 2 }] });
    const session = await checkout({ discounts: [{ promotion_code: first.id }], customer: buyer.id });
    assert.equal((await buy(session.url, { email: 'a@example.com' })).status, 303);
    await rejects(checkout({ discounts: [{ promotion_code: first.id }], customer: buyer.id }),
        { status: 400, param: codes, code: 'promotion_code_customer_not_first_time' });
});

test('a coupon that is used up is refused', async () => {
    const { checkout, coupon } = await shop();
    const once = await coupon({ max_redemptions: 1 });
    const session = await checkout({ discounts: [{ coupon: once.id }] });
    await buy(session.url, { email: 'a@example.com' });
    await rejects(checkout({ discounts: [{ coupon: once.id }] }),
        { status: 400, code: 'coupon_expired', param: 'discounts[0][coupon]' });
});

test('limits for each customer and on money hold at Checkout', async () => {
    const { key, sdk, checkout, code, coupon } = await shop();
    const { id: customer } = await sdk.customers.create({ email: 'a@example.com' });
    const off = await coupon();
    const each = await code(off, { restrictions: { max_redemptions_per_customer: 1 } });
    const fields = { customer, discounts: [{ promotion_code: each.id }] };
    const [first, second] = [await checkout(fields), await checkout(fields)];
    assert.equal((await buy(first.url)).status, 303);
    await rejects(checkout(fields), { status: 400, param: 'discounts[0][promotion_code]' });
    assert.match((await buy(second.url)).problems[0], /no longer available/);

    const { json: money } = await raw(server, { method: 'POST', path: '/v1/coupons', key, form: {
        percent_off: 50, max_amount_off_total: 7000, max_amount_off_total_currency: 'usd',
    } });
    const spend = await checkout({ discounts: [{ coupon: money.id }], customer_email: 'b@example.com' });
    assert.equal((await buy(spend.url)).status, 303);
    await rejects(checkout({ discounts: [{ coupon: money.id }] }), { status: 400, param: 'discounts[0][coupon]' });
});

test('the reference of a session is that of its use, and of what was refused', async () => {
    const { key, checkout, code, coupon } = await shop();
    const off = await coupon();
    const promotion = await code(off, { code: 'CART', max_redemptions: 2 });
    const discounts = [{ promotion_code: promotion.id }], client_reference_id = 'cart-2';
    const paid = await checkout({ client_reference_id, discounts, customer_email: 'jo@example.com' });
    assert.equal((await buy(paid.url)).status, 303);
    const list = async (path) => (await raw(server, { path, key })).json.data;
    assert.deepEqual((await list('/v1/redemptions?client_reference_id=cart-2')).map(({ source }) => source), ['checkout']);
    const redeem = async (form) => raw(server, { method: 'POST', path: '/v1/redemptions', key, form });
    const cart = { code: 'CART', amount: 5, currency: 'usd', client_reference_id, client_reference_id_unique: true };
    assert.equal((await redeem(cart)).json.error.reason, 'client_reference_id_used');
    assert.equal((await redeem({ ...cart, client_reference_id: 'cart-3' })).status, 200);
    await rejects(checkout({ client_reference_id: 'cart-4', discounts }), { status: 400 });
    assert.deepEqual((await list('/v1/redemption_attempts')).map((attempt) => attempt.client_reference_id),
        ['cart-4', 'cart-2']);
});

test('limits for each customer hold for guests by their address', async () => {
    const { key, sdk, checkout, code, coupon } = await shop();
    const off = await coupon();
    await code(off, { code: 'EACH', restrictions: { max_redemptions_per_customer: 1 } });
    const { json: each } = await raw(server, { method: 'POST', path: '/v1/coupons', key, form: {
        percent_off: 10, restrictions: { max_redemptions_per_customer: 1 },
    } });
    const guest = { customer_email: 'jo@example.com' };
    const discounts = [{ coupon: each.id }];
    const spelt = { customer_email: 'Jo+shop@example.com', discounts };
    const [first, second] = [await checkout({ ...guest, discounts }), await checkout(spelt)];
    assert.equal((await buy(first.url)).status, 303);
    assert.match((await buy(second.url)).problems[0], /no longer available/);
    await rejects(checkout(spelt), { status: 400, param: 'discounts[0][coupon]' });
    const { json: uses } = await raw(server, { path: '/v1/redemptions', key });
    assert.deepEqual(uses.data.map((use) => [use.customer, use.customer_email, use.source]),
        [[null, 'jo@example.com', 'checkout']]);
    const { json: attempts } = await raw(server, { path: '/v1/redemption_attempts', key });
    assert.deepEqual(attempts.data.map((attempt) => [attempt.reason, attempt.customer_email]),
        [['customer_limit_reached', 'Jo+shop@example.com'], ['customer_limit_reached', 'Jo+shop@example.com']]);

    // Whose address is not known yet is asked for it; the rule is for those who pay.
    const pay = async (email) => {
        const session = await checkout({ allow_promotion_codes: true });
        const typed = await press(session.url, await open(session.url), 'apply', { code: 'EACH' });
        return press(session.url, typed, 'pay', { ...card, email, name: 'Jo' });
    };
    assert.equal((await pay('jo@example.com')).status, 303);
    assert.match((await pay('JO@example.com')).problems[0], /no longer available/);
    assert.equal((await pay('al@example.com')).status, 303);
    const subscribed = await checkout({ mode: 'subscription', ...guest, line_items: [{ quantity: 1, price_data: {
        currency: 'usd', unit_amount: 500, recurring: { interval: 'month' }, product_data: { name: 'x' },
    } }] });
    assert.equal((await buy(subscribed.url)).status, 303);
    const { data: [customer] } = await sdk.customers.list();
    await rejects(checkout({ customer: customer.id, discounts }), { status: 400, param: 'discounts[0][coupon]' });
});

test('price_data makes new products, to which a limited coupon does not apply', async () => {
    const { checkout, coupon, thing } = await shop();
    const limited = await coupon({ applies_to: { products: [thing.product] } });
    const discounts = [{ coupon: limited.id }];
    const session = await checkout({ discounts, line_items: [{ price: thing.id }, { price_data: LINE }] });
    assert.deepEqual([session.amount_subtotal, session.total_details.amount_discount], [10500, 5000]);
    await rejects(checkout({ discounts, line_items: [{ price_data: LINE }] }), { code: 'coupon_applies_to_nothing' });
});

// ---- the end ----

test('an open session can be expired once, by call', async () => {
    const { sdk, checkout, coupon, events } = await shop();
    const off = await coupon();
    const { id } = await checkout({ discounts: [{ coupon: off.id }] });
    const expired = await sdk.checkout.sessions.expire(id, { expand: ['customer'] });
    assert.deepEqual([expired.status, expired.url, expired.amount_total], ['expired', null, 5000]);
    assert.deepEqual(expired.discounts, [{ coupon: off.id, promotion_code: null }]);
    await rejects(sdk.checkout.sessions.expire(id), {
        status: 400,
        message: 'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a ' +
            'status of "expired".',
    });
    const { type, data } = (await events()).at(-1);
    assert.deepEqual([type, data.object.id, data.object.status], ['checkout.session.expired', id, 'expired']);
    assert.equal((await sdk.coupons.retrieve(off.id)).times_redeemed, 0);
});

test('a session expires by itself, by the clock of its customer', async () => {
    const { sdk, checkout, advance, events } = await shop();
    const frozen_time = at('2027-01-15');
    const clock = await sdk.testHelpers.testClocks.create({ frozen_time });
    const { id: customer } = await sdk.customers.create({ test_clock: clock.id });
    const session = await checkout({ customer });
    assert.equal(session.created, frozen_time);
    await advance(clock.id, frozen_time + DAY - 1);
    assert.equal((await sdk.checkout.sessions.retrieve(session.id)).status, 'open');
    await advance(clock.id, frozen_time + DAY);
    assert.equal((await sdk.checkout.sessions.retrieve(session.id)).status, 'expired');
    const expired = (await events()).find(({ type }) => type === 'checkout.session.expired');
    assert.equal(expired.created, frozen_time + DAY);
    assert.equal((await open(session.url)).heading, 'This page has expired');
});

test('what a guest buys with a code is recorded in the order in which it happens', async () => {
    const { sdk, checkout, coupon, code, price, events } = await shop();
    const off = await coupon();
    const promotion = await code(off, { code: 'test50' });
    const odd = await price(9999, { currency: 'eur' });
    const session = await checkout({ line_items: [{ price: odd.id }], allow_promotion_codes: true });
    const before = (await events()).length;
    const typed = await press(session.url, await open(session.url), 'apply', { code: 'TEST50' });
    assert.deepEqual((await events()).slice(before), [], 'typing a code is no event');
    const paid = await press(session.url, typed, 'pay',
        { email: 'guest@example.com', name: 'Guest', number: '4242424242424242', expiry: '12/34', cvc: '123' });
    assert.equal(paid.location, SUCCESS.replace('{CHECKOUT_SESSION_ID}', session.id));

    const made = (await events()).slice(before);
    assert.deepEqual(made.map(({ type }) => type), ['payment_intent.created', 'promotion_code.updated',
        'customer.discount.created', 'charge.succeeded', 'payment_intent.succeeded', 'checkout.session.completed']);
    const keys = made.map(({ request }) => request.idempotency_key);
    assert.match(keys[0], /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.deepEqual(keys, [keys[0], keys[0], keys[0], keys[0], keys[0], null]);
    assert.deepEqual(made.map(({ request }) => request.id), [null, null, null, null, null, null]);
    assert.deepEqual(made[1].data.previous_attributes, { times_redeemed: 0 });
    const discount = made[2].data.object;
    assert.deepEqual([discount.customer, discount.checkout_session, discount.promotion_code, discount.end],
        [null, session.id, promotion.id, null]);

    const done = await sdk.checkout.sessions.retrieve(session.id,
        { expand: ['payment_intent', 'total_details.breakdown'] });
    assert.deepEqual(
        [done.status, done.payment_status, done.url, done.customer, done.amount_subtotal, done.amount_total],
        ['complete', 'paid', null, null, 9999, 4999]);
    assert.equal(done.allow_promotion_codes, true);
    assert.deepEqual(done.discounts, [{ coupon: null, promotion_code: promotion.id }]);
    assert.deepEqual([done.customer_details.email, done.customer_details.name], ['guest@example.com', 'Guest']);
    assert.deepEqual([done.payment_intent.amount, done.payment_intent.status], [4999, 'succeeded']);
    assert.equal(done.total_details.breakdown.discounts[0].discount.id, discount.id);
    assert.equal((await sdk.coupons.retrieve(off.id)).times_redeemed, 1);
});

test('the payment has what was given for it, and the card is saved when asked for', async () => {
    const { sdk, checkout } = await shop();
    const customer = await sdk.customers.create({ email: 'known@example.com', name: 'Known', phone: '123' });
    const session = await checkout({
        customer: customer.id,
        payment_intent_data: { description: 'Order', metadata: { a: 'b' }, setup_future_usage: 'off_session' },
    });
    assert.deepEqual([session.customer_details.email, session.customer_details.phone], ['known@example.com', '123']);
    const page = await open(session.url);
    assert(!page.has('email'), 'the buyer is known already');
    assert.equal((await buy(session.url)).status, 303);
    const { payment_intent: payment } = await sdk.checkout.sessions.retrieve(session.id, { expand: ['payment_intent'] });
    assert.deepEqual([payment.customer, payment.description, payment.metadata.a], [customer.id, 'Order', 'b']);
    const { data: [method] } = await sdk.customers.listPaymentMethods(customer.id);
    assert.equal(method.id, payment.payment_method);
});

test('a customer without an address gets the one that was typed', async () => {
    const { sdk, checkout } = await shop();
    const { id: customer } = await sdk.customers.create();
    const { url } = await checkout({ customer });
    assert.equal((await buy(url, { email: 'typed@example.com' })).status, 303);
    assert.equal((await sdk.customers.retrieve(customer)).email, 'typed@example.com');
});

test('customer_creation always makes a customer', async () => {
    const { sdk, checkout } = await shop();
    const session = await checkout({ customer_creation: 'always' });
    await buy(session.url, { email: 'new@example.com', name: 'New' });
    const { customer } = await sdk.checkout.sessions.retrieve(session.id, { expand: ['customer'] });
    assert.deepEqual([customer.email, customer.name], ['new@example.com', 'New']);
});

test('invoice_creation makes a paid invoice, and a customer for it', async () => {
    const { sdk, checkout, coupon, price } = await shop();
    const off = await coupon({ percent_off: undefined, amount_off: 100, currency: 'usd' });
    const [one, two] = [await price(1000), await price(2000)];
    const session = await checkout({
        line_items: [{ price: one.id }, { price: two.id, quantity: 2, metadata: { row: '2' } }],
        discounts: [{ coupon: off.id }],
        invoice_creation: { enabled: true, invoice_data: { description: 'Thanks', footer: 'Bye', metadata: { a: 'b' } } },
    });
    const declinedCard = { email: 'new@example.com', number: '4000000000000002' };
    assert.deepEqual((await buy(session.url, declinedCard)).problems, ['Your card was declined.']);
    assert.deepEqual([(await sdk.invoices.list()).data, (await sdk.customers.list()).data], [[], []]);
    assert.equal((await buy(session.url, { email: 'new@example.com' })).status, 303);
    const done = await sdk.checkout.sessions.retrieve(session.id, { expand: ['invoice', 'payment_intent', 'customer'] });
    const { invoice, payment_intent, customer } = done;
    assert.deepEqual(
        [invoice.status, invoice.subtotal, invoice.total, invoice.description, invoice.footer, invoice.metadata.a],
        ['paid', 5000, 4900, 'Thanks', 'Bye', 'b']);
    assert.equal(invoice.total, done.amount_total);
    assert.deepEqual(invoice.lines.data.map((line) => [line.amount, line.quantity, line.discount_amounts[0].amount]),
        [[1000, 1, 20], [4000, 2, 80]]);
    assert.deepEqual([payment_intent.amount, payment_intent.status, customer.email], [4900, 'succeeded', 'new@example.com']);
    assert.equal((await sdk.coupons.retrieve(off.id)).times_redeemed, 1);
});

test('what costs nothing needs no card and no payment', async () => {
    const { sdk, checkout, coupon } = await shop();
    const all = await coupon({ percent_off: 100 });
    const session = await checkout({ discounts: [{ coupon: all.id }], customer_email: 'a@example.com' });
    const page = await open(session.url);
    assert(!page.has('number') && page.html.includes('Complete order'));
    assert.equal((await press(session.url, page, 'pay')).status, 303);
    const done = await sdk.checkout.sessions.retrieve(session.id);
    assert.deepEqual([done.status, done.payment_status, done.payment_intent], ['complete', 'no_payment_required', null]);
    assert.equal((await sdk.coupons.retrieve(all.id)).times_redeemed, 1);
});

test('of two who buy with the last use of a coupon one gets it, the other is told', async () => {
    const { sdk, checkout, coupon } = await shop();
    const last = await coupon({ max_redemptions: 1 });
    const fields = { discounts: [{ coupon: last.id }], customer_email: 'a@example.com' };
    const sessions = [await checkout(fields), await checkout(fields)];
    const answers = await Promise.all(sessions.map(({ url }) => buy(url)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 303]);
    const at = answers.findIndex(({ status }) => status === 200);
    assert.match(answers[at].problems[0], /no longer available/);
    assert.equal(answers[at].sums['Total due today'], '$100.00');
    const loser = await sdk.checkout.sessions.retrieve(sessions[at].id);
    assert.deepEqual([loser.status, loser.amount_total, loser.discounts, loser.payment_intent],
        ['open', 10000, [], null]);
    assert.equal((await sdk.coupons.retrieve(last.id)).times_redeemed, 1);
    assert.equal((await buy(loser.url)).status, 303);
});

test('a session that is paid twice at once is paid once', async () => {
    const { sdk, checkout, coupon } = await shop();
    const off = await coupon();
    const session = await checkout({ discounts: [{ coupon: off.id }], customer_email: 'a@example.com' });
    await Promise.all([buy(session.url), buy(session.url), buy(session.url)]);
    assert.equal((await sdk.paymentIntents.list()).data.length, 1);
    assert.equal((await sdk.coupons.retrieve(off.id)).times_redeemed, 1);
});

test('the page goes on after a restart', async () => {
    const { sdk, checkout } = await shop();
    const session = await checkout({ customer_email: 'a@example.com' });
    const page = await open(session.url);
    await server.restart();
    assert.equal((await press(session.url, page, 'pay', { number: '4242424242424242', expiry: '12/34', cvc: '123' }))
        .status, 303);
    assert.equal((await sdk.checkout.sessions.retrieve(session.id)).status, 'complete');
});

// ---- subscriptions ----

async function subscribing(fields) {
    const seller = await shop();
    const monthly = await seller.price(2500, { interval: 'month' });
    return {
        ...seller,
        monthly,
        checkout: (more) => seller.checkout({
            mode: 'subscription', line_items: [{ price: monthly.id, quantity: 2 }], ...fields, ...more,
        }),
    };
}

test('buying makes a customer, a subscription with the discount, and its first invoice', async () => {
    const { sdk, checkout, coupon, code, events, thing, monthly } = await subscribing();
    const off = await coupon({ duration: 'repeating', duration_in_months: 3, percent_off: 20 });
    const promotion = await code(off, { code: 'THREE' });
    const session = await checkout({
        allow_promotion_codes: true,
        line_items: [{ price: monthly.id, quantity: 2 }, { price: thing.id }],
        subscription_data: { description: 'Plan', metadata: { a: 'b' } },
        expand: ['subscription', 'invoice'],
    });
    assert.deepEqual([session.amount_total, session.subscription, session.invoice], [15000, null, null]);
    const before = (await events()).length;
    const typed = await press(session.url, await open(session.url), 'apply', { code: 'three' });
    assert.equal(typed.sums['Total due today'], '$120.00');
    assert.equal((await press(session.url, typed, 'pay', { ...card, email: 'new@example.com', name: 'New' })).status, 303);

    const done = await sdk.checkout.sessions.retrieve(session.id, {
        expand: ['customer', 'subscription.discounts', 'invoice', 'total_details.breakdown'],
    });
    assert.deepEqual(
        [done.status, done.payment_status, done.payment_intent, done.url, done.customer_creation],
        ['complete', 'paid', null, null, null]);
    assert.deepEqual([done.customer.email, done.customer.name], ['new@example.com', 'New']);
    const { subscription, invoice } = done;
    assert.deepEqual([subscription.status, subscription.description, subscription.metadata.a, subscription.customer],
        ['active', 'Plan', 'b', done.customer.id]);
    assert.deepEqual(subscription.items.data.map((item) => [item.price.id, item.quantity]), [[monthly.id, 2]]);
    const [discount] = subscription.discounts;
    assert.deepEqual(
        [discount.subscription, discount.checkout_session, discount.customer, discount.promotion_code],
        [subscription.id, null, done.customer.id, promotion.id]);
    assert.equal(done.total_details.breakdown.discounts[0].discount.id, discount.id);
    assert.deepEqual([invoice.status, invoice.total, invoice.id], ['paid', 12000, subscription.latest_invoice]);
    assert.equal((await sdk.coupons.retrieve(off.id)).times_redeemed, 1);
    const method = await sdk.paymentMethods.retrieve(subscription.default_payment_method);
    assert.equal(method.customer, done.customer.id);
    assert.deepEqual((await sdk.checkout.sessions.list({ subscription: subscription.id })).data.map(({ id }) => id),
        [session.id]);

    const types = (await events()).slice(before).map(({ type }) => type);
    for (const type of ['customer.created', 'promotion_code.updated', 'customer.discount.created', 'invoice.paid',
        'customer.subscription.created']) assert.equal(types.filter((each) => each === type).length, 1, type);
    assert.equal(types.at(-1), 'checkout.session.completed');
});

test('prices that are made for a session can be subscribed to', async () => {
    const { sdk, checkout } = await subscribing();
    const { url, id } = await checkout({
        line_items: [{ price_data: { ...LINE, recurring: { interval: 'year', interval_count: 1 } } }],
        customer_email: 'a@example.com',
    });
    assert.equal((await buy(url)).status, 303);
    const { subscription } = await sdk.checkout.sessions.retrieve(id, { expand: ['subscription'] });
    assert.equal(subscription.items.data[0].price.recurring.interval, 'year');
});

test('a trial costs nothing today; the card is for later', async () => {
    const { sdk, checkout, coupon } = await subscribing();
    const off = await coupon({ duration: 'forever' });
    const session = await checkout({
        discounts: [{ coupon: off.id }], subscription_data: { trial_period_days: 7 }, customer_email: 'a@example.com',
    });
    assert.deepEqual([session.amount_subtotal, session.amount_total], [0, 0]);
    const page = await open(session.url);
    assert.equal(page.sums['Total due today'], '$0.00');
    assert(page.has('number') && page.html.includes('Start trial') && page.html.includes('$50.00 per month'));
    assert.equal((await press(session.url, page, 'pay', { ...card })).status, 303);
    const done = await sdk.checkout.sessions.retrieve(session.id, { expand: ['subscription'] });
    assert.deepEqual([done.payment_status, done.subscription.status, done.subscription.discounts.length],
        ['no_payment_required', 'trialing', 1]);
});

test('without anything to pay no card is asked for, when that is wanted', async () => {
    const { sdk, checkout, coupon } = await subscribing();
    const all = await coupon({ percent_off: 100, duration: 'once' });
    const fields = { discounts: [{ coupon: all.id }], customer_email: 'a@example.com' };
    const always = await checkout(fields);
    assert((await open(always.url)).has('number'));
    const session = await checkout({ ...fields, payment_method_collection: 'if_required' });
    const page = await open(session.url);
    assert(!page.has('number'));
    assert.equal((await press(session.url, page, 'pay')).status, 303);
    const done = await sdk.checkout.sessions.retrieve(session.id,
        { expand: ['subscription', 'total_details.breakdown'] });
    assert.deepEqual([done.payment_status, done.subscription.status, done.subscription.discounts],
        ['no_payment_required', 'active', []]);
    assert.equal(done.total_details.breakdown.discounts[0].discount.subscription, done.subscription.id);
});

test('a card that is declined subscribes to nothing', async () => {
    const { sdk, checkout, coupon } = await subscribing();
    const off = await coupon();
    const session = await checkout({ discounts: [{ coupon: off.id }] });
    const page = await buy(session.url, { email: 'a@example.com', number: '4000000000000341' });
    assert.deepEqual(page.problems, ['Your card was declined.']);
    assert.deepEqual((await sdk.customers.list()).data, []);
    assert.deepEqual((await sdk.subscriptions.list()).data, []);
    assert.equal((await sdk.coupons.retrieve(off.id)).times_redeemed, 0);
});

test('of two who subscribe with the last use of a code one gets it', async () => {
    const { sdk, checkout, coupon, code } = await subscribing();
    const once = await code(await coupon({ duration: 'forever' }), { max_redemptions: 1 });
    const fields = { discounts: [{ promotion_code: once.id }], customer_email: 'a@example.com' };
    const sessions = [await checkout(fields), await checkout(fields)];
    const answers = [await buy(sessions[0].url), await buy(sessions[1].url)];
    assert.deepEqual(answers.map(({ status }) => status), [303, 200]);
    assert.match(answers[1].problems[0], /no longer available/);
    assert.equal((await sdk.subscriptions.list()).data.length, 1);
    assert.equal((await sdk.customers.list()).data.length, 1);
    assert.equal((await buy(sessions[1].url)).status, 303);
    assert.equal((await sdk.promotionCodes.retrieve(once.id)).times_redeemed, 1);
});

test('an order that has become impossible says so and does nothing', async () => {
    const { sdk, checkout, price } = await subscribing();
    const customer = await sdk.customers.create({ email: 'a@example.com' });
    const session = await checkout({ customer: customer.id });
    const euros = await price(100, { currency: 'eur', interval: 'month' });
    const other = await checkout({ customer: customer.id, line_items: [{ price: euros.id }] });
    assert.equal((await buy(session.url)).status, 303);
    const page = await buy(other.url);
    assert.deepEqual(page.problems, ['This order cannot be completed. Nothing was charged.']);
    assert.equal((await sdk.subscriptions.list()).data.length, 1);
    await rejects(checkout({ customer: customer.id, line_items: [{ price: euros.id }] }),
        { status: 400, param: 'line_items', message: /Can't combine currencies/ });
});

test('recurring prices have one interval', async () => {
    const { checkout, price, monthly } = await subscribing();
    const yearly = await price(100, { interval: 'year' });
    await rejects(checkout({ line_items: [{ price: monthly.id }, { price: yearly.id }] }),
        { status: 400, param: 'line_items' });
});

test('a trial whose end is named lasts two days at least', async () => {
    const { sdk, checkout } = await subscribing();
    const frozen_time = at('2027-01-15');
    const { id: test_clock } = await sdk.testHelpers.testClocks.create({ frozen_time });
    const { id: customer } = await sdk.customers.create({ test_clock });
    const until = (seconds) => checkout({ customer, subscription_data: { trial_end: frozen_time + seconds } });
    await until(2 * DAY);
    await until(2 * DAY + 1);
    const param = 'subscription_data[trial_end]';
    await rejects(until(2 * DAY - 1), { status: 400, param });
    await rejects(checkout({ subscription_data: { trial_end: frozen_time, trial_period_days: 3 } }),
        { status: 400, param });
});

// ---- versions ----

test('older versions have older shapes', async () => {
    const { key, thing, coupon } = await shop();
    const off = await coupon();
    const create = (version, fields) => raw(server, {
        method: 'POST', path: '/v1/checkout/sessions', key, version,
        form: { mode: 'payment', success_url: SUCCESS, line_items: [{ price: thing.id, quantity: 1 }], ...fields },
    });
    const newest = (await create('2026-10-28.endive', { ui_mode: 'hosted_page' })).json;
    assert.equal(newest.ui_mode, 'hosted_page');
    const basil = (await create('2025-03-31.basil', { ui_mode: 'hosted', payment_method_types: ['card'] })).json;
    assert.equal(basil.ui_mode, 'hosted');
    assert(!('allowed_payment_method_types' in basil) && 'discounts' in basil);
    const acacia = (await create('2024-12-18.acacia', { discounts: [{ coupon: off.id }] })).json;
    assert(!('discounts' in acacia) && 'shipping_details' in acacia);
    assert.equal(acacia.total_details.amount_discount, 5000);
    const first = (await create('2020-08-27')).json;
    assert.equal(first.customer_creation, 'always');
    for (const name of ['ui_mode', 'invoice_creation', 'custom_text', 'shipping_cost']) assert(!(name in first), name);
    assert('shipping' in first && 'shipping_rate' in first);
    refused(await create('2025-03-31.basil', { ui_mode: 'hosted_page' }), { status: 400, param: 'ui_mode' });
    refused(await create('2020-08-27', { currency: 'usd' }), { status: 400, code: 'parameter_unknown' });
});

test('inside a session the discount of older versions has its whole coupon', async () => {
    const { key, checkout, coupon } = await shop();
    const off = await coupon();
    const { id } = await checkout({ discounts: [{ coupon: off.id }] });
    const older = stripe(server, { key, apiVersion: '2025-03-31.basil' });
    const session = await older.checkout.sessions.retrieve(id, { expand: ['total_details.breakdown'] });
    assert.equal(session.total_details.breakdown.discounts[0].discount.coupon.percent_off, 50);
});
