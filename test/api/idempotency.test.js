// Idempotency keys: a repeated request is answered, not executed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused } from '../lib/assert.js';
import { newKey, raw } from '../lib/client.js';
import { coupond, start } from '../lib/server.js';

const ACACIA = '2025-02-24.acacia';

let server;
before(async () => { server = await start(); });
after(() => server?.stop());

function post(key, idempotencyKey, path, form, more) {
    return raw(server, {
        method: 'POST', path, form, key, ...more,
        headers: { 'idempotency-key': idempotencyKey, ...more?.headers },
    });
}

async function count(key, path = '/v1/coupons') {
    return (await raw(server, { path, form: { limit: 100 }, key })).json.data.length;
}

// An answer that was stored: the first one again, under another request id.
function assertReplay(answer, first) {
    assert.equal(answer.status, first.status);
    assert.equal(answer.text, first.text, 'byte for byte');
    assert.equal(answer.headers.get('idempotent-replayed'), 'true');
    assert.equal(answer.headers.get('original-request'), first.headers.get('request-id'));
    assert.notEqual(answer.headers.get('request-id'), first.headers.get('request-id'));
    assert.equal(answer.headers.get('idempotency-key'), first.headers.get('idempotency-key'));
}

test('the same request again is answered as the first time and does nothing', async () => {
    const key = newKey();
    const first = await post(key, 'a', '/v1/coupons', { percent_off: 10 });
    assert.equal(first.status, 200);
    assert.equal(first.headers.get('idempotency-key'), 'a');
    assert.equal(first.headers.get('original-request'), first.headers.get('request-id'));
    assert.equal(first.headers.get('idempotent-replayed'), null);
    assert.equal(first.headers.get('stripe-should-retry'), 'false');
    for (let i = 0; i < 3; i++) {
        const again = await post(key, 'a', '/v1/coupons', { percent_off: 10 });
        assertReplay(again, first);
        assert.equal(again.headers.get('stripe-should-retry'), 'false');
    }
    assert.equal(await count(key), 1);
    assert.equal(await count(key, '/v1/events'), 1);
});

test('the stored answer stays when its object has changed or gone', async () => {
    const key = newKey();
    const first = await post(key, 'a', '/v1/coupons', { id: 'A', percent_off: 10 });
    await raw(server, { method: 'POST', path: '/v1/coupons/A', form: { name: 'changed' }, key });
    assertReplay(await post(key, 'a', '/v1/coupons', { id: 'A', percent_off: 10 }), first);
    await raw(server, { method: 'DELETE', path: '/v1/coupons/A', key });
    assertReplay(await post(key, 'a', '/v1/coupons', { id: 'A', percent_off: 10 }), first);
    assert.equal(await count(key), 0);
});

test('updates are answered again too, and not made again', async () => {
    const key = newKey();
    await post(key, 'create', '/v1/coupons', { id: 'A', percent_off: 10 });
    const first = await post(key, 'update', '/v1/coupons/A', { name: 'one' });
    await post(key, 'other', '/v1/coupons/A', { name: 'two' });
    assertReplay(await post(key, 'update', '/v1/coupons/A', { name: 'one' }), first);
    assert.equal((await raw(server, { path: '/v1/coupons/A', key })).json.name, 'two');
});

test('a redemption that is sent again is counted once', async () => {
    const key = newKey();
    await post(key, 'coupon', '/v1/coupons', { id: 'A', percent_off: 10, max_redemptions: 1 });
    const redeem = () => post(key, 'redeem', '/v1/customers', { coupon: 'A' }, { version: ACACIA });
    const first = await redeem();
    assertReplay(await redeem(), first);
    assert.equal((await raw(server, { path: '/v1/coupons/A', key })).json.times_redeemed, 1);
    assert.equal(await count(key, '/v1/customers'), 1);
});

