// Prices: every parameter, field and filter, decimals, other currencies, lookup keys, plans in events, versions.
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

// An account with a product in it.
async function shop() {
    const key = newKey();
    const client = stripe(server, { key });
    const { id: product } = await client.products.create({ name: 'Tea' });
    const create = (form) => client.prices.create({ currency: 'usd', unit_amount: 1900, product, ...form });
    const post = (form, version) => raw(server, {
        method: 'POST', path: '/v1/prices', key, version, form: { currency: 'usd', unit_amount: 1900, product,
            ...form },
    });
    return { key, client, product, create, post };
}

test('a price made of what it must have has every field with its default', async () => {
    const { post, product } = await shop();
    const { json } = await post({});
    const { id, created, ...rest } = json;
    assert.match(id, /^price_1[0-9A-Za-z]{23}$/);
    assert(Math.abs(created - Date.now() / 1000) < 60);
    assert.deepEqual(rest, {
        object: 'price',
        active: true,
        billing_scheme: 'per_unit',
        currency: 'usd',
        custom_unit_amount: null,
        livemode: false,
        lookup_key: null,
        metadata: {},
        nickname: null,
        product,
        recurring: null,
        tax_behavior: 'unspecified',
        tiers_mode: null,
        transform_quantity: null,
        type: 'one_time',
        unit_amount: 1900,
        unit_amount_decimal: '1900',
    });
});

test('what a price is created with is what it has', async () => {
    const { client, create, product } = await shop();
    const created = plain(await create({
        active: false, billing_scheme: 'per_unit', currency: 'EUR', lookup_key: 'tea', metadata: { a: 'b' },
        nickname: 'Tea price', tax_behavior: 'inclusive', transfer_lookup_key: false,
        recurring: { interval: 'week', interval_count: 2, trial_period_days: 7, usage_type: 'licensed' },
        expand: ['product'],
    }));
    assert.equal(created.product.id, product);
    const { active, currency, lookup_key, metadata, nickname, recurring, tax_behavior, type } = created;
    assert.deepEqual({ active, currency, lookup_key, metadata, nickname, recurring, tax_behavior, type }, {
        active: false, currency: 'eur', lookup_key: 'tea', metadata: { a: 'b' }, nickname: 'Tea price',
        recurring: { interval: 'week', interval_count: 2, meter: null, trial_period_days: 7, usage_type: 'licensed' },
        tax_behavior: 'inclusive', type: 'recurring',
    });
    assert.deepEqual(plain(await client.prices.retrieve(created.id)), { ...created, product });
    assert.equal((await client.prices.retrieve(created.id, { expand: ['product'] })).product.name, 'Tea');
});

test('an update sets what it names and leaves the rest', async () => {
    const { client, create } = await shop();
    const { id } = await create({ nickname: 'Old', metadata: { a: 'b' } });
    const updated = plain(await client.prices.update(id, {
        active: false, lookup_key: 'k', metadata: { c: 'd' }, nickname: 'New', tax_behavior: 'exclusive',
        transfer_lookup_key: true, currency_options: { eur: { unit_amount: 5, tax_behavior: 'inclusive' } },
        expand: ['currency_options'],
    }));
    const { active, lookup_key, metadata, nickname, tax_behavior } = updated;
    assert.deepEqual({ active, lookup_key, metadata, nickname, tax_behavior }, {
        active: false, lookup_key: 'k', metadata: { a: 'b', c: 'd' }, nickname: 'New', tax_behavior: 'exclusive',
    });
    const cleared = plain(await client.prices.update(id, {
        metadata: '', nickname: '', currency_options: '', expand: ['currency_options'],
    }));
    assert.deepEqual([cleared.metadata, cleared.nickname, Object.keys(cleared.currency_options)], [{}, null, ['usd']]);
    const fixed = { unit_amount: 1, currency: 'eur', recurring: { interval: 'day' }, product: 'x' };
    for (const [param, value] of Object.entries(fixed)) {
        await rejects(client.prices.update(id, { [param]: value }), { status: 400, code: 'parameter_unknown', param });
    }
});

