// Attempts that were refused, on whatever surface; how long they are kept; guesses, and who is held up for them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { account, until } from '../lib/account.js';
import { refused } from '../lib/assert.js';
import { buy, open, press } from '../lib/pages.js';
import { start } from '../lib/server.js';

const ACACIA = '2025-02-24.acacia';
const SUCCESS = 'https://shop.example/done';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

// ---- attempts ----

test('what was refused is kept with its reasons, and nothing else of it', async () => {
    const { coupon, code, customer, refuse, preview, get, list, redeem, events } = account(server);
    await coupon({ id: 'A' });
    const { id: promotion } = await code('A', { code: 'Used', max_redemptions: 1 });
    const { id: who } = await customer();
    await redeem({ code: 'USED' });
    const before = [(await events()).length, (await list('/v1/redemptions')).length];
    await refuse({ code: 'uSED', customer: who, amount: 5, currency: 'usd', client_reference_id: 'r', email: 'j@e.com' });
    await preview({ promotion_code: promotion });
    await preview({ code: 'nope' });
    assert.deepEqual([(await events()).length, (await list('/v1/redemptions')).length], before);
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 1);
    const attempts = await list('/v1/redemption_attempts', { expand: ['data.coupon'] });
    assert.deepEqual(attempts.map(({ reason, operation }) => [reason, operation]), [
        ['code_unknown', 'preview'], ['code_used_up', 'preview'], ['code_used_up', 'redemption'],
    ]);
    const [unknown, byId, byText] = attempts;
    assert.match(byText.id, /^rat_\w{24}$/);
    assert.deepEqual({ ...byText, coupon: byText.coupon.id }, {
        id: byText.id, object: 'redemption_attempt', amount: 5, client_reference_id: 'r', code: 'uSED', coupon: 'A',
        created: byText.created, currency: 'usd', customer: who, customer_email: 'j@e.com', livemode: false,
        operation: 'redemption', promotion_code: promotion, reason: 'code_used_up', reasons: ['code_used_up'],
        source: 'api',
    });
    assert.deepEqual([byId.code, unknown.coupon, unknown.promotion_code], ['Used', null, null]);
    assert.equal((await get(`/v1/redemption_attempts/${byText.id}`, { expand: ['customer'] })).customer.id, who);
    const ids = async (filter) => (await list('/v1/redemption_attempts', filter)).map(({ id }) => id);
    assert.deepEqual(await ids({ code: 'USED' }), [byId.id, byText.id]);
    assert.deepEqual(await ids({ customer: who }), [byText.id]);
    assert.deepEqual(await ids({ reason: 'code_unknown' }), [unknown.id]);
    const { created } = byText;
    assert.deepEqual(await ids({ created: { gte: created, gt: created - 1, lt: created + 99, lte: created + 99 } }),
        attempts.map(({ id }) => id));
    assert.deepEqual(await ids({ created: created - 1 }), []);
    assert.deepEqual(await ids({ limit: 1, starting_after: unknown.id }), [byId.id]);
    assert.deepEqual(await ids({ limit: 1, ending_before: byText.id }), [byId.id]);
});

// ---- on every surface ----

// A customer with a monthly subscription; the code USED, of the coupon USED, was redeemed as often as it can be.
async function shop() {
    const own = account(server);
    const { post, coupon, code, customer, redeem, list } = own;
    await coupon({ id: 'USED', max_redemptions: 1 });
    await coupon({ id: 'A' });
    const used = await code('A', { code: 'Used', max_redemptions: 1 });
    await redeem({ coupon: 'USED' });
    await redeem({ code: 'used' });
    const { id: who } = await customer();
    const price = (fields) => post('/v1/prices', {
        currency: 'usd', unit_amount: 1000, product_data: { name: 'x' }, recurring: { interval: 'month' }, ...fields,
    });
    const { id: monthly } = await price(), { id: other } = await price();
    const { id: once } = await price({ recurring: undefined });
    const subscription = await post('/v1/subscriptions',
        { customer: who, items: [{ price: monthly }], trial_period_days: 30 });
    let known = (await list('/v1/redemption_attempts')).length;
    return {
        ...own, used, who, monthly, other, once, subscription,
        // What was kept since the last time, the newest first.
        async attempts() {
            const all = await list('/v1/redemption_attempts');
            const fresh = all.slice(0, all.length - known);
            known = all.length;
            return fresh;
        },
    };
}

