// Invoices as objects: what they begin with, what can be changed of them, and how they are found.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { newKey, raw } from '../lib/client.js';
import { ACACIA, CLOVER, invoicing } from '../lib/invoices.js';
import { start } from '../lib/server.js';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

const DAY = 86400;

// ---- creation ----

test('a draft has what it was given and what its customer has', async () => {
    const { sdk } = invoicing(server);
    const address = { city: 'Bonn', country: 'DE', line1: 'Way 1', line2: null, postal_code: '53111', state: null };
    const customer = await sdk.customers.create({
        name: 'Ann', email: 'ann@example.com', phone: '1', address, tax_exempt: 'exempt', balance: -50,
        shipping: { name: 'Bob', phone: '2', address },
        invoice_settings: { footer: 'Thanks', custom_fields: [{ name: 'VAT', value: '7' }] },
    });
    const invoice = await sdk.invoices.create({
        customer: customer.id, currency: 'eur', description: 'For June', metadata: { a: '1' },
        statement_descriptor: 'ACME', automatic_tax: { enabled: false }, number: 'A-7', effective_at: 1700000000,
    });
    const expected = {
        object: 'invoice', customer: customer.id, customer_name: 'Ann', customer_email: 'ann@example.com',
        customer_phone: '1', customer_address: address, customer_tax_exempt: 'exempt', currency: 'eur',
        customer_shipping: { name: 'Bob', phone: '2', address }, description: 'For June', metadata: { a: '1' },
        statement_descriptor: 'ACME', number: 'A-7', effective_at: 1700000000, footer: 'Thanks', starting_balance: -50,
        ending_balance: null, status: 'draft', billing_reason: 'manual', collection_method: 'charge_automatically',
        auto_advance: false, automatically_finalizes_at: null, due_date: null, attempted: false, attempt_count: 0,
        amount_due: 0, amount_paid: 0, amount_remaining: 0, subtotal: 0, total: 0, hosted_invoice_url: null,
        invoice_pdf: null, parent: null, next_payment_attempt: null, livemode: false, default_payment_method: null,
    };
    const actual = Object.fromEntries(Object.keys(expected).map((key) => [key, invoice[key]]));
    assert.deepEqual(JSON.parse(JSON.stringify(actual)), expected);
    assert.deepEqual(invoice.custom_fields.map(({ name, value }) => [name, value]), [['VAT', '7']]);
    assert.deepEqual([invoice.period_start, invoice.period_end, invoice.webhooks_delivered_at],
        [invoice.created, invoice.created, invoice.created]);
    const own = await sdk.invoices.create({
        customer: customer.id, footer: 'Bye', custom_fields: [{ name: 'A', value: 'B' }], metadata: '',
        expand: ['customer'],
    });
    assert.deepEqual([own.footer, own.custom_fields[0].value, own.customer.name, own.metadata], ['Bye', 'B', 'Ann', {}]);
    const { custom_fields } = await sdk.invoices.create({ customer: customer.id, custom_fields: '' });
    assert.equal(custom_fields[0].value, '7', 'none of its own: those of the customer');
});

test('a draft keeps what its customer was called when it was made', async () => {
    const { sdk } = invoicing(server);
    const { id: customer } = await sdk.customers.create({ name: 'Ann' });
    const { id } = await sdk.invoices.create({ customer });
    await sdk.customers.update(customer, { name: 'Eve' });
    assert.equal((await sdk.invoices.retrieve(id)).customer_name, 'Ann');
});

test('the currency is the customer\'s if none is given', async () => {
    const { sdk } = invoicing(server);
    const { id: customer } = await sdk.customers.create();
    assert.equal((await sdk.invoices.create({ customer, currency: 'EUR' })).currency, 'eur');
    assert.equal((await sdk.invoices.create({ customer })).currency, 'eur');
});

test('an invoice needs a customer that exists', async () => {
    const { sdk } = invoicing(server);
    await rejects(sdk.invoices.create({}), { status: 400, code: 'parameter_missing', param: 'customer' });
    await rejects(sdk.invoices.create({ customer: 'cus_none' }),
        { status: 400, code: 'resource_missing', param: 'customer', message: "No such customer: 'cus_none'" });
    const { id: customer } = await sdk.customers.create();
    await sdk.customers.del(customer);
    await rejects(sdk.invoices.create({ customer }), { status: 400, code: 'resource_missing', param: 'customer' });
});

