// Discounts on customers: how versions before basil give, replace and take them, what is counted and what
// is recorded; and that later versions can only read and delete them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused } from '../lib/assert.js';
import { newKey, raw, stripe } from '../lib/client.js';
import { start } from '../lib/server.js';

const ACACIA = '2025-02-24.acacia';
const BASIL = '2025-03-31.basil';
const CLOVER = '2025-09-30.clover';
const NEWEST = '2026-10-28.endive';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

// An account with calls that answer the object, or fail the test.
function account() {
    const key = newKey();
    const call = async (method, path, form, version = ACACIA) => raw(server, { method, path, form, key, version });
    const must = async (...request) => {
        const { status, text, json } = await call(...request);
        assert.equal(status, 200, `${request.slice(0, 2).join(' ')}: ${text}`);
        return json;
    };
    return {
        key,
        call,
        post: (path, form, version) => must('POST', path, form, version),
        get: (path, form, version) => must('GET', path, form, version),
        del: (path, version) => must('DELETE', path, undefined, version),
        coupon: (form) => must('POST', '/v1/coupons', { percent_off: 25, ...form }),
        code: (coupon, form) => must('POST', '/v1/promotion_codes', { coupon, ...form }),
        customer: (form) => must('POST', '/v1/customers', form),
        async seed(...objects) {
            const body = objects.map((each) => JSON.stringify(each)).join('\n');
            const { status, text } = await raw(server, { method: 'POST', path: '/_dev/seed', body, key });
            assert.equal(status, 200, text);
        },
        async events(type) {
            return (await must('GET', '/v1/events', { limit: 100, type })).data;
        },
    };
}

// The same day of the month and time of day, n calendar months later; the last day where there is none.
function monthsLater(seconds, n) {
    const date = new Date(seconds * 1000);
    const day = date.getUTCDate();
    date.setUTCDate(1);
    date.setUTCMonth(date.getUTCMonth() + n);
    const days = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
    date.setUTCDate(Math.min(day, days));
    return date.getTime() / 1000;
}

test('a customer can be created with a coupon, which is counted at once', async () => {
    const { coupon, customer, get } = account();
    const { id } = await coupon({ id: 'ONCE', max_redemptions: 1 });
    const { id: owner, created, discount } = await customer({ coupon: id });
    assert.match(discount.id, /^di_[0-9A-Za-z]{24}$/);
    const { coupon: embedded, id: _, ...rest } = discount;
    assert.deepEqual(rest, {
        object: 'discount', checkout_session: null, customer: owner, end: null, invoice: null,
        invoice_item: null, promotion_code: null, start: created, subscription: null, subscription_item: null,
    });
    assert.equal(embedded.object, 'coupon');
    assert.equal(embedded.times_redeemed, 1, 'in the very answer that redeems it');
    assert.equal(embedded.valid, false, 'its only use is taken');
    assert.deepEqual(await get(`/v1/coupons/${id}`), embedded);
});

test('a promotion code counts for itself and for its coupon', async () => {
    const { coupon, code, customer, get } = account();
    await coupon({ id: 'BOTH' });
    const promotion = await code('BOTH', { code: 'HELLO', max_redemptions: 1 });
    const { discount } = await customer({ promotion_code: promotion.id });
    assert.equal(discount.promotion_code, promotion.id);
    assert.equal(discount.coupon.id, 'BOTH');
    assert.equal(discount.coupon.times_redeemed, 1);
    const used = await get(`/v1/promotion_codes/${promotion.id}`);
    assert.deepEqual([used.times_redeemed, used.active], [1, false]);
    assert.equal((await get('/v1/coupons/BOTH')).times_redeemed, 1);
});

test('an update gives a discount too', async () => {
    const { coupon, code, customer, post } = account();
    await coupon({ id: 'C' });
    const promotion = await code('C');
    const { id, discount: none } = await customer();
    assert.equal(none, null);
    const { discount } = await post(`/v1/customers/${id}`, { coupon: 'C' });
    assert.deepEqual([discount.coupon.id, discount.promotion_code], ['C', null]);
    const other = await post(`/v1/customers/${id}`, { promotion_code: promotion.id });
    assert.deepEqual([other.discount.coupon.id, other.discount.promotion_code], ['C', promotion.id]);
});

