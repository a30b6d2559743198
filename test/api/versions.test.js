// API versions: which are accepted, and what each of them takes and answers. The same exchanges are made under
// every version; what they have to look like stands in golden/, one file for each shape of the API.
//
// GOLDEN=write node --test test/api/versions.test.js writes the files anew: read the difference line by line.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { newKey, raw, stripe } from '../lib/client.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const VERSIONS = `
2011-01-01 2011-06-21 2011-06-28 2011-08-01 2011-09-15 2011-11-17 2012-02-23 2012-03-25 2012-06-18 2012-06-28
2012-07-09 2012-09-24 2012-10-26 2012-11-07 2013-02-11 2013-02-13 2013-07-05 2013-08-12 2013-08-13 2013-10-29
2013-12-03 2014-01-31 2014-03-13 2014-03-28 2014-05-19 2014-06-13 2014-06-17 2014-07-22 2014-07-26 2014-08-04
2014-08-20 2014-09-08 2014-10-07 2014-11-05 2014-11-20 2014-12-08 2014-12-17 2014-12-22 2015-01-11 2015-01-26
2015-02-10 2015-02-16 2015-02-18 2015-03-24 2015-04-07 2015-06-15 2015-07-07 2015-07-13 2015-07-28 2015-08-07
2015-08-19 2015-09-03 2015-09-08 2015-09-23 2015-10-01 2015-10-12 2015-10-16 2016-02-03 2016-02-19 2016-02-22
2016-02-23 2016-02-29 2016-03-07 2016-06-15 2016-07-06 2016-10-19 2017-01-27 2017-02-14 2017-04-06 2017-05-25
2017-06-05 2017-08-15 2017-12-14 2018-01-23 2018-02-05 2018-02-06 2018-02-28 2018-05-21 2018-07-27 2018-08-23
2018-09-06 2018-09-24 2018-10-31 2018-11-08 2019-02-11 2019-02-19 2019-03-14 2019-05-16 2019-08-14 2019-09-09
2019-10-08 2019-10-17 2019-11-05 2019-12-03 2020-03-02 2020-08-27 2022-08-01 2022-11-15 2023-08-16 2023-10-16
2024-04-10 2024-06-20 2024-09-30.acacia 2024-10-28.acacia 2024-11-20.acacia 2024-12-18.acacia
2025-01-27.acacia 2025-02-24.acacia 2025-03-01.dashboard 2025-03-31.basil 2025-04-30.basil 2025-05-28.basil
2025-06-30.basil 2025-07-30.basil 2025-08-27.basil 2025-09-30.clover 2025-10-29.clover 2025-11-17.clover
2025-12-15.clover 2026-01-28.clover 2026-02-25.clover 2026-03-25.dahlia 2026-04-22.dahlia 2026-05-27.dahlia
2026-06-24.dahlia 2026-07-29.dahlia 2026-08-26.dahlia 2026-09-30.endive 2026-10-28.endive`.trim().split(/\s+/);
const NEWEST = VERSIONS.at(-1);

// The first version of each shape. Older ones than the first have its shape too.
const SHAPES = ['2020-08-27', '2022-08-01', '2023-08-16', '2023-10-16', '2024-04-10', '2025-03-31.basil',
    '2025-09-30.clover', '2025-12-15.clover', '2026-09-30.endive'];
const shapeOf = (version) => SHAPES.findLast((first) => version >= first) ?? SHAPES[0];

// ---- which versions there are ----

test('every version is accepted and echoed', async () => {
    const key = newKey();
    for (const version of VERSIONS) {
        const { status, headers, text } = await raw(server, { path: '/v1/coupons', key, version });
        assert.equal(status, 200, `${version}: ${text}`);
        assert.equal(headers.get('stripe-version'), version);
    }
});

test('no version means the newest', async () => {
    const { headers } = await raw(server, { path: '/v1/coupons', key: newKey() });
    assert.equal(headers.get('stripe-version'), NEWEST);
});

test('a well-formed version newer than the newest means the newest', async () => {
    const key = newKey();
    for (const version of ['2026-10-29', '2026-11-25.endive', '2027-03-31.fennel', '2031-01-01', '9999-12-31.x']) {
        const { status, headers } = await raw(server, { path: '/v1/coupons', key, version });
        assert.equal(status, 200, version);
        assert.equal(headers.get('stripe-version'), NEWEST);
    }
});

test('what stands behind a semicolon is ignored', async () => {
    const key = newKey();
    for (const version of ['2025-08-27.basil; feature_beta=v1', '2025-08-27.basil;a=b; c=d', '2020-08-27;x']) {
        const { status, headers } = await raw(server, { path: '/v1/coupons', key, version });
        assert.equal(status, 200, version);
        assert.equal(headers.get('stripe-version'), version.split(';')[0]);
    }
});

test('any other version is refused, before the parameters are looked at', async () => {
    const key = newKey();
    const wrong = ['x', '1', 'latest', 'basil', '2020', '2020-08', '2020-8-27', '20200827', '2020/08/27',
        '2020-08-27x', '2020-08-27.', '2020-08-28', '2019-01-01', '2024-09-30', '2025-09-30.basil', '2025-09-30.Clover',
        '2025-09-30.clover.x', '2025-09-30 clover', '2027-13-01', '2027-00-10', '2027-01-32', '2027-01-00',
        '-2027-01-01', '2027-01-01.', '2027-01-01.2', '2027-01-01-x', '12027-01-01'];
    for (const version of wrong) {
        const answer = await raw(server, { path: '/v1/coupons?colour=x', key, version });
        refused(answer, {
            status: 400, type: 'invalid_request_error', code: undefined, param: undefined,
            message: `Invalid Stripe API version: ${version}`,
        });
    }
});

// ---- what each of them takes and answers ----

// Everything refers to everything, and nothing depends on the time.
const OBJECTS = [
    {
        id: 'prod_gold', object: 'product', active: true, created: 1700000000, description: 'Gold bars', images: [],
        marketing_features: [{ name: 'Heavy' }], metadata: {}, name: 'Gold', type: 'service', unit_label: 'bar',
        updated: 1700000001, url: 'https://example.com/gold',
    },
    {
        id: 'GOLD', object: 'coupon', amount_off: 500, applies_to: { products: ['prod_gold'] }, created: 1700000002,
        currency: 'eur', currency_options: { usd: { amount_off: 550 } }, duration: 'repeating', duration_in_months: 3,
        max_redemptions: 50, metadata: { campaign: 'spring' }, name: 'Gold', times_redeemed: 2,
    },
    {
        id: 'THIRD', object: 'coupon', created: 1700000003, duration: 'forever', metadata: {}, percent_off: 33.33,
        redeem_by: 4102444800, times_redeemed: 0,
    },
    {
        id: 'cus_gold', object: 'customer', business_name: 'Gold & Co', created: 1700000004, email: 'ada@example.com',
        invoice_prefix: 'GOLDGOLD', metadata: {}, name: 'Ada', preferred_locales: ['fr', 'en'],
    },
    {
        id: 'promo_gold', object: 'promotion_code', active: true, code: 'Gold-1', created: 1700000005,
        customer: 'cus_gold', max_redemptions: 7, metadata: { shop: 'north' },
        promotion: { coupon: 'GOLD', type: 'coupon' },
        restrictions: {
            currency_options: { usd: { minimum_amount: 110 } }, first_time_transaction: true, minimum_amount: 100,
            minimum_amount_currency: 'eur',
        },
        times_redeemed: 1,
    },
    {
        id: 'promo_open', object: 'promotion_code', active: true, code: 'Open', created: 1700000005, customer: null,
        metadata: {}, promotion: { coupon: 'THIRD', type: 'coupon' },
        restrictions: { first_time_transaction: false, minimum_amount: null, minimum_amount_currency: null },
    },
    {
        id: 'di_gold', object: 'discount', created: 1700000006, customer: 'cus_gold', end: 1707948806,
        promotion_code: 'promo_gold', source: { coupon: 'GOLD', type: 'coupon' }, start: 1700000006,
    },
];
const GIVEN = { ...OBJECTS[3], discount: 'di_gold' };

// What is sent, the same under every version. Each line is a method, an address and a body.
const EXCHANGES = `
GET /v1/coupons/GOLD
GET /v1/coupons/GOLD?expand[]=applies_to&expand[]=currency_options
GET /v1/coupons/THIRD
GET /v1/promotion_codes/promo_gold
GET /v1/promotion_codes/promo_gold?expand[]=coupon.applies_to&expand[]=restrictions.currency_options
GET /v1/promotion_codes/promo_gold?expand[]=promotion.coupon.applies_to
GET /v1/promotion_codes?coupon=GOLD
GET /v1/promotion_codes?customer_account=acct_1
GET /v1/customers/cus_gold
GET /v1/customers/cus_gold?expand[]=discount.source.coupon&expand[]=discount.coupon.applies_to
GET /v1/customers/cus_gold/discount?expand[]=promotion_code
GET /v1/products/prod_gold
POST /v1/promotion_codes coupon=GOLD&code=OLD
POST /v1/promotion_codes promotion[type]=coupon&promotion[coupon]=GOLD&code=NEW
POST /v1/promotion_codes promotion[type]=coupon&promotion[coupon]=GOLD&code=ACCOUNT&customer_account=acct_1
POST /v1/promotion_codes code=NEITHER
POST /v1/coupons id=MADE&percent_off=25.5&duration=repeating&duration_in_months=3
POST /v1/coupons id=MULTI&amount_off=1&currency=eur&currency_options[usd][amount_off]=2&expand[]=currency_options
POST /v1/products id=prod_old&name=Old&features[0][name]=a
POST /v1/products id=prod_new&name=New&marketing_features[0][name]=a
POST /v1/products id=prod_tax&name=Tax&tax_details[tax_code]=txcd_1
POST /v1/customers invoice_prefix=MADE&name=Made&business_name=Made
POST /v1/customers invoice_prefix=MADE&invoice_settings[rendering_options][amount_tax_display]=exclude_tax
POST /v1/customers/cus_gold coupon=THIRD
POST /v1/customers/cus_gold promotion_code=promo_none
POST /v1/customers/cus_gold promotion_code=promo_open
DELETE /v1/customers/cus_gold/discount
GET /v1/customers/cus_gold
DELETE /v1/coupons/THIRD
`.trim().split('\n').map((line) => line.split(' '));
const READS = EXCHANGES.slice(0, EXCHANGES.findIndex(([method]) => method !== 'GET'));

// Times and ids that the server makes are left out of the comparison.
function withoutChance(text) {
    return text
        .replace(/: 1[789]\d{8}(?=,?\n)/g, (number) => (Number(number.slice(2)) < 1_750_000_000 ? number : ': NOW'))
        .replace(/"(cus|di|promo)_[A-Za-z0-9]{14,}"/g, '"$1_MADE"');
}

async function converse(version, exchanges = EXCHANGES) {
    const key = newKey();
    const seed = async (objects) => {
        const body = objects.map((object) => JSON.stringify(object)).join('\n');
        const answer = await raw(server, { key, method: 'POST', path: '/_dev/seed', body });
        assert.equal(answer.status, 200, answer.text);
    };
    await seed(OBJECTS);
    await seed([GIVEN]);
    const written = [];
    for (const [method, path, body] of exchanges) {
        const headers = body ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
        const answer = await raw(server, { key, method, path, body, headers, version });
        const request = [`${method} ${path}`, body].filter(Boolean).map((line) => `> ${line}\n`).join('');
        written.push(`${request}< ${answer.status}\n${withoutChance(answer.text)}`);
    }
    return written.join('\n');
}

const golden = (shape) => fileURLToPath(new URL(`golden/${shape}.http`, import.meta.url));

if (process.env.GOLDEN === 'write') {
    test('writes the golden files', async () => {
        mkdirSync(new URL('golden', import.meta.url), { recursive: true });
        for (const shape of SHAPES) writeFileSync(golden(shape), await converse(shape));
    });
}

for (const shape of SHAPES) {
    test(`all versions from ${shape} on speak as golden/${shape}.http says, until the next shape`, async () => {
        assert(existsSync(golden(shape)), 'the golden file is missing');
        const expected = readFileSync(golden(shape), 'utf8');
        const versions = VERSIONS.filter((each) => shapeOf(each) === shape);
        // Writing costs time: between the first, the named and the last version of a shape it is enough to read.
        const whole = new Set([versions[0], shape, versions.at(-1)]);
        for (const version of versions) {
            const written = await converse(version, whole.has(version) ? EXCHANGES : READS);
            assert.equal(written, expected.slice(0, written.length), version);
            assert(!whole.has(version) || written.length === expected.length, version);
        }
    });
}

// ---- the same gates once more, as the tables of the specification put them ----

const COUPON = `id object amount_off created currency duration duration_in_months livemode max_redemptions
    metadata name percent_off redeem_by times_redeemed valid`.split(/\s+/);
const keysOf = (object) => Object.keys(object).sort();
const sorted = (...lists) => lists.flat().sort();

for (const version of [...SHAPES, ...SHAPES.slice(1).map((shape) => VERSIONS[VERSIONS.indexOf(shape) - 1]), NEWEST]) {
    test(`the keys of ${version}`, async () => {
        const key = newKey();
        const body = [...OBJECTS, GIVEN].map((object) => JSON.stringify(object)).join('\n');
        assert.equal((await raw(server, { key, method: 'POST', path: '/_dev/seed', body })).status, 200);
        const get = async (path) => (await raw(server, { key, path, version })).json;
        const since = (first, ...keys) => (version >= first ? keys : []);
        const until = (first, ...keys) => (version < first ? keys : []);

        assert.deepEqual(keysOf(await get('/v1/coupons/GOLD')), sorted(COUPON));

        const code = await get('/v1/promotion_codes/promo_gold');
        assert.deepEqual(keysOf(code), sorted(
            ['id', 'object', 'active', 'code', 'created', 'customer', 'expires_at', 'livemode', 'max_redemptions'],
            ['metadata', 'restrictions', 'times_redeemed'],
            until('2025-09-30', 'coupon'), since('2025-09-30', 'promotion'),
            since('2025-12-15', 'customer_account')));
        assert.deepEqual(keysOf(code.restrictions), [
            'first_time_transaction', 'minimum_amount', 'minimum_amount_currency',
        ]);

        const discount = await get('/v1/customers/cus_gold/discount');
        assert.deepEqual(keysOf(discount), sorted(
            ['id', 'object', 'checkout_session', 'customer', 'end', 'invoice', 'invoice_item', 'promotion_code'],
            ['start', 'subscription'],
            since('2024-04-10', 'subscription_item'),
            until('2025-09-30', 'coupon'), since('2025-09-30', 'source'),
            since('2025-12-15', 'customer_account')));
        if (version < '2025-09-30') {
            assert.deepEqual(keysOf(discount.coupon), sorted(COUPON));
            assert.deepEqual(keysOf(code.coupon), sorted(COUPON));
        } else {
            assert.deepEqual(discount.source, { coupon: 'GOLD', type: 'coupon' });
            assert.deepEqual(code.promotion, { coupon: 'GOLD', type: 'coupon' });
        }

        const customer = await get('/v1/customers/cus_gold');
        assert.deepEqual(customer.discount, discount, 'inline in every version');
        assert.deepEqual(keysOf(customer), sorted(
            `id object address balance created currency default_source delinquent description discount email
            invoice_prefix invoice_settings livemode metadata name next_invoice_sequence phone preferred_locales
            shipping tax_exempt test_clock`.split(/\s+/),
            since('2025-09-30', 'business_name'), since('2025-12-15', 'customer_account')));
        assert.deepEqual(keysOf(customer.invoice_settings), sorted(
            ['custom_fields', 'default_payment_method', 'footer'], since('2022-08-01', 'rendering_options')));

        assert.deepEqual(keysOf(await get('/v1/products/prod_gold')), sorted(
            `id object active created default_price description images livemode metadata name package_dimensions
            shippable statement_descriptor tax_code type unit_label updated url`.split(/\s+/),
            until('2023-08-16', 'attributes', 'caption', 'deactivate_on'),
            version < '2024-04-10' ? since('2023-10-16', 'features') : ['marketing_features'],
            since('2026-09-30', 'tax_details')));
    });
}

const GATES = [
    // [first version, parameter, does it come (true) or go (false), method and path, form]
    ['2025-03-31.basil', 'coupon', false, '/v1/customers', { coupon: 'GOLD' }],
    ['2025-03-31.basil', 'promotion_code', false, '/v1/customers/cus_gold', { promotion_code: 'promo_open' }],
    ['2025-09-30.clover', 'coupon', false, '/v1/promotion_codes', { coupon: 'GOLD' }],
    ['2025-09-30.clover', 'promotion', true, '/v1/promotion_codes', {
        promotion: { type: 'coupon', coupon: 'GOLD' } }],
    ['2025-12-15.clover', 'customer_account', true, '/v1/promotion_codes', {
        promotion: { type: 'coupon', coupon: 'GOLD' }, customer_account: 'acct_1' }],
    ['2024-04-10', 'marketing_features', true, '/v1/products', { name: 'P', marketing_features: [{ name: 'a' }] }],
    ['2024-04-10', 'features', false, '/v1/products', { name: 'P', features: [{ name: 'a' }] }],
    ['2026-09-30.endive', 'tax_details', true, '/v1/products', { name: 'P', tax_details: { tax_code: 'txcd_1' } }],
    ['2025-09-30.clover', 'business_name', true, '/v1/customers', { business_name: 'B' }],
];

for (const [first, param, comes, path, form] of GATES) {
    test(`${param} of ${path} ${comes ? 'comes' : 'goes'} with ${first}`, async () => {
        const key = newKey();
        const body = [...OBJECTS, GIVEN].map((object) => JSON.stringify(object)).join('\n');
        assert.equal((await raw(server, { key, method: 'POST', path: '/_dev/seed', body })).status, 200);
        const post = (version) => raw(server, { key, method: 'POST', path, form, version });
        const previous = VERSIONS[VERSIONS.indexOf(first) - 1];
        const unknown = {
            status: 400, type: 'invalid_request_error', code: 'parameter_unknown', param,
            message: `Received unknown parameter: ${param}`,
        };
        const [accepting, refusing] = comes ? [first, previous] : [previous, first];
        refused(await post(refusing), unknown);
        const answer = await post(accepting);
        assert.equal(answer.status, 200, answer.text);
    });
}

test('an SDK of each side of clover reads what the other has made', async () => {
    const key = newKey();
    const [old, fresh] = ['2025-08-27.basil', NEWEST].map((apiVersion) => stripe(server, { key, apiVersion }));
    await old.coupons.create({ id: 'BOTH', percent_off: 12.5 });
    const before = await old.promotionCodes.create({ coupon: 'BOTH', code: 'BEFORE' });
    const since = await fresh.promotionCodes.create({ promotion: { type: 'coupon', coupon: 'BOTH' }, code: 'SINCE' });
    assert.equal((await fresh.promotionCodes.retrieve(before.id)).promotion.coupon, 'BOTH');
    const seen = await old.promotionCodes.retrieve(since.id);
    assert.deepEqual(seen.coupon, { ...(await fresh.coupons.retrieve('BOTH')) });
    assert(!('promotion' in seen));
    await rejects(fresh.promotionCodes.create({ coupon: 'BOTH' }), { code: 'parameter_unknown', param: 'coupon' });
    await rejects(old.promotionCodes.create({ code: 'X' }), { code: 'parameter_missing', param: 'coupon' });
});
