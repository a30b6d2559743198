// The billing portal: configurations, links, and what customers do on its pages.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, rejects } from '../lib/assert.js';
import { account, at } from '../lib/billing.js';
import { raw } from '../lib/client.js';
import { open, press } from '../lib/pages.js';
import { start } from '../lib/server.js';

const BACK = 'https://shop.example/account';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

// A seller with two monthly prices of one product, a customer who has the cheaper one twice, by a clock of
// their own, and a configuration that allows everything.
async function seller({ subscription: fields, ...features } = {}) {
    const shop = account(server);
    const { sdk } = shop;
    const frozen_time = at('2027-01-15');
    const clock = await sdk.testHelpers.testClocks.create({ frozen_time });
    const customer = await shop.payer({ test_clock: clock.id, email: 'jane@example.com' });
    const small = await shop.price(1000, { interval: 'month', product_data: { name: 'Plan' } });
    const large = await shop.price(3000, { interval: 'month', product: small.product });
    const subscription = await sdk.subscriptions.create({
        customer: customer.id, items: [{ price: small.id, quantity: 2 }], ...fields,
    });
    const configuration = await sdk.billingPortal.configurations.create({
        features: {
            invoice_history: { enabled: true },
            subscription_cancel: { enabled: true },
            subscription_update: {
                enabled: true,
                default_allowed_updates: ['price', 'quantity', 'promotion_code'],
                products: [{ product: small.product, prices: [small.id, large.id] }],
            },
            ...features,
        },
    });
    const enter = async (more) => {
        const { url } = await sdk.billingPortal.sessions.create({
            customer: customer.id, configuration: configuration.id, return_url: BACK, ...more,
        });
        return url;
    };
    return {
        ...shop, clock, customer, small, large, subscription, configuration, enter,
        half: async (code, more) => {
            const coupon = await shop.coupon({ duration: 'repeating', duration_in_months: 3, ...more });
            return sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: coupon.id }, code });
        },
        now: () => sdk.subscriptions.retrieve(subscription.id, { expand: ['discounts'] }),
        send: async (url, view, action, typed) =>
            press(url, await open(url + view), action, { subscription: subscription.id, ...typed }),
    };
}

// ---- configurations ----

test('a configuration allows nothing that it is not told to allow', async () => {
    const { sdk } = account(server);
    const made = await sdk.billingPortal.configurations.create({ features: { invoice_history: { enabled: false } } });
    assert.match(made.id, /^bpc_1\w{23}$/);
    assert.deepEqual([made.object, made.active, made.is_default, made.application],
        ['billing_portal.configuration', true, false, null]);
    assert.deepEqual(made.business_profile,
        { headline: null, privacy_policy_url: null, terms_of_service_url: null });
    assert.deepEqual(made.login_page, { enabled: false, url: null });
    const { customer_update, invoice_history, payment_method_update, subscription_cancel, subscription_pause,
        subscription_update } = made.features;
    assert.deepEqual(customer_update, { allowed_updates: [], enabled: false });
    assert.deepEqual(invoice_history, { enabled: false });
    assert.deepEqual(payment_method_update, { enabled: false, payment_method_configuration: null });
    assert.deepEqual(subscription_pause, { duration: null, enabled: false });
    assert.deepEqual(subscription_cancel, {
        cancellation_reason: { enabled: false, options: [] }, enabled: false, mode: 'at_period_end',
        proration_behavior: 'none',
    });
    assert.deepEqual(subscription_update, {
        billing_cycle_anchor: null, default_allowed_updates: [], enabled: false, proration_behavior: 'none',
        schedule_at_period_end: { conditions: [] }, trial_update_behavior: 'end_trial',
    });
});

