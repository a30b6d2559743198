// HTTP: URLs, methods, encodings, framing. What is ambiguous is refused, and what stands behind it on the
// connection is never executed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { refused } from '../lib/assert.js';
import { newKey, raw, stripe } from '../lib/client.js';
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

function unrecognized(method, path) {
    return {
        status: 404, type: 'invalid_request_error', code: undefined, param: undefined,
        message: `Unrecognized request URL (${method}: ${path}). Please see https://stripe.com/docs or we can ` +
            'help at https://support.stripe.com/.',
    };
}

// A request as text. `lines` replaces or adds to its headers.
function text(method, path, { lines = [], body = '' } = {}) {
    return [`${method} ${path} HTTP/1.1`, 'Host: localhost', `Authorization: Bearer ${key}`, ...lines, '', body]
        .join('\r\n');
}

function created(id) {
    const body = `id=${id}&percent_off=10`;
    return text('POST', '/v1/coupons', {
        lines: ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${body.length}`], body,
    });
}

async function exists(id) {
    return (await raw(server, { path: `/v1/coupons/${id}`, key })).status === 200;
}

// ---- URLs and methods ----

const UNKNOWN = ['/', '/v1', '/v1/', '/v1/none', '/v2/coupons', '/v1/coupons/', '/v1//coupons', '//v1/coupons',
    '/v1/coupons//', '/v1/coupons/a/b', '/V1/coupons', '/v1/Coupons', '/v1/customers/x/discount/',
    '/v1/customers//discount', '/v1/coupon', '/v1/couponsx', '/v1/promotion-codes', '/v1/coupons%2Fx',
    '/v1/%63oupons/', '/favicon.ico'];
for (const path of UNKNOWN) {
    test(`${path} is no URL of the API`, async () => {
        refused(await raw(server, { path, key }), unrecognized('GET', path));
    });
}

test('a method that a URL does not have is 404, never 405', async () => {
    const wrong = [['DELETE', '/v1/coupons'], ['PUT', '/v1/coupons'], ['PATCH', '/v1/coupons/x'],
        ['DELETE', '/v1/promotion_codes/x'], ['POST', '/v1/account'], ['POST', '/v1/events/x'],
        ['DELETE', '/v1/events/x'], ['POST', '/v1/customers/x/discount'], ['POST', '/v1/customers/search/x']];
    for (const [method, path] of wrong) {
        refused(await raw(server, { method, path, key }), unrecognized(method, path));
    }
});

test('the query is no part of an unknown URL', async () => {
    refused(await raw(server, { path: '/v1/none?a=b', key }), unrecognized('GET', '/v1/none'));
});

test('methods that nobody uses are refused', async () => {
    for (const method of ['TRACE', 'CONNECT', 'PROPFIND', 'get', 'GETT', 'X'.repeat(17)]) {
        const connection = await connect(server);
        connection.send(text(method, '/v1/coupons'));
        const answer = await connection.response();
        assert(answer === undefined || answer.status >= 400, `${method}: ${answer?.status}`);
        assert(!answer?.body.includes(key), 'no echo of the request');
        connection.close();
    }
});

test('HEAD is GET without a body', async () => {
    const got = await raw(server, { path: '/v1/coupons', key });
    const connection = await connect(server);
    connection.send(text('HEAD', '/v1/coupons') + text('GET', '/v1/coupons'));
    const { status, headers } = await connection.response({ head: true });
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'application/json');
    assert.equal(headers.get('content-length'), got.headers.get('content-length'));
    assert.equal((await connection.response()).body, got.text, 'which is the next answer, not a body');
    connection.close();
    assert.equal((await raw(server, { method: 'HEAD', path: '/v1/none', key })).status, 404);
});

test('OPTIONS answers a preflight without a key', async () => {
    for (const path of ['/v1/coupons', '/v1/none']) {
        const { status, text: body, headers } = await raw(server, { method: 'OPTIONS', path });
        assert.deepEqual([status, body], [204, '']);
        assert.equal(headers.get('access-control-allow-origin'), '*');
        assert.match(headers.get('access-control-allow-methods'), /POST/);
    }
});

test('health can be asked without a key', async () => {
    for (const path of ['/healthz', '/readyz']) {
        const { status, json } = await raw(server, { path });
        assert.deepEqual([status, json], [200, { status: 'ok' }], path);
    }
    assert.equal((await raw(server, { method: 'POST', path: '/healthz' })).status, 401);
});

test('the OpenAPI document can be asked without a key, for a version', async () => {
    const newest = await raw(server, { path: '/openapi.json' });
    assert.match(newest.json.openapi, /^3\.1\./);
    const old = await raw(server, { path: '/openapi.json?version=2025-02-24.acacia' });
    assert.notDeepEqual(old.json, newest.json);
    assert.equal((await raw(server, { path: '/openapi.json?version=none' })).status, 400);
});

// ---- ids in paths ----

test('an id is decoded after the path was split', async () => {
    const client = stripe(server);
    for (const id of ['50% off/x', 'a/b', 'ü', 'a b', 'a+b', 'a?b', 'a#b', '%2F']) {
        await client.products.create({ id, name: id });
        assert.equal((await client.products.retrieve(id)).name, id);
    }
});

test('a plus in a path is a plus', async () => {
    const client = stripe(server, { key });
    await client.products.create({ id: 'a+b', name: 'plus' });
    assert.equal((await raw(server, { path: '/v1/products/a+b', key })).json.name, 'plus');
    assert.equal((await raw(server, { path: '/v1/products/a%2Bb', key })).json.name, 'plus');
    assert.equal((await raw(server, { path: '/v1/products/a%20b', key })).status, 404);
});

test('a path that cannot be decoded is no URL', async () => {
    for (const id of ['%', '%2', '%zz', '%FF', '%00', '%C3%28', '%0A']) {
        const connection = await connect(server);
        connection.send(text('GET', `/v1/coupons/${id}`));
        assert.equal((await connection.response()).status, 404, id);
        connection.close();
    }
});

// ---- forms ----

async function product(form, { path = '/v1/products', type = 'application/x-www-form-urlencoded' } = {}) {
    const headers = type ? { 'content-type': type } : {};
    return raw(server, { method: 'POST', path, body: Buffer.from(form, 'latin1'), headers, key });
}

test('a form may be written in many ways', async () => {
    const forms = [
        'name=a%20b&metadata[k]=v&images[]=https://x.y/1&images[]=https://x.y/2',
        'name=a+b&metadata%5Bk%5D=v&images%5B%5D=https%3A%2F%2Fx.y%2F1&images%5B%5D=https%3A%2F%2Fx.y%2F2',
        '&&name=a%20b&metadata[k]=v&images[0]=https://x.y/1&images[1]=https://x.y/2&',
        'images[5]=https://x.y/2&images[2]=https://x.y/1&name=a%20b&metadata[k]=v',
        'metadata[%6B]=v&%6eame=a%20b&images[0]=https://x.y/1&images[1]=https://x.y/2',
    ];
    for (const form of forms) {
        const { json, text: body } = await product(form);
        assert.deepEqual([json.name, json.metadata, json.images],
            ['a b', { k: 'v' }, ['https://x.y/1', 'https://x.y/2']], `${form}: ${body}`);
    }
});

test('of a name given twice the last value counts', async () => {
    assert.equal((await product('name=first&name=last')).json.name, 'last');
});

test('a body without a type is a form, and the type may have parameters', async () => {
    const types = [null, 'application/x-www-form-urlencoded', 'application/x-www-form-urlencoded; charset=utf-8',
        'APPLICATION/X-WWW-FORM-URLENCODED'];
    for (const type of types) {
        assert.equal((await product('name=x', { type })).status, 200, String(type));
    }
});

test('a body of another type is refused', async () => {
    const json = Buffer.from('{"name":"x"}');
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'application/xml']) {
        const headers = { 'content-type': type };
        refused(await raw(server, { method: 'POST', path: '/v1/products', body: json, headers, key }), {
            status: 400, type: 'invalid_request_error', code: undefined,
            message: 'Invalid request (check that your POST content type is application/x-www-form-urlencoded). ' +
                'If you have any questions, we can help at https://support.stripe.com/.',
        });
    }
});

test('a POST may put parameters into the query, or into both', async () => {
    const { json } = await product('metadata[b]=2', { path: '/v1/products?name=x&metadata[a]=1' });
    assert.deepEqual([json.name, json.metadata], ['x', { a: '1', b: '2' }]);
    refused(await product('name=x', { path: '/v1/products?foo=1' }),
        { status: 400, code: 'parameter_unknown', param: 'foo' });
});

test('the body of a GET or DELETE is ignored', async () => {
    await product('id=kept&name=x');
    for (const method of ['GET', 'DELETE']) {
        const connection = await connect(server);
        const body = 'limit=none&foo=1';
        connection.send(text(method, '/v1/products/kept', {
            lines: ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${body.length}`], body,
        }));
        assert.equal((await connection.response()).status, 200, method);
        connection.close();
    }
});

