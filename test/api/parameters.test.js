// How parameters are read and refused, whatever the object, and how answers are written.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { newKey, raw, stripe } from '../lib/client.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const now = () => Math.floor(Date.now() / 1000);
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

// One account with the coupon SALE, and calls that take a form already encoded or as an object.
async function account() {
    const key = newKey();
    const sdk = stripe(server, { key });
    await sdk.coupons.create({ id: 'SALE', percent_off: 10 });
    const call = (request) => raw(server, { key, ...request });
    return {
        key,
        sdk,
        call,
        get: (path) => call({ path }),
        post: (path, form) => call(typeof form === 'string'
            ? { method: 'POST', path, body: form, headers: FORM }
            : { method: 'POST', path, form }),
    };
}

const invalid = { status: 400, type: 'invalid_request_error' };

// ---- numbers ----

// What is no integer for anybody.
const NO_INTEGERS = [
    'abc', 'five', '+5', ' 5', '5 ', '\t5', '5\n', '5.0', '5.5', '.5', '5.', '5,5', '5e3', '5E3', '1e2', '0x10',
    '0b1', '0o7', '1_000', '1,000', '1 000', "1'000", '--5', '-', '5-', '5a', 'NaN', 'Infinity', '-Infinity', 'null', 'true',
    '٥', '５', '²', '½', '$5', '5%', '(5)', '5;6', '9223372036854775808', '-9223372036854775809',
    '18446744073709551616', '99999999999999999999999999', '-99999999999999999999999999',
];

const SALE = { promotion: { type: 'coupon', coupon: 'SALE' } };

// Where integers stand: [path, parameters around it, name of the parameter, least, greatest].
const AMOUNTS = [1, 99_999_999];
const COUNTS = [1, 2_147_483_647];
const INTEGERS = {
    'amount_off': ['/v1/coupons', { currency: 'usd' }, ...AMOUNTS],
    'currency_options[eur][amount_off]': ['/v1/coupons', { amount_off: 1, currency: 'usd' }, ...AMOUNTS],
    'coupon max_redemptions': ['/v1/coupons', { percent_off: 1 }, ...COUNTS],
    'duration_in_months': ['/v1/coupons', { percent_off: 1, duration: 'repeating' }, ...COUNTS],
    'code max_redemptions': ['/v1/promotion_codes', SALE, ...COUNTS],
    'restrictions[minimum_amount]': [
        '/v1/promotion_codes', { ...SALE, restrictions: { minimum_amount_currency: 'usd' } }, ...AMOUNTS],
    'restrictions[currency_options][eur][minimum_amount]': ['/v1/promotion_codes', SALE, ...AMOUNTS],
};

function formWith(around, name, value) {
    const pairs = Object.entries(around).map(([key, inner]) => {
        if (key === 'promotion') return 'promotion[type]=coupon&promotion[coupon]=SALE';
        if (key === 'restrictions') return 'restrictions[minimum_amount_currency]=usd';
        return `${key}=${inner}`;
    });
    return [...pairs, `${name}=${encodeURIComponent(value)}`].join('&');
}

