// Promotion codes: every field, parameter and refusal, uniqueness of codes, what makes them active, lists.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { newKey, raw, stripe } from '../lib/client.js';
import { start } from '../lib/server.js';

const ACACIA = '2025-02-24.acacia'; // the last version in which customers take coupons and codes

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const now = () => Math.floor(Date.now() / 1000);
const ids = ({ data }) => data.map(({ id }) => id);
const codes = ({ data }) => data.map(({ code }) => code);

// One account with the coupon SALE, or with another one of that id.
async function account(coupon = {}) {
    const key = newKey();
    const sdk = stripe(server, { key });
    const promotion = { type: 'coupon', coupon: 'SALE' };
    const made = {
        sdk,
        promotion,
        call: (request) => raw(server, { key, ...request }),
        post: (form) => raw(server, { key, method: 'POST', path: '/v1/promotion_codes', form }),
        code: (params) => sdk.promotionCodes.create({ promotion, ...params }),
        customer: async () => (await sdk.customers.create({})).id,
        // Gives a new or an existing customer a code, the way that exists until basil.
        redeem: (code, customer) => raw(server, {
            key,
            method: 'POST',
            path: customer ? `/v1/customers/${customer}` : '/v1/customers',
            form: { promotion_code: code },
            version: ACACIA,
        }),
        async seed(...objects) {
            const body = objects.map((object) => JSON.stringify(object)).join('\n');
            const answer = await raw(server, { key, method: 'POST', path: '/_dev/seed', body });
            assert.equal(answer.status, 200, answer.text);
        },
    };
    await made.seed({
        id: 'SALE', object: 'coupon', percent_off: 10, duration: 'once', created: 1700000000, ...coupon,
    });
    return made;
}

