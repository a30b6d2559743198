// What exists only with --dev: emptying an account and filling it with objects as the API shows them.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { refused } from '../lib/assert.js';
import { newKey, raw, stripe } from '../lib/client.js';
import { coupond, start, temporaryDirectory } from '../lib/server.js';
import { sqlite } from '../lib/transfer.js';

const VERSIONS = ['2020-08-27', '2022-08-01', '2023-10-16', '2025-02-24.acacia', '2025-03-31.basil',
    '2025-09-30.clover', '2026-10-28.endive'];

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

function seed(key, body, { path = '/_dev/seed', headers } = {}) {
    const text = typeof body === 'string' ? body : body.map((each) => JSON.stringify(each)).join('\n');
    return raw(server, { method: 'POST', path, body: text, key, headers });
}

async function seeded(key, objects) {
    const { status, json, text } = await seed(key, objects);
    assert.equal(status, 200, text);
    return json;
}

async function get(key, path, version) {
    return (await raw(server, { path, key, version })).json;
}

test('ids are kept', async () => {
    const key = newKey();
    const answer = await seeded(key, [
        { id: '25OFF', object: 'coupon', percent_off: 25, duration: 'once' },
        { id: 'promo_xxxxxxxxxxxxx', object: 'promotion_code', code: 'WELCOME', active: true,
            promotion: { type: 'coupon', coupon: '25OFF' } },
        { id: 'cus_1', object: 'customer', email: 'a@example.com' },
        { id: 'prod_1', object: 'product', name: 'Tea' },
    ]);
    assert.deepEqual(answer, { object: 'seed', objects: 4 });
    const client = stripe(server, { key });
    assert.equal((await client.coupons.retrieve('25OFF')).percent_off, 25);
    const code = await client.promotionCodes.retrieve('promo_xxxxxxxxxxxxx');
    assert.deepEqual([code.code, code.promotion.coupon, code.active], ['WELCOME', '25OFF', true]);
    assert.equal((await client.promotionCodes.list({ code: 'welcome' })).data[0].id, code.id);
    assert.equal((await client.customers.list({ email: 'a@example.com' })).data[0].id, 'cus_1');
    assert.equal((await client.products.retrieve('prod_1')).name, 'Tea');
});

test('times and counts are kept, and the books balance', async () => {
    const key = newKey();
    await seeded(key, [
        { id: 'A', object: 'coupon', percent_off: 25.5, duration: 'repeating', duration_in_months: 3,
            created: 1600000000, times_redeemed: 7, max_redemptions: 9, metadata: { a: 'b' }, name: 'Launch',
            redeem_by: 4000000000 },
        { id: 'promo_1', object: 'promotion_code', code: 'X', active: true, created: 1600000001, times_redeemed: 4,
            max_redemptions: 5, expires_at: 4000000000, promotion: { type: 'coupon', coupon: 'A' } },
    ]);
    const client = stripe(server, { key });
    const coupon = await client.coupons.retrieve('A');
    assert.deepEqual([coupon.created, coupon.times_redeemed, coupon.valid], [1600000000, 7, true]);
    const code = await client.promotionCodes.retrieve('promo_1');
    assert.deepEqual([code.created, code.times_redeemed, code.active], [1600000001, 4, true]);
    const customer = await raw(server, {
        method: 'POST', path: '/v1/customers', form: { promotion_code: 'promo_1' }, key,
        version: '2025-02-24.acacia',
    });
    assert.equal(customer.json.discount.coupon.times_redeemed, 8);
    refused(await raw(server, {
        method: 'POST', path: '/v1/customers', form: { promotion_code: 'promo_1' }, key,
        version: '2025-02-24.acacia',
    }), { status: 400, code: 'coupon_expired' });
    const { status, stdout } = coupond(['verify', '--data', server.data]);
    assert.equal(status, 0, stdout);
});

