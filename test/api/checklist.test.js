// The calls of integrations that exist, with the bodies that they send, byte for byte as forms: customer, card,
// subscription, invoice, and how what comes of them is read.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused } from '../lib/assert.js';
import { newKey, raw } from '../lib/client.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

// Calls of one account in one version; the body is text.
function account(version) {
    const key = newKey();
    const call = (method, path, body, headers) =>
        raw(server, { method, path, body, key, version, headers: { ...(method === 'POST' && FORM), ...headers } });
    const must = async (...request) => {
        const { status, text, json } = await call(...request);
        assert.equal(status, 200, `${request.join(' ')}: ${text}`);
        return json;
    };
    return {
        key,
        call,
        get: (path) => must('GET', path),
        post: (path, body) => must('POST', path, body),
    };
}

// A customer with a card, a monthly price of 2500, and a coupon of 10 %.
async function setUp({ post }) {
    const { id: customer } = await post('/v1/customers', 'email=buyer%40example.com');
    const { id: method } = await post('/v1/payment_methods/pm_card_visa/attach', `customer=${customer}`);
    await post(`/v1/customers/${customer}`, `invoice_settings[default_payment_method]=${method}`);
    const { id: product } = await post('/v1/products', 'name=Test+Subscription&unit_label=user');
    const { id: price } = await post('/v1/prices',
        `product=${product}&unit_amount=2500&currency=usd&recurring[interval]=month`);
    await post('/v1/coupons', 'id=10OFF&percent_off=10&duration=forever');
    return { customer, method, price };
}

function subscribe({ post }, { customer, price }) {
    return post('/v1/subscriptions', `items[0][price]=${price}&discounts[0][coupon]=10OFF&customer=${customer}` +
        '&expand[0]=default_payment_method&expand[1]=discounts&expand[2]=latest_invoice.confirmation_secret' +
        '&expand[3]=latest_invoice.payments&expand[4]=latest_invoice.total_discount_amounts.discount' +
        '&expand[5]=pending_setup_intent&expand[6]=schedule');
}

// An invoice of one item of 1900 with half of it off, paid while it is a draft.
async function payDraft({ post }, customer) {
    const draft = await post('/v1/invoices', `customer=${customer}`);
    await post('/v1/coupons', 'id=50OFF&percent_off=50&duration=forever');
    const item = await post('/v1/invoiceitems',
        `customer=${customer}&invoice=${draft.id}&amount=1900&discounts[0][coupon]=50OFF`);
    return { draft, item, paid: await post(`/v1/invoices/${draft.id}/pay`, '') };
}

