// PaymentIntents: created, paid, declined, canceled; what they keep and show.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { newKey, raw, stripe } from '../lib/client.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const BASE = { amount: 1999, currency: 'usd' };

function plain(object) {
    return JSON.parse(JSON.stringify(object));
}

function ids(page) {
    return page.data.map(({ id }) => id);
}

async function types(client) {
    return (await client.events.list({ type: 'payment_intent.*' })).data.map(({ type }) => type);
}

test('an intent of an amount waits for a payment method', async () => {
    const { json } = await raw(server, { method: 'POST', path: '/v1/payment_intents', form: BASE, key: newKey() });
    const { id, client_secret, created, ...rest } = json;
    assert.match(id, /^pi_1[0-9A-Za-z]{23}$/);
    assert.match(client_secret, new RegExp(`^${id}_secret_[0-9A-Za-z]{25}$`));
    assert(Math.abs(created - Date.now() / 1000) < 60);
    assert.deepEqual(rest, {
        object: 'payment_intent',
        amount: 1999,
        amount_capturable: 0,
        amount_details: { tip: {} },
        amount_received: 0,
        application: null,
        application_fee_amount: null,
        automatic_payment_methods: null,
        canceled_at: null,
        cancellation_reason: null,
        capture_method: 'automatic_async',
        confirmation_method: 'automatic',
        currency: 'usd',
        customer: null,
        customer_account: null,
        description: null,
        last_payment_error: null,
        latest_charge: null,
        livemode: false,
        metadata: {},
        next_action: null,
        on_behalf_of: null,
        payment_method: null,
        payment_method_configuration_details: null,
        payment_method_options: {},
        payment_method_types: ['card'],
        processing: null,
        receipt_email: null,
        review: null,
        setup_future_usage: null,
        shipping: null,
        source: null,
        statement_descriptor: null,
        statement_descriptor_suffix: null,
        status: 'requires_payment_method',
        transfer_data: null,
        transfer_group: null,
    });
});

test('an intent can be paid when it is created', async () => {
    const client = stripe(server);
    const { id: customer } = await client.customers.create();
    const intent = plain(await client.paymentIntents.create({
        ...BASE, customer, payment_method: 'pm_card_visa', confirm: true, description: 'Tea', metadata: { a: 'b' },
        automatic_payment_methods: { enabled: true, allow_redirects: 'never' }, receipt_email: 'a@example.com',
        off_session: true, return_url: 'https://example.com', payment_method_types: ['card'], expand: ['customer'],
    }));
    assert.deepEqual([intent.status, intent.amount_received], ['succeeded', 1999]);
    assert.match(intent.latest_charge, /^ch_1[0-9A-Za-z]{23}$/);
    assert.match(intent.payment_method, /^pm_1/);
    assert.deepEqual(intent.automatic_payment_methods, { allow_redirects: 'never', enabled: true });
    assert.deepEqual([intent.description, intent.metadata, intent.receipt_email], ['Tea', { a: 'b' }, 'a@example.com']);
    assert.equal(intent.customer.id, customer);
    const again = plain(await client.paymentIntents.retrieve(intent.id, { expand: ['customer'] }));
    assert.deepEqual(again, intent);
    assert.equal((await client.paymentMethods.retrieve(intent.payment_method)).customer, null,
        'nobody asked to save it');
    assert.deepEqual(await types(client), ['payment_intent.succeeded', 'payment_intent.created']);
});

