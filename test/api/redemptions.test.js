// Redeeming by calls of its own: at once, held, captured, given back, expired; and the list of every use.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { account, until } from '../lib/account.js';
import { refused, rejects } from '../lib/assert.js';
import { raw, stripe } from '../lib/client.js';
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

test('a code is redeemed by what the customer typed, and both counters move', async () => {
    const { coupon, code, redeem, get } = account(server);
    await coupon({ id: 'A' });
    const { id } = await code('A', { code: 'Save25' });
    const redemption = await redeem({ code: 'save25', amount: 1999, currency: 'usd' });
    assert.match(redemption.id, /^rdm_\w{24}$/);
    assert.deepEqual(redemption, {
        id: redemption.id,
        object: 'redemption',
        amount: 1999,
        amount_discount: 500,
        amount_total: 1499,
        client_reference_id: null,
        coupon: 'A',
        created: redemption.created,
        currency: 'usd',
        customer: null,
        customer_email: null,
        discount: null,
        hold_expires_at: null,
        line_items: [],
        livemode: false,
        metadata: {},
        promotion_code: id,
        source: 'api',
        status: 'redeemed',
        status_transitions: { canceled_at: null, expired_at: null, redeemed_at: redemption.created },
    });
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 1);
    assert.equal((await get(`/v1/promotion_codes/${id}`)).times_redeemed, 1);
    assert.deepEqual(await get(`/v1/redemptions/${redemption.id}`), redemption);
    verified();
});

test('ids of redemptions and of their events grow in the order in which they are listed', async () => {
    const { coupon, redeem, get } = account(server);
    await coupon({ id: 'A' });
    await Promise.all(Array.from({ length: 40 }, () => redeem({ coupon: 'A' })));
    for (const path of ['/v1/redemptions', '/v1/events']) {
        const ids = (await get(`${path}?limit=100`)).data.map(({ id }) => id);
        assert.ok(ids.length >= 40);
        assert.deepEqual(ids, [...ids].sort().reverse());
        assert.equal(new Set(ids.map((id) => id.slice(-12))).size, ids.length); // what cannot be guessed
    }
});

test('blanks around what the customer typed do not matter', async () => {
    const { coupon, code, redeem, preview } = account(server);
    await coupon({ id: 'A' });
    const { id } = await code('A', { code: 'Save25' });
    for (const typed of [' save25', 'SAVE25\t', '\r\n save25 \n']) {
        assert.equal((await preview({ code: typed })).promotion_code, id);
        assert.equal((await redeem({ code: typed })).promotion_code, id);
    }
    for (const typed of [' ', 'save 25'])
        assert.deepEqual((await preview({ code: typed })).refusals.map(({ reason }) => reason), ['code_unknown']);
});

test('a code is redeemed by its id, a coupon by its own', async () => {
    const { coupon, code, redeem, customer } = account(server);
    await coupon({ id: 'A' });
    const { id } = await code('A');
    const { id: who } = await customer({ email: 'jo@example.com' });
    const coded = await redeem({ promotion_code: id, customer: who, metadata: { order: '7' } });
    assert.deepEqual([coded.coupon, coded.promotion_code, coded.customer], ['A', id, who]);
    assert.deepEqual([coded.amount, coded.amount_discount, coded.metadata.order], [null, null, '7']);
    const direct = await redeem({ coupon: 'A', email: 'guest@example.com' });
    assert.deepEqual([direct.coupon, direct.promotion_code], ['A', null]);
    assert.equal(direct.customer_email, 'guest@example.com');
});

test('the discount is worked out line by line, as on invoices', async () => {
    const { coupon, redeem, post } = account(server);
    await post('/v1/products', { id: 'shirt', name: 'Shirt' });
    await coupon({ id: 'PERCENT', percent_off: 12.5 });
    await coupon({ id: 'AMOUNT', percent_off: undefined, amount_off: 500, currency: 'usd' });
    await coupon({ id: 'SHIRTS', applies_to: { products: ['shirt'] } });
    const lines = [{ amount: 1000, product: 'shirt', quantity: 2 }, { amount: 2000, product: 'mug' }];
    const of = async (name, line_items = lines) => {
        const { line_items: shown, ...rest } = await redeem({ coupon: name, currency: 'usd', line_items });
        return [shown.map((line) => line.amount_discount), rest.amount_discount, rest.amount_total];
    };
    assert.deepEqual(await of('PERCENT', [{ amount: 999 }]), [[125], 125, 874]);
    assert.deepEqual(await of('AMOUNT'), [[166, 334], 500, 2500]);
    assert.deepEqual(await of('SHIRTS'), [[250, 0], 250, 2750]);
    const { line_items: shown } = await redeem({ coupon: 'SHIRTS', currency: 'usd', line_items: lines });
    assert.deepEqual(shown[0], {
        amount: 1000, amount_discount: 250, amount_total: 750, product: 'shirt', quantity: 2,
    });
    assert.equal(shown[1].quantity, 1);
});

