// Export and import of all objects, by the commands: from a data directory, with and without a server on it, from
// a file and straight from a server.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newKey, raw } from '../lib/client.js';
import { coupond, start, temporaryDirectory } from '../lib/server.js';
import { BAD_DATA, exported, imported, lines, newData, objects, verified } from '../lib/transfer.js';

const ACACIA = '2025-02-24.acacia'; // the last version in which customers take coupons
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
    const { id: batch } = await call(key, '/v1/promotion_code_batches', { promotion, count: 5, check_character: true });
    for (let status = 'pending'; status !== 'complete'; await sleep(5)) {
        ({ status } = await call(key, `/v1/promotion_code_batches/${batch}`, undefined, { method: 'GET' }));
    }
    return { key, account, product };
}

test('what is exported, imported and exported again is equal', async () => {
    const { account } = await newShop();
    const data = newData();
    const first = exported(server.data, '--account', account);
    const { status, stdout, stderr } = imported(data, first);
    assert.deepEqual([status, stdout], [0, ''], stderr);
    assert.match(stderr, /^\d+ objects imported, 0 refused\n$/);
    assert.equal(exported(data), first);
    assert.match(first, /"check_character_enforced":\s*true/);
    assert.equal(imported(data, first).status, 0, 'it can be imported again');
    assert.equal(exported(data), first);
    verified(data);
});

test('all objects are there, each with all that the API shows of it', async () => {
    const { account } = await newShop();
    const all = objects(exported(server.data, '--account', account));
    const ids = (kind) => new Set(all.filter(({ object }) => object === kind).map(({ id }) => id)).size;
    const counts = { product: 1, price: 1, coupon: 2, customer: 3, promotion_code: 9, discount: 3 };
    for (const [kind, count] of Object.entries({ ...counts, promotion_code_batch: 1 })) {
        assert.equal(ids(kind), count, kind);
    }
    const five = all.find(({ id }) => id === 'FIVE');
    assert.deepEqual([five.deleted, five.times_redeemed, five.currency_options.eur.amount_off], [true, 1, 450]);
    assert.equal(all.find(({ code }) => code === 'ONCE').times_redeemed, 1);
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
    const data = newData();
    const { status, stdout, stderr } = coupond(['import', '--from', server.url, '--api-key', key, '--data', data]);
    assert.deepEqual([status, stdout], [0, ''], stderr);
    const all = objects(exported(data));
    for (let i = 0; i < 120; i++) assert(all.some(({ code }) => code === `PAGE-${i}`), `PAGE-${i}`);
    const once = all.find(({ code }) => code === 'ONCE');
    assert.equal(once.times_redeemed, 1);
    const large = all.find(({ code }) => code === 'LARGE');
    assert.equal(large.restrictions.currency_options.eur.minimum_amount, 90);
    assert.equal(all.find(({ id }) => id === 'TEN').applies_to.products.length, 1);
    assert.equal(all.find(({ object }) => object === 'price').currency_options.eur.unit_amount, 450);
});

test('a file of lines completes what came straight from the server', async () => {
    const key = newKey(), data = newData();
    const { id: account } = await call(key, '/v1/account', undefined, { method: 'GET' });
    await call(key, '/v1/coupons', { id: 'TEN', percent_off: 10 });
    const { id: customer } = await call(key, '/v1/customers', {
        payment_method: 'pm_card_visa', invoice_settings: { default_payment_method: 'pm_card_visa' },
    });
    const { id: price } = await call(key, '/v1/prices', {
        currency: 'usd', unit_amount: 1000, recurring: { interval: 'month' }, product_data: { name: 'Tea' },
    });
    await call(key, '/v1/subscriptions', { customer, items: [{ price }], discounts: [{ coupon: 'TEN' }] });
    assert.equal(coupond(['import', '--from', server.url, '--api-key', key, '--data', data]).status, 0);
    const use = () => objects(exported(data)).find(({ object }) => object === 'redemption');
    assert.equal(use().discount, null);
    verified(data);
    for (let i = 0; i < 2; i++) {
        assert.equal(imported(data, exported(server.data, '--account', account)).status, 0);
        assert.match(use().discount, /^di_/);
        verified(data);
    }
    assert.equal(coupond(['import', '--from', server.url, '--api-key', key, '--data', data]).status, 0);
    assert.match(use().discount, /^di_/, 'the server does not know better');
    verified(data);
    const live = newData();
    assert.equal(imported(live, exported(server.data, '--account', account), '--mode', 'live').status, 0);
    const invoice = objects(exported(live, '--mode', 'live')).find(({ object }) => object === 'invoice');
    assert.deepEqual([invoice.livemode, ...invoice.all_lines.map(({ livemode }) => livemode)], [true, true]);
});

