// Invoice items: what they cost, where they go, and what can be changed of them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { newKey, raw } from '../lib/client.js';
import { ACACIA, CLOVER, invoicing, plain } from '../lib/invoices.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const LINES = 250; // INVOICE_LINES_MAX
const UNITS = 99999999; // AMOUNT_MAX

async function buyer(fields) {
    const own = invoicing(server);
    const { id: customer } = await own.sdk.customers.create(fields);
    return { ...own, customer, item: (more) => own.sdk.invoiceItems.create({ customer, currency: 'usd', ...more }) };
}

// ---- what it is ----

test('an item waits for an invoice, with a price of its own', async () => {
    const { item, sdk, customer } = await buyer();
    const made = await item({ amount: 700, description: 'Work', metadata: { a: '1' } });
    const bare = await item({ amount: 1, discountable: false, discounts: '', metadata: '', expand: ['customer'] });
    assert.deepEqual([bare.discountable, bare.discounts, bare.metadata, bare.customer.id], [false, [], {}, customer]);
    const { date, id, pricing, ...rest } = plain(made);
    assert.deepEqual(rest, {
        object: 'invoiceitem', amount: 700, currency: 'usd', customer, customer_account: null, description: 'Work',
        discountable: true, discounts: [], invoice: null, livemode: false, metadata: { a: '1' }, parent: null,
        period: { start: date, end: date }, proration: false, quantity: 1, quantity_decimal: '1', tax_rates: [],
        test_clock: null,
    });
    assert(Math.abs(date - Date.now() / 1000) < 60);
    assert.match(id, /^ii_/);
    const { type, unit_amount_decimal, price_details: { price, product } } = pricing;
    assert.deepEqual([type, unit_amount_decimal], ['price_details', '700']);
    const { product: of, active, unit_amount } = await sdk.prices.retrieve(price);
    assert.deepEqual([of, active, unit_amount], [product, false, 700]);
    assert.deepEqual(await sdk.invoiceItems.retrieve(id), made);
});

test('an item becomes a line that says where it comes from', async () => {
    const { draft, sdk } = invoicing(server);
    const { id: invoice, customer } = await draft({ lines: [] });
    const item = await sdk.invoiceItems.create({
        customer, invoice, amount: 700, description: 'Work', metadata: { a: '1' }, period: { start: 100, end: 200 },
    });
    const { lines: { data: [line] } } = await sdk.invoices.retrieve(invoice);
    const { amount, description, metadata, period, currency, discountable, quantity, subtotal } = line;
    assert.deepEqual(plain({ amount, description, metadata, period, currency, discountable, quantity, subtotal }), {
        amount: 700, description: 'Work', metadata: { a: '1' }, period: { start: 100, end: 200 }, currency: 'usd',
        discountable: true, quantity: 1, subtotal: 700,
    });
    assert.match(line.id, /^il_/);
    assert.deepEqual([line.parent.type, line.parent.invoice_item_details.invoice_item, line.invoice],
        ['invoice_item_details', item.id, invoice]);
    assert.deepEqual(line.pricing, item.pricing);
});

// ---- what it costs ----

for (const { name, fields, amount, quantity = 1, unit } of [
    { name: 'an amount', fields: { amount: 700 }, amount: 700, unit: '700' },
    { name: 'a credit', fields: { amount: -700 }, amount: -700, unit: '-700' },
    { name: 'nothing', fields: { amount: 0 }, amount: 0, unit: '0' },
    { name: 'an amount for several', fields: { amount: 900, quantity: 3 }, amount: 900, quantity: 3, unit: '300' },
    { name: 'decimals for each', fields: { unit_amount_decimal: '0.125', quantity: 100 }, amount: 13, quantity: 100,
        unit: '0.125' },
    { name: 'a credit for each', fields: { unit_amount_decimal: '-2.5', quantity: 2 }, amount: -5, quantity: 2,
        unit: '-2.5' },
    { name: 'none of it', fields: { unit_amount_decimal: '5', quantity: 0 }, amount: 0, quantity: 0, unit: '5' },
    { name: 'as much as there is', fields: { amount: UNITS }, amount: UNITS, unit: String(UNITS) },
]) {
    test(`an item may cost ${name}`, async () => {
        const { item } = await buyer();
        const made = plain(await item(fields));
        assert.deepEqual([made.amount, made.quantity, made.pricing.unit_amount_decimal], [amount, quantity, unit]);
        assert.equal(made.discountable, amount >= 0);
    });
}

