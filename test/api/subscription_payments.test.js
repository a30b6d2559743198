// How subscriptions are paid: cards that are missing or declined, what the call wants done then, attempts that follow
// by a test clock, invoices that are sent.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rejects } from '../lib/assert.js';
import { account, at } from '../lib/billing.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const BEGIN = '2027-01-15';
const HOUR = 3600;
const DAY = 86400;
const DECLINED = 'pm_card_chargeCustomerFail';
const NO_METHOD = { status: 400, type: 'invalid_request_error', code: 'resource_missing', param: undefined,
    message: /^This customer has no attached payment source or default payment method\./ };

// A customer on a clock with a card, unless it is null, and a monthly price of 2500.
async function shop(card = 'pm_card_visa') {
    const own = account(server);
    const { sdk } = own;
    const { id: clock } = await sdk.testHelpers.testClocks.create({ frozen_time: at(BEGIN) });
    const { id: customer } = await sdk.customers.create({ test_clock: clock });
    const { id: price } = await own.price(2500, { interval: 'month' });
    const pays = async (name) => {
        const { id } = await sdk.paymentMethods.attach(name, { customer });
        await sdk.customers.update(customer, { invoice_settings: { default_payment_method: id } });
        return id;
    };
    if (card) await pays(card);
    const expand = ['latest_invoice'];
    let last;
    return {
        ...own,
        makePrice: own.price,
        clock,
        customer,
        price,
        pays,
        create: (fields) => sdk.subscriptions.create({ customer, items: [{ price }], expand, ...fields }),
        retrieve: (id) => sdk.subscriptions.retrieve(id, { expand }),
        advance: (to) => own.advance(clock, to),
        nothing: async () => {
            assert.deepEqual((await sdk.subscriptions.list({ customer, status: 'all' })).data, []);
            assert.deepEqual((await sdk.invoices.list({ customer })).data, []);
        },
        // Types of events since the last call, oldest first, without those of the clock.
        async told() {
            const { data } = await sdk.events.list({ limit: 100, ending_before: last });
            last = data[0]?.id ?? last;
            return data.reverse().filter(({ type }) => !type.startsWith('test_helpers'));
        },
    };
}

const types = (events) => events.map(({ type }) => type);

// ---- nothing to pay with ----

for (const [payment_behavior, refused] of [[undefined, true], ['error_if_incomplete', true],
    ['pending_if_incomplete', true], ['allow_incomplete', false], ['default_incomplete', false]]) {
    test(`without a card, ${payment_behavior ?? 'by default'}, a subscription is ${refused ? 'refused' : 'incomplete'}`, async () => {
        const it = await shop(null);
        const { id: coupon } = await it.coupon();
        const made = it.create({ payment_behavior, discounts: [{ coupon }] });
        if (refused) {
            await rejects(made, NO_METHOD);
            await it.nothing();
        } else {
            const { status, latest_invoice } = await made;
            assert.deepEqual([status, latest_invoice.status, latest_invoice.attempted], ['incomplete', 'open', false]);
        }
        assert.equal((await it.sdk.coupons.retrieve(coupon)).times_redeemed, Number(!refused));
    });
}

// ---- declined ----

for (const payment_behavior of [undefined, 'allow_incomplete', 'default_incomplete']) {
    test(`a declined card, ${payment_behavior ?? 'by default'}, leaves the subscription incomplete`, async () => {
        const it = await shop(DECLINED);
        await it.told();
        const { id, status, latest_invoice } = await it.create({ payment_behavior });
        const attempted = payment_behavior !== 'default_incomplete';
        assert.deepEqual([status, latest_invoice.status, latest_invoice.attempted], ['incomplete', 'open', attempted]);
        assert.equal(types(await it.told()).includes('invoice.payment_failed'), attempted);
        await it.pays('pm_card_visa');
        await it.told();
        const paid = await it.sdk.invoices.pay(latest_invoice.id);
        assert.equal(paid.status, 'paid');
        assert.equal((await it.retrieve(id)).status, 'active');
        const { data } = (await it.told()).find(({ type }) => type === 'customer.subscription.updated');
        assert.equal(data.previous_attributes.status, 'incomplete');
        await it.advance(at('2027-02-15') + HOUR);
        const later = await it.retrieve(id);
        assert.deepEqual([later.status, later.latest_invoice.status], ['active', 'paid']);
    });
}

test('error_if_incomplete leaves nothing of what was declined', async () => {
    const it = await shop(DECLINED);
    const { id: coupon } = await it.coupon();
    const { id: fee } = await it.makePrice(100);
    await it.told();
    await rejects(it.create({
        payment_behavior: 'error_if_incomplete', discounts: [{ coupon }], add_invoice_items: [{ price: fee }],
    }), { status: 402, type: 'card_error', code: 'card_declined' });
    await it.nothing();
    assert.deepEqual(await it.told(), []);
    assert.equal((await it.sdk.coupons.retrieve(coupon)).times_redeemed, 0);
    assert.deepEqual((await it.sdk.paymentIntents.list({ customer: it.customer })).data, []);
    assert.deepEqual((await it.sdk.invoiceItems.list({ customer: it.customer })).data, []);
    assert.equal((await it.sdk.customers.retrieve(it.customer)).next_invoice_sequence, 1);
});

