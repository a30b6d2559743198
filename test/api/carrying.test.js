// What exports carry: all of an account, its redemptions with what they count for, and nothing twice.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { account as ledger, until } from '../lib/account.js';
import { account as billing, at } from '../lib/billing.js';
import { newKey, raw } from '../lib/client.js';
import { binary, coupond, start } from '../lib/server.js';
import { BAD_DATA, exported, imported, lines, newData, objects, sqlite, verified } from '../lib/transfer.js';

const ACACIA = '2025-02-24.acacia'; // the last version in which customers take coupons

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

async function accountOf(key) {
    const { json } = await raw(server, { path: '/v1/account', key });
    return json.id;
}

// Through an empty data directory and back; the lines of the second export.
function carried(first, { data = newData() } = {}) {
    const { status, stdout, stderr } = imported(data, first);
    assert.deepEqual([status, stdout], [0, ''], stderr);
    assert.match(stderr, /, 0 refused\n$/);
    verified(data);
    assert.equal(exported(data), first);
    const again = imported(data, first);
    assert.equal(again.status, 0, again.stderr);
    verified(data);
    assert.equal(exported(data), first, 'a second time changes nothing');
    return objects(first);
}

// What is due of an account: kind, time, whether by a test clock.
function due(data, account) {
    return sqlite(data, `SELECT t.kind, t.due, t.clock <> 0 FROM timers AS t JOIN accounts AS a ON t.tenant = 2 * a.number
        WHERE '${account ?? ''}' IN (a.id, '') AND t.kind > 0 ORDER BY 1, 2, 3`);
}

// Uses of every kind and of every status.
async function uses() {
    const own = ledger(server);
    const { coupon, code, customer, redeem, hold, capture, cancel, post } = own;
    await coupon({ id: 'OPEN' });
    await coupon({
        id: 'RULES', max_redemptions: 9, restrictions: { max_redemptions_per_customer: 2 }, max_amount_off_total: 5000,
        max_amount_off_total_currency: 'usd', release_policy: 'anytime',
    });
    const { id: promo } = await code('RULES', { code: 'Rules', restrictions: { max_redemptions_per_customer: 2 } });
    await code('RULES', { code: 'last', max_redemptions: 1 });
    const { id: who } = await customer({ email: 'Jo+x@example.com' });
    const cart = { amount: 1000, currency: 'usd' };
    await redeem({ coupon: 'OPEN', metadata: { order: '7' }, client_reference_id: 'ä 1' });
    await redeem({ ...cart, promotion_code: promo, customer: who, client_reference_id: '17', client_reference_id_unique: true });
    const { id: returned } = await redeem({ ...cart, code: 'rules', email: 'a@example.com' });
    await cancel(returned);
    const { id: captured } = await hold({ ...cart, code: 'RULES', email: 'a+b@example.com' });
    await capture(captured);
    const { id: dropped } = await hold({ ...cart, code: 'LAST', email: 'b@example.com', client_reference_id: '18', client_reference_id_unique: true });
    await cancel(dropped);
    await hold({
        code: 'last', currency: 'usd', email: 'b@example.com', line_items: [{ amount: 700, quantity: 2 }, { amount: 300 }],
        client_reference_id: '18', client_reference_id_unique: true,
    });
    await post('/v1/customers', { coupon: 'OPEN' }, { version: ACACIA });
    const most = { amount: 99_999_999 };
    await redeem({ coupon: 'OPEN', currency: 'usd', line_items: [most, most] });
    return { ...own, who };
}

test('redemptions of every status are carried with all that they count for', async () => {
    const { key } = await uses();
    const all = carried(exported(server.data, '--account', await accountOf(key)));
    const redemptions = all.filter(({ object }) => object === 'redemption');
    assert.deepEqual(redemptions.map(({ status }) => status),
        ['redeemed', 'redeemed', 'canceled', 'redeemed', 'canceled', 'held', 'redeemed', 'redeemed']);
    const [, , , , dropped, held] = redemptions;
    assert.deepEqual([dropped.reference_key, held.reference_key], [null, '18']);
    assert.equal(all.find(({ id }) => id === 'RULES').times_redeemed, 3);
    assert.equal(all.findLast(({ object, code }) => object === 'promotion_code' && code === 'last').times_redeemed, 1);
});

