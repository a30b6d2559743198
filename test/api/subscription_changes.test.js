// Changes of subscriptions on the way: prices and quantities with their prorations, one-time items, discounts, ends;
// and the events that tell of them. Time is a test clock's.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { account, at } from '../lib/billing.js';
import { raw } from '../lib/client.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const HOUR = 3600;
const INVALID = { status: 400, type: 'invalid_request_error' };
const BEGIN = '2027-04-01'; // of a month of 30 days
const MIDDLE = '2027-04-16';
const FOREVER = { percent_off: 10, duration: 'forever' };

function plain(object) {
    return JSON.parse(JSON.stringify(object));
}

// A subscription of 3000 a month from 1 April, on a clock that stands in the middle of the month.
async function halfway({ terms, amount = 3000, quantity = 1, time = MIDDLE, ...fields } = {}) {
    const own = account(server);
    const { sdk } = own;
    const { id: clock } = await sdk.testHelpers.testClocks.create({ frozen_time: at(BEGIN) });
    const { id: customer } = await own.payer({ test_clock: clock });
    const { id: price } = await own.price(amount, { interval: 'month' });
    const discounts = terms && [{ coupon: (await own.coupon(terms)).id }];
    const made = await sdk.subscriptions.create({ customer, items: [{ price, quantity }], discounts, ...fields });
    const { id, items: { data: [{ id: item }] } } = made;
    if (time !== BEGIN) await own.advance(clock, at(time));
    return {
        ...own,
        clock,
        customer,
        made,
        item,
        id,
        advance: (to) => own.advance(clock, to),
        monthly: async (unit_amount) => (await own.price(unit_amount, { interval: 'month' })).id,
        update: (change) => sdk.subscriptions.update(id, { expand: ['latest_invoice'], ...change }),
        retrieve: () => sdk.subscriptions.retrieve(id, { expand: ['latest_invoice'] }),
        // What waits for the next invoice, oldest first.
        async pending() {
            const { data } = await sdk.invoiceItems.list({ customer, pending: true });
            return data.reverse().map(({ amount, description }) => [amount, description]);
        },
        // Types of events since the last call, oldest first.
        async told() {
            const { data } = await sdk.events.list({ limit: 100, ending_before: this.last });
            this.last = data[0]?.id ?? this.last;
            return data.reverse();
        },
    };
}

async function types(it) {
    return (await it.told()).map(({ type }) => type);
}

// ---- prorations ----

const AFTER = 'on Thing after 16 Apr 2027';

for (const { name, change, credit, debit, terms, quantity = 1 } of [
    { name: 'a dearer price', change: { price: 6000 }, credit: -1500, debit: 3000 },
    { name: 'a cheaper price', change: { price: 1000 }, credit: -1500, debit: 500 },
    { name: 'a price that costs nothing', change: { price: 0 }, credit: -1500, debit: 0 },
    { name: 'more of it', change: { quantity: 3 }, credit: -1500, debit: 4500 },
    { name: 'less of it', change: { quantity: 1 }, quantity: 4, credit: -6000, debit: 1500 },
    { name: 'none of it', change: { quantity: 0 }, credit: -1500, debit: 0 },
    { name: 'a dearer price with a discount', terms: FOREVER, change: { price: 6000 }, credit: -1350, debit: 2700 },
    { name: 'a dearer price after a discount given once', terms: { percent_off: 50 }, change: { price: 6000 },
        credit: -750, debit: 3000 },
    { name: 'a dearer price after a month for nothing', terms: { percent_off: 100 }, change: { price: 6000 },
        credit: 0, debit: 3000 },
    { name: 'a dearer price with an amount off', terms: { percent_off: undefined, amount_off: 1000, currency: 'usd',
        duration: 'forever' }, change: { price: 6000 }, credit: -1000, debit: 2500 },
]) {
    test(`${name}: the rest of the period is credited and charged with the next invoice`, async () => {
        const it = await halfway({ terms, quantity });
        const price = change.price === undefined ? undefined : await it.monthly(change.price);
        const { latest_invoice } = await it.update({ items: [{ id: it.item, ...change, price }] });
        assert.equal(latest_invoice.id, it.made.latest_invoice, 'no invoice of its own');
        const unused = quantity > 1 ? `Unused time on ${quantity} × Thing after 16 Apr 2027` : `Unused time ${AFTER}`;
        const pending = await it.pending();
        assert.deepEqual(pending.map(([amount]) => amount), [credit, debit]);
        assert.equal(pending[0][1], unused);
        await it.advance(at('2027-05-01') + HOUR);
        const { latest_invoice: { lines, total } } = await it.retrieve();
        const [, ...prorations] = lines.data;
        assert.equal(lines.data.length, 3);
        for (const line of prorations) {
            assert.deepEqual([line.discountable, line.discount_amounts, line.parent.invoice_item_details.proration],
                [false, [], true]);
            assert.deepEqual(line.period, { start: at(MIDDLE), end: at('2027-05-01') });
        }
        const [period] = lines.data;
        const off = period.discount_amounts.reduce((sum, { amount }) => sum + amount, 0);
        assert.equal(total, period.amount - off + credit + debit);
        assert.deepEqual(await it.pending(), []);
    });
}

