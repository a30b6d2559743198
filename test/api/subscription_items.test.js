// The items of subscriptions, each as an object of its own.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { account, at } from '../lib/billing.js';
import { raw } from '../lib/client.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const INVALID = { status: 400, type: 'invalid_request_error' };
const MISSING = { ...INVALID, code: 'resource_missing' };
const FOREVER = { percent_off: 10, duration: 'forever' };

function plain(object) {
    return JSON.parse(JSON.stringify(object));
}

// A subscription of 3000 a month from 1 April, with 10 % off, on a clock that stands in the middle of the month.
async function halfway() {
    const own = account(server);
    const { sdk } = own;
    const { id: clock } = await sdk.testHelpers.testClocks.create({ frozen_time: at('2027-04-01') });
    const { id: customer } = await own.payer({ test_clock: clock });
    const monthly = async (unit_amount) => (await own.price(unit_amount, { interval: 'month' })).id;
    const discounts = [{ coupon: (await own.coupon(FOREVER)).id }];
    const made = await sdk.subscriptions.create({ customer, items: [{ price: await monthly(3000) }], discounts });
    await own.advance(clock, at('2027-04-16'));
    const amounts = async () => (await sdk.invoiceItems.list({ customer, pending: true })).data.reverse()
        .map(({ amount }) => amount);
    return { ...own, customer, monthly, made, subscription: made.id, item: made.items.data[0], amounts,
        items: sdk.subscriptionItems };
}

test('an item is added to a subscription', async () => {
    const { sdk, items, subscription, made, monthly, amounts, coupon } = await halfway();
    const price = await monthly(1000);
    const { id: half } = await coupon({ duration: 'forever' });
    const item = await items.create({
        subscription, price, quantity: 2, metadata: { a: '1' }, discounts: [{ coupon: half }], expand: ['subscription'],
        proration_behavior: 'create_prorations', proration_date: at('2027-04-21'), payment_behavior: 'allow_incomplete',
    });
    assert.deepEqual(plain([item.object, item.subscription.id ?? item.subscription, item.price.id, item.plan.id, item.quantity, item.metadata]),
        ['subscription_item', subscription, price, price, 2, { a: '1' }]);
    assert.deepEqual([item.current_period_start, item.current_period_end, item.created],
        [at('2027-04-01'), at('2027-05-01'), at('2027-04-16')]);
    assert.deepEqual(await amounts(), [300], 'a third of the period, half off and ten percent off');
    const whole = await sdk.subscriptions.retrieve(subscription);
    assert.deepEqual(whole.items.data.map(({ id }) => id), [made.items.data[0].id, item.id]);
    assert.deepEqual(whole.discounts, made.discounts, 'those of the subscription stay');
    const [discount] = (await items.retrieve(item.id, { expand: ['discounts'] })).discounts;
    assert.deepEqual([discount.subscription, discount.subscription_item], [subscription, item.id]);
});

test('an item can have a price of its own, or be named by its plan', async () => {
    const { sdk, items, subscription, monthly } = await halfway();
    const { id: product } = await sdk.products.create({ name: 'Milk' });
    const recurring = { interval: 'month', interval_count: 1 };
    const one = await items.create({ subscription, price_data:
        { currency: 'usd', product, unit_amount: 700, recurring, tax_behavior: 'inclusive' } });
    assert.deepEqual([one.price.unit_amount, one.price.product, one.quantity], [700, product, 1]);
    const plan = await monthly(100);
    const two = await items.create({ subscription, plan });
    assert.equal(two.price.id, plan);
    const three = await items.update(one.id, { price_data:
        { currency: 'usd', product, unit_amount_decimal: '1.5', recurring } });
    assert.deepEqual([three.id, String(three.price.unit_amount_decimal)], [one.id, '1.5']);
    assert.equal((await items.update(one.id, { plan })).price.id, plan);
    assert.equal((await items.update(one.id, { price_data:
        { currency: 'usd', product, unit_amount: 9, recurring, tax_behavior: 'exclusive' } })).price.unit_amount, 9);
    const four = await items.create({ subscription, price_data:
        { currency: 'usd', product, unit_amount_decimal: '2.5', recurring } });
    assert.equal(String(four.price.unit_amount_decimal), '2.5');
});

