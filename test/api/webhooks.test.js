// Webhook endpoints, and what is delivered to them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { rejects } from '../lib/assert.js';
import { newKey, raw, stripe } from '../lib/client.js';
import { receive, until } from '../lib/receiver.js';
import { coupond, start, temporaryDirectory } from '../lib/server.js';

const ACACIA = '2025-02-24.acacia';
const NEWEST = '2026-10-28.endive';
const URL_SOMEWHERE = 'https://example.com/hook';
const good = { url: URL_SOMEWHERE, enabled_events: ['*'] };

let server;
let receiver;
before(async () => {
    server = await start();
    receiver = await receive();
});
after(async () => {
    receiver?.close();
    await server?.stop();
});

function plain(object) {
    return JSON.parse(JSON.stringify(object));
}

let paths = 0;
function newPath() {
    return `/hook${++paths}`;
}

// An endpoint of a new account: the client, the endpoint with its secret, and what arrives there.
async function endpoint(fields = {}, { of = receiver, path = newPath(), key = newKey() } = {}) {
    const client = stripe(server, { key });
    const made = await client.webhookEndpoints.create({ enabled_events: ['*'], url: of.url(path), ...fields });
    return { client, key, made, path, arrived: () => of.at(path) };
}

function types(deliveries) {
    return deliveries.map(({ event }) => event.type);
}

async function pending(client, id) {
    return (await client.events.retrieve(id)).pending_webhooks;
}

async function latest(client) {
    return (await client.events.list({ limit: 1 })).data[0];
}

test('the secret is shown when the endpoint is created, and never again', async () => {
    const client = stripe(server);
    const { secret, ...made } = plain(await client.webhookEndpoints.create({
        enabled_events: ['coupon.created', '*'], url: URL_SOMEWHERE,
    }));
    assert.match(secret, /^whsec_[0-9A-Za-z]{32}$/);
    assert.match(made.id, /^we_[0-9A-Za-z]{24}$/);
    assert.deepEqual(made, {
        id: made.id,
        object: 'webhook_endpoint',
        api_version: null,
        application: null,
        created: made.created,
        description: null,
        enabled_events: ['coupon.created', '*'],
        livemode: false,
        metadata: {},
        status: 'enabled',
        url: URL_SOMEWHERE,
    });
    assert.deepEqual(plain(await client.webhookEndpoints.retrieve(made.id)), made);
    assert.deepEqual(plain((await client.webhookEndpoints.list()).data), [made]);
    assert.deepEqual(plain(await client.webhookEndpoints.update(made.id, {})), made);
    const another = await client.webhookEndpoints.create(good);
    assert.notEqual(another.secret, secret);
});

test('what is on the disk has no secret in it, and is of use nevertheless', async (t) => {
    const disk = await start({ data: temporaryDirectory() });
    t.after(async () => {
        await disk.stop();
        rmSync(disk.data, { recursive: true });
    });
    const key = newKey(), client = stripe(disk, { key }), keyed = { idempotencyKey: 'once' };
    const path = newPath(), fields = { enabled_events: ['*'], url: receiver.url(path) };
    const made = await client.webhookEndpoints.create(fields, keyed);
    const other = await client.webhookEndpoints.create(good);
    const assertClean = () => {
        for (const name of readdirSync(disk.data)) {
            if (!statSync(join(disk.data, name)).isFile()) continue;
            const bytes = readFileSync(join(disk.data, name));
            for (const { secret } of [made, other]) assert(!bytes.includes(secret.slice('whsec_'.length)), name);
        }
    };
    assertClean();
    await disk.restart();
    assertClean();
    assert.deepEqual(plain(await client.webhookEndpoints.create(fields, keyed)), plain(made));
    await client.coupons.create({ id: 'A', percent_off: 10 });
    const [{ headers, body }] = await until(() => receiver.at(path).length === 1 && receiver.at(path));
    assert.equal(client.webhooks.constructEvent(body, headers['stripe-signature'], made.secret).type, 'coupon.created');
    assertClean();
});