for (const [fields, param, code] of [
    [{ currency: 'xxx' }, 'currency'],
    [{ collection_method: 'beg' }, 'collection_method'],
    [{ auto_advance: 'maybe' }, 'auto_advance'],
    [{ days_until_due: -1, collection_method: 'send_invoice' }, 'days_until_due', 'parameter_invalid_integer'],
    [{ days_until_due: 5 }, 'days_until_due'],
    [{ due_date: 1900000000 }, 'due_date'],
    [{ collection_method: 'send_invoice' }, 'days_until_due'],
    [{ collection_method: 'send_invoice', days_until_due: 5, due_date: 1900000000 }, 'days_until_due'],
    [{ automatic_tax: { enabled: true } }, 'automatic_tax[enabled]'],
    [{ pending_invoice_items_behavior: 'all' }, 'pending_invoice_items_behavior'],
    [{ number: 'x'.repeat(27) }, 'number'],
    [{ statement_descriptor: 'x'.repeat(23) }, 'statement_descriptor'],
    [{ default_payment_method: 'pm_none' }, 'default_payment_method', 'resource_missing'],
    [{ subscription: 'sub_none' }, 'subscription', 'resource_missing'],
    [{ custom_fields: Array.from({ length: 5 }, () => ({ name: 'a', value: 'b' })) }, 'custom_fields'],
    [{ foo: 1 }, 'foo', 'parameter_unknown'],
]) {
    test(`an invoice with ${JSON.stringify(fields).slice(0, 80)} is refused`, async () => {
        const { sdk } = invoicing(server);
        const { id: customer } = await sdk.customers.create();
        await rejects(sdk.invoices.create({ customer, ...fields }), { status: 400, param, code });
        assert.deepEqual((await sdk.invoices.list()).data, []);
    });
}

test('a payment method has to be the customer\'s', async () => {
    const { sdk, payer } = invoicing(server);
    const [one, other] = [await payer(), await payer()];
    const mine = one.invoice_settings.default_payment_method;
    const { id, default_payment_method } =
        await sdk.invoices.create({ customer: one.id, default_payment_method: mine });
    assert.equal(default_payment_method, mine);
    for (const call of [
        (fields) => sdk.invoices.create({ customer: one.id, ...fields }),
        (fields) => sdk.invoices.update(id, fields),
    ]) {
        await rejects(call({ default_payment_method: other.invoice_settings.default_payment_method }),
            { status: 400, param: 'default_payment_method' });
    }
});

// ---- when it is due ----

test('days until it is due become a date, counted from now', async () => {
    const { draft, sdk } = invoicing(server);
    const { id, created, due_date } = await draft({ collection_method: 'send_invoice', days_until_due: 10 });
    assert.equal(due_date, created + 10 * DAY);
    const later = await sdk.invoices.update(id, { days_until_due: 20 });
    assert(Math.abs(later.due_date - created - 20 * DAY) < 60);
    const dated = await sdk.invoices.update(id, { due_date: created + DAY });
    assert.equal(dated.due_date, created + DAY);
    const charged = await sdk.invoices.update(id, { collection_method: 'charge_automatically' });
    assert.deepEqual([charged.collection_method, charged.due_date], ['charge_automatically', null]);
    await rejects(sdk.invoices.update(id, { collection_method: 'send_invoice' }),
        { status: 400, param: 'days_until_due' });
    const today = await sdk.invoices.update(id, { collection_method: 'send_invoice', days_until_due: 0 });
    assert(Math.abs(today.due_date - created) < 60);
});

test('an invoice that advances by itself says when', async () => {
    const { sdk } = invoicing(server);
    const { id: customer } = await sdk.customers.create();
    const { id, created, automatically_finalizes_at } = await sdk.invoices.create({ customer, auto_advance: true });
    assert.equal(automatically_finalizes_at, created + 3600);
    assert.equal((await sdk.invoices.update(id, { auto_advance: false })).automatically_finalizes_at, null);
    const at = created + DAY;
    const planned = await sdk.invoices.update(id, { auto_advance: true, automatically_finalizes_at: at });
    assert.equal(planned.automatically_finalizes_at, at);
    const made = await sdk.invoices.create({ customer, auto_advance: true, automatically_finalizes_at: at });
    assert.equal(made.automatically_finalizes_at, at);
});

// ---- what waits ----