test('a configuration keeps what it is given, and can be changed', async () => {
    const { sdk, price } = account(server);
    const monthly = await price(1000, { interval: 'month' });
    const fields = {
        business_profile: {
            headline: 'Teapots', privacy_policy_url: 'https://shop.example/p', terms_of_service_url: 'https://shop.example/t',
        },
        default_return_url: BACK,
        features: {
            customer_update: { enabled: true, allowed_updates: ['email', 'name'] },
            invoice_history: { enabled: true },
            payment_method_update: { enabled: true },
            subscription_cancel: {
                enabled: true, mode: 'immediately', proration_behavior: 'create_prorations',
                cancellation_reason: { enabled: true, options: ['too_expensive', 'other'] },
            },
            subscription_pause: { enabled: false },
            subscription_update: {
                billing_cycle_anchor: 'unchanged', default_allowed_updates: ['price'], enabled: true,
                products: [{ product: monthly.product, prices: [monthly.id] }],
                proration_behavior: 'create_prorations',
                schedule_at_period_end: { conditions: [{ type: 'decreasing_item_amount' }] },
                trial_update_behavior: 'continue_trial',
            },
        },
        login_page: { enabled: false },
        metadata: { a: 'b' },
        name: 'Standard',
    };
    const expand = ['features.subscription_update.products'];
    const { id } = await sdk.billingPortal.configurations.create(fields);
    const made = await sdk.billingPortal.configurations.retrieve(id, { expand });
    assert.deepEqual(made.features.subscription_update.products, [{
        adjustable_quantity: { enabled: false, maximum: null, minimum: 1 }, prices: [monthly.id],
        product: monthly.product,
    }]);
    assert.deepEqual([made.business_profile, made.default_return_url, made.name, made.metadata],
        [fields.business_profile, BACK, 'Standard', { a: 'b' }]);
    assert.deepEqual(made.features.subscription_cancel, fields.features.subscription_cancel);

    const same = await sdk.billingPortal.configurations.update(id, { ...fields, active: true, expand });
    assert.deepEqual({ ...same, updated: 0 }, { ...made, updated: 0 });
    const changed = await sdk.billingPortal.configurations.update(id, {
        active: false, business_profile: { headline: '' }, default_return_url: '', name: '', metadata: '',
        features: { invoice_history: { enabled: false } },
    });
    assert.deepEqual(
        [changed.active, changed.business_profile.headline, changed.default_return_url, changed.name, changed.metadata],
        [false, null, null, null, {}]);
    assert.equal(changed.features.invoice_history.enabled, false);
    assert.equal(changed.features.subscription_cancel.mode, 'immediately', 'other features stay');
    const ids = async (filter) => (await sdk.billingPortal.configurations.list(filter)).data.map((each) => each.id);
    assert.deepEqual(await ids({ active: false }), [id]);
    assert.deepEqual(await ids({ is_default: true }), []);
    assert.deepEqual(await ids({ active: true, limit: 1, expand: ['data.features.subscription_update.products'] }), []);
    assert.deepEqual(await ids({ starting_after: id }), []);
    assert.deepEqual(await ids({ ending_before: id }), []);
    const emptied = await sdk.billingPortal.configurations.update(id, { features: {
        customer_update: { enabled: false, allowed_updates: '' },
        subscription_cancel: { enabled: true, cancellation_reason: { enabled: false, options: '' } },
        subscription_update: {
            enabled: false, default_allowed_updates: '', products: '', schedule_at_period_end: { conditions: '' },
        },
    } });
    assert.deepEqual(emptied.features.subscription_update.default_allowed_updates, []);
    await sdk.billingPortal.configurations.create({
        business_profile: { headline: '' }, default_return_url: '', name: '', metadata: '', expand,
        features: { subscription_update: { enabled: false, default_allowed_updates: '', products: '' } },
    });
    await rejects(sdk.billingPortal.configurations.retrieve('bpc_none'), { status: 404, code: 'resource_missing' });
    const types = (await sdk.events.list({ type: 'billing_portal.*' })).data.map(({ type }) => type);
    assert.equal(types.pop(), 'billing_portal.configuration.created');
    assert(types.includes('billing_portal.configuration.updated'));
});