test('an item may have a price, in the currency of the price', async () => {
    const { sdk, price, customer } = await buyer();
    const { id, product } = await price(300, { currency: 'eur' });
    const item = await sdk.invoiceItems.create({ customer, pricing: { price: id }, quantity: 2 });
    assert.deepEqual([item.amount, item.currency, item.quantity], [600, 'eur', 2]);
    assert.deepEqual(plain(item.pricing), {
        price_details: { price: id, product }, type: 'price_details', unit_amount_decimal: '300',
    });
    const made = await sdk.invoiceItems.create(
        { customer, price_data: { currency: 'eur', product, unit_amount: 50, tax_behavior: 'exclusive' }, quantity: 3 });
    assert.deepEqual([made.amount, made.currency, made.pricing.price_details.product], [150, 'eur', product]);
    const decimal = await sdk.invoiceItems.create(
        { customer, price_data: { currency: 'eur', product, unit_amount_decimal: '0.5' }, quantity: 3 });
    assert.equal(decimal.amount, 2);
});

for (const { name, fields, param, code } of [
    { name: 'nothing to cost', fields: {}, param: 'amount', code: 'parameter_missing' },
    { name: 'too much', fields: { amount: UNITS + 1 }, param: 'amount', code: 'parameter_invalid_integer' },
    { name: 'too much credit', fields: { amount: -UNITS - 1 }, param: 'amount', code: 'parameter_invalid_integer' },
    { name: 'too many', fields: { unit_amount_decimal: String(UNITS), quantity: 2147483647 }, param: 'quantity',
        code: 'amount_too_large' },
    { name: 'fewer than none', fields: { amount: 1, quantity: -1 }, param: 'quantity',
        code: 'parameter_invalid_integer' },
    { name: 'two amounts', fields: { amount: 1, unit_amount_decimal: '1' }, param: 'amount' },
    { name: 'no number', fields: { unit_amount_decimal: '1,5' }, param: 'unit_amount_decimal' },
    { name: 'half a period', fields: { amount: 1, period: { start: 1 } }, param: 'period[end]',
        code: 'parameter_missing' },
    { name: 'no currency', fields: { amount: 1, currency: 'xxx' }, param: 'currency' },
    { name: 'no price', fields: { pricing: { price: 'price_none' } }, param: 'pricing[price]',
        code: 'resource_missing' },
    { name: 'no invoice', fields: { amount: 1, invoice: 'in_none' }, param: 'invoice', code: 'resource_missing' },
    { name: 'no subscription', fields: { amount: 1, subscription: 'sub_none' }, param: 'subscription',
        code: 'resource_missing' },
    { name: 'no customer', fields: { amount: 1, customer: 'cus_none' }, param: 'customer', code: 'resource_missing' },
    { name: 'the price of before', fields: { price: 'price_none' }, param: 'price', code: 'parameter_unknown' },
    { name: 'the unit amount of before', fields: { unit_amount: 1 }, param: 'unit_amount', code: 'parameter_unknown' },
]) {
    test(`an item with ${name} is refused`, async () => {
        const { item, sdk } = await buyer();
        await rejects(item(fields), { status: 400, param, code });
        assert.deepEqual((await sdk.invoiceItems.list()).data, []);
    });
}

test('an item cannot have what renews, nor a currency that its price lacks', async () => {
    const { item, price } = await buyer();
    const { id: monthly } = await price(300, { interval: 'month' });
    await rejects(item({ pricing: { price: monthly } }),
        { status: 400, param: 'pricing[price]', message: /only accepts prices with `type=one_time`/ });
    const { id: euros } = await price(300, { currency: 'eur' });
    await rejects(item({ pricing: { price: euros } }), { status: 400, param: 'pricing[price]', message: /no amount in usd/ });
});

// ---- where it goes ----

