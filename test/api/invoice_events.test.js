// Events of invoices: which a call causes, in which order, what they say changed, and what they look like in
// versions before basil.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rejects } from '../lib/assert.js';
import { ACACIA, CLOVER, invoicing, plain } from '../lib/invoices.js';
import { receive, until } from '../lib/receiver.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const types = (events) => events.map(({ type }) => type);

// ---- order ----

test('a draft is created, nothing else happens', async () => {
    const { sdk, caused } = invoicing(server);
    const { id: customer } = await sdk.customers.create();
    const first = await caused(() => sdk.invoices.create({ customer }));
    assert.deepEqual(types(first.events), ['customer.updated', 'invoice.created'], 'it says what the customer pays in');
    const { answer, events } = await caused(() => sdk.invoices.create({ customer }));
    assert.deepEqual(types(events), ['invoice.created']);
    assert.deepEqual(plain(events.at(-1).data.object), plain(answer));
});

test('an item is created before the invoice that it changes', async () => {
    const { draft, sdk, caused } = invoicing(server);
    const { id: invoice, customer } = await draft();
    const { answer, events } = await caused(() => sdk.invoiceItems.create({ customer, invoice, amount: 500 }));
    const own = events.filter(({ type }) => type.startsWith('invoice'));
    assert.deepEqual(types(own), ['invoiceitem.created', 'invoice.updated']);
    assert.deepEqual(plain(own[0].data.object), plain(answer));
    const { object, previous_attributes: old } = own[1].data;
    assert.deepEqual([old.total, old.subtotal, old.amount_due, old.lines.data.length], [1000, 1000, 1000, 1]);
    assert.deepEqual([object.total, object.lines.data.length], [1500, 2]);
});

test('an item is changed before the invoice that it is on', async () => {
    const { draft, sdk, caused } = invoicing(server);
    const { id: invoice } = await draft();
    const { data: [{ id }] } = await sdk.invoiceItems.list({ invoice });
    const { events } = await caused(() => sdk.invoiceItems.update(id, { description: 'new' }));
    assert.deepEqual(types(events), ['invoiceitem.updated', 'invoice.updated']);
    assert.deepEqual(plain(events[0].data.previous_attributes), { description: null });
    assert.deepEqual(Object.keys(events[1].data.previous_attributes), ['lines']);
    const nothing = await caused(() => sdk.invoiceItems.update(id, { description: 'new' }));
    assert.deepEqual(nothing.events, []);
});

test('an item is deleted before the invoice that it leaves', async () => {
    const { draft, sdk, coupon, caused } = invoicing(server);
    const { id: invoice, customer } = await draft();
    const { id: half } = await coupon();
    const item = await sdk.invoiceItems.create({ customer, invoice, amount: 500, discounts: [{ coupon: half }] });
    const { events } = await caused(() => sdk.invoiceItems.del(item.id));
    assert.deepEqual(types(events), ['invoiceitem.deleted', 'customer.discount.deleted', 'invoice.updated']);
    assert.deepEqual(events[0].data.object.discounts, item.discounts);
    assert.equal(events[1].data.object.id, item.discounts[0]);
    assert.equal(events[2].data.previous_attributes.total, 1250);
});

test('a discount is created before the item that has it', async () => {
    const { sdk, coupon, caused } = invoicing(server);
    const { id: half } = await coupon();
    const { id: customer } = await sdk.customers.create();
    await sdk.invoiceItems.create({ customer, amount: 1, currency: 'usd' });
    const { answer, events } = await caused(() =>
        sdk.invoiceItems.create({ customer, amount: 500, discounts: [{ coupon: half }] }));
    assert.deepEqual(types(events).filter((type) => !/^pr/.test(type)),
        ['customer.discount.created', 'invoiceitem.created']);
    const discount = events.find(({ type }) => type === 'customer.discount.created').data.object;
    assert.deepEqual([discount.id, discount.invoice_item], [answer.discounts[0], answer.id]);
});