test('what a configuration cannot be is refused', async () => {
    const { sdk, price } = account(server);
    const monthly = await price(1000, { interval: 'month' });
    const once = await price(1000);
    const update = (fields) => ({ features: { subscription_update: { enabled: true, ...fields } } });
    const products = [{ product: monthly.product, prices: [monthly.id] }];
    const path = 'features[subscription_update]';
    const mistakes = [
        [{}, 'features', 'parameter_missing'],
        [update({ products }), `${path}[default_allowed_updates]`, 'parameter_missing'],
        [update({ default_allowed_updates: ['price'] }), `${path}[products]`, 'parameter_missing'],
        [update({ default_allowed_updates: ['colour'], products }), `${path}[default_allowed_updates][0]`],
        [update({ default_allowed_updates: ['price'], products: [{ product: 'prod_none', prices: [monthly.id] }] }),
            `${path}[products][0][product]`, 'resource_missing'],
        [update({ default_allowed_updates: ['price'], products: [{ product: monthly.product, prices: ['price_none'] }] }),
            `${path}[products][0][prices][0]`, 'resource_missing'],
        [update({ default_allowed_updates: ['price'], products: [{ product: once.product, prices: [once.id] }] }),
            `${path}[products][0][prices][0]`],
        [{ features: { customer_update: { enabled: true } } }, 'features[customer_update][allowed_updates]',
            'parameter_missing'],
        [{ features: { customer_update: { enabled: true, allowed_updates: ['shoe_size'] } } },
            'features[customer_update][allowed_updates][0]'],
        [{ features: { subscription_cancel: { enabled: true, cancellation_reason: { enabled: true, options: ['x'] } } } },
            'features[subscription_cancel][cancellation_reason][options][0]'],
        [{ features: { subscription_pause: { enabled: true } } }, 'features[subscription_pause][enabled]'],
        [{ features: {  invoice_history: { enabled: true } }, login_page: { enabled: true } }, 'login_page[enabled]'],
    ];
    for (const [fields, param, code] of mistakes) {
        await rejects(sdk.billingPortal.configurations.create(fields), { status: 400, param, code });
    }
    assert.deepEqual((await sdk.billingPortal.configurations.list()).data, []);
});

test('a headline has at most 60 characters', async () => {
    const { sdk } = account(server);
    const say = (length) => sdk.billingPortal.configurations.create(
        { features: { invoice_history: { enabled: true } }, business_profile: { headline: 'é'.repeat(length) } });
    await say(59);
    await say(60);
    await rejects(say(61), { status: 400, param: 'business_profile[headline]' });
});

test('ten products can be offered', async () => {
    const { sdk, price } = account(server);
    const prices = await Promise.all(Array.from({ length: 11 }, () => price(1000, { interval: 'month' })));
    const offer = (count) => sdk.billingPortal.configurations.create({ features: { subscription_update: {
        enabled: true, default_allowed_updates: ['price'],
        products: prices.slice(0, count).map(({ id, product }) => ({ product, prices: [id] })),
    } } });
    await offer(9);
    await offer(10);
    await rejects(offer(11), { status: 400, param: 'features[subscription_update][products]' });
});

// ---- sessions ----

test('the first session without a configuration makes the default one', async () => {
    const { sdk } = account(server);
    const { id: customer } = await sdk.customers.create();
    const first = await sdk.billingPortal.sessions.create({ customer, expand: ['configuration'] });
    assert.deepEqual([first.configuration.is_default, first.configuration.features.invoice_history.enabled], [true, true]);
    const second = await sdk.billingPortal.sessions.create({ customer, locale: 'de', return_url: BACK });
    assert.equal(second.configuration, first.configuration.id);
    assert.match(second.id, /^bps_1\w{23}$/);
    assert.deepEqual(
        [second.object, second.customer, second.flow, second.locale, second.on_behalf_of, second.return_url],
        ['billing_portal.session', customer, null, 'de', null, BACK]);
    assert.match(second.url, new RegExp(`^${server.url}/p/session/\\w{43}$`));
    await rejects(sdk.billingPortal.configurations.update(first.configuration.id, { active: false }),
        { status: 400, param: 'active' });
    const created = (await sdk.events.list({ type: 'billing_portal.session.created' })).data;
    assert.equal(created.length, 2);
    assert.equal(created[0].data.object.url, null, 'an event tells nobody the link');
});

