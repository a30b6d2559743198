// What coupons do for what is bought, from end to end, through official clients of three ages: previews, invoices,
// subscriptions, time, restrictions, and the parameters and fields of old.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Stripe from 'stripe';
import Stripe20231016 from 'stripe-2023-10-16';
import StripeAcacia from 'stripe-acacia';
import { rejects } from '../lib/assert.js';
import { newKey } from '../lib/client.js';
import { card, open, press } from '../lib/pages.js';
import { receive, until } from '../lib/receiver.js';
import { start } from '../lib/server.js';

const PATIENCE = 60_000; // milliseconds for a clock to arrive

let server;
let receiver;
before(async () => {
    server = await start();
    receiver = await receive();
});
after(async () => {
    await server?.stop();
    receiver?.close();
});

// Where clients differ in how they say and see the same.
const ENDIVE = {
    Sdk: Stripe,
    ofCoupon: (coupon) => ({ promotion: { type: 'coupon', coupon } }),
    byCode: (promotion_code) => ({ discounts: [{ promotion_code }] }),
    byCoupon: (coupon) => ({ discounts: [{ coupon }] }),
    discountsOf: ({ discounts }) => discounts.length,
    subscriptionOf: (invoice) => invoice.parent.subscription_details.subscription,
    periodEnd: (subscription) => subscription.items.data[0].current_period_end,
    preview: (sdk, customer, price, promotion_code) => sdk.invoices.createPreview({
        customer, subscription_details: { items: [{ price }] }, discounts: [{ promotion_code }],
    }),
    couponParam: 'discounts[0][coupon]',
    codeParam: 'discounts[0][promotion_code]',
};
const ACACIA = {
    ...ENDIVE,
    Sdk: StripeAcacia,
    legacy: true,
    ofCoupon: (coupon) => ({ coupon }),
    subscriptionOf: ({ subscription }) => subscription,
    periodEnd: ({ current_period_end }) => current_period_end,
};
const OLD = {
    ...ACACIA,
    Sdk: Stripe20231016,
    byCode: (promotion_code) => ({ promotion_code }),
    byCoupon: (coupon) => ({ coupon }),
    discountsOf: ({ discount }) => (discount ? 1 : 0),
    preview: (sdk, customer, price) => sdk.invoices.retrieveUpcoming({
        customer, subscription_items: [{ price }], coupon: 'LAUNCH25',
    }),
    couponParam: 'coupon',
    codeParam: 'promotion_code',
};

