// Discounts of subscriptions as time passes: which invoices they reduce, when they end, and on which days
// periods begin. Time is a test clock's.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rejects } from '../lib/assert.js';
import { account, at } from '../lib/billing.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const HOUR = 3600; // between the draft of a renewal and its payment
const AMOUNT = 1000;
const FOREVER = { duration: 'forever' };
const ONCE = { duration: 'once' };
const repeating = (duration_in_months) => ({ duration: 'repeating', duration_in_months });

// A paying customer on a clock that stands at `from`, with a subscription to a price of 1000, and with half off
// for as long as `coupon` says.
async function subscribed(from, { interval = 'month', interval_count, coupon, ...fields } = {}) {
    const own = account(server);
    const { sdk } = own;
    const discountOf = async (terms) => [{ coupon: (await own.coupon(terms)).id }];
    const { id: clock } = await sdk.testHelpers.testClocks.create({ frozen_time: at(from) });
    const { id: customer } = await own.payer({ test_clock: clock });
    const { id: price } = await own.price(AMOUNT, { recurring: { interval, interval_count } });
    const { id } = await sdk.subscriptions.create({
        customer, items: [{ price }], discounts: coupon && await discountOf(coupon), ...fields,
    });
    return {
        ...own,
        id,
        customer,
        advance: (to) => own.advance(clock, to),
        refuses: (to) => rejects(sdk.testHelpers.testClocks.advance(clock, { frozen_time: to }),
            { status: 400, type: 'invalid_request_error', param: 'frozen_time' }),
        // Replaces the discounts of the subscription by one.
        attach: async (terms) => sdk.subscriptions.update(id, { discounts: await discountOf(terms) }),
        discounts: async () => (await sdk.subscriptions.retrieve(id, { expand: ['discounts'] })).discounts,
        // Oldest first.
        async invoices() {
            const { data, has_more } = await sdk.invoices.list({ subscription: id, limit: 100 });
            assert.equal(has_more, false);
            return data.sort((a, b) => a.created - b.created);
        },
        // What was paid, oldest first.
        async paid() {
            return (await this.invoices()).map(({ status, amount_paid, total }) => {
                assert.deepEqual([status, amount_paid], ['paid', total]);
                return total;
            });
        },
    };
}

// Through the days of renewals, each to the hour at which its invoice is paid.
async function renew(it, ...days) {
    for (const day of days) await it.advance(at(day) + HOUR);
}

// ---- which invoices a discount reduces ----

const MONTHS = ['2027-01-15', '2027-02-15', '2027-03-15', '2027-04-15'];
const WEEKS = ['2027-01-15', '2027-01-22', '2027-01-29', '2027-02-05', '2027-02-12', '2027-02-19'];

// expected: h(alf) or f(ull) for each of the dates; added: when, if not with the subscription; gone: from when the
// subscription has no discount, if ever; end: of the discount.
const DISCOUNTS = [
    { name: 'once: the first invoice', coupon: ONCE, expected: 'hfff', gone: '2027-01-15' },
    { name: 'three months: three invoices', coupon: repeating(3), expected: 'hhhf', end: '2027-04-15',
        gone: '2027-04-15' },
    { name: 'forever: every invoice', coupon: FOREVER, expected: 'hhhh' },
    { name: 'once, added later: the next invoice', coupon: ONCE, added: '2027-01-20', expected: 'fhff',
        gone: '2027-02-15T01:00:00Z' },
    { name: 'a month, added later: counted from then', coupon: repeating(1), added: '2027-01-20', expected: 'fhff',
        end: '2027-02-20', gone: '2027-02-20' },
    { name: 'a month of weekly invoices: all that are made in it', interval: 'week', dates: WEEKS, coupon: repeating(1),
        expected: 'hhhhhf', end: '2027-02-15', gone: '2027-02-15' },
    { name: 'a month from the 31st ends with the next', dates: ['2027-01-31', '2027-02-28', '2027-03-31'],
        coupon: repeating(1), expected: 'hff', end: '2027-02-28', gone: '2027-02-28' },
    { name: 'two months from the 31st end on a 31st', dates: ['2027-01-31', '2027-02-28', '2027-03-31', '2027-04-30'],
        coupon: repeating(2), expected: 'hhff', end: '2027-03-31', gone: '2027-03-31' },
    { name: 'a month from 31 January ends on 29 February in a leap year',
        dates: ['2028-01-31', '2028-02-29', '2028-03-31'],
        coupon: repeating(1), expected: 'hff', end: '2028-02-29', gone: '2028-02-29' },
    { name: 'three months of a yearly price: the first invoice, in full', interval: 'year',
        dates: ['2027-01-15', '2028-01-15'], coupon: repeating(3), expected: 'hf', end: '2027-04-15',
        gone: '2027-04-15' },
    { name: 'twelve months from 29 February end before the second invoice', interval: 'year',
        dates: ['2028-02-29', '2029-02-28'], coupon: repeating(12), expected: 'hf', end: '2029-02-28',
        gone: '2029-02-28' },
    { name: 'thirteen months reach the second yearly invoice', interval: 'year',
        dates: ['2028-02-29', '2029-02-28', '2030-02-28'], coupon: repeating(13), expected: 'hhf', end: '2029-03-29',
        gone: '2029-03-29' },
];