for (const [title, [path, around, least, greatest]] of Object.entries(INTEGERS)) {
    const name = title.replace(/^(coupon|code) /, '');
    const refusal = { ...invalid, code: 'parameter_invalid_integer', param: name };

    test(`${title} is ${least} to ${greatest}`, async () => {
        const { post } = await account();
        for (const value of [least, least + 1, greatest - 1, greatest]) {
            const hidden = /^(.*\[)?currency_options/.exec(name)?.[0].replace('[', '.');
            const expand = hidden ? `&expand[]=${hidden}` : '';
            const { status, text, json } = await post(path, formWith(around, name, String(value)) + expand);
            assert.equal(status, 200, `${value}: ${text}`);
            const shown = name.split(/[[\]]+/).filter(Boolean).reduce((at, key) => at[key], json);
            assert.equal(shown, value);
        }
        const farthest = [2 ** 31, 2 ** 53, '9223372036854775807', '-9223372036854775808'];
        for (const value of [least - 1, -1, -5, greatest + 1, ...farthest]) {
            refused(await post(path, formWith(around, name, String(value))), refusal);
        }
    });

    test(`${title} is written in digits alone`, async () => {
        const { post } = await account();
        for (const value of NO_INTEGERS) {
            const answer = await post(path, formWith(around, name, value));
            refused(answer, { ...refusal, message: `Invalid integer: ${value}` });
        }
        refused(await post(path, formWith(around, name, '')), {
            ...invalid, code: 'parameter_invalid_empty', param: name,
        });
        refused(await post(path, formWith(around, `${name}[x]`, '5')), invalid);
        refused(await post(path, formWith(around, `${name}[]`, '5')), invalid);
    });
}

for (const [name, path, around] of [
    ['redeem_by', '/v1/coupons', { percent_off: 1 }],
    ['expires_at', '/v1/promotion_codes', SALE],
]) {
    test(`${name} is a moment from 0 to the end of the year 9999`, async () => {
        const { post } = await account();
        const send = (value) => post(path, formWith(around, name, String(value)));
        // Inside the range the rules of time decide, which have no code.
        for (const value of [0, 1, 253402300798, 253402300799]) {
            refused(await send(value), { ...invalid, code: undefined, param: name });
        }
        const refusal = { ...invalid, code: 'parameter_invalid_integer', param: name };
        for (const value of [-1, 253402300800, '9223372036854775807', '-9223372036854775808']) {
            refused(await send(value), refusal);
        }
        for (const value of NO_INTEGERS) refused(await send(value), refusal);
        const answer = await send(now() + 3600);
        assert.equal(answer.status, 200, answer.text);
    });
}

for (const path of ['/v1/coupons', '/v1/promotion_codes', '/v1/customers', '/v1/products', '/v1/events']) {
    test(`limit and created of ${path} are integers too`, async () => {
        const { get } = await account();
        for (const name of ['limit', 'created', 'created[gt]', 'created[gte]', 'created[lt]', 'created[lte]']) {
            for (const value of NO_INTEGERS) {
                const answer = await get(`${path}?${name}=${encodeURIComponent(value)}`);
                refused(answer, { ...invalid, code: 'parameter_invalid_integer', param: name });
            }
        }
        for (const value of [-1, 253402300800]) {
            const answer = await get(`${path}?created=${value}`);
            refused(answer, { ...invalid, code: 'parameter_invalid_integer', param: 'created' });
        }
        for (const value of [0, 253402300799]) {
            assert.equal((await get(`${path}?created=${value}`)).status, 200);
        }
        for (const value of ['-9223372036854775808', -1, 0, 1, 100, 101, '9223372036854775807']) {
            assert.equal((await get(`${path}?limit=${value}`)).status, 200, `limit ${value}`);
        }
    });
}

const PERCENTS = {
    '0.01': '0.01', '0.1': '0.1', '0.10': '0.1', '1': '1.0', '1.0': '1.0', '1.00': '1.0', '1.000': '1.0',
    '05': '5.0', '12.50': '12.5', '25.5': '25.5', '33.33': '33.33', '50': '50.0', '99.99': '99.99', '100': '100.0',
    '100.00': '100.0', '66.670': '66.67', '0.07': '0.07', '0.29': '0.29', '1.15': '1.15', '4.35': '4.35',
};
test('percent_off is kept to the hundredth and written with a point', async () => {
    const { sdk, post, get } = await account();
    for (const [sent, shown] of Object.entries(PERCENTS)) {
        const { text, json } = await post('/v1/coupons', { percent_off: sent });
        assert(text.includes(`\n  "percent_off": ${shown},\n`), `${sent}: ${text}`);
        assert((await get(`/v1/coupons/${json.id}`)).text.includes(`\n  "percent_off": ${shown},\n`));
        assert.equal((await sdk.coupons.retrieve(json.id)).percent_off, Number(shown));
    }
});

test('every hundredth of a percent comes back as it was sent', async () => {
    const { key, call } = await account();
    const all = Array.from({ length: 10_000 }, (_, i) => ((i + 1) / 100).toFixed(2));
    const line = (percent, i) =>
        `{"id":"P${i}","object":"coupon","percent_off":${percent},"duration":"once","created":${1700000000 + i}}`;
    for (let i = 0; i < all.length; i += 2500) {
        const body = all.slice(i, i + 2500).map((percent, j) => line(percent, i + j)).join('\n');
        assert.equal((await raw(server, { key, method: 'POST', path: '/_dev/seed', body })).status, 200);
    }
    let [count, after] = [0, ''];
    for (let more = true; more;) {
        // Newest first, that is from P9999 on; SALE is newer than all.
        const { json } = await call({ path: `/v1/coupons?limit=100&starting_after=${after || 'SALE'}` });
        for (const { id, percent_off } of json.data) {
            assert.equal(percent_off, Number(all[Number(id.slice(1))]), id);
            after = id;
            count++;
        }
        more = json.has_more;
    }
    assert.equal(count, all.length);
});

const NO_PERCENTS = [
    '0', '0.0', '0.00', '0.001', '0.009', '0.0099999', '-0', '-0.01', '-1', '-50', '100.01', '100.001', '101', '1000',
    '99999999999', '9223372036854775808', '99999999999999999999999999', '-99999999999999999999999999',
    '33.333', '8.799', '1.0001', '0.015', '50.555', '99.999',
    'abc', 'ten', '+5', ' 5', '5 ', '5e1', '5E1', '1e-1', '0x10', '.5', '5.', '.', '-', '--5', '5..5', '5.5.5', '5,5',
    '5%', '1_0', 'NaN', 'Infinity', '-Infinity', 'inf', 'null', 'true', '٥', '５', '½',
];
test('percent_off is a plain decimal from 0.01 to 100 with two places', async () => {
    const { sdk, post } = await account();
    for (const value of NO_PERCENTS) {
        const answer = await post('/v1/coupons', { percent_off: value });
        refused(answer, { ...invalid, code: undefined, param: 'percent_off' });
    }
    refused(await post('/v1/coupons', 'percent_off[]=5'), { ...invalid, param: 'percent_off' });
    refused(await post('/v1/coupons', 'percent_off[a]=5'), { ...invalid, param: 'percent_off' });
    assert.equal((await sdk.coupons.list()).data.length, 1, 'only SALE is there');
});

test('numbers may have leading zeros', async () => {
    const { post } = await account();
    assert.equal((await post('/v1/coupons', { percent_off: 1, max_redemptions: '0007' })).json.max_redemptions, 7);
});

// ---- booleans ----

test('booleans are true and false, capitalised as Python does or not, or 1 and 0', async () => {
    const { post } = await account();
    const spellings = { true: true, True: true, 1: true, false: false, False: false, 0: false };
    for (const [sent, active] of Object.entries(spellings)) {
        const { json } = await post('/v1/promotion_codes', { ...SALE, active: sent });
        assert.equal(json.active, active, sent);
    }
    for (const sent of ['TRUE', 'yes', 'no', 'on', 'off', 't', 'f', '2', '-1', 'null', ' true']) {
        refused(await post('/v1/promotion_codes', { ...SALE, active: sent }), {
            ...invalid, code: undefined, param: 'active', message: `Invalid boolean: ${sent}`,
        });
    }
});

// ---- texts ----

test('a name has at most 40 characters, however many bytes those are', async () => {
    const { sdk } = await account();
    for (const letter of ['n', 'ü', '語', '🎟']) {
        for (const length of [39, 40]) {
            const { name } = await sdk.coupons.create({ percent_off: 1, name: letter.repeat(length) });
            assert.equal(name, letter.repeat(length));
        }
        await rejects(sdk.coupons.create({ percent_off: 1, name: letter.repeat(41) }), {
            ...invalid, code: undefined, param: 'name',
        });
    }
    const { id } = await sdk.coupons.create({ percent_off: 1 });
    assert.equal((await sdk.coupons.update(id, { name: 'n'.repeat(40) })).name.length, 40);
    await rejects(sdk.coupons.update(id, { name: 'n'.repeat(41) }), { ...invalid, code: undefined, param: 'name' });
});

test('a code has at most 500 characters', async () => {
    const { sdk } = await account();
    for (const length of [1, 499, 500]) {
        const made = await sdk.promotionCodes.create({ ...SALE, code: 'c'.repeat(length) });
        assert.equal(made.code.length, length);
        assert.equal((await sdk.promotionCodes.list({ code: 'C'.repeat(length) })).data[0].id, made.id);
    }
    await rejects(sdk.promotionCodes.create({ ...SALE, code: 'c'.repeat(501) }), {
        ...invalid, code: undefined, param: 'code',
    });
});

test('any other text has at most 5000 characters', async () => {
    const { sdk } = await account();
    for (const length of [4999, 5000]) {
        const { id } = await sdk.coupons.create({ percent_off: 1, id: 'i'.repeat(length) });
        assert.equal(id.length, length);
        assert.equal((await sdk.coupons.retrieve(id)).id, id);
        const made = await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: id } });
        assert.equal(made.promotion.coupon, id);
        const { description } = await sdk.customers.create({ description: 'ü'.repeat(length) });
        assert.equal(description, 'ü'.repeat(length));
    }
    const long = 'x'.repeat(5001);
    await rejects(sdk.coupons.create({ percent_off: 1, id: long }), { ...invalid, code: undefined, param: 'id' });
    await rejects(sdk.customers.create({ description: long }), { ...invalid, code: undefined, param: 'description' });
    await rejects(sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: long } }), {
        ...invalid, code: undefined, param: 'promotion[coupon]',
    });
    await rejects(sdk.promotionCodes.create({ ...SALE, customer: long }), {
        ...invalid, code: undefined, param: 'customer',
    });
    await rejects(sdk.coupons.create({ percent_off: 1, expand: [long] }), {
        ...invalid, code: undefined, param: 'expand[0]',
    });
});

