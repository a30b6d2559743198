// Products: every parameter, field and filter, own ids, tombstones, version gates.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { newKey, raw, stripe } from '../lib/client.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

function ids(page) {
    return page.data.map(({ id }) => id);
}

async function seed(key, ...products) {
    const body = products.map((each) => JSON.stringify({ object: 'product', ...each })).join('\n');
    const { status, text } = await raw(server, { method: 'POST', path: '/_dev/seed', body, key });
    assert.equal(status, 200, text);
}

test('a product made of a name has every field with its default', async () => {
    const { json } = await raw(server, {
        method: 'POST', path: '/v1/products', form: { name: 'Tea' }, key: newKey(),
    });
    const { id, created, updated, ...rest } = json;
    assert.match(id, /^prod_[0-9A-Za-z]{14}$/);
    assert(Math.abs(created - Date.now() / 1000) < 60 && updated === created, `${created} ${updated}`);
    assert.deepEqual(rest, {
        object: 'product',
        active: true,
        default_price: null,
        description: null,
        images: [],
        livemode: false,
        marketing_features: [],
        metadata: {},
        name: 'Tea',
        package_dimensions: null,
        shippable: null,
        statement_descriptor: null,
        tax_code: null,
        tax_details: null,
        type: 'service',
        unit_label: null,
        url: null,
    });
});

const FULL = {
    active: false,
    description: 'Green\nand black',
    images: ['https://example.com/1.png', 'https://example.com/2.png'],
    marketing_features: [{ name: 'Hot' }, { name: 'Cold' }],
    metadata: { shelf: '7' },
    name: 'Tea',
    package_dimensions: { height: 1, length: 2.5, weight: 3.25, width: 4 },
    shippable: true,
    statement_descriptor: 'TEA SHOP',
    tax_code: 'txcd_10000000',
    tax_details: { performance_location: 'taxloc_1', tax_code: 'txcd_2' },
    unit_label: 'cup',
    url: 'https://example.com/tea',
};

function plain(object) {
    return JSON.parse(JSON.stringify(object));
}

test('what a product is created with is what it has', async () => {
    const client = stripe(server);
    const created = plain(await client.products.create({ ...FULL, id: 'tea', type: 'good' }));
    assert.deepEqual(created, { ...created, ...FULL, id: 'tea', type: 'good' });
    assert.deepEqual(plain(await client.products.retrieve('tea')), created);
});

test('an update sets what it names and leaves the rest', async () => {
    const client = stripe(server);
    const { id } = await client.products.create({ name: 'Old' });
    const updated = plain(await client.products.update(id, FULL));
    assert.deepEqual(updated, { ...updated, ...FULL });
    const renamed = plain(await client.products.update(id, { name: 'New' }));
    assert.deepEqual(renamed, { ...updated, name: 'New', updated: renamed.updated });
});

test('an empty value unsets, but not the name', async () => {
    const client = stripe(server);
    const { id } = await client.products.create(FULL);
    const cleared = plain(await client.products.update(id, {
        description: '', images: '', marketing_features: '', metadata: '', package_dimensions: '', tax_code: '',
        tax_details: '', unit_label: '', url: '',
    }));
    assert.deepEqual(cleared, {
        ...cleared, description: null, images: [], marketing_features: [], metadata: {},
        package_dimensions: null, tax_code: null, tax_details: null, unit_label: null, url: null,
    });
    await rejects(client.products.update(id, { name: '' }),
        { status: 400, code: 'parameter_invalid_empty', param: 'name' });
});

test('updated moves with a change', async () => {
    const key = newKey();
    const client = stripe(server, { key });
    await seed(key, { id: 'p', name: 'Old', created: 1000, updated: 1000 });
    assert.equal((await client.products.update('p', { name: 'Old' })).updated, 1000, 'nothing has changed');
    const { created, updated } = await client.products.update('p', { name: 'New' });
    assert.equal(created, 1000);
    assert(Math.abs(updated - Date.now() / 1000) < 60, `updated is ${updated}`);
});