test('an account with all kinds of objects is carried whole', async () => {
    const { key, sdk, older, advance, coupon, price, payer } = billing(server);
    const clock = await sdk.testHelpers.testClocks.create({ frozen_time: at('2027-01-01') });
    await coupon({ id: 'HALF', duration: 'repeating', duration_in_months: 3 });
    await coupon({ id: 'AGAIN' });
    const code = await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: 'HALF' }, code: 'HALF' });
    const monthly = await price(1000, { interval: 'month' });
    const customer = await payer({ test_clock: clock.id, email: 'pays@example.com' });
    await sdk.subscriptions.create({
        customer: customer.id, items: [{ price: monthly.id, discounts: [{ coupon: 'AGAIN' }] }],
        discounts: [{ promotion_code: code.id }],
    });
    await advance(clock.id, at('2027-02-02'));
    await older.customers.update(customer.id, { coupon: 'AGAIN' });
    const { id: drafted } = await sdk.invoices.create({ customer: customer.id, auto_advance: true });
    for (let i = 0; i < 13; i++) {
        await sdk.invoiceItems.create({ customer: customer.id, invoice: drafted, amount: 100 + i, currency: 'usd' });
    }
    const redeem = (form) => raw(server, { method: 'POST', path: '/v1/redemptions', form, key });
    for (const id of [customer.id, (await sdk.customers.create()).id]) {
        const { status, text } = await redeem({ coupon: 'HALF', customer: id, capture_method: 'manual' });
        assert.equal(status, 200, text);
    }
    const leaver = await sdk.customers.create({ email: 'leaves@example.com' });
    assert.equal((await redeem({ coupon: 'HALF', customer: leaver.id })).status, 200);
    await sdk.customers.del(leaver.id);
    await sdk.setupIntents.create({ customer: customer.id });
    await sdk.paymentIntents.create({ amount: 300, currency: 'usd', customer: customer.id });
    await sdk.billingPortal.configurations.create({ features: { invoice_history: { enabled: true } } });
    const once = await price(700);
    await sdk.checkout.sessions.create({
        mode: 'payment', success_url: 'https://example.com', line_items: [{ price: once.id, quantity: 2 }],
        discounts: [{ coupon: 'HALF' }],
    });
    await sdk.webhookEndpoints.create({ url: 'https://example.com', enabled_events: ['*'] });
    const id = await accountOf(key), data = newData();
    const all = carried(exported(server.data, '--account', id), { data });
    assert.equal(due(data), due(server.data, id), 'the same is due');
    assert.deepEqual([...new Set(due(data).split('\n').map((line) => Number(line.split('|')[0])))], [1, 2, 3, 5, 6]);
    const kinds = new Set(all.map(({ object }) => object));
    for (const kind of ['billing_portal.configuration', 'charge', 'checkout.session', 'coupon', 'customer', 'discount',
        'invoice', 'invoice_payment', 'invoiceitem', 'payment_intent', 'payment_method', 'price', 'product',
        'promotion_code', 'redemption', 'setup_intent', 'subscription', 'subscription_item', 'test_helpers.test_clock']) {
        assert(kinds.has(kind), kind);
    }
    assert.equal(all.find(({ id }) => id === drafted).all_lines.length, 13);
    assert(!kinds.has('webhook_endpoint') && !kinds.has('event'));
});

test('what is of a deleted coupon stays so when another one has its id', async () => {
    const own = ledger(server);
    for (const percent_off of [10, 20, 30]) {
        await own.coupon({ id: 'SAME', percent_off });
        await own.code('SAME', { code: `CODE${percent_off}` });
        await own.redeem({ code: `CODE${percent_off}` });
        await own.redeem({ coupon: 'SAME' });
        if (percent_off < 30) await own.call('DELETE', '/v1/coupons/SAME');
    }
    const data = newData();
    carried(exported(server.data, '--account', await accountOf(own.key)), { data });
    assert.equal(sqlite(data, 'SELECT code, percent_off FROM promotion_codes JOIN coupons ' +
        'ON coupons.seq = promotion_coupon_seq ORDER BY 1'), 'CODE10|1000\nCODE20|2000\nCODE30|3000');
});

test('what was deleted since it was brought in is deleted there too', async () => {
    const { key, sdk, coupon } = billing(server);
    const account = await accountOf(key), data = newData();
    await coupon({ id: 'KEPT' });
    await coupon({ id: 'GONE' });
    const { id: product } = await sdk.products.create({ id: 'tea', name: 'Tea' });
    const { id: code } = await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: 'GONE' } });
    const { id: customer } = await sdk.customers.create();
    const { id: invoice } = await sdk.invoices.create({ customer, auto_advance: true, discounts: [{ promotion_code: code }] });
    carried(exported(server.data, '--account', account), { data });
    await sdk.invoices.del(invoice);
    await sdk.customers.del(customer);
    await sdk.coupons.del('GONE');
    await coupon({ id: 'GONE', percent_off: 7 });
    await sdk.products.del(product);
    const second = exported(server.data, '--account', account);
    const { status, stderr } = imported(data, second);
    assert.equal(status, 0, stderr);
    verified(data);
    assert.deepEqual(objects(exported(data)), objects(second));
    assert.equal(due(data), due(server.data, account));
});