test('of the ASCII characters, codes and coupon ids may have letters, digits, - and _', async () => {
    const { post } = await account();
    for (let byte = 0x20; byte < 0x7f; byte++) {
        const text = `A${String.fromCharCode(byte)}Z${byte}`;
        const allowed = /^[a-zA-Z0-9_-]+$/.test(text);
        for (const [param, path, around] of [
            ['code', '/v1/promotion_codes', SALE],
            ['id', '/v1/coupons', { percent_off: 1 }],
        ]) {
            const answer = await post(path, { ...around, [param]: text });
            if (allowed) {
                assert.equal(answer.json[param], text, answer.text);
            } else {
                refused(answer, { ...invalid, code: undefined, param, message: /^This value must match the regex/ });
            }
        }
    }
});

test('a code and an id of one character, digits or marks alone, are fine', async () => {
    const { sdk } = await account();
    for (const text of ['a', 'Z', '0', '-', '_', '007', '--', '-a', '_9']) {
        assert.equal((await sdk.promotionCodes.create({ ...SALE, code: text })).code, text);
        assert.equal((await sdk.coupons.create({ percent_off: 1, id: text })).id, text);
        assert.equal((await sdk.coupons.retrieve(text)).id, text);
    }
});

test('text comes back byte for byte, as raw UTF-8, with only quotes and backslashes escaped', async () => {
    const { post, get } = await account();
    const name = 'Größe 語 🎟 × é é \u2028\u202e </script> "\\/';
    const made = await post('/v1/coupons', { percent_off: 1, id: 'TEXT', name });
    assert.equal(made.json.name, name);
    const written = name.replace(/["\\]/g, '\\$&');
    assert(made.text.includes(`\n  "name": "${written}",\n`), made.text);
    assert.equal((await get('/v1/coupons/TEXT')).text, made.text);
});

test('metadata may have several lines, and tabs', async () => {
    const { post } = await account();
    const note = 'first\n\tsecond\nthird';
    const { json, text } = await post('/v1/coupons', { percent_off: 1, metadata: { note } });
    assert.equal(json.metadata.note, note);
    assert(text.includes('"note": "first\\n\\tsecond\\nthird"'), text);
});

test('bytes that are no UTF-8, and control characters, are refused', async () => {
    const { post, sdk } = await account();
    const bad = ['%00', '%01', '%08', '%0B', '%1B', '%1F', '%7F', '%80', '%C0%80', '%C1%BF', '%E0%80%80', '%ED%A0%80',
        '%ED%BF%BF', '%F0%80%80%80', '%F4%90%80%80', '%F5%80%80%80', '%FE', '%FF', '%C3', '%E2%82', 'a%', 'a%4', 'a%zz', '%u0041'];
    for (const bytes of bad) {
        refused(await post('/v1/coupons', `percent_off=1&metadata[k]=x${bytes}`), invalid);
        refused(await post('/v1/coupons', `percent_off=1&metadata[k${bytes}]=x`), invalid);
        refused(await post('/v1/coupons', `percent_off=1&name=${bytes}`), invalid);
    }
    assert.equal((await sdk.coupons.list()).data.length, 1);
});

// ---- metadata ----

test('metadata merges, unsets with an empty value and is cleared by an empty text', async () => {
    const { sdk } = await account();
    const { id } = await sdk.coupons.create({ percent_off: 1, metadata: { a: '1', b: '2' } });
    const update = async (metadata) => (await sdk.coupons.update(id, { metadata })).metadata;
    assert.deepEqual(await update({ b: '3', c: '4' }), { a: '1', b: '3', c: '4' });
    assert.deepEqual(await update({ a: '' }), { b: '3', c: '4' });
    assert.deepEqual(await update({ none: '' }), { b: '3', c: '4' });
    assert.deepEqual(await update({ b: null, d: '5' }), { c: '4', d: '5' });
    assert.deepEqual((await sdk.coupons.update(id, { name: 'x' })).metadata, { c: '4', d: '5' });
    assert.deepEqual(await update(''), {});
    assert.deepEqual((await sdk.coupons.retrieve(id)).metadata, {});
    const create = async (metadata) => (await sdk.coupons.create({ percent_off: 1, metadata })).metadata;
    assert.deepEqual(await create({ a: '', b: 'x' }), { b: 'x' });
    assert.deepEqual(await create(''), {});
});

test('metadata values are texts, whatever they look like', async () => {
    const { sdk } = await account();
    const sent = { number: 7, float: 1.5, yes: true, id: 'x', object: 'y', 'a.b c': 'd' };
    const { metadata } = await sdk.coupons.create({ percent_off: 1, metadata: sent });
    assert.deepEqual(metadata, { number: '7', float: '1.5', yes: 'true', id: 'x', object: 'y', 'a.b c': 'd' });
});

test('metadata keys differ by case', async () => {
    const { sdk } = await account();
    const { metadata } = await sdk.coupons.create({ percent_off: 1, metadata: { Key: '1', key: '2' } });
    assert.deepEqual(metadata, { Key: '1', key: '2' });
});

const pairs = (count) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'v']));

