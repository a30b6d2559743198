// Coupons: every field, parameter, refusal and rule of time, deletion and listing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { newKey, raw, stripe } from '../lib/client.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const now = () => Math.floor(Date.now() / 1000);
const ids = ({ data }) => data.map(({ id }) => id);

// One empty account: the SDK, plain requests with the same key, and objects of any age or state.
function account() {
    const key = newKey();
    return {
        sdk: stripe(server, { key }),
        call: (request) => raw(server, { key, ...request }),
        create: (form) => raw(server, { key, method: 'POST', path: '/v1/coupons', form }),
        async seed(...objects) {
            const body = objects.map((object) => JSON.stringify(object)).join('\n');
            const answer = await raw(server, { key, method: 'POST', path: '/_dev/seed', body });
            assert.equal(answer.status, 200, answer.text);
        },
    };
}

function stored(fields) {
    return { object: 'coupon', percent_off: 10, duration: 'once', created: 1700000000, ...fields };
}

// Calls with a second that had not ended when the answer was there, so that the server had it too.
async function inOneSecond(call) {
    for (;;) {
        const second = now();
        const result = await call(second);
        if (now() === second) return result;
    }
}

function fiveYearsAfter(second) {
    const date = new Date(second * 1000);
    date.setUTCFullYear(date.getUTCFullYear() + 5);
    return date.getTime() / 1000;
}

// ---- creating ----

test('a percent coupon answers with every field', async () => {
    const { sdk } = account();
    const earliest = now();
    const coupon = await sdk.coupons.create({ percent_off: 25.5 });
    assert.match(coupon.id, /^[A-Za-z0-9]{8}$/);
    assert(coupon.created >= earliest && coupon.created <= now(), `created: ${coupon.created}`);
    assert.deepEqual({ ...coupon }, {
        id: coupon.id,
        object: 'coupon',
        amount_off: null,
        created: coupon.created,
        currency: null,
        duration: 'once',
        duration_in_months: null,
        livemode: false,
        max_redemptions: null,
        metadata: {},
        name: null,
        percent_off: 25.5,
        redeem_by: null,
        times_redeemed: 0,
        valid: true,
    });
    assert.deepEqual({ ...(await sdk.coupons.retrieve(coupon.id)) }, { ...coupon });
});

test('an amount coupon with every parameter keeps all of them', async () => {
    const { sdk } = account();
    await sdk.products.create({ id: 'prod_a', name: 'A' });
    await sdk.products.create({ id: 'prod_b', name: 'B' });
    const redeemBy = now() + 86400;
    const coupon = await sdk.coupons.create({
        id: 'LAUNCH_25-a',
        amount_off: 500,
        currency: 'EUR',
        currency_options: { usd: { amount_off: 550 }, jpy: { amount_off: 800 } },
        duration: 'repeating',
        duration_in_months: 3,
        applies_to: { products: ['prod_b', 'prod_a'] },
        max_redemptions: 50,
        redeem_by: redeemBy,
        name: 'Launch',
        metadata: { campaign: 'spring' },
        expand: ['applies_to', 'currency_options'],
    });
    assert.deepEqual({ ...coupon }, {
        id: 'LAUNCH_25-a',
        object: 'coupon',
        amount_off: 500,
        applies_to: { products: ['prod_b', 'prod_a'] },
        created: coupon.created,
        currency: 'eur',
        currency_options: { jpy: { amount_off: 800 }, usd: { amount_off: 550 } },
        duration: 'repeating',
        duration_in_months: 3,
        livemode: false,
        max_redemptions: 50,
        metadata: { campaign: 'spring' },
        name: 'Launch',
        percent_off: null,
        redeem_by: redeemBy,
        times_redeemed: 0,
        valid: true,
    });
});

test('applies_to and currency_options stay hidden until they are expanded', async () => {
    const { sdk } = account();
    await sdk.products.create({ id: 'prod_a', name: 'A' });
    const made = await sdk.coupons.create({
        id: 'HIDDEN',
        amount_off: 5,
        currency: 'usd',
        applies_to: { products: ['prod_a'] },
        currency_options: { eur: { amount_off: 4 } },
    });
    const updated = await sdk.coupons.update('HIDDEN', { name: 'x' });
    const retrieved = await sdk.coupons.retrieve('HIDDEN');
    const [listed] = (await sdk.coupons.list()).data;
    for (const coupon of [made, updated, retrieved, listed]) {
        assert(!('applies_to' in coupon) && !('currency_options' in coupon), JSON.stringify(coupon));
    }
    const one = await sdk.coupons.retrieve('HIDDEN', { expand: ['applies_to'] });
    assert.deepEqual(one.applies_to, { products: ['prod_a'] });
    assert(!('currency_options' in one), 'only what was asked for is shown');
    const [all] = (await sdk.coupons.list({ expand: ['data.applies_to', 'data.currency_options'] })).data;
    assert.deepEqual(all.applies_to, { products: ['prod_a'] });
    assert.deepEqual(all.currency_options, { eur: { amount_off: 4 } });
    const changed = await sdk.coupons.update('HIDDEN', { name: 'y', expand: ['currency_options'] });
    assert.deepEqual(changed.currency_options, { eur: { amount_off: 4 } });
});

