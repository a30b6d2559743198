// Test clocks: what they show, how far and in which order they go, and what goes with them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { account, at } from '../lib/billing.js';
import { raw } from '../lib/client.js';
import { coupond, start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const [HOUR, DAY] = [3600, 86400];
const INVALID = { status: 400, type: 'invalid_request_error' };
const BEGIN = at('2027-01-15');

function plain(object) {
    return JSON.parse(JSON.stringify(object));
}

function clocks() {
    const own = account(server);
    return { ...own, clocks: own.sdk.testHelpers.testClocks };
}

// A clock with a customer who pays 1000 a month.
async function ticking() {
    const own = clocks();
    const { id } = await own.clocks.create({ frozen_time: BEGIN });
    const { id: customer } = await own.payer({ test_clock: id });
    const { id: price } = await own.price(1000, { interval: 'month' });
    const subscription = await own.sdk.subscriptions.create({ customer, items: [{ price }] });
    return { ...own, makePrice: own.price, id, customer, price, subscription, go: (time) => own.advance(id, time) };
}

test('a clock shows the time that it was set to', async () => {
    const { sdk, clocks: each } = clocks();
    const clock = await each.create({ frozen_time: BEGIN, name: 'Monthly' });
    assert.match(clock.id, /^clock_/);
    assert(Math.abs(clock.created - Date.now() / 1000) < 60, 'it is made in real time');
    assert.deepEqual(plain(clock), {
        id: clock.id, object: 'test_helpers.test_clock', created: clock.created, deletes_after: clock.created + 30 * DAY,
        frozen_time: BEGIN, livemode: false, name: 'Monthly', status: 'ready', status_details: {},
    });
    assert.deepEqual(plain(await each.retrieve(clock.id)), plain(clock));
    const [event] = (await sdk.events.list()).data;
    assert.deepEqual([event.type, event.data.object.id], ['test_helpers.test_clock.created', clock.id]);
    assert.equal((await each.create({ frozen_time: 0 })).name, null);
});

test('what is no clock is refused', async () => {
    const { clocks: each, key } = clocks();
    await rejects(each.create({}), { ...INVALID, code: 'parameter_missing', param: 'frozen_time' });
    await rejects(each.create({ frozen_time: -1 }), { ...INVALID, param: 'frozen_time' });
    await rejects(each.create({ frozen_time: 'noon' }), { ...INVALID, param: 'frozen_time' });
    for (const length of [299, 300]) {
        assert.equal((await each.create({ frozen_time: 1, name: 'x'.repeat(length) })).name.length, length);
    }
    await rejects(each.create({ frozen_time: 1, name: 'x'.repeat(301) }), { ...INVALID, param: 'name' });
    const missing = { status: 404, code: 'resource_missing', param: 'test_clock' };
    await rejects(each.retrieve('clock_no'), missing);
    await rejects(each.advance('clock_no', { frozen_time: 1 }), missing);
    await rejects(each.del('clock_no'), missing);
    const { id } = await each.create({ frozen_time: 1 });
    await rejects(each.advance(id, {}), { ...INVALID, code: 'parameter_missing', param: 'frozen_time' });
    refused(await raw(server, { method: 'POST', path: `/v1/test_helpers/test_clocks/${id}`, key }), { status: 404 });
});

test('there are no clocks in live mode', async () => {
    const { stdout } = coupond(['keys', 'create', '--mode', 'live', '--data', server.data]);
    const live = stdout.trim();
    refused(await raw(server, { method: 'POST', path: '/v1/test_helpers/test_clocks', form: { frozen_time: 1 }, key: live }),
        INVALID);
});

test('clocks are listed', async () => {
    const { clocks: each } = clocks();
    const ids = [];
    for (let i = 1; i <= 3; i++) ids.unshift((await each.create({ frozen_time: i })).id);
    const list = async (filter) => (await each.list(filter)).data.map(({ id }) => id);
    assert.deepEqual(await list(), ids);
    assert.deepEqual(await list({ limit: 1, starting_after: ids[0] }), [ids[1]]);
    assert.deepEqual(await list({ ending_before: ids[1] }), [ids[0]]);
    const { created } = await each.retrieve(ids[0]);
    for (const [filter, count] of [[created - 60, 0], [{ gt: created }, 0], [{ gte: created - 60 }, 3],
        [{ lt: created - 60 }, 0], [{ lte: created }, 3]]) {
        assert.equal((await list({ created: filter })).length, count);
    }
});

test('status_details are shown from acacia on', async () => {
    const { clocks: each, key } = clocks();
    const { id } = await each.create({ frozen_time: 1 });
    const path = `/v1/test_helpers/test_clocks/${id}`;
    assert(!('status_details' in (await raw(server, { path, key, version: '2023-10-16' })).json));
    assert.deepEqual((await raw(server, { path, key, version: '2024-09-30.acacia' })).json.status_details, {});
});

test('a clock says that it is under way, then that it has arrived', async () => {
    const it = await ticking();
    const target = BEGIN + 2 * DAY;
    const advancing = await it.clocks.advance(it.id, { frozen_time: target });
    assert.deepEqual(plain([advancing.status, advancing.frozen_time, advancing.status_details]),
        ['advancing', BEGIN, { advancing: { target_frozen_time: target } }]);
    let clock;
    do clock = await it.clocks.retrieve(it.id); while (clock.status === 'advancing');
    assert.deepEqual(plain([clock.status, clock.frozen_time, clock.status_details]), ['ready', target, {}]);
    const { data } = await it.sdk.events.list({ types: ['test_helpers.test_clock.*'] });
    assert.deepEqual(data.map(({ type }) => type).reverse(), ['test_helpers.test_clock.created',
        'test_helpers.test_clock.advancing', 'test_helpers.test_clock.ready']);
});

test('a clock under way cannot be advanced', async () => {
    const it = await ticking();
    // Whether the second call comes in time cannot be known; that it is never lost can.
    await it.clocks.advance(it.id, { frozen_time: BEGIN + DAY });
    const second = await it.clocks.advance(it.id, { frozen_time: BEGIN + 2 * DAY }).catch((error) => error);
    if (second instanceof Error) assert.match(second.message, /is being advanced/);
    let clock;
    do clock = await it.clocks.retrieve(it.id); while (clock.status === 'advancing');
    assert.equal(clock.frozen_time, BEGIN + (second instanceof Error ? 1 : 2) * DAY);
});

test('without subscriptions a clock goes two years, and no further', async () => {
    const { clocks: each, advance } = clocks();
    const { id } = await each.create({ frozen_time: at('2027-02-28') });
    const far = { ...INVALID, param: 'frozen_time' };
    await rejects(each.advance(id, { frozen_time: at('2029-02-28') + 1 }), far);
    await rejects(each.advance(id, { frozen_time: at('2027-02-28') }), far);
    await advance(id, at('2029-02-28'));
    await advance(id, at('2029-02-28') + 1);
});

test('it is the time of the clock for everything of its customers', async () => {
    const it = await ticking();
    const time = BEGIN + 3 * DAY;
    await it.go(time);
    const fields = { customer: it.customer };
    const made = await Promise.all([
        it.sdk.invoices.create(fields),
        it.sdk.invoiceItems.create({ ...fields, amount: 100, currency: 'usd' }).then((item) => ({ ...item, created: item.date })),
        it.sdk.subscriptions.create({ ...fields, items: [{ price: it.price }] }),
        it.sdk.customers.create({ test_clock: it.id }),
    ]);
    for (const { created, test_clock, object } of made) assert.deepEqual([object, created, test_clock], [object, time, it.id]);
    const { data: [event] } = await it.sdk.events.list({ type: 'customer.subscription.created', limit: 1 });
    assert.equal(event.created, time);
    const { id: stranger } = await it.payer();
    const elsewhere = await it.sdk.subscriptions.create({ customer: stranger, items: [{ price: it.price }] });
    assert.equal(elsewhere.test_clock, null);
    assert(Math.abs(elsewhere.created - Date.now() / 1000) < 60);
    assert.equal((await it.sdk.coupons.create({ percent_off: 1 })).created > at('2025-01-01'), true);
});

test('what is due happens in the order of time, across subscriptions', async () => {
    const it = await ticking();
    const { id: weekly } = await it.makePrice(100, { interval: 'week' });
    await it.go(BEGIN + DAY);
    await it.sdk.subscriptions.create({ customer: it.customer, items: [{ price: weekly }] });
    const { data: [{ id: ending_before }] } = await it.sdk.events.list({ limit: 1 });
    await it.go(BEGIN + 10 * DAY);
    await it.go(BEGIN + 15 * DAY + HOUR);
    const events = await it.sdk.events.list({ ending_before, limit: 100 }).autoPagingToArray({ limit: 1000 });
    const billed = events.filter(({ type }) => ['invoice.created', 'invoice.paid'].includes(type));
    assert.deepEqual(billed.map(({ type, created }) => [type, (created - BEGIN) / HOUR]).sort((a, b) => a[1] - b[1]), [
        ['invoice.created', 8 * 24], ['invoice.paid', 8 * 24 + 1], ['invoice.created', 15 * 24], ['invoice.paid', 15 * 24 + 1],
    ]);
    const times = events.filter(({ type }) => !type.startsWith('test_helpers')).map(({ created }) => created);
    assert.deepEqual(times, [...times].sort((a, b) => a - b), 'backwards from the newest page');
});

test('clocks do not touch one another, nor real time', async () => {
    const [it, other] = [await ticking(), await ticking()];
    const same = await it.clocks.create({ frozen_time: BEGIN });
    const { id: customer } = await it.payer({ test_clock: same.id });
    await it.sdk.subscriptions.create({ customer, items: [{ price: it.price }] });
    await it.go(at('2027-02-16'));
    const count = async (sdk, filter) => (await sdk.invoices.list(filter)).data.length;
    assert.equal(await count(it.sdk, { customer: it.customer }), 2);
    assert.equal(await count(it.sdk, { customer }), 1);
    assert.equal(await count(other.sdk, { customer: other.customer }), 1);
    assert.equal((await it.clocks.retrieve(same.id)).frozen_time, BEGIN);
});

test('a deleted clock takes its customers and their subscriptions with it', async () => {
    const it = await ticking();
    const { id: stranger } = await it.payer();
    await it.go(BEGIN + DAY);
    const { data: [{ id: ending_before }] } = await it.sdk.events.list({ limit: 1 });
    assert.deepEqual(plain(await it.clocks.del(it.id)), { id: it.id, object: 'test_helpers.test_clock', deleted: true });
    const { data } = await it.sdk.events.list({ ending_before });
    assert.deepEqual(data.reverse().map(({ type }) => type), ['customer.subscription.deleted',
        'payment_method.detached', 'customer.deleted', 'test_helpers.test_clock.deleted']);
    assert.equal(data[0].created, BEGIN + DAY);
    assert(Math.abs(data[3].created - Date.now() / 1000) < 60);
    const { status, ended_at } = await it.sdk.subscriptions.retrieve(it.subscription.id);
    assert.deepEqual([status, ended_at], ['canceled', BEGIN + DAY]);
    assert.equal((await it.sdk.customers.retrieve(it.customer)).deleted, true);
    assert.equal((await it.sdk.customers.retrieve(stranger)).deleted, undefined);
    await rejects(it.clocks.retrieve(it.id), { status: 404, code: 'resource_missing' });
    await rejects(it.clocks.advance(it.id, { frozen_time: BEGIN + 2 * DAY }), { status: 404 });
    await rejects(it.sdk.customers.create({ test_clock: it.id }),
        { ...INVALID, code: 'resource_missing', param: 'test_clock' });
});

test('a clock can be deleted on its way', async () => {
    const it = await ticking();
    await it.clocks.advance(it.id, { frozen_time: BEGIN + 50 * DAY });
    await it.clocks.del(it.id);
    assert.equal((await it.sdk.subscriptions.retrieve(it.subscription.id)).status, 'canceled');
});