test('another coupon replaces the discount and counts; the first keeps its count', async () => {
    const { coupon, customer, post, get } = account();
    await coupon({ id: 'A' });
    await coupon({ id: 'B' });
    const { id, discount: first } = await customer({ coupon: 'A' });
    const { discount: second } = await post(`/v1/customers/${id}`, { coupon: 'B' });
    assert.notEqual(second.id, first.id);
    assert.equal(second.coupon.id, 'B');
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 1);
    assert.equal((await get('/v1/coupons/B')).times_redeemed, 1);
});

test('sending what the customer already has keeps the discount and counts nothing', async () => {
    const { coupon, code, customer, post, get } = account();
    await coupon({ id: 'A' });
    const promotion = await code('A');
    const { id, discount: first } = await customer({ coupon: 'A' });
    const { discount: again } = await post(`/v1/customers/${id}`, { coupon: 'A' });
    assert.equal(again.id, first.id);
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 1);
    const { discount: coded } = await post(`/v1/customers/${id}`, { promotion_code: promotion.id });
    const { discount: codedAgain } = await post(`/v1/customers/${id}`, { promotion_code: promotion.id });
    assert.equal(codedAgain.id, coded.id);
    assert.equal((await get(`/v1/promotion_codes/${promotion.id}`)).times_redeemed, 1);
});

test('one customer can redeem twice, which counts twice', async () => {
    const { coupon, customer, post, del, get } = account();
    await coupon({ id: 'A' });
    const { id, discount: first } = await customer({ coupon: 'A' });
    await del(`/v1/customers/${id}/discount`);
    const { discount: second } = await post(`/v1/customers/${id}`, { coupon: 'A' });
    assert.notEqual(second.id, first.id);
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 2);
});

test('an empty coupon or promotion_code takes the discount away; uses are not given back', async () => {
    const { coupon, customer, post, get } = account();
    await coupon({ id: 'A' });
    for (const form of [{ coupon: '' }, { promotion_code: '' }]) {
        const { id } = await customer({ coupon: 'A' });
        assert.equal((await post(`/v1/customers/${id}`, form)).discount, null);
        assert.equal((await get(`/v1/customers/${id}`)).discount, null);
        assert.equal((await post(`/v1/customers/${id}`, form)).discount, null, 'also when there is none');
    }
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 2);
});

test('an update that names neither leaves the discount alone', async () => {
    const { coupon, customer, post } = account();
    await coupon({ id: 'A' });
    const { id, discount } = await customer({ coupon: 'A' });
    assert.deepEqual((await post(`/v1/customers/${id}`, { name: 'x' })).discount, discount);
});

test('a repeating coupon ends calendar months later, the others never', async () => {
    const { coupon, customer } = account();
    for (const months of [1, 3, 12, 13, 30]) {
        const { id } = await coupon({ duration: 'repeating', duration_in_months: months });
        const { discount } = await customer({ coupon: id });
        assert.equal(discount.end, monthsLater(discount.start, months), `${months} months`);
    }
    for (const duration of ['once', 'forever']) {
        const { id } = await coupon({ duration });
        assert.equal((await customer({ coupon: id })).discount.end, null, duration);
    }
});

test('coupon and promotion_code exclude each other', async () => {
    const { coupon, code, call, customer, get } = account();
    await coupon({ id: 'A' });
    const promotion = await code('A');
    const both = { coupon: 'A', promotion_code: promotion.id };
    const expected = {
        status: 400, type: 'invalid_request_error', code: undefined, param: 'coupon',
        message: 'You may only specify one of these parameters: coupon, promotion_code.',
    };
    refused(await call('POST', '/v1/customers', both), expected);
    const { id } = await customer();
    refused(await call('POST', `/v1/customers/${id}`, both), expected);
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 0);
});

test('what does not exist cannot be redeemed', async () => {
    const { coupon, customer, call, code, get } = account();
    await coupon({ id: 'A' });
    const { code: text } = await code('A', { code: 'TEXT' });
    const { id } = await customer();
    for (const path of ['/v1/customers', `/v1/customers/${id}`]) {
        refused(await call('POST', path, { coupon: 'NONE' }), {
            status: 400, code: 'resource_missing', param: 'coupon', message: "No such coupon: 'NONE'",
        });
        refused(await call('POST', path, { coupon: 'a' }), { status: 400, code: 'resource_missing' });
        // It is the id that counts, not what customers type.
        refused(await call('POST', path, { promotion_code: text }), {
            status: 400, code: 'resource_missing', param: 'promotion_code',
            message: "No such promotion code: 'TEXT'",
        });
    }
    assert.equal((await get('/v1/customers')).data.length, 1, 'a refused create makes no customer');
});

