// Buying in a real browser.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { account } from '../lib/billing.js';
import { launch, openShop, visit } from '../lib/browser.js';
import { start } from '../lib/server.js';

let browser;
let server;
let shop;
before(async () => {
    [browser, server, shop] = await Promise.all([launch(), start(), openShop()]);
});
after(async () => {
    await browser?.close();
    await shop?.close();
    await server?.stop();
});

// A session over 100.00 with the code HALF.
async function sell(fields) {
    const { sdk, coupon, price } = account(server);
    const { id } = await price(10000, { product_data: { name: 'A rather nice teapot' } });
    const half = await coupon();
    await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: half.id }, code: 'HALF' });
    const session = await sdk.checkout.sessions.create({
        mode: 'payment', line_items: [{ price: id, quantity: 1 }], allow_promotion_codes: true,
        success_url: `${shop.url}/thanks?session={CHECKOUT_SESSION_ID}`, cancel_url: `${shop.url}/cart`, ...fields,
    });
    return { sdk, session, now: () => sdk.checkout.sessions.retrieve(session.id) };
}

async function total(page) {
    return (await page.locator('tr.total td').textContent()).trim();
}

async function fillCard(page, number = '4242 4242 4242 4242') {
    await page.getByLabel('E-mail').fill('jane@example.com');
    await page.getByLabel('Card number').fill(number);
    await page.getByLabel('Expiry').fill('12/34');
    await page.getByLabel('Security code').fill('123');
}

// A wrong code, the right one, away with it, again, a card that is declined, one that pays.
async function buyWithCode(page, { session, now }) {
    await page.goto(session.url);
    assert.equal(await total(page), '$100.00');
    const code = page.getByLabel('Promotion code');
    await page.getByLabel('E-mail').fill('jane@example.com');
    await code.fill('WRONG');
    await page.getByRole('button', { name: 'Apply' }).click();
    assert.equal(await page.getByRole('alert').textContent(), 'This code is invalid.');
    assert.equal(await page.getByLabel('E-mail').inputValue(), 'jane@example.com');

    await code.fill('half');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByRole('button', { name: 'Remove code HALF' }).waitFor();
    assert.equal(await total(page), '$50.00');
    assert.match(await page.locator('tr.discount').textContent(), /Discount \(HALF, 50% off\)\s*−\$50\.00/);
    await page.getByRole('button', { name: 'Remove code HALF' }).click();
    await code.waitFor();
    assert.equal(await total(page), '$100.00');
    await code.fill('HALF');
    await code.press('Enter');
    await page.getByRole('button', { name: 'Pay $50.00' }).waitFor();

    await fillCard(page, '4000 0000 0000 0002');
    await page.getByRole('button', { name: 'Pay $50.00' }).click();
    assert.equal(await page.getByRole('alert').textContent(), 'Your card was declined.');
    await fillCard(page);
    await page.getByRole('button', { name: 'Pay $50.00' }).click();
    await page.waitForURL(`${shop.url}/thanks?session=${session.id}`);
    assert.equal(await page.getByRole('heading').textContent(), 'Thank you');
    const { status, amount_total } = await now();
    assert.deepEqual([status, amount_total], ['complete', 5000]);

    await page.goto(session.url);
    assert.equal(await page.getByRole('heading').textContent(), 'All done');
    await page.getByRole('link', { name: 'Continue' }).click();
    await page.waitForURL(`${shop.url}/thanks?session=${session.id}`);
}

test('a buyer types a code, sees the total change, pays, and arrives at the shop', async () => {
    const { page, close } = await visit(browser);
    await buyWithCode(page, await sell());
    await close();
});

test('the same works without scripts', async () => {
    const { page, close } = await visit(browser, { javaScriptEnabled: false });
    await buyWithCode(page, await sell());
    await close();
});

test('the back link leads to the shop, and the buyer can come back', async () => {
    const { session } = await sell();
    const { page, close } = await visit(browser);
    await page.goto(session.url);
    await page.getByRole('link', { name: 'Back' }).click();
    await page.waitForURL(`${shop.url}/cart`);
    await page.goBack();
    assert.equal(await total(page), '$100.00');
    await close();
});

