// Search: the query language, its mistakes, pages; of customers, products and prices.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { newKey, raw, stripe } from '../lib/client.js';
import { start } from '../lib/server.js';

const key = newKey();
const people = {
    ann: { email: 'ann@example.com', name: 'Ann Lee', metadata: { tier: 'gold', 'with "quotes"': 'a\\b' } },
    bob: { email: 'BOB@example.com', name: 'Bob_1 (100%)', metadata: { tier: 'silver' } },
    cem: { email: 'cem@example.org', name: null, metadata: { tiers: 'gold', note: 'tier":"gold' } },
    dee: { email: null, name: "Dee O'Hara", metadata: {} },
};

let server;
before(async () => {
    server = await start();
    const body = Object.entries(people)
        .map(([id, each], i) => JSON.stringify({ id, object: 'customer', created: 1000 + i, ...each })).join('\n');
    const { status, text } = await raw(server, { method: 'POST', path: '/_dev/seed', body, key });
    assert.equal(status, 200, text);
});
after(() => server?.stop());

async function found(query) {
    const { status, json, text } = await raw(server, { path: '/v1/customers/search', form: { query }, key });
    assert.equal(status, 200, `${query}: ${text}`);
    return json.data.map(({ id }) => id).sort();
}

const QUERIES = [
    // equal: the whole value, in any case
    ['email:"ann@example.com"', ['ann']],
    ['email:"ANN@Example.com"', ['ann']],
    ['email:"bob@example.com"', ['bob']],
    ['email:"ann"', []],
    ["name:'ann lee'", ['ann']],
    // a part of the value, taken literally
    ['email~"example"', ['ann', 'bob', 'cem']],
    ['email~"EXAMPLE.ORG"', ['cem']],
    ['name~"100%"', ['bob']],
    ['name~"_1 ("', ['bob']],
    ['name~"%%%"', []],
    ['name~"___"', []],
    ['name:"%"', []],
    // metadata: that key, that value
    ['metadata["tier"]:"gold"', ['ann']],
    ['metadata["tier"]:"GOLD"', ['ann']],
    ["metadata['tier']:'silver'", ['bob']],
    ['metadata["none"]:"gold"', []],
    ['metadata["with \\"quotes\\""]:"a\\\\b"', ['ann']],
    // null: not set
    ['email:null', ['dee']],
    ['name:null', ['cem']],
    ['metadata["tier"]:null', ['cem', 'dee']],
    // a minus turns a clause around
    ['-email:null', ['ann', 'bob', 'cem']],
    ['-email:"ann@example.com"', ['bob', 'cem', 'dee']],
    ['-name~"ann"', ['bob', 'cem', 'dee']],
    ['-metadata["tier"]:"gold"', ['bob', 'cem', 'dee']],
    ['-metadata["tier"]:null', ['ann', 'bob']],
    // several clauses
    ['email~"example" AND metadata["tier"]:"gold"', ['ann']],
    ['email~"example" -metadata["tier"]:"gold"', ['bob', 'cem']],
    ['name:"Ann Lee" OR email:null', ['ann', 'dee']],
    ['name:"none" OR name:"none too"', []],
    ['name~"o\'h"', ['dee']],
    ["name:'dee o\\'hara'", ['dee']],
];
for (const [query, expected] of QUERIES) {
    test(`${query} finds ${expected.join(' and ') || 'nobody'}`, async () => {
        assert.deepEqual(await found(query), expected);
    });
}

const MISTAKES = [
    '', ' ', 'ann', 'phone:"1"', 'email', 'email:', 'email:ann', 'email:"ann', 'email="a"', 'email~"an"',
    'metadata:"gold"', 'metadata["tier":"gold"', 'metadata[tier]:"gold"', 'email:"a" AND', 'AND email:"a"',
    'metadata["tier"]~"ilve"', // metadata is compared whole or not at all
    'email:"a" AND name:"b" OR name:"c"', '(email:"a")', 'email:"a" name', '--email:"a"',
];
for (const query of MISTAKES) {
    test(`the query ${JSON.stringify(query)} is refused`, async () => {
        refused(await raw(server, { path: '/v1/customers/search', form: { query }, key }),
            { status: 400, type: 'invalid_request_error', param: 'query' });
    });
}

test('a query is required', async () => {
    refused(await raw(server, { path: '/v1/customers/search', key }), {
        status: 400, code: 'parameter_missing', param: 'query', message: 'Missing required param: query.',
    });
});

test('a result looks like one', async () => {
    const form = { query: 'email~"example"', limit: 1 };
    const { json } = await raw(server, { path: '/v1/customers/search', form, key });
    assert.deepEqual(Object.keys(json), ['object', 'data', 'has_more', 'next_page', 'url']);
    assert.deepEqual([json.object, json.has_more, json.url], ['search_result', true, '/v1/customers/search']);
    assert.equal(json.data.length, 1);
    assert.equal(typeof json.next_page, 'string');
    const last = (await raw(server, { path: '/v1/customers/search', form: { query: form.query }, key })).json;
    assert.deepEqual([last.has_more, last.next_page], [false, null]);
});

