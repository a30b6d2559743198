// One scenario, run by official Stripe clients of several ages; then one account seen through three of them.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import Stripe from 'stripe';
import Stripe20231016 from 'stripe-2023-10-16';
import StripeAcacia from 'stripe-acacia';
import { newKey } from '../lib/client.js';
import { start } from '../lib/server.js';
import { cli, cliProgram, NEWEST, node, python } from './clients.js';
import { scenario } from './scenario.js';

let server;
before(async () => {
    server = await start();
});
after(() => server?.stop());
const getServer = () => server;

const endive = node(Stripe, NEWEST);
const acacia = node(StripeAcacia, '2025-02-24.acacia');
const old = node(Stripe20231016, '2023-10-16');

scenario('stripe-node 23 (endive)', endive, getServer);
scenario('stripe-node 17 (acacia)', acacia, getServer);
scenario('stripe-node 14 (2023-10-16)', old, getServer);
scenario('python3-stripe 5.0.0 (sends no version)', python(), getServer);
if (existsSync(cliProgram)) {
    scenario('Stripe CLI (sends no version)', cli(cliProgram), getServer);
} else {
    test('Stripe CLI', { skip: `npm has none for ${process.platform}-${process.arch}` }, () => {});
}

test('what one version wrote, the others read in their own shape', async () => {
    const key = newKey();
    const [newer, middle, older] = [endive, acacia, old].map((connect) => connect(server, key));
    const coupon = await newer.call('coupons', 'create', { params: { id: 'SHARED', percent_off: 20 } });
    const promotion = { type: 'coupon', coupon: 'SHARED' };
    const written = await newer.call('promotionCodes', 'create', { params: { code: 'Both', promotion } });
    for (const client of [middle, older]) {
        const { promotion: _, customer_account: __, ...rest } = written;
        const { data } = await client.call('promotionCodes', 'list', { params: { code: 'BOTH' } });
        assert.deepEqual(data, [{ ...rest, coupon }]);
    }
    const params = { coupon: 'SHARED', code: 'Old' };
    const { id } = await older.call('promotionCodes', 'create', { params });
    const seen = await newer.call('promotionCodes', 'retrieve', { id });
    assert.deepEqual(seen.promotion, { coupon: 'SHARED', type: 'coupon' });
    assert(!('coupon' in seen));
});