test('what was redeemed can be expanded', async () => {
    const { coupon, code, customer, redeem, get, hold, capture, cancel } = account(server);
    await coupon({ id: 'A' });
    await code('A', { code: 'X' });
    const { id: who } = await customer();
    const expand = ['coupon', 'promotion_code', 'customer', 'discount'];
    const { id } = await redeem({ code: 'X', customer: who, expand });
    const shown = await get(`/v1/redemptions/${id}`, { expand });
    assert.deepEqual([shown.coupon.object, shown.promotion_code.code, shown.customer.id], ['coupon', 'X', who]);
    const { data } = await get('/v1/redemptions', { expand: ['data.promotion_code'] });
    assert.equal(data[0].promotion_code.code, 'X');
    const first = await hold({ code: 'X' }), second = await hold({ code: 'X' });
    assert.equal((await capture(first.id, { expand: ['coupon'] })).coupon.times_redeemed, 3);
    assert.equal((await cancel(second.id, { expand: ['coupon'] })).coupon.times_redeemed, 2);
});

test('parameters that contradict each other are refused and nothing is counted', async () => {
    const { coupon, code, refuse, get, customer } = account(server);
    await coupon({ id: 'A' });
    await code('A', { code: 'X' });
    const { id } = await customer();
    const bad = async (form, expected) => refused(await refuse(form), { status: 400, ...expected });
    await bad({}, { code: 'parameter_missing', message: /code, coupon, promotion_code/ });
    await bad({ code: 'X', coupon: 'A' }, { param: 'coupon' });
    await bad({ coupon: 'B' }, { code: 'resource_missing', param: 'coupon' });
    await bad({ promotion_code: 'promo_x' }, { code: 'resource_missing', param: 'promotion_code' });
    await bad({ coupon: 'A', customer: 'cus_x' }, { code: 'resource_missing', param: 'customer' });
    await bad({ coupon: 'A', amount: 5 }, { code: 'parameter_missing', param: 'currency' });
    await bad({ coupon: 'A', amount: 5, currency: 'usd', line_items: [{ amount: 5 }] }, { param: 'amount' });
    await bad({ coupon: 'A', currency: 'usd', line_items: [{ product: 'x' }] },
        { code: 'parameter_missing', param: 'line_items[0][amount]' });
    await bad({ coupon: 'A', hold_expires_at: now() + 60 }, { param: 'hold_expires_at' });
    await bad({ coupon: 'A', client_reference_id_unique: true },
        { code: 'parameter_missing', param: 'client_reference_id' });
    await bad({ coupon: 'A', email: 'nobody' }, { code: 'email_invalid', param: 'email' });
    for (const blank of [' ', '\t', '\n', '\r\n', '\u00a0', '\u200b', '\u2028', '\u3000', '\ufeff', '\u00ad', '\u0085']) {
        for (const email of [`jo@x.com${blank}`, `${blank}jo@x.com`, `jo@x${blank}.com`]) {
            await bad({ coupon: 'A', email }, { code: 'email_invalid', param: 'email' });
        }
    }
    await bad({ coupon: 'A', customer: id, discount: 'di_1' }, { code: 'parameter_unknown', param: 'discount' });
    await bad({ coupon: 'A', amount: -1, currency: 'usd' }, { param: 'amount' });
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 0);
    assert.deepEqual((await get('/v1/redemption_attempts')).data, [], 'a mistake is no attempt');
});

test('a reference has up to 200 characters', async () => {
    const { coupon, redeem, refuse } = account(server);
    await coupon({ id: 'A' });
    await redeem({ coupon: 'A', client_reference_id: 'r'.repeat(199) });
    await redeem({ coupon: 'A', client_reference_id: 'r'.repeat(200) });
    refused(await refuse({ coupon: 'A', client_reference_id: 'r'.repeat(201) }),
        { status: 400, param: 'client_reference_id' });
});