test('a session needs a customer and an active configuration', async () => {
    const { sdk, customer, configuration, enter } = await seller();
    await rejects(sdk.billingPortal.sessions.create({}), { status: 400, code: 'parameter_missing', param: 'customer' });
    await rejects(enter({ customer: 'cus_none' }), { status: 400, code: 'resource_missing', param: 'customer' });
    await rejects(enter({ configuration: 'bpc_none' }), { status: 400, code: 'resource_missing', param: 'configuration' });
    await sdk.billingPortal.configurations.update(configuration.id, { active: false, default_return_url: BACK });
    await rejects(enter(), { status: 400, param: 'configuration' });
    await sdk.billingPortal.configurations.update(configuration.id, { active: true });
    const { return_url } = await sdk.billingPortal.sessions.create(
        { customer: customer.id, configuration: configuration.id });
    assert.equal(return_url, BACK);
});

test('what the customer comes for is checked', async () => {
    const { sdk, enter, subscription, small, large, half } = await seller();
    const foreign = (await seller()).subscription;
    const item = { id: subscription.items.data[0].id };
    const confirm = (fields) => ({ type: 'subscription_update_confirm',
        subscription_update_confirm: { subscription: subscription.id, items: [item], ...fields } });
    const cancel = (fields) => ({ type: 'subscription_cancel',
        subscription_cancel: { subscription: subscription.id, ...fields } });
    const offer = (coupon) => ({ retention: { type: 'coupon_offer', coupon_offer: { coupon } } });
    const path = 'flow_data[subscription_update_confirm]';
    const code = await half('HALF');
    const good = await sdk.coupons.create({ percent_off: 10 });
    const late = await sdk.coupons.create({ percent_off: 10, redeem_by: Math.floor(Date.now() / 1000) + 86400 });
    const mistakes = [
        [{ type: 'customer_update' }, 'flow_data[type]'],
        [{ type: 'subscription_cancel' }, 'flow_data[subscription_cancel]', 'parameter_missing'],
        [{ ...cancel(), subscription_update: { subscription: subscription.id } }, 'flow_data[subscription_update]'],
        [cancel({ subscription: foreign.id }), 'flow_data[subscription_cancel][subscription]', 'resource_missing'],
        [cancel(offer('NONE')), 'flow_data[subscription_cancel][retention][coupon_offer][coupon]', 'resource_missing'],
        [cancel(offer(late.id)), 'flow_data[subscription_cancel][retention][coupon_offer][coupon]', 'coupon_expired'],
        [{ ...cancel(), after_completion: { type: 'redirect' } }, 'flow_data[after_completion][redirect]',
            'parameter_missing'],
        [{ type: 'subscription_update', subscription_update: { subscription: 'sub_none' } },
            'flow_data[subscription_update][subscription]', 'resource_missing'],
        [confirm({ items: [{ id: 'si_none' }] }), `${path}[items][0][id]`, 'resource_missing'],
        [confirm({ items: [{ ...item, price: 'price_none' }] }), `${path}[items][0][price]`],
        [confirm({ items: [item, item] }), `${path}[items]`],
        [confirm({ discounts: [{ coupon: 'A', promotion_code: 'B' }] }), `${path}[discounts][0]`],
        [confirm({ discounts: [{ coupon: 'NONE' }] }), `${path}[discounts][0][coupon]`, 'resource_missing'],
        [confirm({ discounts: [{ promotion_code: 'promo_x' }] }), `${path}[discounts][0][promotion_code]`,
            'resource_missing'],
        [confirm({ discounts: [{ coupon: 'A' }, { coupon: 'B' }] }), `${path}[discounts]`],
    ];
    for (const [flow_data, param, expected] of mistakes) {
        await rejects(enter({ flow_data }), { status: 400, param, code: expected });
    }
    await enter({ flow_data: cancel(offer(good.id)) });
    await enter({ flow_data: confirm({
        items: [{ ...item, price: large.id, quantity: 1 }], discounts: [{ promotion_code: code.id }] }) });

    const strict = await sdk.billingPortal.configurations.create({ features: { subscription_update: {
        enabled: true, default_allowed_updates: ['price'], products: [{ product: small.product, prices: [small.id] }],
    } } });
    const configuration = strict.id;
    await rejects(enter({ configuration, flow_data: confirm({ discounts: [{ coupon: good.id }] }) }),
        { status: 400, param: `${path}[discounts]`, message: /does not include `promotion_code`/ });
    await rejects(enter({ configuration, flow_data: confirm({ items: [{ ...item, quantity: 9 }] }) }),
        { status: 400, param: `${path}[items][0][quantity]` });
    await rejects(enter({ configuration, flow_data: confirm({ items: [{ ...item, price: large.id }] }) }),
        { status: 400, param: `${path}[items][0][price]` });
    await rejects(enter({ configuration, flow_data: cancel() }), { status: 400, param: 'flow_data[type]' });
    const none = await sdk.billingPortal.configurations.create({ features: { invoice_history: { enabled: true } } });
    await rejects(enter({ configuration: none.id, flow_data: confirm() }), { status: 400, param: 'flow_data[type]' });
});

