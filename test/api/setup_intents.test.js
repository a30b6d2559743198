// SetupIntents: created, confirmed, refused, canceled; what is saved by them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { newKey, raw, stripe } from '../lib/client.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

function plain(object) {
    return JSON.parse(JSON.stringify(object));
}

function ids(page) {
    return page.data.map(({ id }) => id);
}

async function types(client) {
    return (await client.events.list({ type: 'setup_intent.*' })).data.map(({ type }) => type);
}

test('an intent made of nothing waits for a payment method', async () => {
    const { json } = await raw(server, { method: 'POST', path: '/v1/setup_intents', key: newKey() });
    const { id, client_secret, created, ...rest } = json;
    assert.match(id, /^seti_1[0-9A-Za-z]{23}$/);
    assert.match(client_secret, new RegExp(`^${id}_secret_[0-9A-Za-z]{25}$`));
    assert(Math.abs(created - Date.now() / 1000) < 60);
    assert.deepEqual(rest, {
        object: 'setup_intent',
        application: null,
        automatic_payment_methods: null,
        cancellation_reason: null,
        customer: null,
        customer_account: null,
        description: null,
        flow_directions: null,
        last_setup_error: null,
        latest_attempt: null,
        livemode: false,
        mandate: null,
        metadata: {},
        next_action: null,
        on_behalf_of: null,
        payment_method: null,
        payment_method_configuration_details: null,
        payment_method_options: {},
        payment_method_types: ['card'],
        single_use_mandate: null,
        status: 'requires_payment_method',
        usage: 'off_session',
    });
});

test('a confirmed intent has saved the method for its customer', async () => {
    const client = stripe(server);
    const { id: customer } = await client.customers.create();
    const intent = plain(await client.setupIntents.create({
        customer, payment_method: 'pm_card_visa', confirm: true, usage: 'on_session', description: 'x',
        metadata: { a: 'b' },
        automatic_payment_methods: { enabled: true, allow_redirects: 'never' }, payment_method_types: ['card'],
        return_url: 'https://example.com', expand: ['payment_method'],
    }));
    assert.deepEqual([intent.status, intent.usage, intent.description, intent.metadata],
        ['succeeded', 'on_session', 'x', { a: 'b' }]);
    assert.equal(intent.payment_method.customer, customer);
    assert.deepEqual(ids(await client.paymentMethods.list({ customer })), [intent.payment_method.id]);
    const stored = await client.setupIntents.retrieve(intent.id, { expand: ['payment_method', 'customer'] });
    assert.deepEqual([stored.payment_method.id, stored.customer.id], [intent.payment_method.id, customer]);
    assert.deepEqual(await types(client), ['setup_intent.succeeded', 'setup_intent.created']);
});

test('an intent can be confirmed later, with what it has or with what is given then', async () => {
    const client = stripe(server);
    const { id: customer } = await client.customers.create();
    const waiting = await client.setupIntents.create({ customer, payment_method: 'pm_card_amex', metadata: '' });
    assert.equal(waiting.status, 'requires_confirmation');
    assert.equal((await client.setupIntents.confirm(waiting.id)).status, 'succeeded');
    const { id } = await client.setupIntents.create();
    await rejects(client.setupIntents.confirm(id),
        { status: 400, code: 'setup_intent_unexpected_state', message: /missing a payment method/ });
    const later = await client.setupIntents.confirm(id, {
        payment_method: 'pm_card_visa', return_url: 'https://example.com', expand: ['payment_method'],
    });
    assert.deepEqual([later.status, later.payment_method.customer], ['succeeded', null], 'nobody to save it for');
    await rejects(client.setupIntents.confirm(id), {
        status: 400, code: 'setup_intent_unexpected_state',
        message: 'You cannot confirm this SetupIntent because it has a status of succeeded.',
    });
});

test('a refused card is 402, and what happened is on record', async () => {
    const client = stripe(server);
    const { id: customer } = await client.customers.create();
    const error = await rejects(client.setupIntents.create({
        customer, payment_method: 'pm_card_visa_chargeDeclined', confirm: true,
    }), { status: 402, type: 'card_error', code: 'card_declined', message: 'Your card was declined.' });
    assert.deepEqual([error.decline_code, error.payment_method.card.last4], ['generic_decline', '0002']);
    const stored = plain(await client.setupIntents.retrieve(error.setup_intent.id));
    assert.deepEqual(plain(error.setup_intent), stored);
    assert.deepEqual([stored.status, stored.payment_method], ['requires_payment_method', null]);
    assert.deepEqual(stored.last_setup_error, {
        code: 'card_declined', decline_code: 'generic_decline',
        doc_url: 'https://stripe.com/docs/error-codes/card-declined', message: 'Your card was declined.',
        payment_method: plain(error.payment_method), type: 'card_error',
    });
    assert.deepEqual(ids(await client.paymentMethods.list({ customer })), []);
    assert.deepEqual(await types(client), ['setup_intent.setup_failed', 'setup_intent.created']);
    const saved = await client.setupIntents.confirm(stored.id, { payment_method: 'pm_card_chargeCustomerFail' });
    assert.deepEqual([saved.status, saved.last_setup_error], ['succeeded', null], 'which fails only when charged');
});