test('an item has to fit its invoice', async () => {
    const { draft, sdk } = invoicing(server);
    const { id: invoice, customer } = await draft();
    const { id: other } = await sdk.customers.create();
    await rejects(sdk.invoiceItems.create({ customer: other, invoice, amount: 1 }),
        { status: 400, code: 'resource_missing', param: 'invoice', message: `No such invoice: '${invoice}'` });
    await rejects(sdk.invoiceItems.create({ customer, invoice, amount: 1, currency: 'eur' }),
        { status: 400, param: 'currency' });
    await sdk.invoices.finalizeInvoice(invoice);
    await rejects(sdk.invoiceItems.create({ customer, invoice, amount: 1 }),
        { status: 400, code: 'invoice_not_editable' });
    assert.equal((await sdk.invoices.retrieve(invoice)).total, 1000);
});

test('an item for a subscription waits for its next invoice only', async () => {
    const { payer, price, sdk } = invoicing(server);
    const { id: customer } = await payer();
    const { id: monthly } = await price(1000, { interval: 'month' });
    const { id: subscription } = await sdk.subscriptions.create({ customer, items: [{ price: monthly }] });
    const item = await sdk.invoiceItems.create({ customer, subscription, amount: 300, currency: 'usd' });
    assert.deepEqual(plain(item.parent),
        { subscription_details: { subscription }, type: 'subscription_details' });
    const invoice = await sdk.invoices.create({ customer, pending_invoice_items_behavior: 'include' });
    assert.equal(invoice.total, 0);
    const { id: other } = await sdk.customers.create();
    await rejects(sdk.invoiceItems.create({ customer: other, subscription, amount: 300, currency: 'usd' }),
        { status: 400, code: 'resource_missing', param: 'subscription' });
});

test(`an invoice has ${LINES} lines, not one more`, async () => {
    const { sdk, call, key } = invoicing(server);
    const { id: customer } = await sdk.customers.create();
    const { id: price } = await sdk.prices.create({ currency: 'usd', unit_amount: 1, product_data: { name: 'x' } });
    const { id: invoice } = await sdk.invoices.create({ customer });
    const add = () => raw(server, { method: 'POST', path: '/v1/invoiceitems', key, contract: false,
        form: { customer, invoice, pricing: { price } } });
    for (let i = 0; i < LINES - 1; i++) assert.equal((await add()).status, 200);
    assert.equal((await sdk.invoices.retrieve(invoice)).lines.total_count, LINES - 1);
    const { json: { id: last } } = await add();
    assert.equal((await sdk.invoices.retrieve(invoice)).total, LINES);
    refused(await add(), { status: 400, type: 'invalid_request_error', message: /at most 250 lines/ });
    const { total, lines } = await sdk.invoices.retrieve(invoice);
    assert.deepEqual([total, lines.total_count], [LINES, LINES]);
    assert.equal((await sdk.invoiceItems.update(last, { quantity: 2 })).amount, 2, 'a full invoice can be changed');
    assert.equal((await call(`/v1/invoices/${invoice}`)).total, LINES + 1);
});

// ---- change ----

test('a change of an item changes the line that it has', async () => {
    const { draft, sdk } = invoicing(server);
    const { id: invoice, lines: { data: [{ id: line }] } } = await draft({ lines: [1000, 2000] });
    const { data: [, { id }] } = await sdk.invoiceItems.list({ invoice });
    const changes = [
        [{ amount: 1500 }, { amount: 1500, total: 3500 }],
        [{ quantity: 3 }, { amount: 4500, quantity: 3, total: 6500 }],
        [{ unit_amount_decimal: '2.5' }, { amount: 8, quantity: 3, total: 2008 }],
        [{ unit_amount_decimal: '4', quantity: 5 }, { amount: 20, quantity: 5, total: 2020 }],
        [{ description: 'd', metadata: { a: '1' } }, { description: 'd', amount: 20, total: 2020 }],
        [{ description: '', metadata: '' }, { description: null, total: 2020 }],
        [{ discountable: false }, { discountable: false, total: 2020 }],
        [{ period: { start: 1, end: 2 } }, { amount: 20, total: 2020 }],
        [{ amount: -20 }, { amount: -20, total: 1980 }],
    ];
    for (const [change, { total, ...expected }] of changes) {
        const item = await sdk.invoiceItems.update(id, change);
        const { lines: { data: [first] }, total: sum } = await sdk.invoices.retrieve(invoice);
        assert.equal(first.id, line, 'the line keeps its id and its place');
        assert.equal(sum, total, JSON.stringify(change));
        for (const [name, value] of Object.entries(expected)) {
            assert.deepEqual([item[name], first[name]], [value, value], `${name} after ${JSON.stringify(change)}`);
        }
        assert.deepEqual([first.pricing, first.period, first.metadata], [item.pricing, item.period, item.metadata]);
    }
});

