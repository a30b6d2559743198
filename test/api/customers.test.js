// Customers: every parameter, field and filter, tombstones, lists.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { newKey, raw, stripe } from '../lib/client.js';
import { start } from '../lib/server.js';

const BEFORE_CLOVER = '2025-08-27.basil';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

async function all(list) {
    const items = [];
    for await (const item of list) items.push(item);
    return items;
}

function ids(page) {
    return page.data.map(({ id }) => id);
}

test('a customer made of nothing has every field with its default', async () => {
    const before = Math.floor(Date.now() / 1000);
    const { json } = await raw(server, { method: 'POST', path: '/v1/customers', key: newKey() });
    const { id, created, invoice_prefix: prefix, ...rest } = json;
    assert.match(id, /^cus_[0-9A-Za-z]{14}$/);
    assert.match(prefix, /^[0-9A-Z]{8}$/);
    assert(created >= before && created <= Date.now() / 1000, `created is ${created}`);
    assert.deepEqual(rest, {
        object: 'customer',
        address: null,
        balance: 0,
        currency: null,
        customer_account: null,
        default_source: null,
        delinquent: false,
        description: null,
        discount: null,
        email: null,
        invoice_settings: {
            custom_fields: null,
            default_payment_method: null,
            footer: null,
            rendering_options: null,
        },
        livemode: false,
        metadata: {},
        name: null,
        next_invoice_sequence: 1,
        phone: null,
        preferred_locales: [],
        shipping: null,
        tax_exempt: 'none',
        test_clock: null,
    });
});

const FULL = {
    address: {
        city: 'Köln', country: 'DE', line1: 'Am Dom 1', line2: '3. OG', postal_code: '50667', state: 'NW',
    },
    balance: -250,
    business_name: 'Ann & Co',
    description: 'first\nsecond',
    email: 'ann@example.com',
    individual_name: 'Ann Example',
    invoice_prefix: 'ANN123',
    invoice_settings: {
        custom_fields: [{ name: 'PO', value: '77' }, { name: 'Dept', value: 'R&D' }],
        footer: 'Thanks',
        rendering_options: { amount_tax_display: 'include_inclusive_tax', template: 'inrtem_1' },
    },
    metadata: { order: '6735', 'with space': 'ü' },
    name: 'Ann',
    next_invoice_sequence: 12,
    phone: '+49 221 1',
    preferred_locales: ['de', 'en-GB'],
    shipping: {
        address: {
            city: 'Bonn', country: 'DE', line1: 'Markt 2', line2: 'Hof', postal_code: '53111', state: 'NW',
        },
        name: 'Ann',
        phone: '1',
    },
    tax_exempt: 'reverse',
};
// Taken for the sake of programs that send it; nothing of it can be read back.
const WITHOUT_EFFECT = {
    cash_balance: { settings: { reconciliation_mode: 'manual' } },
    tax: { ip_address: '203.0.113.7', validate_location: 'deferred' },
    validate: true,
};

test('what a customer is created with is what it has', async () => {
    const client = stripe(server);
    const created = await client.customers.create({
        ...FULL, ...WITHOUT_EFFECT, tax_id_data: [{ type: 'eu_vat', value: 'DE1' }],
    });
    const expected = {
        ...created,
        ...FULL,
        invoice_settings: { ...FULL.invoice_settings, default_payment_method: null },
    };
    assert.deepEqual(JSON.parse(JSON.stringify(created)), JSON.parse(JSON.stringify(expected)));
    const retrieved = await client.customers.retrieve(created.id);
    assert.deepEqual({ ...retrieved }, { ...created });
});

test('an update sets what it names and leaves the rest', async () => {
    const client = stripe(server);
    const created = await client.customers.create({ name: 'Old', email: 'old@example.com' });
    const updated = await client.customers.update(created.id, { ...FULL, ...WITHOUT_EFFECT });
    for (const [name, value] of Object.entries(FULL)) {
        const expected = name === 'invoice_settings' ? { ...value, default_payment_method: null } : value;
        assert.deepEqual(updated[name], expected, name);
    }
    const renamed = await client.customers.update(created.id, { name: 'New' });
    assert.deepEqual({ ...renamed }, { ...updated, name: 'New' });
});

