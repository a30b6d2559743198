// Discounts of invoices and their items: who owns them, what is inherited, what the parameter accepts, what redeeming
// is refused for and when it counts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rejects } from '../lib/assert.js';
import { ACACIA, CLOVER, invoicing } from '../lib/invoices.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const DISCOUNTS = 20; // DISCOUNTS_MAX

async function world(fields) {
    const own = invoicing(server);
    const { id: customer } = await own.sdk.customers.create(fields);
    return {
        ...own,
        customer,
        half: async (more) => (await own.coupon(more)).id,
        code: async (coupon, more) =>
            (await own.sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon }, ...more })).id,
        // A draft of 1000 for the customer.
        invoice: (more) => own.draft({ customer, ...more }),
        item: (more) => own.sdk.invoiceItems.create({ customer, amount: 1000, currency: 'usd', ...more }),
        discounts: async (id) => (await own.sdk.invoices.retrieve(id, { expand: ['discounts'] })).discounts,
        uses: async (coupon) => (await own.sdk.coupons.retrieve(coupon)).times_redeemed,
    };
}

// The surfaces that take discounts[]: how to make something with them, and how to change it.
const SURFACES = {
    invoice: {
        create: ({ sdk, customer }, discounts) => sdk.invoices.create({ customer, discounts }),
        update: ({ sdk }, id, discounts) => sdk.invoices.update(id, { discounts }),
        retrieve: ({ sdk }, id) => sdk.invoices.retrieve(id, { expand: ['discounts'] }),
        list: ({ sdk }) => sdk.invoices.list(),
    },
    invoice_item: {
        create: ({ item }, discounts) => item({ discounts }),
        update: ({ sdk }, id, discounts) => sdk.invoiceItems.update(id, { discounts }),
        retrieve: ({ sdk }, id) => sdk.invoiceItems.retrieve(id, { expand: ['discounts'] }),
        list: ({ sdk }) => sdk.invoiceItems.list(),
    },
};