test('a flow is shown as it was asked for', async () => {
    const { sdk, customer, configuration, subscription, coupon } = await seller();
    const off = await coupon();
    const { flow } = await sdk.billingPortal.sessions.create({
        customer: customer.id, configuration: configuration.id,
        flow_data: {
            type: 'subscription_cancel',
            after_completion: { type: 'hosted_confirmation', hosted_confirmation: { custom_message: 'Bye' } },
            subscription_cancel: {
                subscription: subscription.id, retention: { type: 'coupon_offer', coupon_offer: { coupon: off.id } },
            },
        },
    });
    assert.deepEqual(flow, {
        after_completion: { hosted_confirmation: { custom_message: 'Bye' }, redirect: null, type: 'hosted_confirmation' },
        subscription_cancel: {
            retention: { coupon_offer: { coupon: off.id }, type: 'coupon_offer' }, subscription: subscription.id,
        },
        subscription_pause: null, subscription_update: null, subscription_update_confirm: null,
        type: 'subscription_cancel',
    });
});

test('older versions know no flows', async () => {
    const { key, customer } = await seller();
    const create = (version, fields) => raw(server, {
        method: 'POST', path: '/v1/billing_portal/sessions', key, version, form: { customer: customer.id, ...fields },
    });
    const { json } = await create('2022-11-15');
    assert(!('flow' in json) && !('customer_account' in json));
    refused(await create('2022-11-15', { on_behalf_of: 'acct_1' }), { status: 400, code: 'parameter_unknown' });
});

// ---- pages ----

test('the page shows subscriptions, discounts in plain words, and invoices', async () => {
    const { sdk, coupon, subscription, enter, customer, older } = await seller();
    const shown = await coupon({ percent_off: 25, duration: 'repeating', duration_in_months: 3, name: 'Spring' });
    const code = await sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: shown.id }, code: 'SPRING25' });
    await sdk.subscriptions.update(subscription.id, { discounts: [{ promotion_code: code.id }] });
    const page = await open(await enter());
    assert.equal(page.heading, 'Your subscriptions');
    assert.match(page.html, /<h2>Plan × 2<\/h2>\n<p>\$20\.00 per month<\/p>/);
    assert.match(page.html, /Active, renews on 15 February 2027/);
    assert.match(page.html, /SPRING25<\/strong> 25% off for 3 months, until 15 April 2027</);
    assert.match(page.html, /<td>Paid<\/td>\n<td>\$20\.00<\/td>/);
    assert.match(page.html, new RegExp(`<a href="${BACK}">`));

    await sdk.subscriptions.update(subscription.id, { discounts: '' });
    assert(!(await open(await enter())).html.includes('SPRING25'));
    const own = await coupon({ percent_off: undefined, amount_off: 500, currency: 'usd', duration: 'forever' });
    await older.customers.update(customer.id, { coupon: own.id });
    assert.match((await open(await enter())).html, /\$5\.00 off<\/li>/);
});

