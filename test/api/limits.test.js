// Limits at one below, at, and one above; and clients that take their time.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused } from '../lib/assert.js';
import { newKey, raw } from '../lib/client.js';
import { start } from '../lib/server.js';
import { connect } from '../lib/wire.js';

let server;
let key;
before(async () => {
    server = await start();
    key = newKey();
    await raw(server, { path: '/v1/account', key });
});
after(() => server?.stop());

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

function post(body, path = '/v1/products') {
    return raw(server, { method: 'POST', path, body, headers: FORM, key });
}

async function count() {
    return (await raw(server, { path: '/v1/products', key, form: { limit: 100 } })).json.data.length;
}

// A name that is used for nothing else, so that a refused request can be shown to have done nothing.
let made = 0;
async function accepts(body) {
    const { status, text } = await post(`name=x${made++}&${body}`);
    assert.equal(status, 200, text.slice(0, 300));
}
async function refuses(body, expected) {
    const before = await count();
    const answer = await post(`name=x&${body}`);
    refused(answer, { status: 400, type: 'invalid_request_error', ...expected });
    assert.equal(await count(), before);
}

// ---- forms ----

function pairs(n) {
    // name is one more; of a repeated name the last value counts.
    return Array.from({ length: n - 1 }, () => 'active=true').join('&');
}
test('a request has at most 1,000 parameters', async () => {
    await accepts(pairs(999));
    await accepts(pairs(1000));
    await refuses(pairs(1001), { message: /1000/ });
});

test('query and body count together', async () => {
    const query = (n) => raw(server, { path: `/v1/products?${Array(n).fill('limit=1').join('&')}`, key });
    assert.equal((await query(1000)).status, 200);
    refused(await query(1001), { status: 400, message: /1000/ });
    const half = pairs(501);
    assert.equal((await post(`name=x&${pairs(500)}`, `/v1/products?${half}`)).status, 200);
    refused(await post(`name=x&${pairs(501)}`, `/v1/products?${half}`), { status: 400, message: /1000/ });
});

test('the name of a parameter has at most 512 bytes', async () => {
    const name = (n) => `metadata[${'k'.repeat(n - 'metadata[]'.length)}]`;
    // Beyond 40 characters it is refused for being too long for metadata, which is another message.
    await refuses(`${name(511)}=v`, { message: /Metadata keys can have up to 40 characters/ });
    await refuses(`${name(512)}=v`, { message: /Metadata keys can have up to 40 characters/ });
    await refuses(`${name(513)}=v`, { message: /512/ });
    await refuses(`${'x'.repeat(512)}=v`, { code: 'parameter_unknown' });
    await refuses(`${'x'.repeat(513)}=v`, { code: undefined, message: /512/ });
});

test('brackets nest at most eight deep', async () => {
    const nested = (n) => `a${'[b]'.repeat(n)}=v`;
    await refuses(nested(7), { code: 'parameter_unknown' });
    await refuses(nested(8), { code: 'parameter_unknown' });
    await refuses(nested(9), { code: undefined, message: /8 deep/ });
    await refuses(`a${'['.repeat(5000)}=v`, {});
    await refuses(`a${'[b]'.repeat(150)}=v`, {});
});

test('an index is at most 99, a list has at most 100 values', async () => {
    const types = (n) => Array.from({ length: n }, (_, i) => `types[${i}]=coupon.created`).join('&');
    const ids = (n) => Array.from({ length: n }, (_, i) => `ids[]=p${i}`).join('&');
    const get = (query, path = '/v1/products') => raw(server, { path: `${path}?${query}`, key });
    assert.equal((await get(ids(99))).status, 200);
    assert.equal((await get(ids(100))).status, 200);
    refused(await get(ids(101)), { status: 400, param: 'ids' });
    assert.equal((await get('ids[99]=x')).status, 200);
    refused(await get('ids[100]=x'), { status: 400 });
    assert.equal((await get(types(20), '/v1/events')).status, 200);
    refused(await get(types(21), '/v1/events'), { status: 400, param: 'types' });
});

test('a text has at most 5,000 characters, not bytes', async () => {
    for (const character of ['a', 'ü', '🍵']) {
        const text = (n) => `description=${encodeURIComponent(character.repeat(n))}`;
        await accepts(text(4999));
        await accepts(text(5000));
        await refuses(text(5001), { param: 'description', message: /must be at most 5000 characters$/ });
    }
});