test('a code is used before the discount is there', async () => {
    const { draft, sdk, coupon, caused } = invoicing(server);
    const { id: half } = await coupon();
    const { id: code } = await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: half } });
    const { id } = await draft();
    const { events } = await caused(() => sdk.invoices.update(id, { discounts: [{ promotion_code: code }] }));
    assert.deepEqual(types(events), ['promotion_code.updated', 'customer.discount.created', 'invoice.updated']);
    assert.deepEqual(plain(events[0].data.previous_attributes), { times_redeemed: 0 });
    assert.deepEqual([events[1].data.object.promotion_code, events[1].data.object.invoice], [code, id]);
    assert.deepEqual(events[2].data.previous_attributes.discounts, []);
});

test('a discount of the invoice that is replaced is deleted', async () => {
    const { draft, sdk, coupon, caused } = invoicing(server);
    const [half, third] = [await coupon(), await coupon({ percent_off: 33 })];
    const { id, discounts: [old] } = await draft({ discounts: [{ coupon: half.id }] });
    const { events } = await caused(() => sdk.invoices.update(id, { discounts: [{ coupon: third.id }] }));
    assert.deepEqual(types(events),
        ['customer.discount.created', 'customer.discount.deleted', 'invoice.updated']);
    assert.deepEqual([events[1].data.object.id, events[1].data.object.deleted], [old, true]);
    assert.deepEqual(events[2].data.previous_attributes.discounts, [old]);
});

test('an inherited discount that is taken away is no event of its own', async () => {
    const { draft, older, sdk, coupon, caused } = invoicing(server);
    const { id: half } = await coupon({ duration: 'forever' });
    const { id: customer } = await older.customers.create({ coupon: half });
    const { id, discounts } = await draft({ customer });
    assert.equal(discounts.length, 1);
    const { events } = await caused(() => sdk.invoices.update(id, { discounts: '' }));
    assert.deepEqual(types(events), ['invoice.updated']);
    assert((await sdk.customers.retrieve(customer)).discount, 'the customer keeps it');
});

test('a deleted draft takes its items and its discounts with it, in that order', async () => {
    const { draft, sdk, coupon, caused } = invoicing(server);
    const [half, third] = [await coupon(), await coupon({ percent_off: 33 })];
    const { id, customer, discounts: [own] } = await draft({ lines: [], discounts: [{ coupon: third.id }] });
    const item = await sdk.invoiceItems.create(
        { customer, invoice: id, amount: 500, discounts: [{ coupon: half.id }] });
    const { events } = await caused(() => sdk.invoices.del(id));
    assert.deepEqual(types(events), ['invoice.deleted', 'invoiceitem.deleted', 'customer.discount.deleted',
        'customer.discount.deleted']);
    assert.deepEqual(events.map(({ data }) => data.object.id), [id, item.id, item.discounts[0], own]);
    const { invoice, discounts } = events[1].data.object;
    assert.deepEqual([invoice, discounts], [id, item.discounts], 'as it was');
    await rejects(sdk.invoiceItems.retrieve(item.id), { status: 404 });
});

test('paying a draft: the number, the payment, then that it is paid', async () => {
    const { payer, draft, sdk, caused } = invoicing(server);
    const { id: customer } = await payer();
    const { id } = await draft({ customer });
    const { events } = await caused(() => sdk.invoices.pay(id));
    assert.deepEqual(types(events), ['customer.updated', 'invoice.updated', 'invoice.finalized',
        'payment_intent.created', 'charge.succeeded', 'payment_intent.succeeded', 'invoice_payment.paid',
        'invoice.updated', 'invoice.paid', 'invoice.payment_succeeded']);
    const finalized = events[1].data.previous_attributes;
    assert.deepEqual([finalized.status, finalized.number, finalized.status_transitions],
        ['draft', null, { finalized_at: null }]);
    const { status, attempted, attempt_count, amount_paid, amount_remaining } = events[7].data.previous_attributes;
    assert.deepEqual({ status, attempted, attempt_count, amount_paid, amount_remaining },
        { status: 'open', attempted: false, attempt_count: 0, amount_paid: 0, amount_remaining: 1000 });
    assert.equal(events[8].data.object.status, 'paid');
    assert.equal(new Set(events.map(({ request }) => request.id)).size, 1, 'one request caused them');
});

