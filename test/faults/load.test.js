// Everything at once: reads, lists, searches, changes, redemptions, deletions and the control socket, from
// many connections. No answer may be a failure of the service, and the counters
// have to be exact. Says little about speed; it is for the sanitizers and for `verify`.
//
//   LOAD_SECONDS=60 node --test test/faults/load.test.js
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { newKey } from '../lib/client.js';
import { Requests } from '../lib/requests.js';
import { coupond, start, temporaryDirectory } from '../lib/server.js';

const SECONDS = Number(process.env.LOAD_SECONDS ?? 3);
const CLIENTS = 16;
const OLD = '2025-02-24.acacia'; // the last version in which customers take coupons
const CAP = 50;

const keys = [newKey(), newKey()];
const customers = [];
let redeemed = 0;

function pick(items) {
    return items[randomInt(items.length)];
}

function someCustomer() {
    return customers.length > 0 ? pick(customers) : 'cus_none';
}

// Requests, by how they change or read the objects that all clients share.
const kinds = [
    () => ({ path: '/v1/coupons/SHARED' }),
    () => ({ path: `/v1/coupons?limit=${randomInt(1, 101)}` }),
    () => ({ path: '/v1/promotion_codes?code=shared&expand[]=data.promotion.coupon' }),
    () => ({ path: '/v1/events?type=coupon.*&limit=20' }),
    () => ({ path: `/v1/customers/search?query=${encodeURIComponent("name:'load'")}` }),
    () => ({ path: `/v1/customers/${someCustomer()}?expand[]=discount.promotion_code` }),
    () => ({ path: '/v1/account' }),
    () => ({ method: 'POST', path: '/v1/coupons', fields: { percent_off: randomInt(1, 101) } }),
    () => ({ method: 'POST', path: '/v1/coupons/SHARED', fields: { metadata: { n: randomInt(10) } } }),
    () => ({ method: 'POST', path: '/v1/coupons', fields: { percent_off: 'x' } }),
    () => ({ method: 'POST', path: '/v1/promotion_codes',
        fields: { promotion: { type: 'coupon', coupon: 'SHARED' }, code: `C${randomInt(200)}` } }),
    () => ({ method: 'POST', path: '/v1/customers', fields: { name: 'load', coupon: 'CAPPED' }, version: OLD }),
    () => ({ method: 'DELETE', path: `/v1/customers/${someCustomer()}/discount` }),
    () => ({ method: 'POST', path: '/v1/products', fields: { name: 'load' }, idempotencyKey: `k${randomInt(50)}` }),
    () => ({ path: '/v1/coupons', key: newKey() }), // a new account
    () => ({ path: '/v1/coupons', key: 'sk_live_unknown' }),
    () => ({ path: '/healthz' }),
];

async function client(requests, until) {
    let count = 0;
    for (; Date.now() < until; count++) {
        const request = { key: keys[count % 2], ...pick(kinds)() };
        const { status, text } = await requests.send(request);
        assert(status < 500, `${request.method ?? 'GET'} ${request.path}: ${status} ${text}`);
        const object = JSON.parse(text);
        if (status === 200 && request.fields?.coupon === 'CAPPED') {
            redeemed++;
            if (customers.length < 100) customers.push(object.id);
        }
    }
    return count;
}

test('a mixed load is answered without failures and leaves exact counters', { timeout: 600_000 }, async (t) => {
    const data = temporaryDirectory();
    const server = await start({ data });
    t.after(() => server.kill9()); // where the test has failed it still runs
    const requests = new Requests(server, CLIENTS);
    for (const key of keys) {
        for (const fields of [{ id: 'SHARED', percent_off: 5 }, { id: 'CAPPED', percent_off: 5, max_redemptions: CAP }]) {
            await requests.send({ method: 'POST', path: '/v1/coupons', fields, key });
        }
    }
    const until = Date.now() + SECONDS * 1000;
    const clients = Array.from({ length: CLIENTS }, () => client(requests, until));
    // Meanwhile an administrator is at work.
    const { status, stderr } = coupond(['keys', 'list', '--data', data]);
    assert.equal(status, 0, stderr);
    const counts = await Promise.all(clients);

    let counted = 0;
    for (const key of keys) {
        counted += JSON.parse((await requests.send({ path: '/v1/coupons/CAPPED', key })).text).times_redeemed;
    }
    assert.equal(counted, redeemed);
    assert(redeemed <= CAP * keys.length);
    requests.close();
    await server.stop();
    assert.equal(coupond(['verify', '--data', data]).status, 0);
    console.log(`load: ${counts.reduce((sum, count) => sum + count)} requests, ${redeemed} redemptions`);
    rmSync(data, { recursive: true, force: true });
});
