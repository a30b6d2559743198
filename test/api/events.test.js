// Events: what they say, which filters find them, in which shape they are shown.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { newKey, raw, stripe } from '../lib/client.js';
import { start } from '../lib/server.js';
import { sqlite } from '../lib/transfer.js';

const ACACIA = '2025-02-24.acacia';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

function plain(object) {
    return JSON.parse(JSON.stringify(object));
}

async function latest(client) {
    return (await client.events.list({ limit: 1 })).data[0];
}

test('an event tells what happened to what, when and by which request', async () => {
    const key = newKey();
    const made = await raw(server, {
        method: 'POST', path: '/v1/coupons', form: { id: 'A', percent_off: 10 }, key,
        headers: { 'idempotency-key': 'my key' },
    });
    const { json: { data: [event] } } = await raw(server, { path: '/v1/events', key });
    assert.match(event.id, /^evt_[0-9A-Za-z]{24}$/);
    assert(Math.abs(event.created - Date.now() / 1000) < 60);
    assert.deepEqual(event, {
        id: event.id,
        object: 'event',
        api_version: '2026-10-28.endive',
        created: event.created,
        data: { object: made.json },
        livemode: false,
        pending_webhooks: 0,
        request: { id: made.headers.get('request-id'), idempotency_key: 'my key' },
        type: 'coupon.created',
    });
    const { json } = await raw(server, { path: `/v1/events/${event.id}`, key });
    assert.deepEqual(json, event);
});

test('without an idempotency key there is none in the event', async () => {
    const key = newKey();
    const form = { percent_off: 10 };
    const { headers } = await raw(server, { method: 'POST', path: '/v1/coupons', form, key });
    const { request } = await latest(stripe(server, { key }));
    assert.deepEqual(plain(request), { id: headers.get('request-id'), idempotency_key: null });
});

test('a rename and a new metadata key show that there was nothing', async () => {
    const client = stripe(server);
    await client.coupons.create({ id: 'A', percent_off: 10, metadata: { kept: '1' } });
    await client.coupons.update('A', { name: 'New', metadata: { k: 'v' } });
    const event = await latest(client);
    assert.equal(event.type, 'coupon.updated');
    assert.deepEqual(plain(event.data.previous_attributes), { metadata: { k: null }, name: null });
    assert.deepEqual(plain(event.data.object.metadata), { kept: '1', k: 'v' });
});

test('a metadata key that is changed or removed shows its old value', async () => {
    const client = stripe(server);
    await client.coupons.create({ id: 'A', percent_off: 10, name: 'Old', metadata: { a: '1', b: '2', c: '3' } });
    await client.coupons.update('A', { metadata: { a: '', b: '4' } });
    assert.deepEqual(plain((await latest(client)).data.previous_attributes), { metadata: { a: '1', b: '2' } });
    await client.coupons.update('A', { name: '', metadata: '' });
    assert.deepEqual(plain((await latest(client)).data.previous_attributes),
        { metadata: { b: '4', c: '3' }, name: 'Old' });
});

test('an event that an earlier release kept whole shows what was added', async () => {
    const client = stripe(server);
    const { id, created } = await client.coupons.create({ amount_off: 10, currency: 'usd' });
    await client.coupons.update(id, { currency_options: { eur: { amount_off: 5 } } });
    const previous = { id, object: 'coupon', amount_off: 10, created, currency: 'usd', duration: 'once', valid: true };
    sqlite(server.data, `UPDATE events SET previous = '${JSON.stringify(previous)}'
        WHERE type = 'coupon.updated' AND snapshot LIKE '{"id":"${id}"%'`);
    await client.customers.create(); // so that nothing is read from before
    const [updated] = (await client.events.list({ type: 'coupon.updated' })).data;
    assert.deepEqual(plain(updated.data.previous_attributes), { currency_options: {} });
});

test('switching a code off shows that it was on', async () => {
    const client = stripe(server);
    const { id: coupon } = await client.coupons.create({ percent_off: 10 });
    const { id } = await client.promotionCodes.create({ promotion: { type: 'coupon', coupon } });
    await client.promotionCodes.update(id, { active: false });
    const event = await latest(client);
    assert.equal(event.type, 'promotion_code.updated');
    assert.deepEqual(plain(event.data.previous_attributes), { active: true });
    assert.equal(event.data.object.active, false);
    await client.promotionCodes.update(id, { active: true });
    assert.deepEqual(plain((await latest(client)).data.previous_attributes), { active: false });
});

