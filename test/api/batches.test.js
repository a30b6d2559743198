// Promotion codes by the million: batches, their codes as CSV, import of codes, and the commands for it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { refused } from '../lib/assert.js';
import { form, newKey, raw } from '../lib/client.js';
import { binary, coupond, start, temporaryDirectory } from '../lib/server.js';
import { connect } from '../lib/wire.js';

const BATCHES = '/v1/promotion_code_batches';
const HEADING = 'id,code,active,times_redeemed,created';
const YEAR = 365 * 86400;
const PATIENCE = 60_000; // milliseconds

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

function post(key, path, fields) {
    return raw(server, { method: 'POST', path, form: fields, key });
}

async function get(key, path, fields) {
    const answer = await raw(server, { path, form: fields, key });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
}

// An account with a coupon of 10 %.
async function newShop(fields = {}) {
    const key = newKey();
    const { status, text } = await post(key, '/v1/coupons', { id: 'TEN', percent_off: 10, ...fields });
    assert.equal(status, 200, text);
    return key;
}

const promotion = { type: 'coupon', coupon: 'TEN' };

async function ended(key, id) {
    for (const deadline = Date.now() + PATIENCE; ;) {
        const batch = await get(key, `${BATCHES}/${id}`);
        if (!['pending', 'generating'].includes(batch.status)) return batch;
        assert(Date.now() < deadline, `the batch is still ${batch.status}: ${batch.generated} of ${batch.count}`);
        await sleep(10);
    }
}

async function complete(key, fields) {
    const { status, json, text } = await post(key, BATCHES, { promotion, ...fields });
    assert.equal(status, 200, text);
    const batch = await ended(key, json.id);
    assert.equal(batch.status, 'complete');
    return batch;
}

async function csv(key, batch) {
    const { status, headers, text } = await raw(server, { path: batch.url, key });
    assert.equal(status, 200, text);
    assert.match(headers.get('content-type'), /^text\/csv/);
    const [heading, ...lines] = text.split('\n');
    assert.equal(heading, HEADING);
    assert.equal(lines.pop(), '');
    return lines.map((line) => {
        const [id, code, active, times, created] = line.split(',');
        return { id, code, active, times, created };
    });
}

// ---- batches ----

test('a batch is answered at once and filled in the background', async () => {
    const key = await newShop();
    const { json } = await post(key, BATCHES, { promotion, count: 2500, metadata: { campaign: 'spring' } });
    assert.match(json.id, /^pcb_/);
    assert.equal(json.object, 'promotion_code_batch');
    assert.deepEqual([json.status, json.generated, json.count], ['pending', 0, 2500]);
    assert.deepEqual([json.pattern, json.alphabet, json.check_character], ['########', 'unambiguous', false]);
    assert.equal(json.url, `${BATCHES}/${json.id}/codes.csv`);
    assert.deepEqual(json.warnings, []);
    const batch = await ended(key, json.id);
    assert.deepEqual([batch.status, batch.generated], ['complete', 2500]);
    const codes = await csv(key, batch);
    assert.equal(new Set(codes.map(({ code }) => code)).size, 2500);
    for (const { code } of codes) assert.match(code, /^[2-9A-HJKMNP-Z]{8}$/);
});

test('every code of a batch has the rules beyond Stripe\'s that the batch says, and counts for itself', async () => {
    const key = await newShop();
    const starts_at = Math.floor(Date.now() / 1000) - 10;
    const rules = {
        max_amount_off_total: 100, max_amount_off_total_currency: 'usd', release_policy: 'anytime', release_window: 60,
        starts_at,
    };
    const batch = await complete(key, { count: 2, ...rules });
    const shown = (object) => Object.fromEntries(Object.keys(rules).map((name) => [name, object[name]]));
    assert.deepEqual(shown(batch), rules);
    const { data: codes } = await get(key, '/v1/promotion_codes', { batch: batch.id });
    for (const code of codes) assert.deepEqual(shown(code), rules);
    const redeem = (code) => post(key, '/v1/redemptions', { code, amount: 1000, currency: 'usd' });
    assert.equal((await redeem(codes[0].code)).status, 200);
    assert.equal((await redeem(codes[0].code)).json.error.reason, 'code_budget_spent');
    assert.deepEqual(new Set((await csv(key, batch)).map(({ code, active }) => `${code} ${active}`)),
        new Set([`${codes[0].code} false`, `${codes[1].code} true`]));
    const { json } = await redeem(codes[1].code);
    assert.equal((await post(key, `/v1/redemptions/${json.id}/cancel`)).json.status, 'canceled');
});

test('codes of a batch that has not started are not active', async () => {
    const key = await newShop();
    const starts_at = Math.floor(Date.now() / 1000) + YEAR;
    const batch = await complete(key, { count: 1, starts_at });
    const [code] = await csv(key, batch);
    assert.equal(code.active, 'false');
    const { json } = await post(key, '/v1/redemptions/preview', { code: code.code });
    assert.deepEqual(json.refusals.map(({ reason }) => reason), ['code_not_started']);
});