for (const [what, create, update] of [
    ['coupon', (sdk, form) => sdk.coupons.create({ percent_off: 1, ...form }),
        (sdk, id, form) => sdk.coupons.update(id, form)],
    ['promotion code', (sdk, form) => sdk.promotionCodes.create({ ...SALE, ...form }),
        (sdk, id, form) => sdk.promotionCodes.update(id, form)],
    ['customer', (sdk, form) => sdk.customers.create(form), (sdk, id, form) => sdk.customers.update(id, form)],
    ['product', (sdk, form) => sdk.products.create({ name: 'P', ...form }),
        (sdk, id, form) => sdk.products.update(id, form)],
]) {
    test(`metadata of a ${what}: 50 keys of 40 characters with values of 500`, async () => {
        const { sdk } = await account();
        for (const metadata of [pairs(49), pairs(50), { ['ü'.repeat(40)]: 'x' }, { k: '語'.repeat(500) }]) {
            assert.deepEqual((await create(sdk, { metadata })).metadata, metadata);
        }
        await rejects(create(sdk, { metadata: pairs(51) }), {
            ...invalid, code: undefined, message: "Metadata can have up to 50 keys, but you've set 51.",
        });
        const key = 'k'.repeat(41);
        await rejects(create(sdk, { metadata: { [key]: 'x' } }), {
            ...invalid,
            code: undefined,
            message: 'Metadata keys can have up to 40 characters, but you passed in a key that is 41 characters. ' +
                `Invalid key: ${key}`,
        });
        const value = 'v'.repeat(501);
        await rejects(create(sdk, { metadata: { k: value } }), {
            ...invalid,
            code: undefined,
            message: 'Metadata values can have up to 500 characters, but you passed in a value that is 501 ' +
                `characters. Invalid value: ${value}`,
        });
        // The limit is on what is stored in the end.
        const { id } = await create(sdk, { metadata: pairs(50) });
        await rejects(update(sdk, id, { metadata: { more: 'x' } }), {
            ...invalid, message: "Metadata can have up to 50 keys, but you've set 51.",
        });
        const { metadata } = await update(sdk, id, { metadata: { k0: '', more: 'x' } });
        assert.equal(Object.keys(metadata).length, 50);
        assert.equal(metadata.more, 'x');
    });
}