test('parameters count as they are understood, not as they are written', async () => {
    const key = newKey();
    const bodies = [
        'percent_off=10&name=a+b&metadata[x]=1&metadata[y]=2',
        'name=a%20b&percent_off=10&metadata%5By%5D=2&metadata%5Bx%5D=1',
    ];
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const first = await post(key, 'a', '/v1/coupons', undefined, { body: bodies[0], headers });
    assertReplay(await post(key, 'a', '/v1/coupons', undefined, { body: bodies[1], headers }), first);
    const inQuery = await raw(server, {
        method: 'POST', path: `/v1/coupons?${bodies[0]}`, key, headers: { 'idempotency-key': 'a' },
    });
    assertReplay(inQuery, first);
    assert.equal(await count(key), 1);
});

test('headers such as the version do not count', async () => {
    const key = newKey();
    const first = await post(key, 'a', '/v1/coupons', { percent_off: 10 });
    assertReplay(await post(key, 'a', '/v1/coupons', { percent_off: 10 }, { version: ACACIA }), first);
});

test('other parameters under the same key are refused', async () => {
    const key = newKey();
    await post(key, 'my key', '/v1/coupons', { percent_off: 10, metadata: { a: '1' } });
    const others = [{ percent_off: 11, metadata: { a: '1' } }, { percent_off: 10 },
        { percent_off: 10, metadata: { a: '2' } }, { percent_off: 10, metadata: { A: '1' } },
        { percent_off: 10, metadata: { a: '1', b: '' } }, { percent_off: '10.0', metadata: { a: '1' } }];
    for (const form of others) {
        const answer = await post(key, 'my key', '/v1/coupons', form);
        refused(answer, {
            status: 400, type: 'idempotency_error', code: undefined, param: undefined,
            message: 'Keys for idempotent requests can only be used with the same parameters they were first ' +
                "used with. Try using a key other than 'my key' if you meant to execute a different request.",
        });
        assert.equal(answer.headers.get('idempotent-replayed'), null);
    }
    assert.equal(await count(key), 1);
});

test('another path under the same key is refused', async () => {
    const key = newKey();
    await post(key, 'a', '/v1/coupons', { id: 'A', percent_off: 10 });
    refused(await post(key, 'a', '/v1/coupons/A', { name: 'x' }), {
        status: 400, type: 'idempotency_error', code: undefined,
        message: 'Keys for idempotent requests can only be used for the same endpoint they were first used for ' +
            "('/v1/coupons/A' vs '/v1/coupons'). Try using a key other than 'a' if you meant to execute a " +
            'different request.',
    });
    assert.equal((await raw(server, { path: '/v1/coupons/A', key })).json.name, null);
});

test('a failure after something was looked for is stored', async () => {
    const key = newKey();
    const missing = await post(key, 'a', '/v1/coupons/LATER', { name: 'x' });
    refused(missing, { status: 404, code: 'resource_missing' });
    assert.equal(missing.headers.get('original-request'), missing.headers.get('request-id'));
    assert.equal(missing.headers.get('stripe-should-retry'), null);
    await post(key, 'b', '/v1/coupons', { id: 'LATER', percent_off: 10 });
    assertReplay(await post(key, 'a', '/v1/coupons/LATER', { name: 'x' }), missing);
    const exists = await post(key, 'c', '/v1/coupons', { id: 'LATER', percent_off: 10 });
    refused(exists, { status: 400, code: 'resource_already_exists' });
    await raw(server, { method: 'DELETE', path: '/v1/coupons/LATER', key });
    assertReplay(await post(key, 'c', '/v1/coupons', { id: 'LATER', percent_off: 10 }), exists);
});

test('a refused redemption is stored, although there is room later', async () => {
    const key = newKey();
    const redeem = () => post(key, 'a', '/v1/customers', { coupon: 'LATER' }, { version: ACACIA });
    const first = await redeem();
    refused(first, { status: 400, code: 'resource_missing', param: 'coupon' });
    await post(key, 'b', '/v1/coupons', { id: 'LATER', percent_off: 10 });
    assertReplay(await redeem(), first);
    assert.equal(await count(key, '/v1/customers'), 0);
});