test('rules of a batch that no code could have are refused', async () => {
    const key = await newShop();
    const now = Math.floor(Date.now() / 1000);
    const wrong = [
        ['release_window', { release_window: 60 }],
        ['max_amount_off_total_currency', { max_amount_off_total: 100 }],
        ['starts_at', { starts_at: now + YEAR, expires_at: now + 60 }],
    ];
    for (const [param, fields] of wrong)
        refused(await post(key, BATCHES, { promotion, count: 1, ...fields }), { param });
    assert.deepEqual((await get(key, BATCHES)).data, []);
});

test('every code is a promotion code with what the batch says', async () => {
    const key = await newShop({ max_redemptions: 50 });
    const expires_at = Math.floor(Date.now() / 1000) + YEAR;
    const restrictions = {
        minimum_amount: 500, minimum_amount_currency: 'usd', first_time_transaction: true,
        max_redemptions_per_customer: 2, currency_options: { eur: { minimum_amount: 450 } },
    };
    const batch = await complete(key, {
        count: 3, pattern: 'Sale-##_####', max_redemptions: 7, expires_at, restrictions, metadata: { a: 'b' },
        expand: ['promotion.coupon', 'restrictions.currency_options'],
    });
    const { data } = await get(key, '/v1/promotion_codes', { batch: batch.id, expand: ['data.batch'] });
    assert.equal(data.length, 3);
    for (const code of data) {
        assert.match(code.code, /^Sale-[2-9A-HJKMNP-Z]{2}_[2-9A-HJKMNP-Z]{4}$/);
        assert.equal(code.batch.id, batch.id);
        assert.deepEqual([code.active, code.max_redemptions, code.expires_at, code.metadata],
            [true, 7, expires_at, { a: 'b' }]);
        const { currency_options, ...shown } = restrictions;
        assert.deepEqual(code.restrictions, shown);
        const found = await get(key, `/v1/promotion_codes/${code.id}`, { expand: ['restrictions.currency_options'] });
        assert.deepEqual(found.restrictions, restrictions);
        const named = await get(key, '/v1/promotion_codes', { code: code.code.toLowerCase() });
        assert.deepEqual(named.data.map(({ id }) => id), [code.id]);
    }
});

test('a code without a batch shows none', async () => {
    const key = await newShop();
    const { json } = await post(key, '/v1/promotion_codes', { promotion, code: 'ALONE' });
    assert(!('batch' in json));
    refused(await raw(server, { path: '/v1/promotion_codes', form: { batch: 'pcb_none' }, key }),
        { status: 400, code: 'resource_missing', param: 'batch' });
});

test('codes can be made that cannot be redeemed yet', async () => {
    const key = await newShop();
    const batch = await complete(key, { count: 2, active: false });
    assert.deepEqual((await csv(key, batch)).map(({ active }) => active), ['false', 'false']);
    const { data } = await get(key, '/v1/promotion_codes', { active: false });
    assert.equal(data.length, 2);
});

test('codes end with their coupon', async () => {
    const redeem_by = Math.floor(Date.now() / 1000) + YEAR;
    const key = await newShop({ redeem_by });
    const batch = await complete(key, { count: 1 });
    assert.equal(batch.expires_at, redeem_by);
    await raw(server, { method: 'DELETE', path: '/v1/coupons/TEN', key });
    assert.deepEqual((await csv(key, batch)).map(({ active }) => active), ['false']);
});

for (const [alphabet, characters] of Object.entries({
    alphanumeric: /^[0-9A-Z]{12}$/, digits: /^[0-9]{12}$/, letters: /^[A-Z]{12}$/, unambiguous: /^[2-9A-HJKMNP-Z]{12}$/,
})) {
    test(`the alphabet ${alphabet} is what codes are drawn from`, async () => {
        const key = await newShop();
        const batch = await complete(key, { count: 50, alphabet, pattern: '############', check_character: true });
        for (const { code } of await csv(key, batch)) assert.match(code, characters);
    });
}

// ISO 7064, radix 2: the sum of all values, each with the power of two of its distance to the end, is 1.
test('a check character makes the sum of a code right', async () => {
    const alphabet = '23456789ABCDEFGHJKMNPQRSTUVWXYZ', key = await newShop();
    const batch = await complete(key, { count: 200, pattern: '#-####-###', check_character: true });
    for (const { code } of await csv(key, batch)) {
        const sum = [...code.replaceAll('-', '')].reduce((all, c) => (all * 2 + alphabet.indexOf(c)) % 31, 0);
        assert.equal(sum, 1, code);
    }
});

test('all codes that a pattern has can be made, and not one more', async () => {
    const key = await newShop();
    refused(await post(key, BATCHES, { promotion, count: 101, pattern: 'X-##', alphabet: 'digits' }),
        { status: 400, param: 'pattern', message: /only 100 codes.*at least 3 `#`/ });
    const batch = await complete(key, { count: 100, pattern: 'X-##', alphabet: 'digits' });
    assert.equal(batch.entropy_bits, 0);
    assert.equal(new Set((await csv(key, batch)).map(({ code }) => code)).size, 100);
    const almost = await complete(key, { count: 99, pattern: 'Y-##', alphabet: 'digits' });
    assert.equal(new Set((await csv(key, almost)).map(({ code }) => code)).size, 99);
});