test('a price changed at a boundary is charged next to its discount, the credit with it included', async () => {
    const it = await halfway({ terms: FOREVER, amount: 2500, time: BEGIN });
    const yearly = (await it.price(25000, { interval: 'year' })).id;
    const { latest_invoice } = await it.update({ items: [{ id: it.item, price: yearly }] });
    const { lines, subtotal, total, total_discount_amounts } = latest_invoice;
    assert.deepEqual(lines.data.map(({ amount }) => amount).sort((a, b) => a - b), [-2250, 25000]);
    assert.deepEqual([subtotal, total, total_discount_amounts[0].amount], [22750, 20250, 2500]);
});

test('a change can be invoiced at once', async () => {
    const it = await halfway();
    const price = await it.monthly(6000);
    const { latest_invoice, status } = await it.update({
        items: [{ id: it.item, price }], proration_behavior: 'always_invoice',
    });
    const { billing_reason, total, amount_paid, lines, created } = latest_invoice;
    assert.deepEqual([status, billing_reason, total, amount_paid, lines.data.length, created],
        ['active', 'subscription_update', 1500, 1500, 2, at(MIDDLE)]);
    assert.deepEqual(await it.pending(), []);
});

test('a cheaper price that is invoiced at once leaves a credit with the customer', async () => {
    const it = await halfway();
    const { latest_invoice } = await it.update({
        items: [{ id: it.item, price: await it.monthly(1000) }], proration_behavior: 'always_invoice',
    });
    assert.deepEqual([latest_invoice.total, latest_invoice.status], [-1000, 'paid']);
    assert.equal((await it.sdk.customers.retrieve(it.customer)).balance, -1000);
});

test('a change need not be prorated, and one of nothing never is', async () => {
    const it = await halfway();
    await it.update({ items: [{ id: it.item, price: await it.monthly(6000) }], proration_behavior: 'none' });
    assert.deepEqual(await it.pending(), []);
    await it.update({ items: [{ id: it.item, quantity: 1 }] });
    await it.update({ metadata: { a: 1 }, discounts: [{ coupon: (await it.coupon()).id }] });
    assert.deepEqual(await it.pending(), []);
});

test('a second change credits what the first one charged', async () => {
    const it = await halfway();
    await it.update({ items: [{ id: it.item, quantity: 2 }] });
    await it.update({ items: [{ id: it.item, quantity: 4 }] });
    assert.deepEqual((await it.pending()).map(([amount]) => amount), [-1500, 3000, -3000, 6000]);
});

test('what was charged with a discount that is used up is credited with it, whatever was invoiced since', async () => {
    const it = await halfway({ terms: { duration: 'once' } }); // 1500 of 3000 were paid
    await it.update({ items: [{ price: await it.monthly(1000) }], proration_behavior: 'always_invoice' });
    const { latest_invoice } = await it.update({
        items: [{ id: it.item, quantity: 2 }], proration_behavior: 'always_invoice',
    });
    assert.deepEqual(latest_invoice.lines.data.map(({ amount }) => amount).sort((a, b) => a - b), [-750, 3000]);
});

test('what was charged in full after a discount was used up is credited in full', async () => {
    const it = await halfway({ terms: { duration: 'once' } });
    for (const quantity of [2, 1, 3]) await it.update({ items: [{ id: it.item, quantity }] });
    assert.deepEqual((await it.pending()).map(([amount]) => amount), [-750, 3000, -3000, 1500, -1500, 4500]);
});

