// Previews: the invoice that would be made, worked out and forgotten.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { at } from '../lib/billing.js';
import { raw } from '../lib/client.js';
import { document } from '../lib/contract.js';
import { ACACIA, CLOVER, invoicing } from '../lib/invoices.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const preview = (own, form, version) => own.call('/v1/invoices/create_preview', form, version);
const upcoming = (own, form, version = ACACIA) => own.call('/v1/invoices/upcoming', form, version, 'GET');
const item = (amount, fields) => ({ amount, currency: 'usd', ...fields });

async function subscribed(own, { unit_amount = 1000, interval = 'month', customer, ...fields } = {}) {
    const payer = customer ?? (await own.payer()).id;
    const { id: price } = await own.price(unit_amount, { interval });
    const subscription = await own.sdk.subscriptions.create({ customer: payer, items: [{ price }], ...fields });
    return { customer: payer, price, subscription, id: subscription.id, item: subscription.items.data[0].id };
}

// Everything that could have been left behind by a preview.
async function traces({ sdk }) {
    const counts = [];
    for (const list of [sdk.invoices, sdk.invoiceItems, sdk.subscriptions, sdk.paymentIntents, sdk.events, sdk.products,
        sdk.prices]) {
        counts.push((await list.list({ limit: 100 })).data.length);
    }
    return counts;
}

// ---- what it is ----

test('a preview shows invoice items that do not exist, with their discounts and the ones of the invoice', async () => {
    const own = invoicing(server);
    const { id: customer } = await own.sdk.customers.create();
    const [tenth, half] = [await own.coupon({ percent_off: 10 }), await own.coupon()];
    const invoice = await own.sdk.invoices.createPreview({
        customer,
        discounts: [{ coupon: tenth.id }],
        invoice_items: [
            item(1000, { description: 'first', discounts: [{ coupon: half.id }], metadata: { a: '1' } }),
            item(2000, { discountable: false, period: { start: 100, end: 200 } }),
        ],
    });
    assert.match(invoice.id, /^upcoming_in_/);
    const { status, billing_reason, number, subtotal, total, amount_due, amount_remaining, object } = invoice;
    assert.deepEqual({ status, billing_reason, number, subtotal, total, amount_due, amount_remaining, object }, {
        status: 'draft', billing_reason: 'upcoming', number: null, subtotal: 2500, total: 2450, amount_due: 2450,
        amount_remaining: 2450, object: 'invoice',
    });
    assert.equal(invoice.discounts.length, 1);
    const [first, second] = invoice.lines.data;
    assert.match(first.id, /^il_tmp_/);
    assert.deepEqual([first.description, first.metadata, first.discounts.length, first.invoice],
        ['first', { a: '1' }, 1, invoice.id]);
    assert.deepEqual(first.discount_amounts.map(({ amount }) => amount), [500, 50]);
    assert.deepEqual([second.discountable, second.period, second.discount_amounts],
        [false, { start: 100, end: 200 }, []]);
});

test('a preview leaves nothing behind and redeems nothing', async () => {
    const own = invoicing(server);
    const { customer, id: subscription, item: id } = await subscribed(own);
    const { id: half } = await own.coupon({ max_redemptions: 1 });
    const { id: code } = await own.sdk.promotionCodes.create({
        promotion: { type: 'coupon', coupon: half }, max_redemptions: 1,
    });
    const { id: price } = await own.price(3000, { interval: 'month' });
    const before = await traces(own);
    for (const form of [
        { customer, invoice_items: [item(1000)], discounts: [{ promotion_code: code }] },
        { subscription, discounts: [{ promotion_code: code }] },
        { subscription, discounts: [{ coupon: half }] },
        { subscription, subscription_details: { items: [{ id, price, discounts: [{ coupon: half }] }] } },
        { subscription, subscription_details: { cancel_now: true } },
        { customer, subscription_details: { items: [{ price }] }, discounts: [{ promotion_code: code }] },
    ]) {
        const { total_discount_amounts } = await preview(own, form);
        if (JSON.stringify(form).includes('discounts')) assert(total_discount_amounts.length > 0, JSON.stringify(form));
    }
    assert.deepEqual(await traces(own), before);
    assert.equal((await own.sdk.coupons.retrieve(half)).times_redeemed, 0);
    assert.equal((await own.sdk.promotionCodes.retrieve(code)).times_redeemed, 0);
    assert.equal((await own.sdk.customers.retrieve(customer)).next_invoice_sequence, 2);
});

