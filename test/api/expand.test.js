// expand[]: which paths there are in which version, how deep, and what they show.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused } from '../lib/assert.js';
import { newKey, raw, stripe } from '../lib/client.js';
import { start } from '../lib/server.js';

const BASIL = '2025-08-27.basil'; // the last version before clover
const CLOVER = '2025-09-30.clover';
const ACACIA = '2025-02-24.acacia'; // the last version in which customers take coupons and codes

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

// One account in which everything refers to something: a coupon with products and currencies, a customer with
// a discount from a code of that coupon, and the code, which is restricted to the customer.
async function account() {
    const key = newKey();
    const sdk = stripe(server, { key });
    const call = (request) => raw(server, { key, ...request });
    await sdk.products.create({ id: 'prod_a', name: 'A' });
    await sdk.coupons.create({
        id: 'SALE', amount_off: 10, currency: 'usd', applies_to: { products: ['prod_a'] },
        currency_options: { eur: { amount_off: 9 } },
    });
    const { id: customer } = await sdk.customers.create({ name: 'Ada' });
    const { id: code } = await sdk.promotionCodes.create({
        promotion: { type: 'coupon', coupon: 'SALE' }, customer,
        restrictions: { currency_options: { eur: { minimum_amount: 90 } } },
    });
    const { id: open } = await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: 'SALE' } });
    const given = await call({
        method: 'POST', path: `/v1/customers/${customer}`, form: { promotion_code: open }, version: ACACIA,
    });
    assert.equal(given.status, 200, given.text);
    const paths = {
        coupon: '/v1/coupons/SALE',
        promotion_code: `/v1/promotion_codes/${code}`,
        customer: `/v1/customers/${customer}`,
        discount: `/v1/customers/${customer}/discount`,
        product: '/v1/products/prod_a',
    };
    return {
        sdk, call, customer, code, open, paths,
        get: (object, expand, version) =>
            call({ path: paths[object] ?? object, form: expand && { expand }, version }),
    };
}

const refusal = (path, hint = '') => ({
    status: 400,
    type: 'invalid_request_error',
    code: undefined,
    param: 'expand',
    message: `This property cannot be expanded (${path}).${hint}`,
});

// ---- what can be expanded ----

// [object, path, in the versions before clover, from clover on]
const PATHS = [
    ['coupon', 'applies_to', true, true],
    ['coupon', 'currency_options', true, true],
    ['coupon', 'applies_to.products', true, true],
    ['coupon', 'name', false, false],
    ['coupon', 'metadata', false, false],
    ['coupon', 'id', false, false],
    ['coupon', 'object', false, false],
    ['coupon', 'promotion', false, false],
    ['coupon', 'foo', false, false],
    ['coupon', 'Applies_to', false, false],
    ['coupon', ' applies_to', false, false],
    ['coupon', '.', false, false],
    ['coupon', '.applies_to', false, false],
    ['coupon', 'data', false, false],
    ['coupon', 'data.applies_to', false, false],
    ['promotion_code', 'customer', true, true],
    ['promotion_code', 'customer.discount', true, true],
    ['promotion_code', 'customer.foo', true, true],
    ['promotion_code', 'coupon', true, false],
    ['promotion_code', 'coupon.applies_to', true, false],
    ['promotion_code', 'coupon.currency_options', true, false],
    ['promotion_code', 'promotion', false, true],
    ['promotion_code', 'promotion.coupon', false, true],
    ['promotion_code', 'promotion.coupon.applies_to', false, true],
    ['promotion_code', 'promotion.coupon.currency_options', false, true],
    ['promotion_code', 'restrictions', true, true],
    ['promotion_code', 'restrictions.currency_options', true, true],
    ['promotion_code', 'code', false, false],
    ['promotion_code', 'customer_account', false, false],
    ['discount', 'customer', true, true],
    ['discount', 'promotion_code', true, true],
    ['discount', 'coupon', true, false],
    ['discount', 'coupon.applies_to', true, false],
    ['discount', 'source', false, true],
    ['discount', 'source.coupon', false, true],
    ['discount', 'source.coupon.applies_to', false, true],
    ['discount', 'subscription', true, true],
    ['discount', 'start', false, false],
    ['customer', 'discount', true, true],
    ['customer', 'discount.promotion_code', true, true],
    ['customer', 'discount.coupon', true, true],
    ['customer', 'discount.source.coupon', true, true],
    ['customer', 'cash_balance', true, true],
    ['customer', 'default_source', true, true],
    ['customer', 'invoice_credit_balance', true, true],
    ['customer', 'sources', true, true],
    ['customer', 'subscriptions', true, true],
    ['customer', 'tax', true, true],
    ['customer', 'tax_ids', true, true],
    ['customer', 'test_clock', true, true],
    ['customer', 'email', false, false],
    ['customer', 'coupon', false, false],
    ['product', 'default_price', true, true],
    ['product', 'tax_code', true, true],
    ['product', 'name', false, false],
];