test('an update that changes nothing is no event', async () => {
    const client = stripe(server);
    await client.coupons.create({ id: 'A', percent_off: 10, name: 'x', metadata: { a: '1' } });
    await client.coupons.update('A', { name: 'x', metadata: { a: '1', none: '' } });
    await client.coupons.update('A', {});
    assert.equal((await client.events.list()).data.length, 1);
});

test('what is refused is no event', async () => {
    const client = stripe(server);
    await client.coupons.create({ id: 'A', percent_off: 10 });
    await rejects(client.coupons.create({ id: 'A', percent_off: 10 }), { code: 'resource_already_exists' });
    await rejects(client.coupons.del('none'), { status: 404 });
    assert.equal((await client.events.list()).data.length, 1);
});

test('a deleted coupon is shown as it was, no longer valid', async () => {
    const client = stripe(server);
    const coupon = await client.coupons.create({ id: 'A', percent_off: 10, name: 'Ten' });
    await client.coupons.del('A');
    const event = await latest(client);
    assert.equal(event.type, 'coupon.deleted');
    assert.deepEqual(plain(event.data.object), { ...plain(coupon), valid: false });
    assert(!('previous_attributes' in event.data));
});

test('an event stays as it was when its object changes', async () => {
    const client = stripe(server);
    await client.coupons.create({ id: 'A', percent_off: 10, name: 'first' });
    const before = await latest(client);
    await client.coupons.update('A', { name: 'second' });
    await client.coupons.del('A');
    assert.deepEqual(plain(await client.events.retrieve(before.id)), plain(before));
    assert.equal(before.data.object.name, 'first');
});

test('the object has the shape of the version that asks', async () => {
    const key = newKey();
    const client = stripe(server, { key });
    await client.coupons.create({ id: 'A', percent_off: 10 });
    await client.promotionCodes.create({ promotion: { type: 'coupon', coupon: 'A' } });
    const at = async (version) => {
        const { json } = await raw(server, { path: '/v1/events', key, version, form: { limit: 1 } });
        return json.data[0];
    };
    const newest = await at();
    assert.deepEqual(newest.data.object.promotion, { coupon: 'A', type: 'coupon' });
    assert(!('coupon' in newest.data.object));
    const old = await at(ACACIA);
    assert.equal(old.api_version, ACACIA);
    assert.equal(old.data.object.coupon.percent_off, 10);
    assert(!('promotion' in old.data.object));
});

// One account with seven events of known types, made in this order.
let shared;
async function sevenEvents() {
    if (shared) return shared;
    shared = stripe(server);
    const { id } = await shared.coupons.create({ percent_off: 10 });
    const { id: code } = await shared.promotionCodes.create({ promotion: { type: 'coupon', coupon: id } });
    await shared.customers.create();
    await shared.coupons.update(id, { name: 'x' });
    await shared.promotionCodes.update(code, { active: false });
    await shared.products.create({ name: 'x' });
    await shared.coupons.del(id);
    return shared;
}
const TYPES = ['coupon.deleted', 'product.created', 'promotion_code.updated', 'coupon.updated',
    'customer.created', 'promotion_code.created', 'coupon.created'];

