// The two ways to preview before basil, and the one of today, work out the same from the same parameters under their
// names of then and now.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rejects } from '../lib/assert.js';
import { at } from '../lib/billing.js';
import { ACACIA, invoicing } from '../lib/invoices.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const BEGIN = at('2027-04-01');
const HALF = at('2027-04-16');
const DAY = 86400;

// subscription_details[items] was subscription_items.
function formerly({ subscription_details = {}, ...form }) {
    const renamed = Object.entries(subscription_details).map(([name, value]) => [`subscription_${name}`, value]);
    return { ...form, ...Object.fromEntries(renamed) };
}

// A customer on a clock with a subscription of two items, the second with a discount, and what previews may name.
async function world() {
    const own = invoicing(server);
    const { sdk } = own;
    const { id: clock } = await sdk.testHelpers.testClocks.create({ frozen_time: BEGIN });
    const { id: customer } = await own.payer({ test_clock: clock });
    const coupon = async () => (await own.coupon({ duration: 'forever' })).id;
    const [used, half, coded] = [await coupon(), await coupon(), await coupon()];
    const { id: promotion_code } = await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: coded } });
    const recurring = async (unit_amount) => (await own.price(unit_amount, { interval: 'month' })).id;
    const [first, second, other, more] =
        [await recurring(1000), await recurring(500), await recurring(3000), await recurring(70)];
    const { id: once, product } = await own.price(40);
    const subscription = await sdk.subscriptions.create({
        customer, items: [{ price: first }, { price: second, discounts: [{ coupon: used }] }],
        expand: ['items.data.discounts'],
    });
    const [a, b] = subscription.items.data;
    return { ...own, customer, subscription: subscription.id, items: [a.id, b.id], discount: b.discounts[0].id, half,
        promotion_code, other, more, once, product };
}

const usd = (fields) => ({ currency: 'usd', ...fields });

const FORMS = {
    'nothing more than the customer': ({ customer }) => ({ customer }),
    'items of every kind': ({ subscription, once, product, half, promotion_code, discount }) => ({
        subscription,
        invoice_items: [
            usd({ amount: 100, description: 'Work', metadata: { a: '1' }, period: { start: BEGIN, end: HALF },
                discountable: true, discounts: [{ coupon: half }] }),
            usd({ unit_amount: 7, quantity: 3, discounts: [{ promotion_code }] }),
            usd({ unit_amount_decimal: '0.5', quantity: 10, discounts: [{ discount }] }),
            { price: once, quantity: 2 },
            { price_data: usd({ product, unit_amount: 9, tax_behavior: 'exclusive' }) },
            { price_data: usd({ product, unit_amount_decimal: '12.5' }), quantity: 2 },
        ],
    }),
    'discounts of the invoice': ({ subscription, discount, half, promotion_code }) => ({
        subscription, currency: 'usd', discounts: [{ coupon: half }, { promotion_code }, { discount }],
    }),
    'no discounts': ({ subscription }) => ({ subscription, discounts: '' }),
    'other prices': ({ subscription, items: [a, b], other, more, half, promotion_code }) => ({
        subscription,
        subscription_details: {
            items: [
                { id: a, price: other, quantity: 2, discounts: [{ coupon: half }] },
                { id: b, deleted: true, clear_usage: true },
                { plan: more, metadata: { a: '1' }, discounts: [{ promotion_code }] },
            ],
            proration_behavior: 'create_prorations',
            proration_date: HALF,
        },
    }),
    'prices made for it': ({ subscription, items: [a, b], product, discount }) => ({
        subscription,
        subscription_details: {
            items: [
                { id: a, price_data: usd({ product, recurring: { interval: 'month', interval_count: 1,
                    trial_period_days: 5, usage_type: 'licensed' }, unit_amount: 900, tax_behavior: 'inclusive' }) },
                { id: b, discounts: [{ discount }] },
                { price_data: usd({ product, recurring: { interval: 'month' }, unit_amount_decimal: '2.5' }),
                    quantity: 4, discounts: '' },
            ],
            proration_behavior: 'none',
        },
    }),
    'a period that begins anew': ({ subscription }) => ({
        subscription, subscription_details: { billing_cycle_anchor: 'now', proration_behavior: 'none' },
    }),
    'an end that is far': ({ subscription }) => ({
        subscription, subscription_details: { cancel_at: BEGIN + 300 * DAY, proration_behavior: 'none' },
    }),
    'no end': ({ subscription }) => ({ subscription, subscription_details: { cancel_at_period_end: false } }),
    'an end now': ({ subscription }) => ({
        subscription, subscription_details: { cancel_now: true, proration_date: HALF },
    }),
    'a new subscription with a trial': ({ customer, other }) => ({
        customer, subscription_details: { items: [{ price: other }], trial_end: BEGIN + 5 * DAY },
        subscription: undefined,
    }),
};