test('a coupon past redeem_by cannot be redeemed, nor a code of it', async () => {
    const { seed, call } = account();
    await seed(
        { id: 'OLD', object: 'coupon', percent_off: 10, duration: 'once', redeem_by: 1700000000 },
        { id: 'promo_1', object: 'promotion_code', active: true, code: 'X',
            promotion: { type: 'coupon', coupon: 'OLD' } },
    );
    const expired = {
        status: 400, type: 'invalid_request_error', code: 'coupon_expired', message: 'Coupon expired: OLD',
    };
    refused(await call('POST', '/v1/customers', { coupon: 'OLD' }), { ...expired, param: 'coupon' });
    refused(await call('POST', '/v1/customers', { promotion_code: 'promo_1' }),
        { ...expired, param: 'promotion_code' });
});

test('a used-up coupon cannot be redeemed, nor a code of it; the customer keeps what there was', async () => {
    const { coupon, code, customer, call, get } = account();
    await coupon({ id: 'KEPT' });
    await coupon({ id: 'ONE', max_redemptions: 1 });
    const promotion = await code('ONE');
    await customer({ coupon: 'ONE' });
    const { id, discount } = await customer({ coupon: 'KEPT' });
    const expired = { status: 400, code: 'coupon_expired', message: 'Coupon expired: ONE' };
    refused(await call('POST', `/v1/customers/${id}`, { coupon: 'ONE', name: 'x' }),
        { ...expired, param: 'coupon' });
    refused(await call('POST', `/v1/customers/${id}`, { promotion_code: promotion.id }),
        { ...expired, param: 'promotion_code' });
    const unchanged = await get(`/v1/customers/${id}`);
    assert.deepEqual(unchanged.discount, discount);
    assert.equal(unchanged.name, null, 'a refused update changes nothing');
    assert.equal((await get('/v1/coupons/ONE')).times_redeemed, 1);
});

test('a used-up or expired code cannot be redeemed although its coupon can', async () => {
    const { coupon, code, customer, call, seed } = account();
    await coupon({ id: 'A' });
    const promotion = await code('A', { max_redemptions: 1 });
    await seed({
        id: 'promo_past', object: 'promotion_code', active: true, code: 'PAST', expires_at: 1700000000,
        promotion: { type: 'coupon', coupon: 'A' },
    });
    await customer({ promotion_code: promotion.id });
    for (const id of [promotion.id, 'promo_past']) {
        refused(await call('POST', '/v1/customers', { promotion_code: id }),
            { status: 400, code: 'coupon_expired', param: 'promotion_code', message: 'Coupon expired: A' });
    }
    await customer({ coupon: 'A' });
});

test('a code that was switched off is inactive', async () => {
    const { coupon, code, call, post, get } = account();
    await coupon({ id: 'A' });
    const { id } = await code('A');
    await post(`/v1/promotion_codes/${id}`, { active: false });
    refused(await call('POST', '/v1/customers', { promotion_code: id }), {
        status: 400, type: 'invalid_request_error', code: undefined, param: 'promotion_code',
        message: 'This promotion code is inactive.',
    });
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 0);
});

test('a code made for one customer is for nobody else', async () => {
    const { coupon, code, customer, call, post } = account();
    await coupon({ id: 'A' });
    const { id: owner } = await customer();
    const { id: other } = await customer();
    const promotion = await code('A', { customer: owner });
    const mismatch = {
        status: 400, code: 'promotion_code_customer_mismatch', param: 'promotion_code',
        message: 'This promotion code cannot be redeemed because it is restricted to a different customer.',
    };
    refused(await call('POST', `/v1/customers/${other}`, { promotion_code: promotion.id }), mismatch);
    refused(await call('POST', '/v1/customers', { promotion_code: promotion.id }), mismatch);
    const { discount } = await post(`/v1/customers/${owner}`, { promotion_code: promotion.id });
    assert.equal(discount.promotion_code, promotion.id);
});

test('a code with a minimum amount cannot be put on a customer, who buys nothing', async () => {
    const { coupon, code, call, get } = account();
    await coupon({ id: 'A' });
    const restrictions = { minimum_amount: 500, minimum_amount_currency: 'usd' };
    const { id } = await code('A', { restrictions });
    refused(await call('POST', '/v1/customers', { promotion_code: id }), { status: 400, param: 'promotion_code' });
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 0);
});

test('a code for first transactions is good for a customer without any', async () => {
    const { coupon, code, customer } = account();
    await coupon({ id: 'A' });
    const { id } = await code('A', { restrictions: { first_time_transaction: true } });
    assert.equal((await customer({ promotion_code: id })).discount.promotion_code, id);
});