test('an amount can have twelve decimal places', async () => {
    const { create, post } = await shop();
    const cases = [
        ['0', 0, '0'], ['0.5', null, '0.5'], ['100', 100, '100'], ['100.00', 100, '100'],
        ['0.000000000001', null, '0.000000000001'],
        ['1234.56789', null, '1234.56789'], ['99999999', 99999999, '99999999'],
    ];
    for (const [decimal, amount, shown] of cases) {
        const price = plain(await create({ unit_amount: undefined, unit_amount_decimal: decimal }));
        assert.deepEqual([price.unit_amount, price.unit_amount_decimal], [amount, shown], decimal);
    }
    for (const decimal of ['0.0000000000001', '-1', '1e3', 'x', '1.', '100000000', '.5x']) {
        refused(await post({ unit_amount: undefined, unit_amount_decimal: decimal }),
            { status: 400, param: 'unit_amount_decimal' });
    }
    for (const unit_amount of [0, 1, 99999998, 99999999]) {
        assert.equal((await create({ unit_amount })).unit_amount, unit_amount);
    }
    refused(await post({ unit_amount: -1 }), { status: 400, code: 'parameter_invalid_integer', param: 'unit_amount' });
    refused(await post({ unit_amount: 100000000 }), { status: 400, code: 'parameter_invalid_integer',
        param: 'unit_amount' });
});

test('what is missing or wrong names the parameter', async () => {
    const { post } = await shop();
    const cases = [
        [{ currency: undefined }, 'currency', 'parameter_missing', 'Missing required param: currency.'],
        [{ currency: 'xxx' }, 'currency', undefined, /^Invalid currency: xxx/],
        [{ unit_amount: undefined }, 'unit_amount', 'parameter_missing', 'Missing required param: unit_amount.'],
        [{ unit_amount_decimal: '5' }, 'unit_amount', undefined,
            'You may only specify one of these parameters: unit_amount, unit_amount_decimal.'],
        [{ product: undefined }, 'product', 'parameter_missing', 'Missing required param: product.'],
        [{ product: 'prod_none' }, 'product', 'resource_missing', "No such product: 'prod_none'"],
        [{ product_data: { name: 'x' } }, 'product', undefined,
            'You may only specify one of these parameters: product, product_data.'],
        [{ product: undefined, product_data: { id: 'x' } }, 'product_data[name]', 'parameter_missing',
            'Missing required param: product_data[name].'],
        [{ billing_scheme: 'tiered' }, 'billing_scheme', undefined, 'Tiered prices are not supported.'],
        [{ billing_scheme: 'x' }, 'billing_scheme', undefined, /must be one of/],
        [{ tax_behavior: 'x' }, 'tax_behavior', undefined, /must be one of/],
        [{ recurring: { interval_count: 1 } }, 'recurring[interval]', 'parameter_missing',
            'Missing required param: recurring[interval].'],
        [{ recurring: { interval: 'hour' } }, 'recurring[interval]', undefined, /must be one of/],
        [{ recurring: { interval: 'day', usage_type: 'metered' } }, 'recurring[usage_type]', undefined,
            'Metered prices are not supported.'],
        [{ recurring: { interval: 'day', meter: 'mtr_1' } }, 'recurring[meter]', 'resource_missing',
            "No such meter: 'mtr_1'"],
        [{ recurring: { interval: 'day', trial_period_days: 0 } }, 'recurring[trial_period_days]',
            'parameter_invalid_integer', /./],
        [{ recurring: { interval: 'day', trial_period_days: 731 } }, 'recurring[trial_period_days]',
            'parameter_invalid_integer', /./],
        [{ recurring: { interval: 'day', interval_count: 0 } }, 'recurring[interval_count]',
            'parameter_invalid_integer', /./],
        [{ currency_options: { EUR: { unit_amount: 1 } } }, 'currency_options', undefined, /must be lowercase/],
        [{ currency_options: { eur: { tax_behavior: 'inclusive' } } }, 'currency_options[eur][unit_amount]',
            'parameter_missing', 'Missing required param: currency_options[eur][unit_amount].'],
        [{ currency_options: { eur: { unit_amount: 1, unit_amount_decimal: '2' } } },
            'currency_options[eur][unit_amount]',
            undefined, /only specify one/],
        [{ currency_options: { eur: { unit_amount_decimal: 'x' } } }, 'currency_options[eur][unit_amount_decimal]',
            undefined, /^Invalid decimal: x/],
        [{ lookup_key: 'k'.repeat(201) }, 'lookup_key', undefined, /./],
        [{ tiers: [{ up_to: 1 }] }, 'tiers', 'parameter_unknown', 'Received unknown parameter: tiers'],
    ];
    for (const [form, param, code, message] of cases) {
        refused(await post(form), { status: 400, type: 'invalid_request_error', param, code, message });
    }
});