test('what is refused on any of Stripe\'s surfaces is undone, and kept as an attempt', async () => {
    const { call, get, used, who, monthly, other, once, subscription, attempts } = await shop();
    const [item] = subscription.items.data;
    const byCode = { discounts: [{ promotion_code: used.id }] }, byCoupon = { discounts: [{ coupon: 'USED' }] };
    const invoice = { customer: who, pending_invoice_items_behavior: 'exclude' };
    const session = { mode: 'payment', success_url: SUCCESS, line_items: [{ price: once }] };
    const subscribe = { customer: who, items: [{ price: monthly }] };
    const surfaces = [
        ['customer', '/v1/customers', { promotion_code: used.id }, ACACIA, { customer: null }],
        ['customer', `/v1/customers/${who}`, { coupon: 'USED' }, ACACIA],
        ['subscription', '/v1/subscriptions', { ...subscribe, ...byCode }],
        ['subscription', '/v1/subscriptions', { ...subscribe, promotion_code: used.id }, ACACIA],
        ['subscription', `/v1/subscriptions/${subscription.id}`, byCode],
        ['subscription_item', '/v1/subscriptions', { customer: who, items: [{ price: monthly, ...byCoupon }] }],
        ['subscription_item', '/v1/subscription_items', { subscription: subscription.id, price: other, ...byCode }],
        ['subscription_item', `/v1/subscription_items/${item.id}`, byCode],
        ['invoice', '/v1/invoices', { ...invoice, ...byCode }],
        ['invoice_item', '/v1/invoiceitems', { customer: who, currency: 'usd', amount: 5, ...byCode }],
        ['invoice_item', '/v1/subscriptions', { ...subscribe, add_invoice_items: [{ price: once, ...byCoupon }] }],
        ['checkout', '/v1/checkout/sessions', { ...session, customer: who, ...byCode }],
        ['checkout', '/v1/checkout/sessions', { ...session, ...byCoupon }, undefined, { customer: null }],
    ];
    for (const [source, path, form, version, more] of surfaces) {
        const answer = await call('POST', path, form, { version });
        refused(answer, { status: 400, code: 'coupon_expired' });
        const kept = await attempts();
        const what = `${path} ${JSON.stringify(form)}`;
        const of = JSON.stringify(form).includes('USED') ? 'coupon' : 'code';
        assert.equal(kept.length, 1, what);
        const { id, created, amount, currency, ...shown } = kept[0];
        assert.deepEqual(shown, {
            object: 'redemption_attempt', client_reference_id: null, code: of === 'code' ? 'Used' : null,
            coupon: of === 'code' ? 'A' : 'USED', customer: who, customer_email: null, livemode: false,
            operation: 'redemption', promotion_code: of === 'code' ? used.id : null, reason: `${of}_used_up`,
            reasons: [`${of}_used_up`], source, ...more,
        }, what);
        assert.deepEqual(await get(`/v1/redemption_attempts/${id}`), kept[0]);
        if (path === '/v1/invoiceitems') assert.deepEqual([amount, currency], [5, 'usd']);
    }
    assert.equal((await get('/v1/customers', { limit: 100 })).data.length, 1, 'what was refused is undone');
    assert.equal((await get('/v1/invoices', { customer: who })).data.length, 1, 'that of the trial');
});

test('a refused preview of an invoice is an attempt to preview', async () => {
    const { call, used, who, monthly, subscription, attempts } = await shop();
    const discounts = [{ promotion_code: used.id }];
    const of = async (method, path, form, version) => {
        refused(await call(method, path, form, { version }), { status: 400, code: 'coupon_expired' });
        return (await attempts()).map(({ operation, source, reason }) => [operation, source, reason]);
    };
    assert.deepEqual(await of('POST', '/v1/invoices/create_preview', { subscription: subscription.id, discounts }),
        [['preview', 'invoice', 'code_used_up']]);
    assert.deepEqual(await of('POST', '/v1/invoices/create_preview',
        { customer: who, subscription_details: { items: [{ price: monthly, discounts }] } }),
    [['preview', 'subscription_item', 'code_used_up']]);
    for (const path of ['/v1/invoices/upcoming', '/v1/invoices/upcoming/lines'])
        assert.deepEqual(await of('GET', path, { subscription: subscription.id, coupon: 'USED' }, ACACIA),
            [['preview', 'invoice', 'coupon_used_up']], path);
});