test('a discount survives its coupon, which nobody else can redeem', async () => {
    const { coupon, code, customer, call, del, get } = account();
    await coupon({ id: 'A' });
    const promotion = await code('A');
    const { id, discount } = await customer({ coupon: 'A' });
    await del('/v1/coupons/A');
    const kept = (await get(`/v1/customers/${id}`)).discount;
    assert.equal(kept.id, discount.id);
    assert.deepEqual(kept.coupon, { ...discount.coupon, valid: false });
    assert.equal((await get(`/v1/customers/${id}`, undefined, NEWEST)).discount.source.coupon, 'A');
    const expanded = await get(`/v1/customers/${id}`, { expand: ['discount.source.coupon'] }, NEWEST);
    assert.deepEqual(expanded.discount.source, { coupon: kept.coupon, type: 'coupon' });
    refused(await call('POST', '/v1/customers', { coupon: 'A' }),
        { status: 400, code: 'resource_missing', param: 'coupon', message: "No such coupon: 'A'" });
    refused(await call('POST', '/v1/customers', { promotion_code: promotion.id }),
        { status: 400, param: 'promotion_code' });
});

test('a coupon made again under the same id is not the one the discount is from', async () => {
    const { coupon, customer, del, get } = account();
    await coupon({ id: 'A', percent_off: 10 });
    const { id } = await customer({ coupon: 'A' });
    await del('/v1/coupons/A');
    await coupon({ id: 'A', percent_off: 90 });
    const { discount } = await get(`/v1/customers/${id}`);
    assert.deepEqual([discount.coupon.percent_off, discount.coupon.times_redeemed], [10, 1]);
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 0);
});

test('the discount can be read by itself', async () => {
    const { coupon, customer, get } = account();
    await coupon({ id: 'A' });
    const { id, discount } = await customer({ coupon: 'A' });
    assert.deepEqual(await get(`/v1/customers/${id}/discount`), discount);
    const expanded = await get(`/v1/customers/${id}/discount`, { expand: ['customer', 'source.coupon'] }, NEWEST);
    assert.equal(expanded.customer.id, id);
    assert.equal(expanded.source.coupon.id, 'A');
});

test('a removed discount says so, keeps its start and has no end', async () => {
    for (const version of [ACACIA, NEWEST]) {
        const { coupon, code, customer, del, get } = account();
        const { id: of } = await coupon({ duration: 'repeating', duration_in_months: 2 });
        const promotion = await code(of);
        const { id } = await customer({ promotion_code: promotion.id });
        const { discount } = await get(`/v1/customers/${id}`, undefined, version);
        const removed = await del(`/v1/customers/${id}/discount`, version);
        const { end, ...rest } = discount;
        assert(end > 0);
        assert.deepEqual(removed, { ...rest, deleted: true });
        assert.equal((await get(`/v1/customers/${id}`)).discount, null);
        assert.equal((await get(`/v1/coupons/${of}`)).times_redeemed, 1);
    }
});

test('a removal takes no expand', async () => {
    const { coupon, customer, call } = account();
    await coupon({ id: 'A' });
    const { id } = await customer({ coupon: 'A' });
    const { status, json } = await call('DELETE', `/v1/customers/${id}/discount`, { expand: ['customer'] }, NEWEST);
    assert.equal(status, 400);
    assert.equal(json.error.code, 'parameter_unknown');
});

test('a code for an account is no code for a customer', async () => {
    const { coupon, call } = account();
    await coupon({ id: 'A' });
    const form = { promotion: { type: 'coupon', coupon: 'A' }, customer_account: 'acct_1' };
    const { json: code } = await call('POST', '/v1/promotion_codes', form, NEWEST);
    const { status, json } = await call('POST', '/v1/customers', { promotion_code: code.id });
    assert.equal(status, 400);
    assert.equal(json.error.code, 'promotion_code_customer_mismatch');
});

test('events keep the discount as it was', async () => {
    const { coupon, customer, call } = account();
    for (const id of ['A', 'B']) await coupon({ id, duration: 'repeating', duration_in_months: 3 });
    const { id, discount: first } = await customer({ coupon: 'A' });
    const { json: { discount: second } } = await call('POST', `/v1/customers/${id}`, { coupon: 'B' });
    await call('DELETE', `/v1/customers/${id}/discount`);
    const { json: { data } } = await call('GET', '/v1/events', { type: 'customer.updated' });
    const switched = data.find(({ data: { object } }) => object.discount?.id === second.id);
    assert.equal(switched.data.object.discount.end, second.end);
    assert.equal(switched.data.object.discount.deleted, undefined);
    assert.equal(switched.data.previous_attributes.discount.id, first.id);
    assert.equal(switched.data.previous_attributes.discount.deleted, undefined);
});