for (const [surface, { create, update, retrieve, list }] of Object.entries(SURFACES)) {
    // ---- ownership ----

    test(`${surface}: a discount is of its owner and its customer`, async () => {
        const own = await world();
        const coupon = await own.half();
        const code = await own.code(coupon);
        const { id } = await create(own, [{ promotion_code: code }]);
        const { discounts: [discount, ...more] } = await retrieve(own, id);
        assert.deepEqual(more, []);
        const { object, customer, invoice, invoice_item, subscription, subscription_item, checkout_session, source, end,
            promotion_code, start: begin } = discount;
        assert.deepEqual({ object, customer, subscription, subscription_item, checkout_session, end, promotion_code }, {
            object: 'discount', customer: own.customer, subscription: null, subscription_item: null,
            checkout_session: null, end: null, promotion_code: code,
        });
        assert.deepEqual({ invoice, invoice_item }, { invoice: null, invoice_item: null, [surface]: id });
        assert.deepEqual([source.type, source.coupon], ['coupon', coupon]);
        assert.match(discount.id, /^di_/);
        assert(Math.abs(begin - Date.now() / 1000) < 60);
        assert.equal(await own.uses(coupon), 1);
        assert.equal((await own.sdk.promotionCodes.retrieve(code)).times_redeemed, 1);
    });

    // ---- the parameter ----

    test(`${surface}: an update replaces, keeps what is named, keeps everything when omitted, clears when empty`, async () => {
        const own = await world();
        const [one, two, three] = [await own.half(), await own.half(), await own.half()];
        const code = await own.code(three);
        const { id, discounts: [first, second] } = await create(own, [{ coupon: one }, { coupon: two }]);
        assert.deepEqual((await update(own, id, undefined)).discounts, [first, second]);
        const { discounts: kept } = await update(own, id, [{ promotion_code: code }, { discount: first }]);
        assert.deepEqual([kept.length, kept[1]], [2, first], 'in the order of the call');
        assert(![first, second].includes(kept[0]));
        const again = await update(own, id, [{ discount: first }, { coupon: two }]);
        assert.notEqual(again.discounts[1], second, 'what has ended is redeemed anew');
        assert.deepEqual((await update(own, id, '')).discounts, []);
        assert.deepEqual([await own.uses(one), await own.uses(two), await own.uses(three)], [1, 2, 1],
            'keeping is no use, and uses are not given back');
        await rejects(update(own, id, [{ discount: first }]), {
            status: 400, code: 'resource_missing', param: 'discounts[0][discount]',
            message: `No such discount: '${first}'`,
        });
    });

    test(`${surface}: nothing is made or counted when a later discount is refused`, async () => {
        const own = await world();
        const coupon = await own.half();
        const refusedWith = { status: 400, code: 'resource_missing', param: 'discounts[1][coupon]' };
        await rejects(create(own, [{ coupon }, { coupon: 'none' }]), refusedWith);
        assert.deepEqual((await list(own)).data, []);
        const { id, discounts } = await create(own, [{ coupon }]);
        await rejects(update(own, id, [{ coupon: await own.half() }, { coupon: 'none' }]), refusedWith);
        const { discounts: [left] } = await retrieve(own, id);
        assert.deepEqual([left.id, left.deleted], [discounts[0], undefined]);
        assert.equal(await own.uses(coupon), 1);
    });

    for (const { name, element, param, code } of [
        { name: 'no coupon', element: { coupon: 'none' }, param: '[coupon]', code: 'resource_missing' },
        { name: 'no code', element: { promotion_code: 'promo_none' }, param: '[promotion_code]', code: 'resource_missing' },
        { name: 'no discount', element: { discount: 'di_none' }, param: '[discount]', code: 'resource_missing' },
        { name: 'two of them', element: { coupon: 'A', discount: 'di_none' }, param: '' },
        { name: 'something else', element: { foo: '1' }, param: '[foo]', code: 'parameter_unknown' },
        { name: 'an empty coupon', element: { coupon: '' }, param: '[coupon]', code: 'parameter_invalid_empty' },
    ]) {
        test(`${surface}: an entry with ${name} is refused`, async () => {
            const own = await world();
            await own.sdk.coupons.create({ id: 'A', percent_off: 10 });
            await rejects(create(own, [element]),
                { status: 400, type: 'invalid_request_error', param: `discounts[0]${param}`, code });
        });
    }

    test(`${surface}: one coupon works once, whether named itself, by a code, or by its discount`, async () => {
        const own = await world();
        const coupon = await own.half();
        const [code, other] = [await own.code(coupon), await own.code(coupon)];
        const message = /more than once/;
        await rejects(create(own, [{ coupon }, { coupon }]), { status: 400, param: 'discounts[1][coupon]', message });
        await rejects(create(own, [{ coupon }, { promotion_code: code }]),
            { status: 400, param: 'discounts[1][promotion_code]', message });
        await rejects(create(own, [{ promotion_code: other }, { promotion_code: code }]),
            { status: 400, param: 'discounts[1][promotion_code]', message });
        const { id, discounts: [discount] } = await create(own, [{ coupon }]);
        for (const entry of [{ coupon }, { promotion_code: code }, { discount }]) {
            await rejects(update(own, id, [{ discount }, entry]), { status: 400, message });
        }
        assert.equal(await own.uses(coupon), 1);
    });

    test(`${surface}: ${DISCOUNTS} discounts, not one more`, async () => {
        const own = await world();
        const all = [];
        for (let i = 0; i <= DISCOUNTS; i++) all.push({ coupon: await own.half() });
        assert.equal((await create(own, all.slice(0, DISCOUNTS - 1))).discounts.length, DISCOUNTS - 1);
        const { id, discounts } = await create(own, all.slice(0, DISCOUNTS));
        assert.equal(discounts.length, DISCOUNTS);
        await rejects(create(own, all), {
            status: 400, param: 'discounts', message: `Array discounts exceeded maximum ${DISCOUNTS} allowed elements.`,
        });
        await rejects(update(own, id, all), { status: 400, param: 'discounts' });
    });

    test(`${surface}: a discount of another customer cannot be named`, async () => {
        const own = await world();
        const { id: other } = await own.sdk.customers.create();
        const { discounts: [foreign] } =
            await own.sdk.invoices.create({ customer: other, discounts: [{ coupon: await own.half() }] });
        await rejects(create(own, [{ discount: foreign }]),
            { status: 400, code: 'resource_missing', param: 'discounts[0][discount]' });
    });

    // ---- redeeming ----

    test(`${surface}: a coupon that is used up or was deleted cannot be redeemed`, async () => {
        const own = await world();
        const coupon = await own.half({ max_redemptions: 1 });
        const { id } = await create(own, [{ coupon }]);
        const expired = { status: 400, code: 'coupon_expired', message: `Coupon expired: ${coupon}` };
        await rejects(create(own, [{ coupon }]), { ...expired, param: 'discounts[0][coupon]' });
        const { id: empty } = await create(own, undefined);
        await rejects(update(own, empty, [{ coupon }]), { ...expired, param: 'discounts[0][coupon]' });
        await own.sdk.coupons.del(coupon);
        await rejects(create(own, [{ coupon }]), { status: 400, code: 'resource_missing', param: 'discounts[0][coupon]' });
        const { discounts: [discount] } = await retrieve(own, id);
        assert.equal(discount.source.coupon, coupon, 'the discount outlives its coupon');
    });

    test(`${surface}: a code that is switched off or used up cannot be redeemed`, async () => {
        const own = await world();
        const coupon = await own.half();
        const [off, once] = [await own.code(coupon, { active: false }), await own.code(coupon, { max_redemptions: 1 })];
        const param = 'discounts[0][promotion_code]';
        await rejects(create(own, [{ promotion_code: off }]),
            { status: 400, param, code: undefined, message: /inactive/ });
        await create(own, [{ promotion_code: once }]);
        await rejects(create(own, [{ promotion_code: once }]), { status: 400, code: 'coupon_expired', param });
        assert.equal(await own.uses(coupon), 1);
    });

    test(`${surface}: a code for a customer is for nobody else`, async () => {
        const own = await world();
        const coupon = await own.half();
        const { id: other } = await own.sdk.customers.create();
        const [foreign, mine] = [await own.code(coupon, { customer: other }),
            await own.code(coupon, { customer: own.customer })];
        await rejects(create(own, [{ promotion_code: foreign }]), {
            status: 400, code: 'promotion_code_customer_mismatch', param: 'discounts[0][promotion_code]',
        });
        assert.equal((await create(own, [{ promotion_code: mine }])).discounts.length, 1);
    });

    test(`${surface}: a code for a first purchase is for who never paid or tried to`, async () => {
        const own = await world();
        const first = await own.code(await own.half(), { restrictions: { first_time_transaction: true } });
        const discounts = [{ promotion_code: first }];
        assert.equal((await create(own, discounts)).discounts.length, 1);
        const veterans = {
            paid: async () => {
                const { id } = await own.payer();
                await own.sdk.invoices.pay((await own.draft({ customer: id })).id);
                return id;
            },
            'paid out of band': async () => {
                const { id, customer } = await own.draft();
                await own.sdk.invoices.pay(id, { paid_out_of_band: true });
                return customer;
            },
            declined: async () => {
                const { id } = await own.decliner();
                await own.sdk.invoices.pay((await own.draft({ customer: id })).id).catch(() => {});
                return id;
            },
            trial: async () => {
                const { id } = await own.sdk.customers.create();
                const { id: price } = await own.price(1000, { interval: 'month' });
                await own.sdk.subscriptions.create({ customer: id, items: [{ price }], trial_period_days: 3 });
                return id;
            },
        };
        for (const [name, make] of Object.entries(veterans)) {
            const customer = await make();
            const call = surface === 'invoice' ? own.sdk.invoices.create({ customer, discounts })
                : own.sdk.invoiceItems.create({ customer, amount: 1, currency: 'usd', discounts });
            await assert.rejects(call, {
                statusCode: 400, code: 'promotion_code_customer_not_first_time', param: 'discounts[0][promotion_code]',
            }, name);
        }
    });

    test(`${surface}: what repeats cannot be applied once`, async () => {
        const own = await world();
        const coupon = await own.half({ duration: 'repeating', duration_in_months: 3 });
        const message = `Coupon ${coupon} has \`duration=repeating\` and cannot be applied to one-time objects.`;
        await rejects(create(own, [{ coupon }]), { status: 400, code: undefined, param: 'discounts[0][coupon]', message });
        assert.equal(await own.uses(coupon), 0);
    });

    test(`${surface}: what is wrong is told in a fixed order`, async () => {
        const own = await world();
        const { id: other } = await own.sdk.customers.create();
        // Each has all the faults of those after it.
        const repeating = await own.half({ duration: 'repeating', duration_in_months: 3 });
        const euros = (await own.sdk.coupons.create({ amount_off: 5, currency: 'eur', duration: 'repeating',
            duration_in_months: 3, max_redemptions: 1 })).id;
        const off = await own.code(repeating, { customer: other, active: false });
        const foreign = await own.code(repeating, { customer: other });
        const lower = await own.code(euros, { restrictions: { minimum_amount: 9000, minimum_amount_currency: 'eur' } });
        for (const [promotion_code, message] of
            [[off, /inactive/], [foreign, /different customer/], [lower, /duration=repeating/]]) {
            await rejects(create(own, [{ promotion_code }]), { status: 400, message });
        }
        await rejects(create(own, [{ coupon: 'none' }, { promotion_code: off }]),
            { status: 400, code: 'resource_missing', param: 'discounts[0][coupon]' });
    });

    test(`${surface}: an amount in a currency that it does not have is refused`, async () => {
        const own = await world();
        const { id: coupon } = await own.sdk.coupons.create({ amount_off: 5, currency: 'eur' });
        await rejects(create(own, [{ coupon }]), {
            status: 400, code: undefined, param: 'discounts[0][coupon]',
            message: `The coupon ${coupon} cannot be applied because its currency (eur) does not match usd.`,
        });
    });

    test(`${surface}: codes came to discounts[] in 2024-04-10`, async () => {
        const own = await world();
        const code = await own.code(await own.half());
        const path = surface === 'invoice' ? '/v1/invoices' : '/v1/invoiceitems';
        const form = { customer: own.customer, discounts: [{ promotion_code: code }],
            ...(surface === 'invoice_item' && { amount: 1, currency: 'usd' }),
            ...(surface === 'invoice' && { pending_invoice_items_behavior: 'exclude' }) };
        await rejects(own.call(path, form, '2023-10-16'),
            { status: 400, code: 'parameter_unknown', param: 'discounts[0][promotion_code]' });
        assert.equal((await own.call(path, form, '2024-04-10')).discounts.length, 1);
    });
}

