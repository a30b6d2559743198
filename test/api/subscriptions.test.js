// Subscriptions: what their parameters do, what is refused, how they are listed, and what older versions see.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { account, at } from '../lib/billing.js';
import { raw, stripe } from '../lib/client.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const DAY = 86400;
const INVALID = { status: 400, type: 'invalid_request_error' };
const MISSING = { ...INVALID, code: 'resource_missing' };
const [ACACIA, YEAR_2023, YEAR_2020] = ['2025-02-24.acacia', '2023-10-16', '2020-08-27'];

function plain(object) {
    return JSON.parse(JSON.stringify(object));
}

// A customer who can pay and a monthly price of 2500.
async function shop(fields) {
    const own = account(server);
    const { id: customer } = await own.payer(fields);
    const { id: price } = await own.price(2500, { interval: 'month' });
    const items = [{ price }];
    const create = (more) => own.sdk.subscriptions.create({ customer, items, ...more });
    const refuses = async (more, expected) => {
        await rejects(create(more), expected);
        assert.deepEqual((await own.sdk.subscriptions.list({ customer, status: 'all' })).data, []);
        assert.deepEqual((await own.sdk.invoices.list({ customer })).data, []);
    };
    const call = (version, method, path, form) => raw(server, { method, path, form, key: own.key, version });
    return { ...own, makePrice: own.price, customer, price, items, create, refuses, call };
}

// The same on a clock that stands at `time`.
async function shopOnClock(time = '2027-01-15') {
    const own = account(server);
    const { id: clock } = await own.sdk.testHelpers.testClocks.create({ frozen_time: at(time) });
    const { id: customer } = await own.payer({ test_clock: clock });
    const { id: price } = await own.price(2500, { interval: 'month' });
    const create = (more) => own.sdk.subscriptions.create({
        customer, items: [{ price }], expand: ['latest_invoice'], ...more,
    });
    return { ...own, clock, makePrice: own.price, customer, price, create, advance: (to) => own.advance(clock, to) };
}

// ---- what is made ----

test('what a subscription is made with is what it shows', async () => {
    const { sdk, customer, price, create } = await shop();
    const method = (await sdk.paymentMethods.attach('pm_card_mastercard', { customer })).id;
    const cancel_at = Math.floor(Date.now() / 1000) + 400 * DAY;
    const made = await create({
        automatic_tax: { enabled: false }, cancel_at, collection_method: 'charge_automatically', currency: 'usd',
        days_until_due: 3, default_payment_method: method, description: 'Tea', metadata: { a: '1' }, off_session: true,
        payment_behavior: 'allow_incomplete', proration_behavior: 'create_prorations', billing_mode: { type: 'classic' },
        items: [{ price, quantity: 3, metadata: { b: '2' } }],
        payment_settings: { save_default_payment_method: 'on_subscription', payment_method_types: ['card'] },
    });
    const { status, description, metadata, days_until_due, default_payment_method, currency, quantity } = made;
    assert.deepEqual(plain({ status, description, metadata, days_until_due, default_payment_method, currency, quantity }), {
        status: 'active', description: 'Tea', metadata: { a: '1' }, days_until_due: 3, default_payment_method: method,
        currency: 'usd', quantity: 3,
    });
    assert.deepEqual([made.cancel_at, made.cancel_at_period_end, made.canceled_at], [cancel_at, false, made.created]);
    assert.equal(made.billing_mode.type, 'classic');
    const { data: [item], total_count } = made.items;
    assert.deepEqual([item.quantity, item.price.id, item.subscription, plain(item.metadata), total_count],
        [3, price, made.id, { b: '2' }, 1]);
    assert.deepEqual(plain(await sdk.subscriptions.retrieve(made.id)), plain(made));
    const same = await sdk.subscriptions.update(made.id, {
        payment_settings: { save_default_payment_method: 'off', payment_method_types: '' },
    });
    assert.deepEqual(plain(same), plain(made), 'what is accepted without effect');
    const intent = (await sdk.paymentIntents.list({ customer })).data[0];
    assert.deepEqual([intent.amount, intent.payment_method], [7500, method]);
});