test('an empty value unsets', async () => {
    const client = stripe(server);
    const { id } = await client.customers.create(FULL);
    const cleared = await client.customers.update(id, {
        address: '', description: '', email: '', name: '', phone: '', shipping: '', business_name: '',
        individual_name: '', metadata: '', preferred_locales: '',
        invoice_settings: { custom_fields: '', footer: '', rendering_options: '' },
    });
    for (const name of ['address', 'description', 'email', 'name', 'phone', 'shipping']) {
        assert.equal(cleared[name], null, name);
    }
    assert(!('business_name' in cleared) && !('individual_name' in cleared));
    assert.deepEqual(cleared.metadata, {});
    assert.deepEqual(cleared.preferred_locales, []);
    assert.deepEqual({ ...cleared.invoice_settings }, {
        custom_fields: null, default_payment_method: null, footer: null, rendering_options: null,
    });
});

test('a customer can be created with empty values where an update may unset', async () => {
    const client = stripe(server);
    const plain = await client.customers.create();
    const { id, created, invoice_prefix, ...rest } = await client.customers.create({
        address: '', description: '', name: '', phone: '', shipping: '', metadata: '', business_name: '',
        individual_name: '', invoice_settings: { custom_fields: '', footer: '', rendering_options: '' },
    });
    assert.deepEqual({ ...plain, ...rest }, { ...plain });
    assert.notEqual(id, plain.id);
    assert(created && invoice_prefix);
});

test('one line of an address can change or go alone', async () => {
    const client = stripe(server);
    const { id } = await client.customers.create({ address: { city: 'Köln', line1: 'A', line2: 'B' } });
    const { address } = await client.customers.update(id, { address: { line1: 'C', line2: '' } });
    assert.deepEqual({ ...address }, {
        city: 'Köln', country: null, line1: 'C', line2: null, postal_code: null, state: null,
    });
});

test('metadata merges: a new key is added, an empty one goes, the others stay', async () => {
    const client = stripe(server);
    const { id } = await client.customers.create({ metadata: { a: '1', b: '2' } });
    const { metadata } = await client.customers.update(id, { metadata: { b: '', c: '3' } });
    assert.deepEqual({ ...metadata }, { a: '1', c: '3' });
});

test('tax_exempt without a value means none', async () => {
    const { tax_exempt } = await stripe(server).customers.create({ tax_exempt: '' });
    assert.equal(tax_exempt, 'none');
});

test('an email address has one @ with something on both sides', async () => {
    for (const email of ['plainly', '@example.com', 'a@', 'a@b@c', 'a b@example.com']) {
        await rejects(stripe(server).customers.create({ email }), {
            status: 400, type: 'invalid_request_error', code: 'email_invalid', param: 'email',
            message: `Invalid email address: ${email}`,
        });
    }
});

test('an email address has at most 512 characters', async () => {
    const longest = `${'a'.repeat(500)}@example.com`;
    assert.equal((await stripe(server).customers.create({ email: longest })).email, longest);
    await rejects(stripe(server).customers.create({ email: `a${longest}` }), {
        status: 400, code: undefined, param: 'email',
        message: 'Invalid string: aaaa....com; must be at most 512 characters',
    });
});