test('a code with a minimum is not for an item', async () => {
    const own = await world();
    const code = await own.code(await own.half(),
        { restrictions: { minimum_amount: 1, minimum_amount_currency: 'usd' } });
    await rejects(own.item({ discounts: [{ promotion_code: code }] }), {
        status: 400, code: undefined, param: 'discounts[0][promotion_code]', message: /on an invoice item .*minimum_amount/,
    });
});

test('a code with a minimum looks at what waits for the invoice', async () => {
    const own = await world();
    const code = await own.code(await own.half(),
        { restrictions: { minimum_amount: 1000, minimum_amount_currency: 'usd' } });
    const create = () => own.sdk.invoices.create({ customer: own.customer, discounts: [{ promotion_code: code }],
        pending_invoice_items_behavior: 'include' });
    await own.item({ amount: 999 });
    await rejects(create(), { status: 400, param: 'discounts[0][promotion_code]', message: /minimum amount requirement/ });
    await own.item({ amount: 1 });
    assert.equal((await create()).total, 499);
});

test('what repeats can be applied to the draft of a subscription', async () => {
    const own = await world();
    const { id: customer } = await own.payer();
    const { id: price } = await own.price(1000, { interval: 'month' });
    const { id: subscription } = await own.sdk.subscriptions.create({ customer, items: [{ price }] });
    await own.item({ customer, subscription });
    const coupon = await own.half({ duration: 'repeating', duration_in_months: 3 });
    const { total } = await own.sdk.invoices.create({ customer, subscription, discounts: [{ coupon }] });
    assert.equal(total, 500);
});

