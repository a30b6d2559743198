// The way of an invoice: finalized, paid or declined, sent, voided, given up; numbers, balances, and what it does by
// itself as time passes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { at } from '../lib/billing.js';
import { raw } from '../lib/client.js';
import { ACACIA, CLOVER, invoicing } from '../lib/invoices.js';
import { until } from '../lib/receiver.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const HOUR = 3600;
const DAY = 86400;

// ---- finalizing ----

test('finalizing gives a number, links, times and the balance after it', async () => {
    const { draft, sdk } = invoicing(server);
    const { id } = await draft();
    const invoice = await sdk.invoices.finalizeInvoice(id);
    const now = invoice.status_transitions.finalized_at;
    assert.match(invoice.number, /^[0-9A-Z]+-0001$/);
    assert.match(invoice.hosted_invoice_url, new RegExp(id));
    assert.match(invoice.invoice_pdf, new RegExp(id));
    assert.deepEqual([invoice.status, invoice.effective_at, invoice.ending_balance, invoice.attempted],
        ['open', now, 0, false]);
    assert(Math.abs(now - invoice.created) < 60);
    assert.equal(invoice.next_payment_attempt, null);
    await rejects(sdk.invoices.finalizeInvoice(id), {
        status: 400, code: 'invoice_not_editable',
        message: "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
    });
});

test('the date that is printed stays as it was given', async () => {
    const { draft, sdk } = invoicing(server);
    const { id } = await draft({ effective_at: 1700000000 });
    assert.equal((await sdk.invoices.finalizeInvoice(id)).effective_at, 1700000000);
});

test('numbers of a customer follow each other, own ones do not count', async () => {
    const { draft, sdk } = invoicing(server);
    const { id: customer, invoice_prefix } = await sdk.customers.create();
    const number = async (fields) =>
        (await sdk.invoices.finalizeInvoice((await draft({ customer, ...fields })).id)).number;
    assert.equal(await number(), `${invoice_prefix}-0001`);
    assert.equal(await number({ number: 'OWN-1' }), 'OWN-1');
    assert.equal(await number(), `${invoice_prefix}-0002`);
    assert.equal((await sdk.customers.retrieve(customer)).next_invoice_sequence, 3);
    const other = await draft();
    assert.match((await sdk.invoices.finalizeInvoice(other.id)).number, /-0001$/);
});

for (const lines of [[], [0], [500, -500]]) {
    test(`an invoice of ${JSON.stringify(lines)} is paid when it is final, without a payment`, async () => {
        const { draft, sdk } = invoicing(server);
        const { id } = await draft({ lines });
        const { status, attempted, amount_paid, total, status_transitions, payments } =
            await sdk.invoices.finalizeInvoice(id, { expand: ['payments'] });
        assert.deepEqual({ status, attempted, amount_paid, total },
            { status: 'paid', attempted: true, amount_paid: 0, total: 0 });
        assert.equal(status_transitions.paid_at, status_transitions.finalized_at);
        assert.deepEqual(payments.data, []);
    });
}

// ---- balances ----

// amount_due and the balances before and after, by total and balance.
for (const [total, balance, due, left] of [
    [1000, 0, 1000, 0],
    [1000, -400, 600, 0],
    [1000, -1000, 0, 0],
    [1000, -1500, 0, -500],
    [1000, 300, 1300, 0],
    [0, -300, 0, -300],
    [0, 300, 0, 300],
    [-500, 0, 0, -500],
    [-500, -300, 0, -800],
    [-500, 300, 0, -200],
    [-500, 700, 0, 200],
]) {
    test(`a total of ${total} with a balance of ${balance}`, async () => {
        const { draft, sdk } = invoicing(server);
        const { id: customer } = await sdk.customers.create({ balance });
        const { id } = await draft({ customer, lines: [total] });
        const invoice = await sdk.invoices.finalizeInvoice(id);
        const { amount_due, amount_remaining, starting_balance, ending_balance, status } = invoice;
        assert.deepEqual({ amount_due, amount_remaining, starting_balance, ending_balance, status }, {
            amount_due: due, amount_remaining: due, starting_balance: balance, ending_balance: left,
            status: due > 0 ? 'open' : 'paid',
        });
        assert.equal((await sdk.customers.retrieve(customer)).balance, left);
    });
}

test('the balance is the one of the moment of finalizing', async () => {
    const { draft, sdk } = invoicing(server);
    const { id, customer } = await draft();
    await sdk.customers.update(customer, { balance: -300 });
    const { starting_balance, amount_due } = await sdk.invoices.finalizeInvoice(id);
    assert.deepEqual([starting_balance, amount_due], [-300, 700]);
});