test('a value of the wrong type names the parameter', async () => {
    const cases = [
        [{ balance: '1.5' }, 'balance', 'parameter_invalid_integer', 'Invalid integer: 1.5'],
        [{ balance: '1e3' }, 'balance', 'parameter_invalid_integer', 'Invalid integer: 1e3'],
        [{ balance: '+5' }, 'balance', 'parameter_invalid_integer', 'Invalid integer: +5'],
        [{ balance: '' }, 'balance', 'parameter_invalid_empty', /^You passed an empty string for 'balance'\./],
        [{ next_invoice_sequence: 0 }, 'next_invoice_sequence', 'parameter_invalid_integer',
            'This value must be greater than or equal to 1.'],
        [{ tax_exempt: 'maybe' }, 'tax_exempt', undefined,
            'Invalid tax_exempt: must be one of exempt, none, or reverse'],
        [{ validate: 'maybe' }, 'validate', undefined, 'Invalid boolean: maybe'],
        [{ name: { first: 'x' } }, 'name', undefined, 'Invalid string: {"first":"x"}'],
        [{ address: 'Köln' }, 'address', undefined, 'Invalid object'],
        [{ preferred_locales: 'de' }, 'preferred_locales', undefined, 'Invalid array'],
        [{ shipping: { name: 'x' } }, 'shipping[address]', 'parameter_missing',
            'Missing required param: shipping[address].'],
        [{ shipping: { address: { city: 'x' } } }, 'shipping[name]', 'parameter_missing',
            'Missing required param: shipping[name].'],
        [{ tax_id_data: [{ type: 'eu_vat' }] }, 'tax_id_data[0][value]', 'parameter_missing',
            'Missing required param: tax_id_data[0][value].'],
        [{ address: { planet: 'Earth' } }, 'address[planet]', 'parameter_unknown',
            'Received unknown parameter: address[planet]'],
        [{ foo: 1, bar: 2 }, 'foo', 'parameter_unknown', 'Received unknown parameters: foo, bar'],
    ];
    for (const [form, param, code, message] of cases) {
        const answer = await raw(server, { method: 'POST', path: '/v1/customers', form, key: newKey() });
        refused(answer, { status: 400, type: 'invalid_request_error', param, code, message });
    }
});

test('an invoice prefix is 3 to 12 capitals or digits', async () => {
    const client = stripe(server);
    for (const prefix of ['ABC', 'A1B2C3D4E5F6']) {
        assert.equal((await client.customers.create({ invoice_prefix: prefix })).invoice_prefix, prefix);
    }
    for (const prefix of ['AB', 'A1B2C3D4E5F67', 'abc', 'A-C']) {
        await rejects(client.customers.create({ invoice_prefix: prefix }),
            { status: 400, param: 'invoice_prefix' });
    }
});

test('test clocks do not exist here', async () => {
    const client = stripe(server);
    const missing = { status: 400, code: 'resource_missing', param: 'test_clock',
        message: "No such billingclock: 'clock_1'" };
    await rejects(client.customers.create({ test_clock: 'clock_1' }), missing);
    await rejects(client.customers.list({ test_clock: 'clock_1' }), missing);
});

test('a customer can be created with a payment method, also as the default', async () => {
    const client = stripe(server);
    const made = await client.customers.create({ payment_method: 'pm_card_visa' });
    assert.equal(made.invoice_settings.default_payment_method, null);
    const [method] = ids(await client.customers.listPaymentMethods(made.id));
    assert.match(method, /^pm_1/);
    const settled = await client.customers.create({
        payment_method: 'pm_card_visa', invoice_settings: { default_payment_method: 'pm_card_visa' },
        expand: ['invoice_settings.default_payment_method'],
    });
    const standard = settled.invoice_settings.default_payment_method;
    assert.deepEqual([standard.customer, standard.card.brand], [settled.id, 'visa']);
    assert.deepEqual(ids(await client.customers.listPaymentMethods(settled.id)), [standard.id]);
    const { data: [created] } = await client.events.list({ type: 'customer.created', limit: 1 });
    assert.equal(created.data.object.invoice_settings.default_payment_method, standard.id);
});

