// The hosted page as a browser without scripts sees it, and as somebody who means no good does.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { account, at } from '../lib/billing.js';
import { form } from '../lib/client.js';
import { buy, card, declined, open, press } from '../lib/pages.js';
import { coupond, start, temporaryDirectory } from '../lib/server.js';

const SUCCESS = 'https://shop.example/done';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

// An open session over 100.00 that takes codes, and the code HALF.
async function shop(fields, coupon) {
    const seller = account(server);
    const { sdk } = seller;
    const price = await seller.price(10000);
    const half = await seller.coupon(coupon);
    const code = (options) =>
        sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: half.id }, ...options });
    await code({ code: 'HALF' });
    const checkout = (more) => sdk.checkout.sessions.create({
        mode: 'payment', success_url: SUCCESS, cancel_url: 'https://shop.example/cart', allow_promotion_codes: true,
        line_items: [{ price: price.id }], ...fields, ...more,
    });
    const session = await checkout();
    const url = session.url;
    return {
        ...seller,
        code,
        checkout,
        session,
        url,
        look: () => open(url),
        press: async (action, typed, headers) => press(url, await open(url), action, typed, headers),
        now: () => sdk.checkout.sessions.retrieve(session.id),
    };
}

test('the page shows what is bought, what it costs, and a way back', async () => {
    const { checkout, price } = await shop();
    const monthly = await price(2500, { interval: 'month', product_data: { name: 'Plan' } });
    const { url } = await checkout({ mode: 'subscription', line_items: [{ price: monthly.id, quantity: 2 }] });
    const { status, headers, sums, html } = await open(url);
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'text/html; charset=utf-8');
    assert.deepEqual(sums, { 'Plan × 2$50.00 per month': '$50.00', 'Subtotal': '$50.00', 'Total due today': '$50.00' });
    assert.match(html, /<a href="https:\/\/shop\.example\/cart">/);
    assert.match(html, />Subscribe \$50\.00</);
});

test('amounts are written as people of the currency write them', async () => {
    const { checkout } = await shop();
    const line = (currency, unit_amount) =>
        ({ line_items: [{ price_data: { currency, unit_amount, product_data: { name: 'Thing' } } }] });
    for (const [currency, amount, text] of [['eur', 123456, '€1,234.56'], ['jpy', 5000, '¥5,000'],
        ['kwd', 1234, '1.234 KWD'], ['chf', 990, '9.90 CHF'], ['usd', 7, '$0.07']]) {
        const { sums } = await open((await checkout(line(currency, amount))).url);
        assert.equal(sums['Total due today'], text);
    }
});

test('a typed code changes the total, in any case, and can be removed again', async () => {
    const { url, press: send, now } = await shop();
    const applied = await send('apply', { code: ' half ', email: 'me@example.com' });
    assert.deepEqual(applied.sums,
        { 'Thing': '$100.00', 'Subtotal': '$100.00', 'Discount (HALF, 50% off)': '−$50.00',
            'Total due today': '$50.00' });
    assert.deepEqual(applied.notices, ['The code was applied. This is the new total.']);
    assert.equal(applied.value('email'), 'me@example.com', 'what was typed is kept');
    assert(!applied.has('code'));
    const { amount_total, total_details, discounts } = await now();
    assert.deepEqual([amount_total, total_details.amount_discount, discounts.length], [5000, 5000, 1]);
    const removed = await press(url, applied, 'remove', { email: 'me@example.com' });
    assert.equal(removed.sums['Total due today'], '$100.00');
    assert.equal(removed.value('email'), 'me@example.com');
    assert.deepEqual((await now()).discounts, []);
});

test('the Enter key in the code box applies the code', async () => {
    const { press: send, now } = await shop();
    const page = await send('pay', { code: 'HALF', email: 'me@example.com', ...card });
    assert.equal(page.sums['Total due today'], '$50.00');
    assert.equal((await now()).status, 'open', 'the buyer sees the new total first');
});