for (const version of ['2025-10-29.clover', '2026-03-25.dahlia', '2026-10-28.endive']) {
    test(`${version}: a customer is made with its includable fields`, async () => {
        const customer = await account(version).post('/v1/customers', 'expand[0]=tax&expand[1]=invoice_credit_balance');
        assert(Object.hasOwn(customer, 'tax'));
        assert.deepEqual(customer.invoice_credit_balance, {});
    });

    test(`${version}: a test card is attached under an id of its own and becomes the default`, async () => {
        const own = account(version);
        const { customer, method } = await setUp(own);
        assert.match(method, /^pm_/);
        assert.notEqual(method, 'pm_card_visa');
        const { id } = await own.post('/v1/payment_methods/pm_card_visa/attach', `customer=${customer}`);
        assert.notEqual(id, method, 'another card each time');
        const { invoice_settings } = await own.get(`/v1/customers/${customer}`);
        assert.equal(invoice_settings.default_payment_method, method);
    });

    test(`${version}: a subscription with a coupon is active and paid, and shows how`, async () => {
        const own = account(version);
        const { customer, price } = await setUp(own);
        const subscription = await subscribe(own, { customer, price });
        assert.deepEqual([subscription.status, subscription.customer], ['active', customer]);
        assert.equal(subscription.items.data[0].price.id, price);
        const [discount] = subscription.discounts;
        assert.deepEqual([discount.source.coupon, discount.subscription, discount.customer],
            ['10OFF', subscription.id, customer]);
        for (const field of ['default_payment_method', 'pending_setup_intent', 'schedule']) {
            assert.equal(subscription[field], null, field);
        }

        const { latest_invoice: invoice } = subscription;
        const { status, billing_reason, subtotal, total, amount_due, amount_paid, amount_remaining } = invoice;
        assert.deepEqual({ status, billing_reason, subtotal, total, amount_due, amount_paid, amount_remaining }, {
            status: 'paid', billing_reason: 'subscription_create', subtotal: 2500, total: 2250, amount_due: 2250,
            amount_paid: 2250, amount_remaining: 0,
        });
        assert.deepEqual(invoice.discounts, [discount.id], 'inherited under the same id');
        assert.deepEqual(invoice.total_discount_amounts, [{ amount: 250, discount }]);
        assert.deepEqual(invoice.total_pretax_credit_amounts,
            [{ amount: 250, discount: discount.id, type: 'discount' }]);
        const [line] = invoice.lines.data;
        assert.deepEqual([line.amount, line.description], [2500, '1 user × Test Subscription (at $25.00 / month)']);
        assert.deepEqual([line.discounts, line.discount_amounts], [[], [{ amount: 250, discount: discount.id }]]);
        assert(Object.hasOwn(invoice, 'confirmation_secret'));
        const [payment] = invoice.payments.data;
        assert.deepEqual([payment.invoice, payment.status, payment.amount_paid], [invoice.id, 'paid', 2250]);
    });

    test(`${version}: an invoice begins as an empty draft`, async () => {
        const own = account(version);
        const { id: customer } = await own.post('/v1/customers', '');
        const invoice = await own.post('/v1/invoices', `customer=${customer}`);
        const { status, currency, auto_advance, billing_reason, subtotal, total, discounts } = invoice;
        assert.deepEqual({ status, currency, auto_advance, billing_reason, subtotal, total, discounts }, {
            status: 'draft', currency: 'usd', auto_advance: false, billing_reason: 'manual', subtotal: 0, total: 0,
            discounts: [],
        });
        assert.deepEqual(invoice.lines.data, []);
    });

    test(`${version}: a draft with an item that has a coupon is paid at once`, async () => {
        const own = account(version);
        const { customer } = await setUp(own);
        const { draft, item, paid } = await payDraft(own, customer);
        assert.deepEqual([item.amount, item.currency, item.invoice], [1900, 'usd', draft.id]);
        assert.equal(item.discounts.length, 1);
        assert(item.pricing.price_details.price, 'an amount has a price of its own');
        const { status, subtotal, total, amount_due, amount_paid } = paid;
        assert.deepEqual({ status, subtotal, total, amount_due, amount_paid },
            { status: 'paid', subtotal: 950, total: 950, amount_due: 950, amount_paid: 950 });
        const taken = [{ amount: 950, discount: item.discounts[0] }];
        assert.deepEqual([paid.discounts, paid.total_discount_amounts], [[], taken]);
        const [line] = paid.lines.data;
        assert.deepEqual([line.amount, line.discounts, line.discount_amounts], [1900, item.discounts, taken]);
    });

    test(`${version}: discounts are expanded inside an array, coupons inside them`, async () => {
        const own = account(version);
        const { customer } = await setUp(own);
        const { item, paid } = await payDraft(own, customer);
        const path = `/v1/invoices/${paid.id}?expand%5B%5D=total_discount_amounts.discount.source.coupon`;
        const invoice = await own.get(path);
        const [{ amount, discount }] = invoice.total_discount_amounts;
        assert.deepEqual([amount, discount.id, discount.invoice_item], [950, item.discounts[0], item.id]);
        const { type, coupon } = discount.source;
        assert.deepEqual([type, coupon.object, coupon.id, coupon.percent_off], ['coupon', 'coupon', '50OFF', 50]);
        assert.deepEqual(invoice.total_pretax_credit_amounts,
            [{ amount: 950, discount: item.discounts[0], type: 'discount' }]);
    });

    test(`${version}: the payment of an invoice is found by its payment intent`, async () => {
        const own = account(version);
        const { latest_invoice: { id, payments } } = await subscribe(own, await setUp(own));
        const [{ payment: { type, payment_intent } }] = payments.data;
        assert.equal(type, 'payment_intent');
        assert.match(payment_intent, /^pi_/);
        const list = (intent) => own.get(`/v1/invoice_payments?payment%5Bpayment_intent%5D=${intent}` +
            '&payment%5Btype%5D=payment_intent&status=paid');
        const { data } = await list(payment_intent);
        assert.deepEqual(data.map((each) => [each.id, each.invoice]), [[payments.data[0].id, id]]);
        assert.deepEqual((await list('pi_none')).data, []);
    });

    test(`${version}: a subscription is canceled by a DELETE with an idempotency key`, async () => {
        const own = account(version);
        const { id } = await subscribe(own, await setUp(own));
        const path = `/v1/subscriptions/${id}?expand%5B%5D=latest_invoice`;
        const headers = { 'idempotency-key': 'b4d9ad1c-9f3c-4f3e-9a55-3f1c9a1f7d10' };
        const { status, json, headers: answered } = await own.call('DELETE', path, undefined, headers);
        assert.equal(status, 200);
        assert.deepEqual([json.id, json.status, json.latest_invoice.object], [id, 'canceled', 'invoice']);
        assert.equal(json.cancellation_details.reason, 'cancellation_requested');
        assert(json.canceled_at && json.ended_at);
        assert.equal(answered.get('idempotency-key'), headers['idempotency-key']);
    });

    test(`${version}: what does not exist is refused where it was named`, async () => {
        const own = account(version);
        const { customer } = await setUp(own);
        refused(await own.call('POST', '/v1/subscriptions', `items[0][price]=invalid&customer=${customer}`), {
            status: 400, type: 'invalid_request_error', code: 'resource_missing', param: 'items[0][price]',
            message: "No such price: 'invalid'",
        });
        refused(await own.call('GET', '/v1/customers/invalid'), {
            status: 404, type: 'invalid_request_error', code: 'resource_missing', param: 'id',
            message: "No such customer: 'invalid'",
        });
        const key = 'sk_live_unknown123456';
        const { headers, ...answer } =
            await raw(server, { method: 'POST', path: '/v1/subscriptions', body: '', key, version, headers: FORM });
        refused(answer, { status: 401, type: 'invalid_request_error', code: undefined });
        assert.equal(headers.get('request-id'), null);
    });
}