test('what no rule refused is no attempt', async () => {
    const { call, get, who, monthly, used, attempts } = await shop();
    const subscribe = { customer: who, items: [{ price: monthly }] };
    const mistakes = [
        [{ ...subscribe, discounts: [{ coupon: 'NONE' }] }, 'discounts[0][coupon]'],
        [{ ...subscribe, discounts: [{ promotion_code: 'promo_none' }] }, 'discounts[0][promotion_code]'],
        [{ ...subscribe, discounts: [{ coupon: 'A' }, { coupon: 'A' }] }, 'discounts[1][coupon]'],
        [{ ...subscribe, items: [{ price: 'none' }], discounts: [{ promotion_code: used.id }] }, 'items[0][price]'],
    ];
    for (const [form, param] of mistakes)
        refused(await call('POST', '/v1/subscriptions', form), { status: 400, param });
    refused(await call('POST', '/v1/customers', { coupon: 'NONE' }, { version: ACACIA }), { status: 400, param: 'coupon' });
    assert.deepEqual((await get('/v1/promotion_codes', { code: 'none' })).data, []);
    assert.deepEqual(await attempts(), []);
});

test('a refusal that is repeated with its idempotency key is one attempt', async () => {
    const { call, who, attempts } = await shop();
    const again = () => call('POST', '/v1/invoices', { customer: who, discounts: [{ coupon: 'USED' }] },
        { headers: { 'idempotency-key': 'once' } });
    const first = await again();
    assert.equal((await again()).text, first.text);
    assert.equal((await attempts()).length, 1);
});

// ---- on pages ----

test('a code that is typed on the Checkout page and refused is an attempt with its real reason', async () => {
    const { post, code, customer, who, once, attempts } = await shop();
    const { id: other } = await customer();
    await code('A', { code: 'OTHER', customer: other });
    await code('A', { code: 'OFF', active: false });
    await code('A', { code: 'RIGHT' });
    const { url } = await post('/v1/checkout/sessions', {
        mode: 'payment', success_url: SUCCESS, line_items: [{ price: once }], allow_promotion_codes: true, customer: who,
    });
    const page = await open(url);
    for (const [typed, reason, coupon] of [['none', 'code_unknown', null], ['uSED', 'code_used_up', 'A'],
        ['other', 'other_customer', 'A'], ['off', 'code_inactive', 'A']]) {
        assert.deepEqual((await press(url, page, 'apply', { code: typed })).problems, ['This code is invalid.']);
        const [kept, ...rest] = await attempts();
        assert.deepEqual([kept.source, kept.operation, kept.code, kept.reason, kept.coupon, kept.customer, rest],
            ['checkout', 'redemption', typed, reason, coupon, who, []]);
        assert.deepEqual([kept.amount, kept.currency], [1000, 'usd']);
    }
    assert.deepEqual((await press(url, page, 'apply', { code: 'right' })).problems, []);
    assert.deepEqual(await attempts(), []);
});

test('a discount that is gone when it is to be paid with is an attempt, although the purchase is undone', async () => {
    const { post, code, redeem, once, monthly, attempts } = await shop();
    for (const [mode, price] of [['payment', once], ['subscription', monthly]]) {
        const { id, code: text } = await code('A', { max_redemptions: 1 });
        const { url } = await post('/v1/checkout/sessions', {
            mode, success_url: SUCCESS, line_items: [{ price }], discounts: [{ promotion_code: id }],
        });
        await redeem({ promotion_code: id });
        const page = await buy(url, { email: 'a@example.com' });
        assert.match(page.problems[0], /no longer available/);
        assert.deepEqual((await attempts()).map(({ source, reason, code }) => [source, reason, code]),
            [['checkout', 'code_used_up', text]]);
    }
});

