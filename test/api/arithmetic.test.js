// What discounts come to on invoices: rounding, order, spreading over lines, what is eligible, and what is due.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rejects } from '../lib/assert.js';
import { account } from '../lib/billing.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const percent = (percent_off, product) => ({ percent_off, product });
const off = (amount_off, product, fields) => ({ amount_off, currency: 'usd', product, ...fields });

// lines: an amount or { amount, quantity, product, discounts, discountable }; discounts: of the invoice; taken: what
// each line lost, in the order of application; sums: what each discount took, those of lines first.
const EXAMPLES = [
    { name: 'a fraction is rounded to the nearest', lines: [1999], discounts: [percent(15)],
        taken: [[300]], sums: [300], subtotal: 1999, total: 1699 },
    { name: 'a percentage may have decimals', lines: [999], discounts: [percent(12.5)],
        taken: [[125]], sums: [125], subtotal: 999, total: 874 },
    { name: 'a tie is rounded up', lines: [333], discounts: [percent(50)],
        taken: [[167]], sums: [167], subtotal: 333, total: 166 },
    { name: 'a tie is rounded up from an even number too', lines: [9999], discounts: [percent(50)],
        taken: [[5000]], sums: [5000], subtotal: 9999, total: 4999 },
    { name: 'the subtotal is before discounts of the invoice', lines: [2500], discounts: [percent(10)],
        taken: [[250]], sums: [250], subtotal: 2500, total: 2250 },
    { name: 'the subtotal is after discounts of lines', lines: [{ amount: 1900, discounts: [percent(50)] }],
        taken: [[950]], sums: [950], subtotal: 950, total: 950 },
    { name: 'an amount stops at zero', lines: [100], discounts: [off(200)],
        taken: [[100]], sums: [100], subtotal: 100, total: 0 },
    { name: 'an amount is taken off', lines: [300], discounts: [off(200)],
        taken: [[200]], sums: [200], subtotal: 300, total: 100 },
    { name: 'a percentage, then an amount', lines: [10000], discounts: [percent(20), off(1000)],
        taken: [[2000, 1000]], sums: [2000, 1000], subtotal: 10000, total: 7000 },
    { name: 'an amount, then a percentage', lines: [10000], discounts: [off(1000), percent(20)],
        taken: [[1000, 1800]], sums: [1000, 1800], subtotal: 10000, total: 7200 },
    { name: 'two halves are not everything', lines: [1000], discounts: [percent(50), percent(50)],
        taken: [[500, 250]], sums: [500, 250], subtotal: 1000, total: 250 },
    { name: 'the discounts of a line come before those of the invoice',
        lines: [{ amount: 5000, discounts: [percent(10)] }, 3000], discounts: [off(500)],
        taken: [[500, 300], [200]], sums: [500, 500], subtotal: 7500, total: 7000 },
    { name: 'the discounts of a line work in their order',
        lines: [{ amount: 10000, discounts: [off(1000), percent(20)] }],
        taken: [[1000, 1800]], sums: [1000, 1800], subtotal: 7200, total: 7200 },
    { name: 'a percentage of one product', discounts: [percent(25, 'p')],
        lines: [{ amount: 2000, product: 'p' }, { amount: 3000, product: 'q' }],
        taken: [[500], []], sums: [500], subtotal: 5000, total: 4500 },
    { name: 'an amount stops at what it applies to', discounts: [off(3000, 'p')],
        lines: [{ amount: 2000, product: 'p' }, { amount: 3000, product: 'q' }],
        taken: [[2000], []], sums: [2000], subtotal: 5000, total: 3000 },
    { name: 'a coupon for a product that is not on the invoice does nothing', discounts: [percent(25, 'r')],
        lines: [{ amount: 2000, product: 'p' }],
        taken: [[]], sums: [0], subtotal: 2000, total: 2000 },
    { name: 'an amount is spread in proportion, the remainder on the last line', lines: [1000, 2000],
        discounts: [off(500)], taken: [[166], [334]], sums: [500], subtotal: 3000, total: 2500 },
    { name: 'an amount over nearly equal lines', lines: [3333, 3333, 3334], discounts: [off(1000)],
        taken: [[333], [333], [334]], sums: [1000], subtotal: 10000, total: 9000 },
    { name: 'an amount over equal lines', lines: [10, 10, 10], discounts: [off(7)],
        taken: [[2], [2], [3]], sums: [7], subtotal: 30, total: 23 },
    { name: 'a remainder that is too large for the last line', lines: [1, 1, 1], discounts: [off(2)],
        taken: [[], [1], [1]], sums: [2], subtotal: 3, total: 1 },
    { name: 'a percentage is rounded line by line', lines: [333, 333, 334], discounts: [percent(50)],
        taken: [[167], [167], [167]], sums: [501], subtotal: 1000, total: 499 },
    { name: 'an amount is taken once from a quantity', lines: [{ amount: 1000, quantity: 3 }], discounts: [off(500)],
        taken: [[500]], sums: [500], subtotal: 3000, total: 2500 },
    { name: 'an amount is taken once from a line with a quantity',
        lines: [{ amount: 1000, quantity: 3, discounts: [off(500)] }],
        taken: [[500]], sums: [500], subtotal: 2500, total: 2500 },
    { name: 'everything', lines: [2500], discounts: [percent(100)],
        taken: [[2500]], sums: [2500], subtotal: 2500, total: 0 },
    { name: 'what comes after everything takes nothing', lines: [2500], discounts: [percent(100), off(100)],
        taken: [[2500]], sums: [2500, 0], subtotal: 2500, total: 0 },
    { name: 'a currency without decimals', currency: 'jpy', lines: [999], discounts: [percent(10)],
        taken: [[100]], sums: [100], subtotal: 999, total: 899 },
    { name: 'a currency with three decimals', currency: 'kwd', lines: [1005], discounts: [percent(10)],
        taken: [[101]], sums: [101], subtotal: 1005, total: 904 },
    { name: 'the amount of another currency', currency: 'eur', lines: [5000],
        discounts: [off(1000, undefined, { currency_options: { eur: { amount_off: 900 } } })],
        taken: [[900]], sums: [900], subtotal: 5000, total: 4100 },
    { name: 'credits are not discounted', lines: [-2500, 25000], discounts: [percent(10)],
        taken: [[], [2500]], sums: [2500], subtotal: 22500, total: 20000 },
    { name: 'nor are lines that say so', lines: [{ amount: 1000, discountable: false }, 1000], discounts: [percent(10)],
        taken: [[], [100]], sums: [100], subtotal: 2000, total: 1900 },
    { name: 'an amount does not use a credit up', lines: [-2500, 3000], discounts: [off(3000)],
        taken: [[], [3000]], sums: [3000], subtotal: 500, total: -2500 },
];

