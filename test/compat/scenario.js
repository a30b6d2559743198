// What a shop does with coupons and promotion codes, once, for every client and API version.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { rejects } from '../lib/assert.js';
import { newKey } from '../lib/client.js';

// Where versions differ in what the scenario sees.
function shapeOf(version) {
    const clover = version >= '2025-09-30';
    return {
        clover,
        // Customers took coupons and promotion codes directly until basil.
        customersTakeCoupons: version < '2025-03-31',
        customerAccount: version >= '2025-12-15',
        ofCoupon: (id) => (clover ? { promotion: { type: 'coupon', coupon: id } } : { coupon: id }),
        couponOf: (code) => (clover ? code.promotion.coupon : code.coupon.id),
        // The other era's parameter, and how a refusal names it.
        wrongEra: (id) => (clover ? { coupon: id } : { promotion: { type: 'coupon', coupon: id } }),
        wrongParam: clover ? /^coupon$/ : /^promotion/,
        couponParam: clover ? 'promotion[coupon]' : 'coupon',
    };
}

// Stripe's order of keys: id and object, then the alphabet.
function inOrder(object) {
    const { id: _, object: __, ...rest } = object;
    assert.deepEqual(Object.keys(object), ['id', 'object', ...Object.keys(rest).sort()]);
}