test('with client_reference_id_unique a code is redeemed once for an order', async () => {
    const { coupon, code, redeem, refuse, cancel, hold } = account(server);
    await coupon({ id: 'A' });
    await code('A', { code: 'X' });
    await code('A', { code: 'Y' });
    const order = { client_reference_id: 'order-1', client_reference_id_unique: true };
    const { id } = await hold({ code: 'X', ...order });
    const answer = await refuse({ code: 'X', ...order });
    refused(answer, { status: 400, message: /same client_reference_id/, param: 'code' });
    assert.equal(answer.json.error.reason, 'client_reference_id_used');
    await redeem({ code: 'Y', ...order });
    await redeem({ code: 'X', client_reference_id: 'order-1' }); // did not ask
    refused(await refuse({ code: 'X', ...order }), { status: 400 });
    await cancel(id);
    refused(await refuse({ code: 'X', ...order }), { status: 400 }); // the one that did not ask still has it
    await redeem({ coupon: 'A', ...order });
});

test('a reference is free again when its use was given back', async () => {
    const { coupon, redeem, cancel, hold } = account(server);
    await coupon({ id: 'A' });
    const order = { coupon: 'A', client_reference_id: 'order-1', client_reference_id_unique: true };
    await cancel((await hold(order)).id);
    assert.equal((await redeem(order)).client_reference_id, 'order-1');
    verified();
});

test('a hold counts, and is captured', async () => {
    const { coupon, code, hold, refuse, capture, get, call } = account(server);
    await coupon({ id: 'A', max_redemptions: 1 });
    const { id: promotion } = await code('A', { code: 'ONE' });
    const held = await hold({ code: 'ONE' });
    assert.equal(held.status, 'held');
    assert(Math.abs(held.hold_expires_at - held.created - 1800) <= 1, 'for half an hour');
    assert.equal((await get(`/v1/promotion_codes/${promotion}`)).active, false);
    refused(await refuse({ code: 'ONE' }), { status: 400, code: 'coupon_expired' });
    const redemption = await capture(held.id);
    assert.deepEqual([redemption.status, redemption.hold_expires_at], ['redeemed', held.hold_expires_at]);
    assert(redemption.status_transitions.redeemed_at >= held.created);
    refused(await call('POST', `/v1/redemptions/${held.id}/capture`), {
        status: 400, code: 'redemption_unexpected_state',
        message: 'You cannot capture this redemption because its status is `redeemed`.',
    });
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 1);
});

test('a hold that is cancelled gives its use back', async () => {
    const { coupon, code, hold, cancel, redeem, get, call } = account(server);
    await coupon({ id: 'A', max_redemptions: 1 });
    const { id: promotion } = await code('A', { code: 'ONE', max_redemptions: 1 });
    const { id } = await hold({ code: 'ONE' });
    const canceled = await cancel(id);
    assert.equal(canceled.status, 'canceled');
    assert(canceled.status_transitions.canceled_at);
    const { active, times_redeemed: times } = await get(`/v1/promotion_codes/${promotion}`);
    assert.deepEqual([active, times], [true, 0]);
    for (const what of ['cancel', 'capture']) {
        refused(await call('POST', `/v1/redemptions/${id}/${what}`), {
            status: 400, code: 'redemption_unexpected_state',
            message: `You cannot ${what} this redemption because its status is \`canceled\`.`,
        });
    }
    await redeem({ code: 'ONE' });
    verified();
});

test('a hold lasts from one second to seven days', async () => {
    const { coupon, hold, call } = account(server);
    await coupon({ id: 'A' });
    const week = 7 * 86400;
    for (const seconds of [week - 10, week]) await hold({ coupon: 'A', hold_expires_at: now() + seconds });
    for (const seconds of [-1, 0, week + 10]) {
        refused(await call('POST', '/v1/redemptions',
            { coupon: 'A', capture_method: 'manual', hold_expires_at: now() + seconds }),
        { status: 400, param: 'hold_expires_at' });
    }
});

