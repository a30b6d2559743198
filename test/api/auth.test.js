// Who may do what: every route with every kind of credential, accounts and modes that cannot see each
// other, and fields that a caller cannot set.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused } from '../lib/assert.js';
import { newKey, raw } from '../lib/client.js';
import { document } from '../lib/contract.js';
import { coupond, start } from '../lib/server.js';

const ACACIA = '2025-02-24.acacia';
const NO_KEY = "You did not provide an API key. You need to provide your API key in the Authorization header, " +
    "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See " +
    'https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.';
const PUBLISHABLE = 'This API call cannot be made with a publishable API key. Please use a secret API key. ' +
    'You can find a list of your API keys at https://dashboard.stripe.com/account/apikeys.';

let server; // without --dev: keys are made on the command line
let dev;
const accounts = {};
const keys = {};

function command(...args) {
    const { status, stdout, stderr } = coupond([...args, '--data', server.data]);
    assert.equal(status, 0, stderr);
    return stdout.trim();
}

function keyId(hint) {
    const line = command('keys', 'list').split('\n').find((each) => each.includes(hint));
    assert(line, `no key that looks like ${hint}`);
    return line.split('\t')[0];
}

before(async () => {
    server = await start({ dev: false });
    dev = await start();
    accounts.parent = command('accounts', 'create', '--name', 'parent');
    accounts.child = command('accounts', 'create', '--name', 'child', '--parent', accounts.parent);
    accounts.stranger = command('accounts', 'create', '--name', 'stranger');
    keys.test = command('keys', 'create', '--account', accounts.parent);
    keys.live = command('keys', 'create', '--account', accounts.parent, '--mode', 'live');
    keys.child = command('keys', 'create', '--account', accounts.child);
    keys.stranger = command('keys', 'create', '--account', accounts.stranger);
    keys.revoked = command('keys', 'create', '--account', accounts.parent);
    command('keys', 'revoke', keyId(keys.revoked.slice(-4)));
});
after(() => Promise.all([server?.stop(), dev?.stop()]));

function basic(text) {
    return `Basic ${Buffer.from(text).toString('base64')}`;
}

const INVALID = /^Invalid API Key provided: /;
// What is no way in: [what it is, the header, the message].
function badCredentials() {
    return [
        ['no header', undefined, NO_KEY],
        ['an empty header', '', NO_KEY],
        ['Bearer and nothing', 'Bearer ', NO_KEY],
        ['another scheme', `Digest ${keys.test}`, NO_KEY],
        ['a key without a scheme', keys.test, NO_KEY],
        ['Basic and no base64', 'Basic !!!', NO_KEY],
        ['the key as password', basic(`:${keys.test}`), NO_KEY],
        ['an unknown test key', 'Bearer sk_test_unknown123456', 'Invalid API Key provided: sk_test_*********3456'],
        ['an unknown live key', 'Bearer sk_live_unknown123456', INVALID],
        ['an unknown restricted key', 'Bearer rk_test_unknown123456', INVALID],
        ['no key at all', 'Bearer none', INVALID],
        ['an unknown key in Basic', basic('sk_test_unknown123456:'), INVALID],
        ['a key with one character more', `Bearer ${keys.test}x`, INVALID],
        ['a key with one character less', `Bearer ${keys.test.slice(0, -1)}`, INVALID],
        ['a key in capitals', `Bearer ${keys.test.toUpperCase()}`, INVALID],
        ['a publishable key', 'Bearer pk_test_0123456789', PUBLISHABLE],
        ['a publishable key in Basic', basic('pk_live_0123456789:'), PUBLISHABLE],
        ['a revoked key', `Bearer ${keys.revoked}`, /^(Invalid|Expired) API Key provided: /],
    ];
}

// The routes under /v1 as the server itself lists them: [method, path with an id in it].
async function routes() {
    const { operations } = await document(server);
    const listed = operations.filter(({ path }) => path.startsWith('/v1/'))
        .map(({ method, path }) => [method, path.replace('{id}', 'x')]);
    assert(listed.length >= 20, 'the document lists the routes');
    return listed;
}

