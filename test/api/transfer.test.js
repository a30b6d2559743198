// Export and import of all objects, by the commands: from a data directory, with and without a server on it, from
// a file and straight from a server.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newKey, raw } from '../lib/client.js';
import { coupond, start, temporaryDirectory } from '../lib/server.js';

const ACACIA = '2025-02-24.acacia'; // the last version in which customers take coupons
const BAD_DATA = 65;
const NO_INPUT = 66;

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

async function call(key, path, fields, { method = 'POST', version } = {}) {
    const { status, json, text } = await raw(server, { method, path, form: fields, key, version });
    assert.equal(status, 200, text);
    return json;
}

const promotion = { type: 'coupon', coupon: 'TEN' };

// An account in which everything refers to something.
async function newShop({ keepCoupons = false } = {}) {
    const key = newKey();
    const { id: account } = await call(key, '/v1/account', undefined, { method: 'GET' });
    const { id: product } = await call(key, '/v1/products', { name: 'Tea', metadata: { 'a "key"': 'ä\n' } });
    await call(key, '/v1/prices', {
        product, currency: 'usd', unit_amount: 500, currency_options: { eur: { unit_amount: 450 } }, lookup_key: 'tea',
    });
    await call(key, '/v1/coupons', { id: 'TEN', percent_off: 12.5, duration: 'forever', applies_to: { products: [product] } });
    await call(key, '/v1/coupons', {
        id: 'FIVE', amount_off: 500, currency: 'usd', currency_options: { eur: { amount_off: 450 } }, max_redemptions: 2,
    });
    const customers = [];
    for (const coupon of ['TEN', 'FIVE']) {
        const { id } = await call(key, '/v1/customers', { email: `${coupon}@example.com`, coupon }, { version: ACACIA });
        customers.push(id);
        await call(key, '/v1/promotion_codes', { promotion, code: 'MINE', customer: id });
    }
    const { id: code } = await call(key, '/v1/promotion_codes', { promotion, code: 'ONCE', max_redemptions: 1 });
    await call(key, '/v1/promotion_codes', {
        promotion, code: 'LARGE',
        restrictions: {
            minimum_amount: 100, minimum_amount_currency: 'usd', currency_options: { eur: { minimum_amount: 90 } },
        },
    });
    await call(key, '/v1/customers', { promotion_code: code }, { version: ACACIA });
    if (!keepCoupons) await call(key, '/v1/coupons/FIVE', undefined, { method: 'DELETE' });
    const { id: batch } = await call(key, '/v1/promotion_code_batches', { promotion, count: 5 });
    for (let status = 'pending'; status !== 'complete'; await sleep(5)) {
        ({ status } = await call(key, `/v1/promotion_code_batches/${batch}`, undefined, { method: 'GET' }));
    }
    return { key, account, product };
}

function exported(data, ...args) {
    const { status, stdout, stderr } = coupond(['export', '--data', data, ...args]);
    assert.deepEqual([status, stderr], [0, '']);
    return stdout;
}

function imported(data, input, ...args) {
    return coupond(['import', '-', '--data', data, ...args], { input });
}

test('what is exported, imported and exported again is equal', async () => {
    const { account } = await newShop();
    const data = join(temporaryDirectory(), 'data');
    const first = exported(server.data, '--account', account);
    const { status, stdout, stderr } = imported(data, first);
    assert.deepEqual([status, stdout], [0, ''], stderr);
    assert.match(stderr, /^\d+ objects imported, 0 refused\n$/);
    assert.equal(exported(data), first);
    assert.equal(imported(data, first).status, 0, 'it can be imported again');
    assert.equal(exported(data), first);
    const verified = coupond(['verify', '--data', data]);
    assert.equal(verified.status, 0, verified.stdout);
});

test('all objects are there, each with all that the API shows of it', async () => {
    const { account } = await newShop();
    const objects = exported(server.data, '--account', account).trim().split('\n').map(JSON.parse);
    const ids = (kind) => new Set(objects.filter(({ object }) => object === kind).map(({ id }) => id)).size;
    const counts = { product: 1, price: 1, coupon: 2, customer: 3, promotion_code: 9, discount: 3 };
    for (const [kind, count] of Object.entries({ ...counts, promotion_code_batch: 1 })) {
        assert.equal(ids(kind), count, kind);
    }
    const five = objects.find(({ id }) => id === 'FIVE');
    assert.deepEqual([five.deleted, five.times_redeemed, five.currency_options.eur.amount_off], [true, 1, 450]);
    assert.equal(objects.find(({ code }) => code === 'ONCE').times_redeemed, 1);
});

test('a running server takes objects in, and the account goes on as it was', async () => {
    const { account } = await newShop(), key = newKey();
    const { id: other } = await call(key, '/v1/account', undefined, { method: 'GET' });
    await call(key, '/_dev/reset', undefined);
    const text = exported(server.data, '--account', account);
    assert.equal(imported(server.data, text, '--account', other).status, 0);
    assert.equal(exported(server.data, '--account', other), text);
    const { data: [once] } = await call(key, '/v1/promotion_codes', { code: 'once' }, { method: 'GET' });
    assert.deepEqual([once.active, once.times_redeemed], [false, 1]);
    const { data: mine } = await call(key, '/v1/promotion_codes', { code: 'MINE' }, { method: 'GET' });
    assert.equal(mine.length, 2);
    const taken = await raw(server, { method: 'POST', path: '/v1/promotion_codes', form: { promotion, code: 'MINE' }, key });
    assert.match(taken.json.error.message, /already exists/);
});