test('a list of hashes may leave its indices out', async () => {
    const form = 'name=x&marketing_features[][name]=a&marketing_features[][name]=b';
    assert.deepEqual((await product(form)).json.marketing_features, [{ name: 'a' }, { name: 'b' }]);
});

// Bytes that are no text, wherever they stand: [where, what].
const NO_TEXT = [
    ['NUL', '%00'], ['a vertical tab', '%0B'], ['escape', '%1B'], ['delete', '%7F'],
    ['a lone continuation byte', '%80'], ['an overlong slash', '%C0%AF'], ['an overlong NUL', '%C0%80'],
    ['a surrogate', '%ED%A0%80'], ['beyond Unicode', '%F4%90%80%80'], ['a cut sequence', '%E2%82'],
    ['0xFF', '%FF'], ['raw 0xFF', '\xff'], ['raw Latin-1', 'M\xfcller'], ['half an escape', '%2x'],
    ['no escape', '%zz'],
    ['a noncharacter', '%EF%BF%BE'],
];
for (const [what, bytes] of NO_TEXT) {
    test(`${what} is refused in a value, a name and a query`, async () => {
        const before = (await raw(server, { path: '/v1/products', key, form: { limit: 1 } })).json.data[0]?.id;
        refused(await product(`name=a${bytes}b`), { status: 400, type: 'invalid_request_error' });
        refused(await product(`name=x&metadata[a${bytes}b]=v`), { status: 400 });
        refused(await product(`name=x&metadata[k]=a${bytes}b`), { status: 400 });
        const connection = await connect(server);
        connection.send(text('GET', `/v1/products?url=${bytes}`));
        assert.equal((await connection.response()).status, 400);
        connection.close();
        assert.equal((await raw(server, { path: '/v1/products', key, form: { limit: 1 } })).json.data[0]?.id, before);
    });
}