test('all codes of a larger pattern can be made too', async () => {
    const key = await newShop();
    const batch = await complete(key, { count: 10_000, pattern: '##-##', alphabet: 'digits' });
    assert.equal(new Set((await csv(key, batch)).map(({ code }) => code)).size, 10_000);
});

test('with a check character a pattern has fewer codes', async () => {
    const key = await newShop();
    const fields = { promotion, pattern: '##', check_character: true };
    refused(await post(key, BATCHES, { ...fields, count: 32 }), { status: 400, param: 'pattern', message: /only 31/ });
    await complete(key, { ...fields, count: 31 });
    refused(await post(key, BATCHES, { ...fields, pattern: '#', count: 1 }), { status: 400, param: 'pattern' });
});

test('codes that exist already are not made again', async () => {
    const key = await newShop();
    for (let digit = 0; digit < 10; digit += 2) {
        await post(key, '/v1/promotion_codes', { promotion, code: `d-${digit}`, active: digit > 0 });
    }
    const batch = await complete(key, { count: 5, pattern: 'D-#', alphabet: 'digits' });
    assert.deepEqual((await csv(key, batch)).map(({ code }) => code).sort(), ['D-1', 'D-3', 'D-5', 'D-7', 'D-9']);
});

test('a batch fails when others have taken its codes', async () => {
    const key = await newShop();
    await complete(key, { count: 60, pattern: '##', alphabet: 'digits' });
    const { json } = await post(key, BATCHES, { promotion, count: 50, pattern: '##', alphabet: 'digits' });
    const batch = await ended(key, json.id);
    assert.deepEqual([batch.status, batch.generated], ['failed', 40]);
    assert.match(batch.failure_message, /exist already/);
    assert.equal((await csv(key, batch)).length, 40);
    const { data } = await get(key, '/v1/events', { type: 'promotion_code_batch.failed' });
    assert.equal(data[0].data.object.id, json.id);
});

test('a batch fails when its coupon is deleted', async () => {
    const key = await newShop();
    const { json } = await post(key, BATCHES, { promotion, count: 1_000_000 });
    await raw(server, { method: 'DELETE', path: '/v1/coupons/TEN', key });
    const batch = await ended(key, json.id);
    assert.deepEqual([batch.status, batch.failure_message], ['failed', 'The coupon was deleted.']);
    assert.equal((await csv(key, batch)).length, batch.generated);
});

test('how hard codes are to guess is told, with a warning when it is easy', async () => {
    const key = await newShop();
    const batch = async (fields) => (await post(key, BATCHES, { promotion, ...fields })).json;
    const hard = await batch({ count: 1000, pattern: '##########' });
    assert.deepEqual([hard.entropy_bits, hard.warnings], [39, []]);
    const easy = await batch({ count: 1000, pattern: 'EASY-#####', active: false });
    assert.equal(easy.entropy_bits, 14);
    assert.match(easy.warnings[0], /one of 16384 guesses/);
});

test('a batch has 1 to 1,000,000 codes', async () => {
    const key = await newShop();
    for (const count of [0, -1, 1_000_001]) {
        refused(await post(key, BATCHES, { promotion, count }), { status: 400, param: 'count' });
    }
    for (const count of [999_999, 1_000_000]) {
        const { status, json, text } = await post(key, BATCHES, { promotion, count });
        assert.equal(status, 200, text);
        assert.equal((await post(key, `${BATCHES}/${json.id}/cancel`)).status, 200);
    }
});

test('a pattern has at most 100 characters', async () => {
    const key = await newShop();
    const pattern = (length) => 'A'.repeat(length - 8) + '########';
    refused(await post(key, BATCHES, { promotion, count: 1, pattern: pattern(101) }), { status: 400, param: 'pattern' });
    for (const length of [99, 100]) {
        const batch = await complete(key, { count: 2, pattern: pattern(length) });
        for (const { code } of await csv(key, batch)) assert.equal(code.length, length);
    }
});

for (const [what, fields, expected] of [
    ['without a coupon', { promotion: { type: 'coupon' } }, { code: undefined }],
    ['without a promotion', { promotion: undefined }, { code: 'parameter_missing', param: 'promotion' }],
    ['for a coupon that does not exist', { promotion: { type: 'coupon', coupon: 'NONE' } },
        { code: 'resource_missing', param: 'promotion[coupon]' }],
    ['without a count', { count: undefined }, { code: 'parameter_missing', param: 'count' }],
    ['with blanks in the pattern', { pattern: '## ##' }, { param: 'pattern' }],
    ['with an empty pattern', { pattern: '' }, { code: 'parameter_invalid_empty', param: 'pattern' }],
    ['without a place in the pattern', { pattern: 'FIXED' }, { param: 'pattern', message: /only 1 codes/ }],
    ['with an unknown alphabet', { alphabet: 'greek' }, { param: 'alphabet' }],
    ['that ends in the past', { expires_at: 1000 }, { param: 'expires_at' }],
    ['with a minimum without its currency', { restrictions: { minimum_amount: 5 } },
        { param: 'restrictions[minimum_amount_currency]' }],
    ['for a customer', { customer: 'cus_1' }, { code: 'parameter_unknown', param: 'customer' }],
]) {
    test(`a batch ${what} is refused`, async () => {
        const key = await newShop();
        refused(await post(key, BATCHES, { promotion, count: 2, ...fields }), { status: 400, ...expected });
        assert.deepEqual((await get(key, BATCHES)).data, []);
    });
}