test('an intent can be paid later, with what it has or with what is given then', async () => {
    const client = stripe(server);
    const waiting = await client.paymentIntents.create({ ...BASE, payment_method: 'pm_card_amex', metadata: '' });
    assert.equal(waiting.status, 'requires_confirmation');
    const paid = await client.paymentIntents.confirm(waiting.id, { expand: ['payment_method'] });
    assert.deepEqual([paid.status, paid.payment_method.card.brand], ['succeeded', 'amex']);
    const { id } = await client.paymentIntents.create({ ...BASE, automatic_payment_methods: { enabled: true } });
    await rejects(client.paymentIntents.confirm(id), {
        status: 400, code: 'payment_intent_unexpected_state', message: /missing a payment method/,
    });
    const later = await client.paymentIntents.confirm(id, {
        payment_method: 'pm_card_visa', receipt_email: 'b@example.com', return_url: 'https://example.com',
        off_session: true,
    });
    assert.deepEqual([later.status, later.receipt_email], ['succeeded', 'b@example.com']);
    assert.deepEqual(plain(later.automatic_payment_methods), { allow_redirects: 'always', enabled: true });
    await rejects(client.paymentIntents.confirm(id), {
        status: 400, code: 'payment_intent_unexpected_state',
        message: 'You cannot confirm this PaymentIntent because it has a status of succeeded.',
    });
});

test('setup_future_usage saves the method for the customer', async () => {
    const client = stripe(server);
    const { id: customer } = await client.customers.create();
    const first = await client.paymentIntents.create({
        ...BASE, customer, payment_method: 'pm_card_visa', setup_future_usage: 'off_session', confirm: true,
    });
    assert.equal(first.setup_future_usage, 'off_session');
    const { id } = await client.paymentIntents.create({ ...BASE, customer, payment_method: 'pm_card_amex' });
    const second = await client.paymentIntents.confirm(id, { setup_future_usage: 'on_session' });
    assert.deepEqual(ids(await client.paymentMethods.list({ customer })),
        [second.payment_method, first.payment_method]);
    const stranger = await client.paymentIntents.create({
        ...BASE, payment_method: 'pm_card_visa', setup_future_usage: 'off_session', confirm: true,
    });
    assert.equal(stranger.status, 'succeeded', 'without a customer there is nobody to save it for');
});

test('a declined card is 402, and what happened is on record', async () => {
    const key = newKey();
    const client = stripe(server, { key });
    const error = await rejects(client.paymentIntents.create({
        ...BASE, payment_method: 'pm_card_chargeDeclinedInsufficientFunds', confirm: true,
    }), { status: 402, type: 'card_error', code: 'card_declined', message: 'Your card has insufficient funds.' });
    assert.equal(error.decline_code, 'insufficient_funds');
    assert.equal(error.payment_method.card.last4, '9995');
    const { id } = error.payment_intent;
    const stored = plain(await client.paymentIntents.retrieve(id));
    assert.deepEqual(plain(error.payment_intent), stored);
    assert.deepEqual([stored.status, stored.payment_method, stored.amount_received],
        ['requires_payment_method', null, 0]);
    assert.deepEqual(stored.last_payment_error, {
        charge: stored.latest_charge, code: 'card_declined', decline_code: 'insufficient_funds',
        doc_url: 'https://stripe.com/docs/error-codes/card-declined', message: 'Your card has insufficient funds.',
        payment_method: plain(error.payment_method), type: 'card_error',
    });
    assert.deepEqual(await types(client), ['payment_intent.payment_failed', 'payment_intent.created']);
    const paid = await client.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' });
    assert.deepEqual([paid.status, paid.last_payment_error], ['succeeded', null]);
});

test('a saved card can fail when it is charged', async () => {
    const client = stripe(server);
    const { id: customer } = await client.customers.create({ payment_method: 'pm_card_chargeCustomerFail' });
    const [method] = ids(await client.paymentMethods.list({ customer }));
    const { id } = await client.paymentIntents.create({ ...BASE, customer, payment_method: method });
    const error = await rejects(client.paymentIntents.confirm(id), { status: 402, code: 'card_declined' });
    assert.deepEqual([error.decline_code, error.payment_intent.id], ['generic_decline', id]);
    assert.equal((await client.paymentMethods.retrieve(method)).customer, customer, 'it stays saved');
});

test('a declined payment is answered again under its idempotency key', async () => {
    const key = newKey();
    const pay = () => raw(server, {
        method: 'POST', path: '/v1/payment_intents', key, headers: { 'idempotency-key': 'once' },
        form: { ...BASE, payment_method: 'pm_card_chargeDeclined', confirm: true },
    });
    const first = await pay();
    const second = await pay();
    assert.deepEqual([first.status, second.text], [402, first.text]);
    assert.equal(second.headers.get('idempotent-replayed'), 'true');
    assert.equal((await stripe(server, { key }).paymentIntents.list()).data.length, 1);
});