// Makes the draft of an example: { invoice, ofLines, ofInvoice }, the latter two being ids of coupons.
async function draft({ sdk, coupon, price }, { lines, discounts = [], currency = 'usd' }) {
    const products = {};
    const product = async (name) => (await (products[name] ??= sdk.products.create({ name }))).id;
    const attach = (each) => Promise.all(each.map(async ({ product: name, ...terms }) => {
        const applies_to = name && { products: [await product(name)] };
        return { coupon: (await coupon({ percent_off: undefined, ...terms, applies_to })).id };
    }));

    const ofInvoice = await attach(discounts);
    const ofLines = [];
    const customer = (await sdk.customers.create()).id;
    const { id } = await sdk.invoices.create({ customer, currency, discounts: ofInvoice });
    for (const [i, line] of lines.entries()) {
        const { amount, quantity, product: name, discounts: own = [], discountable } =
            typeof line === 'number' ? { amount: line } : line;
        const attached = await attach(own);
        ofLines.push(...attached);
        const priced = async () => (await price(amount, { currency, product: name && await product(name) })).id;
        const what = quantity || name ? { quantity, pricing: { price: await priced() } } : { amount, currency };
        await sdk.invoiceItems.create({
            customer, invoice: id, description: `line ${i}`, discounts: attached, discountable, ...what,
        });
    }
    const invoice = await sdk.invoices.retrieve(id, { expand: ['total_discount_amounts.discount'] });
    return { invoice, ofLines: ofLines.map(({ coupon: c }) => c), ofInvoice: ofInvoice.map(({ coupon: c }) => c) };
}

