// What may be redeemed, by whom, on what: previews with every reason, rules beyond Stripe's, and the codes
// that a customer could use.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { account, until } from '../lib/account.js';
import { refused } from '../lib/assert.js';
import { coupond, start } from '../lib/server.js';

const ACACIA = '2025-02-24.acacia';
const now = () => Math.floor(Date.now() / 1000);

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

function verified() {
    const { status, stdout } = coupond(['verify', '--data', server.data]);
    assert.equal(status, 0, stdout);
}

const reasons = (preview) => preview.refusals.map(({ reason }) => reason);

// ---- previews ----

test('a preview says what a redemption would do, and redeems nothing', async () => {
    const { coupon, code, customer, preview, get, redeem } = account(server);
    await coupon({ id: 'A', max_redemptions: 1 });
    const { id: promotion } = await code('A', { code: 'Save' });
    const { id: who } = await customer({ email: 'jo@example.com' });
    const purchase = { currency: 'usd', customer: who, line_items: [{ amount: 1000, product: 'p', quantity: 3 }] };
    const shown = await preview({ code: 'SAVE', ...purchase });
    assert.deepEqual(shown, {
        object: 'redemption_preview',
        amount: 1000,
        amount_discount: 250,
        amount_total: 750,
        applies: true,
        coupon: 'A',
        currency: 'usd',
        customer: who,
        customer_email: null,
        line_items: [{ amount: 1000, amount_discount: 250, amount_total: 750, product: 'p', quantity: 3 }],
        livemode: false,
        promotion_code: promotion,
        refusals: [],
    });
    assert.deepEqual(await preview({ promotion_code: promotion, ...purchase }), shown);
    const direct = await preview({ coupon: 'A', amount: 10, currency: 'usd', email: 'x@example.com', expand: ['coupon'] });
    assert.deepEqual([direct.coupon.id, direct.promotion_code, direct.amount_total], ['A', null, 7]);
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 0);
    assert.deepEqual((await get('/v1/redemptions')).data, []);
    const order = { client_reference_id: 'r', client_reference_id_unique: true };
    await redeem({ coupon: 'A', ...order });
    assert.deepEqual(reasons(await preview({ coupon: 'A', ...order })), ['coupon_used_up', 'client_reference_id_used']);
});

test('a preview names every rule that refuses, with its numbers', async () => {
    const { coupon, code, customer, preview, redeem, call } = account(server);
    const past = now() + 1;
    await coupon({
        id: 'A', percent_off: undefined, amount_off: 100, currency: 'usd', max_redemptions: 1,
        restrictions: { max_redemptions_per_customer: 1 },
    });
    const { id: owner } = await customer();
    const { id: other } = await customer();
    const { id } = await code('A', {
        code: 'ALL', customer: owner, expires_at: past + 1000, starts_at: past + 500, max_redemptions: 1,
        restrictions: {
            first_time_transaction: true, minimum_amount: 5000, minimum_amount_currency: 'usd',
            currency_options: { gbp: { minimum_amount: 4000 } },
        },
    });
    await redeem({ coupon: 'A', customer: other });
    await call('POST', `/v1/promotion_codes/${id}`, { active: false });
    const shown = await preview({ code: 'all', customer: other, amount: 3999, currency: 'gbp' });
    assert.deepEqual([shown.applies, shown.amount_discount, shown.amount_total], [false, 0, 3999]);
    assert.deepEqual(shown.refusals, [
        { message: 'This promotion code is inactive.', reason: 'code_inactive' },
        {
            max_redemptions: 1, message: 'This coupon was redeemed as often as it can be.', reason: 'coupon_used_up',
            times_redeemed: 1,
        },
        { message: 'This promotion code cannot be redeemed yet.', reason: 'code_not_started', starts_at: past + 500 },
        {
            message: 'This promotion code cannot be redeemed because it is restricted to a different customer.',
            reason: 'other_customer',
        },
        {
            message: 'This promotion code cannot be redeemed because the associated customer has prior transactions.',
            reason: 'not_first_time',
        },
        {
            limit_of: 'coupon', max_redemptions_per_customer: 1, reason: 'customer_limit_reached', times_redeemed: 1,
            message: 'This cannot be redeemed again by the same customer.',
        },
        {
            currency: 'usd', message: 'The coupon A cannot be applied because its currency (usd) does not match gbp.',
            reason: 'currency_mismatch',
        },
        {
            currency: 'gbp', minimum_amount: 4000, reason: 'minimum_amount',
            message: 'This promotion code cannot be redeemed because the associated purchase does not meet the ' +
                'minimum amount requirement.',
        },
    ]);
});