test('a discount that is not there can be neither read nor removed', async () => {
    const { customer, call, coupon, del } = account();
    await coupon({ id: 'A' });
    const { id } = await customer();
    const { id: other } = await customer({ coupon: 'A' });
    await del(`/v1/customers/${other}/discount`);
    for (const owner of [id, other]) {
        const none = {
            status: 404, type: 'invalid_request_error', code: 'resource_missing',
            message: `No active discount for customer: ${owner}`,
        };
        refused(await call('GET', `/v1/customers/${owner}/discount`), none);
        refused(await call('DELETE', `/v1/customers/${owner}/discount`), none);
    }
});

test('the discount goes with its customer', async () => {
    const { coupon, customer, del, call, events } = account();
    await coupon({ id: 'A' });
    const { id, discount } = await customer({ coupon: 'A' });
    await del(`/v1/customers/${id}`);
    refused(await call('GET', `/v1/customers/${id}/discount`), { status: 404, code: 'resource_missing' });
    const [event] = await events('customer.discount.deleted');
    assert.equal(event.data.object.id, discount.id);
    assert.equal((await events('customer.deleted')).length, 1);
});

test('since basil no discount can be given: the parameters are unknown', async () => {
    const { coupon, code, customer, call, get } = account();
    await coupon({ id: 'A' });
    const promotion = await code('A');
    const { id, discount } = await customer({ coupon: 'A' });
    for (const version of [BASIL, CLOVER, NEWEST]) {
        for (const path of ['/v1/customers', `/v1/customers/${id}`]) {
            for (const form of [{ coupon: 'A' }, { coupon: '' }, { promotion_code: promotion.id }]) {
                const [param] = Object.keys(form);
                refused(await call('POST', path, form, version), {
                    status: 400, code: 'parameter_unknown', param, message: `Received unknown parameter: ${param}`,
                });
            }
        }
    }
    assert.deepEqual((await get(`/v1/customers/${id}`)).discount, discount);
    assert.equal((await get('/v1/coupons/A')).times_redeemed, 1);
});

test('the coupon is inline before clover and an id in a source since', async () => {
    const { coupon, customer, get } = account();
    await coupon({ id: 'A' });
    const { id } = await customer({ coupon: 'A' });
    const at = async (version) => (await get(`/v1/customers/${id}`, undefined, version)).discount;
    for (const version of ['2020-08-27', '2023-10-16', ACACIA, BASIL, '2025-08-27.basil']) {
        const discount = await at(version);
        assert.equal(discount.coupon.percent_off, 25, version);
        assert(!('source' in discount), version);
    }
    for (const version of [CLOVER, NEWEST]) {
        const discount = await at(version);
        assert.deepEqual(discount.source, { coupon: 'A', type: 'coupon' }, version);
        assert(!('coupon' in discount), version);
    }
    assert(!('customer_account' in await at(CLOVER)));
    assert.equal((await at('2025-12-15.clover')).customer_account, null);
});

test('the code of a discount can be expanded, also in a list', async () => {
    const { coupon, code, customer, get } = account();
    await coupon({ id: 'A' });
    const promotion = await code('A');
    const { id } = await customer({ promotion_code: promotion.id });
    const { discount } = await get(`/v1/customers/${id}`, { expand: ['discount.promotion_code'] });
    assert.deepEqual([discount.promotion_code.id, discount.promotion_code.coupon.id], [promotion.id, 'A']);
    const { data } = await get('/v1/customers', { expand: ['data.discount.source.coupon'] }, NEWEST);
    assert.equal(data[0].discount.source.coupon.id, 'A');
});

test('given, replaced, removed: each is an event about the discount', async () => {
    const { coupon, customer, post, del, events } = account();
    await coupon({ id: 'A' });
    await coupon({ id: 'B' });
    const { id, discount: first } = await customer({ coupon: 'A' });
    const { discount: second } = await post(`/v1/customers/${id}`, { coupon: 'B' });
    await del(`/v1/customers/${id}/discount`);
    const [deleted, updated, created, ...more] = await events('customer.discount.*');
    assert.deepEqual(more, []);
    assert.deepEqual([created.type, updated.type, deleted.type],
        ['customer.discount.created', 'customer.discount.updated', 'customer.discount.deleted']);
    assert.equal(created.data.object.id, first.id);
    assert.equal(created.data.object.coupon.id, 'A');
    assert(!('previous_attributes' in created.data));
    assert.equal(updated.data.object.id, second.id);
    assert.equal(updated.data.object.coupon.id, 'B');
    assert.equal(updated.data.previous_attributes.coupon.id, 'A', 'the old coupon');
    assert.equal(updated.data.previous_attributes.id, first.id);
    assert.equal(deleted.data.object.id, second.id);
});

