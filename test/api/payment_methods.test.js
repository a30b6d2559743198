// Payment methods: the well-known cards, made ones, saving and taking away, lists, refusals, events.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { newKey, raw, stripe } from '../lib/client.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const YEAR = new Date().getUTCFullYear() + 2;
const CARD = { number: '4242424242424242', exp_month: 8, exp_year: YEAR, cvc: '314' };

function plain(object) {
    return JSON.parse(JSON.stringify(object));
}

function ids(page) {
    return page.data.map(({ id }) => id);
}

async function events(client, type) {
    return (await client.events.list({ type, limit: 100 })).data;
}

test('attaching a well-known id makes a method of its own each time', async () => {
    const client = stripe(server);
    const { id: customer } = await client.customers.create();
    const first = plain(await client.paymentMethods.attach('pm_card_visa', { customer }));
    const { id, created, ...rest } = first;
    assert.match(id, /^pm_1[0-9A-Za-z]{23}$/);
    assert(Math.abs(created - Date.now() / 1000) < 60);
    assert.match(rest.card.fingerprint, /^[0-9A-Za-z]{16}$/);
    assert.deepEqual(rest, {
        object: 'payment_method',
        allow_redisplay: 'unspecified',
        billing_details: {
            address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
            email: null, name: null, phone: null, tax_id: null,
        },
        card: {
            brand: 'visa',
            checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: null },
            country: 'US', display_brand: 'visa', exp_month: 12, exp_year: new Date().getUTCFullYear() + 1,
            fingerprint: rest.card.fingerprint, funding: 'credit', generated_from: null, last4: '4242',
            networks: { available: ['visa'], preferred: null },
            regulated_status: 'unregulated', three_d_secure_usage: { supported: true }, wallet: null,
        },
        customer,
        customer_account: null,
        livemode: false,
        metadata: {},
        type: 'card',
    });
    const second = await client.paymentMethods.attach('pm_card_visa', { customer });
    assert.notEqual(second.id, id);
    assert.equal(second.card.fingerprint, rest.card.fingerprint);
    assert.deepEqual(plain(await client.paymentMethods.retrieve(id)), first);
});

const CARDS = [
    ['visa', 'visa', 'credit', '4242'],
    ['visa_debit', 'visa', 'debit', '5556'],
    ['mastercard', 'mastercard', 'credit', '4444'],
    ['mastercard_debit', 'mastercard', 'debit', '8210'],
    ['mastercard_prepaid', 'mastercard', 'prepaid', '5100'],
    ['amex', 'amex', 'credit', '0005'],
    ['discover', 'discover', 'credit', '1117'],
    ['diners', 'diners', 'credit', '0004'],
    ['jcb', 'jcb', 'credit', '0505'],
    ['unionpay', 'unionpay', 'credit', '0005'],
    ['chargeCustomerFail', 'visa', 'credit', '0341'],
];
for (const [name, brand, funding, last4] of CARDS) {
    test(`pm_card_${name} and tok_${name} can be saved`, async () => {
        const client = stripe(server);
        const { id: customer } = await client.customers.create();
        const wellKnown = await client.paymentMethods.retrieve(`pm_card_${name}`);
        assert.deepEqual([wellKnown.id, wellKnown.customer, wellKnown.card.brand], [`pm_card_${name}`, null, brand]);
        const made = await client.paymentMethods.create({ type: 'card', card: { token: `tok_${name}` } });
        const methods = [
            await client.paymentMethods.attach(`pm_card_${name}`, { customer }),
            await client.paymentMethods.attach(made.id, { customer }),
        ];
        for (const { card } of methods) assert.deepEqual([card.brand, card.funding, card.last4],
            [brand, funding, last4]);
        assert.equal(methods[1].id, made.id);
    });
}