test('proration_date says from when on', async () => {
    const it = await halfway();
    const items = [{ id: it.item, quantity: 2 }];
    for (const proration_date of [at(BEGIN) - 1, at('2027-05-01') + 1]) {
        await rejects(it.update({ items, proration_date }), { ...INVALID, param: 'proration_date' });
    }
    await it.update({ items, proration_date: at('2027-04-11') });
    assert.deepEqual((await it.pending()).map(([amount]) => amount), [-2000, 4000]);
});

test('a new and a removed item are charged and credited', async () => {
    const it = await halfway();
    const price = await it.monthly(1000);
    await it.update({ items: [{ price, quantity: 2 }] });
    assert.deepEqual((await it.pending()).map(([amount]) => amount), [1000]);
    const { items } = await it.update({ items: [{ id: it.item, deleted: true, clear_usage: true }] });
    assert.deepEqual(items.data.map((each) => [each.price.id, each.quantity]), [[price, 2]]);
    assert.deepEqual((await it.pending()).map(([amount]) => amount), [1000, -1500]);
    await rejects(it.update({ items: [{ id: items.data[0].id, deleted: true }] }), { ...INVALID, param: 'items' });
    await rejects(it.update({ items: [{ id: 'si_no', quantity: 1 }] }),
        { ...INVALID, code: 'resource_missing', param: 'items[0][id]' });
    await rejects(it.update({ items: [{ id: it.item, quantity: 1 }] }), { ...INVALID, param: 'items[0][id]' });
});

test('another interval begins a period, and credits the rest of the old one', async () => {
    const it = await halfway();
    const { id: yearly } = await it.price(30000, { interval: 'year' });
    const changed = await it.update({ items: [{ id: it.item, price: yearly }] });
    assert.equal(changed.billing_cycle_anchor, at(MIDDLE));
    const { current_period_start, current_period_end } = changed.items.data[0];
    assert.deepEqual([current_period_start, current_period_end], [at(MIDDLE), at('2028-04-16')]);
    assert.deepEqual([changed.latest_invoice.total, changed.latest_invoice.status], [28500, 'paid']);
});

test('periods can begin anew, and the rest of the old one is credited', async () => {
    const it = await halfway();
    const changed = await it.update({ billing_cycle_anchor: 'now' });
    assert.deepEqual([changed.billing_cycle_anchor, changed.latest_invoice.total], [at(MIDDLE), 1500]);
    const again = await it.update({ billing_cycle_anchor: 'now' });
    assert.equal(again.latest_invoice.id, changed.latest_invoice.id, 'the period has only just begun');
    assert.equal((await it.update({ billing_cycle_anchor: 'unchanged' })).billing_cycle_anchor, at(MIDDLE));
    await rejects(it.update({ billing_cycle_anchor: 'later' }), { ...INVALID, param: 'billing_cycle_anchor' });
});

test('a discount that a change uses up is gone after it', async () => {
    const it = await halfway();
    const { id: coupon } = await it.coupon();
    const changed = await it.update({ discounts: [{ coupon }], billing_cycle_anchor: 'now' });
    assert.equal(changed.latest_invoice.total, 0); // half of 3000, less the credit of 1500
    assert.deepEqual(changed.discounts, []);
    assert.deepEqual((await it.retrieve()).discounts, []);
});

test('the first part of a period before an anchor is credited as it was charged', async () => {
    const it = await halfway({ time: BEGIN, billing_cycle_anchor: at('2027-04-16') });
    assert.equal((await it.retrieve()).latest_invoice.total, 1500);
    await it.advance(at('2027-04-11'));
    await it.update({ items: [{ id: it.item, quantity: 2 }] });
    assert.deepEqual((await it.pending()).map(([amount]) => amount), [-500, 1000]);
});