test('a hold is exactly within its limits by a clock that stands still', async () => {
    const { coupon, customer, hold, call, post, redeem } = account(server);
    const time = now();
    const clock = await post('/v1/test_helpers/test_clocks', { frozen_time: time });
    const { id: who } = await customer({ test_clock: clock.id });
    await coupon({ id: 'A' });
    assert.equal((await redeem({ coupon: 'A', customer: who })).created, time);
    assert.equal((await hold({ coupon: 'A', customer: who })).hold_expires_at, time + 1800);
    const week = 7 * 86400;
    for (const seconds of [1, week - 1, week]) {
        const held = await hold({ coupon: 'A', customer: who, hold_expires_at: time + seconds });
        assert.equal(held.hold_expires_at, time + seconds);
    }
    for (const seconds of [0, week + 1]) {
        refused(await call('POST', '/v1/redemptions', {
            coupon: 'A', customer: who, capture_method: 'manual', hold_expires_at: time + seconds,
        }), { status: 400, param: 'hold_expires_at' });
    }
});

test('a hold expires by itself and gives its use back', async () => {
    const { coupon, code, hold, get, redeem, call } = account(server);
    await coupon({ id: 'A' });
    await code('A', { code: 'ONE', max_redemptions: 1 });
    const { id } = await hold({ code: 'ONE', hold_expires_at: now() + 1 });
    const expired = await until(async () => {
        const redemption = await get(`/v1/redemptions/${id}`);
        return redemption.status === 'expired' && redemption;
    });
    assert.equal(expired.status_transitions.expired_at, expired.hold_expires_at);
    refused(await call('POST', `/v1/redemptions/${id}/capture`), {
        status: 400, code: 'redemption_unexpected_state',
        message: 'You cannot capture this redemption because its status is `expired`.',
    });
    await redeem({ code: 'ONE' });
    verified();
});

test('the hold of a customer with a test clock expires by the clock', async () => {
    const { coupon, customer, hold, get, post, cancel, call } = account(server);
    const time = now();
    const clock = await post('/v1/test_helpers/test_clocks', { frozen_time: time });
    const { id: who } = await customer({ test_clock: clock.id });
    await coupon({ id: 'A', max_redemptions: 2 });
    const { id } = await hold({ coupon: 'A', customer: who });
    const canceled = await cancel((await hold({ coupon: 'A', customer: who })).id);
    assert.equal(canceled.status_transitions.canceled_at, time);
    await post(`/v1/test_helpers/test_clocks/${clock.id}/advance`, { frozen_time: time + 3600 });
    const expired = await until(async () => {
        const redemption = await get(`/v1/redemptions/${id}`);
        return redemption.status === 'expired' && redemption;
    });
    assert.equal(expired.status_transitions.expired_at, time + 1800);
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 0);
    refused(await call('POST', `/v1/redemptions/${id}/cancel`), { status: 400, message: /`expired`/ });
});

test('a hold does not outlive the clock that it goes by', async () => {
    const { coupon, customer, hold, get, post, call } = account(server);
    const clock = await post('/v1/test_helpers/test_clocks', { frozen_time: now() + 9000 });
    const { id: who } = await customer({ test_clock: clock.id });
    await coupon({ id: 'A', max_redemptions: 1 });
    const { id } = await hold({ coupon: 'A', customer: who });
    assert.equal((await call('DELETE', `/v1/test_helpers/test_clocks/${clock.id}`)).status, 200);
    await until(async () => (await get(`/v1/redemptions/${id}`)).status === 'expired');
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 0);
    verified();
});

test('what is redeemed comes back only where the code allows it', async () => {
    const { coupon, code, redeem, hold, cancel, call, post, get } = account(server);
    await coupon({ id: 'A' });
    await coupon({ id: 'FREE', release_policy: 'anytime' });
    await code('A', { code: 'ANY', release_policy: 'anytime' });
    await code('A', { code: 'NONE', release_policy: 'none' });
    await code('FREE', { code: 'INHERITS' });
    const { id: strict } = await code('FREE', { code: 'STRICT', release_policy: 'held_only' });
    const no = async (id, policy) => refused(await call('POST', `/v1/redemptions/${id}/cancel`), {
        status: 400, code: 'redemption_not_releasable',
        message: `You cannot cancel this redemption because the release_policy is \`${policy}\`.`,
    });
    await no((await redeem({ coupon: 'A' })).id, 'held_only');
    await no((await redeem({ code: 'NONE' })).id, 'none');
    await no((await hold({ code: 'NONE' })).id, 'none');
    await no((await redeem({ code: 'STRICT' })).id, 'held_only');
    for (const name of ['ANY', 'INHERITS']) {
        const { status, status_transitions: times } = await cancel((await redeem({ code: name })).id);
        assert.equal(status, 'canceled');
        assert(times.redeemed_at && times.canceled_at);
    }
    const late = await redeem({ code: 'STRICT' });
    const changed = await post(`/v1/promotion_codes/${strict}`, { release_policy: 'anytime', release_window: 3600 });
    assert.deepEqual([changed.release_policy, changed.release_window], ['anytime', 3600]);
    await cancel(late.id);
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 3);
    await post('/v1/coupons/FREE', { release_policy: 'none' });
    await no((await redeem({ code: 'INHERITS' })).id, 'none');
    verified();
});