test('an incomplete subscription expires after 23 hours, and its invoice with it', async () => {
    const it = await shop(DECLINED);
    const { id, latest_invoice } = await it.create();
    await it.advance(at(BEGIN) + 23 * HOUR - 1);
    assert.equal((await it.retrieve(id)).status, 'incomplete');
    await it.told();
    await it.advance(at(BEGIN) + 23 * HOUR);
    const { status, ended_at } = await it.retrieve(id);
    assert.deepEqual([status, ended_at], ['incomplete_expired', at(BEGIN) + 23 * HOUR]);
    assert.equal((await it.sdk.invoices.retrieve(latest_invoice.id)).status, 'void');
    assert.deepEqual(types(await it.told()).sort(),
        ['customer.subscription.updated', 'invoice.updated', 'invoice.voided'].sort());
    await it.advance(at('2027-02-16'));
    assert.equal((await it.sdk.invoices.list({ customer: it.customer })).data.length, 1);
    await rejects(it.sdk.subscriptions.cancel(id), { status: 404, code: 'resource_missing' });
});

test('a subscription whose first invoice is nothing needs no card', async () => {
    const it = await shop(null);
    const { id: coupon } = await it.coupon({ percent_off: 100 });
    const { status, latest_invoice } = await it.create({ discounts: [{ coupon }], payment_behavior: 'error_if_incomplete' });
    assert.deepEqual([status, latest_invoice.status], ['active', 'paid']);
});

// ---- an update that cannot be paid ----

test('an update that is declined leaves the subscription past due', async () => {
    const it = await shop();
    const { id } = await it.create();
    await it.pays(DECLINED);
    const { status, latest_invoice } = await it.sdk.subscriptions.update(id, {
        items: [{ price: (await it.makePrice(1000, { interval: 'month' })).id }], proration_behavior: 'always_invoice',
        expand: ['latest_invoice'],
    });
    assert.deepEqual([status, latest_invoice.status, latest_invoice.total], ['past_due', 'open', 1000]);
    assert.equal((await it.retrieve(id)).status, 'past_due');
    await it.pays('pm_card_visa');
    await it.sdk.invoices.pay(latest_invoice.id);
    assert.equal((await it.retrieve(id)).status, 'active');
});

test('a past due subscription is active again when an update is paid', async () => {
    const it = await shop();
    const { id } = await it.create();
    await it.pays(DECLINED);
    await it.advance(at('2027-02-15') + HOUR);
    assert.equal((await it.retrieve(id)).status, 'past_due');
    await it.pays('pm_card_visa');
    const { status, latest_invoice } = await it.sdk.subscriptions.update(id,
        { billing_cycle_anchor: 'now', proration_behavior: 'none', expand: ['latest_invoice'] });
    assert.deepEqual([latest_invoice.status, status], ['paid', 'active']);
    assert.equal((await it.retrieve(id)).status, 'active');
});

test('error_if_incomplete leaves a subscription as it was', async () => {
    const it = await shop();
    const { id, items } = await it.create();
    await it.pays(DECLINED);
    await it.told();
    const price = (await it.makePrice(9000, { interval: 'month' })).id;
    await it.told();
    const change = { proration_behavior: 'always_invoice', payment_behavior: 'error_if_incomplete' };
    const declined = { status: 402, type: 'card_error', code: 'card_declined' };
    await rejects(it.sdk.subscriptions.update(id, { items: [{ price }], ...change }), declined);
    await rejects(it.sdk.subscriptionItems.create({ subscription: id, price, ...change }), declined);
    await rejects(it.sdk.subscriptionItems.update(items.data[0].id, { quantity: 2, ...change,
        proration_date: at(BEGIN) }), declined);
    const { status, items: { data } } = await it.retrieve(id);
    assert.deepEqual([status, data.length, data[0].quantity], ['active', 1, 1]);
    assert.deepEqual(await it.told(), []);
    assert.equal((await it.sdk.invoices.list({ customer: it.customer })).data.length, 1);
});

// ---- attempts that follow ----

test('a renewal that is declined is tried again after 3, 5 and 7 days, then the subscription is canceled', async () => {
    const it = await shop();
    const { id } = await it.create();
    await it.pays(DECLINED);
    const tries = [0, 3, 8, 15].map((days) => at('2027-02-15') + HOUR + days * DAY);
    for (const [i, time] of tries.entries()) {
        await it.told();
        await it.advance(time);
        const { status, latest_invoice, cancellation_details } = await it.retrieve(id);
        const last = i === tries.length - 1;
        assert.deepEqual([status, latest_invoice.attempt_count, latest_invoice.next_payment_attempt],
            last ? ['canceled', 4, null] : ['past_due', i + 1, tries[i + 1]]);
        assert.equal(latest_invoice.status, 'open');
        const told = types(await it.told());
        assert(told.includes('invoice.payment_failed'));
        assert.equal(told.filter((type) => type === 'customer.subscription.deleted').length, Number(last));
        if (last) assert.equal(cancellation_details.reason, 'payment_failed');
    }
    await it.advance(at('2027-04-16'));
    assert.equal((await it.sdk.invoices.list({ customer: it.customer })).data.length, 2);
});