for (const example of EXAMPLES) {
    test(example.name, async () => {
        const own = account(server);
        const { invoice, ofLines, ofInvoice } = await draft(own, example);
        const coupons = [...ofLines, ...ofInvoice];
        const { taken, sums, subtotal, total } = example;
        assert.deepEqual([invoice.subtotal, invoice.total], [subtotal, total]);
        assert.equal(invoice.amount_due, Math.max(0, total));

        const expected = coupons.map((id, i) => [id, sums[i]]).filter(([, amount]) => amount > 0);
        assert.deepEqual(invoice.total_discount_amounts.map(({ amount, discount }) => [discount.source.coupon, amount]),
            expected, 'one entry for each discount that took something');
        const plain = invoice.total_discount_amounts.map(({ amount, discount }) => ({ amount, discount: discount.id }));
        assert.deepEqual(invoice.total_pretax_credit_amounts, plain.map((each) => ({ ...each, type: 'discount' })));
        assert.equal(invoice.discounts.length, ofInvoice.length, 'the invoice lists its own discounts');

        const given = invoice.lines.data.flatMap(({ discounts }) => discounts);
        assert.equal(given.length, ofLines.length, 'lines list their own discounts');
        example.lines.forEach((line, i) => {
            const found = invoice.lines.data.find(({ description }) => description === `line ${i}`);
            const { amount = line, quantity = 1, discounts = [] } = line;
            assert.equal(found.amount, amount * quantity, 'the amount of a line is gross');
            assert.equal(found.subtotal, amount * quantity);
            assert.deepEqual(found.discount_amounts.map((each) => each.amount), taken[i], `off line ${i}`);
            assert.equal(found.discounts.length, discounts.length);
            assert.deepEqual(found.discount_amounts.slice(0, found.discounts.length).map((each) => each.discount),
                found.discounts, 'its own come first');
        });

        const final = await own.sdk.invoices.finalizeInvoice(invoice.id);
        assert.deepEqual([final.subtotal, final.total], [subtotal, total], 'nothing changes when it becomes final');
        assert.deepEqual(final.total_discount_amounts, plain);
        if (total <= 0) assert.deepEqual([final.status, final.attempted], ['paid', true], 'there is nothing to pay');
    });
}

// ---- what is due ----

test('a credit of the customer is used after discounts', async () => {
    const { sdk, coupon } = account(server);
    const { id: customer } = await sdk.customers.create({ balance: -1000 });
    const { id: tenth } = await coupon({ percent_off: 10 });
    const { id } = await sdk.invoices.create({ customer, discounts: [{ coupon: tenth }] });
    await sdk.invoiceItems.create({ customer, invoice: id, amount: 2500 });
    const { total, amount_due, starting_balance, ending_balance } = await sdk.invoices.finalizeInvoice(id);
    assert.deepEqual({ total, amount_due, starting_balance, ending_balance },
        { total: 2250, amount_due: 1250, starting_balance: -1000, ending_balance: 0 });
    assert.equal((await sdk.customers.retrieve(customer)).balance, 0);
});