const DECLINED = [
    ['chargeDeclined', 'card_declined', 'generic_decline', 'Your card was declined.'],
    ['chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds', 'Your card has insufficient funds.'],
    ['chargeDeclinedLostCard', 'card_declined', 'lost_card', 'Your card was declined.'],
    ['chargeDeclinedStolenCard', 'card_declined', 'stolen_card', 'Your card was declined.'],
    ['chargeDeclinedExpiredCard', 'expired_card', 'expired_card', 'Your card has expired.'],
    ['chargeDeclinedIncorrectCvc', 'incorrect_cvc', 'incorrect_cvc', "Your card's security code is incorrect."],
    ['chargeDeclinedProcessingError', 'processing_error', 'processing_error',
        'An error occurred while processing your card. Try again in a little bit.'],
];
for (const [name, code, declineCode, message] of DECLINED) {
    test(`pm_card_${name} and pm_card_visa_${name} are refused when they are saved`, async () => {
        const client = stripe(server);
        const { id: customer } = await client.customers.create();
        for (const id of [`pm_card_${name}`, `pm_card_visa_${name}`]) {
            const error = await rejects(client.paymentMethods.attach(id, { customer }),
                { status: 402, type: 'card_error', code, message, param: undefined });
            assert.equal(error.decline_code, declineCode);
            assert.equal(error.doc_url, `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`);
        }
        assert.deepEqual(ids(await client.paymentMethods.list({ customer })), []);
    });
}

test('a method made of a number is not saved yet', async () => {
    const client = stripe(server);
    const made = plain(await client.paymentMethods.create({
        type: 'card', card: CARD, allow_redisplay: 'limited', metadata: { a: 'b' },
        billing_details: {
            address: { city: 'Köln', country: 'DE', line1: 'Domkloster 4', line2: 'Hof', postal_code: '50667',
                state: 'NRW' },
            email: 'ann@example.com', name: 'Ann', phone: '0221', tax_id: 'DE1',
        },
    }));
    assert.equal(made.customer, null);
    assert.deepEqual(made.billing_details, {
        address: { city: 'Köln', country: 'DE', line1: 'Domkloster 4', line2: 'Hof', postal_code: '50667',
            state: 'NRW' },
        email: 'ann@example.com', name: 'Ann', phone: '0221', tax_id: 'DE1',
    });
    assert.deepEqual([made.allow_redisplay, made.metadata], ['limited', { a: 'b' }]);
    const { brand, checks, exp_month, exp_year, last4 } = made.card;
    assert.deepEqual({ brand, checks, exp_month, exp_year, last4 }, {
        brand: 'visa', exp_month: 8, exp_year: YEAR, last4: '4242',
        checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
    });
    assert(!('number' in made.card) && !('cvc' in made.card));
    assert.deepEqual(plain(await client.paymentMethods.retrieve(made.id)), made);
    const blank = await client.paymentMethods.create({
        type: 'card', card: { number: CARD.number, exp_month: 8, exp_year: YEAR % 100 }, metadata: '',
        billing_details: { address: '', email: '', name: '', phone: '' },
    });
    assert.deepEqual([blank.card.exp_year, blank.card.checks.cvc_check], [YEAR, null]);
});

test('what a card must have', async () => {
    const missing = { status: 400, type: 'invalid_request_error', code: 'parameter_missing' };
    const cases = [
        [{}, { ...missing, param: 'type' }],
        [{ type: 'card' }, { ...missing, param: 'card', message: 'Missing required param: card.' }],
        [{ type: 'card', card: { cvc: '1' } }, { ...missing, param: 'card[number]' }],
        [{ type: 'card', card: { number: CARD.number, exp_year: YEAR } }, { ...missing, param: 'card[exp_month]' }],
        [{ type: 'card', card: { number: CARD.number, exp_month: 1 } }, { ...missing, param: 'card[exp_year]' }],
        [{ type: 'iban', card: CARD }, { status: 400, param: 'type' }],
        [{ type: 'card', card: { token: 'tok_none' } },
            { status: 400, code: 'resource_missing', param: 'card[token]', message: "No such token: 'tok_none'" }],
        [{ type: 'card', card: { ...CARD, number: '4242424242424241' } },
            { status: 402, type: 'card_error', code: 'incorrect_number', param: 'number' }],
        [{ type: 'card', card: { ...CARD, exp_month: 13 } },
            { status: 402, type: 'card_error', code: 'invalid_expiry_month', param: 'exp_month' }],
        [{ type: 'card', card: { ...CARD, exp_year: YEAR - 4 } },
            { status: 402, type: 'card_error', code: 'invalid_expiry_year', param: 'exp_year' }],
        [{ type: 'card', card: { ...CARD, cvc: '12345' } }, { status: 400, param: 'card[cvc]' }],
        [{ type: 'card', card: CARD, customer: 'cus_1' }, { status: 400, code: 'parameter_unknown' }],
        [{ type: 'card', card: CARD, billing_details: { email: 'x' } },
            { status: 400, code: 'email_invalid', param: 'billing_details[email]' }],
    ];
    for (const [form, expected] of cases) {
        refused(await raw(server, { method: 'POST', path: '/v1/payment_methods', form, key: newKey() }), expected);
    }
});