test('an item changes to another price by its plan, or to one that is made for it', async () => {
    const it = await halfway();
    const plan = await it.monthly(1000);
    assert.equal((await it.update({ items: [{ id: it.item, plan }] })).plan.id, plan);
    const { id: product } = await it.sdk.products.create({ name: 'Milk' });
    const recurring = { interval: 'month', interval_count: 1, usage_type: 'licensed', trial_period_days: 7 };
    for (const amount of [{ unit_amount: 700 }, { unit_amount_decimal: '700' }]) {
        const price_data = { currency: 'usd', product, recurring, tax_behavior: 'inclusive', ...amount };
        const { items } = await it.update({ items: [{ id: it.item, price_data }], proration_behavior: 'none' });
        assert.deepEqual([items.data.length, items.data[0].price.unit_amount], [1, 700]);
    }
});

test('prices that do not go together are refused, and nothing changes', async () => {
    const it = await halfway();
    const prices = {
        interval: await it.price(100, { interval: 'week' }),
        interval_count: await it.price(100, { recurring: { interval: 'month', interval_count: 2 } }),
        currency: await it.price(100, { interval: 'month', currency: 'eur' }),
    };
    for (const [field, { id: price }] of Object.entries(prices)) {
        await rejects(it.update({ items: [{ price }] }), { ...INVALID, message: 'Currency and interval fields must ' +
            `match across all plans on this subscription. Found mismatch in ${field} field.` });
    }
    const { id: once } = await it.price(100);
    await rejects(it.update({ items: [{ price: once }] }), { ...INVALID, param: 'items[0][price]', message:
        'The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.' });
    const closed = await it.monthly(100);
    await it.sdk.prices.update(closed, { active: false });
    await rejects(it.update({ items: [{ price: closed }] }), { ...INVALID, param: 'items[0][price]' });
    assert.equal((await it.retrieve()).items.data.length, 1);
    assert.deepEqual(await it.pending(), []);
});

// ---- one-time items ----

test('one-time items are on the first invoice, each with its own discounts', async () => {
    const own = account(server);
    const { sdk } = own;
    const { id: customer } = await own.payer();
    const { id: price } = await own.price(2500, { interval: 'month' });
    const { id: fee } = await own.price(1000);
    const { id: product } = await sdk.products.create({ name: 'Setup' });
    const { id: half } = await own.coupon();
    const { id: tenth } = await own.coupon(FOREVER);
    const add_invoice_items = [
        { price: fee, quantity: 2, discounts: [{ coupon: half }], metadata: { a: '1' } },
        { price_data: { currency: 'usd', product, unit_amount: 500, tax_behavior: 'exclusive' }, discountable: false },
        { price_data: { currency: 'usd', product, unit_amount_decimal: '0.5' }, quantity: 100 },
    ];
    const made = await sdk.subscriptions.create({
        customer, items: [{ price }], discounts: [{ coupon: tenth }], add_invoice_items, expand: ['latest_invoice'],
    });
    const { lines, subtotal, total } = made.latest_invoice;
    assert.deepEqual(lines.data.map(({ amount, discount_amounts }) =>
        [amount, discount_amounts.reduce((sum, each) => sum + each.amount, 0)]), [[2500, 250], [2000, 1100], [500, 0], [50, 5]]);
    assert.deepEqual([subtotal, total], [4050, 4050 - 250 - 100 - 5]);
    assert.equal(made.items.data.length, 1);
    const { id: code } = await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: half } });
    const updated = await sdk.subscriptions.update(made.id, {
        add_invoice_items: [{ price: fee, discounts: [{ promotion_code: code }], metadata: { b: '2' } },
            { price_data: { currency: 'usd', product, unit_amount: 5, tax_behavior: 'inclusive' }, discountable: true },
            { price_data: { currency: 'usd', product, unit_amount_decimal: '5' }, quantity: 1 }],
        payment_settings: { payment_method_types: ['card'] },
        proration_behavior: 'always_invoice', expand: ['latest_invoice'],
    });
    assert.equal(updated.latest_invoice.total, 450 + 4 + 4);
    // A discount of the customer's can be used again, with no more redeemed.
    const [discount] = made.discounts;
    const again = [{ price: fee, discounts: [{ discount }] }];
    await sdk.subscriptions.create({
        customer, items: [{ price }],
        add_invoice_items: [...again, { price: fee, discounts: [{ promotion_code: code }] }],
    });
    await sdk.subscriptions.update(made.id, { add_invoice_items: again });
    assert.equal((await sdk.coupons.retrieve(tenth)).times_redeemed, 1);
    for (const [item, expected] of [
        [{ price }, { ...INVALID, param: 'add_invoice_items[0][price]' }],
        [{ price: 'price_no' }, { ...INVALID, code: 'resource_missing', param: 'add_invoice_items[0][price]' }],
        [{ price: fee, discounts: [{ coupon: 'NOPE' }] },
            { ...INVALID, code: 'resource_missing', param: 'add_invoice_items[0][discounts][0][coupon]' }],
    ]) {
        await rejects(sdk.subscriptions.update(made.id, { add_invoice_items: [item] }), expected);
    }
    const many = (length) => Array.from({ length }, () => ({ price: fee }));
    await rejects(sdk.subscriptions.update(made.id, { add_invoice_items: many(21) }),
        { ...INVALID, param: 'add_invoice_items' });
    for (const length of [19, 20]) await sdk.subscriptions.update(made.id, { add_invoice_items: many(length) });
});