test('a customer sees nothing of others', async () => {
    const { enter, now, subscription } = await seller();
    const other = await seller();
    const url = await enter();
    assert(!(await open(url)).html.includes(other.subscription.id));
    const form = await open(`${url}?cancel=${subscription.id}`);
    const page = await press(url, form, 'cancel', { subscription: other.subscription.id });
    assert.equal(page.heading, 'Your subscriptions');
    assert.equal((await other.now()).cancel_at_period_end, false);
    assert.equal((await open(`${url}?cancel=${other.subscription.id}`)).heading, 'Your subscriptions');
    assert.equal((await now()).cancel_at_period_end, false);
});

test('price, quantity and code change together', async () => {
    const { enter, send, now, half, large, sdk } = await seller();
    const code = await half('HALF');
    const url = await enter();
    const view = `?update=${(await now()).id}`;
    const form = await open(url + view);
    assert(form.has('code') && form.has('quantity'));
    const page = await send(url, view, 'update', { price: large.id, quantity: 3, code: 'half' });
    assert.deepEqual(page.notices, ['Your subscription was changed.']);
    assert.match(page.html, /HALF<\/strong> 50% off for 3 months, until 15 April 2027/);
    const { items: { data: [item] }, discounts: [discount] } = await now();
    assert.deepEqual([item.price.id, item.quantity, discount.promotion_code], [large.id, 3, code.id]);
    assert.equal((await sdk.promotionCodes.retrieve(code.id)).times_redeemed, 1);
    const again = await send(url, view, 'update', { price: large.id, quantity: 3, code: 'half' });
    assert.deepEqual(again.problems, ['This code is invalid.'], 'a coupon is on a subscription once');
});

test('a code that cannot be used changes nothing', async () => {
    const { enter, send, now, large, sdk, coupon, customer } = await seller();
    const off = await coupon();
    const of = (fields) => sdk.promotionCodes.create({ promotion: { type: 'coupon', coupon: off.id }, ...fields });
    await of({ code: 'FIRST', restrictions: { first_time_transaction: true } });
    await of({ code: 'MINIMUM', restrictions: { minimum_amount: 1, minimum_amount_currency: 'usd' } });
    await of({ code: 'OTHER', customer: (await sdk.customers.create()).id });
    await of({ code: 'OFF', active: false });
    const url = await enter();
    const { id } = await now();
    for (const code of ['NONE', 'FIRST', 'MINIMUM', 'OTHER', 'OFF']) {
        const page = await send(url, `?update=${id}`, 'update', { price: large.id, quantity: 1, code });
        assert.deepEqual([page.problems, page.value('code')], [['This code is invalid.'], code]);
    }
    const { items: { data: [item] }, discounts } = await now();
    assert.deepEqual([item.quantity, item.price.unit_amount, discounts], [2, 1000, []]);
    assert.equal((await sdk.coupons.retrieve(off.id)).times_redeemed, 0);
    assert.equal((await sdk.customers.retrieve(customer.id)).id, customer.id);
});

test('a payment that fails takes the code back with the change', async () => {
    const { enter, send, now, half, large, sdk, customer, configuration, subscription } = await seller();
    const code = await half('HALF');
    const features = { subscription_update: { enabled: true, proration_behavior: 'always_invoice' } };
    await sdk.billingPortal.configurations.update(configuration.id, { features });
    const { id: method } = await sdk.paymentMethods.attach('pm_card_chargeCustomerFail', { customer: customer.id });
    await sdk.customers.update(customer.id, { invoice_settings: { default_payment_method: method } });
    const page = await send(await enter(), `?update=${subscription.id}`, 'update', { price: large.id, code: 'HALF' });
    assert.deepEqual(page.problems, ['The change could not be made. Nothing was charged or used.']);
    const { items: { data: [item] }, discounts, status } = await now();
    assert.deepEqual([item.price.unit_amount, discounts, status], [1000, [], 'active']);
    assert.equal((await sdk.promotionCodes.retrieve(code.id)).times_redeemed, 0);
});