test('a period has at most three years', async () => {
    const { create, post } = await shop();
    for (const [interval, most] of [['day', 1098], ['week', 156], ['month', 36], ['year', 3]]) {
        for (const interval_count of [most - 1, most]) {
            assert.equal((await create({ recurring: { interval, interval_count } })).recurring.interval_count,
                interval_count);
        }
        refused(await post({ recurring: { interval, interval_count: most + 1 } }),
            { status: 400, param: 'recurring[interval_count]' });
    }
    const { recurring } = await create({ recurring: { interval: 'month', trial_period_days: 730 } });
    assert.deepEqual([recurring.interval_count, recurring.trial_period_days], [1, 730]);
    for (const length of [199, 200]) {
        assert.equal((await create({ lookup_key: 'k'.repeat(length) })).lookup_key.length, length);
    }
});

test('a product can be made with its price', async () => {
    const { client, post } = await shop();
    const data = {
        active: false, id: 'mug', metadata: { a: 'b' }, name: 'Mug', statement_descriptor: 'MUGS', tax_code: 'txcd_1',
        tax_details: { performance_location: 'taxloc_1', tax_code: 'txcd_2' }, unit_label: 'mug',
    };
    const { json, status } = await post({ product: undefined, product_data: data });
    assert.deepEqual([status, json.product], [200, 'mug']);
    const product = plain(await client.products.retrieve('mug'));
    assert.deepEqual(product, { ...product, ...data });
    assert.equal(product.default_price, null);
    refused(await post({ product: undefined, product_data: data }), { status: 400, code: 'resource_already_exists' });
    const { json: { product: made } } = await post({ product: undefined, product_data: { name: 'Jug' } });
    assert.equal((await client.products.retrieve(made)).active, true);
});

test('a price can have amounts in other currencies, and its own is among them', async () => {
    const { client, create, product } = await shop();
    const expand = ['currency_options'];
    const created = plain(await create({
        tax_behavior: 'inclusive', expand,
        currency_options: { jpy: { unit_amount: 300, tax_behavior: 'exclusive' },
            eur: { unit_amount_decimal: '17.5' } },
    }));
    const option = (unit_amount, unit_amount_decimal, tax_behavior) =>
        ({ custom_unit_amount: null, tax_behavior, unit_amount, unit_amount_decimal });
    assert.deepEqual(created.currency_options, {
        eur: option(null, '17.5', 'unspecified'), jpy: option(300, '300', 'exclusive'),
        usd: option(1900, '1900', 'inclusive'),
    });
    assert.deepEqual(Object.keys(created.currency_options), ['eur', 'jpy', 'usd']);
    assert(!('currency_options' in await client.prices.retrieve(created.id)));
    const { data: [listed] } = await client.prices.list({ expand: ['data.currency_options'] });
    assert.deepEqual(plain(listed.currency_options), created.currency_options);
    const update = async (currency_options) =>
        plain(await client.prices.update(created.id, { currency_options, expand })).currency_options;
    assert.deepEqual((await update({ eur: { unit_amount: 20 } })).eur, option(20, '20', 'unspecified'));
    assert.deepEqual((await update({ eur: { unit_amount_decimal: '20.25' } })).eur,
        option(null, '20.25', 'unspecified'));
    const last = await update({ jpy: { unit_amount_decimal: '0.5', tax_behavior: 'inclusive' },
        gbp: { unit_amount: 7 } });
    assert.deepEqual(last, {
        eur: option(null, '20.25', 'unspecified'), gbp: option(7, '7', 'unspecified'),
        jpy: option(null, '0.5', 'inclusive'),
        usd: option(1900, '1900', 'inclusive'),
    });
    const taxed = plain(await client.prices.update(created.id, { tax_behavior: 'exclusive', expand }));
    assert.equal(taxed.currency_options.usd.tax_behavior, 'exclusive');
    const { data: [event] } = await client.events.list({ type: 'price.updated', limit: 1 });
    assert.equal(event.data.previous_attributes.tax_behavior, 'inclusive');
    const both = { currency_options: { eur: { unit_amount: 1, unit_amount_decimal: '2' } } };
    await rejects(client.prices.update(created.id, both),
        { status: 400, param: 'currency_options[eur][unit_amount]' });
    assert.equal((await client.prices.list({ product })).data.length, 1);
});

