// The billing portal in a real browser.
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

// A customer with a subscription that has a discount, and a link for everything.
async function subscriber(flow) {
    const { sdk, coupon, price, payer } = account(server);
    const customer = await payer({ email: 'jane@example.com' });
    const small = await price(1000, { interval: 'month', product_data: { name: 'Teapot club' } });
    const large = await price(3000, { interval: 'month', product: small.product });
    const spring = await coupon({ percent_off: 25, duration: 'repeating', duration_in_months: 3, name: 'Spring' });
    const half = await coupon();
    const stay = await coupon({ percent_off: 30, duration: 'forever' });
    await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: half.id }, code: 'HALF' });
    const { id: subscription } = await sdk.subscriptions.create({
        customer: customer.id, items: [{ price: small.id }], discounts: [{ coupon: spring.id }],
    });
    const configuration = await sdk.billingPortal.configurations.create({
        business_profile: { headline: 'Teapots for all', terms_of_service_url: `${shop.url}/terms` },
        features: {
            invoice_history: { enabled: true },
            subscription_cancel: {
                enabled: true, cancellation_reason: { enabled: true, options: ['too_expensive', 'unused'] },
            },
            subscription_update: {
                enabled: true, default_allowed_updates: ['price', 'quantity', 'promotion_code'],
                products: [{ product: small.product, prices: [small.id, large.id] }],
            },
        },
    });
    const { url } = await sdk.billingPortal.sessions.create({
        customer: customer.id, configuration: configuration.id, return_url: `${shop.url}/account`,
        flow_data: flow?.(subscription, stay.id),
    });
    return { url, now: () => sdk.subscriptions.retrieve(subscription, { expand: ['discounts'] }) };
}

for (const javaScriptEnabled of [true, false]) {
    test(`a customer changes plan with a code, ${javaScriptEnabled ? 'and goes back' : 'without scripts'}`, async () => {
        const { url, now } = await subscriber();
        const { page, close } = await visit(browser, { javaScriptEnabled });
        await page.goto(url);
        assert.match(await page.getByRole('list', { name: 'Discounts' }).textContent(),
            /Spring 25% off for 3 months, until \d+ \w+ \d{4}/);
        await page.getByRole('link', { name: 'Change Teapot club' }).click();
        await page.getByLabel('$30.00 per month').check();
        await page.getByLabel('Promotion code').fill('WRONG');
        await page.getByRole('button', { name: 'Confirm' }).click();
        assert.equal(await page.getByRole('alert').textContent(), 'This code is invalid.');
        assert.equal((await now()).items.data[0].price.unit_amount, 1000);
        assert(await page.getByLabel('$30.00 per month').isChecked(), 'what was chosen is kept');
        await page.getByLabel('Promotion code').fill('half');
        await page.getByRole('button', { name: 'Confirm' }).click();
        assert.equal(await page.getByRole('status').textContent(), 'Your subscription was changed.');
        const { items, discounts } = await now();
        assert.deepEqual([items.data[0].price.unit_amount, discounts.length], [3000, 2]);
        await page.getByRole('link', { name: 'Back' }).click();
        await page.waitForURL(`${shop.url}/account`);
        await close();
    });
}

test('a customer cancels, and stays after all', async () => {
    const { url, now } = await subscriber();
    const { page, close } = await visit(browser);
    await page.goto(url);
    await page.getByRole('link', { name: 'Cancel Teapot club' }).click();
    await page.getByLabel('I do not use it enough').check();
    await page.getByRole('button', { name: 'Cancel subscription' }).click();
    assert.equal(await page.getByRole('status').textContent(), 'Your subscription was cancelled.');
    assert.equal((await now()).cancellation_details.feedback, 'unused');
    await page.getByRole('button', { name: 'Keep Teapot club' }).click();
    assert.equal(await page.getByRole('status').textContent(), 'Your subscription goes on.');
    assert.equal((await now()).cancel_at_period_end, false);
    await close();
});

test('who stays gets the coupon and arrives at the shop', async () => {
    const { url, now } = await subscriber((subscription, coupon) => ({
        type: 'subscription_cancel',
        after_completion: { type: 'redirect', redirect: { return_url: `${shop.url}/thanks` } },
        subscription_cancel: { subscription, retention: { type: 'coupon_offer', coupon_offer: { coupon } } },
    }));
    const { page, close } = await visit(browser);
    await page.goto(url);
    await page.getByRole('button', { name: 'Stay with this offer' }).click();
    await page.waitForURL(`${shop.url}/thanks`);
    assert.equal((await now()).discounts.length, 2);
    await close();
});

for (const colorScheme of ['light', 'dark']) {
    test(`axe finds nothing on the portal, in ${colorScheme} colours`, async () => {
        const { url } = await subscriber();
        const { page, axe, errors, close } = await visit(browser, { colorScheme });
        await page.goto(url);
        await axe();
        await page.getByRole('link', { name: 'Change Teapot club' }).click();
        await axe();
        await page.getByLabel('Promotion code').fill('WRONG');
        await page.getByRole('button', { name: 'Confirm' }).click();
        await page.getByRole('alert').waitFor();
        await axe();
        await page.goto(url);
        await page.getByRole('link', { name: 'Cancel Teapot club' }).click();
        await axe();
        await page.goto(`${server.url}/p/session/none`);
        await axe();
        assert.match(errors.splice(0).join(), /404/);
        await close();
    });
}

test('the portal can be used by keyboard, on a small screen too', async () => {
    const { url, now } = await subscriber();
    const { page, close } = await visit(browser, { viewport: { width: 320, height: 640 } });
    const tabTo = async (name) => {
        for (let steps = 0; steps < 20; steps++) {
            await page.keyboard.press('Tab');
            const at = await page.evaluate(() =>
                document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent);
            if (at.trim().startsWith(name)) return;
        }
        assert.fail(`the keyboard does not reach ${name}`);
    };
    await page.goto(url);
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert(await overflow() <= 0);
    await tabTo('Change');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Confirm' }).waitFor();
    assert(await overflow() <= 0);
    await tabTo('Teapot club');
    await page.keyboard.press('ArrowDown');
    await tabTo('Confirm');
    await page.keyboard.press('Enter');
    await page.getByRole('status').waitFor();
    assert.equal((await now()).items.data[0].price.unit_amount, 3000);
    await close();
});