// An account with one object of every kind that can be seeded, in each version's own shape.
for (const version of VERSIONS) {
    test(`objects shown by ${version} can be put into another account, and look the same there`, async () => {
        const [from, to] = [newKey(), newKey()];
        const client = stripe(server, { key: from });
        const { id: product } = await client.products.create({ name: 'Tea', images: ['https://example.com/1'] });
        const { id: coupon } = await client.coupons.create({
            amount_off: 500, currency: 'usd', duration: 'repeating', duration_in_months: 2,
            applies_to: { products: [product] }, currency_options: { eur: { amount_off: 450 } }, metadata: { a: 'b' },
        });
        const { id: customer } = await client.customers.create({ name: 'Ann', address: { city: 'Köln' } });
        const { id: code } = await client.promotionCodes.create({
            promotion: { type: 'coupon', coupon }, customer,
            restrictions: { minimum_amount: 100, minimum_amount_currency: 'usd' },
        });
        const paths = [`/v1/products/${product}`,
            `/v1/coupons/${coupon}?expand[]=applies_to&expand[]=currency_options`,
            `/v1/customers/${customer}`, `/v1/promotion_codes/${code}`];
        const objects = [];
        for (const path of paths) objects.push(await get(from, path, version));
        await seeded(to, objects);
        for (const [i, path] of paths.entries()) assert.deepEqual(await get(to, path, version), objects[i]);
    });
}

test('a discount can be seeded with its customer', async () => {
    const [from, to] = [newKey(), newKey()];
    const version = '2025-02-24.acacia';
    const client = stripe(server, { key: from });
    await client.coupons.create({ id: 'A', percent_off: 10 });
    const { json: { id } } = await raw(server, {
        method: 'POST', path: '/v1/customers', form: { coupon: 'A' }, key: from, version,
    });
    const coupon = await get(from, '/v1/coupons/A', version);
    const customer = await get(from, `/v1/customers/${id}`, version);
    const answer = await seed(to, [coupon, customer]); // the discount is inside
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(await get(to, `/v1/customers/${id}`, version), customer);
    const { status, stdout } = coupond(['verify', '--data', server.data]);
    assert.equal(status, 0, stdout);
});

test('seeding an object again brings its cap and its count up to date, and the ledger agrees', async () => {
    const key = newKey();
    const coupon = { id: 'A', object: 'coupon', percent_off: 10, duration: 'once', max_redemptions: 2, times_redeemed: 2 };
    const code = { id: 'promo_a', object: 'promotion_code', code: 'A', coupon: 'A', active: true, times_redeemed: 1 };
    assert.equal((await seed(key, [coupon, code])).status, 200);
    const more = [{ ...coupon, max_redemptions: 5, times_redeemed: 3 }, { ...code, times_redeemed: 2 }];
    const answer = await seed(key, more);
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await get(key, '/v1/coupons/A')).times_redeemed, 3);
    assert.equal((await get(key, '/v1/promotion_codes/promo_a')).times_redeemed, 2);
    for (const wrong of [{ ...coupon, max_redemptions: 5 }, { ...coupon, max_redemptions: 2, times_redeemed: 3 }]) {
        assert.equal((await seed(key, [wrong])).status, 400, JSON.stringify(wrong));
    }
    const { json } = await raw(server, {
        method: 'POST', path: '/v1/customers', form: { coupon: 'A' }, key, version: '2025-02-24.acacia',
    });
    assert.equal(json.discount.coupon.times_redeemed, 4);
    const { status, stdout } = coupond(['verify', '--data', server.data]);
    assert.equal(status, 0, stdout);
});