test('a price can be made with the subscription, and named by its older name', async () => {
    const { sdk, customer, price, create } = await shop();
    const { id: product } = await sdk.products.create({ name: 'Coffee' });
    const one = await create({ items: [{
        price_data: { currency: 'usd', product, unit_amount: 700, recurring: { interval: 'week', interval_count: 2 } },
    }] });
    const made = one.items.data[0].price;
    assert.deepEqual([made.unit_amount, made.product, made.recurring.interval, made.recurring.interval_count],
        [700, product, 'week', 2]);
    const item = one.items.data[0];
    assert.equal(item.current_period_end - item.current_period_start, 14 * DAY);
    const two = await create({ items: [{ plan: price }] });
    assert.deepEqual([two.plan.id, two.plan.amount, two.plan.interval], [price, 2500, 'month']);
    const three = await create({ items: [{ price_data: {
        currency: 'usd', product, unit_amount_decimal: '12.5', tax_behavior: 'exclusive',
        recurring: { interval: 'day', usage_type: 'licensed', trial_period_days: 1 },
    }, quantity: 100 }], customer });
    assert.equal((await sdk.invoices.retrieve(three.latest_invoice)).total, 1250);
});

test('with several items there is neither plan nor quantity', async () => {
    const { price, create, makePrice } = await shop();
    const { id: other } = await makePrice(100, { interval: 'month' });
    const { plan, quantity, items } = await create({ items: [{ price }, { price: other, quantity: 2 }] });
    assert.deepEqual([plan ?? null, quantity ?? null], [null, null]);
    assert.deepEqual(items.data.map(({ quantity: count }) => count), [1, 2]);
});