test('metadata keys have no brackets, and metadata is flat', async () => {
    const { post } = await account();
    refused(await post('/v1/coupons', 'percent_off=1&metadata[a][b]=c'), invalid);
    refused(await post('/v1/coupons', 'percent_off=1&metadata[a%5Bb%5D]=c'), invalid);
    refused(await post('/v1/coupons', 'percent_off=1&metadata[]=c'), invalid);
    refused(await post('/v1/coupons', 'percent_off=1&metadata=c'), {
        ...invalid, code: undefined, param: 'metadata', message: 'Invalid object',
    });
});

// ---- arrays and hashes ----

test('an array has at most 100 elements', async () => {
    const { key, post, get } = await account();
    const products = Array.from({ length: 101 }, (_, i) => `prod_${i}`);
    const body = products.map((id) => JSON.stringify({ id, object: 'product', name: id, active: true })).join('\n');
    assert.equal((await raw(server, { key, method: 'POST', path: '/_dev/seed', body })).status, 200);
    for (const count of [99, 100]) {
        const applies_to = { products: products.slice(0, count) };
        const { json } = await post('/v1/coupons', { percent_off: 1, applies_to, expand: ['applies_to'] });
        assert.deepEqual(json.applies_to, applies_to);
    }
    const long = { ...invalid, code: undefined, param: 'applies_to[products]' };
    const message = 'Array applies_to[products] exceeded maximum 100 allowed elements.';
    refused(await post('/v1/coupons', { percent_off: 1, applies_to: { products } }), { ...long, message });
    const appended = products.map((id) => `applies_to[products][]=${id}`).join('&');
    refused(await post('/v1/coupons', `percent_off=1&${appended}`), { ...long, message });
    const list = (count) =>
        get(`/v1/products?limit=100&${products.slice(0, count).map((id) => `ids[]=${id}`).join('&')}`);
    assert.equal((await list(100)).json.data.length, 100);
    refused(await list(101), { ...invalid, param: 'ids' });
});

test('elements of an array are put in the order of their indices, and gaps do no harm', async () => {
    const { sdk, post } = await account();
    for (const id of ['prod_a', 'prod_b', 'prod_c']) await sdk.products.create({ id, name: id });
    const products = async (form) => {
        const { json } = await post('/v1/coupons', `percent_off=1&expand[]=applies_to&${form}`);
        return json.applies_to?.products.join(' ') ?? json.error;
    };
    const name = 'applies_to[products]';
    assert.equal(await products(`${name}[0]=prod_a&${name}[1]=prod_b`), 'prod_a prod_b');
    assert.equal(await products(`${name}[]=prod_a&${name}[]=prod_b`), 'prod_a prod_b');
    assert.equal(await products(`${name}[1]=prod_a&${name}[0]=prod_b`), 'prod_b prod_a');
    assert.equal(await products(`${name}[5]=prod_a`), 'prod_a');
    assert.equal(await products(`${name}[99]=prod_a&${name}[7]=prod_b&${name}[10]=prod_c`), 'prod_b prod_c prod_a');
    assert.equal(await products('applies_to%5Bproducts%5D%5B0%5D=prod_a'), 'prod_a');
    const wrong = { ...invalid, code: undefined, param: name };
    for (const index of ['100', '1000000000', 'x', '-1', '1.5', ' ']) {
        const form = `percent_off=1&${name}[${encodeURIComponent(index)}]=prod_a`;
        refused(await post('/v1/coupons', form), { ...wrong, message: 'Invalid array' });
    }
});

test('brackets have to match, and nest 8 deep at most', async () => {
    const { post } = await account();
    const nested = (depth) => `percent_off=1&a${'[b]'.repeat(depth)}=1`;
    const unknown = { ...invalid, code: 'parameter_unknown', param: /^a/ };
    refused(await post('/v1/coupons', nested(7)), unknown);
    refused(await post('/v1/coupons', nested(8)), unknown);
    refused(await post('/v1/coupons', nested(9)), { ...invalid, code: undefined });
    for (const name of ['a[', 'a]', 'a[b', 'a[b]c', 'a]b[', 'a[b]]', 'a[[b]]', '[a]', '[', ']', '[]', 'a[b][']) {
        refused(await post('/v1/coupons', `percent_off=1&${name}=1`), invalid);
    }
});