test('a card can expire this month and within fifty years', async () => {
    const client = stripe(server);
    const now = new Date();
    const make = (exp_month, exp_year) =>
        client.paymentMethods.create({ type: 'card', card: { number: CARD.number, exp_month, exp_year } });
    const [month, year] = [now.getUTCMonth() + 1, now.getUTCFullYear()];
    assert.equal((await make(month, year)).card.exp_month, month);
    if (month > 1) await rejects(make(month - 1, year), { status: 402, code: 'invalid_expiry_month' });
    await rejects(make(1, year - 1), { status: 402, code: 'invalid_expiry_year' });
    for (const years of [49, 50]) assert.equal((await make(12, year + years)).card.exp_year, year + years);
    await rejects(make(12, year + 51), { status: 402, code: 'invalid_expiry_year' });
});

test('a number that declines makes a method, which can only be saved when it fails later', async () => {
    const client = stripe(server);
    const { id: customer } = await client.customers.create();
    const declined = await client.paymentMethods.create({ type: 'card',
        card: { ...CARD, number: '4000000000000002' } });
    await rejects(client.paymentMethods.attach(declined.id, { customer }), { status: 402, code: 'card_declined' });
    assert.equal((await client.paymentMethods.retrieve(declined.id)).customer, null);
    const later = await client.paymentMethods.create({ type: 'card', card: { ...CARD, number: '4000000000000341' } });
    assert.equal((await client.paymentMethods.attach(later.id, { customer })).customer, customer);
});

test('a saved method can be changed, one that is not cannot', async () => {
    const client = stripe(server);
    const { id: customer } = await client.customers.create();
    const { id } = await client.paymentMethods.attach('pm_card_visa', { customer });
    const details = {
        address: { city: 'Bonn', country: 'DE', line1: 'Am Hof 1', line2: 'x', postal_code: '53111', state: 'NRW' },
        email: 'b@example.com', name: 'Bea', phone: '1', tax_id: 'DE2',
    };
    const changed = plain(await client.paymentMethods.update(id, {
        allow_redisplay: 'always', billing_details: details, card: { exp_month: 3, exp_year: YEAR },
        metadata: { k: 'v' },
    }));
    assert.deepEqual(changed.billing_details, details);
    assert.deepEqual([changed.allow_redisplay, changed.metadata], ['always', { k: 'v' }]);
    assert.deepEqual([changed.card.exp_month, changed.card.exp_year, changed.card.last4], [3, YEAR, '4242']);
    const cleared = plain(await client.paymentMethods.update(id, {
        billing_details: { address: '', email: '', name: '', phone: '' }, metadata: '',
    }));
    assert.deepEqual(cleared.billing_details, {
        address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
        email: null, name: null, phone: null, tax_id: 'DE2',
    });
    await rejects(client.paymentMethods.update(id, { card: { exp_year: YEAR - 4 } }),
        { status: 402, code: 'invalid_expiry_year' });
    const loose = await client.paymentMethods.create({ type: 'card', card: CARD });
    for (const each of [loose.id, 'pm_card_visa']) {
        await rejects(client.paymentMethods.update(each, { metadata: { a: 'b' } }), {
            status: 400, code: undefined,
            message: 'You must save this PaymentMethod to a customer before you can update it.',
        });
    }
    const [cleaning, change] = await events(client, 'payment_method.updated');
    assert.deepEqual(plain(cleaning.data.previous_attributes.metadata), { k: 'v' });
    assert.equal(change.data.previous_attributes.allow_redisplay, 'unspecified');
});