test('every route refuses every bad credential in the same way', async () => {
    const others = [['GET', '/v1/none'], ['PUT', '/v1/coupons'], ['GET', '/v2/x'], ['GET', '/'],
        ['POST', '/_dev/reset'], ['POST', '/_dev/seed']];
    for (const [method, path] of [...await routes(), ...others]) {
        for (const [name, authorization, message] of badCredentials()) {
            const answer = await raw(server, {
                method, path, headers: { ...(authorization !== undefined && { authorization }) },
            });
            const where = `${method} ${path} with ${name}: ${answer.text}`;
            assert.equal(answer.status, 401, where);
            assert.deepEqual(Object.keys(answer.json.error), ['message', 'type'], where);
            refused(answer, { type: 'invalid_request_error', message });
            assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="Stripe"', where);
            assert.equal(answer.headers.get('request-id'), null, where);
            assert.equal(answer.headers.get('stripe-version'), null, where);
            assert(!answer.text.includes(keys.test) && !answer.text.includes(keys.revoked), where);
        }
    }
});

test('a good key is let in by Bearer or Basic, with a password or without', async () => {
    const { json: { id } } = await raw(server, { path: '/v1/account', key: keys.test });
    assert.equal(id, accounts.parent);
    const good = [`Bearer ${keys.test}`, `bearer ${keys.test}`, `BEARER ${keys.test}`, basic(`${keys.test}:`),
        basic(keys.test), basic(`${keys.test}:ignored:too`)];
    for (const authorization of good) {
        const answer = await raw(server, { path: '/v1/account', headers: { authorization } });
        assert.equal(answer.json.id, accounts.parent, `${authorization.split(' ')[0]}: ${answer.text}`);
    }
});

test('a key is looked at before anything else of a request', async () => {
    const bad = { method: 'POST', path: '/v1/coupons', form: { foo: 1 }, version: 'none' };
    assert.equal((await raw(server, bad)).status, 401);
    assert.equal((await raw(server, { ...bad, key: keys.test })).status, 400);
});

test('without --dev no key opens an account, and the calls for development do not exist', async () => {
    assert.equal((await raw(server, { path: '/v1/account', key: newKey() })).status, 401);
    for (const path of ['/_dev/reset', '/_dev/seed']) {
        refused(await raw(server, { method: 'POST', path, key: keys.test }),
            { status: 404, message: new RegExp(`^Unrecognized request URL \\(POST: ${path}\\)\\.`) });
    }
});

test('with --dev only well-formed test keys open an account', async () => {
    const good = ['sk_test_1', `sk_test_${'a'.repeat(200)}`, 'sk_test_A_b_9'];
    for (const key of good) assert.equal((await raw(dev, { path: '/v1/account', key })).status, 200, key);
    const bad = ['sk_test_', 'sk_live_1', 'rk_test_1', 'sk_test_a b', 'sk_test_a-b', 'SK_TEST_1', 'test_1',
        `sk_test_${'a'.repeat(250)}`];
    for (const key of bad) assert.equal((await raw(dev, { path: '/v1/account', key })).status, 401, key);
});

test('a key that is revoked while the server runs is refused within a second', async () => {
    const key = command('keys', 'create', '--account', accounts.parent);
    assert.equal((await raw(server, { path: '/v1/coupons', key })).status, 200, 'a new key works at once');
    const id = keyId(key.slice(-4));
    let revoked = Infinity;
    let late = 0;
    let stop = false;
    const load = Array.from({ length: 4 }, async () => {
        while (!stop) {
            const began = Date.now();
            const { status } = await raw(server, { path: '/v1/coupons', key, contract: false });
            if (status === 200 && began > revoked + 1000) late++;
        }
    });
    command('keys', 'revoke', id);
    revoked = Date.now();
    let status;
    while ((status = (await raw(server, { path: '/v1/coupons', key, contract: false })).status) === 200 &&
        Date.now() < revoked + 1000);
    stop = true;
    await Promise.all(load);
    assert.equal(status, 401);
    assert.equal(late, 0);
    await server.restart();
    assert.equal((await raw(server, { path: '/v1/coupons', key })).status, 401, 'also after a restart');
});