test('a coupon without products or currencies has nothing to expand', async () => {
    const { sdk } = account();
    const coupon = await sdk.coupons.create({ percent_off: 5, expand: ['applies_to', 'currency_options'] });
    assert(!('applies_to' in coupon) && !('currency_options' in coupon), JSON.stringify(coupon));
});

test('generated ids are 8 letters and digits, never twice the same', async () => {
    const { sdk } = account();
    const seen = new Set();
    for (let i = 0; i < 20; i++) {
        const { id } = await sdk.coupons.create({ percent_off: 1, id: i % 2 ? '' : undefined });
        assert.match(id, /^[A-Za-z0-9]{8}$/);
        seen.add(id);
    }
    assert.equal(seen.size, 20);
});

test('an id keeps its case: abc and ABC are two coupons', async () => {
    const { sdk } = account();
    await sdk.coupons.create({ id: 'abc', percent_off: 1 });
    await sdk.coupons.create({ id: 'ABC', percent_off: 2 });
    assert.equal((await sdk.coupons.retrieve('abc')).percent_off, 1);
    assert.equal((await sdk.coupons.retrieve('ABC')).percent_off, 2);
});

test('each duration is accepted, once is the default', async () => {
    const { sdk } = account();
    for (const duration of ['forever', 'once', undefined]) {
        const coupon = await sdk.coupons.create({ percent_off: 1, duration });
        assert.equal(coupon.duration, duration ?? 'once');
        assert.equal(coupon.duration_in_months, null);
    }
    const coupon = await sdk.coupons.create({ percent_off: 1, duration: 'repeating', duration_in_months: 1 });
    assert.equal(coupon.duration_in_months, 1);
});

test('a currency beside percent_off is accepted and means nothing', async () => {
    const { sdk } = account();
    const coupon = await sdk.coupons.create({ percent_off: 10, currency: 'usd' });
    assert.equal(coupon.currency, null);
});

test('a currency may be written in any case and is kept in lower case', async () => {
    const { sdk } = account();
    for (const currency of ['usd', 'EUR', 'jPy']) {
        const coupon = await sdk.coupons.create({ amount_off: 1, currency });
        assert.equal(coupon.currency, currency.toLowerCase());
    }
});

// The currencies in the order in which the refusal lists them, for values; for keys of a map three more.
const CURRENCIES = `usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp
    byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd
    hkd hnl hrk htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl
    mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron
    rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd
    vuv wst xaf xcd xcg xof xpf yer zar zmw usdc btn ghs eek lvl svc vef ltl sll mro`.split(/\s+/);
const KEY_CURRENCIES = CURRENCIES.join(' ').replace('usdc', 'usdc eurc usdt open_usd').split(' ');

test('every listed currency is accepted as a key of currency_options', async () => {
    const { sdk } = account();
    const options = Object.fromEntries(KEY_CURRENCIES.slice(1).map((code, i) => [code, { amount_off: i + 1 }]));
    const coupon = await sdk.coupons.create({
        amount_off: 1,
        currency: 'usd',
        currency_options: options,
        expand: ['currency_options'],
    });
    assert.deepEqual(coupon.currency_options, options);
});

test('every listed currency is accepted as a currency', async () => {
    const { sdk } = account();
    for (const currency of CURRENCIES) {
        assert.equal((await sdk.coupons.create({ amount_off: 1, currency })).currency, currency);
    }
});

// ---- refusals of creating, by the row of the error table; a message stands where it was observed ----

const percent = { percent_off: 10 };
const amount = { amount_off: 100, currency: 'usd' };