test('text comes back as it was sent', async () => {
    const texts = ['é', 'e\u0301', '茶', '🍵', '\u202e', 'ﬀ', 'İ', '\u200d', '\u{10FFFD}', "'; DROP TABLE coupons;--",
        '<script>alert(1)</script>', '${jndi:ldap://x}', '%s%n', '\\', '"', 'a\nb\tc', '../../etc/passwd',
        'NULL', 'null'];
    const client = stripe(server, { key });
    for (const each of texts) {
        const { id } = await client.products.create({ name: 'x', description: each, metadata: { text: each } });
        const { description, metadata } = await client.products.retrieve(id);
        assert.deepEqual([description, metadata.text], [each, each]);
    }
});

const CONFLICTS = ['metadata=x&metadata[k]=v', 'metadata[k]=v&metadata=x', 'metadata[k]=v&metadata[k][l]=w',
    'images[0]=a&images[0][b]=c', 'images[0]=https://x.y&images[x]=https://x.y', 'images[100]=https://x.y',
    'images[1000000000]=https://x.y', 'images[-1]=https://x.y', 'a[=1', 'a]=1', 'a[]][=1', '[a]=1',
    'metadata[[k]]=v', 'metadata[k]x=v', '=x', 'metadata[k=v'];
for (const form of CONFLICTS) {
    test(`${form} is refused`, async () => {
        refused(await product(`name=x&${form}`), { status: 400, type: 'invalid_request_error' });
    });
}