test('a name cannot be a value and a hash at once', async () => {
    const { post } = await account();
    refused(await post('/v1/coupons', 'percent_off=1&metadata=&metadata[a]=b'), { ...invalid, code: undefined });
    refused(await post('/v1/coupons', 'percent_off=1&metadata[a]=b&metadata='), { ...invalid, code: undefined });
});

test('a request has at most 1000 parameters, with names of at most 512 bytes', async () => {
    const { post } = await account();
    const many = (count) => Array(count).fill('percent_off=10').join('&');
    assert.equal((await post('/v1/coupons', many(999))).status, 200);
    assert.equal((await post('/v1/coupons', many(1000))).status, 200);
    refused(await post('/v1/coupons', many(1001)), { ...invalid, code: undefined });
    // Those of the address count too.
    refused(await post('/v1/coupons?percent_off=10', many(1000)), { ...invalid, code: undefined });
    const named = (length) => post('/v1/coupons', `percent_off=1&${'n'.repeat(length)}=1`);
    refused(await named(511), { ...invalid, code: 'parameter_unknown', param: 'n'.repeat(511) });
    refused(await named(512), { ...invalid, code: 'parameter_unknown', param: 'n'.repeat(512) });
    refused(await named(513), { ...invalid, code: undefined });
});

test('a repeated name counts with its last value, and the body after the address', async () => {
    const { post } = await account();
    assert.equal((await post('/v1/coupons', 'percent_off=10&percent_off=20')).json.percent_off, 20);
    assert.equal((await post('/v1/coupons?percent_off=10', 'percent_off=20')).json.percent_off, 20);
    const { json } = await post('/v1/coupons?percent_off=10&name=Address', 'max_redemptions=3');
    assert.deepEqual([json.percent_off, json.name, json.max_redemptions], [10, 'Address', 3]);
});

test('+ and %20 are blanks, brackets may be encoded, empty pairs do nothing', async () => {
    const { post } = await account();
    const { json } = await post('/v1/coupons', '&percent_off=1&&name=a+b%20c%2Bd&metadata%5Bk%5D=v&');
    assert.equal(json.name, 'a b c+d');
    assert.deepEqual(json.metadata, { k: 'v' });
});

test('a name without = is an empty value', async () => {
    const { post } = await account();
    refused(await post('/v1/coupons', 'percent_off'), {
        ...invalid, code: 'parameter_invalid_empty', param: 'percent_off',
    });
});

test('names of parameters are case-sensitive', async () => {
    const { post } = await account();
    refused(await post('/v1/coupons', 'percent_off=1&Name=x'), {
        ...invalid, code: 'parameter_unknown', param: 'Name', message: 'Received unknown parameter: Name',
    });
});

// ---- the kinds of mistakes ----

test('several unknown parameters are all named, the first as param', async () => {
    const { post } = await account();
    refused(await post('/v1/coupons', 'percent_off=1&b=1&a[x]=2&metadata[k]=v'), {
        ...invalid, code: 'parameter_unknown', param: 'b', message: 'Received unknown parameters: b, a',
    });
});

test('a text parameter that is a hash or an array is refused with what was sent', async () => {
    const { post } = await account();
    refused(await post('/v1/coupons', 'percent_off=1&name[0]=x'), {
        ...invalid, code: undefined, param: 'name', message: 'Invalid string: {"0":"x"}',
    });
    refused(await post('/v1/coupons', 'percent_off=1&duration[a]=once'), { ...invalid, param: 'duration' });
});

test('a long text is named in part', async () => {
    const { post } = await account();
    refused(await post('/v1/coupons', { percent_off: 1, name: `abcd${'-'.repeat(60)}wxyz` }), {
        ...invalid, code: undefined, param: 'name',
        message: 'Invalid string: abcd...wxyz; must be at most 40 characters',
    });
});

test('mistakes are found in order: unknown names, values, expand, objects, rules', async () => {
    const { post, get, call } = await account();
    const send = (form) => post('/v1/coupons/NONE', form);
    refused(await send('name[a]=x&expand[]=bad&colour=x'), {
        ...invalid, code: 'parameter_unknown', param: 'colour',
    });
    refused(await send('name[a]=x&expand[]=bad'), { ...invalid, code: undefined, param: 'name' });
    refused(await send('name=x&expand[]=bad'), { ...invalid, code: undefined, message: /cannot be expanded/ });
    refused(await send('name=x'), { status: 404, code: 'resource_missing', param: 'coupon' });
    refused(await get('/v1/coupons/NONE?expand[]=bad'), { ...invalid, message: /cannot be expanded/ });
    refused(await get('/v1/coupons/NONE?colour=x'), { ...invalid, code: 'parameter_unknown' });
    refused(await get('/v1/coupons/NONE'), { status: 404, code: 'resource_missing' });

    // A missing object before a rule of its values.
    refused(await post('/v1/promotion_codes', {
        promotion: { type: 'coupon', coupon: 'NONE' }, expires_at: 1000, restrictions: { minimum_amount: 5 },
    }), { ...invalid, code: 'resource_missing', param: 'promotion[coupon]' });

    // Of several mistakes with values, the first in the alphabet of the table.
    refused(await post('/v1/coupons', 'percent_off=x&amount_off=y'), { ...invalid, param: 'amount_off' });

    // The key before the version, the version before the parameters.
    const bad = { method: 'POST', path: '/v1/coupons', body: 'colour=x', headers: FORM };
    refused(await raw(server, { ...bad, version: 'never' }), { status: 401, type: 'invalid_request_error' });
    refused(await call({ ...bad, version: 'never' }), { ...invalid, message: 'Invalid Stripe API version: never' });
});