const REFUSALS = {
    'E1 an unknown parameter': [{ ...percent, colour: 'red' }, {
        code: 'parameter_unknown', param: 'colour', message: 'Received unknown parameter: colour' }],
    'E1 an unknown parameter inside a hash': [{ ...percent, applies_to: { prices: ['p'] } }, {
        code: 'parameter_unknown', param: 'applies_to[prices]',
        message: 'Received unknown parameter: applies_to[prices]' }],
    'E1 a preview parameter': [{ ...percent, script: { id: 'x' } }, { code: 'parameter_unknown', param: 'script' }],
    'E3 not an integer': [{ ...percent, max_redemptions: 'abc' }, {
        code: 'parameter_invalid_integer', param: 'max_redemptions', message: 'Invalid integer: abc' }],
    'E4 no such duration': [{ ...percent, duration: 'twice' }, {
        code: undefined, param: 'duration',
        message: 'Invalid duration: must be one of forever, once, or repeating' }],
    'E4 a duration in another case': [{ ...percent, duration: 'Once' }, { code: undefined, param: 'duration' }],
    'E5 amount_off below 1': [{ amount_off: 0, currency: 'usd' }, {
        code: 'parameter_invalid_integer', param: 'amount_off' }],
    'E5 max_redemptions below 1': [{ ...percent, max_redemptions: 0 }, {
        code: 'parameter_invalid_integer', param: 'max_redemptions' }],
    'E5 duration_in_months below 1': [{ ...percent, duration: 'repeating', duration_in_months: 0 }, {
        code: 'parameter_invalid_integer', param: 'duration_in_months' }],
    'E5 an amount of currency_options below 1': [{ ...amount, currency_options: { eur: { amount_off: 0 } } }, {
        code: 'parameter_invalid_integer', param: 'currency_options[eur][amount_off]' }],
    'E6 an empty percent_off': [{ percent_off: '' }, {
        code: 'parameter_invalid_empty', param: 'percent_off',
        message: "You passed an empty string for 'percent_off'. We assume empty values are an attempt to unset a " +
            "parameter; however 'percent_off' cannot be unset. You should remove 'percent_off' from your request " +
            'or supply a non-empty value.' }],
    'E6 an empty name': [{ ...percent, name: '' }, { code: 'parameter_invalid_empty', param: 'name' }],
    'E6 an empty duration': [{ ...percent, duration: '' }, { code: 'parameter_invalid_empty', param: 'duration' }],
    'E6 an empty product': [{ ...percent, applies_to: { products: [''] } }, {
        code: 'parameter_invalid_empty', param: 'applies_to[products][0]' }],
    'E7 a long name': [{ ...percent, name: 'n'.repeat(41) }, { code: undefined, param: 'name' }],
    'E8 currency_options that are no map': [{ ...amount, currency_options: 'abc' }, {
        code: undefined, param: 'currency_options', message: 'Invalid object' }],
    'E9 a key of currency_options in capitals': [{ ...amount, currency_options: { EUR: { amount_off: 1 } } }, {
        code: undefined, param: 'currency_options',
        message: 'Currencies must be lowercase when used as keys in a map. Use `eur` instead of `EUR`.' }],
    'E10 an unsupported currency': [{ amount_off: 1, currency: 'xyz' }, {
        code: undefined, param: 'currency',
        message: `Invalid currency: xyz. Stripe currently supports these currencies: ${CURRENCIES.join(', ')}` }],
    'E10 a currency of another length': [{ amount_off: 1, currency: 'us' }, { code: undefined, param: 'currency' }],
    'E10 an unsupported key of currency_options': [{ ...amount, currency_options: { xyz: { amount_off: 1 } } }, {
        code: undefined, param: 'currency_options',
        message: 'Invalid currency: xyz. Stripe currently supports these currencies: ' +
            `${KEY_CURRENCIES.join(', ')}.` }],
    'E1 an unknown key in an entry of currency_options': [{ ...amount, currency_options: { eur: { x: 1 } } }, {
        code: 'parameter_unknown', param: 'currency_options[eur][x]' }],
    'E11 neither percent_off nor amount_off': [{}, {
        code: 'parameter_missing', param: undefined, message: 'Must provide percent_off or amount_off.' }],
    'E11 a currency alone': [{ currency: 'usd' }, { code: 'parameter_missing', param: undefined }],
    'E12 both percent_off and amount_off': [{ ...percent, ...amount }, {
        code: undefined, param: undefined,
        message: 'Received both percent_off and amount_off parameters. Please pass in only one.' }],
    'E13 amount_off without currency': [{ amount_off: 1 }, {
        code: undefined, param: 'currency', message: 'You must pass currency when passing amount_off' }],
    'E14 repeating without months': [{ ...percent, duration: 'repeating' }, {
        code: undefined, param: 'duration',
        message: 'The duration_in_months param must be set when creating a coupon with a repeating duration' }],
    'months of a coupon that is used once': [{ ...percent, duration: 'once', duration_in_months: 3 }, {
        code: undefined, param: 'duration_in_months' }],
    'months of a coupon that is used forever': [{ ...percent, duration: 'forever', duration_in_months: 3 }, {
        code: undefined, param: 'duration_in_months' }],
    'E15 percent_off below 0.01': [{ percent_off: 0 }, {
        code: undefined, param: 'percent_off',
        message: "This value must be greater than or equal to 0.01 (it currently is '0.0')." }],
    'E15 a negative percent_off': [{ percent_off: -5 }, { code: undefined, param: 'percent_off' }],
    'E16 percent_off above 100': [{ percent_off: 150 }, { code: undefined, param: 'percent_off' }],
    'E17 percent_off with three decimals': [{ percent_off: '8.799' }, { code: undefined, param: 'percent_off' }],
    'E18 currency_options with percent_off': [{ ...percent, currency_options: { eur: { amount_off: 1 } } }, {
        code: undefined, param: 'currency_options',
        message: 'You may only specify one of these parameters: currency_options, percent_off.' }],
    'a key of currency_options that is the own currency': [
        { ...amount, currency_options: { usd: { amount_off: 1 } } },
        { code: undefined, param: 'currency_options' }],
    'E20 redeem_by in the past': [{ ...percent, redeem_by: 1000 }, {
        code: undefined, param: 'redeem_by',
        message: 'The parameter `redeem_by` expects a unix timestamp representing a date and time in the future. ' +
            'You specified the value `1000` which is in the past.' }],
    'E20b redeem_by more than five years ahead': [{ ...percent, redeem_by: now() + 6 * 366 * 86400 }, {
        code: undefined, param: 'redeem_by' }],
    'E20c an id with a blank': [{ ...percent, id: 'a b' }, { code: undefined, param: 'id' }],
    'E20c an id with a slash': [{ ...percent, id: 'a/b' }, { code: undefined, param: 'id' }],
    'E20c an id with a letter outside ASCII': [{ ...percent, id: 'prix-réduit' }, { code: undefined, param: 'id' }],
    'E22 an unknown product': [{ ...percent, applies_to: { products: ['prod_none'] } }, {
        code: 'resource_missing', param: 'applies_to[products][0]' }],
    'an array of products that is a text': [{ ...percent, applies_to: { products: 'prod_a' } }, {
        code: undefined, param: 'applies_to[products]', message: 'Invalid array' }],
    'applies_to that is a text': [{ ...percent, applies_to: 'prod_a' }, {
        code: undefined, param: 'applies_to', message: 'Invalid object' }],
};

