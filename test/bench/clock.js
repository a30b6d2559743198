// A year of monthly subscriptions on one test clock, in steps of two months: how many invoices a second are made,
// finalized and paid, and whether that depends on how many subscriptions there are.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { COUPON, fill, KEY, residentMegabytes, startCoupond } from './servers.js';

const SIZES = (process.env.BENCH_SUBSCRIPTIONS ?? '100 1000 10000').split(/[ ,]+/).map(Number);
const CLIENTS = 32;
const POLL_MS = 5;
const MONTHS = 12;
const PAYMENT_DELAY = 3600; // between the draft of a renewal and its payment, in the clock's seconds

const time = (month) => Date.UTC(2027, month, 15) / 1000;
const number = (value, digits = 0) => value.toLocaleString('en', { maximumFractionDigits: digits });

async function ask(server, path, fields) {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, {
        method: fields ? 'POST' : 'GET',
        body: fields && new URLSearchParams(fields),
        headers: { authorization: `Bearer ${KEY}` },
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
}

// Customers with a card and a subscription each, all on one new clock. Answers the clock and the seconds that took.
async function subscribe(server, count) {
    const { id: clock } = await ask(server, '/v1/test_helpers/test_clocks', { frozen_time: time(0) });
    const { id: price } = await ask(server, '/v1/prices', {
        currency: 'usd', unit_amount: 2500, 'product_data[name]': 'Tea', 'recurring[interval]': 'month',
    });
    const begin = performance.now();
    let next = 0;
    const client = async () => {
        while (next++ < count) {
            const { id: customer } = await ask(server, '/v1/customers', {
                test_clock: clock, payment_method: 'pm_card_visa', 'invoice_settings[default_payment_method]': 'pm_card_visa',
            });
            await ask(server, '/v1/subscriptions', { customer, 'items[0][price]': price, 'discounts[0][coupon]': COUPON });
        }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    return { clock, seconds: (performance.now() - begin) / 1000 };
}

async function advance(server, clock, frozen_time) {
    const path = `/v1/test_helpers/test_clocks/${clock}`;
    await ask(server, `${path}/advance`, { frozen_time });
    while ((await ask(server, path)).status !== 'ready') await sleep(POLL_MS);
}

async function measure(directory, count) {
    await fill(directory, 0);
    const server = await startCoupond(directory);
    const { clock, seconds: made } = await subscribe(server, count);
    const steps = [];
    for (let month = 2; month <= MONTHS; month += 2) {
        const begin = performance.now();
        await advance(server, clock, time(month));
        if (month === MONTHS) await advance(server, clock, time(month) + PAYMENT_DELAY);
        steps.push((performance.now() - begin) / 1000);
    }
    const megabytes = residentMegabytes(server.pid);
    await server.stop();
    return { count, made, steps, megabytes };
}

function row({ count, made, steps, megabytes }) {
    const seconds = steps.reduce((sum, step) => sum + step), invoices = count * MONTHS;
    return `${number(count).padStart(13)}${number(made, 2).padStart(12)}${number(seconds, 2).padStart(12)}` +
        `${number(invoices).padStart(10)}${number(invoices / seconds).padStart(12)}` +
        `${number(steps[0], 2).padStart(12)}${number(steps.at(-1), 2).padStart(11)}${number(megabytes, 1).padStart(8)}`;
}

export async function measureClock(directory) {
    const lines = ['A year on one test clock, six steps of two months\n' +
        'subscriptions    making s      year s  invoices  invoices/s  first step  last step      MB'];
    for (const count of SIZES) lines.push(row(await measure(join(directory, `clock-${count}`), count)));
    return lines.join('\n');
}