test('a voided invoice gives the balance back that it used', async () => {
    const { draft, sdk } = invoicing(server);
    for (const balance of [-400, 0, 300]) {
        const { id: customer } = await sdk.customers.create({ balance });
        const { id } = await draft({ customer });
        await sdk.invoices.finalizeInvoice(id);
        assert.equal((await sdk.customers.retrieve(customer)).balance, 0);
        await sdk.invoices.voidInvoice(id);
        assert.equal((await sdk.customers.retrieve(customer)).balance, balance);
    }
});

// ---- paying ----

test('an open invoice is paid with the card of its customer', async () => {
    const { payer, draft, sdk } = invoicing(server);
    const { id: customer, invoice_settings } = await payer();
    const { id } = await draft({ customer });
    await sdk.invoices.finalizeInvoice(id);
    const paid = await sdk.invoices.pay(id, { expand: ['payments.data.payment.payment_intent'] });
    const { status, attempted, attempt_count, amount_paid, amount_remaining, amount_due } = paid;
    assert.deepEqual({ status, attempted, attempt_count, amount_paid, amount_remaining, amount_due },
        { status: 'paid', attempted: true, attempt_count: 1, amount_paid: 1000, amount_remaining: 0, amount_due: 1000 });
    const [payment] = paid.payments.data;
    const intent = payment.payment.payment_intent;
    assert.deepEqual([intent.amount, intent.status, intent.payment_method, intent.customer],
        [1000, 'succeeded', invoice_settings.default_payment_method, customer]);
    await rejects(sdk.invoices.pay(id), { status: 400, message: 'Invoice is already paid' });
});

test('an invoice is paid with the method that is named, or its own, before the customer\'s', async () => {
    const { decliner, draft, sdk } = invoicing(server);
    const { id: customer } = await decliner();
    const { id: good } = await sdk.paymentMethods.attach('pm_card_visa', { customer });
    const first = await draft({ customer });
    const named = await sdk.invoices.pay(first.id, { payment_method: good, off_session: true, forgive: false });
    assert.equal(named.status, 'paid');
    const second = await draft({ customer, default_payment_method: good });
    assert.equal((await sdk.invoices.pay(second.id)).status, 'paid');
    const third = await draft({ customer });
    assert.equal((await sdk.invoices.pay(third.id, { payment_method: 'pm_card_mastercard' })).status, 'paid');
});

test('a method that is not the customer\'s pays nothing', async () => {
    const { payer, draft, sdk } = invoicing(server);
    const { invoice_settings: { default_payment_method: foreign } } = await payer();
    const { id } = await draft();
    await rejects(sdk.invoices.pay(id, { payment_method: foreign }), { status: 400, param: 'payment_method' });
    await rejects(sdk.invoices.pay(id, { payment_method: 'pm_none' }),
        { status: 400, code: 'resource_missing', param: 'payment_method' });
    assert.equal((await sdk.invoices.retrieve(id)).status, 'draft', 'nothing has happened');
});

test('without a card there is nothing to pay with', async () => {
    const { draft, sdk } = invoicing(server);
    const { id } = await draft();
    await sdk.invoices.finalizeInvoice(id);
    await rejects(sdk.invoices.pay(id), {
        status: 400, message: /^This customer has no attached payment source or default payment method\./,
    });
    const { status, attempted, attempt_count } = await sdk.invoices.retrieve(id);
    assert.deepEqual({ status, attempted, attempt_count }, { status: 'open', attempted: false, attempt_count: 0 });
});

test('a declined card leaves the invoice open with an attempt, and the error has the payment', async () => {
    const { decliner, draft, key, sdk, call } = invoicing(server);
    const { id: customer } = await decliner();
    const { id } = await draft({ customer });
    for (const attempt of [1, 2]) {
        const answer = await raw(server, { method: 'POST', path: `/v1/invoices/${id}/pay`, key });
        refused(answer, { status: 402, type: 'card_error', code: 'card_declined' });
        const { payment_intent, decline_code } = answer.json.error;
        assert.equal(decline_code, 'generic_decline');
        assert.deepEqual([payment_intent.object, payment_intent.status, payment_intent.amount],
            ['payment_intent', 'requires_payment_method', 1000]);
        const old = await call(`/v1/invoices/${id}`, undefined, ACACIA);
        assert.deepEqual([old.payment_intent, old.paid], [payment_intent.id, false]);
        const { status, attempted, attempt_count, amount_remaining, number } = await sdk.invoices.retrieve(id);
        assert.deepEqual({ status, attempted, attempt_count, amount_remaining },
            { status: 'open', attempted: true, attempt_count: attempt, amount_remaining: 1000 });
        assert.match(number, /-0001$/);
    }
    const { id: good } = await sdk.paymentMethods.attach('pm_card_visa', { customer });
    const paid = await sdk.invoices.pay(id, { payment_method: good });
    assert.deepEqual([paid.status, paid.attempt_count], ['paid', 3]);
});