test('pages show everybody once, the newest first', async () => {
    const client = stripe(server, { key });
    const seen = [];
    for await (const { id } of client.customers.search({ query: 'email~"example"', limit: 1 })) seen.push(id);
    assert.deepEqual(seen, ['cem', 'bob', 'ann']);
});

test('a page that was never given is refused', async () => {
    const client = stripe(server, { key });
    for (const page of ['none', '-1', '1 OR 1=1']) {
        await rejects(client.customers.search({ query: 'email:null', page }), { status: 400, param: 'page' });
    }
});

test('limit is clamped as in lists', async () => {
    const client = stripe(server, { key });
    const query = 'email~"example"';
    assert.equal((await client.customers.search({ query, limit: 0 })).data.length, 1);
    assert.equal((await client.customers.search({ query, limit: 1000 })).data.length, 3);
    await rejects(client.customers.search({ query, limit: 'x' }),
        { status: 400, code: 'parameter_invalid_integer', param: 'limit' });
});

test('what is found can be expanded', async () => {
    const client = stripe(server, { key });
    const { data } = await client.customers.search({ query: 'email:null', expand: ['data.tax'] });
    assert('tax' in data[0]);
    await rejects(client.customers.search({ query: 'email:null', expand: ['tax'] }), {
        status: 400,
        message: "This property cannot be expanded (tax). You may want to try expanding 'data.tax' instead.",
    });
});

test('a customer is found as soon as the answer that made it is there', async () => {
    const client = stripe(server);
    const { id } = await client.customers.create({ name: 'Zoe' });
    assert.equal((await client.customers.search({ query: 'name:"zoe"' })).data[0].id, id);
    await client.customers.update(id, { name: 'Kim' });
    assert.equal((await client.customers.search({ query: 'name:"zoe"' })).data.length, 0);
});

test('other accounts are not searched', async () => {
    assert.deepEqual((await stripe(server).customers.search({ query: '-email:"x"' })).data, []);
});

test('products and prices are searched by their own fields', async () => {
    const client = stripe(server);
    const tea = await client.products.create({
        name: 'Green tea', description: '100% leaf', metadata: { shelf: '7' }, shippable: true,
        url: 'https://example.com/tea',
    });
    const mug = await client.products.create({ name: 'Mug', active: false });
    const once = await client.prices.create({ currency: 'usd', unit_amount: 100, product: tea.id, lookup_key: 'tea' });
    const monthly = await client.prices.create({
        currency: 'eur', unit_amount: 200, product: tea.id, recurring: { interval: 'month' }, metadata: { club: 'yes' },
    });
    const products = [
        ['name~"tea"', [tea]], ['description:"100% leaf"', [tea]], ['metadata["shelf"]:"7"', [tea]],
        ['active:"true"', [tea]], ['active:"false"', [mug]], ['-active:"true"', [mug]],
        ['shippable:"true"', [tea]], ['shippable:null', [mug]], ['url:"https://example.com/tea"', [tea]],
        ['description:null OR name:"mug"', [mug]],
    ];
    const prices = [
        ['product:"PRODUCT"', [monthly, once]], ['currency:"eur"', [monthly]], ['type:"one_time"', [once]],
        ['lookup_key:"tea"', [once]], ['lookup_key:null', [monthly]], ['metadata["club"]:"yes"', [monthly]],
        ['active:"true" AND currency:"usd"', [once]],
    ];
    const found = async (resource, query) =>
        (await resource.search({ query: query.replace('PRODUCT', tea.id) })).data.map(({ id }) => id);
    for (const [query, expected] of products) {
        assert.deepEqual(await found(client.products, query), expected.map(({ id }) => id), query);
    }
    for (const [query, expected] of prices) {
        assert.deepEqual(await found(client.prices, query), expected.map(({ id }) => id), query);
    }
    for (const [resource, expand] of [[client.products, 'data.default_price'], [client.prices, 'data.product']]) {
        const form = { query: 'active:"true" OR active:"false"', limit: 1, expand: [expand] };
        const first = await resource.search(form);
        const second = await resource.search({ ...form, page: first.next_page });
        assert.deepEqual([first.has_more, second.has_more], [true, false]);
        await rejects(resource.search({ query: 'email:"a"' }),
            { status: 400, param: 'query', message: /is not one of active, / });
    }
});

test('coupons and promotion codes cannot be searched', async () => {
    const query = { query: 'metadata["a"]:"b"' };
    for (const path of ['/v1/coupons/search', '/v1/promotion_codes/search']) {
        refused(await raw(server, { path, form: query, key }), { status: 400, code: 'parameter_unknown' });
    }
});