test('a method belongs to one customer, once', async () => {
    const client = stripe(server);
    const [ann, bob] = [await client.customers.create(), await client.customers.create()];
    const { id } = await client.paymentMethods.attach('pm_card_visa', { customer: ann.id });
    assert.equal((await client.paymentMethods.attach(id, { customer: ann.id })).customer, ann.id);
    await rejects(client.paymentMethods.attach(id, { customer: bob.id }), {
        status: 400, message: 'The payment method you provided has already been attached to a customer.',
    });
    assert.equal((await client.paymentMethods.detach(id)).customer, null);
    await rejects(client.paymentMethods.attach(id, { customer: ann.id }),
        { status: 400, message: /may not be used again\.$/ });
    await rejects(client.paymentMethods.detach(id), {
        status: 400,
        message: 'The payment method you provided is not attached to a customer so detachment is impossible.',
    });
    await rejects(client.paymentMethods.attach('pm_card_visa', { customer: 'cus_none' }),
        { status: 400, code: 'resource_missing', param: 'customer', message: "No such customer: 'cus_none'" });
    const missing = { status: 404, code: 'resource_missing', param: 'payment_method',
        message: "No such PaymentMethod: 'pm_none'" };
    await rejects(client.paymentMethods.attach('pm_none', { customer: ann.id }), missing);
    await rejects(client.paymentMethods.retrieve('pm_none'), missing);
    await rejects(client.paymentMethods.retrieve('pm_card_none'), { status: 404 });
    await rejects(client.paymentMethods.update('pm_none', {}), missing);
    await rejects(client.paymentMethods.detach('pm_none'), missing);
    refused(await raw(server, { method: 'POST', path: `/v1/payment_methods/${id}/attach`, key: newKey() }),
        { status: 400, code: 'parameter_missing', param: 'customer' });
});

test('attaching and detaching are events', async () => {
    const client = stripe(server);
    const { id: customer } = await client.customers.create();
    const { id } = await client.paymentMethods.attach('pm_card_visa', { customer });
    await client.paymentMethods.attach(id, { customer }); // changes nothing
    await client.paymentMethods.detach(id);
    const { data } = await client.events.list({ type: 'payment_method.*' });
    assert.deepEqual(data.map(({ type }) => type), ['payment_method.detached', 'payment_method.attached']);
    assert.deepEqual(plain(data[0].data.previous_attributes), { customer });
    assert.equal(data[1].data.object.customer, customer);
    await client.paymentMethods.create({ type: 'card', card: CARD });
    assert.equal((await events(client, 'payment_method.*')).length, 2);
});

test('lists are of everything, of a customer, of a kind', async () => {
    const key = newKey();
    const client = stripe(server, { key });
    const [ann, bob] = [await client.customers.create(), await client.customers.create()];
    const first = await client.paymentMethods.attach('pm_card_visa', { customer: ann.id });
    const second = await client.paymentMethods.attach('pm_card_amex', { customer: ann.id });
    await client.paymentMethods.update(first.id, { allow_redisplay: 'always' });
    const other = await client.paymentMethods.attach('pm_card_jcb', { customer: bob.id });
    assert.deepEqual(ids(await client.paymentMethods.list()), [other.id, second.id, first.id]);
    const cases = [
        [{}, [second.id, first.id]],
        [{ type: 'card' }, [second.id, first.id]],
        [{ type: 'iban' }, []],
        [{ allow_redisplay: 'always' }, [first.id]],
        [{ limit: 1 }, [second.id]],
        [{ starting_after: second.id }, [first.id]],
        [{ ending_before: first.id }, [second.id]],
        [{ expand: ['data.customer'] }, [second.id, first.id]],
    ];
    for (const [filter, expected] of cases) {
        assert.deepEqual(ids(await client.paymentMethods.list({ customer: ann.id, ...filter })), expected);
        const page = await client.customers.listPaymentMethods(ann.id, filter);
        assert.deepEqual(ids(page), expected, JSON.stringify(filter));
        assert.equal(page.url, `/v1/customers/${ann.id}/payment_methods`);
        if (filter.expand) assert.equal(page.data[0].customer.object, 'customer');
    }
    const path = `/v1/customers/${ann.id}/payment_methods`;
    for (const [customer, count] of [[ann.id, 2], [bob.id, 0]]) {
        const { json } = await raw(server, { path, key, form: { customer } });
        assert.equal(json.data.length, count, 'both the path and the filter have to match');
    }
    await rejects(client.paymentMethods.list({ customer: 'cus_none' }),
        { status: 400, code: 'resource_missing', param: 'customer' });
    await rejects(client.customers.listPaymentMethods('cus_none'),
        { status: 404, code: 'resource_missing', param: 'id' });
});