test('an intent can be changed until it has succeeded', async () => {
    const client = stripe(server);
    const { id: customer } = await client.customers.create();
    const { id } = await client.setupIntents.create();
    const changed = plain(await client.setupIntents.update(id, {
        customer, description: 'x', metadata: { a: 'b' }, payment_method: 'pm_card_visa',
        payment_method_types: ['card'],
        expand: ['customer'],
    }));
    assert.deepEqual([changed.customer.id, changed.description, changed.metadata, changed.status],
        [customer, 'x', { a: 'b' }, 'requires_confirmation']);
    const cleared = plain(await client.setupIntents.update(id, { description: '', metadata: '' }));
    assert.deepEqual([cleared.description, cleared.metadata], [null, {}]);
    await client.setupIntents.confirm(id);
    for (const form of [{ customer }, { payment_method: 'pm_card_visa' }]) {
        await rejects(client.setupIntents.update(id, form), { status: 400, code: 'setup_intent_unexpected_state' });
    }
    assert.equal((await client.setupIntents.update(id, { description: 'y' })).description, 'y');
});

test('an intent can be canceled until it has succeeded', async () => {
    const client = stripe(server);
    const { id: customer } = await client.customers.create();
    const { id } = await client.setupIntents.create({ customer });
    const canceled = await client.setupIntents.cancel(id, { cancellation_reason: 'duplicate', expand: ['customer'] });
    assert.deepEqual([canceled.status, canceled.cancellation_reason, canceled.customer.id],
        ['canceled', 'duplicate', customer]);
    assert.deepEqual(await types(client), ['setup_intent.canceled', 'setup_intent.created']);
    const unexpected = { status: 400, code: 'setup_intent_unexpected_state' };
    await rejects(client.setupIntents.cancel(id),
        { ...unexpected, message: 'You cannot cancel this SetupIntent because it has a status of canceled.' });
    await rejects(client.setupIntents.confirm(id, { payment_method: 'pm_card_visa' }), unexpected);
    const other = await client.setupIntents.create();
    await rejects(client.setupIntents.cancel(other.id, { cancellation_reason: 'fraudulent' }),
        { status: 400, param: 'cancellation_reason' });
});

test('a method of somebody else is refused', async () => {
    const client = stripe(server);
    const [ann, bob] = [await client.customers.create(), await client.customers.create()];
    const { id: method } = await client.paymentMethods.attach('pm_card_visa', { customer: ann.id });
    await rejects(client.setupIntents.create({ customer: bob.id, payment_method: method }),
        { status: 400, param: 'payment_method' });
    await rejects(client.setupIntents.create({ payment_method: method }), { status: 400, param: 'payment_method' });
    await rejects(client.setupIntents.create({ payment_method: 'pm_none' }),
        { status: 400, code: 'resource_missing', param: 'payment_method' });
    const again = await client.setupIntents.create({ customer: ann.id, payment_method: method, confirm: true });
    assert.deepEqual([again.status, again.payment_method], ['succeeded', method], 'it may be saved twice');
    refused(await raw(server, { method: 'POST', path: '/v1/setup_intents', key: newKey(), form: { usage: 'never' } }),
        { status: 400, param: 'usage' });
    await rejects(client.setupIntents.create({ payment_method_types: ['iban'] }),
        { status: 400, param: 'payment_method_types' });
});

test('an intent that never was is 404 for every call', async () => {
    const client = stripe(server);
    const missing = { status: 404, code: 'resource_missing', param: 'intent',
        message: "No such setupintent: 'seti_none'" };
    await rejects(client.setupIntents.retrieve('seti_none'), missing);
    await rejects(client.setupIntents.update('seti_none', {}), missing);
    await rejects(client.setupIntents.confirm('seti_none'), missing);
    await rejects(client.setupIntents.cancel('seti_none'), missing);
});

test('lists are of everything, of a customer, of a method, of a time', async () => {
    const client = stripe(server);
    const { id: customer } = await client.customers.create();
    const first = await client.setupIntents.create({ customer, payment_method: 'pm_card_visa' });
    const second = await client.setupIntents.create();
    const cases = [
        [{}, [second.id, first.id]],
        [{ customer }, [first.id]],
        [{ payment_method: first.payment_method }, [first.id]],
        [{ customer, expand: ['data.customer'] }, [first.id]],
        [{ created: { gt: 1, gte: 1, lt: 4102444800, lte: 4102444800 } }, [second.id, first.id]],
        [{ created: 1 }, []],
        [{ limit: 1 }, [second.id]],
        [{ starting_after: second.id }, [first.id]],
        [{ ending_before: first.id }, [second.id]],
    ];
    for (const [filter, expected] of cases) {
        assert.deepEqual(ids(await client.setupIntents.list(filter)), expected, JSON.stringify(filter));
    }
});