test('an intent can be changed until it is paid', async () => {
    const client = stripe(server);
    const { id: customer } = await client.customers.create();
    const { id } = await client.paymentIntents.create(BASE);
    const changed = plain(await client.paymentIntents.update(id, {
        amount: 500, currency: 'EUR', customer, description: 'x', metadata: { a: 'b' }, payment_method: 'pm_card_visa',
        payment_method_types: ['card'], receipt_email: 'c@example.com', setup_future_usage: 'on_session',
        expand: ['customer'],
    }));
    assert.deepEqual([changed.amount, changed.currency, changed.status], [500, 'eur', 'requires_confirmation']);
    assert.deepEqual([changed.customer.id, changed.description, changed.setup_future_usage],
        [customer, 'x', 'on_session']);
    const cleared = plain(await client.paymentIntents.update(id, {
        description: '', metadata: '', receipt_email: '', setup_future_usage: '',
    }));
    assert.deepEqual([cleared.description, cleared.metadata, cleared.receipt_email, cleared.setup_future_usage],
        [null, {}, null, null]);
    await client.paymentIntents.confirm(id);
    for (const form of [{ amount: 1 }, { currency: 'usd' }, { customer }, { payment_method: 'pm_card_visa' }]) {
        await rejects(client.paymentIntents.update(id, form), {
            status: 400, code: 'payment_intent_unexpected_state',
            message: 'You cannot update this PaymentIntent because it has a status of succeeded.',
        });
    }
    const described = await client.paymentIntents.update(id, { description: 'Paid', metadata: { paid: '1' } });
    assert.deepEqual([described.status, described.description], ['succeeded', 'Paid']);
});