test('what is not allowed is neither offered nor done', async () => {
    const shop = await seller();
    const { sdk, configuration, small, large, enter, send, now, half } = shop;
    await half('HALF');
    const products = [{ product: small.product, prices: [small.id] }];
    await sdk.billingPortal.configurations.update(configuration.id, {
        features: {
            subscription_update: { enabled: true, default_allowed_updates: ['price'], products },
            subscription_cancel: { enabled: false },
        },
    });
    const url = await enter();
    const { id } = await now();
    const form = await open(`${url}?update=${id}`);
    assert(!form.has('code') && !form.has('quantity') && !form.html.includes(large.id));
    await send(url, `?update=${id}`, 'update', { price: large.id, code: 'HALF', quantity: 9 });
    await send(url, `?update=${id}`, 'cancel');
    const after = await now();
    assert.deepEqual(
        [after.items.data[0].quantity, after.items.data[0].price.id, after.discounts, after.cancel_at_period_end],
        [2, small.id, [], false]);
});

test('a form without a change says so', async () => {
    const { enter, send, small, subscription } = await seller();
    const url = await enter();
    const view = `?update=${subscription.id}`;
    assert.deepEqual((await send(url, view, 'update', { price: small.id, quantity: 2 })).problems, ['Nothing was changed.']);
    for (const quantity of ['0', '-1', 'many', '1000000']) {
        assert.equal((await send(url, view, 'update', { quantity })).problems.length, 1);
    }
});

test('a subscription is cancelled at the end of its period, with a reason, and kept after all', async () => {
    const { enter, send, now, subscription } = await seller({
        subscription_cancel: { enabled: true, cancellation_reason: { enabled: true, options: ['too_expensive'] } },
    });
    const url = await enter();
    const view = `?cancel=${subscription.id}`;
    const form = await open(url + view);
    assert.match(form.html, /It is too expensive/);
    assert(!form.html.includes('It is too complicated'));
    const page = await send(url, view, 'cancel', { reason: 'too_expensive' });
    assert.match(page.html, /Ends on 15 February 2027/);
    const after = await now();
    assert.deepEqual([after.cancel_at_period_end, after.cancellation_details.feedback], [true, 'too_expensive']);
    assert.deepEqual((await send(url, '', 'resume')).notices, ['Your subscription goes on.']);
    assert.equal((await now()).cancel_at_period_end, false);
});

test('a subscription is cancelled at once where the configuration says so', async () => {
    for (const proration_behavior of ['none', 'create_prorations', 'always_invoice']) {
        const { enter, send, now, subscription } = await seller({
            subscription_cancel: { enabled: true, mode: 'immediately', proration_behavior },
        });
        const page = await send(await enter(), `?cancel=${subscription.id}`, 'cancel');
        assert.match(page.html, /You have no subscription/);
        assert.equal((await now()).status, 'canceled');
    }
});

test('who stays gets the coupon instead', async () => {
    const { enter, send, now, coupon, subscription, sdk } = await seller();
    const off = await coupon({ percent_off: 30, duration: 'repeating', duration_in_months: 2 });
    const url = await enter({ flow_data: {
        type: 'subscription_cancel',
        after_completion: { type: 'redirect', redirect: { return_url: `${BACK}/done` } },
        subscription_cancel: {
            subscription: subscription.id, retention: { type: 'coupon_offer', coupon_offer: { coupon: off.id } },
        },
    } });
    const page = await open(url);
    assert.match(page.html, /Stay, and get 30% off for 2 months\./);
    assert.equal((await send(url, '', 'stay')).location, `${BACK}/done`);
    const { discounts: [discount], cancel_at_period_end } = await now();
    assert.deepEqual([discount.source.coupon, cancel_at_period_end], [off.id, false]);
    assert.equal((await sdk.coupons.retrieve(off.id)).times_redeemed, 1);
    assert.match((await send(url, '', 'stay')).problems[0], /no longer/);
});