test('the default payment method is one of the customer', async () => {
    const client = stripe(server);
    const [ann, bob] = [await client.customers.create(), await client.customers.create()];
    const { id: method } = await client.paymentMethods.attach('pm_card_visa', { customer: ann.id });
    const settings = { invoice_settings: { default_payment_method: method } };
    const updated = await client.customers.update(ann.id, settings);
    assert.equal(updated.invoice_settings.default_payment_method, method);
    assert.equal((await client.customers.retrieve(ann.id)).invoice_settings.default_payment_method, method);
    const foreign = (id) => ({
        status: 400, code: 'resource_missing', param: 'invoice_settings[default_payment_method]',
        message: `The customer does not have a payment method with the ID ${id}. The payment method must be ` +
            'attached to the customer.',
    });
    await rejects(client.customers.update(bob.id, settings), foreign(method));
    await rejects(client.customers.create(settings), foreign(method));
    await rejects(client.customers.update(bob.id, { invoice_settings: { default_payment_method: 'pm_card_visa' } }),
        foreign('pm_card_visa'));
    await rejects(client.customers.update(bob.id, { invoice_settings: { default_payment_method: 'pm_none' } }), {
        status: 400, code: 'resource_missing', param: 'invoice_settings[default_payment_method]',
        message: "No such PaymentMethod: 'pm_none'",
    });
    await client.paymentMethods.detach(method);
    assert.equal((await client.customers.retrieve(ann.id)).invoice_settings.default_payment_method, null);
    const second = await client.paymentMethods.attach('pm_card_visa', { customer: ann.id });
    await client.customers.update(ann.id, { invoice_settings: { default_payment_method: second.id } });
    const cleared = await client.customers.update(ann.id, { invoice_settings: { default_payment_method: '' } });
    assert.equal(cleared.invoice_settings.default_payment_method, null);
});

test('a source becomes a card, the default one, in place of the one before', async () => {
    const client = stripe(server);
    const made = await client.customers.create({ source: 'tok_visa' });
    assert.match(made.default_source, /^card_1/);
    const changed = await client.customers.update(made.id, { source: 'tok_amex', expand: ['default_source'] });
    assert.deepEqual([changed.default_source.card.brand, changed.default_source.customer], ['amex', made.id]);
    assert.deepEqual(ids(await client.customers.listPaymentMethods(made.id)), [changed.default_source.id]);
    const { id: other } = await client.paymentMethods.attach('pm_card_jcb', { customer: made.id });
    assert.equal((await client.customers.update(made.id, { default_source: other })).default_source, other);
    const settings = { invoice_settings: { default_payment_method: other } };
    await client.customers.update(made.id, settings);
    const replaced = await client.customers.update(made.id, { source: 'tok_visa' });
    assert.equal(replaced.invoice_settings.default_payment_method, null, 'what was replaced is gone');
    const stranger = await client.customers.create();
    await rejects(client.customers.update(stranger.id, { default_source: replaced.default_source }),
        { status: 400, code: 'resource_missing', param: 'default_source' });
    await client.paymentMethods.detach(replaced.default_source);
    assert.equal((await client.customers.retrieve(made.id)).default_source, null);
    for (const call of [client.customers.create({ source: 'tok_none' }),
        client.customers.update(made.id, { source: 'tok_none' })]) {
        await rejects(call, { status: 400, code: 'resource_missing', param: 'source',
            message: "No such token: 'tok_none'" });
    }
});

test('a card that is refused leaves no customer behind', async () => {
    const client = stripe(server);
    const refusedCard = { status: 402, type: 'card_error', code: 'card_declined' };
    await rejects(client.customers.create({ source: 'tok_chargeDeclined' }), refusedCard);
    await rejects(client.customers.create({ payment_method: 'pm_card_chargeDeclined' }), refusedCard);
    await rejects(client.customers.create({ payment_method: 'pm_none' }),
        { status: 400, code: 'resource_missing', param: 'payment_method' });
    assert.deepEqual(ids(await client.customers.list()), []);
    const { id } = await client.customers.create();
    await rejects(client.customers.update(id, { source: 'tok_visa_chargeDeclined', name: 'Ann' }), refusedCard);
    assert.deepEqual([(await client.customers.retrieve(id)).name, (await client.events.list({ limit: 5 })).data.length],
        [null, 1]);
    assert.equal((await client.customers.create({ source: 'tok_chargeCustomerFail' })).object, 'customer');
});