test('an item is changed, and what is left of the period with it', async () => {
    const { sdk, items, item, made, subscription, monthly, amounts } = await halfway();
    assert.equal((await items.update(item.id, { quantity: 2, off_session: true })).quantity, 2);
    assert.deepEqual(await amounts(), [-1350, 2700]);
    const price = await monthly(1000);
    const changed = await items.update(item.id, { price, proration_behavior: 'none', metadata: { a: '1', b: '2' } });
    assert.deepEqual([changed.price.id, changed.quantity], [price, 2]);
    assert.deepEqual(plain((await items.update(item.id, { metadata: { a: '', c: '3' } })).metadata), { b: '2', c: '3' });
    assert.deepEqual(plain((await items.update(item.id, { metadata: '' })).metadata), {});
    assert.deepEqual(plain((await items.retrieve(item.id)).metadata), {});
    const { discounts, status } = await sdk.subscriptions.retrieve(subscription);
    assert.deepEqual([discounts, status], [made.discounts, 'active']);
    await items.update(item.id, { quantity: 4, proration_behavior: 'always_invoice' });
    const { latest_invoice } = await sdk.subscriptions.retrieve(subscription, { expand: ['latest_invoice'] });
    assert.deepEqual([latest_invoice.status, latest_invoice.total], ['paid', 1350 - 900 + 1800]);
    assert.deepEqual(await amounts(), []);
    const [{ data }] = (await sdk.events.list({ type: 'customer.subscription.updated', limit: 1 })).data;
    assert.equal(data.previous_attributes.quantity, 2);
});

test('discounts of an item are replaced and cleared, those of the subscription stay', async () => {
    const { sdk, items, item, made, subscription, coupon } = await halfway();
    const { id: half } = await coupon({ duration: 'forever' });
    const { id: code } = await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: half } });
    const { discounts: [first] } = await items.update(item.id, { discounts: [{ promotion_code: code }] });
    const kept = await items.update(item.id, { discounts: [{ discount: first }] });
    assert.deepEqual(kept.discounts, [first]);
    assert.deepEqual((await items.update(item.id, { quantity: 2 })).discounts, [first]);
    assert.deepEqual((await items.update(item.id, { discounts: '' })).discounts, []);
    assert.deepEqual((await sdk.subscriptions.retrieve(subscription)).discounts, made.discounts);
    assert.equal((await sdk.coupons.retrieve(half)).times_redeemed, 1);
    await rejects(items.update(item.id, { discounts: [{ coupon: 'NOPE' }] }), { ...MISSING, param: 'discounts[0][coupon]' });
});

test('an item is removed, and the rest of it credited', async () => {
    const { items, item, subscription, monthly, amounts } = await halfway();
    const { id } = await items.create({ subscription, price: await monthly(1000), proration_behavior: 'none' });
    assert.deepEqual(plain(await items.del(item.id, {
        clear_usage: false, proration_behavior: 'create_prorations', proration_date: at('2027-04-21'),
        payment_behavior: 'allow_incomplete',
    })), { id: item.id, object: 'subscription_item', deleted: true });
    assert.deepEqual(await amounts(), [-900]);
    await rejects(items.retrieve(item.id), { status: 404, code: 'resource_missing' });
    await rejects(items.del(item.id), { status: 404, code: 'resource_missing' });
    await rejects(items.update(item.id, {}), { status: 404, code: 'resource_missing' });
    await rejects(items.del(id), INVALID);
    assert.equal((await items.list({ subscription })).data.length, 1);
});