test('metadata has at most 50 pairs', async () => {
    const metadata = (n, from = 0) => Array.from({ length: n }, (_, i) => `metadata[k${from + i}]=v`).join('&');
    await accepts(metadata(49));
    await accepts(metadata(50));
    await refuses(metadata(51), { message: "Metadata can have up to 50 keys, but you've set 51." });
    await post(`id=full&name=x&${metadata(50)}`);
    refused(await post('metadata[more]=v', '/v1/products/full'), { status: 400 });
    const swapped = await post('metadata[more]=v&metadata[k0]=', '/v1/products/full');
    assert.equal(Object.keys(swapped.json.metadata).length, 50, 'one goes, one comes');
});

test('a metadata key has at most 40 characters, a value 500', async () => {
    for (const character of ['a', 'ü']) {
        const it = encodeURIComponent(character);
        await accepts(`metadata[${it.repeat(39)}]=v`);
        await accepts(`metadata[${it.repeat(40)}]=v`);
        await refuses(`metadata[${it.repeat(41)}]=v`, {
            message: 'Metadata keys can have up to 40 characters, but you passed in a key that is 41 characters. ' +
                `Invalid key: ${character.repeat(41)}`,
        });
        await accepts(`metadata[k]=${it.repeat(499)}`);
        await accepts(`metadata[k]=${it.repeat(500)}`);
        await refuses(`metadata[k]=${it.repeat(501)}`, {
            message: 'Metadata values can have up to 500 characters, but you passed in a value that is 501 ' +
                `characters. Invalid value: ${character.repeat(501)}`,
        });
    }
});

test('a metadata key has no brackets', async () => {
    await refuses('metadata[a%5Db]=v', {});
    await refuses('metadata[a%5Bb]=v', {});
});

test('expand names at most 20 paths of at most four parts', async () => {
    const get = (paths) => raw(server, { path: '/v1/customers', key, form: { expand: paths } });
    assert.equal((await get(Array(19).fill('data.tax'))).status, 200);
    assert.equal((await get(Array(20).fill('data.tax'))).status, 200);
    refused(await get(Array(21).fill('data.tax')), { status: 400, param: 'expand' });
    assert.equal((await get(['data.discount.source.coupon'])).status, 200);
    const deep = 'data.discount.source.coupon.applies_to';
    refused(await get([deep]), {
        status: 400, code: 'property_expansion_max_depth',
        message: `You cannot expand more than 4 levels of a property. Property: ${deep}`,
    });
});

test('a thousand names that differ cost no more than any others', async () => {
    const names = Array.from({ length: 999 }, (_, i) => `n${i}=v`).join('&');
    await refuses(names, { code: 'parameter_unknown', param: 'n0' });
});

// ---- HTTP ----

function request(method, path, { lines = [], body = '' } = {}) {
    return [`${method} ${path} HTTP/1.1`, 'Host: localhost', `Authorization: Bearer ${key}`, ...lines, '', body]
        .join('\r\n');
}

function coupon(id) {
    const body = `id=${id}&percent_off=10`;
    return request('POST', '/v1/coupons', { lines: [`Content-Length: ${body.length}`], body });
}

async function exists(id) {
    return (await raw(server, { path: `/v1/coupons/${id}`, key })).status === 200;
}

async function answers(bytes) {
    const connection = await connect(server);
    connection.send(bytes);
    const answer = await connection.response();
    connection.close();
    assert(answer, 'the server closed without an answer');
    return answer;
}

// Refused with one of the statuses, and what stands behind it not executed. What is far too long may be cut
// off without an answer.
let canaries = 0;
async function refusesBytes(bytes, statuses, { mayBeCutOff = false } = {}) {
    const canary = `CANARY${canaries++}`;
    const connection = await connect(server);
    connection.send(bytes);
    connection.send(coupon(canary));
    const [answer] = await connection.rest(1);
    assert(answer ? statuses.includes(answer.status) : mayBeCutOff, `${answer?.line}: ${answer?.body}`);
    assert(!await exists(canary), 'what stands behind it was executed');
}

test('a request line has at most 8 KiB', async () => {
    const line = (bytes) => {
        const rest = 'GET /v1/coupons?= HTTP/1.1\r\n'.length;
        return request('GET', `/v1/coupons?${'x'.repeat(512)}=${'y'.repeat(bytes - rest - 512)}`);
    };
    const unknown = /Received unknown parameter: x{512}/;
    for (const bytes of [8191, 8192]) {
        const { status, body } = await answers(line(bytes));
        assert.equal(status, 400, String(bytes));
        assert.match(body, unknown);
    }
    await refusesBytes(line(8193), [414]);
    await refusesBytes(line(100_000), [414], { mayBeCutOff: true });
});