test('each rule refuses by itself, in previews and redemptions alike', async () => {
    const { coupon, code, customer, preview, refuse, redeem, call, post } = account(server);
    const minimum = { minimum_amount: 500, minimum_amount_currency: 'usd' };
    await post('/v1/products', { id: 'p', name: 'P' });
    await coupon({ id: 'A' });
    await coupon({ id: 'GONE' });
    await coupon({ id: 'LATER', starts_at: now() + 1000 });
    await coupon({ id: 'USD', percent_off: undefined, amount_off: 100, currency: 'usd' });
    await coupon({ id: 'P', applies_to: { products: ['p'] } });
    const { id: who } = await customer();
    await code('GONE', { code: 'GONE' });
    await code('A', { code: 'MIN', restrictions: minimum });
    await code('A', { code: 'FIRST', restrictions: { first_time_transaction: true } });
    await code('A', { code: 'MINE', customer: who });
    await code('A', { code: 'USED', max_redemptions: 1 });
    await code('LATER', { code: 'LATER' });
    await redeem({ code: 'USED' });
    await call('DELETE', '/v1/coupons/GONE');
    const usd = { amount: 499, currency: 'usd' };
    const lines = { currency: 'usd', line_items: [{ amount: 100, product: 'other' }] };
    const cases = [
        [{ code: 'nothing' }, 'code_unknown', 'resource_missing'],
        [{ code: 'GONE' }, 'coupon_deleted', 'coupon_expired'],
        [{ code: 'USED' }, 'code_used_up', 'coupon_expired'],
        [{ code: 'LATER' }, 'coupon_not_started', undefined],
        [{ coupon: 'LATER' }, 'coupon_not_started', undefined],
        [{ code: 'MINE' }, 'other_customer', 'promotion_code_customer_mismatch'],
        [{ code: 'FIRST' }, 'customer_missing', 'promotion_code_customer_missing_first_time'],
        [{ code: 'MIN' }, 'minimum_amount_unknown', undefined],
        [{ code: 'MIN', ...usd }, 'minimum_amount', undefined],
        [{ code: 'MIN', amount: 9999, currency: 'eur' }, 'minimum_amount', undefined],
        [{ coupon: 'USD', amount: 100, currency: 'eur' }, 'currency_mismatch', undefined],
        [{ coupon: 'P', ...lines }, 'applies_to_nothing', 'coupon_applies_to_nothing'],
        [{ coupon: 'P', ...usd }, 'applies_to_nothing', 'coupon_applies_to_nothing'],
    ];
    for (const [form, reason, errorCode] of cases) {
        assert.deepEqual(reasons(await preview(form)), [reason], JSON.stringify(form));
        const answer = await refuse(form);
        refused(answer, {
            status: 400, type: 'invalid_request_error', code: errorCode, param: form.code ? 'code' : 'coupon',
        });
        assert.equal(answer.json.error.reason, reason);
    }
    for (const form of [{ code: 'mine', customer: who }, { code: 'MIN', amount: 500, currency: 'usd' }]) {
        assert.equal((await preview(form)).applies, true, JSON.stringify(form));
    }
    const bounds = (await preview({ code: 'MIN' })).refusals[0];
    assert.deepEqual([bounds.minimum_amount, bounds.currency], [500, 'usd']);
});

test('a code is found whatever its case, the own one before the open one', async () => {
    const { coupon, code, customer, preview, call } = account(server);
    await coupon({ id: 'A' });
    const [{ id: one }, { id: two }] = [await customer(), await customer()];
    const own = await code('A', { code: 'Hello', customer: one });
    assert.deepEqual(reasons(await preview({ code: 'hELLO', customer: two })), ['other_customer']);
    assert.equal((await preview({ code: 'hello', customer: one })).promotion_code, own.id);
    await call('POST', `/v1/promotion_codes/${own.id}`, { active: false });
    assert.deepEqual(reasons(await preview({ code: 'HELLO', customer: one })), ['code_inactive']);
    const open = await code('A', { code: 'HELLO' });
    for (const who of [one, two, undefined]) {
        const shown = await preview({ code: 'hello', customer: who });
        assert.deepEqual([shown.applies, shown.promotion_code], [true, open.id]);
    }
});