for (const { name, interval, dates = MONTHS, coupon, added, expected, end, gone } of DISCOUNTS) {
    test(`half off ${name}`, async () => {
        const begin = at(added ?? dates[0]);
        const leave = gone ? at(gone) : Infinity;
        const it = await subscribed(dates[0], { interval, coupon: added ? undefined : coupon });
        if (added) {
            assert.deepEqual(await it.discounts(), []);
            await it.advance(begin);
            await it.attach(coupon);
        }
        const [discount] = await it.discounts();
        assert.equal(discount !== undefined, begin < leave, 'a discount that is used up has left');
        if (discount) {
            assert.deepEqual([discount.start, discount.end], [begin, end ? at(end) : null]);
            assert.deepEqual([discount.subscription, discount.invoice], [it.id, null]);
        }

        const stops = new Set([...dates.map((date) => at(date) + HOUR), leave - 1, leave]);
        for (const stop of [...stops].filter((time) => time > begin && time < Infinity).sort((a, b) => a - b)) {
            await it.advance(stop);
            const ids = (await it.discounts()).map(({ id }) => id);
            assert.deepEqual(ids, stop < leave ? [discount.id] : [], `at ${new Date(stop * 1000).toISOString()}`);
        }

        const invoices = await it.invoices();
        assert.deepEqual(invoices.map(({ created }) => created), dates.map(at));
        const half = invoices.map(({ status, subtotal, total, total_discount_amounts }) => {
            assert.deepEqual([status, subtotal], ['paid', AMOUNT]);
            assert.equal(total, AMOUNT - total_discount_amounts.reduce((sum, { amount }) => sum + amount, 0));
            return { [AMOUNT]: 'f', [AMOUNT / 2]: 'h' }[total];
        });
        assert.equal(half.join(''), expected);
        const used = invoices.flatMap(({ discounts }) => discounts);
        assert.equal(used.length, expected.replaceAll('f', '').length, 'invoices keep the discount that they had');
        assert.equal(new Set(used).size, 1, 'it is the same on all of them');
        if (discount) assert.equal(used[0], discount.id);
        const { data: [{ times_redeemed }] } = await it.sdk.coupons.list();
        assert.equal(times_redeemed, 1, 'renewals do not redeem again');
    });
}

// ---- on which days ----

