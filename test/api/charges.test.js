// Charges: each attempt to pay is one, whatever made it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rejects } from '../lib/assert.js';
import { account } from '../lib/billing.js';
import { raw } from '../lib/client.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

async function paidInvoice() {
    const shop = account(server);
    const customer = await shop.payer();
    const { id } = await shop.sdk.invoices.create({ customer: customer.id });
    await shop.sdk.invoiceItems.create({ customer: customer.id, invoice: id, amount: 1900 });
    return { ...shop, customer, invoice: await shop.sdk.invoices.pay(id) };
}

test('an invoice that is paid has a charge, found through its payment', async () => {
    const { sdk, key, customer, invoice } = await paidInvoice();
    const { data: [payment] } = await sdk.invoicePayments.list({ invoice: invoice.id });
    const intent = await sdk.paymentIntents.retrieve(payment.payment.payment_intent, { expand: ['latest_charge'] });
    const charge = intent.latest_charge;
    assert.deepEqual([charge.object, charge.amount, charge.amount_captured, charge.currency, charge.status],
        ['charge', 1900, 1900, 'usd', 'succeeded']);
    assert.deepEqual([charge.paid, charge.captured, charge.refunded, charge.disputed], [true, true, false, false]);
    assert.deepEqual([charge.customer, charge.payment_intent, charge.payment_method],
        [customer.id, intent.id, intent.payment_method]);
    assert.deepEqual(await sdk.charges.retrieve(charge.id), charge);
    const old = await raw(server, { path: `/v1/charges/${charge.id}`, key, version: '2024-06-20', form: { expand: ['invoice'] } });
    assert.equal(old.json.invoice.id, invoice.id);
    const older = await raw(server, { path: `/v1/invoices/${invoice.id}`, key, version: '2024-06-20', form: { expand: ['charge'] } });
    assert.equal(older.json.charge.id, charge.id);
});

test('a declined card leaves a charge that failed, with its reason and an event', async () => {
    const { sdk } = account(server);
    await rejects(sdk.paymentIntents.create({
        amount: 500, currency: 'usd', payment_method: 'pm_card_chargeCustomerFail', confirm: true,
        automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    }), { status: 402, code: 'card_declined' });
    const { data: [charge] } = await sdk.charges.list();
    assert.deepEqual([charge.status, charge.paid, charge.amount_captured, charge.failure_code],
        ['failed', false, 0, 'card_declined']);
    assert.match(charge.failure_message, /declined/);
    const { data: events } = await sdk.events.list();
    assert.deepEqual(events.map(({ type }) => type).reverse().slice(-3),
        ['payment_intent.created', 'charge.failed', 'payment_intent.payment_failed']);
});

test('charges are listed by customer, payment and time, and paged through', async () => {
    const { sdk, customer, invoice, payer } = await paidInvoice();
    const other = await payer();
    const intent = await sdk.paymentIntents.create({
        amount: 700, currency: 'usd', customer: other.id, payment_method: other.invoice_settings.default_payment_method,
        confirm: true, automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    });
    const amounts = async (filter) => (await sdk.charges.list(filter)).data.map(({ amount }) => amount);
    assert.deepEqual(await amounts(), [700, 1900]);
    assert.deepEqual(await amounts({ customer: customer.id }), [1900]);
    assert.deepEqual(await amounts({ payment_intent: intent.id }), [700]);
    const { created } = invoice;
    for (const [filter, expected] of [[{ gte: created }, 2], [{ gt: created + 100 }, 0], [{ lt: created }, 0],
        [{ lte: created + 100 }, 2]]) {
        assert.equal((await amounts({ created: filter })).length, expected, JSON.stringify(filter));
    }
    assert.deepEqual(await amounts({ created: created + 1000 }), []);
    const { data: [newest] } = await sdk.charges.list({ limit: 1, expand: ['data.customer'] });
    assert.equal(newest.customer.id, other.id);
    assert.deepEqual(await amounts({ starting_after: newest.id }), [1900]);
    assert.deepEqual(await amounts({ ending_before: newest.id }), []);
    await rejects(sdk.charges.retrieve('ch_none', { expand: ['customer'] }), { status: 404, code: 'resource_missing', param: 'id' });
    assert.equal((await sdk.charges.retrieve(newest.id, { expand: ['customer'] })).customer.id, other.id);
});