test('a code for first purchases is for one purchase', async () => {
    const { coupon, code, customer, redeem, refuse, hold, cancel } = account(server);
    await coupon({ id: 'A' });
    await code('A', { code: 'FIRST', restrictions: { first_time_transaction: true } });
    const { id: who } = await customer();
    const held = await hold({ code: 'FIRST', customer: who });
    refused(await refuse({ code: 'FIRST', customer: who }),
        { status: 400, code: 'promotion_code_customer_not_first_time' });
    await cancel(held.id);
    await redeem({ code: 'FIRST', customer: who });
    refused(await refuse({ code: 'FIRST', customer: who }),
        { status: 400, code: 'promotion_code_customer_not_first_time' });
});

test('who redeemed by a call is no first-time customer on an invoice either', async () => {
    const { coupon, code, customer, hold, cancel, call } = account(server);
    await coupon({ id: 'A' });
    const first = await code('A', { code: 'FIRST', restrictions: { first_time_transaction: true } });
    const { id: who } = await customer();
    const invoice = () => call('POST', '/v1/invoices', { customer: who, discounts: [{ promotion_code: first.id }] });
    const held = await hold({ code: 'FIRST', customer: who });
    refused(await invoice(), { status: 400, code: 'promotion_code_customer_not_first_time' });
    await cancel(held.id);
    assert.equal((await invoice()).status, 200);
});

// ---- rules beyond Stripe's ----

test('extensions are shown only when they are set', async () => {
    const { coupon, code } = account(server);
    const names = ['max_amount_off_total', 'max_amount_off_total_currency', 'release_policy', 'release_window',
        'starts_at'];
    const plain = [await coupon({ id: 'A' }), await code('A')];
    for (const object of plain) for (const name of names) assert(!(name in object), name);
    assert(!('restrictions' in plain[0]) && !('max_redemptions_per_customer' in plain[1].restrictions));
    const rules = {
        max_amount_off_total: 5000, max_amount_off_total_currency: 'usd', release_policy: 'anytime',
        release_window: 60, starts_at: now() + 100,
    };
    const restrictions = { max_redemptions_per_customer: 2 };
    for (const object of [await coupon({ id: 'B', ...rules, restrictions }), await code('A', { ...rules, restrictions })]) {
        for (const [name, value] of Object.entries(rules)) assert.equal(object[name], value, name);
        assert.equal(object.restrictions.max_redemptions_per_customer, 2);
    }
});

test('extensions that contradict each other are refused', async () => {
    const { call, coupon } = account(server);
    const make = (form) => call('POST', '/v1/coupons', { percent_off: 5, ...form });
    const bad = async (form, param) => refused(await make(form), { status: 400, param });
    await bad({ max_amount_off_total: 5 }, 'max_amount_off_total_currency');
    await bad({ max_amount_off_total_currency: 'usd' }, 'max_amount_off_total');
    await bad({ release_window: 5 }, 'release_window');
    await bad({ release_policy: 'held_only', release_window: 5 }, 'release_window');
    await bad({ release_policy: 'never' }, 'release_policy');
    await bad({ starts_at: now() + 500, redeem_by: now() + 400 }, 'starts_at');
    await bad({ starts_at: now() + 6 * 366 * 86400 }, 'starts_at');
    await bad({ restrictions: { max_redemptions_per_customer: 0 } }, 'restrictions[max_redemptions_per_customer]');
    const usd = { max_amount_off_total_currency: 'usd' };
    for (const max of [1, 999999999998, 999999999999]) {
        assert.equal((await make({ max_amount_off_total: max, ...usd })).status, 200);
    }
    for (const max of [0, 1000000000000]) await bad({ max_amount_off_total: max, ...usd }, 'max_amount_off_total');
    const own = await coupon({ percent_off: undefined, amount_off: 5, currency: 'eur', max_amount_off_total: 50 });
    assert.equal(own.max_amount_off_total_currency, 'eur', 'that of the coupon');

    const off = { percent_off: undefined, amount_off: 5, currency: 'eur' };
    await bad({ ...off, max_amount_off_total: 50, ...usd }, 'max_amount_off_total_currency');
    const options = { currency_options: { usd: { amount_off: 6 } } };
    assert.equal((await make({ ...off, ...options, max_amount_off_total: 50, ...usd })).status, 200);
    const euros = { type: 'coupon', coupon: (await make(off)).json.id };
    refused(await call('POST', '/v1/promotion_codes', { promotion: euros, max_amount_off_total: 50, ...usd }),
        { status: 400, param: 'max_amount_off_total_currency', message: /takes nothing off/ });

    const starts_at = now() + 1000;
    const { id } = (await make({ starts_at, max_amount_off_total: 50, ...usd })).json;
    const promotion = { type: 'coupon', coupon: id };
    for (const path of ['/v1/promotion_codes', '/v1/promotion_code_batches']) {
        const codes = (form) => call('POST', path, { promotion, ...(path.endsWith('batches') && { count: 1 }), ...form });
        const budget = { max_amount_off_total: 5, max_amount_off_total_currency: 'eur' };
        refused(await codes(budget), { status: 400, param: 'max_amount_off_total_currency' });
        assert.equal((await codes({ ...budget, ...usd })).status, 200);
        refused(await codes({ expires_at: starts_at }), { status: 400, param: 'expires_at' });
        assert.equal((await codes({ expires_at: starts_at + 1 })).status, 200);
    }
});