// `connect` makes a client of clients.js; `getServer` answers the running server.
export function scenario(name, connect, getServer) {
    describe(name, () => {
        let client;
        let shape;
        before(() => {
            client = connect(getServer(), newKey());
            shape = shapeOf(client.version);
        });
        after(() => client?.close());

        const create = (resource, params, idempotencyKey) =>
            client.call(resource, 'create', { params, idempotencyKey });
        const retrieve = (resource, id, params) => client.call(resource, 'retrieve', { id, params });
        const update = (resource, id, params) => client.call(resource, 'update', { id, params });
        const list = async (resource, params) => (await client.call(resource, 'list', { params })).data;
        const ids = (items) => items.map(({ id }) => id);

        const launch = {
            id: 'LAUNCH25',
            object: 'coupon',
            amount_off: null,
            created: 0, // filled in below
            currency: null,
            duration: 'repeating',
            duration_in_months: 3,
            livemode: false,
            max_redemptions: 50,
            metadata: { campaign: 'spring', channel: 'mail' },
            name: null,
            percent_off: 25.5,
            redeem_by: null,
            times_redeemed: 0,
            valid: true,
        };
        let code; // of LAUNCH25
        let made = 0; // coupons made so far

        test('creates a percent coupon', async () => {
            const coupon = await create('coupons', {
                id: 'LAUNCH25',
                percent_off: 25.5,
                duration: 'repeating',
                duration_in_months: 3,
                max_redemptions: 50,
                metadata: { campaign: 'spring', channel: 'mail' },
            });
            made++;
            assert(Math.abs(coupon.created - Date.now() / 1000) < 60, `created: ${coupon.created}`);
            launch.created = coupon.created;
            assert.deepEqual(coupon, launch);
            inOrder(coupon);
        });

        test('retrieves it', async () => {
            assert.deepEqual(await retrieve('coupons', 'LAUNCH25'), launch);
        });

        test('updates the name and merges and unsets metadata', async () => {
            launch.name = 'Launch';
            launch.metadata = { campaign: 'spring', region: 'eu' };
            const metadata = { channel: '', region: 'eu' };
            assert.deepEqual(await update('coupons', 'LAUNCH25', { name: 'Launch', metadata }), launch);
            assert.deepEqual(await retrieve('coupons', 'LAUNCH25'), launch);
        });

        test('creates an amount coupon with an id of the server', async () => {
            const coupon = await create('coupons', { amount_off: 500, currency: 'EUR', name: 'Five off' });
            made++;
            assert.match(coupon.id, /^[A-Za-z0-9]{8}$/);
            assert.equal(coupon.amount_off, 500);
            assert.equal(coupon.currency, 'eur');
            assert.equal(coupon.percent_off, null);
            assert.equal(coupon.duration, 'once');
            assert.equal(coupon.name, 'Five off');
        });

        test('refuses a coupon id that is taken', async () => {
            await rejects(create('coupons', { id: 'LAUNCH25', percent_off: 10 }), {
                status: 400,
                type: 'invalid_request_error',
                code: 'resource_already_exists',
                param: undefined,
                message: 'Coupon already exists.',
            });
        });

        test('refuses an unknown parameter', async () => {
            await rejects(create('coupons', { percent_off: 10, colour: 'red' }), {
                status: 400,
                type: 'invalid_request_error',
                code: 'parameter_unknown',
                param: 'colour',
                message: 'Received unknown parameter: colour',
            });
        });

        test('creates a promotion code in the shape of its version', async () => {
            code = await create('promotionCodes', {
                ...shape.ofCoupon('LAUNCH25'),
                code: 'Launch-A1',
                max_redemptions: 10,
                metadata: { shop: 'north' },
            });
            assert.match(code.id, /^promo_[A-Za-z0-9]{24}$/);
            assert.equal(shape.couponOf(code), 'LAUNCH25');
            assert.deepEqual(code, {
                id: code.id,
                object: 'promotion_code',
                active: true,
                code: 'Launch-A1',
                ...(shape.clover || { coupon: launch }),
                created: code.created,
                customer: null,
                ...(shape.customerAccount && { customer_account: null }),
                expires_at: null,
                livemode: false,
                max_redemptions: 10,
                metadata: { shop: 'north' },
                ...(shape.clover && { promotion: { coupon: 'LAUNCH25', type: 'coupon' } }),
                restrictions: {
                    first_time_transaction: false,
                    minimum_amount: null,
                    minimum_amount_currency: null,
                },
                times_redeemed: 0,
            });
            inOrder(code);
            assert.deepEqual(await retrieve('promotionCodes', code.id), code);
        });

        test('refuses the shape of the other era', async () => {
            await rejects(create('promotionCodes', shape.wrongEra('LAUNCH25')), {
                status: 400,
                type: 'invalid_request_error',
                code: 'parameter_unknown',
                param: shape.wrongParam,
            });
        });

        test('refuses a promotion code for a coupon that does not exist', async () => {
            await rejects(create('promotionCodes', shape.ofCoupon('NOPE')), {
                status: 400,
                code: 'resource_missing',
                param: shape.couponParam,
                message: "No such coupon: 'NOPE'",
            });
        });

        test('makes up the text of a code', async () => {
            const other = await create('promotionCodes', {
                ...shape.ofCoupon('LAUNCH25'),
                restrictions: { minimum_amount: 2000, minimum_amount_currency: 'eur' },
            });
            assert.match(other.code, /^[A-Z0-9]{8}$/);
            assert.equal(other.restrictions.minimum_amount, 2000);
            assert.equal(other.restrictions.minimum_amount_currency, 'eur');
        });

        test('finds a code by its text, whatever the case', async () => {
            assert.deepEqual(await list('promotionCodes', { code: 'Launch-A1' }), [code]);
            assert.deepEqual(await list('promotionCodes', { code: 'launch-a1', active: true }), [code]);
            assert.deepEqual(await list('promotionCodes', { code: 'launch-a2' }), []);
            assert.equal((await list('promotionCodes', { coupon: 'LAUNCH25' })).length, 2);
        });

        test('refuses a second active code with the same text, whatever the case', async () => {
            const refusal = { status: 400, type: 'invalid_request_error', code: undefined, param: undefined };
            await rejects(create('promotionCodes', { ...shape.ofCoupon('LAUNCH25'), code: 'Launch-A1' }), {
                ...refusal,
                message: 'An active promotion code with `code: Launch-A1` already exists.',
            });
            await rejects(create('promotionCodes', { ...shape.ofCoupon('LAUNCH25'), code: 'LAUNCH-a1' }), {
                ...refusal,
                message: /^An active promotion code with `code: launch-a1` already exists\.$/i,
            });
        });

        test('expands', async () => {
            if (shape.clover) {
                const expanded = { ...code, promotion: { coupon: launch, type: 'coupon' } };
                assert.deepEqual(
                    await retrieve('promotionCodes', code.id, { expand: ['promotion.coupon'] }), expanded);
                assert.deepEqual(
                    await list('promotionCodes', { code: 'Launch-A1', expand: ['data.promotion.coupon'] }),
                    [expanded]);
            } else {
                // The coupon is embedded already; asking for it changes nothing.
                assert.deepEqual(await retrieve('promotionCodes', code.id, { expand: ['coupon'] }), code);
                assert.deepEqual(
                    await list('promotionCodes', { code: 'Launch-A1', expand: ['data.coupon'] }), [code]);
            }
            await rejects(retrieve('promotionCodes', code.id, { expand: ['colour'] }), {
                status: 400,
                code: undefined,
                message: 'This property cannot be expanded (colour).',
            });
        });

        test('deactivates a code, which frees its text', async () => {
            const inactive = await update('promotionCodes', code.id, { active: false, metadata: { shop: '' } });
            code = { ...code, active: false, metadata: {} };
            assert.deepEqual(inactive, code);
            assert.deepEqual(await list('promotionCodes', { code: 'Launch-A1', active: true }), []);

            const second = await create('promotionCodes', { ...shape.ofCoupon('LAUNCH25'), code: 'LAUNCH-A1' });
            assert.deepEqual(ids(await list('promotionCodes', { code: 'launch-a1' })), [second.id, code.id]);
            await rejects(update('promotionCodes', code.id, { active: true }), {
                status: 400,
                type: 'invalid_request_error',
            });

            await update('promotionCodes', second.id, { active: false });
            assert.equal((await update('promotionCodes', code.id, { active: true })).active, true);
        });

        test('answers a retry with the first answer', async () => {
            const params = { percent_off: 10, duration: 'forever' };
            const first = await create('coupons', params, 'retry-1');
            made++;
            assert.deepEqual(await create('coupons', params, 'retry-1'), first);
            await rejects(create('coupons', { ...params, percent_off: 11 }, 'retry-1'), {
                status: 400,
                type: 'idempotency_error',
                code: undefined,
            });
        });

        test('pages through more than one page', async () => {
            const newest = [];
            for (let n = 1; n <= 12; n++) {
                newest.unshift((await create('coupons', { id: `PAGE-${n}`, percent_off: n })).id);
                made++;
            }
            const coupons = await client.all('coupons', { limit: 5 });
            assert.deepEqual(ids(coupons).slice(0, 12), newest);
            assert.equal(new Set(ids(coupons)).size, made);
            assert.equal((await list('coupons')).length, 10);
        });

        test('puts a coupon on a customer before basil, and not since', async () => {
            const email = 'jenny@example.com';
            if (!shape.customersTakeCoupons) {
                for (const param of ['coupon', 'promotion_code']) {
                    await rejects(create('customers', { email, [param]: 'LAUNCH25' }), {
                        status: 400,
                        code: 'parameter_unknown',
                        param,
                    });
                }
                assert.equal((await create('customers', { email })).discount, null);
                return;
            }
            const direct = await create('customers', { email, coupon: 'LAUNCH25' });
            assert.equal(direct.discount.object, 'discount');
            assert.equal(direct.discount.coupon.id, 'LAUNCH25');
            assert.equal(direct.discount.coupon.times_redeemed, 1);
            assert.equal(direct.discount.customer, direct.id);
            assert.equal(direct.discount.promotion_code, null);

            const byCode = await create('customers', { email, promotion_code: code.id });
            assert.equal(byCode.discount.coupon.times_redeemed, 2);
            assert.equal(byCode.discount.promotion_code, code.id);
            assert.equal((await retrieve('promotionCodes', code.id)).times_redeemed, 1);
            assert.equal((await retrieve('coupons', 'LAUNCH25')).times_redeemed, 2);
        });

        test('deletes a coupon, and its codes are inactive for good', async () => {
            assert.deepEqual(await client.call('coupons', 'delete', { id: 'LAUNCH25' }), {
                id: 'LAUNCH25',
                object: 'coupon',
                deleted: true,
            });
            const missing = {
                status: 404,
                type: 'invalid_request_error',
                code: 'resource_missing',
                param: 'coupon',
                message: "No such coupon: 'LAUNCH25'",
            };
            await rejects(retrieve('coupons', 'LAUNCH25'), missing);
            await rejects(client.call('coupons', 'delete', { id: 'LAUNCH25' }), missing);

            const orphan = await retrieve('promotionCodes', code.id);
            assert.equal(orphan.active, false);
            assert.equal(shape.couponOf(orphan), 'LAUNCH25');
            await rejects(update('promotionCodes', code.id, { active: true }), { status: 400 });
        });
    });
}
