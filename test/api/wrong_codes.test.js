// Codes with a wrong check character are refused without being looked up, and no code that exists ever is.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { newKey, raw } from '../lib/client.js';
import { open, press } from '../lib/pages.js';
import { coupond, start } from '../lib/server.js';

const UNAMBIGUOUS = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
const BATCHES = '/v1/promotion_code_batches';
const SHAPES_MAX = 64;
const EXCEPTIONS_MAX = 1000;
const ROWS_MAX = 20_000;
const PATIENCE = 60_000; // milliseconds
const promotion = { type: 'coupon', coupon: 'TEN' };

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

// Whether its sum is right, where it is of that alphabet.
function passes(code) {
    const values = [...code].map((c) => UNAMBIGUOUS.indexOf(c));
    return values.includes(-1) || values.reduce((sum, value) => (sum * 2 + value) % 31, 0) === 1;
}

// The n-th of the codes PREFIX-####; `off`: by how much its check character is wrong.
function numbered(prefix, n, off = 0) {
    const values = [Math.floor(n / 961) % 31, Math.floor(n / 31) % 31, n % 31];
    const sum = values.reduce((all, value) => (all + value) * 2 % 31, 0);
    return `${prefix}-${[...values, (32 - sum + off) % 31].map((value) => UNAMBIGUOUS[value]).join('')}`;
}
const right = (prefix, n = 0) => numbered(prefix, n, 0);
const wrong = (prefix, n = 0) => numbered(prefix, n, 1 + n % 30);

function shop() {
    const key = newKey();
    const call = (method, path, form) => raw(server, { method, path, form, key });
    const must = async (...request) => {
        const { status, json, text } = await call(...request);
        assert.equal(status, 200, text);
        return json;
    };
    const post = (path, form) => must('POST', path, form);
    const batch = (prefix, fields) =>
        post(BATCHES, { promotion, count: 1, pattern: `${prefix}-####`, check_character: true, ...fields });
    return {
        key,
        call,
        must,
        post,
        batch,
        open: () => post('/v1/coupons', { id: 'TEN', percent_off: 10 }),
        code: (code, fields) => post('/v1/promotion_codes', { promotion, code, ...fields }),
        enforced: async ({ id }) => (await must('GET', `${BATCHES}/${id}`)).check_character_enforced,
        finds: async (code) => (await must('GET', '/v1/promotion_codes', { code })).data.map((each) => each.code),
        reason: async (code, fields) =>
            (await post('/v1/redemptions/preview', { code, amount: 1000, currency: 'usd', ...fields }))
                .refusals[0]?.reason,
        csv: async (codes) => {
            const { status, json, text } = await raw(server, {
                method: 'POST', key, path: `${BATCHES}/import?promotion[type]=coupon&promotion[coupon]=TEN`,
                headers: { 'content-type': 'text/csv' }, body: ['code', ...codes].join('\n'),
            });
            assert.deepEqual([status, json.imported], [200, codes.length], text);
        },
        seed: (lines) => raw(server, {
            method: 'POST', key, path: '/_dev/seed', body: lines.map((line) => JSON.stringify(line)).join('\n'),
        }),
    };
}

async function newShop() {
    const made = shop();
    await made.open();
    return made;
}

async function ended({ must }, { id }) {
    for (const deadline = Date.now() + PATIENCE; ;) {
        const batch = await must('GET', `${BATCHES}/${id}`);
        if (batch.status === 'complete') return batch;
        assert(Date.now() < deadline, `${batch.status}: ${batch.generated} of ${batch.count}`);
        await sleep(10);
    }
}

// Gives a code another text behind the server's back.
async function rename(from, to) {
    await server.kill9();
    const { status, stderr } = spawnSync('sqlite3', [join(server.data, 'coupond.db'),
        `UPDATE promotion_codes SET code = '${to}', code_key = LOWER('${to}') WHERE code = '${from}'`]);
    assert.equal(status, 0, String(stderr));
    await server.start();
}

function verify() {
    return coupond(['verify', '--data', server.data]);
}

function assertVerified() {
    const { status, stdout } = verify();
    assert.equal(status, 0, stdout);
}

// ---- what is refused ----