test('a lookup key belongs to one price and moves when asked to', async () => {
    const { client, create, post } = await shop();
    const first = await create({ lookup_key: 'tea' });
    refused(await post({ lookup_key: 'tea' }), {
        status: 400, code: 'resource_already_exists', param: 'lookup_key',
        message: 'A price already uses that lookup key.',
    });
    const second = await create({ lookup_key: 'tea', transfer_lookup_key: true });
    assert.deepEqual([second.lookup_key, (await client.prices.retrieve(first.id)).lookup_key], ['tea', null]);
    const { data: [updated] } = await client.events.list({ type: 'price.updated' });
    assert.deepEqual([updated.data.object.id, plain(updated.data.previous_attributes)],
        [first.id, { lookup_key: 'tea' }]);
    await client.prices.update(second.id, { lookup_key: 'tea' });
    await rejects(client.prices.update(first.id, { lookup_key: 'tea' }), { status: 400, param: 'lookup_key' });
    await client.prices.update(first.id, { lookup_key: 'tea', transfer_lookup_key: true });
    assert.deepEqual(ids(await client.prices.list({ lookup_keys: ['tea'] })), [first.id]);
});

test('each filter shows what matches it', async () => {
    const { client, create, product } = await shop();
    const { id: mug } = await client.products.create({ name: 'Mug' });
    const made = {
        once: await create({ lookup_key: 'once' }),
        monthly: await create({ recurring: { interval: 'month' }, lookup_key: 'monthly' }),
        yearly: await create({ recurring: { interval: 'year' }, active: false, currency: 'eur' }),
        mug: await create({ product: mug }),
    };
    const cases = [
        [{}, ['mug', 'yearly', 'monthly', 'once']],
        [{ active: true }, ['mug', 'monthly', 'once']],
        [{ active: false }, ['yearly']],
        [{ currency: 'eur' }, ['yearly']],
        [{ currency: 'EUR' }, ['yearly']],
        [{ product }, ['yearly', 'monthly', 'once']],
        [{ product: mug }, ['mug']],
        [{ type: 'one_time' }, ['mug', 'once']],
        [{ type: 'recurring' }, ['yearly', 'monthly']],
        [{ recurring: { interval: 'month' } }, ['monthly']],
        [{ recurring: { usage_type: 'licensed' } }, ['yearly', 'monthly']],
        [{ recurring: { usage_type: 'metered' } }, []],
        [{ recurring: { interval: 'year', usage_type: 'licensed' } }, ['yearly']],
        [{ recurring: { meter: 'mtr_1' } }, []],
        [{ lookup_keys: ['once', 'monthly', 'none'] }, ['monthly', 'once']],
        [{ lookup_keys: ['once'], active: false }, []],
        [{ created: { gt: 1, gte: 1, lt: 4102444800, lte: 4102444800 } }, ['mug', 'yearly', 'monthly', 'once']],
        [{ created: 1 }, []],
        [{ limit: 1, starting_after: made.mug.id }, ['yearly']],
        [{ limit: 1, ending_before: made.once.id }, ['monthly']],
        [{ product: mug, expand: ['data.product'] }, ['mug']],
    ];
    for (const [filter, expected] of cases) {
        assert.deepEqual(ids(await client.prices.list(filter)), expected.map((name) => made[name].id),
            JSON.stringify(filter));
    }
    await rejects(client.prices.list({ product: 'prod_none' }),
        { status: 400, code: 'resource_missing', param: 'product' });
    await rejects(client.prices.list({ recurring: { interval: 'hour' } }),
        { status: 400, param: 'recurring[interval]' });
    const keys = (count) => ({ lookup_keys: Array.from({ length: count }, (_, i) => `key${i}`) });
    for (const count of [9, 10]) assert.deepEqual(ids(await client.prices.list(keys(count))), []);
    await rejects(client.prices.list(keys(11)), { status: 400, param: 'lookup_keys' });
});

test('a price that never was is 404, and none can be deleted', async () => {
    const { client, create, key } = await shop();
    const missing = { status: 404, code: 'resource_missing', param: 'price', message: "No such price: 'price_none'" };
    await rejects(client.prices.retrieve('price_none'), missing);
    await rejects(client.prices.update('price_none', {}), missing);
    const { id } = await create({});
    const answer = await raw(server, { method: 'DELETE', path: `/v1/prices/${id}`, key, contract: false });
    refused(answer, { status: 404, message: /^Unrecognized request URL/ });
});