test('one customer redeems a code so often and no more, whatever the surface', async () => {
    const { coupon, redeem, refuse, customer, cancel, hold, preview, call, post } = account(server, ACACIA);
    await coupon({ id: 'A' });
    const { id: promotion } = await post('/v1/promotion_codes',
        { coupon: 'A', code: 'TWO', restrictions: { max_redemptions_per_customer: 2 } });
    const { id: who } = await customer();
    await post(`/v1/customers/${who}`, { promotion_code: promotion });
    const held = await hold({ code: 'TWO', customer: who });
    const answer = await refuse({ code: 'TWO', customer: who });
    refused(answer, { status: 400, message: 'This cannot be redeemed again by the same customer.', param: 'code' });
    assert.equal(answer.json.error.reason, 'customer_limit_reached');
    await call('DELETE', `/v1/customers/${who}/discount`);
    const stripes = await call('POST', `/v1/customers/${who}`, { promotion_code: promotion });
    refused(stripes, { status: 400, param: 'promotion_code', message: /by the same customer/ });
    assert(!('reason' in stripes.json.error), 'in the words of Stripe only');
    assert.deepEqual((await preview({ code: 'TWO', customer: who })).refusals[0].times_redeemed, 2);
    await cancel(held.id);
    await redeem({ code: 'TWO', customer: who });
    await redeem({ code: 'TWO', customer: (await customer()).id });
    assert.deepEqual(reasons(await preview({ code: 'TWO' })), ['customer_unknown']);
    verified();
});

test('a guest is known by the e-mail address, however it is written', async () => {
    const { coupon, redeem, preview, customer } = account(server);
    await coupon({ id: 'ONE', restrictions: { max_redemptions_per_customer: 1 } });
    await redeem({ coupon: 'ONE', email: 'Jo.Doe+spring@Example.com' });
    for (const email of ['jo.doe@example.com', 'JO.DOE@EXAMPLE.COM', 'jo.doe+2@example.com', 'jo.doe@example.com.', 'jo.doe@example.com..']) {
        assert.deepEqual(reasons(await preview({ coupon: 'ONE', email })), ['customer_limit_reached'], email);
    }
    const { id: who } = await customer({ email: 'jo.doe@example.com' });
    assert.deepEqual(reasons(await preview({ coupon: 'ONE', customer: who })), ['customer_limit_reached']);
    const { id: other } = await customer({ email: 'jill@example.com' });
    await redeem({ coupon: 'ONE', customer: other });
    for (const form of [{ email: 'jill@example.com' }, { customer: other, email: 'new@example.com' }]) {
        assert.deepEqual(reasons(await preview({ coupon: 'ONE', ...form })), ['customer_limit_reached']);
    }
    await redeem({ coupon: 'ONE', email: 'new@example.com' });
    await redeem({ coupon: 'ONE', email: '+one@example.com.' });
    await redeem({ coupon: 'ONE', email: '+two@example.com' });
    assert.deepEqual(reasons(await preview({ coupon: 'ONE', email: '+ONE@example.com' })), ['customer_limit_reached']);
    verified();
});