test('what is redeemed comes back within the release window', async () => {
    const { coupon, redeem, cancel, call, customer, post, get } = account(server);
    const time = now();
    const clock = await post('/v1/test_helpers/test_clocks', { frozen_time: time });
    const { id: who } = await customer({ test_clock: clock.id });
    await coupon({ id: 'A', release_policy: 'anytime', release_window: 60 });
    const advance = async (seconds) => {
        await post(`/v1/test_helpers/test_clocks/${clock.id}/advance`, { frozen_time: time + seconds });
        await until(async () => (await get(`/v1/test_helpers/test_clocks/${clock.id}`)).status === 'ready');
    };
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push((await redeem({ coupon: 'A', customer: who })).id);
    await advance(59);
    await cancel(ids[0]);
    await advance(60);
    await cancel(ids[1]);
    await advance(61);
    refused(await call('POST', `/v1/redemptions/${ids[2]}/cancel`), {
        status: 400, code: 'redemption_not_releasable',
        message: 'You cannot cancel this redemption because its release_window of 60 seconds is over.',
    });
    const open = await post('/v1/coupons/A', { release_window: null });
    assert(!('release_window' in open));
    await cancel(ids[2]);
});

test('redemptions survive what becomes of coupon, code and customer', async () => {
    const { coupon, code, customer, hold, capture, cancel, call, get } = account(server);
    await coupon({ id: 'A' });
    const { id: promotion } = await code('A', { code: 'X' });
    const { id: who } = await customer();
    const first = await hold({ code: 'X', customer: who }), second = await hold({ code: 'X', customer: who });
    await call('POST', `/v1/promotion_codes/${promotion}`, { active: false });
    await call('DELETE', `/v1/customers/${who}`);
    await call('DELETE', '/v1/coupons/A');
    assert.equal((await capture(first.id)).status, 'redeemed');
    assert.equal((await cancel(second.id)).status, 'canceled');
    const shown = await get(`/v1/redemptions/${first.id}`, { expand: ['coupon', 'customer'] });
    assert.deepEqual([shown.coupon.times_redeemed, shown.coupon.valid, shown.customer.deleted], [1, false, true]);
    verified();
});

test('an unknown redemption is not found', async () => {
    const { call } = account(server);
    for (const [method, path] of [['GET', ''], ['POST', '/capture'], ['POST', '/cancel']]) {
        refused(await call(method, `/v1/redemptions/rdm_x${path}`), {
            status: 404, code: 'resource_missing', param: 'redemption', message: "No such redemption: 'rdm_x'",
        });
    }
});

test('the list has the uses of every surface', async () => {
    const old = account(server, ACACIA);
    await old.coupon({ id: 'A' });
    const { id: promotion } = await old.post('/v1/promotion_codes', { coupon: 'A', code: 'X' });
    const direct = await old.customer({ coupon: 'A' });
    const coded = await old.customer({ promotion_code: promotion });
    const api = await old.redeem({ code: 'X' });
    const all = await old.list('/v1/redemptions');
    assert.deepEqual(all.map(({ source }) => source), ['api', 'customer', 'customer']);
    assert.equal(all[0].id, api.id);
    assert.deepEqual(all.slice(1).map(({ customer }) => customer), [coded.id, direct.id]);
    assert.deepEqual(all.slice(1).map(({ discount }) => discount), [coded.discount.id, direct.discount.id]);
    assert.deepEqual(all.map(({ promotion_code: id }) => id), [promotion, promotion, null]);
    const [shown] = await old.list('/v1/redemptions', { customer: direct.id, expand: ['data.discount'] });
    assert.equal(shown.discount.id, direct.discount.id);
    refused(await old.call('POST', `/v1/redemptions/${all[1].id}/cancel`), {
        status: 400, code: 'redemption_not_releasable', message: /was not made by the redemptions API/,
    });
    assert.equal((await old.events('redemption.*')).length, 1, 'other surfaces have their own events');
});