test('discounts of a preview are expanded with their coupons', async () => {
    const own = invoicing(server);
    const { id: customer } = await own.sdk.customers.create();
    const { id: half } = await own.coupon();
    const invoice = await own.sdk.invoices.createPreview({
        customer, invoice_items: [item(1000)], discounts: [{ coupon: half }],
        expand: ['discounts.source.coupon', 'total_discount_amounts.discount', 'customer'],
    });
    assert.equal(invoice.discounts[0].source.coupon.percent_off, 50);
    assert.equal(invoice.total_discount_amounts[0].discount.id, invoice.discounts[0].id);
    assert.equal(invoice.customer.id, customer);
});

test('a preview may be sent again with its idempotency key', async () => {
    const { key, sdk } = invoicing(server);
    const { id: customer } = await sdk.customers.create();
    const request = { method: 'POST', path: '/v1/invoices/create_preview', key, headers: { 'idempotency-key': 'k' },
        form: { customer, invoice_items: [item(1000)] } };
    const first = await raw(server, request);
    const second = await raw(server, request);
    assert.equal(second.text, first.text);
    assert.equal(second.headers.get('idempotent-replayed'), 'true');
});

// ---- inheritance ----

for (const { name, discounts, total } of [
    { name: 'omitted: what the customer has', discounts: undefined, total: 900 },
    { name: 'empty: none', discounts: '', total: 1000 },
    { name: 'given: instead of what the customer has', discounts: 'own', total: 500 },
]) {
    test(`discounts of a preview of items, ${name}`, async () => {
        const own = invoicing(server);
        const [tenth, half] = [await own.coupon({ percent_off: 10, duration: 'forever' }), await own.coupon()];
        const { id: customer } = await own.older.customers.create({ coupon: tenth.id });
        const form = { customer, invoice_items: [item(1000)],
            discounts: discounts === 'own' ? [{ coupon: half.id }] : discounts };
        assert.equal((await preview(own, form)).total, total);
    });

    test(`discounts of a preview of a new subscription, ${name}`, async () => {
        const own = invoicing(server);
        const [tenth, half] = [await own.coupon({ percent_off: 10, duration: 'forever' }), await own.coupon()];
        const { id: customer } = await own.older.customers.create({ coupon: tenth.id });
        const { id: price } = await own.price(1000, { interval: 'month' });
        const form = { customer, subscription_details: { items: [{ price }] },
            discounts: discounts === 'own' ? [{ coupon: half.id }] : discounts };
        assert.equal((await preview(own, form)).total, total);
    });

    test(`discounts of a preview of a subscription, ${name}`, async () => {
        const own = invoicing(server);
        const [tenth, half] = [await own.coupon({ percent_off: 10, duration: 'forever' }), await own.coupon()];
        const { id: subscription } = await subscribed(own, { discounts: [{ coupon: tenth.id }] });
        const form = { subscription, discounts: discounts === 'own' ? [{ coupon: half.id }] : discounts };
        assert.equal((await preview(own, form)).total, total);
    });
}

test('a discount of the subscription can be named again', async () => {
    const own = invoicing(server);
    const [tenth, half] = [await own.coupon({ percent_off: 10, duration: 'forever' }), await own.coupon()];
    const { id, subscription } = await subscribed(own, { discounts: [{ coupon: tenth.id }] });
    const [discount] = subscription.discounts;
    const invoice = await preview(own, { subscription: id, discounts: [{ discount }, { coupon: half.id }] });
    assert.deepEqual([invoice.total, invoice.discounts[0]], [450, discount]);
});

// ---- what there is to invoice ----

test('what waits for the customer is on it, and only that', async () => {
    const own = invoicing(server);
    const { id: customer } = await own.sdk.customers.create();
    const { id } = await own.sdk.invoiceItems.create(item(700, { customer }));
    await own.sdk.invoiceItems.create(item(900, { customer, currency: 'eur' }));
    const { lines, total } = await preview(own, { customer });
    assert.equal(total, 700);
    assert.deepEqual(lines.data.map(({ parent }) => parent.invoice_item_details.invoice_item), [id]);
    assert.equal((await preview(own, { customer, currency: 'eur' })).total, 900);
    assert.equal((await own.sdk.invoiceItems.retrieve(id)).invoice, null, 'it still waits');
});

test('a preview without anything to invoice is not found', async () => {
    const own = invoicing(server);
    const { id: customer } = await own.sdk.customers.create();
    await rejects(own.sdk.invoices.createPreview({ customer }), {
        status: 404, type: 'invalid_request_error', code: 'invoice_upcoming_none',
        message: `No upcoming invoices for customer: ${customer}`,
    });
});