// ---- inheritance ----

test('an invoice inherits the discount of its customer, under the same id', async () => {
    const own = await world();
    const coupon = await own.half({ duration: 'forever' });
    await own.older.customers.update(own.customer, { coupon });
    const { discount } = await own.sdk.customers.retrieve(own.customer);
    const { id, discounts, total } = await own.invoice();
    assert.deepEqual([discounts, total], [[discount.id], 500]);
    const [{ invoice }] = await own.discounts(id);
    assert.equal(invoice, null);
    assert.equal(await own.uses(coupon), 1, 'inheriting is no redemption');
    const line = (await own.sdk.invoices.retrieve(id)).lines.data[0];
    assert.deepEqual([line.discounts, line.discount_amounts.map((each) => each.discount)], [[], [discount.id]]);
});

test('an invoice can do without, replace, or keep what it inherits', async () => {
    const own = await world();
    const [coupon, tenth] = [await own.half({ duration: 'forever' }), await own.half({ percent_off: 10 })];
    await own.older.customers.update(own.customer, { coupon });
    const { discount: { id: inherited } } = await own.sdk.customers.retrieve(own.customer);
    assert.deepEqual((await own.invoice({ discounts: '' })).discounts, []);
    assert.equal((await own.invoice({ discounts: [{ coupon: tenth }] })).total, 900);
    const both = await own.invoice({ discounts: [{ discount: inherited }, { coupon: tenth }] });
    assert.deepEqual([both.total, both.discounts[0]], [450, inherited]);
    const { id } = await own.invoice();
    const replaced = await own.sdk.invoices.update(id, { discounts: [{ coupon: tenth }] });
    assert.equal(replaced.total, 900);
    const back = await own.sdk.invoices.update(id, { discounts: [{ discount: inherited }] });
    assert.equal(back.total, 500, 'the customer still has it');
    assert.equal((await own.sdk.customers.retrieve(own.customer)).discount.id, inherited);
    assert.equal(await own.uses(coupon), 1);
});