test('a declined payment is told with its attempt', async () => {
    const { decliner, draft, sdk, caused } = invoicing(server);
    const { id: customer } = await decliner();
    const { id } = await draft({ customer });
    await sdk.invoices.finalizeInvoice(id);
    const { events } = await caused(() => sdk.invoices.pay(id).catch(() => {}));
    assert.deepEqual(types(events), ['payment_intent.created', 'charge.failed', 'payment_intent.payment_failed',
        'invoice.updated', 'invoice.payment_failed']);
    const { attempted, attempt_count, status } = events[3].data.previous_attributes;
    assert.deepEqual({ attempted, attempt_count, status }, { attempted: false, attempt_count: 0, status: undefined });
});

for (const { name, flow, expected } of [
    { name: 'voiding', flow: (sdk, id) => sdk.invoices.voidInvoice(id), expected: ['invoice.updated', 'invoice.voided'] },
    { name: 'giving up', flow: (sdk, id) => sdk.invoices.markUncollectible(id),
        expected: ['invoice.updated', 'invoice.marked_uncollectible'] },
    { name: 'paying out of band', flow: (sdk, id) => sdk.invoices.pay(id, { paid_out_of_band: true }),
        expected: ['invoice.updated', 'invoice.paid', 'invoice.payment_succeeded'] },
]) {
    test(`${name} is an update and an event of its own`, async () => {
        const { draft, sdk, caused } = invoicing(server);
        const { id } = await draft();
        await sdk.invoices.finalizeInvoice(id);
        const { answer, events } = await caused(() => flow(sdk, id));
        assert.deepEqual(types(events), expected);
        assert.equal(events[0].data.previous_attributes.status, 'open');
        assert.deepEqual(plain(events.at(-1).data.object), plain(answer));
    });
}

test('sending finalizes a draft and says that it was sent', async () => {
    const { draft, sdk, caused } = invoicing(server);
    const { id } = await draft({ collection_method: 'send_invoice', days_until_due: 7 });
    const { events } = await caused(() => sdk.invoices.sendInvoice(id));
    assert.deepEqual(types(events), ['customer.updated', 'invoice.updated', 'invoice.finalized', 'invoice.sent']);
    const again = await caused(() => sdk.invoices.sendInvoice(id));
    assert.deepEqual(types(again.events), ['invoice.sent']);
});

test('a discount given once leaves its customer when the invoice that used it is final', async () => {
    const { draft, older, sdk, coupon, caused } = invoicing(server);
    const { id: half } = await coupon();
    const { id: customer } = await older.customers.create({ coupon: half });
    const { id } = await draft({ customer });
    const { events } = await caused(() => sdk.invoices.finalizeInvoice(id));
    assert.deepEqual(types(events),
        ['customer.updated', 'invoice.updated', 'invoice.finalized', 'customer.discount.deleted']);
    assert.equal((await sdk.customers.retrieve(customer)).discount, null);
    assert.equal((await sdk.invoices.retrieve(id)).discounts.length, 1, 'the invoice keeps it');
});

// ---- older versions ----

// The last event of a type, read in some version.
async function eventIn(own, type, version) {
    const { data: [event] } = await own.call(`/v1/events?type=${type}&limit=1`, undefined, version);
    assert.equal(event.api_version, version);
    return event.data;
}

test('before basil an event says that an invoice is paid, and by what', async () => {
    const own = invoicing(server);
    const { id: customer } = await own.payer();
    const { id: half } = await own.coupon();
    const { id } = await own.draft({ customer, discounts: [{ coupon: half }] });
    await own.sdk.invoices.pay(id);
    for (const version of ['2020-08-27', '2023-10-16', ACACIA]) {
        const invoice = await own.call(`/v1/invoices/${id}`, undefined, version);
        const { object } = await eventIn(own, 'invoice.paid', version);
        assert.deepEqual(object, invoice);
        assert.equal(object.paid, true);
        assert.match(object.payment_intent, /^pi_/);
        assert.match(object.charge, /^ch_/);
        assert.equal(object.discount.coupon.percent_off, 50);
        const [line] = object.lines.data;
        assert.deepEqual([line.type, line.proration, line.plan, line.subscription, line.price.unit_amount],
            ['invoiceitem', false, null, null, 1000]);
    }
});