test('a mistake in the parameters is not stored: the key can be used again', async () => {
    const mistakes = [
        [{ percent_off: 'x' }, { param: 'percent_off' }],
        [{ foo: 1, percent_off: 10 }, { code: 'parameter_unknown' }],
        [{ percent_off: 101 }, { param: 'percent_off' }],
        [{ percent_off: 10, duration: 'never' }, { param: 'duration' }],
        [{ percent_off: 10, expand: ['x'] }, { message: 'This property cannot be expanded (x).' }],
    ];
    for (const [form, expected] of mistakes) {
        const key = newKey();
        const first = await post(key, 'a', '/v1/coupons', form);
        refused(first, { status: 400, ...expected });
        const again = await post(key, 'a', '/v1/coupons', form);
        assert.equal(again.headers.get('idempotent-replayed'), null, JSON.stringify(form));
        assert.equal(again.headers.get('original-request'), again.headers.get('request-id'));
        const corrected = await post(key, 'a', '/v1/coupons', { percent_off: 10 });
        assert.equal(corrected.status, 200, corrected.text);
        assert.equal(corrected.headers.get('idempotent-replayed'), null);
    }
});

test('a request that was not let in uses up no key', async () => {
    const key = newKey();
    await raw(server, { path: '/v1/account', key });
    const refusedFirst = [
        { headers: { 'stripe-version': 'none' } },
        { headers: { 'content-type': 'application/json' }, form: undefined, body: '{}' },
        { headers: { 'stripe-account': 'acct_none' } },
    ];
    for (const more of refusedFirst) {
        const answer = await post(key, 'a', '/v1/coupons', { percent_off: 10 }, more);
        assert(answer.status >= 400, answer.text);
    }
    assert.equal((await post(key, 'a', '/v1/coupons', { percent_off: 10 })).status, 200);
    assert.equal(await count(key), 1);
});

test('a key has 1 to 255 printable characters', async () => {
    const key = newKey();
    const good = ['x', 'k'.repeat(255), ' inside it ', '~!@#$%^&*()', 'a b'].map((each) => each.trim());
    for (const each of good) {
        const answer = await post(key, each, '/v1/products', { name: 'x' });
        assert.equal(answer.status, 200, each);
        assert.equal(answer.headers.get('idempotency-key'), each);
    }
    const made = await count(key, '/v1/products');
    for (const each of ['', 'k'.repeat(256), 'k'.repeat(4000), 'umlaut ü', '\x80', 'a\tb']) {
        const answer = await post(key, each, '/v1/products', { name: 'x' });
        refused(answer, { status: 400 });
        assert.equal(answer.headers.get('original-request'), null);
    }
    assert.equal(await count(key, '/v1/products'), made);
});

test('keys are compared byte by byte', async () => {
    const key = newKey();
    for (const each of ['key', 'KEY', 'Key', 'key.', 'key1', 'k', 'kee', "'key'", 'k%', 'k_y']) {
        const answer = await post(key, each, '/v1/products', { name: 'x' });
        assert.deepEqual([answer.status, answer.headers.get('idempotent-replayed')], [200, null], each);
    }
    assert.equal(await count(key, '/v1/products'), 10);
});

test('many keys stay apart', async () => {
    const key = newKey();
    const names = Array.from({ length: 100 }, (_, i) => `key ${i}`);
    const made = await Promise.all(names.map((each) => post(key, each, '/v1/products', { name: each })));
    const again = await Promise.all(names.map((each) => post(key, each, '/v1/products', { name: each })));
    again.forEach((answer, i) => assertReplay(answer, made[i]));
});

test('accounts do not see the keys of each other', async () => {
    const [one, two] = [newKey(), newKey()];
    const first = await post(one, 'shared', '/v1/coupons', { id: 'A', percent_off: 10 });
    const other = await post(two, 'shared', '/v1/coupons', { id: 'A', percent_off: 20 });
    assert.deepEqual([other.status, other.json.percent_off], [200, 20]);
    assertReplay(await post(one, 'shared', '/v1/coupons', { id: 'A', percent_off: 10 }), first);
});