test('a body of another type is refused, an empty one and none are fine', async () => {
    const { call, sdk } = await account();
    const send = (type, body) => call({
        method: 'POST', path: '/v1/coupons', body, headers: type ? { 'content-type': type } : {},
    });
    const message = 'Invalid request (check that your POST content type is application/x-www-form-urlencoded). ' +
        'If you have any questions, we can help at https://support.stripe.com/.';
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x']) {
        refused(await send(type, '{"percent_off":10}'), { ...invalid, code: undefined, param: undefined, message });
    }
    assert.equal((await sdk.coupons.list()).data.length, 1);
    for (const type of ['application/x-www-form-urlencoded; charset=utf-8', 'Application/X-WWW-Form-URLEncoded']) {
        assert.equal((await send(type, 'percent_off=10')).status, 200, type);
    }
    const neither = { ...invalid, code: 'parameter_missing', message: 'Must provide percent_off or amount_off.' };
    refused(await send('application/x-www-form-urlencoded', ''), neither);
    refused(await send(undefined, undefined), neither);
});

test('headers that mean nothing here are ignored', async () => {
    const { call } = await account();
    const { status } = await call({
        path: '/v1/coupons/SALE',
        headers: { ...FORM, eTag: 'x', 'x-stripe-client-telemetry': '{"a":1}', 'x-stripe-client-user-agent': '{}' },
    });
    assert.equal(status, 200);
});

test('an address or method that is not served', async () => {
    const { call } = await account();
    const unknown = async (method, path) => refused(await call({ method, path }), {
        status: 404, type: 'invalid_request_error', code: undefined, param: undefined,
        message: `Unrecognized request URL (${method}: ${path}). Please see https://stripe.com/docs or ` +
            'we can help at https://support.stripe.com/.',
    });
    for (const path of ['/v1/nothing', '/v1/Coupons', '/v1/coupons/', '/v1//coupons', '/v1/coupons/SALE/x', '/v1',
        '/v2/coupons', '/v1/discounts', '/v1/discounts/di_1']) {
        await unknown('GET', path);
    }
    await unknown('PUT', '/v1/coupons/SALE');
    await unknown('PATCH', '/v1/coupons/SALE');
    await unknown('DELETE', '/v1/coupons');
    await unknown('POST', '/v1/events');
    await unknown('DELETE', '/v1/promotion_codes/promo_1');
});

test('an error names the documentation of its code when there is one', async () => {
    const { get, post, key } = await account();
    await raw(server, { key, method: 'POST', path: '/_dev/seed',
        body: '{"id":"PAST","object":"coupon","percent_off":5,"duration":"once","redeem_by":1700000000}' });
    const own = (code) => post('/v1/promotion_codes', { promotion: { type: 'coupon', coupon: code } });
    const errors = {
        resource_missing: await get('/v1/coupons/NONE'),
        parameter_unknown: await get('/v1/coupons?x=1'),
        parameter_missing: await post('/v1/promotion_codes', ''),
        parameter_invalid_empty: await post('/v1/coupons', 'percent_off='),
        parameter_invalid_integer: await post('/v1/coupons', 'amount_off=x'),
        resource_already_exists: await post('/v1/coupons', 'percent_off=1&id=SALE'),
        email_invalid: await post('/v1/customers', 'email=x'),
        url_invalid: await post('/v1/products', 'name=x&url=x'),
        coupon_expired: await own('PAST'),
    };
    for (const [code, { json }] of Object.entries(errors)) {
        assert.equal(json.error.code, code);
        assert.equal(json.error.doc_url, `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`);
    }
    const undocumented = (await get('/v1/coupons?expand[]=data.a.b.c.d')).json.error;
    assert.equal(undocumented.code, 'property_expansion_max_depth');
    for (const error of [undocumented, (await post('/v1/coupons', 'percent_off=0')).json.error]) {
        assert(!('doc_url' in error), JSON.stringify(error));
    }
});

test('an idempotency key belongs to one request', async () => {
    const { call } = await account();
    const send = (path, body, key = 'key') => call({
        method: 'POST', path, body, headers: { ...FORM, 'idempotency-key': key },
    });
    const first = await send('/v1/coupons', 'percent_off=10');
    const again = await send('/v1/coupons', 'percent_off=10');
    assert.equal(again.text, first.text);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
    refused(await send('/v1/coupons', 'percent_off=20'), {
        status: 400, type: 'idempotency_error', code: undefined,
        message: 'Keys for idempotent requests can only be used with the same parameters they were first used ' +
            "with. Try using a key other than 'key' if you meant to execute a different request.",
    });
    refused(await send('/v1/customers', 'name=x'), { status: 400, type: 'idempotency_error' });
    refused(await send('/v1/coupons', 'percent_off=10', 'k'.repeat(256)), { status: 400 });
    assert.equal((await send('/v1/coupons', 'percent_off=10', 'k'.repeat(255))).status, 200);
});