test('a payment is tried once for one idempotency key', async () => {
    const { decliner, draft, key, sdk } = invoicing(server);
    const { id: customer } = await decliner();
    const { id } = await draft({ customer });
    const request = { method: 'POST', path: `/v1/invoices/${id}/pay`, key, headers: { 'idempotency-key': 'k' } };
    const [first, second] = [await raw(server, request), await raw(server, request)];
    assert.deepEqual([first.status, second.text], [402, first.text]);
    assert.equal((await sdk.invoices.retrieve(id)).attempt_count, 1);
});

test('what was paid elsewhere is paid without a payment', async () => {
    const { draft, sdk, call } = invoicing(server);
    for (const finalize of [false, true]) {
        const { id } = await draft();
        if (finalize) await sdk.invoices.finalizeInvoice(id);
        const invoice = await sdk.invoices.pay(id, { paid_out_of_band: true, expand: ['payments'] });
        const { status, amount_paid, amount_remaining, attempted, payments } = invoice;
        assert.deepEqual({ status, amount_paid, amount_remaining, attempted },
            { status: 'paid', amount_paid: 1000, amount_remaining: 0, attempted: true });
        assert.deepEqual(payments.data, []);
        const old = await call(`/v1/invoices/${id}`, undefined, ACACIA);
        assert.deepEqual([old.paid, old.paid_out_of_band, old.charge, old.payment_intent], [true, true, null, null]);
        assert(!('paid_out_of_band' in await call(`/v1/invoices/${id}`, undefined, CLOVER)));
    }
});

// ---- void, uncollectible, sent ----

// What can be done in each state: the state after it, or what it is refused with.
const NOT_OPEN = /^You can only pass in open invoices\. This invoice isn't open\.$/;
const MOVES = {
    finalizeInvoice: { draft: 'open', open: /already finalized/, paid: /already finalized/, void: /already finalized/,
        uncollectible: /already finalized/ },
    pay: { draft: 'paid', open: 'paid', paid: /already paid/, void: /void invoice cannot be paid/, uncollectible: 'paid' },
    voidInvoice: { draft: NOT_OPEN, open: 'void', paid: NOT_OPEN, void: NOT_OPEN, uncollectible: 'void' },
    markUncollectible: { draft: NOT_OPEN, open: 'uncollectible', paid: NOT_OPEN, void: NOT_OPEN,
        uncollectible: NOT_OPEN },
    sendInvoice: { draft: 'open', open: 'open', paid: 'paid', void: NOT_OPEN, uncollectible: NOT_OPEN },
    del: { draft: undefined, open: /only delete draft/, paid: /only delete draft/, void: /only delete draft/,
        uncollectible: /only delete draft/ },
};
const WAYS = {
    draft: [], open: ['finalizeInvoice'], paid: ['pay'], void: ['finalizeInvoice', 'voidInvoice'],
    uncollectible: ['finalizeInvoice', 'markUncollectible'],
};

for (const [state, way] of Object.entries(WAYS)) {
    test(`what can become of ${state} invoices`, async () => {
        const { payer, draft, sdk } = invoicing(server);
        const { id: customer } = await payer();
        for (const [move, results] of Object.entries(MOVES)) {
            const { id } = await draft({ customer, collection_method: 'send_invoice', days_until_due: 7 });
            for (const step of way) await sdk.invoices[step](id);
            const expected = results[state];
            if (expected instanceof RegExp) {
                await rejects(sdk.invoices[move](id), { status: 400, type: 'invalid_request_error', message: expected });
                assert.equal((await sdk.invoices.retrieve(id)).status, state, move);
            } else {
                assert.equal((await sdk.invoices[move](id)).status, expected, move);
            }
        }
    });
}

test('the times of what became of an invoice are kept', async () => {
    const { draft, sdk } = invoicing(server);
    const { id } = await draft();
    await sdk.invoices.finalizeInvoice(id);
    const expand = ['customer'];
    const { status_transitions: given, customer } = await sdk.invoices.markUncollectible(id, { expand });
    assert.equal(customer.object, 'customer');
    assert(given.marked_uncollectible_at && given.finalized_at && !given.voided_at && !given.paid_at);
    const { status_transitions: { voided_at }, amount_remaining } = await sdk.invoices.voidInvoice(id, { expand });
    assert(voided_at);
    assert.equal(amount_remaining, 1000);
});