test('a batch that is canceled keeps the codes that it has', async () => {
    const key = await newShop();
    const { json } = await post(key, BATCHES, { promotion, count: 1_000_000 });
    const { status, json: canceled, text } = await post(key, `${BATCHES}/${json.id}/cancel`, {
        expand: ['promotion.coupon'],
    });
    assert.equal(status, 200, text);
    assert.equal(canceled.status, 'canceled');
    assert.equal(canceled.promotion.coupon.id, 'TEN');
    const found = await get(key, `${BATCHES}/${json.id}`, { expand: ['promotion.coupon'] });
    assert.equal(found.generated, canceled.generated);
    assert.equal((await csv(key, found)).length, found.generated);
    refused(await post(key, `${BATCHES}/${json.id}/cancel`),
        { status: 400, code: 'promotion_code_batch_unexpected_state', message: /`canceled`/ });
    refused(await post(key, `${BATCHES}/pcb_none/cancel`), { status: 404, code: 'resource_missing', param: 'id' });
});

test('a batch makes events, its codes make none', async () => {
    const key = await newShop();
    const one = await complete(key, { count: 3 });
    const { json: two } = await post(key, BATCHES, { promotion, count: 1_000_000 });
    await post(key, `${BATCHES}/${two.id}/cancel`);
    const { data } = await get(key, '/v1/events', { type: 'promotion_code*' });
    const told = (id) => data.filter((event) => event.data.object.id === id).map(({ type }) => type).reverse();
    assert.deepEqual(told(one.id), ['promotion_code_batch.created', 'promotion_code_batch.completed']);
    assert.deepEqual(told(two.id), ['promotion_code_batch.created', 'promotion_code_batch.canceled']);
    assert.equal(data.length, 4);
    const completed = data.find(({ type }) => type === 'promotion_code_batch.completed');
    assert.equal(completed.data.object.generated, 3);
});

test('batches are listed, newest first', async () => {
    const key = await newShop();
    const batches = [];
    for (let i = 0; i < 3; i++) batches.unshift((await complete(key, { count: 1 })).id);
    const ids = async (fields) => (await get(key, BATCHES, fields)).data.map(({ id }) => id);
    assert.deepEqual(await ids({ expand: ['data.promotion.coupon'] }), batches);
    assert.deepEqual(await ids({ limit: 1, starting_after: batches[0] }), [batches[1]]);
    assert.deepEqual(await ids({ ending_before: batches[1] }), [batches[0]]);
    assert.deepEqual(await ids({ status: 'complete' }), batches);
    assert.deepEqual(await ids({ status: 'failed' }), []);
    assert.deepEqual(await ids({ created: 1 }), []);
    assert.deepEqual(await ids({ created: { gt: 2_000_000_000 } }), []);
    assert.deepEqual(await ids({ created: { gte: 1, lt: 4_000_000_000, lte: 4_000_000_000 } }), batches);
});

test('codes of batches and imports are created when they are made, also after a restart', async () => {
    const own = await start();
    try {
        const key = newKey();
        const send = (path, options) => raw(own, { method: 'POST', path, key, ...options });
        await send('/v1/coupons', { form: { id: 'TEN', percent_off: 10 } });
        await own.restart();
        const before = Math.floor(Date.now() / 1000);
        const { json: batch } = await send(BATCHES, { form: { promotion, count: 10, pattern: 'NOW-####' } });
        await send(`${BATCHES}/import?${form({ promotion })}`, {
            body: 'code\nIMPORTED\n', headers: { 'content-type': 'text/csv' },
        });
        let data;
        do ({ json: { data } } = await raw(own, { path: '/v1/promotion_codes?limit=100', key })); while (data.length < 11);
        for (const { created, code } of data) {
            assert(created >= before && created <= Date.now() / 1000, `${code} of ${batch.id}: ${created - before}`);
        }
    } finally {
        await own.stop();
    }
});

test('codes.csv has more than one piece, and follows what happens', async () => {
    const key = await newShop();
    const batch = await complete(key, { count: 2345 });
    const before = await csv(key, batch);
    assert.equal(before.length, 2345);
    await post(key, `/v1/promotion_codes/${before[2000].id}`, { active: false });
    const now = await csv(key, batch);
    assert.deepEqual(now.map(({ active }) => active === 'true'), now.map((_, i) => i !== 2000));
    refused(await raw(server, { path: `${BATCHES}/pcb_none/codes.csv`, key }), { status: 404, param: 'id' });
    const head = await raw(server, { method: 'HEAD', path: batch.url, key });
    assert.deepEqual([head.status, head.text], [200, '']);
});

test('a client that leaves in the middle of codes.csv does no harm', async () => {
    const key = await newShop();
    const batch = await complete(key, { count: 5000 });
    for (let i = 0; i < 5; i++) {
        const connection = await connect(server);
        connection.send(`GET ${batch.url} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`);
        connection.close();
    }
    assert.equal((await csv(key, batch)).length, 5000);
});