test('a customer does not get around the limit with another address', async () => {
    const { coupon, redeem, preview, customer } = account(server);
    await coupon({ id: 'ONE', restrictions: { max_redemptions_per_customer: 1 } });
    await redeem({ coupon: 'ONE', email: 'jo@example.com' });
    const { id: who } = await customer({ email: 'Jo@example.com' });
    const shown = await preview({ coupon: 'ONE', customer: who, email: 'other@example.com' });
    assert.deepEqual([reasons(shown), shown.customer_email], [['customer_limit_reached'], 'other@example.com']);
    const { id: nameless } = await customer();
    assert.deepEqual(reasons(await preview({ coupon: 'ONE', customer: nameless, email: 'jo@example.com' })),
        ['customer_limit_reached']);
    verified();
});

test('an address that a customer used elsewhere counts too', async () => {
    const { coupon, customer, preview } = account(server, ACACIA);
    await coupon({ id: 'ONE', restrictions: { max_redemptions_per_customer: 1 } });
    await customer({ email: 'Jo@example.com', coupon: 'ONE' });
    assert.deepEqual(reasons(await preview({ coupon: 'ONE', email: 'jo@example.com' })), ['customer_limit_reached']);
    verified();
});

test('of many redemptions by one customer at once as many succeed as may', async () => {
    const { coupon, refuse, customer } = account(server);
    await coupon({ id: 'THREE', restrictions: { max_redemptions_per_customer: 3 } });
    const { id: who } = await customer({ email: 'jo@example.com' });
    const answers = await Promise.all(Array.from({ length: 64 }, (_, i) =>
        refuse({ coupon: 'THREE', ...(i % 2 ? { customer: who } : { email: 'JO@example.com' }) })));
    assert.equal(answers.filter(({ status }) => status === 200).length, 3);
    verified();
});

test('nothing can be redeemed before it starts, on any surface', async () => {
    const { coupon, post, customer, call, refuse, get, redeem, list } = account(server, ACACIA);
    const time = now();
    await coupon({ id: 'A', starts_at: time + 50, redeem_by: time + 1000 });
    const { id } = await post('/v1/promotion_codes', { coupon: 'A', code: 'X', starts_at: time + 100 });
    assert.equal((await get('/v1/coupons/A')).valid, false);
    assert.equal((await get(`/v1/promotion_codes/${id}`)).active, false);
    assert.deepEqual(await list('/v1/promotion_codes', { active: true }), []);
    refused(await call('POST', '/v1/customers', { coupon: 'A' }), { status: 400, param: 'coupon' });
    refused(await call('POST', '/v1/promotion_codes', { coupon: 'A', code: 'x' }), { status: 400, message: /exists/ });
    const clock = await post('/v1/test_helpers/test_clocks', { frozen_time: time + 49 });
    const { id: who } = await customer({ test_clock: clock.id });
    const move = async (seconds) => {
        await post(`/v1/test_helpers/test_clocks/${clock.id}/advance`, { frozen_time: time + seconds });
        await until(async () => (await get(`/v1/test_helpers/test_clocks/${clock.id}`)).status === 'ready');
    };
    assert.equal((await refuse({ coupon: 'A', customer: who })).json.error.reason, 'coupon_not_started');
    await move(50);
    await redeem({ coupon: 'A', customer: who });
    await move(99);
    assert.equal((await refuse({ code: 'X', customer: who })).json.error.reason, 'code_not_started');
    await move(100);
    await redeem({ code: 'X', customer: who });
    await move(1001);
    assert.equal((await refuse({ coupon: 'A', customer: who })).json.error.reason, 'coupon_expired');
    await coupon({ id: 'NOW', starts_at: now() });
    await redeem({ coupon: 'NOW' });
});