test('a seeded code does not take the text of an active one', async () => {
    const key = newKey();
    const lines = [
        { id: 'A', object: 'coupon', percent_off: 10, duration: 'once' },
        { id: 'cus_a', object: 'customer' },
        { id: 'promo_a', object: 'promotion_code', code: 'Same', coupon: 'A', active: true },
        { id: 'promo_b', object: 'promotion_code', code: 'SAME', coupon: 'A', active: true, customer: 'cus_a' },
    ];
    const refusal = await seed(key, lines);
    assert.equal(refusal.status, 400);
    assert.match(refusal.json.error.message, /^Line 4: /);
    assert.equal((await seed(key, [...lines.slice(0, 3), { ...lines[3], active: false }])).status, 200);
});

test('empty lines and Windows line ends are no lines', async () => {
    const key = newKey();
    const body = '\r\n{"id":"A","object":"product","name":"x"}\r\n\r\n{"id":"B","object":"product","name":"y"}\r\n';
    assert.deepEqual((await seed(key, body)).json, { object: 'seed', objects: 2 });
    assert.deepEqual((await seed(newKey(), '')).json, { object: 'seed', objects: 0 });
});

test('an object that is there already is overwritten', async () => {
    const key = newKey();
    await seeded(key, [{ id: 'p', object: 'product', name: 'old', active: false }]);
    await seeded(key, [{ id: 'p', object: 'product', name: 'new' }]);
    const client = stripe(server, { key });
    assert.equal((await client.products.retrieve('p')).name, 'new');
    assert.equal((await client.products.list()).data.length, 1);
});

const GOOD = '{"id":"GOOD","object":"coupon","percent_off":10,"duration":"once"}';
const BAD_LINES = {
    'no JSON': 'nonsense',
    'half of it': '{"id":"A","object":"coupon"',
    'something behind it': '{"id":"A","object":"product","name":"x"} x',
    'an array': '[]',
    'no object': '{"id":"A"}',
    'an unknown object': '{"id":"A","object":"invoice"}',
    'an event': '{"id":"evt_1","object":"event","type":"coupon.created"}',
    'no id': '{"object":"product","name":"x"}',
    'a field of the wrong type': '{"id":"A","object":"product","name":7}',
    'a coupon without a value': '{"id":"A","object":"coupon","duration":"once"}',
    'an amount without a currency': '{"id":"A","object":"coupon","amount_off":100,"duration":"once"}',
    'a bad duration': '{"id":"A","object":"coupon","percent_off":10,"duration":"never"}',
    'a coupon that does not exist':
        '{"id":"promo_1","object":"promotion_code","code":"X","promotion":{"type":"coupon","coupon":"NONE"}}',
    'a code with spaces':
        '{"id":"promo_1","object":"promotion_code","code":"a b","promotion":{"type":"coupon","coupon":"GOOD"}}',
    'more uses than allowed':
        '{"id":"A","object":"coupon","percent_off":10,"duration":"once","max_redemptions":1,"times_redeemed":2}',
    'a name that is missing': '{"id":"A","object":"product"}',
    'a deleted stub': '{"id":"A","object":"coupon","deleted":true}',
};
for (const [what, line] of Object.entries(BAD_LINES)) {
    test(`${what}: the line is named and nothing is kept`, async () => {
        const key = newKey();
        const answer = await seed(key, `${GOOD}\n\n${line}\n${GOOD}`);
        refused(answer, { status: 400, type: 'invalid_request_error', message: /^Line 3: ./ });
        assert.deepEqual((await get(key, '/v1/coupons')).data, []);
        assert.deepEqual((await get(key, '/v1/products')).data, []);
        assert.deepEqual((await get(key, '/v1/events')).data, []);
    });
}

test('no line takes the place of the test clock of another account', async () => {
    const created = 1500000000;
    const clock = (id, row) => JSON.stringify({
        id, object: 'test_helpers.test_clock', row, created, frozen_time: created, status: 'ready',
        deletes_after: Math.floor(Date.now() / 1000) + 86400,
    });
    await seed(newKey(), clock('clock_first'));
    await seed(newKey(), clock('clock_second', created * 2 ** 24));
    assert.equal(sqlite(server.data, `SELECT COUNT(DISTINCT seq) FROM test_clocks
        WHERE id IN ('clock_first', 'clock_second')`), '2');
});