// ---- settings ----

test('an update changes what it names', async () => {
    const it = await halfway({ time: BEGIN, metadata: { a: '1', b: '2' }, description: 'Tea' });
    const method = (await it.sdk.paymentMethods.attach('pm_card_amex', { customer: it.customer })).id;
    const changed = await it.update({
        automatic_tax: { enabled: false }, collection_method: 'send_invoice', days_until_due: 7, description: 'Coffee',
        default_payment_method: method, metadata: { b: '', c: '3' }, off_session: true,
        payment_behavior: 'allow_incomplete', cancellation_details: { comment: 'Hm', feedback: 'unused' },
        items: [{ id: it.item, metadata: { x: '1' } }],
    });
    const { collection_method, days_until_due, description, default_payment_method, metadata, cancellation_details } = changed;
    assert.deepEqual(plain({ collection_method, days_until_due, description, default_payment_method, metadata,
        cancellation_details }), {
        collection_method: 'send_invoice', days_until_due: 7, description: 'Coffee', default_payment_method: method,
        metadata: { a: '1', c: '3' }, cancellation_details: { comment: 'Hm', feedback: 'unused', reason: null },
    });
    const { items } = await it.update({ items: [{ id: it.item, metadata: { y: '2' } }], description: '', metadata: '' });
    assert.deepEqual(plain(items.data[0].metadata), { x: '1', y: '2' });
    const { description: none, metadata: empty } = await it.retrieve();
    assert.deepEqual([none, plain(empty)], [null, {}]);
    await rejects(it.update({ customer: it.customer }), { ...INVALID, code: 'parameter_unknown', param: 'customer' });
    await rejects(it.sdk.subscriptions.update('sub_no', {}), { status: 404, code: 'resource_missing', param: 'id' });
});

test('discounts of an item are replaced, kept and cleared with the item', async () => {
    const it = await halfway({ terms: FOREVER, time: BEGIN });
    const { id: coupon } = await it.coupon({ duration: 'forever' });
    const { items: { data: [first] }, discounts } = await it.update({ items: [{ id: it.item, discounts: [{ coupon }] }] });
    assert.deepEqual([first.discounts.length, discounts.length], [1, 1]);
    const { items: { data: [same] } } = await it.update({ items: [{ id: it.item, quantity: 1 }] });
    assert.deepEqual(same.discounts, first.discounts);
    const { items: { data: [kept] } } =
        await it.update({ items: [{ id: it.item, discounts: [{ discount: first.discounts[0] }] }] });
    assert.deepEqual(kept.discounts, first.discounts);
    const { items: { data: [cleared] }, discounts: own } = await it.update({ items: [{ id: it.item, discounts: '' }] });
    assert.deepEqual([cleared.discounts, own], [[], discounts]);
});

// ---- ends ----