test('everything that can be changed is changed', async () => {
    const client = stripe(server);
    const { id } = await client.webhookEndpoints.create({
        api_version: ACACIA, connect: false, description: 'first', enabled_events: ['coupon.created'],
        metadata: { a: '1' }, url: URL_SOMEWHERE,
    });
    const changed = await client.webhookEndpoints.update(id, {
        description: 'second', disabled: true, enabled_events: ['coupon.deleted', 'product.created'],
        metadata: { a: '', b: '2' }, url: 'https://example.org',
    });
    assert.deepEqual(plain(changed), {
        ...plain(changed), api_version: ACACIA, description: 'second', status: 'disabled',
        enabled_events: ['coupon.deleted', 'product.created'], metadata: { b: '2' }, url: 'https://example.org',
    });
    assert.deepEqual(plain(await client.webhookEndpoints.retrieve(id)), plain(changed));
    const enabled = await client.webhookEndpoints.update(id, { disabled: false, description: '', metadata: '' });
    assert.deepEqual([enabled.status, enabled.description, plain(enabled.metadata)], ['enabled', null, {}]);
});

test('an empty description, and empty metadata, are none', async () => {
    const made = await stripe(server).webhookEndpoints.create({ ...good, description: '', metadata: '' });
    assert.deepEqual([made.description, plain(made.metadata)], [null, {}]);
});

test('a deleted endpoint is gone', async () => {
    const client = stripe(server);
    const { id } = await client.webhookEndpoints.create(good);
    assert.deepEqual(plain(await client.webhookEndpoints.del(id)), { id, object: 'webhook_endpoint', deleted: true });
    const missing = { status: 404, code: 'resource_missing', message: `No such webhook endpoint: '${id}'` };
    await rejects(client.webhookEndpoints.retrieve(id), missing);
    await rejects(client.webhookEndpoints.update(id, { disabled: true }), missing);
    await rejects(client.webhookEndpoints.del(id), missing);
    assert.deepEqual((await client.webhookEndpoints.list()).data, []);
});

test('endpoints are listed newest first, page by page', async () => {
    const client = stripe(server);
    const ids = [];
    for (let i = 0; i < 3; i++) {
        ids.unshift((await client.webhookEndpoints.create(good)).id);
    }
    const list = async (parameters) => (await client.webhookEndpoints.list(parameters)).data.map(({ id }) => id);
    assert.deepEqual(await list({ expand: ['data'] }), ids);
    assert.deepEqual(await list({ limit: 1 }), ids.slice(0, 1));
    assert.deepEqual(await list({ starting_after: ids[0] }), ids.slice(1));
    assert.deepEqual(await list({ ending_before: ids[2] }), ids.slice(0, 2));
});

const REFUSED = {
    'no URL': [{ url: undefined }, { code: 'parameter_missing', param: 'url' }],
    'no events': [{ enabled_events: undefined }, { code: 'parameter_missing', param: 'enabled_events' }],
    'an unknown event': [{ enabled_events: ['*', 'coupon.exploded'] },
        { param: 'enabled_events[1]', message: /'coupon.exploded'/ }],
    'a pattern of events': [{ enabled_events: ['coupon.*'] }, { param: 'enabled_events[0]' }],
    'an unknown version': [{ api_version: '2021-01-01' }, { param: 'api_version' }],
    'a version that is not out yet': [{ api_version: '2027-01-01.future' }, { param: 'api_version' }],
    'no version at all': [{ api_version: 'newest' }, { param: 'api_version' }],
    'a status': [{ disabled: true }, { code: 'parameter_unknown', param: 'disabled' }],
};
for (const [what, [fields, expected]] of Object.entries(REFUSED)) {
    test(`an endpoint with ${what} is refused`, async () => {
        const client = stripe(server);
        await rejects(client.webhookEndpoints.create({ ...good, ...fields }), { status: 400, ...expected });
        assert.deepEqual((await client.webhookEndpoints.list()).data, []);
    });
}