const TEN = { id: 'TEN', object: 'coupon', percent_off: 10, duration: 'once' };
const CODE = { id: 'promo_1', object: 'promotion_code', code: 'CODE', promotion: { type: 'coupon', coupon: 'TEN' } };

function redemption(number, fields) {
    const redeemed_at = 1_700_000_000 + number;
    return {
        id: `rdm_${number}`, object: 'redemption', coupon: 'TEN', promotion_code: 'promo_1', created: redeemed_at,
        source: 'api', status: 'redeemed', status_transitions: { redeemed_at }, ...fields,
    };
}

function counts(data) {
    return sqlite(data, 'SELECT (SELECT times_redeemed FROM coupon_uses), (SELECT times_redeemed FROM promotion_code_uses), ' +
        '(SELECT COUNT(*) FROM redemption_records)');
}

test('redemptions that come after their code are among its times_redeemed', () => {
    const data = newData();
    const counted = [{ ...TEN, times_redeemed: 5 }, { ...CODE, times_redeemed: 3, max_redemptions: 3, active: false }];
    const first = [redemption(1), redemption(2, { status: 'canceled', status_transitions: { canceled_at: 1_700_000_009 } })];
    assert.equal(imported(data, lines(...counted, ...first)).status, 0);
    verified(data);
    assert.equal(counts(data), '5|3|2');
    assert.equal(imported(data, lines(redemption(3), redemption(4), ...first)).status, 0);
    verified(data);
    assert.equal(counts(data), '5|3|4');
    const { status, stderr } = imported(data, lines(redemption(5)));
    assert.equal(status, BAD_DATA);
    assert.match(stderr, /^Line 1: rdm_5: promotion_code: .*times_redeemed/m, 'a fourth would be one too many');
    verified(data);
    assert.equal(counts(data), '5|3|4');
});

test('what a redemption took off is no more than any amount', () => {
    const data = newData();
    const most = 1_000_000_000_000;
    const first = [-1, 0, most - 1, most, most + 1].map((amount_discount, i) => redemption(i, { amount_discount }));
    const { status, stderr } = imported(data, lines(TEN, CODE, ...first));
    assert.equal(status, BAD_DATA);
    assert.deepEqual(stderr.match(/^Line \d+: rdm_\d: amount_discount: .*/gm), [
        'Line 3: rdm_0: amount_discount: It is no part of the amount.',
        'Line 7: rdm_4: amount_discount: It is no part of the amount.',
    ]);
    verified(data);
    assert.equal(counts(data), '3|3|3');
});

test('redemptions that no count had counted yet are counted', () => {
    const data = newData();
    const { status, stderr } = imported(data, lines(redemption(1), TEN, CODE, redemption(2)));
    assert.equal(status, 0, stderr);
    verified(data);
    assert.equal(counts(data), '2|2|2');
});

test('what became of redemptions since they were brought in is caught up with', () => {
    const data = newData();
    const held = { status: 'held', hold_expires_at: 4_000_000_000, status_transitions: {} };
    const before = [redemption(1, held), redemption(2, held), redemption(3)];
    assert.equal(imported(data, lines({ ...TEN, times_redeemed: 3 }, { ...CODE, times_redeemed: 3 }, ...before)).status, 0);
    assert.equal(sqlite(data, 'SELECT COUNT(*) FROM timers'), '2');
    const now = [
        { ...TEN, times_redeemed: 2 }, { ...CODE, times_redeemed: 2 },
        redemption(1, { hold_expires_at: 4_000_000_000 }),
        redemption(2, { ...held, status: 'expired', status_transitions: { expired_at: 1_800_000_000 } }), redemption(3),
    ];
    const { status, stderr } = imported(data, lines(...now));
    assert.equal(status, 0, stderr);
    verified(data);
    assert.equal(sqlite(data, 'SELECT COUNT(*) FROM timers'), '0');
    assert.equal(counts(data), '2|2|3');
    for (const [line, problem] of [[redemption(2), /`expired` here/], [redemption(1, held), /`redeemed` here/],
        [redemption(3, { amount_discount: 7 }), /another redemption/]]) {
        const refused = imported(data, lines(line));
        assert.equal(refused.status, BAD_DATA);
        assert.match(refused.stderr, problem);
    }
});