test('canceling at once ends everything', async () => {
    const it = await halfway({ terms: FOREVER });
    await it.told();
    const ended = await it.sdk.subscriptions.cancel(it.id, {
        cancellation_details: { comment: 'Bye', feedback: 'too_expensive' },
    });
    assert.deepEqual([ended.status, ended.canceled_at, ended.ended_at, ended.cancel_at],
        ['canceled', at(MIDDLE), at(MIDDLE), null]);
    assert.deepEqual(plain(ended.cancellation_details),
        { comment: 'Bye', feedback: 'too_expensive', reason: 'cancellation_requested' });
    assert.deepEqual(await types(it), ['customer.subscription.deleted']);
    assert.deepEqual(await it.pending(), [], 'nothing is given back');
    await it.advance(at('2027-05-02'));
    assert.equal((await it.sdk.invoices.list({ subscription: it.id })).data.length, 1);
    await rejects(it.sdk.subscriptions.cancel(it.id), { status: 404, code: 'resource_missing', param: 'id' });
    await rejects(it.sdk.subscriptions.deleteDiscount(it.id), { status: 404, code: 'resource_missing' });
    await rejects(it.update({ items: [{ id: it.item, quantity: 2 }] }), { ...INVALID, message: /canceled subscription/ });
    await rejects(it.sdk.subscriptionItems.update(it.item, { quantity: 2 }), INVALID);
    const later = await it.update({ metadata: { a: '1' }, cancellation_details: { comment: 'Really', feedback: '' } });
    assert.deepEqual(plain([later.metadata, later.cancellation_details, later.status]), [{ a: '1' },
        { comment: 'Really', feedback: null, reason: 'cancellation_requested' }, 'canceled']);
});

test('canceling can credit the rest, and invoice it', async () => {
    const it = await halfway({ terms: FOREVER });
    await it.sdk.subscriptions.cancel(it.id, { prorate: true });
    assert.deepEqual(await it.pending(), [[-1350, `Unused time ${AFTER}`]]);
    const other = await halfway();
    const { latest_invoice } = await other.sdk.subscriptions.cancel(other.id,
        { prorate: true, invoice_now: true, expand: ['latest_invoice'] });
    assert.deepEqual([latest_invoice.total, latest_invoice.status], [-1500, 'paid']);
    assert.equal((await other.sdk.customers.retrieve(other.customer)).balance, -1500);
    const trial = await halfway({ trial_period_days: 20 });
    await trial.sdk.subscriptions.cancel(trial.id, { prorate: true });
    assert.deepEqual(await trial.pending(), []);
});

test('a subscription ends with its period when that is asked for, unless it is taken back', async () => {
    const it = await halfway();
    const end = at('2027-05-01');
    const planned = await it.update({ cancel_at_period_end: true });
    assert.deepEqual([planned.status, planned.cancel_at, planned.canceled_at, planned.ended_at],
        ['active', end, at(MIDDLE), null]);
    const back = await it.update({ cancel_at_period_end: false });
    assert.deepEqual([back.cancel_at, back.canceled_at], [null, null]);
    await it.update({ cancel_at_period_end: true, cancellation_details: { feedback: 'other' } });
    await it.told();
    await it.advance(end);
    const { status, ended_at, canceled_at, cancellation_details } = await it.retrieve();
    assert.deepEqual([status, ended_at, canceled_at], ['canceled', end, at(MIDDLE)]);
    assert.deepEqual([cancellation_details.feedback, cancellation_details.reason], ['other', 'cancellation_requested']);
    assert.deepEqual((await types(it)).filter((type) => !type.startsWith('test_helpers')), ['customer.subscription.deleted']);
    assert.equal((await it.sdk.invoices.list({ subscription: it.id })).data.length, 1);
});

test('a subscription can be made to end with its first period', async () => {
    const it = await halfway({ cancel_at_period_end: true });
    assert.equal((await it.retrieve()).cancel_at, at('2027-05-01'));
    await it.advance(at('2027-05-01'));
    assert.equal((await it.retrieve()).status, 'canceled');
});

test('a subscription ends at a time, which can be moved and taken back', async () => {
    const it = await halfway();
    const planned = await it.update({ cancel_at: at('2027-04-20') });
    assert.deepEqual([planned.cancel_at, planned.canceled_at, planned.cancel_at_period_end],
        [at('2027-04-20'), at(MIDDLE), false]);
    const back = await it.update({ cancel_at: '' });
    assert.deepEqual([back.cancel_at, back.canceled_at], [null, null]);
    await it.update({ cancel_at: at('2027-04-22') });
    await rejects(it.update({ cancel_at: at('2027-04-22'), cancel_at_period_end: true }), { ...INVALID, param: 'cancel_at' });
    await it.advance(at('2027-04-22') - 1);
    assert.equal((await it.retrieve()).status, 'active');
    await it.advance(at('2027-04-22'));
    const { status, ended_at } = await it.retrieve();
    assert.deepEqual([status, ended_at], ['canceled', at('2027-04-22')]);
});