const NO_URLS = ['example.com', 'ftp://example.com', 'https://', 'https:///path', 'https://user@example.com',
    'https://user:secret@example.com/', 'https://example.com:0', 'https://example.com:65536', 'https://example.com:x',
    'https://exa\tmple.com', 'https://[fe80::1%25eth0]/', 'https://[::1', 'https://..', 'https://bücher.example'];
for (const url of NO_URLS) {
    test(`${JSON.stringify(url)} is no URL to deliver to`, async () => {
        await rejects(stripe(server).webhookEndpoints.create({ ...good, url }),
            { status: 400, code: 'url_invalid', param: 'url' });
    });
}

test('an endpoint that is not changed as it should be stays as it was', async () => {
    const { client, made } = await endpoint({ api_version: ACACIA });
    for (const fields of [{ url: 'nowhere' }, { enabled_events: ['none'] }, { enabled_events: '' }, { url: '' },
        { api_version: NEWEST }, { connect: true }]) {
        await rejects(client.webhookEndpoints.update(made.id, fields), { status: 400 });
    }
    const { secret, ...rest } = plain(made);
    assert.deepEqual(plain(await client.webhookEndpoints.retrieve(made.id)), rest);
});

test('an account has sixteen endpoints at most', async () => {
    const client = stripe(server);
    const make = () => client.webhookEndpoints.create({ enabled_events: ['*'], url: URL_SOMEWHERE, connect: true });
    for (let i = 0; i < 15; i++) await make();
    const { id } = await make();
    await rejects(make(), { status: 400, message: 'You have reached the maximum of 16 test webhook endpoints.' });
    assert.equal((await client.webhookEndpoints.list({ limit: 100 })).data.length, 16);
    await client.webhookEndpoints.update(id, { disabled: true });
    await rejects(make(), { status: 400 });
    await client.webhookEndpoints.del(id);
    await make();
});

test('an event arrives as the API shows it, signed', async () => {
    const { client, key, made, arrived } = await endpoint();
    await client.coupons.create({ id: 'A', percent_off: 10, name: 'Zehn €' });
    const [{ method, headers, body }] = await until(() => arrived().length === 1 && arrived());
    assert.equal(method, 'POST');
    const event = client.webhooks.constructEvent(body, headers['stripe-signature'], made.secret);
    assert.equal(event.type, 'coupon.created');
    assert.match(headers['stripe-signature'], /^t=\d+,v1=[0-9a-f]{64}$/);
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
    assert.equal(headers['user-agent'], 'Stripe/1.0 (+https://stripe.com/docs/webhooks)');
    assert.equal(headers.accept, '*/*; q=0.5, application/xml');
    assert.equal(headers['cache-control'], 'no-cache');
    await until(async () => await pending(client, event.id) === 0);
    const { text } = await raw(server, { path: `/v1/events/${event.id}`, key });
    assert.equal(body.toString(), text.replace('"pending_webhooks": 0', '"pending_webhooks": 1'));
    for (const other of ['whsec_wrong', made.secret.slice('whsec_'.length)]) {
        assert.throws(() => client.webhooks.constructEvent(body, headers['stripe-signature'], other));
    }
});

test('each endpoint gets events in the shape of its version', async () => {
    const { client, key, arrived } = await endpoint({ api_version: ACACIA });
    const newest = await endpoint({ api_version: NEWEST }, { key });
    const unversioned = await endpoint({}, { key });
    const ancient = await endpoint({ api_version: '2019-05-16' }, { key });
    const all = [arrived, newest.arrived, unversioned.arrived, ancient.arrived];
    await client.coupons.create({ id: 'A', percent_off: 10 });
    await client.promotionCodes.create({ promotion: { type: 'coupon', coupon: 'A' } });
    const events = await until(() => all.every((each) => each().length === 2) &&
        all.map((each) => each().find(({ event }) => event.type === 'promotion_code.created').event));
    assert.deepEqual(events.map((event) => event.api_version), [ACACIA, NEWEST, NEWEST, '2020-08-27']);
    assert.equal(new Set(events.map(({ id }) => id)).size, 1);
    for (const old of [events[0], events[3]]) assert.equal(old.data.object.coupon.percent_off, 10);
    for (const { data } of [events[1], events[2]]) {
        assert.deepEqual(data.object.promotion, { coupon: 'A', type: 'coupon' });
    }
});