test('a budget is given away to the last cent and comes back', async () => {
    const { coupon, code, redeem, hold, cancel, refuse, preview, get, list } = account(server);
    await coupon({ id: 'A', percent_off: 50, max_amount_off_total: 1000, max_amount_off_total_currency: 'usd' });
    const { id } = await code('A', { code: 'X', max_amount_off_total: 600, max_amount_off_total_currency: 'usd' });
    const usd = (amount) => ({ amount, currency: 'usd' });
    const held = await hold({ code: 'X', ...usd(1000) });
    const no = (await preview({ code: 'X', ...usd(202) })).refusals;
    assert.deepEqual(no.map(({ message: _, ...rest }) => rest), [{
        amount_off_total: 500, currency: 'usd', limit_of: 'promotion_code', max_amount_off_total: 600,
        reason: 'budget_exceeded',
    }], 'the budget that is exceeded');
    const both = (await preview({ code: 'X', ...usd(1002) })).refusals;
    assert.deepEqual(both.map(({ limit_of: of, max_amount_off_total: max }) => [of, max]),
        [['coupon', 1000], ['promotion_code', 600]]);
    await redeem({ code: 'X', ...usd(200) });
    const { active } = await get(`/v1/promotion_codes/${id}`);
    assert.equal(active, false);
    assert.deepEqual(await list('/v1/promotion_codes', { active: true }), []);
    assert.equal((await refuse({ code: 'X', ...usd(2) })).json.error.reason, 'code_budget_spent');
    assert.deepEqual(reasons(await preview({ code: 'X', ...usd(2) })), ['code_budget_spent'], 'once');
    assert.equal((await refuse({ coupon: 'A', ...usd(802) })).json.error.reason, 'budget_exceeded');
    await redeem({ coupon: 'A', ...usd(800) });
    assert.equal((await get('/v1/coupons/A')).valid, false);
    await cancel(held.id);
    assert.equal((await get(`/v1/promotion_codes/${id}`)).active, true);
    await coupon({ id: 'ANY', percent_off: 50 });
    await code('ANY', { code: 'EUR', max_amount_off_total: 600, max_amount_off_total_currency: 'eur' });
    const foreign = (await preview({ code: 'EUR', ...usd(100) })).refusals;
    assert.deepEqual(foreign.map(({ reason, currency }) => [reason, currency]), [['budget_currency_mismatch', 'eur']]);
    await redeem({ code: 'X', ...usd(1000) });
    verified();
});

test('a budget wants to know the amount and its currency', async () => {
    const { coupon, call, refuse, preview } = account(server, ACACIA);
    await coupon({ id: 'A', max_amount_off_total: 1000, max_amount_off_total_currency: 'usd' });
    assert.equal((await refuse({ coupon: 'A' })).json.error.reason, 'amount_unknown');
    assert.deepEqual(reasons(await preview({ coupon: 'A', amount: 10, currency: 'eur' })), ['budget_currency_mismatch']);
    refused(await call('POST', '/v1/customers', { coupon: 'A' }), { status: 400, param: 'coupon', message: /not known/ });
    await coupon({ id: 'OFF', percent_off: undefined, amount_off: 5, currency: 'usd', max_amount_off_total: 50 });
    assert.deepEqual(reasons(await preview({ coupon: 'OFF', amount: 10, currency: 'eur' })),
        ['currency_mismatch', 'budget_currency_mismatch'], 'not that the amount is not known');
    assert.equal((await refuse({ coupon: 'OFF', amount: 10, currency: 'eur' })).json.error.reason, 'currency_mismatch');
});

test('the limits of coupon and code are told apart', async () => {
    const { coupon, code, customer, redeem, preview } = account(server);
    const limit = (max) => ({ restrictions: { max_redemptions_per_customer: max } });
    await coupon({ id: 'A', ...limit(2) });
    await code('A', { code: 'X', ...limit(1) });
    const { id: who } = await customer();
    const of = async (form) => (await preview({ code: 'X', ...form })).refusals
        .map(({ limit_of: owner, max_redemptions_per_customer: max, reason, times_redeemed: times }) =>
            [reason, owner, max, times]);
    assert.deepEqual(await of({}),
        [['customer_unknown', 'coupon', 2, undefined], ['customer_unknown', 'promotion_code', 1, undefined]]);
    await redeem({ code: 'X', customer: who });
    assert.deepEqual(await of({ customer: who }), [['customer_limit_reached', 'promotion_code', 1, 1]]);
    await redeem({ coupon: 'A', customer: who });
    assert.deepEqual(await of({ customer: who }),
        [['customer_limit_reached', 'coupon', 2, 2], ['customer_limit_reached', 'promotion_code', 1, 1]]);
});