test('a method can be retrieved through its customer alone', async () => {
    const client = stripe(server);
    const [ann, bob] = [await client.customers.create(), await client.customers.create()];
    const { id } = await client.paymentMethods.attach('pm_card_visa', { customer: ann.id });
    const found = await client.customers.retrievePaymentMethod(ann.id, id, { expand: ['customer'] });
    assert.deepEqual([found.id, found.customer.id], [id, ann.id]);
    await rejects(client.customers.retrievePaymentMethod(bob.id, id), { status: 404, param: 'payment_method' });
    await rejects(client.customers.retrievePaymentMethod(ann.id, 'pm_none'), { status: 404, param: 'payment_method' });
    await rejects(client.customers.retrievePaymentMethod('cus_none', id), { status: 404, param: 'id' });
});

test('every call can show the customer', async () => {
    const client = stripe(server);
    const { id: customer } = await client.customers.create();
    const expand = ['customer'];
    const made = await client.paymentMethods.create({ type: 'card', card: CARD, expand });
    const attached = await client.paymentMethods.attach(made.id, { customer, expand });
    const shown = [attached, await client.paymentMethods.retrieve(made.id, { expand }),
        await client.paymentMethods.update(made.id, { expand })];
    for (const method of shown) assert.equal(method.customer.id, customer);
    assert.equal((await client.paymentMethods.detach(made.id, { expand })).customer, null);
});

test('older versions know less of a card', async () => {
    const { json } = await raw(server, { path: '/v1/payment_methods/pm_card_visa', key: newKey(),
        version: '2023-10-16' });
    assert(!('allow_redisplay' in json) && !('customer_account' in json));
    assert(!('display_brand' in json.card) && !('regulated_status' in json.card));
    assert.equal(json.card.brand, 'visa');
});

test('a deleted customer has no payment methods any more', async () => {
    const client = stripe(server);
    const { id } = await client.customers.create({ payment_method: 'pm_card_visa', source: 'tok_amex' });
    const before = ids(await client.customers.listPaymentMethods(id));
    assert.equal(before.length, 2);
    await client.customers.del(id);
    for (const each of before) assert.equal((await client.paymentMethods.retrieve(each)).customer, null);
    assert.equal((await events(client, 'payment_method.detached')).length, 2);
});

test('payment methods and what refers to them can be seeded in any order', async () => {
    const [from, to] = [newKey(), newKey()];
    const client = stripe(server, { key: from });
    const { id } = await client.customers.create({
        payment_method: 'pm_card_visa', invoice_settings: { default_payment_method: 'pm_card_visa' },
    });
    const customer = await client.customers.retrieve(id);
    const method = await client.paymentMethods.retrieve(customer.invoice_settings.default_payment_method);
    const intent = await client.paymentIntents.create({
        amount: 100, currency: 'usd', customer: id, payment_method: method.id, confirm: true,
    });
    const bare = { id: 'pm_bare', object: 'payment_method', type: 'card', customer: id };
    const body = [customer, method, intent, { ...plain(method), id: 'pm_card_visa' }, bare]
        .map((each) => JSON.stringify(each)).join('\n');
    const seeded = await raw(server, { method: 'POST', path: '/_dev/seed', body, key: to });
    assert.equal(seeded.status, 200, seeded.text);
    const copy = stripe(server, { key: to });
    assert.deepEqual(plain(await copy.customers.retrieve(id)), plain(customer));
    assert.deepEqual(plain(await copy.paymentMethods.retrieve(method.id)), plain(method));
    assert.equal((await copy.paymentMethods.retrieve('pm_card_visa')).customer, id);
    assert.equal((await copy.paymentMethods.update('pm_bare', { metadata: { a: 'b' } })).card, null);
    const { status } = await copy.paymentIntents.create({
        amount: 1, currency: 'usd', customer: id, payment_method: method.id, confirm: true,
    });
    assert.equal(status, 'succeeded');
    await raw(server, { method: 'POST', path: '/_dev/reset', key: to });
    assert.equal((await copy.paymentMethods.retrieve('pm_card_visa')).customer, null);
    assert.deepEqual(ids(await copy.paymentIntents.list()), []);
});
