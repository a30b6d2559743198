// What is due in real time is done by the running server, and by the next one when there is none: timers are rows.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { account } from '../lib/billing.js';
import { start, temporaryDirectory } from '../lib/server.js';

const PATIENCE = 60_000; // milliseconds
const HOUR = 3600;

const data = temporaryDirectory();
let server;
before(async () => { server = await start({ data }); });
after(async () => {
    await server?.stop();
    rmSync(data, { recursive: true, force: true });
});

async function until(condition) {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
        const result = await condition();
        if (result) return result;
        assert(Date.now() < deadline, 'it does not happen');
        await sleep(20);
    }
}

// A trial that ends in that many seconds.
async function trial(seconds) {
    const own = account(server);
    const { id: customer } = await own.payer();
    const { id: price } = await own.price(2500, { interval: 'month' });
    const trial_end = Math.floor(Date.now() / 1000) + seconds;
    const { id, status } = await own.sdk.subscriptions.create({ customer, items: [{ price }], trial_end });
    assert.equal(status, 'trialing');
    const retrieve = () => own.sdk.subscriptions.retrieve(id, { expand: ['latest_invoice'] });
    return { ...own, id, trial_end, retrieve };
}

async function ended({ retrieve, trial_end }) {
    const { latest_invoice, items } = await until(async () => {
        const subscription = await retrieve();
        return subscription.status === 'active' && subscription;
    });
    const { status, created, total, automatically_finalizes_at } = latest_invoice;
    assert.deepEqual([status, created, total, automatically_finalizes_at], ['draft', trial_end, 2500, trial_end + HOUR]);
    assert.equal(items.data[0].current_period_start, trial_end);
}

test('a trial ends when its time has come', async () => {
    await ended(await trial(2));
});

test('a trial that ends while there is no server ends with the next one, at its own time', async () => {
    const it = await trial(2);
    await server.kill9();
    await until(() => Date.now() / 1000 > it.trial_end);
    await server.restart();
    await ended(it);
});

test('a clock on its way arrives after a power cut, having done everything once', async () => {
    const own = account(server);
    const { sdk } = own;
    const frozen_time = Date.parse('2027-01-01') / 1000;
    const { id: clock } = await sdk.testHelpers.testClocks.create({ frozen_time });
    const { id: customer } = await own.payer({ test_clock: clock });
    const { id: price } = await own.price(100, { interval: 'day' });
    await Promise.all(Array.from({ length: 100 }, () => sdk.subscriptions.create({ customer, items: [{ price }] })));
    await sdk.testHelpers.testClocks.advance(clock, { frozen_time: frozen_time + 36 * HOUR });
    await server.kill9();
    await server.restart();
    await until(async () => (await sdk.testHelpers.testClocks.retrieve(clock)).status === 'ready');
    const invoices = await sdk.invoices.list({ customer, limit: 100 }).autoPagingToArray({ limit: 1000 });
    assert.equal(invoices.length, 200);
    assert(invoices.every(({ status }) => status === 'paid'));
    assert.equal(new Set(invoices.map(({ created, parent }) =>
        `${parent.subscription_details.subscription} ${created}`)).size, 200);
});

function sql(statement) {
    const { status, stdout, stderr } = spawnSync('sqlite3', [join(data, 'coupond.db'), statement], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout.trim();
}

test('attempts go when their days are over, without a new one', async () => {
    const { sdk } = account(server);
    const attempts = async () => (await sdk.rawRequest('GET', '/v1/redemption_attempts')).data.length;
    const preview = (email) => sdk.rawRequest('POST', '/v1/redemptions/preview', { code: 'NONE', email });
    await preview('old@example.com');
    await preview('new@example.com');
    const { data: [{ id }] } = await sdk.rawRequest('GET', '/v1/redemption_attempts');
    await server.stop();
    // 30 days later but for one of them.
    sql('UPDATE redemption_attempts SET seq = seq - (2592000 << 24), created = created - 2592000 ' +
        `WHERE id <> '${id}'; UPDATE timers SET due = due - 2592000 WHERE kind = 7`);
    await server.restart();
    await until(() => sql("SELECT COUNT(*) FROM redemption_attempts WHERE customer_email = 'old@example.com'") === '0');
    assert.equal(await attempts(), 1);
    assert.equal(sql('SELECT due - created FROM timers JOIN redemption_attempts USING (tenant) WHERE kind = 7'), '2592000');
});

test('a clock deletes itself when its days are over', async () => {
    const { sdk } = account(server);
    const { id } = await sdk.testHelpers.testClocks.create({ frozen_time: 1 });
    const { id: customer } = await sdk.customers.create({ test_clock: id });
    await server.stop();
    sql(`UPDATE timers SET due = 1 WHERE object = (SELECT seq FROM test_clocks WHERE id = '${id}')`);
    await server.restart();
    await until(async () => (await sdk.customers.retrieve(customer)).deleted);
    await until(() => sdk.testHelpers.testClocks.retrieve(id).then(() => false, ({ statusCode }) => statusCode === 404));
});