test('a price is billed in the currency that is asked for, or that the customer has', async () => {
    const { sdk, customer, price, create, makePrice } = await shop();
    const { id: both } = await makePrice(2000, { interval: 'month', currency_options: { eur: { unit_amount: 1800 } } });
    await rejects(create({ items: [{ price }], currency: 'eur' }), { ...INVALID, message: /currency field/ });
    const inEuro = await create({ items: [{ price: both }], currency: 'eur', expand: ['latest_invoice'] });
    assert.deepEqual([inEuro.currency, inEuro.latest_invoice.currency, inEuro.latest_invoice.total],
        ['eur', 'eur', 1800]);
    assert.equal((await sdk.customers.retrieve(customer)).currency, 'eur');
    const again = await create({ items: [{ price: both }], expand: ['latest_invoice'] });
    assert.deepEqual([again.currency, again.latest_invoice.total], ['eur', 1800]);
    await rejects(create({ items: [{ price: both }], currency: 'usd' }),
        { ...INVALID, param: 'currency', message: /Can't combine currencies/ });
    await rejects(create({ items: [{ price }] }), INVALID);
});

// ---- what is refused ----

for (const { name, fields, item, expected } of [
    { name: 'no customer', fields: { customer: undefined },
        expected: { ...INVALID, code: 'parameter_missing', param: 'customer' } },
    { name: 'a customer that does not exist', fields: { customer: 'cus_no' }, expected: { ...MISSING, param: 'customer' } },
    { name: 'no items', fields: { items: undefined }, expected: { ...INVALID, code: 'parameter_missing', param: 'items' } },
    { name: 'an item without a price', fields: { items: [{ quantity: 1 }] },
        expected: { ...INVALID, code: 'parameter_missing', param: 'items[0][price]' } },
    { name: 'a price that does not exist', fields: { items: [{ price: 'invalid' }] },
        expected: { ...MISSING, param: 'items[0][price]', message: "No such price: 'invalid'" } },
    { name: 'a plan that does not exist', fields: { items: [{ plan: 'invalid' }] },
        expected: { ...MISSING, param: 'items[0][plan]' } },
    { name: 'a coupon that does not exist', fields: { discounts: [{ coupon: 'NOPE' }] },
        expected: { ...MISSING, param: 'discounts[0][coupon]', message: "No such coupon: 'NOPE'" } },
    { name: 'a coupon of an item that does not exist', item: { discounts: [{ coupon: 'NOPE' }] },
        expected: { ...MISSING, param: 'items[0][discounts][0][coupon]' } },
    { name: 'an invoice to send without days until it is due', fields: { collection_method: 'send_invoice' },
        expected: { ...INVALID, param: 'days_until_due' } },
    { name: 'tax', fields: { automatic_tax: { enabled: true } }, expected: { ...INVALID, param: 'automatic_tax[enabled]' } },
    { name: 'an end in the past', fields: { cancel_at: 1000 }, expected: { ...INVALID, param: 'cancel_at' } },
    { name: 'two ends', fields: { cancel_at: 4102444800, cancel_at_period_end: true },
        expected: { ...INVALID, param: 'cancel_at' } },
    { name: 'a start in the future', fields: { backdate_start_date: 4102444800 },
        expected: { ...INVALID, param: 'backdate_start_date' } },
    { name: 'an anchor in the past', fields: { billing_cycle_anchor: 1000 },
        expected: { ...INVALID, param: 'billing_cycle_anchor' } },
    { name: 'an anchor after the first period', fields: { billing_cycle_anchor: 4102444800 },
        expected: { ...INVALID, param: 'billing_cycle_anchor' } },
    { name: 'a trial in the past', fields: { trial_end: 1000 }, expected: { ...INVALID, param: 'trial_end' } },
    { name: 'a trial that ends on no day', fields: { trial_end: 'soon' }, expected: { ...INVALID, param: 'trial_end' } },
    { name: 'two trials', fields: { trial_end: 4102444800, trial_period_days: 7 },
        expected: { ...INVALID, param: 'trial_end' } },
    { name: 'a trial of negative days', fields: { trial_period_days: -1 }, expected: { ...INVALID, param: 'trial_period_days' } },
    { name: 'a negative quantity', item: { quantity: -1 }, expected: { ...INVALID, param: 'items[0][quantity]' } },
    { name: 'more days until due than there may be', fields: { days_until_due: 3651 },
        expected: { ...INVALID, param: 'days_until_due' } },
    { name: 'a way to collect that there is not', fields: { collection_method: 'barter' },
        expected: { ...INVALID, param: 'collection_method' } },
    { name: 'a card of nobody', fields: { default_payment_method: 'pm_no' },
        expected: { ...MISSING, param: 'default_payment_method' } },
    { name: 'a coupon as of old', fields: { coupon: 'A' },
        expected: { ...INVALID, code: 'parameter_unknown', param: 'coupon' } },
    { name: 'a promotion code as of old', fields: { promotion_code: 'A' },
        expected: { ...INVALID, code: 'parameter_unknown', param: 'promotion_code' } },
]) {
    test(`${name} is refused, and nothing is left of it`, async () => {
        const { price, refuses } = await shop();
        await refuses({ ...(item && { items: [{ price, ...item }] }), ...fields }, expected);
    });
}

// ---- limits ----

test('a subscription has up to 20 items', async () => {
    const { sdk, create, makePrice } = await shop();
    const prices = await Promise.all(Array.from({ length: 21 }, () => makePrice(100, { interval: 'month' })));
    const items = prices.map(({ id }) => ({ price: id }));
    await rejects(create({ items }), { ...INVALID, param: 'items' });
    const { id, items: { data } } = await create({ items: items.slice(0, 19) });
    assert.equal(data.length, 19);
    const item = await sdk.subscriptionItems.create({ subscription: id, price: prices[19].id });
    assert.equal((await sdk.subscriptions.retrieve(id)).items.data.length, 20);
    await rejects(sdk.subscriptionItems.create({ subscription: id, price: prices[20].id }), { ...INVALID, param: 'items' });
    await sdk.subscriptionItems.del(item.id);
    assert.equal((await sdk.subscriptions.retrieve(id)).items.total_count, 19);
});

test('a subscription and each of its items have up to 20 discounts', async () => {
    const { price, create, coupon } = await shop();
    const made = await Promise.all(Array.from({ length: 21 }, () => coupon({ percent_off: 1, duration: 'forever' })));
    const discounts = made.map(({ id }) => ({ coupon: id }));
    for (const count of [19, 20]) {
        const some = discounts.slice(0, count);
        const subscription = await create({ discounts: some, items: [{ price, discounts: some }] });
        assert.deepEqual([subscription.discounts.length, subscription.items.data[0].discounts.length], [count, count]);
    }
    await rejects(create({ discounts }), { ...INVALID, param: 'discounts' });
    await rejects(create({ items: [{ price, discounts }] }), { ...INVALID, param: 'items[0][discounts]' });
});

test('a trial has up to 730 days, an invoice up to 3650 until it is due', async () => {
    const { create, refuses } = await shop();
    await refuses({ trial_period_days: 731 }, { ...INVALID, param: 'trial_period_days' });
    for (const days of [729, 730]) {
        const { trial_start, trial_end } = await create({ trial_period_days: days });
        assert.equal(trial_end - trial_start, days * DAY);
    }
    for (const days_until_due of [0, 3649, 3650]) {
        assert.equal((await create({ collection_method: 'send_invoice', days_until_due })).days_until_due, days_until_due);
    }
});

// ---- trials ----

test('a trial costs nothing, needs no card, and is told of three days before it ends', async () => {
    const { sdk, advance, clock, price } = await shopOnClock();
    const { id: customer } = await sdk.customers.create({ test_clock: clock });
    const made = await sdk.subscriptions.create({
        customer, items: [{ price }], trial_period_days: 14, expand: ['latest_invoice'],
    });
    assert.deepEqual([made.status, made.trial_start, made.trial_end, made.billing_cycle_anchor],
        ['trialing', at('2027-01-15'), at('2027-01-29'), at('2027-01-29')]);
    const [item] = made.items.data;
    assert.deepEqual([item.current_period_start, item.current_period_end], [at('2027-01-15'), at('2027-01-29')]);
    const { status, total, lines } = made.latest_invoice;
    assert.deepEqual([status, total, lines.data[0].description], ['paid', 0, 'Free trial for 1 × Thing']);
    const told = async () => (await sdk.events.list({ type: 'customer.subscription.trial_will_end' })).data;
    await advance(at('2027-01-26') - 1);
    assert.deepEqual(await told(), []);
    await advance(at('2027-01-26'));
    const [{ created, data: { object } }] = await told();
    assert.deepEqual([created, object.id, object.status], [at('2027-01-26'), made.id, 'trialing']);
    const { id: method } = await sdk.paymentMethods.attach('pm_card_visa', { customer });
    await sdk.customers.update(customer, { invoice_settings: { default_payment_method: method } });
    await advance(at('2027-01-29T01:00:00Z'));
    assert.equal((await told()).length, 1);
    const active = await sdk.subscriptions.retrieve(made.id, { expand: ['latest_invoice'] });
    assert.deepEqual([active.status, active.latest_invoice.total, active.latest_invoice.status], ['active', 2500, 'paid']);
    assert.equal(active.items.data[0].current_period_end, at('2027-02-28'), 'counted from the end of the trial');
});

test('a trial ends when it is said to, of the price, or not at all', async () => {
    const { create, sdk, makePrice } = await shopOnClock();
    const end = at('2027-03-01');
    assert.equal((await create({ trial_end: end })).trial_end, end);
    const { id: price } = await makePrice(100, { recurring: { interval: 'month', trial_period_days: 5 } });
    const items = [{ price }];
    assert.equal((await create({ items, trial_from_plan: true })).trial_end, at('2027-01-20'));
    assert.equal((await create({ items })).trial_end, null);
    const none = await create({ items, trial_end: 'now' });
    assert.deepEqual([none.status, none.trial_start, none.trial_end], ['active', null, null]);
    assert.equal((await sdk.subscriptions.update(none.id, { trial_from_plan: false })).status, 'active');
});

test('a trial can be ended, which begins a paid period', async () => {
    const { sdk, create, advance } = await shopOnClock();
    const { id } = await create({ trial_period_days: 14 });
    await advance(at('2027-01-20'));
    const ended = await sdk.subscriptions.update(id, { trial_end: 'now', expand: ['latest_invoice'] });
    assert.deepEqual([ended.status, ended.trial_end, ended.billing_cycle_anchor],
        ['active', at('2027-01-20'), at('2027-01-20')]);
    assert.deepEqual([ended.latest_invoice.status, ended.latest_invoice.total], ['paid', 2500]);
    assert.equal(ended.items.data[0].current_period_end, at('2027-02-20'));
    const [event] = (await sdk.events.list({ type: 'customer.subscription.updated', limit: 1 })).data;
    assert.equal(event.data.previous_attributes.status, 'trialing');
});

test('a trial can be made longer or shorter, and goes on when the price changes', async () => {
    const { sdk, create, advance, makePrice } = await shopOnClock();
    const { id, items: { data: [item] } } = await create({ trial_period_days: 14 });
    const longer = await sdk.subscriptions.update(id, { trial_end: at('2027-02-10') });
    assert.deepEqual([longer.status, longer.trial_end, longer.items.data[0].current_period_end],
        ['trialing', at('2027-02-10'), at('2027-02-10')]);
    await rejects(sdk.subscriptions.update(id, { trial_end: at('2027-01-01') }), { ...INVALID, param: 'trial_end' });
    const { id: yearly } = await makePrice(20000, { interval: 'year' });
    const moved = await sdk.subscriptions.update(id, { items: [{ id: item.id, price: yearly }] });
    assert.deepEqual([moved.status, moved.trial_end, moved.latest_invoice],
        ['trialing', at('2027-02-10'), longer.latest_invoice]);
    await sdk.subscriptions.update(id, { trial_end: at('2027-01-20') });
    await advance(at('2027-01-20T01:00:00Z'));
    const { status, latest_invoice } = await sdk.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
    assert.deepEqual([status, latest_invoice.total], ['active', 20000]);
});

test('a trial given in the middle of a period credits the rest of it', async () => {
    const { sdk, create, advance, customer } = await shopOnClock('2027-04-01');
    const { id } = await create();
    await advance(at('2027-04-16'));
    const trial = await sdk.subscriptions.update(id, { trial_end: at('2027-05-16') });
    assert.deepEqual([trial.status, trial.trial_start, trial.items.data[0].current_period_start],
        ['trialing', at('2027-04-16'), at('2027-04-16')]);
    const { data: [credit, ...more] } = await sdk.invoiceItems.list({ customer, pending: true });
    assert.deepEqual([credit.amount, credit.proration, more], [-1250, true, []]);
});

// ---- when it begins ----

test('a start in the past is billed up to now, and discounts are counted from it', async () => {
    const { sdk, create, coupon } = await shopOnClock('2027-03-01');
    const { id } = await coupon({ percent_off: 50, duration: 'repeating', duration_in_months: 2 });
    const made = await create({ backdate_start_date: at('2027-01-15'), discounts: [{ coupon: id }], expand: [
        'latest_invoice', 'discounts'] });
    assert.deepEqual([made.start_date, made.created, made.billing_cycle_anchor],
        [at('2027-01-15'), at('2027-03-01'), at('2027-03-01')]);
    const [discount] = made.discounts;
    assert.deepEqual([discount.start, discount.end], [at('2027-01-15'), at('2027-03-15')]);
    const { lines, total } = made.latest_invoice;
    assert.deepEqual(lines.data.map(({ amount, period }) => [amount, period.start, period.end]), [
        [2500, at('2027-01-15'), at('2027-02-15')],
        [1250, at('2027-02-15'), at('2027-03-01')], // half of a February
        [2500, at('2027-03-01'), at('2027-04-01')],
    ]);
    assert.equal(total, 3125);
    const unbilled = await create({ backdate_start_date: at('2027-01-15'), proration_behavior: 'none' });
    assert.deepEqual([unbilled.start_date, unbilled.latest_invoice.total], [at('2027-01-15'), 2500]);
    assert.equal((await sdk.subscriptions.retrieve(unbilled.id)).items.data[0].current_period_start, at('2027-03-01'));
});

test('periods begin on the anchor, and the time before it costs its part', async () => {
    const { sdk, create, advance } = await shopOnClock('2027-04-16');
    const made = await create({ billing_cycle_anchor: at('2027-05-01') });
    assert.deepEqual([made.billing_cycle_anchor, made.items.data[0].current_period_end],
        [at('2027-05-01'), at('2027-05-01')]);
    assert.equal(made.latest_invoice.total, 1250);
    const free = await create({ billing_cycle_anchor: at('2027-05-01'), proration_behavior: 'none' });
    assert.equal(free.latest_invoice, null);
    const trial = await create({ billing_cycle_anchor: at('2027-05-31'), trial_end: at('2027-05-16') });
    await advance(at('2027-05-16T01:00:00Z'));
    for (const { id } of [made, free]) {
        const { items: { data: [item] }, latest_invoice: { total } } =
            await sdk.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
        assert.deepEqual([item.current_period_start, item.current_period_end, total],
            [at('2027-05-01'), at('2027-06-01'), 2500]);
    }
    const later = await sdk.subscriptions.retrieve(trial.id, { expand: ['latest_invoice'] });
    assert.deepEqual([later.items.data[0].current_period_end, later.latest_invoice.total],
        [at('2027-05-31'), Math.round(2500 * 15 / 31)]);
});

// ---- lists ----

test('lists are filtered by what subscriptions are', async () => {
    const { sdk, customer, price, create, makePrice } = await shop();
    const { id: other } = await makePrice(100, { interval: 'month' });
    const paid = await create();
    const sent = await create({ items: [{ price: other }], collection_method: 'send_invoice', days_until_due: 1 });
    const trial = await create({ trial_period_days: 3 });
    const gone = await sdk.subscriptions.cancel((await create()).id);
    const ids = async (filter) => (await sdk.subscriptions.list(filter)).data.map(({ id }) => id);
    assert.deepEqual(await ids(), [trial.id, sent.id, paid.id], 'without canceled ones');
    assert.deepEqual(await ids({ status: 'all' }), [gone.id, trial.id, sent.id, paid.id]);
    assert.deepEqual(await ids({ status: 'canceled' }), [gone.id]);
    assert.deepEqual(await ids({ status: 'ended' }), [gone.id]);
    assert.deepEqual(await ids({ status: 'trialing' }), [trial.id]);
    assert.deepEqual(await ids({ status: 'active' }), [sent.id, paid.id]);
    for (const status of ['incomplete', 'incomplete_expired', 'past_due', 'paused', 'unpaid']) {
        assert.deepEqual(await ids({ status }), []);
    }
    await rejects(sdk.subscriptions.list({ status: 'gone' }), { ...INVALID, param: 'status' });
    assert.deepEqual(await ids({ collection_method: 'send_invoice' }), [sent.id]);
    assert.deepEqual(await ids({ price: other }), [sent.id]);
    assert.deepEqual(await ids({ plan: price }), [trial.id, paid.id]);
    assert.deepEqual(await ids({ customer, created: { gte: paid.created }, limit: 1 }), [trial.id]);
    for (const [filter, count] of [[paid.created - 60, 0], [{ gt: gone.created + 60 }, 0], [{ lt: paid.created }, 0],
        [{ lte: gone.created }, 3]]) {
        assert.equal((await ids({ created: filter })).length, count);
    }
    const { data: [expanded] } = await sdk.subscriptions.list({ limit: 1, expand: ['data.customer'] });
    assert.equal(expanded.customer.id, customer);
    assert.deepEqual(await ids({ starting_after: trial.id }), [sent.id, paid.id]);
    assert.deepEqual(await ids({ ending_before: sent.id }), [trial.id]);
    await rejects(sdk.subscriptions.list({ customer: 'cus_no' }), { ...MISSING, param: 'customer' });
});

test('lists leave out what lives by a clock, unless its clock or customer is named', async () => {
    const { sdk, create, clock, customer } = await shopOnClock();
    const { id } = await create();
    const ids = async (filter) => (await sdk.subscriptions.list(filter)).data.map((each) => each.id);
    assert.deepEqual(await ids(), []);
    assert.deepEqual(await ids({ test_clock: clock }), [id]);
    assert.deepEqual(await ids({ customer }), [id]);
});

// ---- older versions ----

test('before basil the periods stand on the subscription, and lists are filtered by them', async () => {
    const { sdk, create, call } = await shop();
    const { id, items } = await create();
    const { current_period_start, current_period_end } = items.data[0];
    for (const version of [ACACIA, YEAR_2023, YEAR_2020]) {
        const { json } = await call(version, 'GET', `/v1/subscriptions/${id}`);
        assert.deepEqual([json.current_period_start, json.current_period_end], [current_period_start, current_period_end]);
        assert(!('current_period_end' in json.items.data[0]));
        assert.deepEqual([json.status, json.plan.amount, json.quantity], ['active', 2500, 1]);
        for (const [filter, count] of [[{ current_period_end }, 1], [{ current_period_start }, 1],
            ...[['lt', 0], ['lte', 1], ['gt', 0], ['gte', 1]].flatMap(([bound, count]) => [
                [{ current_period_end: { [bound]: current_period_end } }, count],
                [{ current_period_start: { [bound]: current_period_start } }, count],
            ])]) {
            const { json: list } = await call(version, 'GET', '/v1/subscriptions', filter);
            assert.equal(list.data.length, count);
        }
    }
    const now = await sdk.subscriptions.retrieve(id);
    assert(!('current_period_end' in now));
    refused(await call(undefined, 'GET', '/v1/subscriptions', { current_period_end }),
        { ...INVALID, code: 'parameter_unknown', param: 'current_period_end' });
});

test('before basil a coupon or a promotion code is a parameter, and shown as the discount', async () => {
    const { sdk, customer, price, coupon, call } = await shop();
    const { id } = await coupon({ percent_off: 10, duration: 'forever' });
    const { id: code } = await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: id } });
    const form = { customer, items: [{ price }] };
    for (const version of [ACACIA, YEAR_2023, YEAR_2020]) {
        const post = (path, more) => call(version, 'POST', path, more);
        const { json: made } = await post('/v1/subscriptions', { ...form, coupon: id });
        assert.deepEqual([made.discount.coupon.id, made.discount.coupon.percent_off], [id, 10]);
        const { json: byCode } = await post('/v1/subscriptions', { ...form, promotion_code: code });
        assert.deepEqual([byCode.discount.promotion_code, byCode.discount.coupon.id], [code, id]);
        assert.equal((await sdk.invoices.retrieve(byCode.latest_invoice)).total, 2250);
        refused(await post('/v1/subscriptions', { ...form, promotion_code: code, coupon: id }), { ...INVALID,
            message: 'You may only specify one of these parameters: coupon, promotion_code.' });
        refused(await post('/v1/subscriptions', { ...form, coupon: 'NOPE' }), { ...MISSING, param: 'coupon' });
        refused(await post('/v1/subscriptions', { ...form, promotion_code: 'NOPE' }), { ...MISSING, param: 'promotion_code' });
        const path = `/v1/subscriptions/${made.id}`;
        assert.equal((await post(path, { coupon: '' })).json.discount, null);
        assert.equal((await post(path, { promotion_code: code })).json.discount.promotion_code, code);
        assert.equal((await post(path, { promotion_code: '' })).json.discount, null);
        assert.equal((await post(path, { coupon: id })).json.discount.coupon.id, id);
        assert.equal((await post(path, { metadata: { a: 1 } })).json.discount.coupon.id, id);
        if (version === ACACIA) {
            refused(await post(path, { coupon: id, discounts: [{ coupon: id }] }), { ...INVALID, param: 'coupon' });
            const { id: second } = await coupon({ percent_off: 5, duration: 'forever' });
            const { json } = await post(path, { discounts: [{ coupon: second }, { coupon: id }] });
            assert.deepEqual([json.discounts.length, json.discount.coupon.id], [2, second]);
            refused(await post(path, { coupon: id }), { ...INVALID, param: 'coupon', message: /more than one discount/ });
        } else {
            assert(!('discounts' in made));
            refused(await post(path, { discounts: [{ coupon: id }] }), { ...INVALID, code: 'parameter_unknown' });
        }
    }
});