for (const { name, dates, ...fields } of [
    { name: 'months from the 31st end with the month and come back to the 31st',
        dates: ['2027-01-31', '2027-02-28', '2027-03-31', '2027-04-30', '2027-05-31'] },
    { name: 'months from the 30th go through the end of February',
        dates: ['2027-01-30', '2027-02-28', '2027-03-30'] },
    { name: 'February of a leap year has 29 days', dates: ['2028-01-31', '2028-02-29', '2028-03-31', '2028-04-30'] },
    { name: 'months from 29 February stay on the 29th', dates: ['2028-02-29', '2028-03-29', '2028-04-29'] },
    { name: 'years from 29 February come back to it in leap years', interval: 'year',
        dates: ['2028-02-29', '2029-02-28', '2030-02-28', '2031-02-28', '2032-02-29', '2033-02-28'] },
    { name: 'weeks take leap days as any other', interval: 'week',
        dates: ['2028-02-22', '2028-02-29', '2028-03-07', '2028-03-14'] },
    { name: 'a day may be the period', interval: 'day',
        dates: ['2027-02-27', '2027-02-28', '2027-03-01', '2027-03-02'] },
    { name: 'three months may be the period', interval_count: 3,
        dates: ['2027-11-30', '2028-02-29', '2028-05-30', '2028-08-30'] },
    { name: 'the time of day stays',
        dates: ['2027-01-31T23:59:59Z', '2027-02-28T23:59:59Z', '2027-03-31T23:59:59Z'] },
]) {
    test(name, async () => {
        const it = await subscribed(dates[0], fields);
        const last = dates.length - 1; // only the end of a period
        await renew(it, ...dates.slice(1, last));
        const invoices = await it.invoices();
        assert.deepEqual(invoices.map(({ created }) => created), dates.slice(0, last).map(at));
        assert.deepEqual(invoices.map(({ lines }) => lines.data[0].period),
            dates.slice(0, last).map((date, i) => ({ start: at(date), end: at(dates[i + 1]) })));
        const { items: { data: [item] }, billing_cycle_anchor } = await it.sdk.subscriptions.retrieve(it.id);
        assert.deepEqual([item.current_period_start, item.current_period_end], [at(dates[last - 1]), at(dates[last])]);
        assert.equal(billing_cycle_anchor, at(dates[0]));
    });
}

// ---- renewals ----

test('a renewal is a draft for an hour, then it is paid', async () => {
    const it = await subscribed('2027-01-15');
    const renewal = at('2027-02-15');
    await it.advance(renewal - 1);
    assert.equal((await it.invoices()).length, 1);
    for (const time of [renewal, renewal + HOUR - 1]) {
        await it.advance(time);
        const [, { id, status, created, billing_reason, auto_advance, automatically_finalizes_at }, ...more] =
            await it.invoices();
        assert.deepEqual({ status, created, billing_reason, auto_advance, automatically_finalizes_at }, {
            status: 'draft', created: renewal, billing_reason: 'subscription_cycle', auto_advance: true,
            automatically_finalizes_at: renewal + HOUR,
        });
        assert.deepEqual(more, []);
        assert.equal((await it.sdk.subscriptions.retrieve(it.id)).latest_invoice, id);
    }
    await it.advance(renewal + HOUR);
    const [, { status, amount_paid, status_transitions }] = await it.invoices();
    assert.deepEqual([status, amount_paid], ['paid', AMOUNT]);
    assert.deepEqual([status_transitions.finalized_at, status_transitions.paid_at], [renewal + HOUR, renewal + HOUR]);
});

test('a clock goes two periods at most, and only forward', async () => {
    const it = await subscribed('2027-01-15', { coupon: repeating(1) });
    await it.refuses(at('2027-01-15'));
    await it.refuses(at('2027-01-14'));
    await it.refuses(at('2027-03-15') + 1);
    assert.equal((await it.invoices()).length, 1, 'nothing has happened');
    await it.advance(at('2027-03-15'));
    const invoices = await it.invoices();
    assert.deepEqual(invoices.map(({ status, total }) => [status, total]),
        [['paid', AMOUNT / 2], ['paid', AMOUNT], ['draft', AMOUNT]]);
    assert.deepEqual(invoices.map(({ created }) => created), ['2027-01-15', '2027-02-15', '2027-03-15'].map(at));
});

test('the shortest period says how far a clock goes', async () => {
    const it = await subscribed('2027-01-15', { interval: 'week' });
    const { id: price } = await it.price(AMOUNT, { interval: 'year' });
    await it.sdk.subscriptions.create({ customer: it.customer, items: [{ price }] });
    await it.refuses(at('2027-01-29') + 1);
    await it.advance(at('2027-01-29'));
});

// ---- changes on the way ----

test('a draft does not pick up what its customer is given', async () => {
    const it = await subscribed('2027-01-15');
    await it.advance(at('2027-02-15'));
    const { id: coupon } = await it.coupon(FOREVER);
    await it.older.customers.update(it.customer, { coupon });
    await renew(it, '2027-02-15', '2027-03-15');
    assert.deepEqual(await it.paid(), [1000, 1000, 500]);
    assert.deepEqual(await it.discounts(), [], 'the discount is not the subscription\'s');
});

