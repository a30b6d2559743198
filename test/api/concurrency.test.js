// Many clients at once. These tests also run under ThreadSanitizer.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { refused } from '../lib/assert.js';
import { newKey, raw } from '../lib/client.js';
import { coupond, start, temporaryDirectory } from '../lib/server.js';

const ACACIA = '2025-02-24.acacia';
const CLIENTS = 64;

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

function account() {
    const key = newKey();
    const call = (method, path, form, version) => raw(server, { method, path, form, key, version });
    return {
        key,
        call,
        async must(...request) {
            const { status, json, text } = await call(...request);
            assert.equal(status, 200, text);
            return json;
        },
    };
}

// What CLIENTS clients are answered who all send at once.
function together(send) {
    return Promise.all(Array.from({ length: CLIENTS }, (_, i) => send(i)));
}

async function every(call, path) {
    const items = [];
    for (let page, after; !page || page.has_more; after = items.at(-1).id) {
        ({ json: page } = await call('GET', path, { limit: 100, starting_after: after }));
        items.push(...page.data);
    }
    return items;
}

// The answer to a SELECT on a copy of the data, made while no server runs on it.
async function select(sql) {
    const copy = temporaryDirectory();
    await server.kill9();
    for (const name of readdirSync(server.data).filter((each) => each.startsWith('coupond.db'))) {
        copyFileSync(join(server.data, name), join(copy, name));
    }
    await server.restart();
    const { stdout, stderr, status } = spawnSync('sqlite3', [join(copy, 'coupond.db'), sql], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout.trim();
}

function assertVerified() {
    const { status, stdout } = coupond(['verify', '--data', server.data]);
    assert.equal(status, 0, stdout);
}

test('of many that create Save10 and SAVE10 at once one gets the code', async () => {
    const { call, must } = account();
    await must('POST', '/v1/coupons', { id: 'A', percent_off: 10 });
    const promotion = { type: 'coupon', coupon: 'A' };
    const answers = await together((i) =>
        call('POST', '/v1/promotion_codes', { promotion, code: i % 2 ? 'Save10' : 'SAVE10' }));
    const won = answers.filter(({ status }) => status === 200);
    assert.equal(won.length, 1);
    for (const answer of answers.filter((each) => each !== won[0])) {
        refused(answer, {
            status: 400, message: /^An active promotion code with `code: (Save10|SAVE10)` already exists\.$/,
        });
    }
    const { data } = await must('GET', '/v1/promotion_codes', { code: 'save10', active: true });
    assert.deepEqual(data.map(({ id }) => id), [won[0].json.id]);
    assert.equal((await every(call, '/v1/events?type=promotion_code.created')).length, 1);
    assertVerified();
});

// Of 31 codes that differ in their last character 30 are wrong for the batches.
test('a code is found as soon as it is acknowledged, whatever check characters come into force meanwhile', async () => {
    const { must } = account();
    await must('POST', '/v1/coupons', { id: 'A', percent_off: 10 });
    const promotion = { type: 'coupon', coupon: 'A' };
    const finds = async (code) => {
        const { data } = await must('GET', '/v1/promotion_codes', { code });
        assert.deepEqual(data.map((each) => each.code), [code]);
    };
    const codes = [];
    for (let round = 0; round < 5; round++) {
        await together(async (i) => {
            if (i % 8 === 0) {
                const batch = { promotion, count: 20, pattern: `R${round}-########`, check_character: true };
                await must('POST', '/v1/promotion_code_batches', batch);
                return;
            }
            const code = `R${round}-AAAAAA${'ABC'[Math.floor(i / 31)]}${'23456789ABCDEFGHJKMNPQRSTUVWXYZ'[i % 31]}`;
            await must('POST', '/v1/promotion_codes', { promotion, code });
            await finds(code);
            codes.push(code);
        });
    }
    await server.kill9();
    await server.restart();
    await Promise.all(codes.map(finds));
    const { data } = await must('GET', '/v1/promotion_code_batches', { limit: 100 });
    assert(data.every((batch) => batch.check_character_enforced));
    assertVerified();
});

test('of many that create a coupon with the same id at once one does', async () => {
    const { call } = account();
    const answers = await together((i) => call('POST', '/v1/coupons', { id: 'A', percent_off: i + 1 }));
    const won = answers.filter(({ status }) => status === 200);
    assert.equal(won.length, 1);
    for (const answer of answers.filter((each) => each !== won[0])) {
        refused(answer, { status: 400, code: 'resource_already_exists' });
    }
    const { json } = await call('GET', '/v1/coupons/A');
    assert.deepEqual(json, won[0].json);
});

test('a coupon for ten is redeemed ten times by sixty-four', async () => {
    const { call, must } = account();
    await must('POST', '/v1/coupons', { id: 'TEN', percent_off: 10, max_redemptions: 10 });
    const answers = await together(() => call('POST', '/v1/customers', { coupon: 'TEN' }, ACACIA));
    const won = answers.filter(({ status }) => status === 200);
    assert.equal(won.length, 10);
    for (const { json: { discount } } of won) assert.equal(discount.coupon.id, 'TEN');
    assert.equal(new Set(won.map(({ json }) => json.discount.coupon.times_redeemed)).size, 10, 'each its own use');
    for (const answer of answers.filter(({ status }) => status !== 200)) {
        refused(answer, { status: 400, code: 'coupon_expired', param: 'coupon', message: 'Coupon expired: TEN' });
    }
    const coupon = await must('GET', '/v1/coupons/TEN');
    assert.deepEqual([coupon.times_redeemed, coupon.valid], [10, false]);
    const customers = await every(call, '/v1/customers');
    assert.equal(customers.length, 10, 'who was refused was not created');
    assert(customers.every(({ discount }) => discount));
    assert.equal((await every(call, '/v1/events?type=customer.discount.created')).length, 10);
    assertVerified();
    const ledger = await select('SELECT COUNT(*), COUNT(DISTINCT r.coupon_ordinal), SUM(r.uses) ' +
        "FROM redemptions AS r JOIN coupons AS c ON c.tenant = r.tenant AND c.seq = r.coupon WHERE c.id = 'TEN'");
    assert.equal(ledger, '10|10|10');
    const counter = await select('SELECT u.times_redeemed FROM coupon_uses AS u ' +
        "JOIN coupons AS c ON c.tenant = u.tenant AND c.seq = u.coupon WHERE c.id = 'TEN'");
    assert.equal(counter, '10');
});

test('a code for ten on a coupon for fifteen, used both ways: neither goes over', async () => {
    const { call, must } = account();
    await must('POST', '/v1/coupons', { id: 'A', percent_off: 10, max_redemptions: 15 });
    const { id } = await must('POST', '/v1/promotion_codes', { coupon: 'A', max_redemptions: 10 }, ACACIA);
    const answers = await together((i) =>
        call('POST', '/v1/customers', i % 2 ? { coupon: 'A' } : { promotion_code: id }, ACACIA));
    const won = answers.filter(({ status }) => status === 200).map(({ json }) => json.discount);
    const coded = won.filter(({ promotion_code: code }) => code === id);
    assert.equal(won.length, 15);
    assert(coded.length <= 10, `${coded.length} uses of the code`);
    assert.equal((await must('GET', '/v1/coupons/A')).times_redeemed, 15);
    assert.equal((await must('GET', `/v1/promotion_codes/${id}`)).times_redeemed, coded.length);
    assert.equal((await every(call, '/v1/events?type=promotion_code.updated')).length, coded.length);
    assertVerified();
});

test('nobody is told that a code is used up while there is one left', async () => {
    const { call, must } = account();
    await must('POST', '/v1/coupons', { id: 'A', percent_off: 10, max_redemptions: CLIENTS });
    const answers = await together(() => call('POST', '/v1/customers', { coupon: 'A' }, ACACIA));
    assert.equal(answers.filter(({ status }) => status === 200).length, CLIENTS);
});

test('many give one customer a discount at once: it has one, and each use is counted', async () => {
    const { call, must } = account();
    for (let i = 0; i < 4; i++) await must('POST', '/v1/coupons', { id: `C${i}`, percent_off: 10 });
    const { id } = await must('POST', '/v1/customers');
    const answers = await together((i) => call('POST', `/v1/customers/${id}`, { coupon: `C${i % 4}` }, ACACIA));
    const discounts = new Set(answers.map(({ json }) => json.discount.id));
    let counted = 0;
    for (let i = 0; i < 4; i++) counted += (await must('GET', `/v1/coupons/C${i}`)).times_redeemed;
    assert.equal(counted, discounts.size);
    const { discount } = await must('GET', `/v1/customers/${id}`);
    assert(discounts.has(discount.id));
    assertVerified();
});

test('readers see whole objects and complete lists while others write', async () => {
    const { call, must } = account();
    await must('POST', '/v1/products', { id: 'p', name: 'v0', description: 'v0' });
    const known = [];
    for (let i = 0; i < 20; i++) known.push((await must('POST', '/v1/customers')).id);
    let writing = true;
    const write = async (client) => {
        for (let i = 0; i < 25; i++) {
            const value = `v${client}.${i}`;
            await must('POST', '/v1/products/p', { name: value, description: value, metadata: { value } });
            const { id } = await must('POST', '/v1/customers', { name: value });
            const { json } = await call('GET', `/v1/customers/${id}`);
            assert.equal(json.name, value, 'what was answered can be read');
            if (i % 2) await must('DELETE', `/v1/customers/${id}`);
        }
    };
    const read = async () => {
        while (writing) {
            const { name, description, metadata } = await must('GET', '/v1/products/p');
            assert.equal(name, description);
            if (name !== 'v0') assert.equal(metadata.value, name);
            const ids = (await every(call, '/v1/customers')).map(({ id }) => id);
            assert.equal(new Set(ids).size, ids.length, 'no customer twice');
            assert.deepEqual(known.filter((id) => !ids.includes(id)), [], 'none that was there is missing');
        }
    };
    const readers = [read(), read(), read()];
    await Promise.all([write(1), write(2), write(3), write(4)]).finally(() => { writing = false; });
    await Promise.all(readers);
    assert.equal((await every(call, '/v1/customers')).length, 20 + 4 * 13);
    assertVerified();
});

test('accounts that open at the same moment are different ones', async () => {
    const keys = Array.from({ length: CLIENTS }, newKey);
    const answers = await Promise.all([...keys, ...keys].map((key) => raw(server, { path: '/v1/account', key })));
    const ids = answers.map(({ json }) => json.id);
    assert.equal(new Set(ids).size, CLIENTS);
    assert.deepEqual(ids.slice(0, CLIENTS), ids.slice(CLIENTS), 'the same key, the same account');
});