test('an item is made and changed with every kind of discount', async () => {
    const { sdk, items, item, subscription, monthly, coupon } = await halfway();
    const { id: half } = await coupon({ duration: 'forever' });
    const { id: code } = await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: half } });
    const proration_behavior = 'none';
    const one = await items.create({
        subscription, price: await monthly(1), discounts: [{ promotion_code: code }], proration_behavior,
    });
    const two = await items.create({
        subscription, price: await monthly(2), discounts: [{ discount: one.discounts[0] }], proration_behavior,
    });
    assert.deepEqual(two.discounts, one.discounts);
    const three = await items.create({
        subscription, price: await monthly(3), discounts: '', metadata: '', proration_behavior,
    });
    assert.deepEqual([three.discounts, plain(three.metadata)], [[], {}]);
    const { discounts: [discount] } = await items.update(item.id, {
        quantity: 1, payment_behavior: 'allow_incomplete', proration_date: at('2027-04-20'), expand: ['discounts'],
        discounts: [{ coupon: half }],
    });
    assert.equal(discount.subscription_item, item.id);
    const { data } = await items.list({ subscription, expand: ['data.discounts'] });
    assert.deepEqual(data.map(({ discounts }) => discounts.length).sort(), [0, 1, 1, 1]);
    const price_data = { currency: 'usd', product: one.price.product, unit_amount: 5,
        recurring: { interval: 'month', usage_type: 'licensed', trial_period_days: 7 } };
    const { id } = await items.create({ subscription, price_data, proration_behavior });
    assert.equal((await items.update(id, { price_data, proration_behavior })).price.recurring.trial_period_days, 7);
});

test('a discount is a coupon, a code, or one that is there, of the subscription or of an item', async () => {
    const { sdk, customer, coupon, monthly, subscription } = await halfway();
    const price = await monthly(2500);
    const create = (fields) => sdk.subscriptions.create({ customer, items: [{ price }], ...fields });
    await sdk.subscriptions.cancel(subscription);
    const { id: first } = await coupon({ duration: 'forever' });
    const { id: second } = await coupon({ percent_off: 10, duration: 'forever' });
    const { id: code } = await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: second } });
    const made = await create({
        discounts: [{ coupon: first }], items: [{ price, discounts: [{ promotion_code: code }] }],
        expand: ['latest_invoice'], metadata: '',
    });
    assert.deepEqual([made.latest_invoice.subtotal, made.latest_invoice.total], [2250, 1125]);
    const [discount] = made.discounts;
    const [ofItem] = made.items.data[0].discounts;
    const again = await create({ discounts: [{ discount }], items: [{ price, discounts: [{ discount: ofItem }] }] });
    assert.deepEqual([again.discounts, again.items.data[0].discounts], [[discount], [ofItem]]);
    assert.equal((await sdk.coupons.retrieve(first)).times_redeemed, 1, 'nothing was redeemed again');
    const none = await create({
        items: [{ price, discounts: '' }], discounts: '', payment_settings: { payment_method_types: '' },
    });
    assert.deepEqual([none.discounts, none.items.data[0].discounts], [[], []]);
    const { items: { data: [item] } } = await sdk.subscriptions.update(none.id, {
        discounts: [{ promotion_code: code }],
        items: [{ id: none.items.data[0].id, discounts: [{ promotion_code: code }] }],
    });
    assert.equal(item.discounts.length, 1);
    for (const [entry, param] of [[{ coupon: first, promotion_code: code }, 'discounts[0]'],
        [{ discount: 'di_no' }, 'discounts[0][discount]']]) {
        await rejects(create({ discounts: [entry] }), { ...INVALID, param });
    }
    await rejects(create({ discounts: [{ coupon: second }, { promotion_code: code }] }),
        { ...INVALID, param: 'discounts[1][promotion_code]' });
    const { id: stranger } = await sdk.customers.create();
    await rejects(create({ customer: stranger, discounts: [{ discount }] }), { ...MISSING, param: 'discounts[0][discount]' });
    assert.equal((await sdk.subscriptions.list({ customer })).data.length, 3);
});