// A code of SALE as the API shows it, for seed().
function stored(id, fields) {
    const restrictions = { first_time_transaction: false, minimum_amount: null, minimum_amount_currency: null };
    return {
        id, object: 'promotion_code', active: true, code: id.replace('promo_', ''), created: 1700000000,
        promotion: { type: 'coupon', coupon: 'SALE' }, restrictions, ...fields,
    };
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

const TAKEN = (code) => ({
    status: 400,
    type: 'invalid_request_error',
    code: undefined,
    param: undefined,
    message: `An active promotion code with \`code: ${code}\` already exists.`,
});

// ---- creating ----

test('a plain code answers with every field and three restrictions', async () => {
    const { sdk, code } = await account();
    const earliest = now();
    const made = await code();
    assert.match(made.id, /^promo_1[A-Za-z0-9]{23}$/);
    assert.match(made.code, /^[A-Z0-9]{8}$/);
    assert(made.created >= earliest && made.created <= now(), `created: ${made.created}`);
    assert.deepEqual({ ...made }, {
        id: made.id,
        object: 'promotion_code',
        active: true,
        code: made.code,
        created: made.created,
        customer: null,
        customer_account: null,
        expires_at: null,
        livemode: false,
        max_redemptions: null,
        metadata: {},
        promotion: { coupon: 'SALE', type: 'coupon' },
        restrictions: { first_time_transaction: false, minimum_amount: null, minimum_amount_currency: null },
        times_redeemed: 0,
    });
    assert.deepEqual({ ...(await sdk.promotionCodes.retrieve(made.id)) }, { ...made });
});

test('a code with every parameter keeps all of them', async () => {
    const { code, customer } = await account();
    const owner = await customer();
    const expiresAt = now() + 86400;
    const made = await code({
        active: false,
        code: 'Save_10-x',
        customer: owner,
        expires_at: expiresAt,
        max_redemptions: 7,
        metadata: { shop: 'north' },
        restrictions: {
            first_time_transaction: true,
            minimum_amount: 5000,
            minimum_amount_currency: 'USD',
            currency_options: { jpy: { minimum_amount: 7000 }, eur: { minimum_amount: 4500 } },
        },
        expand: ['restrictions.currency_options'],
    });
    assert.deepEqual({ ...made }, {
        id: made.id,
        object: 'promotion_code',
        active: false,
        code: 'Save_10-x',
        created: made.created,
        customer: owner,
        customer_account: null,
        expires_at: expiresAt,
        livemode: false,
        max_redemptions: 7,
        metadata: { shop: 'north' },
        promotion: { coupon: 'SALE', type: 'coupon' },
        restrictions: {
            currency_options: { eur: { minimum_amount: 4500 }, jpy: { minimum_amount: 7000 } },
            first_time_transaction: true,
            minimum_amount: 5000,
            minimum_amount_currency: 'usd',
        },
        times_redeemed: 0,
    });
});

test('a code can be bound to a customer account instead of a customer', async () => {
    const { sdk, code } = await account();
    const made = await code({ customer_account: 'acct_1' });
    assert.equal(made.customer_account, 'acct_1');
    assert.equal(made.customer, null);
    await code({ customer_account: 'acct_2' });
    assert.deepEqual(ids(await sdk.promotionCodes.list({ customer_account: 'acct_1' })), [made.id]);
});

test('generated codes are 8 capitals and digits, never twice the same', async () => {
    const { code } = await account();
    const seen = new Set();
    for (let i = 0; i < 20; i++) {
        const made = await code({ code: i % 2 ? '' : undefined });
        assert.match(made.code, /^[A-Z0-9]{8}$/);
        seen.add(made.code);
    }
    assert.equal(seen.size, 20);
});

test('expires_at is inherited from redeem_by; max_redemptions is not inherited', async () => {
    const redeemBy = now() + 86400;
    const { code } = await account({ redeem_by: redeemBy, max_redemptions: 5 });
    const made = await code();
    assert.equal(made.expires_at, redeemBy);
    assert.equal(made.max_redemptions, null);
    assert.equal((await code({ expires_at: redeemBy - 60 })).expires_at, redeemBy - 60);
    assert.equal((await code({ expires_at: redeemBy })).expires_at, redeemBy);
});

// ---- refusals of creating, by the row of the error table; a message stands where it was observed ----

const SALE = { promotion: { type: 'coupon', coupon: 'SALE' } };
const restricted = (restrictions) => ({ ...SALE, restrictions });

const REFUSALS = {
    'E1 an unknown parameter': [{ ...SALE, colour: 'red' }, {
        code: 'parameter_unknown', param: 'colour', message: 'Received unknown parameter: colour' }],
    'E1 an unknown restriction': [restricted({ colour: 'red' }), {
        code: 'parameter_unknown', param: 'restrictions[colour]',
        message: 'Received unknown parameter: restrictions[colour]' }],
    'E1 the parameter of older versions': [{ coupon: 'SALE' }, {
        code: 'parameter_unknown', param: 'coupon', message: 'Received unknown parameter: coupon' }],
    'E2 no promotion': [{ code: 'X' }, {
        code: 'parameter_missing', param: 'promotion', message: 'Missing required param: promotion.' }],
    'E2 a promotion without type': [{ promotion: { coupon: 'SALE' } }, {
        code: 'parameter_missing', param: 'promotion[type]', message: 'Missing required param: promotion[type].' }],
    'E3 not an integer': [{ ...SALE, max_redemptions: 'abc' }, {
        code: 'parameter_invalid_integer', param: 'max_redemptions', message: 'Invalid integer: abc' }],
    'E4 no such type of promotion': [{ promotion: { type: 'gift', coupon: 'SALE' } }, {
        code: undefined, param: 'promotion[type]' }],
    'E5 max_redemptions below 1': [{ ...SALE, max_redemptions: 0 }, {
        code: 'parameter_invalid_integer', param: 'max_redemptions' }],
    'E5 minimum_amount below 1': [restricted({ minimum_amount: 0, minimum_amount_currency: 'usd' }), {
        code: 'parameter_invalid_integer', param: 'restrictions[minimum_amount]' }],
    'E6 an empty coupon': [{ promotion: { type: 'coupon', coupon: '' } }, {
        code: 'parameter_invalid_empty', param: 'promotion[coupon]' }],
    'E6 an empty customer': [{ ...SALE, customer: '' }, { code: 'parameter_invalid_empty', param: 'customer' }],
    'E6 empty metadata': [{ ...SALE, metadata: '' }, { code: 'parameter_invalid_empty', param: 'metadata' }],
    'E6 an empty active': [{ ...SALE, active: '' }, { code: 'parameter_invalid_empty', param: 'active' }],
    'E7 a long code': [{ ...SALE, code: 'c'.repeat(501) }, { code: undefined, param: 'code' }],
    'E8 a promotion that is a text': [{ promotion: 'SALE' }, {
        code: undefined, param: 'promotion', message: 'Invalid object' }],
    'E8 restrictions that are a text': [{ ...SALE, restrictions: 'none' }, {
        code: undefined, param: 'restrictions', message: 'Invalid object' }],
    'E9 a key of currency_options in capitals': [
        restricted({ currency_options: { EUR: { minimum_amount: 1 } } }), {
            code: undefined, param: 'restrictions[currency_options]',
            message: 'Currencies must be lowercase when used as keys in a map. Use `eur` instead of `EUR`.' }],
    'E10 an unsupported currency': [restricted({ minimum_amount: 1, minimum_amount_currency: 'xyz' }), {
        code: undefined, param: 'restrictions[minimum_amount_currency]',
        message: /^Invalid currency: xyz\. Stripe currently supports these currencies: usd, aed, afn, .* mro$/ }],
    'E10 an unsupported key of currency_options': [
        restricted({ currency_options: { xyz: { minimum_amount: 1 } } }), {
            code: undefined, param: 'restrictions[currency_options]',
            message: /^Invalid currency: xyz\. Stripe currently supports these currencies: usd, .* mro\.$/ }],
    'E20 expires_at in the past': [{ ...SALE, expires_at: 1000 }, {
        code: undefined, param: 'expires_at',
        message: 'The parameter `expires_at` expects a unix timestamp representing a date and time in the ' +
            'future. You specified the value `1000` which is in the past.' }],
    'E20b expires_at more than five years ahead': [{ ...SALE, expires_at: now() + 6 * 366 * 86400 }, {
        code: undefined, param: 'expires_at',
        message: 'Invalid timestamp: can be no more than five years in the future.' }],
    'E21 a type of promotion without its coupon': [{ promotion: { type: 'coupon' } }, {
        code: undefined, param: 'promotion.coupon',
        message: 'You must pass promotion.coupon when passing promotion' }],
    'E22 an unknown coupon': [{ promotion: { type: 'coupon', coupon: 'NONE' } }, {
        code: 'resource_missing', param: 'promotion[coupon]', message: "No such coupon: 'NONE'" }],
    'E23 an unknown customer': [{ ...SALE, customer: 'cus_none' }, {
        code: 'resource_missing', param: 'customer', message: "No such customer: 'cus_none'" }],
    'E24 a code with blanks': [{ ...SALE, code: 'has spaces!' }, {
        code: undefined, param: 'code',
        message: 'This value must match the regex pattern. (/\\A[a-zA-Z0-9\\-_]+\\z/ does not match for the value ' +
            'has spaces!).' }],
    'E24 a code with a full-width letter': [{ ...SALE, code: 'SAVE１０' }, { code: undefined, param: 'code' }],
    'E24 a code with a Cyrillic letter': [{ ...SALE, code: 'SАVE' }, { code: undefined, param: 'code' }],
    'E24 a code with a dotless i': [{ ...SALE, code: 'savıng' }, { code: undefined, param: 'code' }],
    'E24 a code with a line end': [{ ...SALE, code: 'SAVE\n' }, { code: undefined, param: 'code' }],
    'E26 minimum_amount without its currency': [restricted({ minimum_amount: 100 }), {
        code: undefined, param: 'restrictions[minimum_amount_currency]' }],
    'the currency of a minimum amount without the amount': [restricted({ minimum_amount_currency: 'usd' }), {
        code: undefined, param: 'restrictions[minimum_amount]' }],
    'E29 currency_options with minimum_amount_currency': [
        restricted({
            minimum_amount: 1, minimum_amount_currency: 'usd', currency_options: { usd: { minimum_amount: 1 } },
        }), { code: undefined, param: 'restrictions[currency_options]' }],
    'first_time_transaction that is no boolean': [restricted({ first_time_transaction: 'maybe' }), {
        code: undefined, param: 'restrictions[first_time_transaction]', message: 'Invalid boolean: maybe' }],
    'active that is no boolean': [{ ...SALE, active: 'yes' }, {
        code: undefined, param: 'active', message: 'Invalid boolean: yes' }],
    'both customer and customer_account': [{ ...SALE, customer: 'CUSTOMER', customer_account: 'acct_1' }, {
        code: undefined,
        message: 'You may only specify one of these parameters: customer, customer_account.' }],
};

for (const [what, [form, error]] of Object.entries(REFUSALS)) {
    test(`creating is refused: ${what}`, async () => {
        const { sdk, post, customer } = await account();
        if (form.customer === 'CUSTOMER') form.customer = await customer();
        refused(await post(form), { status: 400, type: 'invalid_request_error', ...error });
        assert.deepEqual((await sdk.promotionCodes.list()).data, [], 'a refused code leaves nothing');
    });
}

test('creating is refused: E2 no coupon, before clover', async () => {
    const { call } = await account();
    const post = (form) => call({
        method: 'POST', path: '/v1/promotion_codes', form, version: '2025-08-27.basil',
    });
    refused(await post({ code: 'X' }), {
        status: 400, type: 'invalid_request_error', code: 'parameter_missing', param: 'coupon',
        message: 'Missing required param: coupon.',
    });
    refused(await post({ coupon: 'NONE' }), {
        status: 400, type: 'invalid_request_error', code: 'resource_missing', param: 'coupon',
        message: "No such coupon: 'NONE'",
    });
    const answer = await post({ promotion: { type: 'coupon', coupon: 'SALE' } });
    refused(answer, { status: 400, type: 'invalid_request_error', code: 'parameter_unknown', param: /^promotion/ });
});

test('E23 a deleted customer takes no code', async () => {
    const { sdk, code, customer } = await account();
    const id = await customer();
    await sdk.customers.del(id);
    await rejects(code({ customer: id }), {
        status: 400, type: 'invalid_request_error', code: 'resource_missing', param: 'customer',
        message: `No such customer: '${id}'`,
    });
});

test('E27 and E28: a code cannot outlast its coupon or go beyond its cap', async () => {
    const redeemBy = now() + 86400;
    const { code } = await account({ redeem_by: redeemBy, max_redemptions: 5 });
    await rejects(code({ expires_at: redeemBy + 1 }), {
        status: 400, type: 'invalid_request_error', code: undefined, param: 'expires_at',
    });
    await rejects(code({ max_redemptions: 6 }), {
        status: 400, type: 'invalid_request_error', code: undefined, param: 'max_redemptions',
    });
    const made = await code({ expires_at: redeemBy, max_redemptions: 5 });
    assert.equal(made.max_redemptions, 5);
});

test('E30 a deleted coupon takes no code', async () => {
    const { sdk, code, call } = await account();
    await sdk.coupons.del('SALE');
    const missing = {
        status: 400, type: 'invalid_request_error', code: 'resource_missing', message: "No such coupon: 'SALE'",
    };
    await rejects(code(), { ...missing, param: 'promotion[coupon]' });
    const version = '2025-08-27.basil';
    const before = await call({ method: 'POST', path: '/v1/promotion_codes', form: { coupon: 'SALE' }, version });
    refused(before, { ...missing, param: 'coupon' });
});

test('E31 an expired or used up coupon takes no code', async () => {
    for (const state of [{ redeem_by: now() - 1 }, { max_redemptions: 2, times_redeemed: 2 }]) {
        const { code, call } = await account(state);
        const expired = { status: 400, type: 'invalid_request_error', code: 'coupon_expired' };
        await rejects(code(), { ...expired, param: 'promotion[coupon]' });
        const version = '2025-08-27.basil';
        const old = await call({ method: 'POST', path: '/v1/promotion_codes', form: { coupon: 'SALE' }, version });
        refused(old, { ...expired, param: 'coupon' });
    }
});

test('expires_at has to lie in the future, and at most five calendar years ahead', async () => {
    const { post } = await account();
    const at = (moment) => inOneSecond((second) => post({ ...SALE, expires_at: moment(second) }));
    refused(await at((second) => second), { status: 400, code: undefined, param: 'expires_at' });
    assert.equal((await at((second) => second + 1)).status, 200);
    assert.equal((await at(fiveYearsAfter)).status, 200);
    refused(await at((second) => fiveYearsAfter(second) + 1), {
        status: 400, code: undefined, param: 'expires_at',
        message: 'Invalid timestamp: can be no more than five years in the future.',
    });
});

for (const name of ['id', 'created', 'livemode', 'object', 'times_redeemed']) {
    test(`${name} cannot be chosen`, async () => {
        const { post, code, call } = await account();
        const unknown = { status: 400, code: 'parameter_unknown', param: name };
        refused(await post({ ...SALE, [name]: 1 }), unknown);
        const { id } = await code();
        refused(await call({ method: 'POST', path: `/v1/promotion_codes/${id}`, form: { [name]: 1 } }), unknown);
    });
}

// ---- uniqueness ----

test('E25 an active code excludes every other spelling of itself', async () => {
    const { code } = await account();
    const made = await code({ code: 'Save10' });
    assert.equal(made.code, 'Save10');
    for (const spelling of ['Save10', 'SAVE10', 'save10', 'sAvE10']) {
        await rejects(code({ code: spelling }), TAKEN(spelling));
    }
    await code({ code: 'SAVE-10' });
});

test('codes of different coupons exclude each other too', async () => {
    const { sdk, code } = await account();
    await sdk.coupons.create({ id: 'OTHER', percent_off: 5 });
    await code({ code: 'BOTH' });
    await rejects(code({ code: 'BOTH', promotion: { type: 'coupon', coupon: 'OTHER' } }), TAKEN('BOTH'));
});

test('codes restricted to different customers may share a text, those of one customer may not', async () => {
    const { code, customer } = await account();
    const [first, second] = [await customer(), await customer()];
    await code({ code: 'VIP', customer: first });
    await code({ code: 'vip', customer: second });
    await rejects(code({ code: 'Vip', customer: first }), TAKEN('Vip'));
    await code({ code: 'VIP', customer_account: 'acct_1' });
    await code({ code: 'VIP', customer_account: 'acct_2' });
    await rejects(code({ code: 'VIP', customer_account: 'acct_2' }), TAKEN('VIP'));
});

test('an open code excludes restricted ones, and a restricted one excludes an open one', async () => {
    const { code, customer } = await account();
    const owner = await customer();
    await code({ code: 'OPEN' });
    await rejects(code({ code: 'open', customer: owner }), TAKEN('open'));
    await rejects(code({ code: 'open', customer_account: 'acct_1' }), TAKEN('open'));
    await code({ code: 'OWN', customer: owner });
    await rejects(code({ code: 'own' }), TAKEN('own'));
});

test('deactivating a code frees its text; an inactive code never takes one', async () => {
    const { sdk, code } = await account();
    const first = await code({ code: 'FREE' });
    await sdk.promotionCodes.update(first.id, { active: false });
    const second = await code({ code: 'FREE' });
    await code({ code: 'free', active: false });
    await rejects(code({ code: 'FREE' }), TAKEN('FREE'));
    await rejects(sdk.promotionCodes.update(first.id, { active: true }), TAKEN('FREE'));
    assert.equal((await sdk.promotionCodes.retrieve(first.id)).active, false);
    await sdk.promotionCodes.update(second.id, { active: false });
    assert.equal((await sdk.promotionCodes.update(first.id, { active: true })).active, true);
    await rejects(code({ code: 'FREE' }), TAKEN('FREE'));
});

const SPENT = {
    expired: { expires_at: 1700000001 },
    'used up': { max_redemptions: 2, times_redeemed: 2 },
};
for (const [state, fields] of Object.entries(SPENT)) {
    test(`a code that is ${state} frees its text, and stays inactive for good`, async () => {
        const { sdk, code, seed } = await account();
        await seed(stored('promo_SPENT', fields));
        assert.equal((await sdk.promotionCodes.retrieve('promo_SPENT')).active, false);
        await code({ code: 'spent' });
        await rejects(sdk.promotionCodes.update('promo_SPENT', { active: true }), {
            status: 400, type: 'invalid_request_error', code: undefined, param: 'active',
        });
        assert.equal((await sdk.promotionCodes.retrieve('promo_SPENT')).active, false);
    });
}

test('the code of a deleted, an expired and a used up coupon frees its text', async () => {
    const ends = {
        deleted: [{}, (sdk) => sdk.coupons.del('SALE')],
        expired: [{ redeem_by: now() - 1 }, () => {}],
        'used up': [{ max_redemptions: 1, times_redeemed: 1 }, () => {}],
    };
    for (const [state, [coupon, end]] of Object.entries(ends)) {
        const { sdk, seed } = await account(coupon);
        await seed(stored('promo_ITS'));
        await end(sdk);
        assert.equal((await sdk.promotionCodes.retrieve('promo_ITS')).active, false, state);
        await sdk.coupons.create({ id: 'NEXT', percent_off: 5 });
        await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: 'NEXT' }, code: 'Its' });
        await rejects(sdk.promotionCodes.update('promo_ITS', { active: true }), {
            status: 400, type: 'invalid_request_error', code: undefined, param: 'active',
        });
    }
});