test('discounts of items do not keep an invoice from inheriting', async () => {
    const own = await world();
    const [forever, half] = [await own.half({ percent_off: 10, duration: 'forever' }), await own.half()];
    await own.older.customers.update(own.customer, { coupon: forever });
    const { id: invoice } = await own.invoice({ lines: [] });
    const { discounts } = await own.item({ invoice, discounts: [{ coupon: half }] });
    const { total, subtotal, lines, discounts: inherited } = await own.sdk.invoices.retrieve(invoice);
    assert.deepEqual([subtotal, total], [500, 450]);
    assert.deepEqual(lines.data[0].discounts, discounts);
    assert.deepEqual(lines.data[0].discount_amounts.map(({ amount, discount }) => [amount, discount]),
        [[500, discounts[0]], [50, inherited[0]]]);
});

test('a draft does not pick up what its customer gets, and keeps what the customer loses', async () => {
    const own = await world();
    const { id: early } = await own.invoice();
    const coupon = await own.half({ duration: 'forever' });
    await own.older.customers.update(own.customer, { coupon });
    const { id: late, discounts: [inherited] } = await own.invoice();
    await own.sdk.customers.deleteDiscount(own.customer);
    assert.deepEqual((await own.sdk.invoices.retrieve(early)).discounts, []);
    assert.equal((await own.sdk.invoices.retrieve(late)).total, 500);
    const [{ id, deleted }] = await own.discounts(late);
    assert.deepEqual([id, deleted], [inherited, true]);
    const kept = await own.sdk.invoices.update(late, { discounts: [{ discount: inherited }] });
    assert.equal(kept.total, 500, 'what it has can be named');
    assert.equal((await own.invoice()).total, 1000);
});

test('what is on an invoice can be put on another of the customer', async () => {
    const own = await world();
    const coupon = await own.half();
    const { discounts: [discount] } = await own.invoice({ discounts: [{ coupon }] });
    const { total, discounts } = await own.invoice({ discounts: [{ discount }] });
    assert.deepEqual([total, discounts], [500, [discount]]);
    assert.equal(await own.uses(coupon), 1);
});