test('every code that cannot be used is invalid, in one text', async () => {
    const { sdk, code, checkout, coupon, advance } = await shop();
    const frozen_time = at('2027-01-15');
    const clock = await sdk.testHelpers.testClocks.create({ frozen_time });
    const { id: customer } = await sdk.customers.create({ test_clock: clock.id });
    const { id: other } = await sdk.customers.create();
    const euros = await coupon({ percent_off: undefined, amount_off: 100, currency: 'eur' });
    const elsewhere = await coupon({ applies_to: { products: [(await sdk.products.create({ name: 'x' })).id] } });
    const of = (each, options) => sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: each.id }, ...options });
    await code({ code: 'OFF', active: false });
    await code({ code: 'OTHER', customer: other });
    await code({ code: 'DEAR', restrictions: { minimum_amount: 10001, minimum_amount_currency: 'usd' } });
    await code({ code: 'LATE', expires_at: frozen_time + 60 });
    await of(euros, { code: 'EUROS' });
    await of(elsewhere, { code: 'ELSEWHERE' });
    await code({ code: 'ONCE', max_redemptions: 1 });
    const used = await checkout();
    await press(used.url, await press(used.url, await open(used.url), 'apply', { code: 'ONCE' }), 'pay',
        { ...card, email: 'a@example.com' });
    const { url } = await checkout({ customer });
    await advance(clock.id, frozen_time + 61);
    const shapes = new Set();
    for (const each of ['NONE', 'OFF', 'OTHER', 'DEAR', 'LATE', 'EUROS', 'ELSEWHERE', 'ONCE', '<b>']) {
        const page = await press(url, await open(url), 'apply', { code: each });
        assert.deepEqual([page.status, page.problems], [200, ['This code is invalid.']], each);
        assert.equal(page.value('code'), each);
        shapes.add(page.html.replaceAll(each, '').replaceAll('&lt;b&gt;', ''));
    }
    assert.equal(shapes.size, 1, 'the pages differ in nothing else');
});

test('a guest cannot use codes that need a customer', async () => {
    const { sdk, code, press: send } = await shop();
    const { id: customer } = await sdk.customers.create();
    await code({ code: 'MINE', customer });
    await code({ code: 'FIRST', restrictions: { first_time_transaction: true } });
    for (const each of ['MINE', 'FIRST']) {
        assert.deepEqual((await send('apply', { code: each })).problems, ['This code is invalid.']);
    }
});

test('the own code of a customer comes before the one for everybody', async () => {
    const { sdk, coupon, code, checkout } = await shop();
    const { id: customer } = await sdk.customers.create();
    const quarter = await coupon({ percent_off: 25 });
    await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: quarter.id }, code: 'SAME', customer });
    await assert.rejects(code({ code: 'SAME' }), /already exists/);
    const { url } = await checkout({ customer });
    const page = await press(url, await open(url), 'apply', { code: 'same' });
    assert.equal(page.sums['Discount (SAME, 25% off)'], '−$25.00');
});

test('ten wrong codes a minute are answered, more are not looked at', async () => {
    const { url, checkout, code } = await shop();
    const page = await open(url);
    const type = async (text) => (await press(url, page, 'apply', { code: text })).problems[0];
    for (let n = 1; n <= 10; n++) assert.equal(await type(`NO${n}`), 'This code is invalid.');
    assert.match(await type('NO11'), /Too many/);
    await code({ code: 'RIGHT' });
    assert.match(await type('RIGHT'), /Too many/);
    const other = await checkout();
    assert.deepEqual((await press(other.url, await open(other.url), 'apply', { code: 'RIGHT' })).problems, [],
        'others are not held up');
});

test('a session that takes no codes has no box and takes none', async () => {
    const { press: send, look } = await shop({ allow_promotion_codes: undefined });
    assert(!(await look()).has('code'));
    const page = await send('apply', { code: 'HALF' });
    assert.equal(page.sums['Total due today'], '$100.00');
});