test('an endpoint gets the types of events that it wants, and only its own account\'s', async () => {
    const { client, key, arrived } = await endpoint({ enabled_events: ['coupon.updated', 'customer.created'] });
    const all = await endpoint({}, { key });
    const other = await endpoint();
    await client.coupons.create({ id: 'A', percent_off: 10 });
    await client.coupons.update('A', { name: 'x' });
    await client.customers.create();
    await client.coupons.del('A');
    await until(() => arrived().length === 2 && all.arrived().length === 4);
    assert.deepEqual(types(arrived()).sort(), ['coupon.updated', 'customer.created']);
    assert.equal(other.arrived().length, 0);
});

test('events of a test clock that is ahead are delivered at once', async () => {
    const { client, arrived } = await endpoint({ enabled_events: ['customer.created'] });
    const frozen_time = Math.floor(Date.now() / 1000) + 86_400;
    const { id } = await client.testHelpers.testClocks.create({ frozen_time });
    const { created } = await client.customers.create({ test_clock: id });
    assert.equal(created, frozen_time);
    await until(() => arrived().length === 1);
});

test('what is refused, or answered from memory, is not delivered', async () => {
    const { client, arrived } = await endpoint();
    const keyed = { idempotencyKey: 'once' };
    for (let i = 0; i < 2; i++) await client.coupons.create({ id: 'A', percent_off: 10 }, keyed);
    await rejects(client.coupons.create({ id: 'A', percent_off: 10 }), { code: 'resource_already_exists' });
    await client.products.create({ name: 'last' });
    await until(() => arrived().some(({ event }) => event.type === 'product.created'));
    await until(() => arrived().length === 2);
    assert.deepEqual(types(arrived()).sort(), ['coupon.created', 'product.created']);
});

function resend(...words) {
    return coupond(['events', 'resend', ...words, '--data', server.data]);
}

function acknowledge(response) {
    response.end();
}