test('a preview needs a customer or a subscription', async () => {
    await rejects(invoicing(server).sdk.invoices.createPreview({}), {
        status: 400, type: 'invalid_request_error',
        message: 'You must either provide a `customer` or a `subscription` to the upcoming invoice endpoint.',
    });
});

test('who does not exist has no preview', async () => {
    const own = invoicing(server);
    const { id: subscription } = await subscribed(own);
    const { id: other } = await own.sdk.customers.create();
    for (const [form, param] of [
        [{ customer: 'cus_none' }, 'customer'],
        [{ subscription: 'sub_none' }, 'subscription'],
        [{ subscription, customer: other }, 'subscription'],
    ]) {
        await rejects(own.sdk.invoices.createPreview(form), { status: 400, code: 'resource_missing', param });
    }
});

for (const { name, element, param, code } of [
    { name: 'a price that does not exist', element: { price: 'price_none' }, param: '[price]', code: 'resource_missing' },
    { name: 'a coupon that does not exist', element: item(1, { discounts: [{ coupon: 'none' }] }),
        param: '[discounts][0][coupon]', code: 'resource_missing' },
    { name: 'nothing', element: { description: 'x' }, param: '[amount]', code: 'parameter_missing' },
    { name: 'two amounts', element: item(1, { unit_amount: 2 }), param: '[amount]' },
    { name: 'no number', element: { unit_amount_decimal: 'x', currency: 'usd' }, param: '[unit_amount_decimal]' },
]) {
    test(`an item of a preview with ${name} is blamed by its place`, async () => {
        const own = invoicing(server);
        const { id: customer } = await own.sdk.customers.create();
        await rejects(own.sdk.invoices.createPreview({ customer, invoice_items: [item(1), element] }),
            { status: 400, param: `invoice_items[1]${param}`, code });
    });
}

test('an item of a preview may have a price, a new price, or an amount for one', async () => {
    const own = invoicing(server);
    const { id: customer } = await own.sdk.customers.create();
    const { id: price, product } = await own.price(300);
    const { lines, subtotal } = await preview(own, { customer, invoice_items: [
        { price, quantity: 2 },
        { price_data: { currency: 'usd', product, unit_amount: 50 }, quantity: 3 },
        { unit_amount: 7, quantity: 4, currency: 'usd' },
        { unit_amount_decimal: '0.5', quantity: 10, currency: 'usd' },
    ] });
    assert.deepEqual(lines.data.map(({ amount, quantity }) => [amount, quantity]),
        [[600, 2], [150, 3], [28, 4], [5, 10]]);
    assert.equal(subtotal, 783);
});

// ---- subscriptions ----

test('the only subscription of a customer is what is previewed', async () => {
    const own = invoicing(server);
    const { customer, id, subscription } = await subscribed(own);
    const invoice = await preview(own, { customer });
    const [line] = invoice.lines.data;
    assert.equal(invoice.parent.subscription_details.subscription, id);
    assert.equal(line.period.start, subscription.items.data[0].current_period_end);
    assert.equal(invoice.total, 1000);
});

test('the next invoice has what waits and what is added', async () => {
    const own = invoicing(server);
    const { customer, id: subscription } = await subscribed(own);
    await own.sdk.invoiceItems.create(item(70, { customer, subscription }));
    const { total, lines } = await preview(own, { subscription, invoice_items: [item(5)] });
    assert.equal(total, 1075);
    assert.equal(lines.data.length, 3);
});

test('a canceled subscription has no next invoice', async () => {
    const own = invoicing(server);
    const { id: subscription, customer } = await subscribed(own);
    await own.sdk.subscriptions.cancel(subscription);
    await rejects(own.sdk.invoices.createPreview({ subscription }), { status: 404, code: 'invoice_upcoming_none' });
    await rejects(own.sdk.invoices.createPreview({ customer }), { status: 404, code: 'invoice_upcoming_none' });
});