test('a discount of the seller cannot be removed by the buyer', async () => {
    const { checkout, coupon } = await shop();
    const named = await coupon({ name: 'Launch sale', percent_off: 12.5 });
    const { url } = await checkout({ allow_promotion_codes: undefined, discounts: [{ coupon: named.id }] });
    const page = await press(url, await open(url), 'remove');
    assert.equal(page.sums['Discount (Launch sale, 12.5% off)'], '−$12.50');
    assert(!page.html.includes('value="remove"'));
});

test('what is missing is said beside the field, and the rest is kept', async () => {
    const { press: send, now } = await shop();
    const page = await send('pay', { email: 'nobody', number: '1234', expiry: '13/34', cvc: '1', name: 'Jane' });
    assert.equal(page.problems.length, 4);
    assert.deepEqual(['email', 'number', 'expiry', 'cvc', 'name'].map(page.value),
        ['nobody', '1234', '13/34', '', 'Jane']);
    assert.match(page.html, /id="email"[^>]* aria-invalid="true" aria-describedby="email-problem" autofocus/);
    const past = await send('pay', { email: 'a@example.com', ...card, expiry: '01/20' });
    assert.deepEqual(past.problems, ['Your card has expired.']);
    assert.deepEqual((await send('apply', { code: '' })).problems, ['Enter a code.']);
    assert.equal((await now()).status, 'open');
});

test('a declined card is said so, uses nothing up, and another can be tried', async () => {
    const { sdk, url, press: send, now } = await shop();
    const applied = await send('apply', { code: 'HALF' });
    const email = 'a@example.com';
    const page = await press(url, applied, 'pay', { email, ...declined });
    assert.deepEqual([page.status, page.problems], [200, ['Your card was declined.']]);
    const { data: [code] } = await sdk.promotionCodes.list();
    assert.equal(code.times_redeemed, 0);
    assert.equal((await press(url, page, 'pay', { email, ...card, expiry: '1234', name: 'Jane' })).status, 303);
    const { payment_status, payment_intent } = await now();
    assert.equal(payment_status, 'paid');
    const { data: payments } = await sdk.paymentIntents.list();
    assert.deepEqual(payments.map(({ id, amount }) => [id, amount]), [[payment_intent, 5000]]);
});

test('a page that is done or has expired says so', async () => {
    const { url, look, checkout, sdk } = await shop({ success_url: `${SUCCESS}?a={CHECKOUT_SESSION_ID}&b=1` });
    const before = await look();
    await press(url, before, 'pay', { email: 'a@example.com', ...card });
    const done = await look();
    assert.deepEqual([done.status, done.heading], [200, 'All done']);
    const id = url.split('/').at(-1);
    assert(done.html.includes(`href="${SUCCESS}?a=${id}&amp;b=1"`));
    assert.equal((await press(url, before, 'pay', { email: 'a@example.com', ...card })).heading, 'All done');
    const other = await checkout();
    await sdk.checkout.sessions.expire(other.id);
    assert.equal((await open(other.url)).heading, 'This page has expired');
});

test('nobody pays another total than the page had shown', async () => {
    const { url, look, press: send, now } = await shop({ customer_email: 'a@example.com' });
    await send('apply', { code: 'HALF' });
    const shown = await look();
    await send('remove');
    const { status, problems, sums } = await press(url, shown, 'pay', card);
    assert.equal(status, 200);
    assert.deepEqual(problems, ['The total has changed. Nothing was charged. This is the new total.']);
    assert.equal(sums['Total due today'], '$100.00');
    assert.equal((await now()).status, 'open');
    assert.equal((await send('pay', card)).status, 303);
});