test('modes and child accounts do not see the keys of each other either', async () => {
    const own = await start({ dev: false });
    try {
        const run = (...args) => coupond([...args, '--data', own.data]).stdout.trim();
        const parent = run('accounts', 'create');
        const child = run('accounts', 'create', '--parent', parent);
        const test_ = run('keys', 'create', '--account', parent);
        const live = run('keys', 'create', '--account', parent, '--mode', 'live');
        const call = (key, headers) => raw(own, {
            method: 'POST', path: '/v1/coupons', form: { id: 'A', percent_off: 10 }, key,
            headers: { 'idempotency-key': 'shared', ...headers },
        });
        for (const answer of [await call(test_), await call(live), await call(test_, { 'stripe-account': child })]) {
            assert.deepEqual([answer.status, answer.headers.get('idempotent-replayed')], [200, null], answer.text);
        }
    } finally {
        await own.stop();
    }
});

test('on GET the key is ignored', async () => {
    const key = newKey();
    await post(key, 'a', '/v1/coupons', { id: 'A', percent_off: 10 });
    for (const name of ['a', 'unused', '']) {
        const answer = await raw(server, { path: '/v1/coupons', key, headers: { 'idempotency-key': name } });
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.headers.get('original-request'), null);
        assert.equal(answer.headers.get('idempotent-replayed'), null);
    }
});

test('on DELETE the key is echoed and nothing is stored', async () => {
    const key = newKey();
    await post(key, 'a', '/v1/coupons', { id: 'A', percent_off: 10 });
    const remove = () =>
        raw(server, { method: 'DELETE', path: '/v1/coupons/A', key, headers: { 'idempotency-key': 'b' } });
    const first = await remove();
    assert.deepEqual([first.status, first.headers.get('idempotency-key')], [200, 'b']);
    assert.equal(first.headers.get('original-request'), null);
    const second = await remove();
    assert.equal(second.status, 404, 'it is gone, which a stored answer would not say');
    assert.equal(second.headers.get('idempotent-replayed'), null);
    assert.equal((await post(key, 'b', '/v1/coupons', { percent_off: 10 })).status, 200, 'the key is unused');
});

test('of the same request sent many times at once one is executed', async () => {
    for (let round = 0; round < 5; round++) {
        const key = newKey();
        await raw(server, { path: '/v1/account', key });
        const answers = await Promise.all(Array.from({ length: 32 }, () =>
            post(key, 'a', '/v1/customers', { name: 'x' })));
        const done = answers.filter(({ status }) => status === 200);
        const first = done.filter(({ headers }) => headers.get('idempotent-replayed') === null);
        assert.equal(first.length, 1, 'one answer is no replay');
        for (const answer of done) assert.equal(answer.text, first[0].text);
        for (const answer of answers.filter((each) => !done.includes(each))) {
            refused(answer, { status: 409, type: 'idempotency_error', code: 'idempotency_key_in_use' });
        }
        assert.equal(await count(key, '/v1/customers'), 1);
    }
});

test('of different requests under one key at once one is executed, the others are refused', async () => {
    const key = newKey();
    await raw(server, { path: '/v1/account', key });
    const answers = await Promise.all(Array.from({ length: 16 }, (_, i) =>
        post(key, 'a', '/v1/customers', { name: String(i) })));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    for (const { status, json } of answers.filter((each) => each.status !== 200)) {
        assert.equal(json.error.type, 'idempotency_error');
        assert([400, 409].includes(status));
    }
    assert.equal(await count(key, '/v1/customers'), 1);
});

test('keys survive a restart and a kill -9', async () => {
    const key = newKey();
    const own = await start();
    const call = (name, form = { name: 'x' }) => raw(own, {
        method: 'POST', path: '/v1/products', form, key, headers: { 'idempotency-key': name },
    });
    try {
        const first = await call('a');
        await own.restart();
        assertReplay(await call('a'), first);
        const failed = await raw(own, {
            method: 'POST', path: '/v1/products/none', form: { name: 'x' }, key, headers: { 'idempotency-key': 'b' },
        });
        const second = await call('c');
        await own.kill9();
        await own.restart();
        assertReplay(await call('c'), second);
        assertReplay(await call('a'), first);
        assertReplay(await raw(own, {
            method: 'POST', path: '/v1/products/none', form: { name: 'x' }, key, headers: { 'idempotency-key': 'b' },
        }), failed);
        refused(await call('a', { name: 'y' }), { status: 400, type: 'idempotency_error' });
        assert.equal((await raw(own, { path: '/v1/products', key })).json.data.length, 2);
    } finally {
        await own.stop();
    }
});