test('only what is to be sent is sent', async () => {
    const { draft, sdk } = invoicing(server);
    const { id } = await draft();
    await rejects(sdk.invoices.sendInvoice(id), { status: 400, message: /'send_invoice'/ });
    assert.equal((await sdk.invoices.retrieve(id)).status, 'draft');
    const { id: sent } = await draft({ collection_method: 'send_invoice', days_until_due: 7 });
    assert.equal((await sdk.invoices.sendInvoice(sent, { expand: ['customer'] })).customer.object, 'customer');
});

// ---- by itself ----

async function clocked(own, from, make = own.payer) {
    const { id: test_clock } = await own.sdk.testHelpers.testClocks.create({ frozen_time: from });
    const { id: customer } = await make({ test_clock });
    return { customer, test_clock, advance: (to) => own.advance(test_clock, to) };
}

test('a draft that advances is final and paid an hour later', async () => {
    const own = invoicing(server);
    const from = at('2027-01-15');
    const { customer, advance, test_clock } = await clocked(own, from);
    const { id } = await own.draft({ customer, auto_advance: true });
    const invoice = () => own.sdk.invoices.retrieve(id);
    await advance(from + HOUR - 1);
    assert.equal((await invoice()).status, 'draft');
    await advance(from + HOUR);
    const { status, status_transitions, automatically_finalizes_at, created, ...rest } = await invoice();
    assert.deepEqual({ status, automatically_finalizes_at, created }, {
        status: 'paid', automatically_finalizes_at: null, created: from,
    });
    assert.deepEqual([status_transitions.finalized_at, status_transitions.paid_at], [from + HOUR, from + HOUR]);
    assert.equal(rest.test_clock, test_clock);
});

test('a draft that does not advance stays', async () => {
    const own = invoicing(server);
    const from = at('2027-01-15');
    const { customer, advance } = await clocked(own, from);
    const { id } = await own.draft({ customer });
    const { id: stopped } = await own.draft({ customer, auto_advance: true });
    await own.sdk.invoices.update(stopped, { auto_advance: false });
    const { id: planned } =
        await own.draft({ customer, auto_advance: true, automatically_finalizes_at: from + 2 * DAY });
    await advance(from + DAY);
    for (const each of [id, stopped, planned]) assert.equal((await own.sdk.invoices.retrieve(each)).status, 'draft');
    await advance(from + 2 * DAY);
    assert.equal((await own.sdk.invoices.retrieve(planned)).status, 'paid');
});

test('a finalized invoice that advances is paid an hour later', async () => {
    const own = invoicing(server);
    const from = at('2027-01-15');
    const { customer, advance } = await clocked(own, from);
    const { id } = await own.draft({ customer });
    const { status, next_payment_attempt } = await own.sdk.invoices.finalizeInvoice(id, { auto_advance: true });
    assert.deepEqual([status, next_payment_attempt], ['open', from + HOUR]);
    const { id: later } = await own.draft({ customer });
    await own.sdk.invoices.finalizeInvoice(later);
    assert.equal((await own.sdk.invoices.update(later, { auto_advance: true })).next_payment_attempt, from + HOUR);
    const { id: never } = await own.draft({ customer, auto_advance: true });
    await own.sdk.invoices.finalizeInvoice(never);
    assert.equal((await own.sdk.invoices.update(never, { auto_advance: false })).next_payment_attempt, null);
    await advance(from + HOUR);
    for (const [each, expected] of [[id, 'paid'], [later, 'paid'], [never, 'open']]) {
        assert.equal((await own.sdk.invoices.retrieve(each)).status, expected);
    }
});

test('a declined payment is tried again after three, five and seven days, then no more', async () => {
    const own = invoicing(server);
    const from = at('2027-01-15');
    const { customer, advance } = await clocked(own, from, own.decliner);
    const { id } = await own.draft({ customer, auto_advance: true });
    let time = from + HOUR;
    for (const [attempt, days] of [[1, 3], [2, 5], [3, 7], [4, 0]]) {
        await advance(time);
        const { status, attempt_count, next_payment_attempt } = await own.sdk.invoices.retrieve(id);
        const next = days ? time + days * DAY : null;
        assert.deepEqual({ status, attempt_count, next_payment_attempt },
            { status: 'open', attempt_count: attempt, next_payment_attempt: next });
        time = next;
    }
});