test('text of sellers and buyers never becomes markup', async () => {
    const { price, checkout, coupon, sdk } = await shop();
    const evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>\'&amp;{}';
    const thing = await price(500, { product_data: { name: evil } });
    const named = await coupon({ name: '<b>"\'&{}' });
    const { url } = await checkout({
        line_items: [{ price: thing.id }], discounts: [{ coupon: named.id }], allow_promotion_codes: undefined,
    });
    const page = await press(url, await open(url), 'pay',
        { email: evil, number: evil, expiry: evil, name: evil, cvc: evil });
    assert(!/<(script|img|b)\b/.test(page.html), page.html);
    assert.equal(page.value('email'), evil);
    assert.match(page.html, /Discount \(&lt;b&gt;&quot;&#39;&amp;\{\}, 50% off\)/);
    assert.equal((await sdk.checkout.sessions.list()).data.length, 2);
});

test('every page forbids scripts, frames and leaks', async () => {
    const { url, press: send } = await shop();
    const pages = [await open(url), await send('apply', { code: 'x' }), await open(`${server.url}/c/pay/cs_none`),
        await press(url, { token: 'wrong' }, 'pay')];
    for (const { headers } of pages) {
        const policy = headers.get('content-security-policy');
        assert.match(policy, /^default-src 'none'; style-src 'self'; img-src data:; form-action 'self'/);
        assert.match(policy, /base-uri 'none'; frame-ancestors 'none'$/);
        assert.equal(headers.get('referrer-policy'), 'same-origin');
        assert.equal(headers.get('x-content-type-options'), 'nosniff');
        assert.match(headers.get('cache-control'), /no-store/);
        assert.equal(headers.get('access-control-allow-origin'), null);
    }
    assert.match(pages[0].headers.get('content-security-policy'), /form-action 'self' https:\/\/shop\.example;/);
    const style = await open(`${server.url}/c/style.css`);
    assert.equal(style.headers.get('content-type'), 'text/css; charset=utf-8');
});

test('an address that cannot stand in a header is left out of it', async () => {
    for (const success_url of ['https://shop.example;script-src/x', "https://a'b/x", 'https://user@shop.example/']) {
        const { look } = await shop({ success_url });
        assert.match((await look()).headers.get('content-security-policy'), /form-action 'self'; base-uri/);
    }
});

test('a form counts only when it comes from the page', async () => {
    const { url, look, checkout, now } = await shop();
    const page = await look();
    const other = await open((await checkout()).url);
    const typed = { email: 'a@example.com', ...card };
    const origin = new URL(url).origin;
    const refusals = [
        [{}, {}],
        [{ token: '' }, {}],
        [{ token: other.token }, {}],
        [page, { 'sec-fetch-site': 'cross-site' }],
        [page, { 'sec-fetch-site': 'same-site' }],
        [page, { origin: 'https://evil.example' }],
        [page, { origin: 'null' }],
    ];
    for (const [from, headers] of refusals) {
        const { status, heading } = await press(url, from, 'pay', typed, headers);
        assert.deepEqual([status, heading], [403, 'This did not come from the page']);
    }
    const body = form({ token: page.token, action: 'pay', ...typed });
    for (const type of ['text/plain', 'application/json', 'multipart/form-data; boundary=x']) {
        assert.equal((await open(url, { method: 'POST', headers: { 'content-type': type }, body })).status, 400);
    }
    assert.equal((await open(`${url}?${body}`)).status, 200);
    assert.equal((await open(url, { method: 'DELETE' })).status, 405);
    assert.equal((await now()).status, 'open');
    assert.equal((await press(url, page, 'pay', typed, { 'sec-fetch-site': 'same-origin', origin })).status, 303);
});

test('what is no page is not there', async () => {
    for (const path of ['/c/', '/c/pay/', '/c/pay/cs_none', '/c/pay/a/b', '/p/x', '/c/other']) {
        const { status, heading } = await open(server.url + path);
        assert.deepEqual([status, heading], [404, 'There is nothing here'], path);
    }
    const { url } = await shop();
    const { status, html } = await open(url, { method: 'HEAD' });
    assert.deepEqual([status, html], [200, '']);
});

test('values of more than 5,000 characters count as none', async () => {
    const { press: send } = await shop();
    for (const [length, kept] of [[4999, true], [5000, true], [5001, false]]) {
        const email = 'a'.repeat(length);
        assert.equal((await send('pay', { email })).value('email') === email, kept, `${length}`);
    }
});

test('--public-url says where pages are', async () => {
    const public_url = 'https://pay.example.com';
    const behind = await start({ args: ['--public-url', public_url] });
    try {
        const { sdk, price } = account(behind);
        const { id } = await price(100);
        const session = await sdk.checkout.sessions.create(
            { mode: 'payment', success_url: SUCCESS, line_items: [{ price: id }], customer_email: 'a@example.com' });
        assert.equal(session.url, `${public_url}/c/pay/${session.id}`);
        const url = session.url.replace(public_url, behind.url);
        assert.equal((await buy(url)).status, 303);
        assert.equal((await press(url, await open(url), 'pay', {}, { origin: public_url })).status, 403,
            'a closed page has no form');
    } finally {
        await behind.stop();
    }
    for (const wrong of ['pay.example.com', 'https://pay.example.com/', 'ftp://x']) {
        const { status, stderr } = coupond(['serve', '--data', temporaryDirectory(), '--public-url', wrong]);
        assert.equal(status, 64);
        assert.match(stderr, /--public-url wants/);
    }
});

test('an invoice has a page once it is finalized, which says what became of it', async () => {
    const { sdk, payer, coupon } = account(server);
    const customer = await payer({ name: 'Ada <b>' });
    const half = await coupon({ name: 'Half of it' });
    const { id } = await sdk.invoices.create({ customer: customer.id, discounts: [{ coupon: half.id }] });
    await sdk.invoiceItems.create({ customer: customer.id, invoice: id, amount: 1000, description: 'Work & more' });
    const { hosted_invoice_url: url, invoice_pdf: pdf, number } = await sdk.invoices.finalizeInvoice(id);
    assert.equal(pdf, url);
    assert(url.endsWith(`/i/${id}`));
    const unpaid = await open(url);
    assert.equal(unpaid.status, 200);
    assert.equal(unpaid.heading, `Invoice ${number}`);
    assert.match(unpaid.html, /Not paid yet/);
    assert.match(unpaid.html, /Ada &lt;b&gt;/);
    assert.deepEqual(unpaid.sums, {
        'Work & more': '$10.00', 'Discount (Half of it)': '−$5.00', 'Total': '$5.00', 'Still to be paid': '$5.00',
    });
    await sdk.invoices.pay(id);
    const paid = await open(url);
    assert.match(paid.html, /Paid on /);
    assert.equal(paid.sums['Still to be paid'], '$0.00');
    const draft = await sdk.invoices.create({ customer: customer.id });
    assert.equal(draft.hosted_invoice_url, null);
    assert.equal((await open(url.replace(id, draft.id))).status, 404);
    assert.equal((await open(url, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status, 404);
});

test('the invoice of a renewal, which no request made, has a page too', async () => {
    const { sdk, payer, price, advance } = account(server);
    const clock = await sdk.testHelpers.testClocks.create({ frozen_time: at('2027-01-15') });
    const customer = await payer({ test_clock: clock.id });
    const monthly = await price(1000, { interval: 'month' });
    await sdk.subscriptions.create({ customer: customer.id, items: [{ price: monthly.id }] });
    await advance(clock.id, at('2027-02-16'));
    const [renewal] = (await sdk.invoices.list({ customer: customer.id })).data;
    assert.equal(renewal.billing_reason, 'subscription_cycle');
    assert.match((await open(renewal.hosted_invoice_url)).html, /Paid on 15 February 2027/);
});