const FILTERS = [
    [{}, TYPES],
    [{ type: 'coupon.created' }, ['coupon.created']],
    [{ type: 'coupon.*' }, ['coupon.deleted', 'coupon.updated', 'coupon.created']],
    [{ type: '*.created' }, ['product.created', 'customer.created', 'promotion_code.created', 'coupon.created']],
    [{ type: '*' }, TYPES],
    [{ type: 'coupon' }, []],
    [{ type: 'coupon.%' }, []],
    [{ type: 'promotion_code.*' }, ['promotion_code.updated', 'promotion_code.created']],
    [{ type: 'coupon_created' }, []],
    [{ types: ['coupon.created', 'customer.created'] }, ['customer.created', 'coupon.created']],
    [{ types: ['coupon.*', 'product.created'] },
        ['coupon.deleted', 'product.created', 'coupon.updated', 'coupon.created']],
    [{ types: ['none'] }, []],
    [{ created: { gte: 1 } }, TYPES],
    [{ created: { lt: 1 } }, []],
    [{ created: 1 }, []],
    [{ type: 'coupon.*', limit: 2 }, ['coupon.deleted', 'coupon.updated']],
    [{ delivery_success: true }, TYPES],
    [{ delivery_success: false }, []],
];
for (const [filter, expected] of FILTERS) {
    test(`the list with ${JSON.stringify(filter)} shows ${expected.length} events`, async () => {
        const client = await sevenEvents();
        const { data } = await client.events.list(filter);
        assert.deepEqual(data.map(({ type }) => type), expected);
    });
}

test('events have nothing to expand', async () => {
    const client = await sevenEvents();
    const { data } = await client.events.list({ expand: ['data'] }); // of any list: the list itself
    assert.deepEqual(plain(data), plain((await client.events.list()).data));
    const refusal = { status: 400, code: undefined, message: 'This property cannot be expanded (type).' };
    await rejects(client.events.retrieve(data[0].id, { expand: ['type'] }), refusal);
    await rejects(client.accounts.retrieveCurrent({ expand: ['type'] }), refusal);
});

test('pages of a filtered list show each event once', async () => {
    const client = await sevenEvents();
    const seen = [];
    for await (const { type } of client.events.list({ type: 'coupon.*', limit: 1 })) seen.push(type);
    assert.deepEqual(seen, ['coupon.deleted', 'coupon.updated', 'coupon.created']);
});

test('a time finds the events of that second', async () => {
    const key = newKey();
    const client = stripe(server, { key });
    await client.coupons.create({ percent_off: 10 });
    const { created } = await latest(client);
    assert.equal((await client.events.list({ created })).data.length, 1);
    assert.equal((await client.events.list({ created: { gt: created } })).data.length, 0);
    assert.equal((await client.events.list({ created: { lte: created } })).data.length, 1);
});

test('type and types exclude each other', async () => {
    await rejects(stripe(server).events.list({ type: 'coupon.created', types: ['coupon.deleted'] }), {
        status: 400, type: 'invalid_request_error',
        message: 'You may only specify one of these parameters: type, types.',
    });
});

test('at most twenty types can be asked for', async () => {
    const client = stripe(server);
    await client.events.list({ types: Array(20).fill('coupon.created') });
    await rejects(client.events.list({ types: Array(21).fill('coupon.created') }), {
        status: 400, param: 'types', message: 'Array types exceeded maximum 20 allowed elements.',
    });
});

test('an event that never was is 404, and events are not made by hand', async () => {
    const key = newKey();
    refused(await raw(server, { path: '/v1/events/evt_none', key }),
        { status: 404, code: 'resource_missing', param: 'id', message: "No such event: 'evt_none'" });
    refused(await raw(server, { method: 'POST', path: '/v1/events', form: { type: 'x' }, key }),
        { status: 404, code: undefined, message: /^Unrecognized request URL \(POST: \/v1\/events\)\./ });
});

test('a cursor of another kind is no event', async () => {
    const client = stripe(server);
    const { id } = await client.coupons.create({ percent_off: 10 });
    await rejects(client.events.list({ starting_after: id }),
        { status: 400, code: 'resource_missing', param: 'starting_after', message: `No such event: '${id}'` });
});

test('the account is the one that the key belongs to', async () => {
    const key = newKey();
    const { status, json } = await raw(server, { path: '/v1/account', key });
    assert.equal(status, 200);
    assert.match(json.id, /^acct_[0-9A-Za-z]{16}$/);
    assert.equal(json.object, 'account');
    assert.equal(typeof json.charges_enabled, 'boolean');
    assert.equal(json.default_currency, 'usd');
    assert.deepEqual((await raw(server, { path: '/v1/account', key })).json, json, 'the same each time');
    assert.notEqual((await raw(server, { path: '/v1/account', key: newKey() })).json.id, json.id);
    assert.equal((await stripe(server, { key }).accounts.retrieveCurrent()).id, json.id);
});