test('two active codes cannot have the same text, also when they are seeded', async () => {
    const code = (id, text) => ({
        id, object: 'promotion_code', code: text, active: true, promotion: { type: 'coupon', coupon: 'A' },
    });
    const coupon = { id: 'A', object: 'coupon', percent_off: 10, duration: 'once' };
    refused(await seed(newKey(), [coupon, code('promo_1', 'Save'), code('promo_2', 'SAVE')]),
        { status: 400, message: /^Line 3: / });
});

test('reset empties the account, and only that one', async () => {
    const [key, other] = [newKey(), newKey()];
    const acacia = '2025-02-24.acacia';
    for (const each of [key, other]) {
        await seeded(each, [{ id: 'A', object: 'coupon', percent_off: 10, duration: 'once' },
            { id: 'p', object: 'product', name: 'x' }]);
        const made = { method: 'POST', path: '/v1/customers', form: { coupon: 'A' }, key: each, version: acacia };
        assert.equal((await raw(server, { ...made, headers: { 'idempotency-key': 'a' } })).status, 200);
    }
    const account = (await get(key, '/v1/account')).id;
    const { status } = await raw(server, { method: 'POST', path: '/_dev/reset', key });
    assert.equal(status, 200);
    for (const path of ['/v1/coupons', '/v1/promotion_codes', '/v1/customers', '/v1/products', '/v1/events']) {
        assert.deepEqual((await get(key, path)).data, [], path);
    }
    assert.equal((await get(key, '/v1/account')).id, account, 'the account stays');
    assert.equal((await get(other, '/v1/coupons')).data.length, 1);
    assert.equal((await get(other, '/v1/customers')).data.length, 1);
    const again = await raw(server, {
        method: 'POST', path: '/v1/products', form: { name: 'x' }, key, headers: { 'idempotency-key': 'a' },
    });
    assert.deepEqual([again.status, again.headers.get('idempotent-replayed')], [200, null], 'its keys are free');
    await seeded(key, [{ id: 'A', object: 'coupon', percent_off: 20, duration: 'once' }]);
    assert.equal((await get(key, '/v1/coupons/A')).percent_off, 20);
    const { status: verified, stdout } = coupond(['verify', '--data', server.data]);
    assert.equal(verified, 0, stdout);
});

test('serve --seed fills the account of sk_test_seed, or of the key that is named', async () => {
    const file = join(temporaryDirectory(), 'objects.jsonl');
    writeFileSync(file, `${GOOD}\n`);
    for (const [env, key] of [[{}, 'sk_test_seed'], [{ COUPOND_SEED_KEY: 'sk_test_mine' }, 'sk_test_mine']]) {
        const own = await start({ seed: file, env });
        try {
            assert.equal((await raw(own, { path: '/v1/coupons/GOOD', key })).status, 200);
            assert.equal((await raw(own, { path: '/v1/coupons/GOOD', key: newKey() })).status, 404);
        } finally {
            await own.stop();
        }
    }
});

test('serve --seed refuses a bad file, a missing one, and to go without --dev', () => {
    const directory = temporaryDirectory();
    const data = join(directory, 'data');
    const file = join(directory, 'bad.jsonl');
    writeFileSync(file, `${GOOD}\nnonsense\n`);
    const serve = (...args) => coupond(['serve', '--listen', '127.0.0.1:0', '--data', data, ...args]);
    const bad = serve('--dev', '--seed', file);
    assert.deepEqual([bad.status, bad.stderr.includes('Line 2:')], [65, true], bad.stderr);
    const missing = serve('--dev', '--seed', join(directory, 'none'));
    assert.equal(missing.status, 66, missing.stderr);
    assert.equal(serve('--seed', file).status, 64);
});