test('a code whose text has expired, is taken anew and then deactivated cannot come back (E32)', async () => {
    const { sdk, code, seed } = await account();
    await seed(stored('promo_OLD', { expires_at: 1700000001 }));
    const { id } = await code({ code: 'OLD' });
    await sdk.promotionCodes.update(id, { active: false });
    await rejects(sdk.promotionCodes.update('promo_OLD', { active: true }), {
        status: 400, type: 'invalid_request_error', code: undefined, param: 'active',
    });
    assert.equal((await sdk.promotionCodes.update(id, { active: true })).active, true);
});

test('the same text in two accounts is no conflict', async () => {
    await (await account()).code({ code: 'SAME' });
    await (await account()).code({ code: 'SAME' });
});

// ---- what makes a code active ----

test('a code is inactive from the second of expires_at on, its coupon only after that of redeem_by', async () => {
    // A busy machine may miss the second in question; then another account gives another one.
    for (let seen = false; !seen;) {
        const { sdk, seed } = await account();
        const end = now() + 3;
        const promotion = { type: 'coupon', coupon: 'SHORT' };
        await sdk.coupons.create({ id: 'SHORT', percent_off: 10, redeem_by: end });
        const { id } = await sdk.promotionCodes.create({ promotion });
        // Without an own end, which only a code from elsewhere can be, it ends with its coupon.
        await seed(stored('promo_LONG', { promotion }));
        for (let ended = false; !ended;) {
            const { second, code, lists } = await inOneSecond(async (second) => ({
                second,
                code: await sdk.promotionCodes.retrieve(id, { expand: ['promotion.coupon'] }),
                lists: [
                    ids(await sdk.promotionCodes.list({ active: true })),
                    ids(await sdk.promotionCodes.list({ active: false })),
                ],
            }));
            const expected = { [id]: second < end, promo_LONG: second <= end };
            const named = (active) => Object.keys(expected).filter((each) => expected[each] === active);
            assert.equal(code.expires_at, end);
            assert.equal(code.active, expected[id], `active ${second - end} s after expires_at`);
            assert.equal(code.promotion.coupon.valid, second <= end, `valid ${second - end} s after redeem_by`);
            assert.deepEqual(lists, [named(true), named(false)], `listed ${second - end} s after the end`);
            seen ||= second === end;
            ended = second > end;
        }
    }
});