// One object of each kind in the account of a key: {path: id} for the routes that have an id.
async function fill(key) {
    const post = async (path, form, version) => {
        const { status, json, text } = await raw(server, { method: 'POST', path, form, key, version });
        assert.equal(status, 200, text);
        return json;
    };
    const { id: coupon } = await post('/v1/coupons', { percent_off: 10 });
    const { id: code } = await post('/v1/promotion_codes', { promotion: { type: 'coupon', coupon } });
    const { id: customer } = await post('/v1/customers', { coupon }, ACACIA);
    const { id: product } = await post('/v1/products', { name: 'x' });
    const { id: redemption } = await post('/v1/redemptions', { coupon });
    await post('/v1/redemptions/preview', { code: 'unknown' });
    const { json: { data: [attempt] } } = await raw(server, { path: '/v1/redemption_attempts', key });
    const { id: price } = await post('/v1/prices', { currency: 'usd', unit_amount: 1, product });
    const { id: method } = await post('/v1/payment_methods/pm_card_visa/attach', { customer });
    const { id: payment } = await post('/v1/payment_intents', { amount: 1, currency: 'usd' });
    const { id: setup } = await post('/v1/setup_intents', {});
    const { id: invoice } = await post('/v1/invoices', { customer });
    const { id: invoiceItem } = await post('/v1/invoiceitems', { customer, invoice, amount: 1 });
    const { id: paid } = await post('/v1/invoices', { customer });
    await post('/v1/invoiceitems', { customer, invoice: paid, amount: 100 });
    await post(`/v1/invoices/${paid}/pay`, { payment_method: method });
    const { json: { data: [invoicePayment] } } = await raw(server, { path: '/v1/invoice_payments', key });
    const { json: { data: [charge] } } = await raw(server, { path: '/v1/charges', key });
    const monthly = await post('/v1/prices', {
        currency: 'usd', unit_amount: 100, product, recurring: { interval: 'month' },
    });
    const subscription = await post('/v1/subscriptions', {
        customer, default_payment_method: method, items: [{ price: monthly.id }],
    });
    const { id: clock } = await post('/v1/test_helpers/test_clocks', { frozen_time: 1800000000 });
    const { id: session } = await post('/v1/checkout/sessions', {
        mode: 'payment', success_url: 'https://example.com', line_items: [{ price, quantity: 100 }],
    });
    const { id: configuration } = await post('/v1/billing_portal/configurations', {
        features: { invoice_history: { enabled: true } },
    });
    const { id: endpoint } = await post('/v1/webhook_endpoints', { url: 'https://example.com/', enabled_events: ['product.deleted'] });
    const { id: batch } = await post('/v1/promotion_code_batches', { promotion: { type: 'coupon', coupon }, count: 1 });
    const { json: { data: [event] } } = await raw(server, { path: '/v1/events', key, form: { limit: 1 } });
    return {
        '/v1/billing_portal/configurations': configuration, '/v1/charges': charge.id,
        '/v1/checkout/sessions': session,
        '/v1/invoice_payments': invoicePayment.id, '/v1/invoiceitems': invoiceItem, '/v1/invoices': invoice,
        '/v1/promotion_code_batches': batch, '/v1/subscription_items': subscription.items.data[0].id,
        '/v1/subscriptions': subscription.id, '/v1/test_helpers/test_clocks': clock, '/v1/webhook_endpoints': endpoint,
        '/v1/coupons': coupon, '/v1/promotion_codes': code, '/v1/customers': customer, '/v1/products': product,
        '/v1/events': event.id, '/v1/prices': price, '/v1/payment_methods': method, '/v1/payment_intents': payment,
        '/v1/setup_intents': setup,
        '/v1/redemptions': redemption, '/v1/redemption_attempts': attempt.id,
    };
}

// Parameters that calls about an id cannot do without.
const NEEDED = { '/attach': { customer: 'none' }, '/advance': { frozen_time: 1800000001 } };

// The answer to a request about an id, without the id.
async function anonymous(request, id) {
    const { status, text } = await raw(server, request);
    return { status, text: text.replaceAll(id, 'ID') };
}