for (const { version, behavior, taken } of [
    { version: '2020-08-27', taken: true },
    { version: '2022-08-01', taken: true },
    { version: '2022-11-15', taken: false },
    { version: CLOVER, taken: false },
    { version: '2020-08-27', behavior: 'exclude', taken: false },
    { version: CLOVER, behavior: 'include', taken: true },
]) {
    test(`what waits is ${taken ? '' : 'not '}taken in ${version}${behavior ? ` with ${behavior}` : ''}`, async () => {
        const { sdk, call } = invoicing(server);
        const { id: customer } = await sdk.customers.create();
        const { id } = await sdk.invoiceItems.create({ customer, amount: 700, currency: 'usd' });
        const create = () =>
            call('/v1/invoices', { customer, pending_invoice_items_behavior: behavior }, version);
        if (!taken && version < '2022-11-15') {
            await rejects(create(), { status: 400, code: 'invoice_no_customer_line_items' });
            return;
        }
        const invoice = await create();
        assert.deepEqual([invoice.total, invoice.lines.data.length], taken ? [700, 1] : [0, 0]);
        assert.equal((await sdk.invoiceItems.retrieve(id)).invoice, taken ? invoice.id : null);
    });
}

test('before 2022-11-15 there has to be something to invoice', async () => {
    const { sdk, call } = invoicing(server);
    const { id: customer } = await sdk.customers.create();
    await rejects(call('/v1/invoices', { customer }, '2022-08-01'), {
        status: 400, type: 'invalid_request_error', code: 'invoice_no_customer_line_items',
        message: 'Nothing to invoice for customer',
    });
    assert.equal((await call('/v1/invoices', { customer }, '2022-11-15')).total, 0);
});

test('an invoice takes what waits in its currency', async () => {
    const { sdk } = invoicing(server);
    const { id: customer } = await sdk.customers.create();
    await sdk.invoiceItems.create({ customer, amount: 700, currency: 'usd' });
    await sdk.invoiceItems.create({ customer, amount: 900, currency: 'eur' });
    const { total, lines } = await sdk.invoices.create(
        { customer, currency: 'eur', pending_invoice_items_behavior: 'include' });
    assert.deepEqual([total, lines.total_count], [900, 1]);
});

