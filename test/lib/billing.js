// What tests of billing share: an account with customers who can pay, prices, coupons and clocks.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { newKey, stripe } from './client.js';

const PATIENCE = 60_000; // milliseconds for a clock to arrive; sanitizer builds are slow

// Unix seconds of a date or time in UTC: at('2027-01-15'), at('2027-01-15T01:00:00Z').
export function at(date) {
    return Date.parse(date) / 1000;
}

export function account(server) {
    const key = newKey();
    const sdk = stripe(server, { key });
    // Versions before basil can give a discount to a customer.
    const older = stripe(server, { key, apiVersion: '2025-02-24.acacia' });

    async function advance(clock, frozen_time) {
        await sdk.testHelpers.testClocks.advance(clock, { frozen_time });
        const deadline = Date.now() + PATIENCE;
        for (;;) {
            const { status } = await sdk.testHelpers.testClocks.retrieve(clock);
            if (status === 'ready') return;
            assert.equal(status, 'advancing');
            assert(Date.now() < deadline, 'the clock does not arrive');
            await sleep(10);
        }
    }

    return {
        key,
        sdk,
        older,
        advance,

        coupon: (fields) => sdk.coupons.create({ percent_off: 50, duration: 'once', ...fields }),

        price: (unit_amount, { interval, ...fields } = {}) => sdk.prices.create({
            unit_amount,
            currency: 'usd',
            ...(interval && { recurring: { interval } }),
            ...(!fields.product && { product_data: { name: 'Thing' } }),
            ...fields,
        }),

        // A customer with a card that is charged by default.
        async payer(fields) {
            const customer = await sdk.customers.create(fields);
            const { id } = await sdk.paymentMethods.attach('pm_card_visa', { customer: customer.id });
            return sdk.customers.update(customer.id, { invoice_settings: { default_payment_method: id } });
        },
    };
}