test('objects come straight from another server', async () => {
    const { key } = await newShop({ keepCoupons: true });
    for (let i = 0; i < 120; i++) await call(key, '/v1/promotion_codes', { promotion, code: `PAGE-${i}` });
    const data = join(temporaryDirectory(), 'data');
    const { status, stdout, stderr } = coupond(['import', '--from', server.url, '--api-key', key, '--data', data]);
    assert.deepEqual([status, stdout], [0, ''], stderr);
    const objects = exported(data).trim().split('\n').map(JSON.parse);
    for (let i = 0; i < 120; i++) assert(objects.some(({ code }) => code === `PAGE-${i}`), `PAGE-${i}`);
    const once = objects.find(({ code }) => code === 'ONCE');
    assert.equal(once.times_redeemed, 1);
    const large = objects.find(({ code }) => code === 'LARGE');
    assert.equal(large.restrictions.currency_options.eur.minimum_amount, 90);
    assert.equal(objects.find(({ id }) => id === 'TEN').applies_to.products.length, 1);
    assert.equal(objects.find(({ object }) => object === 'price').currency_options.eur.unit_amount, 450);
});

test('live objects are apart from those for tests', () => {
    const data = join(temporaryDirectory(), 'data');
    const line = JSON.stringify({ id: 'L', object: 'coupon', percent_off: 5, duration: 'once', created: 1_600_000_000 });
    assert.equal(imported(data, line, '--mode', 'live').status, 0);
    assert.equal(exported(data), '');
    assert.equal(JSON.parse(exported(data, '--mode', 'live')).livemode, true);
});

test('lines that are wrong are told, the others are stored', () => {
    const data = join(temporaryDirectory(), 'data');
    const coupon = (id) => JSON.stringify({ id, object: 'coupon', percent_off: 5, duration: 'once' });
    const lines = [coupon('A'), 'no JSON', coupon('B'), '{"object":"event","id":"evt_1"}', coupon('C')];
    const { status, stderr } = imported(data, lines.join('\n'));
    assert.equal(status, BAD_DATA);
    assert.match(stderr, /^Line 2: /m);
    assert.match(stderr, /^Line 4: /m);
    assert.match(stderr, /3 objects imported, 2 refused/);
    assert.deepEqual(exported(data).trim().split('\n').map((line) => JSON.parse(line).id), ['A', 'B', 'C']);
});

test('a line with a NUL in it is refused, and those behind it are stored', () => {
    const data = join(temporaryDirectory(), 'data');
    const lines = ['A', 'B'].map((id) => JSON.stringify({ id, object: 'coupon', percent_off: 10, duration: 'once' }));
    const { status, stderr } = imported(data, lines.join('\n\0\n'));
    assert.equal(status, BAD_DATA);
    assert.match(stderr, /^Line 2: /m);
    assert.match(stderr, /2 objects imported, 1 refused/);
    assert.deepEqual(exported(data).trim().split('\n').map((line) => JSON.parse(line).id), ['A', 'B']);
});

test('lines without anything on them are no objects', () => {
    const data = join(temporaryDirectory(), 'data');
    const { status, stderr } = imported(data, '\n\r\n\n');
    assert.deepEqual([status, stderr], [0, '0 objects imported, 0 refused\n']);
});

test('a batch that was not finished stays as it is', () => {
    const data = join(temporaryDirectory(), 'data');
    const lines = [
        { id: 'TEN', object: 'coupon', percent_off: 10, duration: 'once' },
        {
            id: 'pcb_1', object: 'promotion_code_batch', active: true, alphabet: 'digits', check_character: false,
            count: 9, generated: 3, pattern: '####', promotion, restrictions: {}, status: 'generating',
        },
    ];
    const { status, stderr } = imported(data, lines.map((line) => JSON.stringify(line)).join('\n'));
    assert.equal(status, 0, stderr);
    assert.equal(JSON.parse(exported(data).trim().split('\n')[1]).status, 'canceled');
});

test('a batch that is none is refused', () => {
    const data = join(temporaryDirectory(), 'data');
    const batch = { id: 'pcb_1', object: 'promotion_code_batch', pattern: '#', count: 1, promotion };
    const lines = [{ ...batch, count: undefined }, { ...batch, promotion: undefined }, { ...batch, count: 0 },
        { id: 'TEN', object: 'coupon', percent_off: 10, duration: 'once' }, { ...batch, count: 1000 }];
    const { status, stderr } = imported(data, lines.map((line) => JSON.stringify(line)).join('\n'));
    assert.equal(status, BAD_DATA);
    assert.match(stderr, /2 objects imported, 3 refused/);
    assert.match(JSON.parse(exported(data).trim().split('\n')[1]).warnings[0], /one of 1 guesses/);
});

test('what cannot be read is said', () => {
    const data = join(temporaryDirectory(), 'data');
    assert.equal(coupond(['import', '/none.jsonl', '--data', data]).status, NO_INPUT);
    assert.equal(coupond(['import', temporaryDirectory(), '--data', data]).status, NO_INPUT, 'a directory');
    assert.equal(imported(data, '{}', '--account', 'acct_none').status, NO_INPUT);
    assert.equal(coupond(['export', '--data', data, '--account', 'acct_none']).status, NO_INPUT);
    assert.equal(coupond(['import', '--from', 'http://127.0.0.1:1', '--api-key', 'k', '--data', data]).status, 69);
    assert.equal(coupond(['import', '--from', server.url, '--api-key', 'wrong', '--data', data]).status, 77);
    const file = join(temporaryDirectory(), 'wide.jsonl');
    writeFileSync(file, 'x'.repeat(1024 * 1024 + 1));
    assert.equal(coupond(['import', file, '--data', data]).status, BAD_DATA);
});