test('a default payment method is a change of the customer', async () => {
    const client = stripe(server);
    const { id } = await client.customers.create();
    const { id: method } = await client.paymentMethods.attach('pm_card_visa', { customer: id });
    await client.customers.update(id, { invoice_settings: { default_payment_method: method } });
    const { data: [updated] } = await client.events.list({ type: 'customer.updated' });
    assert.deepEqual(JSON.parse(JSON.stringify(updated.data.previous_attributes)),
        { invoice_settings: { default_payment_method: null } });
});

test('includable fields are absent until they are expanded', async () => {
    const client = stripe(server);
    const { id } = await client.customers.create();
    const includable =
        ['cash_balance', 'invoice_credit_balance', 'sources', 'subscriptions', 'tax', 'tax_ids'];
    const plain = await client.customers.retrieve(id);
    assert.deepEqual(includable.filter((name) => name in plain), []);
    const expanded = await client.customers.retrieve(id, { expand: includable });
    assert.deepEqual(includable.filter((name) => name in expanded), includable);
    const { data: [listed] } = await client.customers.list({ expand: includable.map((name) => `data.${name}`) });
    assert.deepEqual(includable.filter((name) => name in listed), includable);
});

test('the answers to create and update can be expanded too', async () => {
    const client = stripe(server);
    const made = await client.customers.create({ expand: ['tax', 'subscriptions'] });
    assert('tax' in made && 'subscriptions' in made);
    assert('tax' in await client.customers.update(made.id, { expand: ['tax'] }));
});

test('expanding what is already there or null changes nothing', async () => {
    const client = stripe(server);
    const { id } = await client.customers.create();
    const plain = await client.customers.retrieve(id);
    const expanded = await client.customers.retrieve(id, { expand: ['default_source', 'discount', 'test_clock'] });
    assert.deepEqual({ ...expanded }, { ...plain });
});

test('expand is checked before the customer is looked for', async () => {
    await rejects(stripe(server).customers.retrieve('cus_none', { expand: ['name'] }), {
        status: 400, code: undefined, message: 'This property cannot be expanded (name).',
    });
});

test('business_name and individual_name came with clover', async () => {
    const key = newKey();
    const { id } = await stripe(server, { key }).customers.create({ business_name: 'B', individual_name: 'I' });
    const old = { path: `/v1/customers/${id}`, key, version: BEFORE_CLOVER };
    const { json } = await raw(server, old);
    assert(!('business_name' in json) && !('individual_name' in json));
    refused(await raw(server, { ...old, method: 'POST', form: { business_name: 'C' } }),
        { status: 400, code: 'parameter_unknown', param: 'business_name' });
});

test('older versions lack the fields that came later', async () => {
    const key = newKey();
    const { id } = await stripe(server, { key }).customers.create();
    const at = async (version) => (await raw(server, { path: `/v1/customers/${id}`, key, version })).json;
    assert.equal((await at('2025-12-15.clover')).customer_account, null);
    assert(!('customer_account' in await at('2025-11-17.clover')));
    assert('rendering_options' in (await at('2022-08-01')).invoice_settings);
    assert(!('rendering_options' in (await at('2020-08-27')).invoice_settings));
    refused(await raw(server, {
        method: 'POST', path: '/v1/customers', key, version: '2020-08-27', form: { validate: true },
    }), { status: 400, code: 'parameter_unknown', param: 'validate' });
});

test('a customer who never was is 404 for every call', async () => {
    const client = stripe(server);
    const expected = {
        status: 404, type: 'invalid_request_error', code: 'resource_missing', param: 'id',
        message: "No such customer: 'cus_none'",
    };
    await rejects(client.customers.retrieve('cus_none'), expected);
    await rejects(client.customers.update('cus_none', { name: 'x' }), expected);
    await rejects(client.customers.del('cus_none'), expected);
    await rejects(client.customers.deleteDiscount('cus_none'), expected);
    await rejects(client.customers.update('cus_none', { foo: 'x' }), { status: 400, code: 'parameter_unknown' });
});