test('an invoice for a subscription takes what waits for it', async () => {
    const { sdk, payer, price } = invoicing(server);
    const { id: customer } = await payer();
    const { id: monthly } = await price(1000, { interval: 'month' });
    const { id: subscription } = await sdk.subscriptions.create(
        { customer, items: [{ price: monthly }], metadata: { plan: 'gold' } });
    await sdk.invoiceItems.create({ customer, subscription, amount: 300, currency: 'usd' });
    const invoice = await sdk.invoices.create({ customer, subscription });
    assert.equal(invoice.total, 300);
    const { type, subscription_details: details } = invoice.parent;
    assert.deepEqual([type, details.subscription, details.metadata.plan], ['subscription_details', subscription, 'gold']);
    assert.equal(invoice.lines.data[0].parent.invoice_item_details.subscription, subscription);
    await rejects(sdk.invoices.del(invoice.id), { status: 400, message: /You can't delete invoices of subscriptions/ });
    const { id: other } = await sdk.customers.create();
    await rejects(sdk.invoices.create({ customer: other, subscription }),
        { status: 400, code: 'resource_missing', param: 'subscription' });
});

// ---- change ----

test('a draft can be changed in every way', async () => {
    const { draft, sdk, payer } = invoicing(server);
    const { id: customer, invoice_settings } = await payer();
    const { id } = await draft({ customer });
    const fields = {
        description: 'd', footer: 'f', number: 'N-1', statement_descriptor: 's', metadata: { a: '1' },
        default_payment_method: invoice_settings.default_payment_method, effective_at: 1700000000,
        custom_fields: [{ name: 'a', value: 'b' }],
    };
    const changed = JSON.parse(JSON.stringify(
        await sdk.invoices.update(id, { ...fields, automatic_tax: { enabled: false } })));
    for (const [name, value] of Object.entries(fields)) assert.deepEqual(changed[name], value, name);
    const empty = await sdk.invoices.update(id,
        { expand: ['customer'], description: '', footer: '', number: '', metadata: '', effective_at: '', custom_fields: '' });
    assert.deepEqual([empty.description, empty.footer, empty.number, empty.metadata, empty.effective_at,
        empty.custom_fields], [null, null, null, {}, null, null]);
    assert.equal(empty.total, 1000, 'nothing else has changed');
});

for (const fields of [
    { description: 'x' }, { discounts: '' }, { footer: 'x' }, { collection_method: 'send_invoice' },
    { days_until_due: 3 }, { due_date: 1900000000 }, { number: 'x' }, { effective_at: 1 },
    { automatically_finalizes_at: 1900000000 }, { custom_fields: '' }, { statement_descriptor: 'x' },
]) {
    const [param] = Object.keys(fields);
    test(`${param} of a finalized invoice stays`, async () => {
        const { draft, sdk } = invoicing(server);
        const { id } = await draft();
        await sdk.invoices.finalizeInvoice(id);
        await rejects(sdk.invoices.update(id, fields),
            { status: 400, type: 'invalid_request_error', code: 'invoice_not_editable', param });
    });
}

test('metadata and how it is paid can be changed of a finalized invoice', async () => {
    const { draft, sdk, payer } = invoicing(server);
    const { id: customer, invoice_settings: { default_payment_method } } = await payer();
    const { id } = await draft({ customer });
    await sdk.invoices.finalizeInvoice(id);
    const invoice = await sdk.invoices.update(id, { metadata: { a: '1' }, default_payment_method });
    assert.deepEqual([invoice.metadata.a, invoice.default_payment_method], ['1', default_payment_method]);
});

test('an invoice that does not exist is not found', async () => {
    const { sdk } = invoicing(server);
    for (const call of [
        () => sdk.invoices.retrieve('in_none'), () => sdk.invoices.update('in_none', {}),
        () => sdk.invoices.del('in_none'), () => sdk.invoices.finalizeInvoice('in_none'),
        () => sdk.invoices.pay('in_none'), () => sdk.invoices.sendInvoice('in_none'),
        () => sdk.invoices.voidInvoice('in_none'), () => sdk.invoices.markUncollectible('in_none'),
        () => sdk.invoices.listLineItems('in_none'),
    ]) {
        await rejects(call(), {
            status: 404, code: 'resource_missing', param: 'invoice', message: "No such invoice: 'in_none'",
        });
    }
});

test('a deleted draft is gone', async () => {
    const { draft, sdk } = invoicing(server);
    const { id } = await draft();
    const { deleted, object } = await sdk.invoices.del(id);
    assert.deepEqual([deleted, object], [true, 'invoice']);
    await rejects(sdk.invoices.retrieve(id), { status: 404 });
    assert.deepEqual((await sdk.invoices.list()).data, []);
    assert.deepEqual((await sdk.invoiceItems.list()).data, []);
});

test('the same draft is made once for one idempotency key', async () => {
    const { sdk, key } = invoicing(server);
    const { id: customer } = await sdk.customers.create();
    const request = { method: 'POST', path: '/v1/invoices', key, form: { customer, description: 'x' },
        headers: { 'idempotency-key': 'once' } };
    const [first, second] = [await raw(server, request), await raw(server, request)];
    assert.equal(first.json.id, second.json.id);
    refused(await raw(server, { ...request, form: { customer, description: 'y' } }),
        { status: 400, type: 'idempotency_error' });
    assert.equal((await sdk.invoices.list()).data.length, 1);
});

// ---- lists ----

test('invoices are found by customer, status, way of collection, subscription and time', async () => {
    const own = invoicing(server);
    const { sdk, draft } = own;
    const { id: customer } = await own.payer();
    const { id: monthly } = await own.price(1000, { interval: 'month' });
    const { id: subscription, latest_invoice: renewal } =
        await sdk.subscriptions.create({ customer, items: [{ price: monthly }] });
    const first = await draft();
    const sent = await draft({ customer, collection_method: 'send_invoice', due_date: 1900000000 });
    await sdk.invoices.finalizeInvoice(sent.id);
    for (const [filter, expected] of [
        [{}, [sent.id, first.id, renewal]],
        [{ customer }, [sent.id, renewal]],
        [{ status: 'draft' }, [first.id]],
        [{ status: 'open' }, [sent.id]],
        [{ status: 'paid' }, [renewal]],
        [{ status: 'void' }, []],
        [{ status: 'uncollectible' }, []],
        [{ collection_method: 'send_invoice' }, [sent.id]],
        [{ subscription }, [renewal]],
        [{ created: { gte: first.created, lte: first.created + DAY } }, [sent.id, first.id, renewal]],
        [{ created: { gt: 1000, lt: first.created + DAY } }, [sent.id, first.id, renewal]],
        [{ created: 1000 }, []],
        [{ due_date: { gte: 1900000000, lte: 1900000000 } }, [sent.id]],
        [{ due_date: { lt: 1900000000 } }, []],
        [{ due_date: 1900000000 }, [sent.id]],
        [{ due_date: { gt: 1900000000 } }, []],
        [{ limit: 1 }, [sent.id]],
        [{ starting_after: sent.id, limit: 1 }, [first.id]],
        [{ ending_before: renewal, limit: 1 }, [first.id]],
    ]) {
        const { data } = await sdk.invoices.list(filter);
        assert.deepEqual(data.map(({ id }) => id), expected, JSON.stringify(filter));
    }
    await rejects(sdk.invoices.list({ customer: 'cus_none' }), { status: 400, code: 'resource_missing' });
    await rejects(sdk.invoices.list({ status: 'lost' }), { status: 400, param: 'status' });
});

test('invoices are searched by number, status, customer, currency and metadata', async () => {
    const { draft, sdk } = invoicing(server);
    const first = await draft({ number: 'A-1', metadata: { order: '17' } });
    const second = await draft({ currency: 'eur' });
    await sdk.invoices.finalizeInvoice(second.id);
    const search = async (query, fields) => (await sdk.invoices.search({ query, ...fields })).data.map(({ id }) => id);
    for (const [query, expected] of [
        ['number:"A-1"', [first.id]],
        ['number~"A-1"', [first.id]],
        ['status:"open"', [second.id]],
        ['-status:"open"', [first.id]],
        [`customer:"${first.customer}"`, [first.id]],
        ['currency:"eur" OR currency:"usd"', [second.id, first.id]],
        ['metadata["order"]:"17"', [first.id]],
    ]) {
        assert.deepEqual(await search(query), expected, query);
    }
    const page = await sdk.invoices.search({ query: '-status:"x"', limit: 1, expand: ['data.customer'] });
    assert.deepEqual([page.data[0].customer.id, page.has_more], [second.customer, true]);
    assert.deepEqual(await search('-status:"x"', { page: page.next_page }), [first.id]);
    await rejects(sdk.invoices.search({ query: 'total:"5"' }), { status: 400, param: 'query' });
});

test('lines come in pages, in their order', async () => {
    const { draft, sdk } = invoicing(server);
    const amounts = Array.from({ length: 12 }, (_, i) => i + 1);
    const { id, lines, total } = await draft({ lines: amounts });
    assert.deepEqual([lines.data.length, lines.has_more, lines.total_count, lines.url, total],
        [10, true, 12, `/v1/invoices/${id}/lines`, 78]);
    const seen = [];
    for await (const line of sdk.invoices.listLineItems(id, { limit: 5 })) seen.push(line.amount);
    assert.deepEqual(seen, amounts);
    const { data } = await sdk.invoices.listLineItems(id);
    const page = async (fields) => {
        const list = await sdk.invoices.listLineItems(id, fields);
        return [list.data.map(({ amount }) => amount), list.has_more];
    };
    assert.deepEqual(await page({ starting_after: data[9].id }), [[11, 12], false]);
    assert.deepEqual(await page({ ending_before: data[3].id, limit: 2 }), [[2, 3], true]);
    assert.deepEqual(await page({ ending_before: data[2].id }), [[1, 2], false]);
    assert.equal((await sdk.invoices.listLineItems(id, { expand: ['data.discounts'] })).data.length, 10);
    await rejects(sdk.invoices.listLineItems(id, { starting_after: 'il_none' }),
        { status: 400, code: 'resource_missing', param: 'starting_after' });
    await rejects(sdk.invoices.listLineItems(id, { starting_after: data[1].id, ending_before: data[3].id }), {
        status: 400,
        message: 'Received both starting_after and ending_before parameters. Please pass in only one.',
    });
});

// ---- expansion ----

test('what an invoice refers to can be expanded', async () => {
    const own = invoicing(server);
    const { id: customer, invoice_settings: { default_payment_method } } = await own.payer();
    const { id: half } = await own.coupon();
    const { id: code } = await own.sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: half } });
    const { id } = await own.draft({ customer, discounts: [{ promotion_code: code }], default_payment_method });
    await own.sdk.invoices.pay(id);
    const get = (paths, version) =>
        own.call(`/v1/invoices/${id}?${paths.map((path) => `expand[]=${path}`).join('&')}`, undefined, version);
    const invoice = await get(['customer', 'default_payment_method', 'discounts.promotion_code',
        'discounts.source.coupon', 'payments', 'payments.data.payment.payment_intent', 'confirmation_secret',
        'total_discount_amounts.discount', 'lines.data.discounts', 'test_clock', 'latest_revision']);
    assert.equal(invoice.customer.id, customer);
    assert.equal(invoice.default_payment_method.id, default_payment_method);
    assert.equal(invoice.discounts[0].promotion_code.id, code);
    assert.equal(invoice.discounts[0].source.coupon.id, half);
    assert.equal(invoice.payments.data[0].payment.payment_intent.object, 'payment_intent');
    assert.equal(invoice.total_discount_amounts[0].discount.id, invoice.discounts[0].id);
    assert('confirmation_secret' in invoice);
    const old = await get(['payment_intent', 'charge', 'discount', 'subscription', 'discounts'], ACACIA);
    assert.equal(old.payment_intent.id, invoice.payments.data[0].payment.payment_intent.id);
    assert.equal(old.discounts[0].coupon.id, half);
    const { data } = await own.call('/v1/invoices?expand[]=data.customer&expand[]=data.discounts');
    assert.deepEqual([data[0].customer.id, data[0].discounts[0].object], [customer, 'discount']);
    await rejects(get(['nothing']), { status: 400, message: 'This property cannot be expanded (nothing).' });
    await rejects(get(['payment_intent'], CLOVER), { status: 400 });
    await rejects(get(['payments'], ACACIA), { status: 400 });
    await rejects(get(['a.b.c.d.e']), { status: 400, code: 'property_expansion_max_depth' });
});

