// The headers of an answer: which there are, when, and what they say.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused } from '../lib/assert.js';
import { newKey, raw } from '../lib/client.js';
import { start } from '../lib/server.js';

const ALWAYS = {
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'GET, HEAD, PUT, PATCH, POST, DELETE',
    'access-control-allow-origin': '*',
    'access-control-expose-headers': 'Request-Id, Stripe-Manage-Version, Stripe-Should-Retry, ' +
        'X-Stripe-External-Auth-Required, X-Stripe-Privileged-Session-Required',
    'access-control-max-age': '300',
    'cache-control': 'no-cache, no-store',
    'content-type': 'application/json',
    'vary': 'Origin',
};

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

test('every kind of answer has the headers that are always there', async () => {
    const key = newKey();
    const form = { percent_off: 10 };
    const requests = [
        { method: 'POST', path: '/v1/coupons', form, key },
        { path: '/v1/coupons', key },
        { path: '/v1/coupons/none', key },
        { path: '/v1/none', key },
        { method: 'POST', path: '/v1/coupons', form: { foo: 1 }, key },
        { path: '/v1/coupons', key, version: 'none' },
        { path: '/v1/coupons' },
        { path: '/v1/coupons', key, headers: { 'stripe-account': 'acct_none' } },
        { path: '/healthz' },
        { path: '/openapi.json' },
    ];
    for (const request of requests) {
        const { headers, text } = await raw(server, request);
        const where = `${request.method ?? 'GET'} ${request.path}`;
        for (const [name, value] of Object.entries(ALWAYS)) {
            assert.equal(headers.get(name), value, `${name} of ${where}`);
        }
        assert.equal(headers.get('content-length'), String(Buffer.byteLength(text)), where);
        assert.equal(headers.get('stripe-notice'), null, where);
    }
});

test('Content-Length counts bytes, not characters', async () => {
    const key = newKey();
    const { headers, text } = await raw(server, {
        method: 'POST', path: '/v1/products', form: { name: '×茶🍵' }, key,
    });
    assert.equal(headers.get('content-length'), String(Buffer.byteLength(text)));
    assert(text.includes('"name": "×茶🍵"'), 'as it is, not escaped');
});

test('Request-Id is another one for each request', async () => {
    const key = newKey();
    const seen = new Set();
    for (let i = 0; i < 50; i++) {
        const id = (await raw(server, { path: i % 2 ? '/v1/coupons' : '/v1/none', key })).headers.get('request-id');
        assert.match(id, /^req_[0-9A-Za-z]{14}$/);
        seen.add(id);
    }
    assert.equal(seen.size, 50);
});

const NEWEST = '2026-10-28.endive';
const VERSIONS = [
    [undefined, NEWEST],
    ['2026-10-28.endive', '2026-10-28.endive'],
    ['2026-08-26.dahlia', '2026-08-26.dahlia'],
    ['2025-03-01.dashboard', '2025-03-01.dashboard'],
    ['2020-08-27', '2020-08-27'],
    ['2011-01-01', '2011-01-01'],
    ['2019-03-14', '2019-03-14'],
    ['2024-06-20; checkout_beta=v1', '2024-06-20'],
    ['2027-01-01.fennel', NEWEST], // a date newer than the newest known
];
for (const [asked, answered] of VERSIONS) {
    test(`Stripe-Version ${asked ?? 'left out'} is answered in ${answered}`, async () => {
        const { status, headers, text } = await raw(server, { path: '/v1/coupons', key: newKey(), version: asked });
        assert.equal(status, 200, text);
        assert.equal(headers.get('stripe-version'), answered);
    });
}

const UNKNOWN = ['none', '2020-08-28', '2024-09-30', '2024-13-01.acacia', 'latest', '2026-10-28.dahlia', '2020'];
for (const version of UNKNOWN) {
    test(`Stripe-Version ${version} is refused`, async () => {
        refused(await raw(server, { path: '/v1/coupons', key: newKey(), version }), {
            status: 400, type: 'invalid_request_error', code: undefined, param: undefined,
            message: `Invalid Stripe API version: ${version}`,
        });
    });
}