test('the items of a subscription are listed, of which one has to be named', async () => {
    const { items, item, subscription, monthly, key } = await halfway();
    const { id } = await items.create({ subscription, price: await monthly(1) });
    const ids = async (filter) => (await items.list({ subscription, ...filter })).data.map((each) => each.id);
    assert.deepEqual((await ids()).sort(), [item.id, id].sort());
    assert.deepEqual(await ids({ limit: 1, starting_after: id }), [item.id]);
    assert.deepEqual(await ids({ ending_before: item.id }), [id]);
    refused(await raw(server, { path: '/v1/subscription_items', key }),
        { ...INVALID, code: 'parameter_missing', param: 'subscription' });
    await rejects(items.list({ subscription: 'sub_no' }), { ...MISSING, param: 'subscription' });
});

test('what cannot be an item is refused under the names of the parameters', async () => {
    const { sdk, customer, items, item, subscription, price, monthly } = await halfway();
    const { id: once } = await price(100);
    const { id: weekly } = await price(100, { interval: 'week' });
    for (const [fields, expected] of [
        [{ subscription: undefined, price: once }, { ...INVALID, code: 'parameter_missing', param: 'subscription' }],
        [{ subscription: 'sub_no', price: once }, { ...MISSING, param: 'subscription' }],
        [{}, { ...INVALID, code: 'parameter_missing', param: 'price' }],
        [{ price: 'price_no' }, { ...MISSING, param: 'price' }],
        [{ plan: 'price_no' }, { ...MISSING, param: 'plan' }],
        [{ price: once }, { ...INVALID, param: 'price' }],
        [{ price: weekly }, INVALID],
        [{ price: await monthly(99999999), quantity: 2147483647 }, { ...INVALID, param: 'quantity' }],
        [{ price: await monthly(1), quantity: -1 }, { ...INVALID, param: 'quantity' }],
        [{ price: await monthly(1), proration_date: 1 }, { ...INVALID, param: 'proration_date' }],
        [{ price: await monthly(1), proration_behavior: 'some' }, { ...INVALID, param: 'proration_behavior' }],
    ]) {
        await rejects(items.create({ subscription, ...fields }), expected);
    }
    await rejects(items.update(item.id, { price: once }), { ...INVALID, param: 'price' });
    const { product } = await sdk.prices.retrieve(once);
    const metered = { currency: 'usd', product, unit_amount: 1, recurring: { interval: 'month', meter: 'mtr_no' } };
    for (const [call, path] of [
        [() => items.create({ subscription, price_data: metered }), ''],
        [() => items.update(item.id, { price_data: metered }), ''],
        [() => sdk.subscriptions.create({ customer, items: [{ price_data: metered }] }), 'items[0]'],
        [() => sdk.subscriptions.update(subscription, { items: [{ price_data: metered }] }), 'items[0]'],
    ]) {
        const param = `${path ? `${path}[price_data]` : 'price_data'}[recurring][meter]`;
        await rejects(call(), { ...MISSING, param });
    }
    await rejects(items.retrieve('si_no'), { status: 404, code: 'resource_missing', param: 'id' });
    assert.equal((await items.list({ subscription })).data.length, 1);
});

test('what items show follows the version', async () => {
    const { item, key } = await halfway();
    const path = `/v1/subscription_items/${item.id}`;
    for (const [version, periods, discounts] of [['2023-10-16', false, false], ['2025-02-24.acacia', false, true],
        ['2025-03-31.basil', true, true]]) {
        const { json } = await raw(server, { path, key, version });
        assert.deepEqual(['current_period_end' in json, 'discounts' in json], [periods, discounts]);
        assert.equal(json.plan.amount, 3000);
    }
    refused(await raw(server, { method: 'POST', path, key, version: '2023-10-16', form: { discounts: [{ coupon: 'A' }] } }),
        { ...INVALID, code: 'parameter_unknown' });
});