test('what was deleted has its place, also where places are ahead of the clock', async () => {
    const first = newData(), second = newData();
    const begin = async () => start({ data: first });
    let shop = await begin();
    await shop.stop(); // what was reserved is lost
    shop = await begin();
    const key = newKey();
    const send = async (path, form, method = 'POST') => (await raw(shop, { method, path, key, form })).json;
    await send('/v1/coupons', { id: 'GONE', percent_off: 5 });
    await send('/v1/promotion_codes', { promotion: { type: 'coupon', coupon: 'GONE' }, code: 'X' });
    await send('/v1/redemptions', { code: 'X', email: 'jo@example.com' });
    await send('/v1/coupons/GONE', undefined, 'DELETE');
    const { id: account } = await send('/v1/account', undefined, 'GET');
    const text = exported(first, '--account', account);
    await shop.stop();
    assert.equal(imported(second, text).status, 0);
    assert.equal(exported(second), text);
    verified(second);

    // As far ahead as places may be.
    const coupon = text.split('\n').find((line) => line.includes('"GONE"') && /"row":/.test(line));
    const at = (ahead) => {
        const place = BigInt(Math.floor(Date.now() / 1000) + ahead) << 24n; // more than a number of JavaScript holds
        return coupon.replace(/"row":\s*\d+/, `"row":${place}`);
    };
    const week = 7 * 24 * 3600;
    for (const ahead of [week - 60, week - 5]) {
        const data = newData();
        assert.equal(imported(data, at(ahead)).status, 0);
        assert.equal(imported(data, text).status, 0, 'there is room behind it');
        verified(data);
    }
    const { status, stderr } = imported(newData(), at(week + 60));
    assert.equal(status, BAD_DATA);
    assert.match(stderr, /GONE: row: /);
});

test('live objects are apart from those for tests', () => {
    const data = newData();
    const line = JSON.stringify({ id: 'L', object: 'coupon', percent_off: 5, duration: 'once', created: 1_600_000_000 });
    assert.equal(imported(data, line, '--mode', 'live').status, 0);
    assert.equal(exported(data), '');
    assert.equal(JSON.parse(exported(data, '--mode', 'live')).livemode, true);
});

test('lines that are wrong are told, the others are stored', () => {
    const data = newData();
    const coupon = (id) => JSON.stringify({ id, object: 'coupon', percent_off: 5, duration: 'once' });
    const input = [coupon('A'), 'no JSON', coupon('B'), '{"object":"event","id":"evt_1"}', coupon('C')];
    const { status, stderr } = imported(data, input.join('\n'));
    assert.equal(status, BAD_DATA);
    assert.match(stderr, /^Line 2: /m);
    assert.match(stderr, /^Line 4: /m);
    assert.match(stderr, /3 objects imported, 2 refused/);
    assert.deepEqual(objects(exported(data)).map(({ id }) => id), ['A', 'B', 'C']);
});