test('active is false as soon as the coupon is deleted, and the coupon still shows', async () => {
    const { sdk, code } = await account();
    const made = await code({ code: 'ITS' });
    await sdk.coupons.del('SALE');
    const after = await sdk.promotionCodes.retrieve(made.id, { expand: ['promotion.coupon'] });
    assert.equal(after.active, false);
    assert.equal(after.promotion.coupon.id, 'SALE');
    assert.equal(after.promotion.coupon.object, 'coupon');
    assert.equal(after.promotion.coupon.valid, false);
    assert(!('deleted' in after.promotion.coupon), 'the whole coupon, not a stub');
    await rejects(sdk.promotionCodes.update(made.id, { active: true }), {
        status: 400, type: 'invalid_request_error', code: undefined, param: 'active',
    });
});

test('a redemption counts on the code and the coupon, and the last one deactivates all codes of it', async () => {
    const { sdk, code, redeem } = await account({ max_redemptions: 2 });
    const [first, second] = [await code({ max_redemptions: 1 }), await code()];
    assert.equal((await redeem(first.id)).status, 200);
    const used = await sdk.promotionCodes.retrieve(first.id);
    assert.deepEqual([used.times_redeemed, used.active], [1, false]);
    const other = await sdk.promotionCodes.retrieve(second.id);
    assert.deepEqual([other.times_redeemed, other.active], [0, true]);
    assert.equal((await sdk.coupons.retrieve('SALE')).times_redeemed, 1);

    assert.equal((await redeem(second.id)).status, 200);
    assert.equal((await sdk.promotionCodes.retrieve(second.id)).active, false);
    const coupon = await sdk.coupons.retrieve('SALE');
    assert.deepEqual([coupon.times_redeemed, coupon.valid], [2, false]);
});

