// What exports carry: all of an account, its redemptions with what they count for, and nothing twice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { account as ledger } from '../lib/account.js';
import { account as billing, at } from '../lib/billing.js';
import { newKey, raw } from '../lib/client.js';
import { start } from '../lib/server.js';
import { exported, imported, newData, objects, verified } from '../lib/transfer.js';

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
    return { ...own, who };
}

test('redemptions of every status are carried with all that they count for', async () => {
    const { key } = await uses();
    const all = carried(exported(server.data, '--account', await accountOf(key)));
    const redemptions = all.filter(({ object }) => object === 'redemption');
    assert.deepEqual(redemptions.map(({ status }) => status),
        ['redeemed', 'redeemed', 'canceled', 'redeemed', 'canceled', 'held', 'redeemed']);
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
    const { id: drafted } = await sdk.invoices.create({ customer: customer.id });
    for (let i = 0; i < 13; i++) {
        await sdk.invoiceItems.create({ customer: customer.id, invoice: drafted, amount: 100 + i, currency: 'usd' });
    }
    await sdk.setupIntents.create({ customer: customer.id });
    await sdk.paymentIntents.create({ amount: 300, currency: 'usd', customer: customer.id });
    await sdk.billingPortal.configurations.create({ features: { invoice_history: { enabled: true } } });
    const once = await price(700);
    await sdk.checkout.sessions.create({
        mode: 'payment', success_url: 'https://example.com', line_items: [{ price: once.id, quantity: 2 }],
        discounts: [{ coupon: 'HALF' }],
    });
    await sdk.webhookEndpoints.create({ url: 'https://example.com', enabled_events: ['*'] });
    const all = carried(exported(server.data, '--account', await accountOf(key)));
    const kinds = new Set(all.map(({ object }) => object));
    for (const kind of ['billing_portal.configuration', 'charge', 'checkout.session', 'coupon', 'customer', 'discount',
        'invoice', 'invoice_payment', 'invoiceitem', 'payment_intent', 'payment_method', 'price', 'product',
        'promotion_code', 'redemption', 'setup_intent', 'subscription', 'subscription_item', 'test_helpers.test_clock']) {
        assert(kinds.has(kind), kind);
    }
    assert.equal(all.find(({ id }) => id === drafted).all_lines.length, 13);
    assert(!kinds.has('webhook_endpoint') && !kinds.has('event'));
});