test('a deleted customer is a stub that cannot be changed, listed or found', async () => {
    const client = stripe(server);
    const { id } = await client.customers.create({ email: 'gone@example.com' });
    const stub = { id, object: 'customer', deleted: true };
    assert.deepEqual({ ...(await client.customers.del(id)) }, stub);
    assert.deepEqual({ ...(await client.customers.retrieve(id)) }, stub);
    const missing = { status: 404, code: 'resource_missing', message: `No such customer: '${id}'` };
    await rejects(client.customers.update(id, { name: 'x' }), missing);
    await rejects(client.customers.del(id), missing);
    await rejects(client.customers.deleteDiscount(id), missing);
    assert.deepEqual(ids(await client.customers.list()), []);
    assert.deepEqual(ids(await client.customers.search({ query: 'email:"gone@example.com"' })), []);
});

test('delete takes no parameters', async () => {
    const client = stripe(server);
    const { id } = await client.customers.create();
    const answer = await raw(server, { method: 'DELETE', path: '/v1/customers/x', key: newKey(), form: { foo: 1 } });
    refused(answer, { status: 400, code: 'parameter_unknown', param: 'foo' });
    assert.equal((await client.customers.retrieve(id)).deleted, undefined);
});

test('the email filter is exact and tells capitals apart', async () => {
    const client = stripe(server);
    const { id } = await client.customers.create({ email: 'Bob@example.com' });
    await client.customers.create({ email: 'bob@example.com.au' });
    assert.deepEqual(ids(await client.customers.list({ email: 'Bob@example.com' })), [id]);
    for (const email of ['bob@example.com', 'Bob@example', 'Bo_@example.com', 'nobody@example.com']) {
        assert.deepEqual(ids(await client.customers.list({ email })), [], email);
    }
});

// Three customers whose times of creation are known.
async function seeded(key) {
    const lines = [1000, 2000, 3000]
        .map((created) => JSON.stringify({ id: `cus_${created}`, object: 'customer', created })).join('\n');
    const answer = await raw(server, { method: 'POST', path: '/_dev/seed', body: lines, key });
    assert.equal(answer.status, 200, answer.text);
    return stripe(server, { key });
}

test('the created filter is a time or a range', async () => {
    const client = await seeded(newKey());
    const cases = [
        [2000, ['cus_2000']],
        [2001, []],
        [{ gt: 2000 }, ['cus_3000']],
        [{ gte: 2000 }, ['cus_3000', 'cus_2000']],
        [{ lt: 2000 }, ['cus_1000']],
        [{ lte: 2000 }, ['cus_2000', 'cus_1000']],
        [{ gt: 1000, lt: 3000 }, ['cus_2000']],
    ];
    for (const [created, expected] of cases) {
        assert.deepEqual(ids(await client.customers.list({ created })), expected, JSON.stringify(created));
    }
});

test('a range has no other ends than gt, gte, lt and lte', async () => {
    const client = stripe(server);
    await rejects(client.customers.list({ created: { after: 1 } }), {
        status: 400, code: 'parameter_unknown', param: 'created[after]',
        message: 'Received unknown parameter: created[after]',
    });
    await rejects(client.customers.list({ created: { gt: 'yesterday' } }),
        { status: 400, param: 'created[gt]' });
});

test('a list has four keys and shows the newest first', async () => {
    const key = newKey();
    const client = stripe(server, { key });
    const made = [];
    for (let i = 0; i < 12; i++) made.unshift((await client.customers.create({ name: String(i) })).id);
    const { json } = await raw(server, { path: '/v1/customers', key, form: { limit: 3 } });
    assert.deepEqual(Object.keys(json), ['object', 'data', 'has_more', 'url']);
    assert.deepEqual([json.object, json.has_more, json.url], ['list', true, '/v1/customers']);
    assert.deepEqual(ids(json), made.slice(0, 3));
    assert.deepEqual(ids(await client.customers.list()), made.slice(0, 10), 'the default is 10');
});