for (const [name, form] of Object.entries(FORMS)) {
    test(`the same for ${name}`, async () => {
        const own = await world();
        const now = form(own);
        const lines = ({ data }) => data.map(({ amount, description, quantity, period, metadata, discount_amounts }) =>
            ({ amount, description, quantity, period, metadata, taken: discount_amounts.map((each) => each.amount) }));
        const invoice = await own.call('/v1/invoices/create_preview', now, ACACIA);
        const older = await own.call('/v1/invoices/upcoming', { ...formerly(now), expand: ['customer'] }, ACACIA, 'GET');
        const page = { limit: 100, expand: ['data.discounts'] };
        const list = await own.call('/v1/invoices/upcoming/lines', { ...formerly(now), ...page }, ACACIA, 'GET');
        assert.deepEqual([older.subtotal, older.total, older.customer.id], [invoice.subtotal, invoice.total, own.customer]);
        assert.deepEqual(lines(older.lines), lines(invoice.lines));
        assert.deepEqual(lines(list), lines(invoice.lines));
        assert(list.data.length > 0);
    });
}

test('there are no meters', async () => {
    const { call, subscription, product } = await world();
    const price_data = usd({ product, unit_amount: 1, recurring: { interval: 'month', meter: 'mtr_1' } });
    const form = { subscription, subscription_details: { items: [{ price_data }] } };
    const missing = { status: 400, code: 'resource_missing', message: "No such meter: 'mtr_1'" };
    await rejects(call('/v1/invoices/create_preview', form), missing);
    for (const path of ['/v1/invoices/upcoming', '/v1/invoices/upcoming/lines']) {
        await rejects(call(path, formerly(form), ACACIA, 'GET'), missing);
    }
});

test('the lines of the upcoming invoice take a coupon and the start of a new subscription', async () => {
    const own = await world();
    const { id: customer } = await own.sdk.customers.create();
    const lines = (form) => own.call('/v1/invoices/upcoming/lines', { customer, currency: 'usd', ...form }, ACACIA, 'GET');
    const fresh = { subscription_items: [{ price: own.other }] };
    const { data: [line] } = await lines({ ...fresh, coupon: own.half });
    assert.equal(line.discount_amounts[0].amount, 1500);
    const now = Math.floor(Date.now() / 1000);
    assert((await lines({ ...fresh, subscription_start_date: now - DAY })).data.length > 0);
});

test('the lines of the upcoming invoice come in pages', async () => {
    const { customer, older } = await world();
    for (let amount = 1; amount <= 3; amount++) {
        await older.invoiceItems.create({ customer, amount, currency: 'usd' });
    }
    const page = async (form) => (await older.rawRequest('GET', `/v1/invoices/upcoming/lines?${form}`)).data
        .map(({ amount }) => amount);
    const all = await page(`customer=${customer}`);
    assert.equal(all.length, 5);
    const ids = (await older.rawRequest('GET', `/v1/invoices/upcoming/lines?customer=${customer}`)).data
        .map(({ id }) => id);
    assert.equal(new Set(ids).size, 5);
    assert.deepEqual(await page(`customer=${customer}&limit=2&starting_after=${ids[1]}`), all.slice(2, 4));
    assert.deepEqual(await page(`customer=${customer}&limit=2&ending_before=${ids[3]}`), all.slice(1, 3));
});