test('what an empty coupon takes away is an event, what it does not is none', async () => {
    const { coupon, customer, post, events } = account();
    await coupon({ id: 'A' });
    const { id } = await customer({ coupon: 'A' });
    await post(`/v1/customers/${id}`, { coupon: '' });
    await post(`/v1/customers/${id}`, { coupon: '' });
    assert.equal((await events('customer.discount.deleted')).length, 1);
});

test('a redemption is an event of the code with its old count, and none of the coupon', async () => {
    const { coupon, code, customer, events } = account();
    await coupon({ id: 'A' });
    const promotion = await code('A', { max_redemptions: 2 });
    await customer({ promotion_code: promotion.id });
    await customer({ promotion_code: promotion.id });
    const [second, first, ...more] = await events('promotion_code.updated');
    assert.deepEqual(more, []);
    assert.deepEqual(first.data.previous_attributes.times_redeemed, 0);
    assert.equal(first.data.object.times_redeemed, 1);
    assert(!('active' in first.data.previous_attributes));
    assert.equal(second.data.previous_attributes.times_redeemed, 1);
    assert.equal(second.data.previous_attributes.active, true, 'the last use switches the code off');
    assert.equal(second.data.object.active, false);
    assert.deepEqual(await events('coupon.updated'), []);
});

test('in the newest shape a redemption changes nothing but the count', async () => {
    const { coupon, code, customer, get } = account();
    await coupon({ id: 'A' });
    const promotion = await code('A');
    await customer({ promotion_code: promotion.id });
    const { data: [event] } = await get('/v1/events', { type: 'promotion_code.updated' }, NEWEST);
    assert.deepEqual(event.data.previous_attributes, { times_redeemed: 0 });
});

test('a refused redemption leaves no event and no use', async () => {
    const { coupon, customer, call, events, get } = account();
    await coupon({ id: 'A', max_redemptions: 1 });
    await customer({ coupon: 'A' });
    const before = (await events()).length;
    refused(await call('POST', '/v1/customers', { coupon: 'A' }), { status: 400, code: 'coupon_expired' });
    assert.equal((await events()).length, before);
    assert.equal((await get('/v1/customers')).data.length, 1);
});

test('what is sent for a subscription says nothing about the customer\'s discount', async () => {
    const key = newKey(), older = stripe(server, { key, apiVersion: '2024-06-20' });
    await older.coupons.create({ id: 'KEPT', percent_off: 10, duration: 'forever' });
    const customer = await older.customers.create({ coupon: 'KEPT', payment_method: 'pm_card_visa' });
    await older.customers.update(customer.id, {
        invoice_settings: { default_payment_method: (await older.paymentMethods.list({ customer: customer.id })).data[0].id },
    });
    const price = await older.prices.create({
        currency: 'usd', unit_amount: 1000, recurring: { interval: 'month' }, product_data: { name: 'Thing' },
    });
    const subscription = await older.subscriptions.create({
        customer: customer.id,
        items: [{ price: price.id }],
        add_invoice_items: [{ price_data: { currency: 'usd', product: price.product, unit_amount: 100 } }],
        automatic_tax: { enabled: false },
        cancel_at_period_end: true,
        collection_method: 'charge_automatically',
        currency: 'usd',
        days_until_due: 3,
        description: 'all of it',
        metadata: { a: 'b' },
        off_session: true,
        payment_behavior: 'allow_incomplete',
        proration_behavior: 'none',
        trial_from_plan: false,
    });
    await older.invoices.create({
        customer: customer.id, auto_advance: false, currency: 'usd', description: 'x', footer: 'y', metadata: { a: 'b' },
        statement_descriptor: 'z', number: 'N-1', pending_invoice_items_behavior: 'exclude', custom_fields: [{ name: 'n', value: 'v' }],
    });
    assert.equal(subscription.status, 'active');
    assert.equal((await older.customers.retrieve(customer.id)).discount.coupon.id, 'KEPT');
});