test('a value that is missing or wrong names the parameter', async () => {
    const size = { height: 1, length: 1, weight: 1 };
    const cases = [
        [{}, 'name', 'parameter_missing', 'Missing required param: name.'],
        [{ name: 'x', type: 'bad' }, 'type', undefined, 'Invalid type: must be one of good or service'],
        [{ name: 'x', active: 'perhaps' }, 'active', undefined, 'Invalid boolean: perhaps'],
        [{ name: 'x', url: 'example.com' }, 'url', 'url_invalid', 'Not a valid URL'],
        [{ name: 'x', package_dimensions: size }, 'package_dimensions[width]', 'parameter_missing',
            'Missing required param: package_dimensions[width].'],
        [{ name: 'x', package_dimensions: { ...size, width: 'wide' } }, 'package_dimensions[width]',
            undefined, 'Invalid decimal: wide'],
        [{ name: 'x', marketing_features: [{}, { title: 'y' }] }, 'marketing_features[1][title]',
            'parameter_unknown', 'Received unknown parameter: marketing_features[1][title]'],
        [{ name: 'x', images: 'one' }, 'images', undefined, 'Invalid array'],
        [{ name: 'x', images: Array(9).fill('https://example.com') }, 'images', undefined,
            'Array images exceeded maximum 8 allowed elements.'],
        [{ name: 'x', default_price: 'price_1' }, 'default_price', 'parameter_unknown',
            'Received unknown parameter: default_price'],
        [{ name: 'x', default_price_data: { unit_amount: 1 } }, 'default_price_data[currency]', 'parameter_missing',
            'Missing required param: default_price_data[currency].'],
        [{ name: 'x', default_price_data: { currency: 'usd' } }, 'default_price_data[unit_amount]', 'parameter_missing',
            /^Missing required param: /],
        [{ name: 'x', default_price_data: { currency: 'usd', unit_amount: 1,
            recurring: { interval: 'year', interval_count: 4 } } },
            'default_price_data[recurring][interval_count]', undefined, /at most three years/],
    ];
    for (const [form, param, code, message] of cases) {
        const answer = await raw(server, { method: 'POST', path: '/v1/products', form, key: newKey() });
        refused(answer, { status: 400, type: 'invalid_request_error', param, code, message });
    }
});

test('id and type cannot be changed', async () => {
    const client = stripe(server);
    const { id } = await client.products.create({ name: 'x' });
    await rejects(client.products.update(id, { id: 'y' }), { status: 400, code: 'parameter_unknown', param: 'id' });
    await rejects(client.products.update(id, { type: 'good' }), { code: 'parameter_unknown', param: 'type' });
});

test('an own id is taken once, blank means none', async () => {
    const client = stripe(server);
    await client.products.create({ id: 'my product/1', name: 'x' });
    assert.equal((await client.products.retrieve('my product/1')).name, 'x');
    await rejects(client.products.create({ id: 'my product/1', name: 'y' }), {
        status: 400, code: 'resource_already_exists', param: undefined, message: 'Product already exists.',
    });
    assert.match((await client.products.create({ id: '', name: 'z' })).id, /^prod_/);
});

test('a deleted product is gone, and its id is free again', async () => {
    const client = stripe(server);
    await client.products.create({ id: 'p', name: 'first' });
    assert.deepEqual(plain(await client.products.del('p')), { id: 'p', object: 'product', deleted: true });
    const missing = {
        status: 404, type: 'invalid_request_error', code: 'resource_missing', param: 'id',
        message: "No such product: 'p'",
    };
    await rejects(client.products.retrieve('p'), missing);
    await rejects(client.products.update('p', { name: 'x' }), missing);
    await rejects(client.products.del('p'), missing);
    assert.deepEqual(ids(await client.products.list()), []);
    await client.products.create({ id: 'p', name: 'second' });
    assert.equal((await client.products.retrieve('p')).name, 'second');
});

test('a coupon applies to products that exist', async () => {
    const client = stripe(server);
    const { id } = await client.products.create({ name: 'x' });
    const coupon = await client.coupons.create({
        percent_off: 10, applies_to: { products: [id] }, expand: ['applies_to'],
    });
    assert.deepEqual(plain(coupon.applies_to), { products: [id] });
    await rejects(client.coupons.create({ percent_off: 10, applies_to: { products: [id, 'prod_none'] } }),
        { status: 400, code: 'resource_missing', message: "No such product: 'prod_none'" });
});