test('E38 an expired or used up code cannot be given to a customer', async () => {
    const { sdk, seed, redeem } = await account();
    await seed(
        stored('promo_PAST', { expires_at: now() - 1 }),
        stored('promo_USED', { max_redemptions: 1, times_redeemed: 1 }),
    );
    for (const id of ['promo_PAST', 'promo_USED']) {
        refused(await redeem(id), {
            status: 400, type: 'invalid_request_error', code: 'coupon_expired', param: 'promotion_code',
        });
    }
    assert.deepEqual((await sdk.customers.list()).data, [], 'no customer was made');
    assert.equal((await sdk.coupons.retrieve('SALE')).times_redeemed, 0);
});

test('E38 nor can a code of an expired, used up or deleted coupon', async () => {
    for (const state of [{ redeem_by: now() - 1 }, { max_redemptions: 1, times_redeemed: 1 }, {}]) {
        const { sdk, seed, redeem } = await account(state);
        await seed(stored('promo_ITS'));
        if (Object.keys(state).length === 0) await sdk.coupons.del('SALE');
        refused(await redeem('promo_ITS'), {
            status: 400, type: 'invalid_request_error', code: 'coupon_expired', param: 'promotion_code',
        });
    }
});

test('E39 a code that was switched off cannot be given', async () => {
    const { sdk, code, redeem } = await account();
    const { id } = await code({ active: false });
    refused(await redeem(id), {
        status: 400, type: 'invalid_request_error', code: undefined, param: 'promotion_code',
    });
    assert.equal((await sdk.promotionCodes.retrieve(id)).times_redeemed, 0);
});

test('E36 an unknown code cannot be given', async () => {
    const { redeem } = await account();
    refused(await redeem('promo_none'), {
        status: 400, type: 'invalid_request_error', code: 'resource_missing', param: 'promotion_code',
        message: "No such promotion code: 'promo_none'",
    });
});