const FAILURES = {
    'a failure': (response) => response.writeHead(500).end('{}'),
    'a refusal': (response) => response.writeHead(410).end(),
    'no answer': (response) => response.destroy(),
    'a redirect': (response) => response.writeHead(302, { location: receiver.url('/redirected') }).end(),
    'a permanent redirect': (response) => response.writeHead(308, { location: receiver.url('/redirected') }).end(),
    'headers without end': (response) => response.socket.end(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(100_000)}\r\n`),
    'an answer that is no HTTP': (response) => response.socket.end('200 is what you want\r\n\r\n'),
};
for (const [what, answer] of Object.entries(FAILURES)) {
    test(`with ${what} an event is not delivered, until it is sent again`, async () => {
        const moody = await receive(answer);
        try {
            const { client, arrived } = await endpoint({}, { of: moody });
            await client.coupons.create({ percent_off: 10 });
            const { id } = await latest(client);
            await until(() => arrived().length === 1);
            assert.equal(await pending(client, id), 1);
            assert.equal((await client.events.list({ delivery_success: false })).data.length, 1);
            assert.equal((await client.events.list({ delivery_success: true })).data.length, 0);
            moody.answer = acknowledge;
            await until(async () => { // the failure may not have been noted down yet
                const { status, stderr } = resend(id);
                assert.equal(status, 0, stderr);
                return arrived().length > 1;
            });
            await until(async () => await pending(client, id) === 0);
            assert(arrived().every(({ event }) => event.id === id));
            assert.equal((await client.events.list({ delivery_success: false })).data.length, 0);
            assert.equal((await client.events.list({ delivery_success: true })).data.length, 1);
        } finally {
            moody.close();
        }
        assert.equal(receiver.at('/redirected').length, 0);
    });
}

for (const [what, answer] of Object.entries({
    'without a body': (response) => response.writeHead(204).end(),
    'of another 2xx': (response) => response.writeHead(299).end('ok'),
    'that is too long to be read': (response) => response.end(Buffer.alloc(1 << 20)),
    'that never ends': (response) => {
        const more = () => { while (!response.destroyed && response.write(Buffer.alloc(65536))); };
        response.on('drain', more);
        more();
    },
})) {
    test(`an acknowledgement ${what} is one`, async () => {
        const talker = await receive(answer);
        try {
            const { client } = await endpoint({}, { of: talker });
            await client.coupons.create({ percent_off: 10 });
            const { id } = await latest(client);
            await until(async () => await pending(client, id) === 0);
        } finally {
            talker.close();
        }
    });
}

test('an endpoint that does not answer holds up neither others nor requests', async () => {
    const hanging = [];
    const slow = await receive((response) => hanging.push(response));
    try {
        const { client, key, arrived } = await endpoint({}, { of: slow });
        const quick = await endpoint({}, { key });
        const strangers = await endpoint();
        for (let i = 0; i < 40; i++) await client.products.create({ name: `${i}` });
        await strangers.client.products.create({ name: 'x' });
        await until(() => quick.arrived().length === 40 && strangers.arrived().length === 1);
        assert.equal(arrived().length, 2, 'two at a time, and none of them has been answered');
        slow.answer = acknowledge;
        hanging.forEach(acknowledge);
        await until(() => new Set(arrived().map(({ event }) => event.id)).size === 40);
        await until(async () => (await client.events.list({ delivery_success: false })).data.length === 0);
    } finally {
        slow.close();
    }
});

test('many endpoints that do not answer share sixteen deliveries, and leave others their turn', async () => {
    const hanging = [];
    let most = 0;
    const slow = await receive((response) => { most = Math.max(most, hanging.push(response)); });
    try {
        const key = newKey();
        for (let i = 0; i < 15; i++) await endpoint({}, { of: slow, key });
        const { client, arrived } = await endpoint({}, { key });
        for (let i = 0; i < 3; i++) await client.products.create({ name: `${i}` });
        await until(() => hanging.length === 16);
        await until(() => {
            hanging.splice(0).forEach(acknowledge);
            return arrived().length === 3 && slow.deliveries.length >= 45;
        });
        assert.equal(most, 16);
    } finally {
        slow.close();
    }
});

test('a receiver that cannot prove who it is gets nothing', async () => {
    const directory = temporaryDirectory();
    const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(directory, name));
    const { status, stderr } = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt',
        'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost'],
    { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    let arrived = 0;
    const impostor = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, () => arrived++);
    await new Promise((done) => impostor.listen(0, '127.0.0.1', done));
    try {
        const { client, made } = await endpoint({ url: `https://localhost:${impostor.address().port}/` });
        await client.coupons.create({ percent_off: 10 });
        await until(() => server.stderr().includes(`endpoint=${made.id}`), 'the failure is in the log');
        assert.match(server.stderr(), new RegExp(`delivery_failed .*endpoint=${made.id} .*status=0 .*SSL`));
        assert.equal((await latest(client)).pending_webhooks, 1);
        assert.equal(arrived, 0);
        assert(!server.stderr().includes(made.secret));
    } finally {
        impostor.close();
        rmSync(directory, { recursive: true });
    }
});