test('an idempotency key makes one batch', async () => {
    const key = await newShop();
    const request = {
        method: 'POST', path: BATCHES, form: { promotion, count: 5 }, key, headers: {
            'idempotency-key': 'once', 'content-type': 'application/x-www-form-urlencoded',
        },
    };
    const [one, two] = [await raw(server, request), await raw(server, request)];
    assert.equal(one.json.id, two.json.id);
    assert.equal((await get(key, BATCHES)).data.length, 1);
});

test('two batches of one pattern share no code', async () => {
    const key = await newShop();
    const fields = { promotion, count: 400, pattern: '###', alphabet: 'digits' };
    const ids = (await Promise.all([post(key, BATCHES, fields), post(key, BATCHES, fields)])).map(({ json }) => json.id);
    const codes = [];
    for (const id of ids) codes.push(...await csv(key, await ended(key, id)));
    assert.equal(new Set(codes.map(({ code }) => code)).size, 800);
});

test('what is not of Stripe is marked in the OpenAPI document', async () => {
    const { json } = await raw(server, { path: '/openapi.json' });
    const marked = Object.entries(json.paths).filter(([, methods]) =>
        Object.values(methods).some((operation) => operation['x-coupond']));
    const own = marked.map(([path]) => path).filter((path) => path.startsWith(BATCHES));
    assert.deepEqual(own.sort(), ['', '/import', '/{id}', '/{id}/cancel', '/{id}/codes.csv'].map((end) => BATCHES + end));
    assert(!json.paths['/v1/promotion_codes'].get['x-coupond']);
});

// ---- import ----

function importCsv(key, text, fields = {}, headers = {}) {
    const path = `${BATCHES}/import?${form({ promotion, ...fields })}`;
    return raw(server, { method: 'POST', path, body: text, key, headers: { 'content-type': 'text/csv', ...headers } });
}

test('codes are imported from CSV, and lines that are wrong are told', async () => {
    const key = await newShop();
    const expires_at = Math.floor(Date.now() / 1000) + YEAR;
    const lines = ['code,max_redemptions,expires_at,active', 'ONE,5', `"TWO",,${expires_at},FALSE`, '', 'ONE', 'one',
        'THREE,x', 'no code', ',1', 'FOUR,0', 'FIVE,1,1', 'SIX,,,maybe', 'SEVEN,1,,true,more', 'EIGHT,,,true\r'];
    const { status, json, text } = await importCsv(key, lines.join('\n'), { metadata: { a: 'b' } });
    assert.equal(status, 200, text);
    assert.equal(json.object, 'promotion_code_import');
    assert.equal(json.imported, 3);
    assert.deepEqual(json.refused.map(({ line, code, reason }) => [line, code, reason]), [
        [5, 'ONE', 'duplicate'], [6, 'one', 'duplicate'], [7, 'THREE', 'invalid'], [8, 'no code', 'invalid'],
        [9, '', 'invalid'], [10, 'FOUR', 'invalid'], [11, 'FIVE', 'invalid'], [12, 'SIX', 'invalid'],
        [13, 'SEVEN', 'invalid']]);
    const { data } = await get(key, '/v1/promotion_codes');
    assert.deepEqual(data.map((code) => [code.code, code.max_redemptions, code.expires_at, code.active]).reverse(),
        [['ONE', 5, null, true], ['TWO', null, expires_at, false], ['EIGHT', null, null, true]]);
    for (const code of data) assert.deepEqual(code.metadata, { a: 'b' });
});

test('the mark that spreadsheets put before a text is no part of its first column', async () => {
    const key = await newShop();
    const { json } = await importCsv(key, '\ufeffcode,max_redemptions\nMARKED,3');
    assert.deepEqual([json.imported, json.refused], [1, []]);
});

for (const [what, separator] of [['semicolons', ';'], ['tabs', '\t'], ['commas', ',']]) {
    test(`a table with ${what} is imported, whatever the case of its heading`, async () => {
        const key = await newShop();
        const lines = [['Max_Redemptions', ' "CODE" ', 'Active'], ['3', ' SPACED', 'TRUE '], ['', '"QUOTED"', 'false']];
        const { json } = await importCsv(key, lines.map((line) => line.join(separator)).join('\n'));
        assert.deepEqual([json.imported, json.refused], [2, []]);
        const { data } = await get(key, '/v1/promotion_codes');
        assert.deepEqual(data.map(({ code, max_redemptions, active }) => [code, max_redemptions, active]),
            [['QUOTED', null, false], ['SPACED', 3, true]]);
    });
}

test('what imported codes have in common is in the query', async () => {
    const key = await newShop();
    const restrictions = {
        minimum_amount: 500, minimum_amount_currency: 'usd', first_time_transaction: true,
        max_redemptions_per_customer: 2, currency_options: { eur: { minimum_amount: 450 } },
    };
    const expires_at = Math.floor(Date.now() / 1000) + YEAR;
    const rules = {
        max_amount_off_total: 5000, max_amount_off_total_currency: 'usd', release_policy: 'anytime', release_window: 60,
        starts_at: expires_at - 60,
    };
    const common = { restrictions, expires_at, max_redemptions: 3, active: false, ...rules };
    const { json } = await importCsv(key, 'code\nA', common);
    assert.deepEqual([json.imported, json.refused], [1, []]);
    const { data: [code] } = await get(key, '/v1/promotion_codes', { expand: ['data.restrictions.currency_options'] });
    assert.deepEqual(code.restrictions, restrictions);
    assert.deepEqual([code.expires_at, code.max_redemptions, code.active], [expires_at, 3, false]);
    for (const [name, value] of Object.entries(rules)) assert.equal(code[name], value, name);
    refused(await importCsv(key, 'code\nB', { ...common, release_policy: 'none' }), { status: 400, param: 'release_window' });
    refused(await importCsv(key, 'code\nB', { ...common, starts_at: expires_at }), { status: 400, param: 'starts_at' });
});