test('what nobody can redeem any more is said plainly', async () => {
    const { coupon, code, redeem, preview, call, key } = account(server);
    const say = async (form) => (await preview({ amount: 100, currency: 'usd', ...form })).refusals.map(({ message }) => message);
    const budget = { max_amount_off_total: 5, max_amount_off_total_currency: 'usd' };
    await coupon({ id: 'FULL', percent_off: 5 });
    await code('FULL', { code: 'USED', max_redemptions: 1 });
    await code('FULL', { code: 'SPENT', ...budget });
    await coupon({ id: 'SPENT', percent_off: 5, ...budget });
    for (const form of [{ code: 'USED' }, { code: 'SPENT' }, { coupon: 'SPENT' }]) {
        await redeem({ amount: 100, currency: 'usd', ...form });
    }
    await code('FULL', { code: 'LEFT' });
    await call('DELETE', '/v1/coupons/FULL');
    assert.deepEqual(await say({ code: 'LEFT' }), ['This coupon was deleted.']);
    assert.deepEqual(await say({ code: 'USED' }),
        ['This coupon was deleted.', 'This promotion code was redeemed as often as it can be.']);
    assert.deepEqual(await say({ code: 'SPENT' }),
        ['This coupon was deleted.', 'This promotion code has taken off all that it may.']);
    assert.deepEqual(await say({ coupon: 'SPENT' }), ['This coupon has taken off all that it may.']);
    refused(await call('POST', '/v1/redemptions', { code: 'USED' }),
        { status: 400, code: 'coupon_expired', param: 'code', message: 'This coupon was deleted.' });
    refused(await call('POST', '/v1/customers', { coupon: 'SPENT' }, { key, version: '2024-06-20' }),
        { status: 400, code: 'coupon_expired', message: 'Coupon expired: SPENT' });
});

test('a window goes with the policy that it belongs to, and a code without a policy has that of its coupon', async () => {
    const { coupon, code, post, call, redeem, cancel } = account(server);
    const anytime = { release_policy: 'anytime', release_window: 60 };
    await coupon({ id: 'A', ...anytime });
    const { id } = await code('A', { code: 'X', ...anytime });
    for (const path of ['/v1/coupons/A', `/v1/promotion_codes/${id}`]) {
        const strict = await post(path, { release_policy: 'held_only' });
        assert.deepEqual([strict.release_policy, 'release_window' in strict], ['held_only', false]);
        refused(await call('POST', path, { release_window: 5 }), { status: 400, param: 'release_window' });
        assert.equal((await post(path, anytime)).release_window, 60);
        assert.equal((await post(path, { release_window: 30 })).release_window, 30);
    }
    await post(`/v1/promotion_codes/${id}`, { release_policy: 'none' });
    refused(await call('POST', `/v1/redemptions/${(await redeem({ code: 'X' })).id}/cancel`), { status: 400 });
    assert(!('release_policy' in await post(`/v1/promotion_codes/${id}`, { release_policy: '' })));
    await cancel((await redeem({ code: 'X' })).id);
});

test('a budget is exact when many want it at once', async () => {
    const { coupon, refuse, get } = account(server);
    await coupon({ id: 'A', percent_off: 10, max_amount_off_total: 1000, max_amount_off_total_currency: 'usd' });
    const answers = await Promise.all(Array.from({ length: 64 }, () =>
        refuse({ coupon: 'A', amount: 700, currency: 'usd' })));
    assert.equal(answers.filter(({ status }) => status === 200).length, 14);
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 14);
    verified();
});

// ---- codes that a customer could use ----

test('the codes that a customer could use come best first', async () => {
    const { coupon, code, customer, get, list, redeem } = account(server);
    await coupon({ id: 'TEN', percent_off: 10 });
    await coupon({ id: 'HALF', percent_off: 50 });
    await coupon({ id: 'EURO', percent_off: undefined, amount_off: 100, currency: 'eur' });
    const { id: who } = await customer({ email: 'jo@example.com' });
    const { id: other } = await customer();
    const made = {
        half: await code('HALF', { code: 'HALF' }),
        open: await code('TEN', { code: 'OPEN' }),
        own: await code('TEN', { code: 'OWN', customer: who }),
        once: await code('HALF', { code: 'ONCE', restrictions: { max_redemptions_per_customer: 1 } }),
        newer: await code('TEN', { code: 'NEWER' }),
    };
    await code('HALF', { code: 'OTHERS', customer: other });
    await code('EURO', { code: 'EURO' });
    await code('HALF', { code: 'OFF', active: false });
    await code('HALF', { code: 'MIN', restrictions: { minimum_amount: 5001, minimum_amount_currency: 'usd' } });
    await redeem({ code: 'ONCE', customer: who });
    const path = `/v1/customers/${who}/applicable_promotion_codes`;
    const names = (data) => data.map(({ promotion_code: id }) =>
        Object.keys(made).find((name) => made[name].id === (id.id ?? id)));
    const page = await get(path, { amount: 5000, currency: 'usd' });
    assert.deepEqual(names(page.data), ['half', 'own', 'newer', 'open']);
    assert.deepEqual(page.data[0], {
        object: 'applicable_promotion_code', amount_discount: 2500, amount_total: 2500, promotion_code: made.half.id,
    });
    assert.deepEqual([page.has_more, page.url], [false, path]);
    const lines = { currency: 'usd', line_items: [{ amount: 1000, product: 'p', quantity: 2 }, { amount: 500 }] };
    const few = await get(path, { ...lines, limit: 1, expand: ['data.promotion_code'] });
    assert.deepEqual([few.has_more, few.data.length, few.data[0].amount_discount], [true, 1, 750]);
    assert.equal(few.data[0].promotion_code.code, 'HALF');
    const unknown = (await get(path)).data;
    assert.equal(unknown[0].amount_discount, null);
    assert.deepEqual(names(unknown).slice(0, 1), ['own'], 'without an amount the own ones come first');
    assert.deepEqual(await list('/v1/redemption_attempts'), [], 'asking is no attempt');
});