// A customer's link to the portal, where the subscription can be given codes.
async function portal() {
    const own = await shop();
    const { post, who, subscription } = own;
    const { id: configuration } = await post('/v1/billing_portal/configurations', { features: {
        subscription_update: {
            enabled: true, default_allowed_updates: ['promotion_code', 'quantity'],
            products: [{ product: subscription.items.data[0].price.product, prices: [own.monthly] }],
        },
    } });
    const enter = async () => (await post('/v1/billing_portal/sessions',
        { customer: who, configuration, return_url: SUCCESS })).url;
    return {
        ...own, enter,
        type: async (url, code) => press(url, await open(`${url}?update=${subscription.id}`), 'update',
            { subscription: subscription.id, code, quantity: 3 }),
    };
}

test('on the portal every code that cannot be used gets the same answer, and is an attempt', async () => {
    const { code, customer, coupon, redeem, enter, type, who, attempts, get, subscription } = await portal();
    const { id: other } = await customer();
    const soon = Math.floor(Date.now() / 1000) + 1;
    await code('A', { code: 'OTHERS', customer: other });
    await code('A', { code: 'NOTNOW', active: false });
    await code('A', { code: 'MYOWN1', customer: who, max_redemptions: 1 });
    await redeem({ code: 'MYOWN1', customer: who });
    await coupon({ id: 'SHORT', redeem_by: soon });
    await code('SHORT', { code: 'TOLATE' });
    await until(() => Date.now() / 1000 > soon + 1);
    const typed = {
        NOBODY: 'code_unknown', OTHERS: 'other_customer', NOTNOW: 'code_inactive', MYOWN1: 'code_used_up',
        TOLATE: 'coupon_expired',
    };
    const answers = new Set();
    const url = await enter();
    for (const [text, reason] of Object.entries(typed)) {
        const page = await type(url, text);
        assert.equal(page.value('code'), text);
        answers.add(JSON.stringify([page.status, [...page.headers].filter(([name]) => name !== 'date' && name !== 'request-id'),
            page.html.replaceAll(text, '')]));
        assert.deepEqual((await attempts()).map(({ source, operation, code, reason, customer }) =>
            [source, operation, code, reason, customer]), [['portal', 'redemption', text, reason, who]]);
    }
    assert.equal(answers.size, 1, 'in every byte');
    assert.equal((await get(`/v1/subscriptions/${subscription.id}`)).items.data[0].quantity, 1);
});

// ---- guesses ----

test('a customer may guess ten codes a minute, then none is looked up', async () => {
    const { coupon, code, customer, preview, call, events, redeem, list } = account(server);
    await coupon({ id: 'A' });
    await code('A', { code: 'RIGHT' });
    const { id: who } = await customer();
    // In a window of a minute that may end meanwhile, hence a few more.
    let tried = 0;
    const blocked = await until(async () => {
        const answer = await call('POST', '/v1/redemptions/preview', { code: `wrong${tried++}`, customer: who });
        return answer.status !== 200 && answer;
    });
    assert(tried >= 11 && tried <= 21, `blocked at ${tried}`);
    refused(blocked, { status: 429, type: 'invalid_request_error', code: 'rate_limit' });
    refused(await call('POST', '/v1/redemptions', { code: 'RIGHT', customer: who }), { status: 429 });
    assert.equal((await list('/v1/redemptions')).length, 0);
    assert.equal((await preview({ code: 'RIGHT' })).applies, true, 'others are not held up');
    await redeem({ coupon: 'A', customer: who }); // by id nothing is guessed
    const suspected = await events('redemption.guessing_suspected');
    assert(suspected.length >= 1 && suspected.length <= 2, 'once for a burst');
    assert.deepEqual([suspected[0].data.object.object, suspected[0].data.object.customer], ['redemption_attempt', who]);
});

test('a guest is held up by the address of the e-mail', async () => {
    const { coupon, call } = account(server);
    await coupon({ id: 'A' });
    let tried = 0;
    await until(async () => {
        const email = `jo+${tried}@example.com`;
        const answer = await call('POST', '/v1/redemptions', { code: `wrong${tried++}`, email });
        return answer.status === 429;
    });
    assert(tried >= 11 && tried <= 21, `blocked at ${tried}`);
});