test('a negative total becomes a credit of the customer', async () => {
    const own = account(server);
    const { invoice } = await draft(own, { lines: [-2500, 3000], discounts: [off(3000)] });
    const { total, amount_due, ending_balance } = await own.sdk.invoices.finalizeInvoice(invoice.id);
    assert.deepEqual({ total, amount_due, ending_balance }, { total: -2500, amount_due: 0, ending_balance: -2500 });
    assert.equal((await own.sdk.customers.retrieve(invoice.customer)).balance, -2500);
});

test('what is too much to add up is refused, and nothing is left of it', async () => {
    const { sdk, price, payer } = account(server);
    const { id: customer } = await payer();
    const { id: invoice } = await sdk.invoices.create({ customer });
    const quantity = 2147483647;
    const { id: once } = await price(99999999);
    await rejects(sdk.invoiceItems.create({ customer, invoice, quantity, pricing: { price: once } }),
        { status: 400, type: 'invalid_request_error' });
    const { total, lines } = await sdk.invoices.retrieve(invoice);
    assert.deepEqual([total, lines.data], [0, []]);
    const { id: monthly } = await price(99999999, { interval: 'month' });
    await rejects(sdk.subscriptions.create({ customer, items: [{ price: monthly, quantity }] }),
        { status: 400, type: 'invalid_request_error' });
    assert.deepEqual((await sdk.subscriptions.list({ customer })).data, []);
});

// ---- currencies ----

test('an amount in a currency that the invoice does not have is refused', async () => {
    const { sdk, coupon } = account(server);
    const { id } = await coupon({ percent_off: undefined, amount_off: 1000, currency: 'usd',
        currency_options: { eur: { amount_off: 900 } } });
    const { id: customer } = await sdk.customers.create();
    const discounts = [{ coupon: id }];
    await rejects(sdk.invoices.create({ customer, currency: 'gbp', discounts }),
        { status: 400, type: 'invalid_request_error', param: 'discounts[0][coupon]' });
    assert.equal((await sdk.coupons.retrieve(id)).times_redeemed, 0, 'nothing was redeemed');
    const { id: invoice } = await sdk.invoices.create({ customer, currency: 'gbp' });
    await rejects(sdk.invoices.update(invoice, { discounts }), { status: 400, param: 'discounts[0][coupon]' });
    assert.deepEqual((await sdk.invoices.retrieve(invoice)).discounts, []);
});

test('an amount in another currency that the invoice inherits takes nothing', async () => {
    const { sdk, older, coupon } = account(server);
    const { id } = await coupon({ percent_off: undefined, amount_off: 1000, currency: 'usd' });
    const { id: customer } = await older.customers.create({ coupon: id });
    const { id: invoice } = await sdk.invoices.create({ customer, currency: 'gbp' });
    await sdk.invoiceItems.create({ customer, invoice, amount: 5000, currency: 'gbp' });
    const { total, total_discount_amounts } = await sdk.invoices.retrieve(invoice);
    assert.deepEqual([total, total_discount_amounts], [5000, []]);
});

// ---- minimum amounts ----

for (const { name, lines, accepted } of [
    { name: 'one below the minimum is refused', lines: [4999], accepted: false },
    { name: 'the minimum is enough', lines: [5000], accepted: true },
    { name: 'lines are added up for the minimum', lines: [4900, 200], accepted: true },
    { name: 'the minimum is compared before discounts', lines: [{ amount: 5000, discounts: [percent(50)] }],
        accepted: true },
]) {
    test(name, async () => {
        const own = account(server);
        const { id: coupon } = await own.coupon({ percent_off: 10 });
        const { id: code } = await own.sdk.promotionCodes.create({
            promotion: { type: 'coupon', coupon },
            restrictions: { minimum_amount: 5000, minimum_amount_currency: 'usd' },
        });
        const { invoice: { id, subtotal } } = await draft(own, { lines });
        const attached = own.sdk.invoices.update(id, { discounts: [{ promotion_code: code }] });
        if (accepted) {
            assert.equal((await attached).total, subtotal * 0.9);
        } else {
            await rejects(attached, { status: 400, param: 'discounts[0][promotion_code]', message: /minimum amount/ });
            assert.equal((await own.sdk.invoices.retrieve(id)).total, subtotal);
        }
        assert.equal((await own.sdk.promotionCodes.retrieve(code)).times_redeemed, Number(accepted));
    });
}