test('E40 a first-time code can be given to a customer without transactions', async () => {
    const { code, redeem } = await account();
    const { id } = await code({ restrictions: { first_time_transaction: true } });
    const { json } = await redeem(id);
    assert.equal(json.discount.promotion_code, id);
});

test('E44 a code of another customer cannot be given, the own one can', async () => {
    const { code, customer, redeem } = await account();
    const [owner, other] = [await customer(), await customer()];
    const { id } = await code({ customer: owner });
    for (const customer of [other, undefined]) {
        refused(await redeem(id, customer), {
            status: 400, type: 'invalid_request_error', code: 'promotion_code_customer_mismatch',
            param: 'promotion_code',
        });
    }
    const { json } = await redeem(id, owner);
    assert.equal(json.discount.promotion_code, id);
    assert.equal(json.discount.customer, owner);
});

test('a code with a minimum amount cannot be given to a customer', async () => {
    const { code, redeem } = await account();
    const { id } = await code({ restrictions: { minimum_amount: 1, minimum_amount_currency: 'usd' } });
    refused(await redeem(id), { status: 400, type: 'invalid_request_error', param: 'promotion_code' });
});

test('E49 a coupon and a code together are refused', async () => {
    const { code, call } = await account();
    const { id } = await code();
    const answer = await call({
        method: 'POST', path: '/v1/customers', form: { coupon: 'SALE', promotion_code: id }, version: ACACIA,
    });
    refused(answer, {
        status: 400, type: 'invalid_request_error', code: undefined, param: 'coupon',
        message: 'You may only specify one of these parameters: coupon, promotion_code.',
    });
});

// ---- retrieving and changing ----

test('E35 a code is found by its id only', async () => {
    const { sdk, code } = await account();
    await code({ code: 'TYPED' });
    for (const id of ['promo_none', 'TYPED']) {
        const missing = {
            status: 404, type: 'invalid_request_error', code: 'resource_missing', param: 'promotion_code',
            message: `No such promotion code: '${id}'`,
        };
        await rejects(sdk.promotionCodes.retrieve(id), missing);
        await rejects(sdk.promotionCodes.update(id, { active: false }), missing);
    }
});

test('a code cannot be deleted', async () => {
    const { code, call } = await account();
    const { id } = await code();
    refused(await call({ method: 'DELETE', path: `/v1/promotion_codes/${id}` }), {
        status: 404, type: 'invalid_request_error', code: undefined, param: undefined,
        message: `Unrecognized request URL (DELETE: /v1/promotion_codes/${id}). Please see ` +
            'https://stripe.com/docs or we can help at https://support.stripe.com/.',
    });
});

test('active, metadata and currency_options can be changed, and nothing else changes with them', async () => {
    const { sdk, code } = await account();
    const made = await code({
        metadata: { a: '1', b: '2' },
        restrictions: {
            minimum_amount: 100, minimum_amount_currency: 'usd',
            currency_options: { eur: { minimum_amount: 90 }, gbp: { minimum_amount: 80 } },
        },
    });
    const updated = await sdk.promotionCodes.update(made.id, {
        active: false,
        metadata: { b: '', c: '3' },
        restrictions: { currency_options: { gbp: { minimum_amount: 81 }, jpy: { minimum_amount: 1000 } } },
    });
    assert.deepEqual({ ...updated }, { ...made, active: false, metadata: { a: '1', c: '3' } });
    const expanded = await sdk.promotionCodes.retrieve(made.id, { expand: ['restrictions.currency_options'] });
    assert.deepEqual(expanded.restrictions, {
        currency_options: {
            eur: { minimum_amount: 90 }, gbp: { minimum_amount: 81 }, jpy: { minimum_amount: 1000 },
        },
        first_time_transaction: false,
        minimum_amount: 100,
        minimum_amount_currency: 'usd',
    });
    assert.equal((await sdk.promotionCodes.update(made.id, { active: true })).active, true);
    assert.deepEqual((await sdk.promotionCodes.update(made.id, { metadata: '' })).metadata, {});
});

test('E29 a change cannot put minimum_amount_currency among the currency_options either', async () => {
    const { sdk, code } = await account();
    const { id } = await code({ restrictions: { minimum_amount: 100, minimum_amount_currency: 'usd' } });
    await rejects(
        sdk.promotionCodes.update(id, { restrictions: { currency_options: { usd: { minimum_amount: 1 } } } }),
        { status: 400, type: 'invalid_request_error', code: undefined, param: 'restrictions[currency_options]' });
});

test('the restriction by currency stays hidden until it is expanded', async () => {
    const { sdk, code } = await account();
    const made = await code({ restrictions: { currency_options: { eur: { minimum_amount: 90 } } } });
    assert(!('currency_options' in made.restrictions));
    const expand = ['data.restrictions.currency_options'];
    const [listed] = (await sdk.promotionCodes.list({ expand })).data;
    assert.deepEqual(listed.restrictions.currency_options, { eur: { minimum_amount: 90 } });
    const plain = await code({ expand: ['restrictions.currency_options'] });
    assert(!('currency_options' in plain.restrictions), 'none set, none shown');
});