for (const version of ['2020-08-27', BASIL, CLOVER, '2026-10-28.endive']) {
    test(`what can be expanded at ${version}`, async () => {
        const { get } = await account();
        for (const [object, path, before, since] of PATHS) {
            const answer = await get(object, [path], version);
            if (version < CLOVER ? before : since) {
                assert.equal(answer.status, 200, `${object} ${path}: ${answer.text}`);
            } else {
                refused(answer, refusal(path));
            }
        }
    });
}

test('a list takes the same paths behind data, and says so', async () => {
    const { get } = await account();
    const lists = {
        coupon: '/v1/coupons', promotion_code: '/v1/promotion_codes', customer: '/v1/customers',
        product: '/v1/products',
    };
    for (const [object, path, , expandable] of PATHS) {
        if (!lists[object] || path.startsWith('data')) continue;
        const answer = await get(lists[object], [`data.${path}`]);
        if (expandable) assert.equal(answer.status, 200, `${object} data.${path}: ${answer.text}`);
        else refused(answer, refusal(`data.${path}`));
        const bare = await get(lists[object], [path]);
        const hint = ` You may want to try expanding 'data.${path}' instead.`;
        refused(bare, refusal(path, expandable ? hint : ''));
    }
    const plain = await get('/v1/coupons');
    assert.equal((await get('/v1/coupons', ['data'])).text, plain.text);
    for (const path of ['has_more', 'url', 'object', 'foo']) refused(await get('/v1/coupons', [path]), refusal(path));
    refused(await get('/v1/coupons', ['total_count']), {
        status: 400, type: 'invalid_request_error', code: undefined,
        message: /^This property cannot be included \(total_count\)/,
    });
});

// ---- what it shows ----

test('without expand an object holds ids; with it the objects', async () => {
    const { sdk, get, customer, open } = await account();
    const { json: plain } = await get('promotion_code');
    assert.equal(plain.promotion.coupon, 'SALE');
    assert.equal(plain.customer, customer);

    const { json: code } = await get('promotion_code', ['promotion.coupon', 'customer']);
    assert.deepEqual(code.promotion.coupon, { ...(await sdk.coupons.retrieve('SALE')) });
    assert.equal(code.promotion.type, 'coupon');
    assert.deepEqual(code.customer, JSON.parse(JSON.stringify(await sdk.customers.retrieve(customer))));

    const { json: discount } = await get('discount');
    assert.deepEqual(discount.source, { coupon: 'SALE', type: 'coupon' });
    assert.equal(discount.customer, customer);
    assert.equal(discount.promotion_code, open);
    const { json: expanded } = await get('discount', ['source.coupon', 'promotion_code', 'customer']);
    assert.equal(expanded.source.coupon.amount_off, 10);
    assert.equal(expanded.promotion_code.object, 'promotion_code');
    assert.equal(expanded.promotion_code.promotion.coupon, 'SALE');
    assert.equal(expanded.customer.discount.id, discount.id);
});