test('the list is filtered by coupon, code, customer, status, reference and time', async () => {
    const { coupon, code, customer, redeem, hold, cancel, list, call } = account(server);
    await coupon({ id: 'A' });
    await coupon({ id: 'B' });
    const { id: promotion } = await code('A', { code: 'X' });
    const { id: who } = await customer();
    const made = [
        await redeem({ coupon: 'A', client_reference_id: 'r1' }),
        await redeem({ coupon: 'B', customer: who, client_reference_id: 'r2' }),
        await redeem({ code: 'X', client_reference_id: 'r2' }),
        await hold({ code: 'X', customer: who }),
        await cancel((await hold({ coupon: 'B' })).id),
    ];
    const places = async (filter) =>
        (await list('/v1/redemptions', filter)).map(({ id }) => made.findIndex((each) => each.id === id));
    assert.deepEqual(await places({}), [4, 3, 2, 1, 0]);
    assert.deepEqual(await places({ coupon: 'A' }), [3, 2, 0]);
    assert.deepEqual(await places({ promotion_code: promotion }), [3, 2]);
    assert.deepEqual(await places({ customer: who }), [3, 1]);
    assert.deepEqual(await places({ status: 'held' }), [3]);
    assert.deepEqual(await places({ status: 'canceled' }), [4]);
    assert.deepEqual(await places({ client_reference_id: 'r2' }), [2, 1]);
    assert.deepEqual(await places({ coupon: 'B', customer: who, status: 'redeemed' }), [1]);
    assert.deepEqual(await places({ created: { gte: made[0].created, lte: made[4].created } }), [4, 3, 2, 1, 0]);
    assert.deepEqual(await places({ created: { lt: made[0].created } }), []);
    assert.deepEqual(await places({ created: made[0].created - 1 }), []);
    assert.deepEqual(await places({ created: { gt: made[4].created + 1 } }), []);
    assert.deepEqual(await places({ limit: 2, starting_after: made[3].id }), [2, 1]);
    assert.deepEqual(await places({ limit: 2, ending_before: made[0].id }), [2, 1]);
    refused(await call('GET', '/v1/redemptions', { status: 'gone' }), { status: 400, param: 'status' });
    refused(await call('GET', '/v1/redemptions', { coupon: 'C' }), { status: 400, code: 'resource_missing' });
});

// A line of CSV → its fields; nothing here has a line break in quotes.
function fields(line) {
    return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, field]) =>
        field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field).slice(0, 18);
}

test('a purchase may come to more than one amount can be', async () => {
    const { coupon, redeem, events, get } = account(server);
    await coupon({ id: 'A' });
    const line = { amount: 99_999_999 };
    const { id, amount } = await redeem({ coupon: 'A', currency: 'usd', line_items: [line, line] });
    assert.equal(amount, 199_999_998);
    assert.equal((await events('redemption.created'))[0].data.object.amount, amount);
    assert.equal((await get(`/v1/redemptions/${id}`)).amount, amount);
});

test('redemptions of a deleted coupon or customer are still listed', async () => {
    const { coupon, code, customer, redeem, call, list } = account(server);
    await coupon({ id: 'GONE' });
    const { id: promotion_code } = await code('GONE');
    const { id: who } = await customer({ email: 'jo@example.com' });
    const { id } = await redeem({ promotion_code, customer: who });
    for (const path of ['/v1/coupons/GONE', `/v1/customers/${who}`]) assert.equal((await call('DELETE', path)).status, 200);
    for (const filter of [{ coupon: 'GONE' }, { customer: who }, { promotion_code }, { coupon: 'GONE', status: 'redeemed' }]) {
        assert.deepEqual((await list('/v1/redemptions', filter)).map((each) => each.id), [id]);
        const csv = await call('GET', '/v1/redemptions.csv', filter);
        assert.equal(csv.text.trim().split('\n').length, 2);
    }
    for (const param of ['coupon', 'customer', 'promotion_code']) {
        refused(await call('GET', '/v1/redemptions', { [param]: 'none' }), { status: 400, code: 'resource_missing', param });
    }
    await coupon({ id: 'GONE' });
    assert.deepEqual(await list('/v1/redemptions', { coupon: 'GONE' }), [], 'of the one that has the id now');
});