test("what belongs to another account or mode is 404, exactly as if it did not exist", async () => {
    const owned = await fill(keys.test);
    const { operations } = await document(server);
    const withId = operations.filter(({ path }) => path.includes('{id}'));
    assert(withId.length >= 12);
    for (const { method, path } of withId) {
        const id = owned[path.slice(0, path.indexOf('/{id}'))];
        assert(id, `no object for ${path}`);
        for (const name of ['stranger', 'child', 'live']) {
            const at = (which) => ({
                method, path: path.replace('{id}', which).replace('{inner_id}', 'none'), key: keys[name],
                form: NEEDED[path.slice(path.lastIndexOf('/'))],
            });
            const foreign = await anonymous(at(id), id);
            assert.equal(foreign.status, 404, `${name}: ${method} ${path} ${foreign.text}`);
            assert.deepEqual(foreign, await anonymous(at('none'), 'none'), `${name}: ${method} ${path}`);
        }
        const own = await raw(server, { path: path.replace(/\{id\}.*/, id), key: keys.test });
        assert.equal(own.status, 200, `${method} ${path} has changed what it could not see`);
        assert(!own.json.deleted);
    }
});

test('ids of another account or mode are unknown in parameters, filters and cursors too', async () => {
    const { '/v1/coupons': coupon, '/v1/promotion_codes': code, '/v1/customers': customer,
        '/v1/products': product, '/v1/events': event } = await fill(keys.test);
    const requests = (ids) => [
        { method: 'POST', path: '/v1/promotion_codes', form: { promotion: { type: 'coupon', coupon: ids.coupon } } },
        { method: 'POST', path: '/v1/coupons', form: { percent_off: 1, applies_to: { products: [ids.product] } } },
        { method: 'POST', path: '/v1/customers', form: { coupon: ids.coupon }, version: ACACIA },
        { method: 'POST', path: '/v1/customers', form: { promotion_code: ids.code }, version: ACACIA },
        { path: '/v1/promotion_codes', form: { coupon: ids.coupon } },
        { path: '/v1/promotion_codes', form: { customer: ids.customer } },
        { path: '/v1/coupons', form: { starting_after: ids.coupon } },
        { path: '/v1/promotion_codes', form: { starting_after: ids.code } },
        { path: '/v1/customers', form: { ending_before: ids.customer } },
        { path: '/v1/products', form: { starting_after: ids.product } },
        { path: '/v1/events', form: { ending_before: ids.event } },
    ];
    const real = requests({ coupon, code, customer, product, event });
    const none = requests({ coupon: 'none', code: 'none', customer: 'none', product: 'none', event: 'none' });
    const hidden = [coupon, code, customer, product, event];
    for (const name of ['stranger', 'live']) {
        for (let i = 0; i < real.length; i++) {
            const answer = await raw(server, { ...real[i], key: keys[name] });
            refused(answer, { status: 400, code: 'resource_missing' });
            const text = hidden.reduce((all, id) => all.replaceAll(`'${id}'`, "'none'"), answer.text);
            assert.equal(text, (await raw(server, { ...none[i], key: keys[name] })).text);
        }
    }
});

test('lists and filters show only what is one\'s own', async () => {
    const stranger = command('keys', 'create', '--account', command('accounts', 'create'));
    const { '/v1/products': product } = await fill(keys.test);
    const lists = [
        ['/v1/coupons'], ['/v1/promotion_codes'], ['/v1/customers'], ['/v1/products'], ['/v1/events'],
        ['/v1/products', { ids: [product] }], ['/v1/products', { active: true }], ['/v1/events', { type: '*' }],
        ['/v1/customers/search', { query: '-email:"x"' }],
    ];
    for (const [path, form] of lists) {
        assert.deepEqual((await raw(server, { path, form, key: stranger })).json.data, [], path);
        assert.notDeepEqual((await raw(server, { path, form, key: keys.test })).json.data, [], path);
    }
});