test('before clover the coupon stands inside, and only its hidden parts need expand', async () => {
    const { sdk, get } = await account();
    const coupon = { ...(await sdk.coupons.retrieve('SALE')) };
    const hidden = { applies_to: { products: ['prod_a'] }, currency_options: { eur: { amount_off: 9 } } };
    for (const object of ['promotion_code', 'discount']) {
        const { json: plain } = await get(object, undefined, BASIL);
        assert.deepEqual(plain.coupon, coupon);
        assert.equal((await get(object, ['coupon'], BASIL)).text, (await get(object, undefined, BASIL)).text);
        const { json: full } = await get(object, ['coupon.applies_to', 'coupon.currency_options'], BASIL);
        assert.deepEqual(full.coupon, { ...coupon, ...hidden });
    }
    const { json } = await get('/v1/promotion_codes', ['data.coupon.applies_to'], BASIL);
    for (const code of json.data) assert.deepEqual(code.coupon.applies_to, hidden.applies_to);
});

test('expanding what holds an expandable field shows nothing more', async () => {
    const { get } = await account();
    for (const [object, path] of [
        ['promotion_code', 'promotion'], ['promotion_code', 'restrictions'], ['discount', 'source'],
        ['customer', 'discount'], ['discount', 'subscription'], ['product', 'default_price'],
    ]) {
        assert.equal((await get(object, [path])).text, (await get(object)).text, path);
    }
});

test('a discount inside a customer expands from there', async () => {
    const { get, open, customer } = await account();
    const { json } = await get('customer', ['discount.source.coupon', 'discount.promotion_code.promotion.coupon']);
    assert.equal(json.discount.source.coupon.id, 'SALE');
    assert.equal(json.discount.promotion_code.id, open);
    assert.equal(json.discount.promotion_code.promotion.coupon.id, 'SALE');
    assert.equal(json.discount.customer, customer);
});

test('four levels into a list: data.promotion.coupon.applies_to', async () => {
    const { get } = await account();
    const { json } = await get('/v1/promotion_codes', ['data.promotion.coupon.applies_to']);
    assert.equal(json.data.length, 2);
    for (const code of json.data) {
        assert.deepEqual(code.promotion.coupon.applies_to, { products: ['prod_a'] });
        assert(!('currency_options' in code.promotion.coupon));
    }
});

test('several paths add up, doubles and their order do nothing', async () => {
    const { get } = await account();
    const paths = ['promotion.coupon.applies_to', 'customer', 'promotion.coupon',
        'promotion.coupon.currency_options', 'customer'];
    const { text, json } = await get('promotion_code', paths);
    assert.deepEqual(json.promotion.coupon.applies_to, { products: ['prod_a'] });
    assert.deepEqual(json.promotion.coupon.currency_options, { eur: { amount_off: 9 } });
    assert.equal(json.customer.object, 'customer');
    assert.equal((await get('promotion_code', paths.toReversed())).text, text);
    assert(!('currency_options' in json.restrictions));
});

test('a null field stays null', async () => {
    const { sdk, open } = await account();
    const { customer } = await sdk.promotionCodes.retrieve(open, { expand: ['customer'] });
    assert.equal(customer, null);
    const expand = ['discount.promotion_code', 'discount.source.coupon'];
    const { discount } = await sdk.customers.create({ expand });
    assert.equal(discount, null);
});

test('creating and changing expand like retrieving', async () => {
    const { sdk, call, customer, code } = await account();
    const promotion = { type: 'coupon', coupon: 'SALE' };
    const made = await sdk.promotionCodes.create({ promotion, customer, expand: ['promotion.coupon', 'customer'] });
    assert.equal(made.promotion.coupon.id, 'SALE');
    assert.equal(made.customer.name, 'Ada');
    const updated = await sdk.promotionCodes.update(code, { metadata: { a: 'b' }, expand: ['customer'] });
    assert.equal(updated.customer.name, 'Ada');
    const inAddress = await call({ method: 'POST', path: `/v1/promotion_codes/${code}?expand[]=customer` });
    assert.equal(inAddress.json.customer.name, 'Ada');
});