// What is wrong with a line, by its id: the line and how the mistake is told.
const WRONG = {
    'a b': [{ object: 'coupon', percent_off: 5 }, /: a b: id: An id has/],
    ['x'.repeat(256)]: [{ object: 'coupon', percent_off: 5 }, /x: id: An id has/],
    REPEATING: [{ object: 'coupon', percent_off: 5, duration: 'repeating' }, /: REPEATING: duration: .*duration_in_months/],
    ONCE: [{ object: 'coupon', percent_off: 5, duration_in_months: 3 }, /: ONCE: duration_in_months: /],
    NOTHING: [{ object: 'coupon' }, /: NOTHING: Must provide percent_off or amount_off/],
    FREE: [{ object: 'coupon', percent_off: 0 }, /: FREE: percent_off: .*greater/],
    THIRDS: [{ object: 'coupon', percent_off: 33.333 }, /: THIRDS: percent_off: .*two places/],
    MUCH: [{ object: 'coupon', percent_off: 100.01 }, /: MUCH: percent_off: /],
    BIG: [{ object: 'coupon', amount_off: 100_000_000, currency: 'usd' }, /: BIG: amount_off: .*less than/],
    COIN: [{ object: 'coupon', amount_off: 5, currency: 'xxx' }, /: COIN: currency: Invalid currency/],
    OPTION: [{ object: 'coupon', amount_off: 5, currency: 'usd', currency_options: { USD: { amount_off: 5 } } },
        /: OPTION: currency_options/],
    LATE: [{ object: 'coupon', percent_off: 5, redeem_by: 253_402_300_800 }, /: LATE: redeem_by: .*less than/],
    BEFORE: [{ object: 'coupon', percent_off: 5, created: -1 }, /: BEFORE: created: .*greater than/],
    NAME: [{ object: 'coupon', percent_off: 5, name: 'n'.repeat(41) }, /: NAME: name: .*at most 40/],
    KEY: [{ object: 'coupon', percent_off: 5, metadata: { [`k${'k'.repeat(40)}`]: 'v' } }, /: KEY: metadata\[k+\]: /],
    KEYS: [{ object: 'coupon', percent_off: 5, metadata: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [i, 'v'])) },
        /: KEYS: metadata: .*up to 50 keys/],
    FOR: [{ object: 'coupon', percent_off: 5, applies_to: { products: ['prod_none'] } },
        /: FOR: applies_to\[products\]\[0\]: No such product: 'prod_none'/],
    MINUS: [{ object: 'coupon', percent_off: 5, times_redeemed: -1 }, /: MINUS: times_redeemed: /],
    OVER: [{ object: 'coupon', percent_off: 5, times_redeemed: 3, max_redemptions: 2 }, /: OVER: times_redeemed: .*above/],
    POLICY: [{ object: 'coupon', percent_off: 5, release_window: 5 }, /: POLICY: release_window: /],
    promo_1: [{ object: 'promotion_code', code: 'A', promotion: { type: 'coupon', coupon: 'NONE' } },
        /: promo_1: coupon: No such coupon: 'NONE'/],
    promo_2: [{ object: 'promotion_code', code: 'A b', promotion }, /: promo_2: code: .*regex/],
    promo_3: [{ object: 'promotion_code', promotion }, /: promo_3: code: /],
    promo_4: [{ object: 'promotion_code', code: 'C' }, /: promo_4: promotion\[coupon\]: /],
    promo_5: [{ object: 'promotion_code', code: 'D', promotion, restrictions: { minimum_amount: 5 } },
        /: promo_5: restrictions\[minimum_amount_currency\]: /],
    cus_1: [{ object: 'customer', email: 'nobody' }, /: cus_1: email: Invalid email/],
    sub_1: [{ object: 'subscription', currency: 'usd' }, /: sub_1: customer: Missing required param/],
    rdm_1: [{ object: 'redemption', coupon: 'TEN', source: 'api', status: 'held', status_transitions: {} },
        /: rdm_1: hold_expires_at: /],
    rdm_2: [{ object: 'redemption', coupon: 'TEN', source: 'api', status: 'redeemed', status_transitions: {} },
        /: rdm_2: status_transitions\[redeemed_at\]: /],
    rdm_3: [{ object: 'redemption', coupon: 'TEN', promotion_code: 'promo_0', source: 'api', status: 'redeemed',
        status_transitions: { redeemed_at: 1 } }, /: rdm_3: promotion_code: No such promotion code: 'promo_0'/],
    rdm_6: [{ object: 'redemption', source: 'api', status: 'expired' }, /: rdm_6: A redemption has a coupon/],
    rdm_7: [{ object: 'redemption', coupon: 'TEN', status: 'expired' }, /: rdm_7: A redemption has a coupon/],
    rdm_8: [{ object: 'redemption', coupon: 'TEN', source: 'api' }, /: rdm_8: A redemption has a coupon/],
    di_1: [{ object: 'discount', start: 1 }, /: di_1: a field is missing/],
    rdm_5: [{ object: 'redemption', coupon: 'TEN', source: 'api', status: 'redeemed', amount: 5, amount_discount: 6,
        status_transitions: { redeemed_at: 1 } }, /: rdm_5: amount_discount: /],
    rdm_4: [{ object: 'redemption', coupon: 'TEN', source: 'api', status: 'redeemed',
        status_transitions: { redeemed_at: 253_402_300_800 } }, /: rdm_4: status_transitions\[redeemed_at\]: /],
};