test('nothing to pay with counts as an attempt of an invoice that advances', async () => {
    const own = invoicing(server);
    const from = at('2027-01-15');
    const { customer, advance } = await clocked(own, from, (fields) => own.sdk.customers.create(fields));
    const { id } = await own.draft({ customer, auto_advance: true });
    await advance(from + HOUR);
    const { status, attempted, attempt_count, next_payment_attempt } = await own.sdk.invoices.retrieve(id);
    assert.deepEqual({ status, attempted, attempt_count, next_payment_attempt },
        { status: 'open', attempted: true, attempt_count: 1, next_payment_attempt: from + HOUR + 3 * DAY });
    const given = await own.sdk.invoices.markUncollectible(id);
    assert.equal(given.next_payment_attempt, null);
    await advance(from + 4 * DAY);
    assert.equal((await own.sdk.invoices.retrieve(id)).attempt_count, 1, 'what is given up is not tried');
});

test('a draft of a customer who is gone stays one', async () => {
    const own = invoicing(server);
    const from = at('2027-01-15');
    const { customer, advance } = await clocked(own, from);
    const { id } = await own.draft({ customer, auto_advance: true });
    await own.sdk.customers.del(customer);
    await advance(from + DAY);
    const { status, attempted, lastResponse: { requestId } } = await own.sdk.invoices.retrieve(id);
    assert.deepEqual({ status, attempted }, { status: 'draft', attempted: false });
    await until(() => server.stderr().includes(requestId));
    assert.doesNotMatch(server.stderr(), /was put off/, 'nothing is tried again and again');
});

test('an invoice that is to be sent is sent when it is final, and waits', async () => {
    const own = invoicing(server);
    const from = at('2027-01-15');
    const { customer, advance } = await clocked(own, from);
    const { id, due_date } = await own.draft(
        { customer, auto_advance: true, collection_method: 'send_invoice', days_until_due: 7 });
    assert.equal(due_date, from + 7 * DAY);
    await advance(from + HOUR);
    assert.equal((await own.sdk.invoices.retrieve(id)).status, 'open');
    const { data } = await own.sdk.events.list({ type: 'invoice.sent' });
    assert.deepEqual(data.map((event) => [event.data.object.id, event.created]), [[id, from + HOUR]]);
});

// ---- payments of invoices ----

test('the payments of invoices are found', async () => {
    const own = invoicing(server);
    const { sdk } = own;
    const { id: customer } = await own.payer();
    const pay = async () => (await sdk.invoices.pay((await own.draft({ customer })).id)).id;
    const [first, second] = [await pay(), await pay()];
    const { data: [newer, older] } = await sdk.invoicePayments.list();
    assert.deepEqual([newer.invoice, older.invoice], [second, first]);
    const { object, amount_paid, amount_requested, currency, is_default, status, payment } = newer;
    assert.deepEqual({ object, amount_paid, amount_requested, currency, is_default, status, type: payment.type }, {
        object: 'invoice_payment', amount_paid: 1000, amount_requested: 1000, currency: 'usd', is_default: true,
        status: 'paid', type: 'payment_intent',
    });
    assert.deepEqual([newer.status_transitions.canceled_at, newer.status_transitions.paid_at], [null, newer.created]);
    const intent = { type: 'payment_intent', payment_intent: newer.payment.payment_intent };
    for (const [filter, expected] of [
        [{ invoice: first }, [older.id]],
        [{ status: 'paid' }, [newer.id, older.id]],
        [{ status: 'open' }, []],
        [{ payment: intent }, [newer.id]],
        [{ payment: { type: 'payment_intent' } }, [newer.id, older.id]],
        [{ created: { lt: 1000 } }, []],
        [{ created: 1000 }, []],
        [{ created: { gt: 1000, gte: 1000, lte: newer.created } }, [newer.id, older.id]],
        [{ limit: 1, starting_after: newer.id }, [older.id]],
        [{ limit: 1, ending_before: older.id }, [newer.id]],
    ]) {
        const { data } = await sdk.invoicePayments.list({ ...filter, expand: ['data.invoice'] });
        assert.deepEqual(data.map(({ id }) => id), expected, JSON.stringify(filter));
    }
    const expanded = await sdk.invoicePayments.retrieve(newer.id, { expand: ['invoice', 'payment.payment_intent'] });
    assert.deepEqual([expanded.invoice.id, expanded.payment.payment_intent.object], [second, 'payment_intent']);
    await rejects(sdk.invoicePayments.retrieve('inpay_none'), { status: 404, code: 'resource_missing' });
    await rejects(sdk.invoicePayments.list({ invoice: 'in_none' }), { status: 400, code: 'resource_missing' });
});