// ---- connections ----

test('many requests share a connection, one after the other or all at once', async () => {
    const connection = await connect(server);
    for (let i = 0; i < 20; i++) {
        connection.send(text('GET', '/v1/coupons'));
        assert.equal((await connection.response()).status, 200);
    }
    connection.send(created('PIPE1') + text('GET', '/v1/coupons/PIPE1') + text('DELETE', '/v1/coupons/PIPE1') +
        text('GET', '/v1/coupons/PIPE1'));
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await connection.response()).status);
    assert.deepEqual(statuses, [200, 200, 200, 404], 'in order');
    connection.close();
});

test('headers that nobody reads are passed over, wherever a packet ends', async () => {
    const connection = await connect(server);
    const lines = ['User-Agent: curl/8', 'X-Stripe-Client-User-Agent: {"lang":"c"}', 'Stripe-Version: 2024-06-20',
        'Cookie: a=b', 'Idempotency-Key: "a: b"'];
    const body = 'name=passed over';
    const bytes = text('POST', '/v1/customers?email=a%40example.com', {
        lines: [...lines, `Content-Length: ${body.length}`, 'X-Last:'], body,
    });
    const answers = new Set();
    for (let end = 1; end < bytes.length; end++) {
        connection.send(bytes.slice(0, end));
        await sleep(1);
        connection.send(bytes.slice(end));
        const { status, headers, body: answer } = await connection.response();
        assert.equal(status, 200, `${end}: ${answer}`);
        assert.equal(headers.get('stripe-version'), '2024-06-20', String(end));
        assert.equal(headers.get('idempotency-key'), '"a: b"', String(end));
        answers.add(answer);
    }
    assert.equal(answers.size, 1, 'one customer, because the key was read each time');
    connection.close();
});

test('a request may come a byte at a time, and many with long headers at once', async () => {
    const connection = await connect(server);
    for (const byte of created('BYTES1')) {
        connection.send(byte);
        await sleep(1);
    }
    assert.equal((await connection.response()).status, 200);
    const long = Array.from({ length: 4 }, (_, i) => `X-${'n'.repeat(1000 * i)}: ${'v'.repeat(4000)}`);
    const get = (id) => text('GET', `/v1/coupons/${id}`, { lines: [...long, 'X-Empty:', 'X-Last: v'] });
    connection.send(get('BYTES1') + created('BYTES2') + get('BYTES2') + get('BYTES3'));
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await connection.response()).status);
    assert.deepEqual(statuses, [200, 200, 200, 404]);
    connection.close();
});

test('blanks around the value of a header are no part of it', async () => {
    const connection = await connect(server);
    const body = 'name=blanks';
    connection.send(['POST /v1/products HTTP/1.1', 'Host: \t localhost \t', `Authorization: \t Bearer ${key} \t`,
        'Content-Type:application/x-www-form-urlencoded ', 'Idempotency-Key:  blanks  ', 'X-Unread:  v  ',
        `Content-Length:  \t${body.length}`, '', body].join('\r\n'));
    const { status, headers, body: answer } = await connection.response();
    assert.equal(status, 200, answer);
    assert.equal(headers.get('idempotency-key'), 'blanks');
    connection.close();
});

test('of a query only the first question mark is its beginning', async () => {
    refused(await raw(server, { path: '/v1/coupons?a?b=c', key }), { status: 400, code: 'parameter_unknown', param: 'a?b' });
});

test('a refused request leaves the connection usable when its end is known', async () => {
    const connection = await connect(server);
    const body = 'foo=1';
    connection.send(text('POST', '/v1/coupons', {
        lines: ['Content-Type: application/json', `Content-Length: ${body.length}`], body,
    }));
    assert.equal((await connection.response()).status, 400);
    connection.send(text('GET', '/v1/coupons'));
    assert.equal((await connection.response()).status, 200);
    connection.close();
});

test('Connection: close and HTTP/1.0 end the connection', async () => {
    const asked = await connect(server);
    asked.send(text('GET', '/v1/coupons', { lines: ['Connection: close'] }));
    assert.deepEqual((await asked.rest()).map(({ status }) => status), [200]);
    const old = await connect(server);
    old.send(`GET /v1/coupons HTTP/1.0\r\nAuthorization: Bearer ${key}\r\n\r\n`);
    assert.deepEqual((await old.rest()).map(({ status }) => status), [200]);
});