test('lines are checked as calls of the API are, and what is wrong with them is said', () => {
    const data = newData();
    const ten = { id: 'TEN', object: 'coupon', percent_off: 10, duration: 'once', created: 1_600_000_000 };
    const wrong = Object.entries(WRONG).map(([id, [line]]) => ({ id, ...line }));
    const { status, stderr } = imported(data, lines(ten, ...wrong));
    assert.equal(status, BAD_DATA);
    const told = stderr.trim().split('\n');
    for (const [i, [id, [, problem]]] of Object.entries(WRONG).entries()) {
        assert(told[i].startsWith(`Line ${i + 2}: `), told[i]);
        assert.match(told[i], problem, id);
    }
    assert.deepEqual(objects(exported(data)).map(({ id }) => id), ['TEN'], 'nothing of them is stored');
    verified(data);
});

test('an imported id has at most 255 characters', () => {
    const data = newData();
    const coupons = [254, 255, 256].map((length) => ({ id: 'x'.repeat(length), object: 'coupon', percent_off: 5 }));
    const { status, stderr } = imported(data, lines(...coupons));
    assert.equal(status, BAD_DATA);
    assert.match(stderr, /^Line 3: x{256}: id: /);
    assert.deepEqual(objects(exported(data)).map(({ id }) => id.length), [254, 255]);
});

test('an id that would break the line is not told', () => {
    const { stderr } = imported(newData(), lines({ id: 'a\nb', object: 'coupon', percent_off: 5 }));
    assert.match(stderr, /^Line 1: id: An id has/);
});

test('limits that uses were counted by cannot change', () => {
    const data = newData();
    const coupon = { id: 'TEN', object: 'coupon', percent_off: 10, duration: 'once', created: 1_600_000_000 };
    assert.equal(imported(data, lines(coupon)).status, 0);
    const { status, stderr } = imported(data, lines({ ...coupon, restrictions: { max_redemptions_per_customer: 1 } }));
    assert.equal(status, BAD_DATA);
    assert.match(stderr, /^Line 1: TEN: .*limits per customer/);
});

test('a line with a NUL in it is refused, and those behind it are stored', () => {
    const data = newData();
    const input = ['A', 'B'].map((id) => JSON.stringify({ id, object: 'coupon', percent_off: 10, duration: 'once' }));
    const { status, stderr } = imported(data, input.join('\n\0\n'));
    assert.equal(status, BAD_DATA);
    assert.match(stderr, /^Line 2: /m);
    assert.match(stderr, /2 objects imported, 1 refused/);
    assert.deepEqual(objects(exported(data)).map(({ id }) => id), ['A', 'B']);
});

test('lines without anything on them are no objects', () => {
    const data = newData();
    const { status, stderr } = imported(data, '\n\r\n\n');
    assert.deepEqual([status, stderr], [0, '0 objects imported, 0 refused\n']);
});

test('a batch that was not finished stays as it is', () => {
    const data = newData();
    const input = [
        { id: 'TEN', object: 'coupon', percent_off: 10, duration: 'once' },
        {
            id: 'pcb_1', object: 'promotion_code_batch', active: true, alphabet: 'digits', check_character: false,
            count: 9, generated: 3, pattern: '####', promotion, restrictions: {}, status: 'generating',
        },
    ];
    const { status, stderr } = imported(data, lines(...input));
    assert.equal(status, 0, stderr);
    assert.equal(objects(exported(data))[1].status, 'canceled');
});

test('a batch that is none is refused', () => {
    const data = newData();
    const batch = { id: 'pcb_1', object: 'promotion_code_batch', pattern: '#', count: 1, promotion };
    const input = [{ ...batch, count: undefined }, { ...batch, promotion: undefined }, { ...batch, count: 0 },
        { id: 'TEN', object: 'coupon', percent_off: 10, duration: 'once' }, { ...batch, count: 1000 }];
    const { status, stderr } = imported(data, lines(...input));
    assert.equal(status, BAD_DATA);
    assert.match(stderr, /2 objects imported, 3 refused/);
    assert.match(objects(exported(data))[1].warnings[0], /one of 1 guesses/);
});

test('what cannot be read is said', () => {
    const data = newData();
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