test('the list can be had as CSV, with the same filters', async () => {
    const { coupon, code, customer, redeem, hold, key, call } = account(server);
    await coupon({ id: 'A' });
    await coupon({ id: '-1-2' });
    const { id: promotion } = await code('A', { code: 'Save' });
    const { id: who } = await customer();
    const first = await redeem({
        code: 'SAVE', amount: 1000, currency: 'usd', client_reference_id: '=1+"2",x', email: 'jo@example.com',
    });
    const second = await hold({ coupon: '-1-2', customer: who });
    const csv = async (filter) => {
        const { status, text, headers } = await raw(server, { path: '/v1/redemptions.csv', form: filter, key });
        assert.equal(status, 200, text);
        assert.equal(headers.get('content-type'), 'text/csv; charset=utf-8');
        const [names, ...lines] = text.trimEnd().split('\n');
        return lines.map((line) => {
            const values = fields(line);
            return Object.fromEntries(names.split(',').map((name, i) => [name, values[i]]));
        });
    };
    const all = await csv();
    assert.deepEqual(all.map(({ id }) => id), [second.id, first.id]);
    assert.equal(all[0].coupon, "'-1-2");
    assert.deepEqual(all[1], {
        id: first.id, created: String(first.created), status: 'redeemed', source: 'api', coupon: 'A',
        promotion_code: promotion, code: 'Save', customer: '', customer_email: 'jo@example.com', currency: 'usd',
        amount: '1000', amount_discount: '250', amount_total: '750', client_reference_id: '\'=1+"2",x',
        hold_expires_at: '', redeemed_at: String(first.created), canceled_at: '', expired_at: '',
    });
    const filters = [
        { coupon: '-1-2' }, { customer: who }, { status: 'held' }, { created: { gte: 0, gt: 0, lt: 9e9, lte: 9e9 } },
    ];
    for (const filter of filters) assert.equal((await csv(filter))[0].id, second.id);
    assert.deepEqual(await csv({ created: first.created - 1 }), []);
    for (const filter of [{ promotion_code: promotion }, { client_reference_id: first.client_reference_id }]) {
        assert.deepEqual((await csv(filter)).map(({ id }) => id), [first.id]);
    }
    refused(await call('GET', '/v1/redemptions.csv', { status: 'gone' }), { status: 400, param: 'status' });
    refused(await call('GET', '/v1/redemptions.csv', { limit: 1 }), { status: 400, code: 'parameter_unknown' });
});

test('CSV that comes in pieces has every redemption once', async () => {
    const { coupon, redeem, key } = account(server);
    await coupon({ id: 'A' });
    const made = [];
    while (made.length < 1100) {
        made.push(...await Promise.all(Array.from({ length: 100 }, () => redeem({ coupon: 'A' }))));
    }
    const { text } = await raw(server, { path: '/v1/redemptions.csv?status=redeemed', key });
    const ids = text.trimEnd().split('\n').slice(1).map((line) => line.split(',')[0]);
    assert.equal(ids.length, made.length);
    assert.deepEqual(new Set(ids), new Set(made.map(({ id }) => id)));
});

test('what happens to a redemption is an event', async () => {
    const { coupon, code, hold, capture, cancel, redeem, events } = account(server);
    await coupon({ id: 'A', max_redemptions: 3 });
    await code('A', { code: 'X', max_redemptions: 2, release_policy: 'anytime' });
    const { id } = await hold({ code: 'X' });
    await capture(id);
    await cancel(id);
    await redeem({ coupon: 'A' });
    assert.deepEqual((await events()).map(({ type }) => type).slice(0, -2), [
        'redemption.created', 'promotion_code.updated', 'redemption.canceled', 'redemption.captured',
        'promotion_code.updated', 'redemption.created',
    ]);
    const [captured] = await events('redemption.captured');
    assert.equal(captured.data.object.status, 'redeemed');
    assert.equal(captured.data.previous_attributes.status, 'held');
    const [given] = await events('promotion_code.updated');
    assert.deepEqual(given.data.previous_attributes, { times_redeemed: 1 });
});

test('reaching a cap is an event', async () => {
    const { coupon, code, redeem, events } = account(server);
    await coupon({ id: 'A', max_redemptions: 2 });
    await code('A', { code: 'X', max_redemptions: 1 });
    await redeem({ code: 'X' });
    assert.deepEqual((await events('*.fully_redeemed')).map(({ type }) => type), ['promotion_code.fully_redeemed']);
    await redeem({ coupon: 'A' });
    const reached = await events('*.fully_redeemed');
    assert.deepEqual(reached.map(({ type }) => type),
        ['coupon.fully_redeemed', 'promotion_code.fully_redeemed']);
    assert.deepEqual([reached[0].data.object.valid, reached[0].data.object.times_redeemed], [false, 2]);
    assert.equal(reached[1].data.object.active, false);
});