test('an item can get another price', async () => {
    const { item, sdk, price } = await buyer();
    const { id } = await item({ amount: 5 });
    const { id: other, product } = await price(300);
    const priced = await sdk.invoiceItems.update(id, { pricing: { price: other }, quantity: 2 });
    assert.deepEqual([priced.amount, priced.pricing.price_details.price], [600, other]);
    assert.equal((await sdk.invoiceItems.update(id, { quantity: 3 })).amount, 900);
    const price_data = { currency: 'usd', product, tax_behavior: 'inclusive' };
    const made = await sdk.invoiceItems.update(id, { price_data: { ...price_data, unit_amount: 7 } });
    assert.equal(made.amount, 21);
    const decimal = await sdk.invoiceItems.update(id,
        { price_data: { ...price_data, unit_amount_decimal: '0.5' }, expand: ['customer'] });
    assert.deepEqual([decimal.amount, decimal.customer.object], [2, 'customer']);
    await rejects(sdk.invoiceItems.update(id, { amount: 1, pricing: { price: other } }), { status: 400, param: 'amount' });
    await rejects(sdk.invoiceItems.update(id, { pricing: { price: 'price_none' } }),
        { status: 400, code: 'resource_missing', param: 'pricing[price]' });
    for (const fields of [{ currency: 'eur' }, { customer: 'cus_x' }, { invoice: 'in_x' }, { subscription: 'sub_x' }]) {
        await rejects(sdk.invoiceItems.update(id, fields), { status: 400, code: 'parameter_unknown' });
    }
});

test('an update without change of the amount makes no price', async () => {
    const { item, sdk } = await buyer();
    const { id, pricing } = await item({ amount: 5 });
    const { data } = await sdk.products.list();
    const changed = await sdk.invoiceItems.update(id, { description: 'x' });
    assert.deepEqual(changed.pricing, pricing);
    assert.equal((await sdk.products.list()).data.length, data.length);
});

test('an item of a finalized invoice stays as it is', async () => {
    const { draft, sdk } = invoicing(server);
    const { id: invoice } = await draft();
    const { data: [{ id }] } = await sdk.invoiceItems.list({ invoice });
    await sdk.invoices.finalizeInvoice(invoice);
    await rejects(sdk.invoiceItems.update(id, { amount: 1 }), { status: 400, code: 'invoice_not_editable' });
    await rejects(sdk.invoiceItems.del(id), { status: 400, code: 'invoice_not_editable' });
    assert.equal((await sdk.invoiceItems.retrieve(id)).amount, 1000);
});

test('a deleted item leaves its invoice', async () => {
    const { draft, sdk } = invoicing(server);
    const { id: invoice } = await draft({ lines: [1000, 2000] });
    const { data: [{ id }] } = await sdk.invoiceItems.list({ invoice });
    const { deleted, object } = await sdk.invoiceItems.del(id);
    assert.deepEqual([deleted, object], [true, 'invoiceitem']);
    const { total, lines } = await sdk.invoices.retrieve(invoice);
    assert.deepEqual([total, lines.total_count], [1000, 1]);
    for (const call of ['retrieve', 'update', 'del']) {
        await rejects(sdk.invoiceItems[call](id), { status: 404, code: 'resource_missing', param: 'invoiceitem',
            message: `No such invoiceitem: '${id}'` });
    }
});