for (const [what, text, fields, expected] of [
    ['nothing', '', {}, { message: /no column 'code'/ }],
    ['an unknown column', 'code,colour\nA,red', {}, { message: /no other column 'colour'/ }],
    ['a column twice', 'code,code\nA,B', {}, { message: /'code'/ }],
    ['no column of codes', 'active\ntrue', {}, { message: /no column 'code'/ }],
    ['an unknown coupon', 'code\nA', { promotion: { type: 'coupon', coupon: 'NONE' } }, { code: 'resource_missing' }],
    ['an unknown parameter', 'code\nA', { count: 1 }, { code: 'parameter_unknown', param: 'count' }],
    ['an end in the past', 'code\nA', { expires_at: 1000 }, { param: 'expires_at' }],
]) {
    test(`an import with ${what} is refused`, async () => {
        const key = await newShop();
        refused(await importCsv(key, text, fields), { status: 400, ...expected });
        assert.deepEqual((await get(key, '/v1/promotion_codes')).data, []);
    });
}

test('a line that is no text is refused as text', async () => {
    const key = await newShop();
    const { json } = await importCsv(key, Buffer.from('code,active\nA,\xff\n\xfe\nB', 'latin1'));
    assert.deepEqual([json.imported, json.refused.map(({ line }) => line)], [1, [2, 3]]);
});

test('a line that ends before its code is refused', async () => {
    const key = await newShop();
    const { json } = await importCsv(key, 'active,max_redemptions,code\ntrue\ntrue,1\ntrue,1,A');
    assert.deepEqual([json.imported, json.refused.map(({ line, reason }) => [line, reason])],
        [1, [[2, 'invalid'], [3, 'invalid']]]);
});

test('an import has at most 1,000 codes', async () => {
    const key = await newShop();
    const codes = (count, name) => `code\n${Array.from({ length: count }, (_, i) => `${name}${i}\n`).join('')}`;
    refused(await importCsv(key, codes(1001, 'A')), { status: 400, message: /at most 1000/ });
    assert.deepEqual((await get(key, '/v1/promotion_codes')).data, []);
    assert.equal((await importCsv(key, codes(1000, 'B'))).json.imported, 1000);
    assert.equal((await importCsv(key, codes(999, 'C'))).json.imported, 999);
});

test('an imported code has at most 500 characters', async () => {
    const key = await newShop();
    const { json } = await importCsv(key, ['code', ...[499, 500, 501].map((n) => 'A'.repeat(n))].join('\n'));
    assert.deepEqual([json.imported, json.refused.map(({ line }) => line)], [2, [4]]);
});

test('the text is part of what an idempotency key stands for', async () => {
    const key = await newShop(), headers = { 'idempotency-key': 'import' };
    assert.equal((await importCsv(key, 'code\nA', {}, headers)).json.imported, 1);
    const again = await importCsv(key, 'code\nA', {}, headers);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
    assert.equal(again.json.imported, 1);
    refused(await importCsv(key, 'code\nB', {}, headers), { status: 400, type: 'idempotency_error' });
});

// ---- the commands ----

function codes(key, ...args) {
    return coupond(['codes', ...args, '--url', server.url], { env: { COUPOND_API_KEY: key } });
}

test('codes generate writes the codes of a new batch', async () => {
    const key = await newShop();
    const { status, stdout, stderr } = codes(key, 'generate', '--coupon', 'TEN', '--count', '1200', '--pattern',
        'CLI-########', '--check', '--max-redemptions', '2', '--alphabet', 'digits', '--expires-at',
        String(Math.floor(Date.now() / 1000) + YEAR), '--inactive');
    assert.equal(status, 0, stderr);
    const lines = stdout.trim().split('\n');
    assert.equal(lines[0], HEADING);
    assert.equal(lines.length, 1201);
    for (const line of lines.slice(1)) assert.match(line, /^promo_\w+,CLI-\d{8},false,0,\d+$/);
    assert.match(stderr, /warning: .*guess/);
    assert.match(stderr, /pcb_\w+: 1200 codes/);
});

test('codes generate takes any other parameter', async () => {
    const key = await newShop();
    const { status, stderr } = codes(key, 'generate', '--coupon', 'TEN', '--count', '2', '-d', 'metadata[from]=a=b & c',
        '--data', 'restrictions[minimum_amount]=1000', '-d', 'restrictions[minimum_amount_currency]=usd', '-d', 'release_policy=none');
    assert.equal(status, 0, stderr);
    const { data } = await get(key, '/v1/promotion_codes');
    for (const code of data) {
        assert.deepEqual([code.metadata.from, code.release_policy], ['a=b & c', 'none']);
        assert.deepEqual([code.restrictions.minimum_amount, code.restrictions.minimum_amount_currency], [1000, 'usd']);
    }
    assert.equal(data.length, 2);
    for (const wrong of ['metadata', '=x']) assert.equal(codes(key, 'generate', '--coupon', 'TEN', '-d', wrong).status, 64);
    assert.match(codes(key, 'generate', '--coupon', 'TEN', '--count', '2', '-d', 'colour=red').stderr, /unknown parameter: colour/);
});