test('E33 every other field is fixed', async () => {
    const { sdk, code, call } = await account();
    const made = await code({ code: 'FIXED' });
    const forms = {
        code: { code: 'OTHER' },
        coupon: { coupon: 'SALE' },
        customer: { customer: 'cus_x' },
        customer_account: { customer_account: 'acct_1' },
        expires_at: { expires_at: now() + 100 },
        max_redemptions: { max_redemptions: 5 },
        'promotion[coupon]': { promotion: { coupon: 'SALE' } },
        'restrictions[first_time_transaction]': { restrictions: { first_time_transaction: true } },
        'restrictions[minimum_amount]': { restrictions: { minimum_amount: 1 } },
        'restrictions[minimum_amount_currency]': { restrictions: { minimum_amount_currency: 'usd' } },
    };
    for (const [param, form] of Object.entries(forms)) {
        const path = `/v1/promotion_codes/${made.id}`;
        const answer = await call({ method: 'POST', path, form: { active: false, ...form } });
        const named = param.startsWith('promotion[') ? /^promotion/ : param;
        refused(answer, { status: 400, type: 'invalid_request_error', code: 'parameter_unknown', param: named });
    }
    assert.deepEqual({ ...(await sdk.promotionCodes.retrieve(made.id)) }, { ...made }, 'nothing of it was done');
});

test('repeating a switch changes nothing', async () => {
    const { sdk, code } = await account();
    const { id } = await code({ code: 'TWICE' });
    assert.equal((await sdk.promotionCodes.update(id, { active: true })).active, true);
    assert.equal((await sdk.promotionCodes.update(id, { active: false })).active, false);
    assert.equal((await sdk.promotionCodes.update(id, { active: false })).active, false);
});

test('an expired code can still be switched off and changed', async () => {
    const { sdk, seed } = await account();
    await seed(stored('promo_PAST', { expires_at: 1700000001 }));
    assert.equal((await sdk.promotionCodes.update('promo_PAST', { active: false })).active, false);
    assert.deepEqual((await sdk.promotionCodes.update('promo_PAST', { metadata: { a: 'b' } })).metadata, { a: 'b' });
});

// ---- listing ----

test('active filters by whether a code can be redeemed now', async () => {
    const { sdk, seed } = await account();
    await seed(
        { id: 'GONE', object: 'coupon', percent_off: 5, duration: 'once' },
        { id: 'PAST', object: 'coupon', percent_off: 5, duration: 'once', redeem_by: now() - 1 },
        { id: 'USED', object: 'coupon', percent_off: 5, duration: 'once', max_redemptions: 1, times_redeemed: 1 },
        stored('promo_1', { created: 1700000001 }),
        stored('promo_2', { created: 1700000002, active: false }),
        stored('promo_3', { created: 1700000003, expires_at: 1700000004 }),
        stored('promo_4', { created: 1700000004, max_redemptions: 1, times_redeemed: 1 }),
        stored('promo_5', { created: 1700000005, promotion: { type: 'coupon', coupon: 'GONE' } }),
        stored('promo_6', { created: 1700000006, promotion: { type: 'coupon', coupon: 'PAST' } }),
        stored('promo_7', { created: 1700000007, promotion: { type: 'coupon', coupon: 'USED' } }),
        stored('promo_8', { created: 1700000008, expires_at: now() + 86400, max_redemptions: 2, times_redeemed: 1 }),
    );
    await sdk.coupons.del('GONE');
    const list = async (active) => ids(await sdk.promotionCodes.list({ active })).map((id) => id.at(-1)).join('');
    assert.equal(await list(true), '81');
    assert.equal(await list(false), '765432');
    assert.equal(await list(undefined), '87654321');
    for (const code of (await sdk.promotionCodes.list()).data) {
        assert.equal(code.active, ['promo_1', 'promo_8'].includes(code.id), code.id);
    }
    await rejects(sdk.promotionCodes.list({ active: 'maybe' }), {
        status: 400, code: undefined, param: 'active', message: 'Invalid boolean: maybe',
    });
});

test('code finds every spelling, active and inactive, and nothing similar', async () => {
    const { sdk, code, customer } = await account();
    const first = await code({ code: 'Save10' });
    await sdk.promotionCodes.update(first.id, { active: false });
    await code({ code: 'SAVE10', customer: await customer() });
    await code({ code: 'SAVE100' });
    for (const spelling of ['save10', 'SAVE10', 'sAvE10']) {
        assert.deepEqual(codes(await sdk.promotionCodes.list({ code: spelling })), ['SAVE10', 'Save10']);
    }
    assert.deepEqual(codes(await sdk.promotionCodes.list({ code: 'save10', active: true })), ['SAVE10']);
    assert.deepEqual(codes(await sdk.promotionCodes.list({ code: 'save' })), []);
    assert.deepEqual(codes(await sdk.promotionCodes.list({ code: 'SAVE_0' })), [], '_ is no wildcard');
});

test('a text that no code can have is found nowhere, and an empty one is refused', async () => {
    const { call, code } = await account();
    await code({ code: 'SAVE10' });
    for (const text of ['SAVE%2010', 'SAVE10%20', 'S%C3%84VE', '%25']) {
        const { status, json } = await call({ path: `/v1/promotion_codes?code=${text}` });
        assert.equal(status, 200, JSON.stringify(json));
        assert.deepEqual(json.data, []);
    }
    refused(await call({ path: '/v1/promotion_codes?code=' }), {
        status: 400, type: 'invalid_request_error', code: 'parameter_invalid_empty', param: 'code',
    });
});