for (const [name, era] of [['endive', ENDIVE], ['acacia', ACACIA], ['2023-10-16', OLD]]) {
    describe(`stripe-node of ${name}`, () => {
        const { Sdk, ofCoupon, byCode, byCoupon, discountsOf, periodEnd } = era;
        const connect = () => new Sdk(newKey(), { host: server.host, port: server.port, protocol: 'http' });

        // A coupon of a quarter, a code for it, a monthly price of 2000 and a customer who can pay.
        async function shop({ terms, restrictions, of, ...customerFields } = {}) {
            const sdk = connect();
            await sdk.coupons.create({ id: 'LAUNCH25', percent_off: 25, duration: 'forever', ...terms });
            const { id: product } = await sdk.products.create({ name: 'Tea' });
            const { id: price } = await sdk.prices.create({
                product, currency: 'usd', unit_amount: 2000, recurring: { interval: 'month' },
            });
            const { id: customer } = await sdk.customers.create({ email: 'jenny@example.com', ...customerFields });
            const { id: method } = await sdk.paymentMethods.attach('pm_card_visa', { customer });
            await sdk.customers.update(customer, { invoice_settings: { default_payment_method: method } });
            const { id: code } = await sdk.promotionCodes.create({
                ...ofCoupon('LAUNCH25'), code: 'LAUNCH', restrictions, ...of?.(customer),
            });
            const subscribe = (fields) => sdk.subscriptions.create({ customer, items: [{ price }], ...fields });
            return { sdk, product, price, customer, code, subscribe };
        }

        test('a code is found by what customers type, and a preview says what it is worth', async () => {
            const { sdk, price, customer, code } = await shop();
            const { data: [found, ...more] } = await sdk.promotionCodes.list({ code: 'launch', active: true });
            assert.deepEqual([found.id, more], [code, []]);
            const { subtotal, total, total_discount_amounts } = await era.preview(sdk, customer, price, found.id);
            assert.deepEqual([subtotal, total, total_discount_amounts[0].amount], [2000, 1500, 500]);
            assert.equal((await sdk.promotionCodes.retrieve(code)).times_redeemed, 0, 'nothing was redeemed');
            assert.deepEqual((await sdk.subscriptions.list({ customer })).data, []);
        });

        test('an invoice is discounted item by item, then as a whole, and paid elsewhere', async () => {
            const { sdk, customer } = await shop();
            await sdk.coupons.create({ id: 'HALF', percent_off: 50 });
            const draft = await sdk.invoices.create({ customer, discounts: [{ coupon: 'LAUNCH25' }] });
            const item = { customer, invoice: draft.id, currency: 'usd' };
            await sdk.invoiceItems.create({ ...item, amount: 1000, discounts: [{ coupon: 'HALF' }] });
            await sdk.invoiceItems.create({ ...item, amount: 3000 });
            const open = await sdk.invoices.finalizeInvoice(draft.id);
            assert.deepEqual([open.status, open.subtotal, open.total], ['open', 3500, 2625]);
            assert.match(open.number, /^[A-Z0-9]+-0001$/);
            assert.deepEqual(open.total_discount_amounts.map(({ amount }) => amount), [500, 875]);
            const paid = await sdk.invoices.pay(draft.id, { paid_out_of_band: true });
            assert.deepEqual([paid.status, paid.amount_paid, paid.amount_remaining], ['paid', 2625, 0]);
        });

        test('a subscription with a code is active, and its first invoice shows the discount', async () => {
            const { sdk, customer, code, subscribe } = await shop();
            const made = await subscribe({ ...byCode(code), expand: ['latest_invoice.total_discount_amounts.discount'] });
            const { latest_invoice: invoice } = made;
            assert.deepEqual([made.status, discountsOf(made), invoice.status, invoice.total], ['active', 1, 'paid', 1500]);
            const [{ amount, discount }] = invoice.total_discount_amounts;
            assert.deepEqual([amount, discount.object, discount.promotion_code, discount.subscription],
                [500, 'discount', code, made.id]);
            assert.equal(era.subscriptionOf(invoice), made.id);
            assert.equal((await sdk.promotionCodes.retrieve(code)).times_redeemed, 1);
            const canceled = await sdk.subscriptions.cancel(made.id);
            assert.equal(canceled.status, 'canceled');
            assert.equal((await sdk.customers.retrieve(customer)).discount, null);
        });

        test('discounts end as time passes', async () => {
            const sdk = connect();
            const begin = Date.UTC(2027, 0, 15) / 1000;
            const { id: test_clock } = await sdk.testHelpers.testClocks.create({ frozen_time: begin });
            const { id: customer } = await sdk.customers.create({
                test_clock, payment_method: 'pm_card_visa', invoice_settings: { default_payment_method: 'pm_card_visa' },
            });
            const { id: price } = await sdk.prices.create({
                product_data: { name: 'Tea' }, currency: 'usd', unit_amount: 2000, recurring: { interval: 'month' },
            });
            const subscriptions = {};
            for (const terms of [{ id: 'ONCE' }, { id: 'TWICE', duration: 'repeating', duration_in_months: 2 },
                { id: 'EVER', duration: 'forever' }]) {
                await sdk.coupons.create({ percent_off: 50, ...terms });
                subscriptions[terms.id] =
                    (await sdk.subscriptions.create({ customer, items: [{ price }], ...byCoupon(terms.id) })).id;
            }
            for (const month of [1, 2]) {
                const frozen_time = Date.UTC(2027, month, 15, 1) / 1000;
                await sdk.testHelpers.testClocks.advance(test_clock, { frozen_time });
                const deadline = Date.now() + PATIENCE;
                while ((await sdk.testHelpers.testClocks.retrieve(test_clock)).status !== 'ready') {
                    assert(Date.now() < deadline, 'the clock does not arrive');
                    await sleep(10);
                }
            }
            for (const [coupon, totals, left] of [
                ['ONCE', [1000, 2000, 2000], 0], ['TWICE', [1000, 1000, 2000], 0], ['EVER', [1000, 1000, 1000], 1],
            ]) {
                const { data } = await sdk.invoices.list({ subscription: subscriptions[coupon] });
                assert.deepEqual(data.reverse().map(({ total, status }) => [total, status]),
                    totals.map((total) => [total, 'paid']), coupon);
                const subscription = await sdk.subscriptions.retrieve(subscriptions[coupon]);
                assert.equal(discountsOf(subscription), left, coupon);
                assert.equal(periodEnd(subscription), Date.UTC(2027, 3, 15) / 1000);
            }
        });

        test('a buyer types a code at the checkout, and the shop is told by a signed webhook', async () => {
            const { sdk, code, customer } = await shop();
            const path = `/${name}`;
            const { secret } = await sdk.webhookEndpoints.create({
                url: receiver.url(path), enabled_events: ['checkout.session.completed', 'promotion_code.updated'],
                api_version: Sdk.API_VERSION,
            });
            const session = await sdk.checkout.sessions.create({
                mode: 'payment', customer, success_url: 'https://shop.example/thanks', allow_promotion_codes: true,
                line_items: [{
                    price_data: { currency: 'usd', unit_amount: 9999, product_data: { name: 'Tea pot' } }, quantity: 1,
                }],
            });
            assert.deepEqual([session.status, session.amount_total], ['open', 9999]);
            const wrong = await press(session.url, await open(session.url), 'apply', { code: 'LUNCH' });
            assert.deepEqual(wrong.problems, ['This code is invalid.']);
            const applied = await press(session.url, wrong, 'apply', { code: 'launch' });
            assert.equal(applied.sums['Total due today'], '$74.99');
            assert.equal((await sdk.promotionCodes.retrieve(code)).times_redeemed, 0, 'only what is bought counts');
            const { status, location } = await press(session.url, applied, 'pay', card);
            assert.deepEqual([status, location], [303, 'https://shop.example/thanks']);
            const { status: ended, payment_status, amount_total, total_details } =
                await sdk.checkout.sessions.retrieve(session.id);
            assert.deepEqual([ended, payment_status, amount_total, total_details.amount_discount],
                ['complete', 'paid', 7499, 2500]);
            assert.equal((await sdk.promotionCodes.retrieve(code)).times_redeemed, 1);
            await until(() => receiver.at(path).length === 2);
            const events = receiver.at(path).map(({ body, headers }) =>
                sdk.webhooks.constructEvent(body, headers['stripe-signature'], secret));
            const told = Object.fromEntries(events.map(({ type, data }) => [type, data]));
            assert.equal(told['checkout.session.completed'].object.id, session.id);
            assert.deepEqual(told['promotion_code.updated'].previous_attributes, { times_redeemed: 0 });
        });

        test('the portal shows the discount of a subscription, and takes a code with a change', async () => {
            const { sdk, price, product, customer, subscribe } = await shop();
            const { id: large } = await sdk.prices.create({
                product, currency: 'usd', unit_amount: 6000, recurring: { interval: 'month' },
            });
            const subscription = await subscribe();
            const { id: configuration } = await sdk.billingPortal.configurations.create({
                business_profile: {},
                features: {
                    subscription_update: {
                        enabled: true, default_allowed_updates: ['price', 'promotion_code'],
                        products: [{ product, prices: [price, large] }],
                    },
                },
            });
            const { url } = await sdk.billingPortal.sessions.create({ customer, configuration });
            const view = `${url}?update=${subscription.id}`;
            const typed = { subscription: subscription.id, price: large };
            const wrong = await press(url, await open(view), 'update', { ...typed, code: 'LUNCH' });
            assert.deepEqual(wrong.problems, ['This code is invalid.']);
            assert.equal((await sdk.subscriptions.retrieve(subscription.id)).items.data[0].price.id, price, 'both or neither');
            await press(url, await open(view), 'update', { ...typed, code: 'LAUNCH' });
            const changed = await sdk.subscriptions.retrieve(subscription.id);
            assert.deepEqual([changed.items.data[0].price.id, discountsOf(changed)], [large, 1]);
            assert.match((await open(url)).html, /LAUNCH.*25% off/s);
        });

        test('a code for first purchases is refused after one', async () => {
            const { code, subscribe } = await shop({ restrictions: { first_time_transaction: true } });
            assert.equal((await subscribe(byCode(code))).status, 'active');
            await rejects(subscribe(byCode(code)),
                { status: 400, code: 'promotion_code_customer_not_first_time', param: era.codeParam });
        });

        test('a code with a minimum is refused below it', async () => {
            const { code, subscribe, price } = await shop({
                restrictions: { minimum_amount: 3000, minimum_amount_currency: 'usd' },
            });
            await rejects(subscribe(byCode(code)), { status: 400, param: era.codeParam, message: /minimum amount/ });
            assert.equal((await subscribe({ ...byCode(code), items: [{ price, quantity: 2 }] })).status, 'active');
        });

        test('a code of one customer is refused to another', async () => {
            const { sdk, code, price, subscribe } = await shop({ of: (customer) => ({ customer }) });
            const { id: stranger } = await sdk.customers.create();
            await rejects(sdk.subscriptions.create({
                customer: stranger, items: [{ price }], collection_method: 'send_invoice', days_until_due: 1, ...byCode(code),
            }), { status: 400, code: 'promotion_code_customer_mismatch', param: era.codeParam });
            assert.equal((await subscribe(byCode(code))).status, 'active');
        });

        test('a coupon that is used up is refused', async () => {
            const { sdk, subscribe } = await shop({ terms: { max_redemptions: 1 } });
            assert.equal((await subscribe(byCoupon('LAUNCH25'))).status, 'active');
            assert.equal((await sdk.coupons.retrieve('LAUNCH25')).valid, false);
            await rejects(subscribe(byCoupon('LAUNCH25')), {
                status: 400, code: 'coupon_expired', param: era.couponParam, message: 'Coupon expired: LAUNCH25',
            });
        });

        test('a coupon for another product takes nothing off', async () => {
            const { sdk, product, subscribe } = await shop();
            const { id: other } = await sdk.products.create({ name: 'Coffee' });
            await sdk.coupons.create({ id: 'COFFEE', percent_off: 50, applies_to: { products: [other] } });
            await sdk.coupons.create({ id: 'TEA', percent_off: 50, applies_to: { products: [product] } });
            for (const [coupon, total] of [['COFFEE', 2000], ['TEA', 1000]]) {
                const { latest_invoice } = await subscribe({ ...byCoupon(coupon), expand: ['latest_invoice'] });
                assert.equal(latest_invoice.total, total);
            }
        });

        test('before basil `coupon` is a parameter of customers and subscriptions', { skip: !era.legacy }, async () => {
            const { sdk, subscribe, price } = await shop();
            const made = await subscribe({ coupon: 'LAUNCH25' });
            assert.deepEqual([made.discount.coupon.percent_off, made.discount.coupon.id], [25, 'LAUNCH25']);
            assert.equal((await sdk.subscriptions.retrieve(made.id)).discount.coupon.percent_off, 25);
            assert.equal((await sdk.subscriptions.update(made.id, { coupon: '' })).discount, null);
            const regular = await sdk.customers.create({
                coupon: 'LAUNCH25', payment_method: 'pm_card_visa',
                invoice_settings: { default_payment_method: 'pm_card_visa' },
            });
            assert.equal(regular.discount.coupon.percent_off, 25);
            const inherits = await sdk.subscriptions.create({
                customer: regular.id, items: [{ price }], expand: ['latest_invoice'],
            });
            assert.deepEqual([inherits.discount, inherits.latest_invoice.total], [null, 1500]);
            assert.equal(inherits.latest_invoice.discount.coupon.percent_off, 25);
            await sdk.customers.deleteDiscount(regular.id);
            assert.equal((await sdk.customers.retrieve(regular.id)).discount, null);
        });
    });
}