test('before basil an update says that the invoice was not paid yet', async () => {
    const own = invoicing(server);
    const { id: customer } = await own.payer();
    await own.sdk.invoices.pay((await own.draft({ customer })).id);
    const { previous_attributes: old } = await eventIn(own, 'invoice.updated', '2023-10-16');
    assert.deepEqual([old.paid, old.payment_intent, old.charge], [false, null, null]);
    const { previous_attributes: now } = await eventIn(own, 'invoice.updated', CLOVER);
    assert(!('paid' in now) && !('payment_intent' in now));
});

test('before basil an event says that an invoice was paid elsewhere', async () => {
    const own = invoicing(server);
    const { id } = await own.draft();
    await own.sdk.invoices.pay(id, { paid_out_of_band: true });
    const { object } = await eventIn(own, 'invoice.paid', '2023-10-16');
    assert.deepEqual([object.paid_out_of_band, object.paid, object.payment_intent], [true, true, null]);
});

test('before basil an event shows the subscription and the plans of an invoice', async () => {
    const own = invoicing(server);
    const { id: customer } = await own.payer();
    const { id: price } = await own.price(1000, { interval: 'month' });
    const { id, latest_invoice } = await own.sdk.subscriptions.create({ customer, items: [{ price }] });
    for (const version of ['2023-10-16', ACACIA]) {
        const invoice = await own.call(`/v1/invoices/${latest_invoice}`, undefined, version);
        const { object } = await eventIn(own, 'invoice.paid', version);
        assert.deepEqual(object, invoice);
        const [line] = object.lines.data;
        assert.deepEqual([object.subscription, line.subscription, line.type, line.plan.id, line.plan.interval],
            [id, id, 'subscription', price, 'month']);
    }
    const { object } = await eventIn(own, 'customer.subscription.created', '2023-10-16');
    assert.equal(typeof object.current_period_end, 'number');
});

test('before basil an event shows the price and the plan of an item', async () => {
    const own = invoicing(server);
    const { id: customer } = await own.sdk.customers.create();
    const { id } = await own.sdk.invoiceItems.create({ customer, amount: 700, currency: 'usd' });
    const item = await own.call(`/v1/invoiceitems/${id}`, undefined, '2023-10-16');
    const { object } = await eventIn(own, 'invoiceitem.created', '2023-10-16');
    assert.deepEqual(object, item);
    assert.deepEqual([object.unit_amount, object.unit_amount_decimal, object.price.unit_amount], [700, '700', 700]);
});

test('an event keeps the price of a subscription as it was', async () => {
    const own = invoicing(server);
    const { id: customer } = await own.payer();
    const { id: price } = await own.price(1000, { interval: 'month', nickname: 'before' });
    await own.sdk.subscriptions.create({ customer, items: [{ price }] });
    await own.sdk.prices.update(price, { nickname: 'after' });
    const { object } = await eventIn(own, 'customer.subscription.created', CLOVER);
    assert.equal(object.items.data[0].price.nickname, 'before');
});

test('before basil a webhook is told that an invoice is paid', async () => {
    const receiver = await receive();
    try {
        const own = invoicing(server);
        await own.sdk.webhookEndpoints.create(
            { url: receiver.url('/paid'), enabled_events: ['invoice.paid'], api_version: '2023-10-16' });
        const { id: customer } = await own.payer();
        const { id: half } = await own.coupon();
        const { id } = await own.draft({ customer, discounts: [{ coupon: half }] });
        await own.sdk.invoices.pay(id);
        await until(() => receiver.at('/paid').length === 1);
        const [{ event: { api_version, data } }] = receiver.at('/paid');
        assert.equal(api_version, '2023-10-16');
        assert.deepEqual(data.object, await own.call(`/v1/invoices/${id}`, undefined, '2023-10-16'));
        assert.deepEqual([data.object.paid, data.object.discount.coupon.id], [true, half]);
    } finally {
        receiver.close();
    }
});