test('a change of price at once is prorated in the next invoice', async () => {
    const own = invoicing(server);
    const { id: clock } = await own.sdk.testHelpers.testClocks.create({ frozen_time: at('2027-04-01') });
    const { id: customer } = await own.payer({ test_clock: clock });
    const { id: subscription, item: id } = await subscribed(own, { customer });
    const { id: price } = await own.price(3000, { interval: 'month' });
    const total = async (details) =>
        (await preview(own, { subscription, subscription_details: { items: [{ id, price }], ...details } })).total;
    const half = at('2027-04-16');
    assert.equal(await total({ proration_date: half }), 3000 - 500 + 1500);
    assert.equal(await total({ proration_behavior: 'none' }), 3000);
    assert.equal(await total({ proration_date: half, proration_behavior: 'always_invoice' }), 1000);
    const now = await preview(own, { subscription, subscription_details: { cancel_now: true, proration_date: half } });
    assert(now.total <= 0, 'what is left is given back');
    const anew = await total({ billing_cycle_anchor: 'now', proration_behavior: 'none' });
    assert.equal(anew, 3000);
});

test('a preview of what ends is refused, one of a trial costs nothing', async () => {
    const own = invoicing(server);
    const { id: subscription, subscription: { items } } = await subscribed(own);
    const { current_period_end: end } = items.data[0];
    for (const details of [{ cancel_at_period_end: true }, { cancel_at: end }]) {
        await rejects(own.sdk.invoices.createPreview({ subscription, subscription_details: details }),
            { status: 404, code: 'invoice_upcoming_none' });
    }
    const { id: customer } = await own.sdk.customers.create();
    const { id: price } = await own.price(1000, { interval: 'month' });
    const details = { items: [{ price, quantity: 2 }] };
    const trial = await preview(own, { customer, subscription_details: { ...details, trial_end: end } });
    assert.equal(trial.total, 0);
    const paid = await preview(own, { customer, subscription_details: { ...details, trial_end: 'now' } });
    assert.equal(paid.total, 2000);
});

test('a preview of a new subscription is its first invoice, or one that recurs', async () => {
    const own = invoicing(server);
    const now = at('2027-04-01'); // the same for both
    const { id: test_clock } = await own.sdk.testHelpers.testClocks.create({ frozen_time: now });
    const { id: customer } = await own.sdk.customers.create({ test_clock });
    const { id: once } = await own.coupon();
    const { id: price } = await own.price(1000, { interval: 'month' });
    const form = { customer, subscription_details: { items: [{ price }] }, discounts: [{ coupon: once }] };
    const next = await preview(own, { ...form, preview_mode: 'next' });
    const recurring = await preview(own, { ...form, preview_mode: 'recurring' });
    assert.deepEqual([next.total, recurring.total], [500, 1000]);
    assert.equal(recurring.lines.data[0].period.start, next.lines.data[0].period.end);
    const began = now - 86400;
    const dated = await preview(own, { ...form, subscription_details: { items: [{ price }], start_date: began } });
    assert(Math.min(...dated.lines.data.map(({ period }) => period.start)) <= began + 86400);
});

// ---- older versions ----

test('before basil a preview takes a coupon', async () => {
    const own = invoicing(server);
    const { id: half } = await own.coupon();
    const { id: customer } = await own.sdk.customers.create();
    const { id: price } = await own.price(1000, { interval: 'month' });
    const { id: subscription } = await subscribed(own);
    for (const form of [
        { customer, invoice_items: [item(1000)] },
        { customer, subscription_details: { items: [{ price }] } },
        { subscription },
    ]) {
        const { total, discount } = await preview(own, { ...form, coupon: half }, ACACIA);
        assert.deepEqual([total, discount.coupon.id], [500, half], JSON.stringify(form));
    }
    await rejects(own.sdk.invoices.createPreview({ customer, coupon: half }),
        { status: 400, code: 'parameter_unknown', param: 'coupon' });
    await rejects(own.older.invoices.createPreview({ customer, invoice_items: [item(1)], coupon: 'none' }),
        { status: 400, code: 'resource_missing', param: 'coupon' });
    await rejects(own.older.invoices.createPreview({ customer, coupon: half, discounts: [{ coupon: half }] }),
        { status: 400, param: 'coupon', message: /only specify one of these parameters: coupon, discounts/ });
});