test('no proxy is asked', async () => {
    const proxy = await receive();
    const env = Object.fromEntries(['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY']
        .map((name) => [name, proxy.url('')]));
    const proxied = await start({ env });
    try {
        const client = stripe(proxied);
        const path = newPath();
        await client.webhookEndpoints.create({ enabled_events: ['*'], url: receiver.url(path) });
        await client.coupons.create({ percent_off: 10 });
        await until(() => receiver.at(path).length === 1);
        assert.equal(proxy.deliveries.length, 0);
    } finally {
        await proxied.stop();
        proxy.close();
    }
});

// An event that its endpoint did not acknowledge.
async function undelivered() {
    const moody = await receive((response) => response.writeHead(500).end());
    const one = await endpoint({}, { of: moody });
    await one.client.coupons.create({ percent_off: 10 });
    const { id } = await latest(one.client);
    await until(() => one.arrived().length === 1);
    moody.answer = acknowledge;
    return { ...one, event: id, close: () => moody.close() };
}

test('a disabled endpoint gets nothing, and nothing from that time later', async () => {
    const { client, made, event, arrived, close } = await undelivered();
    try {
        await client.webhookEndpoints.update(made.id, { disabled: true });
        assert.equal(await pending(client, event), 0);
        await client.products.create({ name: 'unseen' });
        assert.equal((await latest(client)).pending_webhooks, 0);
        assert.equal(resend(event, '--endpoint', made.id).status, 65);
        await client.webhookEndpoints.update(made.id, { disabled: false });
        await client.customers.create();
        await until(() => arrived().length === 2);
        assert.deepEqual(types(arrived()), ['coupon.created', 'customer.created']);
    } finally {
        close();
    }
});

test('nothing is pending for a deleted endpoint', async () => {
    const { client, made, event, arrived, close } = await undelivered();
    try {
        await client.webhookEndpoints.del(made.id);
        assert.equal(await pending(client, event), 0);
        await client.customers.create();
        assert.equal((await latest(client)).pending_webhooks, 0);
        assert.equal(resend(event).status, 65);
        assert.equal(arrived().length, 1);
    } finally {
        close();
    }
});

test('an emptied account has neither endpoints nor deliveries', async () => {
    const { client, key, event, close } = await undelivered();
    try {
        assert.equal((await raw(server, { method: 'POST', path: '/_dev/reset', key })).status, 200);
        assert.deepEqual((await client.webhookEndpoints.list()).data, []);
        const { status, stderr } = resend(event);
        assert.equal(status, 65);
        assert.match(stderr, new RegExp(`^coupond: events: there is no event "${event}"`));
    } finally {
        close();
    }
});