test('of those who are held up one attempt a minute is kept', async () => {
    const { call, list, customer } = account(server);
    const { id: who } = await customer();
    const tries = (n, form) => until(async () =>
        (await call('POST', '/v1/redemptions', { code: `wrong${n++}`, ...form })).status === 429);
    await tries(0, { customer: who });
    for (let n = 0; n < 5; n++) await call('POST', '/v1/redemptions/preview', { code: 'wrong', customer: who });
    const limited = () => list('/v1/redemption_attempts', { reason: 'rate_limited' });
    const kept = await limited();
    assert(kept.length >= 1 && kept.length <= 2, `${kept.length}`);
    const { id, created, ...shown } = kept.at(-1);
    assert.deepEqual({ ...shown, code: 'x' }, {
        object: 'redemption_attempt', amount: null, client_reference_id: null, code: 'x', coupon: null, currency: null,
        customer: who, customer_email: null, livemode: false, operation: 'redemption', promotion_code: null,
        reason: 'rate_limited', reasons: ['rate_limited'], source: 'api',
    });
    await tries(100, { email: 'jo@example.com' });
    assert.equal((await limited())[0].customer_email, 'jo@example.com');
});

test('wrong codes on pages are counted for the customer, on whatever page', async () => {
    const { enter, type, attempts, call, who, events } = await portal();
    const url = await enter(), other = await enter();
    for (let n = 1; n <= 10; n++) assert.deepEqual((await type(url, `NO${n}`)).problems, ['This code is invalid.']);
    await attempts();
    for (let n = 0; n < 3; n++) assert.match((await type(url, 'NO')).problems[0], /Too many/);
    const [kept, ...rest] = await attempts();
    assert.deepEqual([kept.reason, kept.source, kept.code, kept.customer, rest], ['rate_limited', 'portal', 'NO', who, []]);
    let tried = 0; // in a window that may slide on meanwhile
    await until(async () => /Too many/.test((await type(other, `NO${tried++}`)).problems[0]));
    assert(tried < 10, `held up at ${tried}`);
    assert.equal((await call('POST', '/v1/redemptions', { code: 'x', customer: who })).status, 429);
    const [suspected] = await events('redemption.guessing_suspected');
    assert.deepEqual([suspected.data.object.source, suspected.data.object.customer], ['portal', who]);
});

test('guesses are counted for the visitor whom the shop names', async () => {
    const { call, preview, coupon, list } = account(server);
    await coupon({ id: 'A' });
    let tried = 0;
    const guess = (ip_address) => call('POST', '/v1/redemptions/preview', { code: `wrong${tried++}`, ip_address });
    await until(async () => (await Promise.all(Array.from({ length: 50 }, (_, n) =>
        guess(`2001:db8:0:1::${n}`)))).some(({ status }) => status === 429));
    assert(tried > 300 && tried <= 650, `held up at ${tried}`);
    const limited = await list('/v1/redemption_attempts', { reason: 'rate_limited' });
    assert.deepEqual(limited.map(({ operation, source }) => [operation, source]), [['preview', 'api']]);
    assert.equal((await guess('2001:db8:0:1:ffff::1')).status, 429);
    refused(await call('POST', '/v1/redemptions', { code: 'x', ip_address: '2001:DB8::1:0:0:0:9' }), { status: 429 });
    assert.equal((await preview({ code: 'x', ip_address: '2001:db8:0:2::1' })).applies, false);
    assert.equal((await preview({ code: 'x', ip_address: '192.0.2.1' })).applies, false);
    assert.equal((await preview({ code: 'x' })).applies, false, 'the shop itself is not held up');
});

test('an address is one of IPv4 or IPv6', async () => {
    const { call, coupon, get } = account(server);
    await coupon({ id: 'A' });
    for (const ip_address of ['1.2.3', '1.2.3.256', '01.2.3.4', 'localhost', '::1::', '[::1]', 'fe80::1%eth0', '1.2.3.4:80'])
        for (const path of ['/v1/redemptions', '/v1/redemptions/preview'])
            refused(await call('POST', path, { coupon: 'A', ip_address }),
                { status: 400, param: 'ip_address', message: `Invalid IP address: ${ip_address}` });
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 0);
    assert.deepEqual((await get('/v1/redemption_attempts')).data, []);
    const { status, json } = await call('POST', '/v1/redemptions', { coupon: 'A', ip_address: '::ffff:192.0.2.1' });
    assert.deepEqual([status, json.ip_address], [200, undefined]);
});