test('an intent can be canceled until it is paid', async () => {
    const client = stripe(server);
    const { id: customer } = await client.customers.create();
    const { id } = await client.paymentIntents.create({ ...BASE, customer });
    const canceled = await client.paymentIntents.cancel(id, { cancellation_reason: 'abandoned', expand: ['customer'] });
    assert.deepEqual([canceled.status, canceled.cancellation_reason, canceled.customer.id],
        ['canceled', 'abandoned', customer]);
    assert(Math.abs(canceled.canceled_at - Date.now() / 1000) < 60);
    assert.deepEqual(await types(client), ['payment_intent.canceled', 'payment_intent.created']);
    const unexpected = { status: 400, code: 'payment_intent_unexpected_state' };
    await rejects(client.paymentIntents.cancel(id),
        { ...unexpected, message: 'You cannot cancel this PaymentIntent because it has a status of canceled.' });
    await rejects(client.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' }), unexpected);
    await rejects(client.paymentIntents.update(id, { amount: 1 }), unexpected);
    const second = await client.paymentIntents.create(BASE);
    assert.equal((await client.paymentIntents.cancel(second.id)).cancellation_reason, null);
    await rejects(client.paymentIntents.cancel(second.id, { cancellation_reason: 'boredom' }),
        { status: 400, param: 'cancellation_reason' });
});

test('a method can only be used for its customer', async () => {
    const client = stripe(server);
    const [ann, bob] = [await client.customers.create(), await client.customers.create()];
    const { id: method } = await client.paymentMethods.attach('pm_card_visa', { customer: ann.id });
    await rejects(client.paymentIntents.create({ ...BASE, payment_method: method }),
        { status: 400, param: 'payment_method', message: /belongs to a customer/ });
    await rejects(client.paymentIntents.create({ ...BASE, customer: bob.id, payment_method: method }),
        { status: 400, param: 'payment_method', message: /does not belong to the Customer you supplied/ });
    await client.paymentMethods.detach(method);
    await rejects(client.paymentIntents.create({ ...BASE, customer: ann.id, payment_method: method }),
        { status: 400, param: 'payment_method', message: /may not be used again/ });
    await rejects(client.paymentIntents.create({ ...BASE, payment_method: 'pm_none' }),
        { status: 400, code: 'resource_missing', param: 'payment_method',
            message: "No such PaymentMethod: 'pm_none'" });
    assert.deepEqual(ids(await client.paymentIntents.list()), []);
});

test('what is missing or wrong names the parameter', async () => {
    const cases = [
        [{ currency: 'usd' }, 'amount', 'parameter_missing'],
        [{ amount: 100 }, 'currency', 'parameter_missing'],
        [{ ...BASE, amount: 0 }, 'amount', 'parameter_invalid_integer'],
        [{ ...BASE, amount: 100000000 }, 'amount', 'parameter_invalid_integer'],
        [{ ...BASE, currency: 'xxx' }, 'currency', undefined],
        [{ ...BASE, customer: 'cus_none' }, 'customer', 'resource_missing'],
        [{ ...BASE, payment_method_types: ['iban'] }, 'payment_method_types', undefined],
        [{ ...BASE, automatic_payment_methods: { allow_redirects: 'never' } }, 'automatic_payment_methods[enabled]',
            'parameter_missing'],
        [{ ...BASE, receipt_email: 'x' }, 'receipt_email', 'email_invalid'],
        [{ ...BASE, invoice: 'in_1' }, 'invoice', 'parameter_unknown'],
    ];
    for (const [form, param, code] of cases) {
        const answer = await raw(server, { method: 'POST', path: '/v1/payment_intents', form, key: newKey() });
        refused(answer, { status: 400, type: 'invalid_request_error', param, code });
    }
    const client = stripe(server);
    for (const amount of [1, 2, 99999998, 99999999]) {
        assert.equal((await client.paymentIntents.create({ ...BASE, amount })).amount, amount);
    }
});

test('an intent that never was is 404 for every call', async () => {
    const client = stripe(server);
    const missing = { status: 404, code: 'resource_missing', param: 'intent',
        message: "No such payment_intent: 'pi_none'" };
    await rejects(client.paymentIntents.retrieve('pi_none'), missing);
    await rejects(client.paymentIntents.update('pi_none', {}), missing);
    await rejects(client.paymentIntents.confirm('pi_none'), missing);
    await rejects(client.paymentIntents.cancel('pi_none'), missing);
});

test('lists are of everything, of a customer, of a time', async () => {
    const client = stripe(server);
    const { id: customer } = await client.customers.create();
    const first = await client.paymentIntents.create({ ...BASE, customer });
    const second = await client.paymentIntents.create(BASE);
    const cases = [
        [{}, [second.id, first.id]],
        [{ customer }, [first.id]],
        [{ customer, expand: ['data.customer'] }, [first.id]],
        [{ created: { gt: 1, gte: 1, lt: 4102444800, lte: 4102444800 } }, [second.id, first.id]],
        [{ created: 1 }, []],
        [{ limit: 1 }, [second.id]],
        [{ starting_after: second.id }, [first.id]],
        [{ ending_before: first.id }, [second.id]],
    ];
    for (const [filter, expected] of cases) {
        assert.deepEqual(ids(await client.paymentIntents.list(filter)), expected, JSON.stringify(filter));
    }
    await rejects(client.paymentIntents.list({ customer: 'cus_none' }), { status: 400, param: 'customer' });
});

test('each version has its fields', async () => {
    const key = newKey();
    const { id } = await stripe(server, { key }).paymentIntents.create(BASE);
    const at = async (version) => (await raw(server, { path: `/v1/payment_intents/${id}`, key, version })).json;
    const acacia = await at('2025-02-24.acacia');
    assert.deepEqual([acacia.invoice, 'customer_account' in acacia], [null, false]);
    assert(!('invoice' in await at('2025-03-31.basil')));
    assert.equal((await at('2023-10-16')).capture_method, 'automatic');
    assert.equal((await at('2024-04-10')).capture_method, 'automatic_async');
    assert.equal((await at('2022-11-15')).latest_charge, null);
    assert(!('latest_charge' in await at('2022-08-01')));
});