test('a customer who is not there has no codes', async () => {
    const { call } = account(server);
    refused(await call('GET', '/v1/customers/cus_x/applicable_promotion_codes'),
        { status: 404, code: 'resource_missing', param: 'customer' });
    refused(await call('GET', '/v1/customers/cus_x/applicable_promotion_codes', { limit: 101 }),
        { status: 400, param: 'limit' });
});

test('of very many codes the newest 1,000 are looked at', async () => {
    const { coupon, customer, get, code } = account(server);
    await coupon({ id: 'A', percent_off: 10 });
    await coupon({ id: 'B', percent_off: 90 });
    const { id: who } = await customer();
    const own = await code('A', { code: 'OWN', customer: who });
    await code('B', { code: 'OLD' });
    for (let i = 0; i < 998; i += 2) await Promise.all([code('A'), code('A')]);
    const path = `/v1/customers/${who}/applicable_promotion_codes`;
    const best = async () => (await get(path, { amount: 100, currency: 'usd', limit: 100 })).data;
    assert.equal((await best())[0].amount_discount, 90);
    await code('A');
    assert.equal((await best())[0].amount_discount, 90);
    await code('A');
    const data = await best();
    assert.deepEqual([data.length, data[0].amount_discount, data[0].promotion_code], [100, 10, own.id]);
});

test('of the own codes the newest 200 are looked at', async () => {
    const { coupon, customer, get, code } = account(server);
    await coupon({ id: 'A', percent_off: 10 });
    await coupon({ id: 'B', percent_off: 90 });
    const { id: who } = await customer();
    await code('B', { code: 'OLD', customer: who });
    for (let i = 0; i < 198; i++) await code('A', { customer: who });
    const path = `/v1/customers/${who}/applicable_promotion_codes`;
    const best = async () => (await get(path, { amount: 100, currency: 'usd', limit: 1 })).data[0].amount_discount;
    assert.equal(await best(), 90);
    await code('A', { customer: who });
    assert.equal(await best(), 90);
    await code('A', { customer: who });
    assert.equal(await best(), 10);
});

test('amounts go up to 99999999, quantities from 1', async () => {
    const { coupon, preview, call, customer, get } = account(server);
    await coupon({ id: 'A' });
    const { id: who } = await customer();
    const bad = async (form, param) =>
        refused(await call('POST', '/v1/redemptions/preview', { coupon: 'A', currency: 'usd', ...form }), { status: 400, param });
    for (const amount of [0, 1, 99999998, 99999999]) {
        assert.equal((await preview({ coupon: 'A', currency: 'usd', amount })).amount, amount);
        const { amount: sum } = await preview({ coupon: 'A', currency: 'usd', line_items: [{ amount }, { amount }] });
        assert.equal(sum, 2 * amount);
    }
    for (const amount of [-1, 100000000, 1.5]) {
        await bad({ amount }, 'amount');
        await bad({ line_items: [{ amount }] }, 'line_items[0][amount]');
    }
    await bad({ line_items: [{ amount: 1, quantity: 0 }] }, 'line_items[0][quantity]');
    await bad({ line_items: Array.from({ length: 101 }, () => ({ amount: 1 })) }, 'line_items');
    assert.equal((await preview({
        coupon: 'A', currency: 'usd', line_items: Array.from({ length: 100 }, () => ({ amount: 4 })),
    })).amount_discount, 100);
    for (const limit of [1, 99, 100]) await get(`/v1/customers/${who}/applicable_promotion_codes`, { limit });
    refused(await call('GET', `/v1/customers/${who}/applicable_promotion_codes`, { limit: 0 }), { status: 400, param: 'limit' });
});