test('each filter shows what matches it', async () => {
    const key = newKey();
    const client = stripe(server, { key });
    await seed(key,
        { id: 'a', name: 'a', active: true, shippable: true, type: 'good', url: 'https://example.com/a',
            created: 1000 },
        { id: 'b', name: 'b', active: false, shippable: false, type: 'service', created: 2000 },
        { id: 'c', name: 'c', active: true, type: 'service', url: 'https://example.com/c', created: 3000 });
    const cases = [
        [{}, ['c', 'b', 'a']],
        [{ active: true }, ['c', 'a']],
        [{ active: false }, ['b']],
        [{ shippable: true }, ['a']],
        [{ shippable: false }, ['b']],
        [{ type: 'good' }, ['a']],
        [{ type: 'service' }, ['c', 'b']],
        [{ url: 'https://example.com/c' }, ['c']],
        [{ url: 'https://example.com/none' }, []],
        [{ ids: ['a', 'c', 'none'] }, ['c', 'a']],
        [{ ids: ['none'] }, []],
        [{ ids: ['a', 'b'], active: true }, ['a']],
        [{ created: 2000 }, ['b']],
        [{ created: { gte: 2000, lt: 3000 } }, ['b']],
        [{ created: { gt: 1000, lte: 2000 } }, ['b']],
        [{ limit: 1, starting_after: 'c' }, ['b']],
        [{ limit: 1, ending_before: 'a' }, ['b']],
    ];
    for (const [filter, expected] of cases) {
        assert.deepEqual(ids(await client.products.list(filter)), expected, JSON.stringify(filter));
    }
    await rejects(client.products.list({ type: 'bad' }), { status: 400, param: 'type' });
    await rejects(client.products.list({ active: 'bad' }), { status: 400, param: 'active' });
    await rejects(client.products.list({ starting_after: 'none' }),
        { status: 400, code: 'resource_missing', param: 'starting_after', message: "No such product: 'none'" });
});

test('what the product offers has changed its name, and once had none', async () => {
    const key = newKey();
    await seed(key, { id: 'p', name: 'x', marketing_features: [{ name: 'Hot' }] });
    const at = async (version) => (await raw(server, { path: '/v1/products/p', key, version })).json;
    const hot = [{ name: 'Hot' }];
    for (const version of ['2026-10-28.endive', '2024-04-10']) {
        const product = await at(version);
        assert.deepEqual([product.marketing_features, product.features], [hot, undefined], version);
    }
    const october = await at('2023-10-16');
    assert.deepEqual([october.features, october.marketing_features], [hot, undefined]);
    const august = await at('2023-08-16');
    assert.deepEqual([august.features, august.marketing_features], [undefined, undefined]);
});

test('parameters follow the version as fields do', async () => {
    const post = (version, form) =>
        raw(server, { method: 'POST', path: '/v1/products', key: newKey(), version, form: { name: 'x', ...form } });
    const features = [{ name: 'Hot' }];
    assert.deepEqual((await post('2023-10-16', { features })).json.features, features);
    assert.deepEqual((await post('2024-04-10', { marketing_features: features })).json.marketing_features, features);
    const key = newKey();
    await seed(key, { id: 'p', name: 'x' });
    const updated = await raw(server, {
        method: 'POST', path: '/v1/products/p', key, version: '2023-10-16', form: { features },
    });
    assert.deepEqual(updated.json.features, features);
    const cleared = await raw(server, {
        method: 'POST', path: '/v1/products/p', key, version: '2023-10-16', form: { features: '' },
    });
    assert.deepEqual(cleared.json.features, []);
    refused(await post('2024-04-10', { features }), { status: 400, code: 'parameter_unknown', param: 'features' });
    refused(await post('2023-10-16', { marketing_features: features }),
        { status: 400, code: 'parameter_unknown', param: 'marketing_features' });
    refused(await post('2026-08-26.dahlia', { tax_details: { tax_code: 'x' } }),
        { status: 400, code: 'parameter_unknown', param: 'tax_details' });
});

test('attributes, caption and deactivate_on ended with 2023-08-16', async () => {
    const key = newKey();
    await seed(key, { id: 'p', name: 'x' });
    const old = (await raw(server, { path: '/v1/products/p', key, version: '2022-11-15' })).json;
    assert.deepEqual([old.attributes, old.caption, old.deactivate_on], [[], null, null]);
    const { json } = await raw(server, { path: '/v1/products/p', key, version: '2023-08-16' });
    assert.deepEqual(['attributes', 'caption', 'deactivate_on'].filter((name) => name in json), []);
    const before = (await raw(server, { path: '/v1/products/p', key, version: '2026-08-26.dahlia' })).json;
    assert(!('tax_details' in before), 'which came with endive');
});

test('a product made, changed and deleted is three events', async () => {
    const client = stripe(server);
    await client.products.create({ id: 'p', name: 'Tea' });
    await client.products.update('p', { active: false, images: ['https://example.com/1.png'] });
    await client.products.del('p');
    const { data: [deleted, updated, created] } = await client.events.list();
    assert.deepEqual([created.type, updated.type, deleted.type],
        ['product.created', 'product.updated', 'product.deleted']);
    const { updated: _, ...previous } = plain(updated.data.previous_attributes);
    assert.deepEqual(previous, { active: true, images: [] }, 'an array appears whole');
    assert.equal(deleted.data.object.name, 'Tea');
});