test('coupon, customer and created filter, alone and together', async () => {
    const { sdk, seed, customer } = await account();
    const [one, two] = [await customer(), await customer()];
    const other = { promotion: { type: 'coupon', coupon: 'OTHER' } };
    await seed(
        { id: 'OTHER', object: 'coupon', percent_off: 5, duration: 'once' },
        stored('promo_1', { created: 1700000010 }),
        stored('promo_2', { created: 1700000020, ...other }),
        stored('promo_3', { created: 1700000030, customer: one }),
        stored('promo_4', { created: 1700000040, customer: two, ...other }),
    );
    const list = async (params) => ids(await sdk.promotionCodes.list(params)).map((id) => id.at(-1)).join('');
    assert.equal(await list({ coupon: 'SALE' }), '31');
    assert.equal(await list({ coupon: 'OTHER' }), '42');
    assert.equal(await list({ customer: one }), '3');
    assert.equal(await list({ customer: two, coupon: 'SALE' }), '');
    assert.equal(await list({ created: 1700000020 }), '2');
    assert.equal(await list({ created: { gt: 1700000020 } }), '43');
    assert.equal(await list({ created: { gte: 1700000020 } }), '432');
    assert.equal(await list({ created: { lt: 1700000030 } }), '21');
    assert.equal(await list({ created: { lte: 1700000030 } }), '321');
    assert.equal(await list({ created: { gte: 1700000020, lt: 1700000040 }, coupon: 'OTHER' }), '2');
});

test('the filter by coupon keeps its name in every version', async () => {
    const { call, seed } = await account();
    await seed(stored('promo_1'));
    for (const version of ['2020-08-27', '2025-08-27.basil', '2025-09-30.clover', '2026-10-28.endive']) {
        const { json } = await call({ path: '/v1/promotion_codes?coupon=SALE', version });
        assert.deepEqual(ids(json), ['promo_1'], version);
        refused(await call({ path: '/v1/promotion_codes?promotion[coupon]=SALE', version }), {
            status: 400, code: 'parameter_unknown', param: /^promotion/,
        });
    }
});

test('E37 a filter that names an unknown or deleted object is refused', async () => {
    const { sdk, call } = await account();
    const list = (query) => call({ path: `/v1/promotion_codes?${query}` });
    const missing = { status: 400, type: 'invalid_request_error', code: 'resource_missing' };
    refused(await list('coupon=NONE'), { ...missing, param: 'coupon', message: "No such coupon: 'NONE'" });
    refused(await list('customer=cus_none'), {
        ...missing, param: 'customer', message: "No such customer: 'cus_none'",
    });
    await sdk.coupons.del('SALE');
    refused(await list('coupon=SALE'), { ...missing, param: 'coupon', message: "No such coupon: 'SALE'" });
});

test('a list has four keys, the newest first, and is led through by cursors', async () => {
    const { call, sdk, seed } = await account();
    assert.deepEqual((await call({ path: '/v1/promotion_codes?active=true' })).json, {
        object: 'list', data: [], has_more: false, url: '/v1/promotion_codes',
    });
    await seed(...[0, 1, 2, 3, 4].map((i) => stored(`promo_${i}`, { created: 1700000000 + i, active: i !== 2 })));
    const page = async (params) => {
        const list = await sdk.promotionCodes.list({ limit: 2, ...params });
        return [ids(list).map((id) => id.at(-1)).join(''), list.has_more];
    };
    assert.deepEqual(await page({}), ['43', true]);
    assert.deepEqual(await page({ starting_after: 'promo_3' }), ['21', true]);
    assert.deepEqual(await page({ starting_after: 'promo_1' }), ['0', false]);
    assert.deepEqual(await page({ ending_before: 'promo_0' }), ['21', true]);
    assert.deepEqual(await page({ ending_before: 'promo_2' }), ['43', false]);
    // A cursor that the filter leaves out is still a position.
    assert.deepEqual(await page({ active: true, starting_after: 'promo_2' }), ['10', false]);
    assert.deepEqual(await page({ active: true, starting_after: 'promo_4' }), ['31', true]);
});

test('unknown cursors are refused, and before both at once are', async () => {
    const { call, code } = await account();
    const [a, b] = [await code(), await code()];
    const list = (query) => call({ path: `/v1/promotion_codes?${query}` });
    const unknown = (param) => ({
        status: 400, type: 'invalid_request_error', code: 'resource_missing', param,
        message: "No such promotion code: 'promo_none'",
    });
    refused(await list('starting_after=promo_none'), unknown('starting_after'));
    refused(await list('ending_before=promo_none'), unknown('ending_before'));
    refused(await list(`starting_after=${a.id}&ending_before=promo_none`), unknown('ending_before'));
    refused(await list(`starting_after=${a.id}&ending_before=${b.id}`), {
        status: 400, type: 'invalid_request_error', code: undefined,
        message: 'Received both starting_after and ending_before parameters. Please pass in only one.',
    });
});

test('the SDK pages through 26 codes with a filter without a gap, forwards and backwards', async () => {
    const { sdk, seed } = await account();
    const all = Array.from({ length: 52 }, (_, i) => `promo_${i}`);
    await seed(...all.map((id, i) => stored(id, { created: 1700000000 + (i >> 2), active: i % 2 === 0 })));
    const expected = all.filter((_, i) => i % 2 === 0).toReversed();
    const forwards = await sdk.promotionCodes.list({ active: true, limit: 6 }).autoPagingToArray({ limit: 100 });
    assert.deepEqual(forwards.map(({ id }) => id), expected);
    const backwards = await sdk.promotionCodes.list({ active: true, limit: 6, ending_before: 'promo_0' })
        .autoPagingToArray({ limit: 100 });
    assert.deepEqual(backwards.map(({ id }) => id), expected.slice(0, -1).toReversed());
});