test('a new card is taken at the next attempt', async () => {
    const it = await shop();
    const { id } = await it.create();
    await it.pays(DECLINED);
    await it.advance(at('2027-02-15') + HOUR);
    assert.equal((await it.retrieve(id)).status, 'past_due');
    await it.pays('pm_card_visa');
    await it.told();
    await it.advance(at('2027-02-18') + HOUR);
    const { status, latest_invoice } = await it.retrieve(id);
    assert.deepEqual([status, latest_invoice.status, latest_invoice.attempt_count, latest_invoice.next_payment_attempt],
        ['active', 'paid', 2, null]);
    const told = await it.told();
    const { created, data } = told.find(({ type }) => type === 'customer.subscription.updated');
    assert.deepEqual([created, data.previous_attributes.status], [at('2027-02-18') + HOUR, 'past_due']);
});

test('a trial that ends without a card leads to an attempt that fails', async () => {
    const it = await shop(null);
    const { id } = await it.create({ trial_period_days: 7 });
    await it.advance(at('2027-01-22') + HOUR);
    const { status, latest_invoice } = await it.retrieve(id);
    assert.deepEqual([status, latest_invoice.status, latest_invoice.attempt_count], ['past_due', 'open', 1]);
});

test('canceling stops attempts, and drafts stay drafts', async () => {
    const it = await shop();
    const { id } = await it.create();
    await it.pays(DECLINED);
    await it.advance(at('2027-02-15') + HOUR);
    const { latest_invoice: open } = await it.retrieve(id);
    await it.sdk.subscriptions.cancel(id);
    const other = await it.create({ trial_period_days: 10 });
    await it.advance(at('2027-02-25') + HOUR / 2 + HOUR);
    const { attempt_count, auto_advance, next_payment_attempt } = await it.sdk.invoices.retrieve(open.id);
    assert.deepEqual([attempt_count, auto_advance, next_payment_attempt], [1, false, null]);
    const { latest_invoice: draft } = await it.retrieve(other.id);
    assert.equal(draft.status, 'draft');
    await it.sdk.subscriptions.cancel(other.id);
    await it.advance(at('2027-03-10'));
    assert.equal((await it.sdk.invoices.retrieve(draft.id)).status, 'draft');
});

test('nothing is collected any more from a customer who is deleted', async () => {
    const it = await shop();
    const { id } = await it.create({ trial_period_days: 10 });
    await it.advance(at('2027-01-25'));
    const { latest_invoice: draft } = await it.retrieve(id);
    assert.equal(draft.status, 'draft');
    await it.sdk.customers.del(it.customer);
    await it.advance(at('2027-02-20'));
    assert.equal((await it.sdk.invoices.retrieve(draft.id)).status, 'draft');
});

test('the card of the subscription goes before the one of the customer', async () => {
    const it = await shop(DECLINED);
    const { id: method } = await it.sdk.paymentMethods.attach('pm_card_mastercard', { customer: it.customer });
    const { id, status, default_payment_method } = await it.create({ default_payment_method: method });
    assert.deepEqual([status, default_payment_method], ['active', method]);
    await it.advance(at('2027-02-15') + HOUR);
    assert.equal((await it.retrieve(id)).latest_invoice.status, 'paid');
    const { id: stranger } = await it.sdk.customers.create();
    const { id: foreign } = await it.sdk.paymentMethods.attach('pm_card_visa', { customer: stranger });
    await rejects(it.create({ default_payment_method: foreign }), { status: 400, param: 'default_payment_method' });
});

// ---- invoices that are sent ----

test('an invoice to send is a draft for an hour, then open until it is paid', async () => {
    const it = await shop(null);
    const { id, status, latest_invoice } = await it.create({ collection_method: 'send_invoice', days_until_due: 7 });
    assert.deepEqual([status, latest_invoice.status, latest_invoice.collection_method, latest_invoice.due_date],
        ['active', 'draft', 'send_invoice', at('2027-01-22')]);
    await it.told();
    await it.advance(at(BEGIN) + HOUR);
    assert.equal((await it.retrieve(id)).latest_invoice.status, 'open');
    assert.deepEqual(types(await it.told()).filter((type) => /finalized|sent|payment/.test(type)),
        ['invoice.finalized', 'invoice.sent']);
    const { status: paid } = await it.sdk.invoices.pay(latest_invoice.id, { paid_out_of_band: true });
    assert.equal(paid, 'paid');
    await it.advance(at('2027-02-15') + HOUR);
    const { latest_invoice: next } = await it.retrieve(id);
    assert.deepEqual([next.status, next.due_date, next.attempted], ['open', at('2027-02-22'), false]);
});