test('a header has at most 8 KiB', async () => {
    // The name and the value; what stands between is not counted.
    const header = (bytes, name) =>
        request('GET', '/v1/coupons', { lines: [`${name}: ${'v'.repeat(bytes - name.length)}`] });
    for (const name of ['X-Long', 'Origin']) {
        for (const bytes of [8191, 8192]) assert.equal((await answers(header(bytes, name))).status, 200, String(bytes));
        await refusesBytes(header(8193, name), [431]);
    }
});

test('of a header that is read the first KiB is', async () => {
    const end = async (bytes) => { // the line up to there; what the message says of the key is its end
        const line = `Authorization: Bearer foo_${'x'.repeat(bytes)}`.slice(0, bytes - 3) + 'END';
        const { status, body } = await answers(`GET /v1/coupons HTTP/1.1\r\nHost: localhost\r\n${line}\r\n\r\n`);
        assert.equal(status, 401);
        return /Invalid API Key provided: foo_x+\*+x*(E?N?D?)"/.exec(body)[1];
    };
    assert.equal(await end(1023), 'END');
    assert.equal(await end(1024), 'END');
    assert.equal(await end(1025), 'EN');
    assert.equal(await end(8000), '');
});

test('what is read of headers has at most 4 KiB together', async () => {
    // With the space before each value; Authorization and Host are two of them.
    const others = `localhost Bearer ${key}  `.length + 4 * 901;
    const line = (bytes) => request('GET', '/v1/coupons', {
        lines: [...Array(4).fill(`Origin: ${'v'.repeat(900)}`), `Origin: ${'v'.repeat(bytes - others)}`],
    });
    for (const bytes of [4095, 4096]) assert.equal((await answers(line(bytes))).status, 200, String(bytes));
    await refusesBytes(line(4097), [431]);
});

test('a long query and long headers leave room for each other', async () => {
    const query = `customer=${'x'.repeat(512)}&`.repeat(15);
    const lines = [`Origin: ${'v'.repeat(1000)}`, ...Array.from({ length: 90 }, (_, i) => `X-${i}: ${'v'.repeat(200)}`)];
    const body = 'name=x&'.repeat(4000);
    const long = request('POST', `/v1/products?${query}`, { lines: [...lines, `Content-Length: ${body.length}`], body });
    const { status, body: answer } = await answers(long);
    assert.equal(status, 400);
    assert.match(answer, /1000|unknown parameter/);
});

test('a locale is short', async () => {
    const locales = (n) => Array.from({ length: n }, (_, i) => `preferred_locales[${i}]=${'x'.repeat(40)}`).join('&');
    assert.equal((await post(locales(100), '/v1/customers')).status, 200);
    assert.equal((await post(`preferred_locales[0]=${'x'.repeat(41)}`, '/v1/customers')).status, 400);
});

test('there are at most 100 headers', async () => {
    const headers = (n) =>
        request('GET', '/v1/coupons', { lines: Array.from({ length: n - 2 }, (_, i) => `X-${i}: v`) });
    for (const n of [99, 100]) assert.equal((await answers(headers(n))).status, 200, String(n));
    await refusesBytes(headers(101), [431]);
    await refusesBytes(headers(3000), [431], { mayBeCutOff: true });
});

test('headers have at most 32 KiB together', async () => {
    const lines = (n) => Array.from({ length: n }, (_, i) => `X-${i}: ${'v'.repeat(4000)}`);
    assert.equal((await answers(request('GET', '/v1/coupons', { lines: lines(8) }))).status, 200);
    await refusesBytes(request('GET', '/v1/coupons', { lines: lines(9) }), [431]);
});

const MIB = 1024 * 1024;

// A form of that many bytes: one real parameter and what `&` allows between parameters: nothing.
function form(bytes, id) {
    const start = `id=${id}&percent_off=10`;
    return start + '&'.repeat(bytes - start.length);
}