test('an item that waits can be deleted', async () => {
    const { item, sdk, customer } = await buyer();
    const { id } = await item({ amount: 5 });
    await sdk.invoiceItems.del(id);
    const { total } = await sdk.invoices.create({ customer, pending_invoice_items_behavior: 'include' });
    assert.equal(total, 0);
});

// ---- lists and versions ----

test('items are found by customer, invoice, whether they wait, and time', async () => {
    const { draft, sdk } = invoicing(server);
    const { id: invoice, customer } = await draft();
    const { data: [{ id: placed }] } = await sdk.invoiceItems.list();
    const { id: waiting } = await sdk.invoiceItems.create({ customer, amount: 5, currency: 'usd' });
    const { id: other } = await sdk.customers.create();
    const { id: foreign, date } = await sdk.invoiceItems.create({ customer: other, amount: 5, currency: 'usd' });
    for (const [filter, expected] of [
        [{}, [foreign, waiting, placed]],
        [{ customer }, [waiting, placed]],
        [{ invoice }, [placed]],
        [{ pending: true }, [foreign, waiting]],
        [{ pending: false }, [placed]],
        [{ customer, pending: true }, [waiting]],
        [{ created: { gt: date } }, []],
        [{ created: { lte: date } }, [foreign, waiting, placed]],
        [{ created: { gte: 1000, lt: date + 60 } }, [foreign, waiting, placed]],
        [{ created: 1000 }, []],
        [{ limit: 1, starting_after: foreign }, [waiting]],
        [{ limit: 1, ending_before: placed }, [waiting]],
    ]) {
        const { data } = await sdk.invoiceItems.list(filter);
        assert.deepEqual(data.map(({ id }) => id), expected, JSON.stringify(filter));
    }
    const { data: [item] } = await sdk.invoiceItems.list(
        { invoice, expand: ['data.invoice', 'data.customer', 'data.pricing.price_details.price'] });
    assert.deepEqual([item.invoice.id, item.customer.id, item.pricing.price_details.price.unit_amount],
        [invoice, customer, 1000]);
});

test('before basil an item shows and takes a price and a unit amount', async () => {
    const { call, customer, price, sdk } = await buyer();
    const { id } = await price(300);
    for (const version of ['2020-08-27', '2023-10-16', ACACIA]) {
        const priced = await call('/v1/invoiceitems', { customer, price: id, quantity: 2 }, version);
        assert.deepEqual([priced.amount, priced.price.id, priced.unit_amount, priced.unit_amount_decimal, priced.plan,
            priced.subscription], [600, id, 300, '300', null, null]);
        assert(!('pricing' in priced) && !('parent' in priced));
        const units = await call('/v1/invoiceitems', { customer, unit_amount: -7, quantity: 3, currency: 'usd' }, version);
        assert.deepEqual([units.amount, units.unit_amount, units.discountable], [-21, -7, false]);
        const more = await call(`/v1/invoiceitems/${units.id}`, { unit_amount: 9 }, version);
        assert.deepEqual([more.amount, more.unit_amount], [27, 9]);
        assert.equal((await call(`/v1/invoiceitems/${units.id}`, { price: id }, version)).amount, 900);
    }
    await rejects(call('/v1/invoiceitems', { customer, pricing: { price: id } }, ACACIA),
        { status: 400, code: 'parameter_unknown', param: 'pricing' });
    const { id: newest } = await sdk.invoiceItems.create({ customer, amount: 5, currency: 'usd' });
    assert(!('quantity_decimal' in await call(`/v1/invoiceitems/${newest}`, undefined, CLOVER)));
});

test('an item is made once for one idempotency key, and is of its account', async () => {
    const { key, customer, sdk } = await buyer();
    const request = { method: 'POST', path: '/v1/invoiceitems', key, headers: { 'idempotency-key': 'k' },
        form: { customer, amount: 5, currency: 'usd' } };
    const [first, second] = [await raw(server, request), await raw(server, request)];
    assert.equal(first.json.id, second.json.id);
    assert.equal((await sdk.invoiceItems.list()).data.length, 1);
    refused(await raw(server, { path: `/v1/invoiceitems/${first.json.id}`, key: newKey() }), { status: 404 });
});