// ---- how answers are written ----

test('an object is written with its keys in order, two blanks for each level and one line end', async () => {
    const { post, get, sdk } = await account();
    await sdk.products.create({ id: 'prod_a', name: 'A' });
    const made = await post('/v1/coupons', {
        id: 'LOOKS',
        amount_off: 5,
        currency: 'usd',
        currency_options: { eur: { amount_off: 6 }, jpy: { amount_off: 7 } },
        applies_to: { products: ['prod_a'] },
        metadata: { url: 'https://example.com/a?b=c', quote: '"ü\\' },
        expand: ['currency_options', 'applies_to'],
    });
    const expected = (created) => `{
  "id": "LOOKS",
  "object": "coupon",
  "amount_off": 5,
  "applies_to": {
    "products": [
      "prod_a"
    ]
  },
  "created": ${created},
  "currency": "usd",
  "currency_options": {
    "eur": {
      "amount_off": 6
    },
    "jpy": {
      "amount_off": 7
    }
  },
  "duration": "once",
  "duration_in_months": null,
  "livemode": false,
  "max_redemptions": null,
  "metadata": {
    "url": "https://example.com/a?b=c",
    "quote": "\\"ü\\\\"
  },
  "name": null,
  "percent_off": null,
  "redeem_by": null,
  "times_redeemed": 0,
  "valid": true
}
`;
    assert.equal(made.text, expected(made.json.created));
    const again = await get('/v1/coupons/LOOKS?expand[]=currency_options&expand[]=applies_to');
    assert.equal(again.text, made.text);
});

test('currencies of a map are written in the order of the alphabet, metadata in the order it came', async () => {
    const { sdk } = await account();
    const currency_options = { jpy: { amount_off: 7 }, eur: { amount_off: 6 }, gbp: { amount_off: 8 } };
    const metadata = { z: '1', a: '2', m: '3' };
    const coupon = await sdk.coupons.create({
        amount_off: 5, currency: 'usd', currency_options, metadata, expand: ['currency_options'],
    });
    assert.deepEqual(Object.keys(coupon.currency_options), ['eur', 'gbp', 'jpy']);
    assert.deepEqual(Object.keys(coupon.metadata), ['z', 'a', 'm']);
    const updated = await sdk.coupons.update(coupon.id, {
        currency_options: { aud: { amount_off: 9 } }, metadata: { a: '4', b: '5' }, expand: ['currency_options'],
    });
    assert.deepEqual(Object.keys(updated.currency_options), ['aud', 'eur', 'gbp', 'jpy']);
    assert.deepEqual(Object.keys(updated.metadata), ['z', 'a', 'm', 'b']);
});

test('a list, an empty list, a deleted object and an error are written the same way', async () => {
    const { key, get, call } = await account();
    assert.equal((await get('/v1/promotion_codes')).text, `{
  "object": "list",
  "data": [],
  "has_more": false,
  "url": "/v1/promotion_codes"
}
`);
    const { text, json } = await get('/v1/coupons');
    assert.equal(text, `{
  "object": "list",
  "data": [
    {
      "id": "SALE",
      "object": "coupon",
      "amount_off": null,
      "created": ${json.data[0].created},
      "currency": null,
      "duration": "once",
      "duration_in_months": null,
      "livemode": false,
      "max_redemptions": null,
      "metadata": {},
      "name": null,
      "percent_off": 10.0,
      "redeem_by": null,
      "times_redeemed": 0,
      "valid": true
    }
  ],
  "has_more": false,
  "url": "/v1/coupons"
}
`);
    assert.equal((await get('/v1/coupons/NONE')).text, `{
  "error": {
    "code": "resource_missing",
    "doc_url": "https://stripe.com/docs/error-codes/resource-missing",
    "message": "No such coupon: 'NONE'",
    "param": "coupon",
    "type": "invalid_request_error"
  }
}
`);
    assert.equal((await call({ method: 'DELETE', path: '/v1/coupons/SALE' })).text, `{
  "id": "SALE",
  "object": "coupon",
  "deleted": true
}
`);
    const none = await raw(server, { key, path: '/v1/coupons' });
    assert.equal(none.headers.get('content-type'), 'application/json');
    assert.equal(Number(none.headers.get('content-length')), Buffer.byteLength(none.text));
});

test('an error repeats what was sent without breaking its JSON', async () => {
    const { get, post } = await account();
    const id = 'a"b\\c\nd/é語';
    refused(await get(`/v1/coupons/${encodeURIComponent(id)}`), { status: 404, message: `No such coupon: '${id}'` });
    refused(await post('/v1/coupons', { percent_off: 'ü"\\' }), { ...invalid, message: 'Invalid decimal: ü"\\' });
    refused(await post('/v1/coupons', { 'ü"\\': '1' }), { ...invalid, param: 'ü"\\' });
});