test('the only price and its quantity can be given without items', async () => {
    const { sdk, customer, price, makePrice, call } = await shop();
    const { id: other } = await makePrice(100, { interval: 'month' });
    for (const version of [YEAR_2020, YEAR_2023, undefined]) {
        const { json } = await call(version, 'POST', '/v1/subscriptions', { customer, plan: price, quantity: 2 });
        assert.deepEqual([json.plan.id, json.quantity, json.items.data.length], [price, 2, 1]);
        const changed = await call(version, 'POST', `/v1/subscriptions/${json.id}`, { plan: other, quantity: 5 });
        assert.deepEqual([changed.json.plan.id, changed.json.quantity], [other, 5]);
        assert.equal(changed.json.items.data[0].id, json.items.data[0].id);
        const { data } = await sdk.subscriptions.list({ price: other, limit: 1 });
        assert.equal(data[0].id, json.id);
    }
});

test('the default of billing_mode follows the version', async () => {
    const { key, customer, items } = await shop();
    for (const [apiVersion, type] of [['2025-08-27.basil', 'classic'], ['2025-09-30.clover', 'flexible']]) {
        const { billing_mode } = await stripe(server, { key, apiVersion }).subscriptions.create({ customer, items });
        assert.equal(billing_mode.type, type);
    }
});