test('before basil the upcoming invoice takes what the subscription would be', async () => {
    const own = invoicing(server);
    const { id: clock } = await own.sdk.testHelpers.testClocks.create({ frozen_time: at('2027-04-01') });
    const { id: customer } = await own.payer({ test_clock: clock });
    const { id: subscription, item: id } = await subscribed(own, { customer });
    const { id: price } = await own.price(3000, { interval: 'month' });
    const items = [{ id, price }];
    const half = at('2027-04-16');
    assert.equal((await upcoming(own, { customer, currency: 'usd' })).total, 1000);
    assert.equal((await upcoming(own, { subscription, invoice_items: [item(5)] })).total, 1005);
    const changed = { subscription, subscription_items: items, subscription_proration_date: half };
    assert.equal((await upcoming(own, changed)).total, 4000);
    assert.equal((await upcoming(own, { ...changed, subscription_proration_behavior: 'none' })).total, 3000);
    assert.equal((await upcoming(own, { subscription, subscription_items: items,
        subscription_proration_behavior: 'none', subscription_billing_cycle_anchor: 'now' })).total, 3000);
    assert((await upcoming(own, { subscription, subscription_cancel_now: true })).total <= 0);
    for (const fields of [{ subscription_cancel_at_period_end: true }, { subscription_cancel_at: at('2027-05-01') }]) {
        await rejects(upcoming(own, { subscription, ...fields }), { status: 404, code: 'invoice_upcoming_none' });
    }
    const { id: other } = await own.sdk.customers.create();
    const fresh = { customer: other, subscription_items: [{ price }] };
    const soon = Math.floor(Date.now() / 1000) + 86400;
    assert.equal((await upcoming(own, { ...fresh, subscription_trial_end: soon })).total, 0);
    assert.equal((await upcoming(own, { ...fresh, subscription_trial_end: 'now' })).total, 3000);
    assert.equal((await upcoming(own, { ...fresh, subscription_start_date: soon - 2 * 86400 })).status, 'draft');
});

test('before basil the upcoming invoice takes coupons and discounts, and shows them as it was', async () => {
    const own = invoicing(server);
    const { id: half } = await own.coupon();
    const { id: subscription, customer } = await subscribed(own);
    for (const version of ['2020-08-27', '2023-10-16', ACACIA]) {
        const { discount, total, paid, lines } = await upcoming(own, { customer, coupon: half }, version);
        assert.deepEqual([discount.coupon.id, total, paid], [half, 500, false]);
        assert.deepEqual([lines.data[0].type, lines.data[0].plan.interval], ['subscription', 'month']);
        assert.equal((await upcoming(own, { subscription, discounts: [{ coupon: half }] }, version)).total, 500);
    }
    const { id: code } = await own.sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: half } });
    const discounts = [{ promotion_code: code }];
    assert.equal((await upcoming(own, { subscription, discounts })).total, 500);
    await rejects(upcoming(own, { subscription, discounts }, '2023-10-16'), { status: 400, code: 'parameter_unknown' });
    assert.equal((await own.sdk.coupons.retrieve(half)).times_redeemed, 0);
});

test('before basil nothing upcoming is not found, and nobody is an error', async () => {
    const own = invoicing(server);
    const { id: customer } = await own.sdk.customers.create();
    await rejects(upcoming(own, { customer }), { status: 404, code: 'invoice_upcoming_none' });
    await rejects(upcoming(own), { status: 400, message: /^You must either provide a `customer`/ });
    const path = '/v1/invoices/upcoming/lines';
    await rejects(own.call(path, { customer }, ACACIA, 'GET'),
        { status: 404, code: 'invoice_upcoming_none' });
});

test('before basil the lines of the upcoming invoice come in pages', async () => {
    const own = invoicing(server);
    const { id: customer } = await own.sdk.customers.create();
    for (const amount of [1, 2, 3]) await own.sdk.invoiceItems.create(item(amount, { customer }));
    const lines = (form) => own.call('/v1/invoices/upcoming/lines', { customer, ...form }, '2023-10-16', 'GET');
    const all = await lines({});
    assert.deepEqual(all.data.map(({ amount, type }) => [amount, type]),
        [[1, 'invoiceitem'], [2, 'invoiceitem'], [3, 'invoiceitem']]);
    const page = await lines({ limit: 2 });
    assert.deepEqual([page.data.length, page.has_more], [2, true]);
    const { id: half } = await own.coupon();
    const discounted = await lines({ discounts: [{ coupon: half }], limit: 1 });
    assert.equal(discounted.data[0].discount_amounts[0].amount, 1);
});

test('the upcoming invoice is gone from basil on, also from the description', async () => {
    const { key } = invoicing(server);
    for (const version of ['2025-03-31.basil', CLOVER, '']) {
        for (const path of ['/v1/invoices/upcoming', '/v1/invoices/upcoming/lines']) {
            refused(await raw(server, { path, key, version }), { status: 404, type: 'invalid_request_error' });
            assert(!((await document(server, version)).json.paths[path]));
        }
    }
    const { json } = await document(server, ACACIA);
    assert(json.paths['/v1/invoices/upcoming'] && json.paths['/v1/invoices/upcoming/lines']);
});