test('a body has at most 1 MiB', async () => {
    for (const [bytes, id] of [[MIB - 1, 'B1'], [MIB, 'B2']]) {
        assert.equal((await post(form(bytes, id), '/v1/coupons')).status, 200, String(bytes));
    }
    const head = (bytes) => request('POST', '/v1/coupons', { lines: [`Content-Length: ${bytes}`] });
    // Refused for what is announced: nothing of the body has to be sent.
    await refusesBytes(head(MIB + 1), [400, 413]);
    await refusesBytes(head(999_999_999_999), [400, 413]);
    await refusesBytes(head(MIB + 1) + form(MIB + 1, 'B3'), [400, 413]);
    assert(!await exists('B3'));
});

test('a chunked body has at most 1 MiB too', async () => {
    const chunked = (bytes, id) => {
        const body = form(bytes, id);
        const chunks = [];
        for (let i = 0; i < body.length; i += 60_000) {
            const chunk = body.slice(i, i + 60_000);
            chunks.push(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
        }
        const lines = ['Transfer-Encoding: chunked'];
        return request('POST', '/v1/coupons', { lines, body: `${chunks.join('')}0\r\n\r\n` });
    };
    assert.equal((await answers(chunked(MIB, 'C1'))).status, 200);
    await refusesBytes(chunked(MIB + 1, 'C2'), [400, 413]);
    assert(!await exists('C2'));
});

test('a chunk has a short head', async () => {
    const chunk = (extension) => request('POST', '/v1/coupons', { lines: ['Transfer-Encoding: chunked'] }) +
        `1a;${'e'.repeat(extension)}\r\nid=CHUNKHEAD&percent_off=1\r\n0\r\n\r\n`;
    await refusesBytes(chunk(4096), [400, 413, 431]);
    assert(!await exists('CHUNKHEAD'));
});

test('a chunked body has few trailers', async () => {
    const trailers = Array.from({ length: 200 }, (_, i) => `X-${i}: ${'v'.repeat(1000)}`).join('\r\n');
    const connection = await connect(server);
    connection.send(request('POST', '/v1/coupons', { lines: ['Transfer-Encoding: chunked'] }) +
        `19\r\nid=TRAILERS&percent_off=1\r\n0\r\n${trailers}\r\n\r\n${coupon('CANARY_TRAILERS')}`);
    await connection.rest();
    assert(!await exists('CANARY_TRAILERS'));
});

test('a connection that says nothing more within its head is closed', async () => {
    const began = Date.now();
    const silent = await connect(server);
    silent.send('GET /v1/coupons HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    // Bytes that keep coming do not make the time longer.
    const dripping = await connect(server);
    dripping.send('GET /v1/coupons HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
    const drip = setInterval(() => dripping.send('v'), 500);
    try {
        const [first, second] = await Promise.all([silent.rest(), dripping.rest()]);
        for (const { status } of [...first, ...second]) assert.equal(status, 408);
    } finally {
        clearInterval(drip);
    }
    assert(Date.now() - began >= 9000, 'not before the ten seconds that a head may take');
    assert.equal((await raw(server, { path: '/v1/coupons', key })).status, 200, 'others are served');
});

test('slow clients do not keep others waiting', async () => {
    const slow = await Promise.all(Array.from({ length: 200 }, () => connect(server)));
    for (const connection of slow) {
        connection.send('POST /v1/coupons HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\na');
    }
    for (let i = 0; i < 20; i++) assert.equal((await raw(server, { path: '/v1/coupons', key })).status, 200);
    assert.equal((await post('name=served')).status, 200);
    for (const connection of slow) connection.close();
});

test('an address has at most 512 connections', async () => {
    const own = await start();
    const connections = [];
    const open = async () => {
        const connection = await connect(own).catch(() => undefined);
        connection?.send('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
        return [connection, await connection?.response()];
    };
    try {
        for (let i = 0; i < 512; i++) {
            const [connection, answer] = await open();
            assert.equal(answer?.status, 200, `connection ${i + 1}`);
            connections.push(connection);
        }
        const [, refusedAnswer] = await open();
        assert(!refusedAnswer || refusedAnswer.status === 503, refusedAnswer?.line);
        connections.pop().close();
        // The server notices the end a moment later.
        let status;
        for (const deadline = Date.now() + 10_000; status !== 200 && Date.now() < deadline;) {
            const [connection, answer] = await open();
            ({ status } = answer ?? {});
            if (connection) connections.push(connection);
        }
        assert.equal(status, 200, 'there is room again');
    } finally {
        for (const connection of connections) connection.close();
        await own.stop();
    }
});