test('the version without a header can be configured', async () => {
    const own = await start({ args: ['--api-version', '2020-08-27'] });
    try {
        const { headers, json } = await raw(own, {
            method: 'POST', path: '/v1/customers', key: newKey(), contract: false,
        });
        assert.equal(headers.get('stripe-version'), '2020-08-27');
        assert(!('customer_account' in json));
        const newer = await raw(own, { path: '/v1/customers', key: newKey(), version: NEWEST });
        assert.equal(newer.headers.get('stripe-version'), NEWEST);
    } finally {
        await own.stop();
    }
});

test('a bad version is looked at before the parameters, after the key', async () => {
    const form = { foo: 1 };
    refused(await raw(server, { method: 'POST', path: '/v1/coupons', form, key: newKey(), version: 'none' }),
        { status: 400, message: 'Invalid Stripe API version: none' });
});

test('Stripe-Account comes back when it was sent', async () => {
    const key = newKey();
    const { json: { id }, headers } = await raw(server, { path: '/v1/account', key });
    assert.equal(headers.get('stripe-account'), null);
    const echoed = await raw(server, { path: '/v1/coupons', key, headers: { 'stripe-account': id } });
    assert.equal(echoed.headers.get('stripe-account'), id);
});

test('Stripe-Should-Retry is there for keyed POSTs that succeeded', async () => {
    const key = newKey();
    const keyed = { 'idempotency-key': 'a' };
    const post = (form, headers) => raw(server, { method: 'POST', path: '/v1/products', form, key, headers });
    assert.equal((await post({ name: 'x' }, keyed)).headers.get('stripe-should-retry'), 'false');
    assert.equal((await post({ name: 'x' })).headers.get('stripe-should-retry'), null);
    assert.equal((await post({ foo: 1 }, { 'idempotency-key': 'b' })).headers.get('stripe-should-retry'), null);
});

test('an unkeyed answer has no headers about idempotency', async () => {
    const { headers } = await raw(server, {
        method: 'POST', path: '/v1/products', form: { name: 'x' }, key: newKey(),
    });
    for (const name of ['idempotency-key', 'original-request', 'idempotent-replayed']) {
        assert.equal(headers.get(name), null, name);
    }
});

test('headers of clients that mean nothing here change nothing', async () => {
    const key = newKey();
    const headers = {
        'x-stripe-client-user-agent': '{"lang":"x"}', 'x-stripe-client-telemetry': '{}', 'etag': 'x',
        'cookie': 'a=b', 'origin': 'https://example.com', 'accept-encoding': 'gzip', 'x-forwarded-for': '1.2.3.4',
        'content-type': 'application/x-www-form-urlencoded',
    };
    const answer = await raw(server, { path: '/v1/coupons', key, headers });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-encoding'), null);
});

test('JSON is printed as Stripe prints it', async () => {
    const key = newKey();
    const { text } = await raw(server, {
        method: 'POST', path: '/v1/coupons', form: { id: 'A', percent_off: 25, name: 'a/"b"' }, key,
    });
    assert(text.startsWith('{\n  "id": "A",\n  "object": "coupon",\n  "amount_off": null,\n'), text);
    assert(text.endsWith('\n}\n'), 'one line end at the end');
    assert(text.includes('"metadata": {},\n'));
    assert(text.includes('"percent_off": 25.0,\n'));
    assert(text.includes('"name": "a/\\"b\\"",\n'));
    const keys = [...text.matchAll(/^ {2}"(\w+)":/gm)].map(([, name]) => name);
    assert.deepEqual(keys.slice(2), keys.slice(2).toSorted(), 'after id and object by name');
    const error = (await raw(server, { path: '/v1/coupons/none', key })).text;
    assert.equal(error, `{
  "error": {
    "code": "resource_missing",
    "doc_url": "https://stripe.com/docs/error-codes/resource-missing",
    "message": "No such coupon: 'none'",
    "param": "coupon",
    "type": "invalid_request_error"
  }
}
`);
});