test('a product can be made with its default price', async () => {
    const client = stripe(server);
    const product = plain(await client.products.create({
        name: 'Tea', expand: ['default_price.currency_options'],
        default_price_data: {
            currency: 'usd', currency_options: { eur: { unit_amount: 90, tax_behavior: 'inclusive' },
                jpy: { unit_amount_decimal: '0.5' } },
            metadata: { a: 'b' }, recurring: { interval: 'month', interval_count: 3, trial_period_days: 5,
                usage_type: 'licensed' },
            tax_behavior: 'exclusive', unit_amount: 100,
        },
    }));
    const price = product.default_price;
    assert.deepEqual([price.object, price.product, price.currency, price.unit_amount, price.metadata,
        price.tax_behavior],
        ['price', product.id, 'usd', 100, { a: 'b' }, 'exclusive']);
    assert.deepEqual([price.recurring.interval, price.recurring.interval_count, price.recurring.trial_period_days],
        ['month', 3, 5]);
    assert.deepEqual(Object.keys(price.currency_options), ['eur', 'jpy', 'usd']);
    assert.equal((await client.products.retrieve(product.id)).default_price, price.id);
    const once = await client.products.create({
        name: 'Mug', default_price_data: { currency: 'usd', unit_amount_decimal: '0.25' }, expand: ['default_price'],
    });
    assert.deepEqual([once.default_price.type, once.default_price.unit_amount_decimal], ['one_time', '0.25']);
    const { data: [event] } = await client.events.list({ type: 'product.created' });
    assert.equal(event.data.object.default_price, once.default_price.id);
    await rejects(client.products.create({
        name: 'x', default_price_data: { currency: 'usd', unit_amount: 1,
            recurring: { interval: 'day', meter: 'mtr_1' } },
    }), { status: 400, code: 'resource_missing', param: 'default_price_data[recurring][meter]' });
    assert.equal((await client.products.list()).data.length, 2, 'a refused price leaves no product behind');
});

test('the default price is an active one of the product, and stays active', async () => {
    const client = stripe(server);
    const [tea, mug] = [await client.products.create({ name: 'Tea' }), await client.products.create({ name: 'Mug' })];
    const { id: price } = await client.prices.create({ currency: 'usd', unit_amount: 1, product: tea.id });
    const { id: inactive } = await client.prices.create({ currency: 'usd', unit_amount: 1, product: tea.id,
        active: false });
    const updated = await client.products.update(tea.id, { default_price: price, expand: ['default_price'] });
    assert.equal(updated.default_price.id, price);
    const { data: [event] } = await client.events.list({ type: 'product.updated' });
    assert.equal(event.data.previous_attributes.default_price, null);
    await rejects(client.products.update(mug.id, { default_price: price }),
        { status: 400, param: 'default_price', message: /is not a price of this product/ });
    await rejects(client.products.update(tea.id, { default_price: inactive }), {
        status: 400, param: 'default_price',
        message: 'The price specified is inactive. This field only accepts active prices.',
    });
    await rejects(client.products.update(tea.id, { default_price: 'price_1' }),
        { status: 400, code: 'resource_missing', param: 'default_price', message: "No such price: 'price_1'" });
    await rejects(client.prices.update(price, { active: false }), {
        status: 400, param: 'active',
        message: 'This price cannot be archived because it is the default price of its product.',
    });
});

test('a product with prices cannot be deleted', async () => {
    const client = stripe(server);
    const { id } = await client.products.create({ name: 'Tea',
        default_price_data: { currency: 'usd', unit_amount: 1 } });
    await rejects(client.products.del(id), {
        status: 400, message: 'This product cannot be deleted because it has one or more user-created prices.',
    });
    assert.equal((await client.products.retrieve(id)).id, id);
});

test('default_price and tax_code may be expanded, which changes nothing', async () => {
    const client = stripe(server);
    await client.products.create({ id: 'p', name: 'x', tax_code: 'txcd_1' });
    const expand = ['default_price', 'tax_code'];
    const products = [
        await client.products.retrieve('p', { expand }),
        await client.products.update('p', { expand }),
        await client.products.create({ name: 'y', tax_code: 'txcd_1', metadata: '', expand }),
        ...(await client.products.list({ expand: expand.map((name) => `data.${name}`) })).data,
    ];
    assert.equal(products.length, 5);
    for (const product of products) assert.deepEqual([product.default_price, product.tax_code], [null, 'txcd_1']);
});

test('a hash that is given on an update has to be whole', async () => {
    const key = newKey();
    const { json: { id } } = await raw(server, { method: 'POST', path: '/v1/products', form: { name: 'x' }, key });
    const { status, json } = await raw(server, {
        method: 'POST', path: `/v1/products/${id}`, form: { package_dimensions: { height: 1 } }, key,
    });
    assert.equal(status, 400);
    assert.equal(json.error.code, 'parameter_missing');
    assert.equal(json.error.param, 'package_dimensions[length]');
});