test('pages in both directions show every customer once', async () => {
    const client = stripe(server);
    const made = [];
    for (let i = 0; i < 7; i++) made.unshift((await client.customers.create()).id);
    const forwards = await all(client.customers.list({ limit: 3 }));
    assert.deepEqual(forwards.map(({ id }) => id), made);
    const page = await client.customers.list({ limit: 3, ending_before: made[6] });
    assert.deepEqual(ids(page), made.slice(3, 6), 'the ones just before, still the newest first');
    assert.equal(page.has_more, true);
    const backwards = await all(client.customers.list({ limit: 3, ending_before: made[6] }));
    assert.deepEqual(backwards.map(({ id }) => id).reverse(), made.slice(0, 6));
    const last = await client.customers.list({ limit: 3, starting_after: made[3] });
    assert.deepEqual([ids(last), last.has_more], [made.slice(4), false]);
});

test('a cursor works although its customer is gone or does not match the filter', async () => {
    const client = stripe(server);
    const oldest = await client.customers.create({ email: 'a@example.com' });
    const middle = await client.customers.create({ email: 'b@example.com' });
    const newest = await client.customers.create({ email: 'a@example.com' });
    const after = { starting_after: middle.id };
    assert.deepEqual(ids(await client.customers.list({ email: 'a@example.com', ...after })), [oldest.id]);
    await client.customers.del(middle.id);
    assert.deepEqual(ids(await client.customers.list(after)), [oldest.id]);
    assert.deepEqual(ids(await client.customers.list({ ending_before: middle.id })), [newest.id]);
});

test('a limit out of range is clamped, one that is no number refused', async () => {
    const key = newKey();
    const client = stripe(server, { key });
    const lines = Array.from({ length: 101 }, (_, i) => `{"id":"cus_${i}","object":"customer"}`).join('\n');
    await raw(server, { method: 'POST', path: '/_dev/seed', body: lines, key });
    for (const [limit, count] of [[0, 1], [-1, 1], [1, 1], [100, 100], [101, 100], [2147483648, 100]]) {
        assert.equal((await client.customers.list({ limit })).data.length, count, `limit ${limit}`);
    }
    await rejects(client.customers.list({ limit: 'many' }),
        { status: 400, code: 'parameter_invalid_integer', param: 'limit', message: 'Invalid integer: many' });
});

test('a cursor must exist, and there can be only one', async () => {
    const client = stripe(server);
    const { id } = await client.customers.create();
    await rejects(client.customers.list({ starting_after: 'cus_none' }), {
        status: 400, code: 'resource_missing', param: 'starting_after', message: "No such customer: 'cus_none'",
    });
    await rejects(client.customers.list({ ending_before: 'cus_none', starting_after: id }),
        { status: 400, code: 'resource_missing', param: 'ending_before' });
    await rejects(client.customers.list({ starting_after: id, ending_before: id }), {
        status: 400, code: undefined,
        message: 'Received both starting_after and ending_before parameters. Please pass in only one.',
    });
});

test('a customer made, changed and deleted is three events', async () => {
    const client = stripe(server);
    const { id } = await client.customers.create({ name: 'Ann', metadata: { a: '1' } });
    await client.customers.update(id, { name: 'Bea', metadata: { b: '2' }, address: { city: 'Bonn' } });
    await client.customers.update(id, { name: 'Bea' }); // nothing changes: no event
    await client.customers.del(id);
    const { data: [deleted, updated, created] } = await client.events.list();
    assert.deepEqual([created.type, updated.type, deleted.type],
        ['customer.created', 'customer.updated', 'customer.deleted']);
    assert.equal(created.data.object.name, 'Ann');
    assert.equal(created.data.previous_attributes, undefined);
    assert.equal(updated.data.object.name, 'Bea');
    assert.deepEqual(JSON.parse(JSON.stringify(updated.data.previous_attributes)),
        { address: null, metadata: { b: null }, name: 'Ann' });
    assert.equal(deleted.data.object.id, id);
    assert.equal(deleted.data.object.name, 'Bea');
});