// ---- subscriptions ----

async function firstInvoice({ sdk, price }, customer, { interval = 'month', unit_amount, discounts, ...fields }) {
    const { id } = await price(unit_amount, { interval });
    const subscription = await sdk.subscriptions.create({
        customer, items: [{ price: id }], discounts, expand: ['latest_invoice'], ...fields,
    });
    return { subscription, invoice: subscription.latest_invoice };
}

test('a subscription that costs nothing after its discount needs no card', async () => {
    const own = account(server);
    const { id: free } = await own.coupon({ percent_off: 100, duration: 'forever' });
    const { id: customer } = await own.sdk.customers.create();
    const { subscription, invoice } =
        await firstInvoice(own, customer, { unit_amount: 2500, discounts: [{ coupon: free }] });
    assert.equal(subscription.status, 'active');
    const { status, attempted, subtotal, total, amount_due, amount_paid } = invoice;
    assert.deepEqual({ status, attempted, subtotal, total, amount_due, amount_paid },
        { status: 'paid', attempted: true, subtotal: 2500, total: 0, amount_due: 0, amount_paid: 0 });
    const { payments } = await own.sdk.invoices.retrieve(invoice.id, { expand: ['payments'] });
    assert.deepEqual(payments.data, [], 'nothing was charged');
});

test('a yearly invoice within three months of discount is discounted in full', async () => {
    const own = account(server);
    const { id: half } = await own.coupon({ duration: 'repeating', duration_in_months: 3 });
    const { id: customer } = await own.payer();
    const { invoice } = await firstInvoice(own, customer,
        { interval: 'year', unit_amount: 12000, discounts: [{ coupon: half }] });
    assert.deepEqual([invoice.subtotal, invoice.total, invoice.amount_paid], [12000, 6000, 6000]);
});

for (const { name, discounts, total } of [
    { name: 'a discount of the subscription replaces the one of the customer', discounts: [20], total: 800 },
    { name: 'a subscription without discounts has the one of its customer', discounts: undefined, total: 900 },
    { name: 'a subscription can do without the discount of its customer', discounts: '', total: 1000 },
]) {
    test(name, async () => {
        const own = account(server);
        const { id: tenth } = await own.coupon({ percent_off: 10, duration: 'forever' });
        const { id: customer } = await own.payer();
        await own.older.customers.update(customer, { coupon: tenth });
        const attached = discounts && await Promise.all(discounts.map(async (percent_off) =>
            ({ coupon: (await own.coupon({ percent_off, duration: 'forever' })).id })));
        const { subscription, invoice } =
            await firstInvoice(own, customer, { unit_amount: 1000, discounts: attached });
        assert.equal(invoice.total, total);
        assert.equal(subscription.discounts.length, discounts ? discounts.length : 0, 'it lists its own only');
        assert.equal(invoice.discounts.length, total === 1000 ? 0 : 1);
    });
}

test('a discount of an item leaves the one of the customer in force', async () => {
    const own = account(server);
    const { id: tenth } = await own.coupon({ percent_off: 10, duration: 'forever' });
    const { id: half } = await own.coupon({ percent_off: 50, duration: 'forever' });
    const { id: customer } = await own.payer();
    await own.older.customers.update(customer, { coupon: tenth });
    const { id: price } = await own.price(1000, { interval: 'month' });
    const { latest_invoice: invoice } = await own.sdk.subscriptions.create({
        customer, items: [{ price, discounts: [{ coupon: half }] }], expand: ['latest_invoice'],
    });
    assert.deepEqual([invoice.subtotal, invoice.total], [500, 450]);
});