test('a customer who is deleted has no subscriptions any more', async () => {
    const it = await halfway({ terms: FOREVER });
    await it.told();
    await it.sdk.customers.del(it.customer);
    const { status, ended_at } = await it.retrieve();
    assert.deepEqual([status, ended_at], ['canceled', at(MIDDLE)]);
    assert.deepEqual(await types(it), ['customer.subscription.deleted', 'payment_method.detached', 'customer.deleted']);
    await it.advance(at('2027-05-02'));
    assert.equal((await it.sdk.invoices.list({ subscription: it.id })).data.length, 1);
});

// ---- events ----

test('an update is told once, with what was before', async () => {
    const it = await halfway({ terms: FOREVER, metadata: { a: '1' } });
    await it.told();
    const price = await it.monthly(6000);
    await it.told();
    await it.update({ items: [{ id: it.item, price }], metadata: { a: '2' }, discounts: '' });
    const events = await it.told();
    assert.deepEqual(events.map(({ type }) => type).sort(), ['customer.discount.deleted',
        'customer.subscription.updated', 'invoiceitem.created', 'invoiceitem.created']);
    const { data: { previous_attributes: old, object }, created } =
        events.find(({ type }) => type === 'customer.subscription.updated');
    assert.equal(created, at(MIDDLE));
    assert.deepEqual(plain([old.metadata, old.discounts, old.plan.amount]), [{ a: '1' }, it.made.discounts, 3000]);
    assert.equal(old.items.data[0].price.unit_amount, 3000);
    assert.deepEqual([object.plan.amount, object.status, old.status], [6000, 'active', undefined]);
    await it.update({ metadata: { a: '2' } });
    assert.deepEqual(await types(it), [], 'nothing has changed');
});

test('a subscription that is made and paid tells the whole story', async () => {
    const own = account(server);
    const { id: customer } = await own.payer();
    const { id: price } = await own.price(2500, { interval: 'month' });
    const { id: coupon } = await own.coupon();
    const { id: code } = await own.sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon } });
    const { data: [{ id: ending_before }] } = await own.sdk.events.list({ limit: 1 });
    const { id } = await own.sdk.subscriptions.create({ customer, items: [{ price }], discounts: [{ promotion_code: code }] });
    const { data } = await own.sdk.events.list({ ending_before, limit: 100 });
    const told = data.reverse().map(({ type }) => type);
    assert.deepEqual([...told].sort(), ['charge.succeeded', 'customer.discount.created', 'customer.discount.deleted',
        'customer.subscription.created', 'customer.updated', 'customer.updated', 'invoice.created', 'invoice.finalized',
        'invoice.paid', 'invoice.payment_succeeded', 'invoice_payment.paid', 'payment_intent.created',
        'payment_intent.succeeded', 'promotion_code.updated'].filter((type) => told.includes(type)).sort());
    const order = ['promotion_code.updated', 'customer.discount.created', 'invoice.created', 'invoice.finalized',
        'customer.discount.deleted', 'payment_intent.created', 'payment_intent.succeeded', 'invoice.paid',
        'invoice.payment_succeeded', 'customer.subscription.created'];
    assert.deepEqual(told.filter((type) => order.includes(type)), order);
    const { object } = data.find(({ type }) => type === 'customer.subscription.created').data;
    assert.deepEqual([object.id, object.status, object.discounts], [id, 'active', []]);
});

test('what a parameter of old says is checked as a discount is', async () => {
    const own = account(server);
    const { id: customer } = await own.payer();
    const { id: price } = await own.price(2500, { interval: 'month' });
    const { id: coupon } = await own.coupon();
    const { id: code } = await own.sdk.promotionCodes.create({
        promotion: { type: 'coupon', coupon }, restrictions: { minimum_amount: 100, minimum_amount_currency: 'usd' },
    });
    const { id } = await own.sdk.subscriptions.create({ customer, items: [{ price }] });
    const path = `/v1/subscriptions/${id}`;
    for (const form of [{ promotion_code: code }, { discounts: [{ promotion_code: code }] }]) {
        refused(await raw(server, { method: 'POST', path, form, key: own.key, version: '2025-02-24.acacia' }),
            { ...INVALID, message: /minimum_amount/ });
    }
});