test('a deleted customer expands to a stub', async () => {
    const { draft, sdk } = invoicing(server);
    const { id, customer } = await draft();
    await sdk.customers.del(customer);
    const invoice = await sdk.invoices.retrieve(id, { expand: ['customer'] });
    assert.deepEqual([invoice.customer.id, invoice.customer.deleted], [customer, true]);
    await rejects(sdk.invoices.finalizeInvoice(id), { status: 400, message: /deleted/ });
});

test('an invoice of another account does not exist', async () => {
    const { draft } = invoicing(server);
    const { id } = await draft();
    refused(await raw(server, { path: `/v1/invoices/${id}`, key: newKey() }), { status: 404 });
});

// ---- versions ----

for (const [version, has, lacks] of [
    ['2020-08-27', ['paid', 'discount', 'payment_intent', 'charge', 'subscription'], ['parent', 'test_clock', 'issuer']],
    ['2022-11-15', ['paid_out_of_band', 'subtotal_excluding_tax', 'test_clock'], ['automatically_finalizes_at']],
    ['2023-10-16', ['subscription_details', 'effective_at'], ['issuer', 'total_pretax_credit_amounts']],
    ['2024-12-18.acacia', ['parent', 'total_taxes', 'paid', 'discount', 'amount_overpaid'], ['customer_account']],
    ['2025-03-31.basil', ['parent'], ['paid', 'discount', 'payment_intent', 'charge', 'subscription', 'tax']],
    [CLOVER, ['parent'], ['paid', 'customer_account']],
    ['2026-10-28.endive', ['parent', 'customer_account'], ['paid']],
]) {
    test(`an invoice in ${version}`, async () => {
        const { draft, call } = invoicing(server);
        const { id } = await draft();
        const invoice = await call(`/v1/invoices/${id}`, undefined, version);
        for (const name of has) assert(name in invoice, name);
        for (const name of lacks) assert(!(name in invoice), name);
    });
}

test('what a version lacks it does not take', async () => {
    const { draft, sdk, call, coupon } = invoicing(server);
    const { id } = await draft();
    const { id: half } = await coupon();
    const { id: code } = await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: half } });
    for (const [version, form, param] of [
        ['2022-11-15', { effective_at: 1 }, 'effective_at'],
        ['2023-10-16', { automatically_finalizes_at: 1900000000 }, 'automatically_finalizes_at'],
        ['2023-10-16', { discounts: [{ promotion_code: code }] }, 'discounts[0][promotion_code]'],
    ]) {
        await rejects(call(`/v1/invoices/${id}`, form, version), { status: 400, code: 'parameter_unknown', param });
    }
    const discounts = [{ promotion_code: code }];
    assert.equal((await call(`/v1/invoices/${id}`, { discounts }, '2024-04-10')).total, 500);
});