for (const [what, [form, error]] of Object.entries(REFUSALS)) {
    test(`creating is refused: ${what}`, async () => {
        const { create, sdk } = account();
        refused(await create(form), { status: 400, type: 'invalid_request_error', ...error });
        assert.deepEqual((await sdk.coupons.list()).data, [], 'a refused coupon leaves nothing');
    });
}

test('creating is refused: E19 an id that is taken, whatever the rest', async () => {
    const { sdk, create } = account();
    await sdk.coupons.create({ id: 'TAKEN', percent_off: 10 });
    refused(await create({ id: 'TAKEN', amount_off: 1, currency: 'usd' }), {
        status: 400,
        type: 'invalid_request_error',
        code: 'resource_already_exists',
        param: undefined,
        message: 'Coupon already exists.',
    });
    assert.equal((await sdk.coupons.retrieve('TAKEN')).percent_off, 10);
});

test('an entry of currency_options needs its amount', async () => {
    const { call } = account();
    const answer = await call({
        method: 'POST',
        path: '/v1/coupons',
        body: 'amount_off=1&currency=usd&currency_options[eur]=',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    assert.equal(answer.status, 400, answer.text);
    assert.match(answer.json.error.param, /^currency_options(\[eur\](\[amount_off\])?)?$/);
});

test('currency_options with percent_off outranks a mistake in their keys', async () => {
    const { create } = account();
    refused(await create({ percent_off: 10, currency_options: { EUR: { amount_off: 1 } } }), {
        status: 400,
        code: undefined,
        param: 'currency_options',
        message: 'You may only specify one of these parameters: currency_options, percent_off.',
    });
});

test('a deleted product is as unknown as any, and named by its place', async () => {
    const { sdk, create } = account();
    await sdk.products.create({ id: 'prod_a', name: 'A' });
    await sdk.products.create({ id: 'prod_b', name: 'B' });
    await sdk.products.del('prod_b');
    const answer = await create({ percent_off: 5, applies_to: { products: ['prod_a', 'prod_b'] } });
    refused(answer, { status: 400, code: 'resource_missing', param: 'applies_to[products][1]' });
});

// ---- moments ----

test('redeem_by has to lie in the future, by a second at least', async () => {
    const { create } = account();
    const atOnce = await inOneSecond((second) => create({ percent_off: 1, redeem_by: second }));
    refused(atOnce, { status: 400, code: undefined, param: 'redeem_by', message: /which is in the past\.$/ });
    const next = await inOneSecond((second) => create({ percent_off: 1, redeem_by: second + 1 }));
    assert.equal(next.status, 200, next.text);
    assert.equal(next.json.valid, true);
});

test('redeem_by may lie five calendar years ahead, and not a second more', async () => {
    const { create } = account();
    const furthest = await inOneSecond((second) => create({ percent_off: 1, redeem_by: fiveYearsAfter(second) }));
    assert.equal(furthest.status, 200, furthest.text);
    const beyond = await inOneSecond((second) => create({ percent_off: 1, redeem_by: fiveYearsAfter(second) + 1 }));
    refused(beyond, { status: 400, type: 'invalid_request_error', code: undefined, param: 'redeem_by' });
});

test('a coupon is valid through the second of redeem_by and no longer', async () => {
    const { sdk } = account();
    // A busy machine may miss the last second; then another coupon gives another one.
    for (let seen = false, round = 0; !seen; round++) {
        const redeemBy = now() + 3;
        await sdk.coupons.create({ id: `SHORT${round}`, percent_off: 10, redeem_by: redeemBy });
        for (let ended = false; !ended;) {
            const { second, valid } = await inOneSecond(async (second) => ({
                second,
                valid: (await sdk.coupons.retrieve(`SHORT${round}`)).valid,
            }));
            assert.equal(valid, second <= redeemBy, `valid ${second - redeemBy} s after redeem_by`);
            seen ||= second === redeemBy;
            ended = second > redeemBy;
        }
    }
});

test('a coupon is valid below its cap and invalid at it', async () => {
    const { sdk, seed } = account();
    await seed(
        stored({ id: 'LEFT', max_redemptions: 3, times_redeemed: 2 }),
        stored({ id: 'USED', max_redemptions: 3, times_redeemed: 3 }),
        stored({ id: 'PAST', redeem_by: now() - 1 }),
    );
    assert.equal((await sdk.coupons.retrieve('LEFT')).valid, true);
    assert.equal((await sdk.coupons.retrieve('LEFT')).times_redeemed, 2);
    assert.equal((await sdk.coupons.retrieve('USED')).valid, false);
    assert.equal((await sdk.coupons.retrieve('PAST')).valid, false);
    const { data } = await sdk.coupons.list();
    assert.deepEqual(Object.fromEntries(data.map(({ id, valid }) => [id, valid])), {
        LEFT: true, USED: false, PAST: false,
    });
});

test('the answer to the redemption that uses a coupon up already shows it invalid', async () => {
    const key = newKey();
    const acacia = stripe(server, { key, apiVersion: '2025-02-24.acacia' });
    await acacia.coupons.create({ id: 'ONE', percent_off: 10, max_redemptions: 1 });
    const { discount } = await acacia.customers.create({ coupon: 'ONE' });
    assert.equal(discount.coupon.times_redeemed, 1);
    assert.equal(discount.coupon.valid, false);
    await rejects(acacia.customers.create({ coupon: 'ONE' }), {
        status: 400, type: 'invalid_request_error', code: 'coupon_expired', param: 'coupon',
    });
    assert.equal((await acacia.coupons.retrieve('ONE')).times_redeemed, 1);
});

test('E38 an expired coupon cannot be given to a customer', async () => {
    const { seed, call, sdk } = account();
    await seed(stored({ id: 'PAST', redeem_by: now() - 1 }));
    const answer = await call({
        method: 'POST', path: '/v1/customers', form: { coupon: 'PAST' }, version: '2025-02-24.acacia',
    });
    refused(answer, { status: 400, type: 'invalid_request_error', code: 'coupon_expired', param: 'coupon' });
    assert.deepEqual((await sdk.customers.list()).data, [], 'the customer was not made either');
    assert.equal((await sdk.coupons.retrieve('PAST')).times_redeemed, 0);
});

test('E22 a coupon of another account, a deleted one and one that never was cannot be given', async () => {
    const { call, sdk } = account();
    const other = account();
    await other.sdk.coupons.create({ id: 'THEIRS', percent_off: 10 });
    await sdk.coupons.create({ id: 'GONE', percent_off: 10 });
    await sdk.coupons.del('GONE');
    for (const coupon of ['THEIRS', 'GONE', 'NONE']) {
        const answer = await call({
            method: 'POST', path: '/v1/customers', form: { coupon }, version: '2025-02-24.acacia',
        });
        refused(answer, {
            status: 400, type: 'invalid_request_error', code: 'resource_missing', param: 'coupon',
            message: `No such coupon: '${coupon}'`,
        });
    }
});

// ---- changing ----

test('name, metadata and currency_options can be changed, and nothing else changes with them', async () => {
    const { sdk } = account();
    const made = await sdk.coupons.create({
        id: 'EDIT', amount_off: 100, currency: 'usd', name: 'Old', metadata: { a: '1' },
        currency_options: { eur: { amount_off: 90 } },
    });
    const updated = await sdk.coupons.update('EDIT', {
        name: 'New', metadata: { b: '2' }, currency_options: { jpy: { amount_off: 1000 } },
    });
    assert.deepEqual({ ...updated }, { ...made, name: 'New', metadata: { a: '1', b: '2' } });
    assert.deepEqual({ ...(await sdk.coupons.retrieve('EDIT')) }, { ...updated });
});

test('currency_options merge: given currencies are added or overwritten, others stay', async () => {
    const { sdk } = account();
    await sdk.coupons.create({
        id: 'MULTI', amount_off: 100, currency: 'usd',
        currency_options: { eur: { amount_off: 90 }, gbp: { amount_off: 80 } },
    });
    const expand = ['currency_options'];
    const currency_options = { gbp: { amount_off: 81 }, jpy: { amount_off: 1000 } };
    const expected = { eur: { amount_off: 90 }, gbp: { amount_off: 81 }, jpy: { amount_off: 1000 } };
    const updated = await sdk.coupons.update('MULTI', { currency_options, expand });
    assert.deepEqual(updated.currency_options, expected);
    assert.deepEqual((await sdk.coupons.retrieve('MULTI', { expand })).currency_options, expected);
});

test('currency_options of a change obey the rules of creation', async () => {
    const { sdk } = account();
    await sdk.coupons.create({ id: 'USD', amount_off: 100, currency: 'usd' });
    await sdk.coupons.create({ id: 'PERCENT', percent_off: 10 });
    const param = 'currency_options';
    const change = (id, currency_options) => sdk.coupons.update(id, { currency_options });
    await rejects(change('USD', { usd: { amount_off: 1 } }), { status: 400, code: undefined, param });
    await rejects(change('USD', { EUR: { amount_off: 1 } }), { status: 400, code: undefined, param });
    await rejects(change('USD', { xyz: { amount_off: 1 } }), { status: 400, code: undefined, param });
    await rejects(change('USD', { eur: { amount_off: 0 } }), {
        status: 400, code: 'parameter_invalid_integer', param: 'currency_options[eur][amount_off]',
    });
    await rejects(change('PERCENT', { eur: { amount_off: 1 } }), { status: 400, code: undefined, param });
    const untouched = await sdk.coupons.retrieve('USD', { expand: ['currency_options'] });
    assert(!('currency_options' in untouched));
});

test('an empty name unsets the name', async () => {
    const { sdk } = account();
    await sdk.coupons.create({ id: 'NAMED', percent_off: 10, name: 'Old' });
    assert.equal((await sdk.coupons.update('NAMED', { name: '' })).name, null);
    assert.equal((await sdk.coupons.retrieve('NAMED')).name, null);
});

test('a change without parameters changes nothing', async () => {
    const { sdk } = account();
    const made = await sdk.coupons.create({ percent_off: 10, name: 'Old' });
    assert.deepEqual({ ...(await sdk.coupons.update(made.id, {})) }, { ...made });
});

const FIXED = {
    id: 'OTHER', percent_off: 20, amount_off: 5, currency: 'usd', duration: 'forever', duration_in_months: 2,
    applies_to: { products: ['prod_a'] }, max_redemptions: 5, redeem_by: 1900000000, created: 1, livemode: true,
    times_redeemed: 0, valid: false, object: 'coupon',
};

test('E33 every other field is fixed', async () => {
    const { sdk, call } = account();
    const made = await sdk.coupons.create({ id: 'FIXED', percent_off: 10 });
    for (const [name, value] of Object.entries(FIXED)) {
        const answer = await call({ method: 'POST', path: '/v1/coupons/FIXED', form: { name: 'x', [name]: value } });
        const param = name === 'applies_to' ? /^applies_to/ : name;
        refused(answer, { status: 400, type: 'invalid_request_error', code: 'parameter_unknown', param });
        assert.match(answer.json.error.message, /^Received unknown parameter: /);
    }
    assert.deepEqual({ ...(await sdk.coupons.retrieve('FIXED')) }, { ...made }, 'nothing of it was done');
});

for (const name of ['created', 'livemode', 'object', 'times_redeemed', 'valid', 'deleted']) {
    test(`${name} cannot be chosen at creation`, async () => {
        const { create } = account();
        refused(await create({ percent_off: 10, [name]: 1 }), {
            status: 400, code: 'parameter_unknown', param: name, message: `Received unknown parameter: ${name}`,
        });
    });
}

// ---- deleting ----

test('a deleted coupon answers with three keys, then is gone everywhere (E34)', async () => {
    const { sdk, call } = account();
    await sdk.coupons.create({ id: 'GONE', percent_off: 10 });
    const { json } = await call({ method: 'DELETE', path: '/v1/coupons/GONE' });
    assert.deepEqual(json, { id: 'GONE', object: 'coupon', deleted: true });
    const missing = {
        status: 404, type: 'invalid_request_error', code: 'resource_missing', param: 'coupon',
        message: "No such coupon: 'GONE'",
    };
    await rejects(sdk.coupons.retrieve('GONE'), missing);
    await rejects(sdk.coupons.update('GONE', { name: 'x' }), missing);
    await rejects(sdk.coupons.del('GONE'), missing);
    assert.deepEqual((await sdk.coupons.list()).data, []);
});

test('E34 an id that never was', async () => {
    const { sdk } = account();
    const missing = {
        status: 404, type: 'invalid_request_error', code: 'resource_missing', param: 'coupon',
        message: "No such coupon: 'a b/c'",
    };
    await rejects(sdk.coupons.retrieve('a b/c'), missing);
    await rejects(sdk.coupons.update('a b/c', {}), missing);
    await rejects(sdk.coupons.del('a b/c'), missing);
});

test('deleting takes no parameters', async () => {
    const { sdk, call } = account();
    await sdk.coupons.create({ id: 'KEPT', percent_off: 10 });
    for (const [query, param] of [['reason=x', 'reason'], ['expand[]=applies_to', 'expand']]) {
        const answer = await call({ method: 'DELETE', path: `/v1/coupons/KEPT?${query}` });
        refused(answer, { status: 400, code: 'parameter_unknown', param });
    }
    assert.equal((await sdk.coupons.retrieve('KEPT')).id, 'KEPT');
});

test('the id of a deleted coupon can be used again, for another coupon', async () => {
    const { sdk } = account();
    const code = async (active) =>
        (await sdk.promotionCodes.list({ expand: ['data.promotion.coupon'], active })).data;
    await sdk.coupons.create({ id: 'AGAIN', percent_off: 10, name: 'First' });
    const first = await sdk.promotionCodes.create({
        promotion: { type: 'coupon', coupon: 'AGAIN' }, code: 'FIRST',
    });
    await sdk.coupons.del('AGAIN');
    await sdk.coupons.create({ id: 'AGAIN', percent_off: 20, name: 'Second' });
    const second = await sdk.promotionCodes.create({
        promotion: { type: 'coupon', coupon: 'AGAIN' }, code: 'SECOND',
    });
    assert.equal((await sdk.coupons.retrieve('AGAIN')).percent_off, 20);
    assert.deepEqual(ids(await sdk.coupons.list()), ['AGAIN']);

    const [old] = await code(false);
    assert.equal(old.id, first.id);
    assert.equal(old.promotion.coupon.name, 'First');
    assert.equal(old.promotion.coupon.percent_off, 10);
    assert.equal(old.promotion.coupon.valid, false);
    const [fresh] = await code(true);
    assert.equal(fresh.id, second.id);
    assert.equal(fresh.promotion.coupon.name, 'Second');
    assert.equal(fresh.promotion.coupon.valid, true);

    assert.deepEqual(ids(await sdk.promotionCodes.list({ coupon: 'AGAIN' })), [second.id]);
    await rejects(sdk.coupons.create({ id: 'AGAIN', percent_off: 30 }), { code: 'resource_already_exists' });
    await sdk.coupons.del('AGAIN');
    await sdk.coupons.create({ id: 'AGAIN', percent_off: 30 });
    assert.deepEqual((await sdk.promotionCodes.list({ coupon: 'AGAIN' })).data, []);
});

test('a discount outlives its coupon, which stays as it was but for valid', async () => {
    const key = newKey();
    const acacia = stripe(server, { key, apiVersion: '2025-02-24.acacia' });
    await acacia.coupons.create({ id: 'LIVES', percent_off: 10, duration: 'forever', name: 'Kept' });
    const { id } = await acacia.customers.create({ coupon: 'LIVES' });
    await acacia.coupons.del('LIVES');
    await acacia.coupons.create({ id: 'LIVES', percent_off: 99 });
    const { discount } = await acacia.customers.retrieve(id);
    assert.equal(discount.coupon.percent_off, 10);
    assert.equal(discount.coupon.name, 'Kept');
    assert.equal(discount.coupon.valid, false);
    assert.equal(discount.coupon.times_redeemed, 1);
    assert(!('deleted' in discount.coupon));
});

// ---- listing ----

test('a list has four keys and shows the newest first', async () => {
    const { call, sdk, seed } = account();
    assert.deepEqual((await call({ path: '/v1/coupons' })).json, {
        object: 'list', data: [], has_more: false, url: '/v1/coupons',
    });
    await seed(
        stored({ id: 'MIDDLE', created: 1700000050 }),
        stored({ id: 'OLD', created: 1700000000 }),
        stored({ id: 'NEW', created: 1700000100 }),
        stored({ id: 'NEW2', created: 1700000100 }),
    );
    await sdk.coupons.create({ id: 'NOW', percent_off: 10 });
    await sdk.coupons.create({ id: 'NOW2', percent_off: 10 });
    const { json } = await call({ path: '/v1/coupons?limit=50' });
    assert.deepEqual(Object.keys(json), ['object', 'data', 'has_more', 'url']);
    assert.equal(json.url, '/v1/coupons');
    assert.deepEqual(ids(json), ['NOW2', 'NOW', 'NEW2', 'NEW', 'MIDDLE', 'OLD']);
});

test('a list answers 10 by default; limit is clamped to 1 and 100', async () => {
    const { call, seed } = account();
    await seed(...Array.from({ length: 101 }, (_, i) => stored({ id: `C${i}`, created: 1700000000 + i })));
    const count = async (query) => (await call({ path: `/v1/coupons${query}` })).json.data.length;
    assert.equal(await count(''), 10);
    assert.equal(await count('?limit=3'), 3);
    assert.equal(await count('?limit=1'), 1);
    assert.equal(await count('?limit=0'), 1);
    assert.equal(await count('?limit=-7'), 1);
    assert.equal(await count('?limit=99'), 99);
    assert.equal(await count('?limit=100'), 100);
    assert.equal(await count('?limit=101'), 100);
    assert.equal(await count('?limit=2147483648'), 100);
    refused(await call({ path: '/v1/coupons?limit=ten' }), {
        status: 400, code: 'parameter_invalid_integer', param: 'limit', message: 'Invalid integer: ten',
    });
});

test('cursors lead through a list in both directions', async () => {
    const { sdk, seed } = account();
    await seed(...Array.from({ length: 7 }, (_, i) => stored({ id: `C${i}`, created: 1700000000 + i })));
    const page = async (params) => {
        const list = await sdk.coupons.list({ limit: 3, ...params });
        return [ids(list).join(' '), list.has_more];
    };
    assert.deepEqual(await page({}), ['C6 C5 C4', true]);
    assert.deepEqual(await page({ starting_after: 'C4' }), ['C3 C2 C1', true]);
    assert.deepEqual(await page({ starting_after: 'C1' }), ['C0', false]);
    assert.deepEqual(await page({ starting_after: 'C3' }), ['C2 C1 C0', false]);
    assert.deepEqual(await page({ starting_after: 'C0' }), ['', false]);
    assert.deepEqual(await page({ ending_before: 'C0' }), ['C3 C2 C1', true]);
    assert.deepEqual(await page({ ending_before: 'C3' }), ['C6 C5 C4', false]);
    assert.deepEqual(await page({ ending_before: 'C4' }), ['C6 C5', false]);
    assert.deepEqual(await page({ ending_before: 'C6' }), ['', false]);
});

test('a deleted coupon is still a position in the list', async () => {
    const { sdk, seed } = account();
    await seed(...[0, 1, 2].map((i) => stored({ id: `C${i}`, created: 1700000000 + i })));
    await sdk.coupons.del('C1');
    assert.deepEqual(ids(await sdk.coupons.list({ starting_after: 'C1' })), ['C0']);
    assert.deepEqual(ids(await sdk.coupons.list({ ending_before: 'C1' })), ['C2']);
});

test('unknown cursors are refused, and before both at once are', async () => {
    const { call, sdk } = account();
    await sdk.coupons.create({ id: 'A', percent_off: 1 });
    await sdk.coupons.create({ id: 'B', percent_off: 1 });
    const unknown = (param) => ({
        status: 400, type: 'invalid_request_error', code: 'resource_missing', param,
        message: "No such coupon: 'none'",
    });
    refused(await call({ path: '/v1/coupons?starting_after=none' }), unknown('starting_after'));
    refused(await call({ path: '/v1/coupons?ending_before=none' }), unknown('ending_before'));
    refused(await call({ path: '/v1/coupons?starting_after=A&ending_before=none' }), unknown('ending_before'));
    refused(await call({ path: '/v1/coupons?starting_after=A&ending_before=B' }), {
        status: 400, type: 'invalid_request_error', code: undefined,
        message: 'Received both starting_after and ending_before parameters. Please pass in only one.',
    });
});

test('created filters by equality and by ranges', async () => {
    const { sdk, seed } = account();
    await seed(...[10, 20, 30].map((second) => stored({ id: `C${second}`, created: 1700000000 + second })));
    const at = (second) => 1700000000 + second;
    const list = async (created) => ids(await sdk.coupons.list({ created })).join(' ');
    assert.equal(await list(at(20)), 'C20');
    assert.equal(await list(at(21)), '');
    assert.equal(await list({ gt: at(20) }), 'C30');
    assert.equal(await list({ gte: at(20) }), 'C30 C20');
    assert.equal(await list({ lt: at(20) }), 'C10');
    assert.equal(await list({ lte: at(20) }), 'C20 C10');
    assert.equal(await list({ gt: at(10), lt: at(30) }), 'C20');
    assert.equal(await list({ gte: at(10), lte: at(30) }), 'C30 C20 C10');
    await rejects(sdk.coupons.list({ created: { eq: 1 } }), {
        status: 400, code: 'parameter_unknown', param: 'created[eq]',
        message: 'Received unknown parameter: created[eq]',
    });
    await rejects(sdk.coupons.list({ created: { gt: 'x' } }), {
        status: 400, code: 'parameter_invalid_integer', param: 'created[gt]',
    });
});

test('the SDK pages through 27 coupons of the same second without a gap, forwards and backwards', async () => {
    const { sdk, seed } = account();
    const all = Array.from({ length: 27 }, (_, i) => `C${i}`);
    await seed(...all.map((id) => stored({ id })));
    const forwards = await sdk.coupons.list({ limit: 7 }).autoPagingToArray({ limit: 100 });
    assert.deepEqual(forwards.map(({ id }) => id), all.toReversed());
    const backwards = await sdk.coupons.list({ limit: 7, ending_before: 'C0' }).autoPagingToArray({ limit: 100 });
    assert.deepEqual(backwards.map(({ id }) => id), all.slice(1));
});

test('the coupons of one account are invisible to another', async () => {
    const mine = account();
    const theirs = account();
    await mine.sdk.coupons.create({ id: 'MINE', percent_off: 10 });
    await rejects(theirs.sdk.coupons.retrieve('MINE'), { status: 404, code: 'resource_missing' });
    assert.deepEqual((await theirs.sdk.coupons.list()).data, []);
    await theirs.sdk.coupons.create({ id: 'MINE', percent_off: 20 });
    assert.equal((await mine.sdk.coupons.retrieve('MINE')).percent_off, 10);
});