test('a wrong check character is answered as any unknown code is', async () => {
    const { batch, enforced, finds, reason, call } = await newShop();
    assert.equal(await enforced(await batch('SALE')), true);
    for (const code of [wrong('SALE'), wrong('SALE', 77), wrong('sale', 5).toLowerCase()]) {
        assert.deepEqual(await finds(code), []);
        assert.equal(await reason(code), 'code_unknown');
        const answer = async (text) => {
            const fields = { code: text, amount: 1000, currency: 'usd' };
            const { status, json: { error } } = await call('POST', '/v1/redemptions', fields);
            return [status, { ...error, request_log_url: undefined, message: error.message.replace(text, '') }];
        };
        assert.deepEqual(await answer(code), await answer(code.replace(/.$/, '_')));
    }
});

test('codes of the batch are found, whatever their case', async () => {
    const buyer = await newShop();
    const { id, url } = await ended(buyer, await buyer.batch('SALE', { count: 500 }));
    const { text } = await raw(server, { path: url, key: buyer.key });
    const codes = text.trim().split('\n').slice(1).map((line) => line.split(',')[1]);
    assert.equal(codes.length, 500);
    assert.equal(await buyer.enforced({ id }), true);
    for (const code of codes.slice(0, 50)) {
        assert.deepEqual(await buyer.finds(code.toLowerCase()), [code]);
        assert.equal(await buyer.reason(code), undefined);
    }
});

test('without a check character nothing is refused', async () => {
    const { batch, enforced, code, finds } = await newShop();
    assert.equal(await enforced(await batch('SALE', { check_character: false })), false);
    await code(wrong('SALE'));
    assert.deepEqual(await finds(wrong('SALE')), [wrong('SALE')]);
});

test('the same pattern with another alphabet is refused by itself', async () => {
    const { batch, enforced, finds, code } = await newShop();
    const letters = await batch('sale', { alphabet: 'letters' });
    assert.equal(await enforced(letters), true);
    const digits = await batch('SALE', { alphabet: 'digits' });
    await code('SALE-1111');
    assert.deepEqual([await enforced(letters), await enforced(digits)], [true, true]);
    assert.deepEqual(await finds('sale-1111'), ['SALE-1111']);
});

test('a filter that is wrong is told, even with a code that is', async () => {
    const { batch, call } = await newShop();
    await batch('SALE');
    for (const [param, value] of Object.entries({ customer: 'cus_none', starting_after: 'promo_none', nothing: 1 })) {
        const { status, json } = await call('GET', '/v1/promotion_codes', { code: wrong('SALE'), [param]: value });
        assert.deepEqual([status, json.error.param], [400, param]);
    }
});

test('a refused look-up is a guess', async () => {
    const { batch, call, post } = await newShop();
    await batch('SALE');
    const { id: customer } = await post('/v1/customers');
    let tried = 0, status;
    do {
        ({ status } = await call('POST', '/v1/redemptions/preview', { code: wrong('SALE', tried++), customer }));
    } while (status === 200 && tried < 30);
    assert.equal(status, 429);
    assert(tried >= 11 && tried <= 21, `blocked at ${tried}`); // in a window that may end meanwhile
});

// A code whose text was changed behind the server's back is in the database, but nobody is to know.
test('a wrong code is looked up nowhere', async () => {
    const { batch, code, finds, reason, must, post, call } = await newShop();
    await batch('SALE');
    const planted = wrong('SALE', 3);
    const { id } = await code('PLANTED');
    const { id: product } = await post('/v1/products', { name: 'Tea' });
    const { id: price } = await post('/v1/prices',
        { product, currency: 'usd', unit_amount: 1000, recurring: { interval: 'month' } });
    const { url } = await post('/v1/checkout/sessions', {
        mode: 'subscription', success_url: 'https://shop.example/', allow_promotion_codes: true,
        line_items: [{ price, quantity: 1 }],
    });
    const { id: customer } = await post('/v1/customers');
    const { id: method } = await must('POST', '/v1/payment_methods/pm_card_visa/attach', { customer });
    const { id: subscription } =
        await post('/v1/subscriptions', { customer, items: [{ price }], default_payment_method: method });
    const { id: configuration } = await post('/v1/billing_portal/configurations', { features: { subscription_update: {
        enabled: true, default_allowed_updates: ['promotion_code'], products: [{ product, prices: [price] }],
    } } });
    const portal = await post('/v1/billing_portal/sessions', { customer, configuration });
    await rename('PLANTED', planted);
    assert.equal((await must('GET', `/v1/promotion_codes/${id}`)).code, planted);
    assert.deepEqual(await finds(planted), []);
    assert.equal(await reason(planted), 'code_unknown');
    assert.equal((await call('POST', '/v1/redemptions', { code: planted })).json.error.reason, 'code_unknown');
    const typed = await press(url, await open(url), 'apply', { code: planted });
    assert.deepEqual(typed.problems, ['This code is invalid.']);
    const form = await open(`${portal.url}?update=${subscription}`);
    assert(form.has('code'));
    const asked = await press(portal.url, form, 'update', { subscription, price, code: planted });
    assert.deepEqual(asked.problems, ['This code is invalid.']);
    const { status, stdout } = verify();
    assert.equal(status, 1);
    assert.match(stdout, /a code is refused for its check character/);
    await rename(planted, 'PLANTED');
    assert.equal((await press(url, await open(url), 'apply', { code: 'PLANTED' })).problems.length, 0);
    assertVerified();
});