test('what an invoice has used up cannot be put on another', async () => {
    const own = await world();
    const { id: coupon } = await own.sdk.coupons.create({ percent_off: 50, max_redemptions: 1 });
    const { id, discounts: [discount] } = await own.invoice({ discounts: [{ coupon }] });
    await own.sdk.invoices.finalizeInvoice(id);
    const { id: draft } = await own.invoice({ lines: [] });
    await rejects(own.sdk.invoices.update(draft, { discounts: [{ discount }] }),
        { status: 400, param: 'discounts[0][discount]' });
    assert.equal(await own.uses(coupon), 1);
});

test('a discount given once is used up by the invoice that it reduces, not by others', async () => {
    const own = await world();
    const { id: product } = await own.sdk.products.create({ name: 'P' });
    const { id: coupon } = await own.sdk.coupons.create({ percent_off: 50, applies_to: { products: [product] } });
    await own.older.customers.update(own.customer, { coupon });
    const has = async () => (await own.sdk.customers.retrieve(own.customer)).discount !== null;
    const { id: other, discounts, total_discount_amounts } = await own.invoice();
    assert.deepEqual([discounts.length, total_discount_amounts], [1, []], 'it applies to nothing');
    await own.sdk.invoices.finalizeInvoice(other);
    assert.equal(await has(), true);
    const { id: invoice } = await own.invoice({ lines: [] });
    const { id: price } = await own.price(1000, { product });
    await own.sdk.invoiceItems.create({ customer: own.customer, invoice, pricing: { price } });
    assert.equal((await own.sdk.invoices.finalizeInvoice(invoice)).total, 500);
    assert.equal(await has(), false);
});

test('a code gives the reason why an invoice is cheaper in every version', async () => {
    const own = await world();
    const coupon = await own.half();
    const code = await own.code(coupon);
    const { id, discounts: [discount] } = await own.invoice({ discounts: [{ promotion_code: code }] });
    for (const version of ['2020-08-27', '2023-10-16', ACACIA]) {
        const { discount: first, discounts, total_discount_amounts } = await own.call(`/v1/invoices/${id}`, undefined, version);
        assert.deepEqual([first.id, first.coupon.id, first.coupon.percent_off, first.promotion_code, first.invoice],
            [discount, coupon, 50, code, id]);
        assert.deepEqual([discounts, total_discount_amounts], [[discount], [{ amount: 500, discount }]]);
    }
    const { discounts: [expanded] } =
        await own.call(`/v1/invoices/${id}?expand[]=discounts.source.coupon`, undefined, CLOVER);
    assert.equal(expanded.source.coupon.percent_off, 50);
});

test('an invoice that is deleted or voided gives no use back', async () => {
    const own = await world();
    const coupon = await own.half({ max_redemptions: 2 });
    const { id: deleted } = await own.invoice({ discounts: [{ coupon }] });
    await own.sdk.invoices.del(deleted);
    const { id: voided } = await own.invoice({ discounts: [{ coupon }] });
    await own.sdk.invoices.finalizeInvoice(voided);
    await own.sdk.invoices.voidInvoice(voided);
    assert.equal(await own.uses(coupon), 2);
    await rejects(own.invoice({ discounts: [{ coupon }] }), { status: 400, code: 'coupon_expired' });
});

test('a coupon is never redeemed more often than it may be, however many ask at once', async () => {
    const own = await world();
    const coupon = await own.half({ max_redemptions: 5 });
    const calls = Array.from({ length: 12 }, (_, i) =>
        (i % 2 ? SURFACES.invoice : SURFACES.invoice_item).create(own, [{ coupon }]));
    const results = await Promise.allSettled(calls);
    const refusals = results.filter(({ status }) => status === 'rejected').map(({ reason }) => reason.code);
    assert.deepEqual(refusals, Array(7).fill('coupon_expired'));
    assert.equal(await own.uses(coupon), 5);
});