test('a client that says at once that nothing more comes is answered, and the connection ends', async () => {
    for (const bytes of [text('GET', '/v1/coupons'), created('FINISH')]) {
        const connection = await connect(server);
        connection.send(bytes);
        connection.finish();
        assert.deepEqual((await connection.rest()).map(({ status }) => status), [200]);
    }
});

test('a client that waits for 100 Continue gets it', async () => {
    const connection = await connect(server);
    const body = 'id=CONTINUE&percent_off=10';
    connection.send(text('POST', '/v1/coupons', {
        lines: ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${body.length}`,
            'Expect: 100-continue'],
    }));
    assert.equal((await connection.response()).status, 100);
    connection.send(body);
    assert.equal((await connection.response()).status, 200);
    connection.close();
});

test('another expectation is refused', async () => {
    const connection = await connect(server);
    connection.send(text('GET', '/v1/coupons', { lines: ['Expect: miracles'] }) + created('CANARY_EXPECT'));
    assert.deepEqual((await connection.rest(1)).map(({ status }) => status), [417]);
    assert(!await exists('CANARY_EXPECT'));
});

const CHUNKED = ['Content-Type: application/x-www-form-urlencoded', 'Transfer-Encoding: chunked'];

test('a chunked body is a body', async () => {
    const bodies = [
        '1a\r\nid=CHUNKED1&percent_off=10\r\n\r\n0\r\n\r\n'.replace('\r\n\r\n0', '\r\n0'),
        '3\r\nid=\r\n17\r\nCHUNKED2&percent_off=10\r\n0\r\n\r\n',
        '1A;ext=1\r\nid=CHUNKED3&percent_off=10\r\n0;last\r\n\r\n',
        '0000001a\r\nid=CHUNKED4&percent_off=10\r\n000\r\nTrailer: x\r\n\r\n',
    ];
    for (const [i, body] of bodies.entries()) {
        const connection = await connect(server);
        connection.send(text('POST', '/v1/coupons', { lines: CHUNKED, body }));
        connection.send(text('GET', `/v1/coupons/CHUNKED${i + 1}`));
        assert.equal((await connection.response())?.status, 200, body);
        assert.equal((await connection.response())?.status, 200, `${body} made the coupon`);
        connection.close();
    }
});

// ---- framing that two servers could read in two ways ----

function head(...lines) {
    return ['POST /v1/coupons HTTP/1.1', ...lines, '', ''].join('\r\n');
}
const HOST = 'Host: localhost';
function auth() {
    return `Authorization: Bearer ${key}`;
}
// The form as one chunk.
function chunks(form) {
    return `18\r\n${form}\r\n0\r\n\r\n`;
}

function post(...lines) {
    return head(HOST, auth(), ...lines);
}

// Each makes a request out of a form of 24 bytes.
const FRAMING = {
    'two lengths': (form) => post('Content-Length: 24', 'Content-Length: 5') + form,
    'two equal lengths': (form) => post('Content-Length: 24', 'Content-Length: 24') + form,
    'a list of lengths': (form) => post('Content-Length: 24, 24') + form,
    'length and chunks': (form) => post('Content-Length: 29', 'Transfer-Encoding: chunked') + chunks(form),
    'chunks and length': (form) => post('Transfer-Encoding: chunked', 'Content-Length: 4') + chunks(form),
    'chunks twice': (form) => post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') + chunks(form),
    'chunks in HTTP/1.0': (form) =>
        post('Transfer-Encoding: chunked').replace('HTTP/1.1', 'HTTP/1.0') + chunks(form),
    'identity': (form) => post('Transfer-Encoding: identity', 'Content-Length: 24') + form,
    'gzip and chunks': (form) => post('Transfer-Encoding: gzip, chunked') + chunks(form),
    'xchunked': (form) => post('Transfer-Encoding: xchunked') + chunks(form),
    'chunked with a comma': (form) => post('Transfer-Encoding: chunked,') + chunks(form),
    'chunked in quotes': (form) => post('Transfer-Encoding: "chunked"') + chunks(form),
    'a vertical tab before chunked': (form) => post('Transfer-Encoding: \x0bchunked') + chunks(form),
    'an empty encoding': (form) => post('Transfer-Encoding:') + form,
    'a space before the colon of the length': (form) => post('Content-Length : 24') + form,
    'a space before the colon of the encoding': (form) => post('Transfer-Encoding : chunked') + chunks(form),
    'a tab before a colon': (form) => post('Content-Length: 24', 'X\t: y') + form,
    'a line without a colon': (form) => post('Content-Length: 24', 'nonsense') + form,
    'an empty name': (form) => post('Content-Length: 24', ': x') + form,
    'a space at the start of the first header': (form) => head(` ${HOST}`, HOST, auth(), 'Content-Length: 24') + form,
    'a folded header': (form) => post('X-Folded: a', ' b', 'Content-Length: 24') + form,
    'a folded header with a tab': (form) => post('X-Folded: a', '\tb', 'Content-Length: 24') + form,
    'a folded length': (form) => post('Content-Length:', ' 24') + form,
    'a bare CR in a value': (form) => post('X: a\rContent-Length: 5', 'Content-Length: 24') + form,
    'a bare CR at the end of a line': (form) => post('X: a\r', 'Content-Length: 24') + form,
    'a bare LF at the end of a line': (form) => post('X: a\nContent-Length: 24') + form,
    'only bare LFs': (form) => `${post('Content-Length: 24').replaceAll('\r\n', '\n')}${form}`,
    'NUL in a value': (form) => post('X: a\0b', 'Content-Length: 24') + form,
    'NUL in a name': (form) => post('X\0: a', 'Content-Length: 24') + form,
    'NUL in the request line': (form) => post('Content-Length: 24').replace('coupons', 'coup\0ons') + form,
    'a length with a sign': (form) => post('Content-Length: +24') + form,
    'a negative length': (form) => post('Content-Length: -1') + form,
    'a hexadecimal length': (form) => post('Content-Length: 0x18') + form,
    'a length with a point': (form) => post('Content-Length: 24.0') + form,
    'a length with a space inside': (form) => post('Content-Length: 2 4') + form,
    'a length in other digits': (form) => post('Content-Length: \u00b2\u00b2') + form,
    'a blank behind the length': (form) => post('Content-Length: 24 ') + form,
    'a tab behind the length': (form) => post('Content-Length: 24\t') + form,
    'a blank behind chunked': (form) => post('Transfer-Encoding: chunked ') + `18\r\n${form}\r\n0\r\n\r\n`,
    'an empty length': (form) => post('Content-Length:') + form,
    'a length of 19 digits': (form) => post('Content-Length: 0000000000000000024') + form,
    'a length beyond 64 bits': (form) => post('Content-Length: 18446744073709551640') + form,
    'no Host': (form) => head(auth(), 'Content-Length: 24') + form,
    'two Hosts': (form) => head(HOST, HOST, auth(), 'Content-Length: 24') + form,
    'HTTP/1.2': (form) => post('Content-Length: 24').replace('HTTP/1.1', 'HTTP/1.2') + form,
    'HTTP/2.0': (form) => post('Content-Length: 24').replace('HTTP/1.1', 'HTTP/2.0') + form,
    'http/1.1': (form) => post('Content-Length: 24').replace('HTTP/1.1', 'http/1.1') + form,
    'no version': (form) => post('Content-Length: 24').replace(' HTTP/1.1', '') + form,
    'a control character in the URL': (form) => post('Content-Length: 24').replace('coupons', 'coupons\x1fa=b') + form,
    'a space in the URL': (form) => post('Content-Length: 24').replace('/v1/coupons', '/v1/coupons x') + form,
    'two spaces after the method': (form) => post('Content-Length: 24').replace('POST ', 'POST  ') + form,
    'a chunk size with a sign': (form) => post(...CHUNKED) + `+18\r\n${form}\r\n0\r\n\r\n`,
    'a negative chunk size': (form) => post(...CHUNKED) + `-18\r\n${form}\r\n0\r\n\r\n`,
    'a chunk size with 0x': (form) => post(...CHUNKED) + `0x18\r\n${form}\r\n0\r\n\r\n`,
    'a chunk size with an underscore': (form) => post(...CHUNKED) + `1_8\r\n${form}\r\n0\r\n\r\n`,
    'a chunk size of 17 digits': (form) => post(...CHUNKED) + `00000000000000018\r\n${form}\r\n0\r\n\r\n`,
    'a chunk size beyond 64 bits': (form) => post(...CHUNKED) + `10000000000000018\r\n${form}\r\n0\r\n\r\n`,
    'no chunk size': (form) => post(...CHUNKED) + `\r\n${form}\r\n0\r\n\r\n`,
    'a chunk with something behind it': (form) => post(...CHUNKED) + `18\r\n${form}xx\r\n0\r\n\r\n`,
    'a chunk that ends in a bare LF': (form) => post(...CHUNKED) + `18\r\n${form}\n0\r\n\r\n`,
    'a chunk size that ends in a bare LF': (form) => post(...CHUNKED) + `18\n${form}\r\n0\r\n\r\n`,
};
for (const [number, [what, bytes]] of Object.entries(FRAMING).entries()) {
    test(`${what}: refused, the connection closed, nothing behind it executed`, async () => {
        const id = `FRA${String(number).padStart(3, '0')}`;
        const canary = `CANARY${number}`;
        const connection = await connect(server);
        connection.send(bytes(`id=${id}&percent_off=10`) + created(canary));
        const answers = await connection.rest(1);
        for (const { status, line } of answers) assert(status >= 400 && status < 600, line);
        assert(!await exists(id), 'the request itself was executed');
        assert(!await exists(canary), 'the request behind it was executed');
    });
}

test('an answer before the body was read does not let the body be executed', async () => {
    // What follows is a body as long as announced, although it looks like a request.
    const body = created('CANARY_BODY');
    const length = `Content-Length: ${body.length}`;
    const requests = [
        text('POST', '/v1/none', { lines: [length], body }),
        text('POST', '/v1/coupons', { lines: ['Content-Type: application/json', length], body }),
        text('POST', '/v1/coupons', { lines: [length], body }).replace(key, 'none'),
        text('POST', '/v1/coupons', { lines: ['Stripe-Version: none', length], body }),
        text('GET', '/v1/coupons', { lines: [length], body }),
        text('DELETE', '/v1/none', { lines: [length], body }),
        text('OPTIONS', '/v1/coupons', { lines: [length], body }),
        text('GET', '/healthz', { lines: [length], body }),
    ];
    for (const request of requests) {
        const connection = await connect(server);
        connection.send(request + text('GET', '/v1/account', { lines: ['Connection: close'] }));
        const answers = await connection.rest();
        assert(answers.length === 2 || (answers.length === 1 && answers[0].headers.get('connection') === 'close'),
            `${answers.length} answers to ${request.slice(0, 40)}`);
        assert(!await exists('CANARY_BODY'), request.slice(0, 60));
    }
});

test('a body that is cut short is not executed', async () => {
    const connection = await connect(server);
    connection.send(text('POST', '/v1/coupons', {
        lines: ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 100'],
        body: 'id=CUT&percent_off=10',
    }));
    connection.close();
    const chunked = await connect(server);
    chunked.send(text('POST', '/v1/coupons', { lines: CHUNKED, body: '15\r\nid=CUT&percent_off=10\r\n' }));
    chunked.close();
    // The server has seen both ends once it has answered a later connection.
    assert.equal((await raw(server, { path: '/v1/account', key })).status, 200);
    assert(!await exists('CUT'));
});

test('a bad request behind a good one is refused when the good one was answered', async () => {
    const connection = await connect(server);
    connection.send(text('GET', '/v1/coupons') + text('GET', '/v1/coupons', { lines: ['Host: other'] }));
    assert.equal((await connection.response()).status, 200);
    assert.equal((await connection.response()).status, 400);
    assert.equal(await connection.response(), undefined, 'closed');
    connection.close();
});