test('a delivered event can be sent again, to all or to one', async () => {
    const { client, key, arrived } = await endpoint({ enabled_events: ['coupon.created'] });
    const other = await endpoint({ enabled_events: ['product.created'] }, { key });
    await client.coupons.create({ percent_off: 10 });
    const { id } = await latest(client);
    await until(async () => await pending(client, id) === 0);
    const { status, stdout, stderr } = resend(id);
    assert.deepEqual([status, stdout, stderr], [0, '', `${id} is sent again to 1 endpoint\n`]);
    await until(() => arrived().length === 2);
    assert.equal(resend(id, '--endpoint', other.made.id).status, 0);
    await until(() => other.arrived().length === 1);
    assert.deepEqual([...arrived(), ...other.arrived()].map(({ event }) => event.id), [id, id, id]);
    await until(async () => await pending(client, id) === 0);
    const stranger = await endpoint();
    for (const words of [['evt_none'], [id, '--endpoint', 'we_none'], [id, '--endpoint', stranger.made.id]]) {
        const refusal = resend(...words);
        assert.deepEqual([refusal.status, refusal.stdout], [65, ''], refusal.stderr);
        assert.match(refusal.stderr, /^coupond: events: .*"/);
    }
});

// A server on data of its own, where development keys that are known stay in force without --dev.
async function elsewhere(run) {
    const data = temporaryDirectory();
    const servers = [];
    const serve = async (dev) => {
        await servers.at(-1)?.stop();
        servers.push(await start({ dev, data }));
        return servers.at(-1);
    };
    try {
        await run(serve, data);
    } finally {
        await servers.at(-1)?.stop();
    }
}

const PRIVATE = ['http://127.0.0.1/', 'https://localhost', 'https://LOCALHOST.', 'https://hook.localhost/x',
    'https://printer.local', 'https://metadata.internal/', 'https://intranet/', 'http://127.1', 'http://2130706433',
    'http://0x7f.0.0.1', 'http://0177.0.0.1', 'http://10.1.2.3', 'http://100.64.0.1', 'http://169.254.169.254/latest',
    'http://172.31.0.1', 'http://192.168.1.1', 'http://0.0.0.0', 'http://224.0.0.1', 'http://255.255.255.255',
    'https://[::1]', 'https://[::ffff:127.0.0.1]', 'https://[::ffff:8.8.8.8]', 'https://[fe80::1]', 'https://[fd00::1]',
    'https://[64:ff9b::7f00:1]', 'https://[2002:7f00:1::]', 'https://[::]', 'http://example.com:22',
    'https://example.com:8080', 'https://example.com:80', 'http://example.com:443'];
const PUBLIC = ['http://example.com', 'https://example.com', 'https://example.com:443/x', 'https://example.com:8443?a=b',
    'http://example.com:80', 'https://8.8.8.8', 'https://172.32.0.1', 'https://[2606:4700::1111]/hook', 'https://a.b.c.'];

test('without --dev there are no endpoints at private addresses', async () => {
    await elsewhere(async (serve) => {
        const key = newKey();
        await stripe(await serve(true), { key }).products.create({ name: 'x' });
        const client = stripe(await serve(false), { key });
        const create = (url) => client.webhookEndpoints.create({ enabled_events: ['coupon.created'], url });
        for (const url of PRIVATE) {
            await rejects(create(url), { status: 400, code: 'url_invalid', param: 'url', message: /publicly accessible/ });
        }
        const { id } = await create(PUBLIC[0]);
        for (const url of PUBLIC) await client.webhookEndpoints.update(id, { url });
        await rejects(client.webhookEndpoints.update(id, { url: PRIVATE[0] }), { code: 'url_invalid' });
    });
});

test('in live mode an endpoint speaks TLS', async () => {
    await elsewhere(async (serve, data) => {
        const { stdout } = coupond(['keys', 'create', '--mode', 'live', '--data', data]);
        const live = stripe(await serve(true), { key: stdout.trim() });
        const { livemode } = await live.webhookEndpoints.create(good);
        assert.equal(livemode, true);
        await rejects(live.webhookEndpoints.create({ enabled_events: ['*'], url: 'http://example.com' }),
            { status: 400, code: 'url_invalid', param: 'url', message: /https/ });
    });
});

test('an endpoint at a private address gets nothing once the server runs without --dev', async () => {
    await elsewhere(async (serve, data) => {
        const key = newKey(), path = newPath();
        const client = stripe(await serve(true), { key });
        // A name is not judged before it is resolved, an address is.
        for (const url of [receiver.url(path), receiver.url(path).replace('127.0.0.1', 'localhost')]) {
            await client.webhookEndpoints.create({ enabled_events: ['*'], url });
        }
        await client.products.create({ name: 'x' });
        await until(() => receiver.at(path).length === 2);
        const careful = await serve(false);
        const again = stripe(careful, { key });
        await again.products.create({ name: 'y' });
        await until(() => careful.stderr().match(/delivery_failed/g)?.length === 2, 'both deliveries failed');
        const { id, pending_webhooks } = await latest(again);
        assert.equal(pending_webhooks, 2);
        assert.equal(receiver.at(path).length, 2);
        // Without a server the command works on the data itself, and the next server delivers.
        await careful.stop();
        assert.equal(coupond(['events', 'resend', id, '--data', data]).status, 0);
        await serve(true);
        await until(() => receiver.at(path).length === 4);
    });
});