test('codes generate writes into a file, and again for a batch that exists', async () => {
    const key = await newShop(), out = join(temporaryDirectory(), 'codes.csv');
    const first = codes(key, 'generate', '--coupon', 'TEN', '--count', '3', '--out', out);
    assert.deepEqual([first.status, first.stdout], [0, ''], first.stderr);
    const text = readFileSync(out, 'utf8');
    assert.equal(text.split('\n').length, 5);
    const again = codes(key, 'generate', '--resume', /pcb_\w+/.exec(first.stderr)[0]);
    assert.deepEqual([again.status, again.stdout], [0, text], again.stderr);
});

test('codes generate can be interrupted, and says how to go on', async () => {
    const key = await newShop();
    const words = ['codes', 'generate', '--coupon', 'TEN', '--count', '1000000', '--url', server.url];
    const child = spawn(binary, words, { env: { ...process.env, COUPOND_API_KEY: key }, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => { said += text; });
    let batches = [];
    for (const deadline = Date.now() + PATIENCE; batches.length === 0; await sleep(10)) {
        assert(Date.now() < deadline, 'there is no batch');
        batches = (await get(key, BATCHES)).data;
    }
    child.kill('SIGINT');
    const [status] = await once(child, 'close');
    await post(key, `${BATCHES}/${batches[0].id}/cancel`);
    assert.equal(status, 130, said);
    assert.match(said, new RegExp(`codes generate --resume ${batches[0].id}`));
    const resumed = codes(key, 'generate', '--resume', batches[0].id);
    assert.equal(resumed.status, 65);
    assert.match(resumed.stderr, /canceled/);
});

test('the codes.csv of a batch can be imported into another account', async () => {
    const [from, to] = [await newShop(), await newShop()];
    const file = join(temporaryDirectory(), 'codes.csv');
    assert.equal(codes(from, 'generate', '--coupon', 'TEN', '--count', '30', '--max-redemptions', '1', '--out', file).status, 0);
    const rows = readFileSync(file, 'utf8').trim().split('\n').slice(1).map((line) => line.split(','));
    const [, used] = rows[7];
    const redeemed = await raw(server, { method: 'POST', path: '/v1/redemptions', form: { code: used }, key: from });
    assert.equal(redeemed.status, 200, redeemed.text);
    const { json: { data: [{ url }] } } = await raw(server, { path: BATCHES, key: from });
    const csv = await raw(server, { path: url, key: from });
    writeFileSync(file, csv.text);
    const { status, stderr } = codes(to, 'import', file, '--coupon', 'TEN', '--max-redemptions', '1');
    assert.deepEqual([status, stderr], [0, '30 codes imported, 0 refused\n']);
    const { json } = await raw(server, { path: '/v1/promotion_codes?limit=100', key: to });
    const seen = json.data.map(({ code, active, times_redeemed }) => `${code} ${active} ${times_redeemed}`);
    assert.deepEqual(seen.sort(), rows.map(([, code]) => `${code} ${code !== used} 0`).sort());
    assert(!json.data.some(({ id }) => rows.some(([old]) => old === id)), 'they are new codes');
});

test('codes generate says how to go on when the server is gone', async () => {
    const own = await start();
    const file = join(temporaryDirectory(), 'made.csv');
    try {
        const key = newKey(), env = { ...process.env, COUPOND_API_KEY: key };
        await raw(own, { method: 'POST', path: '/v1/coupons', form: { id: 'TEN', percent_off: 10 }, key });
        const words = ['codes', 'generate', '--coupon', 'TEN', '--count', '200000', '--url', `${own.url}/`, '--out', file];
        const child = spawn(binary, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
        let said = '';
        child.stderr.setEncoding('utf8').on('data', (text) => { said += text; });
        const closed = once(child, 'close');
        let batches = [];
        for (const deadline = Date.now() + PATIENCE; batches.length === 0; await sleep(10)) {
            assert(Date.now() < deadline, 'there is no batch');
            batches = (await raw(own, { path: BATCHES, key })).json.data;
        }
        await own.kill9();
        assert.equal((await closed)[0], 69, said);
        const [, hint] = /coupond (codes generate --resume .*)/.exec(said);
        assert.equal(hint, `codes generate --resume ${batches[0].id} --url ${own.url}/ --out ${file}`);
        await own.restart();
        const { status, stderr } = coupond(hint.split(' '), { env: { COUPOND_API_KEY: key } });
        assert.equal(status, 0, stderr);
        assert.equal(readFileSync(file, 'utf8').split('\n').length, 200002);
    } finally {
        await own.stop();
    }
});

test('a line that is too long is told, and the others are imported', async () => {
    const key = await newShop(), file = join(temporaryDirectory(), 'long.csv');
    const good = Array.from({ length: 1500 }, (_, i) => `GOOD-${i}`);
    const long = [500, 501, 900_000, 1_100_000].map((length) => 'A'.repeat(length));
    writeFileSync(file, ['code', ...good, ...long, 'LAST'].join('\n'));
    const { status, stderr } = codes(key, 'import', file, '--coupon', 'TEN');
    assert.equal(status, 65);
    assert.deepEqual(stderr.trim().split('\n').sort(), [
        '1502 codes imported, 3 refused',
        'line 1503: it has 501 bytes, and a code at most 500',
        'line 1504: it has 900000 bytes, and a code at most 500',
        'line 1505: it has 1100000 bytes, and a code at most 500',
    ]);
});

test('codes import asks the server about a file without codes too', async () => {
    const key = await newShop(), file = join(temporaryDirectory(), 'none.csv');
    for (const [text, said] of [['', /no column 'code'/], ['foo,bar\n', /no other column 'foo'/],
        ['code\rONE\rTWO\r', /column/]]) {
        writeFileSync(file, text);
        const { status, stderr } = codes(key, 'import', file, '--coupon', 'TEN');
        assert.equal(status, 65, text);
        assert.match(stderr, said);
    }
    writeFileSync(file, 'code\n');
    assert.equal(codes(key, 'import', file, '--coupon', 'TEN').status, 0);
    assert.equal(codes(key, 'import', file, '--coupon', 'NONE').status, 65);
});

test('codes import reports the lines of the file that were refused', async () => {
    const key = await newShop(), file = join(temporaryDirectory(), 'codes.csv');
    const lines = ['max_redemptions,code', ...Array.from({ length: 2500 }, (_, i) => `1,C${i * 7919 % 2500}`)];
    lines[100] = '1,no code';
    lines[2400] = lines[17].toLowerCase();
    writeFileSync(file, lines.join('\r\n'));
    const { status, stdout, stderr } = codes(key, 'import', file, '--coupon', 'TEN');
    assert.deepEqual([status, stdout], [65, '']);
    assert.match(stderr, /^line 101: no code: /m);
    assert.match(stderr, /^line 2401: c\d+: .*already exists/m);
    assert.match(stderr, /2498 codes imported, 2 refused/);
    const { data } = await get(key, '/v1/promotion_codes', { code: 'C7', batch: undefined });
    assert.equal(data[0].max_redemptions, 1);
});

test('codes import sorts what a spreadsheet wrote by its codes', async () => {
    const key = await newShop(), file = join(temporaryDirectory(), 'codes.csv');
    writeFileSync(file, '\ufeffExpires_At;Code\r\n;B2\r\n;A1\r\n');
    const { status, stderr } = codes(key, 'import', file, '--coupon', 'TEN');
    assert.equal(status, 0, stderr);
    const { data } = await get(key, '/v1/promotion_codes');
    assert.deepEqual(data.map(({ code }) => code), ['B2', 'A1'], 'the newest first');
});

test('no codes are made that could not be written', async () => {
    const key = await newShop();
    const { status } = codes(key, 'generate', '--coupon', 'TEN', '--count', '3', '--out', '/none/codes.csv');
    assert.equal(status, 73);
    assert.deepEqual((await get(key, BATCHES)).data, []);
});

test('a file with codes is kept when no others can be made', async () => {
    const key = await newShop();
    const out = join(temporaryDirectory(), 'codes.csv');
    writeFileSync(out, 'older codes');
    const { status } = codes(key, 'generate', '--coupon', 'NONE', '--count', '3', '--out', out);
    assert.equal(status, 65);
    assert.equal(readFileSync(out, 'utf8'), 'older codes');
});

for (const [words, expected, message] of [
    [['generate', '--coupon', 'NONE', '--count', '1'], 65, /No such coupon: 'NONE'/],
    [['generate', '--coupon', 'TEN', '--count', '1', '--url', 'http://127.0.0.1:1'], 69, /127\.0\.0\.1:1/],
    [['generate', '--coupon', 'TEN', '--count', '1', '--api-key', 'wrong'], 77, /Invalid API Key/],
    [['generate', '--coupon', 'TEN', '--count', '1', '--api-key', ''], 77, /there is no API key/],
    [['generate', '--coupon', 'TEN', '--count', '1', '--out', '/none/codes.csv'], 73, /cannot write/],
    [['generate', '--resume', 'pcb_none'], 65, /No such promotion code batch/],
    [['import', '/none.csv', '--coupon', 'TEN'], 66, /cannot read/],
    [['generate', '--count', '1'], 64, /which coupon/],
    [['import', '--coupon', 'TEN'], 64, /which file/],
    [['import', 'a.csv', '--coupon', 'TEN', '--out', 'b.csv'], 64, /generate/],
    [['none', '--coupon', 'TEN'], 64, /none/],
    [[], 64, /generate or import/],
]) {
    test(`codes ${words.join(' ')} ends with status ${expected}`, async () => {
        const key = await newShop();
        // What is said last counts.
        const { status, stdout, stderr } = coupond(['codes', '--url', server.url, ...words], {
            env: { COUPOND_API_KEY: key },
        });
        assert.deepEqual([status, stdout], [expected, ''], stderr);
        assert.match(stderr, message);
    });
}