test('the account goes on: limits hold, uses are given back, holds expire', async () => {
    const key = newKey(), other = await accountOf(key);
    const { key: from, who } = await uses();
    const first = exported(server.data, '--account', await accountOf(from));
    const soon = Math.floor(Date.now() / 1000) + 2;
    const { stderr } = imported(server.data,
        first.replace(/"hold_expires_at":\d+(?=.*"status":"held")/, `"hold_expires_at":${soon}`), '--account', other);
    assert.match(stderr, /, 0 refused\n$/);
    const call = (method, path, form) => raw(server, { method, path, form, key });
    const cart = { amount: 1000, currency: 'usd' };
    await call('POST', '/v1/redemptions', { ...cart, code: 'rules', customer: who });
    const third = await call('POST', '/v1/redemptions', { ...cart, code: 'rules', customer: who });
    assert.equal(third.json.error.reason, 'customer_limit_reached');
    const again = await call('POST', '/v1/redemptions', {
        coupon: 'RULES', ...cart, email: 'jo@example.com',
    });
    assert.equal(again.json.error.reason, 'customer_limit_reached', 'by the address, too');
    const { json: { data } } = await call('GET', '/v1/redemptions?client_reference_id=17');
    const { status, text } = await call('POST', `/v1/redemptions/${data[0].id}/cancel`);
    assert.equal(status, 200, text);
    await until(async () => (await call('GET', '/v1/redemptions?status=expired')).json.data.length);
    verified(server.data);
});

test('redemptions come straight from another server, in their order', async () => {
    const { key, redeem } = await uses();
    for (let i = 0; i < 120; i++) await redeem({ coupon: 'OPEN', client_reference_id: `${i}` });
    const from = ['--from', server.url, '--api-key', key];
    const data = newData();
    const { status, stderr } = coupond(['import', ...from, '--data', data]);
    assert.equal(status, 0, stderr);
    verified(data);
    const ids = (text) => objects(text).filter(({ object }) => object === 'redemption').map(({ id, status }) => `${id} ${status}`);
    const first = exported(server.data, '--account', await accountOf(key)), second = exported(data);
    assert.deepEqual(ids(second), ids(first));
    const timesRedeemed = (text) => objects(text).filter((object) => 'times_redeemed' in object)
        .map(({ id, times_redeemed }) => `${id} ${times_redeemed}`).sort();
    assert.deepEqual(timesRedeemed(second), timesRedeemed(first));
    await redeem({ coupon: 'OPEN' });
    assert.equal(coupond(['import', ...from, '--data', data]).status, 0);
    verified(data);
    assert.equal(ids(exported(data)).length, ids(second).length + 1);
});

// A server of somebody else: pages of coupons with odd ids, and no redemptions.
function stranger() {
    const coupons = Array.from({ length: 3 }, (_, i) => ({ ...TEN, id: `TEN-${i}`, times_redeemed: i }));
    coupons[0].id = 'a&b=c d+%é#';
    return createServer((request, response) => {
        const url = new URL(request.url, 'http://localhost');
        const found = url.pathname === '/v1/coupons' ? coupons : /^\/v1\/(products|prices|customers|promotion_codes)$/.test(url.pathname) && [];
        const first = found && found.findIndex(({ id }) => id === url.searchParams.get('starting_after')) + 1;
        response.statusCode = found ? 200 : 404;
        response.end(JSON.stringify(found
            ? { object: 'list', data: found.slice(first, first + 1), has_more: first + 1 < found.length }
            : { error: { type: 'invalid_request_error', message: `Unrecognized request URL (GET: ${url.pathname})` } }));
    });
}

test('a server without redemptions gives what it has, whatever its ids are', async () => {
    const other = stranger();
    await new Promise((resolve) => { other.listen(0, '127.0.0.1', resolve); });
    const data = newData();
    try {
        const url = `http://127.0.0.1:${other.address().port}`;
        const failure = await promisify(execFile)(binary, ['import', '--from', url, '--api-key', 'k', '--data', data])
            .then(() => assert.fail('one id is refused'), (error) => error);
        assert.equal(failure.code, BAD_DATA);
        assert.match(failure.stderr, /^the server has no redemptions.*\nLine 1: a&b=c d\+%é#: id: .*\n2 objects imported, 1 refused\n$/);
    } finally {
        other.close();
    }
    verified(data);
    assert.deepEqual(objects(exported(data)).map(({ id, times_redeemed }) => [id, times_redeemed]), [['TEN-1', 1], ['TEN-2', 2]]);
});