test('spending all the money there is to give away is such an event', async () => {
    const { coupon, code, redeem, events } = account(server);
    const types = async () => (await events('*.fully_redeemed')).map(({ type }) => type);
    await coupon({ id: 'A', percent_off: 50, max_amount_off_total: 200, max_amount_off_total_currency: 'usd' });
    await code('A', { code: 'X', max_amount_off_total: 100, max_amount_off_total_currency: 'usd' });
    await redeem({ code: 'X', amount: 198, currency: 'usd' });
    assert.deepEqual(await types(), []);
    await redeem({ code: 'X', amount: 2, currency: 'usd' });
    assert.deepEqual(await types(), ['promotion_code.fully_redeemed']);
    await redeem({ coupon: 'A', amount: 200, currency: 'usd' });
    const [reached] = await events('coupon.fully_redeemed');
    assert.deepEqual([reached.data.object.valid, reached.data.object.times_redeemed], [false, 3]);
});

test('a redemption is repeated with its idempotency key and not made again', async () => {
    const { coupon, call, get } = account(server);
    await coupon({ id: 'A', max_redemptions: 1 });
    const headers = { 'idempotency-key': 'order 1' };
    const first = await call('POST', '/v1/redemptions', { coupon: 'A' }, { headers });
    const again = await call('POST', '/v1/redemptions', { coupon: 'A' }, { headers });
    assert.equal(again.text, first.text);
    const other = { 'idempotency-key': 'order 2' };
    const no = await call('POST', '/v1/redemptions', { coupon: 'A' }, { headers: other });
    assert.equal(no.status, 400);
    assert.equal((await call('POST', '/v1/redemptions', { coupon: 'A' }, { headers: other })).text, no.text);
    assert.equal((await get('/v1/redemption_attempts')).data.length, 1, 'nor is its refusal');
});

test('a preview takes whatever a redemption takes, and finds the same mistakes', async () => {
    const { coupon, call } = account(server);
    await coupon({ id: 'A' });
    const form = { coupon: 'A', capture_method: 'manual', hold_expires_at: now() + 60, 'metadata[cart]': '7' };
    for (const path of ['/v1/redemptions/preview', '/v1/redemptions']) {
        assert.equal((await call('POST', path, form)).status, 200, path);
        const late = await call('POST', path, { ...form, hold_expires_at: now() - 1 });
        assert.deepEqual([late.status, late.json.error.param], [400, 'hold_expires_at'], path);
        const automatic = await call('POST', path, { ...form, capture_method: 'automatic' });
        assert.deepEqual([automatic.status, automatic.json.error.param], [400, 'hold_expires_at'], path);
        const metadata = await call('POST', path, { ...form, 'metadata[cart]': 'x'.repeat(501) });
        assert.deepEqual([metadata.status, metadata.json.error.param], [400, 'metadata[cart]'], path);
    }
});

test('a preview with an idempotency key is asked anew each time', async () => {
    const { coupon, call } = account(server);
    await coupon({ id: 'A', max_redemptions: 1 });
    const headers = { 'idempotency-key': 'cart 1' };
    const preview = async (form) => (await call('POST', '/v1/redemptions/preview', form, { headers })).json;
    assert.equal((await preview({ coupon: 'A' })).applies, true);
    await call('POST', '/v1/redemptions', { coupon: 'A' });
    assert.equal((await preview({ coupon: 'A' })).applies, false);
    assert.equal((await preview({ coupon: 'A', amount: 5, currency: 'usd' })).applies, false);
});

test('the Stripe SDK reaches redemptions with raw requests', async () => {
    const sdk = stripe(server);
    await sdk.coupons.create({ id: 'A', percent_off: 10, max_redemptions: 1 });
    const redemption = await sdk.rawRequest('POST', '/v1/redemptions', { coupon: 'A', amount: 500, currency: 'eur' });
    assert.equal(redemption.amount_total, 450);
    await rejects(sdk.rawRequest('POST', '/v1/redemptions', { coupon: 'A' }),
        { status: 400, code: 'coupon_expired', param: 'coupon', message: 'This coupon was redeemed as often as it can be.' });
});