// ---- what exists ----

test('a code that exists is never refused, however and whenever it came to be', async () => {
    const { batch, code, csv, seed, finds, reason, enforced, must } = await newShop();
    const all = Array.from({ length: 8 }, (_, n) => wrong('SALE', n));
    const line = (text) => ({ id: `promo_${text}`, object: 'promotion_code', code: text, active: true, promotion });
    const { id: account } = await must('GET', '/v1/account');
    const imported = (text) => {
        const { status, stderr } = coupond(['import', '-', '--data', server.data, '--account', account],
            { input: JSON.stringify(line(text)) });
        assert.equal(status, 0, stderr);
    };
    const check = async () => {
        for (const each of all) {
            assert.deepEqual(await finds(each.toLowerCase()), [each]);
            assert.notEqual(await reason(each), 'code_unknown', each);
        }
        assert.deepEqual(await finds(wrong('SALE', 100)), []);
        assert.equal(await reason(wrong('SALE', 100)), 'code_unknown');
    };
    await code(all[0]);
    await code(all[1], { active: false });
    const made = await batch('SALE');
    await code(all[2]);
    await code(all[3], { active: false });
    await csv([all[4]]);
    assert.equal((await seed([line(all[5])])).status, 200);
    imported(all[6]);
    await code('FREE');
    await server.kill9();
    imported(all[7]);
    await server.start();
    await check();
    await server.kill9();
    await server.start();
    await check();
    assert.equal(await enforced(made), true);
    assertVerified();
});

test('an import that gives a code another text makes that findable', async () => {
    const { batch, seed, finds } = await newShop();
    await batch('SALE');
    const line = { id: 'promo_1', object: 'promotion_code', active: true, promotion };
    for (const text of ['OLD', wrong('SALE')]) {
        assert.equal((await seed([{ ...line, code: text }])).status, 200);
        assert.deepEqual(await finds(text), [text]);
    }
    assertVerified();
});

test('codes that the server makes up pass where that is possible', async () => {
    const { post, finds, batch } = await newShop();
    await batch('', { pattern: '########' });
    for (let n = 0; n < 100; n++) assert(passes((await post('/v1/promotion_codes', { promotion })).code));
    await batch('', { pattern: '########', alphabet: 'alphanumeric' }); // which hardly any passes
    for (let n = 0; n < 100; n++) {
        const { code } = await post('/v1/promotion_codes', { promotion });
        assert.deepEqual(await finds(code), [code]);
    }
    assertVerified();
});

test('codes of another batch with the same beginning are found', async () => {
    const buyer = await newShop();
    const checked = await buyer.batch('SALE');
    const unchecked = { check_character: false };
    const digits = await ended(buyer, await buyer.batch('SALE', { ...unchecked, alphabet: 'digits', count: 60 }));
    const { text } = await raw(server, { path: digits.url, key: buyer.key });
    for (const line of text.trim().split('\n').slice(1)) {
        const code = line.split(',')[1];
        assert.deepEqual(await buyer.finds(code), [code]);
    }
    assert.equal(await buyer.enforced(checked), true);
    await ended(buyer, await buyer.batch('SALE', { ...unchecked, count: 2000 }));
    assert.equal(await buyer.enforced(checked), false);
    assertVerified();
});