test('test and live mode are two worlds in one account', async () => {
    const form = { id: 'SAME', percent_off: 10 };
    const made = {};
    for (const name of ['test', 'live']) {
        const { json } = await raw(server, { method: 'POST', path: '/v1/coupons', form, key: keys[name] });
        assert.equal(json.livemode, name === 'live', name);
        made[name] = json;
    }
    await raw(server, { method: 'DELETE', path: '/v1/coupons/SAME', key: keys.live });
    const { json } = await raw(server, { path: '/v1/coupons/SAME', key: keys.test });
    assert.deepEqual(json, made.test);
    const { json: { data: [event] } } = await raw(server, { path: '/v1/events', key: keys.live });
    assert.deepEqual([event.livemode, event.type], [true, 'coupon.deleted']);
});

test('a key acts for a child of its account, and for its own account', async () => {
    const call = (account, request) =>
        raw(server, { path: '/v1/account', key: keys.test, headers: { 'stripe-account': account }, ...request });
    const child = await call(accounts.child);
    assert.equal(child.json.id, accounts.child);
    assert.equal(child.headers.get('stripe-account'), accounts.child);
    assert.equal((await call(accounts.parent)).json.id, accounts.parent);
    const form = { id: 'CHILD', percent_off: 10 };
    await call(accounts.child, { method: 'POST', path: '/v1/coupons', form });
    assert.equal((await raw(server, { path: '/v1/coupons/CHILD', key: keys.child })).status, 200);
    assert.equal((await raw(server, { path: '/v1/coupons/CHILD', key: keys.test })).status, 404);
    const headers = { 'stripe-account': accounts.child };
    assert.equal((await raw(server, { path: '/v1/coupons/CHILD', key: keys.live, headers })).status, 404,
        'the mode of the key stays');
});

test('any other account is refused, whether it exists or not', async () => {
    for (const [key, account] of [[keys.test, accounts.stranger], [keys.test, 'acct_none'],
        [keys.child, accounts.parent], [keys.stranger, accounts.child], [keys.test, '']]) {
        const answer = await raw(server, { path: '/v1/coupons', key, headers: { 'stripe-account': account } });
        refused(answer, { status: 403, type: 'invalid_request_error', code: 'account_invalid' });
        const { message } = answer.json.error;
        assert.match(message, new RegExp("^The provided key 'sk_test_\\*+.{4}' does not have access to account " +
            `'${account}' \\(or that account does not exist\\)\\. Application access may have been revoked\\.$`));
        assert(!answer.text.includes(key));
        assert.match(answer.headers.get('request-id'), /^req_/);
    }
});

test('an account header does not open accounts in development', async () => {
    const key = newKey();
    const headers = { 'stripe-account': 'acct_none' };
    assert((await raw(dev, { path: '/v1/coupons', key, headers })).status >= 401);
    assert.equal((await raw(dev, { path: '/v1/account', key })).status, 200);
    refused(await raw(dev, { path: '/v1/coupons', key, headers }), { status: 403, code: 'account_invalid' });
});

test('what an object shows cannot be set unless it is a parameter', async () => {
    const { operations } = await document(dev);
    const key = newKey();
    const objects = {};
    const make = async (path, form) => {
        objects[path] = (await raw(dev, { method: 'POST', path, form, key })).json;
    };
    await make('/v1/coupons', { percent_off: 10 });
    await make('/v1/promotion_codes', { promotion: { type: 'coupon', coupon: objects['/v1/coupons'].id } });
    await make('/v1/customers', {});
    await make('/v1/products', { name: 'x' });
    let tried = 0;
    for (const [path, object] of Object.entries(objects)) {
        for (const at of [path, `${path}/{id}`]) {
            const { parameters } = operations.find((each) => each.method === 'POST' && each.path === at);
            const names = [...Object.keys(object), 'deleted', 'tenant', 'seq', 'deleted_at'];
            for (const name of names.filter((each) => !(each in parameters.properties))) {
                const answer = await raw(dev, {
                    method: 'POST', path: at.replace('{id}', object.id), form: { [name]: '1' }, key,
                });
                refused(answer, { status: 400, code: 'parameter_unknown', param: name });
                tried++;
            }
        }
        assert.deepEqual((await raw(dev, { path: `${path}/${object.id}`, key })).json, object);
    }
    assert(tried > 60, `only ${tried} fields were tried`);
});