test('a change that was proposed is agreed to, with its discount', async () => {
    const { enter, send, now, half, large, subscription } = await seller();
    const code = await half('HALF');
    const [item] = subscription.items.data;
    const url = await enter({ flow_data: {
        type: 'subscription_update_confirm',
        after_completion: { type: 'hosted_confirmation', hosted_confirmation: { custom_message: 'See you.' } },
        subscription_update_confirm: {
            subscription: subscription.id, items: [{ id: item.id, price: large.id, quantity: 1 }],
            discounts: [{ promotion_code: code.id }],
        },
    } });
    const page = await open(url);
    assert.match(page.html, /\$30\.00 per month/);
    assert.match(page.html, /50% off for 3 months/);
    const done = await send(url, '', 'confirm');
    assert.equal(done.heading, 'Done');
    assert.match(done.html, /See you\./);
    const { items: { data: [changed] }, discounts } = await now();
    assert.deepEqual([changed.price.id, changed.quantity, discounts.length], [large.id, 1, 1]);
    assert.match((await send(url, '', 'confirm')).problems[0], /no longer be used/);
});

test('what is allowed no more is not done, although it was proposed', async () => {
    const { sdk, enter, send, subscription, configuration, now } = await seller();
    const change = await enter({ flow_data: { type: 'subscription_update_confirm', subscription_update_confirm: {
        subscription: subscription.id, items: [{ id: subscription.items.data[0].id, quantity: 3 }],
    } } });
    await sdk.billingPortal.configurations.update(configuration.id,
        { features: { subscription_update: { enabled: false } } });
    await send(change, '', 'confirm');
    assert.equal((await now()).items.data[0].quantity, 2);
});

test('a customer who comes to change or cancel begins there', async () => {
    const { enter, subscription } = await seller();
    const to = (type) => ({ flow_data: { type, [type]: { subscription: subscription.id } } });
    assert.equal((await open(await enter(to('subscription_update')))).heading, 'Change your subscription');
    assert.equal((await open(await enter(to('subscription_cancel')))).heading, 'Cancel your subscription');
});

test('a link is good for five minutes, and for an hour after each use', async () => {
    const { enter, advance, clock } = await seller();
    const start = at('2027-01-15');
    const ended = async (url) => (await open(url)).heading === 'This link has ended';
    const [soon, late] = [await enter(), await enter()];
    await advance(clock.id, start + 299);
    assert.equal(await ended(soon), false);
    await advance(clock.id, start + 300);
    assert.equal(await ended(late), true);
    const used = start + 300;
    assert.equal(await ended(soon), false);
    await advance(clock.id, used + 3599);
    assert.equal(await ended(soon), false);
    await advance(clock.id, used + 3599 + 3600);
    assert.equal(await ended(soon), true);
});

test('ten wrong codes a minute are answered on the portal too', async () => {
    const { enter, subscription } = await seller();
    const url = await enter();
    const shown = await open(`${url}?update=${subscription.id}`);
    const type = async (code) =>
        (await press(url, shown, 'update', { subscription: subscription.id, code })).problems[0];
    for (let n = 1; n <= 10; n++) assert.equal(await type(`NO${n}`), 'This code is invalid.');
    assert.match(await type('NO11'), /Too many/);
});

test('a link without a token that exists, or a form from elsewhere, does nothing', async () => {
    const { enter, now, subscription } = await seller();
    const url = await enter();
    const form = { subscription: subscription.id };
    assert.equal((await open(`${server.url}/p/session/${'a'.repeat(43)}`)).heading, 'This link has ended');
    assert.equal((await press(url, { token: 'wrong' }, 'cancel', form)).status, 403);
    const page = await open(`${url}?cancel=${subscription.id}`);
    assert.equal((await press(url, page, 'cancel', form, { 'sec-fetch-site': 'cross-site' })).status, 403);
    const other = await open(`${await enter()}?cancel=${subscription.id}`);
    assert.equal((await press(url, other, 'cancel', form)).status, 403);
    assert.equal((await now()).cancel_at_period_end, false);
});