test('a customer\'s discount given once leaves the customer with the next paid invoice', async () => {
    const it = await subscribed('2027-01-15');
    const { id: coupon } = await it.coupon(ONCE);
    await it.older.customers.update(it.customer, { coupon });
    await it.advance(at('2027-02-15'));
    assert.equal((await it.sdk.customers.retrieve(it.customer)).discount.source.coupon, coupon);
    await renew(it, '2027-02-15');
    assert.equal((await it.sdk.customers.retrieve(it.customer)).discount, null);
    await renew(it, '2027-03-15');
    assert.deepEqual(await it.paid(), [1000, 500, 1000]);
});

test('without discounts of its own the subscription has the customer\'s again', async () => {
    const it = await subscribed('2027-01-15', { coupon: FOREVER });
    const { id: coupon } = await it.coupon({ ...FOREVER, percent_off: 10 });
    await it.older.customers.update(it.customer, { coupon });
    await renew(it, '2027-02-15');
    const { discounts } = await it.sdk.subscriptions.update(it.id, { discounts: '' });
    assert.deepEqual(discounts, []);
    await renew(it, '2027-03-15');
    assert.deepEqual(await it.paid(), [500, 500, 900]);
});

test('an update replaces the discounts, and keeps what is named by its id', async () => {
    const it = await subscribed('2027-01-15', { coupon: repeating(12) });
    const [kept] = await it.discounts();
    await it.advance(at('2027-01-20'));
    const { id: tenth } = await it.coupon({ ...FOREVER, percent_off: 10 });
    await it.sdk.subscriptions.update(it.id, { discounts: [{ discount: kept.id }, { coupon: tenth }] });
    const [first, second, ...more] = await it.discounts();
    assert.deepEqual(first, kept, 'with its start and its end');
    assert.deepEqual([second.source.coupon, second.start, more], [tenth, at('2027-01-20'), []]);
    assert.equal((await it.sdk.coupons.retrieve(kept.source.coupon)).times_redeemed, 1);
    await renew(it, '2027-02-15');
    await it.attach({ ...FOREVER, percent_off: 25 });
    await renew(it, '2027-03-15');
    assert.deepEqual(await it.paid(), [500, 450, 750]);
});

test('a deleted discount is missing from the next invoice', async () => {
    const it = await subscribed('2027-01-15', { coupon: FOREVER });
    const [{ id }] = await it.discounts();
    const { deleted, object, id: gone } = await it.sdk.subscriptions.deleteDiscount(it.id);
    assert.deepEqual({ deleted, object, gone }, { deleted: true, object: 'discount', gone: id });
    assert.deepEqual(await it.discounts(), []);
    await renew(it, '2027-02-15');
    assert.deepEqual(await it.paid(), [500, 1000]);
    await rejects(it.sdk.subscriptions.deleteDiscount(it.id), { status: 404, code: 'resource_missing' });
});

test('a discount outlives its coupon', async () => {
    const it = await subscribed('2027-01-15', { coupon: FOREVER });
    const [{ source }] = await it.discounts();
    await it.sdk.coupons.del(source.coupon);
    await renew(it, '2027-02-15');
    assert.deepEqual(await it.paid(), [500, 500]);
});

test('a discount outlives the last second in which its coupon can be redeemed, which is one of the clock', async () => {
    const year = new Date().getUTCFullYear() + 1; // a coupon cannot be made with a past redeem_by
    const it = await subscribed(`${year}-01-15`);
    const redeem_by = at(`${year}-02-01`);
    const { id: coupon } = await it.coupon({ ...FOREVER, redeem_by });
    const discounts = [{ coupon }];
    await it.advance(redeem_by);
    await it.sdk.subscriptions.update(it.id, { discounts });
    await renew(it, `${year}-02-15`, `${year}-03-15`);
    assert.deepEqual(await it.paid(), [1000, 500, 500]);
    await it.sdk.subscriptions.update(it.id, { discounts: '' });
    await rejects(it.sdk.subscriptions.update(it.id, { discounts }),
        { status: 400, code: 'coupon_expired', param: 'discounts[0][coupon]' });
});

test('a discount given once waits until a trial ends', async () => {
    const it = await subscribed('2027-01-15', { coupon: ONCE, trial_period_days: 14 });
    assert.equal((await it.discounts()).length, 1, 'an invoice of nothing does not use it up');
    await renew(it, '2027-01-29');
    assert.deepEqual(await it.discounts(), []);
    await renew(it, '2027-02-28');
    assert.deepEqual(await it.paid(), [0, 500, 1000]);
});