test('a deleted customer expands to its stub, a deleted coupon to what it was', async () => {
    const { sdk, get, customer } = await account();
    await sdk.customers.del(customer);
    await sdk.coupons.del('SALE');
    const { json } = await get('promotion_code', ['customer', 'promotion.coupon.applies_to']);
    assert.deepEqual(json.customer, { id: customer, object: 'customer', deleted: true });
    assert.equal(json.promotion.coupon.amount_off, 10);
    assert.equal(json.promotion.coupon.valid, false);
    assert.deepEqual(json.promotion.coupon.applies_to, { products: ['prod_a'] });
    const { json: plain } = await get('promotion_code');
    assert.equal(plain.customer, customer);
    assert.equal(plain.promotion.coupon, 'SALE');
});

// ---- limits ----

test('a path has at most four levels, the data of a list among them', async () => {
    const { get } = await account();
    const deep = (path) => ({
        status: 400, type: 'invalid_request_error', code: 'property_expansion_max_depth', param: 'expand',
        message: `You cannot expand more than 4 levels of a property. Property: ${path}`,
    });
    assert.equal((await get('promotion_code', ['promotion.coupon.applies_to'])).status, 200);
    assert.equal((await get('promotion_code', ['promotion.coupon.applies_to.products'])).status, 200);
    const five = ['promotion.coupon.applies_to.products.x', 'a.b.c.d.e',
        'customer.discount.source.coupon.applies_to'];
    for (const path of five) refused(await get('promotion_code', [path]), deep(path));
    const listed = 'data.promotion.coupon.applies_to.products';
    refused(await get('/v1/promotion_codes', [listed]), deep(listed));
    const long = Array(500).fill('customer').join('.');
    refused(await get('promotion_code', [long]), deep(long));
});

test('a request has at most 20 paths', async () => {
    const { get } = await account();
    const paths = (count) => Array.from({ length: count }, (_, i) => `customer.p${i}`);
    assert.equal((await get('promotion_code', paths(19))).status, 200);
    assert.equal((await get('promotion_code', paths(20))).status, 200);
    const many = { status: 400, type: 'invalid_request_error', code: undefined, param: 'expand' };
    refused(await get('promotion_code', paths(21)), many);
    refused(await get('promotion_code', Array(21).fill('customer')), many);
    refused(await get('/v1/promotion_codes', Array(21).fill('data.customer')), many);
});

test('paths come as expand[], expand[0] or with encoded brackets, and in the body of a POST', async () => {
    const { call, paths } = await account();
    const shown = async (query) => (await call({ path: `${paths.coupon}?${query}` })).json;
    for (const query of ['expand[]=applies_to', 'expand[0]=applies_to', 'expand[7]=applies_to',
        'expand%5B%5D=applies_to', 'expand%5B0%5D=applies%5Fto']) {
        assert.deepEqual((await shown(query)).applies_to, { products: ['prod_a'] }, query);
    }
    refused(await call({ path: `${paths.coupon}?expand=applies_to` }), {
        status: 400, type: 'invalid_request_error', code: undefined, param: 'expand', message: 'Invalid array',
    });
    refused(await call({ path: `${paths.coupon}?expand[]=` }), {
        status: 400, type: 'invalid_request_error', code: 'parameter_invalid_empty', param: 'expand[0]',
    });
    refused(await call({ path: `${paths.coupon}?expand[0][a]=applies_to` }), { status: 400, code: undefined });
});

test('one bad path among good ones is refused, before anything is done', async () => {
    const { sdk, call } = await account();
    const answer = await call({
        method: 'POST', path: '/v1/coupons', form: { id: 'NEVER', percent_off: 1, expand: ['applies_to', 'foo'] },
    });
    refused(answer, refusal('foo'));
    const { data } = await sdk.coupons.list();
    assert.deepEqual(data.map(({ id }) => id), ['SALE']);
});