// What was rolled back is undone in the database, but memory has let it pass.
test('codes that follow a call that failed are found after a restart too', async () => {
    const { batch, code, seed, finds, enforced } = await newShop();
    const lines = (prefix, count) => Array.from({ length: count }, (_, n) => (
        { id: `promo_${prefix}${n}`, object: 'promotion_code', code: wrong(prefix, n), active: true, promotion }));
    const few = await batch('FEW'), many = await batch('MANY');
    const failing = [...lines('FEW', 1), ...lines('MANY', EXCEPTIONS_MAX + 1), { object: 'nothing' }];
    assert.equal((await seed(failing)).status, 400);
    await code(wrong('FEW'));
    await code(wrong('MANY'));
    await server.restart();
    assert.deepEqual([await enforced(few), await enforced(many)], [true, true]);
    for (const prefix of ['FEW', 'MANY']) {
        assert.deepEqual(await finds(wrong(prefix)), [wrong(prefix)]);
        assert.deepEqual(await finds(wrong(prefix, 1)), []);
    }
    assertVerified();
});

test('an account that is emptied has no wrong codes', async () => {
    const { key, open: reopen, batch, code, finds, enforced } = await newShop();
    await batch('SALE');
    assert.equal((await raw(server, { method: 'POST', path: '/_dev/reset', key })).status, 200);
    await reopen();
    await code(wrong('SALE'));
    assert.deepEqual(await finds(wrong('SALE')), [wrong('SALE')]);
    assert.equal(await enforced(await batch('SALE')), true);
    assert.deepEqual(await finds(wrong('SALE')), [wrong('SALE')]);
    assert.deepEqual(await finds(wrong('SALE', 1)), []);
    assertVerified();
});

// ---- limits ----

test('a shape has at most 1,000 exceptions', async () => {
    const { batch, csv, code, finds, enforced } = await newShop();
    await csv(Array.from({ length: EXCEPTIONS_MAX - 1 }, (_, n) => wrong('SALE', n)));
    const made = await batch('SALE');
    assert.equal(await enforced(made), true);
    await code(wrong('SALE', EXCEPTIONS_MAX - 1));
    assert.equal(await enforced(made), true);
    await code(right('SALE', EXCEPTIONS_MAX));
    assert.equal(await enforced(made), true);
    await code(wrong('SALE', EXCEPTIONS_MAX));
    assert.equal(await enforced(made), false);
    assert.equal(await enforced(await batch('SALE')), false);
    for (const n of [0, 500, EXCEPTIONS_MAX]) assert.deepEqual(await finds(wrong('SALE', n)), [wrong('SALE', n)]);
    await csv(Array.from({ length: EXCEPTIONS_MAX }, (_, n) => wrong('MORE', n)));
    assert.equal(await enforced(await batch('MORE')), true);
    assert.deepEqual(await finds(wrong('MORE', 500)), [wrong('MORE', 500)]);
    assertVerified();
});

test('of codes that exist up to 20,000 of the same beginning are looked at', async () => {
    const buyer = await newShop();
    const others = { pattern: 'SALE-__#####', check_character: false };
    await ended(buyer, await buyer.batch('SALE', { ...others, count: ROWS_MAX - 2 }));
    const enforced = [];
    for (const places of ['####', '#####', '######', '#######']) { // each brings one more
        const made = await buyer.batch('SALE', { pattern: `SALE-${places}` });
        enforced.push(made.check_character_enforced);
        await ended(buyer, made);
    }
    assert.deepEqual(enforced, [true, true, true, false]);
});

test('an account has at most 64 shapes: the oldest makes room', async () => {
    const { batch, enforced, code, finds } = await newShop();
    const batches = [];
    for (let n = 0; n < SHAPES_MAX; n++) batches.push(await batch(`P${n}`));
    assert.equal(await enforced(batches[0]), true);
    await code(wrong('P0'));
    batches.push(await batch('LAST'));
    assert.deepEqual(await Promise.all([0, 1, SHAPES_MAX].map((n) => enforced(batches[n]))), [false, true, true]);
    assert.deepEqual(await finds(wrong('P0')), [wrong('P0')]);
    assert.deepEqual(await finds(wrong('P1')), []);
    assertVerified();
});