test('everything can be done by keyboard, and the focus is seen', async () => {
    const { session, now } = await sell();
    const { page, close } = await visit(browser);
    const { keyboard } = page;
    // Goes on to the field or button of that name, and shows that it can be seen to have the focus.
    const tabTo = async (name) => {
        for (let steps = 0; steps < 20; steps++) {
            await keyboard.press('Tab');
            const at = await page.evaluate(() => {
                const { activeElement: element } = document;
                const { outlineStyle, outlineWidth } = getComputedStyle(element);
                return {
                    name: element.labels?.[0]?.textContent ?? element.textContent,
                    seen: outlineStyle !== 'none' && outlineWidth !== '0px',
                };
            });
            assert(at.seen, `${at.name} has the focus, which is not seen`);
            if (at.name.trim() === name) return;
        }
        assert.fail(`the keyboard does not reach ${name}`);
    };
    await page.goto(session.url);
    await tabTo('Promotion code');
    await keyboard.type('nope');
    await keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    const focused = page.locator(':focus');
    assert.equal(await focused.getAttribute('id'), 'code', 'the focus is where the mistake is');
    assert.equal(await focused.getAttribute('aria-describedby'), await page.getByRole('alert').getAttribute('id'));
    await keyboard.press('Control+A');
    await keyboard.type('HALF');
    await tabTo('Apply');
    await keyboard.press('Enter');
    await page.getByRole('status').waitFor();
    for (const [label, value] of [['E-mail', 'jane@example.com'], ['Card number', '4242424242424242'],
        ['Expiry', '1234'], ['Security code', '123'], ['Name on the card', 'Jane']]) {
        await tabTo(label);
        await keyboard.type(value);
    }
    await tabTo('Pay $50.00');
    await keyboard.press('Space');
    await page.waitForURL(`${shop.url}/thanks**`);
    assert.equal((await now()).status, 'complete');
    await close();
});

for (const colorScheme of ['light', 'dark']) {
    test(`axe finds nothing, in ${colorScheme} colours`, async () => {
        const { session } = await sell();
        const { page, axe, close } = await visit(browser, { colorScheme });
        await page.goto(session.url);
        await axe();
        await page.getByRole('button', { name: /^Pay/ }).click();
        await page.getByRole('alert').first().waitFor();
        await axe();
        await page.getByLabel('Promotion code').fill('HALF');
        await page.getByRole('button', { name: 'Apply' }).click();
        await page.getByRole('status').waitFor();
        await axe();
        await fillCard(page);
        await page.getByRole('button', { name: /^Pay/ }).click();
        await page.waitForURL(`${shop.url}/thanks**`);
        await page.goto(session.url);
        await axe();
        await close();
    });
}

test('nothing has to be scrolled sideways on a small screen', async () => {
    const { sdk, session } = await sell();
    const long = 'Unbreakable'.repeat(12);
    await sdk.checkout.sessions.expire(session.id);
    const { session: other } = await sell({
        line_items: [{ price_data: { currency: 'usd', unit_amount: 99_999_999, product_data: { name: long } } }],
    });
    const { page, close } = await visit(browser, { viewport: { width: 320, height: 640 } });
    for (const url of [session.url, other.url]) {
        await page.goto(url);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert(overflow <= 0, `${overflow} pixels too wide`);
    }
    await close();
});

test('the policy of the page stops what it does not allow', async () => {
    const { session } = await sell();
    const { page, errors, close } = await visit(browser);
    await page.goto(session.url);
    await page.evaluate(() => {
        const script = document.createElement('script');
        script.textContent = 'document.title = "run"';
        document.body.append(script);
        const style = document.createElement('style');
        style.textContent = 'body { display: none }';
        document.body.append(style);
    });
    assert.equal(await page.title(), 'Checkout');
    assert(await page.getByLabel('E-mail').isVisible());
    assert.equal(errors.splice(0).filter((text) => text.includes('Content Security Policy')).length, 2);
    await close();
});

test('without TLS, under another name than localhost, forms count as well', async () => {
    const { session } = await sell();
    const page = await browser.newPage();
    await page.goto(session.url.replace('127.0.0.1', 'shop.test'));
    await page.getByLabel('Promotion code').fill('HALF');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByRole('button', { name: 'Remove code HALF' }).waitFor();
    assert.equal(await total(page), '$50.00');
    await page.close();
});