test('a recurring price is a plan in events too', async () => {
    const { client, create } = await shop();
    const { id } = await create({ recurring: { interval: 'month', trial_period_days: 7 }, nickname: 'Club' });
    await client.prices.update(id, { nickname: 'Members' });
    await client.prices.update(id, { nickname: 'Members' }); // changes nothing
    await client.prices.update(id, { lookup_key: 'club' }); // which plans do not have
    await create({ nickname: 'once', metadata: '' });
    const { data } = await client.events.list({ type: 'plan.*' });
    assert.deepEqual(data.map(({ type }) => type), ['plan.updated', 'plan.created']);
    assert.deepEqual(plain(data[0].data.previous_attributes), { nickname: 'Club' });
    const { created, product, ...plan } = plain(data[1].data.object);
    assert(created && product);
    assert.deepEqual(plan, {
        id, object: 'plan', active: true, amount: 1900, amount_decimal: '1900', billing_scheme: 'per_unit',
        currency: 'usd',
        interval: 'month', interval_count: 1, livemode: false, metadata: {}, meter: null, nickname: 'Club',
        tiers_mode: null,
        transform_usage: null, trial_period_days: 7, usage_type: 'licensed',
    });
    const { data: prices } = await client.events.list({ type: 'price.*' });
    assert.deepEqual(prices.map(({ type }) => type), ['price.created', 'price.updated', 'price.updated',
        'price.created']);
});

test('each version has its fields and parameters', async () => {
    const { key, create, post } = await shop();
    const { id } = await create({ recurring: { interval: 'month' } });
    const at = async (version) => (await raw(server, { path: `/v1/prices/${id}`, key, version })).json;
    assert.equal((await at('2025-02-24.acacia')).recurring.aggregate_usage, null);
    assert(!('aggregate_usage' in (await at('2025-03-31.basil')).recurring));
    assert.equal((await at('2024-04-10')).recurring.meter, null);
    assert(!('meter' in (await at('2023-10-16')).recurring));
    assert.equal((await at('2022-08-01')).custom_unit_amount, null);
    assert(!('custom_unit_amount' in await at('2020-08-27')));
    refused(await post({ recurring: { interval: 'day', meter: 'x' } }, '2023-10-16'),
        { status: 400, code: 'parameter_unknown', param: 'recurring[meter]' });
    refused(await post({ currency_options: { eur: { unit_amount: 1 } } }, '2020-08-27'),
        { status: 400, code: 'parameter_unknown', param: 'currency_options' });
});

test('prices can be seeded, and look the same', async () => {
    const { client, create, key, product } = await shop();
    const { id } = await create({ recurring: { interval: 'year' }, lookup_key: 'k', unit_amount: undefined,
        unit_amount_decimal: '0.5' });
    await client.products.update(product, { default_price: id });
    const paths = [`/v1/products/${product}`, `/v1/prices/${id}?expand[]=currency_options`];
    const objects = [];
    for (const path of paths) objects.push((await raw(server, { path, key })).json);
    const to = newKey();
    const body = objects.map((each) => JSON.stringify(each)).join('\n');
    const seeded = await raw(server, { method: 'POST', path: '/_dev/seed', body, key: to });
    assert.equal(seeded.status, 200, seeded.text);
    for (const [i, path] of paths.entries()) assert.deepEqual((await raw(server, { path, key: to })).json, objects[i]);
    const least = { object: 'price', currency: 'usd', unit_amount: 5, product };
    await raw(server, {
        method: 'POST', path: '/_dev/seed', key: to,
        body: [{ ...least, id: 'once' }, { ...least, id: 'weekly', recurring: { interval: 'week' } }]
            .map((each) => JSON.stringify(each)).join('\n'),
    });
    const without = JSON.stringify({ ...least, currency: undefined, currency_options: { eur: { unit_amount: 1 } },
        id: 'x' });
    refused(await raw(server, { method: 'POST', path: '/_dev/seed', key: to, body: without }), { status: 400 });
    const copy = stripe(server, { key: to });
    const expand = ['currency_options'];
    const once = plain(await copy.prices.retrieve('once', { expand }));
    const weekly = plain(await copy.prices.retrieve('weekly'));
    assert.equal(once.currency_options.usd.unit_amount, 5);
    assert.deepEqual([once.type, once.unit_amount_decimal, once.recurring], ['one_time', '5', null]);
    assert.deepEqual([weekly.type, weekly.recurring.interval_count, weekly.recurring.usage_type],
        ['recurring', 1, 'licensed']);
    await raw(server, { method: 'POST', path: '/_dev/reset', key: to });
    assert.deepEqual(ids(await stripe(server, { key: to }).prices.list()), []);
});
